"""How much a split must show to be evidence.

Fitted to series without a change, simulated and of the M3 competition without season and trend: about what the best
split of one series in twenty exceeds, by how much was seen to carry over from point to point; nearly the same for every
length. `python -m benchmarks.change` prints the shares of false alarms.

Does not belong here: the statistic itself (`scan`).
"""

from typing import Final

import numpy as np

from transforms.numbers import Floats

ALARMS: Final = 0.05
"""The share of series without a change in which one is found, where noise is uncorrelated."""
_STEP, _ON_LINE = 12.4, 19.0
_SLOW, _SLOW_FROM, _SLOWEST = 8.0, 0.3, 0.95
"""More is needed the more is seen to carry over from this on: what the filter leaves of slow waves looks like steps."""
_RETURNING: Final = 4.0
"""More is needed where noise seems to make up for itself, by how much the filter then enlarges a step."""
_FALLS: Final = 0.22
"""By how much the logarithm of the chance falls with each unit of gain: what the best splits of 36 months show, of
normal noise and of shares, for one series in twenty to one in five hundred. Counts fall faster."""


def needed(phi: Floats, rise: Floats) -> Floats:
    """The gain a step needs over a level; `rise`: what the filter leaves of a step of 1 in the long run."""
    return _STEP + _extra(phi, rise)


def needed_on_line(phi: Floats, rise: Floats) -> Floats:
    """The gain a step or bend needs over a line."""
    return _ON_LINE + _extra(phi, rise)


def _extra(phi: Floats, rise: Floats) -> Floats:
    slow = np.clip(phi, _SLOW_FROM, _SLOWEST) - _SLOW_FROM
    return _SLOW * slow + _RETURNING * np.maximum(rise - 1, 0)


def chance(gain: Floats, need: Floats) -> Floats:
    """About how likely a series without a change shows such a gain: 0 to 1."""
    return np.minimum(ALARMS * np.exp(-_FALLS * (gain - need)), 1.0)
