"""The mix of a column's values, and the hours of the day of its moments, against the months before.

Two mixes are compared by their total variation: the share of rows that would have to change from one value to another.
Does not belong here: which values are allowed (checks.yaml says so), and other facts of a column (`columns_over_time`).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from config.checks import Severity
from config.models import ExtractKind
from config.months import MONTHS_A_YEAR
from transforms.checks.course import Course, share
from transforms.checks.readings import Reading
from transforms.stages import ColumnProfile

Mix = Mapping[str, float]

UNQUOTED: Final = frozenset({ExtractKind.PULSE, ExtractKind.COACHING})
"""Kinds in which people say something: their values are not told."""
FEWEST: Final = 30
"""Rows with fewer of which a mix is not compared."""
KNOWN: Final = 3
"""Earlier months with a mix from which one is known."""
MOVED: Final = 0.25
"""Share of the rows that may change."""
BY_CHANCE: Final = 4.0
"""Times the variation that is likely by chance."""
WORST: Final = 2.0
"""Times the largest variation of an earlier month."""
COMMON: Final = 0.1
"""A value this common in every earlier month, that is gone, is told."""
NEW: Final = 0.05
IMPOSSIBLE: Final = -math.log(1e-6)
FEW_VALUES: Final = 10
HOURS: Final = 24
FEWEST_MOMENTS: Final = 50
SHIFTED: Final = 0.05
"""Share of the moments outside their usual hours from which a shift is looked for."""
UNLIKELY: Final = 1.5
"""…and more than so many times what is likely by chance."""
EXPLAINED: Final = 0.5
"""A shift must leave at most this part of the variation."""
EVIDENCE: Final = 20.0
"""Logarithm of how much better the shift explains the hours."""


def mix_readings(course: Course) -> Iterator[Reading]:
    """Mixes of text and boolean columns, hours of timestamp columns."""
    for name, column in course.now.items():
        before = [one for _, one, _ in course.columns_before.get(name, [])]
        if name not in course.declared.columns:
            continue
        if sum(1 for one in before if one.mix) >= KNOWN:
            yield _mix(course, column, before)
        if any(column.hours) and sum(1 for one in before if any(one.hours)) >= KNOWN:
            yield _hours(course, column)


# -- mixes -------------------------------------------------------------------------------------------------------


def _mix(course: Course, column: ColumnProfile, before: Sequence[ColumnProfile]) -> Reading:
    mixes = [dict(one.mix) for one in before[-MONTHS_A_YEAR:] if one.mix]
    value, told = 0.0, f"the values of {column.name} are spread otherwise than was usual."
    if not column.mix and column.filled >= FEWEST:
        most = max(map(len, mixes), default=0)
        if mixes and len(mixes) == len(before[-MONTHS_A_YEAR:]) and most <= FEW_VALUES:
            value = column.distinct / (3 * FEW_VALUES)
            told = f"{column.name} has about {column.distinct:,} different values; at most {most} were usual."
    elif mixes and column.filled >= FEWEST:
        now, pooled = dict(column.mix), _pooled(mixes)
        rows = sum(pooled.values())
        if rows >= FEWEST:
            value = max(_moved(now, pooled, mixes), _replaced(now, mixes))
            if course.declared.kind not in UNQUOTED:
                told = _mix_told(column.name, now, pooled)
    return course.reading(
        f"{column.name}_mix_over_time", f"the values of {column.name} spread as is usual", "time.mix",
        Severity.WARNING, value, told, f"Deliver it again with {column.name} as before", (column.name,),
    )  # fmt: skip


def _pooled(mixes: Sequence[Mix]) -> dict[str, float]:
    found: dict[str, float] = {}
    for mix in mixes:
        for value, rows in mix.items():
            found[value] = found.get(value, 0) + rows
    return found


def variation(one: Mix, other: Mix) -> float:
    """Total variation of two mixes of counts: 0 the same shares, 1 nothing in common."""
    first, second = sum(one.values()) or 1, sum(other.values()) or 1
    values = dict.fromkeys([*one, *other])
    return sum(abs(one.get(value, 0) / first - other.get(value, 0) / second) for value in values) / 2


def likely_variation(mix: Mix, rows: float) -> float:
    """The total variation that so many rows drawn from a mix have by chance, about."""
    of = sum(mix.values()) or 1
    # The mean distance of a normal number from its mean is 0.8 of its spread; half of it counts.
    return sum(0.4 * math.sqrt(n / of * (1 - n / of) * (1 / max(rows, 1) + 1 / of)) for n in mix.values())


def _moved(now: Mix, pooled: Mix, mixes: Sequence[Mix]) -> float:
    """How far the mix is from all earlier ones, from the last month and from the first of them: the nearest counts."""
    rows = sum(now.values())
    far = min(variation(now, other) for other in (pooled, mixes[-1], mixes[0]) if sum(other.values()) >= FEWEST / 2)
    chance = likely_variation(pooled, rows)
    if far < MOVED:
        return min(far / MOVED, far / (BY_CHANCE * chance) if chance else 1.0)
    worst = max((variation(mix, pooled) for mix in mixes if sum(mix.values()) >= FEWEST), default=0.0)
    return min([far / MOVED, *(far / (times * of) for times, of in ((BY_CHANCE, chance), (WORST, worst)) if of > 0)])


def _replaced(now: Mix, mixes: Sequence[Mix]) -> float:
    """A common value that is gone: renamed, or the rows that had it are missing."""
    rows = sum(now.values())
    totals = [(mix, sum(mix.values())) for mix in mixes]
    worst = 0.0
    for value in mixes[-1]:
        if value not in now:
            least = min(mix.get(value, 0) / total for mix, total in totals)
            if least >= COMMON:
                worst = max(worst, -rows * math.log1p(-min(least, 0.999)) / IMPOSSIBLE)
    return worst


def _mix_told(name: str, now: Mix, pooled: Mix) -> str:
    rows, before = sum(now.values()), sum(pooled.values())
    changed = sorted(
        dict.fromkeys([*now, *pooled]),
        key=lambda value: (-abs(now.get(value, 0) / rows - pooled.get(value, 0) / before), value),
    )
    parts = [
        f"“{value}” {share(now.get(value, 0) / rows)} of the rows, {share(pooled.get(value, 0) / before)} was usual"
        for value in changed[:3]
    ]
    return f"{name}: {'; '.join(parts)}."


# -- hours -------------------------------------------------------------------------------------------------------


def _hours(course: Course, column: ColumnProfile) -> Reading:
    earlier = [(at, one.hours) for at, one, _ in course.columns_before[column.name] if any(one.hours)]
    pooled = _summed([hours for at, hours in earlier if at >= course.at - MONTHS_A_YEAR])
    value, by, about = 0.0, 0, ""
    if sum(column.hours) >= FEWEST_MOMENTS and sum(pooled) >= FEWEST_MOMENTS:
        # Last year's month too: a source without summer time keeps another clock in summer, and always did.
        others = [pooled, *(hours for at, hours in earlier if at in (course.at - 1, course.at - MONTHS_A_YEAR))]
        value, by, about = _shift(column.hours, pooled, [other for other in others if sum(other) >= FEWEST_MOMENTS])
    told = (
        f"the times of {column.name} lie {about}{abs(by)} hour{'' if abs(by) == 1 else 's'} "
        f"{'later' if by > 0 else 'earlier'} in the day than they used to: another time zone, or summer time."
    )
    return course.reading(
        f"{column.name}_hours_over_time", f"the times of {column.name} at their usual hours", "time.hours",
        Severity.WARNING, value, told, f"Deliver it again with {column.name} in the company's time", (column.name,),
    )  # fmt: skip


def _summed(histograms: Sequence[Sequence[int]]) -> list[int]:
    return [sum(hour) for hour in zip(*histograms, strict=True)] if histograms else []


def _shift(now: Sequence[int], pooled: Sequence[int], others: Sequence[Sequence[int]]) -> tuple[float, int, str]:
    """How far the hours are from usual, where moving them all makes them usual again, by how many, and “about ”."""
    unmoved = min(_apart(now, other) for other in others)
    rows = sum(now)
    chance = likely_variation({str(at): float(n) for at, n in enumerate(pooled)}, rows)
    seen = min(unmoved / SHIFTED, unmoved / (UNLIKELY * chance) if chance else math.inf)
    if seen <= 1:
        return seen, 0, ""
    logs = [math.log((hour + 0.5) / (sum(pooled) + HOURS / 2)) for hour in pooled]
    likely = [sum(n * logs[(at - by) % HOURS] for at, n in enumerate(now)) for by in range(HOURS)]
    best = max(range(1, HOURS), key=lambda by: likely[by])
    moved = _apart([*now[best:], *now[:best]], pooled)
    # What variation a shift leaves is chance's; more than that means that something else has changed.
    left = max(moved - chance, 0.0) / max(unmoved - chance, 1e-9)
    value = min(seen, EXPLAINED / max(left, 1e-9), (likely[best] - likely[0]) / EVIDENCE)
    # Where hours are much alike, the next shift explains them nearly as well.
    second = max(likely[by] for by in range(1, HOURS) if by != best)
    about = "about " if likely[best] - second < EVIDENCE / 4 else ""
    return max(value, 0.0), best if best <= HOURS // 2 else best - HOURS, about


def _apart(one: Sequence[int], other: Sequence[int]) -> float:
    first, second = sum(one) or 1, sum(other) or 1
    return sum(abs(a / first - b / second) for a, b in zip(one, other, strict=True)) / 2
