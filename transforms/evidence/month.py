"""All that is found of a month beside the comparison, from the same frames, in one place.

Does not belong here: each finding (`signals`, `changes`), and how any of it is worded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from config.models import Config
from config.months import Month
from transforms.board import Board, build_board, people_of, without_months_unlike
from transforms.change.again import same_again
from transforms.columns import CHANGES, CHARTS, REPEATED, SIGNALS, empty, shaped
from transforms.evidence.changes import Company, changes_of
from transforms.evidence.restarts import restarts_of
from transforms.evidence.signals import FEWEST_MONTHS, signals_of
from transforms.numbers import Flags

EVENTS: Final = {"date": "datetime64[s]", "title": "str"}
"""What happened on a day, sorted by date."""
ACTIONS: Final = {"unit_kind": "str", "unit_id": "str", "metric": "str", "month": "datetime64[s]", "action": "str"}
"""What was done in a unit for one of its numbers."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a month beside figures: UNITS, SPELLS, MEMBERSHIP, AVAILABILITY, events and actions."""

    units: pd.DataFrame
    spells: pd.DataFrame
    membership: pd.DataFrame
    availability: pd.DataFrame
    events: pd.DataFrame
    actions: pd.DataFrame
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Evidence:
    """The frames SIGNALS, CHARTS, CHANGES and REPEATED of a month."""

    signals: pd.DataFrame
    charts: pd.DataFrame
    changes: pd.DataFrame
    repeated: pd.DataFrame


def evidence_of(
    config: Config, month: Month, facts: pd.DataFrame, expected: pd.DataFrame, comparison: pd.DataFrame, known: Known
) -> Evidence:
    """Look for signals and lasting shifts in all that the month's COMPARISON shows. Nothing later is read.

    `facts` is FACTS with its history, `expected` EXPECTED. What is withheld is not looked at.
    """
    if known.units.empty or comparison.empty:
        return Evidence(empty(SIGNALS), empty(CHARTS), empty(CHANGES), empty(REPEATED))
    board = build_board(config, month, facts, expected, known.units, known.holidays)
    people = people_of(board, known.units, known.spells, known.availability)
    course = without_months_unlike(board, people)
    shown, restarts = _shown(board, comparison), restarts_of(board, month)
    signals, charts = signals_of(board, month, shown, restarts, course)
    changes = changes_of(Company(board, course, restarts, shown, known.units, known.membership), month, known.events)
    judged = signals.loc[signals["months"].ge(FEWEST_MONTHS), ["unit_kind", "unit_id", "metric"]]
    shifts = changes[["unit_kind", "unit_id", "metric", "month"]]
    repeated = same_again(known.actions, shifts, judged, month)
    return Evidence(signals, charts, changes, _with_months(repeated, known.actions))


def _with_months(repeated: pd.DataFrame, actions: pd.DataFrame) -> pd.DataFrame:
    """REPEATED: the months in which each action was recorded, between the first and the last that count."""
    if repeated.empty:
        return empty(REPEATED)
    key = ["unit_kind", "unit_id", "metric"]
    joined = repeated.merge(actions[[*key, "month"]], on=key, how="left", validate="many_to_many")
    there = joined.loc[joined["month"].between(joined["first"], joined["last"])]
    months = there.assign(written=there["month"].dt.strftime("%Y-%m")).groupby([*key, "action", "periods"], sort=True)
    texts = months["written"].agg(lambda one: ", ".join(sorted(set(one)))).rename("months").reset_index()
    return shaped(texts, REPEATED)


def _shown(board: Board, comparison: pd.DataFrame) -> Flags:
    """Which units and metrics the comparison shows: units × metrics."""
    flags = np.zeros((len(board.ids), len(board.metrics)), dtype=bool)
    open_rows = comparison.loc[comparison["withheld"].fillna("").eq("")]
    units = pd.MultiIndex.from_arrays([board.kinds, board.ids])
    rows = units.get_indexer(pd.MultiIndex.from_frame(open_rows[["unit_kind", "unit_id"]]))
    columns = pd.Index(board.metrics, dtype="object").get_indexer(pd.Index(open_rows["metric"], dtype="object"))
    there = (rows >= 0) & (columns >= 0)
    flags[rows[there], columns[there]] = True
    return flags


def titles(rows: Sequence[tuple[date, str]]) -> pd.DataFrame:
    """EVENTS from days and titles."""
    ordered = sorted((day, title) for day, title in rows if title)
    return pd.DataFrame(
        {"date": [pd.Timestamp(day) for day, _ in ordered], "title": [title for _, title in ordered]}
    ).pipe(shaped, EVENTS)
