"""What must hold of corrections: single values in corrections.csv, and whole patterns by a rule of an extract.

Does not belong here: whether a source still says what is corrected, and correcting it.
"""

from collections.abc import Iterator, Mapping

from config.checks import Correction
from config.csv_tables import Line
from config.draft import CORRECTIONS, EXTRACTS, Draft
from config.duckdb_faults import Told, typing_faults
from config.faults import did_you_mean
from config.models import ColumnType, Extract
from config.sql_expressions import condition_faults, scalar_faults

BETWEEN = "|"
"""Stands between the values of several key columns."""


def check_corrections(draft: Draft) -> None:
    """Note every fault of the rules and lines that could be read."""
    for name, extract in draft.extracts.items():
        _check_rules(draft, name, extract)
    known = draft.names(EXTRACTS)
    first: dict[tuple[str, str, str], int] = {}
    for line in draft.corrections:
        record = line.record
        if known and record.extract not in known:
            fix = did_you_mean(record.extract, known, what="Extracts")
            draft.line_fault(CORRECTIONS, line.line, "extract", f"“{record.extract}” is no extract.", fix)
        elif record.extract in draft.extracts:
            _check_line(draft, line, draft.extracts[record.extract])
        if record.old == record.new:
            shown = f"“{record.old}”" if record.old else "nothing"
            what = f"old and new are the same: {shown}."
            draft.line_fault(CORRECTIONS, line.line, "new", what, "Write what the source says, and what is right.")
        value = (record.extract, record.key, record.column)
        if value in first:
            what = f"{record.column} of “{record.key}” is corrected in line {first[value]} too."
            draft.line_fault(
                CORRECTIONS, line.line, "key", what, "Keep one line: from what the source says to what is right."
            )
        first.setdefault(value, line.line)


def _check_line(draft: Draft, line: Line[Correction], extract: Extract) -> None:
    record = line.record
    if record.column not in extract.columns:
        what = f"“{record.column}” is no column of {record.extract}."
        fix = did_you_mean(record.column, extract.columns, what="Its columns are")
        draft.line_fault(CORRECTIONS, line.line, "column", what, fix)
    if not extract.key:
        what = f"{record.extract} has no key, so no row of it can be named."
        fix = f"Declare key: in {EXTRACTS}, or write a rule there (correct)."
        draft.line_fault(CORRECTIONS, line.line, "extract", what, fix)
        return
    parts = record.key.split(BETWEEN)
    if len(parts) != len(extract.key):
        one = len(extract.key) == 1
        what = f"“{record.key}” has {len(parts)} {'value' if len(parts) == 1 else 'values'}, and the key of "
        what += f"{record.extract} {'one column' if one else f'{len(extract.key)} columns'}."
        fix = f"Write the value of {extract.key[0]}." if one else f"Write {BETWEEN.join(extract.key)}."
        draft.line_fault(CORRECTIONS, line.line, "key", what, fix)
    for part in parts if len(parts) > 1 else ():
        if part != part.strip():
            what = f"“{part}” begins or ends in a space."
            draft.line_fault(CORRECTIONS, line.line, "key", what, f"Leave no space beside {BETWEEN}.")


# -- rules -------------------------------------------------------------------------------------------------------


def _check_rules(draft: Draft, name: str, extract: Extract) -> None:
    landed = dict.fromkeys(extract.columns, ColumnType.TEXT)
    for n, rule in enumerate(extract.correct):
        at = (name, "correct", n)
        for what, fix in list(condition_faults(rule.where, landed)) or _typing(rule.where, landed, condition=True):
            draft.fault(EXTRACTS, (*at, "where"), what, fix)
        for column, text in rule.put.items():
            path = (*at, "set", column)
            if column not in extract.columns:
                fix = did_you_mean(column, extract.columns, what="Its columns are")
                draft.fault(EXTRACTS, path, f"“{column}” is no column of {name}.", fix)
            for what, fix in list(scalar_faults(text, landed)) or _typing(text, landed, condition=False):
                draft.fault(EXTRACTS, path, what, fix)
        if rule.start is not None and rule.end is not None and rule.end < rule.start:
            what = f"The rule ends ({rule.end}) before it begins ({rule.start})."
            draft.fault(EXTRACTS, (*at, "to"), what, "Both months are included.")


def _typing(text: str, landed: Mapping[str, ColumnType], *, condition: bool) -> Iterator[Told]:
    return typing_faults(text, landed, condition=condition, landed=True)
