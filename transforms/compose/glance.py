"""Section 1: the month at a glance, and the expectations ahead (section 5)."""

from collections.abc import Sequence

import pandas as pd

from config.models import Metric, Unit, UnitKind
from config.months import Month
from transforms import charts, wording
from transforms.compose.context import CHART_MONTHS, STAGE_ORDER, Composition, is_known, month_of, number
from transforms.compose.evidence import control_of, reading_of, signal_of
from transforms.formats import MISSING
from transforms.report_model import (
    AheadRow,
    Glance,
    MetricRow,
    ReportKind,
    Sense,
    SeriesChart,
    StageBlock,
    Status,
    VarianceBar,
)
from transforms.wording import Shift, Verdict


def glance(
    composition: Composition, kind: str, unit_id: str, report: ReportKind, shifts: Sequence[Shift] = ()
) -> Glance:
    """Every relevant metric of the unit, in the order result, action, belief, experience.

    `shifts` are those the report tells, the newest of each number.
    """
    shown = [(name, metric) for name, metric in composition.metrics() if composition.relevant(kind, unit_id, name)]
    verdicts = [composition.verdict(kind, unit_id, name) for name, _ in shown]
    blocks = [
        StageBlock(
            stage=stage.value,
            label=wording.STAGE_LABELS[stage.value],
            rows=tuple(
                _metric_row(composition, kind, unit_id, name, metric) for name, metric in shown if metric.stage is stage
            ),
        )
        for stage in STAGE_ORDER
    ]
    formats = composition.formats
    readings = [reading for name, _ in shown if (reading := reading_of(composition, kind, unit_id, name))]
    ranges = any(reading.upper for reading in readings)
    return Glance(
        headline=wording.headline(verdicts, readings, [shift for shift in shifts if not shift.whose]),
        to_do=wording.to_do(
            verdicts, _reviews(composition, kind, unit_id), reader_is_manager=report is ReportKind.MANAGER,
            proposed=[shift for shift in shifts if wording.is_proposed(shift)],
        ),
        blocks=tuple(block for block in blocks if block.rows),
        last_year_label=formats.short_month(composition.month.shift(-12)),
        chart_label=f"{CHART_MONTHS} months, natural range" if ranges else f"{CHART_MONTHS} months",
        status_label="Status, signal" if readings else "Status",
        ahead_label=formats.month_name(composition.month.shift(1)),
        legend=wording.LEGEND_OF_RANGES if ranges else wording.LEGEND,
    )  # fmt: skip


def _reviews(composition: Composition, kind: str, unit_id: str) -> list[str]:
    """Next month's expectations that their owners are to review, by the day they are to be reviewed by."""
    due: dict[str, list[str]] = {}
    for row in expectations_ahead(composition, kind, unit_id):
        if row.review:
            due.setdefault(row.review, []).append(wording.lowered(row.label))
    month = composition.formats.month(composition.month.shift(1))
    return [f"{wording.listed(labels)} for {month}, {day}" for day, labels in due.items()]


def _metric_row(composition: Composition, kind: str, unit_id: str, name: str, metric: Metric) -> MetricRow:
    row = composition.figures[(kind, unit_id, name)]
    verdict = composition.verdict(kind, unit_id, name)
    of_month = month_of(row)
    actual, expected, last_year = (number(row[column]) for column in ("actual", "expected", "last_year"))
    formats = composition.formats
    next_row = composition.expected_row(kind, unit_id, name, composition.month.shift(1))
    next_value = number(next_row["value"]) if next_row else float("nan")
    scale = formats.scale(metric, [actual, expected, last_year, next_value])
    asked = composition.expected_row(kind, unit_id, name, of_month)
    return MetricRow(
        metric=name,
        label=metric.label,
        unit=scale.unit,
        why=f"{asked['why']} — {asked['owner']}" if asked else "",
        actual=MISSING if verdict.withheld else formats.figure(actual, scale),
        expected="" if not asked else formats.figure(expected, scale),
        last_year=formats.figure(last_year, scale) if is_known(last_year) and not verdict.withheld else "",
        difference="" if verdict.withheld else verdict.difference,
        sense=verdict.sense,
        carried=verdict.carried,
        variance=None
        if verdict.withheld
        else _variance(verdict, _comparable(metric, number(row["difference"]), expected)),
        chart=_chart(composition, kind, unit_id, name, verdict),
        status=status_of(verdict, str(row["status_rule"] or "")),
        signal=signal_of(reading_of(composition, kind, unit_id, name)),
        note=_note(composition, verdict, of_month),
        ahead=formats.figure(next_value, scale) if next_row else "",
    )


def status_of(verdict: Verdict, rule: str) -> Status:
    """A status as the model holds it."""
    told = "" if verdict.status == wording.NO_EXPECTATION and not verdict.withheld else rule
    return Status(text=wording.status_text(verdict), sense=wording.status_sense(verdict), rule=told)


def _note(composition: Composition, verdict: Verdict, of_month: Month) -> str:
    if verdict.withheld:
        return f"Withheld: {verdict.withheld}."
    if of_month != composition.month:
        year_before = composition.formats.month(of_month.shift(-12))
        return f"Of {composition.formats.month(of_month)}, beside {year_before}: later months are not complete yet."
    return ""


def _comparable(metric: Metric, difference: float, expected: float) -> float:
    """A difference that can share a scale with the others: points of a score as a share of the expectation."""
    return difference / expected if metric.unit is Unit.SCORE and expected else difference


def _variance(verdict: Verdict, difference: float) -> VarianceBar | None:
    if not is_known(difference) or verdict.sense is Sense.NONE:
        return None
    return charts.variance_bar(
        difference,
        better=verdict.sense is Sense.BETTER,
        alt=wording.difference_alt(verdict),
        sense=verdict.sense if verdict.carried else Sense.NONE,
    )


def _chart(composition: Composition, kind: str, unit_id: str, name: str, verdict: Verdict) -> SeriesChart | None:
    actual, expected, last_year = composition.series(kind, unit_id, name)
    known = sum(1 for value in actual if is_known(value))
    if known < 2:  # noqa: PLR2004 (one point is no course of months)
        return None
    reading = reading_of(composition, kind, unit_id, name)
    control = control_of(composition, kind, unit_id, name) if reading else None
    told = wording.chart_alt(verdict, known, "")
    return charts.series_chart(
        actual,
        expected,
        # Two years are a course of their own: the year before would be drawn across its natural range a second time.
        [] if control else last_year,
        alt=f"{told} {wording.signal_alt(reading)}" if reading else told,
        sense=wording.status_sense(verdict) if verdict.carried else Sense.NONE,
        control=control,
    )


def expectations_ahead(composition: Composition, kind: str, unit_id: str) -> tuple[AheadRow, ...]:
    """What is asked of a unit in the month that follows."""
    rows = []
    formats = composition.formats
    for name, metric in composition.metrics():
        row = composition.expected_row(kind, unit_id, name, composition.month.shift(1))
        if row is None or not composition.relevant(kind, unit_id, name):
            continue
        # A team is read by all its members: what its parts are asked could be one person's number.
        parts_shown = kind != UnitKind.TEAM and not composition.figures[(kind, unit_id, name)]["withheld"]
        value, parts = number(row["value"]), number(row["parts_total"])
        parts_shown = parts_shown and is_known(parts)
        review = row["review_by"]
        rows.append(
            AheadRow(
                metric=name,
                label=metric.label,
                unit="",
                expected=formats.with_unit(value, metric),
                basis=str(row["basis"] or ""),
                parts=f"The parts add up to {formats.with_unit(parts, metric)}."
                if is_known(parts) and parts_shown
                else "",
                why=str(row["why"]),
                owner=str(row["owner"]),
                set_on=_day(composition, row["set_on"]),
                review=f"by {_day(composition, review)}" if _day(composition, review) else "",
            )
        )
    return tuple(rows)


def _day(composition: Composition, value: object) -> str:
    return composition.formats.day(value.date()) if isinstance(value, pd.Timestamp) and not pd.isna(value) else ""
