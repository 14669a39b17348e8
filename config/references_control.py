"""What must hold of a control extract: the totals that sources give of their own extracts.

Its columns have names and types of their own (`config.models.CONTROL_COLUMNS`), told with those of hr in
`config.references_extracts`. Does not belong here: holding the totals against anything.
"""

from config.draft import EXTRACTS, Draft
from config.models import CONTROL_COLUMNS, Extract, ExtractKind

_NEEDED = ("extract", "month")
_TOTALS = ("rows", "total")
_MEANINGLESS = ("associate", "team", "identities", "not_people", "segment", "main_measure", "credit")


def check_control(draft: Draft, name: str, extract: Extract) -> None:
    """Note every fault of one control extract; other kinds are passed over."""
    if extract.kind is not ExtractKind.CONTROL:
        return
    for column in _NEEDED:
        if column not in extract.columns:
            what = f"A control extract has no column {column}."
            fix = f"Declare it: {column}: {{from: the heading in the source}}."
            draft.fault(EXTRACTS, (name, "columns"), what, fix)
    if not set(_TOTALS) & set(extract.columns):
        what = f"{name} gives neither rows nor total: there is nothing to agree with."
        draft.fault(EXTRACTS, (name, "columns"), what, "Declare one of them, or both.")
    if extract.date not in (None, "month"):
        what = f"A control extract is dated by its month, not by “{extract.date}”."
        draft.fault(EXTRACTS, (name, "date"), what, "Take date away.")
    for key in _MEANINGLESS:
        if getattr(extract, key):
            what = f"“{key}” means nothing for a control extract."
            fix = f"Take it away: its columns are {', '.join(CONTROL_COLUMNS)}."
            draft.fault(EXTRACTS, (name, key), what, fix)
