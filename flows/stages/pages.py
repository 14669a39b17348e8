"""The edition's own pages as finished models: its index, and what the checks found, from the manifest's facts."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from config.models import Config
from flows.stages.compose import Composed
from flows.stages.run import MonthRun
from flows.state.editions import ReportEntry
from transforms.formats import Formats
from transforms.index_model import (
    CheckedExtract,
    ChecksModel,
    IndexFinding,
    IndexInput,
    IndexModel,
    IndexReport,
    IndexWithheld,
    ReconciliationRow,
)
from transforms.stages import Account, Finding, Landing, Reconciliation
from transforms.wording import counted

_KIND_LABELS = {"manager": "Manager report", "team": "Team report", "associate": "Associate’s sheet"}
_SHORT_HASH = 12


def index_page(run: MonthRun, composed: Composed, manifest: dict[str, Any]) -> IndexModel:
    """The edition at a glance, for the operator: it names everyone, so it is sent to nobody."""
    formats = _formats(run.config)
    entries: list[ReportEntry] = manifest["reports"]
    made = sum(1 for entry in entries if entry["edition"] == manifest["edition"])
    return IndexModel(
        company=run.config.company.name,
        month=str(run.month),
        month_label=formats.month(run.month),
        language=formats.language,
        edition=manifest["edition"],
        edition_label=f"Edition {manifest['edition']}",
        summary=f"{counted(made, 'report is', 'reports are')} new or changed, {len(entries) - made} as before. "
        "Nothing has been sent.",
        reports=tuple(_report(entry) for entry in entries),
        withheld=_withheld(run.config, manifest["withheld"]),
        findings=tuple(_finding(finding) for finding in composed.findings),
        reconciliation=_rows(formats, composed.lines),
        inputs=tuple(_input(formats, landing) for landing in composed.landings),
        notes=(*composed.gaps, *(f"Not made: {line}" for line in manifest["not_made"])),
        checks_file="checks.html",
    )


def checks_page(run: MonthRun, composed: Composed, manifest: dict[str, Any]) -> ChecksModel:
    """What the checks found, extract by extract."""
    formats = _formats(run.config)
    landings = {landing.extract: landing for landing in composed.landings}
    names = [*run.config.extracts, *sorted({f.extract for f in composed.findings} - set(run.config.extracts))]
    return ChecksModel(
        company=run.config.company.name,
        month=str(run.month),
        month_label=formats.month(run.month),
        language=formats.language,
        edition_label=f"Edition {manifest['edition']}",
        summary=", ".join(f"{count} {severity}" for severity, count in manifest["checks"].items()),
        extracts=tuple(
            CheckedExtract(
                extract=name or "organisation and expectations",
                month_label=formats.month(run.month),
                rows=formats.count(landings[name].rows) if name in landings else "—",
                files=landings[name].files if name in landings else (),
                findings=tuple(_finding(finding) for finding in composed.findings if finding.extract == name),
                reconciliation=_rows(formats, [line for line in composed.lines if line.extract == name]),
            )
            for name in names
        ),
        notes=composed.gaps,
        index_file="index.html",
    )


def _formats(config: Config) -> Formats:
    return Formats(config.company.locale, config.company.currency)


def _report(entry: ReportEntry) -> IndexReport:
    return IndexReport(
        report_id=entry["report_id"],
        title=entry["title"],
        kind=entry["kind"],
        kind_label=_KIND_LABELS[entry["kind"]],
        unit_id=entry["unit_id"],
        file=entry["file"],
        pages=entry["pages"],
        edition=entry["edition"],
        recipients=tuple(entry["recipients"]),
        note="" if entry["recipients"] else "hr has no address for its reader",
    )


def _withheld(config: Config, lines: Sequence[dict[str, str]]) -> tuple[IndexWithheld, ...]:
    return tuple(
        IndexWithheld(
            metric=config.metrics[line["metric"]].label,
            unit=f"{line['unit_kind']} {line['unit_id']}",
            reason=line["reason"],
        )
        for line in lines
    )


def _finding(finding: Finding) -> IndexFinding:
    line = f", line {finding.line}" if finding.line else ""
    where = " · ".join(part for part in (finding.extract, f"{finding.file}{line}" if finding.file else "") if part)
    return IndexFinding(
        severity=finding.severity.value,
        message=finding.message,
        where=where,
        rows=str(finding.rows) if finding.rows > 1 else "",
    )


def _rows(formats: Formats, lines: Sequence[Reconciliation]) -> tuple[ReconciliationRow, ...]:
    rows = []
    for line in lines:
        rows.append(_row(formats, line, "rows", by_rows=True))
        if line.main_measure:
            rows.append(_row(formats, line, line.main_measure, by_rows=False))
    return tuple(rows)


def _row(formats: Formats, line: Reconciliation, counted_by: str, *, by_rows: bool) -> ReconciliationRow:
    def cell(account: Account) -> str:
        return formats.count(account.rows) if by_rows else _amount(formats, account.measure)

    return ReconciliationRow(
        extract=line.extract,
        month_label=formats.month(line.month),
        counted=counted_by,
        source=cell(line.source),
        attributed=cell(line.attributed),
        unattributed=cell(line.unattributed),
        excluded=cell(line.excluded),
        quarantined=cell(line.quarantined),
        adds_up=line.adds_up,
        reasons="; ".join(f"{formats.count(part.rows)} × {part.reason}" for part in line.reasons) if by_rows else "",
    )


def _amount(formats: Formats, amount: Decimal) -> str:
    return formats.number(float(amount), 2)


def _input(formats: Formats, landing: Landing) -> IndexInput:
    return IndexInput(
        extract=landing.extract,
        month_label=formats.month(landing.month),
        rows=formats.count(landing.rows),
        fingerprint=landing.sha256[:_SHORT_HASH],
        files=", ".join(landing.files[:3]),
    )
