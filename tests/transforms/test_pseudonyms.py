"""Whatever names a person in a text is replaced however it is written, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.pseudonyms import Phrases, phrases_of, units_of
from transforms.scope import found_terms

PHRASES = phrases_of("ERASED-7", ["AS03", "1042"], ["Nora Winterfeld", "Zoë"], ["nora.w@tiny.example"])
NORA = Phrases.of(PHRASES)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("asked Nora Winterfeld twice", "asked ERASED-7 twice"),
        ("NORA  winterfeld", "ERASED-7"),
        ("Nora\u00a0Winter\u00adfeld's", "ERASED-7's"),
        ("Nora\n   Winterfeld", "ERASED-7"),
        ("Nora-Winterfeld, AS03", "ERASED-7, ERASED-7"),
        ("2026-10-as03-1", "2026-10-ERASED-7-1"),
        ("to: Nora.W@tiny.example.", "to: erased-7@erased.invalid."),
        ("AS030, BAS03, Nora Winterfelder, Nora: Winterfeld, <b>Nora</b> Winterfeld", None),
        ("order 1042 by Zoë", None),
        ("", None),
    ],
    ids=[
        "name", "case and spaces", "soft hyphen", "broken line", "hyphen and id", "id in a key", "address",
        "others and markup", "number and single word", "nothing",
    ],
)  # fmt: skip
def test_texts(text: str, masked: str | None) -> None:
    assert NORA.masked(text) == (text if masked is None else masked)


def test_an_id_that_is_a_number_is_found_as_a_unit() -> None:
    assert Phrases.of(units_of("ERASED-7", ["1042"], ["manager"])).masked("reports/manager-1042.pdf") == (
        "reports/manager-ERASED-7.pdf"
    )


@given(st.lists(st.sampled_from(["Nora", "Winterfeld", "AS03", "and", "ERASED-7", " ", "\n", ", "]), max_size=12))
def test_what_was_masked_names_nobody_and_stays_so(parts: list[str]) -> None:
    masked = NORA.masked(" ".join(parts))
    assert not NORA.stands_in(masked)
    assert NORA.masked(masked) == masked
    assert "as03" not in found_terms(masked, PHRASES)


@given(st.text(max_size=60))
def test_a_text_that_names_nobody_comes_back_as_it_is(text: str) -> None:
    if not found_terms(text, PHRASES):
        assert NORA.masked(text) == text
