"""`yardstick backfill`: a range of months, and what changed against the editions that were there."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from config.months import Month
from flows.backfill import BackfillOutcome, MonthOutcome, backfill_months
from flows.cli.places import find_config, find_state, remember
from flows.cli.terminal import bars, console
from flows.clock import now_utc
from flows.stages.run import MonthRun
from transforms.wording import counted

_REFUSED = 1


@dataclass(frozen=True, slots=True)
class _Options:
    dry_run: bool
    mail: bool
    workers: int | None
    as_json: bool


def backfill(
    first: Month, last: Month, config_dir: Path | None, state_dir: Path | None, asked: Mapping[str, Any]
) -> None:
    """Make the months and say what came of each."""
    options = _Options(**asked)
    folder = find_config(config_dir, state_dir)
    state = find_state(state_dir, folder)
    run = MonthRun(month=last, config_dir=folder, state=state, pulled_at=now_utc(), workers=options.workers)
    remember(state, folder)
    started = time.monotonic()
    with bars() as progress:
        outcome = backfill_months(run, first, last, dry_run=options.dry_run, mail=options.mail, progress=progress)
    if options.as_json:
        click.echo(json.dumps([_plain(one) for one in outcome.months], indent=1))
    else:
        _print(outcome, time.monotonic() - started)
    for one in outcome.failed:
        click.echo(f"yardstick: {one.month}: {one.fault}", err=True)
    if outcome.failed:
        raise SystemExit(_REFUSED)


def _plain(one: MonthOutcome) -> dict[str, Any]:
    return {**asdict(one), "month": str(one.month)}


def _print(outcome: BackfillOutcome, seconds: float) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    headings = ["Month", "Edition", "Reports new or changed", "Unchanged"]
    if not outcome.dry_run:
        headings += ["Figures", "Statuses", "Expectations", "Recipients"]
    for heading in (*headings, ""):
        table.add_column(heading, justify="left" if heading in ("Month", "") else "right")
    for one in outcome.months:
        table.add_row(*_row(one, dry_run=outcome.dry_run))
    console().print(table)
    new = sum(one.new for one in outcome.months)
    would = "would be made" if outcome.dry_run else "made"
    click.echo(f"{counted(new, 'edition', 'editions')} {would}, in {seconds:.1f} s. Nothing was mailed.")
    for line in _deliveries(outcome):
        click.echo(line)
    changed = next((one.month for one in outcome.months if one.new and not one.first), None)
    if changed is not None and not outcome.dry_run:
        click.echo(f"What changed in a month: yardstick diff {changed}")


def _deliveries(outcome: BackfillOutcome) -> Iterator[str]:
    """What is to be mailed of these months, and what no longer is: a line a month."""
    for one in outcome.months:
        if one.stopped:
            were = counted(one.stopped, "released delivery", "released deliveries")
            yield f"{one.month}: edition {one.edition} took the place of {were}, not mailed yet."
        if one.waiting:
            waits = counted(one.waiting, "delivery waits", "deliveries wait")
            yield f"{one.month}: {waits} for approval: yardstick approve {one.month} --by NAME"
        elif one.stopped:
            yield f"{one.month}: mail that edition instead: yardstick approve {one.month} --by NAME"
        if one.queued:
            queued = counted(one.queued, "delivery is", "deliveries are")
            yield f"{one.month}: {queued} queued. Mail: yardstick send {one.month}"


def _row(one: MonthOutcome, *, dry_run: bool) -> list[str]:
    reports = [str(one.made), str(one.kept)] if not (one.resumed or one.fault) else ["", ""]
    changes = [] if dry_run else [""] * 4
    if one.new and not one.first and not dry_run:
        changes = [str(one.figures), str(one.statuses), str(one.expectations), str(one.recipients)]
    return [str(one.month), str(one.edition or ""), *reports, *changes, _note(one)]


def _note(one: MonthOutcome) -> str:
    if one.fault:
        return "not made"
    if one.resumed:
        return "made before the interruption"
    if not one.new:
        return "unchanged"
    return "first edition" if one.first else ""
