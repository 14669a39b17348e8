"""Reading a table or query of a database, as text.

Only ever read from: the transaction is read-only where the database knows how. Messages show the address as it is
written in extracts.yaml, never a resolved secret. Does not belong here: which rows a month keeps beyond the bound
dates.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from config.errors import SourceError
from config.faults import did_you_mean
from config.months import Month
from config.secrets import resolve_secrets
from config.sources import DatabaseSource
from flows.sources.canonical import canonical_text
from flows.sources.headings import require_heading
from flows.sources.tables import Part, PartWriter

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine, Executable

ATTEMPTS = 3
_FIRST_WAIT_SECONDS = 0.5
_CONNECT_SECONDS = 20
_ROWS_AT_ONCE = 20_000
_SHOWN_QUERY = 120
_BOUND = ("month_start", "month_end")
_RETRYABLE_STATES = re.compile(r"08...|57P0[123]|53300|40001|40P01")
"""SQLSTATE: connection lost, server stopping or starting, too many connections, serialisation, deadlock."""
_RETRYABLE_WORDS = re.compile(
    r"connection refused|could not connect|connection (was )?(closed|reset|lost|timed out)|timed? ?out|broken pipe|"
    r"server closed|gone away|database is locked|starting up|shutting down|too many (clients|connections)|"
    r"name resolution",
    re.IGNORECASE,
)
_FINAL_WORDS = re.compile(
    r"authentication|password|does not exist|no pg_hba|unknown database|access denied", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class DatabasePull:
    """`bounded`: the database itself left only the month's rows. `undated_rows`: those whose date is empty."""

    part: Part
    bounded: bool
    undated_rows: int = 0


def describe(source: DatabaseSource) -> str:
    """Where rows came from, without credentials or host: postgresql:public.sales."""
    scheme = source.url.partition(":")[0].partition("+")[0] if not source.url.startswith("${") else "database"
    query = " ".join((source.query or "").split())
    return f"{scheme}:{source.table or query[:_SHOWN_QUERY] + ('…' if len(query) > _SHOWN_QUERY else '')}"


def binds_month(source: DatabaseSource) -> bool:
    """Whether its query is of one month."""
    return source.query is not None and any(re.search(rf"(?<![:\w]):{name}\b", source.query) for name in _BOUND)


def is_retryable(error: BaseException) -> bool:
    """Whether the same again may succeed: a lost or refused connection, not a wrong password or query."""
    from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None)
    if state:
        return _RETRYABLE_STATES.fullmatch(state) is not None
    if isinstance(error, OperationalError | InterfaceError | ConnectionError | TimeoutError):
        text = str(cause)
        return _FINAL_WORDS.search(text) is None and _RETRYABLE_WORDS.search(text) is not None
    return False


def read_database(
    source: DatabaseSource,
    month: Month,
    writer: Callable[[], PartWriter],
    heading: str | None,
    time_zone: str,
    data_dir: Path,
) -> DatabasePull:
    """The rows of a table or query. `heading` is the column whose month counts, where the source has month_by.

    Raises SourceError for what the database says, ConfigError for a secret that is not set.
    """
    url = _url(source, data_dir)
    for attempt in range(1, ATTEMPTS + 1):
        part_writer = writer()
        try:
            return _Reading(source, month, part_writer, heading, time_zone).read(url)
        except SourceError:
            part_writer.discard()
            raise
        except Exception as error:
            part_writer.discard()
            if not _is_of_the_database(error):
                raise
            if attempt == ATTEMPTS or not is_retryable(error):
                raise _failed(source, url, error, attempt) from None  # the cause may quote the password
            time.sleep(_FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
    raise AssertionError("every attempt returns or raises")


def _is_of_the_database(error: Exception) -> bool:
    from sqlalchemy.exc import SQLAlchemyError

    return isinstance(error, SQLAlchemyError | ImportError | ConnectionError | TimeoutError)


def _url(source: DatabaseSource, data_dir: Path) -> "URL":
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(resolve_secrets(source.url))
    except (ArgumentError, ValueError):
        raise SourceError(
            f"“{source.url}” is no address of a database once its secrets are put in.",
            fix="Write one such as postgresql+psycopg://user:${DATABASE_PASSWORD}@host/database.",
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    return _sqlite_file(source, url, data_dir) if url.get_backend_name() == "sqlite" else url


def _sqlite_file(source: DatabaseSource, url: "URL", data_dir: Path) -> "URL":
    """SQLite makes a file that is not there: refuse instead, and open read-only. Paths start at the data folder."""
    written = (url.database or "").removeprefix("file:").partition("?")[0]
    path = data_dir / written
    if not written or not path.is_file():
        raise SourceError(
            f"There is no SQLite file “{written}” for “{source.url}”.",
            fix=f"Paths start at the data folder “{data_dir}”; with four slashes at the root: sqlite:////data/crm.db.",
        )
    quoted = str(path.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return url.set(database=f"file:{quoted}", query={"mode": "ro", "uri": "true"})


def _failed(source: DatabaseSource, url: "URL", error: BaseException, attempts: int) -> SourceError:
    tried = f" (tried {attempts} times)" if attempts > 1 else ""
    if isinstance(error, ImportError):
        what = f"The driver for “{source.url}” is not installed: {error}."
        return SourceError(what, fix="Install it into yardstick's environment, or name another: dialect+driver://.")
    lines = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
    said = scrubbed(lines[0], url).rstrip(".") + "."
    return SourceError(f"“{describe(source)}” at “{source.url}” cannot be read{tried}: {said}", fix=_fix(error))


def _fix(error: BaseException) -> str:
    if is_retryable(error):
        return "See whether the database is up and can be reached from here."
    return "Correct url, query or table in extracts.yaml, or the rights of this user."


def scrubbed(text: str, url: "URL") -> str:
    """A driver's message without the password, the address or what stands in its parameters."""
    secrets = [url.password, url.render_as_string(hide_password=False)]
    secrets += [each for value in url.query.values() for each in ((value,) if isinstance(value, str) else value)]
    for secret in sorted((str(each) for each in secrets if each), key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


@dataclass(frozen=True, slots=True)
class _Reading:
    source: DatabaseSource
    month: Month
    writer: PartWriter
    heading: str | None
    time_zone: str

    def read(self, url: "URL") -> DatabasePull:
        engine = _engine(url)
        try:
            with engine.connect() as connection:
                _only_read(connection, self.time_zone)
                statement, values, bounded = self._statement(connection)
                undated = self._undated(connection) if bounded and self.heading else 0
                self._stream(connection, statement, values)
                connection.rollback()
        finally:
            engine.dispose()
        return DatabasePull(self.writer.done(), bounded, undated)

    def _statement(self, connection: "Connection") -> "tuple[Executable, dict[str, object], bool]":
        from sqlalchemy import literal_column, select, text

        if self.source.query is not None:
            statement = text(self.source.query)
            names = set(statement.compile().params)
            if unknown := sorted(names - set(_BOUND)):
                raise SourceError(
                    f"The query has “:{unknown[0]}”, which is not bound.",
                    fix="Only :month_start and :month_end are; write a colon that is text as \\:.",
                )
            return statement, self._values(connection, names), bool(names)
        everything: Any = select(literal_column("*")).select_from(self._table(connection))
        if self.heading is None or not self._can_bound(connection):
            return everything, {}, False
        return everything.where(self._in_month()), self._values(connection, set(_BOUND)), True

    def _values(self, connection: "Connection", names: Iterable[str]) -> dict[str, object]:
        days: dict[str, date] = {"month_start": self.month.first_day, "month_end": self.month.end}
        as_text = connection.dialect.name == "sqlite"  # SQLite has no dates: they are ISO texts there
        return {name: days[name].isoformat() if as_text else days[name] for name in names}

    def _table(self, connection: "Connection") -> Any:
        from sqlalchemy import inspect, table

        schema, _, name = (self.source.table or "").rpartition(".")
        inspector = inspect(connection)
        known = {*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)}
        if name not in known and not inspector.has_table(name, schema or None):
            raise SourceError(
                f"There is no table “{self.source.table}” at “{self.source.url}”. "
                f"{did_you_mean(name, known, what='There are')}",
                fix="Write table as name or schema.name.",
            )
        return table(name, schema=schema or None)

    def _can_bound(self, connection: "Connection") -> bool:
        """Whether the database can compare the column with dates; texts are read here, by the rules of texts."""
        from sqlalchemy import Date, DateTime, inspect

        schema, _, name = (self.source.table or "").rpartition(".")
        columns = {column["name"]: column["type"] for column in inspect(connection).get_columns(name, schema or None)}
        require_heading(self.heading or "", list(columns), describe(self.source), "month_by")
        return connection.dialect.name != "sqlite" and isinstance(columns[self.heading or ""], Date | DateTime)

    def _in_month(self) -> Any:
        from sqlalchemy import and_, bindparam, column

        day: Any = column(self.heading or "")
        return and_(day >= bindparam("month_start"), day < bindparam("month_end"))

    def _undated(self, connection: "Connection") -> int:
        from sqlalchemy import column, func, select

        if self.source.table is None:
            return 0
        missing: Any = column(self.heading or "").is_(None)
        counted = select(func.count()).select_from(self._table(connection)).where(missing)
        return int(connection.execute(counted).scalar_one())

    def _stream(self, connection: "Connection", statement: "Executable", values: dict[str, object]) -> None:
        options = {"stream_results": True, "yield_per": _ROWS_AT_ONCE}
        result = connection.execute(statement, values, execution_options=options)
        self.writer.head(list(result.keys()))
        line = 1
        for rows in result.partitions():
            columns = zip(*rows, strict=True)
            texts = [pa.array([canonical_text(value) for value in column], pa.string()) for column in columns]
            self.writer.rows(texts, pa.array(range(line, line + len(rows)), pa.int64()))
            line += len(rows)


def _engine(url: "URL") -> "Engine":
    from sqlalchemy import NullPool, create_engine

    arguments: dict[str, Any] = {}
    if url.drivername == "postgresql+psycopg" and "connect_timeout" not in url.query:
        arguments["connect_timeout"] = _CONNECT_SECONDS
    return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)


def _only_read(connection: "Connection", time_zone: str) -> None:
    """Forbid writing, and let moments be compared with dates as they are in the company's zone."""
    from sqlalchemy import text

    for statement in _session_statements(connection.dialect.name):
        connection.execute(text(statement), {"zone": time_zone} if ":zone" in statement else {})


def _session_statements(dialect: str) -> Iterator[str]:
    match dialect:
        case "postgresql":
            yield "SET TRANSACTION READ ONLY"
            yield "SELECT set_config('TimeZone', :zone, true)"
        case "sqlite":
            yield "PRAGMA query_only = ON"
        case "oracle":
            yield "SET TRANSACTION READ ONLY"
        case "mysql" | "mariadb":
            yield "SET SESSION TRANSACTION READ ONLY"
