"""What a delivery is: one report to one recipient, its states, why it is held, and its message's identity.

Pure types. Does not belong here: the ledger that keeps deliveries, who a report goes to, or how a message is built.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from config.months import Month

_DIGEST_CHARACTERS = 32


class DeliveryState(StrEnum):
    """Where a delivery stands. *Uncertain*: the data went out and no answer came; only a person may send it again."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    HELD = "held"


class Hold(StrEnum):
    """Why a delivery is held."""

    APPROVAL = "approval"
    SUPERSEDED = "superseded"
    LEFT = "left"
    MOVED = "moved"
    DOMAIN = "domain"
    OPT_OUT = "opt_out"
    SMALL_CHANGE = "small_change"
    NO_ADDRESS = "no_address"
    WITHDRAWN = "withdrawn"
    SHEET = "sheet"
    ERASED = "erased"
    UNCHECKED = "unchecked"
    """Nobody can say who may read it: hr or the configuration of its month is gone."""


@dataclass(frozen=True, slots=True, order=True)
class DeliveryKey:
    """What makes a delivery the one it is. `edition` is the one in which the report last changed."""

    month: Month
    edition: int
    report_id: str
    recipient: str


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery to be written into the ledger at `now`: queued, or held for `hold`.

    `sha256` is that of the PDF. Raises ValueError for another state, and for a hold without held or the reverse.
    """

    key: DeliveryKey
    state: DeliveryState
    hold: Hold | None
    reason: str
    message_id: str
    sha256: str
    now: datetime

    def __post_init__(self) -> None:
        if self.state not in (DeliveryState.QUEUED, DeliveryState.HELD):
            raise ValueError(f"a delivery begins queued or held, not {self.state}")
        if (self.state is DeliveryState.HELD) != (self.hold is not None):
            raise ValueError("a held delivery says why it is held, and no other does")


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery as the ledger has it; times are aware, in UTC.

    `queued_at` is None while it was never queued, `attempts` counts how often it was offered to be carried (the claim
    at hand too), `claimed_by` is the sender that has it or had it last (empty while queued or held), `retry_at` the
    time before which it is not tried again, `requeued_by` who asked for it to be sent again. `begun_at` is when its
    text began to go out under the last claim, None where it did not; `out_at` when it first went out or may have,
    whatever was decided over it since.
    """

    key: DeliveryKey
    state: DeliveryState
    hold: Hold | None
    reason: str
    message_id: str
    sha256: str
    queued_at: datetime | None
    changed_at: datetime
    attempts: int
    claimed_by: str
    retry_at: datetime | None = None
    requeued_by: str = ""
    begun_at: datetime | None = None
    out_at: datetime | None = None

    @property
    def may_be_there(self) -> bool:
        """Whether the reader has this copy, or may have, or is just being sent it."""
        return self.out_at is not None or self.state is DeliveryState.SENDING


def message_id(key: DeliveryKey, domain: str) -> str:
    """The Message-ID of a delivery: the same for the same key, another for any other. `domain` is ASCII."""
    named = json.dumps([str(key.month), key.edition, key.report_id, key.recipient])
    return f"<yardstick.{hashlib.sha256(named.encode()).hexdigest()[:_DIGEST_CHARACTERS]}@{domain}>"
