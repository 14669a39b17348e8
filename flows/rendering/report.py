"""One report for a person who looks at it now: as PDF bytes, or as a page for a browser."""

from transforms.reader_changes import ReaderChanges
from transforms.report_model import ReportModel


def pdf_bytes(model: ReportModel, edition_label: str, changes: ReaderChanges | None = None) -> bytes:
    """The report as a PDF file's content. Raises RenderError."""
    from flows.rendering.document import render

    return render(model, edition_label, changes).pdf


def render_html(model: ReportModel, edition_label: str, changes: ReaderChanges | None = None) -> str:
    """The report as one page for a browser that needs nothing else, for desk and phone."""
    from flows.rendering.templates import inline_figure, report_html, style

    return report_html(model, edition_label, inline_figure, style("report", "screen"), "", changes)
