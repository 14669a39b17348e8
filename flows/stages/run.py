"""What a run of a month is made with: read once at the entry point, then passed from stage to stage."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from config.loader import load_config
from config.models import Config
from config.months import Month
from flows.state.paths import StateRoot
from flows.workers import Workers


@dataclass(frozen=True)
class MonthRun:
    """A month to be made: which, from what, and where to. Paths are absolute.

    `pulled_at` is the only clock a run knows; it is kept beside landings and printed in no report.
    """

    month: Month
    config_dir: Path
    state: StateRoot
    pulled_at: datetime
    threads: int | None = None
    workers: int | None = None
    reissue: str = ""
    backfill: bool = False
    """Its edition is a backfill's: nothing of it is mailed until a named person approves it."""
    pinned: frozenset[str] | None = None
    """Hashes of the landings that alone may be read: an edition is made again, and nothing is pulled."""
    copies: Mapping[str, int] | None = field(default=None, compare=False, repr=False)
    """Which edition of each report its readers have, by report id; a report that is not named has not been sent.
    Where it is not told, readers are taken to have the newest edition."""
    reader_copies: Mapping[tuple[str, str], int] | None = field(default=None, compare=False, repr=False)
    """The same by report and reader, as the ledger knows it: whoever is no reader any more does not count."""
    known_edition: int = field(default=0, compare=False)
    """The newest edition of the month in the ledger, kept or not: its number is not used twice."""
    config: Config = field(init=False, repr=False, compare=False)
    pool: Workers = field(init=False, repr=False, compare=False)
    """Processes that land, check and measure much at once; whoever has much to do enters it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "config", load_config(self.config_dir))
        object.__setattr__(self, "pool", Workers(self.workers, scratch=self.state.root))

    def knowing(self, copies: Mapping[tuple[str, str], int], edition: int, reissue: str) -> Self:
        """The same run, told which copies readers have, the newest edition there was, and why all is made again."""
        told = copy(self)
        for name, value in (("reader_copies", copies), ("known_edition", edition), ("reissue", reissue)):
            object.__setattr__(told, name, value)
        return told

    @property
    def data_dir(self) -> Path:
        """The folder that file patterns start from."""
        told = self.config.company.data
        text = told.replace("{state}", str(self.state.root)).replace("{config}", str(self.config_dir))
        path = Path(text).expanduser()
        return path if path.is_absolute() else (self.config_dir / path).resolve()
