"""Editions: numbered, frozen sets of reports, published whole or not at all.

The manifest is the truth of an edition. Does not belong here: how a report is composed or rendered.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from config.errors import OutsideError
from config.months import Month
from flows.files import PRIVATE_FILE, make_folder, write_bytes
from flows.state.paths import StateRoot

MANIFEST = "manifest.json"
_DRAFT = ".draft-"


class ReportEntry(TypedDict):
    """A report's line in the manifest. `edition` is the one in which it last changed."""

    report_id: str
    kind: str
    unit_id: str
    title: str
    edition: int
    file: str
    sha256: str
    model_sha256: str
    pages: int
    recipients: list[str]
    since: int
    """The edition of the reader's copy that its opening compares it with; 0 where the reader had none, and missing in
    manifests of an earlier version."""
    gone: NotRequired[str]
    """Why its files are gone, where they are."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A published edition."""

    month: Month
    number: int
    folder: Path
    manifest: dict[str, Any]

    @property
    def reports(self) -> dict[str, ReportEntry]:
        """The manifest's reports by id."""
        return {entry["report_id"]: entry for entry in self.manifest["reports"]}


def read_edition(state: StateRoot, month: Month, number: int) -> Edition:
    """A published edition. Raises OutsideError where its manifest cannot be read."""
    folder = state.edition(month, number)
    try:
        edition = Edition(month, number, folder, json.loads((folder / MANIFEST).read_text("utf-8")))
        len(edition.reports)  # a manifest without its reports is none
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutsideError(
            f"{folder / MANIFEST} cannot be read: {_why_unreadable(error)}.",
            fix="Restore it from a backup, or move the edition away.",
        ) from error
    return edition


def _why_unreadable(error: Exception) -> str:
    return error.strerror or "unknown" if isinstance(error, OSError) else "it is damaged or was cut off"


def newest_edition(state: StateRoot, month: Month) -> Edition | None:
    """The last edition of a month."""
    numbers = state.edition_numbers(month)
    return read_edition(state, month, numbers[-1]) if numbers else None


@contextmanager
def draft_folder(state: StateRoot, month: Month) -> Iterator[Path]:
    """A folder beside the month's editions in which one is put together; gone when it was not published.

    Drafts of runs that died are cleared first: the run's lock is held, so nobody works on them.
    """
    home = make_folder(state.editions / str(month))
    for old in home.glob(f"{_DRAFT}*"):
        shutil.rmtree(old, ignore_errors=True)
    draft = make_folder(home / f"{_DRAFT}{os.getpid()}")
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def changed_reports(models: dict[str, str], before: Edition | None) -> set[str]:
    """Ids of the reports whose model's hash is new or another than in the edition before."""
    if before is None:
        return set(models)
    entries = before.reports
    return {name for name, sha in models.items() if name not in entries or entries[name]["model_sha256"] != sha}


def nothing_new(models: dict[str, str], before: Edition | None) -> bool:
    """Whether the same reports say the same as in the edition before."""
    return before is not None and not changed_reports(models, before) and set(models) == set(before.reports)


def same_recipients(recipients: dict[str, list[str]], before: Edition | None) -> bool:
    """Whether each report would be sent to the same readers as the edition before says."""
    return before is not None and recipients == {name: entry["recipients"] for name, entry in before.reports.items()}


def is_as_published(edition: Edition, entry: ReportEntry) -> bool:
    """Whether a report's file is there and is the one that was published."""
    path = edition.folder / entry["file"]
    return path.is_file() and file_sha256(path) == entry["sha256"]


def take_over(before: Edition, entry: ReportEntry, draft: Path) -> None:
    """Put an unchanged report of the edition before into the draft, byte for byte."""
    source, target = before.folder / entry["file"], draft / entry["file"]
    make_folder(target.parent)
    if not is_as_published(before, entry):
        raise OutsideError(
            f"{source} is not what edition {before.number} published.",
            fix="Restore it from a backup, or run with --reissue REASON to make every report again.",
        )
    shutil.copyfile(source, target)
    target.chmod(PRIVATE_FILE)


def publish(
    state: StateRoot, month: Month, number: int, draft: Path, manifest: dict[str, Any], check: Callable[[], None]
) -> Path:
    """Write the manifest, let `check` have a last look at the whole draft, and rename it into place.

    Raises whatever `check` raises, before anything is published, and OutsideError where the disk fails.
    """
    write_bytes(draft / MANIFEST, canonical_json(manifest))
    check()
    target = state.edition(month, number)
    try:
        for folder in {path.parent for path in draft.rglob("*")}:
            _sync(folder)
        draft.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise OutsideError(f"{target} cannot be written: {error.strerror}.", fix="Make room on the disk.") from error
    return target


def canonical_json(content: object) -> bytes:
    """The one way JSON is written here: keys sorted, UTF-8, a newline at the end."""
    return (json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def file_sha256(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
