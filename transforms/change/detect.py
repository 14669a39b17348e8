"""When series lastingly changed: their level, or their trend.

One configuration for every series: no number here is set by what the series is about. Season is taken away where it is
evident, lone outliers are drawn in, noise may be autocorrelated; then series are cut where a split explains more than
one series in twenty without a change would show.

Does not belong here: whether it is one unit or everyone (`conditions`), and re-basing, which a person decides.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.change.describe import fitted
from transforms.change.noise import Pieces
from transforms.change.prepare import Packed, pack, scaled, without_outliers
from transforms.change.scan import BEND
from transforms.change.seasons import season
from transforms.change.segments import Cuts, cut, joined_cuts
from transforms.change.thresholds import chance
from transforms.numbers import Flags, Floats, Ints

LEVEL, TREND = 0, 1
KINDS: Final = ("level", "trend")
_CHUNK_ROWS: Final = 8_000


@dataclass(frozen=True, slots=True)
class Changes:
    """Found changes, one entry each, sorted by unit and position.

    `unit`: row of the series. `position`: column of the first point of the new regime. `kind`: LEVEL or TREND.
    `before`, `after`: for a level, the series' level (season taken away) before and after, between the neighbouring
    changes; where it also trends, what the lines on both sides say at the position. For a trend, the rise a column
    before and after. `size_sd`: the change in standard deviations of the noise around the regimes; for a trend, how
    far the old line would have come from the new one at the end of the new regime. `chance`: about how likely a series
    without a change shows as much, 0 to 1. `sd`: that standard deviation, in the series' unit.
    """

    unit: Ints
    position: Ints
    kind: Ints
    before: Floats
    after: Floats
    size_sd: Floats
    chance: Floats
    sd: Floats

    def __len__(self) -> int:
        return len(self.unit)

    def of(self, chosen: Flags | Ints) -> "Changes":
        """Some of them."""
        return Changes(*(getattr(self, name)[chosen] for name in self.__slots__))


def find_changes(
    values: Floats, months: Ints | None = None, *, period: int = 12, restarts: Flags | None = None
) -> Changes:
    """Lasting shifts of level and trend in series (units × months, newest last, missing NaN).

    `months`: a number a column by which the season is told (month numbers); None takes columns as evenly spaced.
    `period`: columns a season; 0 or 1 where there is none. `restarts`: True where a person had the series start anew
    (units × months): no change is looked for across it, nor found again at it.
    """
    table = np.atleast_2d(np.asarray(values, dtype=np.float64))
    table = np.where(np.isfinite(table), table, np.nan)
    phase = _phase(table.shape[1], months, period)
    parts = [
        _changes(table[start : start + _CHUNK_ROWS], phase, period, None if restarts is None else
                 np.atleast_2d(restarts)[start : start + _CHUNK_ROWS], start)
        for start in range(0, len(table), _CHUNK_ROWS)
    ]  # fmt: skip
    return _joined(parts)


def _phase(width: int, months: Ints | None, period: int) -> Ints:
    columns = np.arange(width) if months is None else np.asarray(months, dtype=np.int64)
    return np.asarray(columns % max(period, 1), dtype=np.int64)


def _changes(table: Floats, phase: Ints, period: int, restarts: Flags | None, offset: int) -> Changes:
    relative, centre, size = scaled(table)
    seasonal = season(relative, phase, period)
    work = _work(relative, seasonal, phase, restarts)
    again = np.unique(work.cuts.row)
    if len(again) and period > 1:
        # A season can be measured better, or at all, once the levels around which it swings are known.
        better = season(relative[again] - _jumps(work, again, table.shape[1]), phase, period, steps=False)
        moved = (better != seasonal[again]).any(axis=1)
        again, better = again[moved], better[moved]
        anew = None if restarts is None else restarts[again]
        work = work.replaced(again, _work(relative[again], better, phase, anew))
    return _described(work, centre, size, offset)


@dataclass(frozen=True, slots=True)
class _Work:
    """Packed series without season and outliers, and where they are cut."""

    packed: Packed
    cuts: Cuts

    def replaced(self, rows: Ints, other: "_Work") -> "_Work":
        """Some rows' series and cuts taken from elsewhere."""
        values = self.packed.values.copy()
        values[rows, : other.packed.values.shape[1]] = other.packed.values
        kept = self.cuts.some(~np.isin(self.cuts.row, rows))
        packed = Packed(values, self.packed.lengths, self.packed.place)
        return _Work(packed, joined_cuts([kept, other.cuts.of_rows(rows[other.cuts.row])]))


def _work(relative: Floats, seasonal: Floats, phase: Ints, restarts: Flags | None) -> _Work:
    packed = pack(relative - seasonal[:, phase])
    calm = Packed(without_outliers(packed.values, packed.lengths), packed.lengths, packed.place)
    taken = (seasonal != 0).any(axis=1) * (seasonal.shape[1] - 1)
    return _Work(calm, cut(calm.values, _sections(calm, restarts), taken))


def _sections(packed: Packed, restarts: Flags | None) -> Pieces:
    """Each row's points between restarts."""
    rows, width = packed.values.shape
    anew = np.zeros((rows, width), dtype=bool)
    if restarts is not None:
        # A restart in a month without a value begins at the next one.
        begun = np.cumsum(np.asarray(restarts, dtype=bool), axis=1)
        reached = np.take_along_axis(begun, packed.place, axis=1)
        anew = np.diff(reached, axis=1, prepend=0) > 0
    anew[:, :1] = True
    anew &= np.arange(width) < packed.lengths[:, np.newaxis]
    row, start = np.nonzero(anew)
    last = np.append(np.diff(row) != 0, True)[: len(row)]
    stop = np.where(last, packed.lengths[row], np.append(start[1:], 0)[: len(row)])
    return Pieces(row, start, stop - start)


def _jumps(work: _Work, rows: Ints, width: int) -> Floats:
    """What steps add to each column since the first, for some rows."""
    fits = fitted(work.packed, work.cuts)
    step = work.cuts.kind != BEND
    jumps = np.zeros((len(work.packed.values), width))
    place = work.packed.place[work.cuts.row[step], work.cuts.at[step]]
    jumps[work.cuts.row[step], place] = (fits.after - fits.before)[step]
    added: Floats = np.cumsum(jumps[rows], axis=1)
    return added


def _described(work: _Work, centre: Floats, size: Floats, offset: int) -> Changes:
    cuts, fits = work.cuts, fitted(work.packed, work.cuts)
    trend = cuts.kind == BEND
    unit, base = size[cuts.row], np.where(trend, 0, centre[cuts.row])
    return Changes(
        cuts.row + offset,
        work.packed.place[cuts.row, cuts.at],
        np.where(trend, TREND, LEVEL),
        base + unit * fits.before,
        base + unit * fits.after,
        fits.size,
        chance(cuts.gain, cuts.need),
        unit * fits.sd,
    )


def _joined(parts: list[Changes]) -> Changes:
    if not parts:
        none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Changes(none, none, none, nothing, nothing, nothing, nothing, nothing)
    return Changes(*(np.concatenate([getattr(part, name) for part in parts]) for name in Changes.__slots__))
