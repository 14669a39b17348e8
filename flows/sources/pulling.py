"""Pulling an extract's rows as one table of text, wherever they are: each lasting source is read once a session.

Does not belong here: which rows a month keeps (cutting) and how they are landed (session, landings).
"""

import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from config.errors import SourceError
from config.models import Extract, ExtractKind
from config.months import Month
from config.sources import DatabaseSource, FilesSource, QuerySource
from flows.sources.contents import Content, Workshop, find_files, has_placeholder, no_match
from flows.sources.database import describe, read_database
from flows.sources.files import read_file
from flows.sources.headings import wanted_heading
from flows.sources.queries import query_binds_month, run_query
from flows.sources.tables import Cleaning, Part, PartWriter, TextTable, joined, sorted_part


@dataclass(frozen=True, slots=True)
class Pull:
    """A table as pulled. `bounded`: its rows are of the month asked for already. `lasting`: the same in any month."""

    table: TextTable
    bounded: bool
    lasting: bool
    undated_rows: int = 0


@dataclass(slots=True)
class Puller:
    """Reads sources into working copies in `folder`, a private one that its owner removes."""

    folder: Path
    data_dir: Path
    time_zone: str
    workshop: Workshop = field(init=False)
    _parts: dict[tuple[FilesSource, str], list[Part]] = field(default_factory=dict)
    _databases: dict[DatabaseSource, Pull] = field(default_factory=dict)
    _passing: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.workshop = Workshop(self.folder)

    def pull(self, declared: Extract, month: Month) -> Pull | None:
        """All rows of an extract's source, cut by month only where the source itself is; None where there are none."""
        source = declared.source
        if isinstance(source, FilesSource):
            return self.files(source, month)
        if isinstance(source, QuerySource):
            return self._query(declared, source, month)
        by_month = source.month_by is not None and declared.kind is not ExtractKind.HR
        return self._database(source, month, wanted_heading(declared, source.month_by or "") if by_month else None)

    def files(self, source: FilesSource, month: Month) -> Pull | None:
        """All rows of the files of a month; None where there is no file for it."""
        contents = find_files(self.data_dir, source.files, month)
        monthly = has_placeholder(source.files)
        if not contents:
            if monthly:
                return None
            raise no_match(self.data_dir, source.files)
        parts = [part for content in contents for part in self._file_parts(source, content)]
        with_headings = [part for part in parts if part.headings]
        if not with_headings:
            names = ", ".join(content.name for content in contents)
            raise SourceError(
                f"{names}: empty, there is not even a row of headings.", fix="Deliver the file again with its rows."
            )
        table = joined(with_headings)
        empty = tuple(finding for part in parts if not part.headings for finding in part.findings)
        return Pull(replace(table, findings=(*table.findings, *empty)), bounded=monthly, lasting=not monthly)

    def _file_parts(self, source: FilesSource, content: Content) -> list[Part]:
        key = (source, content.name)
        if key not in self._parts:
            scratch = Path(tempfile.mkdtemp(dir=self.folder))
            try:
                self._parts[key] = read_file(content, source, self.workshop, Workshop(scratch))
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        return self._parts[key]

    def _database(self, source: DatabaseSource, month: Month, heading: str | None) -> Pull:
        if source in self._databases:
            return self._databases[source]
        name = describe(source)
        pulled = read_database(
            source,
            month,
            lambda: PartWriter(name, self.workshop, Cleaning(source.missing)),
            heading,
            self.time_zone,
            self.data_dir,
        )
        pull = Pull(
            joined([sorted_part(pulled.part, self.workshop)]),
            bounded=pulled.bounded,
            lasting=not pulled.bounded,
            undated_rows=pulled.undated_rows,
        )
        if pull.lasting:
            self._databases[source] = pull
        else:
            self._passing += pull.table.parts
        return pull

    def _query(self, declared: Extract, source: QuerySource, month: Month) -> Pull | None:
        pulls = {name: self._query_table(table, month) for name, table in source.tables.items()}
        there = {name: pull for name, pull in pulls.items() if pull is not None}
        absent = [name for name in pulls if name not in there]
        if absent and any(not pull.lasting for pull in there.values()):
            raise SourceError(
                f"Of the tables the query is over, {', '.join(absent)} has nothing for {month}, the others have.",
                fix="Deliver the missing file, or correct files.",
            )
        if absent:
            return None
        tables = {name: pull.table for name, pull in there.items()}
        files = tuple(dict.fromkeys(file for table in tables.values() for file in table.files))
        writer = PartWriter(" + ".join(files), self.workshop, Cleaning())
        part = run_query(source.query, tables, month, writer, self.time_zone, self.folder)
        keys = [heading for key in declared.key if (heading := wanted_heading(declared, key)) in part.headings]
        findings = tuple(finding for table in tables.values() for finding in table.findings)
        table = joined([sorted_part(part, self.workshop, keys)])
        self._passing += table.parts
        footers = sum(each.footers for each in tables.values())
        bounded = query_binds_month(source.query) or any(not pull.lasting for pull in there.values())
        return Pull(
            replace(
                table,
                parts=tuple(replace(each, footers=footers) for each in table.parts),
                # Lines of the tables are not lines of the result.
                findings=tuple(replace(each, line=0) for each in findings),
            ),
            bounded=bounded,
            lasting=False,
        )

    def _query_table(self, source: FilesSource | DatabaseSource, month: Month) -> Pull | None:
        if isinstance(source, FilesSource):
            return self.files(source, month)
        return self._database(source, month, None)

    def forget_month(self) -> None:
        """Remove working copies that no other month needs."""
        for key in [key for key in self._parts if has_placeholder(key[0].files) and key[0].month_by is None]:
            self._passing += self._parts.pop(key)
        for part in self._passing:
            for segment in part.segments:
                segment.unlink(missing_ok=True)
        self._passing.clear()


def describe_source(declared: Extract) -> str:
    """Where an extract comes from, in a line without any secret."""
    source = declared.source
    if isinstance(source, FilesSource):
        return "files:" + " + ".join(source.files)
    if isinstance(source, DatabaseSource):
        return describe(source)
    tables = (
        f"{name}={'files:' + ' + '.join(table.files) if isinstance(table, FilesSource) else describe(table)}"
        for name, table in source.tables.items()
    )
    return f"query over {', '.join(tables)}"
