"""A report's page as WeasyPrint takes it, the quick way: parsed as XML by the C parser, with a small sheet of defaults.

Our templates write well-formed markup and use few elements, so neither the HTML parser's forgiveness nor the
browser's whole default sheet is needed; both cost more than laying out a table.
"""

import re
from xml.etree import ElementTree as ET

import cssselect2
import pydyf
from weasyprint import CSS, DEFAULT_OPTIONS, HTML
from weasyprint.document import Document
from weasyprint.pdf import generate_pdf
from weasyprint.text.fonts import FontConfiguration

from flows.rendering.drawing import Drawing
from flows.rendering.fetcher import OwnFetcher
from flows.rendering.rules import draw_row_rules

VARIANT = "pdf/ua-1"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class OwnPage(HTML):  # type: ignore[misc] # weasyprint is untyped
    """An HTML document from our templates. Raises ET.ParseError where a template is not well formed."""

    def __init__(self, markup: str, defaults: CSS, fetcher: OwnFetcher) -> None:
        self.base_url = None
        self.url_fetcher = fetcher
        self.media_type = "print"
        # The template's own output, everything escaped; a control character in a name would not be XML.
        root = ET.fromstring(_NOT_XML.sub("\ufffd", markup))  # noqa: S314
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element
        self._defaults = defaults

    def laid_out(self, fonts: FontConfiguration, sheets: list[CSS], drawings: dict[str, Drawing]) -> Document:
        """Its pages. `drawings` are the charts by address; others are asked of the fetcher."""
        document = self.render(font_config=fonts, stylesheets=sheets, pdf_variant=VARIANT, cache=drawings)
        for page in document.pages:
            draw_row_rules(page)
        return document

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:  # noqa: ARG002
        return [self._defaults]


def pdf_objects(document: Document) -> pydyf.PDF:
    """The objects of the tagged PDF, not yet written."""
    options = {**DEFAULT_OPTIONS, "pdf_variant": VARIANT, "pdf_version": "1.7", "pdf_tags": True}
    return generate_pdf(document, None, 1, **options)
