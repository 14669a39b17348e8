"""A report's PDF: the same bytes everywhere, complete, accessible, and made of nothing from outside."""

import ctypes
import hashlib
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdfium2 import raw

from flows.rendering import RenderError, pdf_bytes, read_back, render_html
from flows.rendering.document import Document
from flows.rendering.templates import TEMPLATES, linked_figures, report_html, template
from tests.flows.rendering.sample_models import SAMPLES, UGLY_NAMES, glance, manager_of_eight, team, ugly
from transforms.report_model import ReportModel, SignalIcon

ROOT = Path(__file__).resolve().parents[3]
CHART_KINDS = ("series", "variance", "bullet", "spark", "icon", "steps")


@pytest.mark.parametrize("name", SAMPLES)
def test_weasyprint_has_nothing_to_complain_of(documents: Mapping[str, Document], name: str) -> None:
    assert documents[name].warnings == ()


@pytest.mark.parametrize("name", SAMPLES)
def test_rendering_twice_gives_the_same_bytes(documents: Mapping[str, Document], name: str) -> None:
    assert pdf_bytes(SAMPLES[name](), "Edition 1") == documents[name].pdf


ELSEWHERE = """
import hashlib, sys
from pathlib import Path
from flows.rendering import pdf_bytes
from transforms.report_model import ReportModel, SignalIcon
model = ReportModel.model_validate_json(Path(sys.argv[1]).read_bytes())
print(hashlib.sha256(pdf_bytes(model, "Edition 1")).hexdigest())
"""


@pytest.mark.slow  # Starts Python anew, in another folder and time zone, under another hash seed.
def test_another_process_elsewhere_gives_the_same_bytes(documents: Mapping[str, Document], tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("raise SystemExit('a foreign config was imported')\n")
    (tmp_path / "model.json").write_bytes(manager_of_eight().canonical_json())
    shown = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, "model.json"], cwd=tmp_path, check=True, capture_output=True, text=True,
        env={"PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin"},
    )  # fmt: skip
    assert shown.stdout.strip() == hashlib.sha256(documents["manager-of-eight"].pdf).hexdigest()


def test_the_edition_on_the_page_follows_the_label(documents: Mapping[str, Document], tmp_path: Path) -> None:
    second = tmp_path / "second.pdf"
    second.write_bytes(pdf_bytes(team(), "Edition 2"))
    assert "Edition 2" in read_back(second)
    assert second.read_bytes() != documents["team"].pdf


# -- what a reader finds ---------------------------------------------------------------------------------------


def test_a_manager_of_eight_reads_four_pages(documents: Mapping[str, Document]) -> None:
    """With three shifts, a waterfall and an action repeated: the month on the first, the people on the second."""
    assert documents["manager-of-eight"].pages == 4


def pages_of(path: Path) -> Iterator[tuple[Any, Any]]:
    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            yield page, page.get_textpage()


@pytest.mark.parametrize(("name", "size"), [("team", (595.28, 841.89)), ("ugly", (612, 792))], ids=["A4", "Letter"])
def test_paper_is_the_models(pdf_files: Mapping[str, Path], name: str, size: tuple[float, float]) -> None:
    assert {tuple(round(side, 1) for side in page.get_size()) for page, _ in pages_of(pdf_files[name])} == {
        tuple(round(side, 1) for side in size)
    }


@pytest.mark.parametrize("name", SAMPLES)
def test_each_page_says_whose_month_edition_and_page_it_is(pdf_files: Mapping[str, Path], name: str) -> None:
    texts = [" ".join(text.get_text_bounded().split()) for _, text in pages_of(pdf_files[name])]
    for number, text in enumerate(texts, start=1):
        assert f"page {number} of {len(texts)}" in text
        assert "October 2026 · Edition 1" in text


@pytest.mark.parametrize("name", SAMPLES)
def test_no_letter_lies_outside_the_margins(pdf_files: Mapping[str, Path], name: str) -> None:
    margin = 12 / 25.4 * 72
    for page, text in pages_of(pdf_files[name]):
        width, height = page.get_size()
        for place in range(text.count_chars()):
            left, bottom, right, top = text.get_charbox(place)
            if right > left:
                assert margin < left, (name, text.get_text_range(place, 1))
                assert right < width - margin, (name, text.get_text_range(place, 12))
                assert bottom > 0, name
                assert top < height, name


def test_a_table_over_pages_repeats_its_headings(pdf_files: Mapping[str, Path]) -> None:
    texts = [" ".join(text.get_text_bounded().split()) for _, text in pages_of(pdf_files["ugly"])]
    with_people = [text for text in texts if re.search(r"Field · Team \d", text)]
    assert len(with_people) > 1
    assert all("Against expectation" in text for text in with_people)


def test_no_heading_is_left_alone_at_a_pages_foot(pdf_files: Mapping[str, Path]) -> None:
    headings = {"Your people: revenue", "Conversations this month", "What is changing", "Expectations ahead",
                "About these numbers", "RESULTS", "ACTIONS", "BELIEFS", "EXPERIENCES"}  # fmt: skip
    for path in pdf_files.values():
        for _, text in pages_of(path):
            lines = [line.strip() for line in text.get_text_bounded().splitlines() if line.strip()]
            body = [line for line in lines if "Edition 1" not in line and not line.startswith("page ")]
            assert body[-1] not in headings


def test_a_teams_report_never_shows_people_even_where_a_model_has_them(tmp_path: Path) -> None:
    whole = manager_of_eight()
    model = team().model_copy(update={"people": whole.people, "conversations": whole.conversations})
    path = tmp_path / "team.pdf"
    path.write_bytes(pdf_bytes(model, "Edition 1"))
    assert "Associate" not in read_back(path)


def links_of(path: Path) -> list[str]:
    """Addresses of all link annotations of a PDF."""
    addresses = []
    place, link = ctypes.c_int(0), raw.FPDF_LINK()
    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            place.value = 0
            while raw.FPDFLink_Enumerate(page.raw, place, link):
                action = raw.FPDFLink_GetAction(link)
                address = ctypes.create_string_buffer(raw.FPDFAction_GetURIPath(document.raw, action, None, 0))
                raw.FPDFAction_GetURIPath(document.raw, action, address, len(address))
                addresses.append(address.value.decode())
    return addresses


@pytest.mark.parametrize("name", SAMPLES)
def test_the_last_section_leads_to_the_checks_of_its_edition_wherever_that_lies(
    pdf_files: Mapping[str, Path], name: str
) -> None:
    """The address in the file is relative: no path of the machine that made it."""
    assert links_of(pdf_files[name]) == [
        f"../checks.html#{line.anchor}" for line in SAMPLES[name]().about.checked
    ] == ["../checks.html#extract-sales", "../checks.html#extract-service"]  # fmt: skip
    assert "sales: 2 findings, none critical; 6 rows set aside · service: 1 finding, not critical." in " ".join(
        read_back(pdf_files[name]).split()
    )


def test_a_page_that_lies_beside_no_checks_leads_nowhere() -> None:
    markup = render_html(manager_of_eight(), "preview")
    assert "sales: 2 findings, none critical" in markup
    assert "<a " not in markup


# -- accessibility ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_title_language_and_bookmarks_are_there(pdf_files: Mapping[str, Path], name: str) -> None:
    model = SAMPLES[name]()
    with pypdfium2.PdfDocument(pdf_files[name]) as document:
        assert document.get_metadata_dict()["Title"].startswith(model.title)
        assert document.get_metadata_dict()["Author"] == model.company
        assert not document.get_metadata_dict()["CreationDate"]
        marks = [(mark.level, mark.get_title()) for mark in document.get_toc()]
        assert document.is_tagged()
    assert marks[0] == (0, model.title)
    assert (1, "About these numbers") in marks


@pytest.mark.parametrize("name", SAMPLES)
def test_every_chart_is_told_in_words(pdf_files: Mapping[str, Path], name: str) -> None:
    text, model = read_back(pdf_files[name]), SAMPLES[name]()
    rows = [row for block in model.glance.blocks for row in block.rows]
    people = [row for table in model.people for row in (*table.rows, *table.new_rows)]
    alts = [chart.alt for row in rows for chart in (row.variance, row.chart) if chart]
    alts += [chart.alt for row in people for chart in (row.bullet, row.spark) if chart]
    alts += [shift.chart.alt for shift in model.shifts if shift.chart]
    alts += [bar.alt for table in model.changing for bar in table.bars if bar]
    assert alts
    assert [alt for alt in alts if alt not in text] == []


def test_headings_of_tables_say_which_way_they_reach(documents: Mapping[str, Document]) -> None:
    tree = structure(documents["manager-of-eight"].pdf)
    headings = len(re.findall(rb"/S /TH\b", tree))
    assert headings
    assert headings == tree.count(b"/Scope /Column") + tree.count(b"/Scope /Row")


def test_a_link_is_tagged_with_its_words_and_its_place(documents: Mapping[str, Document]) -> None:
    """ISO 14289-1, 7.18.5: a Link element holds the text and the annotation, which has a description."""
    objects = structure(documents["manager-of-eight"].pdf)
    annotations = re.findall(rb"<</Type /Annot/Subtype /Link.*?/StructParent \d+>>", objects)
    assert len(annotations) == objects.count(b"/S /Link") == objects.count(b"/Type /OBJR") == 2
    assert all(b"/Contents (../checks.html#extract-" in annotation for annotation in annotations)


def structure(pdf: bytes) -> bytes:
    """The unpacked object streams of one of our PDFs."""
    streams = re.findall(rb"/Type /ObjStm.*?\nstream\n(.*?)\nendstream", pdf, re.DOTALL)
    return b"".join(zlib.decompress(stream) for stream in streams)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("sheet", ["report", "print", "screen", "pages"])
def test_every_colour_of_text_stands_out(sheet: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1, on white and on the box of what is to do."""
    css = (TEMPLATES / "style" / f"{sheet}.css").read_text(encoding="utf-8")
    for colour in set(re.findall(r"[ ;{]color: (#[0-9a-f]{6})", css)):
        for ground in ("#ffffff", "#edf1f5"):
            assert (luminance(ground) + 0.05) / (luminance(colour) + 0.05) >= 4.5, (colour, ground)


def test_better_and_worse_differ_by_shape_too() -> None:
    macro = template("charts/mark.j2").module.mark  # type: ignore[attr-defined]
    chart = manager_of_eight().glance.blocks[0].rows[0].chart
    assert chart
    senses = ("better", "worse", "none")
    drawn = {sense: str(macro(chart.model_copy(update={"latest_sense": sense}))) for sense in senses}
    shapes = {sense: re.sub("#[0-9a-f]{6}", "", svg) for sense, svg in drawn.items()}
    assert len(set(shapes.values())) == 3


def test_signals_differ_without_colour() -> None:
    icon = template("charts/signal.svg.j2").module.icon  # type: ignore[attr-defined]
    shapes = {name: re.sub("#[0-9a-f]{6}", "", str(icon(name))) for name in SignalIcon if name}
    assert len(set(shapes.values())) == len(shapes) - 2, "unusual without a direction is drawn as better is, in black"
    assert shapes[SignalIcon.IMPROVING_HIGH] != shapes[SignalIcon.CONCERNING_HIGH]


# -- what must not happen --------------------------------------------------------------------------------------


def test_markup_in_names_is_shown_not_obeyed(pdf_files: Mapping[str, Path]) -> None:
    text = " ".join(read_back(pdf_files["ugly"]).split())
    assert "<script>alert(1)</script> Associate 8" in text
    assert "<b>bold</b>" in text
    assert "Associate {{ 6 }} {% raw %}" in text
    assert UGLY_NAMES[4] in text


@given(st.text(max_size=40))
@settings(max_examples=10, deadline=None)
def test_any_title_gives_a_report(title: str) -> None:
    bare = team().model_copy(update={"title": title, "changing": (), "ahead": (), "glance": glance(())})
    assert pdf_bytes(bare, title).startswith(b"%PDF-1.7")


@pytest.mark.parametrize("address", ["https://example.com/a.png", "file:///etc/hostname", "chart:unknown", "font:900"])
def test_nothing_from_outside_the_report_is_fetched(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a template had slipped: the fetcher refuses, and the report fails with its name."""
    from flows.rendering import document

    def slipped(*arguments: Any) -> str:
        return report_html(*arguments).replace("</main>", f'<p><img src="{address}" alt="x"/></p></main>')

    monkeypatch.setattr(document, "report_html", slipped)
    with pytest.raises(RenderError, match=r"team-T4.*is not part of the report"):
        pdf_bytes(team(), "Edition 1")


def test_a_name_that_the_model_lacks_is_an_error_not_a_gap() -> None:
    from jinja2 import UndefinedError

    from flows.rendering.templates import environment

    with pytest.raises(UndefinedError):
        environment().from_string("{{ model.nothing_like_it }}").render(model=team())


def test_templates_compute_nothing() -> None:
    """Everything is finished in the model: no arithmetic, no rounding, no dates in a template."""
    for path in sorted(TEMPLATES.rglob("*.j2")):
        for expression in re.findall(r"\{\{(.*?)\}\}", path.read_text(encoding="utf-8")):
            assert not re.search(r"\s[-*/]\s|\|\s*(round|int|float|sum|format_)", expression), (path.name, expression)


def test_equal_charts_are_kept_once() -> None:
    charts: dict[str, bytes] = {}
    report_html(ugly(), "Edition 1", linked_figures(charts), "")
    assert len(set(charts.values())) == len(charts)


def test_a_model_read_from_its_file_is_the_same_report(documents: Mapping[str, Document]) -> None:
    model = ReportModel.model_validate_json(manager_of_eight().canonical_json())
    assert pdf_bytes(model, "Edition 1") == documents["manager-of-eight"].pdf


def test_where_weasyprint_cannot_keep_parts_together_the_report_is_made_without(
    documents: Mapping[str, Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    """WeasyPrint 70 asserts on some piles of rules against breaks; the second try lets every page break."""
    from flows.rendering import document
    from flows.rendering.page import OwnPage

    whole = OwnPage.laid_out

    def failing(page: Any, fonts: Any, sheets: list[Any], drawings: Any) -> Any:
        assert len(sheets) > 1
        return whole(page, fonts, sheets, drawings)

    monkeypatch.setattr(OwnPage, "laid_out", failing)
    made = document.render(manager_of_eight(), "Edition 1")
    assert made.pages <= documents["manager-of-eight"].pages
    assert "may stand on two pages" in made.warnings[0]
