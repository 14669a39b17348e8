"""`yardstick diff`: what changed between two editions of a month, in the terminal or as JSON.

Does not belong here: what differs (`transforms.differences`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from config.errors import RefusedError, UsageError, YardstickError
from config.loader import load_config
from config.models import Config
from config.months import Month
from flows.cli.places import find_config, find_state_only
from flows.cli.terminal import console
from flows.stages.contents import read_contents
from flows.state.editions import read_edition
from flows.state.paths import StateRoot
from transforms.differences import (
    WITHHELD,
    Differences,
    ExpectationChange,
    FigureChange,
    InputChange,
    ReportChange,
    StatusChange,
    compare_editions,
)
from transforms.wording import listed

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

ROWS_SHOWN = 40
_NUMBERS = ("Before", "Now", "Rows")
_NARROW = 72
_LONGEST_NUMBER = 18
"""Characters. A column with a longer text holds reasons, which read better from the left."""
LONGEST_TEXT = 240
_WHOLE = "all"
_MONTHS_NAMED = 3


def diff(
    month: Month,
    config_dir: Path | None,
    state_dir: Path | None,
    *,
    before: int | None = None,
    after: int | None = None,
    as_json: bool = False,
) -> None:
    """Say what changed between two editions of a month, by default the newest against the one before it."""
    state = find_state_only(state_dir, config_dir)
    numbers = _editions(state, month, before, after)
    older, newer = (read_edition(state, month, number) for number in numbers)
    contents = read_contents(state, older, newer, _current_config(config_dir, state_dir))
    found = compare_editions(*contents, month)
    if as_json:
        click.echo(json.dumps(_plain(found) | {"because": because(found)}, indent=1))
    else:
        _print(found)


def _editions(state: StateRoot, month: Month, before: int | None, after: int | None) -> tuple[int, int]:
    """The numbers of the two editions. Raises RefusedError where there are no two, UsageError for unknown ones."""
    there = state.edition_numbers(month)
    if not there:
        raise RefusedError(f"There is no edition of {month} in {state.root}.", fix=f"Make it: yardstick run {month}")
    for asked in (before, after):
        if asked is not None and asked not in there:
            raise UsageError(
                f"There is no edition {asked} of {month}.", fix=f"There is {', '.join(str(one) for one in there)}."
            )
    if len(there) == 1:
        raise RefusedError(
            f"There is nothing to compare: edition {there[0]} is the only one of {month}.",
            fix=f"A run makes another when anything has changed: yardstick run {month}",
        )
    newer = after if after is not None else there[-1]
    older = before if before is not None else max((one for one in there if one < newer), default=None)
    if older is None:
        raise RefusedError(
            f"There is nothing to compare: edition {newer} is the first of {month}.",
            fix=f"Name a later one: --to {there[-1]}",
        )
    if older == newer:
        raise UsageError(f"Edition {newer} is compared with itself.", fix="Give --from and --to two numbers.")
    return older, newer


def _current_config(config_dir: Path | None, state_dir: Path | None) -> Config | None:
    """The company's configuration of today, if there is one that can be read: it only formats."""
    try:
        return load_config(find_config(config_dir, state_dir))
    except YardstickError:
        return None


# -- for programs ----------------------------------------------------------------------------------------------------


def _plain(value: object) -> Any:
    """A record as JSON has it: months as 2026-10, fields by name."""
    if isinstance(value, Month):
        return str(value)
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


# -- for people ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Group:
    """One kind of difference: a table, and a line below it."""

    title: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""
    numbers: bool = False


def _print(found: Differences) -> None:
    screen = console()
    _say(screen, f"{found.month}: edition {found.after} against edition {found.before}")
    _say(screen, "\nBecause")
    for line in because(found):
        _say(screen, line)
    groups = [_reports(found), _figures(found), _statuses(found), _expectations(found), _recipients(found)]
    for group in groups:
        if not group.rows and not group.note:
            continue
        _say(screen, f"\n{group.title}")
        if group.rows:
            screen.print(_table(group, gap=1 if screen.width < _NARROW else 2))
        if len(group.rows) > ROWS_SHOWN:
            _say(screen, f"… and {len(group.rows) - ROWS_SHOWN} more (--json for all)")
        if group.note:
            _say(screen, group.note)
    same = [group.title.lower() for group in groups if not group.rows and not group.note]
    if same:
        _say(screen, f"\nUnchanged: {', '.join(same)}")


def because(found: Differences) -> list[str]:
    """What differs in inputs, configuration, code and checks, one line each."""
    lines = [*_input_lines(found.inputs), *_file_lines(found)]
    if found.code_before != found.code_after:
        lines.append(f"yardstick itself changed: {found.code_before} → {found.code_after}")
    if found.reissue:
        lines.append(f"edition {found.after} was asked for: “{found.reissue}”")
    if not lines:
        lines.append("neither inputs, configuration nor code differ")
    severities = [f"{one.name} {one.before} → {one.after}" for one in found.checks if one.name != WITHHELD]
    if severities:
        lines.append(f"findings of the checks: {', '.join(severities)}")
    return [*lines, *(f"figures withheld: {one.before} → {one.after}" for one in found.checks if one.name == WITHHELD)]


def _input_lines(inputs: Sequence[InputChange]) -> list[str]:
    """One line for each extract and what became of it."""
    told = {"changed": "was landed anew", "new": "came in addition", "gone": "is no longer read"}
    groups: dict[tuple[str, str], list[InputChange]] = {}
    for change in inputs:
        groups.setdefault((change.extract, change.what), []).append(change)
    return [
        f"{extract} {_months([one.month for one in changes])} {told[what]}{_rows_of(changes)}"
        for (extract, what), changes in groups.items()
    ]


def _months(months: Sequence[Month]) -> str:
    if len(months) > _MONTHS_NAMED:
        return f"of {len(months)} months from {months[0]} to {months[-1]}"
    return listed([str(month) for month in months])


def _rows_of(changes: Sequence[InputChange]) -> str:
    if len(changes) > 1:
        return ""
    before, after = changes[0].rows_before, changes[0].rows_after
    if before is not None and after is not None:
        return f" ({before} rows)" if before == after else f" ({before} → {after} rows)"
    rows = before if after is None else after
    return f" ({rows} rows)" if rows is not None and changes[0].what != "changed" else ""


def _file_lines(found: Differences) -> list[str]:
    if not found.config_changed:
        return []
    told = {"changed": "changed", "new": "came in addition", "gone": "is gone"}
    names = {what: [one.file for one in found.config_files if one.what == what] for what in told}
    lines = [f"{listed(files)} {told[what]}" for what, files in names.items() if files]
    return lines or ["the configuration changed (in which file is no longer known)"]


def _reports(found: Differences) -> _Group:
    def told(one: ReportChange) -> str:
        parts = f": {', '.join(one.sections)}" if one.sections else ""
        renamed = f"; its title was “{one.title_before}”" if one.title_before else ""
        return f"{one.what}{parts}{renamed}"

    rows = [(one.report_id, one.title, told(one)) for one in found.reports]
    return _Group("Reports", ("Report", "Title", "What"), rows)


def _figures(found: Differences) -> _Group:
    whole = [one for one in found.figures if one.segment == _WHOLE]
    parts = len(found.figures) - len(whole)
    rows = [
        (_unit(one), _metric(one, found.month), one.before, one.after, _changed_rows(one))
        for one in whole
    ]  # fmt: skip
    note = f"… and {parts} of segments (--json for all)" if parts else ""
    return _Group("Figures", ("Unit", "Metric", "Before", "Now", "Rows"), _once(rows), note, numbers=True)


def _metric(one: FigureChange, month: Month) -> str:
    return one.label if one.month == month else f"{one.label} ({one.month})"


def _changed_rows(one: FigureChange) -> str:
    before, after = ("—" if rows is None else str(rows) for rows in (one.rows_before, one.rows_after))
    return before if before == after else f"{before} → {after}"


def _statuses(found: Differences) -> _Group:
    rows = [(_unit(one), one.label, one.before or "—", one.after or "—") for one in found.statuses]
    note = ""
    if found.not_judged:
        numbers = listed([str(number) for number in found.not_judged])
        note = f"Not known of edition {numbers}, made by an earlier version; so neither are expectations."
    elif found.judged_from == "reports":
        note = "As the reports print them: an edition made by an earlier version kept no others."
    return _Group("Statuses", ("Unit", "Metric", "Before", "Now"), _once(rows), note)


def _expectations(found: Differences) -> _Group:
    rows = [(_unit(one), one.label, one.before, one.after) for one in found.expectations]
    return _Group("Expectations", ("Unit", "Metric", "Before", "Now"), _once(rows), numbers=True)


def _recipients(found: Differences) -> _Group:
    rows = [(one.report_id, one.title, ", ".join(one.added), ", ".join(one.removed)) for one in found.recipients]
    return _Group("Recipients", ("Report", "Title", "Added", "No longer"), rows)


def _unit(one: FigureChange | StatusChange | ExpectationChange) -> str:
    """North team (team NORTH)."""
    if one.unit_kind == one.unit_id:
        return one.unit
    named = f"{one.unit_kind} {one.unit_id}"
    return named if one.unit == one.unit_id else f"{one.unit} ({named})"


def _once(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """A unit's name beside its first row alone."""
    before = ("", *(row[0] for row in rows))
    return [row if row[0] != above else ("", *row[1:]) for row, above in zip(rows, before, strict=False)]


def _table(group: _Group, *, gap: int) -> "Table":
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0))
    shown = group.rows[:ROWS_SHOWN]
    for at, heading in enumerate(group.headings):
        numbers = group.numbers and heading in _NUMBERS and max(len(row[at]) for row in shown) <= _LONGEST_NUMBER
        # Folded, not cut off: a figure or an address is only of use whole.
        table.add_column(heading, overflow="fold", justify="right" if numbers else "left")
    for row in shown:
        table.add_row(*(escape(_clean(cell)) for cell in row))
    return table


def _clean(text: str) -> str:
    """Without what would steer a terminal, and never endless: names and reasons come from data."""
    shown = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
    return "".join(
        one if one.isprintable() or one == "\N{NO-BREAK SPACE}" else "\N{REPLACEMENT CHARACTER}" for one in shown
    )


def _say(screen: "Console", line: str) -> None:
    screen.print(line, markup=False, overflow="fold")
