"""What the skin around the stages costs: `python -m benchmarks.execution [stages]`.

Calls stages that do nothing, in this process, or as a Prefect flow where PREFECT_API_URL names a server that answers.
Prints seconds; asserts nothing.
"""

import sys
import tempfile
import time
from pathlib import Path

from flows.execution import Caller, configured_server, execute


def nothing() -> None:
    """A stage that is over at once: what is measured is the calling."""


def month(call: Caller, stages: int) -> None:
    """As many calls as a month of a large company has."""
    for number in range(stages):
        call.one(f"stage {number}", nothing)


def main() -> None:
    stages = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        execute("benchmark", "2026-10", lambda call: month(call, stages), neutral_folder=Path(folder))
        seconds = time.perf_counter() - started
    print(f"{stages} stages, {configured_server() or 'in this process'}: {seconds:.3f} s")


if __name__ == "__main__":
    main()
