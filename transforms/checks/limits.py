"""How far is too far: the limits of the checks over time, of the number of rows, and of the share set aside.

They were set on simulated clean companies of many sizes, seasons and spreads and on broken copies of them
(tests/transforms/checks). What is usual does not belong here (`transforms.checks.usual`).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from config.checks import Severity, Suite
from config.months import Month
from transforms.checks.readings import Reading, label_of
from transforms.checks.suite import SuiteCheck
from transforms.checks.usual import Departure
from transforms.stages import Checked, Finding

HISTORY: Final = 4
"""With fewer earlier months only what is out of all proportion is told."""
FEWEST_SET_ASIDE: Final = 2
"""One faulty row among ten says nothing of the other nine: it is set aside and told by its own check. Two are a
pattern. Half of the rows are too many however few they are."""
HALF: Final = 0.5
SET_ASIDE: Final = "set_aside"
"""The name of the check on the share of rows set aside."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a month may be from what was usual. It is too far only where it is over every one of these."""

    below: float
    """Ratio to what was usual."""
    above: float
    z: float
    """In spreads that chance alone gives: few rows vary much."""
    worst: float
    """Against the farthest an earlier month was, as logarithms."""
    spread: float
    """Against the spread of the earlier months, as logarithms."""


# Half a file is found from about 200 rows on, in a year with a season of its own later.
ROWS_CRITICAL: Final = Limits(below=0.67, above=1.6, z=3.7, worst=1.2, spread=4.5)
ROWS_WARNING: Final = Limits(below=0.75, above=1.4, z=4.5, worst=1.2, spread=4.5)
# A sum follows single large amounts: more is asked before it is called wrong.
SUM_CRITICAL: Final = Limits(below=0.6, above=1.7, z=5.5, worst=1.5, spread=4)
SUM_WARNING: Final = Limits(below=1 / 3, above=3, z=6, worst=1.7, spread=5)
# Another unit or decimal mark: tenfold and more.
UNIT_CRITICAL: Final = Limits(below=1 / 8, above=8, z=6, worst=2, spread=6)
# Of one to three earlier months no natural spread is known.
CRUDE_WARNING: Final = Limits(below=1 / 3, above=3.5, z=6, worst=1, spread=0)
CRUDE_CRITICAL: Final = Limits(below=1 / 10, above=10, z=6, worst=1, spread=0)


def distance(departure: Departure, limits: Limits) -> float:
    """How far a departure is, 1 being the farthest that passes."""
    off = abs(departure.log_ratio)
    if off == 0:
        return 0.0
    toward = limits.below if departure.log_ratio < 0 else limits.above
    of_each = [off / abs(math.log(toward)), abs(departure.z) / limits.z]
    of_each += [off / part for part in (limits.worst * departure.worst, limits.spread * departure.spread) if part > 0]
    return min(of_each)


def graded(departure: Departure, critical: Limits | None, warning: Limits) -> tuple[Severity, float]:
    """How severe a departure is, and its distance in those limits."""
    if departure.months < HISTORY:
        critical, warning = CRUDE_CRITICAL if critical else None, CRUDE_WARNING
    by_warning = distance(departure, warning)
    by_critical = distance(departure, critical) if critical else 0.0
    if by_critical > 1:
        return Severity.CRITICAL, by_critical
    return Severity.WARNING, max(by_warning, by_critical)


def too_many_set_aside(rows: int, asked: int, limit: Decimal) -> bool:
    """Whether so many of the rows asked were set aside that a figure without them is wrong, not slightly incomplete."""
    return rows > limit * asked and (rows >= FEWEST_SET_ASIDE or rows >= HALF * asked)


def set_aside_accepted(suite: Suite, month: Month) -> bool:
    """Whether a person has accepted how many rows of a month were set aside."""
    return any(one.check == SET_ASIDE and one.month == month for one in suite.accepted)


def set_aside_reading(extract_name: str, checked: Checked, limit: Decimal) -> Reading:
    """The share of the source's rows, without excluded ones, that were set aside.

    It fails over `limit` where at least two rows were set aside, or half of them.
    """
    asked = checked.source_rows - sum(part.rows for part in checked.excluded)
    failed = sum(part.rows for part in checked.quarantined)
    share = failed / asked if asked > 0 else 0.0
    few = share > limit and not too_many_set_aside(failed, asked, limit)
    worst = max(checked.quarantined, key=lambda part: (part.rows, part.reason), default=None)
    reasons = f" Most of them, {worst.rows:,}: {worst.reason}." if worst else ""
    first = next((one for one in checked.findings if one.file), None)
    month = checked.month
    message = (
        f"{extract_name} {month}: {failed:,} of {asked:,} rows ({share:.1%}) were set aside, more than the "
        f"{float(limit):.1%} that may be.{reasons} Have the source mended and deliver it again, mend the rows in "
        "corrections.csv, or raise set_aside_limit in checks.yaml."
    )
    return Reading(
        check=f"{extract_name}.{SET_ASIDE}",
        extract=extract_name,
        month=month,
        label=f"at most {float(limit):.0%} of the rows set aside",
        severity=Severity.CRITICAL,
        value=min(share, float(limit)) if few else share,
        limit=float(limit),
        rows=max(asked, 0),
        failed=failed,
        set_aside=failed,
        finding=Finding(
            "rows.set_aside", Severity.CRITICAL, message, extract=extract_name, file=first.file if first else "",
            rows=failed,
        ),
    )  # fmt: skip


def count_readings(suite: Iterable[SuiteCheck], checked: Checked) -> list[Reading]:
    """The checks on how many rows a month has, without excluded ones: the value is how many are too few or too many."""
    count = checked.source_rows - sum(part.rows for part in checked.excluded)
    return [_count_reading(check, checked, count) for check in suite if check.kind == "rows"]


def _count_reading(check: SuiteCheck, checked: Checked, count: int) -> Reading:
    low, high = (int(bound) if isinstance(bound, Decimal) else None for bound in check.bounds)
    too_few = 0 if low is None else low - count
    too_many = 0 if high is None else count - high
    label = label_of(check)
    why = f" {check.why.rstrip('.')}." if check.why else ""
    seen = "1 row" if count == 1 else f"{count:,} rows"
    message = (
        f"{check.extract} {checked.month}: {seen}, against the rule “{label}”.{why} Deliver it whole again, or change "
        "the check in checks.yaml."
    )
    return Reading(
        check=check.id,
        extract=check.extract,
        month=checked.month,
        label=label,
        severity=check.severity,
        value=float(max(too_few, too_many, 0)),
        limit=0.0,
        finding=Finding("check.rows", check.severity, message, extract=check.extract, rows=count),
    )


def graded_reference(reading: Reading) -> Reading:
    """A reading of a reference, critical where it is more than a warning that most rows refer to nothing known.

    Single rows of nobody's count in the organisation. Where most do, ids have changed, and no unit's figure is right.
    """
    many = reading.failed >= FEWEST_SET_ASIDE and reading.value > HALF
    return replace(reading, severity=Severity.CRITICAL) if many and reading.severity is Severity.WARNING else reading
