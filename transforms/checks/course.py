"""The course of one extract over the months before one month, and readings of how far that month is from it.

Does not belong here: what is compared (`over_time`, `columns_over_time`, `mixes_over_time`, `days`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from config.checks import Severity
from config.models import Extract
from config.months import Month
from transforms.checks.readings import Reading
from transforms.checks.usual import REACH, WORST_MONTHS, number_of
from transforms.stages import ColumnProfile, Finding, Profile

AGAIN: Final = "Deliver it whole again"


@dataclass(frozen=True)
class Course:
    """One month of an extract with the months before it, the earliest first."""

    extract: str
    declared: Extract
    month: Month
    profile: Profile
    past: tuple[tuple[Month, Profile], ...]

    @classmethod
    def of(
        cls, extract_name: str, declared: Extract, profiles: Mapping[Month, Profile], month: Month
    ) -> "Course | None":
        """None where the month has no profile, or none before it has: a first month is compared with nothing."""
        profile = profiles.get(month)
        earliest = month.shift(-REACH)
        past = tuple((at, profiles[at]) for at in sorted(profiles) if earliest <= at < month)
        if profile is None or not past:
            return None
        return cls(extract_name, declared, month, profile, past)

    @property
    def at(self) -> int:
        """The month's number, see `transforms.checks.usual`."""
        return number_of(self.month)

    @cached_property
    def now(self) -> dict[str, ColumnProfile]:
        """The month's columns by name."""
        return {column.name: column for column in self.profile.columns}

    @cached_property
    def columns_before(self) -> dict[str, list[tuple[int, ColumnProfile, float]]]:
        """By name, each earlier month's number, column and rows it could be filled in."""
        found: dict[str, list[tuple[int, ColumnProfile, float]]] = {}
        for month, profile in self.past:
            number, rows = number_of(month), base(profile)
            for column in profile.columns:
                found.setdefault(column.name, []).append((number, column, rows))
        return found

    def series(self, value: Callable[[Profile], float]) -> dict[int, float]:
        """A number of each earlier month, by month number."""
        return {number_of(month): value(profile) for month, profile in self.past}

    def reading(  # noqa: PLR0913, PLR0917
        self,
        name: str,
        label: str,
        code: str,
        severity: Severity,
        value: float,
        told: str,
        todo: str = AGAIN,
        columns: Sequence[str] = (),
        limit: float = 1.0,
    ) -> Reading:
        """A reading with its finding: what is seen and usual (`told`), and what to do."""
        entry = f"{{check: {name}, month: {self.month}, why: …, by: …}}"
        message = (
            f"{self.extract} {self.month}: {told} {todo}; if it is so, accept it in checks.yaml under {self.extract}: "
            f"accepted: [{entry}]."
        )
        return Reading(
            check=f"{self.extract}.{name}",
            extract=self.extract,
            month=self.month,
            label=label,
            severity=severity,
            value=value,
            limit=limit,
            columns=tuple(columns),
            finding=Finding(
                code, severity, message, extract=self.extract, column=", ".join(columns), rows=self.profile.rows
            ),
        )


def base(profile: Profile) -> float:
    """Rows a column of a profile could be filled in: those of its fullest column. Excluded rows are not among them."""
    return float(max((column.filled for column in profile.columns), default=0) or profile.rows)


def natural(numbers: Sequence[float]) -> tuple[float, float]:
    """The lowest and highest of earlier months; of a year or more one at each end is left out as perhaps broken."""
    ordered, left_out = sorted(numbers), 1 if len(numbers) >= WORST_MONTHS else 0
    return ordered[left_out], ordered[-1 - left_out]


def amount(value: float) -> str:
    """A number in running text: whole where it is large."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.2f}"  # noqa: PLR2004


def share(value: float) -> str:
    """A share in running text."""
    percent = value * 100
    # 0.4% and 99.6% are not rounded to none and all.
    return f"{percent:.1f}%" if 0 < percent < 1 or 99 < percent < 100 else f"{percent:.0f}%"  # noqa: PLR2004
