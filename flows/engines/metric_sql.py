"""A metric's SQL taken apart into aggregates that are exact, and what is reckoned from them.

Sums run over DECIMAL or whole numbers, means are an exact sum through a count, medians and quantiles depend on the
values alone. So the order in which rows are met never changes a figure. Any other aggregate is marked inexact: it
runs on ordered rows with one thread. Not here: joining rows to units (`flows.attribution`) and running (`grouped`).
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from config.errors import ConfigError, Place
from config.models import Config, Metric
from flows.expressions import DIALECT, function_name, parse_expression

if TYPE_CHECKING:
    from sqlglot import exp

EXACT: Final = "DECIMAL(38,8)"
_ORDER_FREE: Final = frozenset(
    {
        "bool_and", "bool_or", "count", "count_if", "countif", "max", "median", "min", "quantile_cont", "quantile_disc",
        "regr_count",
    }
)  # fmt: skip
_SPREAD_OF_VALUES: Final = frozenset({"median", "quantile_cont"})
_SINGLE: Final = frozenset({"median", "quantile_cont", "quantile_disc", "min", "max"})
_EXACT_TYPES: Final = ("DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
    "UINTEGER", "UBIGINT", "UHUGEINT")  # fmt: skip
_FLOATING: Final = ("DOUBLE", "FLOAT")


class Kind(StrEnum):
    """How an aggregate treats the rows of a deal that several people share."""

    SUM = "sum"
    TOTAL = "total"
    """A mean's sum: over deals, not over the shares in them."""
    ROWS = "rows"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate. `call` is SQL in which `"¤0"`, `"¤1"` stand for `arguments` (SQL over a row's columns).

    `condition` is SQL a row must meet, empty for every row.
    """

    kind: Kind
    call: str
    arguments: tuple[str, ...] = ()
    condition: str = ""
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Reckoning:
    """SQL over aggregates, in which `"§0"`, `"§1"` stand for them."""

    text: str
    aggregates: tuple[Aggregate, ...]


@dataclass(frozen=True, slots=True)
class MetricPlan:
    """Everything to be computed for a metric. Either `value`, or `numerator` over `denominator`, makes its figure;
    with `value`, a `denominator` is only told (the values a median is of).
    """

    name: str
    metric: Metric
    value: Reckoning | None
    numerator: Reckoning | None
    denominator: Reckoning | None
    rows: Aggregate
    respondents: Aggregate | None
    columns: frozenset[str]

    def reckonings(self) -> Iterator[tuple[str, Reckoning]]:
        """The SQL to be computed, under the name of the fact's column."""
        yield from ((n, r) for n, r in self._named() if r is not None)

    def _named(self) -> Iterator[tuple[str, Reckoning | None]]:
        yield "value", self.value
        yield "numerator", self.numerator
        yield "denominator", self.denominator

    @property
    def exact(self) -> bool:
        """Whether the order of rows can make no difference."""
        return all(aggregate.exact for _, reckoning in self.reckonings() for aggregate in reckoning.aggregates)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one metric's expressions. `type_of` gives the SQL type of an expression over a row's columns."""

    names: Collection[str]
    aggregate_names: frozenset[str]
    type_of: Callable[[str, Place], str]
    where: str

    def reckoning(self, tree: "exp.Expr", place: Place) -> Reckoning:
        from sqlglot import exp

        tree = exp.Paren(this=tree.copy())
        found: list[Aggregate] = []
        for node in list(self._outermost(tree)):
            node.replace(self._replacement(node, found, place))
        if not found:
            raise ConfigError("It has no aggregate.", fix="Write one such as sum(amount) or count(*).", place=place)
        for column in tree.find_all(exp.Column):
            if not column.name.startswith("§"):
                raise ConfigError(
                    f"It uses {column.name} outside of an aggregate.", fix=f"Write sum({column.name}), for example.",
                    place=place,
                )  # fmt: skip
        return Reckoning(tree.sql(DIALECT), tuple(found))

    def aggregates_in(self, tree: "exp.Expr") -> bool:
        return any(True for _ in self._outermost(tree))

    def single(self, tree: "exp.Expr") -> "tuple[str, exp.Expr] | None":
        """The function's name, where the whole expression is one aggregate."""
        from sqlglot import exp

        inner = tree.unnest()
        call = inner.this if isinstance(inner, exp.Filter) else inner
        return (function_name(call), inner) if self._is_aggregate(call) else None

    def _is_aggregate(self, node: "exp.Expr") -> bool:
        from sqlglot import exp

        return isinstance(node, exp.AggFunc) or (
            isinstance(node, exp.Anonymous) and function_name(node) in self.aggregate_names
        )

    def _outermost(self, node: "exp.Expr") -> "Iterator[exp.Expr]":
        from sqlglot import exp

        if self._is_aggregate(node) or (isinstance(node, exp.Filter) and self._is_aggregate(node.this)):
            yield node
            return
        for child in node.iter_expressions():
            yield from self._outermost(child)

    def _replacement(self, node: "exp.Expr", found: list[Aggregate], place: Place) -> "exp.Expr":
        from sqlglot import exp

        condition = self.where
        call = node
        if isinstance(node, exp.Filter):
            call = node.this
            own = f"({node.expression.this.sql(DIALECT)})"
            condition = f"{condition} AND {own}" if condition else own
        name = function_name(call)
        if name in {"avg", "mean"}:
            added, counted = (self._aggregate(_renamed(call, to), condition, place) for to in (exp.Sum, exp.Count))
            added = replace(added, kind=Kind.TOTAL)
            total, count = (_marker(_position(found, part)) for part in (added, counted))
            divided = exp.Div(this=total, expression=exp.Nullif(this=count, expression=exp.Literal.number(0)))
            return exp.Paren(this=divided)
        return _marker(_position(found, self._aggregate(call, condition, place)))

    def _aggregate(self, call: "exp.Expr", condition: str, place: Place) -> Aggregate:
        from sqlglot import exp

        name = function_name(call)
        if call.find(exp.Order, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls, exp.Limit):
            raise ConfigError(
                f"{call.sql(DIALECT)} orders its rows.",
                fix="Write quantile_cont(x, 0.9) or arg_max(x, day).",
                place=place,
            )
        call = call.copy()
        distinct = call.find(exp.Distinct) is not None
        arguments: list[str] = []
        for part in list(_parts_with_columns(call)):
            if self.aggregates_in(part):
                raise ConfigError(f"{call.sql(DIALECT)} has an aggregate within an aggregate.", place=place)
            arguments.append(self._exact_argument(name, part.sql(DIALECT), place))
            part.replace(exp.column(f"¤{len(arguments) - 1}", quoted=True))
        if name == "count" and (not call.this or isinstance(call.this, exp.Star)):
            return Aggregate(Kind.ROWS, "count(*)", (), condition)
        kind = Kind.SUM if name == "sum" and not distinct else Kind.OTHER
        return Aggregate(kind, call.sql(DIALECT), tuple(arguments), condition, name in _ORDER_FREE or name == "sum")

    def _exact_argument(self, name: str, sql: str, place: Place) -> str:
        kind = self.type_of(sql, place)
        if name == "sum":
            if kind.startswith(_EXACT_TYPES):
                return sql
            if kind in _FLOATING:
                # A quotient by zero is no number: the row does not count, as an empty value does not.
                return f"TRY_CAST({sql} AS {EXACT})"
            if kind == "BOOLEAN":
                return f"CAST({sql} AS INT)"
            raise ConfigError(f"{sql} is {kind.lower()}, which has no sum.", fix="Sum a number.", place=place)
        if name in _SPREAD_OF_VALUES:
            return f"CAST({sql} AS DOUBLE)"
        return sql


def plan_metric(
    config: Config, name: str, aggregate_names: frozenset[str], type_of: Callable[[str, Place], str]
) -> MetricPlan:
    """Take a metric's expressions apart. Raises ConfigError, naming the key in metrics.yaml."""
    from sqlglot import exp

    metric = config.metrics[name]
    columns = config.extracts[metric.extract].columns
    trees: dict[str, exp.Expr] = {}
    for key in ("where", "value", "numerator", "denominator"):
        if (text := getattr(metric, key)) is not None:
            trees[key] = parse_expression(text, columns, _place(config, name, key))
    where = f"({trees['where'].sql(DIALECT)})" if "where" in trees else ""
    reader = _Reader(columns, aggregate_names, type_of, where)
    if where and reader.aggregates_in(trees["where"]):
        raise ConfigError("It is a condition on a row and holds an aggregate.", place=_place(config, name, "where"))
    value, numerator, denominator = _figures(config, name, reader, trees)
    respondent = metric.survey.respondent if metric.survey else None
    if respondent is not None and respondent not in columns:
        raise ConfigError(f"“{respondent}” is no column of {metric.extract}.", place=_place(config, name, "survey"))
    used = {column.name for tree in trees.values() for column in tree.find_all(exp.Column)}
    answers = {column.name for key, tree in trees.items() if key != "where" for column in tree.find_all(exp.Column)}
    return MetricPlan(
        name=name,
        metric=metric,
        value=value,
        numerator=numerator,
        denominator=denominator,
        rows=Aggregate(Kind.ROWS, "count(*)", (), where),
        respondents=_respondents(respondent, answers, where) if respondent else None,
        columns=frozenset(used | ({respondent} if respondent else set())),
    )


def _respondents(respondent: str, answers: set[str], where: str) -> Aggregate:
    """How many answered: whoever left a column of the figure empty has not, and must not make up the numbers."""
    answered = [f'"{column}" IS NOT NULL' for column in sorted(answers - {respondent})]
    condition = " AND ".join([*([where] if where else []), *answered])
    return Aggregate(Kind.OTHER, 'count(DISTINCT "¤0")', (f'"{respondent}"',), f"({condition})" if condition else "")


def _figures(
    config: Config, name: str, reader: _Reader, trees: "dict[str, exp.Expr]"
) -> tuple[Reckoning | None, Reckoning | None, Reckoning | None]:
    """Value, numerator and denominator. A quotient of aggregates is a ratio, however it is written."""
    from sqlglot import exp

    if "value" not in trees:
        parts = (reader.reckoning(trees[key], _place(config, name, key)) for key in ("numerator", "denominator"))
        return (None, *parts)  # type: ignore[return-value]  # exactly two
    place, tree = _place(config, name, "value"), trees["value"].unnest()
    if isinstance(tree, exp.Div) and reader.aggregates_in(tree.this) and reader.aggregates_in(tree.expression):
        return None, reader.reckoning(tree.this, place), reader.reckoning(tree.expression, place)
    reckoning = reader.reckoning(tree, place)
    single = reader.single(tree)
    if single and single[0] in {"avg", "mean"}:
        total, count = reckoning.aggregates
        return None, Reckoning('"§0"', (total,)), Reckoning('"§0"', (count,))
    if single and single[0] in _SINGLE:
        only = reckoning.aggregates[0]
        count = Aggregate(Kind.OTHER, 'count("¤0")', only.arguments[:1], only.condition)
        return reckoning, None, Reckoning('"§0"', (count,))
    return reckoning, None, None


def _parts_with_columns(call: "exp.Expr") -> "Iterator[exp.Expr]":
    """A call's arguments that depend on the row; constants (a quantile's share) stay in the call."""
    from sqlglot import exp

    for child in call.iter_expressions():
        if isinstance(child, exp.Distinct):
            yield from _parts_with_columns(child)
        elif child.find(exp.Column):
            yield child


def _renamed(call: "exp.Expr", to: "type[exp.Expr]") -> "exp.Expr":
    return to(this=call.this.copy())


def _position(found: list[Aggregate], aggregate: Aggregate) -> int:
    if aggregate not in found:
        found.append(aggregate)
    return found.index(aggregate)


def _marker(position: int) -> "exp.Expr":
    from sqlglot import exp

    return exp.column(f"§{position}", quoted=True)


def _place(config: Config, name: str, key: str) -> Place:
    return Place(config.directory / "metrics.yaml", key=f"{name}.{key}")
