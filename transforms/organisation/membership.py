"""Which units an associate's rows count in, from day to day.

Does not belong here: who reports to whom (`hierarchy`), or what a unit is called (`units`).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config.checks import Severity
from config.models import UnitKind
from transforms.columns import FILE, LINE, MEMBERSHIP, shaped
from transforms.organisation.hierarchy import NOBODY, Hierarchy
from transforms.organisation.intervals import (
    covered,
    cut_by,
    first_of_each,
    in_order,
    merged,
    spread,
    to_days,
    whole,
)
from transforms.organisation.notes import Note, listed, note, place, span_text

ANONYMOUS: Final = "team:"
"""Before a team's id: the associate as whom an anonymous row of the team is looked up."""


@dataclass(frozen=True, slots=True)
class Memberships:
    """Who belongs to what, in codes.

    `teams` (team, code, start, end) and `team_ids`; `leads` (team, node, via, start, end): who leads a team on which
    days, and whose managers are next above (the regular manager, where `node` stands in); `managers`
    (node, code, start, end): everyone in a span, the manager too.
    """

    teams: pd.DataFrame
    team_ids: pd.Index
    leads: pd.DataFrame
    managers: pd.DataFrame
    notes: tuple[Note, ...]


def build_memberships(hierarchy: Hierarchy, month_start: int) -> Memberships:
    """Teams, spans and who leads a team, day by day."""
    spells = hierarchy.spells
    in_team = spells.loc[spells["team"] != "", ["team", "code", "boss", "via", "start", "end", "row", FILE, LINE]]
    codes, names = pd.factorize(in_team["team"], sort=True)
    team_ids = pd.Index(names, dtype="str")
    in_team = in_team.assign(team=codes.astype("int64"))
    teams = merged(in_team, ["team", "code"])
    leads, notes = _leads(in_team, team_ids, hierarchy.ids, month_start)
    return Memberships(teams, team_ids, leads, _spans(hierarchy), tuple(notes))


def _spans(hierarchy: Hierarchy) -> pd.DataFrame:
    """Everyone below, those for whom one is the second manager, and oneself on days on which there is somebody."""
    spells = hierarchy.spells
    second = spells.loc[spells["second_code"] != NOBODY, ["second_code", "code", "start", "end"]]
    below = pd.concat([hierarchy.spans, second.rename(columns={"second_code": "node"})], ignore_index=True)
    managing = merged(below, ["node"])
    own = managing.assign(code=managing["node"])
    return merged(pd.concat([below, own], ignore_index=True), ["node", "code"])


def _leads(
    in_team: pd.DataFrame, team_ids: pd.Index, ids: pd.Index, month_start: int
) -> tuple[pd.DataFrame, list[Note]]:
    """Who leads each team: the manager of most of its members on the day, of several the smallest id.

    A member who manages other members has no say: a team with its leader among its members is led by that one.
    """
    votes = in_team.loc[in_team["boss"] != NOBODY]
    if votes.empty:
        return votes.rename(columns={"boss": "node"})[["team", "node", "via", "start", "end"]], []
    counts = votes.pipe(_without_leading_members, len(ids)).pipe(_counted)
    by = [counts["via"], -counts["same_via"], counts["boss"], -counts["people"], counts["start"], counts["team"]]
    order = np.lexsort([column.to_numpy() for column in by])
    firsts = order[first_of_each(whole(counts, "team")[order], whole(counts, "start")[order])]
    leads = counts.iloc[firsts].rename(columns={"boss": "node"})
    return merged(leads, ["team", "node", "via"]), _several_managers(counts, votes, team_ids, ids, month_start)


def _without_leading_members(votes: pd.DataFrame, people: int) -> pd.DataFrame:
    own = votes["team"] * people + votes["code"]
    if not own.isin(votes["team"] * people + votes["boss"]).any():
        return votes
    leading = merged(votes.assign(key=votes["team"] * people + votes["boss"]), ["key"])
    pieces = votes.assign(key=own).pipe(cut_by, "key", leading, "key")
    return pieces.loc[~covered(pieces, "key", leading, "key")].drop(columns="key").reset_index(drop=True)


def _counted(votes: pd.DataFrame) -> pd.DataFrame:
    """How many members each manager has in a team, between any two days on which something changes in it.

    Teams with one manager all along stay whole: there is nothing to count.
    """
    joined = merged(votes, ["team", "code", "boss", "via"])
    several = _varies(joined, "boss") | _varies(joined, "via")
    alone = merged(joined.loc[~several], ["team", "boss", "via"])
    pieces = joined.loc[several].pipe(cut_by, "team", joined.loc[several], "team")
    keys = ["team", "start", "end", "boss", "via"]
    found = {name: np.concatenate([whole(alone, name), whole(pieces, name)]) for name in keys}
    order = np.lexsort([found[name] for name in reversed(keys)])
    columns = [found[name][order] for name in keys]
    same = first_of_each(*columns)
    together = first_of_each(*columns[:-1])
    people = np.diff(np.append(together, len(order)))
    return pd.DataFrame(
        {
            **{name: column[same] for name, column in zip(keys, columns, strict=True)},
            "same_via": np.diff(np.append(same, len(order))),
            "people": people[np.searchsorted(together, same, side="right") - 1],
        }
    )


def _varies(frame: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    """Whether a row's team has more than one value in a column."""
    teams, values = whole(frame, "team"), whole(frame, column)
    size = teams.max(initial=-1) + 1
    low, high = np.full(size, np.iinfo(np.int64).max), np.full(size, np.iinfo(np.int64).min)
    np.minimum.at(low, teams, values)
    np.maximum.at(high, teams, values)
    return np.asarray((low != high)[teams])


def _several_managers(
    counts: pd.DataFrame, votes: pd.DataFrame, team_ids: pd.Index, ids: pd.Index, month_start: int
) -> list[Note]:
    now = counts.loc[counts["end"] > month_start]
    if not _varies(now, "boss").any():
        return []
    shared = now.loc[now.groupby(["team", "start"])["boss"].transform("nunique") > 1]
    firsts = votes.sort_values("row", kind="stable").drop_duplicates("team", keep="last")
    at = {row["team"]: place(row) for _, row in firsts.loc[firsts["team"].isin(shared["team"])].iterrows()}
    return [
        note(
            "several_managers", Severity.INFO,
            f"The members of team “{team}” have several managers "
            f"{span_text(int(rows['start'].min()), int(rows['end'].max()))}: {listed(ids[rows['boss']])}. The team "
            "belongs to the manager of most of them. Give its members one manager if that is wrong.",
            at=at[rows["team"].iloc[0]], column="manager", value=str(team), rows=rows["boss"].nunique(),
        )
        for team, rows in shared.groupby(team_ids.to_numpy()[shared["team"]], sort=True)
    ]  # fmt: skip


def membership_frame(hierarchy: Hierarchy, memberships: Memberships) -> pd.DataFrame:
    """All memberships as MEMBERSHIP, people first named by id, teams also as `team:<id>` for anonymous rows."""
    ids, team_ids = hierarchy.ids, memberships.team_ids
    people = merged(hierarchy.spells, ["code"])
    teams = merged(memberships.teams, ["team"])
    anonymous_spans = _anonymous_spans(memberships, hierarchy.spans)
    named, named_teams = (index.to_numpy(dtype=object) for index in (ids, team_ids))
    nobody = np.array([f"{ANONYMOUS}{team}" for team in named_teams], dtype=object)
    parts = [
        _part(named, "code", UnitKind.ASSOCIATE, named, "code", people),
        _part(named, "code", UnitKind.TEAM, named_teams, "team", memberships.teams),
        _part(named, "code", UnitKind.MANAGER, named, "node", memberships.managers),
        _part(nobody, "team", UnitKind.TEAM, named_teams, "team", teams),
        _part(nobody, "team", UnitKind.MANAGER, named, "node", anonymous_spans),
    ]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in MEMBERSHIP}
    by = ["associate", "unit_kind", "unit_id", "valid_from"]
    order = np.lexsort([pd.factorize(columns[name], sort=True)[0] for name in reversed(by)])
    return pd.DataFrame({name: column[order] for name, column in columns.items()}).pipe(shaped, MEMBERSHIP)


def _anonymous_spans(memberships: Memberships, spans: pd.DataFrame) -> pd.DataFrame:
    """In whose spans a team's anonymous rows count: the one who leads it, and everyone above on the same days.

    Above someone who stands in it goes on with the regular manager's managers.
    """
    leads = memberships.leads
    above = in_order(spans, "code")
    low, high = (np.searchsorted(whole(above, "code"), whole(leads, "via"), side=side) for side in ("left", "right"))
    lead, step = spread((high - low).astype(np.int64))
    span = low[lead] + step
    pairs = pd.DataFrame(
        {
            "team": whole(leads, "team")[lead], "node": whole(above, "node")[span],
            "start": np.maximum(whole(leads, "start")[lead], whole(above, "start")[span]),
            "end": np.minimum(whole(leads, "end")[lead], whole(above, "end")[span]),
        }
    )  # fmt: skip
    pairs = pairs.loc[pairs["start"] < pairs["end"]]
    return merged(pd.concat([leads[list(pairs.columns)], pairs], ignore_index=True), ["team", "node"])


def _part(
    associates: NDArray[np.object_], who: str, kind: UnitKind, units: NDArray[np.object_], unit: str, days: pd.DataFrame
) -> dict[str, NDArray[Any]]:
    return {
        "associate": associates[whole(days, who)], "unit_kind": np.full(len(days), str(kind), dtype=object),
        "unit_id": units[whole(days, unit)], "valid_from": to_days(whole(days, "start")),
        "valid_to": to_days(whole(days, "end")),
    }  # fmt: skip
