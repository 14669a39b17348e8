"""From a landing's texts to typed rows: what passes, what is set aside and why, and that nothing is lost on the way.

source rows = rows that pass + excluded + set aside, exactly, in number and in the main measure. Not here: how single
texts are read (`text_numbers`, `text_dates`), and judging values against a company's rules.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config.errors import ConfigError, OutsideError, Place, RefusedError
from config.models import Config, Extract
from flows.checks.columns import SQL_TYPES, TEXTS, RowSql, match_columns
from flows.checks.duplicates import OLDER_COPY, SAME_ROW, mark_copies
from flows.checks.rates import Rates
from flows.checks.set_aside import (
    CUT_BY_MONTH,
    NO_RATE,
    UNREADABLE,
    Reason,
    key_conflict,
    missing_column,
    no_rows,
    reason_finding,
    row_reasons,
)
from flows.duck import faults_outside, first_line, literal, quoted
from flows.expressions import DIALECT, parse_expression
from flows.files import write_bytes, write_whole
from transforms.columns import FILE, LINE
from transforms.stages import Checked, Exclusions, Finding, Landing

if TYPE_CHECKING:
    import duckdb

TABLES: Final = ("typed", "several", "copies")
_PARQUET = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"
_ROW = "file_row_number"
_PLAIN_FIRST = 50_000
"""Up to so many rows, planning the SQL of all spellings costs more than reading the rows twice at worst."""
_NOTHING_SET_ASIDE = (
    ", ".join(f'CAST(NULL AS VARCHAR) AS "{name}"' for name in ("row", "reason", "column", "value", "file"))
    + ", CAST(NULL AS BIGINT) AS line WHERE false"
)


@dataclass(slots=True)
class Tried:
    """What a session has learned of the extracts of its configuration, so that no landing asks it again."""

    sound: set[str] = field(default_factory=set)
    """Extracts whose settings and conditions were tried on no rows."""
    varied: set[str] = field(default_factory=set)
    """Extracts of which a landing had more than plain spellings."""
    nothing_set_aside: bytes = b""
    """The file of rows set aside where there are none."""


def type_landing(
    landing: Landing, config: Config, rates: Rates, database: "duckdb.DuckDBPyConnection", tried: Tried, target: Path
) -> Checked:
    """Type a landing's rows into `<target>.parquet` and `<target>-quarantine.parquet`; leaves tables in the database.

    Raises what `CheckSession.check` does.
    """
    with faults_outside(f"{landing.extract} of {landing.month}"):
        work = _prepare(landing, config, rates, database, tried)
        _make_typed_table(work)
        _refuse_without_rates(work)
        mark_copies(database, work.extract, work.landed_names, work.copy_codes)
        return _write(
            work, target.with_name(f"{target.name}.parquet"), target.with_name(f"{target.name}-quarantine.parquet")
        )


@dataclass(frozen=True, slots=True)
class _Work:
    """A landing on its way through a database. A row's `_why` is an index into `reasons`, or a code after them."""

    landing: Landing
    config: Config
    extract: Extract
    database: "duckdb.DuckDBPyConnection"
    sql: RowSql
    headings: tuple[tuple[str, str], ...]
    reasons: tuple[Reason, ...]
    tried: Tried

    @property
    def landed_names(self) -> tuple[str, ...]:
        """The declared columns that the landing has."""
        return tuple(column.name for column in self.sql.columns if column.landed is not None)

    @property
    def copy_codes(self) -> tuple[int, int, int]:
        """`_why` of an older copy, of the same row again, and of a conflict (the last reason)."""
        return len(self.reasons), len(self.reasons) + 1, len(self.reasons) - 1

    @property
    def excluded_reasons(self) -> dict[int, str]:
        """Reasons of rows that are excluded, by `_why`."""
        older, same, _ = self.copy_codes
        rules = {same + 1 + at: rule.why for at, rule in enumerate(self.extract.exclude)}
        return {older: OLDER_COPY, same: SAME_ROW, **rules}

    @property
    def source(self) -> str:
        """SQL of the landing."""
        return f"read_parquet({literal(str(self.landing.path))}, {_ROW} = true)"


def _prepare(
    landing: Landing, config: Config, rates: Rates, database: "duckdb.DuckDBPyConnection", tried: Tried
) -> _Work:
    extract = config.extracts[landing.extract]
    if landing.extract not in tried.sound:
        _check_settings(database, config, landing.extract)
        tried.sound.add(landing.extract)
    headings = _headings(database, landing)
    columns = match_columns(extract, [name for name, _ in headings], [sql_name for _, sql_name in headings])
    sql = RowSql(config, extract, landing.month, columns, rates)
    return _Work(landing, config, extract, database, sql, headings, (*row_reasons(sql), key_conflict(extract)), tried)


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


def _check_settings(database: "duckdb.DuckDBPyConnection", config: Config, name: str) -> None:
    """Time zone, date format and conditions are tried on no rows: a fault is then named, not found among them."""
    import duckdb

    extract, zone = config.extracts[name], config.company.time_zone
    try:
        database.execute(f"SELECT timezone({literal(zone)}, TIMESTAMPTZ '2026-01-01 00:00:00+00')").fetchall()
    except duckdb.Error as error:
        raise ConfigError(
            f"“{zone}” is no time zone.", fix="Write an IANA name such as Europe/Berlin.",
            place=Place(config.directory / "company.yaml", key="time_zone"),
        ) from error  # fmt: skip
    dates = getattr(extract.source, "dates", "iso")
    if "%" in dates:
        try:
            database.execute(f"SELECT try_strptime('', {literal(dates)})").fetchall()
        except duckdb.Error as error:
            raise ConfigError(
                f"“{dates}” is no date format.", fix="Write iso, day_first, month_first, or a format such as %d.%m.%Y.",
                place=_place(config, f"{name}.source.dates"),
            ) from error  # fmt: skip
    empty = ", ".join(f"CAST(NULL AS {SQL_TYPES[c.type]}) AS {quoted(n)}" for n, c in extract.columns.items())
    for at, condition in enumerate(_conditions(config, name)):
        try:
            database.execute(f"SELECT 1 FROM (SELECT {empty}) WHERE {condition}").fetchall()
        except duckdb.Error as error:
            raise ConfigError(
                f"“{extract.exclude[at].where}” does not work: {first_line(error)}.", fix="Write a condition on a row.",
                place=_place(config, f"{name}.exclude.{at}.where"),
            ) from error  # fmt: skip


def _conditions(config: Config, name: str) -> list[str]:
    """The extract's exclusion conditions as SQL. Raises ConfigError for one that cannot be read."""
    extract = config.extracts[name]
    trees = [
        parse_expression(rule.where, extract.columns, _place(config, f"{name}.exclude.{at}.where"))
        for at, rule in enumerate(extract.exclude)
    ]
    return [f"({tree.sql(DIALECT)})" for tree in trees]


def _place(config: Config, key: str) -> Place:
    return Place(config.directory / "extracts.yaml", key=key)


def _make_typed_table(work: _Work) -> None:
    """The table `typed`: `_row` as landed, the typed columns, `_why` and the exclusion rule that matches, `_rule`.

    Tried with plain spellings first: where a text is left unread, it may be spelled otherwise, and all is read anew.
    """
    name = work.landing.extract
    if work.landing.rows <= _PLAIN_FIRST and name not in work.tried.varied:
        _create_typed_table(work, replace(work.sql, plain_only=True))
        unread = " OR ".join(f"_why = {code}" for code, reason in enumerate(work.reasons) if reason.code == UNREADABLE)
        if not unread or not work.database.execute(f"SELECT 1 FROM typed WHERE {unread} LIMIT 1").fetchall():
            return
        work.tried.varied.add(name)
        work.database.execute("DROP TABLE typed")
    _create_typed_table(work, work.sql)


def _create_typed_table(work: _Work, sql: RowSql) -> None:
    import duckdb

    reasons = " ".join(f"WHEN {r.condition} THEN {code}" for code, r in enumerate(work.reasons) if r.condition)
    why = f"CASE {reasons} ELSE NULL END" if reasons else "NULL"
    first_rule = work.copy_codes[1] + 1
    conditions = _conditions(work.config, work.landing.extract)
    rules = " ".join(f"WHEN {condition} THEN {first_rule + at}" for at, condition in enumerate(conditions))
    rule = f"CASE WHEN _why IS NULL THEN CASE {rules} END END" if rules else "NULL"
    names = ", ".join(quoted(name) for name in work.extract.columns)
    try:
        work.database.execute(
            f"""
            CREATE TABLE typed AS
            WITH landed AS (SELECT {_ROW} AS _row, {sql.texts()}, {quoted(FILE)}, {quoted(LINE)} FROM {work.source}),
            read AS (SELECT *, {sql.read()} FROM landed),
            rated AS (SELECT *, {sql.rate()} AS _rate FROM read),
            converted AS (SELECT *, {sql.converted()} FROM rated),
            judged AS (
                SELECT _row, {names}, {quoted(FILE)}, {quoted(LINE)}, CAST({why} AS SMALLINT) AS _why,
                    {"_currency" if work.extract.currency else "NULL"} AS _currency,
                    {sql.rate_month() if work.extract.currency else "NULL"} AS _rate_month
                FROM converted
            )
            SELECT *, CAST({rule} AS SMALLINT) AS _rule FROM judged
            """
        )
    except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException) as error:
        if not conditions:
            raise
        raise ConfigError(
            f"An exclusion of {work.landing.extract} fails on a row of {work.landing.month}: {first_line(error)}.",
            fix="Use TRY_CAST, or nullif for what may be 0.",
            place=_place(work.config, f"{work.landing.extract}.exclude"),
        ) from error  # fmt: skip


def _refuse_without_rates(work: _Work) -> None:
    """Raise RefusedError where a row that counts needs a rate that nobody gave."""
    codes = [code for code, reason in enumerate(work.reasons) if reason.code == NO_RATE]
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


def _write(work: _Work, path: Path, quarantine_path: Path) -> Checked:
    accounts = _accounts(work)
    kept = accounts.get(None, (0, Decimal(0)))
    coded = sorted((code, account) for code, account in accounts.items() if code is not None)
    left_out = work.excluded_reasons
    excluded = _exclusions((left_out[code], *account) for code, account in coded if code in left_out)
    quarantined = _exclusions((work.reasons[code].text, *account) for code, account in coded if code not in left_out)
    names = ", ".join(map(quoted, [*work.extract.columns, FILE, LINE]))
    # Only filters stand between table and file: DuckDB then keeps the order of the rows.
    _copy(work.database, f"SELECT {names} FROM typed WHERE _why IS NULL AND _rule IS NULL", path)
    if quarantined:
        _copy(work.database, _quarantine_sql(work), quarantine_path)
    elif work.tried.nothing_set_aside:
        write_bytes(quarantine_path, work.tried.nothing_set_aside)
    else:
        _copy(work.database, f"SELECT {_NOTHING_SET_ASIDE}", quarantine_path)
        work.tried.nothing_set_aside = quarantine_path.read_bytes()
    parts = (*excluded, *quarantined)
    return Checked(
        extract=work.landing.extract,
        month=work.landing.month,
        path=path,
        quarantine_path=quarantine_path,
        landing_sha256=work.landing.sha256,
        rows=kept[0],
        measure=kept[1],
        source_rows=kept[0] + sum(part.rows for part in parts),
        source_measure=kept[1] + sum((part.measure for part in parts), Decimal(0)),
        excluded=excluded,
        quarantined=quarantined,
        findings=(*_said_of_all(work), *(_set_aside(work, quarantine_path) if quarantined else ())),
    )


def _copy(database: "duckdb.DuckDBPyConnection", query: str, path: Path) -> None:
    write_whole(path, lambda temporary: _execute(database, f"COPY ({query}) TO {literal(str(temporary))} ({_PARQUET})"))


def _execute(database: "duckdb.DuckDBPyConnection", statement: str) -> None:
    database.execute(statement)


def _accounts(work: _Work) -> dict[int | None, tuple[int, Decimal]]:
    """Rows and main measure by `_why`; under None those that pass."""
    measure = "0"
    name = work.extract.main_measure
    if name and work.extract.columns[name].type not in TEXTS:
        measure = f"coalesce(CAST({quoted(name)} AS DECIMAL(38,8)), 0)"
    found = work.database.execute(
        f"SELECT coalesce(_why, _rule) AS code, count(*), CAST(sum({measure}) AS DECIMAL(38,8)) FROM typed GROUP BY ALL"
    ).fetchall()
    return {code: (int(rows), _plain(total)) for code, rows, total in found}


def _plain(total: Decimal) -> Decimal:
    """Without trailing zeros, so that equal sums are written alike."""
    short = total.normalize()
    return short if short.as_tuple().exponent <= 0 else short.quantize(Decimal(1))  # type: ignore[operator]


def _exclusions(parts: Iterable[tuple[str, int, Decimal]]) -> tuple[Exclusions, ...]:
    """One entry a reason, in the order of the reasons, even where two rules give the same."""
    totals: dict[str, tuple[int, Decimal]] = {}
    for reason, rows, measure in parts:
        before = totals.get(reason, (0, Decimal(0)))
        totals[reason] = (before[0] + rows, before[1] + measure)
    return tuple(Exclusions(reason, rows, measure) for reason, (rows, measure) in totals.items())


def _quarantine_sql(work: _Work) -> str:
    """The rows set aside, as they were landed, each with its reason."""
    texts = {c.name: f"landed.{quoted(c.sql_name)}" for c in work.sql.columns if c.sql_name is not None}
    content = ", ".join(f"{literal(exact)}, landed.{quoted(name)}" for exact, name in work.headings)
    cases = [(code, reason) for code, reason in enumerate(work.reasons) if reason.code != NO_RATE]
    reason = " ".join(f"WHEN {code} THEN {literal(reason.text)}" for code, reason in cases)
    column = " ".join(f"WHEN {code} THEN {literal(reason.column)}" for code, reason in cases)
    value = " ".join(f"WHEN {code} THEN {_value(reason, texts)}" for code, reason in cases)
    return f"""
        SELECT CAST(json_object({content}) AS VARCHAR) AS "row", CASE typed._why {reason} END AS reason,
            CASE typed._why {column} END AS "column", CASE typed._why {value} END AS value,
            typed.{quoted(FILE)} AS file, typed.{quoted(LINE)} AS line
        FROM {work.source} AS landed
        JOIN (SELECT _row, _why, {quoted(FILE)}, {quoted(LINE)} FROM typed WHERE _why < {len(work.reasons)}) AS typed
            ON landed.{_ROW} = typed._row
        ORDER BY typed._row
        """


def _value(reason: Reason, texts: dict[str, str]) -> str:
    found = [texts[name] for name in reason.column.split(", ") if name in texts]
    return f"concat_ws(', ', {', '.join(found)})" if found else "NULL"


def _said_of_all(work: _Work) -> tuple[Finding, ...]:
    """Columns the landing lacks, and that it has no row."""
    headings = [exact for exact, _ in work.headings]
    missing = [missing_column(work.landing, c, headings) for c in work.sql.columns if c.landed is None]
    nothing = [no_rows(work.landing)] if work.landing.rows == 0 and work.extract.kind in CUT_BY_MONTH else []
    return (*missing, *nothing)


def _set_aside(work: _Work, quarantine_path: Path) -> Iterator[Finding]:
    """One finding a reason and column, in the order they first occur."""
    found = work.database.execute(
        f"""
        SELECT reason, "column", count(*), arg_min(coalesce(value, ''), {_ROW}), arg_min(file, {_ROW}),
            arg_min(line, {_ROW})
        FROM read_parquet({literal(str(quarantine_path))}, {_ROW} = true) GROUP BY ALL ORDER BY min({_ROW})
        """
    ).fetchall()
    by_text = {(reason.text, reason.column): reason for reason in work.reasons}
    yield from (_finding(work, by_text[text, column], rest) for text, column, *rest in found)


def _finding(work: _Work, reason: Reason, found: Sequence[object]) -> Finding:
    rows, value, file, line = found
    return reason_finding(work.landing, reason, reason.column, int(str(rows)), str(value), str(file), int(str(line)))
