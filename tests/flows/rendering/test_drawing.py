"""Charts drawn as PDF operators look as WeasyPrint draws the same SVG."""

import pytest

from flows.rendering.document import prepare
from flows.rendering.drawing import compile_svg
from flows.rendering.fetcher import OwnFetcher
from flows.rendering.page import OwnPage, pdf_objects
from flows.rendering.templates import linked_figures, report_html
from flows.rendering.writer import written_pdf
from tests.flows.rendering.sample_models import SAMPLES

PAGE = '<html lang="en"><head><title>x</title></head><body><p><img src="chart:one" alt="x"/></p></body></html>'


def picture(svg: bytes, *, compiled: bool) -> bytes:
    """The page with one chart, as grey pixels."""
    import pypdfium2

    prepared = prepare()
    drawing = compile_svg(svg)
    assert drawing
    page = OwnPage(PAGE, prepared.defaults, OwnFetcher({"chart:one": svg}))
    document = page.laid_out(prepared.fonts, [prepared.sheets["A4"]], {"chart:one": drawing} if compiled else {})
    with pypdfium2.PdfDocument(written_pdf(pdf_objects(document))) as pdf:
        return bytes(pdf[0].render(scale=1.0, grayscale=True).buffer)


def one_of_each_kind() -> dict[str, bytes]:
    charts: dict[str, bytes] = {}
    found: dict[str, bytes] = {}
    figure = linked_figures(charts)

    def noted(svg: str, alt: str, kind: str) -> object:
        sense = "worse" if "#b3470a" in svg else "better" if "#0b5fa5" in svg else "none"
        found.setdefault(f"{kind}-{sense}", svg.encode())
        return figure(svg, alt, kind)

    for make in SAMPLES.values():
        report_html(make(), "Edition 1", noted, "")  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("kind", sorted(one_of_each_kind()))
def test_a_compiled_chart_looks_as_its_svg(kind: str) -> None:
    svg = one_of_each_kind()[kind]
    ours, theirs = picture(svg, compiled=True), picture(svg, compiled=False)
    assert min(theirs) < 200, "the chart must be on the page"
    worst = max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
    assert worst <= 16, f"a pixel differs by {worst} of 255"


def test_every_chart_of_the_reports_is_compiled() -> None:
    charts: dict[str, bytes] = {}
    for make in SAMPLES.values():
        report_html(make(), "Edition 1", linked_figures(charts), "")
    assert charts
    assert [svg for svg in charts.values() if compile_svg(svg) is None] == []


@pytest.mark.parametrize(
    "body",
    ['<circle r="3"/>', '<path d="M0 0C1 1 2 2 3 3" stroke="#000000"/>', '<path d="M0 0L1 1" opacity="0.5"/>',
     '<path d="M0 0L1 1" stroke="red"/>', '<g transform="rotate(3)"></g>'],
)  # fmt: skip
def test_what_is_not_known_is_left_to_weasyprint(body: str) -> None:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{body}</svg>'
    assert compile_svg(svg.encode()) is None
