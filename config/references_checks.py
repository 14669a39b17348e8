"""What must hold between checks.yaml and the extracts it asks: columns that exist, and of a type that can be asked.

Does not belong here: the checks derived from columns, and whether any check passes.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from config.checks import Check, Range, Reference
from config.draft import CHECKS, EXTRACTS, Draft
from config.duckdb_faults import Told, pattern_faults, typing_faults
from config.faults import did_you_mean
from config.models import ColumnType, Extract, ExtractKind
from config.references_extracts import DATES, TEXTS, check_column
from config.sql_expressions import NUMERIC, condition_faults
from config.yaml_places import Path_

HR = "hr"
"""In `refers_to`: somebody of that day, whatever the hr extract is called."""
_ALL = frozenset(ColumnType)
_TYPES = {"between": NUMERIC | DATES, "one_of": TEXTS, "matches": TEXTS, "plain": TEXTS, "in_month": DATES}
"""What a column must be of to be asked so; the other kinds are asked of any."""
_LARGEST_SHARE = 10


def check_suites(draft: Draft) -> None:
    """Note every fault of the suites that could be read."""
    known = draft.names(EXTRACTS)
    for name, checks in draft.checks.items():
        if known and name not in known:
            fix = did_you_mean(name, known, what="Extracts")
            draft.fault(CHECKS, (name,), f"“{name}” is no extract.", fix)
            continue
        _check_titles(draft, name, checks)
        for n, check in checks.items():
            at = (name, "checks", n)
            _check_columns(draft, name, at, check)
            if check.refers_to is not None:
                _check_reference(draft, name, at, check, check.refers_to)
            for path, (what, fix) in _told_of(name, check, draft.extracts.get(name)):
                draft.fault(CHECKS, (*at, *path), what, fix)
        _check_accepted(draft, name)


def _check_titles(draft: Draft, name: str, checks: Mapping[int, Check]) -> None:
    first: dict[str, int] = {}
    for n, check in checks.items():
        if check.title in first:
            path: Path_ = (name, "checks", n, "name") if check.name else (name, "checks", n)
            what = f"“{check.title}” is the name of check {first[check.title] + 1} of {name} too."
            draft.fault(CHECKS, path, what, "Give each a name of its own (name: …): findings are told by it.")
        first.setdefault(check.title, n)


def _check_accepted(draft: Draft, name: str) -> None:
    seen: set[tuple[str, object]] = set()
    for n, accepted in enumerate(draft.suites[name].accepted if name in draft.suites else ()):
        if (accepted.check, accepted.month) in seen:
            what = f"“{accepted.check}” of {accepted.month} is accepted twice."
            draft.fault(CHECKS, (name, "accepted", n), what, "Keep one of the two.")
        seen.add((accepted.check, accepted.month))


# -- columns -----------------------------------------------------------------------------------------------------


def _check_columns(draft: Draft, name: str, at: Path_, check: Check) -> None:
    columns = draft.columns_of(name)
    several = isinstance(draft.documents[CHECKS].at((*at, "column")), list)
    for k, column in enumerate(check.column):
        path: Path_ = (*at, "column", k) if several else (*at, "column")
        declared = columns[column].type if columns and column in columns else None
        if column in check.column[:k]:
            draft.fault(CHECKS, path, f"“{column}” stands twice.", "Name each column once.")
        elif check.kind == "of_type" and declared is not None:
            _check_of_type(draft, (*at, "of_type"), column, declared, check)
        elif check.kind == "one_of" and declared in (ColumnType.INTEGER, ColumnType.BOOLEAN):
            values = ", ".join(check.one_of or ())
            what = f"“{column}” is of type {declared}, and one_of lists texts."
            draft.fault(CHECKS, path, what, f"Write condition: “{column} in ({values})”, without column.")
        else:
            of_people = check.refers_to is not None and check.refers_to.column is None
            check_column(draft, CHECKS, path, name, column, TEXTS if of_people else _TYPES.get(check.kind, _ALL))


def _check_of_type(draft: Draft, path: Path_, column: str, declared: ColumnType, check: Check) -> None:
    if check.of_type is not declared:
        what = f"“{column}” is declared as {declared}, not as {check.of_type}."
        draft.fault(CHECKS, path, what, f"Write of_type: {declared}, or change the type in {EXTRACTS}.")
    elif declared in TEXTS:
        what = f"“{column}” is of type {declared}, which any text can be read as."
        draft.fault(CHECKS, path, what, "Take the check away, or ask plain, matches or one_of.")


# -- what is asked -----------------------------------------------------------------------------------------------


def _told_of(name: str, check: Check, extract: Extract | None) -> Iterator[tuple[Path_, Told]]:
    if check.rows is not None:
        yield from _told_of_rows(check, check.rows)
    if check.between is not None and extract is not None and check.column[0] in extract.columns:
        declared = extract.columns[check.column[0]].type
        yield from _told_of_between(check.column[0], declared, check.between)
    if check.one_of is not None and not check.one_of:
        yield ("one_of",), ("No value is listed.", "List the values that may stand there.")
    if check.matches is not None:
        yield from ((("matches",), told) for told in pattern_faults(check.matches))
    for key in ("condition", "where"):
        text = getattr(check, key)
        if text is not None and extract is not None:
            yield from (((key,), told) for told in _told_of_condition(text, extract))
    if check.set_aside:
        yield from _told_of_set_aside(name, check, extract)


def _told_of_condition(text: str, extract: Extract) -> Iterator[Told]:
    types = {column: declared.type for column, declared in extract.columns.items()}
    told = list(condition_faults(text, types))
    yield from told or typing_faults(text, types, condition=True, landed=False)


def _told_of_rows(check: Check, asked: Range) -> Iterator[tuple[Path_, Told]]:
    for key, bound in _bounds(asked):
        if not isinstance(bound, Decimal) or bound < 0 or bound != bound.to_integral_value():
            what = f"“{bound}” is no number of rows."
            yield ("rows", key), (what, "Write a whole number from 0 on.")
    yield from _told_of_order("rows", asked)
    if check.tolerance:
        what = "“rows” is one number of a month: no share of it may fail."
        yield ("tolerance",), (what, "Take tolerance away, and widen min and max.")
    if check.where is not None:
        yield ("where",), ("“rows” counts every row of the month.", "Take where away.")


def _told_of_between(column: str, declared: ColumnType, asked: Range) -> Iterator[tuple[Path_, Told]]:
    if declared not in NUMERIC | DATES:
        return  # told of the column
    for key, bound in _bounds(asked):
        if declared in DATES and isinstance(bound, Decimal):
            what = f"“{bound}” is a number, and “{column}” is of type {declared}."
            yield ("between", key), (what, "Write year-month-day, such as 2026-10-31.")
        elif declared in NUMERIC and isinstance(bound, date):
            what = f"“{bound}” is a date, and “{column}” is of type {declared}."
            yield ("between", key), (what, "Write a number.")
        elif declared is ColumnType.PERCENT and isinstance(bound, Decimal) and abs(bound) > _LARGEST_SHARE:
            what = f"“{column}” is a percentage, and {bound} would be {bound * 100:f}%."
            yield ("between", key), (what, f"Write a share: {(bound / 100).normalize():f} for {bound}%.")
    yield from _told_of_order("between", asked)


def _told_of_order(kind: str, asked: Range) -> Iterator[tuple[Path_, Told]]:
    low, high = asked.min, asked.max
    both_numbers = isinstance(low, Decimal) and isinstance(high, Decimal)
    both_days = isinstance(low, date) and isinstance(high, date)
    if (both_numbers or both_days) and low > high:  # type: ignore[operator]
        yield (kind,), (f"The smallest ({low}) is above the largest ({high}).", "Exchange min and max.")


def _bounds(asked: Range) -> Iterator[tuple[str, Decimal | date]]:
    for key, bound in (("min", asked.min), ("max", asked.max)):
        if bound is not None:
            yield key, bound


def _told_of_set_aside(name: str, check: Check, extract: Extract | None) -> Iterator[tuple[Path_, Told]]:
    if check.kind == "rows":
        what, fix = "“rows” is of the whole month: there is no row to set aside.", "Take set_aside away."
    elif check.kind == "refers_to":
        what = "Rows that refer to nothing known are told, and never set aside."
        fix = "Take set_aside away; write severity: critical to withhold what depends on them."
    elif extract is not None and extract.kind is ExtractKind.HR:
        what = f"Rows of {name} are never set aside: somebody would be missing from the reports."
        fix = "Take set_aside away; write severity: critical to refuse the month."
    else:
        return
    yield ("set_aside",), (what, fix)


# -- references --------------------------------------------------------------------------------------------------


def _check_reference(draft: Draft, name: str, at: Path_, check: Check, reference: Reference) -> None:
    known = draft.names(EXTRACTS)
    people = next((one for one in known if draft.documents[EXTRACTS].at((one, "kind")) == HR), None)
    target = people if reference.extract == HR and HR not in known else reference.extract
    if target is None or not known:
        return  # that there is no hr extract is told of extracts.yaml
    declared = draft.extracts.get(target)
    path = (*at, "refers_to", "extract")
    if target not in known:
        fix = did_you_mean(reference.extract, (*known, HR), what="Extracts")
        draft.fault(CHECKS, path, f"“{reference.extract}” is no extract.", fix)
    elif target == name:
        fix = "Name another one; within one extract ask unique, or a condition."
        draft.fault(CHECKS, path, f"“{name}” refers to itself.", fix)
    elif declared is not None and declared.kind is ExtractKind.CONTROL:
        fix = "Its totals are held against the extracts they are of without a check being written."
        draft.fault(CHECKS, path, f"“{target}” holds totals, and no values to refer to.", fix)
    elif reference.column is not None:
        own = draft.columns_of(name) or {}
        kind = own[check.column[0]].type if check.column[0] in own else None
        alike = _ALL if kind is None else TEXTS if kind in TEXTS else frozenset({kind})
        check_column(draft, CHECKS, (*at, "refers_to", "column"), target, reference.column, alike)
    elif target != people:
        same = check.column[0] if declared and check.column[0] in declared.columns else "…"
        fix = f"Write refers_to: {{extract: {target}, column: {same}}}."
        draft.fault(CHECKS, (*at, "refers_to"), f"The column of {target} is not named.", fix)
