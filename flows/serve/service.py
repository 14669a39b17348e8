"""`yardstick serve` as a whole: the server, the deployments, and this process that starts their runs until stopped.

Does not belong here: what a run does (`entry_points`).
"""

import asyncio
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING
from uuid import UUID

from config.errors import OutsideError, RefusedError, YardstickError
from config.loader import load_config
from config.models import Config
from flows.clock import now_utc
from flows.execution import configured_server, neutral, quiet_prefect, refuse_silent_server
from flows.files import make_folder
from flows.locks import held
from flows.serve.deployments import Plan, bury, catch_up, deployments_of, months_made, plan_of
from flows.serve.home import STARTER_VARIABLE, Home
from flows.serve.notices import KNOWN_VARIABLE, Operator, as_known, unsendable
from flows.serve.server import Server, own_server, server_elsewhere
from flows.state.paths import StateRoot

if TYPE_CHECKING:
    from prefect.runner import Runner

_POLL_SECONDS = 5.0
_STOP_SECONDS = 60.0
_END_SECONDS = 5.0
_LOOK_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Serving:
    """What is served: a company, what happens when, and the port of a server of our own.

    `plan_at` is asked once the server is there, and again from time to time; None means only what people start.
    """

    home: Home
    config: Config
    port: int
    plan_at: Callable[[Config, datetime], Plan | None] = plan_of
    catch_up: bool = True
    clock: Callable[[], datetime] = now_utc


class _StoppedError(BaseException):
    """Ctrl-C or SIGTERM."""


def serve(serving: Serving, tell: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; then nothing is left running. `tell` is given sentences for the terminal.

    Raises OutsideError where the Prefect server does not come up or ends, and RefusedError where the state root is
    served already.
    """
    prefect_home = make_folder(serving.home.state.root / "prefect")
    with suppress(_StoppedError), _stopped_by_signals(), ExitStack() as opened:
        opened.enter_context(_alone(serving.home.state))
        opened.enter_context(neutral(prefect_home))
        elsewhere = configured_server()
        quiet_prefect()
        _set_environment(serving)
        opened.enter_context(_temporary_files(serving.home.state))
        if elsewhere is not None:
            refuse_silent_server(elsewhere)
            server = server_elsewhere(elsewhere)
        else:
            tell("Starting a Prefect server …")
            os.environ["PREFECT_HOME"] = str(prefect_home)
            server = opened.enter_context(own_server(prefect_home, serving.port))
            os.environ["PREFECT_API_URL"] = server.api
        _serve_with(server, serving, tell)
    tell("Stopped.")


def _serve_with(server: Server, serving: Serving, tell: Callable[[str], None]) -> None:
    from prefect.runner import Runner

    # The pages of a server that goes on without us must not promise runs that nobody will start.
    runner = Runner(name="yardstick", query_seconds=_POLL_SECONDS, pause_on_shutdown=server.process is None, limit=None)
    plan = serving.plan_at(serving.config, serving.clock())
    ids = _register(runner, serving.config, plan)
    if server.process is not None:
        bury(ids)
    _tell_plan(server, serving.config, plan, tell)
    for fault in unsendable(serving.config.delivery.notices):
        tell(fault)
    if plan is not None and serving.catch_up:
        made = months_made(serving.config, serving.home.state)
        for line in catch_up(plan, made, ids):
            tell(line)
    _run_until_stopped(runner, server, _Renewing(serving, plan, tell, serving.clock()))


def _register(runner: "Runner", config: Config, plan: Plan | None) -> dict[str, UUID]:
    """Tell Prefect our deployments; gives their ids by the flow's name."""
    ids = {}
    for one in deployments_of(config.company.name, plan):
        known = runner.add_deployment(one)
        assert isinstance(known, UUID), "outside of an event loop it is no coroutine"
        ids[one.flow_name or ""] = known
    return ids


@dataclass
class _Renewing:
    """Tells Prefect the days anew, when schedule.yaml has changed and before those that it knows are over."""

    serving: Serving
    plan: Plan | None
    tell: Callable[[str], None]
    looked: datetime

    def look(self, runner: "Runner") -> None:
        now = self.serving.clock()
        if self.plan is None or now - self.looked < _LOOK_AGAIN or self.plan.is_near(now):
            return
        self.looked = now
        try:
            config = load_config(self.serving.home.config_dir)
        except YardstickError:
            return  # being edited, perhaps: the next run tells
        plan = self.serving.plan_at(config, now)
        if plan is not None and self.plan.is_outdated(plan, now):
            _register(runner, config, plan)
            if plan.schedule != self.plan.schedule:
                self.tell(f"schedule.yaml has changed. {_next_month(plan)}")
            self.plan = plan


def _tell_plan(server: Server, config: Config, plan: Plan | None, tell: Callable[[str], None]) -> None:
    tell(f"{config.company.name}: {server.pages}")
    if plan is None:
        tell("There is no schedule: a run is made when somebody starts it on that page.")
    else:
        tell(_next_month(plan))
        if plan.schedule.deliver is not None:
            days = "working day" if plan.schedule.deliver.days == "working" else "day"
            tell(f"What is released is mailed every {days} at {plan.schedule.deliver.at}.")
    if not config.delivery.notices:
        tell("Nobody is told of a run that fails: delivery.yaml has no notices.")
    tell("Stop with Ctrl-C.")


def _next_month(plan: Plan) -> str:
    begins = plan.monthly[0].astimezone(plan.calendar.zone)
    return f"The next month is made on {begins:%A, %d %B %Y at %H:%M} ({plan.zone})."


def _run_until_stopped(runner: "Runner", server: Server, renewing: _Renewing) -> None:
    ended: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(runner.start())
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits
            ended.append(error)

    # Beside the main thread, where Prefect would take the signals for itself.
    thread = threading.Thread(target=run, name="runner", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.5)
            server.refuse_ended()
            renewing.look(runner)
    finally:
        _stop(runner, thread)
        _end_runs(server)
    kind = f" ({type(ended[0]).__name__})" if ended else ""
    raise OutsideError(f"Prefect stopped starting runs by itself{kind}.", fix="Start `yardstick serve` again.")


def _stop(runner: "Runner", thread: threading.Thread) -> None:
    """Stop what is running, with the server still there to be told."""
    if thread.is_alive() and runner.started:
        with suppress(Exception):
            runner.execute_in_background(runner.astop).result(timeout=_STOP_SECONDS)
    thread.join(_STOP_SECONDS)


def _end_runs(server: Server) -> None:
    """End what Prefect leaves: a run that has told its end may still be busy with Prefect's own telling."""
    told = (signal.SIGTERM, signal.SIGKILL)
    for number in told:
        for process in _children(server):
            with suppress(ProcessLookupError):
                os.kill(process, number)
        end = time.monotonic() + _END_SECONDS
        while _children(server) and time.monotonic() < end:
            time.sleep(0.1)


def _children(server: Server) -> set[int]:
    """Our living processes but the server. Where the system does not list them they end by themselves (`kept`)."""
    found: set[int] = set()
    for listed in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            found.update(map(int, listed.read_text().split()))
    if server.process is not None:
        found.discard(server.process.pid)
    for process in sorted(found):
        with suppress(ChildProcessError):
            if os.waitpid(process, os.WNOHANG)[0]:
                found.discard(process)
    return found


def _set_environment(serving: Serving) -> None:
    """What the flows' processes find their company by, and whom to tell should its configuration be broken."""
    operator = Operator(serving.config.company.name, serving.config.delivery.notices)
    os.environ.update(
        {**serving.home.as_environment(), STARTER_VARIABLE: str(os.getpid()), KNOWN_VARIABLE: as_known(operator)}
    )


@contextmanager
def _temporary_files(state: StateRoot) -> Iterator[None]:
    """Temporary files of Prefect and of runs lie in the state root, and go with us."""
    with tempfile.TemporaryDirectory(prefix="tmp-", dir=make_folder(state.root / "prefect")) as folder:
        before = os.environ.get("TMPDIR"), tempfile.tempdir
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before[1]
            os.environ.pop("TMPDIR")
            if before[0] is not None:
                os.environ["TMPDIR"] = before[0]


@contextmanager
def _alone(state: StateRoot) -> Iterator[None]:
    refusal = RefusedError(f"{state.root} is served already by another `yardstick serve`.", fix="Stop that one first.")
    with held(state.root / "prefect" / "serve.lock", 0, refusal):
        yield


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Raise _StoppedError here at the first signal; later ones change nothing, since all is being stopped."""
    stopped = False

    def stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signal calls it
        nonlocal stopped
        if not stopped:
            stopped = True
            raise _StoppedError

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
