"""Checking the landings of an extract, in the order they come: by workers where many were never checked before.

Workers check while this process pulls the next months. Does not belong here: how a landing is checked (`flows.checks`).
"""

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from functools import lru_cache
from pathlib import Path
from typing import Final

import pandas as pd

from config.errors import RefusedError
from config.models import Config
from flows.checks import CheckSession, load_rates
from flows.stages.run import MonthRun
from flows.workers import result_of
from transforms.stages import Checked, Landing

MANY: Final = 12
"""From so many landings on, starting processes is worth it."""
CHUNK: Final = 3

Result = Checked | RefusedError


class Checking:
    """Landings on their way through a session, and what came of each."""

    def __init__(self, run: MonthRun, session: CheckSession) -> None:
        self._run, self._session = run, session
        self._places: list[Landing | Checked] = []
        self._waiting: list[Landing] = []
        self._sent: list[Future[list[Result]]] = []

    def add(self, landing: Landing) -> None:
        """The next landing. Workers begin with it where there are many."""
        known = self._session.known(landing)
        self._places.append(known or landing)
        if known is None:
            self._waiting.append(landing)
        if self._run.pool.count > 1 and len(self._waiting) >= (CHUNK if self._sent else MANY):
            self._send()

    def results(self) -> Iterator[Result]:
        """What came of each landing, in order. Raises what a check raises, but for refusals, which are returned."""
        if self._sent:
            self._send()
        made = self._made()
        for known_or_landing in self._places:
            yield known_or_landing if isinstance(known_or_landing, Checked) else next(made)

    def _made(self) -> Iterator[Result]:
        for future in self._sent:
            yield from result_of(future, "check")
        yield from check_each(self._session, self._waiting)

    def _send(self) -> None:
        for start in range(0, len(self._waiting), CHUNK):
            chunk = tuple(self._waiting[start : start + CHUNK])
            self._sent.append(self._run.pool.submit(_in_worker, self._run, self._run.pool.count, chunk))
        self._waiting = []


def check_each(session: CheckSession, landings: Sequence[Landing]) -> Iterator[Result]:
    """What comes of each landing; a refusal of one is no reason not to check the next."""
    for landing in landings:
        try:
            yield session.check(landing)
        except RefusedError as error:
            yield error


def _in_worker(run: MonthRun, processes: int, landings: tuple[Landing, ...]) -> list[Result]:
    return list(check_each(_session_of(run, processes), landings))


@lru_cache(maxsize=1)
def _session_of(run: MonthRun, processes: int) -> CheckSession:
    """The session of a worker: its files lie in the workers' own folder, so that it need not be closed."""
    return CheckSession(run.config, run.state.checked, rates_of(run.config), 1, processes, Path(tempfile.gettempdir()))


def rates_of(config: Config) -> pd.DataFrame | None:
    """The company's exchange rates, where it names any."""
    told = config.company.exchange_rates
    return load_rates(config.directory / told) if told else None
