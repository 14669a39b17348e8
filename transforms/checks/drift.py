"""Headings and types of a month against the last month before: columns added, gone, renamed, read no longer.

A declared column that is missing is told where columns are read (`flows.checks`). Values are compared in `over_time`.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from config.checks import ColumnType, Severity
from config.models import Extract
from config.months import Month
from transforms.checks.course import share
from transforms.checks.readings import Reading
from transforms.stages import Finding, Profile

UNREADABLE: Final = 0.2
READABLE: Final = 0.05
FEWEST_UNREADABLE: Final = 3
ALIKE: Final = 0.6
_CURRENCIES: Final = frozenset({
    "aed", "ars", "aud", "bgn", "brl", "cad", "chf", "clp", "cny", "cop", "czk", "dkk", "egp", "eur", "gbp",
    "hkd", "huf", "idr", "ils", "inr", "isk", "jpy", "krw", "kwd", "mad", "mxn", "myr", "ngn", "nok", "nzd",
    "pen", "php", "pkr", "pln", "qar", "ron", "rsd", "rub", "sar", "sek", "sgd", "thb", "try", "twd", "uah",
    "usd", "vnd", "zar", "€", "$", "£", "¥",
})  # fmt: skip
_WORDS: Final = re.compile(r"[^\W_]+|[€$£¥]")


def drift_readings(
    extract_name: str,
    declared: Extract,
    headings: Mapping[Month, tuple[str, ...]],
    profiles: Mapping[Month, Profile],
    month: Month,
) -> list[Reading]:
    """What has changed in the columns of a month; the order of columns says nothing."""
    now = headings.get(month)
    if now is None:
        return []
    before = max((at for at in headings if at < month), default=None)
    earlier = headings[before] if before is not None else None
    found = [_alike(extract_name, declared, month, now), _second_currency(extract_name, declared, month, now, earlier)]
    if earlier is not None:
        found.append(_changed(extract_name, declared, month, earlier, now))
    return [*found, *_types(extract_name, declared, profiles, month)]


def _reading(extract: str, month: Month, name: str, label: str, severity: Severity, value: float, told: str) -> Reading:
    return Reading(
        check=f"{extract}.{name}",
        extract=extract,
        month=month,
        label=label,
        severity=severity,
        value=value,
        limit=0.0,
        finding=Finding(f"drift.{name}", severity, f"{extract} {month}: {told}", extract=extract),
    )


def _plain(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def _declared_headings(declared: Extract) -> dict[str, str]:
    """By plain heading, the declared column it is."""
    return {_plain(column.source or name): name for name, column in declared.columns.items()}


def _quoted(headings: Sequence[str]) -> str:
    return ", ".join(f"“{heading}”" for heading in headings)


# -- headings ----------------------------------------------------------------------------------------------------


def _changed(extract: str, declared: Extract, month: Month, earlier: Sequence[str], now: Sequence[str]) -> Reading:
    """Columns renamed, gone and added. Declared ones that are gone count only as renamed: else they are told anyway."""
    of = _declared_headings(declared)
    was, is_now = {_plain(one): one for one in earlier}, {_plain(one): one for one in now}
    gone = [one for plain, one in was.items() if plain not in is_now]
    added = [one for plain, one in is_now.items() if plain not in was and plain not in of]
    renamed = _renamed(gone, added, earlier, now)
    left = [one for one in gone if one not in renamed and _plain(one) not in of]
    new = [one for one in added if one not in renamed.values()]
    parts = [f"column “{old}” seems to be called “{name}” now" for old, name in renamed.items()]
    parts += [f"no longer has {_quoted(left)}"] if left else []
    parts += [f"has new columns {_quoted(new)}"] if new else []
    told = f"{'; '.join(parts)}. What is not declared in extracts.yaml is not used; nothing needs to be done."
    if any(_plain(old) in of for old in renamed):
        told = f"{'; '.join(parts)}. Say its heading in extracts.yaml (`from:`), or have the source name it as before."
    code = "renamed" if renamed else "gone" if left else "added"
    reading = _reading(extract, month, "columns_drift", "the columns of the month before", Severity.INFO,
                       float(len(renamed) + len(left) + len(new)), told)  # fmt: skip
    assert reading.finding is not None
    return replace(reading, finding=replace(reading.finding, code=f"drift.{code}"))


def _renamed(gone: Sequence[str], added: Sequence[str], earlier: Sequence[str], now: Sequence[str]) -> dict[str, str]:
    """Old heading to new: one gone and one new, or alike, or in the same place among as many columns."""
    if len(gone) == 1 and len(added) == 1:
        return {gone[0]: added[0]}
    found: dict[str, str] = {}
    left = list(added)
    for old in gone:
        near = difflib.get_close_matches(_plain(old), [_plain(one) for one in left], n=1, cutoff=ALIKE)
        same = now[earlier.index(old)] if len(earlier) == len(now) else None
        name = next((one for one in left if near and _plain(one) == near[0]), same if same in left else None)
        if name is not None:
            found[old] = name
            left.remove(name)
    return found


def _alike(extract: str, declared: Extract, month: Month, now: Sequence[str]) -> Reading:
    """A declared column's heading several times, differing in case or spaces only."""
    of = _declared_headings(declared)
    groups: dict[str, list[str]] = {}
    for heading in now:
        groups.setdefault(_plain(heading), []).append(heading)
    several = {plain: group for plain, group in groups.items() if len(group) > 1 and plain in of}
    told = (
        f"several columns could be {', '.join(of[plain] for plain in several)}: "
        f"{'; '.join(_quoted(group) for group in several.values())}. Have one of them named otherwise."
    )
    return _reading(
        extract, month, "columns_alike", "no two columns of nearly the same name", Severity.WARNING,
        float(len(several)), told,
    )  # fmt: skip


def _second_currency(
    extract: str, declared: Extract, month: Month, now: Sequence[str], earlier: Sequence[str] | None
) -> Reading:
    """A new column that looks like a declared money column in another currency, or a second column of currencies."""
    of = _declared_headings(declared)
    known = {_plain(one) for one in earlier or ()}
    found: list[tuple[str, str]] = []
    for heading in now:
        if _plain(heading) in of or _plain(heading) in known:
            continue
        words = _words(heading)
        found += [(heading, name) for name in declared.columns if _second(words, name, declared)]
    pairs = "; ".join(f"“{heading}” beside {name}" for heading, name in found)
    told = (
        f"{pairs}: amounts may have moved to another column or currency. Make sure that extracts.yaml declares the "
        "column that is meant."
    )
    return _reading(
        extract, month, "columns_currency", "no second column of an amount", Severity.WARNING, float(len(found)), told
    )


def _words(heading: str) -> frozenset[str]:
    return frozenset(_WORDS.findall(heading.casefold()))


def _second(words: frozenset[str], name: str, declared: Extract) -> bool:
    column = declared.columns[name]
    own = _words(column.source or name)
    if name == declared.currency:
        return own < words or any(word.rstrip("0123456789") in own and word not in own for word in words)
    if column.type is not ColumnType.MONEY:
        return False
    return bool(words & _CURRENCIES) and words - _CURRENCIES == own - _CURRENCIES


# -- types -------------------------------------------------------------------------------------------------------


def _types(extract: str, declared: Extract, profiles: Mapping[Month, Profile], month: Month) -> Iterator[Reading]:
    """Columns that could be read and no longer can: their type, or how it is written, has changed."""
    before = max((at for at in profiles if at < month), default=None)
    if before is None or month not in profiles:
        return
    was = {column.name: column for column in profiles[before].columns}
    for column in profiles[month].columns:
        kind = declared.columns[column.name].type if column.name in declared.columns else ColumnType.TEXT
        earlier = was.get(column.name)
        if kind in (ColumnType.ID, ColumnType.TEXT) or earlier is None or not earlier.filled:
            continue
        now = column.unreadable / column.filled if column.filled else 0.0
        earlier_share = earlier.unreadable / earlier.filled
        told = (
            f"{column.name} changed its type: {share(now)} of its values cannot be read as {kind.value}, where "
            f"{before} had {share(earlier_share)}."
        )
        fails = now > UNREADABLE and earlier_share <= READABLE and column.unreadable >= FEWEST_UNREADABLE
        yield Reading(
            check=f"{extract}.{column.name}_type_drift",
            extract=extract,
            month=month,
            label=f"{column.name} still read as {kind.value}",
            severity=Severity.CRITICAL,
            value=now if fails else min(now, UNREADABLE),
            limit=UNREADABLE,
            columns=(column.name,),
            rows=column.filled,
            failed=column.unreadable,
            finding=Finding(
                "drift.type", Severity.CRITICAL,
                f"{extract} {month}: {told} Have the source write it as before, or declare in extracts.yaml how it is "
                "written now.",
                extract=extract, column=column.name, rows=column.unreadable,
            ),
        )  # fmt: skip
