"""`yardstick approve`: a named person releases an edition, or single reports of it."""

import os
from pathlib import Path

import click

from config.errors import RefusedError, UsageError
from config.loader import load_config
from config.months import Month
from flows.cli.places import find_config, find_state
from flows.clock import now_utc
from flows.stages.recording import open_ledger
from flows.stages.release import Released, approve
from flows.state.editions import newest_edition, read_edition
from transforms.wording import counted

BY_VARIABLE = "YARDSTICK_APPROVER"
_HELD_SHOWN = 20


def approve_edition(
    month: Month,
    config_dir: Path | None,
    state_dir: Path | None,
    *,
    by: str | None,
    number: int | None,
    reports: tuple[str, ...],
) -> None:
    """Read the finished PDFs once more, then release them."""
    name = person(by)
    folder = find_config(config_dir, state_dir)
    state, config = find_state(state_dir, folder), load_config(folder)
    edition = newest_edition(state, month) if number is None else None
    if number is not None:
        if number not in state.edition_numbers(month):
            there = ", ".join(map(str, state.edition_numbers(month))) or "none"
            raise UsageError(f"There is no edition {number} of {month}.", fix=f"There is {there}.")
        edition = read_edition(state, month, number)
    if edition is None:
        raise RefusedError(f"There is no edition of {month} in {state.root}.", fix=f"Make it: yardstick run {month}")
    with open_ledger(config, state) as ledger:
        released = approve(state, ledger, config, edition, name, now_utc(), reports)
    _tell(month, released, name)


def person(by: str | None) -> str:
    """Who decides: told, or named by $YARDSTICK_APPROVER. Raises UsageError for nobody."""
    name = (by or os.environ.get(BY_VARIABLE) or "").strip()
    if not name or not name.isprintable():
        raise UsageError(
            "Nobody is named.",
            fix=f"Say who decides with --by NAME, or set {BY_VARIABLE}: it is kept with the release.",
        )
    return name


def _tell(month: Month, released: Released, name: str) -> None:
    if released.deliveries:
        reports = counted(released.reports, "report", "reports")
        queued = counted(released.deliveries, "delivery", "deliveries")
        click.echo(f"Edition {released.edition} of {month}: {reports} released by {name}, {queued} queued.")
        click.echo(f"Mail them: yardstick send {month}")
    else:
        click.echo(f"Edition {released.edition} of {month}: nothing waits for approval.")
    for line in released.still_held[:_HELD_SHOWN]:
        click.echo(f"Held: {line.key.report_id} to {line.key.recipient}: {line.reason}")
    if len(released.still_held) > _HELD_SHOWN:
        click.echo(f"… and {len(released.still_held) - _HELD_SHOWN} more held: yardstick status {month}")
    for report_id in released.without_reader:
        click.echo(f"No reader: {report_id} (hr has no address for its reader)")
