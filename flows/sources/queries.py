"""An extract that is a query over several files or tables, run by DuckDB over their texts.

The query sees these tables and nothing else: no file, no network, no setting. Does not belong here: reading the
tables.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from config.errors import SourceError
from config.months import Month
from flows.duck import connection
from flows.sources.structured import write_arrow
from flows.sources.tables import Part, PartWriter, TextTable

if TYPE_CHECKING:
    import duckdb

_BOUND = re.compile(r"(?<![:\w]):(month_start|month_end)\b")
_ROWS_AT_ONCE = 1 << 15


def query_binds_month(query: str) -> bool:
    """Whether the query asks for one month."""
    return _BOUND.search(query) is not None


def run_query(
    query: str, tables: Mapping[str, TextTable], month: Month, writer: PartWriter, time_zone: str, scratch: Path
) -> Part:
    """The query's rows as text, in no particular order. Raises SourceError with what DuckDB says of the query."""
    import duckdb

    bound = {"month_start": month.first_day, "month_end": month.end}
    values = {name: bound[name] for name in _BOUND.findall(query)}
    # One thread: a sum of doubles by several differs from run to run.
    with connection(scratch, threads=1) as database:
        try:
            for name, table in tables.items():
                database.register(name, _as_arrow(table))
            _close_off(database, time_zone)
            statements = database.extract_statements(_BOUND.sub(r"$\1", query))
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                raise SourceError("The query of an extract must be one SELECT.", fix="Take the other statements away.")
            relation = database.sql(statements[0].query, params=values or None)
            reader = relation.to_arrow_reader(_ROWS_AT_ONCE)
            write_arrow(reader.schema.names, iter(reader), writer, ".")
        except duckdb.Error as error:
            writer.discard()
            raise SourceError(
                f"The query over {', '.join(tables)} fails: {str(error).strip().splitlines()[0]}",
                fix="Correct query in extracts.yaml. All columns are text: cast what must be a number or a date.",
            ) from error
    return writer.done()


def _close_off(database: "duckdb.DuckDBPyConnection", time_zone: str) -> None:
    """From here on the query reaches nothing but the tables registered."""
    database.execute("SET TimeZone = " + "'" + time_zone.replace("'", "''") + "'")
    database.execute("SET python_enable_replacements = false")
    database.execute("SET enable_external_access = false")
    database.execute("SET lock_configuration = true")


def _as_arrow(table: TextTable) -> Any:
    schema = pa.schema([(name, pa.string()) for name in table.headings])
    return pa.Table.from_batches([batch.select(list(table.headings)) for batch in table.batches()], schema)
