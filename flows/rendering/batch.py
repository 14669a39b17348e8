"""Many reports at once, in worker processes of their own. One broken report, or a worker that dies, stops nothing.

Workers are spawned, never forked: a forked Pango crashes. Does not belong here: how a report is made (`document`).
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool

from flows.rendering import worker
from flows.rendering.system_libraries import missing_libraries
from flows.rendering.worker import Rendered, RenderJob
from flows.workers import Workers, cores

IN_PROCESS = 2
"""So few reports are made here: starting workers would take longer."""
CHUNK = 8
_ENDED = "The worker that rendered it ended without a word, twice."

LOGGER = logging.getLogger(__name__)
Progress = Callable[[int], None]


def render_reports(
    jobs: Sequence[RenderJob], workers: int | None = None, progress: Progress | None = None
) -> list[Rendered]:
    """Make the PDF of each job, in the order given. A report that failed is told by its `error`.

    `workers` defaults to the cores this process may use. `progress` is called with the number done so far.
    Libraries that are missing on this machine are logged as warnings once a call.
    """
    for line in missing_libraries():
        LOGGER.warning(line)
    count = min(workers or cores(), len(jobs))
    done: dict[int, Rendered] = {}
    tell = _Teller(progress)
    if len(jobs) <= IN_PROCESS or count <= 1:
        for place, job in enumerate(jobs):
            done[place] = worker.render_job(job)
            tell.more(1)
        return [done[place] for place in range(len(jobs))]
    _run(_chunked(range(len(jobs)), _chunk_size(len(jobs), count)), jobs, count, done, tell)
    _retry(jobs, done, tell)
    return [done[place] for place in range(len(jobs))]


class _Teller:
    """Counts what is done and passes it on."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress, self._count = progress, 0

    def more(self, number: int) -> None:
        self._count += number
        if self._progress:
            self._progress(self._count)


def _chunk_size(jobs: int, workers: int) -> int:
    """Small enough that all workers end at about the same time."""
    return max(1, min(CHUNK, jobs // (workers * 2)))


def _chunked(places: Sequence[int], size: int) -> list[tuple[int, ...]]:
    return [tuple(places[start : start + size]) for start in range(0, len(places), size)]


def _run(
    chunks: list[tuple[int, ...]], jobs: Sequence[RenderJob], workers: int, done: dict[int, Rendered], tell: _Teller
) -> None:
    """Render chunks in one pool; what a dying worker takes along is left undone."""
    with Workers(workers, prepare=worker.start) as pool:
        futures: dict[Future[list[Rendered]], tuple[int, ...]] = {}
        try:
            for chunk in chunks:
                futures[pool.submit(worker.render_chunk, tuple(jobs[place] for place in chunk))] = chunk
        except BrokenProcessPool:
            pass
        for future in as_completed(futures):
            if isinstance(future.exception(), BrokenProcessPool):
                continue
            done.update(zip(futures[future], future.result(), strict=True))
            tell.more(len(futures[future]))


def _retry(jobs: Sequence[RenderJob], done: dict[int, Rendered], tell: _Teller) -> None:
    """What was lost with a worker, once more: one worker takes them in order, so that the first one missing after a
    second death is the one that kills."""
    while missing := [place for place in range(len(jobs)) if place not in done]:
        _run([(place,) for place in missing], jobs, 1, done, tell)
        if still := [place for place in missing if place not in done]:
            job = jobs[still[0]]
            done[still[0]] = Rendered(
                job.pdf_path, "", 0, error=f"The report of {job.model_path.name} could not be rendered: {_ENDED}"
            )
            tell.more(1)
