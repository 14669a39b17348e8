"""What the ledger's lines say, as types. Nothing here needs a database, so that naming a type costs nothing.

Deliveries themselves are in `transforms.deliveries`: their planning is pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from config.errors import RefusedError
from config.months import Month
from transforms.deliveries import DeliveryKey, DeliveryState, NewDelivery

Origin = Literal["run", "backfill"]


class RunState(StrEnum):
    """Where a run stands. *Died*: its process is gone and it never said how it ended."""

    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    STOPPED = "stopped"
    DIED = "died"


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run: what kind (run, send, backfill …), of which month, part of which other run, and how it ended.

    `fault` is the kind of error only; `edition` the one it made, or was about to publish when it died; `host` and
    `pid` the process that runs it.
    """

    id: int
    kind: str
    month: Month | None
    parent: int | None
    state: RunState
    started_at: datetime
    ended_at: datetime | None
    edition: int | None
    fault: str
    host: str
    pid: int
    note: str


@dataclass(frozen=True, slots=True)
class EditionLine:
    """That an edition was published, and by what. Its manifest is the truth of what is in it."""

    month: Month
    number: int
    made_at: datetime
    manifest_sha256: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """Who released a report, when, and by which rule (empty: by hand)."""

    month: Month
    edition: int
    report_id: str
    by: str
    at: datetime
    rule: str


@dataclass(frozen=True, slots=True)
class Preparation:
    """An edition to be written into the ledger with its deliveries.

    `keys` are all deliveries that it stands for: whatever else is not out of its month has no place any more.
    `deliveries` are those to be written, none of a backfill's. `rule` is the company's rule, told, where it releases
    them, and `by` who that is.
    """

    edition: EditionLine
    keys: frozenset[DeliveryKey]
    deliveries: Sequence[NewDelivery] = ()
    by: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries are meant. What is None or empty leaves nothing out."""

    month: Month | None = None
    edition: int | None = None
    report_ids: Sequence[str] = ()
    recipients: Sequence[str] = ()
    states: Sequence[DeliveryState] = ()


class LostClaimError(RefusedError):
    """A sender settles a delivery that is not, or no longer, its own: somebody else has decided over it."""
