"""Finding an extract's files, unpacking compressed ones, and telling what a file is by its first bytes.

Does not belong here: reading rows.
"""

import bz2
import errno
import glob
import gzip
import lzma
import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePosixPath
from typing import IO, cast

import pyarrow as pa

from config.errors import Place, SourceError
from config.faults import did_you_mean
from config.months import Month

_PLACEHOLDER = re.compile(r"\{(month|year|mm)\}")
_MAGIC_BYTES = 512
_NESTED = 3
"""An archive in an archive in an archive is read; one more is not."""
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
_PACKED_ENDINGS = (".gz", ".bz2", ".xz", ".zst", ".zip")
OUR_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""What our own disk says when a working copy cannot be written; anything else is the source's."""
_BROKEN = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile, NotImplementedError,
           RuntimeError, OSError, pa.ArrowException)  # fmt: skip


@dataclass(slots=True)
class Workshop:
    """A private folder for unpacked and converted copies, gone when the session ends."""

    folder: Path
    _numbers: "count[int]" = field(default_factory=count)

    def new_file(self, ending: str) -> Path:
        """A path in the folder that no other copy has."""
        return self.folder / f"{next(self._numbers)}{ending}"


@dataclass(frozen=True, slots=True)
class Content:
    """A file to read: where its bytes lie, and the name it is shown by (with the name inside an archive)."""

    path: Path
    name: str

    @property
    def ending(self) -> str:
        """The last ending of the name, in small letters."""
        return PurePosixPath(self.name).suffix.lower()

    def open(self) -> IO[bytes]:
        """Open for reading. Raises SourceError where the file went away or may not be read."""
        try:
            return self.path.open("rb")
        except OSError as error:
            raise unreadable(self.name, error) from error

    def head(self) -> bytes:
        """The first bytes."""
        with self.open() as stream:
            return stream.read(_MAGIC_BYTES)


def unreadable(name: str, error: OSError) -> SourceError:
    """A file that cannot be opened or read, in words."""
    reasons = {
        errno.ENOENT: ("The file is not there (any more).", "Put it back, or check the pattern."),
        errno.EACCES: ("The file may not be read: permission denied.", "Let the user yardstick runs as read it."),
        errno.EPERM: ("The file may not be read: permission denied.", "Let the user yardstick runs as read it."),
        errno.ELOOP: ("The file is a link that leads back to itself.", "Put the file itself there."),
        errno.EISDIR: ("This is a folder, not a file.", "Write a pattern that matches files in it: folder/*.csv."),
    }
    what, fix = reasons.get(error.errno or 0, (f"The file cannot be read: {error.strerror or error}.", ""))
    return SourceError(what, fix=fix, place=Place(Path(name)))


def has_placeholder(patterns: Sequence[str]) -> bool:
    """Whether the patterns name other files for each month."""
    return any(_PLACEHOLDER.search(pattern) for pattern in patterns)


def of_month(pattern: str, month: Month) -> str:
    """The pattern with the month put in."""
    values = {"month": str(month), "year": f"{month.year:04d}", "mm": f"{month.number:02d}"}
    return _PLACEHOLDER.sub(lambda match: values[match[1]], pattern)


def shown_name(path: Path, data_dir: Path) -> str:
    """A file's name in messages and landings: from the data folder on, with forward slashes."""
    return Path(os.path.relpath(path, data_dir)).as_posix()


def find_files(data_dir: Path, patterns: Sequence[str], month: Month) -> list[Content]:
    """The files of a month in the order of their names; none where there are none.

    Raises SourceError for a folder that is missing or may not be looked into, and for a match that is no file.
    """
    if not data_dir.is_dir():
        raise SourceError(
            f"The data folder “{data_dir}” is not there.", fix="Set data in company.yaml to the folder of the extracts."
        )
    found: dict[str, Content] = {}
    for pattern in patterns:
        written = of_month(pattern, month)
        _refuse_closed_folder(data_dir, written)
        # Not Path.glob: it leaves out links that lead nowhere, and a missing file must be told, not passed over.
        for match in glob.glob(written, root_dir=data_dir, recursive=True):  # noqa: PTH207
            path = data_dir / match
            name = shown_name(path, data_dir)
            if path.name.startswith("~$"):  # what Excel leaves beside a workbook somebody has open
                continue
            if _is_file(path, name, wide=PurePosixPath(written).name in ("*", "**")):
                found[name] = Content(path, name)
    return [found[name] for name in sorted(found)]


def no_match(data_dir: Path, patterns: Sequence[str]) -> SourceError:
    """Nothing matches patterns that are the same for every month."""
    pattern = patterns[0]
    folder = data_dir / PurePosixPath(pattern).parent
    names = (
        sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() and not glob.has_magic(str(folder)) else []
    )
    hint = f" {did_you_mean(PurePosixPath(pattern).name, names, what='There are')}" if names else ""
    listed = ", ".join(f"“{written}”" for written in patterns)
    return SourceError(
        f"No file matches {listed} in the data folder “{data_dir}”.{hint}", fix="Put the file there or correct files."
    )


def _refuse_closed_folder(data_dir: Path, pattern: str) -> None:
    """glob passes over a folder it may not read as if it were empty: that would look like a month without data."""
    folder = data_dir
    for part in PurePosixPath(pattern).parts[:-1]:
        if glob.has_magic(part):
            break
        folder = folder / part
    if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
        raise unreadable(shown_name(folder, data_dir), PermissionError(errno.EACCES, "Permission denied"))


def _is_file(path: Path, name: str, *, wide: bool) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise unreadable(name, error) from error
    if stat.S_ISREG(mode):
        return True
    if stat.S_ISDIR(mode):
        if wide:
            return False
        raise unreadable(name, IsADirectoryError(errno.EISDIR, "Is a directory"))
    raise SourceError("This is no ordinary file (a pipe, socket or device).", place=Place(Path(name)))


def unpack(content: Content, workshop: Workshop, depth: int = 0) -> Iterator[Content]:
    """The content itself, or the contents packed in it, told by its first bytes whatever it is called."""
    head = content.head()
    archive = head.startswith((b"PK\x03\x04", b"PK\x05\x06"))
    if not head.startswith(_PACKED) and not archive:
        yield content
        return
    if depth >= _NESTED:
        raise SourceError("Archives are packed in archives too deep.", place=Place(Path(content.name)))
    try:
        inner = _zip_members(content, workshop) if archive else [_inflate(content, head, workshop)]
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno in OUR_DISK:
            raise
        raise _broken_archive(content, error) from error
    for member in inner:
        if member == content:
            yield member
        else:
            yield from unpack(member, workshop, depth + 1)


def _inflate(content: Content, head: bytes, workshop: Workshop) -> Content:
    target = workshop.new_file(".unpacked")
    with _opened_packed(content.path, head) as packed, target.open("wb") as out:
        shutil.copyfileobj(packed, out, 1 << 20)
    return Content(target, content.name)


def _opened_packed(path: Path, head: bytes) -> IO[bytes]:
    if head.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.open(path))
    if head.startswith(b"BZh"):
        return cast("IO[bytes]", bz2.open(path))
    if head.startswith(b"\xfd7zXZ"):
        return cast("IO[bytes]", lzma.open(path))
    return cast("IO[bytes]", pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))


def _zip_members(content: Content, workshop: Workshop) -> list[Content]:
    """Every file of a zip archive by name; an Excel workbook or OpenDocument table is left as it is."""
    with zipfile.ZipFile(content.path) as archive:
        names = archive.namelist()
        if "[Content_Types].xml" in names or "mimetype" in names:
            return [content]
        members = []
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            if info.is_dir() or _is_clutter(info.filename):
                continue
            target = workshop.new_file(".member")
            with archive.open(info) as packed, target.open("wb") as out:
                shutil.copyfileobj(packed, out, 1 << 20)
            members.append(Content(target, f"{content.name}/{info.filename}"))
    if not members:
        raise SourceError("The archive holds no file.", fix="Export it again.", place=Place(Path(content.name)))
    return members


def _is_clutter(name: str) -> bool:
    """What macOS adds to archives, and hidden files."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(".")


def _broken_archive(content: Content, error: BaseException) -> SourceError:
    if "encrypted" in str(error) or "password" in str(error).lower():
        return SourceError(
            "The archive is locked with a password.", fix="Deliver it without one.", place=Place(Path(content.name))
        )
    return SourceError(
        "The archive is damaged or was cut off.",
        fix="Deliver it again.",
        place=Place(Path(content.name)),
    )


def plain_ending(content: Content) -> str:
    """The ending that says what the file is: `.csv` of `sales.csv.gz`."""
    name = content.name.lower()
    for ending in _PACKED_ENDINGS:
        name = name.removesuffix(ending)
    return PurePosixPath(name).suffix
