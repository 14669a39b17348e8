"""Expectations by rule, month by month: one that follows last year needs to know whether last year's was met.

Does not belong here: expectations written in tables, and sums over parts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from config.models import Direction, ExpectationRule, RuleKind, Unit, UnitKind
from config.months import MONTHS_A_YEAR
from transforms.expectations.world import World, day_number
from transforms.numbers import Flags, Floats, Ints, round_significant

NOTHING: Final = -1
FIRST_RULE: Final = -2
"""`source` below 0: rule n is written FIRST_RULE - n."""
MET, MISSED, NOT_EXPECTED = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Expected:
    """All expectations, units × metrics × months.

    `source` is the position of a table's value, or a rule (see FIRST_RULE), or NOTHING. `detail` is what the value was
    made from: last year's actual, full-time equivalents, or working days. `last_year` says how last year's month went
    (MET, MISSED, NOT_EXPECTED; 0 where the rule does not ask).
    """

    value: Floats
    source: np.ndarray
    detail: Floats
    last_year: np.ndarray


@dataclass(frozen=True, slots=True)
class _Given:
    """What a rule gives all units in one month; NaN where it gives nothing."""

    value: Floats
    detail: Floats
    last_year: np.ndarray


def in_force(world: World, rule: ExpectationRule, at: int) -> bool:
    """Whether the rule speaks of the month, and was set before it ended. A rule set later is no one's surprise."""
    month = world.axis[at]
    if (rule.start and month < rule.start) or (rule.end and month > rule.end):
        return False
    return rule.set_on is None or rule.set_on <= min(month.last_day, world.report_month.last_day)


def covers(world: World, rule: ExpectationRule, unit: int, metric: int, at: int) -> bool:
    """Whether a complete rule speaks of this unit, metric and month (positions)."""
    return bool(
        rule.why and rule.owner and rule.set_on and rule.metric == world.metrics[metric] and in_force(world, rule, at)
        and world.kinds[unit] in rule.unit_kinds and (not rule.units or world.ids[unit] in rule.units)
    )  # fmt: skip


def apply_rules(world: World, written: Mapping[tuple[int, int, int], float]) -> Expected:
    """Written values first, then for each month in order what the rules in their order give where nothing is yet."""
    shape = world.actual.shape
    result = Expected(
        np.full(shape, np.nan), np.full(shape, NOTHING, dtype=np.int32), np.full(shape, np.nan),
        np.zeros(shape, dtype=np.int8),
    )  # fmt: skip
    if written:
        places = tuple(np.array(list(written), dtype=np.int64).T)
        result.value[places] = list(written.values())
        result.source[places] = np.arange(len(written))
    rules = [
        (number, rule, world.metrics.index(rule.metric))
        for number, rule in enumerate(world.config.expectations.rules)
        if rule.metric in world.metrics and rule.why and rule.owner and rule.set_on
    ]
    for at in world.positions:
        for number, rule, metric in rules:
            if not in_force(world, rule, at):
                continue
            given = _given(world, rule, metric, at, result.value)
            taken = np.isnan(result.value[:, metric, at]) & np.isfinite(given.value)
            result.value[taken, metric, at] = given.value[taken]
            result.source[taken, metric, at] = FIRST_RULE - number
            result.detail[taken, metric, at] = given.detail[taken]
            result.last_year[taken, metric, at] = given.last_year[taken]
    return result


def rule_gives(world: World, rule: ExpectationRule, at: int, expected: Floats) -> Floats:
    """What a rule would give each unit in a month, whether or not it is complete."""
    return _given(world, rule, world.metrics.index(rule.metric), at, expected).value


def _given(world: World, rule: ExpectationRule, metric: int, at: int, expected: Floats) -> _Given:
    match rule.rule:
        case RuleKind.LAST_YEAR:
            given = _last_year(world, rule, metric, at, expected)
        case RuleKind.FIXED:
            same = np.full(len(world.ids), np.nan if rule.value is None else float(rule.value))
            given = _Given(same, same, _no_state(world))
        case RuleKind.PER_ROLE:
            given = _per_role(world, rule, metric, at)
        case _:
            given = _per_share(world, rule, metric, at)
    value = np.where(_asked(world, rule, metric, at), round_significant(given.value), np.nan)
    return _Given(value, given.detail, given.last_year)


def _no_state(world: World) -> np.ndarray:
    return np.zeros(len(world.ids), dtype=np.int8)


def _asked(world: World, rule: ExpectationRule, metric: int, at: int) -> Flags:
    """Units the rule speaks of that have someone in them in the month."""
    asked = world.exists[:, at] & np.isin(world.kinds, [kind.value for kind in rule.unit_kinds])
    if rule.units:
        asked &= np.isin(world.ids, list(rule.units))
    if rule.roles:
        associate = world.kinds == UnitKind.ASSOCIATE.value
        # Where values add up, a team is asked for what its people with these roles are asked for.
        sums = rule.rule not in {RuleKind.LAST_YEAR, RuleKind.FIXED} and world.extensive[metric]
        asked &= np.where(associate, np.isin(roles_at(world, at), list(rule.roles)), sums)
    return asked


# -- last year ---------------------------------------------------------------------------------------------------


def _last_year(world: World, rule: ExpectationRule, metric: int, at: int, expected: Floats) -> _Given:
    before = at - MONTHS_A_YEAR
    if before < 0:
        nothing = np.full(len(world.ids), np.nan)
        return _Given(nothing, nothing, _no_state(world))
    actual = round_significant(world.actual[:, metric, before])
    asked = round_significant(expected[:, metric, before])
    direction = world.metric(metric).good
    growth = float(rule.growth)
    if direction is Direction.DOWN:
        met, factor = actual <= asked, 1 - growth
    elif direction is Direction.UP:
        met, factor = actual >= asked, 1 + growth
    else:
        met, factor = np.isfinite(asked), 1 + growth
    state = np.where(np.isnan(asked), NOT_EXPECTED, np.where(met, MET, MISSED)).astype(np.int8)
    value = np.where(state == MET, actual * factor, actual)
    if world.metric(metric).unit is Unit.PERCENT and not bool(np.any(world.actual[:, metric, :at] > 1)):
        value = np.minimum(value, 1)  # A share that was never above 100% cannot be asked to be.
    return _Given(value, actual, np.where(np.isfinite(value), state, 0).astype(np.int8))


# -- by role, full-time equivalent and working day ----------------------------------------------------------------


def _overlaps(world: World, at: int) -> tuple[Ints, Ints]:
    """First day, and the day after the last, on which each piece lies in the month; empty ones have first ≥ last."""
    month = world.axis[at]
    first = np.maximum(world.pieces["from_day"].to_numpy(dtype=np.int64), day_number(month.first_day))
    stop = np.minimum(world.pieces["to_day"].to_numpy(dtype=np.int64), day_number(month.end))
    return first, np.maximum(first, stop)


def roles_at(world: World, at: int) -> np.ndarray:
    """Each associate's role on the month's last day (or the last day they were there); empty for other units."""
    pieces = world.pieces
    first, stop = _overlaps(world, at)
    own = (pieces["unit"].to_numpy() == pieces["associate"].to_numpy()) & (stop > first)
    order = np.argsort(stop[own], kind="stable")
    roles = np.full(len(world.ids), "", dtype=object)
    # Of several assignments to one place the last one stays.
    roles[pieces["unit"].to_numpy()[own][order]] = pieces["role"].to_numpy(dtype=object)[own][order]
    return roles


def _per_role(world: World, rule: ExpectationRule, metric: int, at: int) -> _Given:
    values = {role: float(value) for role, value in rule.values.items()}
    roles = roles_at(world, at)
    own = np.array([values.get(role, np.nan) for role in roles], dtype=np.float64)
    if rule.roles:
        own = np.where(np.isin(roles, list(rule.roles)), own, np.nan)
    member = own[world.pieces["associate"].to_numpy(dtype=np.int64)]
    first, stop = _overlaps(world, at)
    days = np.where(np.isfinite(member), stop - first, 0).astype(np.float64)
    total = _sum_by_unit(world, np.nan_to_num(member) * days)
    people_days = _sum_by_unit(world, days)
    divisor = float(world.axis[at].days) if world.extensive[metric] else people_days
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(people_days > 0, total / divisor, np.nan)
    return _Given(value, people_days / world.axis[at].days, _no_state(world))


def _per_share(world: World, rule: ExpectationRule, metric: int, at: int) -> _Given:
    """A value for each full-time equivalent, or for each working day, that somebody was there."""
    value = np.nan if rule.value is None else float(rule.value)
    if not world.extensive[metric]:
        same = np.full(len(world.ids), value)
        return _Given(same, same, _no_state(world))
    first, stop = _overlaps(world, at)
    if rule.rule is RuleKind.PER_FTE:
        fte = np.nan_to_num(world.pieces["fte"].to_numpy(dtype=np.float64))
        share = (stop - first) * fte / world.axis[at].days
    else:
        days = np.busday_count(first.astype("datetime64[D]"), stop.astype("datetime64[D]"), holidays=world.holidays)
        share = days.astype(np.float64)
    if rule.roles:
        wanted = np.isin(roles_at(world, at), list(rule.roles))
        share = share * wanted[world.pieces["associate"].to_numpy(dtype=np.int64)]
    total = _sum_by_unit(world, share)
    return _Given(np.where(total > 0, value * total, np.nan), total, _no_state(world))


def _sum_by_unit(world: World, weights: Floats) -> Floats:
    unit = world.pieces["unit"].to_numpy(dtype=np.int64)
    return np.bincount(unit, weights=weights, minlength=len(world.ids)).astype(np.float64)
