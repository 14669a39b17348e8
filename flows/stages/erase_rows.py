"""An erased person out of what is kept of extracts and the configuration: landings, checked rows, facts, configs.

Does not belong here: editions and mail (`flows.stages.erase_reports`), and the order (`flows.stages.erasing`).
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from config.errors import OutsideError
from config.models import Config, UnitKind
from flows.erased import HR, Erased
from flows.files import write_bytes, write_whole
from flows.masking import RowMask
from flows.sources import read_batches, read_landing, replace_landing, replaced_by
from flows.stages.persons import Person
from flows.stages.searched import Search, search_of
from flows.state.editions import canonical_json
from flows.state.gone import ERASED
from flows.state.paths import StateRoot
from transforms.pseudonyms import Phrases
from transforms.scope import normalised
from transforms.stages import Landing

_IDS = ("associate", "unit", "unit_id", "manager", "parent_id", "second_manager")
"""Columns and keys that hold ids of hr wherever they stand."""
_KINDS = tuple(kind.value for kind in UnitKind)


@dataclass(frozen=True)
class Change:
    """One thing that changes: of which kind it is, and how it is done."""

    kind: str
    act: Callable[[], object]


@dataclass
class Erasing:
    """What an erasure works with. `erased` has the person in it already."""

    state: StateRoot
    config: Config
    erased: Erased
    person: Person
    when: str
    replaced: set[str] = field(default_factory=set)
    """Hashes of landings that were, or would be, replaced."""
    read: dict[str, bool] = field(default_factory=dict)
    """By the hash of a PDF whether it names the person: the same one lies in several editions."""

    def __post_init__(self) -> None:
        self.replaced |= set(replaced_by(self.state.landings))
        self.phrases = Phrases.of(self.person.everywhere)
        self.search: Search = search_of(
            self.person.everywhere,
            (*self.person.all_ids, *self.person.names, *self.person.addresses, *self.person.report_ids),
        )

    @property
    def called(self) -> tuple[str, ...]:
        """What the person is called where it stands alone: addresses, and names others may have too."""
        return (*self.person.addresses, *self.person.names, *self.person.shared_names)

    @property
    def plain_ids(self) -> tuple[str, ...]:
        """The person's ids in hr that are ordinary words or numbers: only sought where ids stand."""
        return tuple(one for one in self.person.associates if normalised(one) not in self.person.phrases)

    def is_associate(self, text: object) -> bool:
        """Whether an id is the person's in hr."""
        return text in self.person.associates

    def is_other_unit(self, kind: object) -> bool:
        """Whether a kind of unit is one whose ids are not associates'."""
        return kind in _KINDS and kind not in self.person.units


# -- landings ------------------------------------------------------------------------------------------------------


def landing_changes(job: Erasing) -> Iterator[Change]:
    """Landings whose rows or findings name the person, with pseudonyms as they will be pulled from now on."""
    for meta in sorted(job.state.landings.glob("*/*.json")):
        try:
            landing = read_landing(meta)
        except OutsideError:
            continue  # what is damaged is searched byte by byte at the end
        change = _landing_change(job, landing)
        if change is not None:
            yield change


def _landing_change(job: Erasing, landing: Landing) -> Change | None:
    mask: RowMask | _AnyRow = (
        RowMask(job.erased, job.config, landing.extract, landing.month)
        if landing.extract in job.config.extracts
        else _AnyRow(job.erased.phrases)
    )
    findings = mask.findings(landing.findings)
    files = tuple(map(job.erased.phrases.masked, landing.files))
    rows = any(not mask.batch(batch).equals(batch) for batch in read_batches(landing))
    if not rows and findings == landing.findings and files == landing.files:
        return None
    if rows:
        job.replaced.add(landing.sha256)
    why = {"why": ERASED, "when": job.when}
    return Change(
        "landings",
        lambda: replace_landing(landing, (mask.batch(one) for one in read_batches(landing)), findings, files, why),
    )


@dataclass(frozen=True)
class _AnyRow:
    """The rows of an extract that is no longer declared: texts alone."""

    phrases: Phrases

    def batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return masked_texts(batch, self.phrases)

    def findings(self, findings: tuple[Any, ...]) -> tuple[Any, ...]:
        return findings


def masked_texts(batch: pa.RecordBatch, phrases: Phrases) -> pa.RecordBatch:
    """A batch whose texts name nobody."""
    columns = []
    for column in batch.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            coded = column.dictionary_encode()
            texts = [None if text is None else phrases.masked(text) for text in coded.dictionary.to_pylist()]
            columns.append(pa.array(texts, column.type).take(coded.indices))
        else:
            columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


# -- what was derived ----------------------------------------------------------------------------------------------


def checked_changes(job: Erasing) -> Iterator[Change]:
    """Checked rows of landings that were replaced, and whatever else names the person: made again when needed."""
    stems: set[Path] = set()
    for path in _files(job.state.checked):
        if path.suffix == ".json" and _landing_of(path) in job.replaced:
            stems.add(path.with_suffix(""))
    for path in _files(job.state.checked):
        stem = path.with_name(path.name.partition(".")[0].removesuffix("-quarantine"))
        if stem in stems or job.search.found_in(path):
            yield Change("checked rows", lambda path=path: path.unlink(missing_ok=True))  # type: ignore[misc]


def _landing_of(record: Path) -> str:
    try:
        return str(json.loads(record.read_text("utf-8"))["landing_sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def facts_changes(job: Erasing) -> Iterator[Change]:
    """The person's facts under the pseudonym: teams and the company keep theirs."""
    for path in _files(job.state.facts_folder):
        yield from table_changes(job, path, "facts")


def table_changes(job: Erasing, path: Path, kind: str) -> Iterator[Change]:
    """A Parquet or JSON file of ours that names the person, rewritten."""
    if path.suffix == ".parquet":
        with path.open("rb") as handle:
            table = pq.read_table(handle)
        masked = masked_table(job, table)
        if not masked.equals(table):
            yield Change(kind, lambda: write_whole(path, lambda to: pq.write_table(masked, to, compression="zstd")))
    elif path.suffix == ".json":
        content = json.loads(path.read_text("utf-8"))
        other = masked_json(job, content)
        if other != content:
            yield Change(kind, lambda: write_bytes(path, canonical_json(other)))


def masked_table(job: Erasing, table: pa.Table) -> pa.Table:
    """A table of units whose texts name nobody; the person's units carry the pseudonym."""
    batches = [masked_texts(batch, job.phrases) for batch in table.to_batches()]
    masked = pa.Table.from_batches(batches, table.schema)
    if {"unit_kind", "unit_id"} <= set(masked.schema.names):
        mine = pc.and_(
            pc.is_in(masked["unit_kind"], pa.array(job.person.units)),
            pc.is_in(masked["unit_id"], pa.array(job.person.associates, pa.string())),
        )
        at = masked.schema.get_field_index("unit_id")
        ids = pc.if_else(mine, pa.scalar(job.person.name, masked.schema.field(at).type), masked["unit_id"])
        masked = masked.set_column(at, masked.schema.field(at), ids)
    return masked


def masked_json(job: Erasing, content: Any, key: str = "") -> Any:
    """Parsed JSON whose texts name nobody."""
    if isinstance(content, str):
        return job.person.name if key in _IDS and job.is_associate(content) else job.phrases.masked(content)
    if isinstance(content, dict):
        # A team may have the same id.
        is_team = job.is_other_unit(content.get("unit_kind", content.get("kind")))
        return {
            job.phrases.masked(name): masked_json(job, value, "" if is_team and name.startswith("unit") else name)
            for name, value in content.items()
        }
    if isinstance(content, list):
        return [masked_json(job, value, key) for value in content]
    return content


def refers(job: Erasing, content: Any, key: str = "") -> bool:
    """Whether parsed JSON has an id of the person's where ids stand: what `masked_json` would change by its key."""
    if isinstance(content, str):
        return key in _IDS and job.is_associate(content)
    if isinstance(content, dict):
        is_team = job.is_other_unit(content.get("unit_kind", content.get("kind")))
        return any(
            refers(job, value, "" if is_team and name.startswith("unit") else name) for name, value in content.items()
        )
    return isinstance(content, list) and any(refers(job, value, key) for value in content)


# -- the configuration as it was kept ------------------------------------------------------------------------------


def config_changes(job: Erasing) -> Iterator[Change]:
    """Copies of the configuration whose lines name the person."""
    for path in _files(job.state.root / "configs"):
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        masked = masked_csv(job, text) if path.suffix == ".csv" else job.phrases.masked(text)
        if masked != text:
            content = masked.encode("utf-8", "surrogateescape")
            yield Change("copies of the configuration", lambda path=path, to=content: write_bytes(path, to))  # type: ignore[misc]


def named_lines(job: Erasing, directory: Path, paths: list[Path]) -> list[str]:
    """Lines of the living configuration that name the person: for people to change."""
    found = []
    for path in paths:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        masked = masked_csv(job, text) if path.suffix == ".csv" else job.phrases.masked(text)
        pairs = zip(text.splitlines(), masked.splitlines(), strict=False)
        name = path.relative_to(directory).as_posix()
        found += [f"{name}:{number}" for number, (old, new) in enumerate(pairs, start=1) if old != new]
    return found


def masked_csv(job: Erasing, text: str) -> str:
    """A table of the configuration with pseudonyms; lines that name nobody stay as they are, letter by letter."""
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    lines = text.splitlines(keepends=True)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    heading: list[str] = []
    parts: list[str] = []
    begins = 0
    for cells in reader:
        raw = "".join(lines[begins : reader.line_num])
        begins = reader.line_num
        if not heading:
            heading = [cell.strip().lower().lstrip("\ufeff") for cell in cells]
            parts.append(raw)
            continue
        masked = _masked_cells(job, dict(enumerate(heading)), cells)
        parts.append(raw if masked == cells else _line(masked, separator, raw))
    return "".join([*parts, *lines[begins:]])


def _masked_cells(job: Erasing, heading: dict[int, str], cells: list[str]) -> list[str]:
    by_name = {heading.get(at, ""): cell.strip() for at, cell in enumerate(cells)}
    is_team = job.is_other_unit(by_name.get("unit_kind"))
    masked = []
    for at, cell in enumerate(cells):
        name = heading.get(at, "")
        mine = (name in _IDS and job.is_associate(cell.strip()) and not (is_team and name.startswith("unit"))) or (
            name == "source_id"
            and any((one.source, one.text) == (by_name.get("source", HR), cell.strip()) for one in job.person.ids)
            and job.is_associate(by_name.get("associate"))
        )
        masked.append(job.person.name if mine else job.phrases.masked(cell))
    return masked


def _line(cells: list[str], separator: str, raw: str) -> str:
    written = io.StringIO()
    ending = "\r\n" if raw.endswith("\r\n") else "\n"
    csv.writer(written, delimiter=separator, lineterminator=ending).writerow(cells)
    return written.getvalue() if raw.endswith("\n") else written.getvalue().removesuffix(ending)


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()] if folder.is_dir() else []
