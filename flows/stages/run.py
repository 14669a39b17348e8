"""What a run of a month is made with: read once at the entry point, then passed from stage to stage."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

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
    config: Config = field(init=False, repr=False, compare=False)
    pool: Workers = field(init=False, repr=False, compare=False)
    """Processes that land, check and measure much at once; whoever has much to do enters it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "config", load_config(self.config_dir))
        object.__setattr__(self, "pool", Workers(self.workers, scratch=self.state.root))

    @property
    def data_dir(self) -> Path:
        """The folder that file patterns start from."""
        told = self.config.company.data
        text = told.replace("{state}", str(self.state.root)).replace("{config}", str(self.config_dir))
        path = Path(text).expanduser()
        return path if path.is_absolute() else (self.config_dir / path).resolve()
