"""One report to look at: made from the month's data without an edition, opened or served and made again on save."""

import html
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from config.errors import OutsideError, UsageError, YardstickError
from flows import PROJECT_ROOT
from flows.execution import Caller, InProcess, Progress
from flows.files import write_bytes, write_text
from flows.rendering import pdf_bytes, render_html
from flows.stages.compose import prepare, refuse_breaches
from flows.stages.judge import judge
from flows.stages.land import inputs_by_extract, land_and_check
from flows.stages.measure import measure
from flows.stages.run import MonthRun
from transforms.compose import Composition, report_id
from transforms.compose.reports import compose_report
from transforms.report_model import ReportKind, ReportModel
from transforms.scope import build_scope

PREVIEW_LABEL = "preview"
_OURSELVES = ("127.0.0.1", "localhost")
_KINDS = (ReportKind.MANAGER, ReportKind.TEAM)
_RELOAD = """<script>
let seen = null;
setInterval(async () => {
  const now = await (await fetch("/version")).text();
  if (seen !== null && now !== seen) location.reload();
  seen = now;
}, 700);
</script>"""


@dataclass(frozen=True, slots=True)
class Preview:
    """Where the report lies as a page and as a PDF."""

    html: Path
    pdf: Path


def make_preview(run: MonthRun, unit: str, progress: Progress | None = None) -> Preview:
    """Make one report. Raises UsageError for a unit the month does not have, naming the nearest."""
    model = _model(run, unit, InProcess(progress))
    folder = run.state.preview / str(run.month)
    page = write_text(folder / f"{model.report_id}.html", render_html(model, PREVIEW_LABEL))
    pdf = write_bytes(folder / f"{model.report_id}.pdf", pdf_bytes(model, PREVIEW_LABEL))
    return Preview(html=page, pdf=pdf)


def _model(run: MonthRun, unit: str, call: Caller) -> ReportModel:
    with run.state.locked():
        extracts = [(run, name) for name in run.config.extracts]
        inputs = inputs_by_extract(call.each("land and check", land_and_check, extracts))
        judged = call.one("judge", judge, run, inputs)
        months = call.one("measure", measure, run, inputs, judged.failed)
        composition, organisation = call.one("compare", prepare, run, inputs, judged, months)
    model = compose_report(composition, *find_unit(composition, unit))
    refuse_breaches([model], build_scope(organisation))
    return model


def find_unit(composition: Composition, told: str) -> tuple[ReportKind, str]:
    """The manager or team meant by manager:ID, team:ID, a report's id, a title, or the id alone."""
    known = {
        (kind, unit_id): str(composition.unit_rows[(kind.value, unit_id)]["title"])
        for unit_kind, unit_id in composition.unit_rows
        for kind in _KINDS
        if unit_kind == kind.value
    }
    named: dict[str, list[tuple[ReportKind, str]]] = {}
    for (kind, unit_id), title in known.items():
        for name in (f"{kind.value}:{unit_id}", report_id(kind.value, unit_id), unit_id, title):
            named.setdefault(name, []).append((kind, unit_id))
    matches = named.get(told, [])
    if len({unit_id for _, unit_id in matches}) > 1:
        names = ", ".join(f"{kind.value}:{unit_id}" for kind, unit_id in matches)
        raise UsageError(f"“{told}” is the title of several.", fix=f"Say which: {names}.")
    if matches:
        return matches[0]
    import difflib

    near = difflib.get_close_matches(told, named, n=1)
    fix = f"Did you mean {near[0]}?" if near else f"There are {', '.join(sorted(named)[:8])} …"
    raise UsageError(f"“{told}” is no manager or team of {composition.month}.", fix=fix)


class _Live:
    """The page as it is now, or the message of what is wrong with it; made again when a file is saved."""

    def __init__(self, make: Callable[[], Preview]) -> None:
        self._make = make
        self.version = 0
        self.page = b""
        self.pdf = b""
        self.rebuild()

    def rebuild(self) -> None:
        try:
            made = self._make()
            text = made.html.read_text("utf-8").replace("</body>", f"{_RELOAD}</body>")
            self.page, self.pdf = text.encode(), made.pdf.read_bytes()
        except YardstickError as error:
            self._tell(str(error))
        except Exception as error:  # noqa: BLE001 (a template half-edited, mended with the next save)
            self._tell(f"{type(error).__name__}: {error}")
        self.version += 1

    def _tell(self, message: str) -> None:
        text = f"<pre style='white-space:pre-wrap'>{html.escape(message)}</pre>"
        self.page = f"<!doctype html><meta charset='utf-8'><body>{text}{_RELOAD}</body>".encode()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, live: _Live, *arguments: object) -> None:
        self._live = live
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self.headers.get("Host", "").rpartition(":")[0] not in _OURSELVES:
            # A stranger's page whose name was made to point at this machine.
            self.send_error(421)
        elif self.path == "/version":
            self._answer("text/plain", str(self._live.version).encode())
        elif self.path == "/report.pdf" and self._live.pdf:
            self._answer("application/pdf", self._live.pdf)
        elif self.path == "/":
            self._answer("text/html; charset=utf-8", self._live.page)
        else:
            self.send_error(404)

    def _answer(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
        """Nothing is logged: the paths are ours and the page is personal data."""


def serve_preview(run: MonthRun, unit: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve the report on this machine alone, until interrupted; made again when config or a template is saved."""
    from watchfiles import watch

    def make() -> Preview:
        fresh = MonthRun(run.month, run.config_dir, run.state, run.pulled_at, run.threads, run.workers)
        return make_preview(fresh, unit)

    live = _Live(make)
    server = _listening(port, live)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        ready(f"http://127.0.0.1:{server.server_address[1]}/")
        for _ in watch(run.config_dir, PROJECT_ROOT / "report_templates", raise_interrupt=False):
            live.rebuild()
    finally:
        server.shutdown()
        server.server_close()


def _listening(port: int, live: _Live) -> ThreadingHTTPServer:
    try:
        return ThreadingHTTPServer((_OURSELVES[0], port), partial(_Handler, live))
    except OSError as error:
        raise OutsideError(
            f"Port {port} cannot be served on: {error.strerror}.", fix="Give another with --port, or leave it out."
        ) from error
