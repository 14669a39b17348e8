"""Tables of expectations as texts: headings, periods, and one record for each written value.

Does not belong here: whether a value may be used (`tables`), and reading files.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Final

import pandas as pd

from config.checks import Severity
from config.errors import UsageError
from config.models import ExpectationTable
from config.months import Month
from transforms.columns import LINE
from transforms.expectations.world import nearest
from transforms.numbers import MONTH_NAMES
from transforms.stages import Finding

KEYS: Final = ("unit_kind", "unit", "metric")
NOTES: Final = ("why", "owner", "set_on", "parent")
LONG: Final = (*KEYS, "month", "value", *NOTES)
MONTHS_A_QUARTER: Final = 3
SMALLEST_PART: Final = 2
"""A quarter is spread in parts with at least so many decimals."""

_SHORT_NAMES = {name[:3].lower(): number for number, name in enumerate(MONTH_NAMES, start=1)}
_QUARTER = re.compile(r"(\d{4})[- ]?Q([1-4])|Q([1-4])[- ](\d{4})", re.IGNORECASE)
_NAMED = re.compile(r"([A-Za-z]{3,9})\.? (\d{4})")
_DAY = re.compile(r"(\d{4}-\d{2})-01(?:[ T]00:00(?::00)?)?")


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as written, with what else its row says. `column` is the heading the value stands under."""

    kind: str
    unit: str
    metric: str
    period: str
    value: str
    why: str
    owner: str
    set_on: str
    parent: str
    line: int
    column: str
    period_column: str


@functools.cache
def read_period(text: str) -> tuple[Month, ...] | None:
    """The months a text means: `2026-10`, `Oct 2026`, `2026-Q4`, `Q4 2026`, an Excel date on the first of a month."""
    written = " ".join(text.split())
    if match := _QUARTER.fullmatch(written):
        year, quarter = int(match[1] or match[4]), int(match[2] or match[3])
        first = quarter * MONTHS_A_QUARTER - 2
        return tuple(Month(year, first + n) for n in range(MONTHS_A_QUARTER)) if 0 < year < 9999 else None  # noqa: PLR2004
    if match := _NAMED.fullmatch(written):
        name, number = match[1].lower(), _SHORT_NAMES.get(match[1][:3].lower())
        if number is None or not (MONTH_NAMES[number - 1].lower().startswith(name) or name == "sept"):
            return None
        written = f"{match[2]}-{number:02d}"
    elif match := _DAY.fullmatch(written):
        written = match[1]
    try:
        return (Month.parse(written),)
    except UsageError:
        return None


def read_day(text: str) -> date | None:
    """An ISO date, with or without a time. None where it is none."""
    try:
        return datetime.fromisoformat(text.strip()).date()
    except ValueError:
        return None


def spread(value: Decimal, parts: int) -> tuple[Decimal, ...]:
    """Equal parts, cut off after two decimals (or as many as the value has), the last one with what remains."""
    exponent = value.as_tuple().exponent
    decimals = max(SMALLEST_PART, -exponent if isinstance(exponent, int) else 0)
    part = (value / parts).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_DOWN)
    return (*([part] * (parts - 1)), value - part * (parts - 1))


def cells_of(table: ExpectationTable, frame: pd.DataFrame) -> tuple[list[Cell], list[Finding]]:
    """Every filled value of a table, in the order of lines, and what is wrong with its headings."""
    texts = _texts(frame)
    if table.layout == "long":
        return _long(table, texts)
    return _wide(table, texts)


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Stripped texts, missing ones empty; the line as a number; sorted by line, empty rows left out."""
    line = frame[LINE] if LINE in frame.columns else pd.Series(range(2, len(frame) + 2), index=frame.index)
    lines = pd.to_numeric(line, errors="coerce").fillna(0).astype("int64")
    texts = frame.drop(columns=LINE, errors="ignore").astype("object").fillna("").astype("str")
    texts = texts.apply(lambda column: column.str.strip()).rename(columns=lambda name: str(name).strip())
    filled = (texts != "").any(axis=1)
    order = list(dict.fromkeys(texts.columns))
    texts = texts.loc[:, ~texts.columns.duplicated()].assign(**{LINE: lines}).loc[filled]
    ordered: pd.DataFrame = texts.sort_values([LINE, *order], kind="stable", ignore_index=True)
    return ordered


def _heading(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().lower())


def _missing_headings(table: ExpectationTable, texts: pd.DataFrame, needed: tuple[str, ...]) -> list[Finding]:
    return [
        finding(
            "missing_column", f"{table.file} has no column “{name}”. {nearest(name, texts.columns)} "
            f"A {table.layout} table needs the headings {', '.join(needed)}.", table.file, 1, name, "",
            severity=Severity.CRITICAL,
        )
        for name in needed if name not in texts.columns
    ]  # fmt: skip


def _long(table: ExpectationTable, texts: pd.DataFrame) -> tuple[list[Cell], list[Finding]]:
    texts = texts.rename(columns=_heading)
    findings = _missing_headings(table, texts, (*KEYS, "month", "value"))
    if findings:
        return [], findings
    findings = [
        finding("unknown_column", f"The heading “{name}” of {table.file} is not known and not read. "
                f"{nearest(name, LONG)}", table.file, 1, name, name)
        for name in texts.columns if name not in {*LONG, LINE}
    ]  # fmt: skip
    texts = texts.reindex(columns=[*LONG, LINE], fill_value="")
    columns = [texts[name].tolist() for name in (*LONG, LINE)]
    return [
        Cell(kind, unit, metric, period, value, why, owner, set_on, parent, line, "value", "month")
        for kind, unit, metric, period, value, why, owner, set_on, parent, line in zip(*columns, strict=True)
    ], findings


def _wide(table: ExpectationTable, texts: pd.DataFrame) -> tuple[list[Cell], list[Finding]]:
    periods = [name for name in texts.columns if read_period(name)]
    texts = texts.rename(columns=lambda name: name if name in periods else _heading(name))
    findings = _missing_headings(table, texts, KEYS)
    if findings:
        return [], findings
    known = {*KEYS, *NOTES, *periods, LINE}
    findings = [
        finding("unknown_column", f"The heading “{name}” of {table.file} is neither a month or quarter nor known, and "
                f"not read. Write months as 2026-10 and quarters as 2026-Q4. {nearest(name, known)}".rstrip(),
                table.file, 1, name, name)
        for name in texts.columns if name not in known
    ]  # fmt: skip
    rows = texts.reindex(columns=[*KEYS, *NOTES, *periods, LINE], fill_value="")
    return list(_wide_cells(rows, periods)), findings


def _wide_cells(rows: pd.DataFrame, periods: list[str]) -> Iterator[Cell]:
    heads = rows[[*KEYS, *NOTES, LINE]].itertuples(index=False, name=None)
    values = rows[periods].itertuples(index=False, name=None)
    for (kind, unit, metric, why, owner, set_on, parent, line), written in zip(heads, values, strict=True):
        for period, value in zip(periods, written, strict=True):
            if value:
                yield Cell(kind, unit, metric, period, value, why, owner, set_on, parent, line, period, period)


def finding(
    code: str, message: str, file: str, line: int, column: str, value: str, *, severity: Severity = Severity.WARNING
) -> Finding:
    """A finding in a table of expectations."""
    return Finding(f"expectations.{code}", severity, " ".join(message.split()), "", file, line, column, value)
