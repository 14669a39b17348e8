"""Killed at any moment of a run or of mailing, and gone on with: editions are whole or absent, and every reader has
exactly one mail, or one delivery that is uncertain.

Five moments here, on a tiny company; fifty on the demo company in long campaigns. Processes are killed for real.
"""

import json
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from flows.demo import write_demo_config, write_demo_extracts
from flows.state.editions import file_sha256
from flows.state.paths import StateRoot
from tests.companies import OCTOBER, TinyCompany
from tests.flows.delivery.hostile import HostileServer
from tests.flows.mailing import DELIVERY, PASSWORD, Command, assert_true_to, deliveries, released, states, through
from transforms.deliveries import DeliveryState

USERS = {"reports": PASSWORD}


def assert_editions_whole(state: StateRoot) -> int:
    """Every edition there is has all that its manifest names, as it names it. How many there are."""
    editions = [folder for folder in state.editions.glob("*/*") if folder.name.isdigit()]
    for folder in editions:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        assert manifest["reports"]
        for entry in manifest["reports"]:
            assert file_sha256(folder / entry["file"]) == entry["sha256"]
            assert (folder / "models" / f"{entry['report_id']}.json").is_file()
        for name in ("index.html", "checks.html", "facts.parquet"):
            assert (folder / name).stat().st_size > 0
    return len(editions)


def kill(command: Command, arguments: tuple[str, ...], when: Callable[[], bool], jitter: float) -> bool:
    """Start a command and kill it some seconds after something has happened; whether it was still at work."""
    process = command.started(*arguments)
    while process.poll() is None and not when():
        time.sleep(0.002)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=jitter)
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return alive


STAGES = (
    "run.lock", "landings/*/*.json", "checked/*/*.json", "facts/*/facts.parquet", "editions/*/.draft-*/models/*",
    "editions/*/.draft-*/reports/*.pdf", "editions/*/.draft-*/manifest.json", "editions/*/1/manifest.json",
)  # fmt: skip
"""What a run leaves behind on its way, in its order."""
RUN, SEND = ("run", str(OCTOBER), "--workers", "1", "--threads", "1"), ("send", str(OCTOBER))
APPROVE = ("approve", str(OCTOBER), "--by", "An operator")
Fresh = Callable[[str], TinyCompany]


def campaign(fresh: Fresh, ready: TinyCompany, kills: int, seed: int, runs: int) -> None:
    """Kill at random moments, one in `runs` times in a run and else in mailing; go on after each, and look at all.

    `fresh` makes a company of a name that was never run; `ready` has an edition that is released.
    """
    dice = random.Random(seed)
    queued = states(ready)["queued"]
    caught = {"run": 0, "send": 0}
    for number in range(kills):
        if number % runs == 0:
            company = fresh(f"run-{number}")
            at = partial(_has_reached, company.state, dice.choice(STAGES))
            caught["run"] += trial(company, RUN, at, dice.uniform(0.0, 0.6))
        else:
            company = ready.copy(ready.folder.with_name(f"send-{number}"))
            at = partial(_has_seen, dice.randrange(queued + 1))
            caught["send"] += trial(company, SEND, at, dice.uniform(0.0, 0.02))
    assert min(caught.values()) > 0, caught


def _has_reached(state: StateRoot, stage: str, _server: HostileServer) -> bool:
    return any(state.root.glob(stage))


def _has_seen(messages: int, server: HostileServer) -> bool:
    return server.messages >= messages


def trial(company: TinyCompany, killed: tuple[str, ...], when: Callable[[HostileServer], bool], jitter: float) -> bool:
    """Kill one command, then give it and those after it again, to their end. Whether the kill caught it at work."""
    command = Command(company)
    with HostileServer(users=USERS) as server:
        through(company, server)
        caught = kill(command, killed, lambda: when(server), jitter)
        assert assert_editions_whole(company.state) in (0, 1)
        for arguments in (RUN, APPROVE) if killed == RUN else ():
            command.run(*arguments)
        command.run(*SEND, allowed=(0, 3))  # 3: something is uncertain
        assert assert_editions_whole(company.state) == 1
        lines = deliveries(company)
        assert len(lines) >= 5
        assert {line.state for line in lines} <= {DeliveryState.SENT, DeliveryState.UNCERTAIN}, states(company)
        assert_true_to(server, lines)
        assert sum(line.state is DeliveryState.UNCERTAIN for line in lines) <= 1  # one at a time goes out
    assert [path.name for path in company.state.root.rglob(".draft-*")] == []
    shutil.rmtree(company.folder)
    return caught


@pytest.mark.slow  # processes of their own, killed for real
def test_killed_five_times_everything_is_whole_and_mailed_once(company: TinyCompany, tmp_path: Path) -> None:
    (company.config / "delivery.yaml").write_text(DELIVERY)
    assert released(company) > 0

    def fresh(name: str) -> TinyCompany:
        again = company.copy(tmp_path / name)
        shutil.rmtree(again.state.root)
        return again

    campaign(fresh, company, kills=5, seed=5, runs=5)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_killed_ten_times_each_everything_is_whole_and_mailed_once(tmp_path: Path, seed: int) -> None:
    made = TinyCompany(tmp_path / "made")
    write_demo_extracts(made.folder / "data", months=3, associates=10)
    write_demo_config(made.config, months=3, associates=10)
    file = made.config / "company.yaml"
    file.write_text(file.read_text("utf-8").replace("{state}/extracts", "{config}/../data"), "utf-8")
    ready = made.copy(tmp_path / "ready")
    with HostileServer(users=USERS) as server:
        through(ready, server)
        for arguments in (RUN, APPROVE):
            Command(ready).run(*arguments)
    campaign(lambda name: made.copy(tmp_path / name), ready, kills=10, seed=seed, runs=2)
