"""A tiny healthy company to be broken, and the command run on it as a person would, with what it told.

Six people in two teams, two metrics, three months. Does not belong here: what is broken and what is then told.
"""

import contextlib
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.cli.main import main

MONTH = "2026-10"
MONTHS = ("2026-08", "2026-09", MONTH)

COMPANY = """\
name: Tiny company
currency: EUR
locale: en_GB
time_zone: Europe/Berlin
holidays: DE
data: ../data
history_months: 2
smallest_team: 1
smallest_count: 1
"""
EXTRACTS = """\
people:
  kind: hr
  source: {files: "people.csv"}
  columns:
    associate: {}
    name: {}
    email: {}
    team: {}
    team_name: {}
    manager: {}
    hire_date: {}
    leave_date: {}
    valid_from: {}
    valid_to: {}
  history: effective_dated
sales:
  kind: sales
  source:
    files: sales/{month}*
  columns:
    order_id: id
    seller: id
    day: date
    amount: money
  key: order_id
  date: day
  associate: seller
  main_measure: amount
service:
  kind: service
  source: {files: "service/{month}.csv"}
  columns: {case_id: id, agent: id, closed: date, solved: boolean}
  key: case_id
  date: closed
  associate: agent
"""
METRICS = """\
revenue:
  label: Revenue
  definition: Order amounts by the day of the order
  extract: sales
  value: sum(amount)
  unit: money
  good: up
  stage: result
solved:
  label: Solved at first contact
  definition: Share of cases solved at the first contact
  extract: service
  numerator: count(*) filter (where solved)
  denominator: count(*)
  unit: percent
  good: up
  stage: experience
"""
EXPECTATIONS = """\
tables:
  - file: asked.csv
rules:
  - name: solved_each
    metric: solved
    rule: fixed
    value: 0.75
    from: 2026-08
    why: A second call costs the customer a day
    owner: Service manager
    set_on: 2026-07-20
"""
ASKED = """\
unit_kind,unit,metric,month,value,why,owner,set_on
team,NORTH,revenue,2026-10,900,The new catalogue,Sales director,2026-09-20
team,SOUTH,revenue,2026-10,800,As many orders as in spring,Sales director,2026-09-20
"""
PEOPLE = """\
associate,name,email,team,team_name,manager,hire_date,leave_date,valid_from,valid_to
AS01,Associate 1,as01@tiny.example,NORTH,North team,,2020-01-01,,2020-01-01,
AS02,Associate 2,as02@tiny.example,NORTH,North team,AS01,2020-01-01,,2020-01-01,
AS03,Associate 3,as03@tiny.example,NORTH,North team,AS01,2020-01-01,,2020-01-01,
AS04,Associate 4,as04@tiny.example,SOUTH,South team,AS01,2020-01-01,,2020-01-01,
AS05,Associate 5,as05@tiny.example,SOUTH,South team,AS04,2020-01-01,,2020-01-01,
AS06,Associate 6,as06@tiny.example,SOUTH,South team,AS04,2020-01-01,,2020-01-01,
"""
SELLERS = ("AS02", "AS03", "AS05", "AS06")
REPORTS = {"manager-AS01", "manager-AS04", "team-NORTH", "team-SOUTH"}
LEFT_BEHIND = re.compile(r"\.(draft|writing|pulling|working)-.*|.*\.part")


def sales_lines(month: str) -> str:
    """Two orders a seller; the file of a month."""
    lines = ["order_id,seller,day,amount"]
    for at, seller in enumerate(SELLERS):
        for number in range(2):
            amount = 200 + at * 37 + number * 111 + int(month[-2:]) * 7
            lines.append(f"{month}-{seller}-{number},{seller},{month}-{3 + at + number * 10:02},{amount}.50")
    return "\n".join(lines) + "\n"


def service_lines(month: str) -> str:
    """Four cases an agent, three of them solved; the file of a month."""
    lines = ["case_id,agent,closed,solved"]
    for agent in SELLERS:
        lines += [f"{month}-{agent}-{n},{agent},{month}-{5 + n * 5:02},{'yes' if n else 'no'}" for n in range(4)]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Told:
    """What a command told and how it ended."""

    status: int
    out: str
    messages: tuple[str, ...]
    """The lines on stderr, without the word that begins each of them."""

    @property
    def message(self) -> str:
        """All of stderr as one text."""
        return "\n".join(self.messages)


@dataclass(frozen=True, slots=True)
class Company:
    """A company in a folder: `config`, `data` and `state` lie in it."""

    folder: Path

    @property
    def config(self) -> Path:
        """Its configuration."""
        return self.folder / "config"

    @property
    def state(self) -> Path:
        """Its state root."""
        return self.folder / "state"

    def path(self, name: str) -> Path:
        """A file by its path in the company's folder."""
        return self.folder / name

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file anew."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def change(self, name: str, old: str, new: str) -> None:
        """Replace the first place of a text. Raises ValueError where it does not stand there."""
        text = self.path(name).read_text("utf-8")
        if old not in text:
            raise ValueError(f"“{old}” is not in {name}")
        self.write(name, text.replace(old, new, 1))

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Told:
        """Run a command on the company in this process."""
        return command(
            *arguments, "--config", str(self.config), "--state", str(self.state), environment=environment or {}
        )

    def make(self) -> Told:
        """Make the month with one worker and one thread."""
        return self.run("run", MONTH, "--workers", "1", "--threads", "1")

    def editions(self, month: str = MONTH) -> list[int]:
        """Numbers of the editions of a month."""
        folder = self.state / "editions" / month
        return sorted(int(child.name) for child in folder.iterdir() if child.name.isdigit()) if folder.is_dir() else []

    def manifest(self) -> dict[str, Any]:
        """The manifest of the month's newest edition."""
        path = self.state / "editions" / MONTH / str(self.editions()[-1]) / "manifest.json"
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found

    def withheld(self) -> set[str]:
        """Metrics that the newest edition says nothing of for anybody."""
        lines = self.manifest()["withheld"]
        return {line["metric"] for line in lines if line["unit_kind"] == "organisation"}

    def reports(self) -> set[str]:
        """Ids of the newest edition's reports."""
        return {entry["report_id"] for entry in self.manifest()["reports"]}

    def left_behind(self) -> list[str]:
        """Temporary files and folders that a run should have cleared, anywhere in the company's folder."""
        return sorted(
            str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if LEFT_BEHIND.fullmatch(path.name)
        )

    def copy(self, folder: Path) -> "Company":
        """The company with its state, elsewhere."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Company(folder)


Break = Callable[[Company], object]


def command(*arguments: str, environment: Mapping[str, str] | None = None) -> Told:
    """Run `yardstick` in this process as its program does, with more environment variables."""
    out, err = io.StringIO(), io.StringIO()
    status = 0
    before = dict(os.environ)
    try:
        os.environ |= environment or {}
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(list(arguments))
    except SystemExit as stop:
        status = int(stop.code or 0)
    finally:
        os.environ.clear()
        os.environ |= before
    lines = [line.removeprefix("yardstick: ") for line in err.getvalue().splitlines() if line.strip()]
    # What the machine lacks is no fault of the input.
    return Told(status, out.getvalue(), tuple(line for line in lines if "rendering is slow" not in line))


def write_company(folder: Path) -> Company:
    """Write the healthy company."""
    company = Company(folder)
    for name, text in {
        "company.yaml": COMPANY, "extracts.yaml": EXTRACTS, "metrics.yaml": METRICS,
        "expectations.yaml": EXPECTATIONS, "asked.csv": ASKED,
    }.items():  # fmt: skip
        company.write(f"config/{name}", text)
    company.write("data/people.csv", PEOPLE)
    for month in MONTHS:
        company.write(f"data/sales/{month}.csv", sales_lines(month))
        company.write(f"data/service/{month}.csv", service_lines(month))
    return company
