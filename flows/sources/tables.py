"""Tables of text on their way to a landing: spooled to disk part by part, so that no extract must fit in memory.

A part is what one file, sheet, archive member or database gave. Empty and declared missing texts are null, wholly
empty rows are gone, footers are counted and left out. Does not belong here: reading formats, cutting by month.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from config.checks import Severity
from flows.sources.contents import Workshop
from flows.sources.headings import clean_headings, is_unnamed, refuse_policy_columns
from transforms.columns import FILE, LINE
from transforms.stages import Finding

_ROWS_AT_ONCE = 1 << 16
_SHOWN_OF_A_CODE = 20
"""So many findings of one code are listed with their line; the rest are counted in one more."""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What of a source's rows is not data: texts that mean no value, and patterns of footers."""

    missing: tuple[str, ...] = ()
    footers: tuple[re.Pattern[str], ...] = ()

    def is_footer(self, cells: Sequence[str | None]) -> bool:
        """Whether the first filled cell matches a footer's pattern."""
        first = next((cell.strip() for cell in cells if cell and cell.strip()), None)
        return first is not None and self.matches(first)

    def matches(self, text: str) -> bool:
        """Whether a first filled cell is a footer's: the pattern must match from its beginning."""
        return any(pattern.match(text.strip()) for pattern in self.footers)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one file as text: `segments` are Arrow files with columns `headings` (or the first of them) and _line."""

    name: str
    headings: tuple[str, ...]
    segments: tuple[Path, ...]
    rows: int
    footers: int
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class PartWriter:
    """Collects one part. `head` first, then `rows`; `add_columns` where rows turn out wider."""

    name: str
    workshop: Workshop
    cleaning: Cleaning
    headings: tuple[str, ...] = ()
    rows_written: int = 0
    footers: int = 0
    _findings: list[Finding] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)
    _raw: tuple[str, ...] = ()
    _unnamed: set[str] = field(default_factory=set)
    _filled: set[str] = field(default_factory=set)
    _segments: list[Path] = field(default_factory=list)
    _writer: Any = None
    _width: int = -1

    def head(self, raw: Sequence[str | None]) -> None:
        """Take the headings as they stand in the source. Raises RefusedError for a policy column."""
        self._raw = tuple((heading or "").strip() for heading in raw)
        self.add_columns(raw)

    def add_columns(self, raw: Sequence[str | None]) -> tuple[str, ...]:
        """Further columns after those there, and the names they got."""
        added = clean_headings(raw, self.headings)
        refuse_policy_columns(added, self.name)
        self._unnamed |= {name for name, heading in zip(added, raw, strict=True) if is_unnamed(heading)}
        self.headings += added
        return added

    def finding(
        self, code: str, severity: Severity, message: str, *, line: int = 0, value: str = "", column: str = ""
    ) -> None:
        """Note a finding; of many with one code the first are kept and the others counted."""
        seen = self._counts[code] = self._counts.get(code, 0) + 1
        if seen <= _SHOWN_OF_A_CODE:
            found = Finding(code, severity, message, file=self.name, line=line, column=column, value=value, rows=1)
            self._findings.append(found)

    def rows(self, columns: Sequence[pa.Array], lines: pa.Array, *, nulled: bool = False) -> None:
        """Write rows: one string array a heading, and their lines. `nulled`: missing texts are null already."""
        if not len(lines):
            return
        if not nulled:
            columns = [null_missing(column, self.cleaning.missing) for column in columns]
        for keep in (self._kept(columns), self._without_headings(columns, lines)):
            if keep is not None:
                columns = [column.filter(keep) for column in columns]
                lines = lines.filter(keep)
        if not len(lines):
            return
        for name, column in zip(self.headings, columns, strict=True):
            if name in self._unnamed and name not in self._filled and column.null_count < len(column):
                self._tell_unnamed(name, column, lines)
        self._write(columns, lines)
        self.rows_written += len(lines)

    def _kept(self, columns: Sequence[pa.Array]) -> pa.Array | None:
        """Which rows are data; None where all are."""
        first = _first_filled(columns)
        keep: pa.Array | None = pc.is_valid(first) if first.null_count else None
        if self.cleaning.footers:
            encoded = first.dictionary_encode()
            texts = encoded.dictionary.to_pylist()
            footer_texts = [text for text in texts if self.cleaning.matches(text)]
            if footer_texts:
                is_footer = pc.is_in(first, value_set=pa.array(footer_texts, first.type))
                self.footers += pc.sum(is_footer).as_py()
                keep = pc.and_(pc.is_valid(first), pc.invert(is_footer))
        return keep

    def _without_headings(self, columns: Sequence[pa.Array], lines: pa.Array) -> pa.Array | None:
        """Which rows are not the headings once more, as between two exports that were put together; None for all."""
        if not any(self._raw) or not self._raw[0]:
            return None
        again: pa.Array | None = None
        for heading, column in zip(self._raw, columns, strict=False):
            alike = pc.fill_null(pc.equal(column, heading), fill_value=not heading)
            again = alike if again is None else pc.and_(again, alike)
            if not pc.any(again).as_py():
                return None
        for line in lines.filter(again).to_pylist():
            # No `line`: it is not landed, and findings go with the rows that are.
            message = f"{self.name} line {line} is the headings once more ({', '.join(self._raw)[:120]}): left out."
            self.finding("source.headings_again", Severity.INFO, message)
        self.footers += pc.sum(again).as_py()
        return pc.invert(again)

    def _tell_unnamed(self, name: str, column: pa.Array, lines: pa.Array) -> None:
        """Say of a column without a heading that there is something in it, once; too long rows are told as such."""
        self._filled.add(name)
        if self.headings.index(name) >= len(self._raw):
            return
        first = pc.index(pc.is_valid(column), value=True).as_py()
        line, value = lines[first].as_py(), column[first].as_py()
        self.finding(
            "source.unnamed_column", Severity.INFO,
            f"{self.name} has no heading over {name}, where line {line} says “{value[:60]}”: nothing reads it. Give it "
            "a heading, or have it taken out of the export.", line=line, value=value[:120], column=name,
        )  # fmt: skip

    def _write(self, columns: Sequence[pa.Array], lines: pa.Array) -> None:
        if self._width != len(columns):
            self._close_segment()
            path = self.workshop.new_file(".arrow")
            schema = pa.schema([*((name, pa.string()) for name in self.headings), (LINE, pa.int64())])
            self._writer = pa.ipc.new_file(str(path), schema)
            self._segments.append(path)
            self._width = len(columns)
        names = [*self.headings, LINE]
        self._writer.write_batch(pa.record_batch([*columns, lines.cast(pa.int64())], names=names))

    def _close_segment(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def discard(self) -> None:
        """Give up what was written."""
        self._close_segment()
        for path in self._segments:
            path.unlink(missing_ok=True)

    def done(self) -> Part:
        """The finished part: columns at the end that have neither a heading nor a value are dropped."""
        self._close_segment()
        headings = self.headings
        while headings and headings[-1] in self._unnamed and headings[-1] not in self._filled:
            headings = headings[:-1]
        findings = [*self._findings]
        for code, seen in self._counts.items():
            if seen > _SHOWN_OF_A_CODE:
                last = next(finding for finding in reversed(findings) if finding.code == code)
                more = seen - _SHOWN_OF_A_CODE
                findings.append(
                    replace(last, message=f"{more} more lines of {self.name} like this.", line=0, value="", rows=more)
                )
        return Part(self.name, headings, tuple(self._segments), self.rows_written, self.footers, tuple(findings))


def null_missing(column: pa.Array, missing: Sequence[str]) -> pa.Array:
    """Empty and missing texts as null."""
    gone = pc.is_in(column, value_set=pa.array(["", *missing], column.type))
    return pc.if_else(gone, pa.scalar(None, column.type), column) if pc.any(gone).as_py() else column


def _first_filled(columns: Sequence[pa.Array]) -> pa.Array:
    """The first cell of each row that is not blank, null where all are."""
    first: pa.Array | None = None
    for column in columns:
        blank = pc.utf8_is_space(column)
        cell = pc.if_else(blank, pa.scalar(None, column.type), column) if pc.any(blank).as_py() else column
        first = cell if first is None else pc.coalesce(first, cell)
        if not first.null_count:
            return first
    assert first is not None
    return first


@dataclass(frozen=True, slots=True)
class TextTable:
    """All rows pulled for an extract, part after part, with the headings of all parts in order of appearance."""

    parts: tuple[Part, ...]
    headings: tuple[str, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the parts, each once."""
        return tuple(dict.fromkeys(part.name for part in self.parts))

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(part.rows for part in self.parts)

    @property
    def footers(self) -> int:
        """How many footers were left out."""
        return sum(part.footers for part in self.parts)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows: the headings, then _file and _line. The bytes stay on disk until they are used."""
        for part in self.parts:
            for segment in part.segments:
                reader = pa.ipc.open_file(pa.memory_map(str(segment)))
                for number in range(reader.num_record_batches):
                    yield self._widened(part, reader.get_batch(number))

    def _widened(self, part: Part, batch: pa.RecordBatch) -> pa.RecordBatch:
        there = set(batch.schema.names) & set(part.headings)
        columns: list[pa.Array] = [
            batch.column(name) if name in there else pa.nulls(batch.num_rows, pa.string()) for name in self.headings
        ]
        names = pa.repeat(pa.scalar(part.name, pa.string()), batch.num_rows)
        return pa.record_batch([*columns, names, batch.column(LINE)], names=[*self.headings, FILE, LINE])


def joined(parts: Sequence[Part]) -> TextTable:
    """Parts as one table. Parts with other headings than the first are told of, once each."""
    headings = tuple(dict.fromkeys(name for part in parts for name in part.headings))
    findings = [finding for part in parts for finding in part.findings]
    for part in parts[1:]:
        lacking = [name for name in parts[0].headings if name not in part.headings]
        new = [name for name in part.headings if name not in parts[0].headings]
        if lacking or new:
            said = [f"{verb} {', '.join(names)}" for verb, names in (("lacks", lacking), ("adds", new)) if names]
            message = f"{part.name} has other headings than {parts[0].name}: it {' and '.join(said)}."
            findings.append(Finding("source.other_headings", Severity.WARNING, message, file=part.name))
    return TextTable(tuple(parts), headings, tuple(findings))


def sorted_part(part: Part, workshop: Workshop, keys: Sequence[str] = ()) -> Part:
    """The part in the order of its texts: key columns first, then all others; _line counts from 1.

    A database gives rows in no order of its own: sorted, the same rows land as the same bytes.
    """
    if not part.rows:
        return part
    names = [*keys, *(name for name in part.headings if name not in keys)]
    large = pa.schema([*((name, pa.large_string()) for name in part.headings), (LINE, pa.int64())])
    table = pa.concat_tables(
        pa.ipc.open_file(pa.memory_map(str(segment))).read_all().select(large.names).cast(large)
        for segment in part.segments
    )
    order = pc.sort_indices(table, sort_keys=[(name, "ascending", "at_end") for name in names])
    path = workshop.new_file(".arrow")
    schema = pa.schema([*((name, pa.string()) for name in part.headings), (LINE, pa.int64())])
    with pa.ipc.new_file(str(path), schema) as writer:
        for start in range(0, len(order), _ROWS_AT_ONCE):
            taken = table.take(order.slice(start, _ROWS_AT_ONCE)).combine_chunks()
            lines = pa.array(range(start + 1, start + 1 + taken.num_rows), pa.int64())
            writer.write_table(taken.set_column(len(part.headings), LINE, lines).cast(schema))
    for segment in part.segments:
        segment.unlink(missing_ok=True)
    return replace(part, segments=(path,))
