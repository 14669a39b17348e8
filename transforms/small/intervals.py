"""95% intervals of a rate, a count, a mean and a median, for all units at once, however small the numbers.

Rates and counts: score intervals with ends moved outwards where exact coverage would fall below 93%
(`transforms.small.corrections`). Means: Student's t, or Hall's transformation where the group's skewness is known.
Medians: order statistics with interpolation.

Where nothing is known the interval says so: 0 to 1 for a rate of nothing, 0 to infinity for a count without exposure,
minus to plus infinity for the mean of one value or the median of four. What is not a number gives not a number.

Does not belong here: comparing units (`transforms.small.compare`); two intervals that overlap decide nothing.
"""

from typing import Final

import numpy as np

from transforms.numbers import Flags, Floats, Ints
from transforms.small.corrections import (
    CORRECTED,
    TABULATED,
    Z,
    count_corrections,
    large_corrections,
    rate_corrections,
    score_of_count,
    wilson,
)

LEVEL: Final = 0.95

Interval = tuple[Floats, Floats]

_T_TABLE = 400
_FEWEST_FOR_MEDIAN = 5
_MILD = 0.35
"""Skewness of a mean (a third of the values' over the root of their number) that the transformation copes with."""


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def rate_interval(numerators: Floats, denominators: Floats) -> Interval:
    """Low and high of the true share, 0 to 1; any shape. Numerators are taken to lie within the denominators.

    Exact coverage is at least 93% at every true share and any whole number of responses, and 95% or more on average.
    Numerators that are not whole (weights) are treated like the whole ones around them.
    """
    numerators, denominators = _broadcast(numerators, denominators)
    known = (denominators > 0) & np.isfinite(denominators)
    total = np.where(known, denominators, 1.0)
    top = np.clip(np.where(known, numerators, 0.0), 0, total)
    low, high = wilson(top, total)
    low = low * _rate_factor(top, total)
    high = 1 - (1 - high) * _rate_factor(total - top, total)
    share = top / total
    low, high = np.minimum(low, share), np.maximum(high, share)
    return _or_unknown(low, high, known, ~np.isfinite(numerators + denominators) | (denominators < 0), 1.0)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def count_interval(counts: Floats, exposures: Floats) -> Interval:
    """Low and high of the true number of events per unit of exposure; any shape. Coverage as for rates."""
    counts, exposures = _broadcast(counts, exposures)
    known = (exposures > 0) & np.isfinite(exposures)
    events = np.maximum(np.where(known, counts, 0.0), 0)
    low, high = score_of_count(np.nan_to_num(events))
    low = np.minimum(low * _looked_up(count_corrections(), np.nan_to_num(events)), events)
    exposed = np.where(known, exposures, 1.0)
    missing = ~np.isfinite(counts + exposures) | (exposures < 0)
    return _or_unknown(low / exposed, high / exposed, known, missing, np.inf)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def mean_interval(means: Floats, deviations: Floats, counts: Floats, skewness: Floats | float = 0.0) -> Interval:
    """Low and high of the true mean, from means, standard deviations (of n - 1) and numbers of values; any shape.

    `skewness`: the third standardised moment of single values where it is known, best from the whole peer group.
    Without it few values of a skewed quantity are covered too seldom: of log-normal amounts with a standard
    deviation of 1 in the logarithm, ten values are covered 84% of the time (`python -m benchmarks.small`).
    Source: P. Hall, On the removal of skewness by transformation, J. R. Statist. Soc. B 54 (1992).
    """
    means, deviations = _broadcast(means, deviations)
    means, counts = _broadcast(means, counts)
    deviations = np.broadcast_to(deviations, means.shape)
    known = counts >= 2  # noqa: PLR2004 one value shows no spread
    number = np.where(known, counts, 2.0)
    quantile = _t_quantile(number)
    bend = np.clip(np.broadcast_to(skewness, means.shape) / (3 * np.sqrt(number)), -1, 1)
    error = deviations / np.sqrt(number)
    upward, downward = _unbent(quantile, bend), _unbent(-quantile, bend)
    # Where few values meet much skewness the transformation brings one end too near: then Student's t bounds it.
    part = np.clip((np.abs(bend) - _MILD) / _MILD, 0, 1)
    low = means - error * (upward + part * np.maximum(quantile - upward, 0))
    high = means - error * (downward + part * np.minimum(-quantile - downward, 0))
    missing = ~np.isfinite(means + counts) | (known & ~(np.isfinite(deviations) & (deviations >= 0)))
    return _or_unknown(low, high, known, missing, np.inf, -np.inf)


def median_ranks(counts: Floats) -> Interval:
    """Between which order statistics (counted from 1, with fractions) the 95% interval of a median lies; any shape.

    For whoever has the ordered values elsewhere, as a database has: rank 2.4 is the second value plus 0.4 of the
    distance to the third. Fewer than five values have no such interval (not a number), five cover 93.75%.
    Source: T. Hettmansperger and S. Sheather, Statistics and Probability Letters 4 (1986).
    """
    from scipy.special import bdtr, bdtrik

    number = np.floor(np.where(np.isfinite(counts), np.maximum(counts, 1), 1)).astype(np.int64)
    each, where = np.unique(number, return_inverse=True)
    tail = (1 - LEVEL) / 2
    depth = np.maximum(np.floor(bdtrik(tail, each.astype(np.float64), 0.5)), -1) + 1
    # bdtrik may stand one off where the chance is nearly met.
    depth = np.where((depth > 0) & (bdtr(np.maximum(depth - 1, 0), each, 0.5) > tail), depth - 1, depth)
    outer = 1 - 2 * np.where(depth > 0, bdtr(np.maximum(depth - 1, 0), each, 0.5), 0)
    inner = 1 - 2 * bdtr(depth, each, 0.5)
    part = (outer - LEVEL) / np.where(outer > inner, outer - inner, 1)
    shift = (each - depth) * part / (depth + (each - 2 * depth) * part)
    low = np.where(depth > 0, depth + shift, 1.0)[where].reshape(number.shape)
    low = np.where(np.isfinite(counts) & (number >= _FEWEST_FOR_MEDIAN), low, np.nan)
    return np.asarray(low, dtype=np.float64), np.asarray(number + 1 - low, dtype=np.float64)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def median_interval(values: Floats) -> Interval:
    """Low and high of the true median of each row of values (units × values, missing ones NaN, in any order).

    It assumes nothing of the distribution. Under five values: minus to plus infinity; none: not a number.
    """
    ordered = np.sort(values, axis=1)
    number = np.isfinite(ordered).sum(axis=1)
    low, high = median_ranks(number.astype(np.float64))
    known = number >= _FEWEST_FOR_MEDIAN
    ends = [_at_rank(ordered, np.where(known, rank, 1.0)) for rank in (low, high)]
    return _or_unknown(ends[0], ends[1], known, number == 0, np.inf, -np.inf)


def _at_rank(ordered: Floats, rank: Floats) -> Floats:
    if not ordered.shape[1]:
        return np.full(len(ordered), np.nan)
    first = np.clip(np.floor(rank).astype(np.int64) - 1, 0, ordered.shape[1] - 1)
    next_one = np.minimum(first + 1, ordered.shape[1] - 1)
    part = rank - np.floor(rank)
    lower, upper = (np.take_along_axis(ordered, at[:, np.newaxis], axis=1)[:, 0] for at in (first, next_one))
    between: Floats = np.where(part > 0, lower * (1 - part) + np.where(part > 0, upper, 0) * part, lower)
    return between


def _broadcast(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    a, b = np.broadcast_arrays(np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64))
    return a, b


def _or_unknown(low: Floats, high: Floats, known: Flags, missing: Flags, most: float, least: float = 0.0) -> Interval:
    low, high = np.where(known, low, least), np.where(known, high, most)
    return np.where(missing, np.nan, low), np.where(missing, np.nan, high)


def _rate_factor(count: Floats, total: Floats) -> Floats:
    """The correction for so many of so many."""
    few = total < TABULATED + 0.5
    near = (count > 0) & (few | (count < CORRECTED))
    factor = np.ones(count.shape)
    if not near.any():
        return factor
    top, bottom, small = count[near], total[near], few[near]
    found = np.ones(top.shape)
    if small.any():
        rows = np.clip(np.rint(np.nan_to_num(bottom[small])), 1, TABULATED).astype(np.int64)
        found[small] = _looked_up(rate_corrections(), top[small], rows)
    if not small.all():
        grid, factors = large_corrections()
        after = np.clip(np.searchsorted(grid, bottom[~small]), 1, len(grid) - 1)
        found[~small] = np.minimum(_looked_up(factors, top[~small], after), _looked_up(factors, top[~small], after - 1))
    factor[near] = found
    return factor


def _looked_up(table: Floats, count: Floats, rows: Ints | None = None) -> Floats:
    """The table's factor at a count; at one that is not whole, the smaller of its neighbours'."""
    last = table.shape[-1] - 1
    floor = np.clip(np.floor(count), 0, last).astype(np.int64)
    ceiling = np.clip(np.ceil(count), 0, last).astype(np.int64)
    if rows is None:
        return np.minimum(table[floor], table[ceiling])
    return np.minimum(table[rows, floor], table[rows, ceiling])


def _t_quantile(counts: Floats) -> Floats:
    """97.5% point of Student's t for so many values."""
    from scipy.special import stdtrit

    table = stdtrit(np.maximum(np.arange(_T_TABLE + 1) - 1.0, 1), (1 + LEVEL) / 2)
    whole = np.clip(np.nan_to_num(counts), 2, _T_TABLE)
    first = np.floor(whole).astype(np.int64)
    part = whole - first
    small = table[first] * (1 - part) + table[np.minimum(first + 1, _T_TABLE)] * part
    freedom = np.maximum(np.nan_to_num(counts, posinf=1e300) - 1, 1)
    large = Z + (Z**3 + Z) / (4 * freedom) + (5 * Z**5 + 16 * Z**3 + 3 * Z) / (96 * freedom**2)
    return np.where(counts > _T_TABLE, large, small)


def _unbent(quantile: Floats, bend: Floats) -> Floats:
    """Hall's transformation turned round: where the studentised mean lies when its bent self is `quantile`."""
    safe = np.where(np.abs(bend) < 1e-9, 1.0, bend)  # noqa: PLR2004 as good as no skewness
    return np.where(safe == bend, (np.cbrt(1 + 3 * safe * (quantile - safe / 2)) - 1) / safe, quantile)
