"""How a point carries over to the next ones, as a filter that takes it away.

Autoregression of order ORDER, given by its partial autocorrelations, which may each be any number between −1 and 1.
The first points of a segment are predicted from what is there of them (Levinson and Durbin's recursion), so that the
filtered noise is uncorrelated and evenly spread from the first point on.

Does not belong here: estimating it (`noise`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.numbers import Flags, Floats, Ints

ORDER: Final = 4


@dataclass(frozen=True, slots=True)
class Filters:
    """A filter a row: `partial` autocorrelations, rows × ORDER."""

    partial: Floats

    @classmethod
    def none(cls, rows: int) -> "Filters":
        """Nothing carries over."""
        return cls(np.zeros((rows, ORDER)))

    def at(self, rows: Ints) -> "Filters":
        """Those of some rows."""
        return Filters(self.partial[rows])

    @property
    def carries(self) -> bool:
        """Whether anything carries over in any row."""
        return bool(self.partial.any())

    def coefficients(self) -> tuple[list[Floats], Floats]:
        """Predictors of order 0 to ORDER (rows × order, latest point first), and each one's error variance."""
        rows = len(self.partial)
        predictors, variances = [np.zeros((rows, 0))], [np.ones(rows)]
        for order in range(ORDER):
            partial, before = self.partial[:, order : order + 1], predictors[-1]
            predictors.append(np.concatenate([before - partial * before[:, ::-1], partial], axis=1))
            variances.append(variances[-1] * (1 - partial[:, 0] ** 2))
        return predictors, np.stack(variances, axis=1)

    def apply(self, values: Floats, inside: Flags) -> Floats:
        """Values less what carries over to them; 0 outside."""
        if not self.carries:
            return np.where(inside, values, 0)
        predictors, variances = self.coefficients()
        full = predictors[-1]
        filtered = values.copy()
        for back in range(1, min(ORDER, values.shape[1] - 1) + 1):
            filtered[:, back:] -= full[:, back - 1 : back] * values[:, :-back]
        for place in range(min(ORDER, values.shape[1])):
            known = values[:, :place][:, ::-1]
            scale = np.sqrt(variances[:, -1] / variances[:, place])
            filtered[:, place] = (values[:, place] - (predictors[place] * known).sum(axis=1)) * scale
        return np.where(inside, filtered, 0)

    def rise(self) -> Floats:
        """A step from 0 to 1, filtered: at its first point, the next, … and from the ORDER-th later on for good."""
        full = self.coefficients()[0][-1]
        start = np.ones((len(full), 1))
        return np.concatenate([start, 1 - np.cumsum(full, axis=1)], axis=1)
