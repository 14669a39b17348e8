"""Expectations people wrote in tables: which may be used, and why others may not.

Does not belong here: how a table is laid out (`cells`), and expectations by rule (`rules`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pandas as pd

from config.checks import Severity
from config.models import ExpectationTable, Metric, Unit, UnitKind
from config.months import Month
from transforms.expectations.cells import Cell, cells_of, finding, read_day, read_period, spread
from transforms.expectations.rules import covers
from transforms.expectations.world import World, nearest
from transforms.numbers import plain_number, read_decimal
from transforms.stages import Finding

SURELY_PERCENT = 2
"""A share from here on was meant as percent: 95 is 95%, not 9,500%."""

Key = tuple[int, int, int]
"""Positions of unit, metric and month."""


@dataclass(frozen=True, slots=True)
class Written:
    """A readable value for one unit, metric and month. `table` and `line` order them; `parent` is a unit's position."""

    key: Key
    value: float
    why: str
    owner: str
    set_on: date | None
    parent: int | None
    parent_text: str
    file: str
    table: int
    line: int
    basis: str

    @property
    def origin(self) -> str:
        """table:<file>:<line>, or decision:<day> of what a person accepted."""
        return f"table:{self.file}:{self.line}" if self.line else f"decision:{self.set_on}"


@dataclass(frozen=True, slots=True)
class Unused:
    """An expectation that is not used. `month` is None and `value` NaN where they could not be read."""

    kind: str
    unit: str
    metric: str
    month: Month | None
    value: float
    origin: str
    reason: str


@dataclass(frozen=True, slots=True)
class TableResult:
    """What tables give: one used value a key, what is not used, and findings."""

    used: Mapping[Key, Written]
    unused: tuple[Unused, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Fault:
    code: str
    message: str
    column: str
    value: str
    reason: str


def read_tables(world: World, tables: Mapping[str, pd.DataFrame]) -> TableResult:
    """Read every table of the configuration, in its order."""
    written: list[Written] = []
    unused: list[Unused] = []
    findings: list[Finding] = []
    for number, table in enumerate(world.config.expectations.tables):
        if table.file not in tables:
            findings.append(
                finding("missing_table", f"The table {table.file} was not given: nothing is expected from it.",
                        table.file, 0, "", "", severity=Severity.CRITICAL)
            )  # fmt: skip
            continue
        cells, wrong = cells_of(table, tables[table.file])
        findings += wrong
        for cell in cells:
            _read_cell(world, table, number, cell, written, unused, findings)
    known = _inherited(world, written)
    used, more_unused, more_findings = _choose(world, known)
    return TableResult(used, (*unused, *more_unused), tuple(_once([*findings, *more_findings])))


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """A wrong unit is said once a row, however many months the row has."""
    return list({(f.code, f.file, f.line, f.column, f.value): f for f in findings}.values())


def _read_cell(
    world: World, table: ExpectationTable, number: int, cell: Cell, written: list[Written], unused: list[Unused],
    findings: list[Finding],
) -> None:  # fmt: skip
    set_on = read_day(cell.set_on) if cell.set_on else table.set_on
    if set_on is not None and set_on > world.report_month.last_day:
        return  # Not yet known at the month's end: saying anything of it would look ahead.
    months = read_period(cell.period)
    positions = [at for at in (world.position(month) for month in months or ()) if at is not None]
    if months is not None and not positions:
        return
    result = _resolve(world, cell, months)
    origin = f"table:{table.file}:{cell.line}"
    if isinstance(result, _Fault):
        of: list[Month | None] = [world.axis[at] for at in positions] if positions else [None]
        findings.append(finding(result.code, result.message, table.file, cell.line, result.column, result.value))
        unused.extend(
            Unused(cell.kind, cell.unit, cell.metric, month, _float(cell.value), origin, result.reason) for month in of
        )
        return
    code, metric, amounts = result
    parent = world.any_unit(cell.parent) if cell.parent else None
    if cell.parent and parent is None:
        findings.append(
            finding("unknown_parent", f"“{cell.parent}” is no unit: nothing is inherited from it. Write kind:id, such "
                    "as manager:M1.", table.file, cell.line, "parent", cell.parent)
        )  # fmt: skip
    basis = _basis(world.metric(metric), table.file, cell, len(amounts))
    written.extend(
        Written(
            (code, metric, at), float(amount), cell.why or table.why or "",
            cell.owner or table.owner or "", set_on, parent, cell.parent, table.file, number, cell.line, basis,
        )
        for at, amount in ((world.position(month), amount) for month, amount in amounts) if at is not None
    )  # fmt: skip


def _float(text: str) -> float:
    value = read_decimal(text)
    return float("nan") if value is None else float(value)


def _basis(metric: Metric, file: str, cell: Cell, months: int) -> str:
    if months == 1:
        return f"from {file}, line {cell.line}"
    value = plain_number(_float(cell.value), metric.unit)
    share = "the same in each month" if metric.unit in {Unit.PERCENT, Unit.SCORE} else "by month"
    return f"{value} for {cell.period} {share}, from {file}, line {cell.line}"


def _resolve(
    world: World, cell: Cell, months: tuple[Month, ...] | None
) -> tuple[int, int, list[tuple[Month, Decimal]]] | _Fault:
    """Positions of unit and metric and the value of each month, or the first thing that is wrong."""
    code = _unit(world, cell)
    if isinstance(code, _Fault):
        return code
    metric = world.metric_position(cell.metric)
    if metric is None:
        near = nearest(cell.metric, world.metrics)
        return _Fault("unknown_metric", f"“{cell.metric}” is no metric of metrics.yaml. {near}", "metric", cell.metric,
                      "unknown metric")  # fmt: skip
    if months is None:
        return _Fault("unknown_month", f"“{cell.period}” is no month. Write it as 2026-10, or a quarter as 2026-Q4.",
                      cell.period_column, cell.period, "unknown month")  # fmt: skip
    value = _value(world.metric(metric), cell)
    if isinstance(value, _Fault):
        return value
    spreads = len(months) > 1 and bool(world.additive[metric])
    amounts = spread(value, len(months)) if spreads else (value,) * len(months)
    return code, metric, list(zip(months, amounts, strict=True))


def _unit(world: World, cell: Cell) -> int | _Fault:
    if cell.kind.lower() not in set(UnitKind):
        kinds = ", ".join(UnitKind)
        return _Fault("unknown_unit_kind", f"“{cell.kind}” is no kind of unit: write one of {kinds}.", "unit_kind",
                      cell.kind, "unknown kind of unit")  # fmt: skip
    kind = UnitKind(cell.kind.lower())
    code = world.unit_code(kind, cell.unit)
    if code is not None:
        return code
    near = world.nearest_unit(kind, cell.unit)
    return _Fault("unknown_unit", f"“{cell.unit}” is the id of no {kind}. {near}", "unit", cell.unit,
                  f"unknown {kind}")  # fmt: skip


def _value(metric: Metric, cell: Cell) -> Decimal | _Fault:
    if cell.set_on and read_day(cell.set_on) is None:
        return _Fault("unreadable_date", f"set_on “{cell.set_on}” is no date. Write it as 2026-09-15.", "set_on",
                      cell.set_on, "set_on cannot be read")  # fmt: skip
    value = read_decimal(cell.value)
    reason, code = "value cannot be read", "unreadable_value"
    if value is None:
        message = f"“{cell.value}” is no number. Write it as 1234.5, 1 234.5 or 95%."
    elif metric.unit is not Unit.PERCENT and cell.value.endswith("%"):
        message = f"“{cell.value}” is a percentage, but {metric.label} is counted in {metric.unit}. Write the number."
    elif metric.unit is Unit.PERCENT and abs(value) >= SURELY_PERCENT and not cell.value.endswith("%"):
        message = f"“{cell.value}” would be {value:.0%}. Write {cell.value}%, or a share from 0 to 1."
    else:
        return value
    return _Fault(code, message, cell.column, cell.value, reason)


# -- inheriting -------------------------------------------------------------------------------------------------


def _inherited(world: World, written: list[Written]) -> list[Written]:
    """Why, owner and set_on of a parent's expectation, where a row and its table say nothing."""
    first: dict[Key, Written] = {}
    for one in sorted(written, key=lambda one: (one.table, one.line)):
        first.setdefault(one.key, one)
    return [_filled(world, one, first) for one in written]


def _filled(world: World, one: Written, first: Mapping[Key, Written]) -> Written:
    seen = {one.key}
    filled, parent = one, one.parent
    while parent is not None and not (filled.why and filled.owner and filled.set_on):
        key = (parent, *one.key[1:])
        if key in seen:
            break  # Parents that lead round in a circle have nothing more to give.
        seen.add(key)
        above = first.get(key)
        if above is None:
            rule = next((rule for rule in world.config.expectations.rules if covers(world, rule, *key)), None)
            if rule is not None:
                filled = replace(filled, why=filled.why or rule.why or "", owner=filled.owner or rule.owner or "",
                                 set_on=filled.set_on or rule.set_on)  # fmt: skip
            break
        filled = replace(
            filled, why=filled.why or above.why, owner=filled.owner or above.owner, set_on=filled.set_on or above.set_on
        )
        parent = above.parent
    return filled


# -- choosing ---------------------------------------------------------------------------------------------------


def _choose(world: World, written: list[Written]) -> tuple[dict[Key, Written], list[Unused], list[Finding]]:
    """The one value of each key that counts; every other with the reason why it does not."""
    used: dict[Key, Written] = {}
    unused: list[Unused] = []
    findings: list[Finding] = []
    for (_, key), group in sorted(_grouped(world, written, unused).items()):
        if len({one.value for one in group}) > 1:
            findings.append(_contradiction(world, group))
            lines = ", ".join(str(one.line) for one in group)
            unused.extend(_unused(world, one, f"lines {lines} contradict each other") for one in group)
            continue
        one = min(group, key=lambda one: (not (one.why and one.owner), one.line))
        reason = _why_not(world, one)
        if reason is None and key in used:
            reason = f"{used[key].file} comes first"
        if reason is None:
            used[key] = one
        else:
            unused.append(_unused(world, one, reason))
    return used, unused, findings


def _grouped(world: World, written: list[Written], unused: list[Unused]) -> dict[tuple[int, Key], list[Written]]:
    """By table and key, without what was set too late: that contradicts nobody."""
    groups: dict[tuple[int, Key], list[Written]] = {}
    for one in sorted(written, key=lambda one: (one.table, one.line, one.key)):
        if one.set_on is not None and one.set_on > world.report_month.last_day:
            continue
        if one.set_on is not None and one.set_on > world.axis[one.key[2]].last_day:
            unused.append(_unused(world, one, "set after the month had ended"))
            continue
        groups.setdefault((one.table, one.key), []).append(one)
    return groups


def _why_not(world: World, one: Written) -> str | None:
    missing = [name for name, text in (("why", one.why), ("owner", one.owner), ("set_on", one.set_on)) if not text]
    if missing:
        return f"no {' and no '.join(missing)}"
    if not world.exists[one.key[0], one.key[2]]:
        return "not there in that month"
    return None


def _unused(world: World, one: Written, reason: str) -> Unused:
    code, metric, at = one.key
    return Unused(world.kinds[code], world.ids[code], world.metrics[metric], world.axis[at], one.value, one.origin,
                  reason)  # fmt: skip


def _contradiction(world: World, group: list[Written]) -> Finding:
    code, metric, at = group[0].key
    unit = world.metric(metric).unit
    said = " and ".join(f"{plain_number(one.value, unit)} (line {one.line})" for one in group)
    return finding(
        "contradiction", f"{world.kinds[code]} “{world.ids[code]}” is expected to reach {said} on "
        f"{world.metrics[metric]} in {world.axis[at]}: neither is used. Keep one.", group[0].file, group[-1].line,
        "value", said,
    )  # fmt: skip
