"""Sections 4 and 6: where a total came from by segment, and what stands behind the figures."""

from decimal import Decimal

import pandas as pd

from config.models import Metric
from config.months import Month
from transforms import wording
from transforms.compose.context import Composition, number
from transforms.formats import MISSING
from transforms.report_model import About, Definition, Table
from transforms.stages import Account, Reconciliation, Severity


def segment_tables(composition: Composition, kind: str, unit_id: str) -> tuple[Table, ...]:
    """For metrics taken by segment: this month, last year and the difference, which add up where the metric does."""
    tables = [
        _segment_table(composition, kind, unit_id, name, metric)
        for name, metric in composition.metrics()
        if metric.by_segment
        and composition.relevant(kind, unit_id, name)
        and not composition.verdict(kind, unit_id, name).withheld
    ]
    return tuple(table for table in tables if table)


def _segment_table(composition: Composition, kind: str, unit_id: str, name: str, metric: Metric) -> Table | None:
    now = _segment_values(composition, kind, unit_id, name, composition.month)
    before = _segment_values(composition, kind, unit_id, name, composition.month.shift(-12))
    segments = sorted({*now, *before} - {"all"}, key=str.casefold)
    if not segments:
        return None
    formats = composition.formats
    lines = [*segments, "all"]
    scale = formats.scale(metric, [*now.values(), *before.values()])
    nan = float("nan")
    rows = tuple(
        (
            "Total" if segment == "all" else segment,
            formats.figure(now.get(segment, nan), scale),
            formats.figure(before.get(segment, nan), scale),
            formats.number(
                (now.get(segment, nan) - before.get(segment, nan)) / scale.divisor, scale.decimals, sign=True
            ),
        )
        for segment in lines
    )
    unit = f", {scale.unit}" if scale.unit else ""
    return Table(
        title=f"{metric.label} by segment{unit}",
        columns=(
            "Segment", formats.short_month(composition.month), formats.short_month(composition.month.shift(-12)),
            "Difference",
        ),
        align=("left", "right", "right", "right"),
        rows=rows,
        note="Differences between two months. They say nothing yet of usual variation or cause.",
    )  # fmt: skip


def _change(now: dict[str, float], before: dict[str, float], segment: str) -> float:
    nan = float("nan")
    return now.get(segment, nan) - before.get(segment, nan)


def _segment_values(composition: Composition, kind: str, unit_id: str, name: str, month: Month) -> dict[str, float]:
    rows = _facts_of(composition, kind, unit_id)
    rows = rows.loc[rows["metric"].eq(name) & rows["month"].eq(pd.Timestamp(month.first_day))]
    return dict(zip(rows["segment"], rows["value"].astype(float), strict=True))


def _facts_of(composition: Composition, kind: str, unit_id: str) -> pd.DataFrame:
    place = composition.facts_by_unit.get((kind, unit_id))
    return composition.facts.iloc[place] if place is not None else composition.facts.iloc[:0]


def about(composition: Composition, kind: str, unit_id: str) -> About:
    """For each figure its definition and rows, the way from the source's total to it, and what was left out."""
    shown = [(name, metric) for name, metric in composition.metrics() if composition.relevant(kind, unit_id, name)]
    extracts = sorted({metric.extract for _, metric in shown})
    withheld = [
        f"{verdict.label}: {verdict.withheld}."
        for name, _ in shown
        if (verdict := composition.verdict(kind, unit_id, name)).withheld
    ]
    notes = [wording.STATUS_NOTE]
    if composition.assumed_current:
        notes.append(wording.ASSUMED_ORGANISATION_NOTE)
    return About(
        definitions=tuple(_definition(composition, kind, unit_id, name, metric) for name, metric in shown),
        reconciliation=tuple(
            _reconciliation(composition, line) for line in composition.reconciliation if line.extract in extracts
        ),
        findings=tuple(
            finding.message
            for finding in composition.findings
            if finding.severity is not Severity.INFO and finding.extract in extracts
        ),
        withheld=tuple(withheld),
        unused_expectations=_unused(composition, kind, unit_id),
        gaps=composition.gaps,
        notes=tuple(notes),
        sources=composition.sources,
    )


def _definition(composition: Composition, kind: str, unit_id: str, name: str, metric: Metric) -> Definition:
    row = composition.figures[(kind, unit_id, name)]
    formula = f"{metric.numerator} ÷ {metric.denominator}" if metric.numerator else str(metric.value)
    condition = f" where {metric.where}" if metric.where else ""
    window = f", over {metric.window_months} months" if metric.window_months > 1 else ""
    text = metric.definition or metric.label
    rows = int(number(row["rows"])) if row["rows"] == row["rows"] else 0
    hidden = bool(row["withheld"])
    return Definition(
        label=metric.label,
        text=f"{text.rstrip('.')}. Computed as {formula}{condition}{window}, from {metric.extract}.",
        rows=MISSING if hidden else f"{composition.formats.count(rows)} {'row' if rows == 1 else 'rows'}",
    )


def _reconciliation(composition: Composition, line: Reconciliation) -> Table:
    formats = composition.formats
    measure = line.main_measure

    def cells(label: str, account: Account) -> tuple[str, ...]:
        counted = formats.count(account.rows)
        return (label, counted, _amount(composition, account.measure)) if measure else (label, counted)

    rows = [
        cells("Source", line.source),
        cells("Attributed to people", line.attributed),
        cells("Unattributed: queues, bots, unknown people", line.unattributed),
        cells("Excluded by rule, or older copies", line.excluded),
        cells("Set aside: could not be read", line.quarantined),
    ]
    columns = ("", "Rows", measure) if measure else ("", "Rows")
    reasons = [f"{formats.count(part.rows)} × {part.reason}" for part in line.reasons]
    return Table(
        title=f"{line.extract.capitalize()}, whole company, {formats.month(line.month)}",
        columns=columns,
        align=("left", "right", "right") if measure else ("left", "right"),
        rows=tuple(rows),
        note="; ".join(reasons),
    )


def _amount(composition: Composition, amount: Decimal) -> str:
    exact = amount.normalize()
    decimals = min(max(-int(exact.as_tuple().exponent), 0), 4)
    return composition.formats.number(float(amount), decimals if decimals <= 2 else 4)  # noqa: PLR2004


def _unused(composition: Composition, kind: str, unit_id: str) -> tuple[str, ...]:
    unused = composition.unused
    mine = unused.loc[unused["unit_kind"].eq(kind) & unused["unit_id"].eq(unit_id)]
    labels = {name: metric.label for name, metric in composition.config.metrics.items()}
    lines = [
        f"{labels.get(row['metric'], row['metric'])}, {composition.formats.month(Month.of(row['month'].date()))}: "
        f"{row['reason']}."
        for row in mine.loc[mine["month"].ge(pd.Timestamp(composition.month.first_day))].to_dict("records")
    ]
    return tuple(lines)
