"""How DuckDB is opened everywhere: bounded memory, no network, no extension loaded from anywhere, and UTC.

Shared by the concerns that type rows (`flows.checks`) and aggregate them (`flows.engines`). Not here: any SQL that
knows an extract or a metric.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from config.errors import OutsideError

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT_MB = 4000
"""DuckDB spills to the scratch folder beyond this; rendering workers need the rest of a small machine."""


@contextmanager
def connection(
    scratch: Path, *, threads: int | None = None, processes: int = 1
) -> "Iterator[duckdb.DuckDBPyConnection]":
    """An in-memory database that spills into `scratch` (which must exist and be private).

    `processes`: how many such databases are at work beside one another, which share the memory.
    """
    import duckdb

    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "memory_limit": f"{MEMORY_LIMIT_MB // processes}MB",
        "temp_directory": str(scratch),
    }
    if threads is not None:
        settings["threads"] = threads
    with duckdb.connect(":memory:", config=settings) as database:
        # Offsets are converted by name of zone in SQL; the machine's own zone must never matter.
        database.execute("SET TimeZone = 'UTC'")
        database.execute("SET enable_progress_bar = false")
        yield database


@contextmanager
def faults_outside(what: str) -> Iterator[None]:
    """Turn DuckDB's faults of disk, memory and broken files into OutsideError, naming what was being done."""
    import duckdb

    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.SerializationException) as error:
        raise OutsideError(
            f"{what} cannot be read or kept: {first_line(error)}.",
            fix="Make room, or delete the file: it is made again.",
        ) from error


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def first_line(error: Exception) -> str:
    """The first line of a database's message, without its final stop."""
    return str(error).strip().partition("\n")[0].rstrip(". ")
