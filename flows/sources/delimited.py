"""Delimited text: fields told apart by a separator, quoted by double quotes.

Two readers give the same rows: pyarrow's where it can be shown to be right, and Python's csv module, five times
slower, for all other files (blank lines, rows too short or too long). Does not belong here: encodings, and
what a field means.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from config.checks import Severity
from config.errors import Place, SourceError
from flows.sources.tables import Part, PartWriter
from flows.sources.texts import Utf8Text

SEPARATORS = ("\t", ";", "|", ",")
"""Those that are detected. Where two fit equally well the earlier is taken: commas also stand in numbers and texts."""
_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_HINT = re.compile(r"sep=(.)", re.IGNORECASE)
_SAMPLE_LINES = 60
_ROWS_AT_ONCE = 1 << 15
_BLOCK_BYTES = 4 << 20


class _Reader(Protocol):
    """The part of csv's reader that is used here."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...


class _NotPlainError(Exception):
    """The fast reader cannot vouch for its rows."""


def read_delimited(text: Utf8Text, writers: Iterator[PartWriter], separator: str, header_row: int) -> Part | None:
    """The rows of a delimited file; None where it holds no heading row.

    `writers` gives a fresh writer for each attempt. Raises SourceError for a quote that is never closed.
    """
    for attempt in (_read_lines, _read_records, _read_any):
        writer = next(writers)
        layout = _layout(text, writer, separator, header_row)
        if layout is None:
            return None
        headings, mark, skipped = layout
        writer.head(headings)
        try:
            attempt(text, writer, mark, skipped)
            return writer.done()
        except (_NotPlainError, pa.ArrowException):
            writer.discard()
    raise AssertionError("the last attempt takes any file")


def _opened(text: Utf8Text) -> io.TextIOWrapper:
    raw = text.path.open("rb")
    raw.seek(text.skip)
    return io.TextIOWrapper(raw, encoding="utf-8", newline="")


def _layout(text: Utf8Text, writer: PartWriter, separator: str, header_row: int) -> tuple[list[str], str, int] | None:
    """Headings, separator, and how many physical lines stand before the first row."""
    with _opened(text) as stream:
        lines = list(islice(stream, header_row - 1, header_row - 1 + _SAMPLE_LINES))
    skipped = header_row - 1
    hint = _HINT.fullmatch(lines[0].strip("\ufeff\r\n")) if lines and header_row == 1 else None
    if hint:  # Excel's own way to say which separator a file has
        lines, skipped = lines[1:], 1
    while lines and not lines[0].strip("\ufeff \t\r\n"):
        lines, skipped = lines[1:], skipped + 1
    if not lines:
        return None
    mark = hint[1] if hint and separator == "auto" else _chosen_separator(lines, writer, separator)
    reader = csv.reader(lines, delimiter=mark)
    headings = _next_record(reader, writer.name, skipped)
    return headings, mark, skipped + reader.line_num


def _chosen_separator(lines: Sequence[str], writer: PartWriter, separator: str) -> str:
    if separator != "auto":
        mark = _NAMES.get(separator.lower(), separator)
        if len(mark) != 1 or mark in '"\r\n':
            raise SourceError(
                f"“{separator}” cannot be a separator.",
                fix="Write one sign such as ; or tab, or auto.",
                place=Place(Path(writer.name)),
            )
        return mark
    fits = {mark: _fit(lines, mark) for mark in SEPARATORS}
    best = max(SEPARATORS, key=lambda mark: fits[mark])
    if fits[best][1] <= 1:
        writer.finding(
            "source.single_column", Severity.WARNING,
            f"{writer.name} has one column only (“{lines[0].strip()[:60]}”): no comma, semicolon, tab or bar tells "
            "fields apart. If it has another separator, set separator.",
        )  # fmt: skip
        return ","
    return best


def _fit(lines: Sequence[str], mark: str) -> tuple[float, int]:
    """How well a separator fits: the share of records with as many fields as the headings, and how many these are."""
    reader = csv.reader(lines, delimiter=mark)
    try:
        widths = [len(record) for record in reader if any(cell.strip() for cell in record)]
    except csv.Error:
        return (0.0, 1)
    if not widths or widths[0] <= 1:
        return (0.0, 1)
    if len(lines) == _SAMPLE_LINES and len(widths) > 1:
        widths.pop()  # the sample may have cut the last record off
    counts = Counter(widths)
    return (round(counts[widths[0]] / len(widths), 1), widths[0])


def _next_record(reader: Iterator[list[str]], name: str, skipped: int) -> list[str]:
    try:
        return next(reader)
    except csv.Error as error:
        raise _unreadable(name, skipped + 1, error) from error


def _read_lines(text: Utf8Text, writer: PartWriter, mark: str, skipped: int) -> None:
    """Rows by pyarrow, if each physical line is one record: else _NotPlainError or one of pyarrow's errors.

    Counting is the proof: where a record spans lines, or a line is blank, the number of records differs from that of
    the file's line feeds.
    """
    read = 0
    for batch in _arrow_batches(text, writer, mark, skipped, multiline=False):
        if any(pc.any(pc.match_substring(column, "\n")).as_py() for column in batch.columns):
            raise _NotPlainError
        first = skipped + read + 1
        writer.rows(batch.columns, pa.array(range(first, first + batch.num_rows), pa.int64()), nulled=True)
        read += batch.num_rows
    if skipped + read != text.physical_lines:
        raise _NotPlainError
    if read:
        _refuse_open_quote(_last_lines(text, 1), writer.name, mark, text.physical_lines)


def _read_records(text: Utf8Text, writer: PartWriter, mark: str, skipped: int) -> None:
    """The same where texts in quotes hold line feeds: records and the line feeds in them add up to the file's."""
    line, last = skipped, 0
    for batch in _arrow_batches(text, writer, mark, skipped, multiline=True):
        lengths = np.ones(batch.num_rows, np.int64)
        for column in batch.columns:
            lengths += pc.fill_null(pc.count_substring(column, "\n"), 0).to_numpy(zero_copy_only=False)
        ends = line + np.cumsum(lengths)
        writer.rows(batch.columns, pa.array(ends - lengths + 1), nulled=True)
        if len(ends):
            line, last = int(ends[-1]), int(lengths[-1])
    if line != text.physical_lines:
        raise _NotPlainError
    if last:
        _refuse_open_quote(_last_lines(text, last), writer.name, mark, line - last + 1)


def _arrow_batches(
    text: Utf8Text, writer: PartWriter, mark: str, skipped: int, *, multiline: bool
) -> Iterator[pa.RecordBatch]:
    if text.lone_returns:  # these are line ends to one reader and text to the other
        raise _NotPlainError
    if text.physical_lines <= skipped:
        return
    names = [str(position) for position in range(len(writer.headings))]
    yield from pa_csv.open_csv(
        pa.OSFile(str(text.path)),  # a path would be unpacked by its ending
        read_options=pa_csv.ReadOptions(column_names=names, skip_rows=skipped, block_size=_BLOCK_BYTES),
        parse_options=pa_csv.ParseOptions(delimiter=mark, newlines_in_values=multiline),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=["", *writer.cleaning.missing],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )


def _read_any(text: Utf8Text, writer: PartWriter, mark: str, skipped: int) -> None:
    """Rows by the csv module: any line breaks, any number of fields."""
    declared = len(writer.headings)
    last_start = 0
    with _opened(text) as stream:
        reader = csv.reader(islice(stream, skipped, None), delimiter=mark)
        for starts, rows in _batches(reader, writer.name, skipped):
            last_start = starts[-1]
            _write_rows(writer, rows, starts, declared)
    if last_start:
        with _opened(text) as stream:
            _refuse_open_quote(islice(stream, last_start - 1, None), writer.name, mark, last_start)


def _batches(reader: "_Reader", name: str, skipped: int) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Records in batches, each with the physical line it starts on."""
    starts: list[int] = []
    rows: list[list[str]] = []
    line = skipped + 1
    try:
        for row in reader:
            starts.append(line)
            rows.append(row)
            line = skipped + reader.line_num + 1
            if len(rows) == _ROWS_AT_ONCE:
                yield starts, rows
                starts, rows = [], []
    except csv.Error as error:
        raise _unreadable(name, line, error) from error
    if rows:
        yield starts, rows


def _write_rows(writer: PartWriter, rows: list[list[str]], starts: list[int], declared: int) -> None:
    cells: Sequence[Sequence[str | None]] = rows
    if set(map(len, rows)) != {len(writer.headings)}:
        cells, starts = _straightened(writer, rows, starts, declared)
    columns = list(zip(*cells, strict=True)) or [()] * len(writer.headings)
    writer.rows([pa.array(column, pa.string()) for column in columns], pa.array(starts, pa.int64()))


def _straightened(
    writer: PartWriter, rows: list[list[str]], starts: list[int], declared: int
) -> tuple[list[list[str | None]], list[int]]:
    """Rows of one width: short ones filled with missing values, what is too much in columns of its own.

    `declared` is how many headings the file has; columns added for earlier rows do not make later ones too short.
    """
    kept: list[list[str]] = []
    lines: list[int] = []
    for line, row in zip(starts, rows, strict=True):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != declared and writer.cleaning.is_footer(row):
            writer.footers += 1
            continue
        if len(row) < declared:
            _tell_short(writer, row, line, declared)
        kept.append(_with_extra(writer, row, line, declared) if len(row) > declared else row)
        lines.append(line)
    width = len(writer.headings)
    return [[*row, *[None] * (width - len(row))] for row in kept], lines


def _tell_short(writer: PartWriter, row: list[str], line: int, declared: int) -> None:
    writer.finding(
        "source.too_few_fields", Severity.WARNING,
        f"{writer.name} line {line} has {len(row)} fields where there are {declared} headings: the last "
        f"{declared - len(row)} are taken as missing.", line=line, value=", ".join(row)[:120],
    )  # fmt: skip


def _with_extra(writer: PartWriter, row: list[str], line: int, declared: int) -> list[str]:
    extra = row[declared:]
    if not any(cell.strip() for cell in extra):  # a separator too many at the end says nothing
        return row[:declared]
    while not extra[-1].strip():
        extra.pop()
    writer.add_columns([""] * (declared + len(extra) - len(writer.headings)))
    shown = ", ".join(f"“{cell}”" for cell in extra)[:120]
    places = ", ".join(writer.headings[declared : declared + len(extra)])
    writer.finding(
        "source.too_many_fields", Severity.WARNING,
        f"{writer.name} line {line} has {len(row)} fields where there are {declared} headings: {shown} is kept in "
        f"{places}. A separator inside a text needs quotes.", line=line, value=shown,
    )  # fmt: skip
    return [*row[:declared], *extra]


def _last_lines(text: Utf8Text, count: int) -> list[str]:
    """The last physical lines, read from the end of the file."""
    length = _BLOCK_BYTES >> 6
    size = text.path.stat().st_size
    while True:
        with text.path.open("rb") as stream:
            stream.seek(max(size - length, text.skip))
            tail = stream.read()
        lines = tail.splitlines(keepends=True)
        if len(lines) > count or length >= size:
            return [line.decode("utf-8") for line in lines[-count:]]
        length *= 4


def _refuse_open_quote(lines: Iterable[str], name: str, mark: str, start: int) -> None:
    """Both readers take a quote that is never closed as if it ended with the file: read the last record strictly."""
    try:
        for _ in csv.reader(lines, delimiter=mark, strict=True):
            pass
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise _open_quote(name, start) from error


def _open_quote(name: str, line: int) -> SourceError:
    return SourceError(
        "A quote in this record is opened and never closed.",
        fix="Close it, or write a quote inside a text twice.",
        place=Place(Path(name), line),
    )


def _unreadable(name: str, line: int, error: csv.Error) -> SourceError:
    if "field larger than field limit" in str(error):
        return _open_quote(name, line)
    return SourceError(f"The record cannot be read: {error}.", fix="Export it again.", place=Place(Path(name), line))
