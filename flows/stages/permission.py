"""Whether a delivery may go out now: it is of the newest edition, its reader may still read it, and sheets went first.

Does not belong here: what follows from it (`sending`, `lifting`), and the rules about readers (`transforms.readers`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from config.errors import YardstickError
from config.months import Month
from flows.stages.standing import Standings
from flows.state.editions import Edition, ReportEntry, read_edition
from flows.state.ledger import Ledger
from flows.state.paths import StateRoot
from transforms.deliveries import DeliveryKey, DeliveryLine, DeliveryState, Hold
from transforms.readers import Held, Standing
from transforms.report_model import ReportKind

_NOT_YET = (Hold.APPROVAL, Hold.WITHDRAWN, Hold.UNCHECKED)
"""Holds of a sheet that may still go out: its manager's report waits."""


@dataclass
class Editions:
    """The published editions, each manifest read once."""

    state: StateRoot
    _read: dict[tuple[Month, int], Edition] = field(default_factory=dict)

    def read(self, month: Month, number: int) -> Edition:
        """A published edition. Raises OutsideError where its manifest cannot be read."""
        if (month, number) not in self._read:
            self._read[month, number] = read_edition(self.state, month, number)
        return self._read[month, number]

    def newest(self, month: Month) -> Edition | None:
        """The newest edition there is at this moment."""
        numbers = self.state.edition_numbers(month)
        return self.read(month, numbers[-1]) if numbers else None

    def current(self, key: DeliveryKey) -> tuple[Edition, ReportEntry] | Held:
        """The month's newest edition and its line of the report, where the delivery is one of it; else why not."""
        try:
            newest = self.newest(key.month)
        except YardstickError as error:
            return Held(Hold.UNCHECKED, str(error))
        if newest is None or newest.number < key.edition:
            return Held(Hold.UNCHECKED, f"edition {key.edition} of {key.month} is not there")
        entry = newest.reports.get(key.report_id)
        if entry is None or entry.get("gone") or entry["edition"] != key.edition:
            return Held(Hold.SUPERSEDED, f"edition {newest.number} took its place")
        if key.recipient not in entry["recipients"]:
            return Held(Hold.SUPERSEDED, f"edition {newest.number} does not go to this reader")
        return newest, entry

    def held(self, key: DeliveryKey) -> Held | None:
        """Why a delivery is none of its month's newest edition; None where it is one of it."""
        found = self.current(key)
        return found if isinstance(found, Held) else None


@dataclass
class Permission:
    """Looks at deliveries just before they go out."""

    ledger: Ledger
    standings: Standings
    clock: Callable[[], datetime]
    editions: Editions

    def held(self, line: DeliveryLine) -> Held | None:
        """Why a delivery may not go out now; None where it may.

        Raises RefusedError where hr says nothing at all: that concerns every delivery.
        """
        self.standings.today(self.clock())
        found = self.editions.current(line.key)
        if isinstance(found, Held):
            return found
        newest, entry = found
        try:
            standing = self.standings.of(newest, self.clock())
        except YardstickError as error:  # of this month alone: others may go out
            return Held(Hold.UNCHECKED, str(error))
        kind = ReportKind(entry["kind"])
        return standing.held(kind, entry["unit_id"], line.key.recipient) or self._behind_sheets(newest, entry, standing)

    def sheets(self, lines: list[DeliveryLine]) -> list[str]:
        """Which of these deliveries' reports are associates' own sheets."""
        return sorted({line.key.report_id for line in lines if self._is_sheet(line.key)})

    def _is_sheet(self, key: DeliveryKey) -> bool:
        found = self.editions.current(key)
        return not isinstance(found, Held) and found[1]["kind"] == ReportKind.ASSOCIATE

    def _behind_sheets(self, newest: Edition, entry: ReportEntry, standing: Standing) -> Held | None:
        """A manager's report waits while a sheet of one of its people has not gone out."""
        if entry["kind"] != ReportKind.MANAGER:
            return None
        people = {
            one["report_id"]: one["unit_id"]
            for one in newest.manifest["reports"]
            if one["kind"] == ReportKind.ASSOCIATE and one["unit_id"] in standing.people(entry["unit_id"])
        }
        for line in self.ledger.deliveries(month=newest.month) if people else ():
            if line.key.report_id in people and _is_late(line) and self.editions.held(line.key) is None:
                return Held(Hold.SHEET, "an associate's own sheet has not gone out yet")
        return None


def _is_late(line: DeliveryLine) -> bool:
    waiting = line.state is DeliveryState.HELD and line.hold in _NOT_YET
    return waiting or line.state in (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.FAILED)
