"""A series made ready for the scan: of a common size, points without gaps, and without lone outliers.

Does not belong here: the season (`seasons`), and where series change.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.numbers import Floats, Ints

NO_VARIATION: Final = 1e-9
"""Variation below this share of a series' own size is rounding."""
_OUTLYING: Final = 3.0
_NEIGHBOURS: Final = 5
_NORMAL_MEDIAN: Final = 0.6745


@dataclass(frozen=True, slots=True)
class Packed:
    """Rows of points without gaps, left-aligned: `values`, how many (`lengths`), and the column each came from."""

    values: Floats
    lengths: Ints
    place: Ints


def pack(values: Floats) -> Packed:
    """The points there are, in order; columns beyond them are 0."""
    there = np.isfinite(values)
    lengths = there.sum(axis=1)
    place = np.argsort(~there, axis=1, kind="stable")[:, : int(lengths.max(initial=0))]
    inside = np.arange(place.shape[1]) < lengths[:, np.newaxis]
    return Packed(np.where(inside, np.take_along_axis(values, place, axis=1), 0), lengths, place)


def scaled(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Rows around 0 with a typical size of 1, and what was taken away and divided by (0 where nothing varies)."""
    centre = row_median(values)
    size = _row_mean(np.abs(values - centre[:, np.newaxis]))
    magnitude = _row_mean(np.abs(values))
    size = np.where(size > NO_VARIATION * magnitude, size, 0)
    divisor = np.where(size > 0, size, np.inf)[:, np.newaxis]
    return (values - centre[:, np.newaxis]) / divisor, centre, size


def _row_mean(values: Floats) -> Floats:
    there = np.isfinite(values)
    mean: Floats = np.where(there, values, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return mean


def row_median(values: Floats) -> Floats:
    """Each row's median; 0 where it has no value."""
    there = np.isfinite(values)
    count = there.sum(axis=1)
    ordered = np.sort(np.where(there, values, np.inf), axis=1)
    ordered = np.concatenate([ordered, np.full((len(values), 1), np.inf)], axis=1)
    rows = np.arange(len(values))
    low, high = ordered[rows, np.maximum(count - 1, 0) // 2], ordered[rows, count // 2]
    return np.where(count > 0, (np.where(count > 0, low, 0) + np.where(count > 0, high, 0)) / 2, 0)


# -- outliers ------------------------------------------------------------------------------------------------------


def without_outliers(values: Floats, lengths: Ints) -> Floats:
    """Points far from the median of the five around them drawn in; what lasts three points is no outlier.

    `values` are packed. A series that mostly stands still is judged by the mean of what moves.
    """
    width = values.shape[1]
    if width < _NEIGHBOURS:
        return values
    half = _NEIGHBOURS // 2
    column = np.arange(width)
    # At the ends, the first and last five.
    first = np.clip(column - half, 0, np.maximum(lengths[:, np.newaxis] - _NEIGHBOURS, 0))
    around = np.stack([np.take_along_axis(values, np.minimum(first + by, width - 1), 1) for by in range(_NEIGHBOURS)])
    middle = _median_of_five(around)
    inside = (column < lengths[:, np.newaxis]) & (lengths >= _NEIGHBOURS)[:, np.newaxis]
    away = np.where(inside, values - middle, 0)
    moves = np.where(inside & (away != 0), np.abs(away), np.nan)
    typical = row_median(moves) / _NORMAL_MEDIAN
    reach = (_OUTLYING * typical)[:, np.newaxis]
    return np.where(inside, middle + np.clip(away, -reach, reach), values)


def _median_of_five(stacked: Floats) -> Floats:
    """By comparisons: five times faster than sorting."""
    one, two, three, four, five = stacked
    low, high = np.minimum(one, two), np.maximum(one, two)
    low2, high2 = np.minimum(three, four), np.maximum(three, four)
    lower, upper = np.maximum(low, low2), np.minimum(high, high2)
    median: Floats = np.maximum(np.minimum(lower, upper), np.minimum(five, np.maximum(lower, upper)))
    return median
