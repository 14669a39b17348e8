"""The ledger's lines about senders: who sends, whether it lives, and what a dead one left behind.

A sender lives while its lock is held. Where its lock file is out of reach (another host), it lives while it beats.
"""

import os
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from config.errors import RefusedError
from flows import locks
from flows.state.ledger.inserting import insert_new
from flows.state.ledger.rows import delivery_line
from flows.state.ledger.schema import deliveries, senders
from transforms.deliveries import DeliveryLine, DeliveryState

SILENCE: Final = timedelta(minutes=10)
"""After so long without a beat a sender of another host is dead."""


def begin(connection: Connection, sender: str, lock_file: Path, now: datetime, transport: str) -> None:
    """Write that this process sends. Raises RefusedError where the name was used: claims would change hands by it."""
    values = {
        "name": sender,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "lock_file": str(lock_file),
        "began_at": now,
        "beat_at": now,
        "transport": transport,
    }
    if not insert_new(connection, senders, [values]):
        raise RefusedError(f"The sender {sender} has begun before.", fix="Give each sender a name of its own.")


def beat(connection: Connection, sender: str, now: datetime) -> None:
    """Write that a sender lives."""
    connection.execute(update(senders).where(senders.c.name == sender).values(beat_at=now))


def end(connection: Connection, sender: str, now: datetime) -> None:
    """Write that a sender has ended. What it had not settled is abandoned."""
    connection.execute(update(senders).where(senders.c.name == sender).values(ended_at=now))


def transport(connection: Connection, sender: str) -> str:
    """How a sender carries mail, as it said when it began; empty where it did not."""
    return connection.execute(select(senders.c.transport).where(senders.c.name == sender)).scalar() or ""


def dead(connection: Connection, now: datetime) -> list[str]:
    """Senders that are dead and have not settled everything."""
    sending = select(deliveries.c.claimed_by).where(deliveries.c.state == DeliveryState.SENDING.value)
    claimants = connection.execute(select(senders).where(senders.c.name.in_(sending)).order_by(senders.c.name))
    return [row.name for row in claimants if _is_dead(row, now)]


def unsettled(connection: Connection, names: Sequence[str]) -> list[DeliveryLine]:
    """What these senders have not settled, by key.

    To be read after they were found dead: what one settled while it was looked at is not among it.
    """
    left = deliveries.c.state == DeliveryState.SENDING.value, deliveries.c.claimed_by.in_(list(names))
    rows = connection.execute(select(deliveries).where(*left))
    return sorted((delivery_line(row) for row in rows), key=lambda line: line.key)


def _is_dead(row: Row[Any], now: datetime) -> bool:
    if row.ended_at is not None:
        return True
    held = locks.is_held(Path(row.lock_file)) if row.host == socket.gethostname() else None
    if held is not None:
        return not held
    return bool(now - row.beat_at > SILENCE)
