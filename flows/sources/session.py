"""A session of pulling: each file is read once, however many months are taken from it.

Does not belong here: how a format is read, which rows are kept (cutting), how a landing is written (landings).
"""

import os
import re
import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from config.errors import ConfigError, Place, UsageError
from config.faults import did_you_mean
from config.models import Config, Extract, ExtractKind
from config.months import MONTHS_A_YEAR, Month
from config.sources import DatabaseSource, FilesSource
from config.yaml_places import read_yaml
from flows.erased import Erased, read_erased
from flows.masking import RowMask
from flows.sources import cutting
from flows.sources.contents import find_files, has_placeholder
from flows.sources.cutting import Cut, Indexes, Keep
from flows.sources.dates import month_of_index, months_in
from flows.sources.landings import Pulled, disk_errors, private_folder, working_folder, write_landing
from flows.sources.pulling import Pull, Puller, describe_source
from flows.sources.tables import TextTable
from transforms.stages import Landing


@dataclass(slots=True)
class SourceSession:
    """Pulls and lands extracts. Use it as a context manager: its private working copies are gone at the end.

    `data_dir` is where file patterns start, `landings_root` the folder of all landings, `pulled_at` the time noted
    with each landing (the clock is read at entry points alone).
    """

    config: Config
    data_dir: Path
    landings_root: Path
    pulled_at: datetime
    _puller: Puller | None = None
    _lock: int = -1
    _erased: Erased | None = None
    _months: dict[tuple[str, str, str, tuple[Path, ...]], Indexes] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._erased = read_erased(self.landings_root.parent)
        with disk_errors(self.landings_root):
            private_folder(self.landings_root)
            folder, self._lock = working_folder(self.landings_root)
        self._puller = Puller(folder, self.data_dir, self.config.company.time_zone)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._puller is not None:
            shutil.rmtree(self._puller.folder, ignore_errors=True)
            os.close(self._lock)
        self._puller = None

    def land(self, extract: str, month: Month) -> Landing | None:
        """Pull an extract and land the month's rows; None where the source has nothing of that month (a gap).

        Raises SourceError for a source that is broken or does not answer, RefusedError for a policy column,
        ConfigError for a secret that is not set, and OutsideError where the landing cannot be written.
        """
        declared, puller = self._declared(extract), self._entered()
        with disk_errors(self.landings_root):
            try:
                pull = puller.pull(declared, month)
            except ConfigError as error:
                raise self._placed(error, extract) from error
            try:
                return None if pull is None else self._land(extract, declared, month, pull)
            finally:
                self._forget_month(puller)

    def list_months(self, extract: str) -> list[Month]:
        """The months files hold, as far as names or dates tell; none for databases and queries, which must be asked.

        Raises SourceError like `land`.
        """
        declared, puller = self._declared(extract), self._entered()
        source = declared.source
        if not isinstance(source, FilesSource):
            return []
        with disk_errors(self.landings_root):
            if has_placeholder(source.files):
                return self._months_of_names(source)
            pull = puller.files(source, Month(2000, 1))
            cut = cutting.cut_of(declared, pull.table, bounded=False) if pull else Cut(Keep.ALL)
            if pull is None or cut.keep is not Keep.MONTH:
                return []
            return [month_of_index(index) for index in months_in(self._row_months(declared, pull.table, cut))]

    def _entered(self) -> Puller:
        if self._puller is None:
            raise RuntimeError("a SourceSession must be entered before it is used")
        return self._puller

    def _declared(self, extract: str) -> Extract:
        if extract not in self.config.extracts:
            hint = did_you_mean(extract, self.config.extracts, what="Declared")
            raise UsageError(f"There is no extract “{extract}”.", fix=hint)
        return self.config.extracts[extract]

    def _placed(self, error: ConfigError, extract: str) -> ConfigError:
        """A fault of an address, which does not know whose it is, with its place in extracts.yaml."""
        path = self.config.directory / "extracts.yaml"
        place = Place(path, key=f"{extract}.source")
        if path.is_file():
            place = read_yaml(path)[0].place((extract, "source"))
        return ConfigError(error.what, fix=error.fix, place=error.place or place)

    def _land(self, extract: str, declared: Extract, month: Month, pull: Pull) -> Landing | None:
        table = pull.table
        cut = cutting.cut_of(declared, table, bounded=pull.bounded)
        indexes = self._row_months(declared, table, cut) if cut.keep is not Keep.ALL else ()
        if self._is_gap(declared, pull, cut, indexes, month):
            return None
        lines = cutting.LandedLines(table.findings)
        batches = lines.watch(cutting.kept_rows(table, cut, indexes, month))
        pulled = Pulled(
            extract=extract,
            month=month,
            source=describe_source(declared),
            pulled_at=self.pulled_at,
            headings=table.headings,
            files=table.files,
            undated_rows=cutting.undated(indexes) if cut.keep is Keep.MONTH else pull.undated_rows,
            footers=table.footers,
        )
        if self._erased is None:
            return write_landing(
                self.landings_root, pulled, batches, lambda: cutting.findings_of(table.findings, lines, extract)
            )
        mask = RowMask(self._erased, self.config, extract, month)
        return write_landing(
            self.landings_root,
            pulled,
            mask.batches(batches),
            lambda: mask.findings(cutting.findings_of(table.findings, lines, extract)),
        )

    def _is_gap(self, declared: Extract, pull: Pull, cut: Cut, indexes: Indexes, month: Month) -> bool:
        """Nothing there, as against a month in which nothing happened: that is a landing without rows."""
        if declared.kind is ExtractKind.EVENTS and pull.table.headings:
            return False
        if cut.keep is Keep.MONTH:
            return cutting.is_gap(indexes, month)
        if isinstance(declared.source, FilesSource):
            kept = cutting.kept_rows(pull.table, cut, indexes, month)
            return declared.kind is ExtractKind.HR and pull.table.rows > 0 and not any(batch.num_rows for batch in kept)
        return pull.table.rows == 0 and (isinstance(declared.source, DatabaseSource) or pull.bounded)

    def _row_months(self, declared: Extract, table: TextTable, cut: Cut) -> Indexes:
        dates = cutting.dates_of(declared)
        segments = tuple(segment for part in table.parts for segment in part.segments)
        key = (cut.heading, dates, self.config.company.time_zone, segments)
        if key not in self._months:
            self._months[key] = cutting.row_months(table, cut.heading, dates, self.config.company.time_zone)
        return self._months[key]

    def _forget_month(self, puller: Puller) -> None:
        puller.forget_month()
        self._months = {key: indexes for key, indexes in self._months.items() if all(path.exists() for path in key[3])}

    def _months_of_names(self, source: FilesSource) -> list[Month]:
        found: set[Month] = set()
        for pattern in source.files:
            anywhere = pattern.replace("{month}", "[0-9][0-9][0-9][0-9]-[0-9][0-9]")
            anywhere = anywhere.replace("{year}", "[0-9][0-9][0-9][0-9]").replace("{mm}", "[0-9][0-9]")
            texts = {match for content in find_files(self.data_dir, [anywhere], Month(2000, 1)) for match in
                     re.findall(r"(?<!\d)(?:19|20|21)\d{2}(?!\d)", content.name)}  # fmt: skip
            years = sorted({int(text[:4]) for text in texts})
            candidates = [Month(year, number) for year in years for number in range(1, MONTHS_A_YEAR + 1)]
            found |= {month for month in candidates if find_files(self.data_dir, [pattern], month)}
        return sorted(found)
