"""schedule.yaml: when a month is made, how long late extracts are waited for, and when it is mailed.

Does not belong here: which days these are in a year (`transforms.schedule`).
"""

from typing import Annotated, Literal

from pydantic import Field

from config.base import Model

ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A time of the day in the company's time zone, written 06:30."""


class MonthlyRun(Model):
    """When the month before is made."""

    working_day: int = Field(default=5, ge=1, le=20)
    """On the n-th working day of the month (company's holidays)."""
    at: ClockTime = "06:30"


class Waiting(Model):
    """How long extracts that are late are waited for."""

    until_working_day: int = Field(default=8, ge=1, le=22)
    """On this working day the month is made without them; what is missing is named."""
    every_minutes: int = Field(default=60, ge=1)


class Deliver(Model):
    """When what is released is mailed."""

    days: Literal["working", "every"] = "working"
    at: ClockTime = "08:00"


class Schedule(Model):
    """schedule.yaml."""

    run: MonthlyRun = MonthlyRun()
    wait: Waiting = Waiting()
    deliver: Deliver | None = Deliver()
    """None: mailing is started by hand."""
    tidy: bool = True
    """After the newest month is made, what retention.yaml no longer keeps is deleted."""
