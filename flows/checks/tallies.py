"""How the rows of a landing fared in each check: how many were asked, failed and were set aside, and the first of them.

Not here: whether that is too many (`judging`), and the SQL of checks (`predicates`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flows.checks.predicates import Cause, Question, asked_counts
from flows.checks.set_aside import CONFLICT, Reason, row_finding
from flows.checks.work import ROW, Work
from flows.duck import quoted
from transforms.columns import FILE, LINE
from transforms.stages import Finding, Tally


def tally_parts(work: Work) -> list[str]:
    """The aggregates over rows that are not excluded which `tallies_of` needs answered."""
    return [part for question in work.questions if not question.crashed for part in asked_counts(work.sql, question)]


def tallies_of(
    work: Work, answers: Mapping[str, Any], flags: Sequence[int], aside: Mapping[int, int]
) -> tuple[Tally, ...]:
    """The tallies in the suite's order. `flags`: by word, those that any row has; `aside`: rows set aside, by code."""
    failed = _failed(work, [cause for cause in work.causes if flags[cause.word] >> cause.bit & 1])
    return tuple(
        Tally(q.check.id, 0, 0, crashed=q.crashed)
        if q.crashed
        else _tally(
            q,
            sum(int(answers[part]) for part in asked_counts(work.sql, q)),
            failed.get(q.check.id),
            _aside(work, q, aside),
        )
        for q in work.questions
    )


@dataclass(frozen=True, slots=True)
class _Failed:
    """Rows that failed a check; `more` of them meet an exclusion, and are set aside all the same."""

    rows: int
    more: int
    finding: Finding


def _tally(question: Question, asked: int, failed: _Failed | None, aside: int) -> Tally:
    if failed is None:
        return Tally(question.check.id, asked, 0)
    return Tally(question.check.id, asked + failed.more, failed.rows, aside, failed.finding)


def _aside(work: Work, question: Question, aside: Mapping[int, int]) -> int:
    return sum(aside.get(cause.code, 0) for cause in work.causes if cause.question is question)


def _failed(work: Work, occurring: Sequence[Cause]) -> dict[str, _Failed]:
    """What failed, by check. `occurring`: the causes that any row has."""
    by_check = {
        question.check.id: (question, causes)
        for question in work.questions
        if (causes := [cause for cause in occurring if cause.question is question])
    }
    if not by_check:
        return {}
    fails = {check: _fails(causes) for check, (_, causes) in by_check.items()}
    some = " OR ".join(f"_flags{word} <> 0" for word in sorted({cause.word for cause in occurring}))
    found = work.ask([part for fail in fails.values() for part in _counts(fail)], f"({some}) AND {work.no_copy}")
    counts = {check: [int(found[part] or 0) for part in _counts(fail)] for check, fail in fails.items()}
    rows = _rows(work, sorted({first for count, _, first in counts.values() if count}))
    return {
        check: _Failed(count, more, _finding(work, *by_check[check], count, rows[first]))
        for check, (count, more, first) in counts.items()
        if count
    }


def _fails(causes: Sequence[Cause]) -> str:
    """SQL: a row counts and has one of the causes. One that contradicts another is set aside for that, even where an
    exclusion would leave it out.
    """
    flagged = " OR ".join(f"({cause.flagged})" for cause in causes)
    return flagged if causes[0].reason.turn == CONFLICT else f"({flagged}) AND _rule IS NULL"


def _counts(fail: str) -> tuple[str, str, str]:
    """Aggregates: rows, those of them that meet an exclusion, and the first."""
    return (
        f"count(*) FILTER (WHERE {fail})",
        f"count(*) FILTER (WHERE ({fail}) AND _rule IS NOT NULL)",
        f"min(_row) FILTER (WHERE {fail})",
    )


def _rows(work: Work, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Texts, corrected, with file and line, of some rows."""
    if not numbers:
        return {}
    names = {quoted(FILE): FILE, quoted(LINE): LINE, **{work.sql.text(name): name for name in work.extract.columns}}
    listed = ", ".join(map(str, numbers))
    texts = work.corrections.applied_to(work.texts(rows=f"(SELECT * FROM {work.source} WHERE {ROW} IN ({listed}))"))
    found = work.database.execute(f"SELECT _row, {', '.join(names)} FROM ({texts})").fetchall()
    return {int(row): dict(zip(names.values(), values, strict=True)) for row, *values in found}


def _finding(work: Work, question: Question, causes: Sequence[Cause], rows: int, first: Mapping[str, Any]) -> Finding:
    reason = _of_all([cause.reason for cause in causes])
    values = [str(first[name]) for name in reason.column.split(", ") if first.get(name) is not None]
    place = (", ".join(values), str(first[FILE]), int(first[LINE]))
    return row_finding(work.landing, reason, question.check, rows, place)


def _of_all(reasons: Sequence[Reason]) -> Reason:
    """One reason that names all of them."""
    texts = dict.fromkeys(reason.text for reason in reasons)
    fixes = dict.fromkeys(reason.fix for reason in reasons)
    return replace(reasons[0], text=" or ".join(texts), fix=" ".join(fixes))
