"""What a change in a total or in a rate is made of: volume, mix and rate, adding up exactly.

A total is the volume, times each segment's share of it (the mix), times the segment's value per unit of volume (its
rate). Each part is what changes when one of them goes from before to after with the others at the mean of both: the
symmetric decomposition of Bennet (1920), "The theory of measurement of changes in cost of living", Journal of the Royal
Statistical Society 83, applied first to volume and overall rate, then to mix and rates. No order of steps is preferred,
before and after may be swapped, and nothing is left over.

A segment's mix counts against the overall rate: more of a segment that brings more than the average adds. A segment
that is new or gone has no change of rate: it is all volume and mix.

Does not belong here: which segments there are, and whether a change is more than natural variation.
"""

from dataclasses import dataclass

import numpy as np

from transforms.numbers import Flags, Floats


@dataclass(frozen=True, slots=True)
class TotalParts:
    """Parts of a total's change. Units × segments for `mix` and `rate`, a value a unit for the others.

    `volume` + sum of `mix` + sum of `rate` + `other` = `change`. `other`: value without volume (a return without an
    order), which has no rate.
    """

    change: Floats
    volume: Floats
    mix: Floats
    rate: Floats
    other: Floats


@dataclass(frozen=True, slots=True)
class RateParts:
    """Parts of a rate's change, units × segments; the sums of `mix` and `rate` = `change` (NaN without a rate)."""

    change: Floats
    mix: Floats
    rate: Floats


def parts_of_total(
    before_value: Floats, before_volume: Floats, after_value: Floats, after_volume: Floats
) -> TotalParts:
    """Volume, mix and rate of a total's change, by segment.

    All units × segments: `value` is what adds up to the total (revenue), `volume` how much of it there was (orders).
    What is missing counts as 0. Volume at or below 0 counts as none.
    """
    before, after = _Side.of(before_value, before_volume), _Side.of(after_value, after_volume)
    before, after = before.completed(after), after.completed(before)
    volume = (after.volume - before.volume) * (before.overall + after.overall) / 2
    scale = ((before.volume + after.volume) / 2)[:, np.newaxis]
    mix, rate = _mix_and_rate(before, after)
    total = (after.counted - before.counted) + (after.other - before.other)
    return TotalParts(total, volume, scale * mix, scale * rate, after.other - before.other)


def parts_of_rate(
    before_numerator: Floats, before_denominator: Floats, after_numerator: Floats, after_denominator: Floats
) -> RateParts:
    """Mix and rate of a rate's change, by segment; NaN where either side has no denominator. All units × segments."""
    before, after = _Side.of(before_numerator, before_denominator), _Side.of(after_numerator, after_denominator)
    there = (before.volume > 0) & (after.volume > 0)
    before, after = before.completed(after), after.completed(before)
    mix, rate = (np.where(there[:, np.newaxis], part, np.nan) for part in _mix_and_rate(before, after))
    return RateParts(np.where(there, after.overall - before.overall, np.nan), mix, rate)


def _mix_and_rate(before: "_Side", after: "_Side") -> tuple[Floats, Floats]:
    overall = ((before.overall + after.overall) / 2)[:, np.newaxis]
    mix = (after.share - before.share) * ((before.rate + after.rate) / 2 - overall)
    return mix, (before.share + after.share) / 2 * (after.rate - before.rate)


@dataclass(frozen=True, slots=True)
class _Side:
    """A period: volume (a value a unit), each segment's share of it and rate, the overall rate, and what has none."""

    volume: Floats
    share: Floats
    rate: Floats
    overall: Floats
    counted: Floats
    other: Floats
    there: Flags

    @classmethod
    def of(cls, value: Floats, volume: Floats) -> "_Side":
        amount, measure = (np.where(np.isfinite(part), part, 0.0) for part in (value, volume))
        there = measure > 0
        measure = np.where(there, measure, 0)
        total = measure.sum(axis=1)
        safe = np.where(total > 0, total, 1)
        rate = np.where(there, amount / np.where(there, measure, 1), 0)
        counted = np.where(there, amount, 0).sum(axis=1)
        return cls(total, measure / safe[:, np.newaxis], rate, counted / safe, counted,
                   np.where(there, 0, amount).sum(axis=1), there)  # fmt: skip

    def completed(self, other: "_Side") -> "_Side":
        """A segment without volume takes its rate from the other side; a side without any, everything."""
        empty = self.volume <= 0
        return _Side(
            self.volume,
            np.where(empty[:, np.newaxis], other.share, self.share),
            np.where(self.there, self.rate, other.rate),
            np.where(empty, other.overall, self.overall),
            self.counted, self.other, self.there,
        )  # fmt: skip
