"""What an extract is about, and how it is declared: hr first, since the others speak of its people.

Does not belong here: reading values (`flows.initialise.values`) and writing files (`flows.initialise.writing`).
"""

from collections.abc import Mapping

import pandas as pd

from config.models import HR_COLUMNS, ExtractKind
from config.months import Month
from flows.initialise.found import ColumnGuess, FoundExtract, Group, Marks
from flows.initialise.metrics import metrics_of
from flows.initialise.roles import assigned, fact_columns, is_personal, name_of
from flows.initialise.values import Seen, Values, marks_of
from flows.initialise.words import FRENCH, GERMAN, kind_words, likeness
from flows.sources.dates import read_day

_HR_ROLES = (
    "associate", "manager", "team", "team_name", "given_name", "family_name", "name", "email", "role", "fte",
    "contract", "hire_date", "leave_date", "valid_from", "valid_to", "snapshot_date",
)  # fmt: skip
_FACT_ROLES = (
    "associate", "key", "date", "due", "done", "amount", "segment", "currency", "satisfaction", "respondent", "team",
    "last_modified",
)  # fmt: skip
_MOSTLY = 0.8
_TWO_MONTHS = 2


def language_of(headings: list[str]) -> str:
    """de, fr or en, by the words of the headings."""
    german = sum(bool(likeness(heading, GERMAN)) for heading in headings)
    french = sum(bool(likeness(heading, FRENCH)) for heading in headings)
    if max(german, french) < _TWO_MONTHS:
        return "en"
    return "de" if german >= french else "fr"


def looks_like_hr(group: Group, values: Mapping[str, Values]) -> bool:
    """People with names, and in a team or under a manager; no amounts."""
    roles = assigned(group, values, _HR_ROLES)
    named = "name" in roles or {"given_name", "family_name"} <= set(roles)
    placed = "manager" in roles or "team" in roles
    sold = assigned(group, values, ("amount", "due")) and not kind_words(group.name, ExtractKind.HR)
    return "associate" in _with_plain_id(group, values, roles) and named and placed and not sold


def hr_extract(group: Group, values: Mapping[str, Values], seen: Seen) -> FoundExtract:
    """The hr extract as it would be declared."""
    roles = _with_plain_id(group, values, assigned(group, values, _HR_ROLES))
    if {"given_name", "family_name"} <= set(roles):
        roles.pop("name", None)
    doubts = list(group.doubts)
    if "manager" in roles and not _names_people(group.frame, roles["manager"], roles["associate"], values):
        doubts.append(
            f"“{roles['manager']}” holds other values than “{roles['associate']}”, so it was left out as manager."
        )
        roles.pop("manager")
    columns = tuple(ColumnGuess(column, roles[column], kind) for column, kind in HR_COLUMNS.items() if column in roles)
    marks, unsure = marks_of(seen, comma_likely=language_of(list(group.frame.columns)) != "en")
    history, told = _history(group, roles)
    left_out = tuple(heading for heading in group.frame.columns if heading not in roles.values())
    settings = {"history": history, "team_by": "team" if "team" in roles else "manager"}
    if settings["team_by"] == "manager":
        doubts.append("No column names teams: who shares a manager is a team (team_by: manager).")
    return FoundExtract(
        name="hr" if group.name[:1] == "_" else group.name,
        kind=ExtractKind.HR,
        patterns=group.patterns,
        files=group.files,
        months=group.months,
        rows=group.rows,
        columns=columns,
        marks=marks,
        roles=settings,
        left_out=left_out,
        doubts=(*doubts, *unsure, *told),
    )


def _with_plain_id(group: Group, values: Mapping[str, Values], roles: dict[str, str]) -> dict[str, str]:
    """In a list of people a plain “ID” that tells rows apart is theirs."""
    if "associate" in roles:
        return roles
    plain_ids = [
        heading
        for heading in group.frame.columns
        if likeness(heading, ("id", "number", "nr", "no", "nummer", "numero"))
        and heading not in roles.values()
        and values[heading].distinct > 1
    ]
    return {"associate": plain_ids[0], **roles} if plain_ids else roles


def _names_people(frame: pd.DataFrame, manager: str, associate: str, values: Mapping[str, Values]) -> bool:
    people = set(frame[associate].dropna().astype("str").str.strip())
    named = set(frame[manager].dropna().astype("str").str.strip()) - {"", "NULL", "null", "-"}
    return bool(named) and values[manager].filled > 0 and len(named & people) >= _MOSTLY * len(named)


def _history(group: Group, roles: Mapping[str, str]) -> tuple[str, list[str]]:
    if "valid_from" in roles:
        return "effective_dated", []
    if "snapshot_date" in roles:
        return "snapshots", []
    told = "The people's list says nothing of the past: earlier months are told by today's organisation."
    if len(group.months) > 1:
        told += " The files are of several months: with a column of the day (snapshot_date) they would be snapshots."
    return "today", [told]


# -- everything else -----------------------------------------------------------------------------------------------


def guessed_kind(group: Group, values: Mapping[str, Values]) -> tuple[ExtractKind | None, str]:
    """The kind of a group that is not hr, and why; None where nothing speaks for one."""
    roles = assigned(group, values, _FACT_ROLES)
    names = " ".join((group.name, *group.files))
    others = (ExtractKind.COACHING, ExtractKind.PLAN, ExtractKind.EVENTS, ExtractKind.AVAILABILITY)
    for kind in (*others, ExtractKind.PULSE, ExtractKind.SERVICE, ExtractKind.SALES, ExtractKind.ACTIVITY):
        if kind_words(names, kind) and (kind in others or "date" in roles):
            return kind, "by the file's name"
    by_role = (
        ("respondent", ExtractKind.PULSE),
        ("amount", ExtractKind.SALES),
        ("satisfaction", ExtractKind.SERVICE),
        ("done", ExtractKind.SERVICE),
        ("associate", ExtractKind.ACTIVITY),
    )
    for role, kind in by_role if "date" in roles else ():
        if role in roles:
            return kind, f"by “{roles[role]}”"
    return None, ""


def fact_extract(
    group: Group, kind: ExtractKind, why: str, values: Mapping[str, Values], seen: Seen, people: frozenset[str]
) -> FoundExtract:
    """An extract that is not hr as it would be declared. `people` are the ids of the hr extract."""
    wanted = [role for role in _FACT_ROLES if role != "respondent" or kind is ExtractKind.PULSE]
    headings = assigned(group, values, wanted)
    doubts = [f"Taken for {kind} {why}.", *group.doubts]
    if "associate" in headings:
        headings.pop("team", None)
        doubts += _unknown_people(group.frame, headings["associate"], people)
    elif "team" not in headings and kind is not ExtractKind.EVENTS:
        doubts.append("No column says whose rows these are: they count for the organisation alone.")
    key = headings.get("key")
    if key is not None and not values[key].unique:
        doubts.append(f"“{key}” stands in several rows, so it was not taken for the key.")
        headings.pop("key")
    columns, left_out = fact_columns(group, values, headings)
    marks, unsure = marks_of(seen, comma_likely=language_of(list(group.frame.columns)) != "en")
    months, month_by, told = _months(group, headings.get("date"), marks)
    doubts += unsure + told
    doubts += [f"“{heading}” has values that do not fit, such as “{values[heading].odd}”." for heading in values
               if values[heading].odd and heading not in left_out]  # fmt: skip
    roles = {role: name_of(columns, heading) for role, heading in headings.items()}
    doubts += [f"“{heading}” is personal data and was left out." for heading in left_out if is_personal(heading)]
    metrics, unmeasured = metrics_of(kind, group.name, columns, roles)
    return FoundExtract(
        name=group.name,
        kind=kind,
        patterns=_patterns(group, month_by),
        files=group.files,
        months=months,
        rows=group.rows,
        columns=columns,
        marks=marks,
        roles=roles,
        month_by=name_of(columns, month_by) if month_by else None,
        metrics=metrics,
        left_out=left_out,
        doubts=(*doubts, *unmeasured),
    )


def _unknown_people(frame: pd.DataFrame, heading: str, people: frozenset[str]) -> list[str]:
    ids = set(frame[heading].dropna().astype("str").str.strip()) - {""}
    unknown = sorted(ids - people)
    if not unknown:
        return []
    shown = ", ".join(unknown[:3]) + (" …" if len(unknown) > 3 else "")  # noqa: PLR2004 — an example
    told = (
        f"{len(unknown)} of {len(ids)} ids in “{heading}” are not in hr ({shown}): their rows are unattributed until "
    )
    return [told + "identities.csv says who they are, or not_people that they are nobody."]


def _months(group: Group, date: str | None, marks: Marks) -> tuple[tuple[Month, ...], str | None, list[str]]:
    """The months seen, the heading whose date tells a row's month where names do not, and doubts."""
    dated = _months_of(group.frame[date], marks) if date else ()
    named_all = len(group.months) > 0 and all("{m" in pattern or "{year}" in pattern for pattern in group.patterns)
    if not named_all:
        return dated or group.months, date, []
    if len(group.files) == 1 and len(dated) > _TWO_MONTHS:
        told = f"{group.files[0]} holds {len(dated)} months, whatever its name says: rows go by their date."
        return dated, date, [told]
    return group.months, None, []


def _months_of(column: pd.Series, marks: Marks) -> tuple[Month, ...]:
    from zoneinfo import ZoneInfo

    texts = column.dropna().astype("str").unique()
    days = (read_day(str(text), marks.dates, ZoneInfo("UTC")) for text in texts)
    return tuple(sorted({Month.of(day) for day in days if day is not None}))


def _patterns(group: Group, month_by: str | None) -> tuple[str, ...]:
    if month_by is None:
        return group.patterns
    anyhow = [pattern.replace("{month}", "*").replace("{year}", "*").replace("{mm}", "*") for pattern in group.patterns]
    return tuple(dict.fromkeys(anyhow))
