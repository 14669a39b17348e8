"""Section 4: by segment, what a metric's difference to the year before is made of. Managers' reports alone.

Does not belong here: how a difference is taken apart (`transforms.change.mix`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from config.models import Metric
from config.months import Month
from transforms import charts, wording
from transforms.change.mix import parts_of_rate, parts_of_total
from transforms.compose.context import Composition, is_known
from transforms.numbers import Floats, is_additive
from transforms.report_model import StepBar, Table

ALL = "all"
_NAN = float("nan")
_TINY = 1e-9
_FIGURES = ("value", "numerator", "denominator", "rows")


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the total's difference is made of: parts of the whole with their names, and mix and rate a segment."""

    whole: tuple[tuple[str, float], ...]
    columns: tuple[tuple[str, Floats], ...]
    cascades: bool = False
    """The segments' differences add up to the total's."""


def segment_tables(composition: Composition, kind: str, unit_id: str) -> tuple[Table, ...]:
    """For metrics taken by segment: this month, last year, the difference, and volume, mix and rate behind it."""
    tables = [
        _table(composition, kind, unit_id, name, metric)
        for name, metric in composition.metrics()
        if metric.by_segment
        and composition.relevant(kind, unit_id, name)
        and not composition.verdict(kind, unit_id, name).withheld
    ]
    return tuple(table for table in tables if table)


def _table(composition: Composition, kind: str, unit_id: str, name: str, metric: Metric) -> Table | None:
    month = composition.month_shown(kind, unit_id, name)
    now = _figures(composition, kind, unit_id, name, month)
    before = _figures(composition, kind, unit_id, name, month.shift(-12))
    segments = sorted({*now.index, *before.index} - {ALL}, key=str.casefold)
    if not segments:
        return None
    order = [*segments, ALL]
    after_values, before_values = (_values(frame, order, metric) for frame in (now, before))
    parts = _parts(metric, before.reindex(segments), now.reindex(segments), (before_values[-1], after_values[-1]))
    formats = composition.formats
    scale = formats.scale(metric, [*after_values, *before_values])
    differences = [after - was for after, was in zip(after_values, before_values, strict=True)]
    shown = (
        [columns for columns in parts.columns if np.nanmax(np.abs(columns[1]), initial=0.0) > _TINY] if parts else []
    )
    rows = [
        (
            "Total" if segment == ALL else segment,
            formats.figure(after_values[place], scale),
            formats.figure(before_values[place], scale),
            formats.figure(differences[place], scale, sign=True),
            *(formats.figure(_of(column, place), scale, sign=True) for _, column in shown),
        )
        for place, segment in enumerate(order)
    ]
    whole = [part for part in parts.whole if abs(part[1]) > _TINY] if parts else []
    if len(whole) > 1:
        rows += [
            (label, "", "", formats.figure(value, scale, sign=True), *("" for _ in shown)) for label, value in whole
        ]
    bars = _bars(parts, differences, whole if len(whole) > 1 else [], rows)
    unit = f", {scale.unit}" if scale.unit else ""
    return Table(
        title=f"{metric.label} by segment{unit}",
        columns=(
            "Segment", formats.short_month(month), formats.short_month(month.shift(-12)), "Difference",
            *(label for label, _ in shown),
        ),
        align=_left_then_right(len(rows[0])),
        rows=tuple(rows),
        bars=bars,
        bar_column=4 if bars else 0,
        bar_label="What it is made of" if bars else "",
        note=_note(metric, parts, shown=bool(shown)),
    )  # fmt: skip


def _left_then_right(columns: int) -> tuple[Literal["left", "right"], ...]:
    right: Literal["left", "right"] = "right"
    return ("left", *[right] * (columns - 1))


def _note(metric: Metric, parts: _Parts | None, *, shown: bool) -> str:
    if parts and shown:
        return wording.parts_note(rate=metric.numerator is not None)
    return "Differences between two months. They say nothing yet of usual variation or cause."


def _of(column: Floats, place: int) -> float:
    """A segment's part; behind the last segment their sum."""
    return float(column[place]) if place < len(column) else float(np.nansum(column))


def _bars(
    parts: _Parts | None,
    differences: Sequence[float],
    whole: Sequence[tuple[str, float]],
    rows: Sequence[tuple[str, ...]],
) -> tuple[StepBar | None, ...]:
    """A waterfall of the segments down to the total, then one of its parts; none where they do not add up."""
    if parts is None or not all(is_known(value) for value in differences):
        return ()
    segments = differences[:-1] if parts.cascades else []
    steps = [*segments, differences[-1], *(value for _, value in whole)]
    totals = [*(False for _ in segments), True, *(False for _ in whole)]
    labels = [row for row in rows if parts.cascades or row[0] == "Total" or not row[1]]
    bars = charts.waterfall(steps, totals, [f"{row[0]}: {row[3]}." for row in labels])
    return (*(None for _ in range(len(rows) - len(bars))), *bars)


def _parts(metric: Metric, before: pd.DataFrame, now: pd.DataFrame, totals: tuple[float, float]) -> _Parts | None:
    """None where the metric has no such parts, or one of the months no figure."""
    if not all(is_known(total) for total in totals):
        return None
    sides = [{name: frame[name].to_numpy(dtype=np.float64)[np.newaxis] for name in _FIGURES} for frame in (before, now)]
    was, is_now = sides
    if metric.numerator is not None:
        of_rate = parts_of_rate(was["numerator"], was["denominator"], is_now["numerator"], is_now["denominator"])
        if not np.isclose(of_rate.change[0], totals[1] - totals[0], rtol=1e-6, atol=_TINY):
            return None
        mix, rate = of_rate.mix[0], of_rate.rate[0]
        return _Parts((("Mix", float(mix.sum())), ("Rate", float(rate.sum()))), (("Mix", mix), ("Rate", rate)))
    if not is_additive(metric):
        return None
    of_total = parts_of_total(was["value"], was["rows"], is_now["value"], is_now["rows"])
    if not np.isclose(of_total.change[0], totals[1] - totals[0], rtol=1e-6, atol=_TINY):
        return None
    mix, rate = of_total.mix[0], of_total.rate[0]
    whole = (
        ("Volume", float(of_total.volume[0])), ("Mix", float(mix.sum())), ("Rate", float(rate.sum())),
        ("Without volume", float(of_total.other[0])),
    )  # fmt: skip
    return _Parts(whole, (("Mix", mix), ("Rate", rate)), cascades=True)


def _values(frame: pd.DataFrame, order: Sequence[str], metric: Metric) -> list[float]:
    """The values by segment. No row of a segment is a zero where parts add up and the month has a figure at all."""
    values = frame["value"].reindex(pd.Index(order))
    if is_additive(metric) and ALL in frame.index:
        values = values.fillna(0.0)
    return [float(value) for value in values]


def _figures(composition: Composition, kind: str, unit_id: str, name: str, month: Month) -> pd.DataFrame:
    """The unit's figures of a month by segment."""
    place = composition.facts_by_unit.get((kind, unit_id))
    rows = composition.facts.iloc[place] if place is not None else composition.facts.iloc[:0]
    rows = rows.loc[rows["metric"].eq(name) & rows["month"].eq(pd.Timestamp(month.first_day))]
    return rows.set_index("segment")[list(_FIGURES)].astype("float64")
