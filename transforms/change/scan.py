"""The likelihood-ratio scan: where a segment of a series most likely changes, and how strongly that is shown.

Noise is taken as autoregressive, so every segment is first filtered by how its points carry over (generalised least
squares): an uncorrelated series has its plain scan, a slow one a much more reserved one. Five descriptions of a segment
are compared by their residual sums of squares: a level; a straight line; a level that steps; a line that steps; a line
that bends. All split points of all segments are tried at once, by running sums from the end.

Source: the likelihood-ratio scan for a mean with autocorrelated noise as in Robbins, Gallagher, Lund and Aue (2011),
"Mean shift testing in correlated data", Journal of Time Series Analysis 32.

Does not belong here: how points carry over (`noise`), which values of the statistic are evidence (`thresholds`), and
what is done with a split (`segments`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.change.carry import ORDER, Filters
from transforms.numbers import Flags, Floats, Ints

STEP, STEP_ON_LINE, BEND = 0, 1, 2
"""A level that steps; a line that steps; a line that bends without a jump."""
FEWEST_AFTER: Final = 3
FEWEST_BEFORE: Final = ORDER
_NOTHING: Final = 1e-12
_EDGE: Final = 1.0
"""How much more a split near an end of its segment must show: this times the logarithm of how unequal its sides are."""
_CHUNK_POINTS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Scan:
    """The best split of each segment, by description: arrays of segments × (step, step on a line, bend).

    `gain`: twice the log likelihood ratio of the split over the same description without one, less what splits near
    the ends must show more; minus infinity where nothing could be tried. `at`: first point of the new regime, counted
    from the segment's first point. `line`: twice the log likelihood ratio of a line over a level, one a segment.
    `spread`: variance of the filtered noise around the level, and around the level that steps, of the segment alone.
    """

    gain: Floats
    at: Ints
    line: Floats
    spread: Floats

    def best(self, kind: Ints) -> tuple[Floats, Ints]:
        """Gain and place of one description for each segment."""
        rows = np.arange(len(kind))
        return self.gain[rows, kind], self.at[rows, kind]


def scan(values: Floats, lengths: Ints, filters: Filters, spread: Floats, weight: float, *, lines: bool = True) -> Scan:
    """The best splits of segments (a row each, left-aligned, `lengths` points; what follows is ignored).

    `spread`, a variance of the filtered noise known from elsewhere, enters each segment's own estimate with the weight
    of `weight` points. Without `lines`, only steps of a level are tried.
    """
    count = len(lengths)
    found = Scan(np.full((count, 3), -np.inf), np.zeros((count, 3), dtype=np.int64), np.zeros(count), np.zeros(count))
    enough = np.flatnonzero(lengths >= FEWEST_BEFORE + FEWEST_AFTER)
    order = enough[np.argsort(lengths[enough], kind="stable")]
    # Parts small enough for the processor's cache, of about the same length.
    start = 0
    while start < len(order):
        rows = order[start : start + max(_CHUNK_POINTS // int(lengths[order[start]]), 1)]
        start += len(rows)
        _scan_into(
            found, rows, values[rows], lengths[rows], filters.at(rows), spread[rows] * weight, weight, lines=lines
        )
    return found


def _scan_into(
    found: Scan, rows: Ints, values: Floats, lengths: Ints, filters: Filters, spare: Floats, weight: float, *,
    lines: bool,
) -> None:  # fmt: skip
    points = lengths[:, np.newaxis]
    width = int(points.max())
    inside = np.arange(width) < points
    filtered = filters.apply(np.where(inside, values[:, :width], 0), inside)
    shapes = _Shapes(inside, points, filters)
    base = _left(filtered, shapes.level)
    along = (base * shapes.line).sum(axis=1, keepdims=True)
    straight = base - along * shapes.line
    extra = spare[:, np.newaxis]
    # Rounding of sums must not pass for variation.
    least = _NOTHING * (filtered**2).sum(axis=1, keepdims=True) + np.finfo(np.float64).tiny
    level = np.maximum((base**2).sum(axis=1, keepdims=True), least) + extra
    line = np.maximum((straight**2).sum(axis=1, keepdims=True), least) + extra
    power = points + weight
    edge = _EDGE * np.log(points / (2 * np.maximum(np.minimum(shapes.time, points - shapes.time), 1)))
    for kind, top, norm, whole in shapes.products(base, straight, level, line, lines=lines):
        possible = shapes.allowed & (norm > _NOTHING * points)
        share = np.where(possible, top**2 / np.where(possible, norm * whole, 1), 0)
        gain = np.where(possible, -power * np.log(np.maximum(1 - share, _NOTHING)) - edge, -np.inf)
        best = gain.argmax(axis=1)
        found.at[rows, kind] = best
        found.gain[rows, kind] = gain[np.arange(len(rows)), best]
        if kind == STEP:
            left = level[:, 0] * (1 - share[np.arange(len(rows)), best])
            found.spread[rows] = np.maximum(left - extra[:, 0], 0) / points[:, 0]
    found.line[rows] = (power * np.log(level / line))[:, 0]


def _left(values: Floats, direction: Floats) -> Floats:
    """What of the values a direction of length one does not explain."""
    rest: Floats = values - (values * direction).sum(axis=1, keepdims=True) * direction
    return rest


class _Shapes:
    """Products of every split's filtered shape with values, and what the level and the line explain of the shape."""

    def __init__(self, inside: Flags, points: Ints, filters: Filters) -> None:
        width = inside.shape[1]
        self.time = np.arange(width, dtype=np.float64)
        self.allowed = (self.time >= FEWEST_BEFORE) & (points - self.time >= FEWEST_AFTER)
        self.rise = filters.rise()
        self.plain = not filters.carries
        self.level = _unit(filters.apply(inside.astype(np.float64), inside))
        centred = np.where(inside, self.time - (points - 1) / 2, 0)
        self.line = _unit(_left(filters.apply(centred, inside), self.level))
        self.after = np.where(inside, points - self.time, 1)

    def products(
        self, base: Floats, straight: Floats, level: Floats, line: Floats, *, lines: bool
    ) -> Iterator[tuple[int, Floats, Floats, Floats]]:
        """By description: its number, every split's product with what is unexplained, its squared length, the whole."""
        norm = self._step_size() - self._step_with(self.level) ** 2
        yield STEP, self._step_with(base), norm, level
        if lines:
            yield STEP_ON_LINE, self._step_with(straight), norm - self._step_with(self.line) ** 2, line
            norm = self._bend_size() - self._bend_with(self.level) ** 2 - self._bend_with(self.line) ** 2
            yield BEND, self._bend_with(straight), norm, line

    # A step filtered is `rise` at its first points, then the last of `rise` for good. A bend is the running sum of it.

    def _step_with(self, values: Floats) -> Floats:
        if self.plain:
            return _tails(values)
        last = self.rise[:, -1:]
        total = last * _tails(values)
        for later in range(ORDER):
            total += (self.rise[:, later : later + 1] - last) * _later(values, later)
        return total

    def _bend_with(self, values: Floats) -> Floats:
        sums, last = np.cumsum(self.rise, axis=1), self.rise[:, -1:]
        tails = _tails(values)
        start = sums[:, -1:] - last * ORDER
        total = last * (_tails(values * self.time) - self.time * tails) + start * tails
        for later in range(ORDER):
            total += (sums[:, later : later + 1] - start - last * later) * _later(values, later)
        return total

    def _step_size(self) -> Floats:
        size = np.cumsum(self.rise**2, axis=1)
        rest = self.after - (ORDER + 1)
        full = size[:, -1:] + rest * self.rise[:, -1:] ** 2
        return np.where(rest >= 0, full, np.take_along_axis(size, np.clip(self.after - 1, 0, ORDER).astype(int), 1))

    def _bend_size(self) -> Floats:
        sums, last = np.cumsum(self.rise, axis=1), self.rise[:, -1:]
        early = np.cumsum(sums**2, axis=1)
        rest = self.after - (ORDER + 1)
        first = sums[:, -1:]
        squares = rest * (rest + 1) * (2 * rest + 1) / 6
        full = early[:, -1:] + rest * first**2 + first * last * rest * (rest + 1) + last**2 * squares
        return np.where(rest >= 0, full, np.take_along_axis(early, np.clip(self.after - 1, 0, ORDER).astype(int), 1))


def _unit(vectors: Floats) -> Floats:
    size = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    return vectors / np.where(size > _NOTHING, size, np.inf)


def _tails(values: Floats) -> Floats:
    """Sums from each point to the end."""
    return np.cumsum(values[:, ::-1], axis=1)[:, ::-1]


def _later(values: Floats, by: int) -> Floats:
    moved = np.zeros_like(values)
    moved[:, : values.shape[1] - by] = values[:, by:]
    return moved
