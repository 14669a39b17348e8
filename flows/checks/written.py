"""What becomes of typed rows: those that pass and those set aside as files, each account added up, each check told.

Not here: how rows are typed and judged (`typed_rows`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from pathlib import Path

from flows.checks.columns import SQL_TYPES
from flows.checks.predicates import Cause
from flows.checks.profile import profile_of, profile_parts
from flows.checks.set_aside import NO_RATE, missing_column, no_rows
from flows.checks.tallies import tallies_of, tally_parts
from flows.checks.work import PARQUET, ROW, ROW_GROUP, Work, plain_number
from flows.duck import literal, quoted
from flows.files import write_bytes, write_whole
from transforms.checks.suite import CUT_BY_MONTH, TEXTS
from transforms.columns import FILE, LINE, QUARANTINE, typed_in_quarantine
from transforms.stages import Account, Checked, Exclusions, Finding


def write(work: Work, path: Path, quarantine_path: Path) -> Checked:
    """Write the rows that pass and those set aside, and say what was found."""
    accounts = _accounts(work)
    kept = accounts.by_code.get(None, Account(0, Decimal(0)))
    coded = {code: accounts.by_code[code] for code in sorted(code for code in accounts.by_code if code is not None)}
    left_out = work.excluded_reasons
    excluded = _exclusions((left_out[code], account) for code, account in coded.items() if code in left_out)
    aside = {code: account for code, account in coded.items() if code not in left_out}
    quarantined = _exclusions((work.causes[code].reason.text, account) for code, account in aside.items())
    names = ", ".join(map(quoted, [*work.extract.columns, FILE, LINE]))
    # Only filters stand between table and file: DuckDB then keeps the order of the rows.
    _copy(work, f"SELECT {names} FROM typed WHERE {work.code} IS NULL", path)
    _write_quarantine(work, quarantine_path, nothing=not aside)
    parts = (*excluded, *quarantined)
    copies = sum(coded[code].rows for code in work.copy_codes if code in coded)
    source = Account(kept.rows + sum(part.rows for part in parts), sum((part.measure for part in parts), kept.measure))
    asked = work.ask([*tally_parts(work), *profile_parts(work, source.rows)], work.counted if excluded else "true")
    return Checked(
        extract=work.landing.extract,
        month=work.landing.month,
        path=path,
        quarantine_path=quarantine_path,
        landing_sha256=work.landing.sha256,
        rows=kept.rows,
        measure=kept.measure,
        source_rows=source.rows,
        source_measure=source.measure,
        excluded=excluded,
        quarantined=quarantined,
        findings=_said_of_all(work),
        tallies=tallies_of(work, asked, accounts.flags, {code: account.rows for code, account in aside.items()}),
        profile=profile_of(work, asked, source, copies),
        corrected=work.corrections.told(work.database),
    )


@dataclass(frozen=True, slots=True)
class _Accounts:
    """Rows and main measure by code, under None those that pass; and by word the flags that any row has."""

    by_code: dict[int | None, Account]
    flags: list[int]


def _accounts(work: Work) -> _Accounts:
    measure = "0"
    name = work.extract.main_measure
    if name and work.extract.columns[name].type not in TEXTS:
        measure = f"coalesce(CAST({quoted(name)} AS DECIMAL(38,8)), 0)"
    words = sorted({cause.word for cause in work.causes})
    flags = "".join(f", bit_or(_flags{word})" for word in words)
    found = work.database.execute(
        f"SELECT {work.code} AS code, count(*), CAST(sum({measure}) AS DECIMAL(38,8)){flags} FROM typed GROUP BY ALL"
    ).fetchall()
    by_code = {code: Account(int(rows), plain_number(total)) for code, rows, total, *_ in found}
    return _Accounts(by_code, [reduce(or_, (int(row[at - len(words)]) for row in found), 0) for at in words])


def _exclusions(parts: Iterable[tuple[str, Account]]) -> tuple[Exclusions, ...]:
    """One entry a reason, in the order of the reasons, even where two rules give the same."""
    totals: dict[str, Account] = {}
    for reason, part in parts:
        before = totals.get(reason, Account(0, Decimal(0)))
        totals[reason] = Account(before.rows + part.rows, before.measure + part.measure)
    return tuple(Exclusions(reason, total.rows, total.measure) for reason, total in totals.items())


def _said_of_all(work: Work) -> tuple[Finding, ...]:
    """Columns the landing lacks, and that it has no row."""
    headings = [exact for exact, _ in work.headings]
    missing = [missing_column(work.landing, c, headings) for c in work.sql.columns if c.landed is None]
    nothing = [no_rows(work.landing)] if work.landing.rows == 0 and work.extract.kind in CUT_BY_MONTH else []
    return (*missing, *nothing)


def _write_quarantine(work: Work, path: Path, *, nothing: bool) -> None:
    if not nothing:
        _copy(work, _quarantine_sql(work), path)
        return
    known = work.tried.nothing_set_aside.get(work.landing.extract)
    if known is None:
        types = dict.fromkeys(QUARANTINE, "VARCHAR") | {"line": "BIGINT"}
        types |= {typed_in_quarantine(name): SQL_TYPES[c.type] for name, c in work.extract.columns.items()}
        empty = ", ".join(f"CAST(NULL AS {type_}) AS {quoted(name)}" for name, type_ in types.items())
        _copy(work, f"SELECT {empty} WHERE false", path)
        work.tried.nothing_set_aside[work.landing.extract] = path.read_bytes()
    else:
        write_bytes(path, known)


def _quarantine_sql(work: Work) -> str:
    """The rows set aside, each with its reason: `row` as it was landed, `value` as corrected, then the typed columns.

    Texts are trimmed and corrected only after the rows are found, since most rows are not among them.
    """
    names = {sql_name: f"landed:{at}" for at, (_, sql_name) in enumerate(work.headings)}
    typed = ", ".join(f"{quoted(name)} AS {quoted(f'typed:{name}')}" for name in work.extract.columns)
    aside = (
        f'SELECT _row, {work.code} AS _code, {quoted(FILE)} AS "at:file", {quoted(LINE)} AS "at:line", {typed} '
        f"FROM typed WHERE {work.code} < {len(work.causes)}"
    )
    landed = "".join(f", landed.{quoted(name)} AS {quoted(alias)}" for name, alias in names.items())
    rows = f"(SELECT aside.*{landed} FROM {work.source} AS landed JOIN ({aside}) AS aside ON landed.{ROW} = aside._row)"
    texts = work.corrections.applied_to(f"SELECT *, {work.sql.renamed(names).texts()} FROM {rows}")
    content = ", ".join(f"{literal(exact)}, {quoted(names[name])}" for exact, name in work.headings)
    told = {
        "row": f"CAST(json_object({content}) AS VARCHAR)",
        "reason": _by_code(work, lambda cause: literal(cause.reason.text)),
        "check": _by_code(work, lambda cause: literal(cause.question.check.id if cause.question else "")),
        "column": _by_code(work, lambda cause: literal(cause.reason.column)),
        "value": _by_code(work, lambda cause: _value(work, cause)),
        "file": '"at:file"',
        "line": '"at:line"',
        **{typed_in_quarantine(name): quoted(f"typed:{name}") for name in work.extract.columns},
    }
    return f"SELECT {', '.join(f'{sql} AS {quoted(name)}' for name, sql in told.items())} FROM ({texts}) ORDER BY _row"


def _by_code(work: Work, told: Callable[[Cause], str]) -> str:
    cases = " ".join(f"WHEN {one.code} THEN {told(one)}" for one in work.causes if one.reason.code != NO_RATE)
    return f"CASE _code {cases} END" if cases else "CAST(NULL AS VARCHAR)"


def _value(work: Work, cause: Cause) -> str:
    found = [work.sql.text(name) for name in cause.reason.column.split(", ") if name in work.extract.columns]
    return f"concat_ws(', ', {', '.join(found)})" if found else "NULL"


def _copy(work: Work, query: str, path: Path) -> None:
    """Write what a query finds. One thread would cut groups of rows elsewhere than several do: at least two write
    where there is more than one group, so that the bytes do not depend on threads.
    """
    (threads,) = work.database.execute("SELECT current_setting('threads')").fetchall()[0]
    alone = threads == 1 and work.landing.rows > ROW_GROUP
    try:
        if alone:
            work.database.execute("SET threads = 2")
        write_whole(path, lambda temporary: _execute(work, f"COPY ({query}) TO {literal(str(temporary))} ({PARQUET})"))
    finally:
        if alone:
            work.database.execute("SET threads = 1")


def _execute(work: Work, statement: str) -> None:
    work.database.execute(statement)
