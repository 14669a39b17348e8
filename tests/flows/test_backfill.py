"""A range of months made again: the same as one by one, and the same however often it was killed in between."""

import json
import random
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.errors import RefusedError, UsageError
from config.loader import load_config
from config.months import Month, months_between
from flows.backfill import BackfillOutcome, MonthOutcome, backfill_months
from flows.demo import write_demo_config, write_demo_extracts
from flows.stages.recording import open_ledger
from flows.stages.release import approve
from flows.state.editions import newest_edition
from flows.state.ledger import RunState
from flows.state.paths import StateRoot
from tests.companies import OCTOBER, TinyCompany, usual_sales, usual_service, write_company
from tests.flows.mailing import Command

SEPTEMBER = Month(2026, 9)
MONTHS = tuple(months_between(SEPTEMBER, OCTOBER))


@pytest.fixture(scope="module")
def two_months(tmp_path_factory: pytest.TempPathFactory) -> TinyCompany:
    """The tiny company with orders and cases of two months, and nothing made."""
    company = write_company(tmp_path_factory.mktemp("months") / "company")
    for month in MONTHS:
        company.write(f"sales/{month}.csv", usual_sales(month))
        company.write(f"service/{month}.csv", usual_service(month))
    return company


def contents(state: StateRoot) -> dict[str, bytes]:
    """Everything of all editions and the facts, but the times of pulling in manifests."""
    found = {}
    for path in sorted([*state.editions.rglob("*"), *state.facts_folder.rglob("*")]):
        if path.is_file():
            content = path.read_bytes()
            if path.name == "manifest.json":
                manifest = json.loads(content)
                for line in manifest["inputs"]:
                    line.pop("pulled_at", None)
                content = json.dumps(manifest).encode()
            found[str(path.relative_to(state.root))] = content
    return found


def backfill(
    company: TinyCompany, first: Month = SEPTEMBER, last: Month = OCTOBER, *, dry_run: bool = False, mail: bool = False
) -> BackfillOutcome:
    return backfill_months(company.run(), first, last, dry_run=dry_run, mail=mail)


@pytest.mark.soak
def test_each_month_gets_the_edition_a_run_would_have_made(two_months: TinyCompany, tmp_path: Path) -> None:
    company, other = two_months.copy(tmp_path / "company"), two_months.copy(tmp_path / "other")
    outcome = backfill(company)
    assert [(one.month, one.edition, one.new, one.first, one.fault) for one in outcome.months] == [
        (month, 1, True, True, "") for month in MONTHS
    ]
    for month in MONTHS:
        other.make(month)
    made = [contents(each.state) for each in (company, other)]
    for content in made:
        for name in [name for name in content if name.endswith("manifest.json")]:
            content[name] = content[name].replace(b'"origin": "backfill"', b'"origin": "run"')
    assert made[0] == made[1]


def test_nothing_is_prepared_to_be_mailed_until_somebody_approves_it(two_months: TinyCompany, tmp_path: Path) -> None:
    company = two_months.copy(tmp_path / "company")
    backfill(company, OCTOBER)
    config, edition = load_config(company.config), newest_edition(company.state, OCTOBER)
    assert edition is not None
    with open_ledger(config, company.state) as ledger:
        assert [line.origin for line in ledger.editions()] == ["backfill"]
        assert ledger.deliveries() == []
        released = approve(company.state, ledger, config, edition, "An analyst", datetime.now(tz=UTC))
        assert released.deliveries == len(ledger.deliveries()) == 5
    backfill(company, SEPTEMBER, SEPTEMBER, mail=True)
    with open_ledger(config, company.state) as ledger:
        lines = ledger.deliveries(month=SEPTEMBER)
    assert {(line.state.value, line.hold) for line in lines} == {("held", "approval")}


@pytest.mark.soak
def test_a_dry_run_says_what_would_change_and_leaves_everything(two_months: TinyCompany, tmp_path: Path) -> None:
    company = two_months.copy(tmp_path / "company")
    backfill(company, OCTOBER)
    company.append("sales/2026-10.csv", "2026-10-AS03-90,AS03,2026-10-29,900.00,B2B")
    before = contents(company.state)
    (would,) = backfill(company, OCTOBER, dry_run=True).months
    assert (would.new, would.edition, would.first, would.fault) == (True, 2, False, "")
    assert would.made > 0
    assert contents(company.state) == before
    (october,) = backfill(company, OCTOBER).months
    assert (october.edition, october.new, october.first, october.made) == (2, True, False, would.made)
    assert october.figures > 0


@pytest.mark.soak
def test_a_month_without_data_is_told_and_stops_no_other(two_months: TinyCompany, tmp_path: Path) -> None:
    company = two_months.copy(tmp_path / "company")
    for kind in ("sales", "service"):
        (company.folder / "data" / kind / "2026-09.csv").unlink()
    outcome = backfill(company)
    assert [one.month for one in outcome.failed] == [SEPTEMBER]
    assert "2026-09" in outcome.failed[0].fault
    assert [one.edition for one in outcome.months] == [None, 1]


@pytest.mark.parametrize(
    ("first", "last", "error"),
    [(OCTOBER, SEPTEMBER, UsageError), (OCTOBER, Month(2999, 1), RefusedError)],
    ids=["wrong-order", "not-over"],
)
def test_months_that_cannot_be_are_refused(
    two_months: TinyCompany, first: Month, last: Month, error: type[Exception]
) -> None:
    with pytest.raises(error):
        backfill(two_months, first, last)
    assert not two_months.state.root.exists()


# -- killed ------------------------------------------------------------------------------------------------------


def _killed_when(
    company: TinyCompany, editions: int, first: Month, last: Month, *options: str, after: float = 0.0
) -> None:
    """Begin, and kill it as soon as there are so many editions, and some time after."""
    process = Command(company).started("backfill", str(first), str(last), *options)
    try:
        while process.poll() is None and len(list(company.state.editions.glob("*/*/manifest.json"))) < editions:
            time.sleep(0.02)
        time.sleep(after)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


@pytest.mark.soak  # processes of their own, killed for real
def test_killed_in_the_middle_and_resumed_it_ends_with_the_same_bytes(two_months: TinyCompany, tmp_path: Path) -> None:
    whole, killed = two_months.copy(tmp_path / "whole"), two_months.copy(tmp_path / "killed")
    Command(whole).run("backfill", str(SEPTEMBER), str(OCTOBER))
    _killed_when(killed, 1, SEPTEMBER, OCTOBER, "--workers", "1")  # one after the other
    made = list(killed.state.editions.glob("*/*/manifest.json"))
    assert 1 <= len(made) < len(MONTHS)
    said = Command(killed).run("backfill", str(SEPTEMBER), str(OCTOBER), "--json")
    outcome = [MonthOutcome(**line) for line in json.loads(said)]
    assert [(one.edition, one.fault) for one in outcome] == [(1, "")] * len(MONTHS)
    assert contents(killed.state) == contents(whole.state)
    with open_ledger(load_config(killed.config), killed.state) as ledger:
        assert {line.state for line in ledger.runs(kind="backfill")} == {RunState.DIED, RunState.DONE}


@pytest.mark.soak
def test_24_months_of_the_demo_company_killed_three_times_end_with_the_same_bytes(tmp_path: Path) -> None:
    companies = []
    for name in ("whole", "killed"):
        folder = tmp_path / name
        write_demo_extracts(folder / "data", months=26, associates=10)
        write_demo_config(folder / "config", months=26, associates=10)
        company = folder / "config" / "company.yaml"
        company.write_text(company.read_text("utf-8").replace("{state}/extracts", "{config}/../data"), "utf-8")
        companies.append(TinyCompany(folder))
    whole, killed = companies
    first = OCTOBER.shift(-23)
    Command(whole).run("backfill", str(first), str(OCTOBER))
    dice = random.Random(24)
    for editions in (0, 7, 15):
        _killed_when(killed, editions, first, OCTOBER, after=dice.uniform(0.5, 6.0))
    Command(killed).run("backfill", str(first), str(OCTOBER))
    assert len(list(killed.state.editions.glob("*/*/manifest.json"))) == 24
    assert contents(killed.state) == contents(whole.state)
