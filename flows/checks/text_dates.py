r"""SQL that reads a date or a moment from text, in the order of day and month the source declares.

The year first (2026-10-05, 2026/10/05), with or without a time, is always read. Two-digit years up to 69 are
20xx, from 70 on 19xx. A moment with an offset (Z, +02:00) becomes the local time of the company's zone; one without
stands as local already. A date that does not exist is NULL: nothing is guessed.

Each function takes SQL of an already trimmed text that is NULL where empty. Not here: numbers (`text_numbers`).
"""

from typing import Final

from flows.duck import literal

ISO: Final = "iso"
DAY_FIRST: Final = "day_first"
MONTH_FIRST: Final = "month_first"
_PIVOT: Final = 70
_TIME: Final = (
    r"(?:(?:[Tt]|,?\s+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s*([AaPp])\.?[Mm]\.?)?"
    r"\s*([Zz]|[+-]\d{2}(?::?\d{2})?)?)?"
)
_TIME_NAMES: Final = ("h", "mi", "s", "f", "half", "zone")
_YEAR_FIRST: Final = r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2}))"
_YEAR_LAST: Final = r"(?:(\d{1,2})\.(\d{1,2})\.|(\d{1,2})/(\d{1,2})/|(\d{1,2})-(\d{1,2})-)(\d{4}|\d{2})"
_FAST_ISO: Final = r"[1-9]\d{3}-\d\d-\d\d"
_FAST_MOMENT: Final = _FAST_ISO + r"[ T](?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,6})?"
_FAST_YEAR_LAST: Final = r"\d\d(?:\.\d\d\.|/\d\d/|-\d\d-)[1-9]\d{3}"


def date_sql(text: str, dates: str, zone: str, *, plain_only: bool = False) -> str:
    """SQL of the DATE in `text`; of a text with a time, its day in the company's `zone`.

    `plain_only`: of spellings that need more than a cast NULL is made.
    """
    fast = [f"WHEN regexp_full_match({text}, {literal(_FAST_ISO)}) THEN TRY_CAST({text} AS DATE)"]
    if dates in {DAY_FIRST, MONTH_FIRST}:
        day, month = (1, 4) if dates == DAY_FIRST else (4, 1)
        joined = f"substr({text}, 7, 4) || '-' || substr({text}, {month}, 2) || '-' || substr({text}, {day}, 2)"
        fast.append(f"WHEN regexp_full_match({text}, {literal(_FAST_YEAR_LAST)}) THEN TRY_CAST({joined} AS DATE)")
    slow = "" if plain_only else f" ELSE CAST({_slow(text, dates, zone)} AS DATE)"
    return f"CASE {' '.join(fast)}{slow} END"


def timestamp_sql(text: str, dates: str, zone: str, *, plain_only: bool = False) -> str:
    """SQL of the TIMESTAMP in `text`, local to the company's `zone`; a date alone is its midnight.

    `plain_only`: see `date_sql`.
    """
    fast = f"WHEN regexp_full_match({text}, {literal(_FAST_MOMENT)}) THEN TRY_CAST({text} AS TIMESTAMP)"
    slow = "" if plain_only else f" ELSE {_slow(text, dates, zone)}"
    return f"CASE {fast}{slow} END"


def _slow(text: str, dates: str, zone: str) -> str:
    iso = _read(text, _YEAR_FIRST, ["y", "m1", "d1", "m2", "d2"], "p.y", "p.m1 || p.m2", "p.d1 || p.d2", zone)
    if dates == ISO:
        return iso
    if dates in {DAY_FIRST, MONTH_FIRST}:
        first, second = "p.a1 || p.a2 || p.a3", "p.b1 || p.b2 || p.b3"
        day, month = (first, second) if dates == DAY_FIRST else (second, first)
        year = f"CASE WHEN length(p.y) = 4 THEN p.y WHEN p.y < '{_PIVOT}' THEN '20' || p.y ELSE '19' || p.y END"
        other = _read(text, _YEAR_LAST, ["a1", "b1", "a2", "b2", "a3", "b3", "y"], year, month, day, zone)
    else:
        other = _by_format(text, dates, zone)
    return f"CASE WHEN regexp_matches({text}, '^\\d{{4}}[-/]\\d') THEN {iso} ELSE {other} END"


def _read(text: str, pattern: str, names: list[str], year: str, month: str, day: str, zone: str) -> str:
    """SQL of a TIMESTAMP from a pattern's groups."""
    groups = [*names, *_TIME_NAMES]
    hour = (
        "CASE WHEN p.half = '' AND lpad(p.h, 2, '0') <= '23' THEN lpad(p.h, 2, '0') "
        "WHEN p.half <> '' AND TRY_CAST(p.h AS INT) BETWEEN 1 AND 12 "
        "THEN lpad(CAST(TRY_CAST(p.h AS INT) % 12 + CASE WHEN lower(p.half) = 'p' THEN 12 ELSE 0 END AS VARCHAR), "
        "2, '0') END"
    )
    second = "CASE WHEN p.s = '' THEN '00' ELSE p.s END || CASE WHEN p.f = '' THEN '' ELSE '.' || left(p.f, 6) END"
    time = f"CASE WHEN p.h = '' THEN ' 00:00:00' ELSE ' ' || {hour} || ':' || p.mi || ':' || {second} END"
    day_text = f"({year}) || '-' || lpad({month}, 2, '0') || '-' || lpad({day}, 2, '0')"
    whole = f"{day_text} || {time}"
    value = (
        f"CASE WHEN p.y = '' OR p.y = '0000' THEN NULL WHEN p.zone = '' THEN TRY_CAST({whole} AS TIMESTAMP) "
        f"ELSE timezone({literal(zone)}, TRY_CAST({whole} || replace(upper(p.zone), 'Z', '+00') AS TIMESTAMPTZ)) END"
    )
    extract = f"regexp_extract({text}, {literal('^' + pattern + _TIME + '$')}, {groups})"
    return f"list_transform([{extract}], lambda p: {value})[1]"


def _by_format(text: str, dates: str, zone: str) -> str:
    """SQL by a strptime format. DuckDB reads %y 69 as 1969: moved, so that one rule holds for every source."""
    moment = f"try_strptime({text}, {literal(dates)})"
    if "%z" in dates or "%Z" in dates:
        moment = f"timezone({literal(zone)}, {moment})"
    # Words such as “infinity” are moments to DuckDB in any format.
    moment = f"CASE WHEN regexp_matches({text}, '\\d') THEN {moment} END"
    if "%y" not in dates:
        return moment
    return f"CASE WHEN year({moment}) = 1969 THEN {moment} + INTERVAL 100 YEAR ELSE {moment} END"
