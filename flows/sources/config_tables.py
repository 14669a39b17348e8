"""Tables that belong to the configuration (expectations), read as text with their lines.

Does not belong here: extracts, which are landed, and what a table's columns mean.
"""

import glob
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from config.errors import ConfigError, Place, SourceError
from config.models import FilesSource
from config.months import Month
from flows.sources.pulling import Puller

if TYPE_CHECKING:
    import pandas as pd

_ANY_MONTH = Month(2000, 1)


def read_table(path: Path) -> "pd.DataFrame":
    """A CSV, Excel or other table as text columns and `_line`.

    Raises ConfigError where there is no such table, or where it is broken.
    """
    import pyarrow as pa

    with tempfile.TemporaryDirectory(prefix="yardstick-") as folder:
        source = FilesSource(files=(glob.escape(path.name),))
        try:
            pull = Puller(Path(folder), path.parent, "UTC").files(source, _ANY_MONTH) if path.is_file() else None
        except SourceError as error:
            line = error.place.line if error.place else 0
            raise ConfigError(error.what, fix=error.fix, place=Place(path, line)) from error
        if pull is None:
            raise ConfigError(
                "There is no such table.", fix="Put it there, or mend its name in expectations.yaml.", place=Place(path)
            )
        batches = list(pull.table.batches())
        names = [*pull.table.headings, "_line"]
        table = (
            pa.Table.from_batches(batches).select(names)
            if batches
            else pa.table({name: pa.array([], pa.string()) for name in names})
        )
        frame: pd.DataFrame = table.to_pandas()
        return frame
