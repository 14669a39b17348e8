"""`yardstick check`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from config.checks import Severity
from config.errors import RefusedError
from config.months import Month
from flows.cli.places import find_config, find_state, remember
from flows.cli.terminal import bars, console
from flows.clock import now_utc
from flows.monthly import check_month
from flows.stages.check_month import CheckOutcome
from flows.stages.run import MonthRun
from transforms.stages import Finding
from transforms.wording import counted, listed

_SEVERITIES = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}
_HEADINGS = ("Extract", "Rows", "Set aside", "Critical", "Warnings", "To know", "Passed")


def check(
    month: Month,
    config_dir: Path | None,
    state_dir: Path | None,
    *,
    as_json: bool = False,
    everything: bool = False,
    threads: int | None = None,
) -> None:
    """Land and check a month and say what was found. Raises RefusedError where something critical was."""
    now = now_utc()
    folder = find_config(config_dir, state_dir)
    state = find_state(state_dir, folder)
    request = MonthRun(month=month, config_dir=folder, state=state, pulled_at=now, threads=threads)
    if month.first_day > request.config.company.day_of(now):
        raise RefusedError(f"{month} has not begun yet.", fix="Give a month that has.")
    remember(state, folder)
    with bars() as progress:
        outcome = check_month(request, progress)
    if as_json:
        click.echo(json.dumps(_as_data(outcome), ensure_ascii=False, indent=1))
    else:
        _print_counts(outcome)
        _print_findings(outcome.findings, everything=everything)
        click.echo(f"\nPage: {outcome.page}")
    if outcome.refused:
        raise RefusedError(f"A run would be refused: {outcome.refused}", fix=f"See {outcome.page}")
    if outcome.critical:
        where = listed([name or "the configuration" for name in outcome.critical])
        raise RefusedError(f"Critical findings in {where}: {_withheld(outcome)}.", fix=f"See {outcome.page}")


def _as_data(outcome: CheckOutcome) -> dict[str, object]:
    return {
        "month": str(outcome.month),
        "extracts": [asdict(one) for one in outcome.counts],
        "findings": [{**asdict(one), "severity": one.severity.value} for one in outcome.findings],
        "withheld": list(outcome.withheld),
        "withheld_of_some": list(outcome.withheld_of_some),
        "refused": outcome.refused,
        "page": str(outcome.page),
    }


def _print_counts(outcome: CheckOutcome) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading == "Extract" else "right")
    for one in outcome.counts:
        numbers = (one.rows, one.set_aside, one.critical, one.warning, one.info, one.passed)
        red = "red" if one.critical else None
        table.add_row(one.extract, *(f"{number:,}" if number else "–" for number in numbers), style=red)
    console().print(table)


def _print_findings(findings: Sequence[Finding], *, everything: bool) -> None:
    """Each finding whole: folded where it is long, never cut off."""
    from rich.markup import escape
    from rich.table import Table

    shown = [one for one in findings if everything or one.severity is not Severity.INFO]
    ordered = sorted(shown, key=lambda one: list(Severity).index(one.severity))
    if ordered:
        click.echo()
        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for one in ordered:
            table.add_row(f"[{_SEVERITIES[one.severity]}]{one.severity.value}[/]", escape(_told(one)))
        console().print(table)
    left = len(findings) - len(shown)
    if left:
        click.echo(f"\n{counted(left, 'more finding is', 'more findings are')} only to know: --all shows them.")
    elif not findings:
        click.echo("\nNothing was found.")


def _told(finding: Finding) -> str:
    """The message, with its extract before it unless it names it."""
    named = not finding.extract or finding.extract in finding.message
    return finding.message if named else f"{finding.extract}: {finding.message}"


def _withheld(outcome: CheckOutcome) -> str:
    parts = []
    if outcome.withheld:
        parts.append(f"a run would withhold {listed(outcome.withheld)}")
    if outcome.withheld_of_some:
        parts.append(f"{listed(outcome.withheld_of_some)} of those whose rows were set aside")
    return ", and ".join(parts) if parts else "no metric depends on them"
