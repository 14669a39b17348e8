"""Deliveries for tests, and the processes that work on a ledger beside the test."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.months import Month
from flows.state.ledger import DeliveryKey, DeliveryLine, DeliveryState, Hold, Ledger, NewDelivery, message_id
from flows.state.paths import StateRoot

ROOT = Path(__file__).resolve().parents[4]
NOW = datetime(2026, 11, 5, 7, 30, tzinfo=UTC)
MONTH = Month(2026, 10)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Place:
    """Where a ledger is."""

    url: str | None
    state: StateRoot

    def open(self) -> Ledger:
        return Ledger.open(self.url, self.state)


def key(number: int = 1, *, month: Month = MONTH, edition: int = 1, report: str = "", to: str = "") -> DeliveryKey:
    return DeliveryKey(month, edition, report or f"manager-A{number:03}", to or f"a{number:03}@demo.example")


def new(of: DeliveryKey, hold: Hold | None = None, reason: str = "") -> NewDelivery:
    state = DeliveryState.HELD if hold else DeliveryState.QUEUED
    return NewDelivery(of, state, hold, reason, message_id(of, "demo.example"), "ab" * 32, NOW)


def fill(ledger: Ledger, count: int, hold: Hold | None = None) -> list[DeliveryKey]:
    keys = [key(number) for number in range(1, count + 1)]
    assert ledger.add_deliveries([new(each, hold) for each in keys]) == count
    return keys


def only(ledger: Ledger, of: DeliveryKey) -> DeliveryLine:
    (line,) = [line for line in ledger.deliveries() if line.key == of]
    return line


@contextmanager
def working(place: Place, *orders: Sequence[str]) -> Iterator[list[subprocess.Popen[str]]]:
    """A process for each order, all ready to begin; whatever is left of them ends with the block."""
    program = [sys.executable, "-m", "tests.flows.state.ledger.at_work", place.url or "-", str(place.state.root)]
    processes = [
        subprocess.Popen([*program, *order], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for order in orders
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def said(process: subprocess.Popen[str]) -> str:
    """The next line it says."""
    assert process.stdout is not None
    return process.stdout.readline().strip()
