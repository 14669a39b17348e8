"""The flows that Prefect starts: by schedule, from its pages, or in a work pool (`prefect.yaml`).

What Prefect is given stays free of persons: months and yes or no as parameters, counts as artifacts, and of a fault
the stage and its kind. Its message goes to stderr, and a notice to the operator. Does not belong here: stages and
their order (`flows.monthly`, `flows.deliver`, `flows.backfill`), which are imported where they run: the process that
serves reads this module, too.
"""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from prefect import State, flow
from prefect.states import Completed, Failed
from pydantic import Field

from config.errors import ConfigError, YardstickError
from config.months import Month
from flows.clock import now_utc
from flows.execution import AsPrefectTasks
from flows.serve.home import STARTER_VARIABLE, Home, calendar_of, home_of
from flows.serve.kept import end_with
from flows.serve.notices import Fault, operator_of, send_notices
from flows.serve.waiting import Waiting, wait_for_extracts, when_free
from flows.stages.run import MonthRun
from transforms.schedule import is_delivery_day, is_run_day, month_made_at, waiting_ends

if TYPE_CHECKING:
    from flows.backfill import BackfillOutcome

Result = TypeVar("Result")
# The three flows' docstrings have `Args:`, since Prefect takes the descriptions of its form's fields from there.
_MONTH = r"\d{4}-(0[1-9]|1[0-2])"
MonthText = Annotated[str, Field(pattern=rf"^{_MONTH}$", examples=["2026-10"])]
MonthOrNone = Annotated[str, Field(pattern=rf"^({_MONTH})?$", examples=["2026-10"])]
_LANDING = ("", "look for late extracts", "land and check", "judge", "look")


class Again(StrEnum):
    """What is mailed beside that which is queued."""

    NOTHING = "nothing"
    FAILED = "what failed"


class _UnfinishedError(YardstickError):
    """Not an error of the code: what was done is not good, and says so in counts."""


class _Noted(AsPrefectTasks):
    """Calls stages as tasks, and knows which was called last."""

    stage = ""
    month = ""
    waits = False

    def each(self, stage: str, function: Callable[..., Result], arguments: Sequence[tuple[Any, ...]]) -> list[Result]:
        """Call a stage once for each tuple of arguments."""
        self.stage = stage
        if self.waits:
            self.waits = False
            _show_running()
        return super().each(stage, function, arguments)

    def show_waiting(self, late: Sequence[str], again: datetime) -> None:
        """Show that nothing is done before `again`, and why."""
        self.waits = True
        _show_waiting(late, again)


def _run_name() -> str:
    """As monthly-2026-10 for a run of a month; else the flow's name and the day."""
    from prefect.runtime import flow_run

    parameters = flow_run.parameters
    months = [parameters[name] for name in ("month", "first", "last") if parameters.get(name)]
    if not months and flow_run.flow_name == monthly.name:
        months = [str(_month_of("", _begun_at()))]
    return "-".join([str(flow_run.flow_name), *(months or [f"{_begun_at():%Y-%m-%d}"])])


def _tell_crash(flow: Any, flow_run: Any, state: State[Any]) -> None:  # noqa: ARG001 - as Prefect calls it
    """The flow's process is gone, and could not tell itself."""
    parameters = flow_run.parameters
    month = str(parameters.get("month") or parameters.get("first") or "")
    _tell(
        Fault(
            flow.name, month, "", "it ended without a word (killed, out of memory, or stopped)", _look(flow.name, month)
        )
    )


@flow(name="monthly", flow_run_name=_run_name, persist_result=False, on_crashed=[_tell_crash])
def monthly(month: MonthOrNone = "", wait: bool = True, only_when_due: bool = False) -> State[None]:
    """Make a month's edition. Its deliveries wait for approval unless a release rule lets them go.

    Args:
        month: As 2026-10. Empty: the month before the day of the run.
        wait: Wait for late extracts until the deadline of schedule.yaml; then go on without them.
        only_when_due: Do nothing unless this is the working day of schedule.yaml.
    """

    def work(home: Home, call: _Noted) -> str:
        from flows.monthly import make_edition
        from flows.stages.artifacts import edition_key, edition_table

        begun = _begun_at()
        asked = _month_of(month, begun)
        call.month = str(asked)

        def request() -> MonthRun:
            return MonthRun(asked, home.config_dir, home.state, pulled_at=now_utc())

        run = request()
        if only_when_due and not _is_due(run, begun, is_run_day):
            call.month = ""
            return "This is not the day of schedule.yaml: nothing was done."
        waiting = _waiting(run, call, patiently=wait)
        late = wait_for_extracts(request, waiting, call)
        outcome = when_free(lambda: make_edition(request(), call), waiting)
        call.publish_table(edition_key(outcome), edition_table(outcome))
        call.publish_table(*call.one("look at deliveries", _deliveries, request()))
        if outcome.not_made:
            raise _UnfinishedError(
                f"{len(outcome.not_made)} reports could not be made (edition {outcome.number} has the others)"
            )
        made = f"{outcome.made} reports made, {outcome.kept} unchanged" if outcome.new else "nothing has changed"
        return f"Edition {outcome.number} of {asked}: {made}.{_without(late)}{_tidied(request(), waiting, call)}"

    return _told("monthly", month, work)


@flow(name="deliver", flow_run_name=_run_name, persist_result=False, on_crashed=[_tell_crash])
def deliver(month: MonthOrNone = "", again: Again = Again.NOTHING, only_when_due: bool = False) -> State[None]:
    """Mail what is released, and nothing else. Run again, it mails what is left.

    Args:
        month: As 2026-10. Empty: whatever is released, of any month.
        again: Mail again what failed before. What is uncertain waits for a person: see yardstick resend.
        only_when_due: Do nothing on days on which schedule.yaml has no delivering.
    """

    def work(home: Home, call: _Noted) -> str:
        from flows.deliver import deliver_with
        from flows.stages.recording import open_ledger
        from flows.stages.sending import Wanted, lift
        from transforms.deliveries import DeliveryState

        there = home.state.months_with_editions()
        if not there:
            return "There is no edition yet: nothing was mailed."
        run = MonthRun(Month.parse(month) if month else there[-1], home.config_dir, home.state, pulled_at=now_utc())
        if only_when_due and not _is_due(run, _begun_at(), is_delivery_day):
            return "Nothing is mailed on this day by schedule.yaml."
        wanted = Wanted(Month.parse(month) if month else None)
        if again is Again.FAILED:
            with open_ledger(run.config, run.state) as ledger:
                lift(ledger, wanted.of(ledger, [DeliveryState.FAILED]), "operator", now_utc())
        delivered = deliver_with(run, wanted, call)
        told = ", ".join(
            f"{count} {word}"
            for count, word in (
                (delivered.sent, "sent"), (delivered.failed, "failed"), (delivered.uncertain, "uncertain"),
                (delivered.queued, "still queued"), (len(delivered.held), "held"),
            )
        )  # fmt: skip
        if delivered.failed or delivered.uncertain:
            raise _UnfinishedError(told)
        return f"{told}."

    return _told("deliver", month, work)


@flow(name="backfill", flow_run_name=_run_name, persist_result=False, on_crashed=[_tell_crash])
def backfill(first: MonthText, last: MonthText, dry_run: bool = False, mail: bool = False) -> State[None]:
    """Make the editions of past months again, from what is known of them today. Nothing is mailed unless told.

    Args:
        first: The first month, as 2026-01.
        last: The last month, as 2026-10.
        dry_run: Say what would change, and publish nothing.
        mail: Prepare deliveries as a monthly run does; they wait for approval. Usually not wanted.
    """

    def work(home: Home, call: _Noted) -> str:
        from flows.backfill import backfill_months

        months = Month.parse(first), Month.parse(last)
        call.month = f"{first} to {last}"
        run = MonthRun(months[1], home.config_dir, home.state, pulled_at=now_utc())
        outcome = when_free(
            lambda: backfill_months(run, *months, dry_run=dry_run, mail=mail), _waiting(run, call, patiently=False)
        )
        call.publish_table(f"backfill-{first}-to-{last}", _backfill_table(outcome))
        for one in outcome.failed:
            sys.stderr.write(f"yardstick: {one.month}: {one.fault}\n")
        if outcome.failed:
            raise _UnfinishedError(f"{len(outcome.failed)} of {len(outcome.months)} months could not be made")
        stopped = sum(one.stopped for one in outcome.months)
        told = f" {stopped} released deliveries wait for approval of a new edition." if stopped else ""
        return f"{len(outcome.months)} months, {sum(one.new for one in outcome.months)} new editions.{told}"

    return _told("backfill", first, work)


def _told(name: str, month: str, work: Callable[[Home, _Noted], str]) -> State[None]:
    """Do the work; a fault becomes a failed state that names nobody, a line on stderr, and a notice."""
    end_with(int(os.environ.get(STARTER_VARIABLE, "0")))
    call = _Noted()
    call.month = month
    try:
        home = home_of()
        return Completed(message=work(home, call))
    except Exception as error:  # noqa: BLE001 - told to the operator, and kept out of Prefect's log
        shown = str(error) if isinstance(error, YardstickError) else f"a fault of our own ({type(error).__name__})"
        sys.stderr.write(f"yardstick: {name} {call.month}: {shown}\n")
        kind = str(error) if isinstance(error, _UnfinishedError) else type(error).__name__
        fault = Fault(name, call.month, call.stage, kind, _look(name, call.month, call.stage, error))
        _tell(fault)
        return Failed(message=str(fault))


def _tell(fault: Fault) -> None:
    try:
        operator = operator_of(home_of().config_dir)
    except YardstickError as error:
        sys.stderr.write(f"yardstick: nobody could be told: {error}\n")
        return
    for line in send_notices(operator, fault):
        sys.stderr.write(f"yardstick: {line}\n")


def _look(name: str, month: str, stage: str = "", error: Exception | None = None) -> str:
    """The command that shows the fault with its place: it stays on the operator's machine."""
    if name != "monthly":
        return "yardstick status"
    checks = isinstance(error, ConfigError) or stage in _LANDING
    return f"yardstick {'check' if checks else 'run'} {month or 'MONTH'}"


def _begun_at() -> datetime:
    """When the run was to begin: a run that waits in a queue is still of its own day."""
    from prefect.runtime import flow_run

    planned: datetime | None = flow_run.scheduled_start_time
    return planned or now_utc()


def _month_of(told: str, begun: datetime) -> Month:
    if told:
        return Month.parse(told)
    from config.loader import load_config

    config = load_config(home_of().config_dir)
    at = Month.of(begun.date())
    return month_made_at(calendar_of(config, at, at), begun)


def _is_due(run: MonthRun, begun: datetime, on_day: Callable[..., bool]) -> bool:
    schedule = run.config.schedule
    if schedule is None:
        raise ConfigError("There is no schedule.yaml, so no day is due.", fix="Write one (see docs/operations.md).")
    at = Month.of(begun.date())
    return on_day(schedule, calendar_of(run.config, at.shift(-1), at.shift(1)), begun)


def _waiting(run: MonthRun, call: _Noted, *, patiently: bool) -> Waiting:
    """Until when late extracts are waited for; without patience, or without a schedule, not at all."""
    schedule = run.config.schedule
    if schedule is None or not patiently:
        return Waiting(now_utc(), timedelta(), call.show_waiting)
    calendar = calendar_of(run.config, run.month, run.month.shift(1))
    every = timedelta(minutes=schedule.wait.every_minutes)
    return Waiting(waiting_ends(schedule, calendar, run.month), every, call.show_waiting)


def _show_waiting(late: Sequence[str], again: datetime) -> None:
    from prefect.client.schemas.objects import StateType

    why = f"late: {', '.join(late)}" if late else "another run works on the state root"
    _show(State(type=StateType.RUNNING, name="Waiting", message=f"{why}; next look at {again:%Y-%m-%d %H:%M} UTC"))


def _show_running() -> None:
    from prefect.states import Running

    _show(Running())


def _show(state: State[None]) -> None:
    from prefect.client.orchestration import get_client
    from prefect.runtime import flow_run

    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run.id, state, force=True)


def _without(late: Sequence[str]) -> str:
    return f" Late when the time was over: {', '.join(late)}." if late else ""


def _tidied(run: MonthRun, waiting: Waiting, call: _Noted) -> str:
    """What was deleted by retention.yaml. The edition is made: that this failed is told as such."""
    from flows.stages.keeping import tidied_after

    try:
        return when_free(lambda: call.one("delete what is kept no longer", tidied_after, run, now_utc()), waiting)
    except YardstickError as error:
        sys.stderr.write(f"yardstick: {error}\n")
        raise _UnfinishedError(
            f"the edition is made, and what retention.yaml keeps no longer is not deleted ({type(error).__name__}; see "
            "yardstick tidy)"
        ) from error


def _deliveries(run: MonthRun) -> tuple[str, list[dict[str, str | int]]]:
    """The table of the month's deliveries."""
    from flows.deliver import delivery_counts
    from flows.stages.recording import open_ledger

    with open_ledger(run.config, run.state) as ledger:
        return f"deliveries-{run.month}", delivery_counts(ledger.deliveries(month=run.month))


def _backfill_table(outcome: "BackfillOutcome") -> list[dict[str, str | int]]:
    """One row a month, in counts: why a month failed may name a person, and stays on stderr."""
    return [
        {
            "month": str(one.month),
            "edition": one.edition or 0,
            "came of it": "failed" if one.fault else "new" if one.new else "as it was",
            "reports made": one.made,
            "reports unchanged": one.kept,
            "figures changed": one.figures,
            "statuses changed": one.statuses,
        }
        for one in outcome.months
    ]
