"""Sending: what is queued goes out, one message a report and reader, each looked at once more before it goes.

The ledger says *sending* before a message's data goes out. Whatever happens after that is *sent*, *uncertain*, or
certainly not sent; nothing else. Does not belong here: how a message is carried (`flows.delivery`), release.
"""

import socket
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from config.errors import OutsideError, RefusedError, YardstickError
from config.models import Config
from config.months import Month
from flows.clock import now_utc
from flows.delivery import Mail, MailServerError, Outbox, Result, SmtpTransport, Transport
from flows.stages.foreign import ForeignTerms
from flows.stages.mails import mail_for
from flows.stages.release import refuse_changed
from flows.stages.standing import organisation_of_edition
from flows.state.editions import Edition, ReportEntry, read_edition
from flows.state.ledger import Ledger, LostClaimError
from flows.state.paths import StateRoot
from transforms.deliveries import DeliveryKey, DeliveryLine, DeliveryState, Hold
from transforms.readers import Standing
from transforms.report_model import ReportKind
from transforms.scope import build_scope

BATCH = 50
MINUTE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
UNREACHABLE = 4
"""So many times in a row the server may not be had before sending ends; what is queued stays so."""
_AGAIN = frozenset({Hold.APPROVAL, Hold.SUPERSEDED, Hold.ERASED, Hold.WITHDRAWN})
"""Holds that no `resend` lifts."""


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
    """What one sender works with. `clock` and `sleep` are the entry point's."""

    config: Config
    state: StateRoot
    ledger: Ledger
    transport: Transport
    clock: Callable[[], datetime] = now_utc
    sleep: Callable[[float], None] = time.sleep
    sender: str = field(default_factory=lambda: f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}")
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    """What was wrong, a line a delivery that failed or is uncertain."""
    _editions: dict[tuple[Month, int], Edition] = field(default_factory=dict)
    _read: dict[tuple[Month, int, str], str] = field(default_factory=dict)
    _scopes: dict[tuple[Month, int], ForeignTerms] = field(default_factory=dict)
    _unreachable: int = 0

    def edition(self, month: Month, number: int) -> Edition:
        """A published edition, read once."""
        if (month, number) not in self._editions:
            self._editions[month, number] = read_edition(self.state, month, number)
        return self._editions[month, number]

    def entry(self, key: DeliveryKey) -> ReportEntry:
        """The report's line in the manifest. Raises RefusedError where it is not there."""
        entry = self.edition(key.month, key.edition).reports.get(key.report_id)
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
        """Settle what senders left that died: sent where that can be known, uncertain where it cannot."""
        for line in self.ledger.abandoned(self.clock()):
            key = line.key
            was_sent = self.transport.was_sent(line.message_id, key.month, key.edition)
            state = {True: DeliveryState.SENT, False: DeliveryState.QUEUED, None: DeliveryState.UNCERTAIN}[was_sent]
            reason = "the sender died while it went out" if was_sent is None else "found after its sender had died"
            with suppress(LostClaimError):  # another sender was as quick
                self.ledger.settle(key, line.claimed_by, state, reason, self.clock())
                if state is DeliveryState.UNCERTAIN:
                    self._note(line, state.value, reason)

    def recheck(self, wanted: Wanted, standings: Mapping[Month, Standing]) -> None:
        """Hold what may not go out today: its reader left or moved, opted out, or has an address not allowed."""
        for line in wanted.of(self.ledger, [DeliveryState.QUEUED]):
            try:
                entry = self.entry(line.key)
            except YardstickError:
                continue  # its files are gone or damaged: sending says so, of this report alone
            found = standings[line.key.month].held(ReportKind(entry["kind"]), entry["unit_id"], line.key.recipient)
            if found is not None:
                self.ledger.hold([line.key], found.hold, found.reason, self.clock())

    def hold_behind_sheets(self, wanted: Wanted) -> None:
        """Hold managers' reports while an associate's own sheet of the month has not gone out."""
        late = {
            line.key.month
            for line in self.ledger.deliveries(month=wanted.month)
            if _is_late(line) and self._kind(line.key) is ReportKind.ASSOCIATE
        }
        for line in wanted.of(self.ledger, [DeliveryState.QUEUED]):
            if line.key.month in late and self._kind(line.key) is ReportKind.MANAGER:
                self.ledger.hold([line.key], Hold.SHEET, "an associate's own sheet has not gone out yet", self.clock())

    def _kind(self, key: DeliveryKey) -> ReportKind | None:
        """None where its report, or its month, is no longer kept."""
        try:
            return ReportKind(self.entry(key)["kind"])
        except YardstickError:
            return None

    def sheets(self, wanted: Wanted) -> Wanted | None:
        """The associates' own sheets among what is queued; None where there is none."""
        names = {
            line.key.report_id
            for line in wanted.of(self.ledger, [DeliveryState.QUEUED])
            if self._kind(line.key) is ReportKind.ASSOCIATE
        }
        return Wanted(wanted.month, tuple(sorted(names)), wanted.recipients) if names else None

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
        self.ledger.beat(self.sender, self.clock())
        self.sleep(min(max(seconds, 0.05), 60.0))
        return True

    def _send_claimed(self, line: DeliveryLine) -> int:
        """Send one claimed delivery and settle it. Returns 1 where it is settled for good, else 0."""
        going = False

        def before_data() -> None:
            nonlocal going
            self.ledger.beat(self.sender, self.clock())
            going = True

        try:
            mail = self._mail(line)
        except YardstickError as error:  # of this report alone: others may go out
            return self._settled(line, Result("failed", str(error)))
        try:
            self._keep_pace()
            result = self.transport.send(mail, before_data)
        except MailServerError as error:
            self._settle(line, DeliveryState.QUEUED, "the mail server could not be had")
            self._unreachable += 1
            if not error.passing or self._unreachable >= UNREACHABLE:
                raise
            self.sleep(self.pause(self._unreachable).total_seconds())
            return 0
        except YardstickError:
            self._settle(line, DeliveryState.QUEUED, "not sent: a fault that concerns every message")
            raise
        except BaseException:
            # Stopped by hand, or a fault of ours: whether its text had begun to go out decides what can be known.
            state = DeliveryState.UNCERTAIN if going else DeliveryState.QUEUED
            self._settle(line, state, "sending was stopped")
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
        self._settle(line, DeliveryState(outcome), f"{told}{result.reason}")
        self._note(line, outcome, f"{told}{result.reason}")
        return 1

    def _note(self, line: DeliveryLine, outcome: str, reason: str) -> None:
        self.outcomes[outcome] += 1
        if outcome != "sent":
            key = line.key
            self.faults.append(f"{outcome}: {key.report_id} of {key.month} to {key.recipient}: {reason}")

    def _settle(self, line: DeliveryLine, state: DeliveryState, reason: str, retry_at: datetime | None = None) -> None:
        self.ledger.settle(line.key, self.sender, state, reason, self.clock(), retry_at=retry_at)

    def _keep_pace(self) -> None:
        """Wait until another message may go out; what other senders of the ledger sent in the minute counts."""
        if self.per_minute is None:
            return
        while True:
            now = self.clock()
            # The one at hand is going out already as far as the ledger knows.
            if self.ledger.sent_between(now - MINUTE, now) - 1 < self.per_minute:
                return
            self.ledger.beat(self.sender, now)
            self.sleep(min(60.0 / self.per_minute, 5.0))

    def _mail(self, line: DeliveryLine) -> Mail:
        key = line.key
        edition, entry = self.edition(key.month, key.edition), self.entry(key)
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


def _is_late(line: DeliveryLine) -> bool:
    waiting = line.state is DeliveryState.HELD and line.hold in (Hold.APPROVAL, Hold.WITHDRAWN)
    return waiting or line.state in (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.FAILED)


def transport_of(config: Config, state: StateRoot) -> Transport:
    """How the company's mail is carried: the outbox, or its mail server."""
    delivery = config.delivery
    if delivery.transport == "outbox" or delivery.smtp is None:
        return Outbox(state.root / "outbox")
    return SmtpTransport(delivery.smtp, config.directory)


def lift(
    ledger: Ledger, lines: Sequence[DeliveryLine], by: str, now: datetime, *, sent: bool = False
) -> list[DeliveryLine]:
    """Queue deliveries again that failed, are uncertain or held, and with `sent` those that went out.

    What was never released, waits for approval or was superseded is not; returns those that are queued now.
    """
    released = {(one.month, one.edition, one.report_id) for one in ledger.approvals()}
    wanted = [
        line
        for line in lines
        if line.hold not in _AGAIN
        and (sent or line.state is not DeliveryState.SENT)
        and (line.key.month, line.key.edition, line.key.report_id) in released
    ]
    ledger.requeue([line.key for line in wanted], now, by, sent=sent)
    return wanted
