"""What Prefect knows of our flows: three deployments with their schedules and descriptions.

Prefect has no rule for the n-th working day, so the monthly schedule is the very days of the next year, counted anew
when `serve` starts, when half of them are over, and when schedule.yaml changes. Does not belong here: the flows
(`entry_points`), and days of a calendar (`transforms.schedule`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from config.errors import YardstickError
from config.models import Config
from config.months import Month
from config.schedule import Schedule
from flows.serve.home import calendar_of
from flows.stages.prepare import made_by_runs
from flows.stages.recording import open_ledger
from flows.stages.version import VERSION
from flows.state.paths import StateRoot
from transforms.schedule import Calendar, dates_rule, is_delivery_day, last_due, run_moments

if TYPE_CHECKING:
    from uuid import UUID

    from prefect import Flow
    from prefect.client.schemas.actions import DeploymentScheduleCreate
    from prefect.client.schemas.schedules import SCHEDULE_TYPES
    from prefect.deployments.runner import RunnerDeployment

MONTHS_AHEAD = 12
_FEW = 6
_NEAR = timedelta(minutes=10)
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

    def is_near(self, now: datetime) -> bool:
        """Whether something is about to begin: Prefect forgets a run that has not begun when it is told other days."""
        moments = list(self.monthly)
        if self.schedule.deliver is not None:
            moments.append(self.calendar.moment(self.calendar.day_of(now), self.schedule.deliver.at))
        return any(abs(now - moment) < _NEAR for moment in moments)

    def is_outdated(self, now: "Plan", at: datetime) -> bool:
        """Whether Prefect should be told what holds now: something changed, or few days are left of this plan."""
        kept = [moment for moment in self.monthly if moment > at]
        same = (self.schedule, self.zone, self.deliver) == (now.schedule, now.zone, now.deliver)
        return not same or kept != list(now.monthly[: len(kept)]) or len(kept) < _FEW


def plan_of(config: Config, now: datetime) -> Plan | None:
    """The plan of schedule.yaml from now on; None where there is no such file."""
    schedule = config.schedule
    if schedule is None:
        return None
    first = Month.of(now.date()).shift(-1)
    calendar = calendar_of(config, first.shift(-1), first.shift(MONTHS_AHEAD + 1))
    moments = run_moments(schedule, calendar, first, MONTHS_AHEAD + 1)
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

    from flows.serve import entry_points

    monthly: list[SCHEDULE_TYPES] = []
    deliver: list[SCHEDULE_TYPES] = []
    if plan is not None:
        monthly.append(RRuleSchedule(rrule=dates_rule(plan.monthly, plan.calendar), timezone=plan.zone))
        if plan.deliver is not None:
            deliver.append(CronSchedule(cron=plan.deliver, timezone=plan.zone))
    described: list[tuple[Flow[..., Any], list[SCHEDULE_TYPES], dict[str, bool], str]] = [
        (entry_points.monthly, monthly, {}, _monthly_text(company, plan)),
        (entry_points.deliver, deliver, {"only_when_due": True}, _deliver_text(company, plan)),
        (
            entry_points.backfill,
            [],
            {},
            f"{company}: past months made again, by an analyst. Sends nothing unless told.",
        ),
    ]
    return [
        _deployment(flow, [_scheduled(one, more) for one in schedules], text)
        for flow, schedules, more, text in described
    ]


def _deployment(flow: "Flow[..., Any]", schedules: "list[DeploymentScheduleCreate]", text: str) -> "RunnerDeployment":
    from prefect.deployments.runner import RunnerDeployment
    from prefect.types.entrypoint import EntrypointType

    made = flow.to_deployment(
        name="yardstick",
        schedules=list(schedules),
        paused=False,
        description=text,
        tags=[TAG],
        version=VERSION,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    assert isinstance(made, RunnerDeployment), "outside of an event loop it is no coroutine"
    return made


def _scheduled(schedule: "SCHEDULE_TYPES", parameters: dict[str, bool]) -> "DeploymentScheduleCreate":
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


def bury(ids: "dict[str, UUID]") -> int:
    """Tell Prefect of runs that it takes for running, and that nobody runs: they ended with whoever served before."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId, FlowRunFilter
    from prefect.client.schemas.objects import StateType
    from prefect.states import Crashed

    alive = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            flow_run_filter=FlowRunFilter.model_validate({"state": {"type": {"any_": alive}}}),
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=list(ids.values()))),
        )
        for run in runs:
            client.set_flow_run_state(
                run.id, Crashed(message="It ended with the `yardstick serve` of then."), force=True
            )
    return len(runs)


def months_made(config: Config, state: StateRoot) -> list[Month]:
    """Months that runs made. None where the ledger cannot be had: then the run that is started says so."""
    try:
        with open_ledger(config, state) as ledger:
            return made_by_runs(ledger)
    except YardstickError:
        return []


def catch_up(plan: Plan, made: Sequence[Month], ids: "dict[str, UUID]") -> list[str]:
    """Start what was due while nobody served: the newest month, where no run made it, and today's mail.

    `made` are the months that runs made: an edition of a backfill alone has no deliveries. Gives what was started, in
    sentences.
    """
    from prefect.client.orchestration import get_client

    wanted: list[tuple[str, dict[str, str], str]] = []
    if plan.due not in made:
        told = f"{plan.due} was due and no run has made it: it is made now."
        wanted.append(("monthly", {"month": str(plan.due)}, told))
    if plan.deliver_due and made:
        wanted.append(("deliver", {}, "Today's time of mailing has passed: what is released is mailed now."))
    with get_client(sync_client=True) as client:
        for name, parameters, _ in wanted:
            client.create_flow_run_from_deployment(ids[name], parameters=parameters)
    return [told for _, _, told in wanted]
