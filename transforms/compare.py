"""A month's figures of every unit against expectation and last year, with the status each can carry.

Does not belong here: the rule of a status (`transforms.statuses`), natural variation (`transforms.variation`), and
how anything is worded in a report.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from config.models import Config, Decision, Direction, Metric, Unit, UnitKind
from config.months import MONTHS_A_YEAR, Month
from transforms.board import Board, People, build_board, people_of, without_months_away
from transforms.columns import COMPARISON, empty, shaped
from transforms.numbers import (
    Flags,
    Floats,
    Ints,
    month_of_number,
    month_starts,
    round_significant,
)
from transforms.stages import Withheld
from transforms.statuses import (
    BELOW,
    Situation,
    decide,
    on_the_ramp,
    rules_in_words,
    sense_of,
)
from transforms.variation import EVIDENCE, Evidence, Habits, Series, habits_of, trends, weigh

_SHOWN = ("actual", "numerator", "denominator", "rows", "respondents", "last_year", "difference", "chance")


def compare_month(  # noqa: PLR0913 the contract between stages
    config: Config,
    month: Month,
    facts: pd.DataFrame,
    expected: pd.DataFrame,
    units: pd.DataFrame,
    spells: pd.DataFrame,
    availability: pd.DataFrame,
    withheld: Sequence[Withheld],
    *,
    holidays: frozenset[date] = frozenset(),
) -> pd.DataFrame:
    """Compare every unit of the month on every metric it has a figure or an expectation of: a COMPARISON frame.

    `facts` is FACTS with its history, `expected` EXPECTED, `units` UNITS of the month, `spells` SPELLS,
    `availability` AVAILABILITY (may be empty). Nothing after the month is read. Associates appear only on metrics
    with a stated purpose that has begun. Where a figure is withheld its row says why and holds no figure.
    """
    if units.empty:
        return empty(COMPARISON)
    board = build_board(config, month, facts, expected, units, holidays)
    people = people_of(board, units, spells, availability)
    board = without_months_away(board, people)
    looks = np.maximum(board.judged().sum(axis=1), 1)
    parts = [
        _compare_metric(board, people, looks, position, _reasons(board, name, withheld))
        for position, name in enumerate(board.metrics)
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.sort_values(["unit_kind", "unit_id", "metric"], kind="stable").pipe(shaped, COMPARISON)


# -- withholding ----------------------------------------------------------------------------------------------------


def _reasons(board: Board, metric: str, withheld: Sequence[Withheld]) -> np.ndarray:
    """Why each unit's figure is withheld: the first reason given, else why the facts are without it."""
    reasons = board.suppressed[:, board.metrics.index(metric)].copy()
    by_unit: dict[tuple[str, str], str] = {}
    by_kind: dict[str, str] = {}
    for one in withheld:
        if one.metric not in {metric, ""}:
            continue
        if one.unit_id:
            by_unit.setdefault((one.unit_kind, one.unit_id), one.reason)
        else:
            by_kind.setdefault(one.unit_kind, one.reason)
    for n, (kind, unit) in enumerate(zip(board.kinds, board.ids, strict=True)):
        reasons[n] = by_unit.get((kind, unit)) or by_kind.get(kind) or by_kind.get("") or reasons[n]
    return reasons


# -- comparing -----------------------------------------------------------------------------------------------------


def _compare_metric(board: Board, people: People, looks: Ints, position: int, reasons: np.ndarray) -> pd.DataFrame:
    """One metric of all units that have something to compare."""
    rows = np.flatnonzero(_spoken_of(board, position, reasons))
    metric, name = board.metric(position), board.metrics[position]
    reports = looks.shape[1]
    series = board.series(position).until(reports, rows)
    number = board.last - int(board.lags[position])
    situation = replace(_situation(board, people, position, reports, rows), withheld=reasons[rows])
    evidence = weigh(series, looks[rows, -1], _habits(board, position, reports))
    difference = _difference(metric, series)
    sense = sense_of(difference, metric.good)
    smallest = board.config.company.smallest_count
    status = decide(metric, series, situation, evidence, sense, smallest)
    below = _months_below(board, people, looks, position, rows, status)
    company = (smallest, board.config.company.ramp_months)
    words = rules_in_words(metric, month_of_number(number), series, situation, evidence, status, company)
    hidden = situation.withheld != ""
    frame = pd.DataFrame(
        {
            "unit_kind": board.kinds[rows],
            "unit_id": board.ids[rows],
            "metric": name,
            "month": month_starts(np.full(len(rows), number, dtype=np.int64)),
            "actual": series.actual[:, -1],
            "numerator": series.numerator[:, -1],
            "denominator": series.denominator[:, -1],
            "rows": series.rows[:, -1],
            "respondents": board.figures["respondents"][rows, position, -1],
            "expected": series.expected[:, -1],
            "last_year": _last_year(series),
            "difference": difference,
            "sense": np.where(hidden, "none", sense),
            "status": status,
            "status_rule": words,
            "carried": _carried(evidence, metric) & ~hidden,
            "chance": evidence.chance,
            "months_below": below,
            "trend": np.where(hidden, "", trends(series.actual)),
            "withheld": situation.withheld,
        }
    )
    shown = pd.Series(~hidden)
    frame = frame.assign(**{column: frame[column].where(shown) for column in _SHOWN})
    return frame.assign(rows=frame["rows"].fillna(0), respondents=frame["respondents"].astype("Int64"))


def _spoken_of(board: Board, position: int, reasons: np.ndarray) -> Flags:
    """Units with a figure this year, or an expectation that someone wrote, or one by rule and any figure ever.

    A withheld metric is spoken of at least for the organisation, so that it is missing nowhere in silence.
    """
    figure = np.isfinite(board.figures["value"][:, position])
    asked = np.isfinite(board.expected[:, position, -1])
    ever = figure.any(axis=1)
    has = figure[:, -MONTHS_A_YEAR:].any(axis=1) | (asked & (ever | board.from_table[:, position, -1]))
    present = np.isfinite(board.figures["rows"][:, position]).any(axis=1)
    has |= (reasons != "") & (present | asked | (board.kinds == UnitKind.ORGANISATION.value))
    month = month_of_number(board.last - int(board.lags[position]))
    if not board.metric(position).individual_in(month):
        has &= board.kinds != UnitKind.ASSOCIATE.value
    return np.asarray(has, dtype=bool)


def _situation(board: Board, people: People, position: int, reports: int, rows: Ints) -> Situation:
    """What is true of units in the month shown by the report at column `reports - 1`."""
    columns = board.expected.shape[2]
    number = board.last - int(board.lags[position]) - (columns - reports)
    nobody = np.zeros(len(board.ids), dtype=bool)
    return Situation(
        withheld=np.full(len(rows), "", dtype=object),
        half_away=people.half_away.get(number, nobody)[rows],
        contested=_contested(board, position, number)[rows],
        on_ramp=on_the_ramp(people.hired[rows], number, board.config.company.ramp_months),
    )


def _contested(board: Board, position: int, number: int) -> Flags:
    """Units whose figure of the month somebody contested and nobody has answered since."""
    month, contested = month_of_number(number), np.zeros(len(board.ids), dtype=bool)
    about: dict[tuple[str, str], list[Decision]] = {}
    for decision in board.config.decisions:
        if decision.metric == board.metrics[position] and decision.month == month:
            about.setdefault((decision.unit_kind, decision.unit_id), []).append(decision)
    for (kind, unit), decisions in about.items():
        asked = [one.decided_on for one in decisions if one.kind == "contested"]
        answered = [one.decided_on for one in decisions if one.kind == "contest_answered"]
        if asked and max(asked) > max(answered, default=date.min):
            contested |= (board.kinds == kind) & (board.ids == unit)
    return contested


def _months_below(board: Board, people: People, looks: Ints, position: int, rows: Ints, status: np.ndarray) -> Ints:
    """How many months in a row, this one included, have the status below, each judged by what was known then."""
    count: Ints = (status == BELOW).astype(np.int64)
    left = np.flatnonzero(count)
    metric, smallest = board.metric(position), board.config.company.smallest_count
    for reports in range(looks.shape[1] - 1, 0, -1):
        if not len(left):
            break
        units = rows[left]
        series = board.series(position).until(reports, units)
        situation = _situation(board, people, position, reports, units)
        evidence = weigh(series, looks[units, reports - 1], _habits(board, position, reports))
        sense = sense_of(_difference(metric, series), metric.good)
        left = left[decide(metric, series, situation, evidence, sense, smallest) == BELOW]
        count[left] += 1
    return count


def _habits(board: Board, position: int, reports: int) -> Habits:
    """Learnt from all units of the metric, by what was known then."""
    return habits_of(board.series(position).until(reports, np.arange(len(board.ids))))


def _difference(metric: Metric, series: Series) -> Floats:
    """In shares or points for percent and scores, else a share of the expectation; NaN where there is none."""
    actual, expected = round_significant(series.actual[:, -1]), round_significant(series.expected[:, -1])
    if metric.unit in {Unit.PERCENT, Unit.SCORE}:
        return round_significant(actual - expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (actual - expected) / np.abs(expected)
    return round_significant(np.where(np.isfinite(share), share, np.nan))


def _last_year(series: Series) -> Floats:
    before = series.actual.shape[1] - 1 - MONTHS_A_YEAR
    if before < 0:
        return np.full(len(series.actual), np.nan)
    return series.actual[:, before]


def _carried(evidence: Evidence, metric: Metric) -> Flags:
    """Whether natural variation does not explain the difference; no direction, no claim."""
    if metric.good is Direction.NONE:
        return np.zeros(len(evidence.chance), dtype=bool)
    return np.asarray(evidence.chance < EVIDENCE, dtype=bool)
