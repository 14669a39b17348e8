"""What is usual for a month by the months before it, and how far a month is from it. Never reads a later month.

Forecasts: the recent level; the same month last year moved by what changed since; and in the first year, when no
season is known, the range of the months so far. A month between them is usual; one outside is as far off as from the
nearest. How far earlier months were from such forecasts says how much is natural. Does not belong here: which numbers
are compared, what is too far (`transforms.checks.limits`), and what is told of it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from config.months import MONTHS_A_YEAR, Month

Values = Mapping[int, float]
"""Positive numbers by month, months numbered by `number_of`."""

LEVEL_MONTHS: Final = 3
"""The recent level is the median of so many months: one broken month among them does not move it."""
REACH: Final = 36
"""Months looked back; older ones say little of today."""
RANGE_MONTHS: Final = 5
"""From so many months on, the highest and lowest are not taken for the range: one of them may have been broken."""
SPREAD_BEYOND_CHANCE: Final = 0.05
"""Assumed month-to-month spread of a level beyond chance, relative: working days, a mild season."""
PRIOR_MONTHS: Final = 3
"""The spread that is assumed weighs as much as so many months of history."""
FORECAST: Final = 1.5
"""A forecast from a few months is uncertain itself: so many times the variance of the month alone."""
SEASON_MONTHS: Final = 10
"""So many forecasts by last year's month must have been made before it may stand alone…"""
SEASON_GAIN: Final = 0.2
"""…and their squared errors must be below this share of the level's: the season is marked."""
LARGEST_ERROR: Final = math.log(2)
"""An earlier month further off counts as this far: a broken month does not excuse the next."""
WORST_MONTHS: Final = 12
"""From so many months on the worst of them is left out: it may have been broken."""


@dataclass(frozen=True, slots=True)
class Departure:
    """How far a month is from what was usual."""

    usual: float
    """The nearest forecast, in the unit of the values."""
    log_ratio: float
    """Logarithm of the month against it; 0 between the forecasts."""
    z: float
    """Signed distance in spreads that chance alone gives."""
    spread: float
    """How far earlier months were from their forecasts, as logarithms: root mean square…"""
    worst: float
    """…and the farthest."""
    months: int
    """How many earlier months there are."""

    @property
    def ratio(self) -> float:
        """0.5: half of what was usual."""
        return math.exp(self.log_ratio)


def number_of(month: Month) -> int:
    """Months as consecutive whole numbers."""
    return month.year * MONTHS_A_YEAR + month.number


def count_departure(past: Values, at: int, count: float) -> Departure | None:
    """How far a count of rows is from usual; None without an earlier month.

    By chance a count varies like a Poisson number. Counts are compared as square roots, on which that spread is the
    same at every size (Anscombe 1948).
    """
    value = count + _RAISE
    found = _departure({month: earlier + _RAISE for month, earlier in past.items()}, at, value)
    if found is None:
        return None
    usual, log_ratio, spread, worst, months = found
    variance = FORECAST * (1 + SPREAD_BEYOND_CHANCE**2 * usual)
    z = 2 * (math.sqrt(value) - math.sqrt(usual)) / math.sqrt(variance)
    return Departure(usual - _RAISE, log_ratio, z, spread, worst, months)


def amount_departure(past: Values, at: int, amount: float, rows: float) -> Departure | None:
    """How far a positive sum of so many rows (as are usual) is from usual. Of few rows a sum varies more."""
    found = _departure(past, at, amount)
    if found is None:
        return None
    usual, log_ratio, spread, worst, months = found
    # 1/n for the number of rows and 1/n for amounts that vary as much as their mean.
    variance = FORECAST * (2 / max(rows, 1.0) + SPREAD_BEYOND_CHANCE**2)
    return Departure(usual, log_ratio, log_ratio / math.sqrt(variance), spread, worst, months)


_RAISE: Final = 0.375


def _departure(past: Values, at: int, value: float) -> tuple[float, float, float, float, int] | None:
    """Nearest forecast, logarithm of the ratio to it, root mean square and worst of the earlier ones, their number."""
    values = {month: past[month] for month in sorted(past) if at - REACH <= month < at}
    if not values:
        return None
    forecasts = _forecasts(values, at)
    if not forecasts:
        return None
    earlier = [(values[month], _forecasts(values, month)) for month in list(values)[1:]]
    errors = [_off(was, choices) for was, choices in earlier if choices]
    in_season = [(_off(was, choices[1:]), _off(was, choices[:1])) for was, choices in earlier if len(choices) == 2]  # noqa: PLR2004
    if len(forecasts) == 2 and len(in_season) >= SEASON_MONTHS:  # noqa: PLR2004
        squares = sum(by_season**2 for by_season, _ in in_season)
        if squares < SEASON_GAIN * sum(by_level**2 for _, by_level in in_season):
            forecasts, errors = forecasts[1:], [by_season for by_season, _ in in_season]
    errors = sorted(min(abs(error), LARGEST_ERROR) for error in errors)
    if len(errors) >= WORST_MONTHS:
        errors = errors[:-1]
    squares = PRIOR_MONTHS * SPREAD_BEYOND_CHANCE**2 + sum(error**2 for error in errors)
    spread = math.sqrt(squares / (PRIOR_MONTHS + len(errors)))
    worst = errors[-1] if errors else 0.0
    usual = min(max(value, min(forecasts)), max(forecasts))
    return usual, math.log(value / usual), spread, worst, len(values)


def _forecasts(values: Values, at: int) -> Sequence[float]:
    """The recent level and last year's month moved to today; without such a month the level and the range so far."""
    year = [values[month] for month in range(at - MONTHS_A_YEAR, at) if month in values]
    if not year:
        return ()
    level = middle(year[-LEVEL_MONTHS:])
    last_year = values.get(at - MONTHS_A_YEAR)
    if last_year is None:
        ordered, left_out = sorted(year), 1 if len(year) >= RANGE_MONTHS else 0
        return (level, ordered[left_out], ordered[-1 - left_out])
    changes = [
        values[month] / values[month - MONTHS_A_YEAR]
        for month in range(at - MONTHS_A_YEAR // 2, at)
        if month in values and month - MONTHS_A_YEAR in values
    ]
    # Of one or two pairs a year's change is mostly noise: it counts in part.
    change = middle(changes) ** (len(changes) / (len(changes) + 1)) if changes else 1.0
    return (level, last_year * change)


def _off(value: float, forecasts: Sequence[float]) -> float:
    return math.log(value / min(max(value, min(forecasts)), max(forecasts)))


def middle(numbers: Sequence[float]) -> float:
    """The median of at least one number."""
    ordered = sorted(numbers)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
