"""Small hr extracts for tests: one line a row, and memberships of October 2026 as text."""

import pandas as pd

from config.models import HR_COLUMNS, ColumnType, Extract
from config.months import Month
from transforms.organisation import Organisation, build_organisation

OCTOBER = Month(2026, 10)
HISTORY_COLUMN = {"effective_dated": "valid_from", "snapshots": "snapshot_date"}


def hr_extract(history: str = "effective_dated", team_by: str = "team") -> Extract:
    return Extract.model_validate(
        {
            "kind": "hr",
            "source": {"files": "hr.csv"},
            "columns": {"associate": {"type": "id"}},
            "history": history,
            "team_by": team_by,
            "assume_current_organisation": history == "today",
        }
    )


def person(associate: str | None, **columns: object) -> dict[str, object]:
    """A row that holds since 2025, unless it says otherwise."""
    dated = {} if {"valid_from", "snapshot_date", "today"} & set(columns) else {"valid_from": "2025-01-01"}
    return {"associate": associate, "name": f"Associate {associate}", **dated, **columns}


def hr(*rows: dict[str, object]) -> pd.DataFrame:
    """Typed as a checked extract is; lines count from 2."""
    frame = pd.DataFrame(list(rows)).drop(columns="today", errors="ignore")
    typed: dict[str, object] = {}
    for name in frame.columns:
        kind = HR_COLUMNS[name]
        if kind is ColumnType.DATE:
            typed[name] = pd.to_datetime(frame[name]).astype("datetime64[s]")
        else:
            typed[name] = frame[name].astype("float64" if kind is ColumnType.NUMBER else "str")
    return pd.DataFrame(typed).assign(_file="hr.csv", _line=range(2, len(frame) + 2))


def build(
    *rows: dict[str, object], history: str = "effective_dated", team_by: str = "team", month: Month = OCTOBER
) -> Organisation:
    return build_organisation(hr(*rows), hr_extract(history, team_by), month)


def october(organisation: Organisation, associate: str) -> dict[str, str]:
    """Units an associate's rows count in and on which days of October: {"team T": "1-14", "manager M": "1-31"}."""
    rows = organisation.membership.loc[organisation.membership["associate"] == associate]
    found: dict[str, str] = {}
    first, end = pd.Timestamp(OCTOBER.first_day), pd.Timestamp(OCTOBER.end)
    for kind, unit, start, until in zip(
        rows["unit_kind"], rows["unit_id"], rows["valid_from"], rows["valid_to"], strict=True
    ):
        if start < end and until > first:
            days = f"{max(start, first).day}-{(min(until, end) - pd.Timedelta(days=1)).day}"
            key = f"{kind} {unit}"
            found[key] = f"{found[key]}, {days}" if key in found else days
    return found


def unit(organisation: Organisation, kind: str, unit_id: str) -> dict[str, object]:
    rows = organisation.units.loc[
        (organisation.units["unit_kind"] == kind) & (organisation.units["unit_id"] == unit_id)
    ]
    assert len(rows) == 1, f"{kind} {unit_id} stands {len(rows)} times"
    return {str(name): value for name, value in rows.iloc[0].items()}
