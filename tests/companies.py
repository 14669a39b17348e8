"""A tiny company written into a folder: nine people in two teams, a few orders and cases a month, all by formula.

Tests change its files and make its months for real. Does not belong here: what any figure of it should be.
"""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from config.months import Month, months_between
from flows.monthly import run_month
from flows.stages.publish import Outcome
from flows.stages.run import MonthRun
from flows.state.paths import StateRoot
from transforms.report_model import ReportModel

OCTOBER = Month(2026, 10)
PULLED_AT = datetime(2026, 11, 6, 7, 30, tzinfo=UTC)

HEADINGS = {
    "people.csv": "associate,name,email,role,team,team_name,manager,hire_date,leave_date,valid_from,valid_to",
    "sales": "order_id,seller,day,amount,segment",
    "service": "case_id,agent,closed,solved",
}

COMPANY = """\
name: Tiny company
currency: EUR
locale: en_GB
time_zone: Europe/Berlin
holidays: DE
data: ../data
history_months: {history_months}
"""
EXTRACTS = """\
people:
  kind: hr
  history: effective_dated
  source: {files: people.csv}
  columns:
    associate: {}
    name: {}
    email: {}
    role: {}
    team: {}
    team_name: {}
    manager: {}
    hire_date: {}
    leave_date: {}
    valid_from: {}
    valid_to: {}
sales:
  kind: sales
  source: {files: "sales/{month}.csv"}
  columns: {order_id: id, seller: id, day: date, amount: money, segment: text}
  key: order_id
  date: day
  associate: seller
  segment: segment
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
  by_segment: true
  individual: {purpose: monthly conversation about sales, agreed_with: the sales team, from: 2025-01-01}
orders:
  label: Orders
  definition: Orders by the day of the order
  extract: sales
  value: count(*)
  unit: count
  good: up
  stage: action
  individual: {purpose: monthly conversation about sales, agreed_with: the sales team, from: 2025-01-01}
solved:
  label: Solved at first contact
  definition: Share of cases solved at the first contact, by the day they were closed
  extract: service
  numerator: count(*) filter (where solved)
  denominator: count(*)
  unit: percent
  decimals: 1
  good: up
  stage: experience
"""
EXPECTATIONS = """\
tables:
  - {file: asked.csv, layout: long}
rules:
  - name: orders_each
    metric: orders
    rule: per_fte
    value: 4
    from: 2025-09
    why: One order a week is what every regular customer places
    owner: Sales director
    set_on: 2025-08-20
  - name: solved_each
    metric: solved
    rule: fixed
    value: 0.75
    from: 2025-09
    why: A second call costs the customer a day
    owner: Service manager
    set_on: 2025-08-20
"""
ASKED = """\
unit_kind,unit,metric,month,value,why,owner,set_on
team,NORTH,revenue,2026-10,9000,The new catalogue brings one order more a week,Sales director,2026-09-20
team,SOUTH,revenue,2026-10,8000,As many orders as in spring,Sales director,2026-09-20
manager,AS01,revenue,2026-10,17000,Both teams together,Sales director,2026-09-20
associate,AS03,revenue,2026-10,3000,As agreed in September,Sales director,2026-09-25
team,NORTH,revenue,2026-11,9300,The catalogue is out by then,Sales director,2026-10-20
"""
DELIVERY = """\
sender: Reports <reports@tiny.example>
allowed_domains: [tiny.example]
"""

LEADS = {"NORTH": "AS02", "SOUTH": "AS06"}
MEMBERS = {"NORTH": ("AS03", "AS04", "AS05"), "SOUTH": ("AS07", "AS08", "AS09")}
SELLERS = (*MEMBERS["NORTH"], *MEMBERS["SOUTH"])
REPORTS = ("manager-AS01", "manager-AS02", "manager-AS06", "team-NORTH", "team-SOUTH")


def person(associate: str, team: str, manager: str, **columns: str) -> str:
    """A line of people.csv that holds since 2020 unless it says otherwise."""
    line = {
        "associate": associate,
        "name": f"Associate {int(associate[2:])}",
        "email": f"{associate.lower()}@tiny.example",
        "role": "Seller",
        "team": team,
        "team_name": f"{team.capitalize()} team" if team else "",
        "manager": manager,
        "hire_date": "2020-01-01",
        "leave_date": "",
        "valid_from": "2020-01-01",
        "valid_to": "",
        **columns,
    }
    return ",".join(line[name] for name in HEADINGS["people.csv"].split(","))


def usual_people() -> list[str]:
    """AS01 leads AS02 and AS06, who lead the teams NORTH and SOUTH of three members each."""
    lines = [person("AS01", "", "", role="Director")]
    for team, lead in LEADS.items():
        lines.append(person(lead, team, "AS01", role="Lead"))
        lines += [person(member, team, lead) for member in MEMBERS[team]]
    return lines


def usual_sales(month: Month, sellers: Iterable[str] = SELLERS) -> list[str]:
    """Three to five orders a seller, their amounts by formula: other from month to month, the same every time."""
    lines = []
    for at, seller in enumerate(sellers):
        for number in range(3 + (at + month.number) % 3):
            day = date(month.year, month.number, 2 + (at * 5 + number * 6) % 26)
            amount = 500 + (at * 137 + number * 211 + month.number * 89 + month.year * 13) % 400
            segment = ("B2B", "B2C")[(at + number) % 2]
            lines.append(f"{month}-{seller}-{number},{seller},{day},{amount}.50,{segment}")
    return lines


def usual_service(month: Month, agents: Iterable[str] = SELLERS) -> list[str]:
    """Six cases an agent, four or five of them solved."""
    return [
        f"{month}-{agent}-{number},{agent},{date(month.year, month.number, 3 + number * 4)},"
        f"{'true' if number < 4 + (at + month.number) % 2 else 'false'}"
        for at, agent in enumerate(agents)
        for number in range(6)
    ]


@dataclass(frozen=True)
class TinyCompany:
    """A company in a folder: `config` and `data` in it, and where its state is kept."""

    folder: Path
    state: StateRoot = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", StateRoot(self.folder / "state"))

    @property
    def config(self) -> Path:
        """Its configuration."""
        return self.folder / "config"

    def write(self, name: str, lines: Iterable[str]) -> Path:
        """A data file with its headings."""
        path = self.folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        heading = HEADINGS.get(name) or HEADINGS[Path(name).parent.name]
        path.write_text("\n".join([heading, *lines]) + "\n", "utf-8")
        return path

    def append(self, name: str, *lines: str) -> None:
        """More lines in a data file."""
        with (self.folder / "data" / name).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a text in a file of the company. Raises ValueError where it does not stand there."""
        path = self.folder / name
        text = path.read_text("utf-8")
        if old not in text:
            raise ValueError(f"“{old}” is not in {name}")
        path.write_text(text.replace(old, new), "utf-8")

    def run(self, month: Month = OCTOBER, state: StateRoot | None = None, **more: Any) -> MonthRun:
        """A run of a month, by default in this process alone and with one thread."""
        how = {"pulled_at": PULLED_AT, "threads": 1, "workers": 1, **more}
        return MonthRun(month, self.config, state or self.state, **how)

    def make(self, month: Month = OCTOBER, state: StateRoot | None = None, **more: Any) -> Outcome:
        """Make a month."""
        return run_month(self.run(month, state, **more))

    def copy(self, folder: Path) -> "TinyCompany":
        """The company with its state, elsewhere."""
        shutil.copytree(self.folder, folder)
        return TinyCompany(folder)


def write_company(
    folder: Path, *, history_months: int = 1, last: Month = OCTOBER, people: Iterable[str] | None = None
) -> TinyCompany:
    """Write the company with so many months before the last one."""
    company = TinyCompany(folder)
    company.config.mkdir(parents=True)
    for name, text in {
        "company.yaml": COMPANY.replace("{history_months}", str(history_months)),
        "extracts.yaml": EXTRACTS,
        "metrics.yaml": METRICS,
        "expectations.yaml": EXPECTATIONS,
        "asked.csv": ASKED,
        "delivery.yaml": DELIVERY,
    }.items():
        (company.config / name).write_text(text, "utf-8")
    company.write("people.csv", usual_people() if people is None else people)
    for month in months_between(last.shift(-history_months), last):
        company.write(f"sales/{month}.csv", usual_sales(month))
        company.write(f"service/{month}.csv", usual_service(month))
    return company


def manifest_of(outcome: Outcome) -> dict[str, Any]:
    """The manifest of an edition that was made."""
    manifest: dict[str, Any] = json.loads((outcome.folder / "manifest.json").read_text("utf-8"))
    return manifest


def models_of(outcome: Outcome) -> dict[str, ReportModel]:
    """The report models of an edition by report id."""
    paths = sorted((outcome.folder / "models").glob("*.json"))
    return {path.stem: ReportModel.model_validate_json(path.read_bytes()) for path in paths}


def facts_of(state: StateRoot, month: Month) -> Mapping[tuple[str, str, str], float]:
    """Values of the whole by unit kind, unit and metric."""
    facts = pd.read_parquet(state.facts(month))
    facts = facts.loc[facts["segment"].eq("all") & facts["value"].notna()]
    return dict(
        zip(zip(facts["unit_kind"], facts["unit_id"], facts["metric"], strict=True), facts["value"], strict=True)
    )


def files_under(folder: Path) -> dict[str, bytes]:
    """Bytes of every file under a folder by its path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
