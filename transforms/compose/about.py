"""Section 6: what stands behind the figures."""

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd

from config.checks import Severity
from config.models import ExtractKind, Metric
from config.months import Month
from transforms import wording
from transforms.compose.context import Composition, number
from transforms.formats import MISSING
from transforms.report_model import About, CheckedLine, Definition, Table, extract_anchor
from transforms.stages import Reconciliation

_COMMANDS_AT_MOST = 3


def about(composition: Composition, kind: str, unit_id: str, proposed: Sequence[tuple[str, str, Month]] = ()) -> About:
    """For each figure its definition and rows, the way from the source's total to it, and what was left out.

    `proposed`: metric, unit (as `yardstick rebase` takes it) and month of each new level that waits for a decision.
    """
    shown = [(name, metric) for name, metric in composition.metrics() if composition.relevant(kind, unit_id, name)]
    extracts = sorted({metric.extract for _, metric in shown})
    withheld = [
        f"{verdict.label}: {verdict.withheld}."
        for name, _ in shown
        if (verdict := composition.verdict(kind, unit_id, name)).withheld
    ]
    hr_name, _ = composition.config.hr()
    notes = [wording.STATUS_NOTE]
    if composition.assumed_current:
        notes.append(wording.ASSUMED_ORGANISATION_NOTE)
    if proposed:
        told = [f"yardstick rebase {name} {unit} {month} --reason …" for name, unit, month in proposed]
        notes.append(wording.rebase_note("; ".join(told[:_COMMANDS_AT_MOST])))
    return About(
        definitions=tuple(_definition(composition, kind, unit_id, name, metric) for name, metric in shown),
        reconciliation=_reconciliation(
            composition, [line for line in composition.reconciliation if line.extract in extracts]
        ),
        checked=_checked(composition, extracts),
        findings=_lacking_rows(composition, kind, unit_id, extracts),
        withheld=tuple(withheld),
        unused_expectations=_unused(composition, kind, unit_id),
        gaps=composition.gaps,
        notes=tuple(notes),
        sources=tuple(
            f"{extract}: {files}" for extract, files in composition.sources if extract in {*extracts, hr_name}
        ),
    )


def _definition(composition: Composition, kind: str, unit_id: str, name: str, metric: Metric) -> Definition:
    row = composition.figures[(kind, unit_id, name)]
    formula = f"{metric.numerator} ÷ {metric.denominator}" if metric.numerator else str(metric.value)
    condition = f" where {metric.where}" if metric.where else ""
    window = f", over {metric.window_months} months" if metric.window_months > 1 else ""
    told = f"{metric.definition.rstrip('.')}. " if metric.definition else ""
    rows = int(number(row["rows"])) if row["rows"] == row["rows"] else 0
    hidden = bool(row["withheld"])
    return Definition(
        label=metric.label,
        text=f"{told}Computed as {formula}{condition}{window}, from {metric.extract}.",
        rows=MISSING if hidden else f"{composition.formats.count(rows)} {'row' if rows == 1 else 'rows'}",
    )


def _reconciliation(composition: Composition, lines: Sequence[Reconciliation]) -> tuple[Table, ...]:
    """The way from each source's total to the figures, in rows and in shares of the source's main measure."""
    formats = composition.formats
    rows = []
    for line in lines:
        accounts = (line.source, line.attributed, line.unattributed, line.excluded, line.quarantined)
        rows.append((f"{line.extract}, rows", *(formats.count(account.rows) for account in accounts)))
        if line.main_measure:
            shares = (_share(composition, account.measure, line.source.measure) for account in accounts)
            rows.append((f"{line.extract}, {line.main_measure}, share", *shares))
    if not rows:
        return ()
    reasons = [f"{line.extract}: {_reasons(composition, line)}" for line in lines if line.reasons]
    return (
        Table(
            title=f"From the sources to the figures, whole company, {formats.month(composition.month)}",
            subtitle="Source = attributed to people + unattributed (queues, bots, unknown) + excluded + set aside.",
            columns=("", "Source", "Attributed", "Unattributed", "Excluded", "Set aside"),
            align=("left", "right", "right", "right", "right", "right"),
            rows=tuple(rows),
            note=". ".join(reasons) + ("." if reasons else ""),
        ),
    )


def _reasons(composition: Composition, line: Reconciliation) -> str:
    return "; ".join(f"{composition.formats.count(part.rows)} × {part.reason.rstrip('.')}" for part in line.reasons)


def _share(composition: Composition, amount: Decimal, source: Decimal) -> str:
    """A part of the source's total. The totals themselves are the operator's: whoever reads a team's report need not
    know what the company sold, and one mended amount would make everybody's report a changed one."""
    return composition.formats.percent(composition.formats.number(amount / source * 100, 1)) if source else MISSING


def _checked(composition: Composition, extracts: Sequence[str]) -> tuple[CheckedLine, ...]:
    """How many findings each extract has. Their texts hold ids and values, which are the operator's to read."""
    set_aside = {line.extract: line.quarantined.rows for line in composition.reconciliation}
    lines = []
    for extract in extracts:
        found = [f for f in composition.findings if f.extract == extract and f.severity is not Severity.INFO]
        critical = sum(1 for finding in found if finding.severity is Severity.CRITICAL)
        rows = set_aside.get(extract, 0)
        if found or rows:
            told = wording.found_by_checks(len(found), critical, rows, composition.formats.count(rows))
            lines.append(CheckedLine(extract=extract, anchor=extract_anchor(extract), text=told))
    return tuple(lines)


def _lacking_rows(composition: Composition, kind: str, unit_id: str, extracts: Sequence[str]) -> tuple[str, ...]:
    """How many of the unit's own rows its figures lack. Of surveys nothing is said: it would count who answered."""
    config = composition.config
    return tuple(
        wording.lacking_rows(
            one.extract, one.rows, composition.formats.count(one.rows), composition.formats.count(one.rows + one.kept)
        )
        for one in composition.set_aside
        if (one.unit_kind, one.unit_id) == (kind, unit_id)
        and one.extract in extracts
        and config.extracts[one.extract].kind is not ExtractKind.PULSE
    )


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
