"""One report model into one PDF file's bytes, with WeasyPrint: what is parsed once a process, and what once a report.

The same model and edition label give the same bytes in every process. Does not belong here: files and workers.
"""

import atexit
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
from flows.rendering.templates import CHECKS_PAGE, linked_figures, report_html, style
from transforms.reader_changes import ReaderChanges
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
class Prepared:
    """Font configuration and style sheets, shared by all reports of a process."""

    fonts: Any
    defaults: Any
    sheets: dict[str, Any]
    """By paper."""
    relaxed: Any
    """Lets pages break anywhere."""


@cache
def prepare() -> Prepared:
    """Parse style sheets and load fonts, once a process."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    atexit.register(prepare.cache_clear)  # lets go of the fonts, which removes their temporary folder
    fetcher = OwnFetcher({})
    sheets = {
        paper: CSS(
            string=f"@page {{ size: {paper} }}\n" + style("report", "print"), url_fetcher=fetcher, font_config=fonts
        )
        for paper in PAGE_HEIGHT
    }
    return Prepared(fonts, CSS(string=style("defaults")), sheets, CSS(string=style("relaxed")))


def render(model: ReportModel, edition_label: str, changes: ReaderChanges | None = None) -> Document:
    """The report as a tagged PDF, opening with what changed since its reader's copy, where there is one.

    Raises RenderError naming the report.
    """
    from weasyprint.urls import FatalURLFetchingError

    from flows.rendering.page import pdf_objects
    from flows.rendering.structure import complete_structure
    from flows.rendering.writer import written_pdf

    charts: dict[str, bytes] = {}
    html = report_html(model, edition_label, linked_figures(charts), "", CHECKS_PAGE, changes)
    try:
        with _listening() as warnings, _clock_stopped():
            laid_out = _laid_out(html, charts, model.paper, warnings)
            pdf = pdf_objects(laid_out)
            complete_structure(pdf, PAGE_HEIGHT[model.paper])
    except FatalURLFetchingError as error:
        raise RenderError(f"The report {model.report_id} asks for something outside itself: {error}") from error
    return Document(written_pdf(pdf), len(laid_out.pages), tuple(warnings))


def _laid_out(html: str, charts: dict[str, bytes], paper: str, warnings: list[str]) -> Any:
    """The pages. WeasyPrint fails on some piles of parts that must stay together: then they may be parted."""
    from flows.rendering.page import OwnPage

    prepared = prepare()
    drawings = {address: drawing for address, svg in charts.items() if (drawing := compile_svg(svg))}
    sheets = [prepared.sheets[paper]]
    try:
        return OwnPage(html, prepared.defaults, OwnFetcher(charts)).laid_out(prepared.fonts, sheets, drawings)
    except (AssertionError, AttributeError, IndexError, TypeError) as error:
        warnings.append(f"Parts that belong together may stand on two pages (WeasyPrint: {error!r}).")
    sheets.append(prepared.relaxed)
    return OwnPage(html, prepared.defaults, OwnFetcher(charts)).laid_out(prepared.fonts, sheets, drawings)
