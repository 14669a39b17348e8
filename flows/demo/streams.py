"""Random streams, working days and the shape of a year: what every generated extract starts from.

A stream's numbers depend on its name, the block of people and the month alone. So more people, more months or one
more column elsewhere never reshuffle what was there. What is drawn from a stream does not belong here.
"""

from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from holidays import country_holidays

from config.months import Month

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

STREAMS: Final = (
    "people",
    "customers",
    "availability",
    "sales",
    "activity",
    "renewals",
    "service",
    "pulse",
    "coaching",
)
SEASON: Final = (0.92, 0.95, 1.05, 1.00, 1.00, 1.02, 0.94, 0.86, 1.05, 1.08, 1.12, 1.01)
"""Demand of January to December against the average month."""
GROWTH_A_YEAR: Final = 0.02
_TREND_BASE: Final = Month(2025, 1)


def stream(seed: int, name: str, block: int, month: Month | None = None) -> np.random.Generator:
    """The generator of one stream, block of people and month (none: what lasts over all months)."""
    step = 0 if month is None else month.year * 12 + month.number
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, STREAMS.index(name), block, step])))


def day_number(day: date) -> int:
    """Days since 1970-01-01, the way Arrow and numpy count them."""
    return (day - date(1970, 1, 1)).days


@lru_cache(maxsize=256)
def working_days(month: Month) -> Ints:
    """Day numbers of Monday to Friday without Germany's public holidays."""
    closed = country_holidays("DE", years=[month.year])
    days = np.arange(day_number(month.first_day), day_number(month.end), dtype=np.int64)
    weekday = (days + 3) % 7
    shut = np.array([day_number(day) for day in closed], dtype=np.int64)
    found: Ints = days[(weekday < 5) & ~np.isin(days, shut)]  # noqa: PLR2004
    found.setflags(write=False)
    return found


def demand(month: Month) -> float:
    """Demand of a month against the average month of the base year: season times a mild trend."""
    trend = float((1 + GROWTH_A_YEAR) ** (month.minus(_TREND_BASE) / 12))
    return SEASON[month.number - 1] * trend


def pick(days: Ints, low: Ints, count: Ints, uniform: Floats) -> Ints:
    """A day out of each one's own range of working days: `low` and `count` are positions in `days`."""
    position = low + np.minimum((uniform * count).astype(np.int64), np.maximum(count - 1, 0))
    chosen: Ints = days[np.clip(position, 0, len(days) - 1)]
    return chosen
