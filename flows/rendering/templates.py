"""Report models into HTML: the one Jinja environment, and how charts get onto the page.

Does not belong here: anything about PDF, and any formatting (the model's texts are finished).
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from transforms.index_model import ChecksModel, IndexModel
from transforms.reader_changes import ReaderChanges
from transforms.report_model import ReportModel

CHART = "chart:"
"""Scheme of a chart's address inside a report."""

CHECKS_PAGE = "../checks.html"
"""The checks page of an edition, from its folder of reports: relative, so that a copied edition keeps its links."""

TEMPLATES = Path(__file__).resolve().parents[2] / "report_templates"

Figure = Callable[[str, str, str], Markup]
"""From a chart's SVG, its alternative text and its class to the element that shows it."""


@cache
def environment() -> Environment:
    """Everything is escaped; a name the model does not have is an error, never an empty string."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def template(name: str) -> Template:
    """A template, compiled once a process."""
    return environment().get_template(name)


@cache
def style(*names: str) -> str:
    """Style sheets of the template folder, one after the other."""
    return "\n".join((TEMPLATES / "style" / f"{name}.css").read_text(encoding="utf-8") for name in names)


def _element(source: str, alt: str, kind: str) -> Markup:
    return Markup('<img class="{}" src="{}" alt="{}"/>').format(kind, source, alt)


def linked_figures(charts: dict[str, bytes]) -> Figure:
    """Charts by address: each is put into `charts` under `chart:<hash>`, equal ones once."""

    def figure(svg: str, alt: str, kind: str) -> Markup:
        drawn = svg.encode()
        address = CHART + hashlib.sha256(drawn).hexdigest()[:24]
        charts[address] = drawn
        return _element(address, alt, kind)

    return figure


def inline_figure(svg: str, alt: str, kind: str) -> Markup:
    """Charts inside the page, for a file that stands alone."""
    return _element("data:image/svg+xml," + quote(svg, safe=" =:/;,()-.'"), alt, kind)


def report_html(
    model: ReportModel,
    edition_label: str,
    figure: Figure,
    stylesheet: str,
    checks_page: str = CHECKS_PAGE,
    changes: ReaderChanges | None = None,
) -> str:
    """The page of a report. With a `stylesheet` it stands alone; without, the caller brings the style.

    `checks_page` is the address that its last section leads to; empty where there is none beside it. `changes` since
    the reader's copy stand first of all.
    """
    return template("report.html.j2").render(
        model=model,
        edition_label=edition_label,
        checks_page=checks_page,
        figure=figure,
        changes=changes,
        stylesheet=Markup(stylesheet),  # noqa: S704 - our file
    )


def page_html(name: str, page: IndexModel | ChecksModel) -> str:
    """A page of the edition, which stands alone."""
    script = (TEMPLATES / "style" / "search.js").read_text(encoding="utf-8")
    return template(name).render(
        page=page,
        stylesheet=Markup(style("pages")),  # noqa: S704 - our files
        script=Markup(script),  # noqa: S704 - our files
    )
