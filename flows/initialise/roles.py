"""What each heading is taken for, by its words and by what its values are.

Does not belong here: which columns a kind of extract needs (`flows.initialise.kinds`).
"""

from collections.abc import Iterable, Mapping

from config.models import ColumnType
from config.policy_channel import is_policy_column
from flows.initialise.found import ColumnGuess, Group
from flows.initialise.values import Values
from flows.initialise.words import PERSONAL, ROLES, likeness, slug

NUMERIC = (ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.MONEY, ColumnType.PERCENT)
DATED = (ColumnType.DATE, ColumnType.TIMESTAMP)
_IDS = (ColumnType.TEXT, ColumnType.INTEGER)
_FITTING: dict[str, tuple[ColumnType, ...]] = {
    "associate": _IDS, "name": (ColumnType.TEXT,), "given_name": (ColumnType.TEXT,), "family_name": (ColumnType.TEXT,),
    "email": (ColumnType.TEXT,), "role": (ColumnType.TEXT,), "fte": NUMERIC, "team": _IDS,
    "team_name": (ColumnType.TEXT,), "manager": _IDS, "contract": (ColumnType.TEXT,), "hire_date": DATED,
    "leave_date": DATED, "valid_from": DATED, "valid_to": DATED, "snapshot_date": DATED,
    "amount": (ColumnType.MONEY, ColumnType.NUMBER, ColumnType.INTEGER), "date": DATED, "due": DATED, "done": DATED,
    "key": _IDS, "segment": (ColumnType.TEXT,), "currency": (ColumnType.TEXT,), "satisfaction": NUMERIC,
    "respondent": _IDS, "last_modified": DATED,
}  # fmt: skip
_PERSONAL_LIKENESS = 60
_LONG_TEXT = 60
_RESERVED = frozenset({
    "all", "and", "as", "case", "check", "column", "default", "desc", "end", "from", "group", "in", "limit", "not",
    "null", "on", "or", "order", "primary", "references", "select", "table", "then", "to", "union", "user", "using",
    "when", "where", "with",
})  # fmt: skip


def assigned(group: Group, values: Mapping[str, Values], wanted: Iterable[str]) -> dict[str, str]:
    """For each wanted role the heading that fits best; each heading has one role, the best fit goes first."""
    fits = sorted(
        (-likeness(heading, ROLES[role]), order, position, role, heading)
        for order, role in enumerate(wanted)
        for position, heading in enumerate(group.frame.columns)
        if values[heading].type in _FITTING[role]
        or (values[heading].type is None and role in ("valid_to", "leave_date"))
    )
    taken: dict[str, str] = {}
    for unlikeness, _, _, role, heading in fits:
        if unlikeness < 0 and role not in taken and heading not in taken.values():
            taken[role] = heading
    return taken


def is_personal(heading: str) -> bool:
    """Whether a heading is of personal data that no report needs."""
    return likeness(heading, PERSONAL) >= _PERSONAL_LIKENESS


def fact_columns(
    group: Group, values: Mapping[str, Values], roles: Mapping[str, str]
) -> tuple[tuple[ColumnGuess, ...], tuple[str, ...]]:
    """The columns to declare of an extract that is not hr, and the headings left out."""
    role_of = {heading: role for role, heading in roles.items()}
    columns: list[ColumnGuess] = []
    left_out: list[str] = []
    names: set[str] = set()
    alike: set[str] = set()
    for position, heading in enumerate(group.frame.columns, start=1):
        seen, role = values[heading], role_of.get(heading)
        long = seen.type is ColumnType.TEXT and seen.longest > _LONG_TEXT
        unwanted = seen.type is None or long or is_personal(heading) or is_policy_column(heading)
        same = " ".join(heading.casefold().split())
        if (role is None and unwanted) or same in alike:
            left_out.append(heading)
            continue
        alike.add(same)
        kind, why = _type_of(heading, seen, role)
        name = _free_name(slug(heading) or f"column_{position}", names)
        columns.append(ColumnGuess(name, heading, kind, why))
    return tuple(columns), tuple(left_out)


def _free_name(name: str, taken: set[str]) -> str:
    wanted = f"{name}_value" if name in _RESERVED else name
    unique = wanted[:55]
    copy = 1
    while unique in taken:
        copy += 1
        unique = f"{wanted[:55]}_{copy}"
    taken.add(unique)
    return unique


def _type_of(heading: str, seen: Values, role: str | None) -> tuple[ColumnType, str]:
    found = seen.type or ColumnType.TEXT
    if role in ("associate", "key", "respondent", "team"):
        whose = {"associate": "says whose row it is", "key": "tells rows apart", "respondent": "tells who answered"}
        return ColumnType.ID, whose.get(role, "")
    if role == "amount":
        return ColumnType.MONEY, "the amounts"
    if found is ColumnType.INTEGER and (seen.leading_zeros or _is_id(heading)):
        return ColumnType.ID, "a number that names something"
    if found is ColumnType.TEXT and _is_id(heading):
        return ColumnType.ID, ""
    if found is ColumnType.NUMBER and seen.has_fraction and likeness(heading, ROLES["amount"]):
        return ColumnType.MONEY, ""
    return found, ""


def _is_id(heading: str) -> bool:
    words = slug(heading).split("_")
    return bool({"id", "no", "nr", "nummer", "number", "code", "key", "plz", "zip", "numero"} & set(words)) or words[
        -1
    ].endswith(("nummer", "nr", "id"))


def name_of(columns: Iterable[ColumnGuess], heading: str) -> str:
    """The declared name of a heading."""
    return next(column.name for column in columns if column.heading == heading)
