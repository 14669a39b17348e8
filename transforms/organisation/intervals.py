"""Arithmetic on half-open intervals of days, vectorised over keys.

A frame of intervals has whole-number columns `start` and `end` (days since FAR_PAST; `end` is the first day that no
longer counts) and a whole-number key column, such as an associate's code.
Does not belong here: what the intervals mean.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from transforms.columns import FAR_FUTURE, FAR_PAST

Whole: TypeAlias = NDArray[np.int64]

NO_DAY: Final = -1
"""Stands for a day that is not given."""
_EPOCH: Final = np.datetime64(FAR_PAST.date(), "D")
LAST: Final = int((np.datetime64(FAR_FUTURE.date(), "D") - _EPOCH).astype(np.int64))
"""FAR_FUTURE as a day number; FAR_PAST is 0."""
_KEY_STEP: Final = 1 << 20


def day_number(day: date) -> int:
    """Days since FAR_PAST, kept between FAR_PAST and FAR_FUTURE."""
    return int(np.clip((np.datetime64(day, "D") - _EPOCH).astype(np.int64), 0, LAST))


def day_numbers(days: pd.Series) -> Whole:
    """Days since FAR_PAST of a column of dates; NO_DAY where it is missing."""
    values = pd.to_datetime(days).to_numpy().astype("datetime64[D]")
    numbers = np.clip((values - _EPOCH).astype(np.int64), 0, LAST)
    return np.where(np.isnat(values), NO_DAY, numbers).astype(np.int64)


def to_date(number: int) -> date:
    """The calendar day of a day number."""
    day: date = (_EPOCH + np.timedelta64(int(number), "D")).item()
    return day


def to_days(numbers: Whole) -> NDArray[np.datetime64]:
    """Day numbers as datetime64[s]; NO_DAY becomes NaT."""
    days = (_EPOCH + numbers.astype("timedelta64[D]")).astype("datetime64[s]")
    return np.where(numbers == NO_DAY, np.datetime64("NaT", "s"), days)


def whole(frame: pd.DataFrame, column: str) -> Whole:
    """A whole-number column as an array."""
    return frame[column].to_numpy(dtype=np.int64)


def _at(keys: Whole, days: Whole) -> Whole:
    """One number for key and day, in the order of keys, then days."""
    return keys * _KEY_STEP + days


def spread(counts: Whole) -> tuple[Whole, Whole]:
    """Row number and running number within the row, for so many copies of each row."""
    rows = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    first = np.cumsum(counts) - counts
    return rows, np.arange(len(rows), dtype=np.int64) - first[rows]


def merged(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The union of the intervals with equal keys: overlapping and adjacent ones become one. Sorted by keys, start."""
    start, end = whole(frame, "start"), whole(frame, "end")
    codes = [sortable(frame[key]) for key in keys]
    order = np.lexsort((end, start, *reversed(codes)))
    start, end = start[order], end[order]
    opens = np.ones(len(order), dtype=bool)
    if len(order):
        opens[1:] = np.logical_or.reduce([code[order][1:] != code[order][:-1] for code in codes])
    group = np.cumsum(opens, dtype=np.int64)
    reach = np.maximum.accumulate(_at(group, end))
    opens[1:] |= _at(group, start)[1:] > reach[:-1]
    first = np.flatnonzero(opens)
    last = np.append(first[1:], len(order))[: len(first)] - 1
    days = {"start": start[first], "end": reach[last] - group[last] * _KEY_STEP}
    return pd.DataFrame({**{key: frame[key].array[order[first]] for key in keys}, **days})


def sortable(values: pd.Series) -> Whole:
    """Whole numbers in the order of the values; missing ones come first."""
    if values.dtype == np.int64:
        return values.to_numpy()
    return np.asarray(pd.factorize(values, sort=True)[0], dtype=np.int64)


def in_order(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The rows in the order of whole-number columns, numbered anew."""
    order = np.lexsort([whole(frame, column) for column in reversed(columns)])
    return frame.iloc[order].reset_index(drop=True)


def cut(frame: pd.DataFrame, key: str, cut_keys: Whole, cut_days: Whole) -> pd.DataFrame:
    """The same days in more rows: every interval is cut at the cut days of its key that lie inside it."""
    cuts = np.unique(_at(cut_keys, cut_days))
    keys, start, end = whole(frame, key), whole(frame, "start"), whole(frame, "end")
    low = np.searchsorted(cuts, _at(keys, start), side="right")
    high = np.maximum(np.searchsorted(cuts, _at(keys, end), side="left"), low)
    if (high == low).all():
        return frame.reset_index(drop=True)
    rows, step = spread((high - low + 1).astype(np.int64))
    padded = np.append(cuts, 0)
    cut_before = padded[np.maximum(low[rows] + step - 1, 0)] - keys[rows] * _KEY_STEP
    cut_after = padded[low[rows] + step] - keys[rows] * _KEY_STEP
    return (
        frame.iloc[rows]
        .assign(
            start=np.where(step == 0, start[rows], cut_before),
            end=np.where(step == (high - low)[rows], end[rows], cut_after),
        )
        .reset_index(drop=True)
    )


@dataclass(frozen=True, slots=True)
class Pairs:
    """Rows of two frames whose keys are equal and whose intervals overlap, with the days they share."""

    left: Whole
    right: Whole
    start: Whole
    end: Whole


def overlapping(left: pd.DataFrame, left_key: str, right: pd.DataFrame, right_key: str) -> Pairs:
    """Pair the rows that overlap. `right` has no overlap within a key; rows with a negative key pair with none."""
    order = np.argsort(_at(whole(right, right_key), whole(right, "start")), kind="stable")
    keys = whole(right, right_key)[order]
    starts, ends = whole(right, "start")[order], whole(right, "end")[order]
    asked = whole(left, left_key)
    low = np.searchsorted(_at(keys, ends), _at(asked, whole(left, "start")), side="right")
    high = np.searchsorted(_at(keys, starts), _at(asked, whole(left, "end")), side="left")
    counts = np.where(asked < 0, 0, np.maximum(high - low, 0)).astype(np.int64)
    rows, step = spread(counts)
    found = low[rows] + step
    return Pairs(
        left=rows,
        right=order[found].astype(np.int64),
        start=np.maximum(whole(left, "start")[rows], starts[found]),
        end=np.minimum(whole(left, "end")[rows], ends[found]),
    )


def position_at(frame: pd.DataFrame, key: str, keys: Whole, days: Whole) -> Whole:
    """Position of the row of `frame` (no overlap within a key) that covers a key's day; -1 where none does."""
    row_keys, starts, ends = whole(frame, key), whole(frame, "start"), whole(frame, "end")
    if not len(row_keys):
        return np.full(len(keys), -1)
    order = np.argsort(_at(row_keys, starts), kind="stable")
    place = np.searchsorted(_at(row_keys, starts)[order], _at(keys, days), side="right") - 1
    found = order[np.maximum(place, 0)]
    there = (place >= 0) & (row_keys[found] == keys) & (days < ends[found])
    return np.where(there, found, -1).astype(np.int64)


def first_of_each(*keys: Whole) -> Whole:
    """Positions at which a run of equal keys begins; keys are sorted."""
    begins = np.ones(len(keys[0]), dtype=bool)
    begins[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return np.flatnonzero(begins).astype(np.int64)


def cut_by(frame: pd.DataFrame, key: str, cover: pd.DataFrame, cover_key: str) -> pd.DataFrame:
    """Cut the intervals of `frame` wherever an interval of `cover` with that key begins or ends."""
    keys = np.concatenate([whole(cover, cover_key)] * 2)
    return cut(frame, key, keys, np.concatenate([whole(cover, "start"), whole(cover, "end")]))


def covered(frame: pd.DataFrame, key: str, cover: pd.DataFrame, cover_key: str) -> NDArray[np.bool_]:
    """Whether each interval's first day lies in an interval of `cover` (no overlap within a key) with that key."""
    first_days = pd.DataFrame(
        {"key": whole(frame, key), "start": whole(frame, "start"), "end": whole(frame, "start") + 1}
    )
    found = np.zeros(len(frame), dtype=bool)
    found[overlapping(first_days, "key", cover, cover_key).left] = True
    return found


def latest_wins(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """Without overlap: of the rows that cover a day, the one with the latest start counts, then the last `row`.

    Keeps every column; sorted by key and start.
    """
    rows = in_order(frame, key, "start", "row")
    keys, start, end = whole(rows, key), whole(rows, "start"), whole(rows, "end")
    if (_at(keys, start)[1:] >= np.maximum.accumulate(_at(keys, end))[:-1]).all():
        return rows
    # A row that the next one outlives ends where that begins: cheap, and leaves few rows to be cut.
    outlived = np.zeros(len(rows), dtype=bool)
    outlived[:-1] = (keys[1:] == keys[:-1]) & (end[1:] >= end[:-1]) & (start[1:] < end[:-1])
    next_start = np.append(start[1:], 0)
    rows = rows.assign(end=np.where(outlived, next_start, end), _began=start)
    rows = rows.loc[rows["start"] < rows["end"]]
    return (
        rows.pipe(cut_by, key, rows, key)
        .sort_values([key, "start", "_began", "row"], kind="stable")
        .drop_duplicates([key, "start"], keep="last")
        .drop(columns="_began")
        .reset_index(drop=True)
    )
