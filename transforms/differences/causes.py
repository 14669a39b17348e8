"""Because of what two editions may differ: what was landed anew, which files of the configuration, the code.

Does not belong here: what differs in the reports.
"""

from collections.abc import Mapping
from typing import Final

from config.months import Month
from transforms.differences.model import CountChange, EditionContents, FileChange, InputChange, InputLine, What

WITHHELD: Final = "withheld"
"""Under which name figures withheld are counted, beside findings by severity."""


def input_changes(before: EditionContents, after: EditionContents) -> tuple[InputChange, ...]:
    """Landings that only one of the editions read, by extract, then month."""
    old, new = _by_place(before.inputs), _by_place(after.inputs)
    return tuple(
        InputChange(
            extract=extract,
            month=month,
            what=_what((extract, month) in old, (extract, month) in new),
            rows_before=_rows(old.get((extract, month), ())),
            rows_after=_rows(new.get((extract, month), ())),
        )
        for extract, month in sorted({*old, *new})
        if _hashes(old.get((extract, month), ())) != _hashes(new.get((extract, month), ()))
    )


def _by_place(inputs: tuple[InputLine, ...]) -> dict[tuple[str, Month], tuple[InputLine, ...]]:
    found: dict[tuple[str, Month], tuple[InputLine, ...]] = {}
    for line in inputs:
        found[line.extract, line.month] = (*found.get((line.extract, line.month), ()), line)
    return found


def _hashes(lines: tuple[InputLine, ...]) -> list[str]:
    return sorted(line.sha256 for line in lines)


def _rows(lines: tuple[InputLine, ...]) -> int | None:
    known = [line.rows for line in lines if line.rows is not None]
    return sum(known) if known and len(known) == len(lines) else None


def _what(was: bool, is_there: bool) -> What:
    return "changed" if was and is_there else ("gone" if was else "new")


def file_changes(before: EditionContents, after: EditionContents) -> tuple[FileChange, ...]:
    """Files of the configuration that differ; none where either's are no longer kept."""
    old, new = before.config_files, after.config_files
    if old is None or new is None:
        return ()
    return tuple(
        FileChange(name, _what(name in old, name in new))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    )


def count_changes(before: EditionContents, after: EditionContents) -> tuple[CountChange, ...]:
    """Findings by severity, and figures withheld, where their number differs."""
    old, new = _counts(before), _counts(after)
    names = dict.fromkeys(("critical", "warning", "info", *sorted({*old, *new} - {WITHHELD}), WITHHELD))
    return tuple(
        CountChange(name, old.get(name, 0), new.get(name, 0)) for name in names if old.get(name, 0) != new.get(name, 0)
    )


def _counts(edition: EditionContents) -> Mapping[str, int]:
    return {**edition.checks, WITHHELD: len(edition.withheld)}
