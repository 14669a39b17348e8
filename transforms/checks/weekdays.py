"""How many rows a month's weekdays let expect: a month with 23 working days has more than one with 19.

Does not belong here: single days without rows (`transforms.checks.days`).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from config.months import Month

LEARNT_FROM: Final = 12
"""Months from which it is learnt which weekdays have rows."""
WEEK: Final = 7


@lru_cache(maxsize=512)
def days_of(month: Month) -> tuple[date, ...]:
    """The days of a month."""
    return tuple(month.first_day + timedelta(days=n) for n in range(month.days))


@lru_cache(maxsize=1024)
def weekday_counts(month: Month, holidays: frozenset[date]) -> tuple[int, ...]:
    """How many Mondays, Tuesdays … a month has that are no holidays."""
    counts = [0] * WEEK
    for day in days_of(month):
        if day not in holidays:
            counts[day.weekday()] += 1
    return tuple(counts)


def weekday_rows(past: Sequence[tuple[Month, Sequence[int]]]) -> tuple[int, ...]:
    """Rows by weekday of the latest months with days."""
    rows = [0] * WEEK
    for month, counts in past[-LEARNT_FROM:]:
        for day, count in zip(days_of(month), counts, strict=True):
            rows[day.weekday()] += count
    return tuple(rows)


def month_weights(
    past: Sequence[tuple[Month, Sequence[int]]], months: Sequence[Month], holidays: frozenset[date]
) -> dict[Month, float]:
    """How many rows each month should have by its weekdays, 1 being what the latest months had on average."""
    dated = [(month, counts) for month, counts in past if sum(counts)]
    rows = weekday_rows(dated)
    if not sum(rows):
        return dict.fromkeys(months, 1.0)
    had = [0] * WEEK
    for month, _ in dated[-LEARNT_FROM:]:
        had = [n + more for n, more in zip(had, weekday_counts(month, holidays), strict=True)]
    rates = [n / of if of else 0.0 for n, of in zip(rows, had, strict=True)]
    average = sum(rows) / len(dated[-LEARNT_FROM:])
    return {
        month: sum(rate * n for rate, n in zip(rates, weekday_counts(month, holidays), strict=True)) / average or 1.0
        for month in months
    }
