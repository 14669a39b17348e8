"""One month of an extract against the months before it: how many rows, copies and people, and the very same again.

Columns are compared in `columns_over_time` and `mixes_over_time`, days in `days`, headings in `drift`. Later months
are never read, so that a backfill judges as could have been judged then.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Final

from config.checks import Severity
from config.models import ColumnType, Extract, ExtractKind, HrHistory
from config.months import MONTHS_A_YEAR, Month
from transforms.checks.columns_over_time import column_readings
from transforms.checks.course import Course, natural, share
from transforms.checks.limits import ROWS_CRITICAL, ROWS_WARNING, graded
from transforms.checks.mixes_over_time import mix_readings
from transforms.checks.readings import Reading
from transforms.checks.suite import CUT_BY_MONTH
from transforms.checks.usual import count_departure, number_of
from transforms.checks.weekdays import month_weights
from transforms.stages import Profile

BY_WORKING_DAYS: Final = frozenset({ExtractKind.SALES, ExtractKind.SERVICE, ExtractKind.ACTIVITY})
"""Kinds whose rows happen day by day. Surveys and conversations are held once a month, however long it is."""
PEOPLE: Final = frozenset({ExtractKind.HR, ExtractKind.AVAILABILITY})
"""Kinds with a row or a few for each person: they change by people who come and go, not by chance."""
FEWEST_PEOPLE: Final = 8
PEOPLE_CHANGE: Final = 0.25
"""Share of the people that may come or go in a month."""
COPIES_MORE: Final = 0.1
COPIES_Z: Final = 6.0
FEWEST_ROWS: Final = 10
FEWEST_ALIKE: Final = 20
"""Fewer rows may be the same by chance."""

_ONE: Final = {"rows": "1 row", "people": "1 person"}
_TELLING: Final = frozenset({ColumnType.MONEY, ColumnType.NUMBER})
_DAYS: Final = frozenset({ColumnType.DATE, ColumnType.TIMESTAMP})


def over_time_readings(
    extract_name: str,
    declared: Extract,
    profiles: Mapping[Month, Profile],
    month: Month,
    holidays: frozenset[date] = frozenset(),
) -> list[Reading]:
    """Everything that is compared of a month with the months before it; nothing of a first month."""
    if declared.kind is ExtractKind.CONTROL:
        return []
    course = Course.of(extract_name, declared, profiles, month)
    return [] if course is None else list(_readings(course, holidays))


def _readings(course: Course, holidays: frozenset[date]) -> Iterator[Reading]:
    kind = course.declared.kind
    rows = _people(course) if kind in PEOPLE else [_rows(course, holidays)]
    yield from rows
    if kind in CUT_BY_MONTH:
        again = _same_again(course)
        if again:
            yield again
    yield _copies(course)
    few_or_many = any(reading.value > reading.limit for reading in rows)
    yield from column_readings(course, rows_explain=few_or_many)
    if kind is not ExtractKind.HR:
        yield from mix_readings(course)


def _rows(course: Course, holidays: frozenset[date]) -> Reading:
    now = course.profile.rows
    months = [*(month for month, _ in course.past), course.month]
    weights = dict.fromkeys(months, 1.0)
    if course.declared.kind in BY_WORKING_DAYS:
        weights = month_weights([(month, profile.days) for month, profile in course.past], months, holidays)
    past = {number_of(month): profile.rows / weights[month] for month, profile in course.past}
    weight = weights[course.month]
    departure = count_departure(past, course.at, now / weight)
    assert departure is not None  # a course has at least one earlier month
    severity, value = graded(departure, ROWS_CRITICAL, ROWS_WARNING)
    by = "the months before and the season" if departure.months >= MONTHS_A_YEAR else "the months before"
    usual = departure.usual * weight
    told = f"{now:,} rows, where about {usual:,.0f} are usual by {by} ({share(now / max(usual, 1.0))})."
    return course.reading("rows_over_time", "as many rows as are usual", "time.rows", severity, value, told)


def _people(course: Course) -> list[Reading]:
    """Rows and people against the month before."""
    before_month, before = course.past[-1]
    found = [_change(course, "rows_over_time", "rows", course.profile.rows, before.rows, before_month)]
    column = course.declared.associate or ("associate" if "associate" in course.now else None)
    if column in course.now:
        earlier = next((one.distinct for one in before.columns if one.name == column), 0)
        people = course.now[column].distinct
        found.append(_change(course, "people_over_time", "people", people, earlier, before_month))
    return found


def _change(course: Course, name: str, what: str, now: int, before: int, before_month: Month) -> Reading:
    change = now / before - 1 if before >= FEWEST_PEOPLE else 0.0
    if change > 0 and what == "rows" and course.declared.history is HrHistory.EFFECTIVE_DATED and now != 2 * before:
        change = 0.0  # rows are added whenever a job changes: of many at once, where all are graded anew
    severity = Severity.CRITICAL if change < 0 else Severity.WARNING
    seen = _ONE[what] if now == 1 else f"{now:,} {what}"
    told = f"{seen}, where {before_month} had {before:,}."
    label = f"about as many {what} as the month before"
    value = abs(change) / PEOPLE_CHANGE
    return course.reading(name, label, f"time.{what}", severity, value, told)


def _copies(course: Course) -> Reading:
    """Rows that are there several times: of a key they are left out, so figures are right, but the file is not."""
    now, before = _copy_share(course.profile), [_copy_share(profile) for _, profile in course.past]
    _, highest = natural(before)
    landed = course.profile.rows + course.profile.copies
    likely = min(max(highest, 0.01), 0.5)
    z = (now - highest) * (landed / (likely * (1 - likely))) ** 0.5
    value = max(min((now - highest) / COPIES_MORE, z / COPIES_Z), 0.0) if landed >= FEWEST_ROWS else 0.0
    told = (
        f"{course.profile.copies:,} of {landed:,} rows ({share(now)}) are copies of others; so far it was at most "
        f"{share(highest)}. Each row counts once."
    )
    return course.reading(
        "copies_over_time", "no more copies of rows than are usual", "time.copies", Severity.WARNING, value, told,
        "Deliver it again with each row once",
    )  # fmt: skip


def _copy_share(profile: Profile) -> float:
    landed = profile.rows + profile.copies
    return profile.copies / landed if landed else 0.0


def _same_again(course: Course) -> Reading | None:
    """An earlier month's rows once more. None where too little is known of the rows to tell months apart."""
    now = course.profile
    # Counts of a few values are alike by chance every now and then; sums of amounts and hours of the day are not.
    types = {name: column.type for name, column in course.declared.columns.items()}
    sums = any(column.total and types[column.name] in _TELLING for column in now.columns)
    if now.rows < FEWEST_ALIKE or not (sums or any(any(column.hours) for column in now.columns)):
        return None
    # Where sums tell, days need not: they may have been moved by a month, and 31 days on to 30.
    ignored = {name for name, kind in types.items() if kind in _DAYS} if sums else set()
    same = next((month for month, profile in reversed(course.past) if _alike(profile, now, ignored)), None)
    told = f"the very rows of {same} again: as many, with the same values and sums in every column."
    return course.reading(
        "same_rows_over_time", "other rows than the months before", "time.same_again", Severity.CRITICAL,
        2.0 if same else 0.0, told, f"Deliver the rows of {course.month}",
    )  # fmt: skip


def _alike(one: Profile, other: Profile, ignored: Collection[str]) -> bool:
    ours, theirs = ([column for column in each.columns if column.name not in ignored] for each in (one, other))
    return one.rows == other.rows and one.copies == other.copies and ours == theirs
