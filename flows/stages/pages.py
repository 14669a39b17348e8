"""The edition's own pages as finished models: its index, and what the checks found, from the manifest's facts."""

from collections.abc import Sequence
from typing import Any

from config.models import Config
from flows.stages.compose import Composed
from flows.stages.looked import Looked
from flows.stages.run import MonthRun
from flows.state.editions import ReportEntry
from transforms.checks.page import checks_model, shown_findings
from transforms.checks.page_parts import reconciliation_rows, shown_finding
from transforms.formats import Formats
from transforms.index_model import (
    ChecksModel,
    IndexInput,
    IndexModel,
    IndexReport,
    IndexWithheld,
)
from transforms.stages import Landing
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
        findings=tuple(shown_finding(finding) for finding in shown_findings(run.config, composed.findings)),
        reconciliation=reconciliation_rows(formats, composed.lines),
        inputs=tuple(_input(formats, landing) for landing in composed.landings),
        notes=(*composed.gaps, *(f"Not made: {line}" for line in manifest["not_made"])),
        checks_file="checks.html",
    )


def checks_page(run: MonthRun, composed: Composed, manifest: dict[str, Any], looked: Looked) -> ChecksModel:
    """What the checks found, extract by extract, and where the rows went."""
    return checks_model(
        run.config,
        run.month,
        looked.seen,
        composed.findings,
        lines=composed.lines,
        notes=composed.gaps,
        edition_label=f"Edition {manifest['edition']}",
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


def _input(formats: Formats, landing: Landing) -> IndexInput:
    return IndexInput(
        extract=landing.extract,
        month_label=formats.month(landing.month),
        rows=formats.count(landing.rows),
        fingerprint=landing.sha256[:_SHORT_HASH],
        files=", ".join(landing.files[:3]),
    )
