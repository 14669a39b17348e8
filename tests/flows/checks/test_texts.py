"""Which texts are a number or a date, by what the source declares, and that nothing is guessed."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.checks.text_dates import date_sql, timestamp_sql
from flows.checks.text_numbers import MONEY, NUMBER, PERCENT, Marks, decimal_sql, integer_sql
from flows.duck import connection

if TYPE_CHECKING:
    import duckdb

ENGLISH, GERMAN, SWISS, PLAIN, FRENCH = Marks(".", ","), Marks(",", "."), Marks(".", "'"), Marks(), Marks(",", " ")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator["duckdb.DuckDBPyConnection"]:
    with connection(tmp_path_factory.mktemp("scratch")) as opened:
        yield opened


def answers(database: "duckdb.DuckDBPyConnection", sql: str, texts: list[str]) -> list[object]:
    found = database.execute(f"SELECT {sql} FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS text)", [texts]).fetchall()
    return [value for (value,) in found]


def answer(database: "duckdb.DuckDBPyConnection", sql: str, text: str) -> object:
    return answers(database, sql, [text])[0]


@pytest.mark.parametrize(
    ("text", "marks", "expected"),
    [
        ("1234", PLAIN, "1234"),
        ("1234.5", PLAIN, "1234.5"),
        ("1,234.50", ENGLISH, "1234.5"),
        ("1,234.50", PLAIN, None),
        ("1.234,50", GERMAN, "1234.5"),
        ("1.234,50", PLAIN, None),
        ("1.234,50", ENGLISH, None),
        ("1.234", GERMAN, "1234"),
        ("0.123", GERMAN, None),
        ("1234.50", GERMAN, None),
        ("1234,50", FRENCH, "1234.5"),
        ("1 234,50", FRENCH, "1234.5"),
        ("1\u202f234\u00a0567,5", FRENCH, "1234567.5"),
        ("1 234.5", PLAIN, "1234.5"),
        ("12 34", PLAIN, None),
        ("12,34", ENGLISH, None),
        ("1,23,456.7", ENGLISH, "123456.7"),
        ("1'234.5", SWISS, "1234.5"),
        ("1’234.5", SWISS, "1234.5"),
        ("(1,234)", ENGLISH, "-1234"),
        ("( 5 )", PLAIN, "-5"),
        ("(5", PLAIN, None),
        ("-(5)", PLAIN, None),
        ("1234-", PLAIN, "-1234"),
        ("−1", PLAIN, "-1"),
        ("– 1", PLAIN, "-1"),
        ("--1", PLAIN, None),
        ("+5", PLAIN, "5"),
        (".5", PLAIN, "0.5"),
        ("5.", PLAIN, "5"),
        ("007", PLAIN, "7"),
        ("1e3", PLAIN, "1000"),
        ("1,5E-2", GERMAN, "0.015"),
        ("1e400", PLAIN, None),
        ("€ 5", PLAIN, "5"),
        ("-€5", PLAIN, "-5"),
        ("5 EUR", PLAIN, "5"),
        ("€ (5)", PLAIN, "-5"),
        ("€5 EUR", PLAIN, None),
        ("$5", PLAIN, None),
        ("5 USD", PLAIN, None),
        ("5%", PLAIN, None),
        ("NaN", PLAIN, None),
        ("inf", PLAIN, None),
        ("Infinity", PLAIN, None),
        ("1_000", PLAIN, None),
        ("0x1F", PLAIN, None),
        ("five", PLAIN, None),
        ("-", PLAIN, None),
        ("1.00005", PLAIN, "1.0000"),
        ("1.00015", PLAIN, "1.0002"),
        ("32.3800011", PLAIN, "32.38"),
        ("99999999999999.9999", PLAIN, "99999999999999.9999"),
        ("99999999999999.99995", PLAIN, None),
        ("123456789012345", PLAIN, None),
    ],
    ids=repr,
)
def test_amounts(database: "duckdb.DuckDBPyConnection", text: str, marks: Marks, expected: str | None) -> None:
    found = answer(database, decimal_sql("text", marks, MONEY, "'EUR'"), text)
    assert found == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("95%", "0.95"), ("95 %", "0.95"), ("0.95", "0.95"), ("-5%", "-0.05"), ("1", "1"), ("%", None), ("5%%", None)],
)
def test_percentages_are_divided_and_shares_stand(
    database: "duckdb.DuckDBPyConnection", text: str, expected: str | None
) -> None:
    found = answer(database, decimal_sql("text", PLAIN, PERCENT), text)
    assert found == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12),
        ("12.0", 12),
        ("12.5", None),
        ("1,234", 1234),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ("5 EUR", None),
    ],
)
def test_whole_numbers(database: "duckdb.DuckDBPyConnection", text: str, expected: int | None) -> None:
    assert answer(database, integer_sql("text", ENGLISH), text) == expected


@settings(max_examples=20, deadline=None)
@given(
    values=st.lists(st.decimals(min_value=-(10**13), max_value=10**13, places=4), min_size=1, max_size=40),
    marks=st.sampled_from([ENGLISH, GERMAN, SWISS, FRENCH, PLAIN]),
)
def test_a_number_written_with_the_declared_marks_is_read_as_it_is(
    database: "duckdb.DuckDBPyConnection", values: list[Decimal], marks: Marks
) -> None:
    written = [f"{v:,.4f}".replace(",", "_").replace(".", marks.decimal).replace("_", marks.thousands) for v in values]
    assert answers(database, decimal_sql("text", marks, NUMBER), written) == values


OCTOBER_5 = date(2026, 10, 5)


@pytest.mark.parametrize(
    ("text", "dates", "expected"),
    [
        ("2026-10-05", "iso", OCTOBER_5),
        ("2026-10-5", "iso", OCTOBER_5),
        ("2026/10/05", "iso", OCTOBER_5),
        ("2026-10-05T10:30:00", "iso", OCTOBER_5),
        ("2026-10-05 10:30", "day_first", OCTOBER_5),
        ("2026-02-30", "iso", None),
        ("2026-13-01", "iso", None),
        ("0000-10-05", "iso", None),
        ("05.10.2026", "iso", None),
        ("05.10.2026", "day_first", OCTOBER_5),
        ("5.10.26", "day_first", OCTOBER_5),
        ("05/10/2026", "day_first", OCTOBER_5),
        ("5-10-2026", "day_first", OCTOBER_5),
        ("5.10/2026", "day_first", None),
        ("31.02.2026", "day_first", None),
        ("05.13.2026", "day_first", None),
        ("10/05/2026", "month_first", OCTOBER_5),
        ("13/05/2026", "month_first", None),
        ("1.1.69", "day_first", date(2069, 1, 1)),
        ("1.1.70", "day_first", date(1970, 1, 1)),
        ("29.02.2028", "day_first", date(2028, 2, 29)),
        ("29.02.2027", "day_first", None),
        ("05.10.26", "%d.%m.%y", OCTOBER_5),
        ("05.10.69", "%d.%m.%y", date(2069, 10, 5)),
        ("05 Oct 2026", "%d %b %Y", OCTOBER_5),
        ("20261005", "%Y%m%d", OCTOBER_5),
        ("infinity", "%d %b %Y", None),
        ("today", "day_first", None),
        ("45000", "day_first", None),
        ("2026-10-04T22:30:00Z", "iso", OCTOBER_5),
        ("2026-10-04T20:00:00-04:00", "iso", OCTOBER_5),
    ],
    ids=repr,
)
def test_dates(database: "duckdb.DuckDBPyConnection", text: str, dates: str, expected: date | None) -> None:
    assert answer(database, date_sql("text", dates, "Europe/Berlin"), text) == expected


@pytest.mark.parametrize(
    ("text", "dates", "expected"),
    [
        ("2026-10-05", "iso", "2026-10-05 00:00:00"),
        ("2026-10-05 09:05:07.25", "iso", "2026-10-05 09:05:07.250000"),
        ("2026-10-05T09:05", "iso", "2026-10-05 09:05:00"),
        ("2026-10-05T09:05:00Z", "iso", "2026-10-05 11:05:00"),
        ("2026-12-05T09:05:00+0000", "iso", "2026-12-05 10:05:00"),
        ("05.10.2026 9:05", "day_first", "2026-10-05 09:05:00"),
        ("10/05/2026, 12:30 AM", "month_first", "2026-10-05 00:30:00"),
        ("10/05/2026 12:30 pm", "month_first", "2026-10-05 12:30:00"),
        ("10/05/2026 13:30 PM", "month_first", None),
        ("2026-10-05 24:00", "iso", None),
        ("2026-10-05 12:60", "iso", None),
        ("05/10/2026 23:30 +0000", "%d/%m/%Y %H:%M %z", "2026-10-06 01:30:00"),
    ],
    ids=repr,
)
def test_moments_become_local(
    database: "duckdb.DuckDBPyConnection", text: str, dates: str, expected: str | None
) -> None:
    found = answer(database, timestamp_sql("text", dates, "Europe/Berlin"), text)
    assert found is None or isinstance(found, datetime)
    assert (None if found is None else str(found)) == expected


@settings(max_examples=20, deadline=None)
@given(days=st.lists(st.dates(), min_size=1, max_size=40))
@pytest.mark.parametrize("dates", ["day_first", "month_first", "iso"])
def test_every_date_is_read_back(database: "duckdb.DuckDBPyConnection", days: list[date], dates: str) -> None:
    formats = {
        "day_first": "{0.day}.{0.month}.{0.year:04d}",
        "month_first": "{0.month}/{0.day}/{0.year:04d}",
        "iso": "{0}",
    }
    written = [formats[dates].format(day) for day in days]
    assert answers(database, date_sql("text", dates, "UTC"), written) == days
