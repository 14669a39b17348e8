"""Render and publish: PDFs of what has changed, read back for the reader's scope, then the edition at one stroke."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.checks import Severity
from config.errors import OutsideError, RefusedError
from config.loader import config_files
from config.months import Month
from flows.files import make_folder, write_bytes, write_text
from flows.rendering import (
    Rendered,
    RenderJob,
    missing_libraries,
    render_checks,
    render_index,
    render_reports,
)
from flows.stages.code import code_version
from flows.stages.compose import Composed, ComposedReport
from flows.stages.copies import changes_file
from flows.stages.foreign import ForeignTerms
from flows.stages.looked import Looked
from flows.stages.pages import checks_page, index_page
from flows.stages.run import MonthRun
from flows.state.editions import Edition, ReportEntry, newest_edition, publish, take_over
from transforms.checks.page import shown_findings
from transforms.stages import Finding

BATCH = 50
_WARNINGS_TOLD = 10
_UNKNOWN_ID = "engine.unknown_id"


@dataclass(frozen=True, slots=True)
class Prepared:
    """How an edition's deliveries stand: how many wait for approval, are held for a small change, or queued.

    `stopped` are those of earlier editions that were released and no longer go out.
    """

    waiting: int
    small: int = 0
    queued: int = 0
    stopped: int = 0
    not_released: str = ""
    """Why the company's rule did not release them; empty where it did, or where there is none."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run. `not_made` are reports that could not be rendered, with the reason."""

    month: Month
    number: int
    folder: Path
    new: bool
    made: int
    kept: int
    warnings: tuple[str, ...] = ()
    not_made: tuple[str, ...] = ()
    prepared: Prepared | None = None


def next_number(run: MonthRun) -> int:
    """The number the next edition of the month gets: never that of one whose deliveries the ledger knows."""
    return max([run.known_edition, *run.state.edition_numbers(run.month)]) + 1


def edition_label(number: int) -> str:
    """What stands on each page beside the title and the month."""
    return f"edition {number}"


def render_batches(run: MonthRun, composed: Composed, draft: Path) -> list[tuple[MonthRun, list[RenderJob]]]:
    """The changed reports in batches of about fifty."""
    label = edition_label(next_number(run))
    make_folder(draft / "reports")
    jobs = [
        RenderJob(
            model_path=draft / "models" / f"{report.report_id}.json",
            pdf_path=draft / "reports" / f"{report.report_id}.pdf",
            edition_label=label,
            changes_path=changes_file(draft, report.report_id) if report.since else None,
        )
        for report in composed.reports
        if report.changed
    ]
    return [(run, jobs[start : start + BATCH]) for start in range(0, len(jobs), BATCH)]


def render_batch(run: MonthRun, jobs: list[RenderJob]) -> list[Rendered]:
    """Render one batch; a report that fails carries its error and stops no other."""
    return render_reports(jobs, workers=run.workers)


def publish_edition(
    run: MonthRun, composed: Composed, looked: Looked, batches: Sequence[Sequence[Rendered]], draft: Path
) -> Outcome:
    """Put the edition in place, whole or not at all.

    Raises RefusedError where a finished PDF shows what its reader may not see; then nothing is published.
    """
    before = newest_edition(run.state, run.month)
    number = next_number(run)
    rendered = {item.pdf_path.stem: item for batch in batches for item in batch}
    entries, not_made = _entries(composed, rendered, before, number, draft)
    manifest = _manifest(run, composed, number, entries, not_made)
    write_text(draft / "index.html", render_index(index_page(run, composed, manifest)))
    write_text(draft / "checks.html", render_checks(checks_page(run, composed, manifest, looked)))
    _keep_config(run)
    folder = publish(
        run.state,
        run.month,
        number,
        draft,
        manifest,
        lambda: refuse_pdf_breaches(composed, draft, [entry for entry in entries if entry["edition"] == number]),
    )
    return Outcome(
        month=run.month,
        number=number,
        folder=folder,
        new=True,
        made=sum(1 for entry in entries if entry["edition"] == number),
        kept=sum(1 for entry in entries if entry["edition"] != number),
        warnings=(*_warnings(run, composed), *(f"not made: {line}" for line in not_made), *_slow()),
        not_made=tuple(not_made),
    )


def unchanged_outcome(run: MonthRun, composed: Composed) -> Outcome:
    """What is told where nothing has changed since the last edition."""
    edition = newest_edition(run.state, run.month)
    if edition is None:
        raise AssertionError("an unchanged month has an edition")
    return Outcome(
        month=run.month,
        number=edition.number,
        folder=edition.folder,
        new=False,
        made=0,
        kept=len(composed.reports),
        warnings=_warnings(run, composed),
    )


def _entries(
    composed: Composed, rendered: Mapping[str, Rendered], before: Edition | None, number: int, draft: Path
) -> tuple[list[ReportEntry], list[str]]:
    entries: list[ReportEntry] = []
    not_made: list[str] = []
    for report in composed.reports:
        if not report.changed and before is not None:
            old = before.reports[report.report_id]
            take_over(before, old, draft)
            since = old.get("since", 0)
            if since:
                _take_over_changes(before, report.report_id, draft)
            entries.append(_entry(report, old["edition"], old["sha256"], old["pages"], since))
            continue
        result = rendered[report.report_id]
        if result.error:
            not_made.append(f"{report.report_id}: {result.error}")
        else:
            entries.append(_entry(report, number, result.sha256, result.pages, report.since))
    if not entries and not_made:
        raise RefusedError(f"No report could be rendered: {not_made[0]}")
    return entries, not_made


def _take_over_changes(before: Edition, report_id: str, draft: Path) -> None:
    """What an unchanged report opens with: without it the report could not be made again."""
    source = changes_file(before.folder, report_id)
    try:
        write_bytes(changes_file(draft, report_id), source.read_bytes())
    except FileNotFoundError as error:
        raise OutsideError(
            f"{source} is gone.",
            fix="Restore it from a backup, or run with --reissue REASON to make every report again.",
        ) from error


def _entry(report: ComposedReport, edition: int, sha256: str, pages: int, since: int) -> ReportEntry:
    return ReportEntry(
        report_id=report.report_id,
        kind=report.kind,
        unit_id=report.unit_id,
        title=report.title,
        edition=edition,
        file=f"reports/{report.report_id}.pdf",
        sha256=sha256,
        model_sha256=report.model_sha256,
        pages=pages,
        recipients=list(report.recipients),
        since=since,
    )


def _manifest(
    run: MonthRun, composed: Composed, number: int, entries: list[ReportEntry], not_made: list[str]
) -> dict[str, Any]:
    counts = {severity.value: 0 for severity in Severity}
    for finding in composed.findings:
        counts[finding.severity.value] += 1
    return {
        "month": str(run.month),
        "edition": number,
        "config_sha256": run.config.sha256,
        "code_version": code_version(),
        "inputs": list(composed.inputs),
        "checks": counts,
        "withheld": list(composed.withheld),
        "reconciliation": list(composed.reconciliation),
        "reports": entries,
        "not_made": not_made,
        "reissue": run.reissue,
        "origin": "backfill" if run.backfill else "run",
    }


def refuse_pdf_breaches(composed: Composed, draft: Path, entries: Sequence[ReportEntry]) -> None:
    """Read the finished PDFs back; raise RefusedError where one shows a name or id outside its reader's scope."""
    terms = ForeignTerms(composed.scope)
    for entry in entries:
        shown = terms.shown_in(draft, entry)
        if shown:
            raise RefusedError(
                f"The finished PDF {entry['report_id']} shows “{shown[0]}”, which its reader may not see; nothing was "
                "published.",
                fix="Look for that name or id in the texts of expectations.yaml, its tables and decisions.csv.",
            )


def _keep_config(run: MonthRun) -> None:
    """Keep the configuration as it was, under its hash."""
    home = run.state.configs(run.config.sha256)
    for path in config_files(run.config_dir, run.config):
        write_bytes(home / path.relative_to(run.config_dir), path.read_bytes())


def _warnings(run: MonthRun, composed: Composed) -> tuple[str, ...]:
    """One line a kind of finding in an extract, the gravest first: one fault often shows in many places, and the page
    lists them all. No answer to a survey is told.
    """
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    grave = list(Severity)
    for finding in sorted(shown_findings(run.config, composed.findings), key=lambda one: grave.index(one.severity)):
        if finding.severity is not Severity.INFO:
            # Who is missing in hr is unknown in every other extract.
            extract = "" if finding.code == _UNKNOWN_ID else finding.extract
            alike.setdefault((finding.severity.value, finding.code, extract), []).append(finding)
    groups = list(alike.values())
    lines = [_told_once(group) for group in groups[:_WARNINGS_TOLD]]
    if len(groups) > len(lines):
        lines.append(f"… and {sum(map(len, groups[_WARNINGS_TOLD:]))} more findings, on the checks page")
    return tuple(lines)


def _told_once(group: Sequence[Finding]) -> str:
    first, more = group[0], len(group) - 1
    rest = f" (and {more} more like it, on the checks page)" if more else ""
    return f"{first.severity.value}: {_with_place(first)}{rest}"


def _with_place(finding: Finding) -> str:
    """The message, with file and line, or else the extract, before it unless it names them itself."""
    where = finding.file or finding.extract
    if not where or where in finding.message:
        return finding.message
    line = f":{finding.line}" if finding.file and finding.line else ""
    return f"{where}{line}: {finding.message}"


def _slow() -> tuple[str, ...]:
    missing = missing_libraries()
    return (f"rendering is slow: {', '.join(missing)} is missing (see `yardstick doctor`)",) if missing else ()
