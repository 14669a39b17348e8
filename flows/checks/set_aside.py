"""Why a row is set aside, in the order the reasons are tried: one row has one reason, the first.

These are the reasons of the checks that follow from the declaration of columns. Not here: the other checks on rows
(`predicates`), copies of one key (`duplicates`) and rows excluded by a declared rule (`typed_rows`), which are no
faults.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from config.checks import Severity
from config.models import ColumnType, Extract
from flows.checks.columns import Matched, RowSql, declared_marks, nearest_heading
from flows.duck import literal, quoted
from transforms.checks.suite import SuiteCheck, month_column
from transforms.stages import Finding, Landing

NO_RATE: Final = "typing.no_rate"
UNREADABLE: Final = "typing.unreadable"
_LONGEST_VALUE: Final = 80
_KINDS: Final = {
    ColumnType.MONEY: "an amount", ColumnType.NUMBER: "a number", ColumnType.PERCENT: "a share or percentage",
    ColumnType.INTEGER: "a whole number", ColumnType.DATE: "a date", ColumnType.TIMESTAMP: "a date and time",
    ColumnType.BOOLEAN: "yes or no",
}  # fmt: skip

# Unreadable before anything else, since an unreadable value cannot be asked; then amounts, which need a currency.
_READ, _CURRENCY, _TOO_LARGE, _REQUIRED, _KEY, _FILLED, _MONTH, _RATE, CONFLICT = range(9)
LATER: Final = CONFLICT + 1
"""The first turn of reasons that are tried only after copies and excluded rows are known."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows fail a check. `column` is declared (several with commas between), `fix` says what would be right.

    `condition` is SQL over texts, values as read and converted values; empty where it is decided elsewhere.
    `turn` orders the reasons: of several a row is set aside for the first.
    """

    code: str
    column: str
    text: str
    fix: str
    condition: str = ""
    turn: int = 0


def unreadable(sql: RowSql, name: str) -> Iterator[Reason]:
    """Texts that are not what their column is declared as, and amounts too large once they are converted."""
    column = sql.by_name(name)
    if column is None or not column.readable:
        return
    marks, dates = declared_marks(sql.extract)
    kind = column.column.type
    if kind in {ColumnType.DATE, ColumnType.TIMESTAMP}:
        fix = f"Dates are declared as {dates}; correct them in the source, or `dates` in extracts.yaml."
    elif kind is ColumnType.BOOLEAN:
        fix = "Write true or false, yes or no, 1 or 0."
    else:
        fix = f"Numbers are declared with {marks}; correct them in the source, or the marks in extracts.yaml."
    yield Reason(UNREADABLE, name, f"{name} is unreadable as {_KINDS[kind]}", fix, unread(sql, name), _READ)
    if kind is ColumnType.MONEY and sql.extract.currency:
        yield Reason(
            UNREADABLE, name, f"{name} is too large in the company's currency", "Check the amount and its currency.",
            f"{sql.raw(name)} IS NOT NULL AND _rate IS NOT NULL AND {quoted(name)} IS NULL", _TOO_LARGE,
        )  # fmt: skip


def unread(sql: RowSql, name: str) -> str:
    """SQL: there is a text, and it cannot be read."""
    return f"{sql.text(name)} IS NOT NULL AND {sql.raw(name)} IS NULL"


def no_currency(sql: RowSql, name: str) -> Iterator[Reason]:
    """A code that is none, and an amount without one."""
    yield Reason(
        "typing.no_currency", name, f"{name} is no ISO 4217 code", "Write three letters, such as EUR.",
        "_currency IS NOT NULL AND NOT regexp_full_match(_currency, '[A-Z]{3}')", _CURRENCY,
    )  # fmt: skip
    yield Reason(
        "typing.no_currency", name, "an amount without its currency",
        f"Fill {name} in the source; where all amounts are in one currency, leave `currency` out of extracts.yaml.",
        f"_currency IS NULL AND {sql.has_money()}", _CURRENCY,
    )  # fmt: skip


def missing(sql: RowSql, name: str) -> Reason:
    """An empty column that must be filled: as required, as part of the key, or by checks.yaml."""
    empty = f"{sql.text(name)} IS NULL"
    if sql.extract.columns[name].required:
        return Reason(
            "typing.required_missing", name, f"{name} is required and empty",
            "Fill it in the source, or drop `required` in extracts.yaml.", empty, _REQUIRED,
        )  # fmt: skip
    if name in sql.extract.key:
        return Reason(
            "typing.key_missing", name, f"{name} is part of the key and empty",
            "Fill it in the source, or choose another `key` in extracts.yaml.", empty, _KEY,
        )  # fmt: skip
    return Reason(
        "check.not_null", name, f"{name} is empty", "Fill it in the source, or change the check in checks.yaml.",
        empty, _FILLED,
    )  # fmt: skip


def outside_month(sql: RowSql, name: str) -> Reason:
    """A day that lies in another month than the landing's."""
    first, end = (literal(day.isoformat()) for day in (sql.month.first_day, sql.month.end))
    value = sql.raw(name)
    dates_rows = name == month_column(sql.extract)
    deliver = f"Deliver rows of {sql.month} only, or declare `month_by` where one file holds many months."
    return Reason(
        "typing.outside_month" if dates_rows else "check.in_month", name, f"{name} lies outside {sql.month}",
        deliver if dates_rows else "Correct it in the source, or take the check out of checks.yaml.",
        f"({value} < TIMESTAMP {first} OR {value} >= TIMESTAMP {end})", _MONTH,
    )  # fmt: skip


def no_rate(sql: RowSql) -> Iterator[Reason]:
    """An amount in a currency that nobody gave a rate of: no fault of the row, the landing is refused."""
    if sql.extract.currency:
        yield Reason(
            NO_RATE, sql.extract.currency, "no exchange rate", "",
            f"_currency IS NOT NULL AND _rate IS NULL AND {sql.has_money()}", _RATE,
        )  # fmt: skip


def key_conflict(extract: Extract) -> Reason:
    """Rows that contradict one another under one key."""
    newest = f" and the same {extract.last_modified}" if extract.last_modified else ""
    return Reason(
        "typing.key_conflict", ", ".join(extract.key), f"the same key{newest} with different content",
        "Keep one of them in the source, or add the column that tells them apart to `key`.", turn=CONFLICT,
    )  # fmt: skip


def row_finding(
    landing: Landing, reason: Reason, check: SuiteCheck, rows: int, first: tuple[str | None, str, int]
) -> Finding:
    """What is told of rows that failed a check; `first` is the first one's value, file and line."""
    value, file, line = first
    seen = shown((value or "").strip())
    many = "1 row" if rows == 1 else f"{rows:,} rows"
    example = f"“{seen}” at {file}:{line}" if seen else f"{file}:{line}"
    aside = f"{many} set aside, " if check.set_aside else f"{many}: "
    why = f" {check.why.rstrip('.')}." if check.why else ""
    said = f"{landing.extract} {landing.month}: {aside}{reason.text}; the first is {example}.{why} {reason.fix}"
    return Finding(
        code=reason.code, severity=check.severity, message=said.rstrip(), extract=landing.extract, file=file,
        line=line, column=reason.column, value=seen, rows=rows,
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
