"""Reads every file of a folder as text, by the same readers that pull extracts, and says which it could not read.

Does not belong here: what the files mean.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa

from config.errors import RefusedError, YardstickError
from config.sources import FilesSource
from flows.initialise.found import NotUnderstood, Table
from flows.sources.contents import Content, Workshop, plain_ending, shown_name
from flows.sources.files import read_file
from flows.sources.tables import Part
from transforms.columns import LINE

_ENDINGS = frozenset({
    ".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".parquet", ".jsonl", ".ndjson",
})  # fmt: skip
_LOOKED_AT = 50_000
"""So many rows of a file are looked at: enough to tell a column's type."""


def read_folder(folder: Path, leave_out: Path) -> tuple[list[Table], list[NotUnderstood]]:
    """Every file in the folder and below, sorted by name. What lies in `leave_out` and hidden files are passed over."""
    tables: list[Table] = []
    unread: list[NotUnderstood] = []
    with tempfile.TemporaryDirectory(prefix="yardstick-look-") as name:
        workshop = Workshop(Path(name))
        for path in _files(folder, leave_out):
            shown = shown_name(path, folder)
            try:
                tables.append(_table(Content(path, shown), workshop))
            except RefusedError as error:
                unread.append(NotUnderstood(shown, f"{error.what} {error.fix}".strip()))
            except YardstickError as error:
                unread.append(NotUnderstood(shown, error.what))
    return tables, unread


def _files(folder: Path, leave_out: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith((".", "~$")) for part in inside):
            if path.is_relative_to(leave_out) and leave_out != folder:
                continue
            yield path


def _table(content: Content, workshop: Workshop) -> Table:
    if plain_ending(content) not in _ENDINGS and content.ending != ".zip":
        raise RefusedError(f"It is none of {', '.join(sorted(_ENDINGS))} (also packed: .gz, .zip).")
    parts = [
        part for part in read_file(content, FilesSource(files=(content.name,)), workshop, workshop) if part.headings
    ]
    if not parts:
        raise RefusedError("It is empty: there is no row with headings.")
    if any(set(part.headings) != set(parts[0].headings) for part in parts):
        raise RefusedError("It packs files with different headings: unpack it.")
    rows = sum(part.rows for part in parts)
    if not rows:
        raise RefusedError("It has headings and no rows.")
    frame = pd.concat([_frame(part) for part in parts], ignore_index=True)
    told = tuple(dict.fromkeys(finding.message for part in parts for finding in part.findings))
    return Table(content.name, frame, rows, told[:3])


def _frame(part: Part) -> pd.DataFrame:
    tables = []
    left = _LOOKED_AT
    for segment in part.segments:
        with pa.memory_map(str(segment)) as source:
            reader = pa.ipc.open_file(source)
            for number in range(reader.num_record_batches):
                if left <= 0:
                    break
                batch = reader.get_batch(number).slice(0, left)
                left -= batch.num_rows
                tables.append(pa.table(batch).drop_columns([LINE]).to_pandas())
    frame = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return frame.reindex(columns=list(part.headings)).astype("object")
