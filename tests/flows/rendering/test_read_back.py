"""A finished PDF is read again as its reader could, and no name hides in it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.rendering import find_terms, pdf_bytes, read_back
from flows.rendering.read_back import TermIndex
from tests.flows.rendering.sample_models import LONG, UGLY_NAMES, manager_of_eight, ugly


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "ordinary.pdf"
    path.write_bytes(pdf_bytes(manager_of_eight(), "Edition 1"))
    return path


@pytest.fixture(scope="module")
def rough(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "rough.pdf"
    path.write_bytes(pdf_bytes(ugly(), "Edition 1"))
    return path


@pytest.mark.parametrize(
    ("text", "term", "there"),
    [
        ("Talk to Associate 1 today", "Associate 1", True),
        ("Talk to Associate 12 today", "Associate 1", False),
        ("Talk to my Associate\r\n1 today", "Associate 1", True),
        ("talk to ASSOCIATE 1", "Associate 1", True),
        ("Asso\u00adciate 1", "Associate 1", True),
        ("Asso-\r\nciate 1", "Associate 1", True),
        ("Asso\ufffe\r\nciate 1", "Associate 1", True),
        ("Asso\r\nciate 1", "Associate 1", True),
        ("Asso ciate 1", "Associate 1", False),
        ("Associate1", "Associate 1", False),
        ("Q1 7", "Q17", False),
        ("A17, in brackets (A18)", "A18", True),
        ("XA17", "A17", False),
        ("O’Neil-Østergård", "O’Neil-Østergård", True),
        ("O’Neil-\r\nØstergård", "O’Neil-Østergård", True),
        ("Zoe\u0301", "Zo\u00e9", True),
        ("a 1", "a 1", True),
        ("9 מספר עובדת", "עובדת מספר 9", True),
    ],
)
def test_a_term_is_found_as_whole_words_however_its_lines_break(text: str, term: str, there: bool) -> None:
    assert (TermIndex({term: ""}).found_in(text) == [term]) is there


WORD = st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=12)


@given(st.lists(WORD, min_size=1, max_size=4), st.data())
def test_no_line_break_inside_a_name_hides_it(parts: list[str], data: st.DataObject) -> None:
    name = " ".join(parts)
    cut = data.draw(st.integers(0, len(name)))
    broken = f"before {name[:cut]}\r\n{name[cut:]} after"
    assert name in TermIndex({name: ""}).found_in(broken)


def test_the_names_of_a_report_are_found_in_it_and_others_are_not(ordinary: Path) -> None:
    terms = {f"Associate {n}": f"U{n}" for n in range(1, 5000)} | {"Manager, Southern region": "A18"}
    assert find_terms(ordinary, terms) == [f"Associate {n}" for n in range(1, 9)]


def test_names_of_every_script_and_long_ones_are_found(rough: Path) -> None:
    wanted = dict.fromkeys((*UGLY_NAMES, LONG), "")
    assert find_terms(rough, wanted) == sorted(wanted)


def test_title_bookmarks_and_alternative_texts_are_read_too(ordinary: Path) -> None:
    text = read_back(ordinary)
    assert text.count("Manager report, October 2026") == 1, "the subject stands in the metadata alone"
    assert text.count("What is changing") == 2, "once on the page and once as bookmark"
    assert "112 against 100 expected, ahead." in text, "said by a chart's alternative text alone"
