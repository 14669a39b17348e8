"""What `yardstick status` says from the ledger: deliveries, approvals and runs, as tables and as JSON.

Does not belong here: editions (`looking`), whose truth is their manifest.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from config.errors import UsageError
from config.loader import load_config
from config.months import Month
from flows.cli.places import find_config
from flows.cli.terminal import console
from flows.clock import now_utc
from flows.state.ledger import ApprovalLine, Ledger, RunLine, RunState
from flows.state.paths import StateRoot
from transforms.deliveries import DeliveryLine, DeliveryState

_RUNS_SHOWN = 10
_OF_A_PERSON = (DeliveryState.FAILED, DeliveryState.UNCERTAIN, DeliveryState.HELD)


@dataclass(frozen=True)
class Seen:
    """The ledger's lines of a month, or of all."""

    deliveries: Sequence[DeliveryLine]
    approvals: Sequence[ApprovalLine]
    runs: Sequence[RunLine]


def seen(state: StateRoot, config_dir: Path | None, state_dir: Path | None, month: Month | None) -> Seen:
    """What the ledger has; nothing where none was ever opened."""
    url = _address(config_dir, state_dir)
    if url is None and not (state.root / "ledger.sqlite").is_file():
        return Seen((), (), ())
    with Ledger.open(url, state) as ledger:
        ledger.mark_dead_runs(now_utc())
        return Seen(ledger.deliveries(month=month), ledger.approvals(month), ledger.runs(month=month))


def _address(config_dir: Path | None, state_dir: Path | None) -> str | None:
    """The address in delivery.yaml. A configuration that is not found or cannot be read has none."""
    try:
        return load_config(find_config(config_dir, state_dir)).delivery.ledger
    except UsageError:
        if config_dir is not None:
            raise
        return None


def as_json(found: Seen) -> dict[str, Any]:
    """For programs. Times in UTC."""
    return {
        "deliveries": [
            {
                "month": str(line.key.month),
                "edition": line.key.edition,
                "report_id": line.key.report_id,
                "recipient": line.key.recipient,
                "state": line.state.value,
                "hold": line.hold.value if line.hold else None,
                "reason": line.reason,
                "message_id": line.message_id,
                "attempts": line.attempts,
                "queued_at": line.queued_at.isoformat() if line.queued_at else None,
                "changed_at": line.changed_at.isoformat(),
            }
            for line in found.deliveries
        ],
        "approvals": [
            {
                "month": str(line.month),
                "edition": line.edition,
                "report_id": line.report_id,
                "by": line.by,
                "at": line.at.isoformat(),
                "rule": line.rule,
            }
            for line in found.approvals
        ],
        "runs": [
            {
                "id": line.id,
                "kind": line.kind,
                "month": str(line.month) if line.month else None,
                "state": line.state.value,
                "started_at": line.started_at.isoformat(),
                "ended_at": line.ended_at.isoformat() if line.ended_at else None,
                "edition": line.edition,
                "fault": line.fault,
            }
            for line in found.runs
        ],
    }


def print_counts(found: Seen) -> None:
    """Deliveries by month and state, and runs that did not end well since the last that did."""
    counts = Counter((str(line.key.month), line.state) for line in found.deliveries)
    if counts:
        from rich.table import Table

        click.echo("\nDeliveries")
        table = Table(box=None, pad_edge=False)
        table.add_column("Month")
        for state in DeliveryState:
            table.add_column(state.value.capitalize(), justify="right")
        for month in sorted({month for month, _ in counts}):
            table.add_row(month, *(str(counts[month, state] or "") for state in DeliveryState))
        console().print(table)
    unwell = [line for line in found.runs if line.state not in (RunState.DONE, RunState.STOPPED)]
    for line in unwell[-_RUNS_SHOWN:]:
        what = f"{line.kind}{f' of {line.month}' if line.month else ''}"
        click.echo(
            f"Run {line.id} ({what}, {line.started_at:%Y-%m-%d %H:%M} UTC): {line.state.value} {line.fault}".rstrip()
        )


def print_details(found: Seen) -> None:
    """Each delivery of a month, with the reason where it is not simply sent, and who released."""
    from rich.markup import escape
    from rich.table import Table

    if found.deliveries:
        click.echo("\nDeliveries, each with the edition of its report")
        table = Table(box=None, pad_edge=False)
        for heading in ("Report", "Edition", "Reader", "State", "Why, or when (UTC)"):
            table.add_column(heading, justify="right" if heading == "Edition" else "left", overflow="fold")
        for line in found.deliveries:
            why = line.reason if line.state in _OF_A_PERSON else f"{line.changed_at:%Y-%m-%d %H:%M}"
            cells = (line.key.report_id, str(line.key.edition), line.key.recipient, line.state.value, why)
            table.add_row(*map(escape, cells))
        console().print(table)
    for by, at, rule, count in _approvals(found.approvals):
        told = f" ({rule})" if rule else ""
        click.echo(f"Released by {by}{told} on {at}: {count} report{'s' if count > 1 else ''}")


def _approvals(lines: Sequence[ApprovalLine]) -> list[tuple[str, str, str, int]]:
    counts = Counter((line.by, f"{line.at:%Y-%m-%d %H:%M} UTC", line.rule) for line in lines)
    return [(by, at, rule, count) for (by, at, rule), count in counts.items()]
