"""Excel workbooks and OpenDocument tables: one sheet, its rows as text.

Does not belong here: what a column means. Cells hold native numbers and dates; a cell that shows an error is missing.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from config.checks import Severity
from config.errors import Place, SourceError
from config.faults import did_you_mean
from flows.sources.canonical import canonical_text
from flows.sources.contents import Content
from flows.sources.tables import Part, PartWriter

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_ROWS_AT_ONCE = 1 << 14
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
"""A compound file, and the name of the stream in which it holds a locked workbook ([MS-OFFCRYPTO] 2.3.4.4)."""
_LONG_NUMBER = 10**15
"""Excel keeps 15 digits of a number: a longer id has lost its last ones."""


def read_workbook(
    content: Content, writer: PartWriter, sheet_name: str | None, header_row: int, decimal: str
) -> Part | None:
    """The rows of a sheet; None where it has no heading row. `_line` is the sheet's row.

    Raises SourceError for a workbook that is damaged or locked, and for a sheet that is not there.
    """
    sheet = _sheet(_workbook(content), content, sheet_name)
    rows = _rows(sheet)
    headings: Sequence[object] = ()
    heading_row = 0
    for number, row in islice(rows, header_row - 1, None):
        if any(cell != "" for cell in row):
            headings, heading_row = _unmerged(sheet, number, row), number
            break
    if not heading_row:
        return None
    writer.head([canonical_text(cell, decimal) for cell in headings])
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        _tell_long_numbers(writer, batch)
        lines = pa.array([number for number, _ in batch], pa.int64())
        columns = zip(*(row for _, row in batch), strict=True)
        writer.rows([pa.array([canonical_text(c, decimal) for c in column], pa.string()) for column in columns], lines)
    return writer.done()


def _workbook(content: Content) -> "CalamineWorkbook":
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    place = Place(Path(content.name))
    try:
        with content.open() as stream:
            return CalamineWorkbook.from_filelike(stream)
    except (PasswordError, CalamineError, OSError, ValueError) as error:
        if isinstance(error, PasswordError) or _is_locked(content):
            raise SourceError(
                "The workbook is locked with a password.", fix="Save it without one.", place=place
            ) from error
        raise SourceError(
            "The workbook is damaged or no workbook.", fix="Save it again as .xlsx.", place=place
        ) from error


def _is_locked(content: Content) -> bool:
    """Whether it is what Excel writes with a password, which the library cannot tell from damage in a stream."""
    with content.open() as stream:
        return stream.read(len(_COMPOUND)) == _COMPOUND and _LOCKED in stream.read()


def _sheet(workbook: "CalamineWorkbook", content: Content, name: str | None) -> "CalamineSheet":
    from python_calamine import CalamineError

    names = workbook.sheet_names
    if name is not None and name not in names:
        raise SourceError(
            f"There is no sheet “{name}”. {did_you_mean(name, names, what='Sheets there')}",
            fix="Name one of the sheets with sheet.",
            place=Place(Path(content.name)),
        )
    try:
        return workbook.get_sheet_by_name(name) if name is not None else workbook.get_sheet_by_index(0)
    except CalamineError as error:
        raise SourceError(f"The sheet cannot be read: {error}.", place=Place(Path(content.name))) from error


def _rows(sheet: "CalamineSheet") -> Iterator[tuple[int, list[object]]]:
    """Row number and cells, from column A on (the library leaves empty columns at the left out, not empty rows)."""
    left: list[object] = [""] * (sheet.start[1] if sheet.start else 0)
    for number, row in enumerate(sheet.iter_rows(), start=1):
        yield number, [*left, *row]


def _unmerged(sheet: "CalamineSheet", number: int, row: Sequence[object]) -> list[object]:
    """The heading row, where a cell merged with one above or at its left has that cell's heading."""
    filled = list(row)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if not top <= number - 1 <= bottom:
            continue
        owner = next((cells for line, cells in islice(_rows(sheet), top, top + 1)), None)
        for column in range(left, min(right + 1, len(filled))):
            if filled[column] == "" and owner is not None and left < len(owner):
                filled[column] = owner[left]
    return filled


def _tell_long_numbers(writer: PartWriter, batch: Sequence[tuple[int, list[object]]]) -> None:
    for number, row in batch:
        for cell in row:
            if isinstance(cell, float) and abs(cell) >= _LONG_NUMBER:
                shown = canonical_text(cell) or ""
                writer.finding(
                    "source.long_number", Severity.WARNING,
                    f"{writer.name} row {number} holds the number {shown}: Excel keeps 15 digits, so an id this long "
                    "has lost its last ones. Export such ids as text.", line=number, value=shown,
                )  # fmt: skip
