"""Whose row it is: from an id of a source to an associate, and from the associate to its units on the row's day.

SQL and small tables only, shared by the concerns that check rows (`flows.checks`) and aggregate them (`flows.engines`).
Not here: which units exist (`transforms.organisation`), what is measured and what is checked.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from config.checks import Severity
from config.models import Extract
from config.months import Month
from flows.duck import literal, quoted
from transforms.pseudonyms import PSEUDONYM
from transforms.stages import Checked, Finding

if TYPE_CHECKING:
    import duckdb

ORGANISATION: Final = 0
"""The number of the organisation among the units."""
_FILE_STEP: Final = 1 << 40
_TEAM: Final = "team:"


def load_people(
    database: "duckdb.DuckDBPyConnection", membership: pd.DataFrame, identities: pd.DataFrame, month: Month
) -> tuple[Finding, ...]:
    """Fill the tables `units` (unit, unit_kind, unit_id, present), `members`, `spans` and `identities`.

    `present` says whether a unit has a member on a day of the month; a span is a time in which an associate belongs
    to any unit at all, so that at most one covers a day. Intervals that overlap would count a row twice:
    they are joined, or, where one id is two associates at once, left out; each with a finding.
    """
    members, overlaps = _without_overlap(membership, ["associate", "unit_kind", "unit_id"])
    identity_findings = load_known(database, membership, identities)
    _fill(database, "given_members", members, ["associate", "unit_kind", "unit_id"])
    database.execute(
        f"""
        CREATE TABLE units AS
        SELECT {ORGANISATION} AS unit, 'organisation' AS unit_kind, 'organisation' AS unit_id, true AS present
        UNION ALL
        SELECT row_number() OVER (ORDER BY unit_kind, unit_id), unit_kind, unit_id,
            bool_or(valid_from < DATE '{month.end}' AND valid_to > DATE '{month.first_day}')
        FROM given_members WHERE unit_kind <> 'organisation' GROUP BY unit_kind, unit_id;
        CREATE TABLE members AS
        SELECT given.associate, units.unit, units.unit_kind, given.valid_from, given.valid_to
        FROM given_members AS given JOIN units USING (unit_kind, unit_id) WHERE unit_kind <> 'organisation'
        ORDER BY ALL
        """
    )
    return (*_overlap_findings(overlaps), *identity_findings)


def load_known(
    database: "duckdb.DuckDBPyConnection", membership: pd.DataFrame, identities: pd.DataFrame
) -> tuple[Finding, ...]:
    """Fill only the tables `spans` and `identities`: who belongs to any unit, and whose an id is, from day to day."""
    known, findings = _one_associate_a_day(identities)
    spans, _ = _without_overlap(membership[["associate", "valid_from", "valid_to"]], ["associate"])
    _fill(database, "spans", spans, ["associate"])
    _fill(database, "identities", known, ["source", "source_id", "associate"])
    return tuple(findings)


def drop_people(database: "duckdb.DuckDBPyConnection") -> None:
    """Drop what `load_people` has filled."""
    for table in ("members", "units", "given_members"):
        database.execute(f"DROP TABLE {table}")
    drop_known(database)


def drop_known(database: "duckdb.DuckDBPyConnection") -> None:
    """Drop what `load_known` has filled."""
    for table in ("spans", "identities"):
        database.execute(f"DROP TABLE {table}")


def rows_sql(extract: Extract, checked: Sequence[Checked], day: str | None) -> str:
    """SQL of the typed rows of several months with `_row` (their order), `_day` and `_who` (an associate, or NULL).

    `day` is the column that dates a row; rows of an extract without one belong to their month's last day.
    """
    parts = [
        f"SELECT {at * _FILE_STEP} + file_row_number AS _row, "
        f"{f'CAST({quoted(day)} AS DATE)' if day else f'DATE {literal(one.month.last_day.isoformat())}'} AS _day, * "
        f"FROM read_parquet({literal(str(one.path))}, file_row_number = true)"
        for at, one in enumerate(checked)
    ]
    rows = " UNION ALL ".join(parts)
    if extract.team:
        return f"SELECT {literal(_TEAM)} || {quoted(extract.team)} AS _who, * FROM ({rows})"
    if not extract.associate:
        return f"SELECT CAST(NULL AS VARCHAR) AS _who, * FROM ({rows})"
    name = quoted(extract.associate)
    # An id that looks like a team's would otherwise stand for all of the team.
    nobody = f"{not_people_sql(extract, f'rows.{name}')} OR starts_with(rows.{name}, {literal(_TEAM)})"
    # What stands for somebody who was erased stands for itself in every source.
    erased = f"regexp_full_match(rows.{name}, {literal(PSEUDONYM.pattern)})"
    who = f"CASE WHEN {erased} THEN rows.{name} ELSE identity.associate END" if extract.identities else f"rows.{name}"
    join = (
        f"LEFT JOIN identities AS identity ON identity.source = {literal(extract.identities)} "
        f"AND identity.source_id = rows.{name} "
        "AND rows._day >= identity.valid_from AND rows._day < identity.valid_to"
        if extract.identities
        else ""
    )
    return f"SELECT CASE WHEN {nobody} THEN NULL ELSE {who} END AS _who, rows.* FROM ({rows}) AS rows {join}"


def id_column(extract: Extract) -> str | None:
    """The column that says whose row it is."""
    return extract.team or extract.associate


def known_ids_sql(extract: Extract) -> str:
    """SQL of the ids that are somebody's, `id`, with the days on which they are: those of hr, or of identities.csv."""
    if extract.team:
        return (
            f"SELECT substr(associate, {len(_TEAM) + 1}) AS id, valid_from, valid_to FROM spans "
            f"WHERE starts_with(associate, {literal(_TEAM)})"
        )
    if not extract.identities:
        no_team = f"NOT starts_with(associate, {literal(_TEAM)})"
        return f"SELECT associate AS id, valid_from, valid_to FROM spans WHERE {no_team}"
    return (
        "SELECT identity.source_id AS id, greatest(identity.valid_from, spans.valid_from) AS valid_from, "
        "least(identity.valid_to, spans.valid_to) AS valid_to FROM identities AS identity JOIN spans USING (associate) "
        f"WHERE identity.source = {literal(extract.identities)} "
        "AND identity.valid_from < spans.valid_to AND spans.valid_from < identity.valid_to "
        f"AND NOT starts_with(identity.source_id, {literal(_TEAM)}) "
        "UNION ALL SELECT associate AS id, valid_from, valid_to FROM spans "
        f"WHERE regexp_full_match(associate, {literal(PSEUDONYM.pattern)})"
    )


def not_people_sql(extract: Extract, id_sql: str) -> str:
    """SQL: whether an id is a queue's or a bot's."""
    patterns = [f"{id_sql} LIKE {literal(_like(pattern))} ESCAPE '\\'" for pattern in extract.not_people]
    return f"({' OR '.join(patterns)})" if patterns else "false"


def _like(pattern: str) -> str:
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%")


def _fill(database: "duckdb.DuckDBPyConnection", table: str, frame: pd.DataFrame, texts: list[str]) -> None:
    import pyarrow as pa

    columns = {name: pa.array(frame[name].tolist(), pa.string()) for name in texts}
    days = {name: pa.array(frame[name].dt.date.tolist(), pa.date32()) for name in ("valid_from", "valid_to")}
    database.register("handed", pa.table({**columns, **days}))
    database.execute(f"CREATE TABLE {quoted(table)} AS SELECT * FROM handed ORDER BY ALL")
    database.unregister("handed")


def _without_overlap(intervals: pd.DataFrame, keys: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The intervals with those of one key that overlap joined into one, and the lines that overlapped an earlier."""
    ordered = _in_order(intervals, [*keys, "valid_from", "valid_to"])
    if ordered.empty or _apart(ordered, keys):
        return ordered, ordered.iloc[:0]
    columns = [ordered[key] for key in keys]
    ends = ordered["valid_to"].groupby(columns, sort=False).cummax()
    overlaps = ordered["valid_from"] < ends.groupby(columns, sort=False).shift()
    if not overlaps.any():
        return ordered, ordered.loc[overlaps]
    joined = ordered.groupby((~overlaps).cumsum(), sort=True, as_index=False).agg(
        {**dict.fromkeys(keys, "first"), "valid_from": "min", "valid_to": "max"}
    )
    return joined, ordered.loc[overlaps]


def _in_order(intervals: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Sorted by these columns. The codes of texts are sorted: many times cheaper than the frame."""
    order = np.lexsort([pd.factorize(intervals[name], sort=True)[0] for name in reversed(by)])
    return intervals.iloc[order].reset_index(drop=True)


def _apart(ordered: pd.DataFrame, keys: list[str]) -> bool:
    """Whether no interval begins before the one before it, of the same key, has ended."""
    same = np.ones(len(ordered) - 1, dtype=bool)
    for key in keys:
        texts = ordered[key].to_numpy(dtype=object)
        same &= texts[1:] == texts[:-1]
    starts, ends = ordered["valid_from"].to_numpy(), ordered["valid_to"].to_numpy()
    return not (same & (starts[1:] < ends[:-1])).any()


def _overlap_findings(overlaps: pd.DataFrame) -> list[Finding]:
    if overlaps.empty:
        return []
    first = overlaps.iloc[0]
    return [
        Finding(
            "engine.overlapping_membership", Severity.CRITICAL,
            f"{len(overlaps)} memberships overlap an earlier one, the first that of {first['associate']} in "
            f"{first['unit_kind']} {first['unit_id']} from {first['valid_from']:%Y-%m-%d}: "
            "their rows are counted once.", value=str(first["associate"]), rows=len(overlaps),
        )
    ]  # fmt: skip


def _one_associate_a_day(identities: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    known, _ = _without_overlap(identities, ["source", "source_id", "associate"])
    ordered = _in_order(known, ["source", "source_id", "valid_from", "associate"])
    if ordered.empty or _apart(ordered, ["source", "source_id"]):
        return ordered, []
    ids = [ordered["source"], ordered["source_id"]]
    earlier = ordered.groupby(ids, sort=False)["valid_to"].cummax().groupby(ids, sort=False).shift()
    clash = ordered["valid_from"] < earlier
    if not clash.any():
        return ordered, []
    clashing = ordered.loc[clash, ["source", "source_id"]].drop_duplicates()
    marked = ordered.merge(clashing.assign(_clash=True), on=["source", "source_id"], how="left", validate="many_to_one")
    first = clashing.iloc[0]
    finding = Finding(
        "engine.ambiguous_identity", Severity.CRITICAL,
        f"{len(clashing)} ids are two associates on one day, the first {first['source_id']} of {first['source']}: "
        "their rows are unattributed. Correct valid_from and valid_to in identities.csv.",
        value=str(first["source_id"]), rows=len(clashing),
    )  # fmt: skip
    return marked.loc[marked["_clash"].isna()].drop(columns="_clash").reset_index(drop=True), [finding]
