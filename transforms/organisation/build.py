"""From the checked hr extract to a month's organisation: the order of the steps.

Does not belong here: the steps themselves.
"""

import numpy as np
import pandas as pd

from config.checks import Severity
from config.models import Extract, HrHistory
from config.months import Month
from transforms.columns import MEMBERSHIP, SPELLS, UNITS, empty, shaped
from transforms.organisation.hierarchy import NOBODY, Hierarchy, build_hierarchy
from transforms.organisation.intervals import day_number, in_order, merged, to_days, whole
from transforms.organisation.membership import build_memberships, membership_frame
from transforms.organisation.model import REPORTING, Organisation
from transforms.organisation.notes import Note, condensed, last_known, listed, note, place
from transforms.organisation.rows import as_codes, history_of, look_alikes, read_rows
from transforms.organisation.spells import (
    build_spells,
    managers_without_address,
    shared_addresses,
    team_of,
    two_names,
)
from transforms.organisation.units import build_units


def build_organisation(
    hr: pd.DataFrame, extract: Extract, month: Month, *, organisation_title: str = "Organisation"
) -> Organisation:
    """The organisation as it was known on the month's last day, from the typed rows of the checked hr extract.

    `hr` has the declared ones of HR_COLUMNS (absent ones are empty) and `_file`, `_line`; it is left as it is.
    Nothing dated after the month is used. What is wrong is in `findings`; a critical one means that hr can't be
    used, and the frames may then be empty. Never raises for bad data.
    """
    history = history_of(extract)
    first, after = day_number(month.first_day), last_known(month)
    rows, notes = read_rows(hr, history, month)
    ids = pd.Index(np.unique(rows["associate"].to_numpy(dtype=object)), dtype="str")
    rows = rows.assign(code=as_codes(rows["associate"], ids))
    spells, spell_notes = build_spells(rows, history, month)
    spells = team_of(spells, extract.team_by)
    notes = [*notes, *spell_notes]
    in_month = spells.loc[(spells["start"] < after) & (spells["end"] > first)]
    if in_month.empty:
        return _refused(hr, notes, month, history)
    hierarchy = build_hierarchy(spells, ids, first)
    if extract.team_by == "manager":
        hierarchy = _without_circular_teams(hierarchy)
    memberships = build_memberships(hierarchy, first)
    units = build_units(
        hierarchy, memberships, first, after, team_by=extract.team_by, organisation_title=organisation_title
    )
    told = {(one.finding.file, one.finding.line) for one in notes if one.finding.column == "email"}
    notes += [
        *managers_without_address(spells, after, told),
        *hierarchy.notes, *memberships.notes, *look_alikes(rows, "associate"), *look_alikes(spells, "team"),
        *two_names(spells, first, after), *shared_addresses(spells, first, after), *_alone(units, hierarchy),
        *_teams_without_members(rows, in_month, first, after, extract.team_by, month),
    ]  # fmt: skip
    return Organisation(
        month=month,
        spells=_spell_frame(hierarchy),
        membership=membership_frame(hierarchy, memberships),
        units=units,
        reporting=_reporting_frame(hierarchy),
        findings=condensed(notes, month),
        assumed_current=history is HrHistory.TODAY,
    )


def _refused(hr: pd.DataFrame, notes: list[Note], month: Month, history: HrHistory) -> Organisation:
    """Nothing holds in the month: say why as far as the rows tell."""
    if "associate" not in hr or hr["associate"].isna().all() or hr.empty:
        text = f"The hr extract of {month} has no associate at all" + (
            " (no row)." if hr.empty else f": not one of its {len(hr)} rows has an id in the column associate."
        )
    elif sum(one.finding.rows for one in notes if one.finding.code.split(".")[1] in _SETS_ASIDE) >= len(hr):
        text = f"Every one of the {len(hr)} rows of the hr extract of {month} is faulty (each is listed)."
    else:
        text = f"None of the {len(hr)} rows of the hr extract holds on a day of {month}."
    fix = " Give hr rows that hold in the month: nobody can be placed in a team without them."
    critical = note("unusable", Severity.CRITICAL, text + fix, column="associate", rows=len(hr))
    return Organisation(
        month=month, spells=empty(SPELLS), membership=empty(MEMBERSHIP), units=empty(UNITS),
        reporting=empty(REPORTING), findings=condensed([critical, *notes], month),
        assumed_current=history is HrHistory.TODAY,
    )  # fmt: skip


_SETS_ASIDE = ("no_id", "no_date", "valid_to_before_valid_from", "hired_after_leaving", "left_without_a_day")


def _without_circular_teams(hierarchy: Hierarchy) -> Hierarchy:
    """Who lost the manager to a circle is in no team of that manager either."""
    spells = hierarchy.spells
    teams = spells["team"].where(~spells["circular"], "")
    return Hierarchy(hierarchy.ids, spells.assign(team=teams), hierarchy.spans, hierarchy.notes)


def _spell_frame(hierarchy: Hierarchy) -> pd.DataFrame:
    spells, ids = hierarchy.spells, hierarchy.ids
    texts = ["name", "email", "role", "contract", "team"]
    keys = ["code", *texts, "fte", "manager_code", "second_code", "hire_date"]
    joined = merged(spells, keys).pipe(in_order, "code", "start")
    return pd.DataFrame(
        {
            "associate": _ids(joined["code"], ids),
            "valid_from": to_days(whole(joined, "start")), "valid_to": to_days(whole(joined, "end")),
            **{name: joined[name].to_numpy() for name in [*texts, "fte"]},
            "manager": _ids(joined["manager_code"], ids), "second_manager": _ids(joined["second_code"], ids),
            "hire_date": to_days(whole(joined, "hire_date")),
        }
    ).pipe(shaped, SPELLS)  # fmt: skip


def _ids(codes: pd.Series, ids: pd.Index) -> np.ndarray:
    named: np.ndarray = np.append(ids.to_numpy(dtype=object), "")[codes.to_numpy(dtype=np.int64)]
    return named


def _reporting_frame(hierarchy: Hierarchy) -> pd.DataFrame:
    links = hierarchy.spells.loc[hierarchy.spells["boss"] != NOBODY]
    joined = merged(links, ["code", "boss", "via"]).pipe(in_order, "code", "start")
    return pd.DataFrame(
        {
            "associate": _ids(joined["code"], hierarchy.ids),
            "valid_from": to_days(whole(joined, "start")), "valid_to": to_days(whole(joined, "end")),
            "manager": _ids(joined["boss"], hierarchy.ids), "regular_manager": _ids(joined["via"], hierarchy.ids),
        }
    ).pipe(shaped, REPORTING)  # fmt: skip


def _alone(units: pd.DataFrame, hierarchy: Hierarchy) -> list[Note]:
    """More than one associate with neither team nor manager."""
    tops = units.loc[(units["unit_kind"] == "associate") & (units["parent_kind"] == "organisation"), "unit_id"]
    if len(tops) < 2:  # noqa: PLR2004
        return []
    rows = hierarchy.spells.loc[hierarchy.spells["associate"].isin(tops)].sort_values("row", kind="stable")
    return [
        note(
            "several_at_the_top", Severity.INFO,
            f"{len(tops)} associates are in no team and have no manager: {listed(tops)}. Their rows count in the "
            "organisation only. Usually one person is at the top: give the others a team or a manager.",
            at=place(rows.iloc[0]), column="manager", rows=len(tops),
        )
    ]  # fmt: skip


def _teams_without_members(
    rows: pd.DataFrame, in_month: pd.DataFrame, first: int, after: int, team_by: str, month: Month
) -> list[Note]:
    """Teams that rows of the month name, though nobody counts in them."""
    if team_by == "manager":
        return []
    named = rows.loc[(rows["team"] != "") & (rows["start"] < after) & (rows["end"] > first)]
    lacking = named.loc[~named["team"].isin(in_month["team"])]
    if lacking.empty:
        return []
    return [
        note(
            "team_without_members", Severity.WARNING,
            f"Team “{team}” has no member in {month}: everyone hr lists in it had left or was hired later. Give it "
            "members, or end its rows.",
            at=place(group.iloc[-1]), column="team", value=str(team), rows=len(group),
        )
        for team, group in lacking.groupby("team", sort=True)
    ]  # fmt: skip
