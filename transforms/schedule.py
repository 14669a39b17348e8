"""When a month is made, until when late extracts are waited for, and when mail goes out: moments of schedule.yaml.

Every moment is in UTC, from a day and a time of the clock where the company is. Does not belong here: what is done at
a moment (`flows.serve`), and which days are holidays (`flows.stages.holidays`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from config.months import Month
from config.schedule import Schedule

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Calendar:
    """A company's clock, and its public holidays in every year that is asked about."""

    zone: tzinfo
    holidays: frozenset[date] = frozenset()

    def is_working_day(self, day: date) -> bool:
        """Monday to Friday, and no holiday."""
        return day.weekday() < _SATURDAY and day not in self.holidays

    def working_day(self, month: Month, number: int) -> date:
        """The n-th working day of a month, counted from 1; in a month with fewer of them, the last.

        Raises ValueError where a month has none at all.
        """
        days = [day for day in _days(month) if self.is_working_day(day)]
        if not days:
            raise ValueError(f"{month} has no working day")
        return days[min(number, len(days)) - 1]

    def day_of(self, moment: datetime) -> date:
        """The day a moment lies in, where the company is."""
        return moment.astimezone(self.zone).date()

    def moment(self, day: date, at: str) -> datetime:
        """A time of a day (06:30) as a moment.

        When clocks go forward a time that is left out means as long after midnight as the clock would have shown; when
        they go back a time that comes twice means its first.
        """
        return datetime.combine(day, time.fromisoformat(at), self.zone).astimezone(UTC)


def run_moment(schedule: Schedule, calendar: Calendar, month: Month) -> datetime:
    """When a month's edition is made: on a working day of the month after."""
    return calendar.moment(calendar.working_day(month.shift(1), schedule.run.working_day), schedule.run.at)


def waiting_ends(schedule: Schedule, calendar: Calendar, month: Month) -> datetime:
    """Until when late extracts of a month are waited for; then its edition is made without them."""
    return calendar.moment(calendar.working_day(month.shift(1), schedule.wait.until_working_day), schedule.run.at)


def run_moments(schedule: Schedule, calendar: Calendar, first: Month, months: int) -> list[datetime]:
    """When editions are made of so many months, the first of them `first`."""
    return [run_moment(schedule, calendar, first.shift(step)) for step in range(months)]


def month_made_at(calendar: Calendar, moment: datetime) -> Month:
    """The month whose edition is made at a moment: the one before."""
    return Month.of(calendar.day_of(moment)).shift(-1)


def is_run_day(schedule: Schedule, calendar: Calendar, moment: datetime) -> bool:
    """Whether an edition is made on this day."""
    day = calendar.day_of(moment)
    return day == calendar.working_day(Month.of(day), schedule.run.working_day)


def is_delivery_day(schedule: Schedule, calendar: Calendar, moment: datetime) -> bool:
    """Whether what is released is mailed on this day."""
    if schedule.deliver is None:
        return False
    return schedule.deliver.days == "every" or calendar.is_working_day(calendar.day_of(moment))


def last_due(schedule: Schedule, calendar: Calendar, now: datetime) -> Month:
    """The newest month whose edition should have been begun by now."""
    month = month_made_at(calendar, now)
    return month if run_moment(schedule, calendar, month) <= now else month.shift(-1)


def dates_rule(moments: Sequence[datetime], calendar: Calendar) -> str:
    """Moments as an RDATE line of RFC 5545 (3.8.5.2), in the company's own time, which is told beside it."""
    written = (moment.astimezone(calendar.zone).strftime("%Y%m%dT%H%M%S") for moment in sorted(moments))
    return f"RDATE:{','.join(written)}"


def _days(month: Month) -> list[date]:
    return [month.first_day + timedelta(days=step) for step in range(month.days)]
