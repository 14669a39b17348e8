"""Columns and CSV files, the same bytes every time. What stands in them does not belong here."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.csv import WriteOptions, write_csv

from flows.demo.streams import Flags, Ints
from flows.files import write_whole


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Rows of texts as CSV (UTF-8, quoted where needed)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def write_table(path: Path, table: pa.Table) -> Path:
    """Write many rows quickly. No text in them may need a quotation mark."""
    options = WriteOptions(quoting_style="none", quoting_header="none", batch_size=65_536)
    return write_whole(path, lambda temporary: write_csv(table, str(temporary), options))


def texts(codes: Ints, words: Sequence[str]) -> pa.Array:
    """Words by their code; a negative code is no value."""
    indices = pa.array(codes, type=pa.int32(), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(words), type=pa.string())).dictionary_decode()


def decimals(scaled: Ints, places: int, missing: Flags | None = None) -> pa.Array:
    """Exact decimals from whole numbers: 12345 with 2 places is 123.45."""
    # Arrow's decimal is a 128-bit whole number: the low half is the value, the high half its sign.
    halves = np.empty((len(scaled), 2), dtype="<i8")
    halves[:, 0] = scaled
    halves[:, 1] = scaled >> 63
    exact = pa.Array.from_buffers(pa.decimal128(18, places), len(scaled), [None, pa.py_buffer(halves.tobytes())])
    if missing is None or not missing.any():
        return exact
    return pc.if_else(pa.array(missing), pa.scalar(None, type=exact.type), exact)


def integers(values: Ints, missing: Flags | None = None) -> pa.Array:
    """Whole numbers."""
    return pa.array(values, type=pa.int64(), mask=missing)


def dates(day_numbers: Ints) -> pa.Array:
    """Days as 2026-10-03."""
    return pa.array(day_numbers.astype(np.int32), type=pa.int32()).cast(pa.date32())


def moments(seconds: Ints) -> pa.Array:
    """Local times as 2026-10-03 09:14:00."""
    return pa.array(seconds, type=pa.int64()).cast(pa.timestamp("s"))


def yes_no(values: Flags) -> pa.Array:
    """true or false."""
    return pa.array(values, type=pa.bool_())
