"""Moments of schedule.yaml: working days, holidays, clocks that go forward and back."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.months import Month
from config.schedule import Schedule
from flows.stages.holidays import holidays_of
from transforms.schedule import (
    Calendar,
    dates_rule,
    is_delivery_day,
    is_run_day,
    last_due,
    month_made_at,
    run_moment,
    run_moments,
    waiting_ends,
)

YEARS = [Month(year, 1) for year in range(2020, 2041)]
BERLIN = Calendar(ZoneInfo("Europe/Berlin"), holidays_of("DE", YEARS))
NEW_YORK = Calendar(ZoneInfo("America/New_York"), holidays_of("US", YEARS))
KOLKATA = Calendar(ZoneInfo("Asia/Kolkata"))


def schedule_of(working_day: int = 5, at: str = "06:30", until: int = 8, deliver: str | None = "working") -> Schedule:
    return Schedule.model_validate({
        "run": {"working_day": working_day, "at": at},
        "wait": {"until_working_day": until},
        "deliver": {"days": deliver} if deliver else None,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("calendar", "month", "number", "day"),
    [
        (BERLIN, Month(2026, 11), 1, date(2026, 11, 2)),
        (BERLIN, Month(2026, 11), 5, date(2026, 11, 6)),
        (BERLIN, Month(2026, 1), 1, date(2026, 1, 2)),
        (BERLIN, Month(2026, 1), 5, date(2026, 1, 8)),
        (BERLIN, Month(2026, 5), 1, date(2026, 5, 4)),
        (NEW_YORK, Month(2026, 5), 1, date(2026, 5, 1)),
        (BERLIN, Month(2026, 4), 3, date(2026, 4, 7)),
        (KOLKATA, Month(2026, 2), 20, date(2026, 2, 27)),
        (KOLKATA, Month(2026, 2), 22, date(2026, 2, 27)),
    ],
    ids=[
        "begins on a Sunday", "the fifth", "after New Year", "over a weekend", "the first of May is a holiday",
        "not in the United States", "over Easter", "the last", "more than there are",
    ],
)  # fmt: skip
def test_the_working_day(calendar: Calendar, month: Month, number: int, day: date) -> None:
    assert calendar.working_day(month, number) == day


@pytest.mark.parametrize(
    ("calendar", "month", "at", "moment"),
    [
        (BERLIN, Month(2026, 10), "06:30", datetime(2026, 11, 6, 5, 30, tzinfo=UTC)),
        (BERLIN, Month(2026, 6), "06:30", datetime(2026, 7, 7, 4, 30, tzinfo=UTC)),
        (NEW_YORK, Month(2026, 6), "22:00", datetime(2026, 7, 9, 2, 0, tzinfo=UTC)),
        (KOLKATA, Month(2026, 12), "04:00", datetime(2027, 1, 6, 22, 30, tzinfo=UTC)),
    ],
    ids=["winter", "summer", "the next day in UTC", "the day before in UTC, the next year"],
)
def test_the_moment_of_the_run(calendar: Calendar, month: Month, at: str, moment: datetime) -> None:
    if at == "06:30" and month.number == 6:
        assert calendar.working_day(Month(2026, 7), 5) == date(2026, 7, 7)
    assert run_moment(schedule_of(at=at), calendar, month) == moment
    assert month_made_at(calendar, moment) == month


@pytest.mark.parametrize(
    ("day", "at", "shown"),
    [
        (date(2026, 3, 29), "02:30", "2026-03-29 03:30 +0200"),
        (date(2026, 10, 25), "02:30", "2026-10-25 02:30 +0200"),
        (date(2026, 10, 25), "03:00", "2026-10-25 03:00 +0100"),
    ],
    ids=["a time that is left out", "a time that comes twice", "after it"],
)
def test_clocks_that_change(day: date, at: str, shown: str) -> None:
    assert f"{BERLIN.moment(day, at).astimezone(BERLIN.zone):%Y-%m-%d %H:%M %z}" == shown


def test_waiting_ends_on_its_working_day_at_the_time_of_the_run() -> None:
    assert waiting_ends(schedule_of(until=8), BERLIN, Month(2026, 10)) == datetime(2026, 11, 11, 5, 30, tzinfo=UTC)


@given(
    month=st.builds(Month, st.integers(2021, 2039), st.integers(1, 12)),
    calendar=st.sampled_from([BERLIN, NEW_YORK, KOLKATA]),
    number=st.integers(1, 20),
    at=st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59)),
)
def test_every_month_is_made_once_in_the_month_after_it(month: Month, calendar: Calendar, number: int, at: str) -> None:
    schedule = schedule_of(working_day=number, at=at, until=22)
    moment = run_moment(schedule, calendar, month)
    local = moment.astimezone(calendar.zone)
    assert Month.of(local.date()) == month.shift(1)
    assert calendar.is_working_day(local.date())
    assert local.strftime("%H:%M") == at
    assert moment <= waiting_ends(schedule, calendar, month)
    days = [moment + timedelta(days=step) for step in range(-12, 13)]
    assert [day for day in days if is_run_day(schedule, calendar, day)] == [moment] or at >= "22:00" or at < "02:00"
    assert last_due(schedule, calendar, moment) == month
    assert last_due(schedule, calendar, moment - timedelta(seconds=1)) == month.shift(-1)


def test_days_of_delivering() -> None:
    friday, holiday = datetime(2026, 11, 6, 7, tzinfo=UTC), datetime(2026, 12, 25, 7, tzinfo=UTC)
    sunday_there = datetime(2026, 11, 8, 4, tzinfo=UTC)  # still Saturday in New York
    assert [is_delivery_day(schedule_of(), BERLIN, day) for day in (friday, holiday, sunday_there)] == [
        True,
        False,
        False,
    ]
    assert all(is_delivery_day(schedule_of(deliver="every"), NEW_YORK, day) for day in (friday, holiday, sunday_there))
    assert not is_delivery_day(schedule_of(deliver=None), BERLIN, friday)


def test_ten_years_as_a_rule_are_the_same_moments() -> None:
    moments = run_moments(schedule_of(), BERLIN, Month(2026, 10), 120)
    rule = dates_rule(list(reversed(moments)), BERLIN)
    assert rule.startswith("RDATE:20261106T063000,20261207T063000,20270108T063000,")
    assert len(rule) < 6500, "longer than Prefect takes"
    read = [datetime.strptime(text, "%Y%m%dT%H%M%S") for text in rule.removeprefix("RDATE:").split(",")]  # noqa: DTZ007
    assert [moment.replace(tzinfo=BERLIN.zone).astimezone(UTC) for moment in read] == moments
