"""`yardstick check`: a month is landed and checked, told whole, and nothing else is made."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.months import Month
from flows.monthly import check_month
from flows.stages.artifacts import checks_key, checks_table
from flows.stages.judge import corrections_told, judge
from flows.stages.land import Inputs, inputs_by_extract, land_and_check
from flows.stages.looked import Looked, look, read_samples
from tests.companies import OCTOBER, TinyCompany, files_under, manifest_of, usual_people, usual_sales, write_company
from tests.flows.test_cli import Called, Caller, call, where
from tests.transforms import checked_months
from transforms.stages import Checked, Corrected

__all__ = ["call"]

UNREADABLE = "2026-10-AS03-99,AS03,2026-10-09,12O.50,B2B"
CHECKS = """\
sales:
  checks:
    - {column: amount, between: {min: 0, max: 5000}, severity: critical, why: No order is larger}
"""
SEVERITIES = ("Critical", "Warnings", "To know", "Passed")


@pytest.fixture
def fresh(tmp_path: Path) -> TinyCompany:
    """Never run before, and with nothing to be found."""
    company = write_company(tmp_path / "company")
    company.append("service/2026-10.csv", "2026-10-AS03-9,AS03,2026-10-30,true")  # else the same as September's
    return company


def flowing(text: str) -> str:
    return " ".join(text.split())


def row_of(called: Called, extract: str) -> list[str]:
    (line,) = (line for line in called.out.splitlines() if line.startswith(f"{extract} "))
    return line.split()


# -- what it says --------------------------------------------------------------------------------------------------


def test_a_clean_month_is_told_in_a_line_an_extract(call: Caller, fresh: TinyCompany) -> None:
    called = call("check", OCTOBER, *where(fresh))
    assert (called.status, called.err) == (0, "")
    name, rows, aside, critical, warnings, *_ = row_of(called, "sales")
    assert (name, int(rows), aside, critical, warnings) == ("sales", len(usual_sales(OCTOBER)), "–", "–", "–")
    assert int(row_of(called, "sales")[-1]) > 5
    assert all(heading in called.out for heading in SEVERITIES)


def test_nothing_is_made_but_landings_checked_rows_and_the_page(call: Caller, fresh: TinyCompany) -> None:
    called = call("check", OCTOBER, *where(fresh))
    kept = files_under(fresh.state.root)
    assert {name.partition("/")[0] for name in kept} <= {"landings", "checked", "checks", "state.json", "run.lock"}
    page = fresh.state.root / "checks" / "2026-10" / "checks.html"
    assert called.out.endswith(f"Page: {page}\n")
    assert (page.stat().st_mode & 0o777, page.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert 'id="extract-sales"' in page.read_text("utf-8")


def test_a_bad_row_is_told_whole_with_its_place_and_value(call: Caller, fresh: TinyCompany) -> None:
    fresh.append("sales/2026-10.csv", UNREADABLE)
    called = call("check", OCTOBER, *where(fresh))
    assert called.status == 0
    assert row_of(called, "sales")[2] == "1"
    told = flowing(called.out)
    assert "warning" in told
    line = len(usual_sales(OCTOBER)) + 2
    assert "12O.50" in told
    assert f"2026-10.csv:{line}" in told
    page = (fresh.state.root / "checks" / "2026-10" / "checks.html").read_text("utf-8")
    assert "<code>12O.50</code>" in page


def test_something_critical_ends_with_1_and_says_what_a_run_would_withhold(call: Caller, fresh: TinyCompany) -> None:
    (fresh.config / "checks.yaml").write_text(CHECKS, "utf-8")
    fresh.append("sales/2026-10.csv", "2026-10-AS03-99,AS03,2026-10-09,999999.50,B2B")
    called = call("check", OCTOBER, *where(fresh))
    assert called.status == 1
    assert "critical" in called.out
    told = flowing(called.err)
    assert "yardstick: Critical findings in sales:" in told
    assert "Revenue" in told
    assert "Solved at first contact" not in told
    assert "checks.html" in told


def test_an_extract_that_did_not_come_is_critical(call: Caller, fresh: TinyCompany) -> None:
    (fresh.folder / "data" / "service" / "2026-10.csv").unlink()
    called = call("check", OCTOBER, *where(fresh))
    assert called.status == 1
    assert "service has nothing for 2026-10" in flowing(called.out)
    assert "a run would withhold Solved at first contact" in flowing(called.err)
    page = (fresh.state.root / "checks" / "2026-10" / "checks.html").read_text("utf-8")
    assert "What is measured on service is withheld: it could not be used." in page


def test_for_a_program_everything_is_there(call: Caller, fresh: TinyCompany) -> None:
    fresh.append("sales/2026-10.csv", UNREADABLE)
    said = json.loads(call("check", OCTOBER, *where(fresh), "--json").out)
    counts = {one["extract"]: one for one in said["extracts"]}
    assert list(counts) == ["people", "sales", "service"]
    assert (counts["sales"]["set_aside"], counts["sales"]["critical"]) == (1, 0)
    bad = [one for one in said["findings"] if one["value"] == "12O.50"]
    assert [(one["extract"], one["column"], one["severity"]) for one in bad] == [("sales", "amount", "warning")]
    assert Path(said["page"]).is_file()
    assert said["withheld"] == []


@pytest.mark.soak
def test_what_is_only_to_know_is_counted_and_shown_on_request(call: Caller, fresh: TinyCompany) -> None:
    (fresh.config / "corrections.csv").write_text(
        "extract,key,column,old,new,reason,owner\n"
        f"sales,2026-10-AS03-0,amount,{_amount(OCTOBER)},777.50,Typed wrongly,Back office\n", "utf-8",
    )  # fmt: skip
    quiet, loud = (call("check", OCTOBER, *where(fresh), *more) for more in ((), ("--all",)))
    assert "corrections.csv:2" not in quiet.out
    assert re.search("[0-9]+ more findings? (is|are) only to know: --all shows them.", flowing(quiet.out))
    assert "corrections.csv:2" in loud.out
    page = (fresh.state.root / "checks" / "2026-10" / "checks.html").read_text("utf-8")
    assert "applied to 1 row" in page
    assert page.count("Typed wrongly") == 1
    assert "Back office" in page


def _amount(month: Month) -> str:
    (line,) = (line for line in usual_sales(month) if line.startswith(f"{month}-AS03-0,"))
    return line.split(",")[3]


@pytest.mark.parametrize(
    ("break_it", "status", "told"),
    [
        (lambda company: company.write("people.csv", []), 1, "A run would be refused"),
        (lambda company: (company.folder / "data" / "people.csv").unlink(), 3, "people.csv"),
    ],
    ids=["without a row", "not there"],
)  # fmt: skip
def test_without_hr_nothing_can_be_checked(
    call: Caller, fresh: TinyCompany, break_it: Callable[[TinyCompany], None], status: int, told: str
) -> None:
    break_it(fresh)
    called = call("check", OCTOBER, *where(fresh))
    assert called.status == status
    assert told in called.err


@pytest.mark.soak
def test_where_hr_is_broken_the_page_says_how(call: Caller, fresh: TinyCompany) -> None:
    call("check", OCTOBER, *where(fresh))
    fresh.write("people.csv", usual_people()[:3])
    called = call("check", OCTOBER, *where(fresh))
    assert called.status == 1
    assert "A run would be refused: people 2026-10: 3 rows, where 2026-09 had 9." in flowing(called.err)
    assert called.out.endswith("checks.html\n")


def test_a_month_that_has_not_begun_is_refused(call: Caller, fresh: TinyCompany) -> None:
    called = call("check", "2199-01", *where(fresh))
    assert (called.status, called.err) == (1, "yardstick: 2199-01 has not begun yet. Give a month that has.\n")


def test_while_a_run_holds_the_state_root_it_is_refused(call: Caller, fresh: TinyCompany) -> None:
    with fresh.state.locked():
        assert call("check", OCTOBER, *where(fresh)).status == 1


# -- the page ------------------------------------------------------------------------------------------------------


@pytest.mark.soak
def test_the_same_month_is_the_same_page(fresh: TinyCompany, tmp_path: Path) -> None:
    fresh.append("sales/2026-10.csv", UNREADABLE)
    first, again = (check_month(fresh.run()).page.read_bytes() for _ in range(2))
    other = fresh.copy(tmp_path / "other")
    shutil.rmtree(other.state.root)
    assert first == again == check_month(other.run()).page.read_bytes()
    assert str(tmp_path).encode() not in first


def test_the_page_of_an_edition_says_where_the_rows_went_and_leads_to_the_index(fresh: TinyCompany) -> None:
    fresh.append("sales/2026-10.csv", UNREADABLE)
    outcome = fresh.make()
    page = (outcome.folder / "checks.html").read_text("utf-8")
    assert 'href="index.html"' in page
    assert "Where the rows went" in page
    assert "<code>12O.50</code>" in page
    assert manifest_of(outcome)["checks"]["warning"] >= 1
    model = (outcome.folder / "models" / "team-NORTH.json").read_text("utf-8")
    assert '"anchor": "extract-sales"' in model
    assert "12O.50" not in model


# -- what leaves the state root ------------------------------------------------------------------------------------


def looked_at(company: TinyCompany) -> Looked:
    run = company.run()
    inputs = inputs_by_extract(land_and_check(run, name) for name in run.config.extracts)
    return look(run, inputs, judge(run, inputs))


def test_prefects_table_holds_counts_and_nothing_of_the_data(fresh: TinyCompany) -> None:
    fresh.append("sales/2026-10.csv", UNREADABLE)
    looked = looked_at(fresh)
    assert re.fullmatch("[a-z0-9-]+", checks_key(looked))
    table = checks_table(looked)
    assert [row["extract"] for row in table] == ["people", "sales", "service"]
    assert {type(value) for row in table for name, value in row.items() if name != "extract"} == {int}
    assert [(row["rows"], row["set aside"]) for row in table][1] == (len(usual_sales(OCTOBER)) + 1, 1)


def test_a_few_rows_of_each_check_are_read_and_no_more(fresh: TinyCompany) -> None:
    lines = [f"2026-10-X{n},AS03,2026-10-09,{'x' if n % 2 else 5},{'B2B' if n % 2 else ''}" for n in range(40)]
    fresh.change("config/extracts.yaml", "segment: text}", "segment: {type: text, required: true}}")
    fresh.append("sales/2026-10.csv", *lines)
    (sales,) = (one for one in looked_at(fresh).seen if one.extract == "sales")
    by_check: dict[str, list[int]] = {}
    for sample in sales.samples:
        by_check.setdefault(sample.check, []).append(sample.line)
    first = len(usual_sales(OCTOBER)) + 2
    assert {name.partition(".")[2]: found for name, found in by_check.items()} == {
        "amount_of_type": [first + 1 + 2 * n for n in range(5)],
        "segment_not_null": [first + 2 * n for n in range(5)],
    }


def test_of_a_month_without_bad_rows_no_file_is_read() -> None:
    clean: Checked = checked_months.checked("sales", OCTOBER, 5)
    assert not clean.quarantine_path.exists()
    assert read_samples(clean) == ()


# -- told whole ----------------------------------------------------------------------------------------------------


def codes_of(company: TinyCompany, **more: Any) -> dict[str, str]:
    """Of the findings of a month, code and severity."""
    return {finding.code: finding.severity.value for finding in check_month(company.run(**more)).findings}


@pytest.mark.soak
def test_too_few_rows_by_a_rule_withhold_what_is_measured_on_them(fresh: TinyCompany) -> None:
    (fresh.config / "checks.yaml").write_text("sales: {checks: [{rows: {min: 1000}, severity: critical}]}\n", "utf-8")
    outcome = check_month(fresh.run())
    assert outcome.critical == ("sales",)
    assert outcome.withheld == ("Revenue", "Orders")


def test_a_check_that_crashed_is_told_beside_a_missing_column(fresh: TinyCompany) -> None:
    """Also where the column's name happens to stand in the message."""
    fresh.change("config/extracts.yaml", "segment: text}", "segment: text, sales: text}")
    (fresh.config / "checks.yaml").write_text(
        "sales:\n  checks:\n    - {name: odd, condition: cast(segment as integer) > 0}\n"
        "    - {name: lacking, condition: sales is not null}\n", "utf-8",
    )  # fmt: skip
    found = [f for f in check_month(fresh.run()).findings if f.code in ("check.crashed", "typing.column_missing")]
    assert [(f.code, "odd" in f.message) for f in found] == [("typing.column_missing", False), ("check.crashed", True)]


@pytest.mark.soak
@pytest.mark.parametrize(
    ("zone", "pulled_at", "early"),
    [
        ("Europe/Berlin", datetime(2026, 10, 31, 23, 30, tzinfo=UTC), False),
        ("Europe/Berlin", datetime(2026, 10, 31, 22, 30, tzinfo=UTC), True),
        ("America/Los_Angeles", datetime(2026, 11, 1, 0, 30, tzinfo=UTC), True),
    ],
)
def test_a_month_is_over_when_it_is_over_at_the_company(
    fresh: TinyCompany, zone: str, pulled_at: datetime, early: bool
) -> None:
    fresh.change("config/company.yaml", "Europe/Berlin", zone)
    assert ("days.pulled_early" in codes_of(fresh, pulled_at=pulled_at)) is early
    assert "days.pulled_early" not in codes_of(fresh)


@pytest.mark.soak
def test_a_month_looked_at_before_it_was_over_is_pulled_again_as_history(tmp_path: Path) -> None:
    november = OCTOBER.shift(1)
    company = write_company(tmp_path / "company", history_months=2, last=november)
    file = company.folder / "data" / "sales" / "2026-10.csv"
    whole = file.read_text("utf-8")
    file.write_text("\n".join(whole.splitlines()[:18]) + "\n", "utf-8")
    assert "days.pulled_early" in codes_of(company, pulled_at=datetime(2026, 10, 20, tzinfo=UTC))
    file.write_text(whole, "utf-8")
    run = company.run(november, pulled_at=datetime(2026, 12, 8, tzinfo=UTC))
    october, _ = land_and_check(run, "sales").checked[-2:]
    assert (october.month, october.source_rows) == (OCTOBER, len(usual_sales(OCTOBER)))


@pytest.mark.soak
def test_of_a_month_that_cannot_be_pulled_again_what_is_known_early_is_withheld(tmp_path: Path) -> None:
    november = OCTOBER.shift(1)
    company = write_company(tmp_path / "company", history_months=2, last=november)
    check_month(company.run(pulled_at=datetime(2026, 10, 20, tzinfo=UTC)))
    (company.folder / "data" / "sales" / "2026-10.csv").write_bytes(b"")
    (company.folder / "data" / "service" / "2026-10.csv").unlink()
    run = company.run(november, pulled_at=datetime(2026, 12, 8, tzinfo=UTC))
    inputs = inputs_by_extract(land_and_check(run, name) for name in run.config.extracts)
    assert [(one.check, one.month) for one in judge(run, inputs).failed] == [("sales.pulled_after_month", OCTOBER)]
    assert inputs["service"].gaps == (OCTOBER,)


Corrections = Sequence[tuple[Month, str]]
SEPTEMBER, AUGUST = OCTOBER.shift(-1), OCTOBER.shift(-2)


@pytest.mark.parametrize(
    ("place", "states", "told"),
    [
        ("corrections.csv:2", [(AUGUST, "mended"), (OCTOBER, "applied")], ["correction.applied"]),
        ("corrections.csv:2", [(AUGUST, "differs"), (SEPTEMBER, "applied"), (OCTOBER, "absent")], []),
        ("corrections.csv:2", [(SEPTEMBER, "applied"), (OCTOBER, "mended")], ["correction.mended"]),
        ("corrections.csv:2", [(OCTOBER, "absent")], ["correction.absent"]),
        ("extracts.yaml sales.correct[0]", [(SEPTEMBER, "applied"), (OCTOBER, "absent")], ["correction.absent"]),
        ("extracts.yaml sales.correct[0]", [(AUGUST, "absent"), (OCTOBER, "applied")], ["correction.applied"]),
    ],
)
def test_a_correction_that_no_longer_matches_is_told(place: str, states: Corrections, told: list[str]) -> None:
    checked = tuple(
        checked_months.checked("sales", month, 5, corrected=(Corrected(place, 1, state, "It was so."),))
        for month, state in states
    )
    found = list(corrections_told(OCTOBER, {"sales": Inputs("sales", checked, ())}))
    assert [finding.code for finding in found] == told
