"""The ledger's lines about deliveries: added, released, held, queued again, claimed and settled.

Each change names the states it comes from in the statement that makes it, so that of two at once only one is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, func, literal, or_, select, update

from flows.state.ledger import editions
from flows.state.ledger.inserting import insert_new
from flows.state.ledger.lines import LostClaimError, Wanted
from flows.state.ledger.rows import delivery_line, having, matching, plain
from flows.state.ledger.schema import deliveries, senders
from transforms.deliveries import DeliveryKey, DeliveryLine, DeliveryState, Hold, NewDelivery

ENDS: Final = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNCERTAIN, DeliveryState.QUEUED)
"""What a claim may be settled as."""
FOR_GOOD: Final = frozenset({Hold.SUPERSEDED, Hold.WITHDRAWN, Hold.ERASED})
"""Holds that are not lifted."""
_SENT_OR_MAYBE = (DeliveryState.SENT.value, DeliveryState.UNCERTAIN.value)
_state: Final = deliveries.c.state


@dataclass(frozen=True, slots=True)
class How:
    """How a claim ends: when it may be tried again, whether it was a try, and what the ledger must know of its text
    (begun, not begun, None: either).
    """

    retry_at: datetime | None = None
    tried: bool = True
    begun: bool | None = None


_ANYHOW: Final = How()


def add(connection: Connection, lines: Sequence[NewDelivery]) -> int:
    """Write deliveries whose keys are new."""
    return insert_new(
        connection,
        deliveries,
        [
            {
                "month": str(line.key.month),
                "edition": line.key.edition,
                "report_id": line.key.report_id,
                "recipient": line.key.recipient,
                "state": line.state.value,
                "hold": None if line.hold is None else line.hold.value,
                "reason": plain(line.reason),
                "message_id": line.message_id,
                "sha256": line.sha256,
                "queued_at": line.now if line.state is DeliveryState.QUEUED else None,
                "changed_at": line.now,
                "attempts": 0,
                "requeued_by": "",
            }
            for line in lines
        ],
    )


def lines(connection: Connection, wanted: Wanted) -> list[DeliveryLine]:
    """What is wanted, by key."""
    rows = connection.execute(select(deliveries).where(matching(wanted)))
    return sorted((delivery_line(row) for row in rows), key=lambda line: line.key)


def release(connection: Connection, keys: Sequence[DeliveryKey], by: str, now: datetime, rule: str) -> int:
    """From waiting for approval to queued, with who approved."""
    waiting = and_(_state == DeliveryState.HELD.value, deliveries.c.hold == Hold.APPROVAL.value)
    released = _change(connection, keys, waiting, _queued(now))
    editions.approve(connection, [(row.month, row.edition, row.report_id) for row in released], by, now, rule)
    return len(released)


def hold(connection: Connection, keys: Sequence[DeliveryKey], why: Hold, reason: str, now: datetime) -> int:
    """From queued, failed or held to held for `why`; from uncertain where that is for good, since a hold that can be
    lifted would forget that the reader may have it.
    """
    states = [DeliveryState.QUEUED, DeliveryState.FAILED, DeliveryState.HELD]
    states += [DeliveryState.UNCERTAIN] if why in FOR_GOOD else []
    holdable = and_(_state.in_([state.value for state in states]), deliveries.c.hold.is_distinct_from("erased"))
    return len(_change(connection, keys, holdable, _held(why, reason, now)))


def requeue(
    connection: Connection, keys: Sequence[DeliveryKey], now: datetime, by: str, states: Sequence[DeliveryState]
) -> int:
    """From one of these states (not sending) to queued, with its attempts counted anew; never past an approval, and
    never to somebody who was erased.
    """
    others = [state.value for state in states if state not in (DeliveryState.HELD, DeliveryState.SENDING)]
    again = or_(
        _state.in_(others),
        and_(
            _state == DeliveryState.HELD.value,
            literal(DeliveryState.HELD in states),
            deliveries.c.hold.not_in([Hold.APPROVAL.value, Hold.ERASED.value]),
        ),
    )
    return len(_change(connection, keys, again, {**_queued(now), "attempts": 0, "requeued_by": plain(by)}))


def claim(connection: Connection, sender: str, now: datetime, limit: int, wanted: Wanted) -> list[DeliveryLine]:
    """From queued to sending: those tried least first, then in the order they were added."""
    living = select(senders.c.name).where(senders.c.name == sender, senders.c.ended_at.is_(None))
    if connection.execute(living).first() is None:
        raise ValueError(f"the sender {sender} has not begun, or has ended")
    free = (
        select(deliveries.c.id)
        .where(_state == DeliveryState.QUEUED.value, matching(wanted))
        .where(or_(deliveries.c.retry_at.is_(None), deliveries.c.retry_at <= now))
        .order_by(deliveries.c.attempts, deliveries.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # PostgreSQL; SQLite has one writer at a time
    )
    order = [row.id for row in connection.execute(free)]
    taken = (
        update(deliveries)
        .where(deliveries.c.id.in_(order), _state == DeliveryState.QUEUED.value)
        .values(state=DeliveryState.SENDING.value, claimed_by=sender, claimed_at=now, changed_at=now, retry_at=None)
        .values(attempts=deliveries.c.attempts + 1, reason="", begun_at=None)
        .returning(deliveries)
    )
    rows = {row.id: row for row in connection.execute(taken)} if order else {}
    return [delivery_line(rows[number]) for number in order if number in rows]


def begin_text(connection: Connection, key: DeliveryKey, sender: str, now: datetime) -> None:
    """Write that the text of a claim is about to go out. Raises LostClaimError where it is not the sender's."""
    connection.execute(update(senders).where(senders.c.name == sender).values(beat_at=now))
    _change_claimed(connection, key, sender, {"begun_at": now})


def settle(
    connection: Connection, key: DeliveryKey, sender: str, state: DeliveryState, reason: str, now: datetime, how: How
) -> None:
    """From sending by `sender` to what came of it. Raises LostClaimError where it is not the sender's."""
    if state not in ENDS:
        raise ValueError(f"a delivery that is being sent does not become {state}")
    values: dict[str, object] = {"state": state.value, "reason": plain(reason), "changed_at": now}
    if state is DeliveryState.QUEUED:
        values |= {"claimed_by": None, "retry_at": how.retry_at}
    if state.value in _SENT_OR_MAYBE:
        values["out_at"] = func.coalesce(deliveries.c.out_at, literal(now, deliveries.c.out_at.type))
    _change_claimed(connection, key, sender, values, how)


def withhold(
    connection: Connection, key: DeliveryKey, sender: str, why: Hold, reason: str, now: datetime, how: How
) -> None:
    """From sending by `sender`, before any text went out, to held for `why`. Raises LostClaimError as `settle`."""
    _change_claimed(connection, key, sender, _held(why, reason, now), how)


def _change_claimed(
    connection: Connection, key: DeliveryKey, sender: str, values: dict[str, object], how: How = _ANYHOW
) -> None:
    own = and_(_state == DeliveryState.SENDING.value, deliveries.c.claimed_by == sender)
    if how.begun is not None:
        own = and_(own, deliveries.c.begun_at.is_not(None) if how.begun else deliveries.c.begun_at.is_(None))
    if not how.tried:
        values = {**values, "attempts": deliveries.c.attempts - 1}
    if not _change(connection, [key], own, values):
        raise LostClaimError(
            f"The delivery of {key.report_id} of {key.month} (edition {key.edition}) is no longer being sent by "
            f"{sender}.",
            fix="See yardstick status for what was decided over it.",
        )


def sent_between(connection: Connection, start: datetime, end: datetime) -> int:
    """How many went out, may have, or are going out, from `start` on and before `end`."""
    went = and_(_state.in_(_SENT_OR_MAYBE), deliveries.c.changed_at >= start, deliveries.c.changed_at < end)
    goes = and_(_state == DeliveryState.SENDING.value, deliveries.c.claimed_at >= start, deliveries.c.claimed_at < end)
    return int(connection.execute(select(func.count()).select_from(deliveries).where(or_(went, goes))).scalar_one())


def _held(why: Hold, reason: str, now: datetime) -> dict[str, object]:
    values: dict[str, object] = {"state": DeliveryState.HELD.value, "hold": why.value, "reason": plain(reason)}
    return {**values, "changed_at": now, "claimed_by": None, "retry_at": None}


def _queued(now: datetime) -> dict[str, object]:
    values: dict[str, object] = {"state": DeliveryState.QUEUED.value, "hold": None, "reason": "", "claimed_by": None}
    return {**values, "retry_at": None, "queued_at": now, "changed_at": now}


def _change(
    connection: Connection, keys: Sequence[DeliveryKey], from_where: ColumnElement[bool], values: dict[str, Any]
) -> list[Row[Any]]:
    """Change those of the keys that are where the change begins. Gives their rows."""
    changed: list[Row[Any]] = []
    for named in having(keys):
        statement = update(deliveries).where(named, from_where).values(values).returning(deliveries)
        changed.extend(connection.execute(statement))
    return changed
