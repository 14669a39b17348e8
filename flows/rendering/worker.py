"""What one rendering process does: prepare once, then turn model files into PDF files.

Importing this loads neither WeasyPrint nor templates. Does not belong here: who gets which report.
"""

import errno
import gc
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from config.errors import OutsideError, YardstickError

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One report to make: the model's file, where the PDF goes, and how its edition is called on the page."""

    model_path: Path
    pdf_path: Path
    edition_label: str
    changes_path: Path | None = None
    """What changed since the reader's copy; none where the reader has no copy."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report that was made, or why it was not: then `error` says so and no file is written."""

    pdf_path: Path
    sha256: str
    pages: int
    error: str = ""
    warnings: tuple[str, ...] = ()


def start() -> None:
    """Get a new process ready: fonts and style sheets once, and nothing of them looked at by the collector again."""
    from flows.rendering.document import prepare
    from flows.rendering.templates import template

    prepare()
    template("report.html.j2")
    gc.collect()
    gc.freeze()


def render_chunk(jobs: tuple[RenderJob, ...]) -> list[Rendered]:
    """The reports of a chunk, each for itself: one that fails does not keep the others."""
    return [render_job(job) for job in jobs]


def render_job(job: RenderJob) -> Rendered:
    """Read the model, render it, write the PDF. Never raises for a report's own fault.

    Raises OutsideError where the disk is full: no other report could be kept either.
    """
    from flows.rendering.document import render
    from transforms.reader_changes import ReaderChanges
    from transforms.report_model import ReportModel

    try:
        path = job.changes_path
        changes = ReaderChanges.model_validate_json(path.read_bytes()) if path else None
        model = ReportModel.model_validate_json(job.model_path.read_bytes())
        document = render(model, job.edition_label, changes)
    except YardstickError as error:
        return _failed(job, str(error))
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one report must not stop the batch
        return _failed(job, f"{type(error).__name__}: {error}")
    try:
        write_private(job.pdf_path, document.pdf)
    except OSError as error:
        if error.errno not in _DISK_FULL:
            return _failed(job, f"{type(error).__name__}: {error}")
        raise OutsideError(
            f"{job.pdf_path} cannot be written: {error.strerror}.", fix="Make room, and run again."
        ) from error
    digest = hashlib.sha256(document.pdf).hexdigest()
    return Rendered(job.pdf_path, digest, document.pages, warnings=document.warnings)


def _failed(job: RenderJob, why: str) -> Rendered:
    return Rendered(job.pdf_path, "", 0, error=f"The report of {job.model_path.name} could not be rendered: {why}")


def write_private(path: Path, content: bytes) -> None:
    """Write under a temporary name beside it, for the owner's eyes alone, then rename."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
