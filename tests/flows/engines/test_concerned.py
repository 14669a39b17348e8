"""Whose figures a row that was set aside takes with it: its own units', and everybody's where it could be anyone's."""

from pathlib import Path
from typing import Any

import pytest

from config.checks import Suite
from config.models import Config
from flows.checks import check_extract
from flows.engines import Measured, measure_month
from tests.flows.tables import (
    OCTOBER,
    config_of,
    identities_of,
    membership_of,
    metric_of,
    sales_extract,
    write_landing,
)
from transforms.stages import Checked, FailedCheck, SetAside

PURPOSE = {"purpose": "coaching", "agreed_with": "council", "from": "2020-01-01"}
PEOPLE = membership_of(
    ("A", "associate", "A", "", ""), ("A", "team", "North", "", ""), ("A", "manager", "M", "", ""),
    ("B", "associate", "B", "", ""), ("B", "team", "North", "", ""), ("B", "manager", "M", "", ""),
    ("C", "associate", "C", "", ""), ("C", "team", "South", "", ""),
)  # fmt: skip
EVERYONE = {("associate", ""), ("team", ""), ("manager", ""), ("organisation", "")}
SUITE = Suite.model_validate({"checks": [{"column": "amount", "between": {"max": 1000}, "severity": "critical"}]})
SEPTEMBER = OCTOBER.shift(-1)


def failed(check: str = "sales.amount_between", columns: tuple[str, ...] = ("amount",), **more: Any) -> FailedCheck:
    told = {"month": OCTOBER, "by_rows": True, **more}
    return FailedCheck(check, "sales", columns=columns, reason="sales failed a check", **told)


def config(suite: Suite = SUITE, **metric: Any) -> Config:
    told = {"value": "sum(amount)", "individual": PURPOSE, **metric}
    made = config_of({"sales": sales_extract()}, {"m": metric_of(**told)})
    return made.model_copy(update={"suites": {"sales": suite}})


def landed(folder: Path, made: Config, rows: list[tuple[str, str | None, str, str]], month: Any = OCTOBER) -> Checked:
    names = ("id", "seller", "day", "amount")
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    return check_extract(write_landing(folder / str(month), columns, month=month), made, folder / "checked")


def measured(made: Config, checked: list[Checked], *failures: FailedCheck) -> Measured:
    return measure_month(made, OCTOBER, {"sales": checked}, PEOPLE, identities_of(), failed=failures)


def units(found: Measured) -> set[tuple[str, str]]:
    return {(one.unit_kind, one.unit_id) for one in found.failed}


def sold(seller: str | None, number: int, amount: str = "5") -> tuple[str, str | None, str, str]:
    return f"{seller}{number}", seller, f"2026-10-{number % 28 + 1:02}", amount


GOOD = [sold(seller, number) for seller in "ABC" for number in range(20)]


def test_a_critical_check_withholds_of_the_units_whose_rows_failed(tmp_path: Path) -> None:
    made = config()
    found = measured(made, [landed(tmp_path, made, [*GOOD, sold("A", 77, "5000")])], failed())
    above = {("associate", "A"), ("team", "North"), ("manager", "M"), ("organisation", "organisation")}
    assert units(found) == above
    assert {one.reason for one in found.failed} == {"sales failed a check"}


def test_a_failed_row_that_names_nobody_may_be_anybodys(tmp_path: Path) -> None:
    made = config()
    found = measured(made, [landed(tmp_path, made, [*GOOD, sold(None, 77, "5000")])], failed())
    assert units(found) >= EVERYONE


def test_a_failed_row_of_somebody_unknown_concerns_the_whole_company_alone(tmp_path: Path) -> None:
    made = config()
    found = measured(made, [landed(tmp_path, made, [*GOOD, sold("X", 77, "5000")])], failed())
    assert units(found) == {("organisation", "organisation")}


@pytest.mark.parametrize(
    ("metric", "failure", "withheld"),
    [
        pytest.param({"value": "count(*)"}, {"columns": ("amount",)}, False, id="a column it does not use"),
        pytest.param({"value": "count(*)"}, {"columns": ("seller",)}, True, id="whose row it is"),
        pytest.param({"value": "count(*)"}, {"columns": ("day",)}, True, id="when it was"),
        pytest.param({"value": "count(*)"}, {"columns": ()}, True, id="a check of no column"),
        pytest.param({"value": "count(*)", "where": "amount > 1"}, {}, True, id="in its condition"),
        pytest.param(
            {"value": "count(*)", "depends_on": ["sales.amount_between"]}, {}, True, id="it says that it depends on it"
        ),
        pytest.param({"value": "sum(amount)"}, {"month": SEPTEMBER}, False, id="another month"),
        pytest.param(
            {"value": "sum(amount)", "window_months": 2}, {"month": SEPTEMBER}, True, id="a month of its window"
        ),
    ],
)
def test_a_check_of_all_rows_withholds_the_metrics_that_depend_on_it(
    tmp_path: Path, metric: dict[str, Any], failure: dict[str, Any], withheld: bool
) -> None:
    made = config(**metric)
    before = [(f"S{at}", seller, "2026-09-07", "5") for at, (_, seller, _, _) in enumerate(GOOD)]
    checked = [landed(tmp_path, made, before, SEPTEMBER), landed(tmp_path, made, GOOD)]
    found = measured(made, checked, failed(**{"by_rows": False, **failure}))
    assert units(found) == (EVERYONE if withheld else set())
    assert found.facts.empty == withheld


def test_too_many_rows_set_aside_of_one_unit_withhold_its_figures_and_no_others(tmp_path: Path) -> None:
    made = config()
    rows = [*GOOD, sold("C", 77, "5000"), sold("C", 78, "5000"), sold("A", 79, "5000")]
    found = measured(made, [landed(tmp_path, made, rows)])
    assert units(found) == {("associate", "C"), ("team", "South")}
    assert {one.reason for one in found.failed} == {"9% of the rows of sales were set aside by checks"}
    assert SetAside("sales", "associate", "A", 1, 20) in found.set_aside
    assert SetAside("sales", "team", "North", 1, 40) in found.set_aside
    assert SetAside("sales", "organisation", "organisation", 3, 60) in found.set_aside


def test_the_limit_is_the_companys(tmp_path: Path) -> None:
    made = config(Suite.model_validate({**SUITE.model_dump(), "set_aside_limit": "0.5"}))
    rows = [*GOOD, sold("C", 77, "5000"), sold("C", 78, "5000")]
    assert units(measured(made, [landed(tmp_path, made, rows)])) == set()


def test_of_associates_nothing_is_said_without_a_purpose(tmp_path: Path) -> None:
    made = config(individual=None)
    found = measured(made, [landed(tmp_path, made, [*GOOD, sold("C", 77, "5000")])], failed())
    assert units(found) == {("team", "South"), ("organisation", "organisation")}


def test_what_a_person_accepted_is_withheld_of_nobody(tmp_path: Path) -> None:
    accepted = [{"check": "set_aside", "month": "2026-10", "why": "Orders of a test", "by": "Sales director"}]
    made = config(Suite.model_validate({**SUITE.model_dump(), "accepted": accepted}))
    rows = [*GOOD, sold("C", 77, "5000"), sold("C", 78, "5000")]
    found = measured(made, [landed(tmp_path, made, rows)])
    assert units(found) == set()
    assert SetAside("sales", "team", "South", 2, 20) in found.set_aside


@pytest.mark.parametrize(("months", "withheld"), [(1, set()), (2, {("associate", "C"), ("team", "South")})])
def test_rows_lost_in_an_earlier_month_count_in_the_window_of_a_metric(
    tmp_path: Path, months: int, withheld: set[tuple[str, str]]
) -> None:
    made = config(window_months=months)
    before = [
        (f"S{at}", seller, "2026-09-07", "5000" if seller == "C" and at % 2 else "5")
        for at, (_, seller, _, _) in enumerate(GOOD)
    ]
    checked = [landed(tmp_path, made, before, SEPTEMBER), landed(tmp_path, made, [*GOOD, *more("A"), *more("B")])]
    assert units(measured(made, checked)) - {("organisation", "organisation")} == withheld


def more(seller: str) -> list[tuple[str, str | None, str, str]]:
    return [sold(seller, number) for number in range(100, 200)]


def test_a_row_is_a_units_on_the_day_the_metric_counts_it(tmp_path: Path) -> None:
    moved = membership_of(
        ("A", "team", "North", "", "2026-10-15"),
        ("A", "team", "South", "2026-10-15", ""),
        ("B", "team", "North", "", ""),
    )
    dated = sales_extract(
        columns={"id": "id", "seller": "id", "day": "date", "booked": "date", "amount": "money"}, date="day"
    )
    made = config_of({"sales": dated}, {"m": metric_of(value="sum(amount)", date="booked")})
    made = made.model_copy(update={"suites": {"sales": SUITE}})
    columns = {
        "id": ["1", "2", "3", "4"], "seller": ["A", "B", "B", "A"], "day": ["2026-10-20"] * 4,
        "booked": ["2026-10-10"] * 3 + ["2026-10-16"], "amount": ["5000", "5", "5", "5"],
    }  # fmt: skip
    checked = check_extract(write_landing(tmp_path, columns), made, tmp_path / "checked")
    found = measure_month(made, OCTOBER, {"sales": [checked]}, moved, identities_of(), failed=[failed()])
    assert units(found) == {("team", "North"), ("organisation", "organisation")}


def test_a_critical_row_that_another_check_set_aside_still_counts_for_its_unit(tmp_path: Path) -> None:
    checks = [
        {"column": "amount", "between": {"max": 1000}},
        {"name": "positive", "condition": "amount <> 5000", "severity": "critical"},
    ]
    made = config(Suite.model_validate({"checks": checks}))
    checked = landed(tmp_path, made, [*GOOD, sold("A", 77, "5000")])
    tallies = {one.check: one for one in checked.tallies}
    assert (tallies["sales.positive"].failed, tallies["sales.positive"].set_aside) == (1, 0)
    found = measured(made, [checked], failed("sales.positive", (), elsewhere=True))
    assert ("associate", "A") in units(found)
    assert ("associate", "B") not in units(found)
