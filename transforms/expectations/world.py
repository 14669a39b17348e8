"""The units, metrics and months expectations are about, with what is known of them as arrays.

Does not belong here: any expectation.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

import numpy as np
import pandas as pd

from config.models import Config, Metric, UnitKind
from config.months import Month, months_between
from transforms.columns import FAR_FUTURE, FAR_PAST
from transforms.numbers import (
    Flags,
    Floats,
    Ints,
    is_additive,
    is_extensive,
    month_number,
    month_numbers,
    month_of_number,
)

ANONYMOUS = "team:"
_PIECE_ORDER = ["unit", "associate", "from_day", "to_day", "role", "fte"]
_LEVELS = (UnitKind.MANAGER, UnitKind.TEAM, UnitKind.ORGANISATION, UnitKind.ASSOCIATE)


@dataclass(frozen=True, slots=True)
class Input:
    """What the other stages know of the company; see `evaluate_expectations`."""

    facts: pd.DataFrame
    units: pd.DataFrame
    membership: pd.DataFrame
    spells: pd.DataFrame
    holidays: frozenset[date]


@dataclass(frozen=True, slots=True)
class World:
    """Arrays over units × metrics × months; `axis` holds the months, `wanted` those that may have an expectation.

    `actual` is NaN where there is no fact. `exists`: the unit has someone in it on a day of the month. `pieces`:
    who (`associate`, a unit's position) counts in which `unit` on which days (numbers of days since 1970, half-open)
    with which role and fte. `report` is the position of the month reported.
    """

    config: Config
    axis: tuple[Month, ...]
    wanted: Flags
    report: int
    kinds: np.ndarray
    ids: np.ndarray
    code_of: Mapping[tuple[str, str], int]
    organisation: int | None
    titles: Mapping[str, tuple[str, str]]
    metrics: tuple[str, ...]
    additive: Flags
    extensive: Flags
    """Which metrics a value per person or day is multiplied for."""
    actual: Floats
    exists: Flags
    pieces: pd.DataFrame
    holidays: np.ndarray

    @property
    def positions(self) -> list[int]:
        """Where on the axis an expectation may be, earliest first."""
        return [int(at) for at in np.flatnonzero(self.wanted)]

    @property
    def report_month(self) -> Month:
        """The month reported."""
        return self.axis[self.report]

    def position(self, month: Month) -> int | None:
        """Where a month stands on the axis, if an expectation may be there."""
        at = month.minus(self.axis[0])
        return at if 0 <= at < len(self.axis) and self.wanted[at] else None

    def metric(self, position: int) -> Metric:
        """A metric by its position."""
        return self.config.metrics[self.metrics[position]]

    def metric_position(self, text: str) -> int | None:
        """The position of a metric given by its name, or by its label in any case."""
        if text in self.metrics:
            return self.metrics.index(text)
        labels = [self.metric(n).label.casefold() for n in range(len(self.metrics))]
        return labels.index(text.casefold()) if labels.count(text.casefold()) == 1 else None

    def unit_code(self, kind: UnitKind, text: str) -> int | None:
        """The position of a unit; the organisation needs no id."""
        if kind is UnitKind.ORGANISATION:
            return self.code_of.get((kind, text), self.organisation)
        return self.code_of.get((kind, text))

    def any_unit(self, text: str) -> int | None:
        """The position of a unit given as `kind:id`, or by an id alone (the highest level that has it)."""
        kind, _, unit = text.partition(":")
        if unit and kind.strip().lower() in set(UnitKind):
            return self.unit_code(UnitKind(kind.strip().lower()), unit.strip())
        if text.lower() == UnitKind.ORGANISATION:
            return self.unit_code(UnitKind.ORGANISATION, text)
        found = (self.code_of.get((level, text)) for level in _LEVELS)
        return next((code for code in found if code is not None), None)

    def nearest_unit(self, kind: UnitKind, text: str) -> str:
        """A sentence naming the unit that was probably meant; empty where none is near."""
        meant = self.titles.get(text.casefold())
        if meant and meant[0] == kind:
            return f"“{text}” is the title of {meant[1]}: write the id."
        others = [of for (of, unit) in self.code_of if unit == text and of != kind]
        if others:
            return f"There is a unit of the kind {min(others)} with this id."
        return nearest(text, [unit for (of, unit) in self.code_of if of == kind])


def nearest(text: str, options: Iterable[str]) -> str:
    """`The nearest is “x”.`, or nothing."""
    close = get_close_matches(text, sorted(set(options)), n=1)
    return f"The nearest is “{close[0]}”." if close else ""


def build_world(config: Config, given: Input, months: Sequence[Month], report: Month) -> World:
    """Arrange what is known. The axis begins at the earliest fact, so that last year can be looked up."""
    facts = _facts(config, given.facts, report)
    first = min([month_number(months[0]), *month_numbers(facts["month"]).tolist()])
    axis = tuple(months_between(month_of_number(first), max(months[-1], report)))
    kinds, ids, code_of = _unit_codes(given, facts)
    metrics = tuple(config.metrics)
    pieces, whole = _pieces(given, code_of, report)
    actual = _actual(facts, code_of, metrics, axis)
    wanted = np.isin([month_number(month) for month in axis], [month_number(month) for month in months])
    top = next((code for (kind, _), code in code_of.items() if kind == UnitKind.ORGANISATION), None)
    world = World(
        config, axis, wanted, axis.index(report), kinds, ids, code_of,
        top, _titles(given.units), metrics,
        np.array([is_additive(config.metrics[name]) for name in metrics], dtype=bool),
        np.array([is_extensive(config.metrics[name]) for name in metrics], dtype=bool), actual,
        np.zeros((len(ids), len(axis)), dtype=bool), pieces,
        np.array(sorted(given.holidays), dtype="datetime64[D]"),
    )  # fmt: skip
    world.exists[:] = _exists(world, given.units, whole)
    return world


def _facts(config: Config, facts: pd.DataFrame, report: Month) -> pd.DataFrame:
    """Whole-unit facts of known metrics, none later than the month reported."""
    usable = (facts["segment"] == "all") & (facts["month"] < pd.Timestamp(report.end))
    return facts.loc[usable & facts["metric"].isin(list(config.metrics)), ["month", "unit_kind", "unit_id", "metric",
                                                                           "value"]]  # fmt: skip


def _unit_codes(given: Input, facts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, dict[tuple[str, str], int]]:
    people = given.membership.loc[~given.membership["associate"].str.startswith(ANONYMOUS), ["unit_kind", "unit_id"]]
    every = pd.concat([given.units[["unit_kind", "unit_id"]], people, facts[["unit_kind", "unit_id"]]])
    every = every.drop_duplicates().sort_values(["unit_kind", "unit_id"], kind="stable")
    kinds, ids = every["unit_kind"].to_numpy(dtype=object), every["unit_id"].to_numpy(dtype=object)
    return kinds, ids, {(kind, unit): code for code, (kind, unit) in enumerate(zip(kinds, ids, strict=True))}


def _titles(units: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Titles of teams: a plan's author writes them easily for ids. People's names are never repeated."""
    teams = units.loc[(units["unit_kind"] == UnitKind.TEAM) & units["title"].notna()]
    return {str(t).casefold(): (str(k), str(u)) for t, k, u in zip(teams["title"], teams["unit_kind"],
                                                                  teams["unit_id"], strict=True)}  # fmt: skip


def codes(frame: pd.DataFrame, code_of: Mapping[tuple[str, str], int]) -> Ints:
    """Position of each row's unit; -1 where it is unknown."""
    # As Python objects first: one by one out of an Arrow column they take ten times as long.
    kinds, ids = (frame[name].to_numpy(dtype=object).tolist() for name in ("unit_kind", "unit_id"))
    pairs = zip(kinds, ids, strict=True)
    return np.fromiter((code_of.get(pair, -1) for pair in pairs), dtype=np.int64, count=len(frame))


def _actual(
    facts: pd.DataFrame, code_of: Mapping[tuple[str, str], int], metrics: tuple[str, ...], axis: tuple[Month, ...]
) -> Floats:
    actual = np.full((len(code_of), len(metrics), len(axis)), np.nan)
    metric = pd.Index(metrics, dtype="object").get_indexer(pd.Index(facts["metric"], dtype="object"))
    at = month_numbers(facts["month"]) - month_number(axis[0])
    actual[codes(facts, code_of), metric, at] = facts["value"].to_numpy(dtype=np.float64)
    return actual


def _day(days: "pd.Series[pd.Timestamp]") -> Ints:
    return days.to_numpy().astype("datetime64[D]").astype(np.int64)


def day_number(day: date) -> int:
    """Days since 1970."""
    return int(np.datetime64(day, "D").astype(np.int64))


def _lasting(frame: pd.DataFrame, report: Month) -> pd.DataFrame:
    """Where everything is cut off at the month's end, what lasts until then goes on: nothing else is known."""
    end = pd.Timestamp(report.end)
    if frame.empty or frame["valid_to"].max() > end:
        return frame
    return frame.assign(valid_to=frame["valid_to"].where(frame["valid_to"] < end, FAR_FUTURE))


def _pieces(given: Input, code_of: Mapping[tuple[str, str], int], report: Month) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Memberships cut by spells, and memberships alone; both with days as numbers."""
    spells = _lasting(given.spells, report)[["associate", "valid_from", "valid_to", "role", "fte"]]
    people = given.membership.loc[~given.membership["associate"].str.startswith(ANONYMOUS)]
    members = _lasting(people, report)
    organisations = pd.DataFrame(
        [unit for unit in code_of if unit[0] == UnitKind.ORGANISATION], columns=["unit_kind", "unit_id"]
    )
    everyone = spells[["associate"]].drop_duplicates().merge(organisations, how="cross")
    members = pd.concat([members, everyone.assign(valid_from=FAR_PAST, valid_to=FAR_FUTURE)], ignore_index=True)
    whole = pd.DataFrame(
        {"unit": codes(members, code_of), "from_day": _day(members["valid_from"]), "to_day": _day(members["valid_to"])}
    )
    joined = members.merge(spells, on="associate", how="inner", validate="many_to_many", suffixes=("", "_spell"))
    own = pd.DataFrame({"unit_kind": UnitKind.ASSOCIATE.value, "unit_id": joined["associate"]})
    pieces = pd.DataFrame(
        {
            "unit": codes(joined, code_of),
            "associate": codes(own, code_of),
            "from_day": np.maximum(_day(joined["valid_from"]), _day(joined["valid_from_spell"])),
            "to_day": np.minimum(_day(joined["valid_to"]), _day(joined["valid_to_spell"])),
            "role": joined["role"].fillna("").to_numpy(dtype=object),
            "fte": joined["fte"].to_numpy(dtype=np.float64),
        }
    )
    pieces = pieces.loc[pieces["from_day"] < pieces["to_day"]]
    # One order whatever the input's: sums of doubles depend on it.
    return pieces.sort_values(_PIECE_ORDER, kind="stable", ignore_index=True), whole


def _exists(world: World, units: pd.DataFrame, whole: pd.DataFrame) -> Flags:
    exists = np.zeros_like(world.exists)
    unit = whole["unit"].to_numpy(dtype=np.int64)
    start, stop = whole["from_day"].to_numpy(), whole["to_day"].to_numpy()
    known = np.bincount(unit[unit >= 0], minlength=len(world.ids)) > 0
    for at, month in enumerate(world.axis):
        there = (start < day_number(month.end)) & (stop > day_number(month.first_day)) & (unit >= 0)
        exists[unit[there], at] = True
    of_the_month = codes(units, world.code_of)
    exists[of_the_month, world.report] = True
    # A unit nobody's membership mentions is taken to go on where the month's own list has it.
    stays = of_the_month[~known[of_the_month]]
    exists[stays, world.report :] = True
    exists |= np.isfinite(world.actual).any(axis=1)
    exists[world.kinds == UnitKind.ORGANISATION] = True
    return exists
