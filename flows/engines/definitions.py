"""Every metric's definition, tried on no rows: what is wrong is said of the configuration, before any data is met.

Not here: taking expressions apart (`metric_sql`).
"""

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config.errors import ConfigError, Place
from config.models import ColumnType, Config, Extract, Metric
from flows.duck import connection, first_line, quoted
from flows.engines.metric_sql import MetricPlan, plan_metric
from flows.engines.queries import GroupSql

if TYPE_CHECKING:
    import duckdb

_SQL_TYPES: Final = {
    ColumnType.ID: "VARCHAR", ColumnType.TEXT: "VARCHAR", ColumnType.MONEY: "DECIMAL(18,4)",
    ColumnType.NUMBER: "DECIMAL(28,8)", ColumnType.INTEGER: "BIGINT", ColumnType.PERCENT: "DECIMAL(18,8)",
    ColumnType.DATE: "DATE", ColumnType.TIMESTAMP: "TIMESTAMP", ColumnType.BOOLEAN: "BOOLEAN",
}  # fmt: skip
_FIGURES: Final = ("DECIMAL", "DOUBLE", "FLOAT", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
    "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")  # fmt: skip
_DATES: Final = frozenset({ColumnType.DATE, ColumnType.TIMESTAMP})


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric as it will be computed. `of_nothing` is its value over no rows at all (a sum's is 0), None if none."""

    plan: MetricPlan
    day: str | None
    of_nothing: float | None


def validate_metrics(config: Config) -> None:
    """Raise ConfigError, with all faults found, where a metric of the configuration cannot be computed."""
    with tempfile.TemporaryDirectory(prefix="yardstick-") as scratch, connection(Path(scratch)) as database:
        define_metrics(config, database)


def define_metrics(config: Config, database: "duckdb.DuckDBPyConnection") -> tuple[Definition, ...]:
    """All metrics, in the configuration's order. Raises ConfigError, with all faults found."""
    found = database.execute("SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'")
    aggregate_names = frozenset(str(name).lower() for (name,) in found.fetchall())
    definitions: list[Definition] = []
    faults: list[ConfigError] = []
    for name in config.metrics:
        try:
            definitions.append(_defined(config, name, database, aggregate_names))
        except ConfigError as error:
            faults.append(error)
    if faults:
        first, *others = faults
        raise ConfigError(first.what, fix=first.fix, place=first.place, also=tuple(others))
    return tuple(definitions)


def metric_day(extract: Extract, metric: Metric) -> str | None:
    """The column that says when a row counts; none where rows are of their month as a whole."""
    return metric.date or extract.date


def _defined(
    config: Config, name: str, database: "duckdb.DuckDBPyConnection", aggregate_names: frozenset[str]
) -> Definition:
    import duckdb

    metric = config.metrics[name]
    place = Place(config.directory / "metrics.yaml", key=name)
    if metric.extract not in config.extracts:
        raise ConfigError(
            f"“{metric.extract}” is no extract.", fix=f"There are: {', '.join(sorted(config.extracts))}.", place=place
        )
    extract = config.extracts[metric.extract]
    day = metric_day(extract, metric)
    if day is not None and (day not in extract.columns or extract.columns[day].type not in _DATES):
        raise ConfigError(f"“{day}” is no date of {metric.extract}.", fix="Name a date column.", place=place)
    empty = _no_rows(extract)

    def type_of(sql: str, at: Place) -> str:
        try:
            described = database.execute(f"DESCRIBE SELECT {sql} FROM ({empty})").fetchall()
        except duckdb.Error as error:
            raise ConfigError(
                f"{sql} does not work: {first_line(error)}.", fix="See its columns' types.", place=at
            ) from error
        return str(described[0][1])

    plan = plan_metric(config, name, aggregate_names, type_of)
    rows = f"SELECT CAST(NULL AS BIGINT) AS _row, NULL AS _who, CAST(NULL AS DATE) AS _day, * FROM ({empty})"
    # Credit and segments make no difference where there are no rows.
    sql = GroupSql(extract.model_copy(update={"credit": None, "segment": None}), [plan])
    try:
        answer = database.execute(sql.over_all(sql.base(rows, None, None)))
        types = {str(column[0]): str(column[1]) for column in answer.description}
        nothing = dict(zip(types, answer.fetchall()[0], strict=True))
    except duckdb.Error as error:
        raise ConfigError(
            f"It does not work: {first_line(error)}.", fix="See its columns' types.", place=place
        ) from error
    for column, kind in types.items():
        if not kind.startswith(_FIGURES):
            raise ConfigError(f"Its {column.partition(':')[2]} is {kind.lower()}, no number.", place=place)
    return Definition(plan, day, _number(nothing.get(f"{name}:value")))


def _number(value: object) -> float | None:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return float(str(value)) if not isinstance(value, bool) else float(value)


def _no_rows(extract: Extract) -> str:
    columns = ", ".join(f"CAST(NULL AS {_SQL_TYPES[c.type]}) AS {quoted(n)}" for n, c in extract.columns.items())
    return f"SELECT {columns} WHERE false"
