"""Headings and types against the last month before."""

import pytest

from config.checks import Severity
from config.models import Column, ColumnType, Extract
from config.months import Month
from tests.transforms.checks.simulated import HEADINGS, World, company, sales, with_column
from transforms.checks.drift import drift_readings
from transforms.checks.readings import Reading

MONTH, BEFORE = Month(2026, 10), Month(2026, 9)
WITH_MORE = (*HEADINGS, "branch", "discount_code")


def euros() -> Extract:
    """An extract whose money column is headed amount_eur."""
    extract = sales(currency="segment")
    columns = {**extract.columns, "amount": Column.model_validate({"type": ColumnType.MONEY, "from": "amount_eur"})}
    return extract.model_copy(update={"columns": columns})


def found(
    now: tuple[str, ...], before: tuple[str, ...] | None = WITH_MORE, extract: Extract | None = None
) -> dict[str, Reading]:
    headings = {MONTH: now, **({BEFORE: before} if before is not None else {})}
    readings = drift_readings("sales", extract or sales(), headings, {}, MONTH)
    return {one.finding.code: one for one in readings if one.value > one.limit and one.finding}


CASES: list[tuple[str, tuple[str, ...], dict[str, Severity]]] = [
    ("the same", WITH_MORE, {}),
    ("another order", tuple(reversed(WITH_MORE)), {}),
    ("case and spaces of all", tuple(f" {one.upper()}" for one in WITH_MORE), {}),
    ("one added", (*WITH_MORE, "voucher"), {"drift.added": Severity.INFO}),
    ("one gone", WITH_MORE[:-1], {"drift.gone": Severity.INFO}),
    ("one renamed", (*WITH_MORE[:-1], "voucher"), {"drift.renamed": Severity.INFO}),
    ("one renamed, one added", (*WITH_MORE[:-1], "x", "discount code"), {"drift.renamed": Severity.INFO}),
    ("a declared one renamed", ("order_number", *WITH_MORE[1:]), {"drift.renamed": Severity.INFO}),
    ("a declared one gone", WITH_MORE[1:], {}),
    ("two alike", (*WITH_MORE, "Amount"), {"drift.columns_alike": Severity.WARNING}),
    ("two alike, not declared", (*WITH_MORE, "Branch"), {}),
    ("a second amount", (*WITH_MORE, "amount_usd"),
     {"drift.columns_currency": Severity.WARNING, "drift.added": Severity.INFO}),
    ("a second amount in signs", (*WITH_MORE, "Amount ($)"),
     {"drift.columns_currency": Severity.WARNING, "drift.added": Severity.INFO}),
    ("another amount", (*WITH_MORE, "amount_net"), {"drift.added": Severity.INFO}),
    ("another column in dollars", (*WITH_MORE, "freight_usd"), {"drift.added": Severity.INFO}),
]  # fmt: skip


@pytest.mark.parametrize(("now", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_headings(now: tuple[str, ...], expected: dict[str, Severity]) -> None:
    assert {code: one.severity for code, one in found(now).items()} == expected


def test_a_second_currency_beside_one_in_the_heading() -> None:
    before = tuple("amount_eur" if one == "amount" else one for one in HEADINGS)
    one = found((*before, "amount_usd"), before, euros())["drift.columns_currency"]
    assert one.finding is not None
    assert "“amount_usd” beside amount" in one.finding.message
    assert "drift.columns_currency" not in found((*before, "amount_usd"), (*before, "amount_usd"), euros())


def test_a_second_column_of_currencies() -> None:
    before = tuple("amount_eur" if one == "amount" else one for one in HEADINGS)
    assert "drift.columns_currency" in found((*before, "segment_2"), before, euros())
    assert "drift.columns_currency" in found((*before, "segment2"), before, euros())


def test_a_first_month_is_compared_with_nothing_but_itself() -> None:
    assert found((*HEADINGS, "voucher"), None) == {}
    assert set(found((*HEADINGS, "Amount"), None)) == {"drift.columns_alike"}


def test_the_last_month_before_counts_where_one_is_missing() -> None:
    headings = {Month(2026, 6): WITH_MORE, Month(2026, 11): HEADINGS, MONTH: (*WITH_MORE, "voucher")}
    readings = drift_readings("sales", sales(), headings, {}, MONTH)
    assert [one.check for one in readings if one.value > one.limit] == ["sales.columns_drift"]


@pytest.mark.parametrize(
    ("before", "now", "fails"),
    [(0.0, 0.0, False), (0.0, 0.19, False), (0.0, 0.25, True), (0.04, 1.0, True), (0.3, 1.0, False)],
)
def test_a_column_that_can_no_longer_be_read(before: float, now: float, fails: bool) -> None:
    profiles = company(World(rows=400), seed=1, months=2, last=MONTH)
    shares = {BEFORE: before, MONTH: now}
    profiles = {
        at: with_column(profile, "amount", unreadable=int(profile.rows * shares[at]))
        for at, profile in profiles.items()
    }
    readings = drift_readings("sales", sales(), {}, profiles, MONTH)
    assert readings == []  # without headings there was no such month
    readings = drift_readings("sales", sales(), dict.fromkeys(profiles, HEADINGS), profiles, MONTH)
    failed = [one for one in readings if one.value > one.limit]
    assert [one.check for one in failed] == (["sales.amount_type_drift"] if fails else [])
    for one in failed:
        assert one.severity is Severity.CRITICAL
        assert one.columns == ("amount",)
        assert one.finding is not None
        assert "cannot be read as money" in one.finding.message
