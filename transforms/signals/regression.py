"""Ridge regressions of all units' months on level, restarts, a line, calendar months and one late step.

Solved from one Gram matrix a unit, so that thirteen regressions (no step, or one at any of the last twelve months) cost
little more than one: a step is added by its Schur complement.

Does not belong here: which of these a series follows (`structure`).
"""

from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from config.months import MONTHS_A_YEAR
from transforms.numbers import Flags, Floats, Ints

ABSENT: Final = 1e9
"""A ridge so high that a column is as good as not there."""

_LATEST_STEPS: Final = 12
_STEP_SHARE: Final = 3
_TINY: Final = 1e-9
_COLLINEAR: Final = 1e-6
_LEAST_FREE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Design:
    """The columns of each unit's regression, units × months × columns, and which are what; `used`: months that count;
    `possible`: steps that may be tried, units × steps (after the last restart, in the last third of the values)."""

    columns: Floats
    line: int
    season: slice
    steps: slice
    used: Flags
    possible: Flags

    def of(self, rows: Ints) -> "Design":
        """The design of some of the units."""
        return replace(self, columns=self.columns[rows], used=self.used[rows], possible=self.possible[rows])


@dataclass(frozen=True, slots=True)
class Sums:
    """Gram matrices of the columns, their products with the values, and the values' sum of squares; a unit each."""

    gram: Floats
    products: Floats
    squares: Floats

    def of(self, rows: Ints) -> "Sums":
        """The sums of some of the units."""
        return Sums(self.gram[rows], self.products[rows], self.squares[rows])


@dataclass(frozen=True, slots=True)
class Fit:
    """Squared residuals, units, and residuals, units × months (0 where missing); without a step and with the one that
    explains most. `step_months`: how many of the latest months that step covers, 0 for no step."""

    left: Floats
    left_with_step: Floats
    residuals: Floats
    residuals_with_step: Floats
    step_months: Ints

    def replaced(self, rows: Ints, part: "Fit") -> "Fit":
        """This fit with that of some units in its place."""
        return Fit(*(_put(getattr(self, field.name), rows, getattr(part, field.name)) for field in fields(Fit)))


def design_of(months: Ints, group: Ints, used: Flags, restarts: int) -> Design:
    """The columns for these month numbers; `group` (units × months) counts the restarts, each with its own level, up to
    `restarts`: a number for all units of a call, so that no unit's rounding depends on its neighbours."""
    units, length = group.shape
    line = 1 + restarts
    season = slice(line + 1, line + 1 + MONTHS_A_YEAR)
    steps = slice(season.stop, season.stop + min(_LATEST_STEPS, max(length - 1, 0)))
    columns = np.zeros((units, length, steps.stop))
    columns[:, :, 0] = 1
    for number in range(1, line):
        columns[:, :, number] = group >= number
    columns[:, :, line] = (months - months.mean()) / MONTHS_A_YEAR if length else 0
    columns[:, :, season] = calendar_months(months)
    for step in range(steps.start, steps.stop):
        columns[:, length - 1 - (step - steps.start) :, step] = 1
    since = (group == group[:, -1:]).sum(axis=1)
    covers = np.arange(1, steps.stop - steps.start + 1)
    possible = (covers < since[:, None]) & (covers <= (used.sum(axis=1) // _STEP_SHARE)[:, None])
    return Design(columns, line, season, steps, used, possible)


def calendar_months(months: Ints) -> Flags:
    """Which calendar month each month is, months × 12."""
    is_month: Flags = (months[:, None] % MONTHS_A_YEAR) == np.arange(MONTHS_A_YEAR)
    return is_month


def sums_of(design: Design, values: Floats) -> Sums:
    """The sums of these values, which are 0 in months that do not count."""
    weighted = np.where(design.used[:, :, None], design.columns, 0.0).transpose(0, 2, 1)
    return Sums(weighted @ design.columns, (weighted @ values[:, :, None])[:, :, 0], (values**2).sum(axis=1))


def fit(design: Design, sums: Sums, values: Floats, line: Floats, season: Floats | None) -> Fit:
    """Each unit's regression with these ridges (a unit each) on its line and calendar months; None is without them."""
    base, gram = _base(design, sums, line, season)
    across = sums.gram[:, base, design.steps]
    solved = np.linalg.solve(gram, np.concatenate([sums.products[:, base, None], across], axis=2))
    level, carried = solved[:, :, 0], solved[:, :, 1:]
    left = np.maximum(sums.squares - (sums.products[:, base] * level).sum(axis=1), 0)
    size, gain = _best_step(design, sums, across, level, carried)
    with_step = level - (carried @ size[:, :, None])[:, :, 0]
    fitted, columns = np.empty((2, *design.used.shape)), design.columns[:, :, base]
    fitted[0] = (columns @ level[:, :, None])[:, :, 0]
    fitted[1] = (columns @ with_step[:, :, None])[:, :, 0]
    fitted[1] += (design.columns[:, :, design.steps] @ size[:, :, None])[:, :, 0]
    residuals = np.where(design.used, values - fitted, 0.0)
    covers = (size != 0) @ np.arange(1, size.shape[1] + 1, dtype=np.int64)
    return Fit(left, np.maximum(left - gain, 0), residuals[0], residuals[1], covers)


def mean_and_spread(design: Design, sums: Sums, line: Floats, season: Floats) -> tuple[Floats, Floats]:
    """The fitted mean without a step, units × months, and by how much a month's residual is narrower than the noise
    (the mean was fitted to it: below 1) or wider (it was not: above 1)."""
    base, gram = _base(design, sums, line, season)
    inverse = np.linalg.inv(gram)
    columns = design.columns[:, :, base]
    mean = (columns @ (inverse @ sums.products[:, base, None]))[:, :, 0]
    leverage = np.maximum(((columns @ inverse) * columns).sum(axis=2), 0)
    inside = np.sqrt(np.clip(1 - leverage, _LEAST_FREE, 1))
    return mean, np.where(design.used, inside, np.sqrt(1 + leverage))


def _base(design: Design, sums: Sums, line: Floats, season: Floats | None) -> tuple[slice, Floats]:
    """The columns other than steps, and their Gram matrices with the ridges on the diagonal."""
    size = design.season.start if season is None else design.season.stop
    gram = sums.gram[:, :size, :size].copy()
    diagonal = np.full((len(gram), size), _TINY)
    diagonal[:, design.line] = np.maximum(line, _TINY)
    if season is not None:
        diagonal[:, design.season] = season[:, None]
    at = np.arange(size)
    gram[:, at, at] += diagonal
    return slice(0, size), gram


def _best_step(design: Design, sums: Sums, across: Floats, level: Floats, carried: Floats) -> tuple[Floats, Floats]:
    """The size of the step that explains most (units × steps, 0 for all others), and how much it explains."""
    own = np.diagonal(sums.gram[:, design.steps, design.steps], axis1=1, axis2=2)
    left = own - (across * carried).sum(axis=1)
    towards = sums.products[:, design.steps] - (across * level[:, :, None]).sum(axis=1)
    free = design.possible & (left > _COLLINEAR)
    size = np.where(free, towards / np.where(free, left, 1), 0)
    gain = np.where(free, towards * size, 0)
    if not gain.shape[1]:
        return size, np.zeros(len(gain))
    best = np.arange(gain.shape[1]) == gain.argmax(axis=1)[:, None]
    return np.where(best, size, 0), gain.max(axis=1)


def _put(values: NDArray[Any], rows: Ints, part: NDArray[Any]) -> NDArray[Any]:
    changed = values.copy()
    changed[rows] = part
    return changed
