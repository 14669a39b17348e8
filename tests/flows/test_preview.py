"""One report to look at: found by any name it has, made without an edition, and made again on save."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from config.errors import OutsideError, RefusedError, UsageError
from flows.preview import find_unit, make_preview, serve_preview
from flows.rendering import read_back
from flows.stages.publish import Outcome
from tests.companies import OCTOBER, TinyCompany, files_under, models_of, write_company
from tests.transforms.compositions import compose_from
from tests.transforms.organisation_rows import person
from transforms.compose import Composition
from transforms.report_model import ReportKind

PROGRAM = Path(sys.executable).with_name("yardstick")
MANAGER, TEAM = ReportKind.MANAGER, ReportKind.TEAM

# -- which report is meant -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def composition() -> Composition:
    return compose_from(
        person("A01"),
        person("A02", manager="A01", team="N", team_name="Sales"),
        person("A03", manager="A02", team="N", team_name="Sales"),
        person("A04", manager="A01", team="A02", team_name="Sales"),
        person("A05", manager="A04", team="S S", team_name="South"),
        history=0,
    )[0]


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("manager:A02", (MANAGER, "A02")),
        ("team:A02", (TEAM, "A02")),
        ("A02", (MANAGER, "A02")),
        ("manager-A02", (MANAGER, "A02")),
        ("Associate A02", (MANAGER, "A02")),
        ("South", (TEAM, "S S")),
        ("team-S_20_S", (TEAM, "S S")),
        ("team:S S", (TEAM, "S S")),
    ],
)
def test_a_unit_is_found_by_any_name_it_has(composition: Composition, told: str, found: tuple[ReportKind, str]) -> None:
    assert find_unit(composition, told) == found


@pytest.mark.parametrize(
    ("told", "fix"),
    [
        ("manger:A02", "Did you mean manager:A02?"),
        ("Soth", "Did you mean South?"),
        ("zzzzzzzz", "There are A01, A02, A04"),
        ("A03", "Did you mean A0"),
        ("Sales", "Say which: team:A02, team:N."),
    ],
    ids=["an id mistaken", "a title mistaken", "nothing like it", "somebody who leads nobody", "a title of two"],
)
def test_a_unit_that_is_not_there_is_told_with_the_nearest(composition: Composition, told: str, fix: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"“{told}” is ") + f".*{re.escape(fix)}"):
        find_unit(composition, told)


# -- one report ----------------------------------------------------------------------------------------------------


def test_a_preview_says_what_the_report_would_say_and_makes_no_edition(company: TinyCompany) -> None:
    before = files_under(company.state.editions)
    company.change("config/asked.csv", "The new catalogue brings", "A catalogue of our own brings")
    made = make_preview(company.run(), "team:NORTH")
    text = " ".join(read_back(made.pdf).split())
    assert "A catalogue of our own brings one order more a week" in text
    assert "A catalogue of our own brings one order more a week" in made.html.read_text("utf-8")
    assert "preview" in text.casefold()
    assert files_under(company.state.editions) == before
    assert {made.html.stat().st_mode & 0o777, made.pdf.stat().st_mode & 0o777} == {0o600}
    assert made.html.parent.stat().st_mode & 0o777 == 0o700


def test_a_preview_shows_no_stranger_either(company: TinyCompany) -> None:
    company.change("config/asked.csv", "The new catalogue brings", "Unlike Associate 8 it brings")
    with pytest.raises(RefusedError, match="“associate 8”"):
        make_preview(company.run(), "team:NORTH")
    make_preview(company.run(), "team:SOUTH")


@pytest.mark.soak
def test_a_month_need_not_have_been_run_before(tmp_path: Path, made: tuple[TinyCompany, Outcome]) -> None:
    company = write_company(tmp_path / "company")
    page = make_preview(company.run(), "manager-AS02").html.read_text("utf-8")
    headline = models_of(made[1])["manager-AS02"].glance.headline
    assert headline in page
    assert not company.state.editions.exists()


# -- served --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Served:
    """A preview that is being served by the program itself."""

    company: TinyCompany
    address: str
    process: subprocess.Popen[str]

    def get(self, path: str = "", **headers: str) -> httpx.Response:
        return httpx.get(f"{self.address}{path}", timeout=30, headers=headers, trust_env=False)

    def wait_for(self, met: Callable[[str], bool]) -> str:
        """The page as soon as it is so."""
        page = ""
        for _ in range(300):
            page = self.get().text
            if met(page):
                return page
            time.sleep(0.1)
        pytest.fail(f"the page never was so: {page[-400:]}")


@pytest.fixture
def served(company: TinyCompany) -> Iterator[Served]:
    where = ["--config", str(company.config), "--state", str(company.state.root)]
    with subprocess.Popen(
        [str(PROGRAM), "preview", str(OCTOBER), "--unit", "team:NORTH", "--serve", "--no-open", *where],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.match(r"(http://127\.0\.0\.1:\d+/) ", line)
            assert found, line
            time.sleep(0.5)  # until the folder is watched
            yield Served(company, found[1], process)
        finally:
            process.kill()


@pytest.mark.soak
@pytest.mark.slow  # The program is started, and makes a report four times.
def test_a_served_page_follows_what_is_saved(served: Served) -> None:
    page = served.wait_for(lambda text: "The new catalogue brings" in text)
    assert 'fetch("/version")' in page
    assert served.get("report.pdf").content.startswith(b"%PDF-")
    assert (served.get("etc/passwd").status_code, served.get(Host="stranger.example:80").status_code) == (404, 421)
    version = int(served.get("version").text)

    served.company.change("config/asked.csv", "The new catalogue brings", "A catalogue of our own brings")
    served.wait_for(lambda text: "A catalogue of our own brings" in text)
    assert int(served.get("version").text) > version

    served.company.change("config/metrics.yaml", "good: up\n  stage: experience", "god: up\n  stage: experience")
    broken = served.wait_for(lambda text: "Did you mean good?" in text)
    assert "metrics.yaml" in broken
    assert 'fetch("/version")' in broken, "a mended page must come back by itself"

    served.company.change("config/metrics.yaml", "god: up", "good: up")
    served.wait_for(lambda text: "A catalogue of our own brings" in text)
    assert served.company.state.edition_numbers(OCTOBER) == [1]

    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(timeout=30) == 0


def test_a_port_that_is_taken_is_told(company: TinyCompany) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OutsideError, match=rf"Port {port} cannot be served on.*--port"):
            serve_preview(company.run(), "team:NORTH", port, lambda _: None)
