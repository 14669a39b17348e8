"""Exchange rates a company keeps in a file: month, currency, and the company's currency for one unit.

Not here: the conversion itself (`columns`).
"""

import csv
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from config.errors import ConfigError, Place, UsageError
from config.months import Month
from transforms.columns import DAY, TEXT

_HEADINGS = ("month", "currency", "rate")
_LARGEST = Decimal(10) ** 8
_FINEST = -12

Rates: TypeAlias = tuple[tuple[str, Month, str], ...]
"""Rates as (currency, month, plain text)."""


def load_rates(path: Path) -> pd.DataFrame:
    """Read a rates file: columns month (first day), currency (ISO code) and rate (Decimal), sorted.

    Raises ConfigError naming the line for anything that is no month, code or positive rate, or said twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The exchange rates cannot be read: {error}.", fix="Write a UTF-8 CSV: month,currency,rate.",
            place=Place(path),
        ) from error  # fmt: skip
    separator = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.DictReader(text.splitlines(), delimiter=separator)
    headings = [(heading or "").strip().lower() for heading in reader.fieldnames or ()]
    if missing := [heading for heading in _HEADINGS if heading not in headings]:
        raise ConfigError(
            f"The headings are {', '.join(headings) or 'missing'}; {', '.join(missing)} is not among them.",
            fix="The first line is: month,currency,rate.", place=Place(path, 1),
        )  # fmt: skip
    reader.fieldnames = headings
    rows: dict[tuple[Month, str], Decimal] = {}
    faults: list[ConfigError] = []
    for row in reader:
        try:
            month, currency, rate = _rate(row, Place(path, reader.line_num))
        except ConfigError as error:
            faults.append(error)
            continue
        if rows.setdefault((month, currency), rate) != rate:
            said = f"{currency} in {month} has two rates: {rows[month, currency]} and {rate}."
            faults.append(ConfigError(said, fix="Keep one.", place=Place(path, reader.line_num)))
    if faults:
        first, *others = faults
        raise ConfigError(first.what, fix=first.fix, place=first.place, also=tuple(others))
    return _frame(rows)


def _rate(row: dict[str, str], place: Place) -> tuple[Month, str, Decimal]:
    month_text, currency, rate_text = ((row.get(heading) or "").strip() for heading in _HEADINGS)
    try:
        month = Month.parse(month_text[:7] if month_text[7:] == "-01" else month_text)
    except UsageError as error:
        raise ConfigError(error.what, fix=error.fix, place=place) from error
    if not (currency.isascii() and currency.isalpha() and len(currency) == 3):  # noqa: PLR2004
        raise ConfigError(f"“{currency}” is no currency.", fix="Write the ISO 4217 code, such as USD.", place=place)
    try:
        rate = Decimal(rate_text if "." in rate_text else rate_text.replace(",", "."))
    except InvalidOperation as error:
        raise ConfigError(f"“{rate_text}” is no rate.", fix="Write a number such as 0.9234.", place=place) from error
    exponent = rate.as_tuple().exponent
    if not rate.is_finite() or not 0 < rate < _LARGEST or not isinstance(exponent, int) or exponent < _FINEST:
        raise ConfigError(
            f"The rate “{rate_text}” is not between 0 and {_LARGEST:,} with at most 12 decimals.",
            fix="Write how much of the company's currency one unit is worth.", place=place,
        )  # fmt: skip
    return month, currency.upper(), rate


def _frame(rows: dict[tuple[Month, str], Decimal]) -> pd.DataFrame:
    ordered = sorted(rows.items())
    return pd.DataFrame(
        {
            "month": pd.Series([pd.Timestamp(month.first_day) for (month, _), _ in ordered], dtype=DAY),
            "currency": pd.Series([currency for (_, currency), _ in ordered], dtype=TEXT),
            "rate": pd.Series([rate for _, rate in ordered], dtype="object"),
        }
    )


def rate_texts(rates: pd.DataFrame | None, until: Month) -> Rates:
    """The rates, none later than a month, so that a later rate changes nothing."""
    if rates is None:
        return ()
    found = (
        (str(currency), Month.of(pd.Timestamp(month).date()), format(Decimal(str(rate)), "f"))
        for month, currency, rate in zip(rates["month"], rates["currency"], rates["rate"], strict=True)
    )
    return tuple(sorted(rate for rate in found if rate[1] <= until))
