"""The four rules of NHS England's Making Data Count, on units × months, and what each point is called by them.

In order of precedence: outside the limits; part of a strict trend of seven points (six differences, a tie breaks it);
two of three neighbours beyond two thirds of the limits on one side of the mean; seven neighbours on one side of it.
Checked against the outputs of the R package NHSRplotthedots 0.2.2. A missing month breaks every run, and so does a
restart.

Does not belong here: where the mean and the limits lie (`xmr`, `adjusted`).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from transforms.numbers import Flags, Floats, Ints

TREND_POINTS: Final = 7
RUN_POINTS: Final = 7
"""How many neighbours on one side of the mean make a signal, where months do not resemble their neighbours."""

_OF_THREE: Final = 3


class SpecialCause(IntEnum):
    """Why a point stands out; odd is high or rising, even is low or falling."""

    NONE = 0
    ABOVE_LIMIT = 1
    BELOW_LIMIT = 2
    RISING = 3
    FALLING = 4
    TWO_OF_THREE_ABOVE = 5
    TWO_OF_THREE_BELOW = 6
    RUN_ABOVE = 7
    RUN_BELOW = 8


class PointType(IntEnum):
    """What a point's special cause means for the metric; neutral where neither direction is good."""

    COMMON_CAUSE = 0
    IMPROVEMENT = 1
    CONCERN = 2
    NEUTRAL_HIGH = 3
    NEUTRAL_LOW = 4


class Variation(IntEnum):
    """What the latest month shows. NONE: it has no value."""

    NONE = 0
    COMMON_CAUSE = 1
    IMPROVEMENT_HIGH = 2
    IMPROVEMENT_LOW = 3
    CONCERN_HIGH = 4
    CONCERN_LOW = 5
    NEUTRAL_HIGH = 6
    NEUTRAL_LOW = 7


@dataclass(frozen=True, slots=True)
class Positions:
    """Where the points lie, units × months: `level` (for trends; missing is NaN) and its `group` between restarts,
    `side` of the mean (1, 0, -1; 0 where missing), `outside` the limits, `near` them. `run_points`, a unit each:
    neighbours on one side that make a signal; `trend_points` likewise: neighbours each above (or below) the last."""

    level: Floats
    group: Ints
    side: Ints
    outside: Flags
    near: Flags
    run_points: Ints
    trend_points: Ints


def special_causes(at: Positions) -> Ints:
    """The `SpecialCause` of each point, units × months."""
    high = at.side > 0
    step = _steps(at)
    trend = _in_trend(step, at)
    # Source's rule: where the next point is in a trend too, its step counts; a tie there counts as falling.
    onward = np.zeros_like(step)
    onward[:, :-1] = step[:, 1:]
    next_trend = np.zeros_like(trend)
    next_trend[:, :-1] = trend[:, 1:] & (at.group[:, 1:] == at.group[:, :-1])
    rising = np.where(next_trend, onward, step) > 0
    causes = np.zeros(at.side.shape, dtype=np.int64)
    # The weakest first, so that the stronger overwrite it.
    causes = np.where(_in_run(at), np.where(high, SpecialCause.RUN_ABOVE, SpecialCause.RUN_BELOW), causes)
    two = np.where(high, SpecialCause.TWO_OF_THREE_ABOVE, SpecialCause.TWO_OF_THREE_BELOW)
    causes = np.where(_two_of_three(at), two, causes)
    causes = np.where(trend, np.where(rising, SpecialCause.RISING, SpecialCause.FALLING), causes)
    return np.where(at.outside, np.where(high, SpecialCause.ABOVE_LIMIT, SpecialCause.BELOW_LIMIT), causes)


def point_types(causes: Ints, good: Ints) -> Ints:
    """The `PointType` of each point; `good` is each unit's good direction: 1 up, -1 down, 0 neither."""
    direction = directions(causes)
    oriented = direction * good[:, None]
    typed = np.where(oriented > 0, PointType.IMPROVEMENT, np.where(oriented < 0, PointType.CONCERN, 0))
    neutral = np.where(direction > 0, PointType.NEUTRAL_HIGH, np.where(direction < 0, PointType.NEUTRAL_LOW, 0))
    return np.where(good[:, None] == 0, neutral, typed).astype(np.int64)


def directions(causes: Ints) -> Ints:
    """1 for high or rising, -1 for low or falling, 0 for no special cause."""
    return np.where(causes == 0, 0, np.where(causes % 2 == 1, 1, -1)).astype(np.int64)


def variations(causes: Ints, types: Ints, has_value: Flags) -> Ints:
    """The `Variation` of each unit from its last month's cause and type; `has_value` says whether it has a value."""
    high = directions(causes) > 0
    names = np.full(len(causes), int(Variation.COMMON_CAUSE), dtype=np.int64)
    for kind, above, below in (
        (PointType.IMPROVEMENT, Variation.IMPROVEMENT_HIGH, Variation.IMPROVEMENT_LOW),
        (PointType.CONCERN, Variation.CONCERN_HIGH, Variation.CONCERN_LOW),
        (PointType.NEUTRAL_HIGH, Variation.NEUTRAL_HIGH, Variation.NEUTRAL_HIGH),
        (PointType.NEUTRAL_LOW, Variation.NEUTRAL_LOW, Variation.NEUTRAL_LOW),
    ):
        names = np.where(types == kind, np.where(high, above, below), names)
    return np.where(has_value, names, int(Variation.NONE))


def _steps(at: Positions) -> Ints:
    """The sign of the step from the month before: 0 where there is none, or a restart or a missing month between."""
    step = np.zeros(at.level.shape, dtype=np.int64)
    difference = at.level[:, 1:] - at.level[:, :-1]
    known = np.isfinite(difference) & (at.group[:, 1:] == at.group[:, :-1])
    step[:, 1:] = np.where(known, np.sign(np.where(known, difference, 0)), 0)
    return step


def _in_trend(step: Ints, at: Positions) -> Flags:
    """Points in a strict trend of `trend_points` or more, its first point too."""
    steps = _run_lengths(step, at.group) >= (at.trend_points - 1)[:, None]
    part = steps.copy()
    part[:, :-1] |= steps[:, 1:]
    return part


def _in_run(at: Positions) -> Flags:
    """Points in a run of `run_points` or more on one side of the mean."""
    return _run_lengths(at.side, at.group) >= at.run_points[:, None]


def _run_lengths(sign: Ints, group: Ints) -> Ints:
    """How many neighbours of one sign (and one group) each point stands among; 0 for sign 0."""
    months = sign.shape[1]
    goes_on = np.zeros(sign.shape, dtype=np.bool_)
    goes_on[:, 1:] = (sign[:, 1:] == sign[:, :-1]) & (group[:, 1:] == group[:, :-1]) & (sign[:, 1:] != 0)
    length: Ints = (sign != 0).astype(np.int64)
    for month in range(1, months):
        length[:, month] += np.where(goes_on[:, month], length[:, month - 1], 0)
    # Back again: every point of a run gets the length that the run has in the end.
    for month in range(months - 2, -1, -1):
        length[:, month] = np.where(goes_on[:, month + 1], length[:, month + 1], length[:, month])
    return length


def _two_of_three(at: Positions) -> Flags:
    """Points near a limit that are one of two or three such among three neighbours on one side of the mean."""
    part = np.zeros_like(at.near)
    for month in range(_OF_THREE - 1, at.near.shape[1]):
        window = slice(month - _OF_THREE + 1, month + 1)
        found = (at.near[:, window].sum(axis=1) >= _OF_THREE - 1) & (
            np.abs(at.side[:, window].sum(axis=1)) == _OF_THREE
        )
        found &= at.group[:, month] == at.group[:, month - _OF_THREE + 1]
        part[:, window] |= found[:, None]
    return part & at.near
