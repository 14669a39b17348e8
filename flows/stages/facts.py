"""How facts are kept, and a month's comparison: Parquet files whose `month` is a date, readable by anything, and by
nothing but this here."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from flows.files import write_whole
from transforms.columns import CHANGES, COMPARISON, FACTS, SIGNALS, shaped


def write_facts(path: Path, facts: pd.DataFrame) -> None:
    """Write FACTS whole or not at all. The same frame is the same bytes."""
    _write(path, facts)


def write_comparison(path: Path, comparison: pd.DataFrame) -> None:
    """Write COMPARISON whole or not at all. The same rows are the same bytes, whatever their order."""
    _write(path, comparison.sort_values(["unit_kind", "unit_id", "metric"], kind="stable"))


def write_evidence(folder: Path, signals: pd.DataFrame, changes: pd.DataFrame) -> None:
    """Write SIGNALS and CHANGES of an edition beside each other."""
    _write(folder / "signals.parquet", signals)
    _write(folder / "changes.parquet", changes)


def _write(path: Path, frame: pd.DataFrame) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    place = table.schema.get_field_index("month")
    dated = table.set_column(place, pa.field("month", pa.date32()), table.column(place).cast(pa.date32()))
    write_whole(path, lambda target: pq.write_table(dated, target, compression="zstd"))


def read_facts_file(path: Path) -> pd.DataFrame:
    """FACTS from a file. Raises OSError or ValueError where it cannot be read."""
    return _read(path, FACTS)


def read_comparison_file(path: Path) -> pd.DataFrame:
    """COMPARISON from a file. Raises OSError or ValueError where it cannot be read."""
    return _read(path, COMPARISON)


def read_signals_file(path: Path) -> pd.DataFrame:
    """SIGNALS from a file. Raises OSError or ValueError where it cannot be read."""
    return _read(path, SIGNALS)


def read_changes_file(path: Path) -> pd.DataFrame:
    """CHANGES from a file. Raises OSError or ValueError where it cannot be read."""
    return _read(path, CHANGES)


def _read(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    import pyarrow.parquet as pq

    # The folder's name month=… must not become a column in place of the file's own.
    with path.open("rb") as handle:
        frame: pd.DataFrame = pq.read_table(handle).to_pandas(date_as_object=False)
    return shaped(frame, columns)
