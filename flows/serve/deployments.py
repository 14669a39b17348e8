"""What Prefect knows of our flows: three deployments with their schedules and descriptions.

Prefect has no rule for the n-th working day, so the monthly schedule is the very days of the next ten years, counted
anew whenever `serve` starts. Does not belong here: the flows (`entry_points`), and days of a calendar
(`transforms.schedule`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from config.models import Config
from config.months import Month
from config.schedule import Schedule
from flows.serve.home import calendar_of
from flows.stages.version import VERSION
from transforms.schedule import Calendar, dates_rule, is_delivery_day, last_due, run_moments

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.schemas.schedules import SCHEDULE_TYPES
    from prefect.deployments.runner import RunnerDeployment

YEARS = 10
TAG = "yardstick"


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens when. `monthly` are moments at which a month is made; `deliver` a cron line in the company's time.

    `due` is the newest month that should have been begun, `deliver_due` whether today's mail should be out.
    """

    schedule: Schedule
    calendar: Calendar
    zone: str
    monthly: tuple[datetime, ...]
    deliver: str | None
    due: Month
    deliver_due: bool


def plan_of(config: Config, now: datetime) -> Plan | None:
    """The plan of schedule.yaml from now on; None where there is no such file."""
    schedule = config.schedule
    if schedule is None:
        return None
    first = Month.of(now.date()).shift(-1)
    calendar = calendar_of(config, first.shift(-1), first.shift(YEARS * 12 + 1))
    moments = run_moments(schedule, calendar, first, YEARS * 12)
    deliver = None
    deliver_due = False
    if schedule.deliver is not None:
        hour, minute = schedule.deliver.at.split(":")
        deliver = f"{int(minute)} {int(hour)} * * {'1-5' if schedule.deliver.days == 'working' else '*'}"
        moment = calendar.moment(calendar.day_of(now), schedule.deliver.at)
        deliver_due = is_delivery_day(schedule, calendar, now) and moment <= now
    return Plan(
        schedule=schedule,
        calendar=calendar,
        zone=config.company.time_zone,
        monthly=tuple(moment for moment in moments if moment > now),
        deliver=deliver,
        due=last_due(schedule, calendar, now),
        deliver_due=deliver_due,
    )


def deployments_of(company: str, plan: Plan | None) -> "list[RunnerDeployment]":
    """The three deployments, with their schedules where there is a plan."""
    from prefect.client.schemas.schedules import CronSchedule, RRuleSchedule
    from prefect.flows import EntrypointType

    from flows.serve import entry_points

    monthly: list[SCHEDULE_TYPES] = []
    deliver: list[SCHEDULE_TYPES] = []
    if plan is not None:
        monthly.append(RRuleSchedule(rrule=dates_rule(plan.monthly, plan.calendar), timezone=plan.zone))
        if plan.deliver is not None:
            deliver.append(CronSchedule(cron=plan.deliver, timezone=plan.zone))
    described = [
        (entry_points.monthly, monthly, {}, _monthly_text(company, plan)),
        (entry_points.deliver, deliver, {"only_when_due": True}, _deliver_text(company, plan)),
        (entry_points.backfill, [], {}, f"{company}: past months made again, by an analyst. Sends nothing unless told."),
    ]
    return [
        flow.to_deployment(
            name="yardstick",
            schedules=[_scheduled(one, parameters) for one in schedules],
            paused=False,
            description=text,
            tags=[TAG],
            version=VERSION,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for flow, schedules, parameters, text in described
    ]


def _scheduled(schedule: "SCHEDULE_TYPES", parameters: dict[str, bool]) -> object:
    from prefect.client.schemas.actions import DeploymentScheduleCreate

    return DeploymentScheduleCreate(schedule=schedule, active=True, parameters=parameters)


def _monthly_text(company: str, plan: Plan | None) -> str:
    begin = f"{company}: makes the edition of the month before"
    if plan is None:
        return f"{begin}, when started by hand: there is no schedule."
    run, wait = plan.schedule.run, plan.schedule.wait
    return (
        f"{begin} on working day {run.working_day} at {run.at} ({plan.zone}). Late extracts are waited for until "
        f"working day {wait.until_working_day}, looked for every {wait.every_minutes} minutes. Deliveries wait for "
        "`yardstick approve` unless a release rule lets them go."
    )


def _deliver_text(company: str, plan: Plan | None) -> str:
    begin = f"{company}: mails what is released"
    if plan is None or plan.schedule.deliver is None:
        return f"{begin}, when started by hand."
    days = "working day" if plan.schedule.deliver.days == "working" else "day"
    return f"{begin}, every {days} at {plan.schedule.deliver.at} ({plan.zone})."


def catch_up(plan: Plan, made: Sequence[Month], ids: "dict[str, UUID]") -> list[str]:
    """Start what was due while nobody served: the newest month, where it has no edition, and today's mail.

    Gives what was started, in sentences.
    """
    from prefect.client.orchestration import get_client

    wanted: list[tuple[str, dict[str, str], str]] = []
    if plan.due not in made:
        told = f"{plan.due} was due and has no edition: it is made now."
        wanted.append(("monthly", {"month": str(plan.due)}, told))
    if plan.deliver_due and made:
        wanted.append(("deliver", {}, "Today's time of mailing is over: what is released is mailed now."))
    with get_client(sync_client=True) as client:
        for name, parameters, _ in wanted:
            client.create_flow_run_from_deployment(ids[name], parameters=parameters)
    return [told for _, _, told in wanted]
