"""What a person sees in the terminal: bars while it works, and tables. Bars go to stderr, and only to a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Bars:
    """A bar a stage."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task = None if bars.disable else bars.add_task("", total=None, visible=False)

    def begin(self, stage: str, steps: int) -> None:
        """A stage of so many steps begins."""
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = self._bars.add_task(stage, total=steps)

    def advance(self, steps: int = 1) -> None:
        """So many steps are done."""
        if self._task is not None:
            self._bars.advance(self._task, steps)


@contextmanager
def bars() -> Iterator[Bars]:
    """Bars while the block works; nothing where stderr is no terminal."""
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        yield Bars(progress)


def console() -> Console:
    """Where tables are printed."""
    return Console(highlight=False)
