"""`yardstick send` and `yardstick resend`: mail what is released, what is left, or what a person asks for again."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from config.errors import OutsideError, RefusedError, UsageError
from config.faults import did_you_mean
from config.months import Month
from flows.cli.places import find_config, find_state
from flows.cli.releasing import person
from flows.cli.terminal import bars
from flows.clock import now_utc
from flows.deliver import Delivered, deliver
from flows.stages.lifting import lift, refusals
from flows.stages.permission import Editions, Permission
from flows.stages.recording import open_ledger
from flows.stages.run import MonthRun
from flows.stages.samples import send_sample
from flows.stages.sending import Wanted
from flows.stages.standing import Standings
from flows.state.editions import newest_edition
from flows.state.paths import StateRoot
from transforms.deliveries import DeliveryLine, DeliveryState, Hold
from transforms.wording import counted

_SHOWN = 20
_OUTSIDE = 3


def send(
    month: Month | None,
    config_dir: Path | None,
    state_dir: Path | None,
    *,
    reports: tuple[str, ...] = (),
    to_me: str | None = None,
    dry_run: bool = False,
) -> None:
    """Mail what is queued, or a sample to the operator."""
    run = _run(month, config_dir, state_dir)
    if to_me is not None:
        if month is None:
            raise UsageError("Of which month?", fix="Name it: yardstick send 2026-10 --to-me you@example.com")
        for line in send_sample(run, to_me, reports, now_utc(), dry_run=dry_run):
            click.echo(line)
        return
    _refuse_unknown(run.state, month, reports)
    wanted = Wanted(month, reports)
    if dry_run:
        _tell_queued(run, wanted)
        return
    _deliver(run, wanted)


@dataclass(frozen=True, slots=True)
class Again:
    """What a person asks for again: states, readers (alone: also what was sent), reports; and who asks."""

    failed: bool
    uncertain: bool
    held: bool
    to: tuple[str, ...]
    reports: tuple[str, ...]
    by: str | None

    def states(self) -> list[DeliveryState]:
        """The states meant. Raises UsageError where nothing is asked for."""
        asked = [
            (self.failed, DeliveryState.FAILED), (self.uncertain, DeliveryState.UNCERTAIN),
            (self.held, DeliveryState.HELD),
        ]  # fmt: skip
        states = [state for wanted, state in asked if wanted]
        if not states and not self.to:
            fix = "Say what: --failed, --uncertain, --held, or --to ADDRESS (also sent before)."
            raise UsageError("Nothing is asked for again.", fix=fix)
        return states or [DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNCERTAIN, DeliveryState.HELD]


def resend(month: Month, config_dir: Path | None, state_dir: Path | None, asked: Mapping[str, Any]) -> None:
    """Queue again what a person asks for, and mail it."""
    again = Again(**asked)
    states = again.states()
    name = person(again.by) if again.uncertain or again.to else (again.by or "operator")
    run = _run(month, config_dir, state_dir)
    _refuse_unknown(run.state, month, again.reports)
    wanted = Wanted(month, again.reports, again.to)
    with open_ledger(run.config, run.state) as ledger:
        lines = [line for line in wanted.of(ledger, states) if line.hold is not Hold.SUPERSEDED]
        kept = refusals(ledger, lines, sent=bool(again.to))
        queued = lift(ledger, lines, name, now_utc(), sent=bool(again.to))
    for key, why in list(kept.items())[:_SHOWN]:
        click.echo(f"Not queued: {key.report_id} to {key.recipient}: {why}")
    if not queued:
        raise RefusedError(f"Nothing of {month} is to be sent again.", fix=f"Look: yardstick status {month}")
    click.echo(f"{counted(len(queued), 'delivery', 'deliveries')} queued again.")
    _deliver(run, Wanted(month, again.reports, tuple(sorted({line.key.recipient for line in queued}))))


def _run(month: Month | None, config_dir: Path | None, state_dir: Path | None) -> MonthRun:
    folder = find_config(config_dir, state_dir)
    state = find_state(state_dir, folder)
    there = state.months_with_editions()
    if not there or (month is not None and month not in there):
        raise RefusedError(
            f"There is no edition{f' of {month}' if month else ''} in {state.root}.",
            fix=f"Make it: yardstick run {month or 'MONTH'}",
        )
    return MonthRun(month=month or there[-1], config_dir=folder, state=state, pulled_at=now_utc())


def _refuse_unknown(state: StateRoot, month: Month | None, reports: Sequence[str]) -> None:
    """Raise UsageError for a report that no edition meant has."""
    known: set[str] = set()
    for each in [month] if month else state.months_with_editions():
        with suppress(OutsideError):  # a month whose manifest is damaged is told of when it is sent
            edition = newest_edition(state, each)
            known |= set(edition.reports if edition else ())
    for report_id in reports:
        if report_id not in known:
            of = f"The newest edition of {month} has no" if month else "No month's newest edition has a"
            fix = did_you_mean(report_id, sorted(known), what="There are")
            raise UsageError(f"{of} report “{report_id}”.", fix=fix)


def _deliver(run: MonthRun, wanted: Wanted) -> None:
    with bars() as progress:
        delivered = deliver(run, wanted, progress)
    _tell(run.state, wanted, delivered, outbox=run.config.delivery.transport == "outbox")
    if delivered.failed or delivered.uncertain:
        raise SystemExit(_OUTSIDE)


def _tell(state: StateRoot, wanted: Wanted, delivered: Delivered, *, outbox: bool) -> None:
    if delivered.note:
        click.echo(f"yardstick: {delivered.note}", err=True)
    where = f" to {state.root / 'outbox'} (files, no mail server)" if outbox else ""
    parts = [f"{delivered.sent} sent{where}"]
    parts += [
        f"{count} {word}"
        for count, word in (
            (delivered.failed, "failed"), (delivered.uncertain, "uncertain"), (delivered.queued, "still queued"),
            (len(delivered.held), "held"),
        )
        if count
    ]  # fmt: skip
    click.echo(", ".join(parts) + ".")
    for fault in delivered.faults[:_SHOWN]:
        click.echo(f"yardstick: {fault}", err=True)
    _tell_held(delivered.held)
    month = wanted.month or "MONTH"
    if delivered.failed:
        click.echo(f"Again: yardstick resend {month} --failed", err=True)
    if delivered.uncertain:
        click.echo(
            "Uncertain means that the server may have it: ask the reader or look at its log, then "
            f"yardstick resend {month} --uncertain --by NAME",
            err=True,
        )


def _tell_held(lines: tuple[DeliveryLine, ...]) -> None:
    for line in lines[:_SHOWN]:
        click.echo(f"Held: {line.key.report_id} to {line.key.recipient}: {line.reason}")
    if len(lines) > _SHOWN:
        click.echo(f"… and {len(lines) - _SHOWN} more held: yardstick status MONTH")


def _tell_queued(run: MonthRun, wanted: Wanted) -> None:
    """Each queued delivery, looked at as sending would."""
    standings = Standings(run)
    with open_ledger(run.config, run.state) as ledger:
        permission = Permission(ledger, standings, now_utc, Editions(run.state))
        lines = wanted.of(ledger, [DeliveryState.QUEUED])
        held = {line.key: found for line in lines if (found := permission.held(line)) is not None}
    if lines and (note := standings.today(now_utc()).note):
        click.echo(f"yardstick: {note}", err=True)
    for line in lines:
        what = f"{line.key.report_id} of {line.key.month} to {line.key.recipient}"
        found = held.get(line.key)
        click.echo(f"Would hold: {what}: {found.reason}" if found else f"Would send: {what}")
    would = f", of which {len(held)} would be held" if held else ""
    click.echo(f"{counted(len(lines), 'delivery is', 'deliveries are')} queued{would}; nothing was sent.")
