"""Locks that end with their process, however it ends: the kernel gives them back, also after kill -9.

A lock is a flock on an empty file, held by one alone unless it is shared. Does not belong here: what a lock stands
for.
"""

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.errors import OutsideError, RefusedError
from flows.files import PRIVATE_FILE, make_folder

_POLL_SECONDS = 0.02
_PROBED_SECONDS = 1.0
"""Who asks whether a lock is held has it for an instant: its owner waits that out."""
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that is held until it is released or the process ends."""

    path: Path
    handle: int

    def release(self, *, remove: bool = False) -> None:
        """Give it back, with its file where nobody will look at it again."""
        if remove:
            self.path.unlink(missing_ok=True)
        os.close(self.handle)


def take(
    path: Path, wait_seconds: float = _PROBED_SECONDS, refusal: RefusedError | None = None, *, shared: bool = False
) -> Lock:
    """The lock on `path`, or with `shared` a part in it. Raises `refusal`, caused by a BlockingIOError, where another
    holds it for longer than `wait_seconds`.
    """
    make_folder(path.parent)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    except OSError as error:
        raise OutsideError(f"{path} cannot be opened: {error.strerror}.", fix="Mend its permissions.") from error
    patience = time.monotonic() + wait_seconds
    while not _locked(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX):
        if time.monotonic() >= patience:
            os.close(handle)
            refused = refusal or RefusedError(
                f"{path} is held by another process.", fix="Wait until it has ended, then run again."
            )
            # Who waits for locks tells by the cause that this is one.
            raise refused from BlockingIOError(str(path))
        time.sleep(_POLL_SECONDS)
    return Lock(path, handle)


@contextmanager
def held(
    path: Path, wait_seconds: float, refusal: RefusedError | None = None, *, shared: bool = False
) -> Iterator[None]:
    """Hold the lock on `path` within a block, waiting for it. The file stays, since others may be waiting at it."""
    lock = take(path, wait_seconds, refusal, shared=shared)
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool | None:
    """Whether a process holds the lock on `path`; None where there is no such file to tell."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        return not _locked(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def file_name(name: str) -> str:
    """A file's name for any name: itself where it is plain, else what is plain of it with a hash of the whole."""
    if re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{_LONGEST_NAME - 1}}}", name):
        return f"{name}.lock"
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", name)[:_LONGEST_NAME].strip("-")
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:12]}.lock"


def _locked(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
