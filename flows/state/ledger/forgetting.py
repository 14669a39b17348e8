"""Taking persons and old months out of the ledger.

What stays of a delivery that was made is that it was made: month, edition, state and times. Does not belong here:
who is to be forgotten, and after how long.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time

from sqlalchemy import Connection, String, case, cast, delete, func, literal, or_, select, update

from config.errors import RefusedError
from config.months import Month
from flows.state.ledger.schema import approvals, deliveries, editions, runs, senders
from transforms.deliveries import DeliveryState, Hold

GONE = "erased"


def person(connection: Connection, addresses: Sequence[str], now: datetime, report_ids: Sequence[str]) -> int:
    """Make the person's deliveries and approvals nobody's. Gives how many lines it changed."""
    written = _written(connection, addresses)
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
    changed += _who_decided(connection, written)
    about_them = approvals.c.report_id.in_(list(report_ids))
    return changed + connection.execute(update(approvals).where(about_them).values(report_id=GONE)).rowcount


def _who_decided(connection: Connection, names: Sequence[str]) -> int:
    by = connection.execute(update(approvals).where(approvals.c.by.in_(names)).values(by=GONE)).rowcount
    again = update(deliveries).where(deliveries.c.requeued_by.in_(names)).values(requeued_by=GONE)
    return by + connection.execute(again).rowcount


def _written(connection: Connection, addresses: Sequence[str]) -> list[str]:
    """The addresses as they are written in the ledger: capital letters make no other person."""
    meant = {address.strip().casefold() for address in addresses} - {""}
    columns = (deliveries.c.recipient, deliveries.c.requeued_by, approvals.c.by)
    found = {value for column in columns for value in connection.execute(select(column).distinct()).scalars()}
    return sorted(value for value in found if value.casefold() in meant)


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
