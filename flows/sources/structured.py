"""Parquet files and JSON lines: rows whose values have types, as text.

Does not belong here: what a column means.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from config.errors import Place, SourceError
from flows.sources.canonical import RawNumber, canonical_array, canonical_text
from flows.sources.contents import Content
from flows.sources.headings import clean_headings, refuse_policy_columns
from flows.sources.tables import Part, PartWriter
from flows.sources.texts import Utf8Text

_ROWS_AT_ONCE = 1 << 15
_SHOWN = 60


def read_parquet(content: Content, writer: PartWriter, decimal: str) -> Part:
    """The rows of a Parquet file. `_line` is the row's number. Raises SourceError for a damaged one."""
    try:
        with pq.ParquetFile(pa.OSFile(str(content.path))) as file:
            write_arrow(file.schema_arrow.names, file.iter_batches(batch_size=_ROWS_AT_ONCE), writer, decimal)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            "The Parquet file is damaged or was cut off.",
            fix="Export it again.",
            place=Place(Path(content.name)),
        ) from error
    return writer.done()


def write_arrow(
    names: Sequence[str], batches: Iterator[pa.RecordBatch], writer: PartWriter, decimal: str, first_line: int = 1
) -> None:
    """Write Arrow batches of any types as text."""
    writer.head(names)
    line = first_line
    for batch in batches:
        numbers = pa.array(range(line, line + batch.num_rows), pa.int64())
        writer.rows([canonical_array(column, decimal) for column in batch.columns], numbers)
        line += batch.num_rows


def read_json_lines(text: Utf8Text, writer: PartWriter, decimal: str) -> Part | None:
    """The rows of a file with one JSON object a line; None where it has none.

    Numbers stay as written, nested values become compact JSON. A key that comes up late becomes a further column.
    """
    positions: dict[str, int] = {}
    with text.path.open("rb") as stream:
        stream.seek(text.skip)
        batch: list[tuple[int, dict[str, Any]]] = []
        for line, raw in enumerate(stream, start=1):
            if not raw.strip():
                continue
            batch.append((line, _object(raw, writer.name, line)))
            if len(batch) == _ROWS_AT_ONCE:
                _write_objects(batch, writer, positions, decimal)
                batch = []
    _write_objects(batch, writer, positions, decimal)
    return writer.done() if positions else None


def _object(raw: bytes, name: str, line: int) -> dict[str, Any]:
    try:
        value = json.loads(raw, parse_float=RawNumber, parse_int=RawNumber, parse_constant=RawNumber)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"The line is no JSON ({error.msg} at column {error.colno}): {_shown(raw)}",
            fix="Write one JSON object a line.",
            place=Place(Path(name), line),
        ) from error
    except RecursionError as error:
        raise SourceError("The line is nested too deep.", place=Place(Path(name), line)) from error
    if not isinstance(value, dict):
        raise SourceError(
            f"The line is no JSON object: {_shown(raw)}",
            fix='Write one JSON object a line: {"id": 1, "amount": 2.5}.',
            place=Place(Path(name), line),
        )
    return value


def _shown(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace").strip()
    return text[:_SHOWN] + ("…" if len(text) > _SHOWN else "")


def _write_objects(
    batch: Sequence[tuple[int, dict[str, Any]]], writer: PartWriter, positions: dict[str, int], decimal: str
) -> None:
    new = [key for key in dict.fromkeys(key for _, row in batch for key in row) if key not in positions]
    for key in new:
        positions[key] = len(positions)
    writer.add_columns(new)
    _refuse_nested(batch, writer.name)
    columns: list[list[str | None]] = [[None] * len(batch) for _ in positions]
    for place, (_, row) in enumerate(batch):
        for key, value in row.items():
            columns[positions[key]][place] = _value_text(value, decimal)
    writer.rows(
        [pa.array(column, pa.string()) for column in columns], pa.array([line for line, _ in batch], pa.int64())
    )


def _value_text(value: Any, decimal: str) -> str | None:
    if isinstance(value, RawNumber) and str(value) == "NaN":
        return None
    return canonical_text(value, decimal)


def _refuse_nested(batch: Sequence[tuple[int, dict[str, Any]]], name: str) -> None:
    """Keys inside nested objects would otherwise carry in what a heading may not."""
    found: set[str] = set()
    stack = [value for _, row in batch for value in row.values() if isinstance(value, dict | list)]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            found |= set(value)
        inside = value.values() if isinstance(value, dict) else value
        stack += [item for item in inside if isinstance(item, dict | list)]
    refuse_policy_columns(sorted(clean_headings(sorted(found))), name)
