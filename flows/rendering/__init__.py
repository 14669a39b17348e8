"""Report models into PDF and HTML, the edition's pages, and finished PDFs read again.

Heavy libraries are loaded where they are used, so importing this is quick. Does not belong here: what a report says
(`transforms.compose`), where its files lie (`flows.state`) and to whom it goes (`flows.delivery`).
"""

from flows.rendering.batch import render_reports
from flows.rendering.errors import RenderError
from flows.rendering.mails import render_mail
from flows.rendering.pages import render_checks, render_index
from flows.rendering.read_back import TermIndex, find_terms, read_back
from flows.rendering.report import pdf_bytes, render_html
from flows.rendering.system_libraries import missing_libraries
from flows.rendering.worker import Rendered, RenderJob

__all__ = [
    "RenderError", "RenderJob", "Rendered", "TermIndex", "find_terms", "missing_libraries", "pdf_bytes", "read_back",
    "render_checks", "render_html", "render_index", "render_mail", "render_reports",
]  # fmt: skip
