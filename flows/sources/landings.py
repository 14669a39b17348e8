"""Landings on disk: one Parquet file a content, with what is known of it in JSON beside.

Never changed once written: the same content pulled again is the same file, other content lands beside it. Does not
belong here: where rows come from.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from config.checks import Severity
from config.errors import OutsideError, Place
from config.months import Month
from transforms.columns import FILE, LINE
from transforms.stages import Finding, Landing

_ROW_GROUP = 1 << 17
_SHORT = 12
_CHUNK_BYTES = 1 << 20
_FOLDER_MODE = 0o700
_WORKING = ".pulling-"
_AGAIN = ".pulled"
"""Suffix of the file beside a landing that says when its content was pulled again."""
_FILE_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Pulled:
    """What is told of a landing beside its rows. `source` describes where it came from, without any secret."""

    extract: str
    month: Month
    source: str
    pulled_at: datetime
    headings: tuple[str, ...]
    files: tuple[str, ...]
    undated_rows: int
    footers: int


def write_landing(
    root: Path, pulled: Pulled, batches: Iterable[pa.RecordBatch], findings: Callable[[], tuple[Finding, ...]]
) -> Landing:
    """Land rows of columns `pulled.headings`, _file and _line. Raises OutsideError where the disk refuses.

    `findings` is asked once all batches went by: only then is it known which lines were landed.
    """
    folder = root / str(pulled.month)
    with disk_errors(folder):
        private_folder(folder)
        with _temporary(folder, pulled.extract) as (temporary, stream):
            rows = _write_parquet(stream, pulled.headings, batches)
            stream.flush()
            os.fsync(stream.fileno())
            digest = _sha256(temporary)
            path = landing_file(root, pulled.month, pulled.extract, digest)
            if path.exists() and _sha256(path) == digest:
                temporary.unlink()
            else:
                temporary.replace(path)
        landing = Landing(
            pulled.extract, pulled.month, path, digest, rows, pulled.headings, pulled.files, pulled.undated_rows,
            pulled.footers, findings(),
        )  # fmt: skip
        _write_facts(landing, pulled)
        _sync_folder(folder)
    return landing


def read_batches(landing: Landing) -> Iterator[pa.RecordBatch]:
    """A landing's rows as they were landed. Raises OutsideError where they cannot be read."""
    try:
        with landing.path.open("rb") as handle, pq.ParquetFile(handle) as file:
            yield from file.iter_batches(batch_size=_ROW_GROUP)
    except (OSError, pa.ArrowException) as error:
        raise OutsideError(
            "The landing's rows cannot be read.", fix="Land the month again.", place=Place(landing.path)
        ) from error


def replace_landing(
    landing: Landing,
    batches: Iterable[pa.RecordBatch],
    findings: tuple[Finding, ...],
    files: Sequence[str],
    why: Mapping[str, str],
) -> str:
    """Put other rows in a landing's place; the hash of what is there now. `was` beside them says what they replace.

    Only for persons who must be forgotten. What was interrupted is done by the same call again.
    """
    folder, meta = landing.path.parent, landing.path.with_suffix(".json")
    with disk_errors(folder):
        facts = json.loads(meta.read_text(encoding="utf-8"))
        with _temporary(folder, landing.extract) as (temporary, stream):
            facts["rows"] = _write_parquet(stream, landing.headers, batches)
            stream.flush()
            os.fsync(stream.fileno())
            digest = _sha256(temporary)
            path = landing_file(folder.parent, landing.month, landing.extract, digest)
            temporary.replace(path)
        target = path.with_suffix(".json")
        if digest != landing.sha256:
            there = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
            known = {one["sha256"]: one for one in (*there.get("was", ()), *facts.get("was", ()))}
            known.setdefault(landing.sha256, {"sha256": landing.sha256, **why})
            facts["was"] = list(known.values())
        facts |= {"sha256": digest, "files": list(files), "findings": [asdict(finding) for finding in findings]}
        _write_text(target, json.dumps(facts, ensure_ascii=False, indent=1) + "\n", landing.extract)
        if digest != landing.sha256:
            again = meta.with_suffix(_AGAIN)
            if again.exists():
                _write_text(path.with_suffix(_AGAIN), again.read_text(encoding="utf-8"), landing.extract)
            for old in (meta, landing.path, again):  # without its .json it is no landing any more
                old.unlink(missing_ok=True)
        _sync_folder(folder)
    return digest


def replaced_by(landings_root: Path) -> dict[str, str]:
    """By the hash of each landing that was replaced, the hash of what took its place."""
    found: dict[str, str] = {}
    for meta in sorted(landings_root.glob("*/*.json")):
        with suppress(OSError, ValueError, KeyError, TypeError):
            facts = json.loads(meta.read_text(encoding="utf-8"))
            found |= {one["sha256"]: facts["sha256"] for one in facts.get("was", ())}
    return found


def _write_parquet(stream: IO[bytes], headings: Sequence[str], batches: Iterable[pa.RecordBatch]) -> int:
    """Rows in groups of a fixed size, however they came in, so that the bytes depend on the rows alone."""
    schema = pa.schema([*((name, pa.string()) for name in (*headings, FILE)), (LINE, pa.int64())])
    rows = 0
    with pq.ParquetWriter(
        stream, schema, compression="zstd", compression_level=3, version="2.6", data_page_version="1.0",
        store_schema=False, write_page_index=False,
    ) as writer:  # fmt: skip
        for group in _groups(batches):
            writer.write_table(group, row_group_size=_ROW_GROUP)
            rows += group.num_rows
    return rows


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        waiting.append(batch)
        count += batch.num_rows
        while count >= _ROW_GROUP:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, _ROW_GROUP).combine_chunks()
            rest = table.slice(_ROW_GROUP)
            waiting, count = rest.to_batches(), rest.num_rows
    if count:
        yield pa.Table.from_batches(waiting).combine_chunks()


def _write_facts(landing: Landing, pulled: Pulled) -> None:
    """The JSON beside; of a landing that is there already it is left as it is."""
    target = landing.path.with_suffix(".json")
    if target.exists():
        _note_pulled_again(landing, pulled)
        return
    facts: dict[str, Any] = {
        "extract": landing.extract,
        "month": str(landing.month),
        "source": pulled.source,
        "rows": landing.rows,
        "sha256": landing.sha256,
        "pulled_at": pulled.pulled_at.isoformat(),
        "columns": list(landing.headers),
        "files": list(landing.files),
        "undated_rows": landing.undated_rows,
        "footers": landing.footers,
        "findings": [asdict(finding) for finding in landing.findings],
    }
    _write_text(target, json.dumps(facts, ensure_ascii=False, indent=1) + "\n", landing.extract)


def _note_pulled_again(landing: Landing, pulled: Pulled) -> None:
    """A source that went back to an earlier content: what it says now is the newest again. And one that was pulled
    before its month was over everywhere: it is whole now, though it says the same.
    """
    newest = existing_landing(landing.path.parent.parent, landing.extract, landing.month)
    known = _pulled_at(landing.path.with_suffix(".json"))
    early = known.astimezone(UTC).date() <= landing.month.end and known < pulled.pulled_at
    if early or (newest is not None and newest.sha256 != landing.sha256):
        _write_text(landing.path.with_suffix(_AGAIN), pulled.pulled_at.isoformat() + "\n", landing.extract)


def _write_text(target: Path, text: str, prefix: str) -> None:
    with _temporary(target.parent, prefix) as (temporary, stream):
        stream.write(text.encode("utf-8"))
        stream.flush()
        os.fsync(stream.fileno())
        temporary.replace(target)


def read_landing(meta_json: Path) -> Landing:
    """The landing whose .json this is. Raises OutsideError where either file is missing or damaged."""
    try:
        facts = json.loads(meta_json.read_text(encoding="utf-8"))
        landing = Landing(
            extract=facts["extract"],
            month=Month.parse(facts["month"]),
            path=meta_json.with_suffix(".parquet"),
            sha256=facts["sha256"],
            rows=facts["rows"],
            headers=tuple(facts["columns"]),
            files=tuple(facts["files"]),
            undated_rows=facts["undated_rows"],
            footers=facts["footers"],
            findings=tuple(Finding(**{**each, "severity": Severity(each["severity"])}) for each in facts["findings"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutsideError(
            "What is known of this landing cannot be read.", fix="Land the month again.", place=Place(meta_json)
        ) from error
    if not landing.path.is_file():
        raise OutsideError("The landing's rows are gone.", fix="Land the month again.", place=Place(landing.path))
    return landing


def landing_file(landings_root: Path, month: Month, extract: str, sha256: str) -> Path:
    """Where the rows of a landing are kept; what is known of it stands beside them, with the suffix .json."""
    return landings_root / str(month) / f"{extract}-{sha256[:_SHORT]}.parquet"


def existing_landing(landings_root: Path, extract: str, month: Month) -> Landing | None:
    """The landing of an extract and month that was pulled last, or None. Raises OutsideError for a damaged one."""
    folder = landings_root / str(month)
    named = re.compile(rf"{re.escape(extract)}-[0-9a-f]{{{_SHORT}}}\.json")
    if not folder.is_dir():
        return None
    found = [path for path in folder.iterdir() if named.fullmatch(path.name)]
    return read_landing(max(found, key=lambda path: (_pulled_at(path), path.name))) if found else None


def pulled_at(landing: Landing) -> datetime:
    """When a landing's content was pulled last. Raises OutsideError where that cannot be read."""
    return _pulled_at(landing.path.with_suffix(".json"))


def was_pulled_again(landing: Landing) -> bool:
    """Whether a landing's content was pulled last at another time than it was landed."""
    return landing.path.with_suffix(_AGAIN).is_file()


def write_pulled_at(landing: Landing, moment: datetime) -> None:
    """Say that a landing's content was pulled again then. Raises OutsideError where the disk refuses."""
    with disk_errors(landing.path.parent):
        _write_text(landing.path.with_suffix(_AGAIN), moment.isoformat() + "\n", landing.extract)


def _pulled_at(meta_json: Path) -> datetime:
    again = meta_json.with_suffix(_AGAIN)
    try:
        written = again.read_text(encoding="utf-8").strip() if again.exists() else ""
        moment = datetime.fromisoformat(written or json.loads(meta_json.read_text(encoding="utf-8"))["pulled_at"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutsideError(
            "What is known of this landing cannot be read.", fix="Land the month again.", place=Place(meta_json)
        ) from error
    return moment if moment.tzinfo else moment.astimezone()


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this user alone whatever the umask."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        with suppress(FileExistsError):  # another process was quicker
            path.mkdir(mode=_FOLDER_MODE)
            path.chmod(_FOLDER_MODE)
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder")


def working_folder(root: Path) -> tuple[Path, int]:
    """A private folder for a session's copies, and the handle that locks it while the session lives.

    Folders of sessions that were killed are not locked any more: they hold personal data and are removed.
    """
    guard = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        for left in sorted(root.glob(f"{_WORKING}*")):
            _remove_if_left(left)
        folder = Path(tempfile.mkdtemp(prefix=_WORKING, dir=root))
        folder.chmod(_FOLDER_MODE)
        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
    finally:
        os.close(guard)
    return folder, handle


def _remove_if_left(folder: Path) -> None:
    with suppress(OSError):  # another session's: locked, or gone in this moment
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(handle)


@contextmanager
def _temporary(folder: Path, prefix: str) -> Iterator[tuple[Path, IO[bytes]]]:
    """A private file in the folder under a name of its own; what is left of it afterwards is removed."""
    handle, name = tempfile.mkstemp(prefix=f".{prefix}-", suffix=".partial", dir=folder)
    path = Path(name)
    try:
        os.fchmod(handle, _FILE_MODE)
        with os.fdopen(handle, "w+b") as stream:
            yield path, stream
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the system says of our own files into OutsideError that names the path."""
    try:
        yield
    except OSError as error:
        shown = Path(error.filename) if isinstance(error.filename, str) else path
        raise OutsideError(
            f"Nothing can be written there: {os.strerror(error.errno) if error.errno else error}.",
            fix="Make room on the disk, or let the user yardstick runs as write there.",
            place=Place(shown),
        ) from error


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
