"""The share of rows set aside, and what is too far."""

from decimal import Decimal
from pathlib import Path

import pytest

from config.checks import Severity, Suite
from config.months import Month
from tests.flows.tables import config_of, sales_extract
from transforms.checks.limits import (
    CRUDE_CRITICAL,
    ROWS_CRITICAL,
    ROWS_WARNING,
    count_readings,
    distance,
    graded,
    set_aside_reading,
)
from transforms.checks.suite import suite_of
from transforms.checks.usual import Departure, amount_departure, count_departure
from transforms.stages import Checked, Exclusions


def checked(rows: int, set_aside: tuple[int, ...], excluded: int = 0) -> Checked:
    return Checked(
        extract="sales", month=Month(2026, 10), path=Path("x"), quarantine_path=Path("y"), landing_sha256="",
        rows=rows - sum(set_aside) - excluded, measure=Decimal(0), source_rows=rows, source_measure=Decimal(0),
        excluded=(Exclusions("older copy", excluded, Decimal(0)),) if excluded else (),
        quarantined=tuple(Exclusions(f"reason {at}", n, Decimal(0)) for at, n in enumerate(set_aside)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "set_aside", "excluded", "fails"),
    [
        (100, (), 0, False), (100, (5,), 0, False), (100, (6,), 0, True), (100, (3, 3), 0, True),
        (100, (5,), 10, True), (10, (1,), 0, False), (10, (2,), 0, True), (2, (1,), 0, True), (1, (1,), 0, True),
        (3, (1,), 0, False), (0, (), 0, False), (5, (), 5, False),
    ],
)  # fmt: skip
def test_the_share_set_aside(rows: int, set_aside: tuple[int, ...], excluded: int, fails: bool) -> None:
    reading = set_aside_reading("sales", checked(rows, set_aside, excluded), Decimal("0.05"))
    assert (reading.value > reading.limit) is fails
    assert (reading.check, reading.severity) == ("sales.set_aside", Severity.CRITICAL)


def test_the_finding_says_rows_share_and_the_main_reason() -> None:
    finding = set_aside_reading("sales", checked(200, (10, 20)), Decimal("0.05")).finding
    assert finding is not None
    assert "30 of 200 rows (15.0%) were set aside" in finding.message
    assert "20: reason 1" in finding.message


@pytest.mark.parametrize(
    ("asked", "rows", "excluded", "off"),
    [
        ("{min: 100}", 100, 0, 0), ("{min: 100}", 99, 0, 1), ("{min: 100}", 120, 30, 10), ("{max: 5}", 9, 0, 4),
        ("{min: 2, max: 5}", 5, 0, 0), ("{min: 1}", 0, 0, 1),
    ],
)  # fmt: skip
def test_how_many_rows_a_month_may_have(asked: str, rows: int, excluded: int, off: int) -> None:
    bounds = {one.partition(": ")[0]: one.partition(": ")[2] for one in asked.strip("{}").split(", ")}
    check = {"rows": bounds, "severity": "critical", "why": "As many were agreed."}
    config = config_of({"sales": sales_extract()})
    config = config.model_copy(update={"suites": {"sales": Suite.model_validate({"checks": [check]})}})
    (reading,) = count_readings(suite_of(config, "sales"), checked(rows, (), excluded))
    assert (reading.check, reading.severity, reading.columns) == ("sales.rows", Severity.CRITICAL, ())
    assert (reading.value, reading.limit) == (off, 0)
    assert reading.finding is not None
    assert "As many were agreed." in reading.finding.message


@pytest.mark.parametrize(
    ("history", "now", "critical"),
    [
        ([400] * 12, 400, False), ([400] * 12, 300, False), ([400] * 12, 200, True), ([400] * 12, 800, True),
        ([200] * 5, 100, True), ([20] * 12, 10, False), ([20] * 12, 0, True), ([5] * 12, 0, False),
        ([400, 100] * 8, 150, False), ([100, 150, 225, 337, 506], 760, False), ([0] * 6, 3, False),
        ([400, 410, 395, 180, 405, 400] + [400] * 8, 200, True), ([400, 410, 395, 405, 400, 190], 400, False),
    ],
)  # fmt: skip
def test_rows_that_are_critically_far(history: list[float], now: float, critical: bool) -> None:
    departure = count_departure(dict(enumerate(history)), len(history), now)
    assert departure is not None
    severity, value = graded(departure, ROWS_CRITICAL, ROWS_WARNING)
    assert (severity is Severity.CRITICAL and value > 1) is critical


def test_a_marked_season_is_known_after_two_years() -> None:
    shops = [0.75, 0.8, 0.95, 1, 1, 1, 0.95, 0.9, 1, 1.05, 1.2, 1.8]
    history = {at: 1000 * shops[at % 12] for at in range(35)}
    december = count_departure(history, 35, 1800)
    assert december is not None
    assert distance(december, ROWS_WARNING) == pytest.approx(0, abs=0.01)
    ordinary = count_departure(history, 35, 900)  # usual in other months, half of a December
    assert ordinary is not None
    assert distance(ordinary, ROWS_CRITICAL) > 1


def test_nothing_is_said_without_an_earlier_month() -> None:
    assert count_departure({}, 5, 10) is None
    assert count_departure({5: 10, 6: 10}, 5, 10) is None
    assert amount_departure({}, 5, 10, 10) is None
    assert count_departure({-40: 10}, 5, 10) is None


def test_between_the_forecasts_nothing_is_far() -> None:
    assert distance(Departure(10, 0.0, 0.0, 0.1, 0.1, 12), CRUDE_CRITICAL) == 0
