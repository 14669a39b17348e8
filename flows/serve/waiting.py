"""What is done while extracts of a month are late, or while another run holds the state root: waited, without a lock.

Does not belong here: how Prefect shows it (`entry_points`), and until when (`transforms.schedule`).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from config.errors import ConfigError, OutsideError, RefusedError
from flows.clock import now_utc
from flows.execution import Caller
from flows.stages.run import MonthRun

Result = TypeVar("Result")
_LOCK_SECONDS = 20.0
_LOCK_LOOKS = 12 * 180
"""Twelve hours: what takes longer does not end by itself."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the waiting needs: until when, how long between two looks, and whom to tell of it.

    `tell` is given the names of the extracts that are late (none: another run is working) and when is looked next.
    """

    until: datetime
    every: timedelta
    tell: Callable[[Sequence[str], datetime], None]
    clock: Callable[[], datetime] = now_utc
    sleep: Callable[[float], None] = time.sleep


def late_extracts(run: MonthRun) -> tuple[str, ...]:
    """Names of the extracts whose month cannot be had now. They are landed: whoever calls holds the state root."""
    with run.pool:
        return tuple(name for name in run.config.extracts if _is_late(run, name))


def _is_late(run: MonthRun, extract: str) -> bool:
    from flows.stages.land import land_and_check

    try:
        return bool(land_and_check(run, extract).failure)
    except ConfigError:
        raise
    except (OutsideError, RefusedError):
        return True


def wait_for_extracts(run: Callable[[], MonthRun], waiting: Waiting, call: Caller) -> tuple[str, ...]:
    """Look until every extract is there, or the time is over. Gives those that are late even then.

    `run` gives the month anew for each look: its configuration may have been mended meanwhile.
    """
    late: tuple[str, ...] = ()
    while waiting.clock() < waiting.until:
        late = when_free(lambda: _looked(run(), call), waiting)
        left = (waiting.until - waiting.clock()).total_seconds()
        if not late or left <= 0:
            break
        seconds = min(waiting.every.total_seconds(), left)
        waiting.tell(late, waiting.clock() + timedelta(seconds=seconds))
        waiting.sleep(seconds)
    return late


def _looked(run: MonthRun, call: Caller) -> tuple[str, ...]:
    with run.state.locked():
        return call.one("look for late extracts", late_extracts, run)


def when_free(work: Callable[[], Result], waiting: Waiting) -> Result:
    """Do work that takes the lock of the state root, as soon as no other run holds it.

    Raises RefusedError where one has held it for twelve hours, and whatever the work raises.
    """
    for _ in range(_LOCK_LOOKS):
        try:
            return work()
        except RefusedError as error:
            if not isinstance(error.__cause__, BlockingIOError):
                raise
        waiting.tell((), waiting.clock() + timedelta(seconds=_LOCK_SECONDS))
        waiting.sleep(_LOCK_SECONDS)
    return work()
