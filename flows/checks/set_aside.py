"""Why a row is set aside, in the order the reasons are tried: one row has one reason, the first.

Not here: copies of one key (`duplicates`) and rows excluded by a declared rule (`typed_rows`), which are no faults.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from config.checks import Severity
from config.models import ColumnType, Extract, ExtractKind
from flows.checks.columns import Matched, RowSql, declared_marks, month_column, nearest_heading
from flows.duck import literal, quoted
from transforms.stages import Finding, Landing

CUT_BY_MONTH: Final = frozenset(
    {ExtractKind.SALES, ExtractKind.SERVICE, ExtractKind.PULSE, ExtractKind.COACHING, ExtractKind.ACTIVITY}
)
NO_RATE: Final = "typing.no_rate"
UNREADABLE: Final = "typing.unreadable"
_LONGEST_VALUE: Final = 80
_KINDS: Final = {
    ColumnType.MONEY: "an amount", ColumnType.NUMBER: "a number", ColumnType.PERCENT: "a share or percentage",
    ColumnType.INTEGER: "a whole number", ColumnType.DATE: "a date", ColumnType.TIMESTAMP: "a date and time",
    ColumnType.BOOLEAN: "yes or no",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows are set aside. `column` is declared (empty for a key of several), `fix` says what would be right.

    `condition` is SQL over texts, values as read and converted values; empty where it is decided elsewhere.
    """

    code: str
    column: str
    text: str
    fix: str
    condition: str = ""


def row_reasons(sql: RowSql) -> tuple[Reason, ...]:
    """The reasons a row can be judged by on its own, first reason first."""
    return (
        *_unreadable(sql),
        *_currencies(sql),
        *_missing(sql),
        *_outside_month(sql),
        *_no_rate(sql),
    )


def key_conflict(extract: Extract) -> Reason:
    """Rows that contradict one another under one key."""
    newest = f" and the same {extract.last_modified}" if extract.last_modified else ""
    return Reason(
        "typing.key_conflict", ", ".join(extract.key), f"the same key{newest} with different content",
        "Keep one of them in the source, or add the column that tells them apart to `key`.",
    )  # fmt: skip


def _unreadable(sql: RowSql) -> Iterator[Reason]:
    marks, dates = declared_marks(sql.extract)
    for column in (c for c in sql.columns if c.readable):
        kind = column.column.type
        if kind in {ColumnType.DATE, ColumnType.TIMESTAMP}:
            fix = f"Dates are declared as {dates}; correct them in the source, or `dates` in extracts.yaml."
        elif kind is ColumnType.BOOLEAN:
            fix = "Write true or false, yes or no, 1 or 0."
        else:
            fix = f"Numbers are declared with {marks}; correct them in the source, or the marks in extracts.yaml."
        yield Reason(
            UNREADABLE, column.name, f"{column.name} is unreadable as {_KINDS[kind]}", fix,
            f"{sql.text(column.name)} IS NOT NULL AND {sql.raw(column.name)} IS NULL",
        )  # fmt: skip


def _currencies(sql: RowSql) -> Iterator[Reason]:
    name = sql.extract.currency
    if not name or not any(c.name == name and c.landed for c in sql.columns):
        return
    yield Reason(
        "typing.no_currency", name, f"{name} is no ISO 4217 code", "Write three letters, such as EUR.",
        "_currency IS NOT NULL AND NOT regexp_full_match(_currency, '[A-Z]{3}')",
    )  # fmt: skip
    yield Reason(
        "typing.no_currency", name, "an amount without its currency",
        f"Fill {name} in the source; where all amounts are in one currency, leave `currency` out of extracts.yaml.",
        f"_currency IS NULL AND {sql.has_money()}",
    )  # fmt: skip
    for column in (c for c in sql.columns if c.column.type is ColumnType.MONEY and c.landed):
        yield Reason(
            UNREADABLE, column.name, f"{column.name} is too large in the company's currency",
            "Check the amount and its currency.",
            f"{sql.raw(column.name)} IS NOT NULL AND _rate IS NOT NULL AND {quoted(column.name)} IS NULL",
        )  # fmt: skip


def _missing(sql: RowSql) -> Iterator[Reason]:
    landed = [c for c in sql.columns if c.landed]
    for column in (c for c in landed if c.column.required):
        yield Reason(
            "typing.required_missing", column.name, f"{column.name} is required and empty",
            "Fill it in the source, or drop `required` in extracts.yaml.", f"{sql.text(column.name)} IS NULL",
        )  # fmt: skip
    for column in (c for c in landed if c.name in sql.extract.key and not c.column.required):
        yield Reason(
            "typing.key_missing", column.name, f"{column.name} is part of the key and empty",
            "Fill it in the source, or choose another `key` in extracts.yaml.", f"{sql.text(column.name)} IS NULL",
        )  # fmt: skip


def _outside_month(sql: RowSql) -> Iterator[Reason]:
    name = month_column(sql.extract)
    if name is None or sql.extract.kind not in CUT_BY_MONTH:
        return
    first, end = (literal(day.isoformat()) for day in (sql.month.first_day, sql.month.end))
    value = sql.raw(name)
    yield Reason(
        "typing.outside_month", name, f"{name} lies outside {sql.month}",
        f"Deliver rows of {sql.month} only, or declare `month_by` where one file holds many months.",
        f"({value} < TIMESTAMP {first} OR {value} >= TIMESTAMP {end})",
    )  # fmt: skip


def _no_rate(sql: RowSql) -> Iterator[Reason]:
    if sql.extract.currency:
        yield Reason(
            NO_RATE, sql.extract.currency, "no exchange rate", "",
            f"_currency IS NOT NULL AND _rate IS NULL AND {sql.has_money()}",
        )  # fmt: skip


def reason_finding(
    landing: Landing, reason: Reason, heading: str, rows: int, value: str | None, file: str, line: int
) -> Finding:
    """One warning for all rows set aside for one reason, showing the first."""
    seen = shown((value or "").strip())
    many = "1 row" if rows == 1 else f"{rows:,} rows"
    example = f"“{seen}” at {file}:{line}" if seen else f"{file}:{line}"
    message = (
        f"{landing.extract} {landing.month}: {many} set aside, {reason.text}; the first is {example}. {reason.fix}"
    )
    return Finding(
        code=reason.code, severity=Severity.WARNING, message=message, extract=landing.extract, file=file, line=line,
        column=heading or reason.column, value=seen, rows=rows,
    )  # fmt: skip


def missing_column(landing: Landing, column: Matched, headings: Sequence[str]) -> Finding:
    """A declared column that the landing lacks: whatever depends on it cannot be said."""
    near = nearest_heading(column.heading, headings)
    hint = f"Did you mean “{near}”? " if near else ""
    many_alike = [h for h in headings if h.casefold() == column.heading.casefold()]
    found = ", ".join(f"“{shown(heading)}”" for heading in headings) or "none"
    why = " It has several that differ only in case or spaces." if len(many_alike) > 1 else ""
    fix = f"Write the right one as `from` of {column.name} in extracts.yaml."
    if len(headings) == 1 and len(re.split(r"[,;|\t]", headings[0])) > 1:
        fix = "They stand in one column: write `separator: auto` in extracts.yaml, or the file's own separator."
    return Finding(
        code="typing.column_missing",
        severity=Severity.CRITICAL,
        message=(
            f"{landing.extract} {landing.month} has no column “{column.heading}” for {column.name}.{why} {hint}"
            f"Its headings: {found}. {fix}"
        ),
        extract=landing.extract,
        file=landing.files[0] if landing.files else "",
        column=column.name,
        rows=landing.rows,
    )


def no_rows(landing: Landing) -> Finding:
    """A month without a single row: nothing was sold or done, or the export is empty, and only people can tell."""
    return Finding(
        code="typing.no_rows",
        severity=Severity.WARNING,
        message=(
            f"{landing.extract} {landing.month} has headings and not one row: what is counted in it is 0. If that is "
            "wrong, deliver it again with its rows."
        ),
        extract=landing.extract,
        file=landing.files[0] if landing.files else "",
        rows=0,
    )


def shown(value: str) -> str:
    """A value fit for a message: control characters escaped, and no longer than 80 characters."""
    visible = "".join(
        character.encode("unicode_escape").decode() if unicodedata.category(character)[0] == "C" else character
        for character in value[: _LONGEST_VALUE + 1]
    )
    return visible if len(visible) <= _LONGEST_VALUE else visible[: _LONGEST_VALUE - 1] + "…"
