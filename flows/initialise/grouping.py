"""Which files belong to one extract: those with the same headings, or whose names differ by the month alone.

Does not belong here: what an extract is about.
"""

import re
from collections import Counter
from pathlib import PurePosixPath

import pandas as pd

from config.months import Month
from flows.initialise.found import Group, Table
from flows.initialise.words import plain, slug

_YEAR = r"(?P<year>(?:19|20)\d\d)"
_NUMBER = r"(?P<mm>0[1-9]|1[0-2])"
_DATED = (
    (re.compile(rf"(?<!\d){_YEAR}-{_NUMBER}-[0-3]\d(?!\d)"), "{month}-*"),
    (re.compile(rf"(?<!\d){_YEAR}{_NUMBER}[0-3]\d(?!\d)"), "{year}{mm}*"),
    (re.compile(rf"(?<!\d){_YEAR}-{_NUMBER}(?!\d)"), "{month}"),
    (re.compile(rf"(?<!\d){_YEAR}(?P<sep>[_./ ]?){_NUMBER}(?!\d)"), "{year}SEP{mm}"),
    (re.compile(rf"(?<!\d){_NUMBER}(?P<sep>[-_. ]?){_YEAR}(?!\d)"), "{mm}SEP{year}"),
)
_ALIKE = 0.5


def month_pattern(file: str) -> tuple[str, Month | None]:
    """The file's name as a pattern with the month taken out, and that month; the name itself where it tells none."""
    for expression, shape in _DATED:
        match = expression.search(file)
        if match:
            written = shape.replace("SEP", match.groupdict().get("sep") or "")
            pattern = _escaped(file[: match.start()]) + written + _escaped(file[match.end() :])
            return pattern, Month(int(match["year"]), int(match["mm"]))
    return _escaped(file), None


def group_tables(tables: list[Table]) -> list[Group]:
    """Groups in the order of their first files, each with a name of its own."""
    found: list[list[Table]] = []
    for table in tables:
        home = next((group for group in found if _belongs(table, group)), None)
        if home is None:
            found.append([table])
        else:
            home.append(table)
    names: Counter[str] = Counter()
    return [_group(members, names) for members in found]


def _belongs(table: Table, group: list[Table]) -> bool:
    headings = set(table.frame.columns)
    first = set(group[0].frame.columns)
    if headings == first:
        return True
    same_name = month_pattern(table.file)[0] in {month_pattern(member.file)[0] for member in group}
    return same_name and len(headings & first) >= _ALIKE * len(headings | first)


def _group(members: list[Table], names: Counter[str]) -> Group:
    placed = [month_pattern(member.file) for member in members]
    headings = set(members[0].frame.columns)
    doubts = []
    for member in members[1:]:
        here = set(member.frame.columns)
        if here != headings:
            changes = [f"{verb} {', '.join(sorted(names_))}" for verb, names_ in
                       (("lacks", headings - here), ("adds", here - headings)) if names_]  # fmt: skip
            doubts.append(f"{member.file} {' and '.join(changes)}, compared with {members[0].file}.")
    doubts += dict.fromkeys(message for member in members for message in member.told)
    return Group(
        name=_name(members, names),
        patterns=tuple(dict.fromkeys(pattern for pattern, _ in placed)),
        files=tuple(member.file for member in members),
        months=tuple(sorted({month for _, month in placed if month is not None})),
        frame=pd.concat([member.frame for member in members], ignore_index=True),
        rows=sum(member.rows for member in members),
        doubts=tuple(doubts[:5]),
    )


def _name(members: list[Table], names: Counter[str]) -> str:
    """From the words the files' names share, without the month."""
    pattern = PurePosixPath(re.sub(r"\{\w+\}", " ", month_pattern(members[0].file)[0]))
    stem = plain(re.sub(r"(\.\w+)+$", "", pattern.name)) or plain(" ".join(pattern.parts[:-1])) or "extract"
    common = stem.split()
    for member in members[1:]:
        words = plain(re.sub(r"\{\w+\}", " ", month_pattern(member.file)[0])).split()
        common = [word for word in common if word in words] or common
    name = (slug(" ".join(common)) or "extract")[:50]
    names[name] += 1
    return name if names[name] == 1 else f"{name}_{names[name]}"


def _escaped(text: str) -> str:
    """Brackets in a file's name are no pattern."""
    return re.sub(r"([\[*?])", r"[\1]", text)
