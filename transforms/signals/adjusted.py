"""The chart of a series with a season, a trend, or months that resemble the one before; and the choice of chart.

The mean follows the line and the season that were found, and the limits follow the mean, so that the chart is drawn in
the metric's own unit. The plain rules then look at what is left. Moving ranges see too little where a month resembles
the one before: limits are widened by 1 / √(1 − r), and longer runs and trends are asked for. Nothing later than the
newest month is read, so a chart made in a month says what could be said then.

Does not belong here: how a season, a line or a likeness is told from chance (`structure`).
"""

from typing import Final

import numpy as np

from transforms.numbers import Flags, Floats, Ints
from transforms.signals.rules import RUN_POINTS, TREND_POINTS
from transforms.signals.structure import Structure, find_structure
from transforms.signals.xmr import (
    LIMIT,
    NEAR,
    Adjustment,
    Allowance,
    ControlChart,
    Lines,
    average_range,
    fixed_baseline,
    groups,
    judge,
    known_values,
    moving_ranges,
    plain_lines,
)

RUN_GROWTH: Final = 1.1
"""A run of 7 / (1 − r)^1.1 on one side is asked for where months are alike by r: simulated, seldomer than one of 7 in
independent months, since r itself is uncertain."""
TREND_GROWTH: Final = 3.0
NEAR_GROWTH: Final = 2.5
"""With r the near lines move out from two thirds towards the limits: (2/3)^(1 − 2.5 r²)."""
UNCERTAINTY: Final = 20.0
"""Limits are 1 + 20 r² / n wider again: likeness estimated from few months is often more than it seems."""

_NO_VARIATION: Final = 1e-9


def signal_chart(
    values: Floats,
    months: Ints,
    *,
    restarts: Flags | None = None,
    good: Ints | None = None,
    target: Floats | None = None,
    fix_after: Ints | None = None,
    screen: bool = True,
    least: Floats | None = None,
) -> ControlChart:
    """Each unit's chart, plain or adjusted as its series asks for; `adjusted_for` says which.

    `months` are the month numbers of the columns, one after the other; all else is as in `control_chart`. A restart
    gives the series a new level; season, line and likeness are learnt from all months. Where screening takes out all
    variation (a count that is nearly always 0) the limits are those without screening. `least` (units × months): how
    far from the mean the limits lie at least, such as chance alone makes a share of few rows vary.
    """
    return _chart(values, months, restarts, good, target, fix_after, screen=screen, keep_width=screen, least=least)


def adjusted_chart(
    values: Floats,
    months: Ints,
    *,
    restarts: Flags | None = None,
    good: Ints | None = None,
    target: Floats | None = None,
    fix_after: Ints | None = None,
    screen: bool = True,
) -> ControlChart:
    """As `signal_chart`, but with limits of no width where screening leaves none, as `control_chart` has them."""
    return _chart(values, months, restarts, good, target, fix_after, screen=screen, keep_width=False)


def _chart(  # noqa: PLR0913 the arguments of the public functions
    values: Floats,
    months: Ints,
    restarts: Flags | None,
    good: Ints | None,
    target: Floats | None,
    fix_after: Ints | None,
    *,
    screen: bool,
    keep_width: bool,
    least: Floats | None = None,
) -> ControlChart:
    known = known_values(values)
    with np.errstate(all="ignore"):
        group = groups(known, restarts)
        baseline = np.isfinite(known) & fixed_baseline(known, group, fix_after)
        found = find_structure(known, np.asarray(months, dtype=np.int64), group, baseline)
        lines = _lines(known, group, baseline, found, screen=screen)
        if keep_width:
            wide = _lines(known, group, baseline, found, screen=False)
            none = lines.limit == 0
            lines = Lines(lines.mean, np.where(none, wide.limit, lines.limit), np.where(none, wide.near, lines.near))
        if least is not None:
            lines = Lines(lines.mean, np.maximum(lines.limit, least), np.maximum(lines.near, least * NEAR))
        return judge(
            known,
            np.where(np.isfinite(found.mean), known - found.mean, known),
            group,
            lines,
            good=good,
            target=target,
            allowance=_allowance(found),
        )


def _allowance(found: Structure) -> Allowance:
    adjusted_for = np.zeros(len(found.trend), dtype=np.int64)
    adjusted_for[found.trend] |= int(Adjustment.TREND)
    adjusted_for[found.season] |= int(Adjustment.SEASON)
    adjusted_for[found.autocorrelation > 0] |= int(Adjustment.AUTOCORRELATION)
    run = np.ceil(RUN_POINTS * (1 - found.autocorrelation) ** -RUN_GROWTH)
    trend = np.round(TREND_POINTS + TREND_GROWTH * found.autocorrelation)
    return Allowance(adjusted_for, run.astype(np.int64), trend.astype(np.int64))


def _lines(values: Floats, group: Ints, baseline: Flags, found: Structure, *, screen: bool) -> Lines:
    """Where mean and limits of each month lie; no limits where a line and a season leave nothing but rounding."""
    plain = plain_lines(values, group, baseline, screen=screen)
    ranges, pairs = moving_ranges((values - found.mean) / found.spread, group, baseline)
    average = average_range(ranges, pairs, screen=screen)
    largest = np.max(np.abs(values), axis=1, initial=0, where=np.isfinite(values))
    average = np.where(average > largest * _NO_VARIATION, average, np.nan)[:, None] * found.spread
    follows = np.isfinite(found.mean)
    likeness = found.autocorrelation[:, None]
    count = np.maximum(baseline.sum(axis=1), 1)[:, None]
    wider = (1 + UNCERTAINTY * likeness**2 / count) / np.sqrt(1 - likeness)
    limit = np.where(follows, LIMIT * average, plain.limit) * wider
    near = NEAR ** np.maximum(1 - NEAR_GROWTH * likeness**2, 0)
    return Lines(np.where(follows, found.mean, plain.mean), limit, limit * near)
