"""SQL of the typed columns of one extract: which heading each declared column is, and how its text is read.

Not here: which rows count (`typed_rows`), the reading of single texts (`text_numbers`, `text_dates`).
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from config.models import Column, ColumnType, Config, Extract, FilesSource
from config.months import Month
from flows.checks.text_dates import date_sql, timestamp_sql
from flows.checks.text_numbers import INTEGER, MONEY, NUMBER, PERCENT, Marks, decimal_sql, integer_sql
from flows.duck import literal, quoted
from transforms.checks.suite import TEXTS, month_column

SQL_TYPES: Final = {
    ColumnType.ID: "VARCHAR", ColumnType.TEXT: "VARCHAR", ColumnType.MONEY: MONEY, ColumnType.NUMBER: NUMBER,
    ColumnType.INTEGER: INTEGER, ColumnType.PERCENT: PERCENT, ColumnType.DATE: "DATE",
    ColumnType.TIMESTAMP: "TIMESTAMP", ColumnType.BOOLEAN: "BOOLEAN",
}  # fmt: skip

_TRUE: Final = ("true", "t", "yes", "y", "ja", "j", "oui", "si", "sí", "sì", "sim", "tak", "wahr", "vrai", "1")
_FALSE: Final = ("false", "f", "no", "n", "nein", "non", "não", "nao", "nie", "falsch", "faux", "0")
OUTER_SPACE: Final = " \t\r\n\v\f\u00a0\u2007\u2009\u200b\u202f\u3000\ufeff"
_RATE: Final = "DECIMAL(28,12)"


@dataclass(frozen=True, slots=True)
class Matched:
    """A declared column and the landed column it is read from; `landed` is None where there is none.

    `sql_name` is how DuckDB names it (it renames headings that differ in case only).
    """

    name: str
    column: Column
    landed: str | None
    sql_name: str | None

    @property
    def heading(self) -> str:
        """The heading the configuration asks for."""
        return self.column.source or self.name

    @property
    def readable(self) -> bool:
        """Whether a text of it may turn out to be unreadable."""
        return self.landed is not None and self.column.type not in TEXTS


def match_columns(extract: Extract, landed: Sequence[str], sql_names: Sequence[str]) -> tuple[Matched, ...]:
    """Each declared column with its heading: the same text, or else the only one that differs in case and spaces."""
    exact = {heading: index for index, heading in reversed(list(enumerate(landed)))}
    return tuple(_matched(name, column, exact, landed, sql_names) for name, column in extract.columns.items())


def _matched(
    name: str, column: Column, exact: Mapping[str, int], landed: Sequence[str], sql_names: Sequence[str]
) -> Matched:
    wanted = column.source or name
    index = exact.get(wanted)
    if index is None:
        alike = [at for at, heading in enumerate(landed) if _plain(heading) == _plain(wanted)]
        index = alike[0] if len(alike) == 1 else None
    if index is None:
        return Matched(name, column, None, None)
    return Matched(name, column, landed[index], sql_names[index])


def _plain(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def nearest_heading(wanted: str, headings: Sequence[str]) -> str | None:
    """The heading most like the wanted one, if any is."""
    plain = {heading.casefold(): heading for heading in reversed(headings)}
    found = difflib.get_close_matches(wanted.casefold(), list(plain), n=1, cutoff=0.5)
    return plain[found[0]] if found else None


def declared_marks(extract: Extract) -> tuple[Marks, str]:
    """How the source writes numbers and dates. Databases and queries give the canonical “.” and ISO dates."""
    source = extract.source
    if isinstance(source, FilesSource):
        return Marks(source.decimal, source.thousands), source.dates
    return Marks(), "iso"


@dataclass(frozen=True, slots=True)
class RowSql:
    """The SQL that types one landing of the extract `name`: `rates` are (currency, month, rate as text).

    `plain_only`: numbers and dates in other than the plain spellings are left unread. That SQL is a fraction of the
    whole, and most landings hold nothing else.
    """

    config: Config
    name: str
    extract: Extract
    month: Month
    columns: tuple[Matched, ...]
    rates: tuple[tuple[str, Month, str], ...]
    plain_only: bool = False

    def renamed(self, names: Mapping[str, str]) -> "RowSql":
        """The same over a relation that has the landed columns under other names."""
        columns = (replace(c, sql_name=names[c.sql_name]) if c.sql_name else c for c in self.columns)
        return replace(self, columns=tuple(columns))

    def texts(self) -> str:
        """Select list of the trimmed texts `text:<column>`, NULL where empty."""
        return ", ".join(f"{_trimmed(c.sql_name)} AS {self.text(c.name)}" for c in self.columns)

    def text(self, name: str) -> str:
        """The identifier of a column's trimmed text."""
        return quoted(f"text:{name}")

    def raw(self, name: str) -> str:
        """The identifier of a column's value as read, before any conversion to the company's currency."""
        return quoted(f"read:{name}")

    def read(self) -> str:
        """Select list of the values as read, `read:<column>`, and of the row's currency."""
        values = ", ".join(f"{self._value(c)} AS {self.raw(c.name)}" for c in self.columns)
        return f"{values}, {self.currency()} AS _currency"

    def currency(self) -> str:
        """SQL of the row's ISO code: NULL where the declared column is empty."""
        by = self.by_name(self.extract.currency)
        return f"upper({self.text(by.name)})" if by and by.landed else literal(self.config.company.currency)

    def rate(self) -> str:
        """SQL of the company's currency for one unit of the row's, in the row's month; NULL where not known."""
        home = literal(self.config.company.currency)
        if not self.rates:
            return f"CASE WHEN _currency = {home} THEN CAST(1 AS {_RATE}) END"
        keys = ", ".join(literal(f"{currency} {month}") for currency, month, _ in self.rates)
        values = ", ".join(f"CAST({literal(rate)} AS {_RATE})" for _, _, rate in self.rates)
        return (
            f"CASE WHEN _currency = {home} THEN CAST(1 AS {_RATE}) "
            f"ELSE map_extract_value(MAP {{KEYS}}, _currency || ' ' || {self.rate_month()}) END"
        ).replace("MAP {KEYS}", f"map([{keys}], [{values}])")

    def rate_month(self) -> str:
        """SQL of the month, as text, whose rate converts the row: its own, but none after the landing's."""
        month = literal(str(self.month))
        by = self.by_name(month_column(self.extract))
        if by is None or by.landed is None:
            return month
        return f"coalesce(least(strftime({self.raw(by.name)}, '%Y-%m'), {month}), {month})"

    def converted(self) -> str:
        """Select list of the typed columns under their declared names, money in the company's currency."""
        return ", ".join(f"{self._converted(c)} AS {quoted(c.name)}" for c in self.columns)

    def amounts(self) -> tuple[str, ...]:
        """The columns of amounts."""
        return tuple(c.name for c in self.columns if c.column.type is ColumnType.MONEY)

    def has_money(self) -> str:
        """SQL: whether the row holds an amount at all."""
        money = [self.raw(name) for name in self.amounts()]
        return f"coalesce({', '.join(money)}) IS NOT NULL" if money else "false"

    def by_name(self, name: str | None) -> Matched | None:
        """The declared column of a name, if there is one."""
        return next((c for c in self.columns if c.name == name), None)

    def _value(self, matched: Matched) -> str:
        kind, text = matched.column.type, self.text(matched.name)
        marks, dates = declared_marks(self.extract)
        zone = self.config.company.time_zone
        if matched.landed is None:
            return f"CAST(NULL AS {SQL_TYPES[kind]})"
        match kind:
            case ColumnType.MONEY | ColumnType.NUMBER | ColumnType.PERCENT:
                beside = None if kind is ColumnType.PERCENT else self.currency()
                return decimal_sql(text, marks, SQL_TYPES[kind], beside, plain_only=self.plain_only)
            case ColumnType.INTEGER:
                return integer_sql(text, marks, plain_only=self.plain_only)
            case ColumnType.DATE | ColumnType.TIMESTAMP:
                moment_sql = date_sql if kind is ColumnType.DATE else timestamp_sql
                return moment_sql(text, dates, zone, plain_only=self.plain_only)
            case ColumnType.BOOLEAN:
                return _boolean_sql(text)
        return text

    def _converted(self, matched: Matched) -> str:
        raw = self.raw(matched.name)
        if matched.column.type is not ColumnType.MONEY or not self.extract.currency:
            return raw
        home = literal(self.config.company.currency)
        return (
            f"CASE WHEN _currency = {home} THEN {raw} "
            f"ELSE TRY_CAST(round_even(TRY({raw} * CAST(_rate AS DECIMAL(20,12))), 4) AS {MONEY}) END"
        )


def _trimmed(sql_name: str | None) -> str:
    return "CAST(NULL AS VARCHAR)" if sql_name is None else trimmed(f"CAST({quoted(sql_name)} AS VARCHAR)")


def trimmed(text: str) -> str:
    """SQL of a text without the spaces around it, NULL where nothing is left."""
    # Nearly every value begins and ends with a plain character: the cheap test spares the costly trim. Characters are
    # looked up rather than a pattern tried, since DuckDB does that once for each different value of a column.
    plain = f"{text}[1] BETWEEN '!' AND '~' AND {text}[-1] BETWEEN '!' AND '~'"
    return f"CASE WHEN {plain} THEN {text} ELSE nullif(trim({text}, {literal(OUTER_SPACE)}), '') END"


def _boolean_sql(text: str) -> str:
    true, false = (", ".join(map(literal, words)) for words in (_TRUE, _FALSE))
    return f"CASE WHEN lower({text}) IN ({true}) THEN true WHEN lower({text}) IN ({false}) THEN false END"
