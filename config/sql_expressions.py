"""What is wrong with a SQL expression of a configuration, told before any row is read.

Does not belong here: running or transpiling expressions. DuckDB's dialect; columns are those the extract declares.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from config.faults import did_you_mean
from config.models import ColumnType

if TYPE_CHECKING:
    from sqlglot import exp

Told = tuple[str, str]
"""What is wrong, and what would be right."""

NUMERIC = frozenset({ColumnType.MONEY, ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.PERCENT})
_AGGREGATES = "sum(x), count(*), count(distinct x), avg(x), median(x), quantile_cont(x, 0.9), min(x) or max(x)"
_CLOCK_OR_CHANCE = frozenset({
    "random", "rand", "uuid", "gen_random_uuid", "nextval", "now", "today", "current_date", "current_timestamp",
    "current_time", "get_current_timestamp", "transaction_timestamp", "localtimestamp", "localtime",
})  # fmt: skip


def aggregate_faults(text: str, columns: Mapping[str, ColumnType], *, alone: bool) -> Iterator[Told]:
    """Faults of a metric's aggregate. `alone`: it is exactly one; else a sum or product of several may stand there."""
    from sqlglot import exp

    tree, told = _parsed(text)
    if tree is None:
        yield from told
        return
    yield from _common_faults(tree, text, columns)
    found = list(tree.find_all(exp.AggFunc))
    root = tree.unnest()
    root = root.this if isinstance(root, exp.Filter) else root
    allowed = (exp.Sum, exp.Count, exp.Avg, exp.Median, exp.Min, exp.Max, exp.CountIf, exp.PercentileCont)
    if not found:
        yield f"“{text}” adds nothing up.", f"Write one aggregate: {_AGGREGATES}."
    elif any(one.find_ancestor(exp.AggFunc) for one in found):
        yield f"“{text}” has an aggregate inside another.", "Write one of the two."
    elif alone and (len(found) > 1 or root is not found[0]):
        yield (
            f"“{text}” is not one aggregate.",
            "For a ratio write numerator and denominator; else one aggregate such as sum(amount).",
        )
    else:
        yield from _told_of_aggregates(tree, found, allowed, columns)


def condition_faults(text: str, columns: Mapping[str, ColumnType]) -> Iterator[Told]:
    """Faults of a condition over one row."""
    from sqlglot import exp

    tree, told = _parsed(text)
    if tree is None:
        yield from told
        return
    yield from _common_faults(tree, text, columns)
    if next(tree.find_all(exp.AggFunc), None):
        yield f"“{text}” has an aggregate, but is asked of each row.", "Write a condition such as status = 'closed'."
    root = tree.unnest()
    kind = columns.get(root.name.lower()) if isinstance(root, exp.Column) else None
    if isinstance(root, exp.Literal | exp.Alias) or (kind is not None and kind is not ColumnType.BOOLEAN):
        yield f"“{text}” is no condition.", "Write one that is true or false, such as amount > 0."


def scalar_faults(text: str, columns: Mapping[str, ColumnType]) -> Iterator[Told]:
    """Faults of an expression that gives one value of one row."""
    from sqlglot import exp

    tree, told = _parsed(text)
    if tree is None:
        yield from told
        return
    root = tree.unnest()
    if isinstance(root, exp.Column) and root.name.lower() not in {*columns, *_CLOCK_OR_CHANCE} and not root.this.quoted:
        meant = did_you_mean(root.name, columns, what="Its columns")
        fix = f"{meant} A text stands in single quotes inside double ones: \"'{text}'\"."
        yield f"“{text}” is no column of the extract.", fix
        return
    yield from _common_faults(tree, text, columns)
    if next(tree.find_all(exp.AggFunc), None):
        yield f"“{text}” has an aggregate, but is worked out for each row.", "Write an expression over one row."
    elif next(tree.find_all(exp.Star), None) or not isinstance(
        root, exp.Condition | exp.Func | exp.Query | exp.DDL | exp.DML | exp.Command | exp.Alias
    ):
        yield f"“{text}” gives no value.", "Write an expression over one row, such as upper(status)."


def query_faults(text: str, tables: Mapping[str, object]) -> Iterator[Told]:
    """Faults of a query over declared tables."""
    from sqlglot import exp

    tree, told = _parsed(text)
    if tree is None:
        yield from told
        return
    if not isinstance(tree, exp.Query):
        yield "The query is no select.", "Write select … from …."
        return
    own = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if table.name and table.name.lower() not in {*own, *tables}:
            yield f"The query reads “{table.name}”, which is not among its tables.", did_you_mean(table.name, tables)
    known = {"month_start", "month_end"}
    for placeholder in tree.find_all(exp.Placeholder):
        if placeholder.name not in known:
            yield f"“:{placeholder.name}” is not bound.", "Only :month_start and :month_end are."


def _parsed(text: str) -> "tuple[exp.Expression | None, list[Told]]":
    import sqlglot
    from sqlglot.errors import ParseError, SqlglotError

    try:
        trees: list[Any] = [tree for tree in sqlglot.parse(text, read="duckdb") if tree is not None]
    except ParseError as error:
        first: dict[str, Any] = error.errors[0] if error.errors else {}
        near = f" near “{first['highlight']}”" if first.get("highlight") else ""
        return None, [(f"“{_short(text)}” cannot be read as SQL{near}.", "Check brackets, commas and quotes.")]
    except (SqlglotError, RecursionError):
        return None, [(f"“{_short(text)}” cannot be read as SQL.", "Check brackets, commas and quotes.")]
    if len(trees) != 1:
        return None, [(f"“{_short(text)}” is not one expression.", "Write exactly one, without a semicolon.")]
    return trees[0], []


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= 80 else f"{one_line[:79]}…"  # noqa: PLR2004 — a message


def _common_faults(tree: "exp.Expression", text: str, columns: Mapping[str, ColumnType]) -> Iterator[Told]:
    from sqlglot import exp

    if isinstance(tree, exp.Alias):
        yield f"“{text}” gives itself a name.", "Leave “as …” away."
    if next(tree.find_all(exp.Query, exp.DDL, exp.DML, exp.Command), None):
        yield f"“{text}” is a query of its own.", "Write an expression over the extract's columns."
        return
    if next(tree.find_all(exp.Window), None):
        yield f"“{text}” has a window (over).", "Write a plain aggregate."
    if next(tree.find_all(exp.Placeholder, exp.Parameter), None):
        yield f"“{text}” has a placeholder.", "Write the value itself."
    for function in tree.find_all(exp.Func):
        name = (function.name if isinstance(function, exp.Anonymous) else function.sql_name()).lower()
        if name in _CLOCK_OR_CHANCE:
            yield f"“{text}” depends on the clock or on chance.", "A month's figure may only depend on its rows."
    for name, column in sorted({c.name.lower(): c for c in tree.find_all(exp.Column)}.items()):
        if name in _CLOCK_OR_CHANCE:
            yield f"“{text}” depends on the clock or on chance.", "A month's figure may only depend on its rows."
        elif column.table:
            yield f"“{column.sql()}” names a table.", f"Write the column alone: {column.name}."
        elif name not in columns and column.this.quoted:
            yield (
                f"“{text}” asks for a column “{column.name}”, which is not declared.",
                f"If it is a text, write it in single quotes: '{column.name}'.",
            )
        elif name not in columns:
            yield (
                f"“{text}” uses “{column.name}”, which is no column of the extract.",
                did_you_mean(column.name, columns, what="Its columns"),
            )


def _told_of_aggregates(
    tree: "exp.Expression", found: "list[exp.AggFunc]", allowed: tuple[type, ...], columns: Mapping[str, ColumnType]
) -> Iterator[Told]:
    from sqlglot import exp

    for one in found:
        if not isinstance(one, allowed):
            yield f"“{one.sql('duckdb').lower()}” is not among the aggregates.", f"Write {_AGGREGATES}."
        kind = columns.get(one.this.name.lower()) if isinstance(one.this, exp.Column) else None
        if (
            isinstance(one, exp.Sum | exp.Avg | exp.Median)
            and kind is not None
            and kind not in NUMERIC | {ColumnType.BOOLEAN}
        ):
            yield (
                f"“{one.sql('duckdb').lower()}” takes a column of type {kind}.",
                "Take a numeric column (money, number, integer or percent), or count(distinct …).",
            )
    for column in tree.find_all(exp.Column):
        if not column.find_ancestor(exp.AggFunc, exp.Filter):
            yield f"“{column.name}” stands outside the aggregate.", f"Put it inside, such as sum({column.name})."
