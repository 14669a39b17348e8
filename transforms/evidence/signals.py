"""Control charts of every unit's metrics as the report shows them: SIGNALS of the month and the CHARTS behind them.

A share of counted rows varies at least as chance makes it with the month's own denominator: limits widen as it shrinks
(part of `transforms.small.limits`). Does not belong here: the rules of a chart (`transforms.signals`), sentences.
"""

from typing import Final

import numpy as np
import pandas as pd

from config.models import Direction
from config.months import Month
from transforms.board import Board
from transforms.columns import CHARTS, SIGNALS, empty, shaped
from transforms.evidence.restarts import rebases
from transforms.numbers import Flags, Floats, Ints, month_number, month_starts
from transforms.signals.adjusted import signal_chart
from transforms.signals.rules import PointType, SpecialCause, Variation
from transforms.signals.xmr import Adjustment, Assurance, ControlChart
from transforms.variation import is_rate_of_counts

CHART_MONTHS: Final = 24
FEWEST_MONTHS: Final = 8
"""Fewer months than this draw no limits worth looking at."""
CHANCE_WIDTH: Final = 3.0

_SIGNALS: dict[int, str] = {
    Variation.IMPROVEMENT_HIGH: "improving", Variation.IMPROVEMENT_LOW: "improving",
    Variation.CONCERN_HIGH: "concerning", Variation.CONCERN_LOW: "concerning", Variation.NEUTRAL_HIGH: "unusual",
    Variation.NEUTRAL_LOW: "unusual", Variation.COMMON_CAUSE: "common", Variation.NONE: "none",
}  # fmt: skip
_RULES: dict[int, str] = {
    SpecialCause.NONE: "", SpecialCause.ABOVE_LIMIT: "outside", SpecialCause.BELOW_LIMIT: "outside",
    SpecialCause.RISING: "trend", SpecialCause.FALLING: "trend", SpecialCause.TWO_OF_THREE_ABOVE: "near",
    SpecialCause.TWO_OF_THREE_BELOW: "near", SpecialCause.RUN_ABOVE: "run", SpecialCause.RUN_BELOW: "run",
}  # fmt: skip
_FLAGS: dict[int, str] = {
    PointType.COMMON_CAUSE: "", PointType.IMPROVEMENT: "better", PointType.CONCERN: "worse",
    PointType.NEUTRAL_HIGH: "unusual", PointType.NEUTRAL_LOW: "unusual",
}  # fmt: skip
_ASSURANCES: dict[int, str] = {
    Assurance.NONE: "none", Assurance.ALWAYS_MET: "always met", Assurance.ALWAYS_MISSED: "always missed",
    Assurance.INCONSISTENT: "inconsistent", Assurance.NOT_ENOUGH_VARIATION: "none",
}  # fmt: skip
_ADJUSTMENTS = (
    (Adjustment.SEASON, "season"),
    (Adjustment.TREND, "trend"),
    (Adjustment.AUTOCORRELATION, "autocorrelation"),
)


def signals_of(
    board: Board, month: Month, shown: Flags, restarts: Flags, course: Floats
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """SIGNALS and CHARTS of the units and metrics in `shown` (units × metrics): those a report may show.

    `restarts` and `course` are units × metrics × reports (`restarts_of`, `without_months_unlike`). Nothing after the
    month is read.
    """
    since = _since(board, month)
    signals, charts = [], []
    for position, name in enumerate(board.metrics):
        rows = np.flatnonzero(shown[:, position])
        if not len(rows):
            continue
        months = _months(board, position)
        values = course[rows, position]
        chart = _chart(board, position, rows, values, restarts[rows, position])
        counted = np.isfinite(values).sum(axis=1)
        judged = counted >= FEWEST_MONTHS
        signals.append(
            _signals(board, name, rows, months, chart, judged).assign(since=since[rows, position], months=counted)
        )
        charts.append(_charts(board, name, rows, months, chart, judged))
    order = ["unit_kind", "unit_id", "metric"]
    if not signals:
        return empty(SIGNALS), empty(CHARTS)
    return (
        pd.concat(signals, ignore_index=True).sort_values(order, kind="stable").pipe(shaped, SIGNALS),
        pd.concat(charts, ignore_index=True).sort_values([*order, "month"], kind="stable").pipe(shaped, CHARTS),
    )


def _months(board: Board, position: int) -> Ints:
    """The month number of each column of a metric."""
    newest = board.last - int(board.lags[position])
    return np.arange(newest - board.expected.shape[2] + 1, newest + 1, dtype=np.int64)


def _chart(board: Board, position: int, rows: Ints, values: Floats, restarts: Flags) -> ControlChart:
    metric = board.metric(position)
    good = {Direction.UP: 1, Direction.DOWN: -1, Direction.NONE: 0}[metric.good]
    return signal_chart(
        values,
        _months(board, position),
        restarts=restarts,
        good=np.full(len(rows), good, dtype=np.int64),
        target=board.expected[rows, position],
        least=_chance_widths(board, position, rows),
    )


def _chance_widths(board: Board, position: int, rows: Ints) -> Floats | None:
    """Three standard deviations that chance alone gives a share of the month's denominator; 0 for other figures."""
    series = board.series(position).until(board.expected.shape[2], rows)
    counted = is_rate_of_counts(series)
    if not counted.any():
        return None
    top, size = np.nan_to_num(series.numerator), np.nan_to_num(series.denominator)
    # Half a row more on either side: a unit without any failure so far may still have one.
    level = (top.sum(axis=1) + 0.5) / (size.sum(axis=1) + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = CHANCE_WIDTH * np.sqrt((level * (1 - level))[:, np.newaxis] / size)
    return np.where(counted[:, np.newaxis] & (size > 0), width, 0.0)


def _signals(board: Board, name: str, rows: Ints, months: Ints, chart: ControlChart, judged: Flags) -> pd.DataFrame:
    last = chart.special_cause[:, -1]
    known = judged & np.isfinite(chart.upper[:, -1])
    adjusted = [", ".join(word for flag, word in _ADJUSTMENTS if one & flag) for one in chart.adjusted_for.tolist()]
    return pd.DataFrame(
        {
            "unit_kind": board.kinds[rows],
            "unit_id": board.ids[rows],
            "metric": name,
            "month": month_starts(np.full(len(rows), months[-1], dtype=np.int64)),
            "signal": np.where(known, _named(_SIGNALS, chart.variation), "none"),
            "rule": np.where(known, _named(_RULES, last), ""),
            "adjusted_for": np.where(known, np.array(adjusted, dtype=object), ""),
            "assurance": np.where(known, _named(_ASSURANCES, chart.assurance), "none"),
            **{
                column: np.where(known, values[:, -1], np.nan)
                for column, values in (("mean", chart.mean), ("lower", chart.lower), ("upper", chart.upper))
            },
        }
    )


def _charts(board: Board, name: str, rows: Ints, months: Ints, chart: ControlChart, judged: Flags) -> pd.DataFrame:
    """The last two years of each chart; a month without limits has no row."""
    window = slice(-CHART_MONTHS, None)
    there = judged[:, np.newaxis] & np.isfinite(chart.upper[:, window])
    unit, column = np.nonzero(there)
    flags = _named(_FLAGS, chart.point_type[:, window][unit, column])
    return pd.DataFrame(
        {
            "unit_kind": board.kinds[rows][unit],
            "unit_id": board.ids[rows][unit],
            "metric": name,
            "month": month_starts(months[window][column]),
            "mean": chart.mean[:, window][unit, column],
            "lower": chart.lower[:, window][unit, column],
            "upper": chart.upper[:, window][unit, column],
            "flag": flags,
            "group": chart.group[:, window][unit, column],
        }
    )


def _named(names: dict[int, str], codes: Ints) -> np.ndarray:
    table = np.array([names.get(code, "") for code in range(max(names) + 1)], dtype=object)
    return table[codes]


def _since(board: Board, month: Month) -> np.ndarray:
    """The month of the newest re-basing of each unit and metric, NaT where there is none."""
    since = np.full((len(board.ids), len(board.metrics)), np.datetime64("NaT"), dtype="datetime64[s]")
    rows = {unit: place for place, unit in enumerate(zip(board.kinds, board.ids, strict=True))}
    for one in rebases(board.config, month):
        unit = rows.get((one.unit_kind.value, one.unit_id))
        if unit is not None and one.metric in board.metrics:
            since[unit, board.metrics.index(one.metric)] = month_starts(np.array([month_number(one.month)]))[0]
    return since
