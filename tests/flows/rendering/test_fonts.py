"""The bundled typeface is cut to fixed weights, and what is missing on a machine is told with its remedy."""

import io
import re

import pytest
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from flows.rendering import missing_libraries, system_libraries
from flows.rendering.fonts import FACES, face_bytes, variable_font
from flows.rendering.templates import TEMPLATES


@pytest.mark.parametrize("name", FACES)
def test_a_face_is_one_weight_with_tabular_figures(name: str) -> None:
    font = TTFont(io.BytesIO(face_bytes(name)))
    assert "fvar" not in font
    assert font["OS/2"].usWeightClass == FACES[name].weight
    assert "tnum" in {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}
    known = font.getBestCmap()
    assert [letter for letter in "AZaz09äßéŁžΩЖ€−–—’“”…▲▼•×÷≤≥" if ord(letter) not in known] == []


def test_every_face_that_style_sheets_ask_for_is_there() -> None:
    asked = set(re.findall(r'url\("font:(.*?)"\)', (TEMPLATES / "style" / "print.css").read_text(encoding="utf-8")))
    assert asked == set(FACES)


def test_the_default_sheet_knows_every_element_of_a_report() -> None:
    """An element that is missing from it would be laid out inline."""
    css = (TEMPLATES / "style" / "defaults.css").read_text(encoding="utf-8")
    known = set(re.findall(r"[a-z0-9]+(?=[^{}]*\{)", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)))
    inline = {"a", "b", "span", "img", "br"}
    reports = [TEMPLATES / "report.html.j2", TEMPLATES / "tables.j2", *(TEMPLATES / "sections").glob("*.j2")]
    used = {tag for path in reports for tag in re.findall(r"<([a-z][a-z0-9]*)", path.read_text(encoding="utf-8"))}
    assert used - known - inline == set()


def test_a_missing_library_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_libraries, "open_library", lambda name: None if name == "harfbuzz-subset" else object())
    (line,) = missing_libraries()
    assert "harfbuzz-subset is missing: reports are made, four times slower." in line
    assert "libharfbuzz-subset0" in line


def test_without_harfbuzz_the_variable_font_itself_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.rendering import fonts

    face_bytes.cache_clear()
    monkeypatch.setattr(fonts, "open_library", lambda name: None)
    try:
        assert face_bytes("400") == variable_font().read_bytes()
    finally:
        face_bytes.cache_clear()
