"""Lasting shifts of every unit's metrics as a report may show them: CHANGES, with whose they are and what was accepted.

A shift is told where series without one show its like with less than 5% chance over all metrics of the unit (Hochberg
1988, "A sharper Bonferroni procedure", Biometrika 75: two metrics that shifted bear each other out). Does not belong
here: finding shifts (`transforms.change`), re-basing, which a person decides, and sentences.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from config.models import Direction, Metric, Unit, UnitKind
from config.months import Month
from transforms.board import Board
from transforms.change.conditions import (
    BOTH,
    CONDITIONS,
    FEWEST_PEERS,
    OWN,
    UNKNOWN,
    VERDICTS,
    Conditions,
    against_peers,
    among_members,
)
from transforms.change.detect import KINDS, LEVEL, Changes, find_changes
from transforms.change.membership import changed_around
from transforms.columns import CHANGES, empty, shaped
from transforms.evidence.restarts import rebases
from transforms.numbers import Flags, Floats, Ints, month_number, month_of_number, month_starts
from transforms.organisation.units import ORGANISATION_ID
from transforms.variation import EVIDENCE

SHOWN_MONTHS: Final = 24
"""An older shift is history: it is in what is usual by now."""
LARGE_SHARE: Final = 1 / 3
"""Where more of a unit's people came or went around a shift, it is no shift of anybody."""
MOST_PEERS: Final = 200
NEAR_MONTHS: Final = 2
_ACCEPTED: Final = "accepted"
_MEMBERS: Final = "members"
_FEWEST_POINTS: Final = 3


@dataclass(frozen=True, slots=True)
class Company:
    """What changes are judged beside: the board, its figures without months unlike others (`without_months_unlike`),
    where series begin anew, which units and metrics are shown, UNITS and MEMBERSHIP.
    """

    board: Board
    course: Floats
    restarts: Flags
    shown: Flags
    units: pd.DataFrame
    membership: pd.DataFrame

    @property
    def associates(self) -> Flags:
        """Which units are people."""
        return np.asarray(self.board.kinds == UnitKind.ASSOCIATE.value, dtype=bool)

    def months(self, position: int) -> Ints:
        """The month number of each column of a metric."""
        newest = self.board.last - int(self.board.lags[position])
        return np.arange(newest - self.course.shape[2] + 1, newest + 1, dtype=np.int64)


def changes_of(company: Company, month: Month, events: pd.DataFrame) -> pd.DataFrame:
    """CHANGES of the units and metrics shown, found and accepted. `events`: `date` and `title`, sorted by date."""
    candidates = [_newest(company, position) for position in range(len(company.board.metrics))]
    told = _told(company, candidates)
    parts = [
        _of_metric(company, position, found.of(told[found.unit, position]))
        for position, found in enumerate(candidates)
        if told[found.unit, position].any()
    ]
    parts.append(_accepted(company, month))
    found = pd.concat([part for part in parts if len(part)], ignore_index=True) if any(map(len, parts)) else None
    if found is None:
        return empty(CHANGES)
    return (
        found.pipe(_with_members, company)
        .pipe(_with_events, events)
        .sort_values(["unit_kind", "unit_id", "metric", "month"], kind="stable")
        .pipe(shaped, CHANGES)
    )


def _newest(company: Company, position: int) -> Changes:
    """The newest shift within the last two years of each unit that may show a metric; `unit` is a row of the board."""
    rows = np.flatnonzero(company.shown[:, position])
    values, months = company.course[rows, position], company.months(position)
    found = find_changes(values, months, restarts=company.restarts[rows, position])
    found = found.of((found.chance < EVIDENCE) & (found.position >= values.shape[1] - SHOWN_MONTHS))
    newest = np.append(found.unit[1:] != found.unit[:-1], np.ones(min(len(found), 1), dtype=bool))
    found = found.of(np.asarray(newest, dtype=bool))
    return replace(found, unit=rows[found.unit])


def _told(company: Company, candidates: Sequence[Changes]) -> Flags:
    """Which candidates are told, units × metrics: the least chances that stand up together to all looks at the unit."""
    chances = np.ones(company.shown.shape)
    for position, found in enumerate(candidates):
        chances[found.unit, position] = found.chance
    order = np.argsort(chances, axis=1, kind="stable")
    ranked = np.take_along_axis(chances, order, axis=1)
    looks = np.maximum(company.shown.sum(axis=1), 1)[:, np.newaxis]
    passes = ranked * np.maximum(looks - np.arange(ranked.shape[1]), 1) < EVIDENCE
    # Whatever is less likely than one that passes is told with it.
    together = np.flip(np.maximum.accumulate(np.flip(passes, axis=1), axis=1), axis=1)
    told = np.zeros_like(passes)
    np.put_along_axis(told, order, together, axis=1)
    return np.asarray(told & (chances < EVIDENCE), dtype=bool)


def _of_metric(company: Company, position: int, found: Changes) -> pd.DataFrame:
    """CHANGES of a metric; `found.unit` is a row of the board."""
    months = company.months(position)
    causes, groups, seen = _causes(company, position, found)
    board = company.board
    metric = board.metric(position)
    level = found.kind == LEVEL
    before, after = found.before, found.after
    difference = _difference(metric, before, after)
    return pd.DataFrame(
        {
            "unit_kind": board.kinds[found.unit],
            "unit_id": board.ids[found.unit],
            "metric": board.metrics[position],
            "month": month_starts(months[found.position]),
            "kind": np.array(KINDS, dtype=object)[found.kind],
            "before": before,
            "after": after,
            "difference": np.where(level, difference, np.nan),
            "sense": _senses(metric, after - before),
            "size_sd": found.size_sd,
            "chance": found.chance,
            "cause": causes,
            "group_kind": groups[0],
            "group_id": groups[1],
            "moved_share": seen.moved,
            "explained_share": seen.explained,
            "accepted": False,
            "proposed": np.where(level, after, np.nan),
        }
    )


def _difference(metric: Metric, before: Floats, after: Floats) -> Floats:
    if metric.unit in {Unit.PERCENT, Unit.SCORE}:
        return after - before
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (after - before) / np.abs(before)
    return np.where(np.isfinite(share), share, np.nan)


def _senses(metric: Metric, rise: Floats) -> np.ndarray:
    if metric.good is Direction.NONE:
        return np.full(len(rise), "none", dtype=object)
    signed = rise if metric.good is Direction.UP else -rise
    return np.where(signed > 0, "better", np.where(signed < 0, "worse", "none")).astype(object)


# -- person or conditions ------------------------------------------------------------------------------------------


def _causes(
    company: Company, position: int, found: Changes
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], Conditions]:
    """Whose each shift is: verdict, the group that moved (kind and id), and what was seen of it."""
    count = len(found)
    verdict = np.full(count, UNKNOWN, dtype=np.int64)
    shares = [np.full(count, np.nan) for _ in range(2)]
    groups = np.full(count, "", dtype=object), np.full(count, "", dtype=object)
    person = company.associates[found.unit]
    for chosen, kind, ids, seen in (
        *_people_against(company, position, found, np.flatnonzero(person)),
        *_others_against(company, position, found, np.flatnonzero(~person)),
    ):
        better = (seen.verdict != UNKNOWN) & ((verdict[chosen] == UNKNOWN) | (verdict[chosen] == OWN))
        better &= (verdict[chosen] == UNKNOWN) | (seen.verdict != OWN)
        at = chosen[better]
        verdict[at] = seen.verdict[better]
        shares[0][at], shares[1][at] = seen.moved[better], seen.explained[better]
        moved = np.isin(seen.verdict[better], (CONDITIONS, BOTH))
        groups[0][at], groups[1][at] = np.where(moved, kind, ""), np.where(moved, ids[better], "")
    names = np.array(VERDICTS, dtype=object)[verdict]
    nothing = np.full(count, np.nan)
    return names, groups, Conditions(verdict, verdict, shares[0], nothing, nothing, nothing, shares[1])


_Look = tuple[Ints, str, np.ndarray, Conditions]


def _people_against(company: Company, position: int, found: Changes, chosen: Ints) -> list[_Look]:
    """Each person's shift against everybody else with the metric, then against the own team."""
    if not len(chosen):
        return []
    people = np.flatnonzero(company.associates & np.isfinite(company.course[:, position]).any(axis=1))
    place = {int(row): n for n, row in enumerate(people)}
    of_person = np.array([place[int(row)] for row in found.unit[chosen]], dtype=np.int64)
    mine = found.of(chosen)
    moved = Changes(of_person, *(getattr(mine, name) for name in Changes.__slots__[1:]))
    values, months = company.course[people, position], company.months(position)
    relative = _relative(company.board.metric(position))
    team = _teams(company, people)
    _, codes = np.unique(team, return_inverse=True)
    company_wide = against_peers(moved, values, np.zeros(len(people), dtype=np.int64), relative=relative, months=months)
    in_team = against_peers(
        moved, values, np.where(team == "", -1, codes).astype(np.int64), relative=relative, months=months
    )
    everyone = np.full(len(chosen), ORGANISATION_ID, dtype=object)
    return [
        (chosen, UnitKind.ORGANISATION.value, everyone, company_wide),
        (chosen, UnitKind.TEAM.value, np.asarray(team[of_person], dtype=object), in_team),
    ]


def _teams(company: Company, people: Ints) -> np.ndarray:
    units = company.units.loc[company.units["unit_kind"] == UnitKind.ASSOCIATE.value]
    parents = dict(zip(units["unit_id"], units["parent_id"], strict=True))
    return np.array([str(parents.get(company.board.ids[row]) or "") for row in people], dtype=object)


def _others_against(company: Company, position: int, found: Changes, chosen: Ints) -> list[_Look]:
    """The shift of a team or a span against the people with the metric who are not in it, or else the other teams; of
    the organisation, whether its teams moved together.
    """
    measured = np.isfinite(company.course[:, position]).any(axis=1)
    teams = np.flatnonzero(measured & (company.board.kinds == UnitKind.TEAM.value))
    people = np.flatnonzero(company.associates & measured)
    relative, months = _relative(company.board.metric(position)), company.months(position)
    looks: list[_Look] = []
    for n in chosen:
        row = int(found.unit[n])
        whole = company.board.kinds[row] == UnitKind.ORGANISATION.value
        others = teams if whole else _outside(company, row, people, teams)
        own, rest = company.course[row : row + 1, position], company.course[others, position]
        one = found.of(np.array([n]))
        alone = Changes(np.zeros(1, dtype=np.int64), *(getattr(one, name) for name in Changes.__slots__[1:]))
        everyone = np.zeros(len(rest), dtype=np.int64)
        if whole:
            seen = among_members(alone, own, rest, everyone, relative=relative, months=months)
        else:
            seen = against_peers(
                alone, np.vstack([own, rest]), np.append(everyone, 0), relative=relative, months=months
            )
        # Teams are no people: whose numbers they were is told.
        of_teams = bool((company.board.kinds[others] == UnitKind.TEAM.value).all())
        group = (UnitKind.TEAM, "") if of_teams else (UnitKind.ORGANISATION, ORGANISATION_ID)
        looks.append((np.array([n]), group[0].value, np.array([group[1]], dtype=object), seen))
    return looks


def _outside(company: Company, row: int, people: Ints, teams: Ints) -> Ints:
    """The people who were never in a unit; where they are too few, the teams that nobody of it was ever in."""
    members = _members(company, row)
    others = people[~np.isin(company.board.ids[people], list(members))]
    if len(others) >= FEWEST_PEERS:
        return others[:: max(1, len(others) // MOST_PEERS)]
    frame = company.membership
    theirs = set(frame.loc[frame["unit_kind"].eq(UnitKind.TEAM.value) & frame["associate"].isin(members), "unit_id"])
    return teams[~np.isin(company.board.ids[teams], list(theirs))]


def _members(company: Company, row: int) -> set[str]:
    """Everybody who was ever in a unit."""
    frame = company.membership
    there = (frame["unit_kind"] == company.board.kinds[row]) & (frame["unit_id"] == company.board.ids[row])
    return set(frame.loc[there, "associate"])


def _relative(metric: Metric) -> bool:
    return metric.unit not in {Unit.PERCENT, Unit.SCORE}


# -- members, events, decisions ------------------------------------------------------------------------------------


def _with_members(found: pd.DataFrame, company: Company) -> pd.DataFrame:
    """How many of the unit's people changed around the shift; where many did, it is no shift of anybody."""
    shares = []
    for start in pd.unique(found["month"]):
        month = Month.of(pd.Timestamp(start).date())
        around = changed_around(company.membership, month)
        shares.append(around[["unit_kind", "unit_id", "changed_share"]].assign(month=start))
    known = pd.concat(shares, ignore_index=True).rename(columns={"changed_share": "joined_share"})
    key = ["unit_kind", "unit_id", "month"]
    joined = found.drop(columns="joined_share", errors="ignore").merge(
        known.assign(month=known["month"].astype(found["month"].dtype)), on=key, how="left", validate="many_to_one"
    )
    person = joined["unit_kind"].eq(UnitKind.ASSOCIATE.value)
    share = joined["joined_share"].where(~person)
    many = share.fillna(0).ge(LARGE_SHARE) & ~joined["accepted"]
    return joined.assign(
        joined_share=share,
        cause=joined["cause"].mask(many, _MEMBERS),
        proposed=joined["proposed"].mask(many),
    )


def _with_events(found: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """What happened from the month before a shift to its own month's end."""
    told = []
    for start in found["month"]:
        month = Month.of(pd.Timestamp(start).date())
        first, end = pd.Timestamp(month.shift(-1).first_day), pd.Timestamp(month.end)
        near = events.loc[(events["date"] >= first) & (events["date"] < end)]
        lines = [f"{day:%Y-%m-%d} {title}" for day, title in zip(near["date"], near["title"], strict=True)]
        told.append("\n".join(lines))
    return found.assign(events=told)


def _accepted(company: Company, month: Month) -> pd.DataFrame:
    """The re-basings of the last two years as accepted shifts, with the means on either side."""
    board, lines = company.board, []
    rows = {unit: place for place, unit in enumerate(zip(board.kinds, board.ids, strict=True))}
    for one in rebases(board.config, month):
        row = rows.get((one.unit_kind.value, one.unit_id))
        if row is None or one.metric not in board.metrics:
            continue
        position = board.metrics.index(one.metric)
        months = company.months(position)
        column = int(month_number(one.month) - months[0])
        if not company.shown[row, position] or not max(len(months) - SHOWN_MONTHS, 0) <= column < len(months):
            continue
        before, after = _sides(company.course[row, position], company.restarts[row, position], column)
        metric = board.metric(position)
        rise = np.array([after - before])
        lines.append(
            {
                "unit_kind": one.unit_kind.value,
                "unit_id": one.unit_id,
                "metric": one.metric,
                "month": month_starts(np.array([month_number(month_of_number(int(months[column])))]))[0],
                "kind": "level",
                "before": before,
                "after": after,
                "difference": _difference(metric, np.array([before]), np.array([after]))[0],
                "sense": _senses(metric, rise)[0],
                "cause": _ACCEPTED,
                "group_kind": "",
                "group_id": "",
                "accepted": True,
            }
        )
    return pd.DataFrame(lines).pipe(shaped, CHANGES) if lines else empty(CHANGES)


def _sides(values: Floats, restarts: Flags, column: int) -> tuple[float, float]:
    """The mean of up to a year before and of all since, up to the next re-basing."""
    starts = np.flatnonzero(restarts)
    ends = starts[starts > column]
    since = values[column : int(ends[0]) if len(ends) else len(values)]
    earlier = starts[starts < column]
    before = values[max(int(earlier[-1]) if len(earlier) else 0, column - 12) : column]
    return tuple(  # type: ignore[return-value]
        float(np.nanmean(part)) if np.isfinite(part).any() else float("nan") for part in (before, since)
    )
