"""Each column of a month against the months before: how often filled, its sum, negative values, ids as written.

Does not belong here: mixes of values and hours of the day (`mixes_over_time`).
"""

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from config.checks import Severity
from config.models import ColumnType, ExtractKind
from config.months import MONTHS_A_YEAR
from transforms.checks.course import Course, amount, base, natural, share
from transforms.checks.limits import SUM_CRITICAL, SUM_WARNING, UNIT_CRITICAL, distance, graded
from transforms.checks.readings import Reading
from transforms.checks.usual import Departure, amount_departure, middle
from transforms.stages import ColumnProfile

NUMBERS: Final = frozenset({ColumnType.MONEY, ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.PERCENT})
FEWEST: Final = 10
"""Rows with fewer of which no share is compared."""
FEWEST_SUMMED: Final = 30
"""A sum of fewer rows is one or two amounts' to make or break."""
ONE_SIDED: Final = 0.9
"""Share of the months whose sum must have the same sign."""
MEAN_USUAL: Final = (0.75, 1.33)
FAR_Z: Final = 6.0
"""In spreads of a share by chance."""
FULL: Final = 0.95
HALF: Final = 0.5
EMPTIER: Final = 0.3
"""A share of filled values so far below all earlier ones…"""
EMPTIER_NEEDED: Final = 0.2
"""…and where the column decides whose, when and how much."""
NEGATIVE_MORE: Final = 0.15
NEGATIVE_MOST: Final = 0.5
ZEROS_KNOWN: Final = 0.05
"""Share of ids with leading zeros from which their absence is told."""
BY_CHANCE: Final = -math.log(1e-6)
DIGITS_CHANGE: Final = 0.5
LENGTH_MONTHS: Final = 6
LENGTH_FACTOR: Final = 2
_Before = Sequence[tuple[int, ColumnProfile, float]]


def column_readings(course: Course, *, rows_explain: bool) -> Iterator[Reading]:
    """All that is compared of single columns. `rows_explain`: rows are too few or many, and that is told already."""
    for name, column in course.now.items():
        before = course.columns_before.get(name, [])
        declared = course.declared.columns.get(name)
        if not before or declared is None:
            continue
        yield _filled(course, column, before)
        if declared.type in NUMBERS:
            if course.declared.kind is not ExtractKind.HR:
                yield from _sum(course, column, before, rows_explain)
            yield _negative(course, column, before)
        elif declared.type is ColumnType.ID:
            yield _zeros(course, column, before)
            yield _digits(course, column, before)
            yield _length(course, column, before)


def _deciding(course: Course) -> frozenset[str]:
    """Columns without which a row counts for nobody, at no time or for nothing."""
    declared = course.declared
    by = getattr(declared.source, "month_by", None)
    named = {declared.associate, declared.team, declared.date, declared.main_measure, by}
    if declared.credit:
        named |= {declared.credit.deal, declared.credit.share}
    if declared.kind is ExtractKind.HR:
        named |= {"associate", declared.team_by}
    return frozenset(name for name in named if name)


def _z(now: float, usual: float, rows: float) -> float:
    """How many spreads a share of so many rows is from the usual one; a share of 0 or 1 varies a little too."""
    likely = min(max(usual, 0.02), 0.98)
    return abs(now - usual) * math.sqrt(rows / (likely * (1 - likely)))


def _filled(course: Course, column: ColumnProfile, before: _Before) -> Reading:
    rows = base(course.profile)
    now = column.filled / rows if rows else 1.0
    earlier = [min(one.filled / of, 1.0) for _, one, of in before if of]
    value, severity, usual = 0.0, Severity.WARNING, middle(earlier) if earlier else now
    if earlier and rows >= FEWEST and usual > now:
        deciding = column.name in _deciding(course)
        lowest, _ = natural(earlier)
        fall = min((lowest - now) / (EMPTIER_NEEDED if deciding else EMPTIER), _z(now, lowest, rows) / FAR_Z)
        halved = 2.0 if usual >= FULL and lowest > now and now < HALF and _z(now, usual, rows) > FAR_Z else 0.0
        if not deciding and now > lowest / 2:
            fall = min(fall, 1.0)
        value = max(fall, halved, 0.0)
        severity = Severity.CRITICAL if deciding and now < HALF and usual >= FULL else Severity.WARNING
    told = f"{column.name} is filled in {share(now)} of the rows; {share(usual)} was usual."
    return course.reading(
        f"{column.name}_filled_over_time", f"{column.name} filled as often as is usual", "time.filled", severity,
        value, told, f"Deliver it again with {column.name}", (column.name,),
    )  # fmt: skip


def _sum(course: Course, column: ColumnProfile, before: _Before, rows_explain: bool) -> Iterator[Reading]:
    totals = {number: float(one.total) for number, one, _ in before if one.total}
    if column.total is None or column.filled == 0:
        return  # where all is empty, that is told of the filled values
    sign = -1.0 if 2 * sum(total < 0 for total in totals.values()) > len(totals) else 1.0
    sums = {number: total * sign for number, total in totals.items() if total * sign > 0}
    if len(sums) < ONE_SIDED * len(totals) or not sums:
        return  # gains and losses that outweigh each other have no level
    rows = middle([one.filled for _, one, _ in before[-3:]])
    now = float(column.total) * sign
    # A sum that is gone or on the other side of 0 is a small part of what was usual.
    now = max(now, min(sums.values()) / 1000)
    departure = amount_departure(sums, course.at, now, min(rows, column.filled))
    if departure is None:
        return
    main = column.name == course.declared.main_measure
    severity, value = graded(departure, SUM_CRITICAL if main else None, SUM_WARNING)
    by_unit = distance(departure, UNIT_CRITICAL)
    if by_unit > 1:
        severity, value = Severity.CRITICAL, by_unit
    if rows < FEWEST_SUMMED or (value > 1 and _mean_is_usual(column, before, rows_explain=rows_explain)):
        value = min(value, 1.0)
    told = _sum_told(column, before, departure, sign)
    if course.declared.kind is ExtractKind.PULSE:  # what few people answered on average is not told
        told = f"the sum of {column.name} is far from what is usual."
    yield course.reading(
        f"{column.name}_sum_over_time", f"the sum of {column.name} as is usual", "time.sum", severity, value,
        told, "Deliver it again with the right amounts", (column.name,),
    )  # fmt: skip


def _mean_is_usual(column: ColumnProfile, before: _Before, *, rows_explain: bool) -> bool:
    """Whether a row has as much as it used to: then the sum is a matter of the rows, of which it is told anyway."""
    mean, usual = _means(column, before)
    low, high = (SUM_CRITICAL.below, SUM_CRITICAL.above) if rows_explain else MEAN_USUAL
    return low < mean / usual < high


def _means(column: ColumnProfile, before: _Before) -> tuple[float, float]:
    """What a row has on average, and what was usual."""
    means = [float(one.total) / one.filled for _, one, _ in before[-MONTHS_A_YEAR:] if one.total and one.filled]
    return float(column.total or 0) / max(column.filled, 1), middle(means)


def _sum_told(column: ColumnProfile, before: _Before, departure: Departure, sign: float) -> str:
    total = column.total or Decimal(0)
    mean, usual = _means(column, before)
    return (
        f"the sum of {column.name} is {amount(float(total))}; about {amount(departure.usual * sign)} was usual. A row "
        f"has {amount(mean)} on average, where {amount(usual)} was usual."
    )


def _negative(course: Course, column: ColumnProfile, before: _Before) -> Reading:
    now = column.negative / column.filled if column.filled else 0.0
    earlier = [one.negative / one.filled for _, one, _ in before if one.filled]
    _, highest = natural(earlier) if earlier else (now, now)
    more = now - highest
    value = 0.0
    if more > 0 and column.filled >= FEWEST:
        value = min(more / NEGATIVE_MORE, _z(now, highest, column.filled) / FAR_Z)
    main = column.name == course.declared.main_measure
    told = f"{share(now)} of the values of {column.name} are negative; so far it was at most {share(highest)}."
    return course.reading(
        f"{column.name}_negative_over_time", f"{column.name} no more often negative than is usual", "time.negative",
        Severity.CRITICAL if main and now >= NEGATIVE_MOST else Severity.WARNING, value, told,
        "Deliver it again with the right signs", (column.name,),
    )  # fmt: skip


def _zeros(course: Course, column: ColumnProfile, before: _Before) -> Reading:
    """Leading zeros that a spreadsheet took away, or put there."""
    now = column.leading_zeros / column.filled if column.filled else 0.0
    earlier = [one.leading_zeros / one.filled for _, one, _ in before[-MONTHS_A_YEAR:] if one.filled]
    usual = middle(earlier) if earlier else now
    value, lost = 0.0, now < usual
    if earlier and lost and usual > ZEROS_KNOWN and min(earlier) > 0:
        missing = -column.filled * math.log1p(-min(usual, 0.999) * (1 - now / usual) ** 2)
        # A counter that has outgrown its zeros keeps its length; ids that lost them are shorter.
        outgrown = usual >= FULL and column.longest >= max(one.longest for _, one, _ in before[-MONTHS_A_YEAR:])
        value = 0.0 if outgrown or now > usual / 3 else missing / BY_CHANCE
    elif earlier and max(earlier) == 0 and column.filled >= FEWEST:
        value = min(now / EMPTIER, _z(now, 0.0, column.filled) / FAR_Z)
    whose = column.name in {course.declared.associate, course.declared.team} or course.declared.kind is ExtractKind.HR
    what = "leading zeros lost" if lost else "leading zeros where there were none"
    told = (
        f"{column.name}: {what}. {share(now)} of the values begin with 0 and are digits; {share(usual)} was usual. "
        "They do not match the ids of other months and extracts."
    )
    return course.reading(
        f"{column.name}_zeros_over_time", f"{column.name} with its leading zeros", "time.zeros",
        Severity.CRITICAL if whose and lost else Severity.WARNING, value, told,
        f"Deliver it again with {column.name} as text", (column.name,),
    )  # fmt: skip


def _digits(course: Course, column: ColumnProfile, before: _Before) -> Reading:
    now = column.digits / column.filled if column.filled else 0.0
    earlier = [one.digits / one.filled for _, one, _ in before[-MONTHS_A_YEAR:] if one.filled]
    value, usual = 0.0, middle(earlier) if earlier else now
    if earlier and column.filled >= FEWEST:
        low, high = natural(earlier)
        nearest = min(max(now, low), high)
        value = min(abs(now - nearest) / DIGITS_CHANGE, _z(now, nearest, column.filled) / FAR_Z)
    told = (
        f"{share(now)} of the values of {column.name} are written in digits alone; {share(usual)} was usual. The ids "
        "are written in another way, or are others."
    )
    return course.reading(
        f"{column.name}_digits_over_time", f"{column.name} written as is usual", "time.digits", Severity.WARNING, value,
        told, f"Deliver it again with {column.name} as before", (column.name,),
    )  # fmt: skip


def _length(course: Course, column: ColumnProfile, before: _Before) -> Reading:
    """Ids that all had one length for months and now are half or twice as long."""
    lengths = {one.longest for _, one, _ in before[-MONTHS_A_YEAR:] if one.filled}
    value, usual = 0.0, max(lengths, default=column.longest)
    if len(lengths) == 1 and len(before) >= LENGTH_MONTHS and column.filled >= FEWEST and usual:
        factor = max(column.longest / usual, usual / max(column.longest, 1))
        value = (factor - 1) / (LENGTH_FACTOR - 1) if abs(column.longest - usual) > LENGTH_FACTOR else 0.0
    told = f"the longest value of {column.name} has {column.longest:,} characters; {usual:,} was usual."
    return course.reading(
        f"{column.name}_length_over_time", f"{column.name} as long as is usual", "time.length", Severity.WARNING,
        value, told, f"Deliver it again with {column.name} whole", (column.name,),
    )  # fmt: skip
