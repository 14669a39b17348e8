"""Sending: what is queued goes out, one message a report and reader, each looked at once more before it goes.

The ledger says *sending* before a message's data goes out. Whatever happens after that is *sent*, *uncertain*, or
certainly not sent; nothing else. Does not belong here: how a message is carried (`flows.delivery`), release.
"""

import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from config.errors import OutsideError, RefusedError, YardstickError
from config.models import Config
from config.months import Month
from flows.clock import now_utc
from flows.delivery import Mail, MailServerError, Outbox, Result, SmtpTransport, Transport
from flows.stages.foreign import ForeignTerms
from flows.stages.lifting import lift
from flows.stages.mails import mail_for
from flows.stages.permission import Editions, Permission
from flows.stages.release import refuse_changed
from flows.stages.standing import Standings, organisation_of_edition
from flows.state.editions import Edition, ReportEntry
from flows.state.ledger import Ledger, LostClaimError
from flows.state.paths import StateRoot
from transforms.deliveries import DeliveryKey, DeliveryLine, DeliveryState, Hold
from transforms.scope import build_scope

__all__ = ["BATCH", "Sending", "Wanted", "lift", "transport_of"]

BATCH = 50
MINUTE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
UNREACHABLE = 4
"""So many times in a row the server may not be had before sending ends; what is queued stays so."""
BEAT_SECONDS = 60.0
"""Far less than the silence by which other hosts know a dead sender."""
OUTBOX = "outbox"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries are meant: of all months, or of one, of some reports, to some addresses."""

    month: Month | None = None
    reports: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()

    def of(self, ledger: Ledger, states: Iterable[DeliveryState]) -> list[DeliveryLine]:
        """The deliveries in these states."""
        return ledger.deliveries(
            month=self.month, states=tuple(states), report_ids=self.reports, recipients=self.recipients
        )


@dataclass
class Sending:
    """What one sender works with. `clock` and `sleep` are the entry point's.

    Without `standings` it only settles what others left: who may read is not known then.
    """

    config: Config
    state: StateRoot
    ledger: Ledger
    transport: Transport
    standings: Standings | None = None
    clock: Callable[[], datetime] = now_utc
    sleep: Callable[[float], None] = time.sleep
    sender: str = field(default_factory=lambda: f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}")
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    """What was wrong, a line a delivery that failed or is uncertain."""
    _read: dict[tuple[Month, int, str], str] = field(default_factory=dict)
    _scopes: dict[tuple[Month, int], ForeignTerms] = field(default_factory=dict)
    _unreachable: int = 0

    @cached_property
    def editions(self) -> Editions:
        """The published editions."""
        return Editions(self.state)

    @cached_property
    def permission(self) -> Permission:
        """Looks at each delivery before it goes out. Raises ValueError where nobody told who may read."""
        if self.standings is None:
            raise ValueError("nothing is sent without knowing who may read")
        return Permission(self.ledger, self.standings, self.clock, self.editions)

    def entry(self, key: DeliveryKey) -> ReportEntry:
        """The report's line in the manifest of its own edition. Raises RefusedError where it is not there."""
        entry = self.editions.read(key.month, key.edition).reports.get(key.report_id)
        if entry is None:
            raise RefusedError(f"Edition {key.edition} of {key.month} has no report {key.report_id}.")
        return entry

    @cached_property
    def per_minute(self) -> int | None:
        """So many messages a minute; None where there is no limit."""
        delivery = self.config.delivery
        return delivery.smtp.per_minute if delivery.transport == "smtp" and delivery.smtp else None

    @cached_property
    def attempts(self) -> int:
        """So often a message is tried."""
        smtp = self.config.delivery.smtp
        return smtp.attempts if smtp else 1

    def pause(self, attempts: int) -> timedelta:
        """The pause after so many attempts: twice as long each time."""
        smtp = self.config.delivery.smtp
        seconds = (smtp.pause_seconds if smtp else 0.0) * 2 ** max(attempts - 1, 0)
        return min(timedelta(seconds=seconds), LONGEST_PAUSE)

    # -- before ---------------------------------------------------------------------------------------------------

    def recover(self) -> None:
        """Settle what senders left that died: sent where that can be known, uncertain where it cannot.

        What had not begun to go out is queued again, or held where a later edition took its place.
        """
        for line in self.ledger.abandoned(self.clock()):
            was_sent = self._was_sent(line)
            held = self.editions.held(line.key) if was_sent is False else None
            begun = line.begun_at is not None
            with suppress(LostClaimError):  # another sender was as quick, or it lives and has just begun
                if held is not None:
                    self.ledger.withhold(
                        line.key, line.claimed_by, held.hold, held.reason, self.clock(), begun=begun
                    )  # fmt: skip
                    continue
                state = {True: DeliveryState.SENT, False: DeliveryState.QUEUED, None: DeliveryState.UNCERTAIN}[was_sent]
                reason = "the sender died while it went out" if was_sent is None else "found after its sender had died"
                self.ledger.settle(
                    line.key, line.claimed_by, state, reason, self.clock(), tried=was_sent is not False, begun=begun
                )
                if state is DeliveryState.UNCERTAIN:
                    self._note(line, state.value, reason)

    def _was_sent(self, line: DeliveryLine) -> bool | None:
        """Whether a dead sender's mail went out: by what its sender carried it, whatever carries mail by now."""
        if line.begun_at is None:
            return False
        if self.ledger.transport_of(line.claimed_by) != OUTBOX:
            return None
        return outbox_of(self.state).was_sent(line.message_id, line.key.month, line.key.edition)

    def recheck(self, wanted: Wanted) -> None:
        """Hold what may not go out now, and queue what waited for sheets alone that are out by now.

        Raises RefusedError where hr says nothing at all.
        """
        for line in wanted.of(self.ledger, [DeliveryState.QUEUED, DeliveryState.HELD]):
            if line.state is DeliveryState.HELD and line.hold is not Hold.SHEET:
                continue
            found = self.permission.held(line)
            if found is not None and found.hold is not line.hold:
                self.ledger.hold([line.key], found.hold, found.reason, self.clock())
            elif found is None and line.hold is Hold.SHEET:
                self.ledger.requeue([line.key], self.clock(), line.requeued_by, states=[DeliveryState.HELD])

    def sheets(self, wanted: Wanted) -> Wanted | None:
        """The associates' own sheets among what is queued; None where there is none."""
        names = self.permission.sheets(wanted.of(self.ledger, [DeliveryState.QUEUED]))
        return Wanted(wanted.month, tuple(names), wanted.recipients) if names else None

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Be a sender within the block, and say so every minute whatever it waits for: other hosts take one that is
        silent for dead.
        """
        self.ledger.begin_sender(self.sender, self.clock(), transport_name(self.config))
        ended = threading.Event()
        beating = threading.Thread(target=self._beat, args=(ended,), name="beat", daemon=True)
        beating.start()
        try:
            yield
        finally:
            ended.set()
            beating.join()
            self.ledger.end_sender(self.sender, self.clock())

    def _beat(self, ended: threading.Event) -> None:
        while not ended.wait(BEAT_SECONDS):
            with suppress(YardstickError):  # a database that is away for a moment: the next beat tells
                self.ledger.beat(self.sender, self.clock())

    # -- sending --------------------------------------------------------------------------------------------------

    def send_some(self, wanted: Wanted, most: int | None = None) -> int:
        """Send what is queued, at most so many messages; how many were settled. Waits for what is tried again.

        Raises OutsideError where the server cannot be had or refuses every message; what is queued stays so.
        """
        done = 0
        while most is None or done < most:
            lines = self.ledger.claim(
                self.sender, self.clock(), limit=1, month=wanted.month, report_ids=wanted.reports,
                recipients=wanted.recipients,
            )  # fmt: skip
            if lines:
                done += self._send_claimed(lines[0])
            elif not self._wait_for_next(wanted):
                break
        return done

    def _wait_for_next(self, wanted: Wanted) -> bool:
        """Sleep until the next delivery may be tried again; False where none is to be."""
        times = [line.retry_at for line in wanted.of(self.ledger, [DeliveryState.QUEUED]) if line.retry_at]
        if not times:
            return False
        seconds = (min(times) - self.clock()).total_seconds()
        self.sleep(min(max(seconds, 0.05), 60.0))
        return True

    def _send_claimed(self, line: DeliveryLine) -> int:
        """Look at one claimed delivery, send and settle it. Returns 1 where it is settled for good, else 0."""
        going = False

        def before_data() -> None:
            nonlocal going
            self.ledger.begin_text(line.key, self.sender, self.clock())
            going = True

        try:
            self._keep_pace()
            held = self.permission.held(line)
            if held is not None:
                self.ledger.withhold(line.key, self.sender, held.hold, held.reason, self.clock())
                return 1
            mail = self._mail_or_fault(line)
            result = mail if isinstance(mail, Result) else self.transport.send(mail, before_data)
        except LostClaimError:
            return 1  # before anything went out: whoever took it over settles it
        except MailServerError as error:
            self._give_back(line, "the mail server could not be had")
            self._unreachable += 1
            if not error.passing or self._unreachable >= UNREACHABLE:
                raise
            self.sleep(self.pause(self._unreachable).total_seconds())
            return 0
        except YardstickError:
            self._give_back(line, "not sent: a fault that concerns every message")
            raise
        except BaseException:
            # Stopped by hand, or a fault of ours: whether its text had begun to go out decides what can be known.
            if going:
                self._settle(line, DeliveryState.UNCERTAIN, "sending was stopped")
            else:
                self._give_back(line, "sending was stopped")
            raise
        self._unreachable = 0
        return self._settled(line, result)

    def _settled(self, line: DeliveryLine, result: Result) -> int:
        if result.outcome == "retry" and line.attempts < self.attempts:
            retry_at = self.clock() + self.pause(line.attempts)
            self._settle(line, DeliveryState.QUEUED, result.reason, retry_at)
            return 0
        outcome = "failed" if result.outcome == "retry" else result.outcome
        told = f"put off {line.attempts} times: " if result.outcome == "retry" else ""
        if self._settle(line, DeliveryState(outcome), f"{told}{result.reason}"):
            self._note(line, outcome, f"{told}{result.reason}")
        return 1

    def _note(self, line: DeliveryLine, outcome: str, reason: str) -> None:
        self.outcomes[outcome] += 1
        if outcome != "sent":
            key = line.key
            self.faults.append(f"{outcome}: {key.report_id} of {key.month} to {key.recipient}: {reason}")

    def _give_back(self, line: DeliveryLine, reason: str) -> None:
        """Queue a claim again of which nothing was learnt: it was no attempt."""
        with suppress(LostClaimError):
            self.ledger.settle(line.key, self.sender, DeliveryState.QUEUED, reason, self.clock(), tried=False)

    def _settle(self, line: DeliveryLine, state: DeliveryState, reason: str, retry_at: datetime | None = None) -> bool:
        """Write what came of a claim; False where another sender had taken this one for dead, and decided."""
        try:
            self.ledger.settle(line.key, self.sender, state, reason, self.clock(), retry_at=retry_at)
        except LostClaimError:
            self._note(line, "uncertain", f"this sender was taken for dead; what it saw: {state.value}, {reason}")
            return False
        return True

    def _keep_pace(self) -> None:
        """Wait until another message may go out; what other senders of the ledger sent in the minute counts."""
        if self.per_minute is None:
            return
        while True:
            now = self.clock()
            # The one at hand is going out already as far as the ledger knows.
            if self.ledger.sent_between(now - MINUTE, now) - 1 < self.per_minute:
                return
            self.sleep(min(60.0 / self.per_minute, 5.0))

    def _mail_or_fault(self, line: DeliveryLine) -> Mail | Result:
        """The mail, or what is wrong with this report alone: others may go out."""
        try:
            return self._mail(line)
        except YardstickError as error:
            return Result("failed", str(error))
        except Exception as error:  # noqa: BLE001 (one bad report stops no other)
            return Result("failed", f"a fault of our own ({type(error).__name__})")

    def _mail(self, line: DeliveryLine) -> Mail:
        key = line.key
        edition, entry = self.editions.read(key.month, key.edition), self.entry(key)
        fault = self._fault_of(edition, entry, line)
        if fault:
            raise RefusedError(fault)
        return mail_for(self.config, edition, entry, line)

    def _fault_of(self, edition: Edition, entry: ReportEntry, line: DeliveryLine) -> str:
        """What is wrong with a finished PDF; read once a report."""
        place = (edition.month, edition.number, entry["report_id"])
        if place not in self._read:
            self._read[place] = self._looked_at(edition, entry)
        if line.sha256 != entry["sha256"]:
            return "the ledger knows another PDF of this edition"
        return self._read[place]

    def _looked_at(self, edition: Edition, entry: ReportEntry) -> str:
        try:
            refuse_changed(edition, entry)
        except OutsideError as error:
            return str(error)
        if (edition.month, edition.number) not in self._scopes:
            scope = build_scope(organisation_of_edition(self.state, edition))
            self._scopes[edition.month, edition.number] = ForeignTerms(scope)
        shown = self._scopes[edition.month, edition.number].shown_in(edition.folder, entry)
        return "the PDF shows a name or id that its reader may not see" if shown else ""


def transport_of(config: Config, state: StateRoot, *, samples: bool = False) -> Transport:
    """How the company's mail is carried: the outbox, or its mail server."""
    smtp = config.delivery.smtp
    if smtp is None or transport_name(config) == OUTBOX:
        return outbox_of(state, samples=samples)
    return SmtpTransport(smtp, config.directory)


def transport_name(config: Config) -> str:
    """By what the company's mail is carried, for the ledger."""
    delivery = config.delivery
    return OUTBOX if delivery.smtp is None else delivery.transport


def outbox_of(state: StateRoot, *, samples: bool = False) -> Outbox:
    """The mails as files; samples lie apart: one to a reader's own address is not the mail that reader was sent."""
    return Outbox(state.root / "outbox", "samples" if samples else "")
