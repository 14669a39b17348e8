"""How anything is written to disk: privately, whole or not at all.

Folders are 0700 and files 0600 whatever the umask, since personal data lies in them. A file is written under a
temporary name in its own folder, flushed to the disk and renamed. Does not belong here: where things are kept
(`flows.state.paths`) and what they contain.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from config.errors import OutsideError

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
TEMPORARY_PREFIX = ".writing-"


def make_folder(path: Path) -> Path:
    """The folder, made with its parents where missing, readable by its owner alone. Raises OutsideError."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        for folder in reversed(missing):
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            folder.chmod(PRIVATE_FOLDER)
    except OSError as error:
        raise _disk_error(path, error) from error
    return path


def write_whole(path: Path, write: Callable[[Path], None]) -> Path:
    """Let `write` fill a temporary file beside `path`, then put it in place. Raises OutsideError for a disk's fault."""
    make_folder(path.parent)
    try:
        handle, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise _disk_error(path, error) from error
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(PRIVATE_FILE)
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    except OSError as error:
        raise _disk_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)
    return path


def write_bytes(path: Path, content: bytes) -> Path:
    """Write bytes whole or not at all; a file that already holds them is left untouched."""
    if path.is_file() and path.read_bytes() == content:
        return path

    def fill(temporary: Path) -> None:
        temporary.write_bytes(content)

    return write_whole(path, fill)


def write_text(path: Path, content: str) -> Path:
    """Write UTF-8 text whole or not at all."""
    return write_bytes(path, content.encode())


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _disk_error(path: Path, error: OSError) -> OutsideError:
    return OutsideError(f"{path} cannot be written: {error.strerror}.", fix="Make room, or mend its permissions.")
