"""The ledger as the flows see it: every method is one transaction, times are aware and in UTC.

SQLAlchemy is imported when it is opened. Does not belong here: who may release, who a report goes to, or when a mail
is tried again.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from config.months import Month
from flows import locks
from flows.state.ledger.lines import ApprovalLine, EditionLine, Origin, Preparation, RunLine, RunState, Wanted
from flows.state.paths import StateRoot
from transforms.deliveries import DeliveryKey, DeliveryLine, DeliveryState, Hold, NewDelivery

if TYPE_CHECKING:
    from flows.state.ledger.database import Database


class Ledger:
    """An open ledger, for a `with` block; threads may share it.

    Every method raises OutsideError where the database fails.
    """

    def __init__(self, database: "Database", state: StateRoot) -> None:
        self._database, self._state = database, state
        self._sending: dict[str, locks.Lock] = {}

    @property
    def state(self) -> StateRoot:
        """The state root whose deliveries it keeps, with the editions they are of."""
        return self._state

    @classmethod
    def open(cls, url: str | None, state: StateRoot) -> "Ledger":
        """The ledger at a PostgreSQL address, which may name secrets, or without one in `<state>/ledger.sqlite`.

        Raises ConfigError for an address that is none, OutsideError where the database does not answer, is damaged,
        was written by a newer version, or cannot be given its tables.
        """
        from flows.state.ledger.opening import open_database

        return cls(open_database(url, state), state)

    def close(self) -> None:
        """Close the connections. Senders that have not ended are dead from now on."""
        for lock in self._sending.values():
            lock.release()
        self._sending.clear()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Runs

    def begin_run(
        self, kind: str, month: Month | None, now: datetime, parent: int | None = None, note: str = ""
    ) -> int:  # fmt: skip
        """Write that this process runs something, and hold a lock for it until `end_run`. Gives the run's number."""
        from flows.state.ledger import runs

        lock = runs.new_lock(self._state.root / "runs")
        try:
            number = self._database.write(
                lambda connection: runs.begin(connection, lock, kind, month, now, parent, note)
            )
        except BaseException:
            lock.release(remove=True)
            raise
        runs.keep(lock)
        return number

    def making(self, run_id: int, edition: int) -> None:
        """Write that a run is about to publish an edition: what the ledger saw being made nobody can have yet."""
        from flows.state.ledger import runs

        self._database.write(lambda connection: runs.making(connection, run_id, edition))

    def end_run(
        self, run_id: int, state: RunState, now: datetime, edition: int | None = None, fault: str = ""
    ) -> None:  # fmt: skip
        """Write how a run ended. `fault` is the kind of error, with nothing of a person."""
        from flows.state.ledger import runs

        runs.let_go(self._database.write(lambda connection: runs.end(connection, run_id, state, now, edition, fault)))

    def runs(
        self, kind: str | None = None, month: Month | None = None, state: RunState | None = None
    ) -> list[RunLine]:  # fmt: skip
        """The runs, oldest first."""
        from flows.state.ledger import runs

        return self._database.read(lambda connection: runs.lines(connection, kind, month, state))

    def mark_dead_runs(self, now: datetime) -> list[RunLine]:
        """Write *died* where a run of this host has no process any more. Gives those."""
        from flows.state.ledger import runs

        return self._database.write(lambda connection: runs.mark_dead(connection, now))

    # Editions and releases

    def add_edition(self, month: Month, number: int, made_at: datetime, manifest_sha256: str, origin: Origin) -> bool:
        """Write that an edition was published. False where that is written already."""
        from flows.state.ledger import editions

        line = EditionLine(month, number, made_at, manifest_sha256, origin)
        return self._database.write(lambda connection: editions.add(connection, line))

    def prepare(self, asked: Preparation, is_newest: Callable[[], bool], now: datetime) -> int:
        """Write an edition with its deliveries, hold what it takes the place of, and release what its rule says.

        `is_newest` is asked while nobody else prepares: of an edition that is not the newest of its month only the
        edition is written. Gives how many deliveries that were released no longer go out by it.
        """
        from flows.state.ledger import preparing

        return self._database.write(lambda connection: preparing.prepare(connection, asked, is_newest, now))

    def editions(self, month: Month | None = None) -> list[EditionLine]:
        """The editions, by month and number."""
        from flows.state.ledger import editions

        return self._database.read(lambda connection: editions.lines(connection, month))

    def release(self, keys: Sequence[DeliveryKey], by: str, now: datetime, rule: str = "") -> int:
        """Queue those that wait for approval, and write who approved: a line a report. Gives how many were queued."""
        from flows.state.ledger import deliveries

        return self._database.write(lambda connection: deliveries.release(connection, keys, by, now, rule))

    def approvals(self, month: Month | None = None) -> list[ApprovalLine]:
        """The approvals, in the order they were given."""
        from flows.state.ledger import editions

        return self._database.read(lambda connection: editions.approved(connection, month))

    # Deliveries

    def add_deliveries(self, lines: Sequence[NewDelivery]) -> int:
        """Write deliveries. Those whose key is there already stay as they are. Gives how many were new."""
        from flows.state.ledger import deliveries

        return self._database.write(lambda connection: deliveries.add(connection, lines))

    def deliveries(
        self,
        month: Month | None = None,
        edition: int | None = None,
        states: Sequence[DeliveryState] = (),
        report_ids: Sequence[str] = (),
        recipients: Sequence[str] = (),
    ) -> list[DeliveryLine]:
        """The deliveries, by key. What is None or empty leaves nothing out."""
        from flows.state.ledger import deliveries

        wanted = Wanted(month, edition, report_ids, recipients, states)
        return self._database.read(lambda connection: deliveries.lines(connection, wanted))

    def hold(self, keys: Sequence[DeliveryKey], hold: Hold, reason: str, now: datetime) -> int:
        """Hold those that are queued, failed, or held for something else. Gives how many.

        What is uncertain is held for good only (superseded, withdrawn, erased): its reader may have it.
        """
        from flows.state.ledger import deliveries

        return self._database.write(lambda connection: deliveries.hold(connection, keys, hold, reason, now))

    def requeue(
        self,
        keys: Sequence[DeliveryKey],
        now: datetime,
        by: str,
        *,
        sent: bool = False,
        states: Sequence[DeliveryState] = (DeliveryState.FAILED, DeliveryState.UNCERTAIN, DeliveryState.HELD),
    ) -> int:
        """Queue again what is in one of these `states`, for `by`; with `sent` also what was sent. Gives how many.

        Attempts count anew. Not what is being sent, waits for approval or was erased. Other holds are the caller's to
        judge.
        """
        from flows.state.ledger import deliveries

        from_where = (*states, DeliveryState.SENT) if sent else states
        return self._database.write(lambda connection: deliveries.requeue(connection, keys, now, by, from_where))

    def claim(
        self,
        sender: str,
        now: datetime,
        limit: int = 1,
        month: Month | None = None,
        edition: int | None = None,
        report_ids: Sequence[str] = (),
        recipients: Sequence[str] = (),
    ) -> list[DeliveryLine]:
        """Take up to `limit` queued deliveries for a sender that has begun; nobody else gets them.

        They are *sending*, and that is committed, when this returns. Those tried least come first, then by the order
        they were added; none whose `retry_at` is later than `now`.
        """
        from flows.state.ledger import deliveries

        wanted = Wanted(month, edition, report_ids, recipients)
        return self._database.write(lambda connection: deliveries.claim(connection, sender, now, limit, wanted))

    def begin_text(self, key: DeliveryKey, sender: str, now: datetime) -> None:
        """Write that the text of a claim is about to go out, and that its sender lives.

        Raises LostClaimError, before anything has gone out, where the delivery is not this sender's any more.
        """
        from flows.state.ledger import deliveries

        self._database.write(lambda connection: deliveries.begin_text(connection, key, sender, now))

    def settle(
        self,
        key: DeliveryKey,
        sender: str,
        state: DeliveryState,
        reason: str,
        now: datetime,
        retry_at: datetime | None = None,
        *,
        tried: bool = True,
        begun: bool | None = None,
    ) -> None:
        """Write what came of a claim: sent, failed, uncertain, or queued again, then not claimed before `retry_at`.

        `tried` is False where nothing was learnt of the message: it does not count as an attempt. With `begun` it is
        settled only while its text had, or had not, begun to go out. Raises LostClaimError where the delivery is not
        being sent so, or by another sender.
        """
        from flows.state.ledger import deliveries

        how = deliveries.How(retry_at, tried, begun)
        self._database.write(lambda connection: deliveries.settle(connection, key, sender, state, reason, now, how))

    def withhold(
        self, key: DeliveryKey, sender: str, hold: Hold, reason: str, now: datetime, *, begun: bool | None = False
    ) -> None:
        """Hold a claim instead of sending it: it does not count as an attempt. `begun` and errors as for `settle`."""
        from flows.state.ledger import deliveries

        how = deliveries.How(tried=False, begun=begun)
        self._database.write(lambda connection: deliveries.withhold(connection, key, sender, hold, reason, now, how))

    def sent_between(self, start: datetime, end: datetime) -> int:
        """How many went out, may have, or are going out, by all senders, from `start` on and before `end`."""
        from flows.state.ledger import deliveries

        return self._database.read(lambda connection: deliveries.sent_between(connection, start, end))

    # Senders

    def begin_sender(self, sender: str, now: datetime, transport: str = "") -> None:
        """Write that this process sends, and how, and hold the sender's lock until `end_sender` or `close`.

        A name is used once. Raises RefusedError where it was used.
        """
        from flows.state.ledger import senders

        lock = locks.take(self._state.root / "senders" / locks.file_name(sender))
        try:
            self._database.write(lambda connection: senders.begin(connection, sender, lock.path, now, transport))
        except BaseException:
            lock.release()
            raise
        self._sending[sender] = lock

    def beat(self, sender: str, now: datetime) -> None:
        """Write that a sender lives: other hosts can tell by nothing else. At least every few minutes."""
        from flows.state.ledger import senders

        self._database.write(lambda connection: senders.beat(connection, sender, now))

    def end_sender(self, sender: str, now: datetime) -> None:
        """Write that a sender has ended. What it has not settled is abandoned."""
        from flows.state.ledger import senders

        self._database.write(lambda connection: senders.end(connection, sender, now))
        if lock := self._sending.pop(sender, None):
            lock.release(remove=True)

    def transport_of(self, sender: str) -> str:
        """How a sender carries mail, as it said when it began; empty where it did not."""
        from flows.state.ledger import senders

        return self._database.read(lambda connection: senders.transport(connection, sender))

    def abandoned(self, now: datetime) -> list[DeliveryLine]:
        """Deliveries that are being sent by a sender that is dead, by key. `settle` them in its name."""
        from flows.state.ledger import senders

        dead = self._database.read(lambda connection: senders.dead(connection, now))
        return self._database.read(lambda connection: senders.unsettled(connection, dead)) if dead else []

    # Forgetting

    def forget_person(
        self,
        called: Sequence[str],
        now: datetime,
        report_ids: Sequence[str] = (),
        masked: Callable[[str], str] = str,
    ) -> int:
        """Make what was sent to somebody of these names and addresses, and the reports about them, nobody's. Gives how
        many lines.

        `masked` gives any other text without the person, as who approved with a title; a recipient whom it changes is
        the person, too. What was not sent is held as erased. Raises RefusedError, with nothing changed, while one is
        being sent.
        """
        from flows.state.ledger import forgetting

        changed = self._database.write(
            lambda connection: forgetting.person(connection, called, now, report_ids, masked)
        )
        self._database.forget_what_was_overwritten()
        return changed

    def forget_before(self, month: Month) -> int:
        """Delete everything of earlier months. Gives how many lines. Raises RefusedError while one is being sent."""
        from flows.state.ledger import forgetting

        deleted = self._database.write(lambda connection: forgetting.before(connection, month))
        self._database.forget_what_was_overwritten()
        return deleted
