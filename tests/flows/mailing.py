"""A tiny company with many readers and a mail server, and what must hold of its ledger and the server's books.

Does not belong here: a test, and the server (`tests.flows.delivery.hostile`).
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.loader import load_config
from flows.clock import now_utc
from flows.stages.recording import open_ledger
from flows.stages.release import approve
from flows.state.editions import newest_edition
from tests.companies import LEADS, MEMBERS, OCTOBER, TinyCompany, person, usual_people
from tests.flows.delivery.hostile import HostileServer
from transforms.deliveries import DeliveryLine, DeliveryState

ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse"
DELIVERY = """\
sender: Tiny reports <reports@tiny.example>
allowed_domains: [tiny.example, demo.example]
team_reports_to: [manager, members]
"""
SMTP = """\
transport: smtp
{ledger}
smtp:
  host: {host}
  port: {port}
  security: starttls
  ca_file: ca.pem
  auth: {{method: plain, username: reports, password: "${{SMTP_PASSWORD}}"}}
  per_minute: 100000
  attempts: {attempts}
  pause_seconds: 0.02
  timeout_seconds: 0.4
"""


def with_readers(company: TinyCompany, readers: int) -> TinyCompany:
    """So many members in two teams, each a reader of the team's report."""
    lines = usual_people()
    for number in range(100, 100 + readers - sum(map(len, MEMBERS.values()))):
        team = list(LEADS)[number % 2]
        lines.append(person(f"AS{number}", team, LEADS[team]))
    company.write("people.csv", lines)
    (company.config / "delivery.yaml").write_text(DELIVERY)
    return company


def through(company: TinyCompany, server: HostileServer, ledger: str = "", attempts: int = 4) -> TinyCompany:
    """The company's mail goes through a server."""
    (company.config / "ca.pem").write_bytes(server.ca_file.read_bytes())
    told = f"ledger: {ledger}" if ledger else ""
    smtp = SMTP.format(host=server.host, port=server.port, ledger=told, attempts=attempts)
    (company.config / "delivery.yaml").write_text(DELIVERY + smtp)
    return company


def released(company: TinyCompany) -> int:
    """Release the newest edition; how many deliveries are queued by that."""
    config, edition = load_config(company.config), newest_edition(company.state, OCTOBER)
    assert edition is not None
    with open_ledger(config, company.state) as ledger:
        return approve(company.state, ledger, config, edition, "An operator", now_utc()).deliveries


def deliveries(company: TinyCompany) -> list[DeliveryLine]:
    """The ledger's deliveries."""
    with open_ledger(load_config(company.config), company.state) as ledger:
        return ledger.deliveries()


def states(company: TinyCompany) -> Counter[str]:
    """How many deliveries are in which state."""
    return Counter(line.state.value for line in deliveries(company))


def assert_true_to(server: HostileServer, lines: Sequence[DeliveryLine]) -> None:
    """Every state is right, by the server's own books: nobody got two mails, and nobody is said to have one who has
    none, nor the other way round.
    """
    accepted, answered = server.accepted, server.answered
    assert [mail for mail, times in accepted.items() if times > 1] == []
    assert set(accepted) <= {line.message_id for line in lines}
    for line in lines:
        if line.state is DeliveryState.SENT:
            assert answered[line.message_id] == 1, line
        elif line.state is not DeliveryState.UNCERTAIN:
            assert accepted[line.message_id] == 0, line


@dataclass(frozen=True)
class Command:
    """`yardstick` for one company, as a process of its own."""

    company: TinyCompany

    def started(self, *arguments: str) -> "subprocess.Popen[str]":
        """Started, its words kept."""
        told = ["--config", str(self.company.config), "--state", str(self.company.state.root)]
        environment = {**os.environ, "SMTP_PASSWORD": PASSWORD, "PYTHONPATH": str(ROOT)}
        environment.pop("PREFECT_API_URL", None)
        return subprocess.Popen(
            [sys.executable, "-m", "flows.cli", *arguments, *told], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env=environment, cwd=self.company.folder,
        )  # fmt: skip

    def run(self, *arguments: str, allowed: Sequence[int] = (0,)) -> str:
        """Run to its end; what it said. Its exit status must be one of those allowed."""
        process = self.started(*arguments)
        said, _ = process.communicate(timeout=3600)
        assert process.returncode in allowed, f"{arguments}: {process.returncode}: {said}"
        return said


def until_nothing_is_queued(company: TinyCompany, send: Callable[[], object], times: int = 60) -> None:
    """Send again and again what is left."""
    for _ in range(times):
        send()
        counts = states(company)
        if not counts["queued"] and not counts["sending"]:
            return
    raise AssertionError(f"still queued: {states(company)}")
