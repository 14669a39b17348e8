"""The rows of the checked hr extract as this month may know them: complete columns, plain days, faulty rows set aside.

Does not belong here: what was true between two days (`spells`), or who reports to whom (`hierarchy`).
"""

import re
from typing import Final

import numpy as np
import pandas as pd

from config.checks import Severity
from config.models import HR_COLUMNS, ColumnType, Extract, HrHistory
from config.months import Month
from transforms.columns import FILE, LINE
from transforms.organisation.intervals import LAST, NO_DAY, Whole, day_numbers, sortable, to_date, whole
from transforms.organisation.notes import Note, last_known, listed, note, place

TEXTS: Final = tuple(name for name, kind in HR_COLUMNS.items() if kind in (ColumnType.ID, ColumnType.TEXT))
DATES: Final = tuple(name for name, kind in HR_COLUMNS.items() if kind is ColumnType.DATE)
CONTENT: Final = (
    "name", "email", "role", "fte", "team", "team_name", "manager", "second_manager", "interim_manager", "contract",
    "hire_date", "leave_date",
)  # fmt: skip
"""What a row says of an associate, beside the days it holds for."""
SAME: Final = ["associate", "start", "end", *CONTENT]


def history_of(extract: Extract) -> HrHistory:
    """What the extract declares of the past, or what its columns say."""
    if extract.history is not None:
        return extract.history
    if "valid_from" in extract.columns:
        return HrHistory.EFFECTIVE_DATED
    return HrHistory.SNAPSHOTS if "snapshot_date" in extract.columns else HrHistory.TODAY


def read_rows(hr: pd.DataFrame, history: HrHistory, month: Month) -> tuple[pd.DataFrame, list[Note]]:
    """Rows that can be used, with day numbers in `start` and `end`, and what is wrong with the others.

    Sorted by file and line; `row` numbers them. A row from after the month is not there.
    """
    unknown = last_known(month)
    rows = hr.pipe(_complete).pipe(_in_order).pipe(_dated, history, unknown)
    begins = rows["hire_date"] if history is HrHistory.TODAY else rows["start"]
    rows = rows.loc[begins < unknown].pipe(_without_future, unknown)
    has_id = rows["associate"] != ""
    notes: list[Note] = []
    again = rows.duplicated(SAME, keep="first") & has_id
    if again.any():
        notes = _doubled(rows.loc[again])
        # The last of them stays, since the later line counts where rows overlap.
        rows = rows.loc[~(rows.duplicated(SAME, keep="last") & has_id)]
    for faulty, notes_of in (
        (_without_id(rows), _note_without_id),
        (_without_day(rows, history), _note_without_day),
        (_backwards(rows, history), _note_backwards),
        (rows["hire_date"].gt(rows["leave_date"]) & rows["leave_date"].ne(NO_DAY), _note_hired_after_leaving),
    ):
        if not faulty.any():
            continue
        faults = rows.loc[faulty.reindex(rows.index, fill_value=False)]
        notes += [notes_of(row) for _, row in faults.iterrows()]
        rows = rows.drop(index=faults.index)
    return rows.reset_index(drop=True), notes


def _complete(hr: pd.DataFrame) -> pd.DataFrame:
    """All columns of hr, texts without missing values, dates as day numbers."""
    texts = {name: _texts(hr, name) for name in (*TEXTS, FILE)}
    both = [
        f"{given} {family}".strip() for given, family in zip(texts["given_name"], texts["family_name"], strict=True)
    ]
    texts["name"] = [name or full for name, full in zip(texts["name"], both, strict=True)]
    return pd.DataFrame(
        {
            **{name: np.array(values, dtype=object) for name, values in texts.items()},
            **{name: day_numbers(hr[name]) if name in hr else np.full(len(hr), NO_DAY) for name in DATES},
            "fte": hr["fte"].to_numpy(dtype="float64", na_value=np.nan) if "fte" in hr else np.ones(len(hr)),
            LINE: hr[LINE].fillna(0).to_numpy(dtype="int64") if LINE in hr else np.zeros(len(hr), dtype="int64"),
        }
    )


def _texts(rows: pd.DataFrame, name: str) -> list[str]:
    """Plain Python texts: frames of them are many times quicker than frames of Arrow's, in this many small steps."""
    if name not in rows:
        return [""] * len(rows)
    texts = rows[name].astype("str").fillna("").tolist()
    # A team's id is left as written, so that ids that differ by a space are seen and said.
    return [text if text.strip() else "" for text in texts] if name == "team" else [text.strip() for text in texts]


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Sorted by file and line (content where these are equal), so that the order of rows never matters."""
    by = [FILE, LINE, "associate", *DATES, *CONTENT[:-2]]
    order = np.lexsort([sortable(rows[name]) for name in reversed(by)])
    return rows.iloc[order].reset_index(drop=True).assign(row=np.arange(len(rows), dtype=np.int64))


def _dated(rows: pd.DataFrame, history: HrHistory, unknown: int) -> pd.DataFrame:
    """With `start` and `end` of what each row says, before employment limits it."""
    if history is HrHistory.SNAPSHOTS:
        rows = rows.loc[rows["snapshot_date"] < unknown]
        taken = whole(rows, "snapshot_date")
        days = np.unique(taken[taken != NO_DAY])
        following = np.append(days[1:], [LAST, LAST])
        return rows.assign(start=taken, end=following[np.searchsorted(days, taken)])
    if history is HrHistory.TODAY:
        return rows.assign(start=0, end=LAST)
    start = rows["valid_from"].where(rows["valid_from"] != NO_DAY, rows["hire_date"])
    after = (rows["valid_to"] + 1).clip(upper=LAST)
    return rows.assign(start=start, end=after.where(rows["valid_to"] != NO_DAY, LAST))


def _without_future(rows: pd.DataFrame, unknown: int) -> pd.DataFrame:
    """What ends after the month's last day is open: nobody knew its end."""
    return rows.assign(
        end=rows["end"].where(rows["end"] <= unknown, LAST),
        leave_date=rows["leave_date"].where(rows["leave_date"] < unknown, NO_DAY),
    )


def _doubled(again: pd.DataFrame) -> list[Note]:
    """Lines that repeat an earlier line in everything."""
    return [
        note(
            "duplicate", Severity.INFO,
            f"Associate “{one}” stands {len(lines) + 1} times with the same values: counted once. "
            "One row for each associate and time is right.",
            at=place(lines.iloc[0]), column="associate", value=str(one), rows=len(lines),
        )
        for one, lines in again.groupby("associate", sort=True)
    ]  # fmt: skip


def _without_id(rows: pd.DataFrame) -> pd.Series:
    return rows["associate"] == ""


def _note_without_id(row: pd.Series) -> Note:
    return note(
        "no_id", Severity.WARNING,
        f"A row without an associate's id (name “{row['name']}”) is set aside. "
        "Every row needs the id of its associate.",
        at=place(row), column="associate", rows=1,
    )  # fmt: skip


def _without_day(rows: pd.DataFrame, history: HrHistory) -> pd.Series:
    return (rows["start"] == NO_DAY) & (history is not HrHistory.TODAY)


def _note_without_day(row: pd.Series) -> Note:
    return note(
        "no_date", Severity.WARNING,
        f"The row of associate “{row['associate']}” says not from when it holds: it is set aside. "
        "Give valid_from (or snapshot_date, where the list is a snapshot).",
        at=place(row), column="valid_from", value="",
    )  # fmt: skip


def _backwards(rows: pd.DataFrame, history: HrHistory) -> pd.Series:
    return (rows["end"] <= rows["start"]) & (history is HrHistory.EFFECTIVE_DATED) & (rows["start"] != NO_DAY)


def _note_backwards(row: pd.Series) -> Note:
    valid_to = to_date(row["end"] - 1)
    return note(
        "valid_to_before_valid_from", Severity.WARNING,
        f"The row of associate “{row['associate']}” ends on {valid_to}, before it begins on {to_date(row['start'])}: "
        "it is set aside. valid_to is the last day that counts, on or after valid_from.",
        at=place(row), column="valid_to", value=str(valid_to),
    )  # fmt: skip


def _note_hired_after_leaving(row: pd.Series) -> Note:
    hired, left = to_date(row["hire_date"]), to_date(row["leave_date"])
    return note(
        "hired_after_leaving", Severity.WARNING,
        f"Associate “{row['associate']}” was hired on {hired}, after leaving on {left}: the row is set aside. "
        "leave_date is the last day of the employment that began on hire_date; leave it empty for who came back.",
        at=place(row), column="leave_date", value=str(left),
    )  # fmt: skip


def look_alikes(rows: pd.DataFrame, column: str) -> list[Note]:
    """Ids that differ only in case, spaces or leading zeros: they may be one, and are treated as different."""
    ids = dict.fromkeys(rows[column])
    plain_of = {one: re.sub("^0+(?=.)", "", re.sub(r"\s+", "", one).casefold()) for one in ids if one}
    if len(set(plain_of.values())) == len(plain_of):
        return []
    firsts = rows.loc[rows[column] != ""].drop_duplicates(column)
    plain = firsts[column].map(plain_of)
    alike = firsts.assign(_plain=plain).loc[plain.duplicated(keep=False)]
    return [
        note(
            f"{column}_ids_look_alike", Severity.INFO,
            f"The {column} ids {listed(group[column])} differ only in case, spaces or leading zeros: they are treated "
            "as different. If they are one, write them alike.",
            at=place(group.iloc[-1]), column=column, value=str(group[column].iloc[-1]), rows=len(group),
        )
        for _, group in alike.groupby("_plain", sort=True)
    ]  # fmt: skip


def as_codes(values: pd.Series, ids: pd.Index) -> Whole:
    """Positions of the values in `ids`; -1 where they are not there (or empty)."""
    return np.asarray(ids.get_indexer(pd.Index(values)), dtype=np.int64)
