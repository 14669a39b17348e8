"""What a series' months follow besides chance: a season, a line, their neighbours; all units at once.

Each is looked for in the presence of a step at any of the last twelve months: a real shift must not pass for a trend or
for likeness to the month before, or the chart would adjust away what it is there to show. The bounds were chosen on
simulated series of 36 months, so that the plain chart's false alarms in autocorrelated, seasonal and trending series
fall to 3% of months, and nine tenths of its power against a shift in independent months stay; `benchmarks.signals`
measures both.

Does not belong here: limits and signals (`adjusted`), the regressions (`regression`), changes (`transforms.change`).
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from transforms.numbers import Flags, Floats, Ints
from transforms.signals.regression import (
    ABSENT,
    Design,
    Fit,
    Sums,
    calendar_months,
    design_of,
    fit,
    mean_and_spread,
    sums_of,
)

FEWEST_MONTHS: Final = 15
"""With fewer values nothing is adjusted for: it could not be told from chance."""

SEASON_CHANCE: Final = 0.01
TREND_OVER_FLAT: Final = 7.0
TREND_OVER_STEP: Final = -2.7
"""A line is a trend where it explains this much more than a level, and about as much as a level and a step: both in
n · log of the ratio of squared residuals. A step of two standard deviations seldom looks so much like a line."""

LEAST_LIKENESS: Final = 0.05
LIKENESS_BOUND: Final = 0.36
LIKENESS_MONTHS: Final = 7.8
"""Likeness of neighbours is found above 0.36 − 7.8 / months, at least 0.05: with few months less can be asked for."""
WEIGHT_WITHOUT_STEP: Final = 0.35
WEIGHT_STEP: Final = 0.55
WEIGHT_LONG_STEP: Final = 0.12
LONG_STEP: Final = 4
CLEAR_STEP: Final = 6.0
MOST_AUTOCORRELATION: Final = 0.9

_CHUNK: Final = 2048
_TINY: Final = 1e-9
_NO_RIDGE: Final = 1e-6
_FEWEST_FREE: Final = 6
_YEAR_OVER_YEAR: Final = 8
"""A season is looked for where at least so many calendar months have values in two years."""


@dataclass(frozen=True, slots=True)
class Structure:
    """What was found, a unit each: `trend`, `season`, `autocorrelation` (0 where not found); and units × months: the
    `mean` (level, line and season) and `spread`, by which a residual differs from the noise since the mean was fitted
    to it (below 1) or not (above 1). Mean is NaN and spread 1 where there is neither line nor season."""

    trend: Flags
    season: Flags
    autocorrelation: Floats
    mean: Floats
    spread: Floats


def find_structure(values: Floats, months: Ints, group: Ints, baseline: Flags) -> Structure:
    """The structure of each unit (units × months; missing is NaN) in the months of `baseline`.

    `months` are the columns' month numbers; `group` counts the restarts, each of which gives the series a new level.
    """
    chunks = (slice(first, first + _CHUNK) for first in range(0, max(len(values), 1), _CHUNK))
    restarts = int(group.max(initial=0))
    parts = [_find(values[rows], months, group[rows], baseline[rows], restarts) for rows in chunks]
    return Structure(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Structure)))


def _find(values: Floats, months: Ints, group: Ints, baseline: Flags, restarts: int) -> Structure:
    used = baseline & np.isfinite(values)
    count = used.sum(axis=1)
    centre, scale = _centre_and_scale(values, used, count)
    scaled = np.where(used, (values - centre[:, None]) / scale[:, None], 0.0)
    able = (count >= FEWEST_MONTHS) & np.isfinite(scale)
    design = design_of(months, group, used, restarts)
    sums = sums_of(design, scaled)
    none = np.full(len(count), ABSENT)
    flat = fit(design, sums, scaled, none, None)
    line = fit(design, sums, scaled, np.zeros(len(count)), None)
    season, ridge = _season(design, sums, scaled, months, line.left_with_step)
    season &= able
    rows = np.flatnonzero(season)
    if len(rows):
        part = design.of(rows), sums.of(rows), scaled[rows]
        flat = flat.replaced(rows, fit(*part, none[rows], ridge[rows]))
        line = line.replaced(rows, fit(*part, np.zeros(len(rows)), ridge[rows]))
    trend = able & _is_trend(flat, line, used)
    likeness = np.where(able, _likeness(flat, line, trend, used), 0.0)
    mean, spread = np.full(values.shape, np.nan), np.ones(values.shape)
    rows = np.flatnonzero(trend | season)
    if len(rows):
        ridges = np.where(trend, 0.0, ABSENT)[rows], np.where(season, ridge, ABSENT)[rows]
        fitted, spread[rows] = mean_and_spread(design.of(rows), sums.of(rows), *ridges)
        mean[rows] = centre[rows, None] + scale[rows, None] * fitted
    return Structure(trend, season, likeness, mean, spread)


def _centre_and_scale(values: Floats, used: Flags, count: Ints) -> tuple[Floats, Floats]:
    """Mean and standard deviation; infinite where what varies is no more than rounding."""
    divisor = np.maximum(count, 1)
    centre = np.where(used, values, 0).sum(axis=1) / divisor
    scale = np.sqrt((np.where(used, values - centre[:, None], 0) ** 2).sum(axis=1) / divisor)
    return centre, np.where((scale > np.abs(centre) * _TINY) & np.isfinite(scale), scale, np.inf)


def _season(design: Design, sums: Sums, scaled: Floats, months: Ints, without: Floats) -> tuple[Flags, Floats]:
    """Whether calendar months differ beyond chance (F test, beside a line and a step), and the ridge that shrinks them.

    The ridge is noise over season, from the F ratio: calendar months that barely differ beyond chance shrink most
    (empirical Bayes; Efron and Morris 1973).
    """
    from scipy.special import fdtrc

    seen = design.used.astype(np.float64) @ calendar_months(months)
    names = (seen > 0).sum(axis=1)
    free = design.used.sum(axis=1) - names - design.season.start
    able = (free >= _FEWEST_FREE) & ((seen > 1).sum(axis=1) >= _YEAR_OVER_YEAR)
    rows = np.flatnonzero(able)
    with_it = without.copy()
    if len(rows):
        part = design.of(rows), sums.of(rows), scaled[rows]
        with_it[rows] = fit(*part, np.zeros(len(rows)), np.full(len(rows), _NO_RIDGE)).left_with_step
    free, extra = np.maximum(free, 1), np.maximum(names - 1, 1)
    ratio = np.maximum(without - with_it, 0) / extra / (np.maximum(with_it, _TINY) / free)
    years = seen.sum(axis=1) / np.maximum(names, 1)
    return able & (fdtrc(extra, free, ratio) < SEASON_CHANCE), years / np.maximum(ratio - 1, 0.1)


def _is_trend(flat: Fit, line: Fit, used: Flags) -> Flags:
    carried = np.maximum(_unbiased(_lag_one(line.residuals_with_step, used), used), 0)
    # Months that resemble their neighbours drift by themselves: a line then explains less than it seems to.
    weight = used.sum(axis=1) * (1 - carried) / (1 + carried)
    over_flat = weight * _log_ratio(flat.left, line.left)
    over_step = weight * _log_ratio(flat.left_with_step, line.left)
    trend: Flags = (over_flat > TREND_OVER_FLAT) & (over_step > TREND_OVER_STEP)
    return trend


def _likeness(flat: Fit, line: Fit, trend: Flags, used: Flags) -> Floats:
    """The autocorrelation of what line and season leave, where more speaks for it than for a step, which looks like it.

    The lag-one correlation with the best step taken out says most; then what it is without; against it, what the step
    explains. The weights come from a logistic fit of simulated autocorrelated series against steps in noise.
    """
    count = used.sum(axis=1)
    plain, stepped = (
        _chosen(trend, line.residuals, flat.residuals),
        _chosen(trend, line.residuals_with_step, flat.residuals_with_step),
    )
    explained = np.where(trend, _log_ratio(line.left, line.left_with_step), _log_ratio(flat.left, flat.left_with_step))
    long = np.where(trend, line.step_months, flat.step_months) >= LONG_STEP
    without_step, with_step = _lag_one(plain, used), _lag_one(stepped, used)
    score = with_step + WEIGHT_WITHOUT_STEP * without_step - WEIGHT_STEP * explained + WEIGHT_LONG_STEP * long
    asked = np.maximum(LIKENESS_BOUND - LIKENESS_MONTHS / np.maximum(count, 1), LEAST_LIKENESS)
    estimate = _unbiased(np.where(count * explained > CLEAR_STEP, with_step, without_step), used)
    return np.where(score > asked, np.clip(estimate, 0, MOST_AUTOCORRELATION), 0.0)


def _chosen(rows: Flags, yes: Floats, no: Floats) -> Floats:
    return np.where(rows[:, None], yes, no)


def _lag_one(residuals: Floats, used: Flags) -> Floats:
    """How much a month resembles the one before, as a correlation; 0 where nothing is left."""
    pairs = (used[:, 1:] & used[:, :-1]).sum(axis=1)
    total = (residuals**2).sum(axis=1)
    varies = total > _TINY
    lagged = (residuals[:, 1:] * residuals[:, :-1]).sum(axis=1) / np.where(varies, total, 1)
    return np.where(varies, lagged * used.sum(axis=1) / (pairs + 1), 0)


def _unbiased(lag_one: Floats, used: Flags) -> Floats:
    """Corrected for what fitting took from it: about (2 + 4 r) / n (Kendall 1954, and a little for a step)."""
    corrected: Floats = lag_one + (2 + 4 * lag_one) / np.maximum(used.sum(axis=1), 4)
    return corrected


def _log_ratio(larger: Floats, smaller: Floats) -> Floats:
    ratio: Floats = np.log(np.maximum(larger, _TINY)) - np.log(np.maximum(smaller, _TINY))
    return ratio
