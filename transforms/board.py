"""Figures and expectations of all units as arrays, units × metrics × reports: what every judgement begins with.

Does not belong here: judging anything (`transforms.compare`, `transforms.evidence`).
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from config.models import Config, Direction, Metric, UnitKind
from config.months import Month
from transforms.numbers import Flags, Floats, Ints, month_number, month_numbers
from transforms.statuses import HALF, on_the_ramp, reported_month
from transforms.variation import FEWEST_MONTHS, Series

_FIGURES = ("value", "numerator", "denominator", "rows", "respondents")


@dataclass(frozen=True, slots=True)
class Board:
    """Figures of all units, units × metrics × reports, the report's month last.

    A metric that matures late is shifted: its column of a report holds the month that report shows (`lags`).
    `suppressed` is the reason a figure of this report was taken out of the facts, units × metrics; mostly empty.
    """

    config: Config
    last: int
    kinds: np.ndarray
    ids: np.ndarray
    metrics: tuple[str, ...]
    lags: Ints
    figures: dict[str, Floats]
    expected: Floats
    from_table: Flags
    suppressed: np.ndarray

    def metric(self, position: int) -> Metric:
        """The declaration of a metric."""
        return self.config.metrics[self.metrics[position]]

    def series(self, position: int) -> Series:
        """A metric's months of all units."""
        part = {name: self.figures[name][:, position] for name in _FIGURES}
        return Series(self.metric(position).unit, part["value"], self.expected[:, position], part["numerator"],
                      part["denominator"], part["rows"])  # fmt: skip

    def judged(self) -> Flags:
        """Which metrics get a status in which report: units × metrics × reports."""
        directed = np.array([self.metric(n).good is not Direction.NONE for n in range(len(self.metrics))], dtype=bool)
        figure = np.isfinite(self.figures["value"])
        history = np.cumsum(figure, axis=2) - figure >= FEWEST_MONTHS
        judged: Flags = figure & np.isfinite(self.expected) & history & directed[np.newaxis, :, np.newaxis]
        return judged


def build_board(
    config: Config, month: Month, facts: pd.DataFrame, expected: pd.DataFrame, units: pd.DataFrame,
    holidays: frozenset[date],
) -> Board:  # fmt: skip
    """The board of a month's report. Frames as `compare_month` takes them; nothing after the month is read."""
    ordered = units[["unit_kind", "unit_id"]].drop_duplicates().sort_values(["unit_kind", "unit_id"], kind="stable")
    places = pd.MultiIndex.from_frame(ordered)
    names = tuple(config.metrics)
    books = config.company.books_close
    lags = np.array([month.minus(reported_month(config.metrics[name], month, books, holidays)) for name in names])
    last = month_number(month)
    end = pd.Timestamp(month.end)
    known = facts.loc[(facts["segment"] == "all") & (facts["month"] < end)]
    first = min([last, *month_numbers(known["month"]).tolist()])
    shape = (len(places), len(names), last - first + 1)
    at, rows = _positions(known, places, names, lags, first, shape[2])
    figures = {name: np.full(shape, np.nan) for name in _FIGURES}
    for name, array in figures.items():
        array[at] = known[name].to_numpy(dtype=np.float64, na_value=np.nan)[rows]
    suppressed = _suppressed(known, at, rows, shape)
    asked = expected.loc[expected["month"] < end]
    at, rows = _positions(asked, places, names, lags, first, shape[2])
    targets, from_table = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    targets[at] = asked["value"].to_numpy(dtype=np.float64)[rows]
    from_table[at] = ~asked["origin"].str.startswith("rule:").to_numpy(dtype=bool)[rows]
    kinds, ids = (ordered[name].to_numpy(dtype=object) for name in ("unit_kind", "unit_id"))
    return Board(config, last, kinds, ids, names, lags, figures, targets, from_table, suppressed)


def _suppressed(
    known: pd.DataFrame, at: tuple[Ints, Ints, Ints], rows: Flags, shape: tuple[int, int, int]
) -> np.ndarray:
    """Why figures that the newest report would show are missing from the facts."""
    reasons = np.full(shape[:2], "", dtype=object)
    newest = at[2] == shape[2] - 1
    texts = known["suppressed"].fillna("").to_numpy(dtype=object)[rows]
    reasons[at[0][newest], at[1][newest]] = texts[newest]
    return reasons


def _positions(
    frame: pd.DataFrame, places: pd.MultiIndex, names: tuple[str, ...], lags: Ints, first: int, reports: int
) -> tuple[tuple[Ints, Ints, Ints], Flags]:
    """Where each row stands on the board, and which rows do."""
    unit = places.get_indexer(pd.MultiIndex.from_frame(frame[["unit_kind", "unit_id"]])).astype(np.int64)
    metric = pd.Index(names, dtype="object").get_indexer(pd.Index(frame["metric"], dtype="object")).astype(np.int64)
    report = month_numbers(frame["month"]) + lags[metric] - first
    there = (unit >= 0) & (metric >= 0) & (report >= 0) & (report < reports)
    return (unit[there], metric[there], report[there]), there


@dataclass(frozen=True, slots=True)
class People:
    """Of each unit: the day it was hired (NaT for other units than associates), and when under half available."""

    hired: np.ndarray
    half_away: dict[int, Flags]


def people_of(board: Board, units: pd.DataFrame, spells: pd.DataFrame, availability: pd.DataFrame) -> People:
    """When each unit was hired and away. Frames as `compare_month` takes them."""
    associate = board.kinds == UnitKind.ASSOCIATE.value
    ids = pd.Index(board.ids[associate], dtype="object")
    own = units.loc[units["unit_kind"] == UnitKind.ASSOCIATE].drop_duplicates("unit_id").set_index("unit_id")
    latest = spells.sort_values(["associate", "valid_from"], kind="stable").drop_duplicates("associate", keep="last")
    days = own["hire_date"].reindex(ids)
    days = days.fillna(latest.set_index("associate")["hire_date"].reindex(ids))
    hired = np.full(len(board.ids), np.datetime64("NaT"), dtype="datetime64[D]")
    hired[associate] = days.to_numpy().astype("datetime64[D]")
    away = availability.loc[availability["available_share"] < HALF]
    absent = {
        int(number): associate & np.isin(board.ids, away.loc[month_numbers(away["month"]) == number, "associate"])
        for number in np.unique(month_numbers(away["month"]))
    }
    return People(hired, absent)


def without_months_away(board: Board, people: People) -> Board:
    """No expectation in earlier months of absence: missing it then is no part of a run, nor of what is usual."""
    expected = board.expected.copy()
    columns = expected.shape[2]
    for number, away in people.half_away.items():
        for position, lag in enumerate(board.lags.tolist()):
            column = columns - 1 - (board.last - lag - number)
            if 0 <= column < columns - 1:
                expected[away, position, column] = np.nan
    return replace(board, expected=expected)


def without_months_unlike(board: Board, people: People) -> Floats:
    """The figures, units × metrics × reports, without a person's months of absence and on the ramp: they are no course
    that a later month could be held against.
    """
    values = board.figures["value"].copy()
    columns = values.shape[2]
    for position, lag in enumerate(board.lags.tolist()):
        for column in range(columns):
            number = board.last - lag - (columns - 1 - column)
            unlike = on_the_ramp(people.hired, number, board.config.company.ramp_months)
            away = people.half_away.get(number)
            values[unlike if away is None else unlike | away, position, column] = np.nan
    return values
