"""A session of checking: many landings of one company in one database, each checked once and for all.

Not here: how rows are typed (`typed_rows`), and what is kept of it (`results`).
"""

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from config.models import Config
from flows.checks.rates import rate_texts
from flows.checks.results import read_result, result_hash, write_result
from flows.checks.typed_rows import TABLES, Tried, type_landing
from flows.duck import connection
from flows.files import TEMPORARY_PREFIX, make_folder
from transforms.stages import Checked, Landing

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


@dataclass(slots=True)
class CheckSession:
    """Checks landings into `<checked_dir>/<month>/`. Use it as a context manager: its database is gone at the end.

    `rates`: see `load_rates`; needed where amounts come in another currency than the company's. Rows that do not fit
    into memory go to `scratch`, a private folder (by default one of its own beside the results). Results do not depend
    on `threads`, on how many `processes` share the machine, nor on what was checked before.
    """

    config: Config
    checked_dir: Path
    rates: "pd.DataFrame | None" = None
    threads: int | None = None
    processes: int = 1
    scratch: Path | None = None
    _tried: Tried = field(default_factory=Tried)
    _opened: ExitStack = field(default_factory=ExitStack)
    _database: "duckdb.DuckDBPyConnection | None" = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def check(self, landing: Landing) -> Checked:
        """Type a landing's rows, or take what was made of the same inputs before.

        Raises RefusedError where a rate is missing, ConfigError for a declaration that cannot work, OutsideError where
        the landing cannot be read.
        """
        return self.known(landing) or self._type(landing)

    def known(self, landing: Landing) -> Checked | None:
        """What was made of the same inputs before, if anything was."""
        return read_result(self._record(landing))

    def _record(self, landing: Landing) -> Path:
        extract = self.config.extracts[landing.extract]
        made_of = result_hash(landing, extract, self.config, rate_texts(self.rates, landing.month))
        return self.checked_dir / str(landing.month) / f"{landing.extract}-{made_of[:12]}.json"

    def _type(self, landing: Landing) -> Checked:
        record = self._record(landing)
        make_folder(record.parent)
        rates = rate_texts(self.rates, landing.month)
        try:
            database = self._open()
            checked = type_landing(landing, self.config, rates, database, self._tried, record.with_suffix(""))
            for table in TABLES:
                database.execute(f"DROP TABLE IF EXISTS {table}")
        except BaseException:
            self._close()  # whatever it left behind must not meet the next landing
            raise
        write_result(checked, record)
        return checked

    def _open(self) -> "duckdb.DuckDBPyConnection":
        if self._database is None:
            scratch = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=self.scratch or make_folder(self.checked_dir)))
            self._opened.callback(shutil.rmtree, scratch, ignore_errors=True)
            self._database = self._opened.enter_context(
                connection(scratch, threads=self.threads, processes=self.processes)
            )
        return self._database

    def _close(self) -> None:
        self._database = None
        self._opened.close()


def check_extract(landing: Landing, config: Config, checked_dir: Path, rates: "pd.DataFrame | None" = None) -> Checked:
    """Check one landing in a session of its own: see `CheckSession.check`."""
    with CheckSession(config, checked_dir, rates) as session:
        return session.check(landing)
