"""The fast readers give the rows of the csv module, or leave the file to it."""

import tempfile
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import SourceError
from flows.sources import delimited
from flows.sources.contents import Content, Workshop
from flows.sources.tables import Cleaning, Part, PartWriter, joined
from flows.sources.texts import as_utf8

CELLS = st.text(alphabet=[*"ab \t;'é0", '"', "\n", "\r", ","], max_size=4)
QUOTED = CELLS.map(lambda text: '"' + text.replace('"', '""') + '"')
CELL = st.one_of(st.sampled_from(["a", "1", "", " x"]), QUOTED, CELLS)
LINE = st.one_of(st.lists(CELL, min_size=3, max_size=3), st.lists(CELL, max_size=4)).map(",".join)
FILES = st.lists(LINE, max_size=8).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: "h1,h2,h3" + end + end.join(lines))
)


def read(folder: Path, content: str, readers: tuple[str, ...]) -> tuple[Any, ...] | str | None:
    """The rows by these readers: None where they leave it, a message where the file is broken."""
    path = folder / "file.csv"
    path.write_bytes(content.encode())
    workshop = Workshop(folder)
    text = as_utf8(Content(path, "file.csv"), "utf-8", workshop)
    writers: Iterator[PartWriter] = (PartWriter("file.csv", workshop, Cleaning(("a",))) for _ in repeat(None))
    for reader in readers:
        writer = next(writers)
        writer.head(["h1", "h2", "h3"])
        try:
            getattr(delimited, reader)(text, writer, ",", 1)
        except (delimited._NotPlainError, pa.ArrowException):
            continue
        except SourceError as error:
            return str(error)
        return rows_of(writer.done())
    return None


def rows_of(part: Part) -> tuple[Any, ...]:
    return tuple(tuple(row.values()) for batch in joined([part]).batches() for row in batch.to_pylist())


@settings(max_examples=150, deadline=None)
@given(content=FILES)
def test_a_fast_reader_is_right_or_steps_back(content: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        fast = read(Path(folder), content, ("_read_lines", "_read_records"))
        slow = read(Path(folder), content, ("_read_any",))
    assert fast is None or fast == slow


@pytest.mark.parametrize(
    ("content", "reader"),
    [
        pytest.param('h1,h2,h3\n1,"2,",3\n4,5,6', "_read_lines", id="a record a line"),
        pytest.param('h1,h2,h3\r\n1,"2\n\n",3\r\n4,5,6\r\n', "_read_records", id="line breaks in quotes"),
    ],
)
def test_plain_files_are_read_fast(tmp_path: Path, content: str, reader: str) -> None:
    found = read(tmp_path, content, (reader,))
    assert found is not None
    assert found == read(tmp_path, content, ("_read_any",))
