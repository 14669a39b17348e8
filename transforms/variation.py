"""How likely natural variation makes a miss: the evidence behind *ahead* and *below*, for all units at once.

A first honest rule, to be followed by the full control chart. A unit's differences to its expectation vary by
themselves; how much is estimated from its own earlier months by their moving range (Wheeler's d2 = 1.128 for the mean,
0.954 for the median of two), which a lasting shift hardly touches. The latest difference, and the mean of the latest
two to four where all lie on one side, are then measured against that with Student's t. A rate of
counts varies at least as a binomial, a count at least as a Poisson variable. What all units show together (months that
resemble their neighbours, by season or slow waves; large differences that are common) widens it further.

The smallest of these chances is multiplied by the number of looks (Bonferroni): the metrics judged of the unit times
the windows tried. This is conservative: it keeps a person's risk of any false *below* in a month under 5%, at the
price of finding small declines late.

Does not belong here: statuses, sentences, and which metrics or units are judged at all.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from config.models import Unit
from config.months import MONTHS_A_YEAR
from transforms.numbers import Flags, Floats, Ints, round_significant

BASELINE_MONTHS: Final = 24
FEWEST_MONTHS: Final = 8
FEWEST_UNITS: Final = 8
MOST_PERSISTENCE: Final = 0.9
LONGEST_RUN: Final = 4
EVIDENCE: Final = 0.05
NO_SOURCE, TO_EXPECTATION, TO_LAST_YEAR, MONTH_TO_MONTH = 0, 1, 2, 3

_MEAN_RANGE: Final = 1.128
_MEDIAN_RANGE: Final = 0.954
_GROSSLY: Final = 2.0
_NO_VARIATION: Final = 1e-9
_TAILS: Final = (0.0, 1 / 12, 1 / 8, 1 / 6, 1 / 5, 1 / 4, 1 / 3)
"""1 / degrees of freedom of Student distributions, with what was simulated for each: the 95% point of its moving ranges
over their median (series of 24), and how much wider than its own unit the moving ranges make it look."""
_TAIL_RATIOS: Final = (2.77, 2.88, 2.94, 3.04, 3.10, 3.24, 3.53)
_TAIL_SCALES: Final = (1.0, 1.08, 1.125, 1.18, 1.23, 1.305, 1.466)
_FEWEST_RANGES: Final = 2

_Scale = Ints
_ABSOLUTE, _SHARE, _LOG = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Series:
    """A metric's months, units × months, the newest last; missing values are NaN."""

    unit: Unit
    actual: Floats
    expected: Floats
    numerator: Floats
    denominator: Floats
    rows: Floats

    def until(self, months: int, rows: Ints) -> "Series":
        """The first months of some units: what was known then."""
        parts = (self.actual, self.expected, self.numerator, self.denominator, self.rows)
        return Series(self.unit, *(part[rows, :months] for part in parts))


@dataclass(frozen=True, slots=True)
class Habits:
    """How a metric's differences vary in all units together; a lasting shift in a few of them does not show in it.

    `persistence`: how much of a month's difference carries over to the next, 0 to 0.9. Season and slow waves that the
    expectations leave out show here: then months that follow each other say less, and moving ranges see too little.
    `tail`: 0 for normal variation, up to 1/3 where large differences are commoner (1 / degrees of freedom).
    """

    persistence: float = 0.0
    tail: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a difference being more than natural variation, one value a unit.

    `chance`: that natural variation alone shows such a miss (or excess) in any of the looks, 0 to 1; NaN where it
    cannot be measured. `run`: the months whose mean carries it. `months`: the earlier months variation was measured
    on, and `source` on which differences of them. `flat`: they do not vary. `low` and `high`: about where a single
    month would begin to be evidence.
    """

    chance: Floats
    run: Ints
    months: Ints
    source: Ints
    flat: Flags
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class _Baseline:
    spread: Floats
    months: Ints
    source: Ints
    floor: Floats


def weigh(series: Series, looks: Ints, habits: Habits = Habits()) -> Evidence:
    """The evidence in the newest month. `looks` is how many metrics are judged of each unit; see `habits_of`."""
    scale = _scale(series)
    difference = _differences(series, scale)
    levels = _levels(series, scale)
    floor = _floors(series)
    parts = _Parts(series, difference, levels, floor, habits)
    windows = [_window(parts, run) for run in range(1, LONGEST_RUN + 1)]
    tried = sum((window.tried for window in windows), np.zeros(len(looks), dtype=np.int64))
    chances = np.stack([window.chance for window in windows])
    best = chances.argmin(axis=0)
    total = np.maximum(looks * tried, 1)
    first = windows[0]
    chance = np.where(first.tried > 0, np.minimum(chances.min(axis=0) * total, 1), np.nan)
    enough = (first.baseline.months >= FEWEST_MONTHS) & np.isfinite(difference[:, -1])
    low, high = _limits(series, scale, first, total, habits.tail)
    flat = enough & (first.tried == 0)
    return Evidence(chance, best + 1, first.baseline.months, first.baseline.source, flat, low, high)


def habits_of(series: Series) -> Habits:
    """What all units together show; plain normal noise with fewer than 8 units to learn from."""
    values = _differences(series, _scale(series))[:, -(BASELINE_MONTHS + 1) : -1]
    months = np.isfinite(values).sum(axis=1)
    values, months = values[months >= FEWEST_MONTHS], months[months >= FEWEST_MONTHS]
    if len(values) < FEWEST_UNITS:
        return Habits()
    # Counts have tails of their own, which are computed exactly.
    tail = 0.0 if series.unit in {Unit.COUNT, Unit.PERCENT} else _tail(values)
    return Habits(_persistence(values, float(np.median(months))), tail)


def _persistence(values: Floats, length: float) -> float:
    """The median of the units' lag-1 autocorrelations, corrected for its bias; 0 where it could be chance."""
    centred = values - np.nanmean(values, axis=1, keepdims=True)
    total = np.nansum(centred**2, axis=1)
    varies = total > _NO_VARIATION
    lagged = np.nansum(centred[:, 1:] * centred[:, :-1], axis=1)[varies] / total[varies]
    if len(lagged) < FEWEST_UNITS:
        return 0.0
    middle = float(np.median(lagged))
    by_chance = 2 * np.sqrt(np.pi / 2) / np.sqrt(length * len(lagged)) - 1 / length
    return float(np.clip(middle + (1 + 3 * middle) / length, 0, MOST_PERSISTENCE)) if middle > by_chance else 0.0


def _tail(values: Floats) -> float:
    """1 / degrees of freedom of a Student distribution whose moving ranges are spread as these are; 0 is normal.

    Judged by their 95% point against their median, each unit's ranges against its own mean; only what exceeds chance.
    """
    ranges = np.abs(np.diff(values, axis=1))
    mean = np.nanmean(np.where(np.isfinite(ranges).any(axis=1, keepdims=True), ranges, 0), axis=1, keepdims=True)
    relative = (ranges / np.where(mean > _NO_VARIATION, mean, np.nan)).ravel()
    relative = relative[np.isfinite(relative)]
    if not len(relative) or np.median(relative) <= 0:
        return 0.0
    ratio = np.quantile(relative, 0.95) / np.median(relative)
    if ratio <= _TAIL_RATIOS[0] * (1 + 3.6 / np.sqrt(len(relative))):
        return 0.0
    return float(np.interp(ratio, _TAIL_RATIOS, _TAILS))


# -- differences ---------------------------------------------------------------------------------------------------


def _scale(series: Series) -> _Scale:
    """Points for percent and scores; a ratio's logarithm for money and hours where it has one; else a share."""
    count = len(series.actual)
    if series.unit in {Unit.PERCENT, Unit.SCORE}:
        return np.full(count, _ABSOLUTE)
    if series.unit is Unit.COUNT:
        return np.full(count, _SHARE)
    recent = slice(-(BASELINE_MONTHS + LONGEST_RUN), None)
    low = (series.actual[:, recent] <= 0) | (series.expected[:, recent] <= 0)
    return np.where(low.any(axis=1), _SHARE, _LOG)


def _differences(series: Series, scale: _Scale) -> Floats:
    """Actual against expectation, each month; equal to ten digits is equal."""
    actual, expected = round_significant(series.actual), round_significant(series.expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(expected == 0, np.nan, (actual - expected) / np.abs(expected))
        log = np.log(actual / expected)
    kind = scale[:, np.newaxis]
    chosen = np.where(kind == _ABSOLUTE, actual - expected, np.where(kind == _SHARE, share, log))
    return np.where(np.isfinite(chosen), chosen, np.nan)


def _levels(series: Series, scale: _Scale) -> Floats:
    """Actuals on the scale of the differences, for units whose expectations have no past."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = series.actual / np.abs(series.expected[:, -1:])
        log = np.log(series.actual)
    kind = scale[:, np.newaxis]
    chosen = np.where(kind == _ABSOLUTE, series.actual, np.where(kind == _SHARE, share, log))
    return np.where(np.isfinite(chosen), chosen, np.nan)


def is_rate_of_counts(series: Series) -> Flags:
    """Units whose share counts something out of something: whole numerators within whole denominators."""
    if series.unit is not Unit.PERCENT:
        return np.zeros(len(series.actual), dtype=bool)
    top, bottom = series.numerator, series.denominator
    fits = (top == np.floor(top)) & (bottom == np.floor(bottom)) & (top >= 0) & (top <= bottom)
    given = np.isfinite(top) & np.isfinite(bottom)
    return np.asarray((fits | ~given).all(axis=1) & given[:, -1], dtype=bool)


def _floors(series: Series) -> Floats:
    """The least a difference varies (its variance), by month: binomial for rates of counts, Poisson for counts."""
    floor = np.zeros_like(series.actual)
    with np.errstate(divide="ignore", invalid="ignore"):
        if series.unit is Unit.COUNT:
            level = np.where(np.isfinite(series.expected), series.expected, series.actual)
            floor = 1 / np.maximum(np.abs(level), 1)
        elif series.unit is Unit.PERCENT:
            top, bottom = np.nan_to_num(series.numerator[:, :-1]), np.nan_to_num(series.denominator[:, :-1])
            # An expectation of 100% allows no variation at all; what the unit usually does always shows some.
            own = (top.sum(axis=1) + 0.5) / (bottom.sum(axis=1) + 1)
            asked = np.clip(np.where(np.isfinite(series.expected), series.expected, series.actual), 0, 1)
            product = np.maximum(asked * (1 - asked), (own * (1 - own))[:, np.newaxis])
            floor = np.where(is_rate_of_counts(series)[:, np.newaxis], product / series.denominator, 0)
    return np.where(np.isfinite(floor), floor, 0)


# -- spread --------------------------------------------------------------------------------------------------------


def _baseline(difference: Floats, levels: Floats, floor: Floats, stop: int) -> _Baseline:
    """Spread of the months before position `stop`: of differences to expectation, or of what comes nearest."""
    start = max(stop - BASELINE_MONTHS, 0)
    seasonal = np.full_like(levels, np.nan)
    seasonal[:, MONTHS_A_YEAR:] = levels[:, MONTHS_A_YEAR:] - levels[:, :-MONTHS_A_YEAR]
    options = [part[:, start:stop] for part in (difference, seasonal, levels)]
    counts = [np.isfinite(part).sum(axis=1) for part in options]
    source = np.select([count >= FEWEST_MONTHS for count in counts], [TO_EXPECTATION, TO_LAST_YEAR, MONTH_TO_MONTH], 0)
    pick = source[:, np.newaxis]
    chosen = np.where(pick == TO_LAST_YEAR, options[1], np.where(pick == MONTH_TO_MONTH, options[2], options[0]))
    there = np.isfinite(chosen)
    months = there.sum(axis=1)
    least = np.where(there, floor[:, start:stop], 0).sum(axis=1) / np.maximum(months, 1)
    return _Baseline(_moving_range_spread(chosen), months, source, least)


def _moving_range_spread(values: Floats) -> Floats:
    """Standard deviation from moving ranges of what is there; from their median where the mean differs grossly."""
    if values.shape[1] <= _FEWEST_RANGES:
        return np.zeros(len(values))
    order = np.argsort(~np.isfinite(values), axis=1, kind="stable")
    ranges = np.abs(np.diff(np.take_along_axis(values, order, axis=1), axis=1))
    count = np.isfinite(ranges).sum(axis=1)
    mean = np.nansum(ranges, axis=1) / np.maximum(count, 1) / _MEAN_RANGE
    ordered = np.sort(ranges, axis=1)
    middle = np.stack([np.maximum(count - 1, 0) // 2, np.maximum(count, 1) // 2], axis=1)
    median = np.take_along_axis(ordered, middle, axis=1).mean(axis=1) / _MEDIAN_RANGE
    usual = (count > 0) & (median > _NO_VARIATION) & (mean > _GROSSLY * median)
    return np.where(count > 0, np.where(usual, median, mean), 0)


# -- chances -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Parts:
    """What every window needs."""

    series: Series
    difference: Floats
    levels: Floats
    floor: Floats
    habits: Habits


@dataclass(frozen=True, slots=True)
class _Window:
    """A run of months: one-sided chance (1 where it says nothing), whether it was tried, deviation of its mean."""

    chance: Floats
    tried: Ints
    deviation: Floats
    baseline: _Baseline


def _window(parts: _Parts, run: int) -> _Window:
    from scipy.special import stdtr

    difference, floor = parts.difference, parts.floor
    base = _baseline(difference, parts.levels, floor, difference.shape[1] - run)
    # Where months resemble their neighbours, moving ranges see only a part of the variation, and a run's mean varies
    # nearly as much as a single month.
    carry, tail = parts.habits.persistence, parts.habits.tail / run
    shared = 1 + 2 * sum((1 - gap / run) * carry**gap for gap in range(1, run))
    between = np.maximum(base.spread**2 / (1 - carry) - base.floor, 0)
    variance = between / run * shared + floor[:, -run:].sum(axis=1) / run**2
    deviation = np.sqrt(variance) * np.sqrt(1 + 1 / np.maximum(base.months, 1))
    latest = difference[:, -run:]
    measurable = (base.months >= FEWEST_MONTHS) & np.isfinite(latest).all(axis=1) & (deviation > _NO_VARIATION)
    measurable &= latest.shape[1] == run
    side = np.sign(difference[:, -1])
    one_side = measurable & (side != 0) & (np.sign(latest) == side[:, np.newaxis]).all(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.abs(latest.mean(axis=1)) / deviation
    by_spread = stdtr(_freedom(base, tail), -distance * np.interp(tail, _TAILS, _TAIL_SCALES))
    chance = np.maximum(by_spread, _exact_tail(parts.series, side, run))
    return _Window(np.where(one_side, chance, 1.0), measurable.astype(np.int64), deviation, base)


def _freedom(base: _Baseline, tail: float) -> Floats:
    """Degrees of freedom: of the estimated spread, and of the variation's own tails."""
    # Where large differences are common, the spread itself is known less well.
    return 1 / ((1 + 3 * tail) / np.maximum(base.months - 1, 1) + tail)


def _exact_tail(series: Series, side: Floats, run: int) -> Floats:
    """The chance counting alone gives, where the figure counts something and its expectation is a possible rate.

    Small counts are far from normal; 0 where there is nothing to count.
    """
    # scipy.stats has the same functions and takes a second to import.
    from scipy.special import bdtr, bdtrc, pdtr, pdtrc

    actual, expected = series.actual[:, -run:], series.expected[:, -run:]
    if series.unit is Unit.COUNT:
        total, mean = actual.sum(axis=1), expected.sum(axis=1)
        fits = (total == np.floor(total)) & (total >= 0) & (mean > 0)
        total, mean = np.where(fits, total, 1.0), np.where(fits, mean, 1.0)
        tail = np.where(side < 0, pdtr(total, mean), np.where(total > 0, pdtrc(total - 1, mean), 1))
    elif series.unit is Unit.PERCENT:
        top, bottom = series.numerator[:, -run:].sum(axis=1), series.denominator[:, -run:].sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = (expected * series.denominator[:, -run:]).sum(axis=1) / bottom
        fits = is_rate_of_counts(series) & (rate > 0) & (rate < 1)
        top, rate = np.where(fits, top, 0.0), np.where(fits, rate, 0.5)
        size = np.where(fits, bottom, 1.0).astype(np.int64)
        tail = np.where(side < 0, bdtr(top, size, rate), np.where(top > 0, bdtrc(top - 1, size, rate), 1))
    else:
        return np.zeros(len(side))
    return np.where(fits & np.isfinite(tail), tail, 0.0)


def _limits(series: Series, scale: _Scale, window: _Window, total: Ints, tail: float) -> tuple[Floats, Floats]:
    """About where a single month begins to be evidence, below and above its expectation."""
    from scipy.special import stdtrit

    reach = -stdtrit(_freedom(window.baseline, tail), EVIDENCE / total) * window.deviation
    reach = reach / np.interp(tail, _TAILS, _TAIL_SCALES)
    reach = np.where(window.tried > 0, reach, np.nan)
    expected = series.expected[:, -1]
    step = np.where(scale == _ABSOLUTE, reach, reach * np.abs(expected))
    low = np.where(scale == _LOG, expected * np.exp(-reach), expected - step)
    high = np.where(scale == _LOG, expected * np.exp(np.minimum(reach, 100)), expected + step)
    return low, high


# -- trend ---------------------------------------------------------------------------------------------------------

TREND_MONTHS: Final = 12
FEWEST_TREND_MONTHS: Final = 10
TREND_CHANCE: Final = 0.01


def trends(actual: Floats) -> np.ndarray:
    """`rising`, `falling` or nothing over the last 12 months, by Mann-Kendall (two-sided p < 0.01, ≥ 10 months).

    Source: Mann 1945, Kendall 1975; the variance is not reduced for ties, which errs towards saying nothing.
    """
    from scipy.special import ndtri

    recent = actual[:, -TREND_MONTHS:]
    count = np.isfinite(recent).sum(axis=1)
    score = np.zeros(len(recent))
    for gap in range(1, recent.shape[1]):
        score += np.nansum(np.sign(recent[:, gap:] - recent[:, :-gap]), axis=1)
    variance = count * (count - 1) * (2 * count + 5) / 18
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (score - np.sign(score)) / np.sqrt(variance)
    carried = (count >= FEWEST_TREND_MONTHS) & (np.abs(z) > -ndtri(TREND_CHANCE / 2))
    return np.where(carried, np.where(score > 0, "rising", "falling"), "").astype(object)
