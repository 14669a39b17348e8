"""A company whose earlier months are landed and checked, whose newest extracts can be broken and checked again.

Does not belong here: what is broken and what is then found.
"""

import atexit
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from config.checks import Severity
from config.errors import YardstickError
from config.loader import load_config
from config.models import Config
from config.months import Month
from flows.attribution import drop_people, load_people
from flows.duck import connection
from flows.engines.concerned import concerned
from flows.engines.definitions import Definition, define_metrics
from flows.engines.withheld import withheld_before
from flows.stages.judge import Judged, judge
from flows.stages.land import Inputs, inputs_by_extract, land_and_check
from flows.stages.measure import measure
from flows.stages.organisation import organisation_of
from flows.stages.run import MonthRun
from flows.state.paths import StateRoot
from flows.workers import Workers
from transforms.identities import identity_frame
from transforms.stages import Checked, Finding, Landing, Withheld

if TYPE_CHECKING:
    import duckdb

CLOCK = datetime(2026, 11, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Found:
    """What came of checking a month. `refused` is why nothing of it could be used."""

    run: MonthRun
    judged: Judged | None
    inputs: Mapping[str, Inputs] = field(default_factory=dict)
    refused: str = ""

    @property
    def everything(self) -> tuple[Finding, ...]:
        """All findings."""
        return self.judged.findings if self.judged else ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found above info."""
        return tuple(one for one in self.everything if one.severity is not Severity.INFO)

    @property
    def severity(self) -> Severity:
        """The gravest there is."""
        if self.refused:
            return Severity.CRITICAL
        return min((one.severity for one in self.everything), key=list(Severity).index, default=Severity.INFO)

    def told(self) -> str:
        """All findings, one a line, for a message."""
        return "\n".join([self.refused, *(f"{one.severity} {one.code}: {one.message}" for one in self.everything)])

    def landing(self, extract: str) -> Landing:
        """An extract's landing of the month."""
        return next(one for one in self.inputs[extract].landings if one.month == self.run.month)

    def checked(self, extract: str) -> Checked:
        """An extract's checked rows of the month."""
        return next(one for one in self.inputs[extract].checked if one.month == self.run.month)

    def withheld(self) -> tuple[Withheld, ...]:
        """What is withheld of the month, as measuring decides it before it measures anything."""
        assert self.judged is not None
        config, month = self.run.config, self.run.month
        hr_name, _ = config.hr()
        checked = {name: item.up_to(month) for name, item in self.inputs.items()}
        membership = organisation_of(config, month, self.checked(hr_name)).membership
        identities, _ = identity_frame(config.identities, month)
        database = _database()
        definitions = _definitions(config, database)
        before = withheld_before(config, month, definitions, checked, self.judged.failed)
        gone = {one.metric for one in before}
        usable = [one for one in definitions if one.plan.name not in gone]
        load_people(database, membership, identities, month)
        lacking, _ = concerned(database, config, month, usable, checked, self.judged.failed)
        drop_people(database)
        return (*before, *lacking)

    def withheld_from_all(self) -> set[str]:
        """The metrics that are not said of the organisation."""
        return {one.metric for one in self.withheld() if one.unit_kind == "organisation"}


_DEFINED: dict[str, tuple[Definition, ...]] = {}
_CONFIGS: dict[bytes, Config] = {}


@cache
def _database() -> "duckdb.DuckDBPyConnection":
    """One database for all that is asked here: opening it takes longer than asking."""
    opened = ExitStack()
    atexit.register(opened.close)
    scratch = opened.enter_context(TemporaryDirectory(prefix="yardstick-"))
    return opened.enter_context(connection(Path(scratch), threads=1))


def _config(directory: Path) -> Config:
    """The configuration in a directory; one with the same files is read only once."""
    names = sorted(path for path in directory.iterdir() if path.is_file())
    files = b"".join(path.name.encode() + b"\0" + path.read_bytes() + b"\0" for path in names)
    if files not in _CONFIGS:
        _CONFIGS[files] = load_config(directory)
    return _CONFIGS[files].model_copy(update={"directory": directory})


class _Run(MonthRun):
    """A run whose configuration may be known already."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "config", _config(self.config_dir))
        object.__setattr__(self, "pool", Workers(self.workers, scratch=self.state.root))


def _definitions(config: Config, database: "duckdb.DuckDBPyConnection") -> tuple[Definition, ...]:
    """The metrics of a configuration, defined once."""
    if config.sha256 not in _DEFINED:
        _DEFINED[config.sha256] = define_metrics(config, database)
    return _DEFINED[config.sha256]


@dataclass(frozen=True)
class World:
    """`config`, `data` and `state` lie in `folder`."""

    folder: Path
    month: Month

    def path(self, name: str) -> Path:
        """A file of the data or the configuration."""
        return self.folder / name

    def write(self, name: str, content: str | bytes) -> None:
        """Put a file in place of another, or beside them. Copies share their files, so it is never written into."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def text(self, name: str) -> str:
        """The text of a file."""
        return self.path(name).read_text("utf-8")

    def change(self, name: str, change: Callable[[str], str]) -> None:
        """Rewrite a file. Raises ValueError where nothing changes."""
        before = self.text(name)
        after = change(before)
        if after == before:
            raise ValueError(f"{name} is not changed")
        self.write(name, after)

    def copy(self, folder: Path) -> "World":
        """The same world elsewhere; files are shared until they are written."""
        shutil.copytree(self.folder, folder, copy_function=os.link)
        return World(folder, self.month)

    def files(self) -> set[str]:
        """Every file there is, hidden ones too."""
        start = len(str(self.folder)) + 1
        return {f"{folder}/{name}"[start:] for folder, _, names in os.walk(self.folder) for name in names}

    def check(self, *, measured: bool = False) -> Found:
        """Land and check the month as a run does; with `measured`, measure it too."""
        run = _Run(self.month, self.folder / "config", StateRoot(self.folder / "state"), CLOCK, threads=1, workers=1)
        try:
            inputs = inputs_by_extract(land_and_check(run, name) for name in run.config.extracts)
            judged = judge(run, inputs)
            if measured:
                hr_name, _ = run.config.hr()
                of_the_month = tuple(one for one in inputs[hr_name].checked if one.month == self.month)
                measure(run, {**inputs, hr_name: replace(inputs[hr_name], checked=of_the_month)}, judged.failed)
            return Found(run, judged, inputs)
        except YardstickError as error:
            return Found(run, None, refused=str(error))
