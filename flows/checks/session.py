"""A session of checking: many landings of one company in one database, each checked once and for all.

Not here: how rows are typed (`typed_rows`), and what is kept of it (`results`).
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from config.models import Config
from flows.checks.rates import rate_texts
from flows.checks.results import read_result, result_hash, write_result
from flows.checks.typed_rows import TABLES, type_landing
from flows.checks.work import Tried
from flows.duck import connection, faults_outside, literal
from flows.files import TEMPORARY_PREFIX, make_folder
from transforms.stages import Checked, Landing

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

_IN_MEMORY: Final = 3_000_000
"""More rows than these are kept in a file: it takes a fifth longer, and a fraction of the memory."""


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
    _room_path: Path = Path()

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
            with self._room(database, landing):
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
            # Tables here live for one landing: compressing them on the way takes as long as it could ever save.
            self._database.execute("SET checkpoint_threshold = '1TB'")
            self._room_path = scratch / "typed.duckdb"
        return self._database

    @contextmanager
    def _room(self, database: "duckdb.DuckDBPyConnection", landing: Landing) -> Iterator[None]:
        """Where a landing's rows lie while they are asked: in memory, or many of them compressed in a file."""
        if landing.rows <= _IN_MEMORY:
            yield
            return
        with faults_outside(f"{landing.extract} of {landing.month}"):
            database.execute(f"ATTACH {literal(str(self._room_path))} AS room")
        database.execute("USE room")
        yield
        database.execute("USE memory")
        database.execute("DETACH room")
        self._room_path.unlink()

    def _close(self) -> None:
        self._database = None
        self._opened.close()


def check_extract(landing: Landing, config: Config, checked_dir: Path, rates: "pd.DataFrame | None" = None) -> Checked:
    """Check one landing in a session of its own: see `CheckSession.check`."""
    with CheckSession(config, checked_dir, rates) as session:
        return session.check(landing)
