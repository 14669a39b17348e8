"""Limits of p and u charts: wider the smaller the month's denominator, for all units at once.

The centre is the unit's own level over its baseline; each month's limits lie three standard deviations of its own
denominator from it, times the unit's overdispersion from moving ranges of the standardised months (D. Laney, Improved
control charts for attributes, Quality Engineering 14 (2002)). Two things are done differently. Overdispersion is never
taken below 1, since a count of few varies at least by chance, and counts only as far as it stands out from chance. The
limits follow the skewness of small numbers (Cornish-Fisher; A. Winterbottom, Quality and Reliability Engineering
International 9 (1993); G. Chen, J. Quality Technology 30 (1998)); where not a single failure, or not a single event,
is no surprise, there is no limit on that side at all.

Does not belong here: runs and trends on a chart (`transforms.signals`), and comparisons of units.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.numbers import Flags, Floats, Ints

WIDTH: Final = 3.0

_MEAN_RANGE = 1.128
_RANGE_ERROR = 1.65
"""Standard error of a variance from the moving ranges of normal values, times the root of their number."""
_SKEW = (WIDTH**2 - 1) / 6
_SURPRISE = np.log(0.00135)
"""Logarithm of the chance beyond a limit of normal values."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Units × months, in the rate's own unit; NaN where a month has no denominator or its unit no baseline.

    `outside`: 1 above the upper limit, -1 below the lower, 0 within or unknown. A limit that cannot be crossed stands
    at 0 or 1. `near_lower` and `near_upper` stand at two thirds. One entry a unit: `dispersion` (how many times the
    standard deviation of chance, 1 and more) and `months` (baseline months it was measured on).
    """

    centre: Floats
    lower: Floats
    upper: Floats
    near_lower: Floats
    near_upper: Floats
    outside: Ints
    dispersion: Floats
    months: Ints


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def rate_limits(
    numerators: Floats, denominators: Floats, *, baseline: Flags | None = None, centre: Floats | None = None
) -> Limits:
    """p charts of shares (units × months). `baseline`: the months that set level and spread; all where not given.

    A chart that restarts at a re-based month has the months from there on as its baseline, a fixed one its first.
    `centre`: a given level (units), instead of the baseline's own.
    """
    top, size, there = _filled(numerators, denominators)
    top = np.minimum(top, size)
    used = there if baseline is None else there & baseline
    level = _level(top, size, used) if centre is None else np.clip(centre, 0, 1)
    variance = (level * (1 - level))[:, np.newaxis] / np.where(there, size, 1)
    return _limits(top, size, there, used, level, variance, bounded=True)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def count_limits(
    counts: Floats, exposures: Floats, *, baseline: Flags | None = None, centre: Floats | None = None
) -> Limits:
    """u charts of events per unit of exposure (units × months); arguments as for rates."""
    top, size, there = _filled(counts, exposures)
    used = there if baseline is None else there & baseline
    level = _level(top, size, used) if centre is None else np.maximum(centre, 0)
    variance = level[:, np.newaxis] / np.where(there, size, 1)
    return _limits(top, size, there, used, level, variance, bounded=False)


def _filled(tops: Floats, bottoms: Floats) -> tuple[Floats, Floats, Flags]:
    there = np.isfinite(tops) & np.isfinite(bottoms) & (bottoms > 0)
    return np.maximum(np.where(there, tops, 0.0), 0), np.where(there, bottoms, 0.0), there


def _level(top: Floats, size: Floats, used: Flags) -> Floats:
    total = np.where(used, size, 0).sum(axis=1)
    return np.where(total > 0, np.where(used, top, 0).sum(axis=1) / np.where(total > 0, total, 1), np.nan)


def _limits(
    top: Floats, size: Floats, there: Flags, used: Flags, level: Floats, variance: Floats, *, bounded: bool
) -> Limits:
    rate = top / np.where(there, size, 1)
    known = there & np.isfinite(level)[:, np.newaxis]
    error = np.sqrt(np.where(known, variance, 0))
    middle = np.where(np.isfinite(level), level, 0)[:, np.newaxis]
    standard = np.where(known & (error > 0), (rate - middle) / np.where(error > 0, error, 1), 0.0)
    dispersion = _dispersion(standard, used)
    wide = WIDTH * error * dispersion[:, np.newaxis]
    skew = 1 - 2 * middle if bounded else np.ones_like(middle)
    lean = _SKEW * skew * (2 * dispersion**2 - 1)[:, np.newaxis] / np.where(there, size, 1)
    none, all_of_them = _extremes(middle, dispersion[:, np.newaxis], bounded=bounded)
    lower = np.where(size * none > _SURPRISE, 0.0, np.clip(middle - wide + lean, 0, middle))
    upper = np.maximum(middle + wide + lean, middle)
    if bounded:
        upper = np.where(size * all_of_them > _SURPRISE, 1.0, np.minimum(upper, 1))
    outside = np.where(known, (rate > upper).astype(np.int64) - (rate < lower), 0)
    near_lower, near_upper = (middle + (end - middle) * 2 / 3 for end in (lower, upper))
    centre, lower, upper, near_lower, near_upper = (
        np.where(known, part, np.nan) for part in (middle, lower, upper, near_lower, near_upper)
    )
    return Limits(centre, lower, upper, near_lower, near_upper, outside, dispersion, used.sum(axis=1))


def _extremes(level: Floats, dispersion: Floats, *, bounded: bool) -> tuple[Floats, Floats]:
    """Logarithm of the chance of none at all, and of nothing but, per response; less certain with overdispersion."""
    excess = dispersion**2 - 1
    certain = np.where(excess > 1e-9, np.log1p(excess) / np.where(excess > 1e-9, excess, 1), 1.0)  # noqa: PLR2004
    if not bounded:
        return -level * certain, np.full_like(level, -np.inf)
    inner = np.clip(level, 1e-300, 1)
    return np.log1p(-np.minimum(level, 1 - 1e-16)) * certain, np.log(inner) * certain


def _dispersion(standard: Floats, used: Flags) -> Floats:
    """Standard deviation of the standardised baseline months by their mean moving range; 1 and more."""
    months = standard.shape[1]
    if months < 2:  # noqa: PLR2004 a range needs two
        return np.ones(len(standard))
    count = used.sum(axis=1)
    if not used.all():
        order = np.argsort(~used, axis=1, kind="stable")
        standard = np.take_along_axis(standard, order, axis=1)
    there = np.arange(1, months) < count[:, np.newaxis]
    ranges = np.where(there, np.abs(np.diff(standard, axis=1)), 0.0)
    variance = (ranges.sum(axis=1) / np.maximum(count - 1, 1) / _MEAN_RANGE) ** 2
    excess = np.maximum(variance - 1, 0)
    # Chance alone gives many a unit some excess; it counts as far as it stands out from that.
    by_chance = _RANGE_ERROR / np.sqrt(np.maximum(count, 1))
    return np.asarray(np.sqrt(1 + excess**3 / (excess**2 + by_chance**2)), dtype=np.float64)
