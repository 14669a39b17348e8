"""Which rows of a pulled table belong to a month. No look-ahead: nothing later than the month is landed for it.

Does not belong here: reading tables, writing landings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import pyarrow as pa

from config.models import Extract, ExtractKind, HrHistory
from config.months import Month
from config.sources import DatabaseSource, FilesSource
from flows.sources.dates import NO_DATE, UNREADABLE, MonthNumbers, MonthReader, month_index, months_in
from flows.sources.headings import require_heading, wanted_heading
from flows.sources.tables import TextTable
from transforms.columns import FILE, LINE
from transforms.stages import Finding

Indexes = tuple[MonthNumbers, ...]


class Keep(StrEnum):
    """Which rows a landing keeps: all, those of its month, or those up to its month."""

    ALL = "all"
    MONTH = "month"
    UNTIL = "until"


@dataclass(frozen=True, slots=True)
class Cut:
    """How an extract is cut, and the heading that says a row's month (empty where all rows are kept)."""

    keep: Keep
    heading: str = ""


def cut_of(extract: Extract, table: TextTable, *, bounded: bool) -> Cut:
    """How an extract's table is cut. `bounded`: the pattern or the query took the month's rows already.

    hr keeps what was known by the month's end: dated rows and snapshots up to it, today's list whole. Raises
    SourceError where the column that decides is not there.
    """
    if extract.kind is ExtractKind.HR:
        return _hr_cut(extract, table)
    month_by = extract.source.month_by if isinstance(extract.source, FilesSource | DatabaseSource) else None
    if month_by is not None:
        heading = wanted_heading(extract, month_by)
        _require(table, heading, "month_by")
        return Cut(Keep.ALL if bounded and isinstance(extract.source, DatabaseSource) else Keep.MONTH, heading)
    if extract.date is None or (bounded and extract.kind is not ExtractKind.EVENTS):
        return Cut(Keep.ALL)
    heading = wanted_heading(extract, extract.date)
    if extract.kind is not ExtractKind.EVENTS and heading not in table.headings:
        return Cut(Keep.ALL)
    _require(table, heading, "date")
    return Cut(Keep.UNTIL, heading)


def _hr_cut(extract: Extract, table: TextTable) -> Cut:
    column = {HrHistory.EFFECTIVE_DATED: "valid_from", HrHistory.SNAPSHOTS: "snapshot_date"}.get(
        extract.history or HrHistory.TODAY
    )
    if column is None:
        return Cut(Keep.ALL)
    heading = wanted_heading(extract, column)
    _require(table, heading, f"history: {extract.history}")
    return Cut(Keep.UNTIL, heading)


def _require(table: TextTable, heading: str, purpose: str) -> None:
    for part in table.parts:
        if part.headings:
            require_heading(heading, part.headings, part.name, purpose)


def dates_of(extract: Extract) -> str:
    """How dates of the source are written; those of databases and queries are landed as ISO."""
    return extract.source.dates if isinstance(extract.source, FilesSource) else "iso"


def row_months(table: TextTable, heading: str, dates: str, time_zone: str) -> Indexes:
    """For each batch of the table the number of each row's month, or NO_DATE or UNREADABLE."""
    reader = MonthReader(dates, time_zone)
    return tuple(reader.indexes(batch.column(heading)) for batch in table.batches())


def is_gap(indexes: Indexes, month: Month) -> bool:
    """Whether a month lies outside the months a table knows, so that no row of it says nothing about the month.

    Rows with an unreadable date may be of a month after the last known one: then it is no gap.
    """
    months = months_in(indexes)
    wanted = month_index(month)
    unreadable = any(bool((array == UNREADABLE).any()) for array in indexes)
    if not months:
        return not unreadable
    return wanted < months[0] or (wanted > months[-1] and not unreadable)


def undated(indexes: Indexes) -> int:
    """How many rows have no date."""
    return sum(int((array == NO_DATE).sum()) for array in indexes)


def kept_rows(table: TextTable, cut: Cut, indexes: Indexes, month: Month) -> Iterator[pa.RecordBatch]:
    """The rows to land. A row with an unreadable date is landed in the month asked for: the checks set it aside."""
    if cut.keep is Keep.ALL:
        yield from table.batches()
        return
    wanted = month_index(month)
    for batch, numbers in zip(table.batches(), indexes, strict=True):
        mask = numbers <= wanted if cut.keep is Keep.UNTIL else (numbers == wanted) | (numbers == UNREADABLE)
        if mask.all():
            yield batch
        elif mask.any():
            yield batch.filter(pa.array(mask))


def findings_of(findings: Sequence[Finding], kept: "LandedLines", extract: str) -> tuple[Finding, ...]:
    """Findings of a landing: those of a line only where the line was landed."""
    return tuple(
        replace(finding, extract=extract)
        for finding in findings
        if not finding.line or (finding.file, finding.line) in kept
    )


class LandedLines:
    """Remembers which of some lines went by in the batches of a landing."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._wanted: dict[str, set[int]] = {}
        for finding in findings:
            if finding.line:
                self._wanted.setdefault(finding.file, set()).add(finding.line)
        self._seen: set[tuple[str, int]] = set()

    def __contains__(self, place: object) -> bool:
        return place in self._seen

    def watch(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The batches, unchanged."""
        for batch in batches:
            file = batch.column(FILE)[0].as_py() if batch.num_rows else ""
            wanted = self._wanted.get(file)
            if wanted:
                lines = batch.column(LINE).to_numpy()
                self._seen |= {(file, int(line)) for line in lines[np.isin(lines, sorted(wanted))]}
            yield batch
