"""A process that works on a ledger: `at_work URL STATE ORDER NAME`. It says ready, waits for a line, and begins."""

import sys
import threading
from pathlib import Path

from flows.state.ledger import DeliveryState, Ledger
from flows.state.paths import StateRoot
from tests.flows.state.ledger.lines import MONTH, NOW


def main() -> None:
    url, root, order, name = sys.argv[1:]
    say("ready")
    sys.stdin.readline()
    with Ledger.open(None if url == "-" else url, StateRoot(Path(root))) as ledger:
        match order:
            case "open":
                say(ledger.add_edition(MONTH, 1, NOW, name, "run"))
            case "run":
                say(ledger.begin_run("run", MONTH, NOW))
                threading.Event().wait()
            case "keep":
                ledger.begin_sender(name, NOW)
                (line,) = ledger.claim(name, NOW)
                say(line.key.report_id)
                threading.Event().wait()
            case "send":
                send(ledger, name)


def send(ledger: Ledger, name: str) -> None:
    ledger.begin_sender(name, NOW)
    while lines := ledger.claim(name, NOW, limit=3):
        for line in lines:
            ledger.settle(line.key, name, DeliveryState.SENT, "", NOW)
            say(line.key.report_id)
    ledger.end_sender(name, NOW)


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
