"""The grouped query is standard enough to be put into other engines' dialects."""

from pathlib import Path

import pytest
import sqlglot

from flows.duck import connection
from flows.engines.definitions import define_metrics
from flows.engines.queries import GroupSql, transpiled
from tests.flows.tables import config_of, metric_of, sales_extract


@pytest.mark.parametrize("dialect", ["postgres", "spark", "snowflake"])
def test_all_units_and_metrics_are_one_query_in_every_dialect(dialect: str, tmp_path: Path) -> None:
    metrics = {
        "revenue": metric_of(value="sum(amount)", where="amount > 0"),
        "mean": metric_of(value="avg(amount)"),
        "sellers": metric_of(value="count(DISTINCT seller)", by_segment=True),
    }
    extract = sales_extract(segment="seller")
    with connection(tmp_path) as database:
        plans = [one.plan for one in define_metrics(config_of({"sales": extract}, metrics), database)]
    sql = GroupSql(extract, plans)
    expanded = sql.expanded("base", individual=False)
    query = transpiled(sql.figures(f"({expanded}) AS expanded"), dialect)
    tree = sqlglot.parse_one(query, read=dialect)
    assert isinstance(tree, sqlglot.exp.Select)
    assert len(list(tree.find_all(sqlglot.exp.Group))) == 1
    assert {name for name, _ in sql.columns()} <= {select.alias for select in tree.selects}
