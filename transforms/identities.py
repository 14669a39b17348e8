"""Whose a source's id is, from day to day: identities.csv as a frame that rows can be joined to.

Does not belong here: reading the file, or deciding which rows are nobody's.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from config.checks import Severity
from config.models import Identity
from config.months import Month
from transforms.columns import DAY, FAR_FUTURE, FAR_PAST, TEXT, empty, shaped
from transforms.organisation.intervals import LAST, day_number, in_order, latest_wins, merged, to_date, to_days, whole
from transforms.stages import Finding

IDENTITIES: Final = {"source": TEXT, "source_id": TEXT, "valid_from": DAY, "valid_to": DAY, "associate": TEXT}
"""Half-open intervals, always filled; at most one associate for a source's id on a day."""
FILE_NAME: Final = "identities.csv"


def identity_frame(identities: Sequence[Identity], month: Month) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """IDENTITIES as known on the month's last day, and what is wrong with the lines.

    A line from after the month is not used, an end after it is open. Where two lines give an id to different
    associates on a day, the one that began later counts, then the later line.
    """
    unknown = day_number(month.end)
    lines = _lines([one for one in identities if one.valid_from is None or one.valid_from < month.end], unknown)
    if lines.empty:
        return empty(IDENTITIES), ()
    lacking = (lines["source"] == "") | (lines["source_id"] == "") | (lines["associate"] == "")
    backwards = (lines["end"] <= lines["start"]) & ~lacking
    sound = lines.loc[~lacking & ~backwards].reset_index(drop=True)
    findings = [
        *[_lacking(row) for _, row in lines.loc[lacking].iterrows()],
        *[_backwards(row) for _, row in lines.loc[backwards].iterrows()],
    ]
    if sound.empty:
        return empty(IDENTITIES), _ordered(findings)
    keys = ["source", "source_id"]
    sound = sound.assign(key=sound.groupby(keys, sort=True).ngroup().astype("int64"))
    findings += _taken_twice(sound)
    joined = sound.pipe(latest_wins, "key").pipe(merged, [*keys, "associate"])
    frame = joined.assign(valid_from=to_days(whole(joined, "start")), valid_to=to_days(whole(joined, "end")))
    ordered = frame.drop(columns=["start", "end"]).sort_values([*keys, "valid_from"], kind="stable")
    return ordered.pipe(shaped, IDENTITIES), _ordered(findings)


def _lines(identities: Sequence[Identity], unknown: int) -> pd.DataFrame:
    """One row a line with day numbers; `end` is the first day after, FAR_FUTURE where it was not yet known."""
    starts = [day_number(one.valid_from or FAR_PAST.date()) for one in identities]
    ends = [min(day_number(one.valid_to or FAR_FUTURE.date()) + 1, LAST) for one in identities]
    return pd.DataFrame(
        {
            "source": [one.source.strip() for one in identities],
            "source_id": [one.source_id.strip() for one in identities],
            "associate": [one.associate.strip() for one in identities],
            "start": np.array(starts, dtype=np.int64),
            "end": np.array([end if end <= unknown else LAST for end in ends], dtype=np.int64),
            "row": np.arange(len(identities), dtype=np.int64),
        }
    )


def _finding(code: str, message: str, value: str, rows: int = 1, severity: Severity = Severity.WARNING) -> Finding:
    return Finding(
        code=f"identities.{code}", severity=severity, message=message, file=FILE_NAME, column="source_id",
        value=value, rows=rows,
    )  # fmt: skip


def _lacking(row: pd.Series) -> Finding:
    shown = f"source “{row['source']}”, source_id “{row['source_id']}”, associate “{row['associate']}”"
    return _finding(
        "incomplete",
        f"A line of {FILE_NAME} lacks a value and is left out: {shown}. Fill source, source_id and associate.",
        row["source_id"],
    )


def _backwards(row: pd.Series) -> Finding:
    return _finding(
        "valid_to_before_valid_from",
        f"The line of {FILE_NAME} that gives “{row['source_id']}” of {row['source']} to associate "
        f"“{row['associate']}” ends on {to_date(row['end'] - 1)}, before it begins on {to_date(row['start'])}: it is "
        "left out. valid_to is the last day that counts, on or after valid_from.",
        row["source_id"],
    )


def _taken_twice(lines: pd.DataFrame) -> list[Finding]:
    """Ids that two associates have on the same day, and lines that stand twice."""
    several = lines.loc[lines["key"].duplicated(keep=False)]
    if several.empty:
        return []
    ordered = in_order(several, "key", "start", "row")
    ordered = ordered.assign(rank=np.arange(len(ordered)))
    pairs = ordered.merge(ordered, on="key", suffixes=("", "_later"), validate="many_to_many")
    pairs = pairs.loc[(pairs["rank"] < pairs["rank_later"]) & (pairs["start_later"] < pairs["end"])]
    findings = []
    for _, pair in pairs.loc[pairs["associate"] != pairs["associate_later"]].iterrows():
        first = to_date(pair["start_later"])
        findings.append(
            _finding(
                "id_of_two",
                f"“{pair['source_id']}” of {pair['source']} is given to two associates at once: "
                f"“{pair['associate']}” and “{pair['associate_later']}”. From {first} on it counts for "
                f"“{pair['associate_later']}” (the line that begins later, or stands later). End the other line with "
                "valid_to.",
                pair["source_id"],
                2,
            )
        )
    again = several.loc[several.duplicated(["key", "associate", "start", "end"])]
    findings += [
        _finding(
            "duplicate",
            f"The line that gives “{source_id}” of {source} to an associate stands {len(rows) + 1} times: it counts "
            "once.",
            str(source_id),
            len(rows),
            Severity.INFO,
        )
        for (source, source_id), rows in again.groupby(["source", "source_id"], sort=True)
    ]
    return findings


def _ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(set(findings), key=lambda one: (one.code, one.value, one.message)))
