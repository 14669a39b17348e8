"""Findings about an organisation, with the days they concern.

What lies wholly before the month is said once per code, so that a fault of long ago does not fill every report.
Does not belong here: deciding what is a fault.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from config.checks import Severity
from config.months import Month
from transforms.columns import FAR_FUTURE, FILE, LINE
from transforms.organisation.intervals import LAST, day_number, to_date
from transforms.stages import Finding

EXTRACT = "hr"


@dataclass(frozen=True, slots=True)
class Note:
    """A finding and the days (half-open day numbers) it is about."""

    finding: Finding
    start: int = 0
    end: int = LAST


def note(
    code: str,
    severity: Severity,
    message: str,
    *,
    at: tuple[str, int] = ("", 0),
    column: str = "",
    value: str = "",
    rows: int = 1,
    days: tuple[int, int] = (0, LAST),
) -> Note:
    """A note of `organisation.<code>`. `at` is file and line, `days` the days it is about."""
    file, line = at
    return Note(
        Finding(
            code=f"organisation.{code}", severity=severity, message=message, extract=EXTRACT, file=file, line=line,
            column=column, value=value, rows=rows,
        ),
        *days,
    )  # fmt: skip


def place(row: pd.Series) -> tuple[str, int]:
    """File and line of a row."""
    return str(row[FILE]), int(row[LINE])


def span_text(start: int, end: int) -> str:
    """Days in words: on 2026-10-01; from 2026-10-01 to 2026-10-14; from 2026-10-01 on."""
    if end >= LAST:
        return f"from {to_date(start)} on" if start > 0 else "always"
    if end - start == 1:
        return f"on {to_date(start)}"
    return f"from {to_date(start)} to {to_date(end - 1)}" if start > 0 else f"until {to_date(end - 1)}"


def listed(ids: Iterable[str], limit: int = 8) -> str:
    """Ids in order, at most `limit` of them by name."""
    ordered = sorted(set(ids))
    more = f" and {len(ordered) - limit} more" if len(ordered) > limit else ""
    return ", ".join(f"“{one}”" for one in ordered[:limit]) + more


def condensed(notes: Sequence[Note], month: Month) -> tuple[Finding, ...]:
    """The findings in a fixed order; those wholly before the month as one line per code."""
    first = day_number(month.first_day)
    current = {one.finding for one in notes if one.end > first}
    earlier = sorted((one.finding for one in notes if one.end <= first), key=_order)
    counts = Counter(one.code for one in earlier)
    seen: set[str] = set()
    for finding in earlier:
        if finding.code not in seen:
            seen.add(finding.code)
            current.add(_earlier(finding, counts[finding.code], month))
    return tuple(sorted(current, key=_order))


def _earlier(finding: Finding, count: int, month: Month) -> Finding:
    more = f" (and {count - 1} more like it)" if count > 1 else ""
    return Finding(
        code=finding.code, severity=Severity.INFO, message=f"Before {month}: {finding.message}{more}",
        extract=finding.extract, file=finding.file, line=finding.line, column=finding.column, value=finding.value,
        rows=count,
    )  # fmt: skip


def _order(finding: Finding) -> tuple[int, str, str, int, str, str]:
    rank = (Severity.CRITICAL, Severity.WARNING, Severity.INFO).index(finding.severity)
    return rank, finding.code, finding.file, finding.line, finding.value, finding.message


def last_known(month: Month) -> int:
    """The first day after the month, as a day number: nothing from it on is known."""
    return min(day_number(month.end), day_number(FAR_FUTURE.date()))
