"""`yardstick serve`: a month makes itself on a real Prefect server, and a failure is told to the operator alone."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from config.errors import ConfigError, RefusedError
from config.loader import load_config
from config.months import Month
from flows.execution import InProcess
from flows.serve.deployments import plan_of
from flows.serve.notices import Fault, Operator, as_known, operator_of, send_notices, unsendable
from flows.serve.waiting import Waiting, wait_for_extracts, when_free
from tests.companies import OCTOBER, REPORTS, TinyCompany, files_under, usual_service, write_company
from tests.flows.test_execution import PERSONAL, PROGRAM, Server, free_port

LAST = Month.of(datetime.now(tz=UTC).date()).shift(-1)
SCHEDULE = """\
run: {working_day: 5, at: "06:30"}
wait: {until_working_day: 8, every_minutes: 45}
deliver: {days: working, at: "08:00"}
"""

# -- notices ---------------------------------------------------------------------------------------------------------


@dataclass
class Listener:
    """A web server that keeps what is sent to it."""

    port: int = 0
    status: int = 200
    received: list[dict[str, Any]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.port}/${{HOOK}}"


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    kept = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.received.append({"path": self.path, **json.loads(body)})
            self.send_response(kept.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    monkeypatch.setenv("HOOK", "hush-hush")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield kept
        server.shutdown()


FAULT = Fault("monthly", "2026-10", "land and check", "SourceError", "yardstick check 2026-10")


def test_a_notice_says_what_failed_where_and_how_to_look(listener: Listener) -> None:
    assert send_notices(Operator("Tiny company", (listener.address,)), FAULT) == []
    (notice,) = listener.received
    assert (notice["path"], notice["type"]) == ("/hush-hush", "failure")
    assert notice["title"] == "yardstick: monthly of 2026-10 failed"
    assert notice["message"].splitlines() == [
        "Company: Tiny company", "Month: 2026-10", "Stage: land and check", "Fault: SourceError",
        "Look: yardstick check 2026-10",
    ]  # fmt: skip


def test_a_notice_that_cannot_be_sent_is_told_without_its_secret_and_stops_no_other(listener: Listener) -> None:
    nowhere = f"json://127.0.0.1:{free_port()}/${{HOOK}}"
    told = send_notices(
        Operator("Tiny company", (nowhere, "what://is/this", "json://${UNSET}", listener.address)), FAULT
    )
    assert len(listener.received) == 1
    assert [line.split(":")[0] for line in told] == [
        "Notice 1 of delivery.yaml (json) could not be sent", "Notice 2 of delivery.yaml (what) could not be sent",
        "Notice 3 of delivery.yaml (json) could not be sent",
    ]  # fmt: skip
    assert "${UNSET} is not set in the environment" in told[2]
    assert "hush" not in "".join(told)


def test_a_notice_that_is_refused_is_told(listener: Listener) -> None:
    listener.status = 500
    (told,) = send_notices(Operator("Tiny company", (listener.address,)), FAULT)
    assert told.endswith("it was not taken there.")


def test_addresses_that_cannot_be_used_are_told_before_anything_fails(listener: Listener) -> None:
    assert unsendable([listener.address]) == []
    assert len(unsendable(["what://is/this", "json://${UNSET}"])) == 2
    assert not listener.received


def test_a_broken_configuration_still_has_its_operator(tmp_path: Path) -> None:
    company = write_company(tmp_path / "company", history_months=0)
    company.change("config/delivery.yaml", "sender:", "notices: [json://127.0.0.1/one]\nsender:")
    operator = operator_of(company.config, {})
    assert operator == Operator("Tiny company", ("json://127.0.0.1/one",))
    company.change("config/delivery.yaml", "sender:", "sender: [")
    assert operator_of(company.config, {}) == Operator()
    assert operator_of(company.config, {"YARDSTICK_NOTICES": as_known(operator)}) == operator


# -- waiting ---------------------------------------------------------------------------------------------------------


@dataclass
class Clock:
    """A clock that stands still but while somebody sleeps; then `happens` may happen."""

    now: datetime
    happens: Callable[[int], None] = lambda _: None
    slept: list[float] = field(default_factory=list)
    told: list[Sequence[str]] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.happens(len(self.slept))

    def waiting(self, hours: float) -> Waiting:
        def tell(late: Sequence[str], again: datetime) -> None:
            assert again > self.now
            self.told.append(late)

        return Waiting(self.now + timedelta(hours=hours), timedelta(hours=1), tell, lambda: self.now, self.sleep)


@pytest.fixture
def waiter(tmp_path: Path) -> TinyCompany:
    return write_company(tmp_path / "company", history_months=0)


def began() -> datetime:
    return datetime(2026, 11, 6, 6, 30, tzinfo=UTC)


def test_a_late_extract_is_waited_for_without_the_lock(waiter: TinyCompany) -> None:
    (waiter.folder / "data/service/2026-10.csv").unlink()

    def happens(sleeps: int) -> None:
        with waiter.state.locked():
            if sleeps == 2:
                waiter.write("service/2026-10.csv", usual_service(OCTOBER))

    clock = Clock(began(), happens)
    assert wait_for_extracts(waiter.run, clock.waiting(hours=50), InProcess()) == ()
    assert (clock.slept, clock.told) == ([3600, 3600], [("service",), ("service",)])
    assert waiter.make().made == len(REPORTS)


@pytest.mark.soak
def test_when_the_time_is_over_the_month_is_made_without_it(waiter: TinyCompany) -> None:
    (waiter.folder / "data/service/2026-10.csv").unlink()
    clock = Clock(began())
    assert wait_for_extracts(waiter.run, clock.waiting(hours=1.5), InProcess()) == ("service",)
    assert clock.slept == [3600, 1800]
    assert any("service" in line for line in waiter.make().warnings)


def test_hr_is_waited_for_as_well_and_a_broken_configuration_is_not(waiter: TinyCompany) -> None:
    hr = waiter.folder / "data/people.csv"
    kept = hr.read_text()
    hr.unlink()
    clock = Clock(began(), lambda _: waiter.change("config/metrics.yaml", "sum(amount)", "sum(amont)"))
    with pytest.raises(ConfigError, match="amont"):
        wait_for_extracts(waiter.run, clock.waiting(hours=50), InProcess())
    assert clock.told == [("people",)]
    hr.write_text(kept)


def test_after_the_deadline_nothing_is_waited_for(waiter: TinyCompany) -> None:
    clock = Clock(began())
    assert wait_for_extracts(waiter.run, clock.waiting(hours=-1), InProcess()) == ()
    assert not clock.slept


def test_another_run_is_waited_for(waiter: TinyCompany) -> None:
    held = waiter.state.locked()
    held.__enter__()

    def happens(sleeps: int) -> None:
        if sleeps == 3:
            held.__exit__(None, None, None)

    def work() -> str:
        with waiter.state.locked():
            return "done"

    clock = Clock(began(), happens)
    assert when_free(work, clock.waiting(hours=1)) == "done"
    assert (len(clock.slept), clock.told) == (3, [(), (), ()])


def test_what_is_refused_for_another_reason_is_not_tried_again(waiter: TinyCompany) -> None:
    clock = Clock(began())

    def work() -> None:
        raise RefusedError("No.")

    with pytest.raises(RefusedError, match="No"):
        when_free(work, clock.waiting(hours=1))
    assert not clock.slept


# -- the plan --------------------------------------------------------------------------------------------------------


def test_the_plan_is_that_of_schedule_yaml(waiter: TinyCompany) -> None:
    now = datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert plan_of(load_config(waiter.config), now) is None
    (waiter.config / "schedule.yaml").write_text(SCHEDULE)
    plan = plan_of(load_config(waiter.config), now)
    assert plan is not None
    assert (plan.monthly[0], len(plan.monthly)) == (datetime(2026, 12, 7, 5, 30, tzinfo=UTC), 12)
    assert (plan.deliver, plan.due, plan.deliver_due) == ("0 8 * * 1-5", OCTOBER, True)
    for later, outdated in ((timedelta(days=150), False), (timedelta(days=240), True)):
        new = plan_of(load_config(waiter.config), now + later)
        assert new is not None
        assert plan.is_outdated(new, now + later) is outdated
    (waiter.config / "schedule.yaml").write_text(SCHEDULE.replace("06:30", "07:00"))
    changed = plan_of(load_config(waiter.config), now)
    assert changed is not None
    assert plan.is_outdated(changed, now)
    assert plan.is_near(plan.monthly[3])


def test_without_a_schedule_it_says_what_to_write(waiter: TinyCompany) -> None:
    shown = run_program(waiter, "serve")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert "There is no schedule.yaml in" in shown.stderr
    written = shown.stderr.split("Write it, as\n")[1].split("or serve without")[0]
    (waiter.config / "schedule.yaml").write_text(written)
    assert load_config(waiter.config).schedule is not None


# -- served ----------------------------------------------------------------------------------------------------------


def run_program(company: TinyCompany, command: str, *more: str) -> subprocess.CompletedProcess[str]:
    places = ["--config", str(company.config), "--state", str(company.state.root)]
    return subprocess.run(
        [PROGRAM, command, *places, *more], capture_output=True, text=True, check=False, timeout=60
    )  # fmt: skip


# The month is to be made a moment after the server is there, and nothing is caught up: all else is as the command does.
SERVE = """
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from config.loader import load_config
from flows.serve.deployments import plan_of
from flows.serve.home import Home
from flows.serve.service import Serving, serve
from flows.state.paths import StateRoot

def told(line):
    print(line, flush=True)

def plan_at(config, now):
    plan = plan_of(config, now)
    soon = (now + timedelta(seconds=6)).replace(microsecond=0)
    return replace(plan, monthly=(soon, *plan.monthly))

folder, state, port = Path(sys.argv[1]), StateRoot(Path(sys.argv[2])), int(sys.argv[3])
serve(Serving(Home(folder, state), load_config(folder), port, plan_at, catch_up=False), told)
"""


@dataclass
class Served:
    """A company that is served, in a process of its own."""

    company: TinyCompany
    server: Server
    process: "subprocess.Popen[str]"

    def deployments(self) -> dict[str, dict[str, Any]]:
        flows = {one["id"]: one["name"] for one in self.server.ask("flows")}
        return {flows[one["flow_id"]]: one for one in self.server.ask("deployments")}

    def start(self, flow: str, **parameters: object) -> httpx.Response:
        known = self.deployments()[flow]["id"]
        body = {"parameters": parameters}
        return httpx.post(f"{self.server.api}/deployments/{known}/create_flow_run", json=body, timeout=30)

    def ended(self, where: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The one flow run that is meant, when it has ended."""
        for _ in range(240):
            found = [run for run in self.server.ask("flow_runs") if where(run) and run["end_time"]]
            if found:
                return found[0]
            assert self.process.poll() is None, "it is served no more"
            time.sleep(0.25)
        pytest.fail(f"not ended: {[(run['name'], run['state']) for run in self.server.ask('flow_runs')]}")


@pytest.fixture
def served(tmp_path: Path, listener: Listener) -> Iterator[Served]:
    company = write_company(tmp_path / "company", last=LAST, history_months=0)
    company.change("config/delivery.yaml", "sender:", f"notices: ['{listener.address}']\nsender:")
    (company.config / "schedule.yaml").write_text(SCHEDULE)
    port = free_port()
    here = tmp_path / "here"
    here.mkdir()
    (here / ".env").write_text("PREFECT_API_URL=http://stranger.invalid/api\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTEST"))}
    command = [sys.executable, "-c", SERVE, str(company.config), str(company.state.root), str(port)]
    with (
        (tmp_path / "out").open("w") as out,
        (tmp_path / "err").open("w") as err,
        subprocess.Popen(command, cwd=here, env=kept, stdout=out, stderr=err, text=True) as process,
    ):
        api = f"http://127.0.0.1:{port}/api"
        one = Served(company, Server(api, company.state.root / "prefect", kept), process)
        try:
            for _ in range(600):
                assert process.poll() is None, (tmp_path / "err").read_text()
                if "Ctrl-C" in (tmp_path / "out").read_text():
                    break
                time.sleep(0.1)
            yield one
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.slow  # A new Prefect server takes some ten seconds to make its database, and each run some to begin.
def test_a_month_makes_itself_a_failure_is_told_and_nothing_stays_behind(
    served: Served, listener: Listener, tmp_path: Path
) -> None:
    company, state = served.company, served.company.state
    assert_forms(served.deployments())
    made = served.ended(lambda run: run["auto_scheduled"] and run["name"].startswith("monthly"))
    assert (made["name"], made["parameters"], made["state_name"]) == (f"monthly-{LAST}", {}, "Completed")
    assert made["state"]["message"] == f"Edition 1 of {LAST}: {len(REPORTS)} reports made, 0 unchanged."
    assert state.edition_numbers(LAST) == [1]
    assert len(list(state.edition(LAST, 1).glob("reports/*.pdf"))) == len(REPORTS)
    tables = {one["key"]: json.loads(one["data"]) for one in served.server.ask("artifacts")}
    assert set(tables) == {f"checks-{LAST}", f"edition-{LAST}", f"deliveries-{LAST}"}
    assert {"what": "reports made now", "count": len(REPORTS)} in tables[f"edition-{LAST}"]
    assert tables[f"deliveries-{LAST}"] == [
        {"month": str(LAST), "state": "held", "why": "approval", "deliveries": len(REPORTS)}
    ]
    assert not listener.received, "a month that is made is no failure"
    assert not (state.root / "outbox").exists()

    (company.folder / "data/people.csv").unlink()
    assert served.start("monthly", month="soon").status_code == 409
    served.start("monthly", month=str(LAST), wait=False).raise_for_status()
    failed = served.ended(lambda run: run["state_name"] == "Failed")
    assert failed["state"]["message"] == f"monthly of {LAST} failed at “land and check”: SourceError"
    (notice,) = listener.received
    assert notice["title"] == f"yardstick: monthly of {LAST} failed"
    assert f"Look: yardstick check {LAST}" in notice["message"]
    assert not PERSONAL.search(json.dumps(notice).encode())
    assert state.edition_numbers(LAST) == [1]

    children = psutil.Process(served.process.pid).children(recursive=True)
    assert children
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(timeout=60) == 0
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    with socket.socket() as asked:
        assert asked.connect_ex(("127.0.0.1", int(served.server.api.rsplit(":", 1)[1].removesuffix("/api")))) != 0
    told = (tmp_path / "err").read_text()
    assert told.startswith(f"yardstick: monthly {LAST}: ")
    assert len(told.splitlines()) == 1
    assert (tmp_path / "out").read_text().endswith("Stopped.\n")
    assert not list(served.server.home.glob("tmp-*"))
    for name, content in files_under(served.server.home).items():
        assert not PERSONAL.search(content), name


def assert_forms(deployments: dict[str, dict[str, Any]]) -> None:
    """What an analyst may fill in, and when what begins by itself."""
    assert set(deployments) == {"monthly", "deliver", "backfill"}
    fields = {
        flow: {name: (one.get("type", "one of"), one.get("default")) for name, one in form["properties"].items()}
        for flow, form in ((flow, one["parameter_openapi_schema"]) for flow, one in deployments.items())
    }
    yes_no = ("boolean", False)
    assert fields == {
        "monthly": {"month": ("string", ""), "wait": ("boolean", True), "only_when_due": yes_no},
        "deliver": {"month": ("string", ""), "again": ("one of", "nothing"), "only_when_due": yes_no},
        "backfill": {"first": ("string", None), "last": ("string", None), "dry_run": yes_no, "mail": yes_no},
    }
    for one in deployments.values():
        form = one["parameter_openapi_schema"]
        assert all(told.get("description") for told in form["properties"].values())
        assert all(told.get("pattern") for told in form["properties"].values() if told.get("type") == "string")
    assert deployments["deliver"]["parameter_openapi_schema"]["definitions"]["Again"]["enum"] == [
        "nothing",
        "what failed",
    ]
    assert deployments["backfill"]["parameter_openapi_schema"]["required"] == ["first", "last"]
    (monthly,), (deliver,) = (deployments[flow]["schedules"] for flow in ("monthly", "deliver"))
    assert monthly["schedule"]["timezone"] == deliver["schedule"]["timezone"] == "Europe/Berlin"
    assert deliver["schedule"]["cron"] == "0 8 * * 1-5"
    assert deliver["parameters"] == {"only_when_due": True}
    assert not deployments["backfill"]["schedules"]
