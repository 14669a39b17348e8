"""The ledger's lines about runs: what was started, how it ended, and which died without a word."""

import os
import socket
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from config.months import Month
from flows import locks
from flows.state.ledger.lines import RunLine, RunState
from flows.state.ledger.rows import plain
from flows.state.ledger.schema import runs

_HELD: dict[str, locks.Lock] = {}
"""Locks of the runs of this process, by file: a run may outlast the opening of the ledger it began in."""


def begin(
    connection: Connection,
    lock: locks.Lock,
    kind: str,
    month: Month | None,
    now: datetime,
    parent: int | None,
    note: str,
) -> int:
    """Write that this process runs something while it holds `lock`. Gives the run's number."""
    values = {
        "kind": kind,
        "month": None if month is None else str(month),
        "parent": parent,
        "state": RunState.RUNNING.value,
        "started_at": now,
        "fault": "",
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "lock_file": str(lock.path),
        "note": plain(note),
    }
    return int(connection.execute(insert(runs).values(values).returning(runs.c.id)).scalar_one())


def new_lock(folder: Path) -> locks.Lock:
    """The lock of a run that is about to begin."""
    return locks.take(folder / f"{uuid.uuid4().hex}.lock")


def keep(lock: locks.Lock) -> None:
    """Hold the lock of a run that has begun until it has ended."""
    _HELD[str(lock.path)] = lock


def making(connection: Connection, run_id: int, edition: int) -> None:
    """Write that a run is about to publish an edition."""
    going = (runs.c.id == run_id, runs.c.state == RunState.RUNNING.value)
    connection.execute(update(runs).where(*going).values(edition=edition))


def end(
    connection: Connection, run_id: int, state: RunState, now: datetime, edition: int | None, fault: str
) -> str | None:
    """Write how a run ended. Gives the file of its lock."""
    if state is RunState.RUNNING:
        raise ValueError("a run does not end by running")
    values = {"state": state.value, "ended_at": now, "edition": edition, "fault": plain(fault)}
    ended = update(runs).where(runs.c.id == run_id).values(values).returning(runs.c.lock_file)
    return connection.execute(ended).scalar_one_or_none()


def let_go(lock_file: str | None) -> None:
    """Give back the lock of a run that has ended, where this process holds it."""
    if lock_file is not None and (lock := _HELD.pop(lock_file, None)):
        lock.release(remove=True)


def lines(connection: Connection, kind: str | None, month: Month | None, state: RunState | None) -> list[RunLine]:
    """The runs, oldest first."""
    asked = select(runs).order_by(runs.c.id)
    if kind is not None:
        asked = asked.where(runs.c.kind == kind)
    if month is not None:
        asked = asked.where(runs.c.month == str(month))
    if state is not None:
        asked = asked.where(runs.c.state == state.value)
    return [_line(row) for row in connection.execute(asked)]


def mark_dead(connection: Connection, now: datetime) -> list[RunLine]:
    """Write *died* where a run of this host has no process any more."""
    running = select(runs).where(runs.c.state == RunState.RUNNING.value, runs.c.host == socket.gethostname())
    dead = [row.id for row in connection.execute(running) if not _lives(row.lock_file, row.pid)]
    if not dead:
        return []
    died = update(runs).where(runs.c.id.in_(dead)).values(state=RunState.DIED.value, ended_at=now)
    connection.execute(died)
    return [_line(row) for row in connection.execute(select(runs).where(runs.c.id.in_(dead)).order_by(runs.c.id))]


def _lives(lock_file: str, pid: int) -> bool:
    """By its lock; where that is out of reach (the state was moved), by its process's number."""
    held = locks.is_held(Path(lock_file))
    if held is not None:
        return held
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _line(row: Row[Any]) -> RunLine:
    return RunLine(
        id=row.id,
        kind=row.kind,
        month=None if row.month is None else Month.parse(row.month),
        parent=row.parent,
        state=RunState(row.state),
        started_at=row.started_at,
        ended_at=row.ended_at,
        edition=row.edition,
        fault=row.fault,
        host=row.host,
        pid=row.pid,
        note=row.note,
    )
