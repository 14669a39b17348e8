"""`yardstick run` and `yardstick demo`."""

import shlex
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from config.errors import RefusedError
from config.months import Month
from flows.cli.places import find_config, find_state, remember
from flows.cli.terminal import bars
from flows.clock import now_utc
from flows.monthly import run_month
from flows.stages.publish import Outcome
from flows.stages.run import MonthRun
from flows.state.paths import StateRoot, default_root
from transforms.wording import counted


def run(
    month: Month,
    config_dir: Path | None,
    state_dir: Path | None,
    *,
    reissue: str = "",
    threads: int | None = None,
    workers: int | None = None,
) -> None:
    """Make a month's edition and say what came of it."""
    now = now_utc()
    folder = find_config(config_dir, state_dir)
    state = find_state(state_dir, folder)
    request = MonthRun(
        month=month,
        config_dir=folder,
        state=state,
        pulled_at=now,
        threads=threads,
        workers=workers,
        reissue=reissue,
    )
    _refuse_future(request, now)
    remember(state, folder)
    _make(request, [("--config", config_dir), ("--state", state_dir)])


def demo(state_dir: Path | None, associates: int) -> None:
    """Write the demo company's extracts and make its latest month."""
    from flows.demo import DEFAULT_ASSOCIATES, LAST_MONTH, write_demo_config, write_demo_extracts

    demo_config = Path(__file__).resolve().parents[2] / "config" / "demo"
    root = state_dir.expanduser().absolute() if state_dir else default_root("demo")
    state = StateRoot(root)
    click.echo(f"Writing the demo company's extracts to {root / 'extracts'} …", err=True)
    write_demo_extracts(root / "extracts", associates=associates)
    if associates != DEFAULT_ASSOCIATES:
        demo_config = root / "demo-config"
        write_demo_config(demo_config, associates=associates)
    remember(state, demo_config)
    request = MonthRun(month=LAST_MONTH, config_dir=demo_config, state=state, pulled_at=now_utc())
    _make(request, [("--state", root)])


def _refuse_future(request: MonthRun, now: datetime) -> None:
    today = request.config.company.day_of(now)
    if request.month.first_day > today:
        raise RefusedError(f"{request.month} has not begun yet.", fix="Give a month that has ended.")
    if request.month.last_day >= today:
        raise RefusedError(
            f"{request.month} has not ended yet: its weeks would be judged as a whole month.",
            fix="Give a month that has ended; `yardstick preview` shows how this one stands.",
        )


def _make(request: MonthRun, told: Sequence[tuple[str, Path | None]]) -> None:
    """`told` are options that the next command needs as well."""
    started = time.monotonic()
    with bars() as progress:
        outcome = run_month(request, progress)
    _tell(outcome, time.monotonic() - started)
    if outcome.new and outcome.number > 1:
        options = [word for option, folder in told if folder is not None for word in (option, str(folder))]
        click.echo(f"What changed: {shlex.join(['yardstick', 'diff', str(outcome.month), *options])}")
    _tell_prepared(outcome, told)
    if outcome.not_made:
        raise SystemExit(70)


def _tell_prepared(outcome: Outcome, told: Sequence[tuple[str, Path | None]]) -> None:
    prepared = outcome.prepared
    if prepared is None:
        return
    options = [word for option, folder in told if folder is not None for word in (option, str(folder))]
    if prepared.stopped:
        were = counted(prepared.stopped, "released delivery", "released deliveries")
        click.echo(f"This edition took the place of {were}, not mailed yet.")
    if prepared.not_released:
        click.echo(f"Not released by the rule of delivery.yaml: {prepared.not_released}.")
    if prepared.small:
        click.echo(f"{counted(prepared.small, 'reader has', 'readers have')} a copy that says nearly the same.")
    if prepared.waiting:
        asked = shlex.join(["yardstick", "approve", str(outcome.month), *options])
        waits = counted(prepared.waiting, "delivery waits", "deliveries wait")
        click.echo(f"{waits} for approval: {asked} --by NAME")
    if prepared.queued:
        asked = shlex.join(["yardstick", "send", str(outcome.month), *options])
        click.echo(f"{counted(prepared.queued, 'delivery is', 'deliveries are')} queued. Mail: {asked}")


def _tell(outcome: Outcome, seconds: float) -> None:
    for line in outcome.warnings:
        click.echo(f"yardstick: {line}", err=True)
    if outcome.new:
        click.echo(
            f"Edition {outcome.number} of {outcome.month}: {outcome.made} reports made, {outcome.kept} unchanged, "
            f"in {seconds:.1f} s."
        )
    else:
        click.echo(
            f"Nothing has changed since edition {outcome.number} of {outcome.month}: no new edition ({seconds:.1f} s)."
        )
    click.echo(f"Index: {outcome.folder / 'index.html'}")
    click.echo(f"Reports: {outcome.folder / 'reports'}")
