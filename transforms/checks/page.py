"""What the checks found as the finished model of a page, and as counts: built from verdicts, profiles and samples.

Does not belong here: reading rows that were set aside (`flows.stages.pages`), and how it is drawn (templates).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from config.checks import Severity
from config.models import Config
from config.months import Month
from transforms import wording
from transforms.checks.page_parts import (
    Sample,
    bad_rows,
    check_results,
    correction_lines,
    reconciliation_rows,
    shown_finding,
)
from transforms.checks.page_trends import day_strip, trends
from transforms.checks.readings import Verdict, finding_of
from transforms.checks.suite import suite_of
from transforms.checks.texts import told, visible
from transforms.formats import Formats
from transforms.index_model import CheckedExtract, CheckedRow, ChecksModel
from transforms.report_model import extract_anchor
from transforms.stages import Checked, Finding, Landing, Reconciliation

_ELSEWHERE = "organisation and expectations"
_SHOWN_IN_CORRECTIONS = "correction."


@dataclass(frozen=True, slots=True)
class ExtractSeen:
    """Everything the page says one extract by: its months, and of the reported one its verdicts and some bad rows."""

    extract: str
    landings: tuple[Landing, ...] = ()
    """Oldest first, none later than the reported month."""
    checked: tuple[Checked, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    samples: tuple[Sample, ...] = ()
    failure: str = ""
    """Why the month could not be had."""

    def landing(self, month: Month) -> Landing | None:
        """The landing of a month."""
        return next((one for one in self.landings if one.month == month), None)

    def of(self, month: Month) -> Checked | None:
        """The checked rows of a month."""
        return next((one for one in self.checked if one.month == month), None)


@dataclass(frozen=True, slots=True)
class Counts:
    """One extract in numbers. Findings are counted by severity, checks that passed one by one."""

    extract: str
    rows: int
    set_aside: int
    critical: int
    warning: int
    info: int
    passed: int


def count(month: Month, seen: Sequence[ExtractSeen], findings: Sequence[Finding]) -> tuple[Counts, ...]:
    """Each extract in numbers, in the order given."""
    return tuple(_counts(month, one, _of(findings, one.extract)) for one in seen)


def _counts(month: Month, seen: ExtractSeen, findings: Sequence[Finding]) -> Counts:
    landing, checked = seen.landing(month), seen.of(month)
    by_severity = {severity: sum(1 for f in findings if f.severity is severity) for severity in Severity}
    return Counts(
        extract=seen.extract,
        rows=landing.rows if landing else 0,
        set_aside=sum(part.rows for part in checked.quarantined) if checked else 0,
        critical=by_severity[Severity.CRITICAL],
        warning=by_severity[Severity.WARNING],
        info=by_severity[Severity.INFO],
        passed=sum(1 for verdict in seen.verdicts if verdict.passed),
    )


def shown_findings(config: Config, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings as whoever runs the month may read them."""
    kinds = {name: extract.kind for name, extract in config.extracts.items()}
    return tuple(told(finding, kinds.get(finding.extract)) for finding in findings)


def checks_model(
    config: Config,
    month: Month,
    seen: Sequence[ExtractSeen],
    findings: Sequence[Finding],
    *,
    lines: Sequence[Reconciliation] = (),
    notes: Sequence[str] = (),
    edition_label: str = "",
    index_file: str = "",
) -> ChecksModel:
    """The page of a month. `lines` say where the rows went, where they were attributed already."""
    formats = Formats(config.company.locale, config.company.currency)
    findings = shown_findings(config, findings)
    counts = count(month, seen, findings)
    names = {one.extract for one in seen}
    elsewhere = [finding for finding in findings if finding.extract not in names]
    sections = [_extract(formats, config, month, one, _of(findings, one.extract), lines) for one in seen]
    if elsewhere:
        sections.append(
            CheckedExtract(
                extract=_ELSEWHERE,
                anchor=extract_anchor(""),
                month_label=formats.month(month),
                rows="",
                findings=tuple(shown_finding(finding) for finding in elsewhere),
            )
        )
    failures = {one.extract for one in seen if one.failure}
    return ChecksModel(
        company=config.company.name,
        month=str(month),
        month_label=formats.month(month),
        language=formats.language,
        edition_label=edition_label,
        summary=what_stands(formats, counts, failures, elsewhere),
        matrix=tuple(_matrix_row(formats, one, missing=one.extract in failures) for one in counts),
        extracts=tuple(sections),
        notes=tuple(visible(note) for note in notes),
        index_file=index_file,
    )


def _of(findings: Sequence[Finding], extract: str) -> list[Finding]:
    return [finding for finding in findings if finding.extract == extract]


def _matrix_row(formats: Formats, counts: Counts, *, missing: bool) -> CheckedRow:
    def written(number: int) -> str:
        return formats.count(number) if number else ""

    return CheckedRow(
        extract=counts.extract,
        anchor=extract_anchor(counts.extract),
        rows="not there" if missing and not counts.rows else formats.count(counts.rows),
        set_aside=written(counts.set_aside),
        critical=written(counts.critical),
        warning=written(counts.warning),
        info=written(counts.info),
        passed=written(counts.passed),
    )


def what_stands(
    formats: Formats, counts: Sequence[Counts], failures: Iterable[str] = (), elsewhere: Sequence[Finding] = ()
) -> str:
    """What stands and what does not, in a sentence or two."""
    missing = sorted(failures)
    critical = [one.extract for one in counts if one.critical and one.extract not in missing]
    lines = []
    if missing:
        lines.append(f"What is measured on {wording.listed(missing)} is withheld: it could not be used.")
    if critical:
        lines.append(f"Critical findings in {wording.listed(critical)}: what depends on them is withheld.")
    if not lines:
        lines.append("Nothing critical was found.")
    warnings = sum(one.warning for one in counts)
    warnings += sum(1 for finding in elsewhere if finding.severity is Severity.WARNING)
    rows, aside = sum(one.rows for one in counts), sum(one.set_aside for one in counts)
    passed = sum(one.passed for one in counts)
    parts = [
        f"{formats.count(passed)} {'check' if passed == 1 else 'checks'} passed",
        wording.counted(warnings, "warning", "warnings") if warnings else "no warning",
        f"{formats.count(aside)} of {formats.count(rows)} rows set aside" if aside else "no row set aside",
    ]
    return f"{' '.join(lines)} {wording.listed(parts)}."


def _extract(
    formats: Formats,
    config: Config,
    month: Month,
    seen: ExtractSeen,
    findings: Sequence[Finding],
    lines: Sequence[Reconciliation],
) -> CheckedExtract:
    landing, checked = seen.landing(month), seen.of(month)
    kind = config.extracts[seen.extract].kind
    by_verdict = {(f.code, f.message) for f in shown_findings(config, (finding_of(v) for v in seen.verdicts))}
    others = [
        finding
        for finding in findings
        if (finding.code, finding.message) not in by_verdict and not finding.code.startswith(_SHOWN_IN_CORRECTIONS)
    ]
    whys = {check.id: check.why for check in suite_of(config, seen.extract)}
    results = check_results(formats, seen.verdicts, seen.samples, kind, whys, _quarantine_file(checked))
    known = {verdict.reading.check for verdict in seen.verdicts}
    rows = reconciliation_rows(formats, [line for line in lines if line.extract == seen.extract])
    since, new, gone = _columns(formats, seen, month)
    return CheckedExtract(
        extract=seen.extract,
        anchor=extract_anchor(seen.extract),
        month_label=formats.month(month),
        rows=f"{formats.count(landing.rows)} {'row' if landing.rows == 1 else 'rows'}" if landing else "",
        files=tuple(visible(file) for file in landing.files) if landing else (),
        findings=tuple(shown_finding(finding, within_extract=True) for finding in others),
        results=tuple(one for one in results if _to_be_seen(one.result, one.set_aside)),
        passed=tuple(one for one in results if not _to_be_seen(one.result, one.set_aside)),
        others=bad_rows([one for one in seen.samples if one.check not in known], kind),
        left_out=_left_out(formats, checked) if not rows else (),
        trends=trends(formats, config.extracts[seen.extract], seen.checked, month, seen.verdicts),
        days=day_strip(formats, checked.profile.days, month) if checked and checked.profile else None,
        corrections=correction_lines(config, seen.extract, seen.checked, month),
        columns_new=new,
        columns_gone=gone,
        columns_since=since,
        reconciliation=rows,
    )


def _to_be_seen(result: str, set_aside: str) -> bool:
    return result != "passed" or bool(set_aside)


def _quarantine_file(checked: Checked | None) -> str:
    """Where all rows set aside are, in the state root."""
    return f"checked/{checked.month}/{checked.quarantine_path.name}" if checked else ""


def _left_out(formats: Formats, checked: Checked | None) -> tuple[tuple[str, str], ...]:
    if checked is None:
        return ()
    parts = [("excluded", part) for part in checked.excluded] + [("set aside", part) for part in checked.quarantined]
    return tuple((f"{formats.count(part.rows)} {how}", visible(part.reason)) for how, part in parts)


def _columns(formats: Formats, seen: ExtractSeen, month: Month) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The month before that there is, and the headings that are new and gone since."""
    landing = seen.landing(month)
    before = max((one for one in seen.landings if one.month < month), key=lambda one: one.month, default=None)
    if landing is None or before is None:
        return "", (), ()
    new = tuple(visible(name) for name in landing.headers if name not in before.headers)
    gone = tuple(visible(name) for name in before.headers if name not in landing.headers)
    return formats.month(before.month), new, gone
