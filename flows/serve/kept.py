"""Processes that end with the one that started them, however that ended.

`python -m flows.serve.kept MODULE ARGUMENTS…` runs a Python module so, with a pipe of the starter's as its stdin; a run
that Prefect starts asks for it by itself (`end_with`). Does not belong here: what they do.
"""

import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable

_LOOK_SECONDS = 0.5
_GRACE_SECONDS = 5.0


def main() -> None:
    """Run the module named first with the arguments after it."""
    _watch(_wait_for_pipe)
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def end_with(starter: int) -> None:
    """End this process when the one that started it has, by its number. Nothing where another started it."""
    if os.getppid() == starter:
        _watch(lambda: _wait_for_other_parent(starter))


def _watch(wait: Callable[[], None]) -> None:
    def end() -> None:
        wait()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=end, name="ends with its starter", daemon=True).start()


def _wait_for_pipe() -> None:
    # The other end is never written to: it is closed by whoever holds it, or by its death.
    while os.read(0, 1):
        pass


def _wait_for_other_parent(starter: int) -> None:
    while os.getppid() == starter:
        time.sleep(_LOOK_SECONDS)


if __name__ == "__main__":
    main()
