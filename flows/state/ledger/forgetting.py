"""Taking persons and old months out of the ledger.

What stays of a delivery that was made is that it was made: month, edition, state and times. Does not belong here:
who is to be forgotten, and after how long.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, time

from sqlalchemy import Column, Connection, String, case, cast, delete, func, literal, or_, select, update

from config.errors import RefusedError
from config.months import Month
from flows.state.ledger.schema import approvals, deliveries, editions, runs, senders
from transforms.deliveries import DeliveryState, Hold

GONE = "erased"


_TEXTS = (
    approvals.c.by, approvals.c.rule, deliveries.c.requeued_by, deliveries.c.reason, runs.c.note, runs.c.fault,
)  # fmt: skip
"""Where people write, or what they wrote is quoted."""


def person(
    connection: Connection,
    called: Sequence[str],
    now: datetime,
    report_ids: Sequence[str],
    masked: Callable[[str], str],
) -> int:
    """Make the person's deliveries and approvals nobody's. Gives how many lines it changed."""
    meant = {one.strip().casefold() for one in called} - {""}
    written = [one for one in _distinct(connection, deliveries.c.recipient) if _is(one, meant) or masked(one) != one]
    mine, about = deliveries.c.recipient.in_(written), deliveries.c.report_id.in_(list(report_ids))
    nobody = literal(f"{GONE}:") + cast(deliveries.c.id, String)
    going = select(func.count()).select_from(deliveries)
    if connection.execute(going.where(or_(mine, about), deliveries.c.state == DeliveryState.SENDING.value)).scalar():
        raise RefusedError(
            "A report of or to this person is being sent, or the sender died at it.",
            fix="Let yardstick send end, or settle what it left, then erase again.",
        )
    sent = deliveries.c.state == DeliveryState.SENT.value
    changed = connection.execute(
        update(deliveries)
        .where(or_(mine, about))
        .values(
            recipient=case((mine, nobody), else_=deliveries.c.recipient),
            report_id=case((about, nobody), else_=deliveries.c.report_id),
            message_id="",
            reason="",
            state=case((sent, deliveries.c.state), else_=DeliveryState.HELD.value),
            hold=case((sent, deliveries.c.hold), else_=Hold.ERASED.value),
            claimed_by=case((sent, deliveries.c.claimed_by), else_=None),
            changed_at=case((sent, deliveries.c.changed_at), else_=now),
            retry_at=None,
        )
    ).rowcount
    changed += _texts(connection, meant, masked)
    about_them = approvals.c.report_id.in_(list(report_ids))
    return changed + connection.execute(update(approvals).where(about_them).values(report_id=GONE)).rowcount


def _texts(connection: Connection, meant: Collection[str], masked: Callable[[str], str]) -> int:
    changed = 0
    for column in _TEXTS:
        for value in _distinct(connection, column):
            put = GONE if _is(value, meant) else masked(value)
            if put != value:
                there = update(column.table).where(column == value)
                changed += connection.execute(there.values({column.name: put})).rowcount
    return changed


def _is(text: str, meant: Collection[str]) -> bool:
    """Whether it is one of the person's names or addresses: capital letters make no other person."""
    return text.strip().casefold() in meant


def _distinct(connection: Connection, column: Column[str]) -> list[str]:
    return sorted(connection.execute(select(column).distinct()).scalars())


def before(connection: Connection, month: Month) -> int:
    """Delete what is of earlier months. Gives how many lines are gone."""
    old = deliveries.c.month < str(month)
    sending = select(func.count()).select_from(deliveries)
    if connection.execute(sending.where(old, deliveries.c.state == DeliveryState.SENDING.value)).scalar():
        raise RefusedError(
            f"Reports from before {month} are being sent, or the sender died at them.",
            fix="Let yardstick send end, or settle what it left, then run again.",
        )
    first_moment = datetime.combine(month.first_day, time(), UTC)
    ended = runs.c.ended_at.is_not(None)
    unused = senders.c.name.not_in(select(deliveries.c.claimed_by).where(deliveries.c.claimed_by.is_not(None)))
    return sum(
        connection.execute(statement).rowcount
        for statement in (
            delete(deliveries).where(old),
            delete(approvals).where(approvals.c.month < str(month)),
            delete(editions).where(editions.c.month < str(month)),
            delete(runs).where(ended, or_(runs.c.month < str(month), runs.c.month.is_(None)))
            .where(or_(runs.c.month.is_not(None), runs.c.started_at < first_moment)),
            delete(senders).where(unused, senders.c.ended_at < first_moment),
        )
    )  # fmt: skip
