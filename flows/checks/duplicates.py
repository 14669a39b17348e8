"""Several rows with one key: which one counts. And rows that share what should be unique.

The last modified counts; what is older is excluded. Of exact doubles the first counts. Rows that are equally new and
yet differ contradict one another: none of them counts. Not here: rows that are faulty by themselves (`set_aside`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from config.models import Extract, ExtractKind
from flows.checks.predicates import Cause
from flows.duck import quoted

if TYPE_CHECKING:
    import duckdb

OLDER_COPY: Final = "older copy of the same key"
SAME_ROW: Final = "the same row again"
_OLDER, _SAME, _CONFLICT = range(3)


def mark_copies(
    database: "duckdb.DuckDBPyConnection",
    extract: Extract,
    columns: tuple[str, ...],
    codes: tuple[int, int],
    conflicts: Sequence[Cause],
) -> None:
    """Set `_why` in the table `typed` of rows that share a key: to the codes of older copy and same row, and to that
    of the check which asks that no rows contradict one another.

    `columns` are those the landing has; a key that it lacks in part cannot tell rows apart, and nothing is done.
    Of people without a key a row that says the very same again says nothing new.
    """
    if not extract.key and extract.kind is ExtractKind.HR and columns:
        _mark_same(database, columns, codes[1])
        return
    if not extract.key or not set(extract.key) <= set(columns):
        return
    key = ", ".join(quoted(name) for name in extract.key)
    if not _find_shared(database, "several", extract.key, "_why IS NULL"):
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
        SELECT _row, CASE WHEN NOT newest THEN {_OLDER} WHEN differ THEN {_CONFLICT} ELSE {_SAME} END AS _found
        FROM judged WHERE NOT (newest AND first_one AND NOT differ)
        """
    )
    older, same = codes
    database.execute(
        f"""
        UPDATE typed SET _why = CASE copies._found WHEN {_OLDER} THEN {older} ELSE {same} END
        FROM copies WHERE typed._row = copies._row AND copies._found <> {_CONFLICT}
        """
    )
    for cause in conflicts:
        aside = f", _why = coalesce(_why, {cause.code})" if cause.sets_aside else ""
        database.execute(
            f"""
            UPDATE typed SET {cause.set_flag}{aside}
            FROM copies WHERE typed._row = copies._row AND copies._found = {_CONFLICT} AND {_applies(cause)}
            """
        )


def _mark_same(database: "duckdb.DuckDBPyConnection", columns: Sequence[str], code: int) -> None:
    """Set `_why` of rows that are the same as an earlier one in every column."""
    alike = ", ".join(quoted(name) for name in columns)
    database.execute(
        f"""
        UPDATE typed SET _why = {code} FROM (
            SELECT _row AS _again FROM typed WHERE _why IS NULL
            QUALIFY row_number() OVER (PARTITION BY {alike} ORDER BY _row) > 1
        ) WHERE typed._row = _again
        """
    )


def mark_shared(database: "duckdb.DuckDBPyConnection", cause: Cause, asked: str) -> None:
    """Flag the rows of the table `typed` that share values which should be unique. `asked`: SQL, which rows count."""
    assert cause.question is not None  # it asks for something
    columns = cause.question.check.columns
    counted = f"{asked} AND {_applies(cause)}"
    if _find_shared(database, "shared", columns, counted):
        aside = f", _late = least(coalesce(_late, {cause.code}), {cause.code})" if cause.sets_aside else ""
        names = ", ".join(quoted(name) for name in columns)
        rows = f"SELECT _row AS _shared FROM typed SEMI JOIN shared USING ({names}) WHERE {counted}"
        database.execute(f"UPDATE typed SET {cause.set_flag}{aside} FROM ({rows}) WHERE typed._row = _shared")
    database.execute("DROP TABLE shared")


def _applies(cause: Cause) -> str:
    return cause.question.applies if cause.question else "true"


def _find_shared(database: "duckdb.DuckDBPyConnection", table: str, columns: Sequence[str], condition: str) -> bool:
    """Fill a table with the values that several rows share; an empty value is shared by none."""
    names = ", ".join(quoted(name) for name in columns)
    some = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in columns)
    database.execute(
        f"""
        CREATE TEMP TABLE {table} AS
        SELECT {names} FROM typed WHERE {condition} AND {some} GROUP BY ALL HAVING count(*) > 1
        """
    )
    return bool(database.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall())
