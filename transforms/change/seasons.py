"""The season of a series: how much each place in the cycle lies above the cycle's mean, where that is evident.

Short series (up to five cycles) have no year to spare: season and level are fitted at once, the level as a straight
line or with the one step that explains most, whether or not that means anything, so that a late change is not taken for
season. Longer ones are measured against the mean of the cycle around each point, by the median over cycles, whatever
their level does. Evident is what an analysis of variance makes less than 1% likely by chance. A season is drawn in by
what chance contributes to it.

Does not belong here: whether the level changed.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.change.prepare import NO_VARIATION, row_median
from transforms.change.scan import FEWEST_AFTER, FEWEST_BEFORE
from transforms.numbers import Floats, Ints

_LONG_CYCLES: Final = 5
_SPARE: Final = 2
"""Points beyond two cycles from which on a season is looked for."""
_FEWEST_EACH: Final = 2
_CHANCE: Final = 0.01
_OUTLYING: Final = 3.0
_NORMAL_MEDIAN: Final = 0.6745


def season(values: Floats, phase: Ints, period: int, *, steps: bool = True) -> Floats:
    """Each row's season (rows × period), 0 where none is evident; `values` with gaps as NaN, of a size about 1.

    `phase`: each column's place in the cycle. `steps`: False where changes of level are already taken away.
    """
    rows, width = values.shape
    nothing = np.zeros((rows, max(period, 1)))
    if period < _FEWEST_EACH or width < 2 * period + _SPARE or not rows:
        return nothing
    there = np.isfinite(values)
    counts = np.stack([there[:, phase == place].sum(axis=1) for place in range(period)], axis=1)
    usable = (counts >= _FEWEST_EACH).all(axis=1) & (counts.sum(axis=1) >= 2 * period + _SPARE)
    if not usable.any():
        return nothing
    measure = _fitted if width <= _LONG_CYCLES * period else _around
    found = measure(values[usable], phase, period, steps=steps)
    nothing[usable] = found.drawn_in(counts[usable].sum(axis=1) - period - 1, period)
    return nothing


@dataclass(frozen=True, slots=True)
class _Measured:
    """A season (rows × period), what it explains, and what it leaves: sums of squares."""

    season: Floats
    explained: Floats
    left: Floats

    def drawn_in(self, free: Ints, period: int) -> Floats:
        """The season less what chance contributes; 0 where it may be chance altogether."""
        from scipy.special import fdtrc

        free = np.maximum(free, 1)
        ratio = (self.explained / (period - 1)) / np.maximum(self.left / free, NO_VARIATION**2)
        evident = fdtrc(period - 1, free, np.maximum(ratio, 0)) < _CHANCE
        share = np.where(evident, 1 - 1 / np.maximum(ratio, 1), 0)
        return self.season * share[:, np.newaxis]


# -- short series --------------------------------------------------------------------------------------------------


def _fitted(values: Floats, phase: Ints, period: int, *, steps: bool) -> _Measured:
    """Season and level at once, by least squares; a gap is filled with what its place in the cycle usually is."""
    there = np.isfinite(values)
    usual = np.stack([row_median(values[:, phase == place]) for place in range(period)], axis=1)
    filled = np.where(there, values, usual[:, phase])
    places = np.eye(period)[phase]
    shapes = _level_shapes(filled.shape[1], steps=steps)
    with_season, level = _best_level(filled, shapes, places)
    without, _ = _best_level(filled, shapes, np.ones((len(phase), 1)))
    calm = _calmed(filled - level, phase, period)
    means = _phase_means(np.where(there, calm, np.nan), phase, period)
    return _Measured(means - means.mean(axis=1, keepdims=True), without - with_season, with_season)


def _level_shapes(width: int, *, steps: bool) -> Floats:
    """A line, and a step at every place: columns."""
    time = np.arange(width, dtype=np.float64)
    line = (time - time.mean())[:, np.newaxis] / width
    at = np.arange(FEWEST_BEFORE, width - FEWEST_AFTER + 1) if steps else np.zeros(0)
    shapes: Floats = np.concatenate([line, (time[:, np.newaxis] >= at).astype(np.float64)], axis=1)
    return shapes


def _best_level(values: Floats, shapes: Floats, others: Floats) -> tuple[Floats, Floats]:
    """Sum of squares left by the other columns and the one shape that explains most beside them; that shape's part."""
    basis = np.linalg.qr(others)[0]
    rest = shapes - basis @ (basis.T @ shapes)
    size = np.sqrt((rest**2).sum(axis=0))
    rest = rest / np.where(size > NO_VARIATION, size, np.inf)
    along = values @ rest
    best = np.abs(along).argmax(axis=1)
    amount = along[np.arange(len(values)), best]
    left = (values**2).sum(axis=1) - ((values @ basis) ** 2).sum(axis=1) - amount**2
    part = (amount / np.where(size[best] > NO_VARIATION, size[best], np.inf))[:, np.newaxis] * shapes[:, best].T
    return np.maximum(left, 0), part


def _calmed(values: Floats, phase: Ints, period: int) -> Floats:
    """Far outliers from the season drawn in, so that one of them does not become season."""
    means = _phase_means(values, phase, period)[:, phase]
    away = values - means
    reach = (_OUTLYING * row_median(np.abs(away)) / _NORMAL_MEDIAN)[:, np.newaxis]
    return means + np.clip(away, -reach, reach)


def _phase_means(values: Floats, phase: Ints, period: int) -> Floats:
    there = np.isfinite(values)
    places = np.eye(period)[phase]
    means: Floats = (np.where(there, values, 0) @ places) / np.maximum(there @ places, 1)
    return means


# -- long series ---------------------------------------------------------------------------------------------------


def _around(values: Floats, phase: Ints, period: int, *, steps: bool) -> _Measured:  # noqa: ARG001 it adapts
    """Against the mean of the cycle around each point, by the median over cycles."""
    around = values - _cycle_mean(values, period)
    stacked = _by_phase(around, phase, period)
    there = np.isfinite(stacked)
    middle = _medians(stacked)
    middle -= middle.mean(axis=1, keepdims=True)
    left = np.nansum((stacked - middle[:, :, np.newaxis]) ** 2, axis=(1, 2))
    explained = (np.where(there, middle[:, :, np.newaxis], 0) ** 2).sum(axis=(1, 2))
    return _Measured(middle, explained, left)


def _cycle_mean(values: Floats, period: int) -> Floats:
    """The mean of the cycle around each point; at the ends, of the first and last whole cycle that can be had."""
    there = np.isfinite(values)
    sums = np.cumsum(np.pad(np.where(there, values, 0), ((0, 0), (1, 0))), axis=1)
    counts = np.cumsum(np.pad(there.astype(np.float64), ((0, 0), (1, 0))), axis=1)

    def window(start: int, stop: int) -> Floats:
        """Means of `period` points that begin from `start` up to before `stop`."""
        part = counts[:, start + period : stop + period] - counts[:, start:stop]
        total = sums[:, start + period : stop + period] - sums[:, start:stop]
        # Half a cycle has one half of the season only.
        return np.where(part >= period - 1, total / np.maximum(part, 1), np.nan)

    width = values.shape[1]
    means = window(0, width - period + 1)
    half = period // 2
    if period % 2 == 0:
        means = (means[:, :-1] + means[:, 1:]) / 2
    mean = np.full(values.shape, np.nan)
    mean[:, half : half + means.shape[1]] = means
    return mean


def _by_phase(values: Floats, phase: Ints, period: int) -> Floats:
    """Values by place in the cycle: rows × period × cycles."""
    cycle = (np.arange(values.shape[1]) + int(phase[0])) // period
    stacked = np.full((len(values), period, int(cycle.max()) + 1), np.nan)
    stacked[:, phase, cycle] = values
    return stacked


def _medians(stacked: Floats) -> Floats:
    count = np.isfinite(stacked).sum(axis=2)
    ordered = np.sort(stacked, axis=2)
    low = np.take_along_axis(ordered, (np.maximum(count - 1, 0) // 2)[:, :, np.newaxis], axis=2)[:, :, 0]
    high = np.take_along_axis(ordered, np.minimum(count // 2, stacked.shape[2] - 1)[:, :, np.newaxis], axis=2)[:, :, 0]
    return np.where(count > 0, (low + high) / 2, 0)
