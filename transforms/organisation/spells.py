"""What was true of each associate between two days, without overlap, from hr rows of any history.

Does not belong here: whether a manager exists or a chain is sound (`hierarchy`).
"""

import re
from collections.abc import Collection
from typing import Final

import numpy as np
import pandas as pd

from config.checks import Severity
from config.models import HrHistory
from config.months import Month
from transforms.columns import FILE, LINE
from transforms.organisation.intervals import (
    LAST,
    NO_DAY,
    Whole,
    cut_by,
    in_order,
    latest_wins,
    merged,
    spread,
    to_date,
    whole,
)
from transforms.organisation.notes import Note, listed, note, place, span_text
from transforms.organisation.rows import CONTENT

SAYS: Final = tuple(name for name in CONTENT if name not in ("hire_date", "leave_date"))
KEPT: Final = ("code", "associate", "start", "end", "row", FILE, LINE, "hire_date", *SAYS)
LARGEST_FTE: Final = 1.5
_EMAIL: Final = r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]{2,}"


def build_spells(rows: pd.DataFrame, history: HrHistory, month: Month) -> tuple[pd.DataFrame, list[Note]]:
    """One row for each time something was true of an associate, with `start`, `end` and the `row` it comes from.

    Rows are as from `read_rows`, with the associate's whole-number `code`. Of two rows that cover a day the one that
    began later counts, then the later line.
    """
    # A row from after someone's last day says that the time before is over, so effective-dated rows are put in
    # order first and limited to the employment after; in lists each row is one employment, so there it is limited
    # first.
    if history is HrHistory.EFFECTIVE_DATED:
        notes = _overlaps(rows)
        spells = latest_wins(rows, "code").pipe(_within_employment)
    else:
        employed = _within_employment(rows)
        notes = _overlaps(employed)
        spells = latest_wins(employed, "code")
    spells = spells.pipe(_ended_by_later_rows, rows).pipe(_with_hire_date, history)
    notes += _never_there(rows, spells, month)
    spells, faults = _with_sound_values(spells)
    return _joined(spells)[[*KEPT]], [*notes, *faults]


def _within_employment(rows: pd.DataFrame) -> pd.DataFrame:
    start = np.maximum(rows["start"], rows["hire_date"])
    after = np.where(rows["leave_date"] == NO_DAY, LAST, rows["leave_date"] + 1)
    limited = rows.assign(start=start, end=np.minimum(rows["end"], after))
    return limited.loc[limited["start"] < limited["end"]].reset_index(drop=True)


def _ended_by_later_rows(spells: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """A last day that only a later row tells (the next snapshot, a closing row) ends the spell before it too."""
    leaving = in_order(rows.loc[rows["leave_date"] != NO_DAY], "code")
    # Each spell with each row that tells a last day of the same associate.
    low = np.searchsorted(whole(leaving, "code"), whole(spells, "code"), side="left")
    high = np.searchsorted(whole(leaving, "code"), whole(spells, "code"), side="right")
    at, step = spread((high - low).astype(np.int64))
    later = low[at] + step
    start, end = whole(spells, "start"), whole(spells, "end")
    began = whole(rows, "start")[np.searchsorted(whole(rows, "row"), whole(spells, "row"))]
    day_after = whole(leaving, "leave_date")[later] + 1
    ends_it = (
        (whole(leaving, "start")[later] > began[at])
        & (start[at] <= day_after)
        & (day_after < end[at])
        & (whole(leaving, "hire_date")[later] <= start[at])
    )
    if not ends_it.any():
        return spells
    shortened = end.copy()
    np.minimum.at(shortened, at[ends_it], day_after[ends_it])
    return spells.assign(end=shortened).loc[start < shortened].reset_index(drop=True)


def _with_hire_date(spells: pd.DataFrame, history: HrHistory) -> pd.DataFrame:
    """Each employment's own hire date: a gap begins a new one, also where the row repeats the first date.

    Where hr gives none, the employment's first known day stands in, but for those already there when the history
    begins: theirs is unknown.
    """
    if spells.empty:
        return spells
    spells = in_order(spells, "code", "start")
    periods = merged(spells, ["code"])
    number = np.searchsorted(_key(periods, "start"), _key(spells, "start"), side="right") - 1
    begins = whole(periods, "start")[number]
    again = (whole(periods, "code")[1:] == whole(periods, "code")[:-1]) if len(periods) > 1 else np.zeros(0, bool)
    before = np.append(NO_DAY, np.where(again, whole(periods, "end")[:-1], NO_DAY))[number]
    hired = whole(spells, "hire_date")
    unknown = (begins == spells["start"].min()) | (history is HrHistory.TODAY)
    filled = np.where(hired == NO_DAY, np.where(unknown, NO_DAY, begins), hired)
    return spells.assign(hire_date=np.where((before != NO_DAY) & (filled < before), begins, filled))


def _key(frame: pd.DataFrame, column: str) -> Whole:
    return whole(frame, "code") * (LAST + 1) + whole(frame, column)


def _joined(spells: pd.DataFrame) -> pd.DataFrame:
    """Adjacent spells that say the same are one; it keeps the last row it comes from."""
    same_as_before = np.zeros(len(spells), dtype=bool)
    if len(spells) > 1:
        says = spells[["code", "hire_date", *SAYS]]
        same_as_before[1:] = (says.iloc[1:].to_numpy() == says.iloc[:-1].to_numpy()).all(axis=1) & (
            whole(spells, "start")[1:] == whole(spells, "end")[:-1]
        )
    first = np.flatnonzero(~same_as_before)
    last = np.append(first[1:] - 1, len(spells) - 1) if len(spells) else first
    return spells.iloc[last].assign(start=whole(spells, "start")[first]).reset_index(drop=True)


# -- findings --------------------------------------------------------------------------------------------------


def _overlaps(rows: pd.DataFrame) -> list[Note]:
    """Two rows that say different things of one associate on the same days."""
    ordered = in_order(rows, "code", "start", "row")
    if len(ordered) < 2:  # noqa: PLR2004
        return []
    key_end = whole(ordered, "code") * (LAST + 1) + whole(ordered, "end")
    reach = np.maximum.accumulate(key_end)
    # The row whose end reaches furthest so far is what the next row may overlap with.
    furthest = np.maximum.accumulate(np.where(key_end == reach, np.arange(len(ordered)), 0))
    overlaps = np.zeros(len(ordered), dtype=bool)
    overlaps[1:] = _key(ordered, "start")[1:] < reach[:-1]
    if not overlaps.any():
        return []
    ordered = ordered.fillna({"fte": 1.0})
    later = ordered.iloc[np.flatnonzero(overlaps)].reset_index(drop=True)
    earlier = ordered.iloc[furthest[np.flatnonzero(overlaps) - 1]].reset_index(drop=True)
    # Without any valid_to a row holds until the next begins: that is how such a history is kept, not a fault.
    open_history = bool((rows["valid_to"] == NO_DAY).all())
    natural = (earlier["start"] < later["start"]) & open_history
    differs = (earlier[list(CONTENT)].to_numpy() != later[list(CONTENT)].to_numpy()).any(axis=1)
    return [_overlap(earlier.iloc[int(at)], later.iloc[int(at)]) for at in np.flatnonzero(differs & ~natural)]


def _overlap(earlier: pd.Series, later: pd.Series) -> Note:
    different = [name for name in CONTENT if earlier[name] != later[name]]
    column = "manager" if "manager" in different else different[0]
    days = (int(later["start"]), int(min(earlier["end"], later["end"])))
    why = "began later" if earlier["start"] < later["start"] else "is the later line"
    what = "two managers" if column == "manager" else f"two values of {column}"
    return note(
        "two_managers" if column == "manager" else "overlap", Severity.WARNING,
        f"Associate “{later['associate']}” has {what} {span_text(*days)}: {_shown(earlier, column)} (line "
        f"{earlier['_line']}) and {_shown(later, column)} (line {later['_line']}). The one that {why} counts: "
        f"{_shown(later, column)}. Only one row may hold on a day: end the other with valid_to.",
        at=place(later), column=column, value=_shown(later, column).strip("“”"), rows=2, days=days,
    )  # fmt: skip


def _shown(row: pd.Series, column: str) -> str:
    if column in ("hire_date", "leave_date"):
        return "none" if row[column] == NO_DAY else str(to_date(row[column]))
    return f"“{row[column]}”"


def _never_there(rows: pd.DataFrame, spells: pd.DataFrame, month: Month) -> list[Note]:
    """Somebody with a leave date and not one day that counts."""
    without = (rows["leave_date"] != NO_DAY) & ~rows["code"].isin(spells["code"])
    if not without.any():
        return []
    gone = rows.loc[without]
    return [
        note(
            "left_without_a_day", Severity.WARNING,
            f"Associate “{one['associate']}” left on {to_date(one['leave_date'])}, but no row holds on or before that "
            f"day: nothing counts for them in {month}. Keep the row that held until leave_date.",
            at=place(one), column="leave_date", value=str(to_date(one["leave_date"])),
            days=(int(one["leave_date"]), int(one["leave_date"]) + 1),
        )
        for _, one in gone.drop_duplicates("code", keep="last").iterrows()
    ]  # fmt: skip


def _with_sound_values(spells: pd.DataFrame) -> tuple[pd.DataFrame, list[Note]]:
    """fte that is none becomes 1, an e-mail address that is none becomes empty; each is said."""
    odd_fte = ~spells["fte"].between(0, LARGEST_FTE, inclusive="right")
    sound_email = {one: one == "" or re.fullmatch(_EMAIL, one) is not None for one in dict.fromkeys(spells["email"])}
    odd_email = ~spells["email"].map(sound_email).astype(bool)
    notes = [
        *_missing(spells.loc[spells["fte"].isna()], "fte", Severity.WARNING,
                  "no fte: 1 is taken. Write the share of full time, such as 0.5 or 1."),
        *_missing(spells.loc[spells["name"] == ""], "name", Severity.INFO,
                  "no name: the id is shown. Fill name, or given_name and family_name."),
        *_odd(spells.loc[odd_fte & spells["fte"].notna()], "fte_out_of_range", "fte",
              "fte {value}: 1 is taken. It is a share of full time, above 0 and at most 1.5."),
        *_odd(spells.loc[odd_email], "email_invalid", "email",
              "the e-mail address “{value}”, which is none: no report is mailed to it. Write name@company.example."),
    ]  # fmt: skip
    sound = spells.assign(fte=spells["fte"].where(~odd_fte, 1.0), email=spells["email"].where(~odd_email, ""))
    return sound, notes


def _missing(rows: pd.DataFrame, column: str, severity: Severity, text: str) -> list[Note]:
    """One note for all who lack a value: a column that is never filled is one fault."""
    if rows.empty:
        return []
    who = set(rows["associate"])
    people = f"{'Associate' if len(who) == 1 else 'Associates'} {listed(who)} {'has' if len(who) == 1 else 'have'}"
    return [
        note(
            f"{column}_missing", severity, f"{people} {text}",
            at=place(rows.sort_values("row").iloc[0]), column=column, rows=len(who),
            days=(int(rows["start"].min()), int(rows["end"].max())),
        )
    ]  # fmt: skip


def _odd(rows: pd.DataFrame, code: str, column: str, text: str) -> list[Note]:
    """One note for each associate and value, at the last row that has it."""
    if rows.empty:
        return []
    return [
        note(
            code, Severity.WARNING, f"Associate “{associate}” has {text.format(value=value)}",
            at=place(group.iloc[-1]), column=column, value=str(value), rows=group["row"].nunique(),
            days=(int(group["start"].min()), int(group["end"].max())),
        )
        for (associate, value), group in rows.groupby(["associate", column], sort=True)
    ]  # fmt: skip


def shared_addresses(spells: pd.DataFrame, month_start: int, month_end: int) -> list[Note]:
    """One e-mail address of several associates: a report would reach the wrong person."""
    now = spells.loc[(spells["email"] != "") & (spells["end"] > month_start) & (spells["start"] < month_end)]
    pairs = {(email.casefold(), code) for email, code in zip(now["email"], now["code"], strict=True)}
    if len({email for email, _ in pairs}) == len(pairs):
        return []
    firsts = now.assign(_plain=now["email"].str.casefold()).drop_duplicates(["_plain", "code"], keep="last")
    shared = firsts.loc[firsts["_plain"].duplicated(keep=False)]
    return [
        note(
            "email_shared", Severity.WARNING,
            f"The e-mail address “{address}” belongs to several associates: "
            f"{', '.join(f'“{one}”' for one in sorted(group['associate']))}. Each needs their own.",
            at=place(group.iloc[-1]), column="email", value=str(address), rows=len(group),
        )
        for address, group in shared.groupby("_plain", sort=True)
    ]  # fmt: skip


def managers_without_address(spells: pd.DataFrame, month_end: int, told: Collection[tuple[str, int]]) -> list[Note]:
    """Who manages others on the month's last day and has no e-mail address, where other people have one.

    `told` are places (file, line) of addresses that have been told already.
    """
    now = spells.loc[(spells["start"] < month_end) & (spells["end"] >= month_end)]
    if not (now["email"] != "").any():
        return []
    silent = now.loc[(now["email"] == "") & now["associate"].isin({*now["manager"], *now["interim_manager"]})]
    return [
        note(
            "email_missing", Severity.WARNING,
            f"Associate “{row['associate']}” manages others and has no e-mail address: no report can be mailed to "
            "them. Write name@company.example.",
            at=place(row), column="email",
        )
        for _, row in silent.sort_values("row", kind="stable").drop_duplicates("associate").iterrows()
        if place(row) not in told
    ]  # fmt: skip


def team_of(spells: pd.DataFrame, team_by: str) -> pd.DataFrame:
    """`team` by the extract's rule: as given, or the id of the manager that is shared (never one's own)."""
    if team_by == "team":
        return spells
    shared = spells["manager"].where(spells["manager"] != "", spells["interim_manager"])
    return spells.assign(team=shared.where(shared != spells["associate"], ""))


def two_names(spells: pd.DataFrame, month_start: int, month_end: int) -> list[Note]:
    """Teams that have two names on the same day of the month."""
    named = spells.loc[(spells["team"] != "") & (spells["team_name"] != "") & (spells["end"] > month_start)]
    named = named.loc[named["start"] < month_end]
    pairs = set(zip(named["team"], named["team_name"], strict=True))
    if len({team for team, _ in pairs}) == len(pairs):
        return []
    named = named.assign(team_code=lambda rows: pd.factorize(rows["team"], sort=True)[0].astype("int64"))
    pieces = named.pipe(cut_by, "team_code", named, "team_code")
    pieces = pieces.loc[pieces["end"] > month_start]
    several = pieces.groupby(["team", "start"])["team_name"].transform("nunique") > 1
    return [
        note(
            "team_names_differ", Severity.WARNING,
            f"Team “{team}” has several names on one day: "
            f"{', '.join(f'“{name}”' for name in sorted(set(group['team_name'])))}. The latest is shown. "
            "Give one id one name.",
            at=place(group.sort_values("row").iloc[-1]), column="team_name",
            value=str(group.sort_values("row")["team_name"].iloc[-1]), rows=group["row"].nunique(),
        )
        for team, group in pieces.loc[several].groupby("team", sort=True)
    ]  # fmt: skip
