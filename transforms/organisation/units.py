"""The units of a month: who and what there is a figure of, with title, parent and people as of its last day.

Does not belong here: which rows count in a unit (`membership`).
"""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config.models import UnitKind
from transforms.columns import UNITS, empty, shaped
from transforms.organisation.hierarchy import NOBODY, Hierarchy
from transforms.organisation.intervals import NO_DAY, Whole, first_of_each, position_at, to_days, whole
from transforms.organisation.membership import Memberships

ORGANISATION_ID: Final = "organisation"
Column: TypeAlias = NDArray[Any]
Part: TypeAlias = dict[str, Any]
"""Columns of units of one kind, or one value for all of them."""


@dataclass(frozen=True, slots=True)
class _Days:
    """The month as day numbers, `after` exclusive."""

    first: int
    after: int


def build_units(
    hierarchy: Hierarchy, memberships: Memberships, first: int, after: int, *, team_by: str, organisation_title: str
) -> pd.DataFrame:
    """UNITS of the days from `first` to before `after`.

    Each unit is seen on the last of these days on which it had a member. `people` and `fte` are its members' (a
    manager's with the manager); `role` and `hire_date` the associate's or manager's own.
    """
    days = _Days(first, after)
    state = _last_state(hierarchy.spells, days)
    if not len(state):
        return empty(UNITS)
    # Within a kind units come in the order of their codes, which is that of their ids.
    parts = [
        _organisation(hierarchy, days, organisation_title),
        _managers(hierarchy, memberships, days),
        _teams(hierarchy, memberships, days, team_by),
        _associates(hierarchy, state),
    ]
    units = {name: np.concatenate([_filled(part[name], len(part["unit_id"])) for part in parts]) for name in UNITS}
    return pd.DataFrame(units).pipe(shaped, UNITS)


def _filled(value: object, size: int) -> Column:
    """A column of so many rows, from one value for all of them if need be."""
    if isinstance(value, np.ndarray):
        return value
    return np.full(size, value, dtype=object if isinstance(value, str) else None)


def _last_state(spells: pd.DataFrame, days: _Days) -> Whole:
    """Position of each associate's last spell in the month."""
    code, start = whole(spells, "code"), whole(spells, "start")
    inside = np.flatnonzero((start < days.after) & (whole(spells, "end") > days.first))
    ordered = inside[np.lexsort((start[inside], code[inside]))]
    if not len(ordered):
        return ordered
    last = np.append(first_of_each(code[ordered])[1:], len(ordered)) - 1
    return np.asarray(ordered[last], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Members:
    """Members of units, and the last day on which their unit had any."""

    unit: Whole
    code: Whole
    day: Whole


def _on_last_day(members: pd.DataFrame, unit: str, days: _Days) -> _Members:
    inside = (whole(members, "start") < days.after) & (whole(members, "end") > days.first)
    units, codes = whole(members, unit)[inside], whole(members, "code")[inside]
    ends = np.minimum(whole(members, "end")[inside], days.after)
    last = np.zeros(units.max(initial=-1) + 1, dtype=np.int64)
    np.maximum.at(last, units, ends)
    there = ends == last[units]
    return _Members(units[there], codes[there], last[units[there]] - 1)


@dataclass(frozen=True, slots=True)
class _Sums:
    """People, their fte and the day, for each unit; sorted by unit."""

    unit: Whole
    people: Whole
    fte: Column
    day: Whole


def _sums(members: _Members, spells: pd.DataFrame) -> _Sums:
    fte = spells["fte"].to_numpy()[position_at(spells, "code", members.code, members.day)]
    units, first, people = np.unique(members.unit, return_index=True, return_counts=True)
    return _Sums(units, people, pd.Series(fte).groupby(members.unit, sort=True).sum().to_numpy(), members.day[first])


def _ids(codes: Whole, ids: pd.Index) -> Column:
    """Ids of codes, empty for NOBODY."""
    return np.where(codes == NOBODY, "", np.append(ids.to_numpy(dtype=object), "")[codes])


def _texts(spells: pd.DataFrame, name: str, positions: Whole) -> Column:
    return spells[name].to_numpy(dtype=object)[positions]


def _named(spells: pd.DataFrame, positions: Whole) -> Column:
    names = _texts(spells, "name", positions)
    return np.where(names == "", _texts(spells, "associate", positions), names)


def _parent(manager: Column) -> Part:
    """A manager's unit as the parent where there is a manager, else the organisation."""
    kind = np.where(manager == "", str(UnitKind.ORGANISATION), str(UnitKind.MANAGER)).astype(object)
    return {"parent_kind": kind, "parent_id": np.where(manager == "", ORGANISATION_ID, manager), "manager": manager}


def _associates(hierarchy: Hierarchy, state: Whole) -> Part:
    spells = hierarchy.spells
    parent = _parent(_ids(whole(spells, "boss")[state], hierarchy.ids))
    team = _texts(spells, "team", state)
    return {
        **parent, "unit_kind": str(UnitKind.ASSOCIATE), "unit_id": _texts(spells, "associate", state),
        "title": _named(spells, state),
        "parent_kind": np.where(team != "", str(UnitKind.TEAM), parent["parent_kind"]),
        "parent_id": np.where(team != "", team, parent["parent_id"]), "people": 1,
        "role": _texts(spells, "role", state), "fte": spells["fte"].to_numpy()[state],
        "hire_date": to_days(whole(spells, "hire_date")[state]), "direct": False,
    }  # fmt: skip


def _managers(hierarchy: Hierarchy, memberships: Memberships, days: _Days) -> Part:
    spells, ids = hierarchy.spells, hierarchy.ids
    members = _on_last_day(memberships.managers, "node", days)
    sums = _sums(members, spells)
    own = position_at(spells, "code", sums.unit, sums.day)
    bosses = whole(spells, "boss")
    boss = _parents(sums.unit, bosses[own], whole(spells, "via")[own], hierarchy, sums.day)
    reports = bosses[position_at(spells, "code", members.code, members.day)] == members.unit
    return {
        **_parent(_ids(boss, ids)), "unit_kind": str(UnitKind.MANAGER), "unit_id": _ids(sums.unit, ids),
        "title": _named(spells, own), "people": sums.people, "role": _texts(spells, "role", own), "fte": sums.fte,
        "hire_date": to_days(whole(spells, "hire_date")[own]),
        "direct": np.isin(sums.unit, members.unit[reports & (members.unit != members.code)]),
    }  # fmt: skip


def _parents(codes: Whole, boss: Whole, via: Whole, hierarchy: Hierarchy, day: Whole) -> Whole:
    """Each manager's parent, so that parents never go round.

    Interim managers can stand above each other (somebody stands in above their own manager): then the regular
    manager is the parent, or whoever is next above and is a manager.
    """
    parent = dict(zip(codes.tolist(), boss.tolist(), strict=True))
    circle = _in_circle(parent)
    at = {code: place for place, code in enumerate(codes.tolist())}
    while circle:
        for code in circle:
            parent[code] = _next_manager(int(via[at[code]]), int(day[at[code]]), parent, hierarchy.spells)
        before, circle = circle, _in_circle(parent)
        if circle and circle <= before:
            parent.update(dict.fromkeys(circle, NOBODY))
            break
    return np.array([parent[code] for code in codes.tolist()], dtype=np.int64)


def _in_circle(parent: dict[int, int]) -> set[int]:
    """Those who are above themselves."""
    found: set[int] = set()
    done: set[int] = set()
    for first in parent:
        path: list[int] = []
        code = first
        while code in parent and code not in done:
            done.add(code)
            path.append(code)
            code = parent[code]
        if code in path:
            found.update(path[path.index(code) :])
    return found


def _next_manager(code: int, day: int, managers: dict[int, int], spells: pd.DataFrame) -> int:
    """`code` if it is a manager, else the first one above it that day who is; NOBODY if none is."""
    while code != NOBODY and code not in managers:
        at = int(position_at(spells, "code", np.array([code]), np.array([day]))[0])
        code = int(whole(spells, "via")[at]) if at >= 0 else NOBODY
    return code


def _teams(hierarchy: Hierarchy, memberships: Memberships, days: _Days, team_by: str) -> Part:
    sums = _sums(_on_last_day(memberships.teams, "team", days), hierarchy.spells)
    lead = position_at(memberships.leads, "team", sums.unit, sums.day)
    manager = _ids(np.append(whole(memberships.leads, "node"), NOBODY)[lead], hierarchy.ids)
    ids = memberships.team_ids.to_numpy(dtype=object)[sums.unit]
    return {
        **_parent(manager), "unit_kind": str(UnitKind.TEAM), "unit_id": ids,
        "title": _team_titles(ids, hierarchy, days, team_by), "people": sums.people, "role": "", "fte": sums.fte,
        "hire_date": to_days(np.full(len(ids), NO_DAY)), "direct": False,
    }  # fmt: skip


def _team_titles(ids: Column, hierarchy: Hierarchy, days: _Days, team_by: str) -> Column:
    """The latest name a team's rows give it; by manager, the team of that person."""
    spells = hierarchy.spells
    starts = whole(spells, "start")
    known = np.flatnonzero(starts < days.after)
    if team_by == "manager":
        latest = known[np.lexsort((starts[known], whole(spells, "code")[known]))]
        names = dict(zip(_texts(spells, "associate", latest), _named(spells, latest), strict=True))
        return np.array([f"Team of {names.get(team, team)}" for team in ids], dtype=object)
    until = np.minimum(whole(spells, "end")[known], days.after)
    latest = known[np.lexsort((whole(spells, "row")[known], starts[known], until))]
    teams, names_of = _texts(spells, "team", latest), _texts(spells, "team_name", latest)
    titles = {team: name for team, name in zip(teams, names_of, strict=True) if name}
    return np.array([titles.get(team, team) for team in ids], dtype=object)


def _organisation(hierarchy: Hierarchy, days: _Days, title: str) -> Part:
    spells = hierarchy.spells
    there = _on_last_day(spells[["code", "start", "end"]].assign(organisation=0), "organisation", days)
    now = position_at(spells, "code", there.code, there.day)
    tops = _texts(spells, "associate", now[whole(spells, "boss")[now] == NOBODY])
    return {
        "unit_kind": str(UnitKind.ORGANISATION), "unit_id": np.array([ORGANISATION_ID], dtype=object), "title": title,
        "parent_kind": "", "parent_id": "", "people": len(now), "manager": tops[0] if len(tops) == 1 else "",
        "role": "", "fte": spells["fte"].to_numpy()[now].sum(), "hire_date": to_days(np.array([NO_DAY])),
        "direct": False,
    }  # fmt: skip
