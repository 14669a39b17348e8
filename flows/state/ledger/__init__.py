"""The ledger: runs, editions, approvals, deliveries and who sends them, in SQLite or PostgreSQL.

The truth for releases and deliveries; for what an edition contains it is the manifest. Naming a type here costs
nothing: the database's libraries are imported when a ledger is opened.
"""

from flows.state.ledger.ledger import Ledger
from flows.state.ledger.lines import (
    ApprovalLine,
    EditionLine,
    LostClaimError,
    Origin,
    Preparation,
    RunLine,
    RunState,
    Wanted,
)
from transforms.deliveries import DeliveryKey, DeliveryLine, DeliveryState, Hold, NewDelivery, message_id

__all__ = [
    "ApprovalLine",
    "DeliveryKey",
    "DeliveryLine",
    "DeliveryState",
    "EditionLine",
    "Hold",
    "Ledger",
    "LostClaimError",
    "NewDelivery",
    "Origin",
    "Preparation",
    "RunLine",
    "RunState",
    "Wanted",
    "message_id",
]
