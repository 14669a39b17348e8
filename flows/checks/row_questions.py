"""The checks on rows in the words of Great Expectations, and the columns of the frame they are put to.

The frame holds what the Parquet files say. Conditions in SQL (`where`, `condition`) become columns of yes and no.
Not here: asking (`row_suites`), and the same checks as SQL predicates (`predicates`), which share no code with these
but the pattern of plain text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from config.models import ColumnType, Config, Extract
from config.months import Month
from flows.checks.library import Question
from flows.checks.predicates import LONGEST_TEXT, not_plain, parsed
from flows.duck import literal, quoted
from flows.expressions import DIALECT
from transforms.checks.suite import MOMENTS, TEXTS, SuiteCheck

if TYPE_CHECKING:
    from collections.abc import Mapping

SET_ASIDE_BY: Final = "_check"
"""In the rows asked: the check a row was set aside for; NULL where it passed."""
ROW: Final = "_row"
_BEFORE_KEYS: Final = frozenset({"of_type", "currency", "not_null", "in_month"})
"""Kinds for which a row is set aside before it is compared with others of its key."""
_NUMERIC: Final = frozenset({ColumnType.MONEY, ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.PERCENT})
_EARLIEST: Final = date(1678, 1, 1)
_LATEST: Final = date(2262, 1, 1)
"""What nanoseconds reach: a day beyond is as good as the last one."""


def text_of(name: str) -> str:
    """The identifier in the rows asked of a column's text, NULL where it is empty."""
    return quoted(f"text:{name}")


def read_of(name: str) -> str:
    """The identifier in the rows asked of whether an amount was read, be it in the company's currency or not."""
    return quoted(f"read:{name}")


@dataclass(slots=True)
class Questions:
    """The questions put to one extract's rows. `columns` are the frame's, as SQL over the rows asked."""

    config: Config
    extract: Extract
    month: Month
    suite: Sequence[SuiteCheck]
    asked: "dict[str, Question]" = field(default_factory=dict)
    columns: "dict[str, str]" = field(default_factory=dict)

    def add(self, check: SuiteCheck) -> None:
        """Put a check to the rows."""
        kind, given = self._kind(check)
        where = parsed(self.config, check, check.where)
        only = None
        if where is not None:
            only = self._column(f"_only_{len(self.asked)}", f"coalesce(({where.sql(DIALECT)}), false)")
        self.asked[check.id] = Question(
            kind,
            {**given, "severity": check.severity.value, "mostly": float(1 - check.tolerance)},
            (only, True) if only else None,
        )

    def _kind(self, check: SuiteCheck) -> "tuple[str, Mapping[str, object]]":
        """The class of the library's, and what it is made with."""
        name = check.columns[0] if check.columns else ""
        found: tuple[str, Mapping[str, object]]
        match check.kind:
            case "of_type":
                found = _true(self._readable(name))
            case "not_null":
                column = self._column(f"_text_{name}", self._text(name))
                found = "ExpectColumnValuesToNotBeNull", {"column": column}
            case "in_month":
                first, end = _midnight(self.month.first_day), _midnight(self.month.end)
                found = _between(self._typed(name), first, end, before=True)
            case "between":
                found = self._in_bounds(name, *check.bounds)
            case "one_of":
                found = "ExpectColumnValuesToBeInSet", {"column": self._typed(name), "value_set": list(check.values)}
            case "currency":
                found = _matching(self._code(name), _whole("[A-Z]{3}"))
            case "matches":
                found = _matching(self._typed(name), _whole(check.pattern))
            case "plain":
                faults = rf"{not_plain(self.extract.columns[name].type)}|(?s:\A.{{{LONGEST_TEXT + 1}}})"
                found = "ExpectColumnValuesToNotMatchRegex", {"column": self._typed(name), "regex": faults}
            case "unique":
                found = self._unique(check)
            case _:
                tree = parsed(self.config, check, check.condition)
                kept = f"coalesce(({tree.sql(DIALECT)}), true)" if tree is not None else "true"
                found = _true(self._column(f"_condition_{len(self.asked)}", kept))
        return found

    def _unique(self, check: SuiteCheck) -> "tuple[str, Mapping[str, object]]":
        """Of the extract's key, rows that were set aside before they were compared are like no other."""
        of_key = set(check.columns) == set(self.extract.key)
        earlier = [one.id for one in self.suite if one.kind in _BEFORE_KEYS]
        apart = f"{SET_ASIDE_BY} IN ({', '.join(map(literal, earlier))})" if of_key and earlier else "false"
        names = []
        for name in check.columns:
            alike = f"CASE WHEN {quoted(name)} IS NULL THEN NULL WHEN {apart} THEN '#' || {ROW} "
            alike += f"ELSE '=' || CAST({quoted(name)} AS VARCHAR) END"
            names.append(self._column(f"_{'key' if of_key else 'value'}_{name}", alike))
        if len(names) == 1:
            return "ExpectColumnValuesToBeUnique", {"column": names[0]}
        given = {"column_list": names, "ignore_row_if": "any_value_is_missing"}
        return "ExpectCompoundColumnsToBeUnique", given

    def _in_bounds(
        self, name: str, low: Decimal | date | None, high: Decimal | date | None
    ) -> "tuple[str, Mapping[str, object]]":
        if not isinstance(low, date) and not isinstance(high, date):
            bounds = (None if bound is None else float(bound) for bound in (low, high))
            return _between(self._typed(name), *bounds, before=False)
        # A last day lasts until the next begins. A bound beyond what nanoseconds reach is none.
        lasts = isinstance(high, date) and self.extract.columns[name].type is ColumnType.TIMESTAMP
        end = high + timedelta(days=1) if lasts and isinstance(high, date) and high < _LATEST else high
        first = _midnight(low) if isinstance(low, date) and low > _EARLIEST else None
        last = _midnight(end) if isinstance(end, date) and end <= _LATEST else None
        return _between(self._typed(name), first if first or last else _midnight(_EARLIEST), last, before=lasts)

    def _readable(self, name: str) -> str:
        """Whether a text has a typed value, NULL where there is no text. An amount of no known currency was read too.

        A column of its own costs a fraction of a row condition.
        """
        read = f"{quoted(name)} IS NOT NULL"
        if self._is_converted(name):
            read += f" OR ({read_of(name)} AND NOT coalesce({self._is_code()}, false))"
        return self._column(f"_readable_{name}", f"CASE WHEN {self._text(name)} IS NOT NULL THEN {read} END")

    def _code(self, name: str) -> str:
        """The currency's code; empty where there is none though the row has an amount, NULL where it has neither."""
        amounts = " OR ".join(read_of(one) for one in self.extract.columns if self._is_converted(one)) or "false"
        sql = f"CASE WHEN {quoted(name)} IS NOT NULL THEN upper({quoted(name)}) WHEN {amounts} THEN '' END"
        return self._column(f"_code_{name}", sql)

    def _is_code(self) -> str:
        code = quoted(str(self.extract.currency))
        return f"regexp_full_match(upper({code}), '[A-Z]{{3}}')"

    def _is_converted(self, name: str) -> bool:
        return self.extract.currency is not None and self.extract.columns[name].type is ColumnType.MONEY

    def unsure(self) -> str:
        """SQL of the rows of which an amount was read and has no typed value: too large, or of no known rate."""
        amounts = [name for name in self.extract.columns if self._is_converted(name)]
        lost = " OR ".join(f"({quoted(name)} IS NULL AND {read_of(name)})" for name in amounts)
        return f"({lost}) AND {self._is_code()}" if lost else "false"

    def _text(self, name: str) -> str:
        return quoted(name) if self.extract.columns[name].type in TEXTS else text_of(name)

    def _typed(self, name: str) -> str:
        """A column's values as the library compares them: texts, floating numbers, moments to the nanosecond."""
        kind, value = self.extract.columns[name].type, quoted(name)
        if kind in _NUMERIC:
            # By way of a text the nearest float is found, as Python finds that of a bound.
            return self._column(name, f"CAST(CAST({value} AS VARCHAR) AS DOUBLE)")
        if kind in MOMENTS:
            within = f"least(greatest({value}, TIMESTAMP '{_EARLIEST}'), TIMESTAMP '{_LATEST}')"
            return self._column(name, f"CASE WHEN {value} IS NOT NULL THEN CAST({within} AS TIMESTAMP_NS) END")
        return self._column(name, f"CAST({value} AS VARCHAR)")

    def _column(self, name: str, sql: str) -> str:
        self.columns[name] = sql
        return name


def _whole(pattern: str) -> str:
    """Regular expression that the whole text must match, lines and all."""
    return rf"\A(?:{pattern})\z"


def _true(column: str) -> "tuple[str, Mapping[str, object]]":
    return "ExpectColumnValuesToBeInSet", {"column": column, "value_set": [True]}


def _matching(column: str, regex: str) -> "tuple[str, Mapping[str, object]]":
    return "ExpectColumnValuesToMatchRegex", {"column": column, "regex": regex}


def _between(column: str, low: object, high: object, *, before: bool) -> "tuple[str, Mapping[str, object]]":
    given = {"column": column, "min_value": low, "max_value": high, "strict_max": before}
    return "ExpectColumnValuesToBeBetween", {name: value for name, value in given.items() if value is not None}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())
