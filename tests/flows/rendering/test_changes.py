"""A later edition's report opens with what changed since the reader's copy: first of all, whole, and as accessible."""

import re
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from flows.rendering import RenderJob, find_terms, read_back, render_html, render_reports
from flows.rendering.document import Document, render
from flows.rendering.templates import environment
from tests.flows.rendering.sample_models import SAMPLES, manager_of_eight
from tests.flows.rendering.test_document import pages_of, structure
from transforms.differences.reader import reader_changes
from transforms.reader_changes import Change, ChangedGroup, ChangedRow, ReaderChanges

WHY = ("Late or corrected data: sales (October 2026).", "Changed configuration: company.yaml.")


def row(number: int, **more: Any) -> ChangedRow:
    pairs = {"figure": Change(was="12,345", now="12,346"), "status": Change(was="as expected", now="below, 3rd month")}
    return ChangedRow(label=f"Measure {number}", unit="k€", **{**pairs, **more})


FEW = ReaderChanges(
    report_id="r",
    since=1,
    groups=(
        ChangedGroup(rows=(row(1), row(2, expected=Change(was="—", now="9")))),
        ChangedGroup(title="Your people: revenue", rows=(row(3),), rest="4 rows have another figure."),
    ),
    also="Also changed: conversations.",
    why=WHY,
)
NOTHING = FEW.model_copy(update={"groups": ()})
COUNTED = FEW.model_copy(
    update={"groups": (ChangedGroup(title="Your people: revenue", rest="1 row is no longer here."),)}
)
ENDLESS = FEW.model_copy(update={"groups": (ChangedGroup(rows=tuple(row(number) for number in range(90))),)})
ALL = {"few": FEW, "nothing": NOTHING, "counted": COUNTED, "endless": ENDLESS}


def words(path: Path) -> str:
    return " ".join(read_back(path).split())


def made(document: Document, folder: Path) -> Path:
    path = folder / "report.pdf"
    path.write_bytes(document.pdf)
    return path


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("report", SAMPLES)
def test_it_stands_first_and_nothing_of_it_is_lost(name: str, report: str, tmp_path: Path) -> None:
    document = render(SAMPLES[report](), "edition 2", ALL[name])
    text = words(made(document, tmp_path))
    assert document.warnings == ()
    assert text.index("What changed since edition 1") < text.index(" ".join(glance_of(report).split())[:30])
    for group in ALL[name].groups:
        assert group.rest in text
        for one in group.rows:
            assert one.label in text
    assert text.count("12,345 → 12,346") == sum(len(group.rows) for group in ALL[name].groups)
    assert [line for line in (*WHY, FEW.also) if line not in text] == []


def glance_of(report: str) -> str:
    return SAMPLES[report]().glance.headline


def test_without_a_copy_there_is_none(documents: dict[str, Document], tmp_path: Path) -> None:
    assert render(manager_of_eight(), "Edition 1", None).pdf == documents["manager-of-eight"].pdf
    assert "What changed since" not in words(made(documents["manager-of-eight"], tmp_path))


def test_a_few_changes_leave_the_month_at_a_glance_on_the_first_page(tmp_path: Path) -> None:
    path = made(render(manager_of_eight(), "edition 2", FEW), tmp_path)
    first = " ".join(next(text.get_text_bounded() for _, text in pages_of(path)).split())
    assert "What changed since" in first
    assert "Revenue k€ Pays for the second service shift." in first


def test_it_is_tagged_as_all_else_and_bookmarked(tmp_path: Path) -> None:
    document = render(manager_of_eight(), "edition 2", FEW)
    tree = structure(document.pdf)
    assert len(re.findall(rb"/S /TH\b", tree)) == tree.count(b"/Scope /Column") + tree.count(b"/Scope /Row")
    with pypdfium2.PdfDocument(made(document, tmp_path)) as pdf:
        assert (1, "What changed since edition 1") in [(mark.level, mark.get_title()) for mark in pdf.get_toc()]


@pytest.mark.parametrize("name", ALL)
def test_no_letter_of_it_lies_outside_the_margins(name: str, tmp_path: Path) -> None:
    path = made(render(manager_of_eight(), "edition 2", ALL[name]), tmp_path)
    for page, text in pages_of(path):
        width, _ = page.get_size()
        boxes = [text.get_charbox(place) for place in range(text.count_chars())]
        assert min(box[0] for box in boxes if box[2] > box[0]) > 12 / 25.4 * 72
        assert max(box[2] for box in boxes if box[2] > box[0]) < width - 12 / 25.4 * 72


def test_a_name_in_it_is_found_when_the_pdf_is_read_back(tmp_path: Path) -> None:
    told = FEW.model_copy(update={"why": ("Decision of 14 Nov 2026 by Erika Secret-Person.",)})
    path = made(render(manager_of_eight(), "edition 2", told), tmp_path)
    assert find_terms(path, {"erika secret person": "A99"}) == ["erika secret person"]


def test_a_batch_reads_it_from_its_file(tmp_path: Path) -> None:
    model, before = manager_of_eight(), manager_of_eight().model_copy(update={"changing": ()})
    changes = reader_changes(before, model, 1, WHY)
    (tmp_path / "model.json").write_bytes(model.canonical_json())
    (tmp_path / "changes.json").write_bytes(changes.canonical_json())
    job = RenderJob(tmp_path / "model.json", tmp_path / "report.pdf", "edition 2", tmp_path / "changes.json")
    (rendered,) = render_reports([job], workers=1)
    assert rendered.error == ""
    assert job.pdf_path.read_bytes() == render(model, "edition 2", changes).pdf
    (tmp_path / "changes.json").write_text('{"since": "soon"}')
    (broken,) = render_reports([job], workers=1)
    assert "report_id" in broken.error


def test_on_screen_it_stands_there_too() -> None:
    markup = render_html(manager_of_eight(), "edition 2", FEW)
    assert markup.index("What changed since") < markup.index('class="glance"')
    assert environment().autoescape
