"""The skin that calls stages: in this process, or as a Prefect flow that gives the same and knows nobody."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.execution import InProcess, configured_server, execute
from flows.stages.publish import Outcome
from tests.companies import OCTOBER, TinyCompany, files_under, usual_sales

PROGRAM = Path(sys.executable).with_name("yardstick")
PERSONAL = re.compile(rb"associate.?[0-9]|AS0[0-9]|tiny\.example", re.IGNORECASE)

# -- without a server ----------------------------------------------------------------------------------------------


class Watched:
    """A bar that remembers."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def begin(self, stage: str, steps: int) -> None:
        self.told.append((stage, steps))

    def advance(self, steps: int = 1) -> None:
        self.told.append(steps)


def test_stages_are_called_in_order_and_the_bar_is_told() -> None:
    bar = Watched()
    call = InProcess(bar)
    assert call.each("land", divmod, [(7, 2), (9, 4)]) == [(3, 1), (2, 1)]
    assert call.one("measure", divmod, 5, 5) == (1, 0)
    assert bar.told == [("land", 2), 1, 1, ("measure", 1), 1]


def test_what_a_stage_raises_reaches_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        execute("monthly", "2026-10", lambda call: call.one("measure", divmod, 1, 0), neutral_folder=tmp_path)


@pytest.mark.parametrize(
    ("profiles", "chosen", "found"),
    [
        ('active = "a"\n[profiles.a]\nPREFECT_API_URL = "http://a/api"', "", "http://a/api"),
        ('active = "a"\n[profiles.a]\n[profiles.b]\nPREFECT_API_URL = "http://b/api"', "", None),
        ('active = "a"\n[profiles.a]\n[profiles.b]\nPREFECT_API_URL = "http://b/api"', "b", "http://b/api"),
        ('active = "ephemeral"\n[profiles.ephemeral]\nPREFECT_SERVER_ALLOW_EPHEMERAL_MODE = "true"', "", None),
        ("active = ", "", None),
        (None, "", None),
    ],
    ids=["the active profile", "another profile", "the profile told", "no server", "broken", "no profiles"],
)
def test_the_server_is_the_one_prefect_itself_would_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profiles: str | None, chosen: str, found: str | None
) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    if profiles is not None:
        (tmp_path / "profiles.toml").write_text(profiles)
    if chosen:
        monkeypatch.setenv("PREFECT_PROFILE", chosen)
    assert configured_server() == found
    monkeypatch.setenv("PREFECT_API_URL", "http://told/api")
    assert configured_server() == "http://told/api"


def stray_settings(folder: Path) -> Path:
    """What Prefect would take from the folder a command is started in."""
    folder.mkdir()
    (folder / ".env").write_text("PREFECT_API_URL=http://stranger.invalid/api\nPREFECT_LOGGING_LEVEL=DEBUG\n")
    (folder / "prefect.toml").write_text('[api]\nurl = "http://stranger.invalid/api"\n[logging]\nlevel = "DEBUG"\n')
    return folder


def test_a_stray_env_file_configures_no_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(stray_settings(tmp_path / "here"))
    assert configured_server() is None


# -- with a server -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """A Prefect server of our own and what the program needs to find it."""

    api: str
    home: Path
    environment: dict[str, str]

    def ask(self, what: str, **body: Any) -> list[dict[str, Any]]:
        """Everything of a kind that the server knows."""
        answer = httpx.post(f"{self.api}/{what}/filter", json=body, timeout=30).raise_for_status().json()
        found: list[dict[str, Any]] = answer if isinstance(answer, list) else answer["events"]
        return found

    def flow_run(self, state: str) -> dict[str, Any]:
        """The one flow run that ended so, once the server knows it."""
        for _ in range(150):
            runs = [run for run in self.ask("flow_runs") if run["state_name"] == state]
            if runs:
                return runs[0]
            time.sleep(0.1)
        pytest.fail(f"no flow run is {state}: {[run['state_name'] for run in self.ask('flow_runs')]}")

    def task_runs(self, run: dict[str, Any], count: int) -> list[dict[str, Any]]:
        """The tasks of a flow run, once all have ended: they are told as events, which take a moment."""
        where = {"flow_runs": {"id": {"any_": [run["id"]]}}}
        tasks: list[dict[str, Any]] = []
        for _ in range(300):
            tasks = [task for task in self.ask("task_runs", **where) if task["end_time"]]
            if len(tasks) >= count:
                break
            time.sleep(0.1)
        return sorted(tasks, key=lambda task: str(task["start_time"]))


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Started anew; its database takes some ten seconds to be made. Ended by its own process."""
    home = tmp_path_factory.mktemp("prefect")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTHON", "PYTEST"))}
    quiet = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "NO_PROXY": "127.0.0.1"}
    environment = {**kept, **quiet, "PREFECT_HOME": str(home / "server")}
    port = free_port()
    api = f"http://127.0.0.1:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (
        (home / "server.log").open("wb") as log,
        subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        try:
            for _ in range(600):
                assert process.poll() is None, (home / "server.log").read_text()
                try:
                    if httpx.get(f"{api}/health", timeout=5).is_success:
                        break
                except httpx.HTTPError:
                    time.sleep(0.2)
            yield Server(api, home, {**environment, "PREFECT_HOME": str(home / "client"), "PREFECT_API_URL": api})
        finally:
            process.terminate()
            process.wait(timeout=60)


def run_with(
    server: Server, company: TinyCompany, state: Path, folder: Path, command: str = "run"
) -> subprocess.CompletedProcess[str]:
    """The month, as a user would run it, in a folder with stray settings."""
    more = ["--workers", "1"] if command == "run" else []
    return subprocess.run(
        [PROGRAM, command, str(OCTOBER), "--config", company.config, "--state", state, *more],
        cwd=folder,
        env=server.environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


def said_in(edition: Path) -> dict[str, object]:
    """An edition's files; of the manifest all but which code it was, which may be edited while tests run."""
    files = files_under(edition)
    manifest: dict[str, object] = json.loads(files.pop("manifest.json"))
    return {**files, **{name: value for name, value in manifest.items() if name != "code_version"}}


@pytest.mark.soak
@pytest.mark.slow  # A new Prefect server takes some ten seconds to make its database.
def test_with_a_server_the_month_is_the_same_and_the_server_knows_nobody(
    server: Server, made: tuple[TinyCompany, Outcome], tmp_path: Path
) -> None:
    company, outcome = made
    shown = run_with(server, company, tmp_path / "state", stray_settings(tmp_path / "here"))
    assert (shown.returncode, shown.stderr) == (0, "")
    edition = tmp_path / "state" / "editions" / str(OCTOBER) / "1"
    assert said_in(edition) == said_in(outcome.folder)
    assert files_under(tmp_path / "state" / "facts") == files_under(company.state.root / "facts")

    run = server.flow_run("Completed")
    assert (run["name"], run["parameters"]) == ("monthly-2026-10", {"month": "2026-10"})
    tasks = server.task_runs(run, 10)
    assert [re.sub(r"-\w+$", "", task["name"]) for task in tasks] == [
        "land and check", "land and check", "land and check", "judge", "look", "measure",
        "expect, compare and compose", "render", "publish", "prepare deliveries",
    ]  # fmt: skip
    assert {task["state_name"] for task in tasks} == {"Completed"}
    logs = server.ask("logs", limit=200)
    assert logs
    assert {log["level"] for log in logs} == {20}, "a stray setting was read"
    (artifact,) = server.ask("artifacts")
    assert (artifact["key"], artifact["type"], artifact["flow_run_id"]) == ("checks-2026-10", "table", run["id"])
    table = {row.pop("extract"): row for row in json.loads(artifact["data"])}
    assert list(table) == ["people", "sales", "service"]
    assert (table["sales"]["rows"], table["sales"]["set aside"]) == (len(usual_sales(OCTOBER)), 0)
    assert all(isinstance(number, int) for row in table.values() for number in row.values())
    assert_nobody_is_known(server)


@pytest.mark.slow  # It needs the same server.
@pytest.mark.soak
def test_a_check_is_a_flow_of_its_own_whose_table_counts_and_quotes_nothing(
    server: Server, company: TinyCompany, tmp_path: Path
) -> None:
    company.append("sales/2026-10.csv", "2026-10-AS03-99,AS03,2026-10-09,Associate 3’s,B2B")
    shown = run_with(server, company, company.state.root, stray_settings(tmp_path / "here"), "check")
    assert "Associate 3’s" in " ".join(shown.stdout.split())
    (run,) = (run for run in server.ask("flow_runs") if run["name"] == "check-2026-10")
    assert (run["state_name"], run["parameters"]) == ("Completed", {"month": "2026-10"})
    (artifact,) = (one for one in server.ask("artifacts") if one["flow_run_id"] == run["id"])
    (sales,) = (row for row in json.loads(artifact["data"]) if row["extract"] == "sales")
    assert (sales["rows"], sales["set aside"], sales["warning"]) == (len(usual_sales(OCTOBER)) + 1, 1, 1)
    assert_nobody_is_known(server)


@pytest.mark.soak
@pytest.mark.slow  # It needs the same server.
def test_a_refused_month_is_a_failed_flow_run_that_tells_no_name(
    server: Server, company: TinyCompany, tmp_path: Path
) -> None:
    company.change("config/asked.csv", "The new catalogue brings", "Unlike Associate 8 it brings")
    shown = run_with(server, company, company.state.root, stray_settings(tmp_path / "here"))
    assert (shown.returncode, shown.stdout) == (1, "")
    assert len(shown.stderr.splitlines()) == 1
    assert "“associate 8”, which its reader may not see; nothing was published." in shown.stderr
    run = server.flow_run("Failed")
    assert run["state"]["message"] == "monthly failed: RefusedError"
    assert run["state"]["data"] is None
    tasks = server.task_runs(run, 7)
    assert [task["state"]["message"] for task in tasks if task["state_name"] == "Failed"] == [
        "expect, compare and compose failed: RefusedError"
    ]
    assert not [log for log in server.ask("logs", limit=200) if "Traceback" in log["message"]]
    assert_nobody_is_known(server)


def assert_nobody_is_known(server: Server) -> None:
    """Neither what the server answers nor what lies on its disk, nor what Prefect keeps beside the program."""
    for kind in ("flow_runs", "task_runs", "logs", "artifacts", "events"):
        answer = json.dumps(server.ask(kind, limit=50 if kind == "events" else 200)).encode()
        assert not PERSONAL.search(answer), kind
    kept = files_under(server.home)
    assert any(name.endswith("prefect.db") for name in kept)
    for name, content in kept.items():
        assert not PERSONAL.search(content), name
