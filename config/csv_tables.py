"""identities.csv, decisions.csv and corrections.csv: one line a record, ids as text exactly as written.

Does not belong here: tables of expectations and extracts, which are data of the company and checked as such.
"""

import csv
import io
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from config.base import Model
from config.errors import ConfigError, Place
from config.faults import did_you_mean, known_keys, value_fault
from config.yaml_places import read_text

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Line(Generic[M]):
    """A record and the line it begins in."""

    line: int
    record: M


def read_table(
    path: Path, model: type[M], ids: Set[str], exact: Set[str] = frozenset()
) -> tuple[list[Line[M]], list[ConfigError]]:
    """The records of a file with the faults found. Raises ConfigError where the file or its heading cannot be read.

    `ids` are the columns whose text must not begin or end in a space: such ids look alike and are not.
    Of the `exact` columns every space counts.
    """
    rows = _rows(path)
    if not rows:
        raise ConfigError(
            "The file is empty.", place=Place(path), fix=f"Write a heading: {', '.join(known_keys(model))}."
        )
    heading, faults = _heading(path, rows[0], model)
    if faults:
        return [], faults
    lines: list[Line[M]] = []
    for number, cells in rows[1:]:
        values = _values(heading, cells, ids | exact, exact)
        found, wrong = _record(Place(path, number), values, len(cells), len(heading), model, ids)
        faults.extend(wrong)
        if found is not None:
            lines.append(Line(number, found))
    return lines, faults


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    text = read_text(path)
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows, begins = [], 1
    try:
        for cells in reader:
            while cells and not cells[-1].strip():  # spreadsheets leave empty cells at the end
                cells.pop()
            if cells:
                rows.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise ConfigError(
            "A quote is not closed, or stands inside a value.", place=Place(path, begins), fix='Write "" for a quote.'
        ) from error
    return rows


def _heading(path: Path, row: tuple[int, list[str]], model: type[M]) -> tuple[list[str], list[ConfigError]]:
    number, cells = row
    names = [cell.strip().lower() for cell in cells]
    known = known_keys(model)
    place = Place(path, number)
    faults = [
        ConfigError(f"“{name}” is no column.", place=place, fix=did_you_mean(name, known))
        for name in names
        if name not in known
    ]
    faults += [
        ConfigError(f"The column “{name}” stands twice.", place=place, fix="Keep one.")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    required = [field.alias or name for name, field in model.model_fields.items() if field.is_required()]
    missing = [name for name in required if name not in names]
    if missing and not faults:
        shown = ", ".join(missing)
        faults.append(ConfigError(f"The column {shown} is missing.", place=place, fix=f"Known: {', '.join(known)}."))
    return names, faults


def _values(heading: list[str], cells: list[str], unchanged: Set[str], exact: Set[str]) -> dict[str, str]:
    """The cells that are not empty, by column."""
    return {
        name: cell if name in unchanged else cell.strip()
        for name, cell in zip(heading, cells, strict=False)
        if cell.strip() or (cell and name in exact)
    }


def _record(
    place: Place, values: dict[str, str], width: int, columns: int, model: type[M], ids: Set[str]
) -> tuple[M | None, list[ConfigError]]:
    if width > columns:
        extra = f"The line has {width} values, the heading {columns} columns."
        return None, [ConfigError(extra, place=place, fix="Put a value that holds the separator in double quotes.")]
    faults = [
        ConfigError(
            f"“{values[name]}” begins or ends in a space.",
            place=Place(place.file, place.line, 0, name),
            fix="Take it away.",
        )
        for name in sorted(ids & set(values))
        if values[name] != values[name].strip()
    ]
    try:
        record = model.model_validate(values)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            name = str(detail["loc"][0]) if detail["loc"] else ""
            what, fix = value_fault(detail, values.get(name, name))
            faults.append(ConfigError(what, place=Place(place.file, place.line, 0, name), fix=fix))
        return None, faults
    return (None if faults else record), faults
