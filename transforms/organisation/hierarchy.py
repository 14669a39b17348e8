"""Who reports to whom from day to day, and everyone above: sound links, without cycles, to any depth.

Does not belong here: teams, titles, or what a unit is.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from config.checks import Severity
from transforms.organisation.intervals import covered, cut_by, in_order, merged, overlapping, to_date, whole
from transforms.organisation.notes import Note, listed, note, place, span_text
from transforms.organisation.rows import as_codes

NOBODY: Final = -1
DEEP: Final = 15


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Spells with sound links, and the spans that follow from them. People are codes, positions in `ids`.

    `spells` has, beside its texts, `manager_code` (the regular manager), `boss` (who stands above: the interim
    manager where there is one), `via` (whose own boss is next above) and `second_code`; NOBODY where there is none.
    `circular` marks the days on which the link above was dropped because it led round in a circle.
    `spans` (node, code, start, end): on which days somebody is below a manager; no overlap within a pair.
    """

    ids: pd.Index
    spells: pd.DataFrame
    spans: pd.DataFrame
    notes: tuple[Note, ...]


def build_hierarchy(spells: pd.DataFrame, ids: pd.Index, month_start: int) -> Hierarchy:
    """Cut the spells so that every link holds on all its days, drop links that cannot be, and climb the rest."""
    presence = merged(spells, ["code"])
    raw = spells.assign(
        manager_code=as_codes(spells["manager"], ids),
        interim_code=as_codes(spells["interim_manager"], ids),
        second_code=as_codes(spells["second_manager"], ids),
    )
    pieces = raw
    for column in ("manager_code", "interim_code", "second_code"):
        pieces = pieces.pipe(cut_by, column, presence, "code")
    there = {name: covered(pieces, f"{name}_code", presence, "code") for name in ("manager", "interim", "second")}
    notes = [
        *_missing_managers(pieces, presence, there["manager"] | there["interim"]),
        *_missing_stand_ins(pieces, "interim_manager", there["interim"]),
        *_missing_stand_ins(pieces, "second_manager", there["second"]),
    ]
    pieces = pieces.assign(
        **{f"{name}_code": pieces[f"{name}_code"].where(found, NOBODY) for name, found in there.items()}
    )
    pieces, self_notes = _without_own_managers(pieces)
    pieces = _with_next_above(pieces)
    pieces, cycle_notes = _without_cycles(pieces, ids)
    pieces = _without_standing_in_for_oneself(pieces)
    spans, depth_notes = _climb(pieces, ids, month_start)
    return Hierarchy(ids, pieces, spans, (*notes, *self_notes, *cycle_notes, *depth_notes))


def _without_own_managers(pieces: pd.DataFrame) -> tuple[pd.DataFrame, list[Note]]:
    """Nobody is their own manager (some lists write it so for whoever is at the top)."""
    own = pieces["manager_code"] == pieces["code"]
    rows_of_own = pieces.loc[own].groupby("associate", sort=True) if own.any() else ()
    notes = [
        note(
            "own_manager", Severity.WARNING,
            f"Associate “{who}” is given as their own manager {span_text(*_days(rows))}: they count as having none. "
            "Leave manager empty at the top.",
            at=place(rows.iloc[-1]), column="manager", value=str(who), days=_days(rows),
        )
        for who, rows in rows_of_own
    ]  # fmt: skip
    second = pieces["second_code"].where(pieces["second_code"] != pieces["code"], NOBODY)
    return pieces.assign(manager_code=pieces["manager_code"].where(~own, NOBODY), second_code=second), notes


def _with_next_above(pieces: pd.DataFrame) -> pd.DataFrame:
    """`boss` and `via`: an interim manager stands in the regular one's place, and above it goes on as it was.

    Without a regular manager the interim one is the manager.
    """
    manager, interim = pieces["manager_code"], pieces["interim_code"]
    vacant = manager == NOBODY
    acting = interim.where(~vacant | (interim != pieces["code"]), NOBODY)
    return pieces.assign(boss=acting.where(acting != NOBODY, manager), via=manager.where(~vacant, acting))


def _links(pieces: pd.DataFrame) -> pd.DataFrame:
    return merged(pieces.loc[pieces["via"] != NOBODY], ["code", "boss", "via"])


def _without_cycles(pieces: pd.DataFrame, ids: pd.Index) -> tuple[pd.DataFrame, list[Note]]:
    """Everyone in a cycle loses the link above them on the days it goes round."""
    links = merged(pieces.loc[pieces["via"] != NOBODY], ["code", "via"])
    rounds = _cycles(_within_loops(links, len(ids)))
    if rounds.empty:
        return pieces.assign(circular=False), []
    pieces = pieces.pipe(cut_by, "code", rounds, "code")
    cyclic = covered(pieces, "code", merged(rounds, ["code"]), "code")
    notes = _cycle_notes(pieces.loc[cyclic], ids)
    lost = {name: pieces[name].where(~cyclic, NOBODY) for name in ("manager_code", "boss", "via")}
    return pieces.assign(**lost, circular=cyclic), notes


def _within_loops(links: pd.DataFrame, people: int) -> pd.DataFrame:
    """The links that could be part of a cycle on some day: both ends reach each other over all days together."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = (whole(links, "code"), whole(links, "via"))
    graph = coo_array((np.ones(len(links)), ends), shape=(people, people)).tocsr()
    _, component = connected_components(graph, directed=True, connection="strong")
    inside: pd.DataFrame = links.loc[component[ends[0]] == component[ends[1]]].reset_index(drop=True)
    return inside


def _cycles(links: pd.DataFrame) -> pd.DataFrame:
    """Days on which following the links leads back to where one began: columns code, start, end."""
    found = [links.iloc[:0][["code", "start", "end"]]]
    level = links
    while not level.empty:
        round_trips = level.loc[level["via"] == level["code"], ["code", "start", "end"]]
        found.append(round_trips)
        # All members of a cycle come round at the same step: without their links nothing goes round twice.
        links = _minus(links, round_trips)
        level = _one_up(_minus(level, round_trips), links, ("via",))
    return merged(pd.concat(found, ignore_index=True), ["code"])


def _minus(frame: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    if taken.empty:
        return frame
    taken = merged(taken, ["code"])
    pieces = frame.pipe(cut_by, "code", taken, "code")
    return pieces.loc[~covered(pieces, "code", taken, "code")].reset_index(drop=True)


def _one_up(level: pd.DataFrame, links: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """From each row's `via` one step further up: `code` stays, `columns` come from the link above."""
    pairs = overlapping(level, "via", links, "code")
    above = {name: whole(links, name)[pairs.right] for name in columns}
    return pd.DataFrame({"code": whole(level, "code")[pairs.left], **above, "start": pairs.start, "end": pairs.end})


def _without_standing_in_for_oneself(pieces: pd.DataFrame) -> pd.DataFrame:
    """Who stands in for their own manager has that manager's manager above them."""
    own = pieces["boss"] == pieces["code"]
    if not own.any():
        return in_order(pieces, "code", "start")
    links = _links(pieces)
    done, left = [pieces.loc[~own]], pieces.loc[own]
    while not left.empty:
        # One step up; on days without anyone there, nobody is above.
        left = left.assign(key=left["via"]).pipe(cut_by, "key", links, "code")
        pairs = overlapping(left, "key", links, "code")
        boss, via = np.full(len(left), NOBODY), np.full(len(left), NOBODY)
        boss[pairs.left], via[pairs.left] = whole(links, "boss")[pairs.right], whole(links, "via")[pairs.right]
        left = left.assign(boss=boss, via=via).drop(columns="key")
        own = left["boss"] == left["code"]
        done, left = [*done, left.loc[~own]], left.loc[own]
    return in_order(pd.concat(done, ignore_index=True), "code", "start")


def _climb(pieces: pd.DataFrame, ids: pd.Index, month_start: int) -> tuple[pd.DataFrame, list[Note]]:
    """Everyone above everyone, level by level until nobody is left (there is no cycle)."""
    links = _links(pieces)
    level, levels = links, [links]
    notes: list[Note] = []
    # Cycles are gone, so this ends by itself; a chain longer than there are people would be our own fault.
    while not level.empty and len(levels) <= len(ids):
        level = _one_up(level, links, ("boss", "via"))
        levels.append(level)
        if len(levels) == DEEP + 1 and level["end"].gt(month_start).any():
            deep = level.loc[level["end"] > month_start, "code"]
            notes = [
                note(
                    "deep", Severity.INFO,
                    f"More than {DEEP} managers stand above {listed(ids[deep])}. This is allowed; check that the "
                    "manager column names the direct manager.",
                    column="manager", rows=deep.nunique(),
                )
            ]  # fmt: skip
    every = pd.concat(levels, ignore_index=True).rename(columns={"boss": "node"})
    return merged(every.loc[every["node"] != every["code"]], ["node", "code"]), notes


# -- findings --------------------------------------------------------------------------------------------------


def _days(rows: pd.DataFrame) -> tuple[int, int]:
    return int(rows["start"].min()), int(rows["end"].max())


def _missing_managers(pieces: pd.DataFrame, presence: pd.DataFrame, replaced: np.ndarray) -> list[Note]:
    """Managers nobody knows, and managers who are not employed on days someone reports to them."""
    without = (pieces["manager"] != "") & ~replaced & (pieces["manager"] != pieces["associate"])
    if not without.any():
        return []
    lost = pieces.loc[without]
    ends = presence.groupby("code")["end"].max()
    notes = []
    for manager, rows in lost.groupby("manager", sort=True):
        code = int(rows["manager_code"].iloc[0])
        left = code in ends.index and ends.loc[code] <= rows["start"].max()
        last_day = int(ends.loc[code]) if left else 0
        for _, group in rows.groupby(rows["start"] >= last_day, sort=True):
            notes.append(_missing_manager(str(manager), group, known=code in ends.index, left=left, last_day=last_day))
    return notes


def _missing_manager(manager: str, rows: pd.DataFrame, *, known: bool, left: bool, last_day: int) -> Note:
    who, days = set(rows["associate"]), _days(rows)
    people = f"{listed(who)} {'reports' if len(who) == 1 else 'report'}"
    treated = "They count as having no manager on those days."
    if left and days[0] >= last_day:
        code = "manager_left"
        text = (
            f"Manager “{manager}” has left (last day {to_date(last_day - 1)}), but {people} to them "
            f"{span_text(*days)}. {treated} Name the manager who follows, or an interim_manager."
        )
    elif known:
        code = "manager_not_there"
        text = (
            f"Manager “{manager}” is not employed {span_text(*days)}, but {people} to them. {treated} "
            "Name who was the manager then."
        )
    else:
        code = "unknown_manager"
        text = (
            f"Manager “{manager}” is no associate of the hr extract, but {people} to them {span_text(*days)}. "
            f"{treated} Add a row for the manager, or correct the id."
        )
    return note(
        code, Severity.WARNING, text, at=place(rows.sort_values("row").iloc[0]), column="manager", value=manager,
        rows=len(who), days=days,
    )  # fmt: skip


def _missing_stand_ins(pieces: pd.DataFrame, column: str, there: np.ndarray) -> list[Note]:
    without = (pieces[column] != "") & ~there
    if not without.any():
        return []
    lost = pieces.loc[without]
    return [
        note(
            f"unknown_{column}", Severity.WARNING,
            f"The {column} “{one}” of {listed(set(rows['associate']))} is not employed {span_text(*_days(rows))}: the "
            "column is left out on those days. Give the id of an associate who is there.",
            at=place(rows.sort_values("row").iloc[0]), column=column, value=str(one),
            rows=rows["associate"].nunique(), days=_days(rows),
        )
        for one, rows in lost.groupby(column, sort=True)
    ]  # fmt: skip


def _cycle_notes(cyclic: pd.DataFrame, ids: pd.Index) -> list[Note]:
    """One note for each cycle, as it goes round from its smallest id."""
    notes: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for start, day in cyclic.groupby("start", sort=True):
        above = dict(zip(whole(day, "code").tolist(), whole(day, "via").tolist(), strict=True))
        for first in sorted(above):
            members = _round_from(first, above, cyclic, int(str(start)))
            if members and min(members) == first:
                days = (int(str(start)), int(day.loc[day["code"] == first, "end"].iloc[0]))
                notes.setdefault(tuple(ids[members]), []).append(days)
    at = {row["associate"]: place(row) for _, row in cyclic.drop_duplicates("code", keep="last").iterrows()}
    return [
        note(
            "cycle", Severity.WARNING,
            f"These associates manage each other in a circle {span_text(days[0][0], days[-1][1])}: "
            f"{' → '.join([*members, members[0]])} (each reports to the next). None of them counts as having a manager "
            "on those days. One of them must report outside the circle, or to nobody.",
            at=at[members[0]], column="manager", value=members[0], rows=len(members),
            days=(days[0][0], days[-1][1]),
        )
        for members, days in sorted(notes.items())
    ]  # fmt: skip


def _round_from(first: int, above: dict[int, int], cyclic: pd.DataFrame, day: int) -> list[int]:
    """The cycle's members from `first` on, as of a day; empty where the first row of one begins on another day."""
    members, at = [first], above[first]
    while at != first:
        if at not in above:
            rows = cyclic.loc[(cyclic["code"] == at) & (cyclic["start"] <= day) & (day < cyclic["end"]), "via"]
            if rows.empty:
                return []
            above = {**above, at: int(rows.iloc[0])}
        members, at = [*members, at], above[at]
    return members
