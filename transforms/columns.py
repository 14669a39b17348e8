"""Names and dtypes of every frame that goes from stage to stage, declared once.

Months in frames are `datetime64[s]`, the month's first day. Intervals are half-open: `valid_from` is the first day,
`valid_to` the first day that no longer counts; both are always filled (FAR_PAST, FAR_FUTURE).
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

FAR_PAST: Final = pd.Timestamp("1900-01-01")
FAR_FUTURE: Final = pd.Timestamp("2200-01-01")

TEXT: Final = "str"
DAY: Final = "datetime64[s]"
NUMBER: Final = "float64"
COUNT: Final = "int64"
MAYBE_COUNT: Final = "Int64"
YES_NO: Final = "bool"

# The landing's own columns beside the source's.
FILE: Final = "_file"
LINE: Final = "_line"

QUARANTINE: Final = ("row", "reason", "check", "column", "value", "file", "line")
"""What is told of a row that was set aside; its typed columns follow."""

SPELLS: Final = {
    "associate": TEXT, "valid_from": DAY, "valid_to": DAY, "name": TEXT, "email": TEXT, "role": TEXT, "fte": NUMBER,
    "contract": TEXT, "team": TEXT, "manager": TEXT, "second_manager": TEXT, "hire_date": DAY,
}  # fmt: skip
"""What was true of an associate between two days: one row a spell, no overlap within an associate."""

MEMBERSHIP: Final = {
    "associate": TEXT, "unit_kind": TEXT, "unit_id": TEXT, "valid_from": DAY, "valid_to": DAY,
}  # fmt: skip
"""Which units an associate's rows count in, from day to day: itself, its team, each manager above it, and itself
as a manager. At most one row covers a day for one associate and unit. The organisation is not listed: every row
counts in it. An anonymous row of a team is looked up as the associate `team:<team id>`."""

UNITS: Final = {
    "unit_kind": TEXT, "unit_id": TEXT, "title": TEXT, "parent_kind": TEXT, "parent_id": TEXT, "people": COUNT,
    "manager": TEXT, "role": TEXT, "fte": NUMBER, "hire_date": DAY, "direct": YES_NO,
}  # fmt: skip
"""The units of a month as of its last day (for those who left during it: their last day)."""

FACT_KEY: Final = ("month", "unit_kind", "unit_id", "metric", "segment")
FACTS: Final = {
    "month": DAY, "unit_kind": TEXT, "unit_id": TEXT, "metric": TEXT, "segment": TEXT, "value": NUMBER,
    "numerator": NUMBER, "denominator": NUMBER, "rows": COUNT, "respondents": MAYBE_COUNT, "suppressed": TEXT,
}  # fmt: skip
"""One metric of one unit in one month. `segment` is `all` or a segment. Shares are 0 to 1. `value` is missing where
the denominator is 0. `respondents` is filled for survey metrics only. `suppressed` is why nobody may see the figure,
which is then missing; empty otherwise."""

EXPECTED: Final = {
    "unit_kind": TEXT, "unit_id": TEXT, "metric": TEXT, "month": DAY, "value": NUMBER, "why": TEXT, "owner": TEXT,
    "set_on": DAY, "parent": TEXT, "origin": TEXT, "basis": TEXT, "parts_total": NUMBER, "review_by": DAY,
}  # fmt: skip
"""Expectations that are used: each with its why and owner. `origin` is table:<file>:<line>, rule:<name>, or
decision:<day> of a level that a person accepted; `basis` says in a sentence how the value came about; `parts_total` is
what the next level's expectations add up to (missing for ratios)."""

UNUSED_EXPECTED: Final = {
    "unit_kind": TEXT, "unit_id": TEXT, "metric": TEXT, "month": DAY, "value": NUMBER, "origin": TEXT, "reason": TEXT,
}  # fmt: skip
"""Expectations that were given and are not used, each with the reason."""

COMPARISON: Final = {
    "unit_kind": TEXT, "unit_id": TEXT, "metric": TEXT, "month": DAY, "actual": NUMBER, "numerator": NUMBER,
    "denominator": NUMBER, "rows": COUNT, "respondents": MAYBE_COUNT, "expected": NUMBER, "last_year": NUMBER,
    "difference": NUMBER, "sense": TEXT, "status": TEXT, "status_rule": TEXT, "carried": YES_NO, "chance": NUMBER,
    "months_below": COUNT, "trend": TEXT, "withheld": TEXT,
}  # fmt: skip
"""A unit's month on a metric. `month` is the month the figure is of (earlier than the report's where it matures
late). `difference` is in shares or points for percent and score, else a share of the expectation. `sense` is better,
worse or none. `carried`: natural variation does not explain the difference. `chance`: how likely natural variation
makes such a miss (0 to 1). `withheld`: the reason, empty where the figure is shown."""

SIGNALS: Final = {
    "unit_kind": TEXT, "unit_id": TEXT, "metric": TEXT, "month": DAY, "signal": TEXT, "rule": TEXT,
    "adjusted_for": TEXT, "assurance": TEXT, "mean": NUMBER, "lower": NUMBER, "upper": NUMBER, "months": COUNT,
    "since": DAY,
}  # fmt: skip
"""What the control chart says of a unit's latest month on a metric. `month` is the month the figure is of. `signal` is
improving, concerning, unusual (no direction is better), common, or none (too few months, or none that vary). `rule` is
the special cause: outside, run, trend, near; empty for none. `adjusted_for` names what mean and limits follow: season,
trend, autocorrelation, joined by a comma; empty for a plain chart. `assurance` is always met, always missed,
inconsistent, or none. Mean and limits are the latest month's, in the metric's unit. `since` is the month a person
re-based it from; missing where nobody did."""

CHARTS: Final = {
    "unit_kind": TEXT, "unit_id": TEXT, "metric": TEXT, "month": DAY, "mean": NUMBER, "lower": NUMBER, "upper": NUMBER,
    "flag": TEXT, "group": COUNT,
}  # fmt: skip
"""The control chart behind a signal, a row a month. `flag` is better, worse or unusual for a flagged point, else empty;
`group` counts the re-basings before it."""

CHANGES: Final = {
    "unit_kind": TEXT, "unit_id": TEXT, "metric": TEXT, "month": DAY, "kind": TEXT, "before": NUMBER, "after": NUMBER,
    "difference": NUMBER, "sense": TEXT, "size_sd": NUMBER, "chance": NUMBER, "cause": TEXT, "group_kind": TEXT,
    "group_id": TEXT, "moved_share": NUMBER, "explained_share": NUMBER, "joined_share": NUMBER, "events": TEXT,
    "accepted": YES_NO, "proposed": NUMBER,
}  # fmt: skip
"""A lasting shift found in a unit's metric. `month` is the first of the new level or slope, `kind` level or trend;
`before` and `after` the level on either side, of a trend the rise a month; `difference` and `sense` as in COMPARISON.
`chance`: that a series without a shift shows one like it. `cause`: own, conditions, both, members (the unit's people
changed by a large part: no shift of anybody), accepted, or unknown. `group_kind` and `group_id` name the group that
moved with it (a team without an id: the teams, where a metric is of no person); `moved_share` of whose others moved,
explaining `explained_share` of the shift. `joined_share`: of the unit's people, those who came or went around it.
`events`: what happened within a month of it, each on a line: a coincidence in time. `accepted`: a person re-based it.
`proposed`: what would be expected of a month from now on if it is accepted."""

REPEATED: Final = {
    "unit_kind": TEXT, "unit_id": TEXT, "metric": TEXT, "action": TEXT, "months": TEXT, "periods": COUNT,
}  # fmt: skip
"""The same action, recorded in three months or more (`months`, joined by a comma), and no shift in its metric."""

AVAILABILITY: Final = {"associate": TEXT, "month": DAY, "available_share": NUMBER}
"""Share of an associate's working days in a month on which the associate was available."""


def typed_in_quarantine(name: str) -> str:
    """The name of a declared column among rows set aside."""
    return f"typed_{name}" if name in QUARANTINE else name


def empty(columns: Mapping[str, str]) -> pd.DataFrame:
    """A frame of these columns without a row."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})


def shaped(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """The frame with exactly these columns and dtypes, in this order; columns it lacks are missing values.

    Raises ValueError for a column that is not declared.
    """
    unknown = sorted(set(frame.columns) - set(columns))
    if unknown:
        raise ValueError(f"columns that are not declared: {', '.join(unknown)}")
    given = {name: frame[name] if name in frame else pd.Series(np.nan, index=frame.index) for name in columns}
    return pd.DataFrame({name: given[name].astype(pandas_dtype(dtype)).array for name, dtype in columns.items()})
