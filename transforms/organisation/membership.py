"""Which units an associate's rows count in, from day to day.

Does not belong here: who reports to whom (`hierarchy`), or what a unit is called (`units`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from config.models import UnitKind
from transforms.columns import FILE, LINE, MEMBERSHIP, shaped
from transforms.organisation.hierarchy import NOBODY, Hierarchy
from transforms.organisation.intervals import covered, cut_by, merged, to_days, whole
from transforms.organisation.notes import Note, listed, note, place, span_text
from transforms.stages import Severity

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
    most = counts.sort_values(
        ["team", "start", "people", "boss", "same_via", "via"],
        ascending=[True, True, False, True, False, True],
        kind="stable",
    )
    leads = most.drop_duplicates(["team", "start"], keep="first").rename(columns={"boss": "node"})
    return merged(leads, ["team", "node", "via"]), _several_managers(counts, votes, team_ids, ids, month_start)


def _without_leading_members(votes: pd.DataFrame, people: int) -> pd.DataFrame:
    leading = merged(votes.assign(key=votes["team"] * people + votes["boss"]), ["key"])
    pieces = votes.assign(key=votes["team"] * people + votes["code"]).pipe(cut_by, "key", leading, "key")
    return pieces.loc[~covered(pieces, "key", leading, "key")].drop(columns="key").reset_index(drop=True)


def _counted(votes: pd.DataFrame) -> pd.DataFrame:
    """How many members each manager has in a team, between any two days on which something changes in it.

    Teams with one manager all along stay whole: there is nothing to count.
    """
    joined = merged(votes, ["team", "code", "boss", "via"])
    several = joined.groupby("team")["boss"].transform("nunique") > 1
    several |= joined.groupby("team")["via"].transform("nunique") > 1
    alone = merged(joined.loc[~several], ["team", "boss", "via"])
    pieces = joined.loc[several].pipe(cut_by, "team", joined.loc[several], "team")
    pieces = pd.concat([alone, pieces.drop(columns="code")], ignore_index=True)
    keys = ["team", "start", "end", "boss"]
    same = pieces.groupby([*keys, "via"], sort=True).size().rename("same_via").reset_index()
    return same.assign(people=same.groupby(keys)["same_via"].transform("sum"))


def _several_managers(
    counts: pd.DataFrame, votes: pd.DataFrame, team_ids: pd.Index, ids: pd.Index, month_start: int
) -> list[Note]:
    now = counts.loc[counts["end"] > month_start]
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
    parts = [
        _part(ids[people["code"]], UnitKind.ASSOCIATE, ids[people["code"]], people),
        _part(
            ids[memberships.teams["code"]], UnitKind.TEAM, team_ids[memberships.teams["team"]], memberships.teams
        ),
        _part(
            ids[memberships.managers["code"]], UnitKind.MANAGER, ids[memberships.managers["node"]],
            memberships.managers,
        ),
        _part(ANONYMOUS + team_ids[teams["team"]], UnitKind.TEAM, team_ids[teams["team"]], teams),
        _part(
            ANONYMOUS + team_ids[anonymous_spans["team"]], UnitKind.MANAGER, ids[anonymous_spans["node"]],
            anonymous_spans,
        ),
    ]  # fmt: skip
    order = ["associate", "unit_kind", "unit_id", "valid_from"]
    return pd.concat(parts, ignore_index=True).sort_values(order, kind="stable").pipe(shaped, MEMBERSHIP)


def _anonymous_spans(memberships: Memberships, spans: pd.DataFrame) -> pd.DataFrame:
    """In whose spans a team's anonymous rows count: the one who leads it, and everyone above on the same days.

    Above someone who stands in it goes on with the regular manager's managers.
    """
    leads = memberships.leads[["team", "node", "via", "start", "end"]]
    pairs = leads.add_prefix("lead_").merge(
        spans, left_on="lead_via", right_on="code", how="inner", validate="many_to_many"
    )
    above = pairs.assign(
        team=pairs["lead_team"],
        start=np.maximum(pairs["lead_start"], pairs["start"]),
        end=np.minimum(pairs["lead_end"], pairs["end"]),
    )
    above = above.loc[above["start"] < above["end"], ["team", "node", "start", "end"]]
    return merged(pd.concat([leads.drop(columns="via"), above], ignore_index=True), ["team", "node"])


def _part(associates: pd.Index, kind: UnitKind, units: pd.Index, days: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "associate": associates, "unit_kind": str(kind), "unit_id": units,
            "valid_from": to_days(whole(days, "start")), "valid_to": to_days(whole(days, "end")),
        }
    )  # fmt: skip
