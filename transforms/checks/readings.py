"""What a check read in a month, and what was judged of it.

A reading is a number with the limit it must not exceed, so that all checks, whatever they ask, are judged alike.
Does not belong here: judging (Great Expectations does, `flows.checks.judging`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from config.checks import Severity
from config.months import Month
from transforms.checks.suite import SuiteCheck
from transforms.stages import Finding, Tally


@dataclass(frozen=True, slots=True)
class Reading:
    """One check in one month of one extract. It fails where `value` is over `limit`, or is missing.

    A value is the share of the rows asked that failed (0 to 1), or a distance in units of the check's own; NaN where
    the check crashed, which is a failure. `label` says in a few words what is asked: amount between 0 and 250,000.
    """

    check: str
    extract: str
    month: Month
    label: str
    severity: Severity
    value: float
    limit: float
    columns: tuple[str, ...] = ()
    rows: int = 0
    """Rows asked; 0 where it is not of rows."""
    failed: int = 0
    set_aside: int = 0
    by_rows: bool = False
    """Whether the rows that failed were set aside under it, so that only their units are concerned."""
    finding: Finding | None = None
    """What to tell where it fails; its severity is the reading's."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A reading and whether it passed. `accepted` is why a failure was accepted by a person, and by whom."""

    reading: Reading
    passed: bool
    accepted: str = ""


def finding_of(verdict: Verdict) -> Finding:
    """What is told of a check that failed. Accepted by a person it is only to be known."""
    reading = verdict.reading
    finding = reading.finding or Finding(
        "check.failed", reading.severity, f"{reading.extract} {reading.month}: {reading.label} failed.", reading.extract
    )
    if verdict.accepted:
        message = f"{finding.message} Accepted: {verdict.accepted}."
        return replace(finding, severity=Severity.INFO, message=message)
    return replace(finding, severity=reading.severity)


def told_once(verdicts: Sequence[Verdict]) -> list[Finding]:
    """The findings of one extract's month, one for a fault.

    Where too many rows were set aside, or a column is no longer of its type, that is told with the check on rows that
    says of which rows, with file, line and value: the two are one fault. Failures in the order of the verdicts.
    """
    failed = [one for one in verdicts if not one.passed]
    wider: dict[str, list[Verdict]] = {}
    for one in failed:
        cause = _cause(one, failed)
        if cause is not None:
            wider.setdefault(cause.reading.check, []).append(one)
    explained = {one.reading.check for several in wider.values() for one in several}
    return [
        _with(finding_of(one), wider.get(one.reading.check, ())) for one in failed if one.reading.check not in explained
    ]


def _cause(wide: Verdict, failed: Sequence[Verdict]) -> Verdict | None:
    """The check on rows whose failure is what a failure about all of an extract's rows is about."""
    name = wide.reading.check.partition(".")[2]
    rows = [one for one in failed if one.reading.set_aside and one.reading.by_rows and not one.accepted]
    if name.endswith("_type_drift"):
        rows = [
            one
            for one in rows
            if one.reading.check.endswith("_of_type") and one.reading.columns == wide.reading.columns
        ]
    elif name != "set_aside":
        return None
    return max(rows, key=lambda one: one.reading.set_aside, default=None)


def _with(finding: Finding, wider: Sequence[Verdict]) -> Finding:
    """The finding with the first sentence of each wider one, and the gravest of their severities."""
    grave = list(Severity)
    for more in map(finding_of, wider):
        said = more.message.partition(": ")[2].partition(". ")[0].rstrip(".")
        severity = min(finding.severity, more.severity, key=grave.index)
        finding = replace(finding, severity=severity, message=f"{finding.message} {said}.")
    return finding


def row_readings(suite: Iterable[SuiteCheck], tallies: Iterable[Tally], month: Month) -> list[Reading]:
    """The readings of the checks on rows of a landing."""
    by_check = {tally.check: tally for tally in tallies}
    return [_row_reading(check, by_check[check.id], month) for check in suite if check.id in by_check]


def _row_reading(check: SuiteCheck, tally: Tally, month: Month) -> Reading:
    share = tally.failed / tally.rows if tally.rows else 0.0
    finding = tally.finding
    if tally.crashed:
        finding = Finding(
            "check.crashed",
            check.severity,
            f"{check.extract} {month}: the check {check.name} could not be run: {tally.crashed}",
            extract=check.extract,
            column=", ".join(check.columns),
        )
    return Reading(
        check=check.id,
        extract=check.extract,
        month=month,
        label=label_of(check),
        severity=check.severity,
        value=float("nan") if tally.crashed else share,
        limit=float(check.tolerance),
        columns=check.columns,
        rows=tally.rows,
        failed=tally.failed,
        set_aside=tally.set_aside,
        by_rows=check.set_aside,
        finding=finding,
    )


def label_of(check: SuiteCheck) -> str:
    """What a check asks, in a few words."""
    columns = ", ".join(check.columns)
    low, high = check.bounds
    asked = {
        "of_type": f"{columns} can be read",
        "currency": f"{columns} is a currency",
        "not_null": f"{columns} is filled",
        "in_month": f"{columns} lies in the month",
        "unique": f"{columns} is unique",
        "between": f"{columns} {_range(low, high)}",
        "one_of": f"{columns} is one of {', '.join(check.values)}",
        "matches": f"{columns} matches {check.pattern}",
        "plain": f"{columns} is plain text",
        "refers_to": f"{columns} is known to {check.target.extract if check.target else ''}",
        "refers_to_after_leaving": f"{columns} was employed on the day",
        "refers_to_returns": f"returns of {columns} lie in the employment",
        "condition": check.condition,
        "rows": f"rows {_range(low, high)}",
    }[check.kind]
    return f"{asked}, where {check.where}" if check.where else asked


def _range(low: object, high: object) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"between {low} and {high}"
