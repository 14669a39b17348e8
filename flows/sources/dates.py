"""Which month a row belongs to, by the text of its date column.

This reads dates only far enough to cut an extract by month; whether a date is right is the checks' to say.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from config.months import MONTHS_A_YEAR, Month

MonthNumbers = npt.NDArray[np.int32]
"""For each row the number of its month, or NO_DATE or UNREADABLE."""
NO_DATE: Final = -1
UNREADABLE: Final = -2

_TIME = (
    r"(?:(?:[Tt]|,?\s+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s*([AaPp])\.?[Mm]\.?)?"
    r"\s*([Zz]|[+-]\d{2}(?::?\d{2})?)?)?"
)
_YEAR_FIRST = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})" + _TIME)
_YEAR_LAST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})" + _TIME)
_BEGINS_WITH_YEAR = re.compile(r"\d{4}[-/]\d")
_CENTURY = 100
_PIVOT = 70
"""Two-digit years from here on are of the last century."""
_NOON = 12


def month_index(month: Month) -> int:
    """A month as a whole number, one more for each month later."""
    return month.year * MONTHS_A_YEAR + month.number - 1


def month_of_index(index: int) -> Month:
    """The month of such a number."""
    return Month(index // MONTHS_A_YEAR, index % MONTHS_A_YEAR + 1)


def read_day(text: str, dates: str, zone: tzinfo) -> date | None:
    """The day a text means, or None. A moment with an offset is of the day it was then in `zone`.

    `dates` is iso, day_first, month_first or a strptime format. The year first is read whatever is declared: native
    dates of Excel, Parquet and databases are landed so. The checks read the same texts by the same rules.
    """
    written = text.strip()
    try:
        if _BEGINS_WITH_YEAR.match(written):
            match = _YEAR_FIRST.fullmatch(written)
            return _day(match, int(match[1]), int(match[3]), int(match[4]), zone) if match else None
        if dates in ("day_first", "month_first"):
            match = _YEAR_LAST.fullmatch(written)
            return _year_last(match, dates, zone) if match else None
        return None if dates == "iso" else _by_format(written, dates, zone)
    except (ValueError, OverflowError):  # the 31st of a month of 30 days, an hour 25
        return None


def _year_last(match: re.Match[str], dates: str, zone: tzinfo) -> date:
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    day, month = (first, second) if dates == "day_first" else (second, first)
    if len(match[4]) < 4:  # noqa: PLR2004 — a year of two digits
        year += 2000 if year < _PIVOT else 1900
    return _day(match, year, month, day, zone)


def _day(match: re.Match[str], year: int, month: int, day: int, zone: tzinfo) -> date:
    written_hour, minute, second, _fraction, half, offset = match.groups()[-6:]
    if written_hour is None:
        return date(year, month, day)
    hour = int(written_hour)
    if half:
        if not 1 <= hour <= _NOON:
            raise ValueError(f"{hour} is no hour of half a day")
        hour = hour % _NOON + (_NOON if half in "pP" else 0)
    moment = datetime(year, month, day, hour, int(minute), int(second or 0), tzinfo=_offset(offset) if offset else zone)
    return moment.astimezone(zone).date() if offset else moment.date()


def _offset(written: str) -> timezone:
    if written in "Zz":
        return UTC
    digits = written[1:].replace(":", "").ljust(4, "0")
    length = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-length if written[0] == "-" else length)


def _by_format(text: str, dates: str, zone: tzinfo) -> date:
    moment = datetime.strptime(text, dates)  # noqa: DTZ007 — without an offset it is local to the company's zone
    if "%y" in dates and moment.year == _PIVOT + 1899:
        moment = moment.replace(year=moment.year + _CENTURY)
    return moment.astimezone(zone).date() if moment.tzinfo else moment.date()


class MonthReader:
    """Month numbers of many texts; each text is read once."""

    def __init__(self, dates: str, time_zone: str) -> None:
        self._dates = dates
        self._zone = ZoneInfo(time_zone)
        self._known: dict[str, int] = {}

    def indexes(self, column: pa.Array) -> MonthNumbers:
        """For each text the number of its month, NO_DATE where it is missing or blank, UNREADABLE where it is none."""
        encoded = column.dictionary_encode()
        numbers = np.array([NO_DATE, *(self._number(text) for text in encoded.dictionary.to_pylist())], np.int32)
        places = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        found: MonthNumbers = numbers[places + 1]
        return found

    def _number(self, text: str) -> int:
        known = self._known.get(text)
        if known is None:
            if not text.strip():
                return NO_DATE
            day = read_day(text, self._dates, self._zone)
            known = UNREADABLE if day is None else day.year * MONTHS_A_YEAR + day.month - 1
            if len(self._known) < 1_000_000:  # noqa: PLR2004 — timestamps may all differ: do not keep them all
                self._known[text] = known
        return known


def months_in(indexes: Sequence[MonthNumbers]) -> list[int]:
    """The months that occur, in order."""
    return sorted({int(number) for array in indexes for number in np.unique(array) if number >= 0})
