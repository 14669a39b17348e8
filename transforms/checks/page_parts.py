"""Parts of the checks page that are lines: results with samples of bad rows, corrections, findings, where rows went.

Does not belong here: what changes over months (`page_trends`) and how the parts make a page (`page`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from config.checks import Severity
from config.models import Config, ExtractKind
from config.months import Month
from transforms.checks.readings import Reading, Verdict, finding_of
from transforms.checks.texts import LONGEST, told, visible
from transforms.formats import Formats
from transforms.index_model import BadRow, CheckResult, CorrectionLine, IndexFinding, ReconciliationRow
from transforms.stages import Account, Checked, Corrected, Finding, Reconciliation

SAMPLES = 5
"""So many bad rows of a check are shown."""
_SEVERITIES = tuple(Severity)
_RESULTS = ("failed", "crashed", "accepted", "passed")
_PER_MILLE = 0.0005
_LARGE = 100
"""From here on decimals of a distance say nothing more."""

Result = Literal["failed", "crashed", "accepted", "passed"]
State = Literal["applied", "mended", "differs", "absent"]


@dataclass(frozen=True, slots=True)
class Sample:
    """A row that was set aside: under which check, where it stands, and what is wrong with it."""

    check: str
    column: str
    value: str
    file: str
    line: int
    reason: str


# -- results -----------------------------------------------------------------------------------------------------


def check_results(
    formats: Formats,
    verdicts: Sequence[Verdict],
    samples: Sequence[Sample],
    kind: ExtractKind,
    whys: Mapping[str, str],
    quarantine_file: str,
) -> list[CheckResult]:
    """Every check with its result: failed ones first, the gravest first, else in the order given."""
    by_check: dict[str, list[Sample]] = {}
    for sample in samples:
        by_check.setdefault(sample.check, []).append(sample)
    results = [
        _result(formats, verdict, by_check.get(verdict.reading.check, []), kind, whys, quarantine_file)
        for verdict in verdicts
    ]
    return sorted(results, key=_gravest_first)


def _gravest_first(result: CheckResult) -> tuple[bool, bool, int, int]:
    passed = result.result in ("passed", "accepted")
    silent = passed and not result.set_aside and not result.told
    return passed, silent, _SEVERITIES.index(Severity(result.severity)), _RESULTS.index(result.result)


def _result(
    formats: Formats,
    verdict: Verdict,
    samples: Sequence[Sample],
    kind: ExtractKind,
    whys: Mapping[str, str],
    quarantine_file: str,
) -> CheckResult:
    reading = verdict.reading
    result = _outcome(verdict)
    finding = told(finding_of(verdict), kind) if result != "passed" else None
    rows = bad_rows(samples[:SAMPLES], kind) or (_first_row(finding) if finding else ())
    reasons = {row.reason for row in rows}
    return CheckResult(
        name=reading.check.partition(".")[2],
        label=visible(reading.label),
        severity=reading.severity.value,
        result=result,
        asked=formats.count(reading.rows) if reading.rows else "",
        failed=formats.count(reading.failed) if reading.rows else "",
        value="" if result == "crashed" else _value(formats, reading, reading.value),
        limit=_value(formats, reading, reading.limit),
        set_aside=formats.count(reading.set_aside) if reading.set_aside and reading.by_rows else "",
        told=finding.message if finding else "",
        why=visible(whys.get(reading.check, "")),
        samples=rows,
        reason="".join(reasons) if len(reasons) == 1 else "",
        samples_note=_samples_note(formats, len(rows), reading, quarantine_file),
    )


def _outcome(verdict: Verdict) -> Result:
    if verdict.passed:
        return "passed"
    if verdict.accepted:
        return "accepted"
    return "crashed" if math.isnan(verdict.reading.value) else "failed"


def _value(formats: Formats, reading: Reading, value: float) -> str:
    """A share where it is of rows, a number in the check's own units elsewhere."""
    if not reading.rows and not reading.by_rows:
        decimals = 0 if float(value).is_integer() or abs(value) >= _LARGE else 2
        return formats.number(value, decimals) if math.isfinite(value) else ""
    if 0 < value < _PER_MILLE:
        return f"<{formats.percent(formats.number(0.1, 1))}"
    return formats.percent(formats.number(value * 100, 0 if value in (0, 1) else 1))


def _samples_note(formats: Formats, shown: int, reading: Reading, quarantine_file: str) -> str:
    if reading.set_aside and reading.set_aside >= shown and quarantine_file:
        return (
            f"{formats.count(shown)} of {formats.count(reading.set_aside)} rows set aside; all are in {quarantine_file}"
        )
    if shown and reading.failed > shown:
        return f"the first of {formats.count(reading.failed)} rows"
    return ""


def bad_rows(samples: Sequence[Sample], kind: ExtractKind) -> tuple[BadRow, ...]:
    """Rows to be shown. Of a survey without the values: they are what somebody answered."""
    hidden = kind is ExtractKind.PULSE
    return tuple(
        BadRow(
            place=_place(sample.file, sample.line),
            column=visible(sample.column, LONGEST),
            value="" if hidden else visible(sample.value, LONGEST),
            reason=visible(sample.reason),
        )
        for sample in samples
    )


def _first_row(finding: Finding) -> tuple[BadRow, ...]:
    """What a finding quotes, where rows are not set aside."""
    if not finding.file or not finding.line or not finding.value:
        return ()
    return (
        BadRow(
            place=_place(finding.file, finding.line),
            column=visible(finding.column, LONGEST),
            value=visible(finding.value, LONGEST),
        ),
    )


def _place(file: str, line: int) -> str:
    return f"{visible(file)}:{line}" if line else visible(file)


# -- corrections -------------------------------------------------------------------------------------------------


def correction_lines(
    config: Config, extract: str, checked: Sequence[Checked], month: Month
) -> tuple[CorrectionLine, ...]:
    """Each correction that was used in the month, or matches no longer, with who asked for it and why."""
    by_place: dict[str, list[tuple[Month, Corrected]]] = {}
    for one in checked:
        for corrected in one.corrected:
            by_place.setdefault(corrected.place, []).append((one.month, corrected))
    asked = _asked(config, extract)
    lines = [_correction(place, found, month, *asked.get(place, ("", ""))) for place, found in by_place.items()]
    return tuple(line for line in lines if line is not None)


def _correction(
    place: str, found: Sequence[tuple[Month, Corrected]], month: Month, reason: str, owner: str
) -> CorrectionLine | None:
    chosen = _chosen(found, month)
    if chosen is None:
        return None
    at, one = chosen
    state: State = one.state  # type: ignore[assignment]
    rows = f"{one.rows} {'row' if one.rows == 1 else 'rows'}"
    words = {
        "applied": f"applied to {rows}",
        "mended": f"no longer needed: the source of {at} says so itself",
        "differs": f"not applied: the source of {at} says something else",
        "absent": "matches no row of any month" if all(one.state == "absent" for _, one in found) else "matches no row",
    }
    return CorrectionLine(
        place=place,
        state=state,
        result=words[state],
        told=visible(one.told),
        reason="" if reason in one.told else visible(reason),
        owner="" if owner in one.told else visible(owner),
    )


def _chosen(found: Sequence[tuple[Month, Corrected]], month: Month) -> tuple[Month, Corrected] | None:
    """What is told of a correction: what it did this month, else that it matches no longer.

    None of a line that was used earlier: its row came then. A rule that was used earlier should have rows every month.
    """
    now = [(at, one) for at, one in found if at == month and one.state == "applied"]
    used = max((at for at, one in found if one.state == "applied"), default=None)
    stale = [(at, one) for at, one in found if one.state in ("differs", "mended") and (used is None or at > used)]
    if now or stale:
        return (now or stale[-1:])[0]
    last_at, last = found[-1]
    is_line = last.place.startswith("corrections.csv:")
    if used is not None and (is_line or last_at != month or last.state != "absent"):
        return None
    return found[-1]


def _asked(config: Config, extract: str) -> dict[str, tuple[str, str]]:
    """Reason and owner of each correction by its place."""
    lines = {f"corrections.csv:{one.line}": (one.reason, one.owner) for one in config.corrections}
    rules = {
        f"extracts.yaml {extract}.correct[{at}]": (rule.why, rule.owner)
        for at, rule in enumerate(config.extracts[extract].correct)
    }
    return lines | rules


# -- findings and where rows went --------------------------------------------------------------------------------


def shown_finding(finding: Finding, *, within_extract: bool = False) -> IndexFinding:
    """A finding as a line of a page, with its extract unless it stands among that extract's."""
    line = f", line {finding.line}" if finding.line else ""
    extract = "" if within_extract else finding.extract
    where = " · ".join(part for part in (extract, f"{finding.file}{line}" if finding.file else "") if part)
    return IndexFinding(
        severity=finding.severity.value,
        message=finding.message,
        where=visible(where),
        rows=f"{finding.rows:,} rows" if finding.rows > 1 else "",
    )


def reconciliation_rows(formats: Formats, lines: Sequence[Reconciliation]) -> tuple[ReconciliationRow, ...]:
    """The way from each source's total to the figures: in rows, and in the main measure where there is one."""
    rows = []
    for line in lines:
        rows.append(_reconciled(formats, line, "rows", by_rows=True))
        if line.main_measure:
            rows.append(_reconciled(formats, line, line.main_measure, by_rows=False))
    return tuple(rows)


def _reconciled(formats: Formats, line: Reconciliation, counted_by: str, *, by_rows: bool) -> ReconciliationRow:
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
