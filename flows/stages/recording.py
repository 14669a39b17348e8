"""What the ledger is told of a run: that it began, how it ended, and which edition came of it.

Does not belong here: what a run does, and deliveries (`prepare`).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from config.errors import RefusedError
from config.models import Config
from config.months import Month
from flows.clock import now_utc
from flows.state.ledger import Ledger, RunLine, RunState
from flows.state.paths import StateRoot


@contextmanager
def open_ledger(config: Config, state: StateRoot) -> Iterator[Ledger]:
    """The company's ledger: the database of delivery.yaml, else a file in the state root."""
    with Ledger.open(config.delivery.ledger, state) as ledger:
        yield ledger


@dataclass
class Record:
    """A run while it goes on. `died` are those of the same kind and month that never ended since the last that did."""

    ledger: Ledger
    id: int
    died: tuple[RunLine, ...] = ()
    edition: int | None = None
    """The one it makes. An edition that was there before is not its own."""

    def making(self, edition: int) -> None:
        """An edition is about to be published: what comes of it is known to be this ledger's, should the run die."""
        self.ledger.making(self.id, edition)
        self.edition = edition

    def told(self) -> tuple[str, ...]:
        """What a person is told of runs that died before this one."""
        return tuple(
            f"the {line.kind} begun {line.started_at:%Y-%m-%d %H:%M} UTC died before it ended; this one goes on from "
            "what it had kept"
            for line in self.died
        )


@contextmanager
def recorded(
    config: Config, state: StateRoot, kind: str, month: Month | None, *, parent: int | None = None, note: str = "",
    clock: Callable[[], datetime] = now_utc,
) -> Iterator[Record]:  # fmt: skip
    """Write a run into the ledger while the block works, and how it ended. The fault is told by its kind alone."""
    with open_ledger(config, state) as ledger:
        ledger.mark_dead_runs(clock())
        died = _died([line for line in ledger.runs(kind) if line.month == month])
        record = Record(ledger, ledger.begin_run(kind, month, clock(), parent=parent, note=note), died)
        try:
            yield record
        except BaseException as error:
            there = month is not None and record.edition in state.edition_numbers(month)
            edition = record.edition if there else None
            ledger.end_run(record.id, _ended(error), clock(), edition=edition, fault=type(error).__name__)
            raise
        ledger.end_run(record.id, RunState.DONE, clock(), edition=record.edition)


def _died(lines: Sequence[RunLine]) -> tuple[RunLine, ...]:
    """Those that died since the last that was done, whoever found them dead."""
    ends = [at for at, line in enumerate(lines, 1) if line.state is RunState.DONE]
    return tuple(line for line in lines[max(ends, default=0) :] if line.state is RunState.DIED)


def _ended(error: BaseException) -> RunState:
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return RunState.STOPPED
    return RunState.REFUSED if isinstance(error, RefusedError) else RunState.FAILED
