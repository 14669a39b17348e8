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
from pathlib import Path

import pytest

from flows.demo import write_demo_config, write_demo_extracts
from flows.state.editions import file_sha256
from flows.state.paths import StateRoot
from tests.companies import OCTOBER, TinyCompany, write_company
from tests.flows.delivery.hostile import HostileServer
from tests.flows.mailing import DELIVERY, PASSWORD, Command, assert_true_to, deliveries, states, through
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


def kill(command: Command, arguments: tuple[str, ...], after: float) -> bool:
    """Start a command and kill it after so many seconds; whether it was still at work."""
    process = command.started(*arguments)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=after)
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return alive


def seconds_of(command: Command, *arguments: str) -> float:
    """How long a command takes when nobody kills it."""
    started = time.monotonic()
    command.run(*arguments)
    return time.monotonic() - started


RUN, SEND = ("run", str(OCTOBER)), ("send", str(OCTOBER))
APPROVE = ("approve", str(OCTOBER), "--by", "An operator")
Fresh = Callable[[str], TinyCompany]


def campaign(fresh: Fresh, kills: int, seed: int) -> None:
    """Kill at random moments, by turns in runs and in mailing; go on after each, and look at everything.

    `fresh` makes a company of a name that was never run.
    """
    dice = random.Random(seed)
    with HostileServer(users=USERS) as server:
        ready = through(fresh("ready"), server)
        run_seconds = seconds_of(Command(ready), *RUN)
        Command(ready).run(*APPROVE)
        timed = ready.copy(ready.folder.with_name("timed"))
        send_seconds = seconds_of(Command(timed), *SEND)
        assert states(timed) == {"sent": len(deliveries(timed))}
    caught = {"run": 0, "send": 0}
    for number in range(kills):
        if number % 2 == 0:
            caught["run"] += trial(fresh(f"run-{number}"), RUN, dice.uniform(0.3, run_seconds))
        else:
            company = ready.copy(ready.folder.with_name(f"send-{number}"))
            # Half of the time a sender reads hr and opens its ledger: most kills are to be in the midst of mailing.
            caught["send"] += trial(company, SEND, dice.uniform(0.4, 1.0) * send_seconds)
    assert min(caught.values()) > 0, caught


def trial(company: TinyCompany, killed: tuple[str, ...], after: float) -> bool:
    """Kill one command, then give it and those after it again, to their end. Whether the kill caught it at work."""
    command = Command(company)
    with HostileServer(users=USERS) as server:
        through(company, server)
        caught = kill(command, killed, after)
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
    left = [path.name for path in company.state.root.rglob("*") if path.name.startswith((".draft-", ".writing-"))]
    assert left == []
    shutil.rmtree(company.folder)
    return caught


@pytest.mark.slow  # processes of their own, killed for real
def test_killed_five_times_everything_is_whole_and_mailed_once(tmp_path: Path) -> None:
    def fresh(name: str) -> TinyCompany:
        company = write_company(tmp_path / name)
        (company.config / "delivery.yaml").write_text(DELIVERY)
        return company

    campaign(fresh, 5, seed=5)


@pytest.mark.soak
def test_killed_fifty_times_everything_is_whole_and_mailed_once(tmp_path: Path) -> None:
    made = TinyCompany(tmp_path / "made")
    write_demo_extracts(made.folder / "data", months=15, associates=20)
    write_demo_config(made.config, months=15, associates=20)
    file = made.config / "company.yaml"
    file.write_text(file.read_text("utf-8").replace("{state}/extracts", "{config}/../data"), "utf-8")
    campaign(lambda name: made.copy(tmp_path / name), 50, seed=50)
