"""Several rows with one key: which one counts.

The last modified counts; what is older is excluded. Of exact doubles the first counts. Rows that are equally new and
yet differ contradict one another: none of them counts. Not here: rows that are faulty by themselves (`set_aside`).
"""

from typing import TYPE_CHECKING, Final

from config.models import Extract
from flows.duck import quoted

if TYPE_CHECKING:
    import duckdb

OLDER_COPY: Final = "older copy of the same key"
SAME_ROW: Final = "the same row again"


def mark_copies(
    database: "duckdb.DuckDBPyConnection", extract: Extract, columns: tuple[str, ...], codes: tuple[int, int, int]
) -> None:
    """Set `_why` in the table `typed` of rows that share a key: to the codes of older copy, same row, conflict.

    `columns` are those the landing has; a key that it lacks in part cannot tell rows apart, and nothing is done.
    """
    if not extract.key or not set(extract.key) <= set(columns):
        return
    older, same, conflict = codes
    key = ", ".join(quoted(name) for name in extract.key)
    database.execute(
        f"CREATE TEMP TABLE several AS SELECT {key} FROM typed WHERE _why IS NULL GROUP BY ALL HAVING count(*) > 1"
    )
    if not database.execute("SELECT 1 FROM several LIMIT 1").fetchall():
        return
    modified = extract.last_modified if extract.last_modified in columns else None
    newest = "true"
    if modified:
        name = quoted(modified)
        newest = f"{name} IS NOT DISTINCT FROM max({name}) OVER (PARTITION BY {key})"
    content = ", ".join(quoted(name) for name in columns)
    pairs = ", ".join(f"'{name}': {quoted(name)}" for name in columns)
    database.execute(
        f"""
        CREATE TEMP TABLE copies AS
        WITH alike AS (SELECT _row, {content} FROM typed SEMI JOIN several USING ({key}) WHERE _why IS NULL),
        aged AS (SELECT _row, {key}, {newest} AS newest, to_json({{{pairs}}})::VARCHAR AS content FROM alike),
        judged AS (
            SELECT _row, newest, min(content) OVER same_key <> max(content) OVER same_key AS differ,
                _row = min(_row) OVER same_key AS first_one
            FROM aged WINDOW same_key AS (PARTITION BY {key}, newest)
        )
        SELECT _row, CASE WHEN NOT newest THEN {older} WHEN differ THEN {conflict} ELSE {same} END AS why
        FROM judged WHERE NOT (newest AND first_one AND NOT differ)
        """
    )
    database.execute("UPDATE typed SET _why = copies.why FROM copies WHERE typed._row = copies._row")
