"""The checks of a suite as SQL: where a row fails, and which rows are asked.

A row that fails a cause has its flag set in the pass that types it, so that every check counts all rows that fail it,
whatever the row is set aside for. Not here: reasons that follow from declared columns (`set_aside`), rows that share
a key (`duplicates`), and counting (`tallies`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from config.errors import Place
from config.models import ColumnType, Config
from flows.checks.columns import RowSql
from flows.checks.set_aside import (
    LATER,
    Reason,
    key_conflict,
    missing,
    no_currency,
    no_rate,
    outside_month,
    unreadable,
)
from flows.duck import literal, quoted
from flows.expressions import DIALECT, parse_expression
from transforms.checks.readings import label_of
from transforms.checks.suite import SuiteCheck

if TYPE_CHECKING:
    from sqlglot import exp

LONGEST_TEXT: Final = 500
_SEEN_LATE: Final = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
"""What windows-1252 shows for the bytes 80 to 9F."""
_NOT_PLAIN: Final = rf"^=|[\x00-{{controls}}\x7f-\x9f\ufffd]|[ÂÃ][\x80-\xbf{_SEEN_LATE}]|â€"
_BITS: Final = 62
_FIXES: Final = {
    "between": "Correct it in the source, or the bounds in checks.yaml.",
    "one_of": "Correct it in the source, or add it to one_of in checks.yaml.",
    "matches": "Correct it in the source, or the pattern in checks.yaml.",
    "condition": "Correct it in the source, or the condition in checks.yaml.",
    "unique": "Tell them apart in the source, or take the check out of checks.yaml.",
    "plain": "Correct it in the source; where letters are broken, declare the `encoding` in extracts.yaml.",
}  # fmt: skip


def not_plain(kind: ColumnType) -> str:
    """Regular expression, alike in RE2 and in Python, found in texts that are not plain (but for their length).

    Formulas; control characters; U+FFFD; UTF-8 that was read as Latin-1 or windows-1252. Lines and tabs are part of a
    text, though not of an id.
    """
    controls = r"\x1f" if kind is ColumnType.ID else r"\x08\x0b\x0c\x0e-\x1f"
    return _NOT_PLAIN.replace("{controls}", controls).replace(r"\ufffd", "\ufffd")


@dataclass(frozen=True, slots=True)
class Question:
    """A check put to the rows of a landing.

    `asked` is SQL over the table `typed`: which of its rows have what is asked. `where` is the check's, over typed
    columns.
    `crashed` is why it cannot be asked.
    """

    check: SuiteCheck
    reasons: tuple[Reason, ...] = ()
    asked: str = "true"
    where: str = ""
    crashed: str = ""

    @property
    def applies(self) -> str:
        """SQL over `typed`: the row is asked, and meets the check's `where`."""
        return f"({self.asked}) AND {where_flag(self.check)}" if self.where else self.asked


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason of a question (none for a missing rate), with the number rows have as `_why` and its flag."""

    code: int
    reason: Reason
    question: Question | None
    word: int
    bit: int

    @property
    def sets_aside(self) -> bool:
        """Whether rows are set aside for it."""
        return self.question is None or self.question.check.set_aside

    @property
    def later(self) -> bool:
        """Whether it is tried only after copies and excluded rows are known."""
        return self.reason.turn >= LATER

    @property
    def written(self) -> bool:
        """Whether its SQL is a company's, and may fail on a row."""
        return self.question is not None and bool(self.question.where or self.question.check.condition)

    @property
    def flagged(self) -> str:
        """SQL over `typed`: the row has it."""
        return f"(_flags{self.word} & {1 << self.bit}) <> 0"

    @property
    def set_flag(self) -> str:
        """An assignment that gives a row of `typed` the flag."""
        return f"_flags{self.word} = _flags{self.word} | {1 << self.bit}"

    @property
    def condition(self) -> str:
        """SQL in the typing pass; empty where it is decided elsewhere."""
        where = self.question.where if self.question else ""
        return f"({where}) AND ({self.reason.condition})" if where and self.reason.condition else self.reason.condition


def questions_of(sql: RowSql, suite: Sequence[SuiteCheck], crashed: Mapping[str, str]) -> tuple[Question, ...]:
    """The checks on rows put to a landing. `crashed`: why some of them cannot be asked, by id.

    Of a column that the landing lacks nothing is asked: of derived checks nothing is told either, since the missing
    column is. Raises ConfigError for a condition that cannot be read.
    """
    return tuple(question for check in suite if check.of_rows for question in _questions(sql, check, crashed))


def _questions(sql: RowSql, check: SuiteCheck, crashed: Mapping[str, str]) -> Iterator[Question]:
    where, condition = (parsed(sql.config, check, text) for text in (check.where, check.condition))
    used = {*check.columns, *columns_of(where), *columns_of(condition)}
    lacking = [c for c in sql.columns if c.landed is None and c.name in used]
    if lacking:
        names = " and ".join(f"“{c.heading}” for {c.name}" for c in lacking)
        if not check.derived:
            yield Question(check, crashed=f"there is no column {names}.")
    elif check.id in crashed:
        yield Question(check, crashed=crashed[check.id])
    else:
        where_sql = where.sql(DIALECT) if where is not None else ""
        yield Question(check, tuple(_reasons(sql, check, condition)), _asked(sql, check), where_sql)


def parsed(config: Config, check: SuiteCheck, text: str) -> "exp.Expr | None":
    """An expression of checks.yaml as a tree; None for an empty one."""
    if not text:
        return None
    place = Place(config.directory / "checks.yaml", key=check.id)
    return parse_expression(text, config.extracts[check.extract].columns, place)


def columns_of(tree: "exp.Expr | None") -> tuple[str, ...]:
    """The declared columns an expression uses, in their order in it."""
    if tree is None:
        return ()
    from sqlglot import exp

    return tuple(dict.fromkeys(column.name for column in tree.find_all(exp.Column)))


def _reasons(sql: RowSql, check: SuiteCheck, condition: "exp.Expr | None") -> Iterator[Reason]:
    name = check.columns[0] if check.columns else ""
    if check.kind == "of_type":
        yield from unreadable(sql, name)
    elif check.kind == "currency":
        yield from no_currency(sql, name)
    elif check.kind == "not_null":
        yield missing(sql, name)
    elif check.kind == "in_month":
        yield outside_month(sql, name)
    elif is_of_key(sql, check):
        yield key_conflict(sql.extract)
    else:
        columns = check.columns or columns_of(condition)
        fix = "A share lies between 0 and 1: correct it." if check.derived and check.bounds[1] else _FIXES[check.kind]
        said = f"against the rule “{label_of(check)}”"
        yield Reason(f"check.{check.kind}", ", ".join(columns), said, fix, _failing(sql, check, condition), LATER)


def is_of_key(sql: RowSql, check: SuiteCheck) -> bool:
    """Whether it asks that the extract's key is unique: contradictions are found where copies are."""
    return check.kind == "unique" and set(check.columns) == set(sql.extract.key)


def _failing(sql: RowSql, check: SuiteCheck, condition: "exp.Expr | None") -> str:
    """SQL over texts and converted values: true where a row fails; empty for values that rows share."""
    if condition is not None:
        return f"NOT ({condition.sql(DIALECT)})"
    value = quoted(check.columns[0])
    match check.kind:
        case "between":
            return _outside(value, sql.extract.columns[check.columns[0]].type, *check.bounds)
        case "one_of":
            return f"{value} NOT IN ({', '.join(map(literal, check.values))})"
        case "matches":
            return f"NOT regexp_full_match({value}, {literal(check.pattern)})"
        case "plain":
            pattern = not_plain(sql.extract.columns[check.columns[0]].type)
            return f"regexp_matches({value}, {literal(pattern)}) OR length({value}) > {LONGEST_TEXT}"
    return ""


def _outside(value: str, kind: ColumnType, low: Decimal | date | None, high: Decimal | date | None) -> str:
    parts = [f"{value} < {_bound(low)}"] if low is not None else []
    if isinstance(high, date) and kind is ColumnType.TIMESTAMP:
        parts.append(f"{value} >= {_bound(high + timedelta(days=1))}")
    elif high is not None:
        parts.append(f"{value} > {_bound(high)}")
    return " OR ".join(parts)


def _bound(bound: Decimal | date) -> str:
    return f"DATE {literal(bound.isoformat())}" if isinstance(bound, date) else format(bound, "f")


def _asked(sql: RowSql, check: SuiteCheck) -> str:
    """SQL over `typed`, but for the check's `where`."""
    if check.kind in ("not_null", "condition"):
        return "true"
    if check.kind == "of_type":
        return f"({as_read(sql, check.columns[0])} IS NOT NULL OR {unread_flag(check.columns[0])})"
    if check.kind == "currency":
        return " OR ".join(f"{as_read(sql, name)} IS NOT NULL" for name in (check.columns[0], *sql.amounts()))
    return " AND ".join(f"{quoted(name)} IS NOT NULL" for name in check.columns)


def asked_counts(sql: RowSql, question: Question) -> tuple[str, ...]:
    """Aggregates over `typed` whose sum is how many rows are asked. Filters are left out where a count will do."""
    check = question.check
    if question.where or check.kind == "currency" or len(check.columns) > 1:
        return (f"count(*) FILTER (WHERE {question.applies})",)
    if check.kind in ("not_null", "condition"):
        return ("count(*)",)
    name = check.columns[0]
    if check.kind == "of_type":
        return f"count({as_read(sql, name)})", unread_count(name)
    return (f"count({quoted(name)})",)


def unread_count(name: str) -> str:
    """Aggregate over `typed`: texts that could not be read."""
    return f"count(*) FILTER (WHERE {unread_flag(name)})"


def as_read(sql: RowSql, name: str) -> str:
    """The identifier in `typed` of a column's value before any conversion to the company's currency."""
    converted = bool(sql.extract.currency) and sql.extract.columns[name].type is ColumnType.MONEY
    return sql.raw(name) if converted else quoted(name)


def unread_flag(name: str) -> str:
    """The identifier in `typed` of whether a column's text could not be read."""
    return quoted(f"unread:{name}")


def where_flag(check: SuiteCheck) -> str:
    """The identifier in `typed` of whether a row meets a check's `where`."""
    return quoted(f"where:{check.id}")


def causes_of(sql: RowSql, questions: Sequence[Question]) -> tuple[Cause, ...]:
    """All reasons in their turn, those of one turn in the suite's order; a cause's code is its place."""
    found: list[tuple[Reason, Question | None]] = [(one, q) for q in questions for one in q.reasons]
    found += [(reason, None) for reason in no_rate(sql)]
    found.sort(key=lambda pair: pair[0].turn)
    early = sum(reason.turn < LATER for reason, _ in found)
    words = -(-early // _BITS)
    places = [*((at // _BITS, at % _BITS) for at in range(early)),
              *((words + at // _BITS, at % _BITS) for at in range(len(found) - early))]  # fmt: skip
    return tuple(
        Cause(code, reason, question, *place)
        for code, ((reason, question), place) in enumerate(zip(found, places, strict=True))
    )


def word_sql(causes: Sequence[Cause], guard: str = "") -> str:
    """SQL of one word of flags, in the typing pass. `guard`: SQL of the rows of which alone is asked what a company
    wrote itself.
    """
    marks = []
    for one in causes:
        condition = guarded(one.condition, guard if one.written else "")
        if condition:
            marks.append(f"(CASE WHEN {condition} THEN CAST({1 << one.bit} AS BIGINT) ELSE 0 END)")
    return " | ".join(marks) or "CAST(0 AS BIGINT)"


def guarded(condition: str, guard: str) -> str:
    """SQL of a condition that is asked only where another holds."""
    return f"CASE WHEN {guard} THEN {condition} END" if guard and condition else condition


def first_cause(causes: Sequence[Cause]) -> str:
    """SQL of the code of the first cause whose flag is set and for which rows are set aside; NULL for none."""
    able = [one for one in causes if one.sets_aside and one.condition]
    if not able:
        return "CAST(NULL AS SMALLINT)"
    none = " AND ".join(f"_flags{word} = 0" for word in sorted({one.word for one in able}))
    cases = " ".join(f"WHEN {one.flagged} THEN {one.code}" for one in able)
    # Nearly all rows have no flag at all: one comparison spares them the rest.
    return f"CAST(CASE WHEN {none} THEN NULL {cases} END AS SMALLINT)"
