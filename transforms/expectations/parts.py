"""What the expectations of the next level add up to, beside what the level above is expected to reach.

Does not belong here: any judgement of the gap between the two.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from config.models import UnitKind
from transforms.expectations.world import World, codes, day_number
from transforms.numbers import Floats, Ints, round_significant

_Tree = dict[tuple[str, str], dict[str, list[int]]]


def parts_totals(world: World, units: pd.DataFrame, expected: Floats) -> Floats:
    """Sums of the next level's expectations, units × metrics × months; NaN where a part has none, or for ratios.

    Only from the month reported on: the organisation of earlier months is not in `units`. A team's parts are its
    members on the month's last day; a manager's are the teams directly below (their members instead where one of
    them manages others, whose span is counted by itself) and the managers directly below; the organisation's are the
    managers and teams at the top. A manager's own expectation as an associate counts in the manager's span.
    """
    totals = np.full(expected.shape, np.nan)
    months = [at for at in world.positions if at >= world.report]
    if not months or not world.additive.any():
        return totals
    members = _members(world)
    tree = _tree(world, units)
    for unit, parts, optional in _all_parts(world, members, tree):
        if not parts:
            continue
        for at in months:
            required = expected[parts, :, at]
            total = required.sum(axis=0) + np.nan_to_num(expected[optional, :, at]).sum(axis=0)
            totals[unit, :, at] = np.where(world.additive, round_significant(total), np.nan)
    return totals


def _members(world: World) -> dict[int, list[int]]:
    """Associates of each team on the last day of the month reported."""
    last = day_number(world.report_month.last_day)
    pieces = world.pieces
    there = pieces.loc[(pieces["from_day"] <= last) & (pieces["to_day"] > last)]
    teams = there.loc[world.kinds[there["unit"].to_numpy(dtype=np.int64)] == UnitKind.TEAM.value]
    return {int(team): sorted(set(rows["associate"].tolist())) for team, rows in teams.groupby("unit", sort=True)}


def _tree(world: World, units: pd.DataFrame) -> _Tree:
    """Units by their parent, then by kind."""
    tree: _Tree = {}
    places: Ints = codes(units, world.code_of)
    parents = zip(units["parent_kind"].fillna(""), units["parent_id"].fillna(""), strict=True)
    for code, parent in sorted(zip(places.tolist(), parents, strict=True)):
        tree.setdefault(parent, {}).setdefault(str(world.kinds[code]), []).append(code)
    return tree


def _all_parts(world: World, members: dict[int, list[int]], tree: _Tree) -> Iterable[tuple[int, list[int], list[int]]]:
    """Each unit with the parts that must have an expectation and those that may have one."""
    for code, (kind, unit) in enumerate(zip(world.kinds, world.ids, strict=True)):
        below = tree.get((kind, unit), {})
        managers, teams = below.get(UnitKind.MANAGER, []), below.get(UnitKind.TEAM, [])
        if kind == UnitKind.TEAM:
            yield code, members.get(code, []), []
        elif kind == UnitKind.ORGANISATION:
            yield code, [*managers, *teams], []
        elif kind == UnitKind.MANAGER:
            yield code, *_span_parts(world, members, below, code)


def _span_parts(
    world: World, members: dict[int, list[int]], below: dict[str, list[int]], code: int
) -> tuple[list[int], list[int]]:
    managers, teams = below.get(UnitKind.MANAGER, []), below.get(UnitKind.TEAM, [])
    spans = {str(world.ids[one]) for one in managers}
    own = world.code_of.get((UnitKind.ASSOCIATE, str(world.ids[code])))
    if not teams:
        direct = [one for one in below.get(UnitKind.ASSOCIATE, []) if world.ids[one] not in spans and one != own]
        return [*direct, *managers], [] if own is None else [own]
    parts: set[int] = set(managers)
    covered: set[int] = set()
    for team in teams:
        people = members.get(team, [])
        covered.update(people)
        if any(str(world.ids[one]) in spans for one in people):
            parts.update(one for one in people if str(world.ids[one]) not in spans)
        else:
            parts.add(team)
    return sorted(parts), [] if own is None or own in covered else [own]
