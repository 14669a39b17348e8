"""The ledger's database: one transaction a piece of work, and every fault of it told without a password.

Does not belong here: which database it is and how it comes to its tables (`opening`), or what is asked of it.
"""

import contextlib
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from config.errors import OutsideError

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

Result = TypeVar("Result")

BUSY_SECONDS: Final = 60
"""How long a piece of work waits for those of other processes: each is short."""
_CONNECT_SECONDS = 20
_ATTEMPTS = 6
_FIRST_WAIT_SECONDS = 0.05
_TRY_AGAIN = frozenset({"40001", "40P01"})
"""SQLSTATE: serialisation failure, deadlock. Nothing was done, so the same again is right."""
_WRITES = "ledger_writes"


class Database:
    """A database that answers, by an engine. `shown` is how messages name it. Its work may come from many threads."""

    def __init__(self, engine: Engine, shown: str, file: Path | None = None) -> None:
        self.shown, self.file = shown, file
        self._engine = engine
        self._writer = engine.execution_options(**{_WRITES: True})

    def read(self, work: Callable[[Connection], Result]) -> Result:
        """Let `work` read, in one transaction. Raises OutsideError for the database's faults."""
        try:
            with self._engine.connect() as connection:
                return work(connection)
        except (DBAPIError, sqlite3.Error) as error:
            raise self.fault(error) from None  # the cause may quote the password

    def write(self, work: Callable[[Connection], Result]) -> Result:
        """Let `work` change things in one transaction, committed when this returns and undone when it raises.

        `work` is called again where the database ended it for the sake of another. Raises OutsideError.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._writer.begin() as connection:
                    return work(connection)
            except IntegrityError:
                raise
            except (DBAPIError, sqlite3.Error) as error:
                if attempt == _ATTEMPTS or _sqlstate(error) not in _TRY_AGAIN:
                    raise self.fault(error) from None
            time.sleep(_FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
        raise AssertionError("every attempt returns or raises")

    def forget_what_was_overwritten(self) -> None:
        """Take rows that were changed or deleted out of SQLite's log too; where others read, when they have ended."""
        if self.file is None:
            return
        with contextlib.suppress(sqlite3.Error), closing(sqlite3.connect(self.file, timeout=1)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def fault(self, error: Exception) -> OutsideError:
        """What a driver says, for a user."""
        cause = getattr(error, "orig", None) or error
        said = self._scrubbed(str(cause).strip().partition("\n")[0].rstrip(".")) or type(cause).__name__
        if self.file is None:
            return OutsideError(
                f"The ledger at {self.shown} cannot be used: {said}.",
                fix="See whether the database is up, can be reached from here, and lets this user in.",
            )
        return OutsideError(f"The ledger {self.file} cannot be used: {said}.", fix=_sqlite_fix(said))

    def _scrubbed(self, text: str) -> str:
        for secret in sorted(_secrets(self._engine.url), key=len, reverse=True):
            text = text.replace(secret, "…")
        return text


def sqlite_database(path: Path) -> Database:
    """The ledger in a file: writers wait for one another, and what was committed survives a power cut."""
    address = URL.create("sqlite", database=str(path))
    engine = create_engine(address, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _settings(connection: "DBAPIConnection", _entry: "ConnectionPoolEntry") -> None:
        connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
        cursor = connection.cursor()
        for pragma in ("foreign_keys = ON", "synchronous = FULL", "secure_delete = ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes its place at once: one that begins as a reader could find it taken when it comes to write.
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return Database(engine, str(path), path)


def postgresql_database(url: URL) -> Database:
    """The ledger on a server."""
    arguments: dict[str, object] = {"application_name": "yardstick", "prepare_threshold": None}
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = _CONNECT_SECONDS
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args=arguments,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
    )

    @event.listens_for(engine, "connect")
    def _settings(connection: "DBAPIConnection", _entry: "ConnectionPoolEntry") -> None:
        connection.autocommit = True
        cursor = connection.cursor()
        for setting in ("lock_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SET {setting} = '{BUSY_SECONDS}s'")
        cursor.close()
        connection.autocommit = False

    return Database(engine, url.set(query={}).render_as_string(hide_password=True))


def _secrets(url: URL) -> set[str]:
    """The password, also as it is written in the address, and passwords among its parameters."""
    written = url.render_as_string(hide_password=False).partition("://")[2].rpartition("@")[0].partition(":")[2]
    parameters = [value for name, value in url.query.items() if "pass" in name.lower() and isinstance(value, str)]
    return {secret for secret in (url.password, written, *parameters) if secret}


def _sqlstate(error: Exception) -> str:
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def _sqlite_fix(said: str) -> str:
    if "locked" in said:
        return f"Another process has kept it to itself for {BUSY_SECONDS} seconds: see what it is, and run again."
    if "malformed" in said or "not a database" in said or "damaged" in said:
        return "It is damaged: restore it from a backup, or deliveries would be made twice."
    return "Make room on the disk, or mend the file's permissions."
