"""Deliver: release and mailing of editions, as commands and Prefect flows call them.

Does not belong here: what a stage does (`flows.stages.release`, `.sending`, `.prepare`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flows.clock import now_utc
from flows.execution import Caller, Progress, execute
from flows.stages.prepare import reconcile
from flows.stages.recording import recorded
from flows.stages.run import MonthRun
from flows.stages.sending import BATCH, Sending, Wanted, transport_of
from flows.stages.standing import Standings
from transforms.deliveries import DeliveryLine, DeliveryState, Hold


@dataclass(frozen=True)
class Delivered:
    """What came of mailing: how many were sent, failed and are uncertain, what is held, and why."""

    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    queued: int = 0
    held: tuple[DeliveryLine, ...] = ()
    """What was asked for and is held; not what a later edition took the place of."""
    faults: tuple[str, ...] = field(default=(), repr=False)
    note: str = ""


def deliver(
    run: MonthRun, wanted: Wanted, progress: Progress | None = None, clock: Callable[[], datetime] = now_utc
) -> Delivered:
    """Mail what is queued, with the caller the machine is configured for. `run` is of the month, or of the newest.

    Raises OutsideError where the mail server cannot be had; what is queued stays so.
    """
    return execute(
        "deliver",
        str(wanted.month or run.month),
        lambda call: deliver_with(run, wanted, call, clock),
        neutral_folder=run.state.root,
        progress=progress,
    )


def deliver_with(run: MonthRun, wanted: Wanted, call: Caller, clock: Callable[[], datetime] = now_utc) -> Delivered:
    """The stages of delivering: reconcile with the manifests, ask hr, look at each delivery again, mail in batches."""
    with recorded(run.config, run.state, "send", wanted.month, clock=clock) as record:
        ledger, standings = record.ledger, Standings(run)
        sending = Sending(run.config, run.state, ledger, transport_of(run.config, run.state), standings, clock=clock)
        call.one("look at the ledger", reconcile, run.state, ledger, run.config, clock(), wanted.month)
        call.one("settle what was left", sending.recover)
        note = ""
        if any(_may_go(line) for line in wanted.of(ledger, [DeliveryState.QUEUED, DeliveryState.HELD])):
            note = call.one("ask hr who may read", standings.today, clock()).note
            call.one("look at readers again", sending.recheck, wanted)
            _mail(sending, wanted, call)
        call.publish_table(f"deliveries-{wanted.month or run.month}", delivery_counts(wanted.of(ledger, DeliveryState)))
        return _delivered(sending, wanted, note)


def _mail(sending: Sending, wanted: Wanted, call: Caller) -> None:
    """Associates' own sheets first; managers' reports never before them."""
    with sending.alive(), sending.state.mailing(), sending.transport:
        sheets = sending.sheets(wanted)
        if sheets is not None:
            call.one("mail sheets", sending.send_some, sheets)
            sending.recheck(wanted)
        queued = len(wanted.of(sending.ledger, [DeliveryState.QUEUED]))
        batches: Sequence[tuple[Wanted, int | None]] = [(wanted, BATCH)] * (queued // BATCH) + [(wanted, None)]
        call.each("mail", sending.send_some, batches)


def _may_go(line: DeliveryLine) -> bool:
    return line.state is DeliveryState.QUEUED or line.hold is Hold.SHEET


def _delivered(sending: Sending, wanted: Wanted, note: str) -> Delivered:
    lines = wanted.of(sending.ledger, DeliveryState)
    return Delivered(
        sent=sending.outcomes["sent"],
        failed=sending.outcomes["failed"],
        uncertain=sending.outcomes["uncertain"],
        queued=sum(line.state is DeliveryState.QUEUED for line in lines),
        held=tuple(line for line in lines if line.state is DeliveryState.HELD and line.hold is not Hold.SUPERSEDED),
        faults=tuple(sending.faults),
        note=note,
    )


def delivery_counts(lines: Sequence[DeliveryLine]) -> list[dict[str, str | int]]:
    """One row a month and state: counts, nobody's address."""
    counts: dict[tuple[str, str, str], int] = {}
    for line in lines:
        place = (str(line.key.month), line.state.value, line.hold.value.replace("_", " ") if line.hold else "")
        counts[place] = counts.get(place, 0) + 1
    return [
        {"month": month, "state": state, "why": why, "deliveries": count}
        for (month, state, why), count in sorted(counts.items())
    ]
