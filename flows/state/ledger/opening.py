"""Opening the ledger: which database it is, and its tables brought to the newest form, by one process at a time."""

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, Connection, func, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError

from config.errors import ConfigError, OutsideError
from config.secrets import resolve_secrets
from flows import locks
from flows.files import PRIVATE_FILE, make_folder
from flows.state.ledger.database import BUSY_SECONDS, Database, postgresql_database, sqlite_database
from flows.state.ledger.roots import refuse_other_root
from flows.state.ledger.schema import NEWEST, VERSION_TABLE
from flows.state.paths import StateRoot

MIGRATIONS = Path(__file__).parent / "migrations"
SQLITE_FILE = "ledger.sqlite"
_LOCK_NUMBER = 7_923_845_101
"""Any number that other programs on the same PostgreSQL server are unlikely to lock by."""
_MIGRATING = threading.Lock()
"""Alembic keeps what it works on in module-wide names: one migration a process at a time."""


def open_database(url: str | None, state: StateRoot) -> Database:
    """The database at `url`, or the file under the state root, with the newest tables.

    Raises ConfigError for an address that is none or a ledger of another state root, OutsideError for a database that
    does not answer, is damaged or was written by a newer version.
    """
    if url is None:
        return _file(make_folder(state.root))
    database = _migrated(postgresql_database(_address(url)))
    try:
        refuse_other_root(database, state)
    except BaseException:
        database.close()
        raise
    return database


def _file(folder: Path) -> Database:
    path = folder / SQLITE_FILE
    with locks.held(folder / "ledger.lock", BUSY_SECONDS):
        _make_private(path)
        database = sqlite_database(path)
        try:
            _prove_sound(path)
        except sqlite3.Error as error:
            raise database.fault(error) from None
        return _migrated(database)


def _make_private(path: Path) -> None:
    """The file, empty where there was none: SQLite gives its log the same permissions."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
        path.chmod(PRIVATE_FILE)
    except OSError as error:
        raise OutsideError(f"{path} cannot be written: {error.strerror}.", fix="Mend its permissions.") from error


def _prove_sound(path: Path) -> None:
    """Raise what SQLite says of a damaged file: from half a ledger, mails would go out twice."""
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(f"it is damaged ({' '.join(str(found).split())})")


def _address(written: str) -> URL:
    try:
        url = make_url(resolve_secrets(written))
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() not in ("postgresql", "postgres"):
        raise ConfigError(
            "The ledger's address is not one of a PostgreSQL database.",
            fix="Write one such as postgresql://user:${LEDGER_PASSWORD}@host/database, or none for a file.",
        ) from None
    return url


def _migrated(database: Database) -> Database:
    try:
        if database.read(_version) != NEWEST:
            with _MIGRATING:
                database.write(lambda connection: _migrate(connection, database.shown))
    except BaseException:
        database.close()
        raise
    return database


def _migrate(connection: Connection, shown: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK_NUMBER)))
    version = _version(connection)
    if version == NEWEST:
        return  # another process was faster
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise OutsideError(
            f"The ledger {shown} was written by a newer version of yardstick: its tables are of version {version}, "
            f"and this one knows them up to {NEWEST}.",
            fix="Use the newer version, or restore a backup from before.",
        )
    command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version = connection.execute(text(f"SELECT max(version_num) FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return None if version is None else str(version)
