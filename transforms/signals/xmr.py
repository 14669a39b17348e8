"""The plain XmR chart of NHS England's Making Data Count, for all units at once.

Limits lie at mean ± 2.66 × mean moving range, the near lines at two thirds of that. Screening leaves out, in one pass,
moving ranges of 3.267 times their mean or more. A restart begins everything anew; a baseline may be fixed on the first
points after it. Source of every detail: the outputs of the R package NHSRplotthedots 0.2.2.

Does not belong here: series with a season, a trend or months that resemble their neighbours (`adjusted`), and which
restarts and targets there are.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

import numpy as np

from transforms.numbers import Flags, Floats, Ints
from transforms.signals.rules import RUN_POINTS, TREND_POINTS, Positions, point_types, special_causes, variations

LIMIT: Final = 2.66
NEAR: Final = 2 / 3
SCREEN: Final = 3.267
SHORT_GROUP: Final = 13
"""Fewer months than this since the last restart: limits are still uncertain, and the chart says so."""


class Assurance(IntEnum):
    """Whether the expectation lies beyond the latest month's limits."""

    NONE = 0
    ALWAYS_MET = 1
    ALWAYS_MISSED = 2
    INCONSISTENT = 3
    NOT_ENOUGH_VARIATION = 4


class Adjustment(IntFlag):
    """What a chart's mean and limits allow for; PLAIN: nothing."""

    PLAIN = 0
    TREND = 1
    SEASON = 2
    AUTOCORRELATION = 4


@dataclass(frozen=True, slots=True)
class ControlChart:
    """A chart a unit. Units × months: `group` (0 before the first restart), `mean` and limits in the metric's own unit
    (NaN where there are none), `outside`, `near` (between near line and limit), `side` of the mean (1, 0, -1),
    `special_cause` (SpecialCause), `point_type` (PointType), `short_group`. One value a unit: `variation` (Variation)
    of the latest month, `assurance` (Assurance), `adjusted_for` (Adjustment); `run_points`, `trend_points`: how many
    neighbours on one side of the mean, or each above (or below) the last, make a signal.
    """

    group: Ints
    mean: Floats
    lower: Floats
    upper: Floats
    near_lower: Floats
    near_upper: Floats
    outside: Flags
    side: Ints
    near: Flags
    special_cause: Ints
    point_type: Ints
    short_group: Flags
    variation: Ints
    assurance: Ints
    adjusted_for: Ints
    run_points: Ints
    trend_points: Ints


@dataclass(frozen=True, slots=True)
class Lines:
    """Mean and distance from it to the limits and near lines, units × months; NaN where there are none."""

    mean: Floats
    limit: Floats
    near: Floats


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a chart's rules allow for, a unit each: `adjusted_for` (Adjustment), and how many points each rule asks."""

    adjusted_for: Ints
    run_points: Ints
    trend_points: Ints


def plain_rules(units: int) -> Allowance:
    """Seven points, adjusted for nothing."""
    return Allowance(
        np.zeros(units, dtype=np.int64),
        np.full(units, RUN_POINTS, dtype=np.int64),
        np.full(units, TREND_POINTS, dtype=np.int64),
    )


def control_chart(
    values: Floats,
    *,
    restarts: Flags | None = None,
    good: Ints | None = None,
    target: Floats | None = None,
    fix_after: Ints | None = None,
    screen: bool = True,
) -> ControlChart:
    """The plain chart of each unit, from its months (units × months, newest last, missing is NaN).

    `restarts` (units × months): months at which everything begins anew. `good`, a unit each: 1 up is good, -1 down,
    0 neither (the default). `target`: units × months, or one a unit; NaN is none. `fix_after`, a unit each: the limits
    come from so many first months of each group; 0 is all. A missing month breaks moving ranges and runs.
    """
    known = known_values(values)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        group = groups(known, restarts)
        baseline = np.isfinite(known) & fixed_baseline(known, group, fix_after)
        lines = plain_lines(known, group, baseline, screen=screen)
        return judge(known, known, group, lines, good=good, target=target)


def known_values(values: Floats) -> Floats:
    """A copy, units × months; what is not finite is missing."""
    known = np.array(values, dtype=np.float64, order="C", ndmin=2)
    known[~np.isfinite(known)] = np.nan
    return known


def groups(values: Floats, restarts: Flags | None) -> Ints:
    """How many restarts there were up to each month."""
    if restarts is None:
        return np.zeros(values.shape, dtype=np.int64)
    return np.cumsum(restarts, axis=1, dtype=np.int64)


def fixed_baseline(values: Floats, group: Ints, fix_after: Ints | None) -> Flags:
    """Months that limits come from: the first `fix_after` of each group, counted from its first month with a value."""
    if fix_after is None:
        return np.ones(values.shape, dtype=np.bool_)
    counted = np.zeros(values.shape, dtype=np.int64)
    before = np.zeros(len(values), dtype=np.int64)
    for month in range(values.shape[1]):
        if month:
            before = np.where(group[:, month] == group[:, month - 1], before, 0)
        before = before + ((before > 0) | np.isfinite(values[:, month]))
        counted[:, month] = before
    limit = np.where(fix_after > 0, fix_after, values.shape[1])
    return counted <= limit[:, None]


def plain_lines(values: Floats, group: Ints, baseline: Flags, *, screen: bool) -> Lines:
    """The flat mean and limits of each group, measured on the months of `baseline`."""
    ranges, pairs = moving_ranges(values, group, baseline)
    mean, average = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    for number in range(int(group.max(initial=0)) + 1):
        rows = np.flatnonzero((group == number).any(axis=1))
        part = group[rows] == number
        middle = mean_where(values[rows], part & baseline[rows])
        spread = average_range(ranges[rows], part & pairs[rows], screen=screen)
        mean[rows] = np.where(part, middle[:, None], mean[rows])
        average[rows] = np.where(part, spread[:, None], average[rows])
    limit = LIMIT * average
    return Lines(mean, limit, limit * NEAR)


def moving_ranges(values: Floats, group: Ints, baseline: Flags) -> tuple[Floats, Flags]:
    """The step from the month before without its sign, units × months, and which of them count: both months in
    `baseline` and in one group."""
    ranges = np.full(values.shape, np.nan)
    ranges[:, 1:] = np.abs(values[:, 1:] - values[:, :-1])
    pairs = np.zeros(values.shape, dtype=np.bool_)
    pairs[:, 1:] = baseline[:, 1:] & baseline[:, :-1] & (group[:, 1:] == group[:, :-1])
    return ranges, pairs


def average_range(ranges: Floats, use: Flags, *, screen: bool) -> Floats:
    """The mean moving range of each unit, screened once if asked; NaN where none is left."""
    average = mean_where(ranges, use)
    if not screen:
        return average
    return mean_where(ranges, use & (ranges < SCREEN * average[:, None]))


def mean_where(values: Floats, use: Flags) -> Floats:
    """The mean of each unit's chosen months; NaN where there are none. A second pass takes out rounding."""
    count = use.sum(axis=1)
    divisor = np.where(count > 0, count, 1)
    mean = np.where(use, values, 0.0).sum(axis=1) / divisor
    mean = mean + np.where(use, values - mean[:, None], 0.0).sum(axis=1) / divisor
    return np.where(count > 0, mean, np.nan)


def judge(
    values: Floats,
    level: Floats,
    group: Ints,
    lines: Lines,
    *,
    good: Ints | None,
    target: Floats | None,
    allowance: Allowance | None = None,
) -> ControlChart:
    """The whole chart from where its lines lie. `level` is what the trend rule looks at."""
    units = len(values)
    good = np.zeros(units, dtype=np.int64) if good is None else good
    allowed = plain_rules(units) if allowance is None else allowance
    lower, upper = lines.mean - lines.limit, lines.mean + lines.limit
    near_lower, near_upper = lines.mean - lines.near, lines.mean + lines.near
    outside = (values > upper) | (values < lower)
    near = ~outside & ((values > near_upper) | (values < near_lower)) & np.isfinite(upper)
    away = values - lines.mean
    side = np.sign(np.where(np.isfinite(away), away, 0)).astype(np.int64)
    causes = special_causes(Positions(level, group, side, outside, near, allowed.run_points, allowed.trend_points))
    types = point_types(causes, good)
    last = slice(-1, None)
    has_value: Flags = np.isfinite(values[:, last]).sum(axis=1) > 0
    cause, kind = causes[:, last].sum(axis=1), types[:, last].sum(axis=1)
    return ControlChart(
        group,
        lines.mean,
        lower,
        upper,
        near_lower,
        near_upper,
        outside,
        side,
        near,
        causes,
        types,
        _short_groups(values, group),
        variations(cause, kind, has_value),
        _assurance(lower[:, last], upper[:, last], good, target),
        allowed.adjusted_for,
        allowed.run_points,
        allowed.trend_points,
    )


def _short_groups(values: Floats, group: Ints) -> Flags:
    """Months of a group in which fewer than 13 months have a value."""
    short = np.zeros(values.shape, dtype=np.bool_)
    for number in range(int(group.max(initial=0)) + 1):
        part = group == number
        short |= part & ((part & np.isfinite(values)).sum(axis=1) < SHORT_GROUP)[:, None]
    return short


def _assurance(lower: Floats, upper: Floats, good: Ints, target: Floats | None) -> Ints:
    """Each unit's expectation of the latest month against that month's limits (units × 1, or no month at all)."""
    if target is None or not lower.shape[1]:
        return np.zeros(len(good), dtype=np.int64)
    wanted = target if target.ndim == 1 else target[:, -1]
    low, high = lower[:, -1], upper[:, -1]
    reached = np.where(wanted < low, good, np.where(wanted > high, -good, 0))
    found = np.select(
        [~np.isfinite(low), reached > 0, reached < 0],
        [Assurance.NOT_ENOUGH_VARIATION, Assurance.ALWAYS_MET, Assurance.ALWAYS_MISSED],
        Assurance.INCONSISTENT,
    )
    return np.where((good == 0) | ~np.isfinite(wanted), int(Assurance.NONE), found).astype(np.int64)
