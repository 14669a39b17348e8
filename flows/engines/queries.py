"""The SQL of a group of metrics: all units and all metrics of one extract, date and window in one grouped query.

Written in DuckDB's dialect; `transpiled` gives it in another engine's. Not here: running it (`grouped`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from config.models import Extract
from flows.attribution import ORGANISATION
from flows.duck import quoted
from flows.engines.metric_sql import Aggregate, Kind, MetricPlan, Reckoning
from flows.expressions import DIALECT

ALL_SEGMENTS = "all"
NO_SEGMENT = "(none)"
SEGMENT_NAMED_ALL = "all (segment)"
_CREDIT = "DECIMAL(18,8)"


def transpiled(sql: str, dialect: str) -> str:
    """A query of this module in another engine's dialect, as SQLGlot knows it."""
    import sqlglot

    return sqlglot.transpile(sql, read=DIALECT, write=dialect)[0]


@dataclass(slots=True)
class GroupSql:
    """The SQL of metrics that share an extract, a date and a window; names of its columns are handed out in order."""

    extract: Extract
    plans: Sequence[MetricPlan]
    arguments: dict[str, str] = field(default_factory=dict)
    conditions: dict[str, str] = field(default_factory=dict)
    aggregates: dict[Aggregate, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for plan in self.plans:
            for aggregate in _aggregates(plan):
                for argument in aggregate.arguments:
                    self.arguments.setdefault(argument, f"x{len(self.arguments)}")
                self.conditions.setdefault(aggregate.condition, f"f{len(self.conditions)}")
                self.aggregates.setdefault(aggregate, f"g{len(self.aggregates)}")

    @property
    def by_segment(self) -> bool:
        """Whether figures of single segments are asked for."""
        return bool(self.extract.segment) and any(plan.metric.by_segment for plan in self.plans)

    def base(self, rows: str, first_day: date | None, end: date | None) -> str:
        """One line a row within the days: whose it is, when, and what the aggregates need of it."""
        columns = ["_row", "_who", "_day"]
        if self.by_segment and self.extract.segment:
            name = f"CAST({quoted(self.extract.segment)} AS VARCHAR)"
            columns.append(
                f"CASE WHEN {name} IS NULL THEN '{NO_SEGMENT}' WHEN {name} = '{ALL_SEGMENTS}' "
                f"THEN '{SEGMENT_NAMED_ALL}' ELSE {name} END AS _segment"
            )
        if self.extract.credit:
            deal, share = quoted(self.extract.credit.deal), quoted(self.extract.credit.share)
            # A row without a deal is a deal of its own.
            columns.append(f"coalesce('d' || CAST({deal} AS VARCHAR), 'r' || CAST(_row AS VARCHAR)) AS _deal")
            columns.append(f"coalesce(CAST({share} AS {_CREDIT}), 1) AS _share")
        columns += [f"{sql} AS {name}" for sql, name in self.arguments.items()]
        columns += [f"coalesce({sql or 'true'}, false) AS {name}" for sql, name in self.conditions.items()]
        days = f" WHERE _day >= DATE '{first_day}' AND _day < DATE '{end}'" if first_day else ""
        return f"SELECT {', '.join(columns)} FROM ({rows}) AS typed{days}"

    def expanded(self, base: str, *, individual: bool) -> str:
        """Each row once for every unit it belongs to on its day, and once for the organisation."""
        kinds = "" if individual else " AND members.unit_kind <> 'associate'"
        return (
            f"SELECT {ORGANISATION} AS unit, * FROM {base} UNION ALL SELECT members.unit, {base}.* FROM {base} "
            f"JOIN members ON members.associate = {base}._who AND {base}._day >= members.valid_from "
            f"AND {base}._day < members.valid_to{kinds}"
        )

    def figures(self, expanded: str) -> str:
        """Unit, segment and each metric's figures as DOUBLE, under `<metric>:<column of facts>`."""
        per_unit = self._per_deal(expanded) if self.extract.credit else expanded
        calls = ", ".join(f"{self._call(aggregate)} AS {name}" for aggregate, name in self.aggregates.items())
        segment = ""
        grouping = "unit"
        if self.by_segment:
            segment = f"CASE WHEN GROUPING(_segment) = 1 THEN '{ALL_SEGMENTS}' ELSE _segment END AS segment, "
            grouping = "GROUPING SETS ((unit), (unit, _segment))"
            if self.extract.credit:
                segment, grouping = "_segment AS segment, ", "unit, _segment"
        aggregated = f"SELECT unit, {segment}{calls} FROM {per_unit} GROUP BY {grouping}"
        shown = ["unit", "segment" if self.by_segment else f"'{ALL_SEGMENTS}' AS segment"]
        shown += [f"CAST({sql} AS DOUBLE) AS {quoted(name)}" for name, sql in self.columns()]
        return f"SELECT {', '.join(shown)} FROM ({aggregated}) AS aggregated"

    def over_all(self, base: str) -> str:
        """Each metric's figures over all rows of a base at once, in their own types."""
        calls = ", ".join(f"{self._call(aggregate)} AS {name}" for aggregate, name in self.aggregates.items())
        shown = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in self.columns())
        return f"SELECT {shown} FROM (SELECT {calls} FROM ({base}) AS base) AS aggregated"

    def columns(self) -> Iterator[tuple[str, str]]:
        """Name and SQL over the aggregates of every figure."""
        for plan in self.plans:
            for name, reckoning in plan.reckonings():
                yield f"{plan.name}:{name}", self._reckoned(reckoning)
            yield f"{plan.name}:rows", self.aggregates[plan.rows]
            if plan.respondents:
                yield f"{plan.name}:respondents", self.aggregates[plan.respondents]

    def _reckoned(self, reckoning: Reckoning) -> str:
        text = reckoning.text
        for position, aggregate in enumerate(reckoning.aggregates):
            text = text.replace(f'"§{position}"', self.aggregates[aggregate])
        return text

    def _call(self, aggregate: Aggregate) -> str:
        flag = self.conditions[aggregate.condition]
        if self.extract.credit:
            return self._credited_call(aggregate, flag)
        call = self._filled(aggregate, dict(self.arguments))
        filtered = f"{call} FILTER (WHERE {flag})" if aggregate.condition else call
        return f"coalesce({filtered}, 0)" if aggregate.kind in {Kind.SUM, Kind.TOTAL} else filtered

    def _credited_call(self, aggregate: Aggregate, flag: str) -> str:
        """Over one line a unit and deal: a sum is of amount by credit, all else counts the deal once."""
        match aggregate.kind:
            case Kind.ROWS:
                return f"count(c_{flag})"
            case Kind.SUM:
                return f"coalesce(sum({self.arguments[aggregate.arguments[0]]}_{flag} * c_{flag}), 0)"
            case _:
                names = {argument: f"{name}_{flag}" for argument, name in self.arguments.items()}
                call = self._filled(aggregate, names)
                return f"coalesce({call}, 0)" if aggregate.kind is Kind.TOTAL else call

    def _filled(self, aggregate: Aggregate, names: dict[str, str]) -> str:
        call = aggregate.call
        for position, argument in enumerate(aggregate.arguments):
            call = call.replace(f'"¤{position}"', names[argument])
        return call

    def _per_deal(self, expanded: str) -> str:
        """One line a unit and deal (and segment): its credit under each condition, and each argument's first value."""
        pairs = sorted(
            {
                (self.arguments[argument], self.conditions[aggregate.condition])
                for aggregate in self.aggregates
                for argument in aggregate.arguments
            }
        )
        columns = [
            f"CASE WHEN count(*) FILTER (WHERE {flag}) = 0 THEN NULL WHEN unit = {ORGANISATION} THEN 1 "
            f"ELSE CAST(least(1, sum(_share) FILTER (WHERE {flag})) AS {_CREDIT}) END AS c_{flag}"
            for flag in self.conditions.values()
        ]
        columns += [f"arg_min({name}, _row) FILTER (WHERE {flag}) AS {name}_{flag}" for name, flag in pairs]
        if not self.by_segment:
            return f"(SELECT unit, {', '.join(columns)} FROM {expanded} GROUP BY unit, _deal) AS deals"
        segment = f"CASE WHEN GROUPING(_segment) = 1 THEN '{ALL_SEGMENTS}' ELSE _segment END AS _segment"
        sets = "GROUPING SETS ((unit, _deal), (unit, _deal, _segment))"
        return f"(SELECT unit, {segment}, {', '.join(columns)} FROM {expanded} GROUP BY {sets}) AS deals"


def _aggregates(plan: MetricPlan) -> Iterator[Aggregate]:
    for _, reckoning in plan.reckonings():
        yield from reckoning.aggregates
    yield plan.rows
    if plan.respondents:
        yield plan.respondents
