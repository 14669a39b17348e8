"""What a month is. The one module that knows: every other asks it.

A month is written `2026-10`, begins on its first day and ends before the first day of the next.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from config.errors import UsageError

_WRITTEN = re.compile(r"(\d{4})-(\d{2})")
MONTHS_A_YEAR = 12
LAST_YEAR = 9998
"""So that the month after any month can be written."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, ordered in time."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1 <= self.number <= MONTHS_A_YEAR and 1 <= self.year <= LAST_YEAR):
            raise UsageError(f"{self.year:04d}-{self.number:02d} is no month.", fix="Write it as in 2026-10.")

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Read `2026-10`. Raises UsageError for anything else."""
        match = _WRITTEN.fullmatch(text.strip())
        if not match or not 1 <= int(match[2]) <= MONTHS_A_YEAR or int(match[1]) < 1:
            raise UsageError(f"“{text}” is no month.", fix="Write year and month as in 2026-10.")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> "Month":
        """The month a day lies in."""
        return cls(day.year, day.month)

    @property
    def first_day(self) -> date:
        """The first day."""
        return date(self.year, self.number, 1)

    @property
    def end(self) -> date:
        """The first day after the month (exclusive end)."""
        return self.shift(1).first_day

    @property
    def last_day(self) -> date:
        """The last day."""
        return self.end - timedelta(days=1)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.first_day).days

    @property
    def quarter(self) -> int:
        """1 to 4."""
        return (self.number - 1) // 3 + 1

    def shift(self, months: int) -> "Month":
        """The month so many months later (earlier where negative)."""
        index = self.year * MONTHS_A_YEAR + self.number - 1 + months
        return Month(index // MONTHS_A_YEAR, index % MONTHS_A_YEAR + 1)

    def minus(self, other: "Month") -> int:
        """How many months lie between: positive where this one is later."""
        return (self.year - other.year) * MONTHS_A_YEAR + self.number - other.number

    def contains(self, day: date) -> bool:
        """Whether the day lies in the month."""
        return self.first_day <= day < self.end

    def working_days(self, holidays: frozenset[date] = frozenset()) -> int:
        """Monday to Friday without the holidays."""
        days = (self.first_day + timedelta(days=n) for n in range(self.days))
        return sum(1 for day in days if day.weekday() < 5 and day not in holidays)  # noqa: PLR2004

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def months_between(first: Month, last: Month) -> Iterator[Month]:
    """Every month from `first` to `last`, both included; none where `last` is earlier."""
    for step in range(last.minus(first) + 1):
        yield first.shift(step)
