"""A Python module run as a program that ends when the process that started it does, however that ended.

`python -m flows.serve.kept MODULE ARGUMENTS…`, with a pipe of the starter's as its stdin. Does not belong here: what
the module is.
"""

import os
import runpy
import signal
import sys
import threading


def main() -> None:
    """Run the module named first with the arguments after it."""
    threading.Thread(target=_end_with_starter, name="ends with its starter", daemon=True).start()
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_starter() -> None:
    # The other end is never written to: it is closed by whoever holds it, or by its death.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
