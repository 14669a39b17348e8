"""Processes that work beside this one: started when there is much to do, ended with the run, none left behind.

Spawned, never forked: threads and libraries such as Pango do not survive a fork. Does not belong here: what they do.
"""

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

import flows  # noqa: F401 - puts our root first on the import path, which spawned processes inherit
from config.errors import OutsideError
from flows.files import make_folder

Result = TypeVar("Result")
GRACE_SECONDS: Final = 5.0


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """So many processes (the cores this one may use, unless told), within a `with` block; none outside of one.

    They share a folder for temporary files, within `scratch` if told, that is gone at the end, and end with this
    process however it ends. `prepare` is called in each of them first.
    """

    def __init__(
        self, count: int | None = None, prepare: Callable[[], None] | None = None, scratch: Path | None = None
    ) -> None:
        self._count, self._prepare, self._scratch = count or cores(), prepare, scratch
        self._entered = False
        self._pool: ProcessPoolExecutor | None = None
        self._held: Connection | None = None
        self._lock = threading.Lock()
        self._opened = ExitStack()

    def __reduce__(self) -> tuple[object, ...]:
        return (Workers, (1,))  # a worker has no workers of its own

    @property
    def count(self) -> int:
        """How many work at once: 1 means that there is nobody but this process."""
        return self._count if self._entered else 1

    def __enter__(self) -> Self:
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What waits is dropped. After a fault the workers have a moment to end what they are at, then they are ended.

        Interrupted once more, they end at once.
        """
        self._entered = False
        with self._opened:
            if self._pool is not None:
                patience = threading.Timer(GRACE_SECONDS, self._cut)
                if kind is not None:
                    patience.start()
                self._pool.shutdown(wait=True, cancel_futures=True)
                patience.cancel()
        self._pool = None

    def submit(self, function: Callable[..., Result], *arguments: object) -> "Future[Result]":
        """Let a worker call a function of a module. See `result_of` for what comes of it."""
        with self._lock, _uninterrupted():
            if self._pool is None:
                self._pool = self._started()
            return self._pool.submit(function, *arguments)

    def _started(self) -> ProcessPoolExecutor:
        if not self._entered:
            raise RuntimeError("Workers must be entered before anything is submitted")
        inside = make_folder(self._scratch) if self._scratch else None
        scratch = self._opened.enter_context(_scratch_folder(inside))
        context = multiprocessing.get_context("spawn")
        # Only this process holds the writing end: it is closed when this process is gone, even if it was killed.
        lifeline, self._held = context.Pipe(duplex=False)
        self._opened.callback(lifeline.close)
        self._opened.callback(self._cut)
        told = (lifeline, Path(scratch), self._prepare)
        return ProcessPoolExecutor(self._count, context, initializer=_begin, initargs=told)

    def _cut(self) -> None:
        if self._held is not None:
            self._held.close()


def _scratch_folder(inside: Path | None) -> tempfile.TemporaryDirectory[str]:
    # Workers that were ended may still be about to let go of their files.
    return tempfile.TemporaryDirectory(prefix=".working-", dir=inside, ignore_cleanup_errors=True)


def result_of(future: "Future[Result]", what: str) -> Result:
    """What a worker's call gave, or raised. Raises OutsideError where the worker died; `what` says what it did."""
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise OutsideError(
            f"A process that was to {what} ended without a word: the machine may have too little memory.",
            fix="Run again with --workers 1; what is done already is kept.",
        ) from error


def _begin(lifeline: Connection, scratch: Path, prepare: Callable[[], None] | None) -> None:
    # An interrupt goes to every process of a terminal; the one that started the others decides what becomes of them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    tempfile.tempdir = str(scratch)
    if prepare is not None:
        prepare()


def _end_with(lifeline: Connection) -> None:
    """End this process when the other end is closed; nothing is ever sent."""
    try:
        lifeline.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """An interrupt waits: processes started meanwhile are born with it held back, until they ignore it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
