"""`yardstick erase` and `yardstick tidy`: forget a person, and what is older than retention.yaml keeps."""

from pathlib import Path

import click

from config.errors import RefusedError
from flows.cli.places import find_config, find_state
from flows.cli.releasing import person
from flows.cli.terminal import console
from flows.clock import now_utc
from flows.stages.erasing import Erasure
from flows.stages.erasing import erase as erase_person
from flows.stages.keeping import Tidied
from flows.stages.keeping import tidy as tidy_up
from flows.state.paths import StateRoot
from transforms.wording import counted, listed

_SHOWN = 20


def erase(
    told: str,
    config_dir: Path | None,
    state_dir: Path | None,
    *,
    addresses: tuple[str, ...],
    by: str | None,
    dry_run: bool,
) -> None:
    """Erase a person and say what was changed and what is left. Ends with 1 where anything still names them."""
    folder = find_config(config_dir, state_dir)
    state = _kept(find_state(state_dir, folder))
    name = "" if dry_run else person(by)
    further = [one.strip() for one in addresses]
    erasure = erase_person(state, folder, told.strip(), name, now_utc(), addresses=further, dry_run=dry_run)
    _tell_erased(erasure)
    if erasure.left:
        raise SystemExit(1)


def _kept(state: StateRoot) -> StateRoot:
    if not state.root.is_dir():
        raise RefusedError(f"There is nothing in {state.root}.", fix="Name the state root with --state DIR.")
    return state


def _tell_erased(erasure: Erasure) -> None:
    for name in erasure.resumed:
        click.echo(f"An erasure that had been interrupted is finished: {name}.")
    if erasure.dry_run:
        click.echo("This would be changed or removed; nothing was.")
    else:
        click.echo(f"The person is {erasure.name} from now on, also in what is pulled later.")
    _table(erasure.counts)
    _tell_unseen(erasure)
    _tell_outside(erasure)
    if erasure.make_again:
        months = [str(month) for month in erasure.make_again]
        click.echo(
            f"Reports that named the person are gone in {counted(len(months), 'month', 'months')}. Make them again "
            f"without the person: yardstick backfill {months[0]} {months[-1]}"
        )
    if erasure.dry_run:
        return
    if not erasure.left:
        click.echo(f"{counted(erasure.searched, 'file', 'files')} searched, 0 left that name the person.")
        click.echo("Looked for: ids, full names and addresses; not a first or a family name alone.")
        return
    click.echo(f"{counted(len(erasure.left), 'place', 'places')} left that name the person:", err=True)
    for line in erasure.left[:_SHOWN]:
        click.echo(f"  {line}", err=True)
    click.echo("yardstick: run the same command again once they are mended.", err=True)


def _tell_unseen(erasure: Erasure) -> None:
    """What cannot be found, or only by somebody who knows the person."""
    own = "only taken out of the person's own rows, and with reports that list the person"
    if erasure.shared_names:
        click.echo(f"Another associate or team has the same name: in other texts it stays, and is {own}.")
    if erasure.single_names:
        click.echo(
            f"A name of the person is one word, which may be an ordinary one: in other texts it stays, and is {own}."
        )
    if erasure.only_address:
        click.echo("Nothing but the address is known of the person: no name or id was looked for.")
    if erasure.addresses_of_nobody:
        click.echo(
            "Reports about the person went to addresses that nobody has in what is kept of hr. Where one is the "
            f"person's, erase again with --address: {listed(erasure.addresses_of_nobody)}"
        )


def _tell_outside(erasure: Erasure) -> None:
    """What is not ours to change: the configuration in use, and the sources."""
    if erasure.config_lines:
        click.echo("Lines of the configuration in use that name the person; change or delete them before the next run:")
        more = len(erasure.config_lines) - _SHOWN
        for line in (*erasure.config_lines[:_SHOWN], *([f"… and {more} more"] if more > 0 else [])):
            click.echo(f"  {line}")
    if erasure.sources:
        files = counted(len(erasure.sources), "file", "files")
        click.echo(
            f"{files} of the sources name the person; they are not changed, and "
            f"pulling puts the pseudonym there: {erasure.sources[0]}{' …' if len(erasure.sources) > 1 else ''}"
        )


def _table(counts: dict[str, int]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("What")
    table.add_column("Number", justify="right")
    for kind, count in counts.items():
        table.add_row(kind, str(count))
    console().print(table)


def tidy(config_dir: Path | None, state_dir: Path | None, *, dry_run: bool) -> None:
    """Delete what is older than retention.yaml keeps, and say what."""
    from rich.table import Table

    folder = find_config(config_dir, state_dir)
    tidied = tidy_up(_kept(find_state(state_dir, folder)), folder, now_utc(), dry_run=dry_run)
    if not tidied.parts:
        click.echo("Everything is kept for good: there is no retention.yaml, or no line in it.")
        return
    click.echo(f"Counted from {tidied.newest}, the month of the newest edition.")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("What", "Kept since", "Months to go" if dry_run else "Months gone", "Files or lines"):
        table.add_column(heading, justify="left" if heading == "What" else "right")
    for part in tidied.parts:
        months = _span(part.months)
        table.add_row(part.what, str(part.since), months, str(part.count))
    console().print(table)
    _tell_tidied(tidied, dry_run=dry_run)


def _span(months: tuple[str, ...]) -> str:
    if not months:
        return "none"
    return months[0] if len(months) == 1 else f"{months[0]} to {months[-1]} ({len(months)})"


def _tell_tidied(tidied: Tidied, *, dry_run: bool) -> None:
    for note in tidied.notes:
        click.echo(note)
    if tidied.not_again:
        verb = "could" if dry_run else "can"
        click.echo(
            f"{counted(len(tidied.not_again), 'edition', 'editions')} that stay {verb} no longer be made again: "
            f"{listed(tidied.not_again[:_SHOWN])}{' …' if len(tidied.not_again) > _SHOWN else ''}"
        )
    if dry_run:
        click.echo("Nothing was deleted.")
