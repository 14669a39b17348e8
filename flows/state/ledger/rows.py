"""Between the ledger's rows and its lines: keys, filters and texts, the same for every table."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, tuple_

from config.months import Month
from flows.state.ledger.lines import Wanted
from flows.state.ledger.schema import deliveries
from transforms.deliveries import DeliveryKey, DeliveryLine, DeliveryState, Hold

_AT_ONCE = 500
"""Keys in one statement: SQLite takes 32,766 values, of which a key is four."""
_LONGEST_TEXT = 500
KEY_COLUMNS = (deliveries.c.month, deliveries.c.edition, deliveries.c.report_id, deliveries.c.recipient)


def plain(text: str) -> str:
    """A text as it is kept: one printable line, cut where it is long. A server's words may be anything."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(shown.split())[:_LONGEST_TEXT]


def having(keys: Sequence[DeliveryKey]) -> Iterator[ColumnElement[bool]]:
    """Conditions that together name the deliveries of these keys, in the keys' order."""
    values = [(str(key.month), key.edition, key.report_id, key.recipient) for key in sorted(set(keys))]
    for start in range(0, len(values), _AT_ONCE):
        yield tuple_(*KEY_COLUMNS).in_(values[start : start + _AT_ONCE])


def matching(wanted: Wanted) -> ColumnElement[bool]:
    """The condition for what is wanted."""
    conditions: list[ColumnElement[bool]] = [deliveries.c.id > 0]
    if wanted.month is not None:
        conditions.append(deliveries.c.month == str(wanted.month))
    if wanted.edition is not None:
        conditions.append(deliveries.c.edition == wanted.edition)
    if wanted.states:
        conditions.append(deliveries.c.state.in_([str(state) for state in wanted.states]))
    if wanted.report_ids:
        conditions.append(deliveries.c.report_id.in_(list(wanted.report_ids)))
    if wanted.recipients:
        conditions.append(deliveries.c.recipient.in_(list(wanted.recipients)))
    return and_(*conditions)


def delivery_line(row: Row[Any]) -> DeliveryLine:
    """A row of deliveries."""
    return DeliveryLine(
        key=DeliveryKey(Month.parse(row.month), row.edition, row.report_id, row.recipient),
        state=DeliveryState(row.state),
        hold=None if row.hold is None else Hold(row.hold),
        reason=row.reason,
        message_id=row.message_id,
        sha256=row.sha256,
        queued_at=row.queued_at,
        changed_at=row.changed_at,
        attempts=row.attempts,
        claimed_by=row.claimed_by or "",
        retry_at=row.retry_at,
        requeued_by=row.requeued_by,
        begun_at=row.begun_at,
        out_at=row.out_at,
    )
