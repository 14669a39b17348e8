"""What the values of a column are, and how a source writes numbers, dates and nothing.

Does not belong here: what a column means.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from config.models import ColumnType
from flows.initialise.found import Marks

_NOTHING = ("NULL", "null", "N/A", "n/a", "NA", "#N/A", "\\N", "None", "none", "nan", "NaN", "-", "--", "k.A.", "?")
_NUMBER = re.compile(r"[(+-]?\s?(?:[€$£]|[A-Z]{3}\s)?\s?[+-]?\d[\d.,'’\s\u00a0\u202f]*\s?(?:[€$£%]|[A-Z]{3})?\)?-?")
_ISO = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ]\d{1,2}:\d{2}.*)?")
_YEAR_LAST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(?:\d{4}|\d{2})([T ,]+\d{1,2}:\d{2}.*)?")
_COMPACT = re.compile(r"(?:19|20)\d{6}")
_BOOLEANS = ({"true", "false"}, {"yes", "no"})
_MOSTLY = 0.98
_THREE = 3
_TWELVE = 12
_DISTINCT = 5_000
SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP"}


@dataclass(slots=True)
class Seen:
    """Signs of how one group of files writes its values."""

    decimal: Counter[str] = field(default_factory=Counter)
    thousands: Counter[str] = field(default_factory=Counter)
    unclear: str = ""
    dates: Counter[str] = field(default_factory=Counter)
    either_date: str = ""
    missing: set[str] = field(default_factory=set)
    currencies: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Values:
    """What one column holds. `odd` is a value that does not fit its type, empty where all fit."""

    type: ColumnType | None
    distinct: int
    filled: int
    rows: int
    leading_zeros: bool
    longest: int
    odd: str = ""
    has_fraction: bool = False

    @property
    def unique(self) -> bool:
        """Whether each row has its own value."""
        return self.filled == self.rows == self.distinct


def describe(frame: pd.DataFrame) -> tuple[dict[str, Values], Seen]:
    """What each column holds, and the signs of how values are written, over all columns."""
    seen = Seen()
    return {heading: _column(frame[heading], seen) for heading in frame.columns}, seen


def marks_of(seen: Seen, *, comma_likely: bool) -> tuple[Marks, list[str]]:
    """The marks to declare, and what could not be told for sure. `comma_likely`: headings are German or French."""
    doubts = []
    decimal = seen.decimal.most_common(1)[0][0] if seen.decimal else "," if comma_likely and seen.unclear else "."
    if len(seen.decimal) > 1:
        doubts.append(f"Both “,” and “.” are used as decimal mark; “{decimal}” is more frequent and was taken.")
    elif seen.unclear and not seen.decimal:
        doubts.append(f"“{seen.unclear}” can be read two ways; “{decimal}” was taken for the decimal mark.")
    grouping = [mark for mark, _ in seen.thousands.most_common() if mark != decimal]
    thousands = grouping[0] if grouping else "." if decimal == "," and seen.unclear.count(".") else ""
    dates, told = _dates(seen)
    return Marks(decimal, thousands, dates, tuple(sorted(seen.missing))), doubts + told


def _dates(seen: Seen) -> tuple[str, list[str]]:
    certain = [order for order, _ in seen.dates.most_common()]
    if len(certain) > 1:
        return certain[0], [f"Dates are written {certain[0]} and {certain[1]}; {certain[0]} was taken."]
    if certain:
        return certain[0], []
    if seen.either_date:
        return "day_first", [f"“{seen.either_date}” can be read day first or month first; day first was taken."]
    return "iso", []


def _column(column: pd.Series, seen: Seen) -> Values:
    texts = column.dropna().astype("str").str.strip()
    texts = texts[texts.ne("")]
    counts = texts.value_counts()
    candidates = [text for text in counts.index if text in _NOTHING]
    kept = counts.drop(labels=candidates)
    sample = [str(text) for text in kept.index[:_DISTINCT]]
    found, odd = _type(sample, seen)
    if candidates and (found is not ColumnType.TEXT or set(candidates) - {"-", "--", "NA", "?", "none", "None"}):
        seen.missing.update(str(text) for text in candidates)
    return Values(
        type=found,
        distinct=len(kept),
        filled=int(kept.sum()),
        rows=len(column),
        leading_zeros=any(re.fullmatch(r"0\d+", text) for text in sample),
        longest=max((len(text) for text in sample), default=0),
        odd=odd,
        has_fraction=any(re.search(r"[.,]\d{1,2}\D*$", text) for text in sample),
    )


def _type(sample: list[str], seen: Seen) -> tuple[ColumnType | None, str]:
    if not sample:
        return None, ""
    if {text.lower() for text in sample} in (*_BOOLEANS, *({word} for pair in _BOOLEANS for word in pair)):
        return ColumnType.BOOLEAN, ""
    dated = [text for text in sample if _ISO.fullmatch(text) or _is_year_last(text)]
    if len(dated) >= _MOSTLY * len(sample):
        return _date_type(dated, seen), _first_odd(sample, dated)
    if all(_COMPACT.fullmatch(text) and _is_day(text) for text in sample):
        seen.dates["%Y%m%d"] += len(sample)
        return ColumnType.DATE, ""
    numbers = [text for text in sample if _NUMBER.fullmatch(text)]
    if len(numbers) >= _MOSTLY * len(sample):
        return _number_type(numbers, seen), _first_odd(sample, numbers)
    return ColumnType.TEXT, ""


def _first_odd(sample: Iterable[str], fitting: list[str]) -> str:
    fits = set(fitting)
    return next((text for text in sample if text not in fits), "")


def _is_day(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007 — a day has no zone
    except ValueError:
        return False
    return True


def _is_year_last(text: str) -> bool:
    match = _YEAR_LAST.fullmatch(text)
    return bool(match) and min(int(match[1]), int(match[3])) <= _TWELVE if match else False


def _date_type(texts: list[str], seen: Seen) -> ColumnType:
    timed = False
    for text in texts:
        match = _YEAR_LAST.fullmatch(text)
        if match is None:
            iso = _ISO.fullmatch(text)
            timed = timed or bool(iso and iso[1])
            continue
        timed = timed or bool(match[4])
        if int(match[1]) > _TWELVE or match[2] == ".":
            seen.dates["day_first"] += 1
        elif int(match[3]) > _TWELVE:
            seen.dates["month_first"] += 1
        else:
            seen.either_date = text
    return ColumnType.TIMESTAMP if timed else ColumnType.DATE


def _number_type(texts: list[str], seen: Seen) -> ColumnType:
    whole = True
    for text in texts:
        whole = _note_marks(text, seen) and whole
    if any("%" in text for text in texts):
        return ColumnType.PERCENT
    symbols = Counter(SYMBOLS[sign] for text in texts for sign in SYMBOLS if sign in text)
    codes = Counter(match[0] for text in texts if (match := re.search(r"[A-Z]{3}", text)))
    if symbols or codes:
        seen.currencies.update(symbols + codes)
        return ColumnType.MONEY
    return ColumnType.INTEGER if whole else ColumnType.NUMBER


def _note_marks(text: str, seen: Seen) -> bool:
    """Note which marks stand in a number; whether it is whole as far as can be told."""
    core = re.sub(r"[^\d.,'’]", "", text)
    if "'" in core or "’" in core:
        seen.thousands["'"] += 1
        core = core.replace("'", "").replace("’", "")
    last = max(core.rfind("."), core.rfind(","))
    if last < 0:
        return True
    mark, other = core[last], "," if core[last] == "." else "."
    after = len(core) - last - 1
    if other in core:
        seen.decimal[mark] += 1
        seen.thousands[other] += 1
        return False
    if core.count(mark) > 1:
        seen.thousands[mark] += 1
        return True
    if after == _THREE and 1 <= last <= _THREE and not core.startswith("0"):
        seen.unclear = text
        return False
    seen.decimal[mark] += 1
    return False
