"""The units of a month: who and what there is a figure of, with title, parent and people as of its last day.

Does not belong here: which rows count in a unit (`membership`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from config.models import UnitKind
from transforms.columns import UNITS, empty, shaped
from transforms.organisation.hierarchy import NOBODY, Hierarchy
from transforms.organisation.intervals import Whole, overlapping, to_days, whole
from transforms.organisation.membership import Memberships
from transforms.organisation.rows import as_codes

ORGANISATION_ID: Final = "organisation"
_ORDER: Final = {kind: at for at, kind in enumerate(("organisation", "manager", "team", "associate"))}


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
    if state.empty:
        return empty(UNITS)
    units = [
        _organisation(hierarchy, days, organisation_title),
        _managers(hierarchy, memberships, days),
        _teams(hierarchy, memberships, days, team_by),
        _associates(hierarchy, state),
    ]
    frame = pd.concat(units, ignore_index=True)
    order = frame.assign(_at=frame["unit_kind"].map(_ORDER)).sort_values(["_at", "unit_id"], kind="stable")
    return order.drop(columns="_at").pipe(shaped, UNITS)


def _last_state(spells: pd.DataFrame, days: _Days) -> pd.DataFrame:
    """Each associate's last spell in the month, indexed by code."""
    inside = spells.loc[(spells["start"] < days.after) & (spells["end"] > days.first)]
    return inside.sort_values(["code", "start"], kind="stable").drop_duplicates("code", keep="last").set_index("code")


def _on_last_day(members: pd.DataFrame, unit: str, days: _Days) -> pd.DataFrame:
    """Members of each unit on its last day with any: columns unit, code, day."""
    inside = members.loc[(members["start"] < days.after) & (members["end"] > days.first)]
    ends = inside["end"].clip(upper=days.after)
    last = ends.groupby(inside[unit]).transform("max")
    return inside.loc[ends == last, [unit, "code"]].assign(day=last.loc[ends == last] - 1).reset_index(drop=True)


def _as_of(asked: pd.DataFrame, spells: pd.DataFrame) -> Whole:
    """Position in `spells` of what was true of `code` on `day` (which it is known to have a spell on)."""
    moments = asked.assign(start=asked["day"], end=asked["day"] + 1)
    return overlapping(moments, "code", spells, "code").right


def _sums(members: pd.DataFrame, unit: str, spells: pd.DataFrame) -> pd.DataFrame:
    """People, their fte and the day, for each unit."""
    fte = spells["fte"].to_numpy()[_as_of(members, spells)]
    sums: pd.DataFrame = (
        members.assign(fte=fte)
        .groupby(unit, sort=True)
        .agg(people=("code", "size"), fte=("fte", "sum"), day=("day", "first"))
    )
    return sums


def _ids(codes: Whole, ids: pd.Index) -> np.ndarray:
    """Ids of codes, empty for NOBODY."""
    return np.where(codes == NOBODY, "", np.append(ids.to_numpy(dtype=object), "")[codes])


def _named(spells: pd.DataFrame) -> pd.Series:
    return spells["name"].where(spells["name"] != "", spells["associate"])


def _associates(hierarchy: Hierarchy, state: pd.DataFrame) -> pd.DataFrame:
    boss = _ids(whole(state, "boss"), hierarchy.ids)
    in_team = (state["team"] != "").to_numpy()
    kind = np.where(in_team, UnitKind.TEAM, np.where(boss != "", UnitKind.MANAGER, UnitKind.ORGANISATION))
    parent = np.where(in_team, state["team"], np.where(boss != "", boss, ORGANISATION_ID))
    return pd.DataFrame(
        {
            "unit_kind": str(UnitKind.ASSOCIATE), "unit_id": state["associate"].to_numpy(),
            "title": _named(state).to_numpy(), "parent_kind": kind.astype(str), "parent_id": parent, "people": 1,
            "manager": boss, "role": state["role"].to_numpy(), "fte": state["fte"].to_numpy(),
            "hire_date": to_days(whole(state, "hire_date")), "direct": False,
        }
    )  # fmt: skip


def _managers(hierarchy: Hierarchy, memberships: Memberships, days: _Days) -> pd.DataFrame:
    spells, ids = hierarchy.spells, hierarchy.ids
    sums = _sums(_on_last_day(memberships.managers, "node", days), "node", spells)
    own = spells.iloc[_as_of(sums.reset_index().rename(columns={"node": "code"})[["code", "day"]], spells)]
    codes = sums.index.to_numpy(dtype=np.int64)
    boss = _parents(codes, whole(own, "boss"), whole(own, "via"), hierarchy, whole(sums, "day"))
    reports = _on_last_day(memberships.managers, "node", days).query("node != code")
    direct = reports.loc[whole(spells, "boss")[_as_of(reports, spells)] == reports["node"], "node"]
    manager = _ids(boss, ids)
    return pd.DataFrame(
        {
            "unit_kind": str(UnitKind.MANAGER), "unit_id": ids[codes], "title": _named(own).to_numpy(),
            "parent_kind": np.where(manager == "", UnitKind.ORGANISATION, UnitKind.MANAGER).astype(str),
            "parent_id": np.where(manager == "", ORGANISATION_ID, manager), "people": whole(sums, "people"),
            "manager": manager, "role": own["role"].to_numpy(), "fte": sums["fte"].to_numpy(),
            "hire_date": to_days(whole(own, "hire_date")), "direct": np.isin(codes, direct),
        }
    )  # fmt: skip


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
        at = _as_of(pd.DataFrame({"code": [code], "day": [day]}), spells)
        code = int(whole(spells, "via")[at[0]]) if len(at) else NOBODY
    return code


def _teams(hierarchy: Hierarchy, memberships: Memberships, days: _Days, team_by: str) -> pd.DataFrame:
    sums = _sums(_on_last_day(memberships.teams, "team", days), "team", hierarchy.spells)
    codes = sums.index.to_numpy(dtype=np.int64)
    asked = sums.reset_index()[["team", "day"]].assign(start=sums["day"].to_numpy(), end=sums["day"].to_numpy() + 1)
    lead = np.full(len(codes), NOBODY)
    pairs = overlapping(asked, "team", memberships.leads, "team")
    lead[pairs.left] = whole(memberships.leads, "node")[pairs.right]
    manager = _ids(lead, hierarchy.ids)
    ids = memberships.team_ids[codes]
    return pd.DataFrame(
        {
            "unit_kind": str(UnitKind.TEAM), "unit_id": ids, "title": _team_titles(ids, hierarchy, days, team_by),
            "parent_kind": np.where(manager == "", UnitKind.ORGANISATION, UnitKind.MANAGER).astype(str),
            "parent_id": np.where(manager == "", ORGANISATION_ID, manager), "people": whole(sums, "people"),
            "manager": manager, "role": "", "fte": sums["fte"].to_numpy(),
            "hire_date": to_days(np.full(len(codes), -1)), "direct": False,
        }
    )  # fmt: skip


def _team_titles(ids: pd.Index, hierarchy: Hierarchy, days: _Days, team_by: str) -> np.ndarray:
    """The latest name a team's rows give it; by manager, the team of that person."""
    known = hierarchy.spells.loc[hierarchy.spells["start"] < days.after]
    if team_by == "manager":
        latest = known.sort_values(["code", "start"], kind="stable").drop_duplicates("code", keep="last")
        names = dict(zip(whole(latest, "code").tolist(), _named(latest), strict=True))
        return np.array(
            [
                f"Team of {names.get(code, team)}"
                for code, team in zip(as_codes(pd.Series(ids), hierarchy.ids), ids, strict=True)
            ],
            dtype=object,
        )
    named = known.loc[(known["team"] != "") & (known["team_name"] != "")]
    named = named.assign(until=named["end"].clip(upper=days.after))
    latest = named.sort_values(["team", "until", "start", "row"], kind="stable").drop_duplicates("team", keep="last")
    titles = dict(zip(latest["team"], latest["team_name"], strict=True))
    return np.array([titles.get(team, team) for team in ids], dtype=object)


def _organisation(hierarchy: Hierarchy, days: _Days, title: str) -> pd.DataFrame:
    everyone = hierarchy.spells[["code", "start", "end"]].assign(organisation=0)
    there = _on_last_day(everyone, "organisation", days)
    now = hierarchy.spells.iloc[_as_of(there, hierarchy.spells)]
    tops = now.loc[now["boss"] == NOBODY, "associate"]
    return pd.DataFrame(
        {
            "unit_kind": str(UnitKind.ORGANISATION), "unit_id": ORGANISATION_ID, "title": title, "parent_kind": "",
            "parent_id": "", "people": len(now), "manager": tops.iloc[0] if len(tops) == 1 else "", "role": "",
            "fte": now["fte"].sum(), "hire_date": to_days(np.array([-1])), "direct": False,
        },
        index=[0],
    )  # fmt: skip
