"""`yardstick rebase`: a person accepts a change, and says why."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from config.errors import UsageError
from config.loader import load_config
from config.months import Month
from flows.cli.places import find_config, find_state
from flows.cli.releasing import person
from flows.clock import now_utc
from flows.stages.deciding import DECISIONS, Decided, Rebase, rebase, withdraw
from transforms.evidence.restarts import first_report

_CAUSES = {
    "own": "the unit's own, not its group's",
    "conditions": "conditions: the group moved with it",
    "both": "partly the group's, partly its own",
    "members": "the unit's people changed",
}


@dataclass(frozen=True, slots=True)
class RebaseOptions:
    """What may be told beside metric, unit and month."""

    reason: str | None
    by: str | None
    expectation: str | None
    withdrawn: bool
    dry_run: bool


def rebase_series(
    metric: str, unit: str, month: Month, config_dir: Path | None, state_dir: Path | None, options: RebaseOptions
) -> None:
    """Write the decision into decisions.csv, or take it back, and say what follows."""
    folder = find_config(config_dir, state_dir)
    config, state = load_config(folder), find_state(state_dir, folder)
    if options.withdrawn:
        line = withdraw(config, state, metric, unit, month, dry_run=options.dry_run)
        click.echo(f"{'Would take' if options.dry_run else 'Took'} out of {folder / DECISIONS}:\n  {line}")
        return
    reason = (options.reason or "").strip()
    if not reason or not reason.isprintable():
        raise UsageError("No reason is given.", fix="Say why with --reason: it is printed in the report.")
    asked = Rebase(
        metric=metric, unit=unit, month=month, reason=reason, decided_by=person(options.by),
        decided_on=config.company.day_of(now_utc()), value=_value(options.expectation),
    )  # fmt: skip
    _tell(rebase(config, state, asked, dry_run=options.dry_run), folder, dry_run=options.dry_run)


def _value(told: str | None) -> Decimal | None:
    if told is None:
        return None
    written = told.strip().replace(" ", "")
    try:
        value = Decimal(written.removesuffix("%"))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise UsageError(f"“{told}” is no number.", fix="Write it with a point: 1234.5, or 95% for a share.")
    return value / 100 if written.endswith("%") else value


def _tell(decided: Decided, folder: Path, *, dry_run: bool) -> None:
    decision = decided.decision
    click.echo(
        f"{'Would write' if dry_run else 'Written'} into {folder / DECISIONS}:\n  {decided.line.splitlines()[-1]}"
    )
    if decided.found is None:
        click.echo(f"No edition shows a change of it near {decision.month}: it is your decision alone.")
    else:
        cause = _CAUSES.get(decided.found.cause, "whose it is, is not known")
        click.echo(f"A change was found from {decided.found.month} on; {cause}.")
    first = first_report(decision)
    click.echo(f"Its chart begins anew at {decision.month}, in reports of {first} and later: yardstick run {first}")
