"""Series cut where they change: splitting as long as a split is evidence, then putting each cut where it fits best.

Binary segmentation (Scott and Knott 1974, "A cluster analysis method for grouping means in the analysis of variance",
Biometrics 30) with the scan of this package; afterwards each cut is looked for again between its neighbours, and
dropped where it no longer is evidence there.

Does not belong here: season, outliers, and what a change is called.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from transforms.change.carry import Filters
from transforms.change.noise import Pieces, gather, measure, split
from transforms.change.scan import BEND, FEWEST_AFTER, FEWEST_BEFORE, STEP, STEP_ON_LINE, scan
from transforms.change.thresholds import needed, needed_on_line
from transforms.numbers import Flags, Floats, Ints

_KNOWN_WEIGHT: Final = 8.0
"""So many points' worth of the variance of the series around a piece enter the piece's own."""
_REFINEMENTS: Final = 2
_BETTER: Final = 1.0
_TAKEN_COST: Final = 1.0
"""Noise of which something was fitted away looks smaller than it is: so much more is asked for, by simulation."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where rows are cut: one entry a cut, sorted by row and place.

    `at`: first point of the new regime; `kind`: STEP, STEP_ON_LINE or BEND; `gain` and `need`: what it shows and what
    it had to show; `start` and `stop`: the points around it that know of no other cut.
    """

    row: Ints
    at: Ints
    kind: Ints
    gain: Floats
    need: Floats
    start: Ints
    stop: Ints

    def some(self, chosen: Flags | Ints) -> "Cuts":
        """Some of them."""
        return Cuts(*(getattr(self, name)[chosen] for name in self.__slots__))

    def of_rows(self, rows: Ints) -> "Cuts":
        """The same cuts of rows of other numbers."""
        return replace(self, row=rows)


@dataclass(frozen=True, slots=True)
class _Found:
    """The best split of each piece, and whether it is evidence."""

    at: Ints
    kind: Ints
    gain: Floats
    need: Floats
    spread: Floats

    @property
    def evident(self) -> Flags:
        return self.gain > self.need


def cut(values: Floats, sections: Pieces, taken: Ints) -> Cuts:
    """Sections of packed rows (several after re-basing) cut where they change.

    `taken`: how many numbers were fitted to each row and taken away before (its season).
    """
    local = gather(values, sections)
    filters, phi = measure(local, sections.length)
    dearer = 1 + _TAKEN_COST * taken[sections.row] / np.maximum(sections.length - taken[sections.row], 1)
    state = _Series(local, filters, phi, dearer)
    found = _split_all(state, sections.length)
    for _ in range(_REFINEMENTS):
        found = _refined(state, found, sections.length)
    found = _between(found, sections.length)
    row, at = sections.row[found.row], sections.start[found.row]
    moved = replace(found, row=row, at=found.at + at, start=found.start + at, stop=found.stop + at)
    return joined_cuts([moved])


@dataclass(frozen=True, slots=True)
class _Series:
    values: Floats
    filters: Filters
    phi: Floats
    dearer: Floats

    def look(self, pieces: Pieces, spread: Floats, weight: float) -> _Found:
        """The best description of a change in each piece."""
        found = scan(gather(self.values, pieces), pieces.length, self.filters.at(pieces.row), spread, weight)
        phi = self.phi[pieces.row]
        rise = self.filters.at(pieces.row).rise()[:, -1]
        step_gain, line_need = found.gain[:, STEP], needed_on_line(phi, rise)
        bent = np.where(found.gain[:, BEND] > found.gain[:, STEP_ON_LINE], BEND, STEP_ON_LINE)
        line_gain, line_at = found.best(bent)
        # A line and a change of it cost two numbers more than a step: they must explain that much more.
        more = 2 + 2 * np.log(np.maximum(pieces.length, 2))
        stepped = (step_gain > found.line + _BETTER) & (step_gain > found.line + line_gain - more)
        kind = np.where(stepped, STEP, bent)
        at = np.where(stepped, found.at[:, STEP], line_at)
        gain = np.where(stepped, step_gain, line_gain)
        need = np.where(stepped, needed(phi, rise), line_need)
        return _Found(at, kind, gain, need * self.dearer[pieces.row], found.spread)


def _split_all(state: _Series, lengths: Ints) -> Cuts:
    count = len(lengths)
    pieces = Pieces(np.arange(count), np.zeros(count, dtype=np.int64), lengths)
    spread, weight = np.zeros(count), 0.0
    rounds = [no_cuts()]
    while len(pieces.row):
        worth = pieces.length >= FEWEST_BEFORE + FEWEST_AFTER
        pieces, spread = pieces.at(worth), spread[worth]
        found = state.look(pieces, spread, weight)
        chosen = found.evident
        start = pieces.start[chosen]
        rounds.append(Cuts(pieces.row[chosen], start + found.at[chosen], found.kind[chosen], found.gain[chosen],
                           found.need[chosen], start, start + pieces.length[chosen]))  # fmt: skip
        spread = np.repeat(found.spread[chosen], 2)
        pieces = split(pieces.at(chosen), np.ones(int(chosen.sum()), dtype=bool), found.at[chosen])
        weight = _KNOWN_WEIGHT
    return joined_cuts(rounds)


def no_cuts() -> Cuts:
    """None at all."""
    none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Cuts(none, none, none, nothing, nothing, none, none)


def joined_cuts(parts: list[Cuts]) -> Cuts:
    """Cuts of several looks as one, sorted by row and place."""
    whole = Cuts(*(np.concatenate([getattr(part, name) for part in parts]) for name in Cuts.__slots__))
    return whole.some(np.lexsort((whole.at, whole.row)))


def _refined(state: _Series, cuts: Cuts, lengths: Ints) -> Cuts:
    """Every second cut looked for again between its neighbours, then the others; between the same ones, not again."""
    for parity in (0, 1):
        now = _between(cuts, lengths)
        first = np.diff(now.row, prepend=-1) != 0
        place = np.arange(len(now.row))
        number = place - np.maximum.accumulate(np.where(first, place, 0))
        some = (number % 2 == parity) & ((now.start != cuts.start) | (now.stop != cuts.stop))
        found = state.look(Pieces(now.row, now.start, now.stop - now.start).at(some), np.zeros(int(some.sum())), 0.0)
        at, kind, gain, need = now.at.copy(), now.kind.copy(), now.gain.copy(), now.need.copy()
        at[some], kind[some] = now.start[some] + found.at, found.kind
        gain[some], need[some] = found.gain, found.need
        # Others keep telling between which neighbours they were last looked for.
        start, stop = np.where(some, now.start, cuts.start), np.where(some, now.stop, cuts.stop)
        cuts = Cuts(now.row, at, kind, gain, need, start, stop).some(gain > need)
    return cuts


def _between(cuts: Cuts, lengths: Ints) -> Cuts:
    """The same cuts with the neighbours they have now."""
    first = np.diff(cuts.row, prepend=-1) != 0
    last = np.diff(cuts.row, append=-1) != 0
    start = np.where(first, 0, np.roll(cuts.at, 1))
    return replace(cuts, start=start, stop=np.where(last, lengths[cuts.row], np.roll(cuts.at, -1)))
