"""Totals of the source: to the row and to the cent."""

from decimal import Decimal

import pandas as pd
import pytest

from config.checks import Severity
from config.months import Month
from tests.transforms.checks.simulated import sales
from transforms.checks.control import ControlLine, control_readings, misnamed_reading
from transforms.checks.readings import Reading
from transforms.stages import Profile

MONTH = Month(2026, 10)


def profile(*totals: tuple[str, int, str]) -> Profile:
    return Profile(100, 3, (), (), totals=tuple((code, rows, Decimal(total)) for code, rows, total in totals))


EUROS = profile(("EUR", 103, "1000.10"))
MIXED = profile(("EUR", 60, "600.00"), ("USD", 43, "400.10"))


def line(rows: int | None = None, total: str | None = None, currency: str | None = None, at: int = 2) -> ControlLine:
    return ControlLine("sales", MONTH, rows, None if total is None else Decimal(total), currency, "totals.csv", at)


def failed(readings: list[Reading]) -> dict[str, Reading]:
    return {one.check.partition(".")[2]: one for one in readings if not one.value <= one.limit}


@pytest.mark.parametrize(
    ("landed", "lines", "expected"),
    [
        (EUROS, [line(103, "1000.10")], set()),
        (EUROS, [line(103)], set()),
        (EUROS, [line(None, "1000.104")], set()),
        (EUROS, [line(103, "1000.11")], {"control_total"}),
        (EUROS, [line(104, "1000.10")], {"control_rows"}),
        (EUROS, [line(0, "0")], {"control_rows", "control_total"}),
        (EUROS, [line(103, "1000.10", "EUR")], set()),
        (EUROS, [line(103, "1000.10", "USD")], {"control_rows_usd", "control_total_usd"}),
        (MIXED, [line(60, "600", "EUR", 2), line(43, "400.10", "USD", 3)], set()),
        (MIXED, [line(60, "600", "EUR", 2), line(43, "400.00", "USD", 3)], {"control_total_usd"}),
        (MIXED, [line(103, "1000.10")], set()),
        (EUROS, [line(103, "1000.10"), line(103, "1000.10", at=9)], set()),
        (EUROS, [line(103, "1000.10"), line(90, "1000.10", at=9)], {"control_lines"}),
        (EUROS, [line(103, "1000.10"), line(None, "900.00", at=9)], {"control_lines"}),
        (EUROS, [line(103), line(None, "1000.10", at=9)], set()),
    ],
)
def test_rows_and_sums_must_agree(landed: Profile, lines: list[ControlLine], expected: set[str]) -> None:
    found = failed(control_readings("sales", sales(), landed, lines, MONTH))
    assert set(found) == expected
    assert all(one.severity is Severity.CRITICAL for one in found.values())


def test_the_finding_names_both_numbers_the_difference_and_the_line() -> None:
    found = failed(control_readings("sales", sales(), EUROS, [line(110, "1100.00", at=7)], MONTH))
    rows, total = found["control_rows"].finding, found["control_total"].finding
    assert rows is not None
    assert total is not None
    assert "103 rows were landed and the source says 110: 7 less than it says (totals.csv, line 7)" in rows.message
    assert "1,000.10 and the source says 1,100.00: 99.90 less than it says" in total.message
    assert (rows.code, rows.file, rows.line) == ("control.rows", "totals.csv", 7)
    assert (total.code, total.column) == ("control.total", "amount")


def test_a_month_left_out_of_the_totals_is_a_warning_from_their_first_month_on() -> None:
    others = [ControlLine("sales", MONTH.shift(-2), 5), ControlLine("service", MONTH, 9)]
    found = failed(control_readings("sales", sales(), EUROS, others, MONTH))
    assert {name: one.severity for name, one in found.items()} == {"control_line": Severity.WARNING}
    assert control_readings("sales", sales(), EUROS, others, MONTH.shift(-3)) == []
    assert control_readings("sales", sales(), EUROS, [ControlLine("service", MONTH, 9)], MONTH) == []
    assert control_readings("sales", sales(), EUROS, []) == []


def test_a_total_of_an_extract_without_main_measure_cannot_be_compared() -> None:
    found = failed(control_readings("sales", sales(main_measure=None), EUROS, [line(103, "5")], MONTH))
    assert set(found) == {"control_total"}
    assert found["control_total"].finding is not None
    assert "main_measure" in found["control_total"].finding.message


def test_lines_of_a_checked_control_extract() -> None:
    frame = pd.DataFrame(
        {
            "extract": pd.Series(["sales", "service"], dtype="str"),
            "month": pd.Series([pd.Timestamp("2026-09-01"), pd.NaT], dtype="datetime64[s]"),
            "rows": [103.0, float("nan")],
            "total": [1000.1, 12345678.91],
            "currency": pd.Series([" eur", None], dtype="str"),
            "_file": pd.Series(["totals.csv", "totals.csv"], dtype="str"),
            "_line": pd.Series([2, 3], dtype="int64"),
        }
    )
    assert ControlLine.from_rows(frame, MONTH) == [
        ControlLine("sales", Month(2026, 9), 103, Decimal("1000.1"), "EUR", "totals.csv", 2),
        ControlLine("service", MONTH, None, Decimal("12345678.91"), None, "totals.csv", 3),
    ]
    assert ControlLine.from_rows(frame[["extract", "rows"]], MONTH)[0] == ControlLine("sales", MONTH, 103)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["sales", "service"], 0), (["Sales", "service"], 1), (["sale", "service"], 1), (["stock", "service"], 0),
        (["sales", "sales_2", "service"], 0), (["sales ", "services"], 2),
    ],
)  # fmt: skip
def test_a_total_of_a_misspelt_extract_is_told_and_one_of_what_is_not_read_is_not(names: list[str], told: int) -> None:
    lines = [ControlLine(name, MONTH, 5, file="totals.csv", line=at + 2) for at, name in enumerate(names)]
    reading = misnamed_reading("totals", lines, ("sales", "service"), MONTH)
    assert (reading.value, reading.severity, reading.extract) == (told, Severity.WARNING, "totals")
    assert reading.finding is not None
    assert (f"“{names[0]}” (perhaps sales)" in reading.finding.message) is (told > 0)
