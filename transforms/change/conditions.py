"""Person or conditions: whether the others moved in the same months.

For each found change, the change of every other unit of the peer group over the same months is pooled (random-effects
mean with weights by inverse variance, DerSimonian and Laird 1986, "Meta-analysis in clinical trials", Controlled
Clinical Trials 7; single peers who moved far are drawn in first). What the group did is then taken from what the unit
did: conditions where nothing is left, own where the group stood still, both where both is evidence.

The group's season is taken away as a whole, so that a season which no single unit shows clearly is no condition.

Does not belong here: finding changes, who belongs to which group, and coincidence with known events.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.change.detect import Changes
from transforms.change.seasons import season
from transforms.numbers import Flags, Floats, Ints

UNKNOWN, OWN, CONDITIONS, BOTH = 0, 1, 2, 3
VERDICTS: Final = ("unknown", "own", "conditions", "both")
FEWEST_PEERS: Final = 4
"""Fewer cannot show that they stood still."""
FEWEST_MOVED: Final = 3
"""Fewer are no conditions, however far they moved."""
NEAR_COLUMNS: Final = 2
"""The group counts as moving in the same months when it moved so few columns earlier or later."""
_WINDOW: Final = 12
_FEWEST_POINTS: Final = 3
_MOVED: Final = 3.0
"""Standard errors: the group is looked at in five places, 1% of which chance may call moved."""
_LEFT: Final = 2.0
_HALF: Final = 0.5
"""A change is a unit's own only where the group's, as large as it may have been, would make less of it than this."""
_PART: Final = 0.15
"""What explains less of a unit's change is not its condition."""
_FAR: Final = 3.0
_BORROWED: Final = 4.0
_MAD: Final = 1.4826
_TINY: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Conditions:
    """One entry a change. Sizes are shares of the level before where `relative` was asked for, else differences.

    `verdict`: UNKNOWN (too few peers, or too restless to say that they stood still), OWN, CONDITIONS, BOTH. `peers`:
    with values on both sides. `moved`: share of them that went the unit's way by more than their own noise's standard
    error. `unit_change`, `group_change` (of the others) and `own_change` (what is left without the group's).
    `explained`: how much of the unit's change the group's makes, 0 to 1.
    """

    verdict: Ints
    peers: Ints
    moved: Floats
    unit_change: Floats
    group_change: Floats
    own_change: Floats
    explained: Floats


def against_peers(
    changes: Changes, values: Floats, groups: Ints, *, relative: bool = True, months: Ints | None = None,
    period: int = 12,
) -> Conditions:  # fmt: skip
    """Each change of a unit (a row of `values`) against the others of its group.

    `groups`: a number a row; a negative one belongs to none. `relative`: compare shares of the level (money, counts,
    hours; what is not above 0 cannot be compared) rather than differences (shares, scores).
    """
    prepared = _Prepared(values, groups, relative, months, period)
    return _judged(changes, prepared, prepared, changes.unit, groups[changes.unit], leaves_out=True)


def among_members(
    changes: Changes, totals: Floats, members: Floats, groups: Ints, *, relative: bool = True,
    months: Ints | None = None, period: int = 12,
) -> Conditions:  # fmt: skip
    """Each change of a total (a row of `totals`) against all who make it up: `groups` is a member's row in `totals`.

    Conditions: they moved together. Own: it comes from one or a few of them.
    """
    prepared = _Prepared(members, groups, relative, months, period)
    wholes = _Prepared(totals, np.arange(len(totals)), relative, months, period)
    return _judged(changes, wholes, prepared, changes.unit, changes.unit, leaves_out=False)


def _judged(
    changes: Changes, units: "_Prepared", peers: "_Prepared", unit: Ints, group: Ints, *, leaves_out: bool
) -> Conditions:
    """`leaves_out`: the unit is one of the peers, who are to be looked at without it."""
    count, width = len(changes), peers.values.shape[1]
    change, error = np.full(count, np.nan), np.full(count, np.nan)
    pooled = _Pooled.nothing(count)
    for column in np.unique(changes.position):
        own = np.flatnonzero(changes.position == column)
        at = units.around(int(column))
        change[own], error[own] = at.change[unit[own]], np.sqrt(at.variance[unit[own]])
        # Where it moved itself counts first, then what is farther off.
        for off in sorted(range(-NEAR_COLUMNS, NEAR_COLUMNS + 1), key=abs):
            if 0 < column + off < width:
                seen = peers.pooled(int(column + off), unit[own], group[own], change[own], leaves_out=leaves_out)
                pooled.keep_larger(own, seen, change[own])
    return _verdicts(change, error, pooled, relative=units.relative)


def _verdicts(change: Floats, error: Floats, pooled: "_Pooled", *, relative: bool) -> Conditions:
    known = (pooled.peers >= FEWEST_MOVED) & np.isfinite(change) & np.isfinite(pooled.change)
    enough = known & (pooled.peers >= FEWEST_PEERS)
    size = np.where(np.abs(change) > _TINY, change, np.nan)
    share = pooled.change / size
    moved = (np.abs(pooled.change) > _MOVED * pooled.error) & (share > _PART)
    left = change - pooled.change
    more = np.abs(left) > _LEFT * np.sqrt(error**2 + pooled.error**2)
    # A group that went farther than the unit leaves nothing of it to the unit.
    more &= share < 1
    still = share + _LEFT * pooled.error / np.abs(size) < _HALF
    verdict = np.select(
        [~known, moved & more & enough, moved, still & enough], [UNKNOWN, BOTH, CONDITIONS, OWN], UNKNOWN
    )
    explained = np.where(moved, np.clip(share, 0, 1), 0.0)
    written = np.expm1 if relative else np.positive
    return Conditions(
        verdict, pooled.peers, pooled.moved, written(change), np.where(known, written(pooled.change), np.nan),
        np.where(known, written(left), np.nan), np.where(known, explained, np.nan),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Pooled:
    """The group's change for each found change; filled place by place."""

    peers: Ints
    moved: Floats
    change: Floats
    error: Floats

    @classmethod
    def nothing(cls, count: int) -> "_Pooled":
        missing = (np.full(count, np.nan) for _ in range(3))
        return cls(np.zeros(count, dtype=np.int64), *missing)

    def keep_larger(self, rows: Ints, seen: "_Pooled", change: Floats) -> None:
        """Takes what was seen where nothing was yet, or where the group moved more clearly the unit's way."""
        with np.errstate(invalid="ignore"):
            before = np.sign(change) * self.change[rows] / self.error[rows]
            now = np.sign(change) * seen.change / seen.error
            better = (seen.peers >= FEWEST_MOVED) & (np.isnan(before) | (now > np.maximum(before, _MOVED)))
        # Too few peers is worth telling as well.
        better |= (self.peers[rows] < FEWEST_MOVED) & (seen.peers > self.peers[rows])
        for name in self.__slots__:
            getattr(self, name)[rows[better]] = getattr(seen, name)[better]


@dataclass(frozen=True, slots=True)
class _Around:
    """Each row's change around a column, its variance, and whether it can be told."""

    change: Floats
    variance: Floats
    known: Flags


@dataclass(frozen=True, slots=True)
class _Column:
    """Sums of the groups around a column, and which members went up and down by more than their noise."""

    sums: "_Sums"
    went: tuple[Flags, Flags]


class _Prepared:
    """Series of members with the group's season taken away, and their running sums."""

    def __init__(self, values: Floats, groups: Ints, relative: bool, months: Ints | None, period: int) -> None:
        self.relative = relative
        self.values, self.codes, self.count = _without_season(values, groups, relative, months, period)
        there = np.isfinite(self.values)
        kept = np.where(there, self.values, 0)
        self._sums = [
            np.cumsum(np.pad(part.astype(np.float64), ((0, 0), (1, 0))), axis=1) for part in (there, kept, kept**2)
        ]
        self._columns: dict[int, _Column] = {}
        self._group_of = dict(zip(np.asarray(groups).tolist(), self.codes.tolist(), strict=True))

    def around(self, column: int) -> _Around:
        """Means of up to a year before and after, as a logarithm of their ratio or as their difference."""
        start, stop = max(column - _WINDOW, 0), min(column + _WINDOW, self.values.shape[1])
        before = [part[:, column] - part[:, start] for part in self._sums]
        after = [part[:, stop] - part[:, column] for part in self._sums]
        points = [np.maximum(part[0], 1) for part in (before, after)]
        means = [part[1] / count for part, count in zip((before, after), points, strict=True)]
        known = (before[0] >= _FEWEST_POINTS) & (after[0] >= _FEWEST_POINTS)
        spread = sum(part[2] - count * mean**2 for part, count, mean in
                     zip((before, after), points, means, strict=True))  # fmt: skip
        free = np.maximum(before[0] + after[0] - 2, 1)
        noise = np.maximum(spread, 0) / free
        if self.relative:
            known = known & (means[0] > _TINY) & (means[1] > _TINY)
            safe = [np.where(known, mean, 1) for mean in means]
            change = np.log(safe[1] / safe[0])
            # One level of noise for both sides, as a share of the level between them.
            noise = noise / (safe[0] * safe[1])
        else:
            change = means[1] - means[0]
        noise = self._leaning(noise, free, known)
        variance = noise * (1 / points[0] + 1 / points[1])
        return _Around(np.where(known, change, np.nan), np.where(known, variance, np.nan), known)

    def _leaning(self, noise: Floats, free: Floats, known: Flags) -> Floats:
        """A few months' variance leans on what is usual in the group."""
        usual = _group_medians(np.where(known, noise, np.nan), self.codes, self.count)[self.codes]
        return np.where(np.isfinite(usual), (free * noise + _BORROWED * usual) / (free + _BORROWED), noise)

    def _column(self, column: int) -> "_Column":
        """What all members did around a column, and their groups: asked for by many changes."""
        if column not in self._columns:
            at, codes = self.around(column), self.codes
            middle = _group_medians(at.change, codes, self.count)
            away = at.change - middle[codes]
            reach = _FAR * _MAD * _group_medians(np.abs(away), codes, self.count)[codes]
            reach = np.maximum(reach, _FAR * np.sqrt(np.nan_to_num(at.variance)))
            calm = middle[codes] + np.clip(away, -reach, reach)
            sums = _Sums(calm, at.variance, at.known & (codes > 0), codes, self.count)
            noise = np.sqrt(np.nan_to_num(at.variance))
            went = [(side * np.nan_to_num(at.change) > noise) & sums.used for side in (1, -1)]
            self._columns[column] = _Column(sums, (went[0], went[1]))
        return self._columns[column]

    def pooled(self, column: int, unit: Ints, group: Ints, change: Floats, *, leaves_out: bool) -> _Pooled:
        """What the groups of some units did around a column, without the unit itself where it is one of them."""
        sums, went = self._column(column).sums, self._column(column).went
        code = np.array([self._group_of.get(number, 0) for number in group.tolist()], dtype=np.int64)
        itself = np.where(leaves_out, unit, -1)
        mean, error = sums.mean(code, itself)
        peers = sums.counted(sums.used)[code] - sums.value(sums.used, itself)
        way = [sums.counted(one)[code] - sums.value(one, itself) for one in went]
        share = np.where(np.sign(change) > 0, *way) / np.maximum(peers, 1)
        known = (peers > 0) & (code > 0)
        return _Pooled(np.where(code > 0, peers, 0).astype(np.int64), np.where(known, share, np.nan),
                       np.where(known, mean, np.nan), np.where(known, error, np.nan))  # fmt: skip


class _Sums:
    """Random-effects means of groups, of which one member may be left out."""

    def __init__(self, change: Floats, variance: Floats, used: Flags,
                 codes: Ints, count: int) -> None:  # fmt: skip
        self.used, self.codes, self.count = used, codes, count
        self.change = np.where(used, change, 0)
        fixed = np.where(used, 1 / np.maximum(np.where(used, variance, 1), _TINY), 0)
        total = np.maximum(self.counted(fixed), _TINY)
        mean = self.counted(fixed * self.change) / total
        excess = self.counted(fixed * (self.change - mean[codes]) ** 2) - (self.counted(used) - 1)
        scale = np.maximum(total - self.counted(fixed**2) / total, _TINY)
        between = np.maximum(excess / scale, 0)
        self.weight = np.where(used, 1 / np.maximum(np.where(used, variance, 1) + between[codes], _TINY), 0)

    def counted(self, values: Floats | Flags) -> Floats:
        """Sums by group."""
        summed: Floats = np.bincount(self.codes, values.astype(np.float64), self.count).astype(np.float64)
        return summed

    def value(self, values: Floats | Flags, unit: Ints) -> Floats:
        """A unit's own part; 0 for none (−1)."""
        return np.where(unit >= 0, values[unit], 0).astype(np.float64)

    def mean(self, code: Ints, itself: Ints) -> tuple[Floats, Floats]:
        """Mean and standard error of groups without a unit."""
        weighted = self.weight * self.change
        total = self.counted(self.weight)[code] - self.value(self.weight, itself)
        total = np.maximum(total, _TINY)
        return (self.counted(weighted)[code] - self.value(weighted, itself)) / total, np.sqrt(1 / total)


def _without_season(
    values: Floats, groups: Ints, relative: bool, months: Ints | None, period: int
) -> tuple[Floats, Ints, int]:
    """Series without the group's season; groups as codes from 1 (0: in none), and the number of codes."""
    table = np.where(np.isfinite(values), values, np.nan)
    numbers, codes = np.unique(np.where(groups < 0, -1, groups), return_inverse=True)
    codes = codes.astype(np.int64) + (0 if len(numbers) and numbers[0] < 0 else 1)
    count = int(codes.max(initial=0)) + 1
    there = np.isfinite(table)
    mean = np.where(there, table, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    size = np.abs(mean) if relative else np.ones(len(table))
    usable = size > _TINY
    shares = np.where(usable[:, np.newaxis], (table - mean[:, np.newaxis]) / np.where(usable, size, 1)[:, np.newaxis],
                      np.nan)  # fmt: skip
    pool = _pool(shares, codes, count)
    columns = np.arange(table.shape[1]) if months is None else np.asarray(months, dtype=np.int64)
    phase = np.asarray(columns % max(period, 1), dtype=np.int64)
    common = season(pool, phase, period)[codes][:, phase] if table.shape[1] else np.zeros_like(table)
    return table - common * size[:, np.newaxis], codes, count


def _pool(shares: Floats, codes: Ints, count: int) -> Floats:
    """The mean of members by group and column: as robust as their number; missing where there is none."""
    there = np.isfinite(shares)
    pool = np.full((count, shares.shape[1]), np.nan)
    for column in range(shares.shape[1]):
        number = np.bincount(codes, there[:, column], count)
        total = np.bincount(codes, np.where(there[:, column], shares[:, column], 0), count)
        pool[:, column] = np.where(number > 0, total / np.maximum(number, 1), np.nan)
    return pool


def _group_medians(values: Floats, codes: Ints, count: int) -> Floats:
    """The median of each group's values that are there; NaN for none."""
    there = np.flatnonzero(np.isfinite(values))
    order = there[np.lexsort((values[there], codes[there]))]
    number = np.bincount(codes[there], minlength=count)
    start = np.cumsum(number) - number
    ordered = np.append(values[order], np.nan)
    low = ordered[np.minimum(start + np.maximum(number - 1, 0) // 2, len(ordered) - 1)]
    high = ordered[np.minimum(start + number // 2, len(ordered) - 1)]
    return np.where(number > 0, (low + high) / 2, np.nan)
