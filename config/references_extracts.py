"""What must hold inside extracts.yaml and between it and its columns.

Does not belong here: whether a source can be reached, or what its files hold.
"""

import re
from collections.abc import Iterable

from config.draft import EXTRACTS, Draft
from config.faults import did_you_mean
from config.models import FIXED_COLUMNS, ColumnType, Extract, ExtractKind, HrHistory
from config.policy_channel import is_policy_column
from config.references_control import check_control
from config.secrets import reference_faults
from config.sources import DatabaseSource, FilesSource, QuerySource
from config.sql_expressions import NUMERIC, condition_faults, query_faults

TEXTS = frozenset({ColumnType.ID, ColumnType.TEXT})
"""Types whose values are texts."""
DATES = frozenset({ColumnType.DATE, ColumnType.TIMESTAMP})
"""Types whose values lie in a month."""
_PLACEHOLDERS = frozenset({"month", "year", "mm", "state", "config"})
_MONTHLY = frozenset({ExtractKind.SALES, ExtractKind.SERVICE, ExtractKind.PULSE, ExtractKind.ACTIVITY})
_RESERVED = frozenset({
    "all", "and", "any", "as", "asc", "case", "cast", "check", "column", "constraint", "create", "default", "desc",
    "distinct", "do", "else", "end", "except", "false", "fetch", "for", "foreign", "from", "group", "having", "in",
    "into", "lateral", "limit", "not", "null", "offset", "on", "or", "order", "primary", "references", "select",
    "some", "table", "then", "to", "true", "union", "unique", "using", "when", "where", "window", "with",
})  # fmt: skip
_HISTORY_NEEDS = {HrHistory.EFFECTIVE_DATED: "valid_from", HrHistory.SNAPSHOTS: "snapshot_date"}


def check_extracts(draft: Draft) -> None:
    """Note every fault of the extracts that could be read."""
    second_hr = _check_one_hr(draft)
    for name, extract in draft.extracts.items():
        if name in second_hr:
            continue
        _check_columns(draft, name, extract)
        _check_column_keys(draft, name, extract)
        _check_source(draft, name, extract)
        _check_hr(draft, name, extract)
        check_control(draft, name, extract)


def _check_one_hr(draft: Draft) -> list[str]:
    """Note where hr is missing or there twice, and return the names of those beyond the first."""
    document = draft.documents.get(EXTRACTS)
    if document is None:
        return []
    kinds = {name: document.at((name, "kind")) for name in draft.names(EXTRACTS)}
    named = [name for name, kind in kinds.items() if kind == "hr"]
    if not named and all(isinstance(kind, str) and kind in set(ExtractKind) for kind in kinds.values()):
        draft.fault(EXTRACTS, (), "No extract has kind: hr.", "Add the list of your people: who is in which team.")
    for name in named[1:]:
        what = f"“{name}” is a second hr extract beside “{named[0]}”."
        draft.fault(EXTRACTS, (name, "kind"), what, "Keep one; a query source can join two.")
    return named[1:]


# -- columns -----------------------------------------------------------------------------------------------------


def _check_columns(draft: Draft, name: str, extract: Extract) -> None:
    if not extract.columns:
        draft.fault(EXTRACTS, (name, "columns"), "No column is declared.", "Declare those you use, each with its type.")
    headings: dict[str, str] = {}
    for column, declared in extract.columns.items():
        at = (name, "columns", column)
        heading = declared.source or column
        if is_policy_column(column) or is_policy_column(heading):
            what = f"“{heading}” speaks of policy violations or corrective action, which never enter these reports."
            draft.fault(EXTRACTS, at, what, "Take the column away, from the source too if you can.")
        if column in _RESERVED:
            fix = f"Call it {column}_id or {column}_name, with from: {heading}."
            draft.fault(EXTRACTS, at, f"“{column}” is a word of SQL.", fix)
        alike = " ".join(heading.casefold().split())
        if alike in headings:
            what = f"“{column}” and “{headings[alike]}” both read the heading “{heading}”."
            draft.fault(EXTRACTS, at, what, "Declare each heading once.")
        headings.setdefault(alike, column)
        if extract.kind in FIXED_COLUMNS:
            _check_fixed_column(draft, name, column, declared.type, extract.kind)


def _check_fixed_column(draft: Draft, name: str, column: str, declared: ColumnType, kind: ExtractKind) -> None:
    at = (name, "columns", column)
    known = FIXED_COLUMNS[kind]
    of = "hr" if kind is ExtractKind.HR else "a control extract"
    if column not in known:
        fix = did_you_mean(column, known, what="Its columns are")
        draft.fault(EXTRACTS, at, f"“{column}” is no column of {of}.", fix)
    elif declared is not known[column]:
        fix = f"Leave the type away: the columns of {of} have theirs."
        what = f"“{column}” is of type {declared}; in {of} it is {known[column]}."
        draft.fault(EXTRACTS, (*at, "type"), what, fix)


def _check_column_keys(draft: Draft, name: str, extract: Extract) -> None:
    numeric_share = frozenset({ColumnType.NUMBER, ColumnType.PERCENT})
    uses = (
        (("date",), extract.date if extract.kind is not ExtractKind.CONTROL else None, DATES),
        (("associate",), extract.associate, TEXTS),
        (("team",), extract.team, TEXTS),
        (("segment",), extract.segment, TEXTS),
        (("currency",), extract.currency, TEXTS),
        (("main_measure",), extract.main_measure, NUMERIC),
        (("last_modified",), extract.last_modified, DATES | NUMERIC),
        (("credit", "deal"), extract.credit.deal if extract.credit else None, TEXTS | {ColumnType.INTEGER}),
        (("credit", "share"), extract.credit.share if extract.credit else None, numeric_share),
    )
    for path, column, types in uses:
        if column is not None:
            check_column(draft, EXTRACTS, (name, *path), name, column, types)
    for n, column in enumerate(extract.key):
        check_column(draft, EXTRACTS, (name, "key", n), name, column, frozenset(ColumnType))
    if extract.kind is ExtractKind.PULSE and extract.main_measure is not None:
        what = "A survey's answers are not added up in every report."
        draft.fault(EXTRACTS, (name, "main_measure"), what, fix="Take main_measure out: rows are accounted for anyway.")
    if extract.associate is not None and extract.team is not None:
        what = "Both associate and team say whose rows these are."
        draft.fault(EXTRACTS, (name, "team"), what, "Keep associate; team is for rows without one.")
    types_of = {column: declared.type for column, declared in extract.columns.items()}
    for n, exclusion in enumerate(extract.exclude):
        for what, fix in condition_faults(exclusion.where, types_of):
            draft.fault(EXTRACTS, (name, "exclude", n, "where"), what, fix)


def check_column(
    draft: Draft, file: str, path: tuple[str | int, ...], extract: str, column: str, types: frozenset[ColumnType]
) -> None:
    """Note a column that an extract does not declare, or whose type does not fit. Unread extracts are passed over."""
    columns = draft.columns_of(extract)
    if columns is None:
        return
    if column not in columns:
        what = f"“{column}” is no column of {extract}."
        draft.fault(file, path, what, did_you_mean(column, columns, what="Its columns are"))
    elif columns[column].type not in types:
        what = f"“{column}” is of type {columns[column].type}."
        right = [name for name, declared in columns.items() if declared.type in types]
        fix = f"It needs {_or(sorted(types))}" + (f": {', '.join(right)}." if right else ".")
        draft.fault(file, path, what, fix)


def _or(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


# -- hr ----------------------------------------------------------------------------------------------------------


def _check_hr(draft: Draft, name: str, extract: Extract) -> None:
    if extract.kind is not ExtractKind.HR:
        for key, value in (("history", extract.history), ("assume_current_organisation", None)):
            written = draft.documents[EXTRACTS].at((name, key))
            if value is not None or written:
                draft.fault(EXTRACTS, (name, key), f"“{key}” is for the hr extract only.", "Take it away.")
        return
    columns = extract.columns
    if "associate" not in columns:
        draft.fault(EXTRACTS, (name, "columns"), "hr has no column associate.", "Declare it: associate: {from: …}.")
    if "name" not in columns and not {"given_name", "family_name"} <= set(columns):
        fix = "Declare name, or given_name and family_name."
        draft.fault(EXTRACTS, (name, "columns"), "hr has no column with names.", fix)
    if extract.team_by not in columns:
        what = f"Teams are made by {extract.team_by} (team_by), which is no column of {name}."
        draft.fault(EXTRACTS, (name, "team_by"), what, f"Declare {extract.team_by}, or make teams by the other.")
    _check_history(draft, name, extract)


def _check_history(draft: Draft, name: str, extract: Extract) -> None:
    history = extract.history
    if history is None:
        fix = "Write effective_dated, snapshots or today."
        draft.fault(EXTRACTS, (name, "history"), "hr does not say what it knows of the past (history).", fix)
        return
    need = _HISTORY_NEEDS.get(history)
    if need and need not in extract.columns:
        fix = f"Declare {need}, or write history: today."
        draft.fault(EXTRACTS, (name, "history"), f"“{history}” needs the column {need}.", fix)
    if history is HrHistory.TODAY and not extract.assume_current_organisation:
        draft.fault(
            EXTRACTS,
            (name, "history"),
            "With today's list alone earlier months are told by today's organisation.",
            "Agree to it: assume_current_organisation: true.",
        )


# -- sources -----------------------------------------------------------------------------------------------------


def _check_source(draft: Draft, name: str, extract: Extract) -> None:
    source = extract.source
    at: tuple[str | int, ...] = (name, "source")
    if isinstance(source, QuerySource):
        for what, fix in query_faults(source.query, source.tables):
            draft.fault(EXTRACTS, (*at, "query"), what, fix)
        for table, inner in source.tables.items():
            if isinstance(inner, FilesSource):
                _check_files(draft, (*at, "tables", table), inner)
            else:
                _check_database(draft, (*at, "tables", table), inner)
        return
    if isinstance(source, FilesSource):
        _check_files(draft, at, source)
        _check_month_known(draft, at, source, extract)
    else:
        _check_database(draft, at, source)
    if source.month_by is not None:
        headings = {declared.source for declared in extract.columns.values()}
        if not (isinstance(source, DatabaseSource) and source.month_by in headings):
            check_column(draft, EXTRACTS, (*at, "month_by"), name, source.month_by, DATES)


def _check_month_known(draft: Draft, at: tuple[str | int, ...], source: FilesSource, extract: Extract) -> None:
    for n, pattern in enumerate(source.files):
        says_month = "{month}" in pattern or ("{year}" in pattern and "{mm}" in pattern)
        if extract.kind in _MONTHLY and not says_month and source.month_by is None:
            what = f"“{pattern}” is the same file for every month."
            fix = "Put {month} into it (2026-10), or {year} and {mm}, or name the date column: month_by."
            draft.fault(EXTRACTS, (*at, "files", n), what, fix)


def _check_files(draft: Draft, at: tuple[str | int, ...], source: FilesSource) -> None:
    if not source.files:
        draft.fault(EXTRACTS, (*at, "files"), "No file is named.", "Write a pattern such as sales/{month}*.csv.")
    for n, pattern in enumerate(source.files):
        for placeholder in re.findall(r"\{([^}]*)\}?", pattern):
            if placeholder not in _PLACEHOLDERS:
                fix = did_you_mean(placeholder, ("month", "year", "mm"), what="{month}, {year} and {mm} are known")
                draft.fault(EXTRACTS, (*at, "files", n), f"“{{{placeholder}}}” in “{pattern}” means nothing.", fix)
    if source.encoding != "auto" and not _is_encoding(source.encoding):
        what = f"“{source.encoding}” is no encoding."
        draft.fault(EXTRACTS, (*at, "encoding"), what, "Write auto, or a name such as utf-8 or cp1252.")
    if source.separator not in ("auto", "tab") and len(source.separator) != 1:
        what = f"“{source.separator}” is no separator."
        draft.fault(EXTRACTS, (*at, "separator"), what, "Write auto, tab, or one character.")
    if source.thousands == source.decimal:
        what = f"“{source.decimal}” is both the decimal and the grouping mark."
        draft.fault(EXTRACTS, (*at, "thousands"), what, "Make them differ.")
    if source.dates not in ("iso", "day_first", "month_first") and "%" not in source.dates:
        what = f"“{source.dates}” is no way to write dates."
        draft.fault(EXTRACTS, (*at, "dates"), what, "Write iso, day_first, month_first, or a format such as %d.%m.%y.")
    for n, pattern in enumerate(source.footers):
        try:
            re.compile(pattern)
        except re.error as error:
            what = f"“{pattern}” is no regular expression: {error.msg}."
            draft.fault(EXTRACTS, (*at, "footers", n), what, "Check brackets and backslashes.")


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except LookupError:  # unknown, or a codec between bytes such as hex
        return False
    return True


def _check_database(draft: Draft, at: tuple[str | int, ...], source: DatabaseSource) -> None:
    for what, fix in reference_faults(source.url):
        draft.fault(EXTRACTS, (*at, "url"), what, fix)
    if (source.query is None) == (source.table is None):
        what = "Both query and table are there." if source.query else "Neither query nor table is there."
        draft.fault(EXTRACTS, at, what, "Write one of the two.")
    if source.table is not None and not re.fullmatch(r"[^\s.;]+(\.[^\s.;]+)?", source.table):
        draft.fault(EXTRACTS, (*at, "table"), f"“{source.table}” is no table.", "Write name or schema.name.")
