"""CPU seconds of a two-page report with 47 small charts: our renderer beside headless Chromium on the same page.

    .venv/bin/python benchmarks/rendering.py [repetitions]

Both are warm, both write tagged PDF. Chromium is measured where the machine has it; all of its processes count.
"""

import contextlib
import gc
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from flows.rendering import render_html  # noqa: E402
from flows.rendering.document import prepare, render  # noqa: E402
from tests.flows.rendering.sample_models import (  # noqa: E402
    BLOCKS,
    SAMPLES,
    about,
    glance,
    people_table,
    person,
)
from transforms.report_model import About, MetricRow, PersonRow, ReportModel  # noqa: E402

PEOPLE = 16
Row = TypeVar("Row", MetricRow, PersonRow)
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


def without_rule(row: Row) -> Row:
    """A row whose status brings no sentence for the last page."""
    return row.model_copy(update={"status": row.status.model_copy(update={"rule": ""})})


def two_pages() -> ReportModel:
    """Eight measures with two charts each but one, sixteen people with two: 47 charts."""
    whole = BLOCKS[0].rows[0]
    rows = [row if row.chart else whole.model_copy(update={"label": row.label}) for b in BLOCKS for row in b.rows]
    rows = [without_rule(row) for row in rows]
    rows[-1] = rows[-1].model_copy(update={"variance": None})
    blocks = [block.model_copy(update={"rows": tuple(rows.pop(0) for _ in block.rows)}) for block in BLOCKS]
    people = [
        without_rule(
            person(f"Associate {n + 1}", "Field sales", 70 + 4 * n, "ahead" if n % 7 == 0 else "as expected", seed=n)
        )
        for n in range(PEOPLE)
    ]
    short = About(definitions=(), reconciliation=(), notes=about().notes)
    return SAMPLES["manager-of-eight"]().model_copy(update={
        "glance": glance(blocks), "people": (people_table(people, ()),), "conversations": (), "changing": (),
        "ahead": (), "about": short,
    })  # fmt: skip


def seconds(work: Callable[[], object], repetitions: int, clock: Callable[[], float]) -> list[float]:
    """CPU seconds of each repetition, the first two left out: they warm up."""
    taken = []
    for _ in range(repetitions + 2):
        start = clock()
        work()
        taken.append(clock() - start)
    return taken[2:]


class Chromium:
    """A headless Chromium spoken to by its debugging pipe."""

    def __init__(self, program: str, folder: Path) -> None:
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        self._count, self._buffer = 0, b""
        options = [
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank",
        ]  # fmt: skip
        wiring = f'exec 3<&{to_read} 4>&{to_write}; exec "$@"'
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", wiring, "bash", program, *options],
            pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def ask(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """One command and its answer; events between are passed over."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        os.write(self._write, json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._count:
                if "error" in answer:
                    raise RuntimeError(str(answer["error"]))
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            self._buffer += os.read(self._read, 1 << 20)
        message, _, self._buffer = self._buffer.partition(b"\0")
        decoded: dict[str, Any] = json.loads(message)
        return decoded

    def cpu_seconds(self) -> float:
        """User and system seconds of all its living processes."""
        whole = 0.0
        for process in [found := psutil.Process(self.process.pid), *found.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                whole += sum(process.cpu_times()[:2])
        return whole


def chromium_seconds(program: str, html: str, repetitions: int) -> list[float]:
    """CPU seconds per printed page set."""
    with tempfile.TemporaryDirectory() as folder:
        browser = Chromium(program, Path(folder) / "profile")
        page = Path(folder) / "page.html"
        page.write_text(html, encoding="utf-8")
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

        def once() -> None:
            browser.ask("Page.navigate", session, url=page.as_uri())
            ready = "new Promise(done => document.readyState == 'complete' ? done() : addEventListener('load', done))"
            browser.ask("Runtime.evaluate", session, expression=ready, awaitPromise=True)
            browser.ask("Page.printToPDF", session, generateTaggedPDF=True, preferCSSPageSize=True)

        taken = seconds(once, repetitions, browser.cpu_seconds)
        browser.ask("Browser.close")
        browser.process.wait(timeout=20)
    return taken


def main() -> None:
    """Print both, median and least."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    model = two_pages()
    prepare()
    document = render(model, "Edition 1")
    gc.collect()
    gc.freeze()
    ours = seconds(lambda: render(model, "Edition 1"), repetitions, time.process_time)
    html = render_html(model, "Edition 1")
    charts = html.count("<img")
    print(f"{document.pages} pages, {charts} charts, {len(document.pdf):,} bytes")
    print(f"WeasyPrint   median {statistics.median(ours):.3f} s, least {min(ours):.3f} s CPU")
    program = next((path for path in CHROMIUM if shutil.which(path)), None)
    if program is None:
        print("Chromium     not on this machine")
        return
    theirs = chromium_seconds(program, html, repetitions)
    print(f"Chromium     median {statistics.median(theirs):.3f} s, least {min(theirs):.3f} s CPU")


if __name__ == "__main__":
    main()
