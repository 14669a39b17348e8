"""An edition and its deliveries, written in one transaction, by one process at a time.

Two that prepare editions of a month at once would each hold what the other has just written. Does not belong here: who
is to receive what, and whether the company's rule holds.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, update

from flows.state.ledger import deliveries as lines
from flows.state.ledger import editions
from flows.state.ledger.lines import Preparation
from flows.state.ledger.rows import delivery_line, having, plain
from flows.state.ledger.schema import deliveries
from transforms.deliveries import DeliveryKey, DeliveryState, Hold, NewDelivery

_LOCK_NUMBER: Final = 7_923_845_102
"""As that of migrations (`opening`), of a number beside it."""
_WAITING: Final = (DeliveryState.HELD, DeliveryState.QUEUED, DeliveryState.FAILED, DeliveryState.UNCERTAIN)
MAY_BE_THERE: Final = "waits for approval; its reader may have it already"


def prepare(connection: Connection, asked: Preparation, is_newest: Callable[[], bool], now: datetime) -> int:
    """Write an edition with its deliveries. Gives how many that were released no longer go out by it.

    `is_newest` is asked when no other can prepare: of an edition that is not the newest only the edition is written.
    Deliveries that are there already stay as they are, but for those that an edition in between had taken the place of.
    The rule releases those of an edition that is written for the first time.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK_NUMBER)))
    edition = asked.edition
    known = {line.number: line.origin for line in editions.lines(connection, edition.month)}
    before = known.get(edition.number)
    stopped = 0
    if is_newest() and edition.number >= max(known, default=0):
        lines.add(connection, asked.deliveries)
        _give_back(connection, asked.deliveries, now)
        stopped = _supersede(connection, asked, now)
        if asked.rule and before != "run":
            may_be_there = _gone_out(connection, asked.keys)
            waiting = [line.key for line in asked.deliveries if line.hold is Hold.APPROVAL]
            free = [key for key in waiting if key not in may_be_there]
            lines.release(connection, free, asked.by, now, asked.rule)
    if before is None:
        editions.add(connection, edition)
    elif before != edition.origin and edition.origin == "run":
        editions.set_origin(connection, edition)
    return stopped


def _give_back(connection: Connection, wanted: Sequence[NewDelivery], now: datetime) -> None:
    """What an edition in between had taken the place of, and the newest has again, waits as if it were new."""
    again = {line.key: line for line in wanted}
    for row in _rows(connection, list(again), [DeliveryState.HELD]):
        found = delivery_line(row)
        line = again[found.key]
        if found.hold is Hold.SUPERSEDED and line.hold is not None:
            reason = line.reason if found.out_at is None else MAY_BE_THERE
            values = {"hold": line.hold.value, "reason": plain(reason), "changed_at": now}
            connection.execute(update(deliveries).where(deliveries.c.id == row.id).values(values))


def _supersede(connection: Connection, asked: Preparation, now: datetime) -> int:
    """Hold for good what is not out of earlier editions of reports, or of readers whom this edition does not have."""
    month = deliveries.c.month == str(asked.edition.month)
    waiting = deliveries.c.state.in_([state.value for state in _WAITING])
    found = [delivery_line(row) for row in connection.execute(select(deliveries).where(month, waiting))]
    stale = [line for line in found if line.key not in asked.keys and line.hold not in lines.FOR_GOOD]
    reason = f"edition {asked.edition.number} took its place"
    lines.hold(connection, [line.key for line in stale], Hold.SUPERSEDED, reason, now)
    return sum(line.state is DeliveryState.QUEUED for line in stale)


def _gone_out(connection: Connection, keys: Collection[DeliveryKey]) -> set[DeliveryKey]:
    held = [delivery_line(row) for row in _rows(connection, list(keys), [DeliveryState.HELD])]
    return {line.key for line in held if line.out_at is not None}


def _rows(connection: Connection, keys: Sequence[DeliveryKey], states: Sequence[DeliveryState]) -> list[Row[Any]]:
    there = deliveries.c.state.in_([state.value for state in states])
    found: list[Row[Any]] = []
    for named in having(keys):
        found.extend(connection.execute(select(deliveries).where(named, there)))
    return found
