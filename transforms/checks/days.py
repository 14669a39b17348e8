"""Freshness: days of a month that have no rows though such days usually have, rows that stop at a limit, early pulls.

Which days usually have rows is learnt from the weekdays of the months before; holidays, and the days around New Year
in which many close, are taken out. Does not belong here: how many rows a month has in all (`over_time`).
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from config.checks import Severity
from config.models import Extract
from config.months import MONTHS_A_YEAR, Month
from transforms.checks.course import Course
from transforms.checks.readings import Reading
from transforms.checks.suite import CUT_BY_MONTH, month_column
from transforms.checks.usual import middle
from transforms.checks.weekdays import LEARNT_FROM, WEEK, days_of
from transforms.stages import Finding, Profile

KNOWN: Final = 3
"""Earlier months from which the days are known."""
TYPICAL: Final = 0.2
"""Rows of a weekday, against the busiest one, from which a day without rows says something."""
MISSING_DAYS: Final = 3
MISSING_ROWS: Final = 14.0
"""Rows expected on days that have none: by chance alone that is exp(−14), less than one in a million."""
WARNING_DAYS: Final = 2
WARNING_ROWS: Final = 9.0
BEYOND_USUAL: Final = 2
"""Days without rows beyond those that earlier months had in the same place."""
ONE_DAY: Final = 0.95
SPREAD: Final = 0.5
"""Where earlier months had no more than this share of their rows on one day, rows all on one day are told."""
FEWEST: Final = 10
LIMITS: Final = frozenset(
    {1_000, 2_000, 2_500, 5_000, 10_000, 20_000, 25_000, 30_000, 32_767, 32_768, 50_000, 65_535, 65_536, 100_000,
     150_000, 200_000, 250_000, 500_000, 1_000_000, 1_048_575, 1_048_576, 2_000_000, 5_000_000, 10_000_000}
)  # fmt: skip
"""Rows at which exports, drivers and spreadsheets stop (a heading row counted or not)."""
LARGE_LIMIT: Final = 10_000
"""So many rows exactly are hardly chance; a thousand may be."""
CUT_ROWS: Final = 5.0
"""Rows expected on the missing days from which a round number is no chance."""
_CHRISTMAS, _NEW_YEAR = 24, 6


@dataclass(frozen=True, slots=True)
class _Gap:
    """Days in a row that usually have rows and have none."""

    days: int = 0
    rows: float = 0.0
    """Rows that are usual on them."""
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class _Gaps:
    end: _Gap
    start: _Gap
    between: _Gap


@dataclass(frozen=True, slots=True)
class _Usual:
    """What days usually have."""

    clumps: float
    """How much more days differ than by chance: a survey is answered in one week of the month. 1 is chance."""
    days: Mapping[Month, Sequence[float]]
    """Rows that are usual on each day of the months compared."""


def day_readings(
    extract_name: str,
    declared: Extract,
    profiles: Mapping[Month, Profile],
    month: Month,
    holidays: Container[date],
) -> list[Reading]:
    """Days without rows, rows all on one day, and a number of rows at which exports stop."""
    course = Course.of(extract_name, declared, profiles, month)
    if course is None or declared.kind not in CUT_BY_MONTH or month_column(declared) is None:
        return []
    past = [(at, profile.days) for at, profile in course.past if sum(profile.days)]
    rows = sum(course.profile.days)
    if len(past) < KNOWN or not rows:
        return [_limit_reading(course, _Gaps(_Gap(), _Gap(), _Gap()))]
    known = frozenset(
        day for at, days in past for day, n in zip(days_of(at), days, strict=True) if n and _around_new_year(day)
    )
    usual = _usual(past[-LEARNT_FROM:], month, holidays, known)
    now = _gaps(month, course.profile.days, usual)
    one_day = _one_day(course, past)
    gaps = [one_day]
    if one_day.value <= one_day.limit:
        earlier = [(at, _gaps(at, days, usual)) for at, days in past[-LEARNT_FROM:]]
        gaps += _gap_readings(course, now, earlier, usual.clumps)
    return [*gaps, _limit_reading(course, now, usual.clumps)]


def pulled_reading(extract_name: str, month: Month, pulled_at: date | None, closes_on: date) -> Reading:
    """Whether it was pulled before the month was over (critical), or before its books closed (to be known)."""
    early = pulled_at is not None and pulled_at < month.end
    before_close = pulled_at is not None and pulled_at < closes_on
    severity = Severity.CRITICAL if early else Severity.INFO
    if early:
        told = (
            f"was pulled before the month was over: the rows of its last days are missing. Run it from {month.end} on."
        )
    else:
        told = (
            f"was pulled before the month's books closed on {closes_on}: late rows may still come. Run it again then."
        )
    # When it was pulled is not said: the same data must give the same text.
    return Reading(
        check=f"{extract_name}.pulled_after_month",
        extract=extract_name,
        month=month,
        label="pulled once the month was over",
        severity=severity,
        value=1.0 if before_close or early else 0.0,
        limit=0.0,
        finding=Finding(
            "days.pulled_early" if early else "days.pulled_before_close", severity,
            f"{extract_name} {month} {told}", extract=extract_name,
        ),
    )  # fmt: skip


# -- days without rows -------------------------------------------------------------------------------------------


def _around_new_year(day: date) -> bool:
    return (day.month == 12 and day.day >= _CHRISTMAS) or (day.month == 1 and day.day <= _NEW_YEAR)  # noqa: PLR2004


def _open(day: date, holidays: Container[date], known: Container[date]) -> bool:
    """Whether a day says anything. Around New Year only where the same day had rows in an earlier year."""
    if day in holidays:
        return False
    return not _around_new_year(day) or any(day.replace(year=day.year - back) in known for back in (1, 2, 3))


def _usual(
    past: Sequence[tuple[Month, Sequence[int]]], month: Month, holidays: Container[date], known: Container[date]
) -> _Usual:
    """What the days of a month and of those before it usually have, by the weekdays of those before."""
    rows, days = [0.0] * WEEK, [0] * WEEK
    shut = WEEK
    kinds = {
        at: [day.weekday() if _open(day, holidays, known) else shut for day in days_of(at)]
        for at in (*(at for at, _ in past), month)
    }
    for at, counts in past:
        for kind, count in zip(kinds[at], counts, strict=True):
            if kind != shut:
                rows[kind] += count
                days[kind] += 1
    rates = [n / of if of else 0.0 for n, of in zip(rows, days, strict=True)]
    least = TYPICAL * max(rates)
    rates = [*(rate if rate >= least else 0.0 for rate in rates), 0.0]
    likely = {at: [rates[kind] for kind in of] for at, of in kinds.items()}
    return _Usual(_clumps(past, likely), likely)


def _clumps(past: Sequence[tuple[Month, Sequence[int]]], usual: Mapping[Month, Sequence[float]]) -> float:
    """Pearson's measure of how much more days differ than by chance, over the earlier months."""
    squares, days = 0.0, 0
    for month, counts in past:
        likely = usual[month]
        level = sum(n for n, rate in zip(counts, likely, strict=True) if rate) / (sum(likely) or 1.0)
        for count, rate in zip(counts, likely, strict=True):
            if rate and level:
                squares += (count - rate * level) ** 2 / (rate * level)
                days += 1
    return max(squares / days, 1.0) if days else 1.0


def _gaps(month: Month, counts: Sequence[int], usual: _Usual) -> _Gaps:
    """The gaps of a month."""
    likely = usual.days[month]
    active = [at for at, count in enumerate(counts) if count]
    if not active:
        return _Gaps(_Gap(), _Gap(), _Gap())
    first, last = active[0], active[-1]
    seen = sum(likely[first : last + 1])
    # A month below its usual level is expected to have fewer; one above may just have been early.
    level = min(sum(counts) / seen, 1.0) if seen else 1.0
    between = [_gap(likely, here + 1, there, level) for here, there in pairwise(active)]
    return _Gaps(
        end=_gap(likely, last + 1, len(likely), level),
        start=_gap(likely, 0, first, level),
        between=max(between, key=lambda gap: gap.rows, default=_Gap()),
    )


def _gap(usual: Sequence[float], start: int, end: int, level: float) -> _Gap:
    if start >= end:
        return _Gap()
    part = usual[start:end]
    return _Gap(sum(1 for rate in part if rate), sum(part) * level, start + 1, end)


def _gap_readings(course: Course, now: _Gaps, earlier: Sequence[tuple[Month, _Gaps]], clumps: float) -> list[Reading]:
    last_year = [gaps for at, gaps in earlier if at == course.month.shift(-MONTHS_A_YEAR)]
    found = []
    for name, gap, past, same, worst in (
        ("days_at_end", now.end, [g.end for _, g in earlier], [g.end for g in last_year], Severity.CRITICAL),
        ("days_at_start", now.start, [g.start for _, g in earlier], [g.start for g in last_year], Severity.CRITICAL),
        ("days_in_between", now.between, [g.between for _, g in earlier], [g.between for g in last_year],
         Severity.WARNING),
    ):  # fmt: skip
        usual = sorted(one.days for one in past)
        # The worst of them may have been broken; what last year's month had is this month's nature.
        allowed = usual[-2] if len(usual) > 1 else usual[-1]
        allowed = max([allowed, *(one.days for one in same)])
        found.append(_gap_reading(course, name, gap, allowed, worst, clumps))
    return found


_PLACES: Final = {
    "days_at_end": ("days.ends_early", "rows until the month's last days", "no row after {before}"),
    "days_at_start": ("days.starts_late", "rows from the month's first days on", "no row before {after}"),
    "days_in_between": ("days.gap", "rows on all usual days in between", "no row from {first} to {last}"),
}


def _gap_reading(course: Course, name: str, gap: _Gap, allowed: int, worst: Severity, clumps: float) -> Reading:
    more = gap.days - allowed
    far = min(gap.days / MISSING_DAYS, gap.rows / clumps / MISSING_ROWS, more / BEYOND_USUAL)
    critical = far >= 1
    near = min(gap.days / WARNING_DAYS, gap.rows / clumps / WARNING_ROWS, float(more))
    between = name == "days_in_between"
    fails = critical or (not between and near >= 1)
    code, label, place = _PLACES[name]
    days = days_of(course.month)
    where = place.format(
        before=days[max(gap.first - 2, 0)], after=days[min(gap.last, len(days) - 1)],
        first=days[max(gap.first - 1, 0)], last=days[max(gap.last - 1, 0)],
    )  # fmt: skip
    told = f"{where}: {gap.days:,} days that usually have rows have none; about {gap.rows:,.0f} rows are missing."
    return course.reading(
        name, label, code, worst if critical else Severity.WARNING, float(gap.days) if fails else float(min(more, 0)),
        told, limit=float(max(allowed, 0)) if fails else 0.0,
    )  # fmt: skip


def _one_day(course: Course, past: Sequence[tuple[Month, Sequence[int]]]) -> Reading:
    now = course.profile.days
    most, rows = max(now), sum(now)
    usual = middle([max(days) / sum(days) for _, days in past[-LEARNT_FROM:]])
    fails = rows >= FEWEST and most / rows >= ONE_DAY and usual <= SPREAD
    day = days_of(course.month)[now.index(most)]
    column = month_column(course.declared) or ""
    told = f"{most:,} of {rows:,} rows are dated {day}: the day they were loaded instead of the day they happened?"
    return course.reading(
        "days_spread", "rows spread over the days", "days.one_day", Severity.WARNING,
        most / rows if fails else min(most / rows, ONE_DAY - 0.01), told, f"Deliver it again with {column} as it was",
        (column,), limit=ONE_DAY - 0.01,
    )  # fmt: skip


# -- a number of rows at which exports stop ----------------------------------------------------------------------


def _limit_reading(course: Course, gaps: _Gaps, clumps: float = 1.0) -> Reading:
    """Rows as landed that are exactly as many as an export gives at most."""
    landed = course.profile.rows + course.profile.copies
    at_limit = landed in LIMITS
    before = [profile.rows + profile.copies for _, profile in course.past]
    # Cut off at one end, the same number again, or fewer than usual: a round number by chance has none of these.
    cut = max(gaps.end.rows, gaps.start.rows) >= CUT_ROWS * clumps
    again = before[-1] == landed and len(set(before)) > 1
    sure = at_limit and (cut or again)
    severity = Severity.CRITICAL if sure else Severity.WARNING
    told = f"exactly {landed:,} rows, at which exports stop: the rows after that are missing."
    return course.reading(
        "row_limit", "not cut off at a limit of an export", "time.row_limit", severity,
        1.0 if sure or (at_limit and landed >= LARGE_LIMIT) else 0.0, told,
        "Export it whole and deliver it again", limit=0.0,
    )  # fmt: skip
