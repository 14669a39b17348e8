"""How facts are kept: Parquet files whose `month` is a date, readable by anything, and by nothing but this here."""

from pathlib import Path

import pandas as pd

from flows.files import write_whole
from transforms.columns import FACTS, shaped


def write_facts(path: Path, facts: pd.DataFrame) -> None:
    """Write FACTS whole or not at all. The same frame is the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(facts, preserve_index=False).replace_schema_metadata(None)
    place = table.schema.get_field_index("month")
    dated = table.set_column(place, pa.field("month", pa.date32()), table.column(place).cast(pa.date32()))
    write_whole(path, lambda target: pq.write_table(dated, target, compression="zstd"))


def read_facts_file(path: Path) -> pd.DataFrame:
    """FACTS from a file. Raises OSError or ValueError where it cannot be read."""
    import pyarrow.parquet as pq

    # The folder's name month=… must not become a column in place of the file's own.
    with path.open("rb") as handle:
        frame: pd.DataFrame = pq.read_table(handle).to_pandas(date_as_object=False)
    return shaped(frame, FACTS)
