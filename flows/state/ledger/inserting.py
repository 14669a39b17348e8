"""Adding rows that may be there already, as both databases do it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """Insert the rows whose unique key is not there yet. Gives how many were new."""
    if not rows:
        return 0
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    adding = insert(table).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return len(connection.execute(adding, list(rows)).all())
