"""What a check read in a month, and what was judged of it.

A reading is a number with the limit it must not exceed, so that all checks, whatever they ask, are judged alike.
Does not belong here: judging (Great Expectations does, `flows.checks.judging`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

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
        "condition": check.condition,
        "rows": f"rows {_range(low, high)}",
    }[check.kind]
    return f"{asked}, where {check.where}" if check.where else asked


def _range(low: object, high: object) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"between {low} and {high}"
