"""From a landing's texts to typed rows: what passes, what is set aside and why, and that nothing is lost on the way.

source rows = rows that pass + excluded + set aside, exactly, in number and in the main measure. Not here: how single
texts are read (`text_numbers`, `text_dates`), the SQL of checks (`predicates`), and what is written of it (`written`).
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config.errors import OutsideError, RefusedError
from config.models import Config
from flows.checks.columns import RowSql, match_columns
from flows.checks.corrections import TABLE as FIXES
from flows.checks.corrections import Corrections, corrections_of
from flows.checks.duplicates import mark_copies, mark_shared
from flows.checks.predicates import (
    Cause,
    as_read,
    causes_of,
    first_cause,
    guarded,
    questions_of,
    unread_flag,
    where_flag,
    word_sql,
)
from flows.checks.rates import Rates
from flows.checks.set_aside import LATER, NO_RATE, unread
from flows.checks.trial import check_settings, crashing, exclusions, refuse_broken_exclusion
from flows.checks.work import Tried, Work
from flows.checks.written import write
from flows.duck import faults_outside, first_line, literal, quoted
from transforms.checks.suite import suite_of
from transforms.columns import FILE, LINE
from transforms.stages import Checked, Landing

if TYPE_CHECKING:
    import duckdb

TABLES: Final = ("typed", "several", "copies", FIXES)
_PLAIN_FIRST = 50_000
"""Up to so many rows, planning the SQL of all spellings costs more than reading the rows twice at worst."""


def type_landing(
    landing: Landing, config: Config, rates: Rates, database: "duckdb.DuckDBPyConnection", tried: Tried, target: Path
) -> Checked:
    """Type a landing's rows into `<target>.parquet` and `<target>-quarantine.parquet`; leaves tables in the database.

    Raises what `CheckSession.check` does.
    """
    with faults_outside(f"{landing.extract} of {landing.month}"):
        work = _make_typed_table(_prepare(landing, config, rates, database, tried))
        _refuse_without_rates(work)
        conflicts = [one for one in work.causes if not one.reason.condition and not one.later]
        mark_copies(database, work.extract, work.landed_names, work.copy_codes, conflicts)
        for cause in work.causes:
            if cause.later and not cause.reason.condition:
                mark_shared(database, cause, work.counted)
        return write(
            work, target.with_name(f"{target.name}.parquet"), target.with_name(f"{target.name}-quarantine.parquet")
        )


def _prepare(
    landing: Landing, config: Config, rates: Rates, database: "duckdb.DuckDBPyConnection", tried: Tried
) -> Work:
    name = landing.extract
    extract = config.extracts[name]
    if name not in tried.sound:
        check_settings(database, config, name)
        tried.sound.add(name)
    headings = _headings(database, landing)
    columns = match_columns(extract, [heading for heading, _ in headings], [sql_name for _, sql_name in headings])
    sql = RowSql(config, name, extract, landing.month, columns, rates)
    work = Work(landing, config, extract, database, sql, headings, (), (), Corrections(sql), tried)
    lines = [line for line in config.corrections if line.extract == name]
    if lines or extract.correct:
        work = replace(work, corrections=corrections_of(database, sql, lines, work.texts()))
    return _asking(work, {})


def _asking(work: Work, crashed: Mapping[str, str]) -> Work:
    """The work with its checks, but for those that cannot be asked."""
    questions = questions_of(work.sql, suite_of(work.config, work.landing.extract), crashed)
    return replace(work, questions=questions, causes=causes_of(work.sql, questions))


def _headings(database: "duckdb.DuckDBPyConnection", landing: Landing) -> tuple[tuple[str, str], ...]:
    """Each heading as it was landed, with the name DuckDB gives it: it tells no capitals from small letters."""
    import duckdb
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    with suppress(ArrowException, OSError):
        exact_names = pq.read_schema(landing.path).names
        if len({name.casefold() for name in exact_names}) == len(exact_names):
            return tuple((name, name) for name in exact_names if name not in {FILE, LINE})
    path = literal(str(landing.path))
    try:
        described = database.execute(f"DESCRIBE SELECT * FROM read_parquet({path})").fetchall()
        schema = database.execute(f"SELECT name FROM parquet_schema({path}) OFFSET 1").fetchall()
    except duckdb.Error as error:
        raise OutsideError(
            f"The landing {landing.path} cannot be read: {first_line(error)}.", fix="Delete it, and it is pulled again."
        ) from error
    names = [(str(exact), str(renamed)) for (exact,), (renamed, *_) in zip(schema, described, strict=True)]
    return tuple((exact, renamed) for exact, renamed in names if exact not in {FILE, LINE})


def _make_typed_table(work: Work) -> Work:
    """The table `typed`, and the work with the checks that could be asked.

    Tried with plain spellings first: where a text is left unread, it may be spelled otherwise, and all is read anew.
    """
    name = work.landing.extract
    if work.landing.rows <= _PLAIN_FIRST and name not in work.tried.varied:
        plain = _create_or_find_crashing(work, replace(work.sql, plain_only=True))
        unreadable = [unread_flag(c.name) for c in work.sql.columns if c.readable]
        if (
            not unreadable
            or not work.database.execute(f"SELECT 1 FROM typed WHERE {' OR '.join(unreadable)} LIMIT 1").fetchall()
        ):
            return plain
        work.tried.varied.add(name)
        work.database.execute("DROP TABLE typed")
    return _create_or_find_crashing(work, work.sql)


def _create_or_find_crashing(work: Work, sql: RowSql) -> Work:
    """Create the table; where a condition fails on a row, without the checks that do."""
    import duckdb

    try:
        _create_typed_table(work, sql)
    except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException):
        work.corrections.refuse_broken_rule(work.database, work.texts())
        written = {q.check.id: "" for q in work.questions if q.check.where or q.check.condition}
        _create_typed_table(_asking(work, written), sql, with_exclusions=False)
        refuse_broken_exclusion(work)
        crashed = crashing(work)
        if not crashed:
            raise
        work.database.execute("DROP TABLE typed")
        work = _asking(work, crashed)
        _create_typed_table(work, sql)
    return work


def _create_typed_table(work: Work, sql: RowSql, *, with_exclusions: bool = True) -> None:
    """Rows in the order of the landing: `_row`, the typed columns and amounts as read, flags of what they fail, and
    what they are set aside or excluded for as far as a row by itself tells.
    """
    texts = work.corrections.applied_to(work.texts())
    conditions = exclusions(work.config, work.landing.extract) if with_exclusions else []
    early = [one for one in work.causes if one.reason.turn < LATER]
    late = [one for one in work.causes if one.later]
    rules = " ".join(f"WHEN {condition} THEN {work.first_rule + at}" for at, condition in enumerate(conditions))
    rule = f"CAST(CASE WHEN _why IS NULL THEN CASE {rules} END END AS SMALLINT)" if rules else "CAST(NULL AS SMALLINT)"
    # What a company wrote is asked of no excluded row: it may not be possible there.
    guard = "_rule IS NULL" if rules else ""
    wheres = [q for q in work.questions if q.where]
    where = "".join(f", coalesce({guarded(q.where, guard)}, false) AS {where_flag(q.check)}" for q in wheres)
    kept = [
        "_row", *map(quoted, work.extract.columns), quoted(FILE), quoted(LINE),
        *(f"{unread(sql, c.name)} AS {unread_flag(c.name)}" for c in sql.columns if c.readable),
        *(as_read(sql, name) for name in sql.amounts() if as_read(sql, name) != quoted(name)),
        *(where_flag(q.check) for q in wheres), *work.corrections.flags,
        *sorted({f"_flags{one.word}" for one in work.causes}), "_why", "_rule", f"{first_cause(late)} AS _late",
        f"{'_currency' if work.extract.currency else 'CAST(NULL AS VARCHAR)'} AS _currency",
        f"{sql.rate_month() if work.extract.currency else 'CAST(NULL AS VARCHAR)'} AS _rate_month",
    ]  # fmt: skip
    work.database.execute(
        f"""
        CREATE TABLE typed AS
        WITH landed AS ({texts}),
        read AS (SELECT *, {sql.read()} FROM landed),
        rated AS (SELECT *, {sql.rate()} AS _rate FROM read),
        converted AS (SELECT *, {sql.converted()} FROM rated),
        early AS (SELECT *{_words(early)} FROM converted),
        judged AS (SELECT *, {first_cause(early)} AS _why FROM early),
        ruled AS (SELECT *, {rule} AS _rule FROM judged),
        late AS (SELECT *{_words(late, guard)}{where} FROM ruled)
        SELECT {", ".join(kept)} FROM late
        """
    )
    _keep_order(work)


def _words(causes: Sequence[Cause], guard: str = "") -> str:
    """Select list of the words of flags."""
    words = sorted({one.word for one in causes})
    return "".join(f", {word_sql([c for c in causes if c.word == word], guard)} AS _flags{word}" for word in words)


def _keep_order(work: Work) -> None:
    """Put the rows back into the order of the landing, should the join with single corrections have changed it."""
    if not work.corrections.fixed:
        return
    if work.database.execute("SELECT 1 FROM typed WHERE rowid <> _row LIMIT 1").fetchall():
        work.database.execute("CREATE TABLE ordered AS SELECT * FROM typed ORDER BY _row")
        work.database.execute("DROP TABLE typed")
        work.database.execute("ALTER TABLE ordered RENAME TO typed")


def _refuse_without_rates(work: Work) -> None:
    """Raise RefusedError where a row that counts needs a rate that nobody gave."""
    codes = [cause.code for cause in work.causes if cause.reason.code == NO_RATE]
    if not codes:
        return
    lacking = work.database.execute(
        f"""
        SELECT _rate_month, _currency, count(*), arg_min({quoted(FILE)}, _row), arg_min({quoted(LINE)}, _row)
        FROM typed WHERE _why = {codes[0]} GROUP BY ALL ORDER BY min(_row)
        """
    ).fetchall()
    if not lacking:
        return
    month, currency, _, file, line = lacking[0]
    rows = sum(row[2] for row in lacking)
    many = f"{rows:,} rows with amounts"
    needed = ", ".join(f"{each_month},{code}" for each_month, code in sorted({row[:2] for row in lacking}))
    where = work.config.company.exchange_rates or "a CSV named by `exchange_rates` in company.yaml"
    raise RefusedError(
        f"{work.landing.extract} {work.landing.month} has {'1 row with an amount' if rows == 1 else many} in "
        f"{', '.join(sorted({row[1] for row in lacking}))}, the first in {currency} of {month} at {file}:{line}, "
        f"and no exchange rate to {work.config.company.currency}.",
        fix=f"Add to {where} (month,currency,rate) the rates of: {needed}.",
    )
