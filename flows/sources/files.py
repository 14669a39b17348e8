"""One file as parts of text rows: unpacked, told what it is, decoded and read.

Does not belong here: which files belong to a month, and which rows of them.
"""

import re
from itertools import repeat
from pathlib import Path

from config.checks import Severity
from config.errors import Place, SourceError
from config.sources import FilesSource
from flows.sources.contents import OUR_DISK, Content, Workshop, plain_ending, unpack, unreadable
from flows.sources.delimited import read_delimited
from flows.sources.encodings import marked_encoding, wide_encoding
from flows.sources.spreadsheets import read_workbook
from flows.sources.structured import read_json_lines, read_parquet
from flows.sources.tables import Cleaning, Part, PartWriter
from flows.sources.texts import Utf8Text, as_utf8
from transforms.stages import Finding

_ENDINGS = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".txt": "csv", ".psv": "csv", ".xlsx": "excel", ".xlsm": "excel",
    ".xlsb": "excel", ".xls": "excel", ".ods": "excel", ".parquet": "parquet", ".pq": "parquet", ".jsonl": "jsonl",
    ".ndjson": "jsonl", ".json": "jsonl",
}  # fmt: skip
_WORDS = {"csv": "delimited text", "excel": "a workbook", "parquet": "a Parquet file", "jsonl": "JSON lines"}
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f]")
_MARKUP = re.compile(r"\s*(<!doctype html|<html|<head|<body|<table|<meta|<\?xml)", re.IGNORECASE)


def read_file(content: Content, source: FilesSource, workshop: Workshop, scratch: Workshop) -> list[Part]:
    """Every table a file holds (an archive may hold several), in the order of their names.

    A part without headings is an empty file. `workshop` keeps the rows, `scratch` is for what is only read from.
    Raises SourceError for a file that is broken, is not what it should be, or changes while it is read.
    """
    before = _state(content)
    if before[0] == 0:
        return [_empty(content)]
    try:
        parts = [_read(member, source, workshop, scratch) for member in unpack(content, scratch)]
    except OSError as error:
        if error.errno in OUR_DISK:
            raise
        raise unreadable(content.name, error) from error
    if _state(content) != before:
        raise SourceError(
            "The file changed while it was read.", fix="Run again when it is complete.", place=Place(Path(content.name))
        )
    return parts


def _state(content: Content) -> tuple[int, int]:
    try:
        facts = content.path.stat()
    except OSError as error:
        raise unreadable(content.name, error) from error
    return facts.st_size, facts.st_mtime_ns


def _read(content: Content, source: FilesSource, workshop: Workshop, scratch: Workshop) -> Part:
    cleaning = Cleaning(source.missing, tuple(re.compile(pattern) for pattern in source.footers))
    writers = (PartWriter(content.name, workshop, cleaning) for _ in repeat(None))
    kind, told = _format(content, source)
    if kind == "parquet":
        part: Part | None = read_parquet(content, next(writers), source.decimal)
    elif kind == "excel":
        part = read_workbook(content, next(writers), source.sheet, source.header_row, source.decimal)
    else:
        text = as_utf8(content, source.encoding, scratch)
        told = (*told, *_assumption(text, content))
        if kind == "jsonl":
            part = read_json_lines(text, next(writers), source.decimal)
        else:
            part = read_delimited(text, writers, source.separator, source.header_row)
    return with_findings(part or _empty(content), told)


def with_findings(part: Part, told: tuple[Finding, ...]) -> Part:
    """The part with findings before its own."""
    return Part(part.name, part.headings, part.segments, part.rows, part.footers, (*told, *part.findings))


def _empty(content: Content) -> Part:
    finding = Finding(
        "source.empty_file",
        Severity.WARNING,
        f"{content.name} is empty: there is not even a row of headings.",
        file=content.name,
    )
    return Part(content.name, (), (), 0, 0, (finding,))


def _assumption(text: Utf8Text, content: Content) -> tuple[Finding, ...]:
    if not text.assumed:
        return ()
    message = (
        f"{content.name} is not UTF-8; it was read as {text.assumed} (“{text.example}”). "
        "If that is wrong, set encoding."
    )
    return (Finding("source.encoding_assumed", Severity.INFO, message, file=content.name, value=text.assumed),)


def _format(content: Content, source: FilesSource) -> tuple[str, tuple[Finding, ...]]:
    """csv, excel, parquet or jsonl, by content before ending; where they differ, a finding says so."""
    is_kind = _by_content(content)
    by_name = _ENDINGS.get(plain_ending(content))
    if source.format != "auto":
        if is_kind is not None and is_kind != source.format and not (is_kind == "jsonl" and source.format == "csv"):
            raise SourceError(
                f"The file is declared as {_WORDS[source.format]}, but it is {_WORDS[is_kind]}.",
                fix="Set format: auto, or deliver the file in the format declared.",
                place=Place(Path(content.name)),
            )
        return source.format, ()
    if is_kind is None or (is_kind == "csv" and by_name == "jsonl"):
        return by_name or "csv", ()
    if by_name is None or by_name == is_kind:
        return is_kind, ()
    message = f"{content.name} is called {plain_ending(content)}, but it is {_WORDS[is_kind]}: it was read as that."
    return is_kind, (Finding("source.other_format", Severity.INFO, message, file=content.name),)


def _by_content(content: Content) -> str | None:
    """What the first bytes say, None where they leave it open. Raises SourceError for what holds no table."""
    head = content.head()
    place = Place(Path(content.name))
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return "excel"
    if head.startswith(b"%PDF"):
        raise SourceError("This is a PDF, not a table.", fix="Export the table itself as CSV or .xlsx.", place=place)
    text = _head_text(head)
    if _MARKUP.match(text):
        said = text.strip().splitlines()[0][:60]
        kind = "an XML document" if said.lower().startswith("<?xml") else "a web page (HTML)"
        raise SourceError(
            f"This is {kind}, not a table: it begins with “{said}”. It may be a log-in page or an HTML export.",
            fix="Export it as CSV or .xlsx.",
            place=place,
        )
    begins = text.lstrip()[:2]
    if begins.startswith("[") and plain_ending(content) == ".json":
        raise SourceError("This is one JSON array, not JSON lines.", fix="Write one JSON object a line.", place=place)
    if begins.startswith("{"):
        return "jsonl" if re.match(r'\{\s*("|\})', text.lstrip()) else None
    is_text = bool(text.strip()) and not _BINARY.search(text)
    return "csv" if is_text and _ENDINGS.get(plain_ending(content)) in ("excel", "parquet") else None


def _head_text(head: bytes) -> str:
    marked = marked_encoding(head)
    encoding, skip = marked or (wide_encoding(head) or "utf-8", 0)
    return head[skip:].decode(encoding, "replace")
