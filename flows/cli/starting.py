"""`yardstick init` and `yardstick doctor`."""

from pathlib import Path

import click
from rich.markup import escape

from config.errors import OutsideError, UsageError
from flows.cli.places import find_config, find_state
from flows.cli.terminal import console
from flows.state.paths import default_root

_MARKS = {"ok": "[green]ok[/green]", "slow": "[yellow]slow[/yellow]", "missing": "[red]missing[/red]"}


def init(folder: Path, target: Path | None) -> None:
    """Propose a configuration for a folder's files, write it, and say what was found and what is to be confirmed."""
    from rich.table import Table

    from flows.initialise import propose

    found = propose(folder, target or folder / "yardstick")
    screen = console()
    for extract in found.extracts:
        title = f"{extract.name} ({extract.kind.value}): {', '.join(extract.patterns)}, {extract.rows} rows seen"
        screen.print(f"\n[bold]{escape(title)}[/bold]")
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for heading in ("Column", "From", "Type", "Because"):
            table.add_column(heading)
        for column in extract.columns:
            table.add_row(column.name, escape(column.heading), column.type.value, escape(column.why))
        screen.print(table)
        for doubt in extract.doubts:
            screen.print(f"  [yellow]confirm:[/yellow] {escape(doubt)}")
    for left in found.not_understood:
        screen.print(f"\n[yellow]left out:[/yellow] {escape(left.file)}: {escape(left.reason)}")
    for doubt in found.doubts:
        screen.print(f"[yellow]confirm:[/yellow] {escape(doubt)}")
    months = sorted({month for extract in found.extracts for month in extract.months})
    month = str(months[-1]) if months else "MONTH"
    screen.print(f"\nWritten to {found.target}. Read it through, then: yardstick run {month} --config {found.target}")


def doctor(config_dir: Path | None, state_dir: Path | None) -> None:
    """Print the answers; exit status 3 where something is missing, 2 where only the configuration is wrong."""
    from rich.table import Table

    from flows.doctor import examine

    try:
        folder: Path | None = find_config(config_dir, state_dir)
    except UsageError:
        if config_dir is not None:
            raise
        folder = None
    answers = examine(folder, _state_root(folder, state_dir))
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        # Folded, not cut off: a path is only of use whole.
        table.add_column(overflow="fold")
    for answer in answers:
        table.add_row(answer.question, _MARKS[answer.level], escape(answer.text))
    console().print(table)
    missing = [answer.question for answer in answers if answer.level == "missing"]
    if missing == ["Configuration"]:
        raise UsageError("Configuration: it cannot be used.", fix="What to write stands beside it.")
    if missing:
        raise OutsideError(f"Missing: {', '.join(missing)}.", fix="What to do stands beside each.")
    click.echo("Everything that is needed is there.")


def _state_root(folder: Path | None, state_dir: Path | None) -> Path:
    """The root commands would use; where the configuration cannot say the company's name, the place of all roots."""
    if state_dir is None and folder is not None:
        try:
            return find_state(None, folder).root
        except UsageError:  # told as the configuration's answer
            pass
    return state_dir.expanduser().absolute() if state_dir else default_root("company")
