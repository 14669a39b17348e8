"""One index for a group of units, in which what all of them share shows long before any single one shows it.

Does not belong here: finding changes in it (`detect`), and whose change it is (`conditions`).
"""

from typing import Final

import numpy as np

from transforms.change.prepare import row_median
from transforms.numbers import Floats, Ints

FEWEST_MONTHS: Final = 12
_CALMEST: Final = 0.5


def pooled_index(values: Floats, groups: Ints) -> tuple[Ints, Floats]:
    """Each group's index by month: the group numbers, sorted, and groups × months; 1 is the members' usual level.

    A member counts as a share of its own mean, so that people who come and go do not move the index; calmer members
    count more (by one over their usual step from month to month, at most twice what is usual). Members with under a
    year of values, or with a mean not above 0, are left out, as are rows with a negative group. NaN without members.
    """
    there = np.isfinite(values)
    count = there.sum(axis=1)
    mean = np.where(there, values, 0).sum(axis=1) / np.maximum(count, 1)
    used = (groups >= 0) & (count >= FEWEST_MONTHS) & (mean > 0)
    numbers, codes = np.unique(groups[groups >= 0]), groups[used]
    shares = np.where(there[used], values[used], 0) / mean[used][:, np.newaxis]
    weight = _calmness(np.where(there[used], shares, np.nan))[:, np.newaxis] * there[used]
    place = np.searchsorted(numbers, codes)
    total, weights = (np.zeros((len(numbers), values.shape[1])) for _ in range(2))
    np.add.at(total, place, shares * weight)
    np.add.at(weights, place, weight)
    return numbers.astype(np.int64), np.where(weights > 0, total / np.where(weights > 0, weights, 1), np.nan)


def _calmness(shares: Floats) -> Floats:
    """One over the median step from month to month; 1 where everyone stands still."""
    if not len(shares):
        return np.zeros(0)
    step = row_median(np.abs(np.diff(shares, axis=1)))
    usual = float(np.median(step))
    return np.ones(len(step)) if usual <= 0 else usual / np.maximum(step, _CALMEST * usual)
