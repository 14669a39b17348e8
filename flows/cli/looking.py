"""`yardstick preview` and `yardstick status`."""

import json
import webbrowser
from pathlib import Path
from typing import Any

import click

from config.errors import RefusedError
from config.months import Month
from flows.cli import ledger_seen
from flows.cli.places import find_config, find_state, find_state_only
from flows.cli.terminal import bars, console
from flows.clock import now_utc
from flows.state.editions import Edition, read_edition
from flows.state.paths import StateRoot


def preview(
    month: Month, unit: str, config_dir: Path | None, state_dir: Path | None, *, show: bool, serve: bool, port: int
) -> None:
    """Make one report, then open or serve it."""
    from flows.preview import make_preview, serve_preview
    from flows.stages.run import MonthRun

    folder = find_config(config_dir, state_dir)
    run = MonthRun(month, folder, find_state(state_dir, folder), now_utc())
    if serve:

        def ready(address: str) -> None:
            click.echo(f"{address} (the PDF: {address}report.pdf). It is made again on every save. Ctrl-C ends it.")
            if show:
                webbrowser.open(address)

        serve_preview(run, unit, port, ready)
        return
    with bars() as progress:
        made = make_preview(run, unit, progress)
    click.echo(f"Page: {made.html}\nPDF:  {made.pdf}")
    if show:
        webbrowser.open(made.html.as_uri())


def status(month: Month | None, config_dir: Path | None, state_dir: Path | None, *, as_json: bool) -> None:
    """Print the editions of all months with what became of them, or of one month in detail."""
    state = find_state_only(state_dir, config_dir)
    found = ledger_seen.seen(state, config_dir, state_dir, month)
    months = [month] if month else state.months_with_editions()
    editions = [read_edition(state, each, number) for each in months for number in state.edition_numbers(each)]
    if month and not editions:
        raise RefusedError(f"There is no edition of {month} in {state.root}.", fix=f"Make it: yardstick run {month}")
    if as_json:
        summary = {"state": str(state.root), "editions": [_summary(each) for each in editions]}
        click.echo(json.dumps(summary | ledger_seen.as_json(found), indent=1))
    elif not editions:
        click.echo(f"There is no edition yet in {state.root}.")
        ledger_seen.print_counts(found)
    else:
        _print_editions(state, editions)
        ledger_seen.print_counts(found)
        if month:
            _print_details(editions[-1])
            ledger_seen.print_details(found)
            click.echo(f"\nIndex: {editions[-1].folder / 'index.html'}")


def _summary(edition: Edition) -> dict[str, Any]:
    manifest = edition.manifest
    return {
        "month": manifest["month"],
        "edition": manifest["edition"],
        "reports": len(manifest["reports"]),
        "changed": sum(1 for report in manifest["reports"] if report["edition"] == manifest["edition"]),
        "checks": manifest["checks"],
        "withheld": len(manifest["withheld"]),
        "folder": str(edition.folder),
    }


def _print_editions(state: StateRoot, editions: list[Edition]) -> None:
    from rich.table import Table

    click.echo(f"Editions in {state.root}")
    table = Table(box=None, pad_edge=False)
    for heading in ("Month", "Edition", "Reports", "New or changed", "Critical", "Warnings", "Withheld"):
        table.add_column(heading, justify="left" if heading == "Month" else "right")
    for edition in editions:
        line = _summary(edition)
        table.add_row(
            line["month"],
            str(line["edition"]),
            str(line["reports"]),
            str(line["changed"]),
            str(line["checks"].get("critical", 0)),
            str(line["checks"].get("warning", 0)),
            str(line["withheld"]),
        )
    console().print(table)


def _print_details(edition: Edition) -> None:
    from rich.markup import escape
    from rich.table import Table

    click.echo("\nReports, each with the edition in which it last changed")
    table = Table(box=None, pad_edge=False)
    for heading in ("Report", "Title", "Edition", "Recipients"):
        # Folded, not cut off: who receives a report must be read whole.
        table.add_column(heading, justify="right" if heading == "Edition" else "left", overflow="fold")
    for report in edition.manifest["reports"]:
        table.add_row(
            escape(report["report_id"]),
            escape(report["title"]),
            str(report["edition"]),
            escape(", ".join(report["recipients"])) or "nobody",
        )
    console().print(table)
    for line in edition.manifest["withheld"][:20]:
        click.echo(f"Withheld: {line['metric']} of {line['unit_kind']} {line['unit_id']}: {line['reason']}")
