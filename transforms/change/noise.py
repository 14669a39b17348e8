"""How a series' points carry over around its levels, measured so that lasting shifts do not pass for slowness.

A series is first cut where a step explains most (or freed of a straight line where that explains more), once to three
times by its length, whether or not that means anything. The partial autocorrelations of what is left lean towards
nothing carrying over: with few points they are uncertain, and taking too much away costs more power than too little
costs false alarms. `thresholds` makes up for it.

Does not belong here: season and outliers (`prepare`), and the scan itself.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.change.carry import ORDER, Filters
from transforms.change.scan import STEP, scan
from transforms.numbers import Flags, Floats, Ints

_CUT_AGAIN: Final = (72, 240)
"""From these lengths on, series are cut once more."""
_LEAST, _MOST = -0.4, 0.9
_LEAN: Final = 0.1
_LEAN_POINTS: Final = 60
"""Up to so many points the filter takes away less than is seen; the more there are beyond, the nearer what is true."""
_HALFWAY: Final = 20
"""With so many points, half of what is measured beyond the first partial autocorrelation is believed."""
_LARGEST_LATER: Final = 0.8
_LOST, _LOST_SHARE, _LEAST_KEPT = 1.5, 4.5, 0.6
"""What cutting takes from the lag-1 autocorrelation: about (1.5 + 4.5 phi) / points of a piece."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Parts of rows: which row, first point, number of points; sorted by row and start."""

    row: Ints
    start: Ints
    length: Ints

    def at(self, chosen: Ints | Flags) -> "Pieces":
        """Some of them."""
        return Pieces(self.row[chosen], self.start[chosen], self.length[chosen])


def whole(lengths: Ints) -> Pieces:
    """Each row as one piece."""
    return Pieces(np.arange(len(lengths)), np.zeros(len(lengths), dtype=np.int64), lengths.astype(np.int64))


def gather(values: Floats, pieces: Pieces) -> Floats:
    """Pieces as rows, left-aligned; what follows a piece is 0."""
    width = int(pieces.length.max(initial=0))
    column = np.arange(width)
    inside = column < pieces.length[:, np.newaxis]
    at = np.where(inside, pieces.start[:, np.newaxis] + column, 0)
    return np.where(inside, values[pieces.row[:, np.newaxis], at], 0)


def split(pieces: Pieces, chosen: Flags, at: Ints) -> Pieces:
    """Chosen pieces in two at a point counted from their start, the others as they are."""
    length = np.where(chosen, at, pieces.length)
    row = np.concatenate([pieces.row, pieces.row[chosen]])
    start = np.concatenate([pieces.start, (pieces.start + at)[chosen]])
    length = np.concatenate([length, (pieces.length - at)[chosen]])
    return Pieces(row, start, length).at(np.lexsort((start, row)))


def measure(values: Floats, lengths: Ints) -> tuple[Filters, Floats]:
    """Each row's filter, and its lag-1 autocorrelation with what the cutting took away given back (by simulation)."""
    rounds = np.searchsorted(np.asarray(_CUT_AGAIN), lengths, side="right") + 1
    kept, pieces = values, whole(lengths)
    for done in range(int(rounds.max(initial=0))):
        kept, pieces = _cut(kept, pieces, rounds[pieces.row] > done)
    partial = _partial(_autocorrelations(_centred(kept, pieces), pieces, len(lengths)))
    believed = partial * (lengths / (lengths + _HALFWAY))[:, np.newaxis]
    believed = np.clip(believed, -_LARGEST_LATER, _LARGEST_LATER)
    points = np.maximum(lengths / 2.0**rounds, 1)
    shown = (partial[:, 0] + _LOST / points) / np.maximum(1 - _LOST_SHARE / points, _LEAST_KEPT)
    cautious = shown - partial[:, 0] + _LEAN
    first = shown - cautious * np.minimum(_LEAN_POINTS / np.maximum(lengths, 1), 1)
    believed[:, 0] = np.clip(first, _LEAST, _MOST)
    return Filters(believed), shown


def _cut(values: Floats, pieces: Pieces, wanted: Flags) -> tuple[Floats, Pieces]:
    """One more cut of each wanted piece, or its straight line removed."""
    parts = gather(values, pieces)
    found = scan(parts, pieces.length, Filters.none(len(parts)), np.zeros(len(parts)), 0, lines=False)
    possible = wanted & np.isfinite(found.gain[:, STEP])
    straight = possible & (found.line > found.gain[:, STEP])
    freed = np.flatnonzero(straight)
    if len(freed):
        values = values.copy()
        _free_of_lines(values, parts[freed], pieces.at(freed))
    return values, split(pieces, possible & ~straight, found.at[:, STEP])


def _free_of_lines(values: Floats, parts: Floats, pieces: Pieces) -> None:
    length = pieces.length[:, np.newaxis]
    column = np.arange(parts.shape[1])
    inside = column < length
    time = np.where(inside, column - (length - 1) / 2, 0)
    slope = (parts * time).sum(axis=1) / (time**2).sum(axis=1)
    at = np.where(inside, pieces.start[:, np.newaxis] + column, 0)
    rows = np.broadcast_to(pieces.row[:, np.newaxis], at.shape)
    values[rows[inside], at[inside]] -= (slope[:, np.newaxis] * time)[inside]


def _centred(values: Floats, pieces: Pieces) -> Floats:
    parts = gather(values, pieces)
    inside = np.arange(parts.shape[1]) < pieces.length[:, np.newaxis]
    mean = parts.sum(axis=1) / np.maximum(pieces.length, 1)
    return np.where(inside, parts - mean[:, np.newaxis], 0)


def _autocorrelations(left: Floats, pieces: Pieces, rows: int) -> Floats:
    """At lags 0 to ORDER, no product reaching over a cut: rows × (ORDER + 1)."""
    width = left.shape[1]
    products = [(left[:, lag:] * left[:, : max(width - lag, 0)]).sum(axis=1) for lag in range(ORDER + 1)]
    sums = np.stack([np.bincount(pieces.row, product, rows) for product in products], axis=1)
    varies = sums[:, :1] > 0
    return np.where(varies, sums / np.where(varies, sums[:, :1], 1), np.eye(1, ORDER + 1))


def _partial(correlations: Floats) -> Floats:
    """Partial autocorrelations by Levinson and Durbin's recursion."""
    rows = len(correlations)
    partial, predictor, error = np.zeros((rows, ORDER)), np.zeros((rows, 0)), np.ones(rows)
    for order in range(ORDER):
        explained = (predictor * correlations[:, order:0:-1]).sum(axis=1)
        latest = np.clip((correlations[:, order + 1] - explained) / np.maximum(error, 1e-6), -0.99, 0.99)
        partial[:, order] = latest
        predictor = np.concatenate([predictor - latest[:, np.newaxis] * predictor[:, ::-1], latest[:, np.newaxis]], 1)
        error = error * (1 - latest**2)
    return partial
