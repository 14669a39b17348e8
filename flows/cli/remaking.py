"""`yardstick remake`: an old edition made again, and whether it is byte for byte what it was."""

from pathlib import Path

import click

from config.errors import RefusedError, UsageError
from config.months import Month
from flows.cli.places import find_state_only
from flows.cli.terminal import bars, console
from flows.clock import now_utc
from flows.monthly import remake_month
from flows.stages.code import code_version
from flows.stages.remake import Remade, Remake, prepare_remake, scratch_root
from flows.state.editions import Edition, read_edition
from flows.state.paths import StateRoot
from transforms.wording import listed

_NAMED = 20


def remake(
    month: Month,
    config_dir: Path | None,
    state_dir: Path | None,
    *,
    number: int | None = None,
    to: Path | None = None,
    threads: int | None = None,
    workers: int | None = None,
) -> None:
    """Make an edition again and say what agrees. Ends with 1 where something differs."""
    state = find_state_only(state_dir, config_dir)
    edition = _edition(state, month, number)
    folder = to.expanduser().absolute() if to else None
    with scratch_root(state) as scratch:
        again = prepare_remake(
            state, scratch, edition, now_utc(), to=folder, threads=threads, workers=workers
        )  # fmt: skip
        _tell_code(again)
        with bars() as progress:
            remade = remake_month(again, state.root, progress)
    _tell(remade)
    if folder:
        click.echo(f"What was made: {folder}")
    if not remade.agrees:
        raise SystemExit(1)


def _edition(state: StateRoot, month: Month, number: int | None) -> Edition:
    there = state.edition_numbers(month)
    if not there:
        raise RefusedError(f"There is no edition of {month} in {state.root}.", fix=f"Make it: yardstick run {month}")
    if number is not None and number not in there:
        raise UsageError(
            f"There is no edition {number} of {month}.", fix=f"There is {', '.join(str(one) for one in there)}."
        )
    return read_edition(state, month, number or there[-1])


def _tell_code(again: Remake) -> None:
    if again.codes:
        click.echo(
            f"yardstick: edition {again.edition.number} was made by version {listed(again.codes)}, and this is "
            f"{code_version()}: what the code changed since will differ.",
            err=True,
        )


def _tell(remade: Remade) -> None:
    from rich.markup import escape
    from rich.table import Table

    screen = console()
    screen.print(f"Edition {remade.number} of {remade.month}, made again", markup=False)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("What")
    table.add_column("As it was", justify="right")
    table.add_column("Different", justify="right")
    table.add_column("Which", overflow="fold")
    for one in remade.agreements:
        named = ", ".join(one.different[:_NAMED]) + (" …" if len(one.different) > _NAMED else "")
        table.add_row(one.what, str(one.alike), str(len(one.different)), escape(named))
    screen.print(table)
    screen.print("Everything is byte for byte as it was." if remade.agrees else "Not everything is as it was.")
