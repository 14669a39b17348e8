"""Numbers and months in arrays: reading a written number, rounding, a neutral way to write one, month numbers.

A month's number counts months since the year 0 (`year * 12 + number - 1`), so that months can be subtracted.
Locale-aware formatting for reports does not belong here: see `transforms.formats`.
"""

import functools
import re
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config.models import Metric, Unit
from config.months import MONTHS_A_YEAR, Month

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SIGNIFICANT_DIGITS: Final = 10
"""Figures are rounded to so many digits: far finer than any report shows, and the same on every machine."""

ADDITIVE_UNITS: Final = frozenset({Unit.MONEY, Unit.COUNT, Unit.HOURS})
MONTH_NAMES: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
THIN_SPACE: Final = "\u202f"

_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2009\u202f", " "))
_GROUPED = re.compile(r"[+-]?\d{1,3}(?: \d{3})+(?:\.\d+)?")
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?")
_YEAR_ZERO_TO_1970 = 1970 * MONTHS_A_YEAR


def read_decimal(text: str) -> Decimal | None:
    """A written number: `1234.5`, `1 234.5` (any kind of space), `95%` as 0.95. None where it is not one.

    A comma is refused rather than guessed: it groups in one country and marks decimals in another.
    """
    written = text.translate(_SPACES).strip().replace("−", "-")
    share = written.endswith("%")
    if share:
        written = written[:-1].rstrip()
    if _GROUPED.fullmatch(written):
        written = written.replace(" ", "")
    if not _PLAIN.fullmatch(written):
        return None
    value = Decimal(written)
    return value / 100 if share else value


def round_significant(values: Floats, digits: int = SIGNIFICANT_DIGITS) -> Floats:
    """Each value at so many significant digits; 0 and missing values stay."""
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = digits - 1 - np.floor(np.log10(np.abs(values)))
    exponent = np.where(np.isfinite(exponent), np.clip(exponent, -300, 300), 0)
    # Only positive powers of ten: 0.1 is no exact double, and dividing by it would add what rounding took away.
    up, down = 10.0 ** np.maximum(exponent, 0), 10.0 ** np.maximum(-exponent, 0)
    rounded: Floats = np.round(values * up / down) / up * down
    return rounded


def plain_number(value: float, unit: Unit) -> str:
    """A number in a sentence, without locale: 392 000, 95.3%, 4.25. `unit` says whether it is a share."""
    if unit is Unit.PERCENT:
        return f"{_trimmed(value * 100, 1)}%"
    return _trimmed(value, 0 if abs(value) >= 1000 else 2)  # noqa: PLR2004 from a thousand on, cents are noise


def _trimmed(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}".replace(",", THIN_SPACE).replace("-", "−")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "−0" else text


def month_name(month: Month) -> str:
    """`October 2026`."""
    return f"{MONTH_NAMES[month.number - 1]} {month.year}"


def day_name(day: date) -> str:
    """`3 October 2026`."""
    return f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"


def month_number(month: Month) -> int:
    """Months since the year 0."""
    return month.year * MONTHS_A_YEAR + month.number - 1


def month_of_number(number: int) -> Month:
    """The month with this number."""
    return Month(number // MONTHS_A_YEAR, number % MONTHS_A_YEAR + 1)


def month_numbers(days: "pd.Series[pd.Timestamp]") -> Ints:
    """The month's number of each day; the days must be filled."""
    return days.to_numpy().astype("datetime64[M]").astype(np.int64) + _YEAR_ZERO_TO_1970


def month_starts(numbers: Ints) -> NDArray[np.datetime64]:
    """The first day of each month number, at the resolution frames use."""
    return (numbers - _YEAR_ZERO_TO_1970).astype("datetime64[M]").astype("datetime64[s]")


def is_additive(metric: Metric) -> bool:
    """Whether parts of the metric add up to the whole: a plain sum or count over one month, nothing distinct.

    Decided from the definition's SQL; what cannot be read is taken as not additive.
    """
    if metric.value is None or metric.window_months != 1 or metric.unit not in ADDITIVE_UNITS:
        return False
    return _adds_up(metric.value)


def is_extensive(metric: Metric) -> bool:
    """Whether twice the people or days make about twice the value: what adds up, and counts of different things."""
    distinct = metric.value is not None and metric.window_months == 1 and _counts_distinct(metric.value)
    return is_additive(metric) or (distinct and metric.unit in ADDITIVE_UNITS)


@functools.cache
def _counts_distinct(sql: str) -> bool:
    from sqlglot import errors, exp, parse_one

    try:
        node = parse_one(sql, read="duckdb")
    except errors.SqlglotError:
        return False
    while isinstance(node, exp.Paren | exp.Filter):
        node = node.this
    return isinstance(node, exp.Count) and isinstance(node.this, exp.Distinct)


@functools.cache
def _adds_up(sql: str) -> bool:
    # Parsing is only needed here, and sqlglot is slow to import.
    from sqlglot import errors, parse_one

    try:
        return _linear(parse_one(sql, read="duckdb"))
    except errors.SqlglotError:
        return False


def _linear(node: object) -> bool:  # noqa: PLR0911 one line for each kind of expression
    from sqlglot import exp

    match node:
        case exp.Sum() | exp.Count():
            return not isinstance(node.this, exp.Distinct)
        case exp.Paren() | exp.Neg() | exp.Filter() | exp.Cast():
            return _linear(node.this)
        case exp.Coalesce():
            return _linear(node.this) and all(rest.name == "0" for rest in node.expressions)
        case exp.Add() | exp.Sub():
            return _linear(node.left) and _linear(node.right)
        case exp.Mul():
            return (_linear(node.left) and _constant(node.right)) or (_constant(node.left) and _linear(node.right))
        case exp.Div():
            return _linear(node.left) and _constant(node.right)
        case _:
            return False


def _constant(node: object) -> bool:
    from sqlglot import exp

    return isinstance(node, exp.Expression) and all(
        isinstance(part, exp.Literal | exp.Paren | exp.Neg) for part in node.walk()
    )
