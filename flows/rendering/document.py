"""One report model into one PDF file's bytes, with WeasyPrint: what is parsed once a process, and what once a report.

The same model and edition label give the same bytes in every process. Does not belong here: files and workers.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from flows.rendering.drawing import compile_svg
from flows.rendering.errors import RenderError
from flows.rendering.fetcher import OwnFetcher
from flows.rendering.templates import linked_figures, report_html, style
from transforms.report_model import ReportModel

PAGE_HEIGHT = {"A4": 297 / 25.4 * 72, "Letter": 11.0 * 72}
"""In points."""
_EPOCH = "SOURCE_DATE_EPOCH"


@dataclass(frozen=True, slots=True)
class Document:
    """A finished PDF. `warnings` is what the renderer complained of: none in a report as it should be."""

    pdf: bytes
    pages: int
    warnings: tuple[str, ...]


class _Listener(logging.Handler):
    """Keeps what WeasyPrint says while one report is rendered."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def _listening() -> Iterator[list[str]]:
    listener, logger = _Listener(), logging.getLogger("weasyprint")
    logger.addHandler(listener)
    propagate, logger.propagate = logger.propagate, False
    try:
        yield listener.lines
    finally:
        logger.removeHandler(listener)
        logger.propagate = propagate


@contextmanager
def _clock_stopped() -> Iterator[None]:
    """Fonts with coloured glyphs are saved anew by fontTools, which writes the time into them unless told one."""
    before = os.environ.get(_EPOCH)
    os.environ[_EPOCH] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_EPOCH]
        else:
            os.environ[_EPOCH] = before


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Font configuration and style sheets by paper, shared by all reports of a process."""

    fonts: Any
    defaults: Any
    sheets: dict[str, Any]


@cache
def prepare() -> _Prepared:
    """Parse style sheets and load fonts, once a process."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    fetcher = OwnFetcher({})
    sheets = {
        paper: CSS(
            string=f"@page {{ size: {paper} }}\n" + style("report", "print"), url_fetcher=fetcher, font_config=fonts
        )
        for paper in ("A4", "Letter")
    }
    return _Prepared(fonts, CSS(string=style("defaults")), sheets)


def render(model: ReportModel, edition_label: str) -> Document:
    """The report as a tagged PDF. Raises RenderError naming the report."""
    from weasyprint.urls import FatalURLFetchingError

    from flows.rendering.page import OwnPage, pdf_objects
    from flows.rendering.structure import complete_structure
    from flows.rendering.writer import written_pdf

    prepared = prepare()
    charts: dict[str, bytes] = {}
    html = report_html(model, edition_label, linked_figures(charts), "")
    drawings = {address: drawing for address, svg in charts.items() if (drawing := compile_svg(svg))}
    try:
        with _listening() as warnings, _clock_stopped():
            page = OwnPage(html, prepared.defaults, OwnFetcher(charts))
            document = page.laid_out(prepared.fonts, prepared.sheets[model.paper], drawings)
            pdf = pdf_objects(document)
            complete_structure(pdf, PAGE_HEIGHT[model.paper])
    except FatalURLFetchingError as error:
        raise RenderError(f"The report {model.report_id} asks for something outside itself: {error}") from error
    return Document(written_pdf(pdf), len(document.pages), tuple(warnings))
