"""Which figures are withheld so that nobody's answer or result can be read off, or worked out, from others.

Does not belong here: blanking the figures, and figures by segment (a survey is shown as a whole or not at all).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from config.models import UnitKind
from config.months import Month
from transforms.numbers import month_number, month_numbers
from transforms.stages import Withheld

WORKED_OUT: Final = "could be worked out from the others"
MOST_ATOMS: Final = 12
"""Up to so many groups in one tangle of overlapping units are tried out completely; in larger ones units are withheld
until nothing overlaps."""

_ORDER = {kind.value: n for n, kind in enumerate((UnitKind.ASSOCIATE, UnitKind.TEAM, UnitKind.MANAGER))}
_TOLERANCE = 1e-7

UnitKey = tuple[str, str]
Atoms = int
"""A set of groups of respondents, one bit a group."""


@dataclass(frozen=True, slots=True)
class _Figure:
    """A unit's survey figure: the groups of respondents it is made of, how many answered, how many rows."""

    unit: UnitKey
    atoms: Atoms
    respondents: float
    rows: float

    @property
    def order(self) -> tuple[float, int, str]:
        """Smallest first: what is lost by withholding it is least."""
        return (self.respondents, _ORDER.get(self.unit[0], len(_ORDER)), self.unit[1])


@dataclass(frozen=True, slots=True)
class _Rest:
    """What is left of figures after subtraction: groups, respondents, rows."""

    atoms: Atoms
    respondents: float
    rows: float

    def reveals(self, minimum: int) -> bool:
        """Whether somebody is in it, but too few. More in the parts than in the whole is taken for too few."""
        return self.rows > _TOLERANCE and self.respondents < minimum - _TOLERANCE


def small_teams(units: pd.DataFrame, metrics: Iterable[str], minimum: int = 3) -> tuple[Withheld, ...]:
    """Withhold every metric of teams with fewer people than `minimum` (UNITS of the month)."""
    few = units.loc[(units["unit_kind"] == UnitKind.TEAM) & (units["people"] < minimum), "unit_id"]
    reason = f"fewer than {minimum} people: it would show one person's result"
    return tuple(Withheld(metric, UnitKind.TEAM.value, team, reason) for metric in metrics for team in sorted(set(few)))


def suppress_surveys(
    facts: pd.DataFrame, membership: pd.DataFrame, month: Month, minimum: int = 5, *, window_months: int = 1
) -> tuple[Withheld, ...]:
    """Withhold survey figures of too few respondents, and those from which such a figure could be worked out.

    `facts` is FACTS (a survey metric's rows have `respondents`), `membership` MEMBERSHIP. Of each survey metric of the
    month, segment `all`: first what has fewer than `minimum` respondents; then, until nothing is left to find, the
    smallest figure of any sum or difference of shown figures that leaves 1 to `minimum` - 1 respondents. Respondents
    are counted for the groups of people that belong to the same units in the months (`window_months` up to `month`).

    Where units only nest, a unit less the largest units inside it is all that can be worked out. Where they overlap
    (a person with two managers, a team under several), every group that linear combinations of the shown figures can
    isolate is tried out.
    """
    survey = facts.loc[
        (facts["segment"] == "all") & facts["respondents"].notna()
        & (month_numbers(facts["month"]) == month_number(month))
    ].sort_values(["metric", "unit_kind", "unit_id"], kind="stable")  # fmt: skip
    if survey.empty:
        return ()
    atoms = _atoms(membership, month, window_months)
    withheld: list[Withheld] = []
    for metric, rows in survey.groupby("metric", sort=True):
        figures = [
            _Figure((kind, unit), atoms.get((kind, unit), 0), float(respondents), float(count))
            for kind, unit, respondents, count in zip(
                rows["unit_kind"], rows["unit_id"], rows["respondents"], rows["rows"], strict=True
            )
        ]
        withheld += [
            Withheld(str(metric), *unit, reason) for unit, reason in sorted(_suppressed(figures, minimum).items())
        ]
    return tuple(withheld)


def _suppressed(figures: list[_Figure], minimum: int) -> dict[UnitKey, str]:
    """Each figure to withhold with its reason."""
    few = f"fewer than {minimum} people answered"
    everyone = silent = 0
    for one in figures:
        everyone |= one.atoms
        silent |= one.atoms if one.respondents == 0 else 0
    # Groups nobody answered in hide nothing. The organisation may hold rows of people no unit knows: a group beyond
    # all others; whether there is anybody in it cannot be told, so both are tried.
    beyond = 1 << everyone.bit_length()
    reasons = {one.unit: few for one in figures if one.respondents < minimum}
    shown = [replace(one, atoms=one.atoms & ~silent) for one in figures if one.unit not in reasons]
    while True:
        found = _next_withheld(_organisation_holds(shown, everyone & ~silent | beyond), minimum)
        found = found or _next_withheld(_organisation_holds(shown, everyone & ~silent), minimum)
        if not found:
            return reasons
        reasons |= dict.fromkeys(found, WORKED_OUT)
        shown = [one for one in shown if one.unit not in found]


def _organisation_holds(figures: list[_Figure], atoms: Atoms) -> list[_Figure]:
    return [replace(one, atoms=atoms) if one.unit[0] == UnitKind.ORGANISATION else one for one in figures]


def _atoms(membership: pd.DataFrame, month: Month, window_months: int) -> Mapping[UnitKey, Atoms]:
    """Each unit as a set of groups: people on the days they belong to the same units fall into one group."""
    start, end = pd.Timestamp(month.shift(1 - window_months).first_day), pd.Timestamp(month.end)
    there = membership.loc[(membership["valid_from"] < end) & (membership["valid_to"] > start)]
    there = there.assign(
        valid_from=there["valid_from"].where(there["valid_from"] > start, start),
        valid_to=there["valid_to"].where(there["valid_to"] < end, end),
    )
    order = ["associate", "unit_kind", "unit_id", "valid_from", "valid_to"]
    spells: dict[str, list[tuple[UnitKey, pd.Timestamp, pd.Timestamp]]] = {}
    for associate, kind, unit, first, stop in there[order].sort_values(order).itertuples(index=False, name=None):
        spells.setdefault(associate, []).append(((kind, unit), first, stop))
    groups: dict[tuple[UnitKey, ...], int] = {}
    atoms: dict[UnitKey, Atoms] = {}
    for of_one in spells.values():
        for day in sorted({day for _, first, stop in of_one for day in (first, stop)}):
            units = tuple(unit for unit, first, stop in of_one if first <= day < stop)
            if not units:
                continue
            bit = 1 << groups.setdefault(units, len(groups))
            atoms |= {unit: atoms.get(unit, 0) | bit for unit in units}
    return atoms


# -- what can be worked out ----------------------------------------------------------------------------------------


def _next_withheld(shown: list[_Figure], minimum: int) -> set[UnitKey]:
    """The figures to withhold next: in each place where something could be worked out, the smallest involved."""
    clean, tangled = _split(shown)
    inside = _nest(clean)
    found: set[UnitKey] = set()
    places: list[_Figure | None] = [*clean, None]
    crossing = _by_container(clean, tangled)
    for whole in places:
        children = inside.get(whole.unit if whole else None, [])
        local = crossing.get(whole.unit if whole else None, [])
        if not local:
            if whole and children and _less(whole, children).reveals(minimum):
                found.add(min(children, key=lambda one: one.order).unit)
        elif worst := _tangle(whole, children, local, minimum):
            found.add(worst.unit)
    return found


def _within(inner: _Figure, outer: _Figure) -> bool:
    """Whether a figure is part of another. Of two with the same groups the smaller is in the larger."""
    if inner.atoms & ~outer.atoms:
        return False
    return inner.atoms != outer.atoms or (inner.rows, inner.order) < (outer.rows, outer.order)


def _by_group(figures: list[_Figure]) -> list[list[_Figure]]:
    """The figures of each group of respondents, so that only figures that share one are compared."""
    groups: dict[int, list[_Figure]] = {}
    for one in figures:
        rest = one.atoms
        while rest:
            lowest = rest & -rest
            groups.setdefault(lowest.bit_length(), []).append(one)
            rest ^= lowest
    return [groups[bit] for bit in sorted(groups)]


def _split(shown: list[_Figure]) -> tuple[list[_Figure], list[_Figure]]:
    """Figures that nest with all others, and figures that partly overlap another."""
    compared: set[tuple[UnitKey, UnitKey]] = set()
    tangled: set[UnitKey] = set()
    for group in _by_group(shown):
        for a, b in combinations(group, 2):
            if (a.unit, b.unit) in compared:
                continue
            compared.add((a.unit, b.unit))
            if a.atoms & ~b.atoms and b.atoms & ~a.atoms:
                tangled |= {a.unit, b.unit}
    return [one for one in shown if one.unit not in tangled], [one for one in shown if one.unit in tangled]


def _container(one: _Figure, candidates: list[_Figure]) -> UnitKey | None:
    """The smallest figure it is part of."""
    around = [other for other in candidates if other is not one and _within(one, other)]
    return min(around, key=lambda other: (other.atoms.bit_count(), other.rows, other.order)).unit if around else None


def _nest(clean: list[_Figure]) -> dict[UnitKey | None, list[_Figure]]:
    return _by_container(clean, clean)


def _by_container(clean: list[_Figure], figures: list[_Figure]) -> dict[UnitKey | None, list[_Figure]]:
    """Each figure under the smallest clean one around it, or under None."""
    candidates: dict[int, list[_Figure]] = {}
    for one in clean:
        rest = one.atoms
        while rest:
            lowest = rest & -rest
            candidates.setdefault(lowest, []).append(one)
            rest ^= lowest
    result: dict[UnitKey | None, list[_Figure]] = {}
    for one in figures:
        container = _container(one, candidates.get(one.atoms & -one.atoms, [])) if one.atoms else None
        result.setdefault(container, []).append(one)
    return result


def _less(whole: _Figure, parts: list[_Figure]) -> _Rest:
    atoms = whole.atoms
    for part in parts:
        atoms &= ~part.atoms
    respondents = whole.respondents - sum(part.respondents for part in parts)
    return _Rest(atoms, respondents, whole.rows - sum(part.rows for part in parts))


def _tangle(whole: _Figure | None, children: list[_Figure], crossing: list[_Figure], minimum: int) -> _Figure | None:
    """The smallest figure behind any group that the overlapping figures of one place isolate.

    A clean child is known by itself, so it is first taken out of everything around it. What is left is looked at group
    by group: a set of groups can be worked out if its indicator is a linear combination of the figures' indicators.
    """
    family = [*crossing, *([whole] if whole else [])]
    rests = []
    for one in family:
        inside = [child for child in children if not child.atoms & ~one.atoms and child is not one]
        rests.append(_less(one, inside))
    smallest = min([*children, *crossing], key=lambda one: one.order)
    merged = _merged_groups([rest.atoms for rest in rests])
    if len(merged) > MOST_ATOMS:
        return min(crossing, key=lambda one: one.order)
    involved = _isolated(merged, rests, minimum)
    if involved is None:
        return None
    named = [family[n] for n in involved if family[n] is not whole]
    return min(named, key=lambda one: one.order) if named else smallest


def _merged_groups(sets: list[Atoms]) -> list[tuple[bool, ...]]:
    """The different ways groups belong to the sets: groups alike in that are one."""
    union, signatures = 0, set()
    for one in sets:
        union |= one
    while union:
        lowest = union & -union
        signatures.add(tuple(bool(one & lowest) for one in sets))
        union ^= lowest
    return sorted(signatures)


def _isolated(merged: list[tuple[bool, ...]], rests: list[_Rest], minimum: int) -> list[int] | None:
    """Positions of the figures that together isolate too few respondents; None where none do."""
    incidence = np.array(merged, dtype=np.float64).reshape(len(merged), len(rests))
    count = len(merged)
    subsets = (np.arange(1, 1 << count)[:, np.newaxis] >> np.arange(count)) & 1
    weights = np.linalg.pinv(incidence) @ subsets.T
    solvable = np.abs(incidence @ weights - subsets.T).max(axis=0, initial=0) < _TOLERANCE
    respondents = np.array([rest.respondents for rest in rests]) @ weights
    rows = np.array([rest.rows for rest in rests]) @ weights
    reveals = solvable & (rows > _TOLERANCE) & (respondents < minimum - _TOLERANCE)
    for n in np.flatnonzero(reveals):
        return [int(place) for place in np.flatnonzero(np.abs(weights[:, n]) > _TOLERANCE)]
    # Figures made of the same groups whose counts differ (someone moved): their difference is a group too.
    for a, b in combinations(range(len(rests)), 2):
        gap = _Rest(0, abs(rests[a].respondents - rests[b].respondents), abs(rests[a].rows - rests[b].rows))
        if rests[a].atoms == rests[b].atoms and gap.reveals(minimum):
            return [a, b]
    return None
