"""Running grouped queries: exact ones in parallel, others over ordered rows with one thread.

A metric that fails on the data (an overflow, a text that is no number) is withheld with the reason, and the others of
its group are computed without it. Not here: the SQL (`queries`) and which metrics there are (`definitions`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from config.models import Config, Extract, UnitKind
from config.months import Month
from flows.attribution import rows_sql
from flows.duck import first_line
from flows.engines.definitions import Definition
from flows.engines.queries import GroupSql
from transforms.stages import Checked

if TYPE_CHECKING:
    import duckdb

GroupKey = tuple[str, str | None, int, bool, bool]
"""Extract, date column, window in months, whether the order of rows makes no difference, and whether by segment."""


@dataclass(frozen=True, slots=True)
class Group:
    """Metrics that one query computes. `checked` are the months of its window that there are."""

    extract: Extract
    day: str | None
    first_month: Month
    month: Month
    exact: bool
    definitions: tuple[Definition, ...]
    checked: tuple[Checked, ...]


def grouped(
    config: Config, month: Month, definitions: Sequence[Definition], checked: Mapping[str, Sequence[Checked]]
) -> list[Group]:
    """The metrics by the query that computes them, in the order they first occur."""
    groups: dict[GroupKey, list[Definition]] = {}
    for definition in definitions:
        metric = definition.plan.metric
        key = (metric.extract, definition.day, metric.window_months, definition.plan.exact, metric.by_segment)
        groups.setdefault(key, []).append(definition)
    found = []
    for (name, day, window, exact, _), members in groups.items():
        first = month.shift(1 - window)
        rows = tuple(sorted((c for c in checked.get(name, ()) if first <= c.month <= month), key=lambda c: c.month))
        found.append(Group(config.extracts[name], day, first, month, exact, tuple(members), rows))
    return found


def run(database: "duckdb.DuckDBPyConnection", group: Group, threads: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """Figures by unit number and segment, a row each, and for each metric that failed the reason."""
    import duckdb

    frames: list[pd.DataFrame] = []
    try:
        return _figures(database, group, threads), {}
    except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException) as error:
        if len(group.definitions) == 1:
            return pd.DataFrame(), {group.definitions[0].plan.name: first_line(error)}
    failed: dict[str, str] = {}
    for definition in group.definitions:
        alone = Group(
            group.extract, group.day, group.first_month, group.month, group.exact, (definition,), group.checked
        )
        frame, reason = run(database, alone, threads)
        failed |= reason
        frames += [frame] if not reason else []
    return _side_by_side(frames), failed


def _figures(database: "duckdb.DuckDBPyConnection", group: Group, threads: int) -> pd.DataFrame:
    sql = GroupSql(group.extract, [definition.plan for definition in group.definitions])
    rows = rows_sql(group.extract, group.checked, group.day)
    individual = any(definition.plan.metric.individual for definition in group.definitions)
    tables = ["base"]
    database.execute(f"SET threads = {threads if group.exact else 1}")
    try:
        database.execute(f"CREATE TEMP TABLE base AS {sql.base(rows, group.first_month.first_day, group.month.end)}")
        expanded = sql.expanded("base", individual=individual)
        if not group.exact:
            # These aggregates depend on the order in which they meet the rows: one order, and one thread.
            tables.append("ordered")
            database.execute(f"CREATE TEMP TABLE ordered AS SELECT * FROM ({expanded}) ORDER BY unit, _row")
            expanded = "SELECT * FROM ordered"
        found = database.execute(sql.figures(f"({expanded}) AS expanded"))
        return found.df().sort_values(["unit", "segment"], kind="stable", ignore_index=True)
    finally:
        for table in tables:
            database.execute(f"DROP TABLE IF EXISTS {table}")
        database.execute(f"SET threads = {threads}")


def _side_by_side(frames: list[pd.DataFrame]) -> pd.DataFrame:
    if not frames:
        return pd.DataFrame()
    first, *others = frames
    for other in others:
        first = first.merge(other, on=["unit", "segment"], how="outer", validate="one_to_one")
    return first.sort_values(["unit", "segment"], kind="stable", ignore_index=True)


def allowed_kinds(definition: Definition, month: Month) -> list[str]:
    """Kinds of units a metric may be shown for: associates only with a purpose that holds in the month."""
    alone = definition.plan.metric.individual_in(month)
    return [kind.value for kind in UnitKind if alone or kind is not UnitKind.ASSOCIATE]
