"""The plain chart of one series, written again month by month from the rules as words: slow, and without arrays."""

import math
from fractions import Fraction
from itertools import pairwise


def naive_causes(values: list[int | None], restarts: list[bool], screen: bool) -> list[int]:
    """The special cause code of each month; values are whole numbers, so that everything is exact."""
    causes: list[int] = []
    starts = [0, *(month for month in range(1, len(values)) if restarts[month]), len(values)]
    for first, end in pairwise(starts):
        causes += _group(values[first:end], screen)
    return causes


def _group(values: list[int | None], screen: bool) -> list[int]:
    known = [Fraction(value) for value in values if value is not None]
    if not known:
        return [0] * len(values)
    mean = sum(known) / len(known)
    ranges = [Fraction(abs(b - a)) for a, b in pairwise(values) if a is not None and b is not None]
    if screen and ranges:
        bound = Fraction("3.267") * sum(ranges) / len(ranges)
        ranges = [one for one in ranges if one < bound]
    limit = Fraction("2.66") * sum(ranges) / len(ranges) if ranges else None
    away = [None if value is None else value - mean for value in values]
    outside = [limit is not None and one is not None and abs(one) > limit for one in away]
    near = [limit is not None and one is not None and limit * Fraction(2, 3) < abs(one) <= limit for one in away]
    side = [0 if not one else int(math.copysign(1, one)) for one in away]
    step = [0, *(0 if a is None or b is None else (b > a) - (b < a) for a, b in pairwise(values))]
    return [_cause(month, step, side, outside, near) for month in range(len(values))]


def _in_trend(month: int, step: list[int]) -> bool:
    windows = (range(end - 5, end + 1) for end in range(month, month + 7))
    return any(
        window[0] > 0 and window[-1] < len(step) and abs(sum(step[one] for one in window)) == 6 for window in windows
    )


def _cause(month: int, step: list[int], side: list[int], outside: list[bool], near: list[bool]) -> int:
    months = len(side)
    low = side[month] <= 0
    if outside[month]:
        return 1 + low
    if _in_trend(month, step):
        at = month + 1 if month + 1 < months and _in_trend(month + 1, step) else month
        return 3 + (step[at] <= 0)
    threes = [range(start, start + 3) for start in range(month - 2, month + 1) if start >= 0 and start + 3 <= months]
    if near[month] and any(
        sum(near[one] for one in three) >= 2 and abs(sum(side[one] for one in three)) == 3 for three in threes
    ):
        return 5 + low
    sevens = [range(start, start + 7) for start in range(month - 6, month + 1) if start >= 0 and start + 7 <= months]
    if any(abs(sum(side[one] for one in seven)) == 7 for seven in sevens):
        return 7 + low
    return 0
