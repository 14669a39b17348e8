"""The edition's own pages: whole without network or JavaScript, and fit for a phone."""

import html
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from flows.rendering import render_checks, render_html, render_index
from tests.flows.rendering.sample_models import SAMPLES, UGLY_NAMES, manager_of_eight
from tests.transforms import checked_months
from tests.transforms.organisation_rows import OCTOBER
from transforms.checks.page import checks_model
from transforms.index_model import (
    CheckedExtract,
    ChecksModel,
    IndexFinding,
    IndexInput,
    IndexModel,
    IndexReport,
    IndexWithheld,
    ReconciliationRow,
)

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for name in _NAMES if (found := shutil.which(name))), "")

FINDINGS = (
    IndexFinding(severity="info", message="3 people of hr have no address."),
    IndexFinding(severity="warning", message="6 dates can’t be read.", where="orders.csv, line 311", rows="6 rows"),
    IndexFinding(severity="critical", message="returns closed late; its figures are withheld.", where="returns"),
)
RECONCILIATION = tuple(
    ReconciliationRow(
        extract=extract, month_label="October 2026", counted="rows", source="12,480", attributed="12,391",
        unattributed="52", excluded="31", quarantined="6", adds_up=extract == "sales", reasons="31 × test orders",
    )
    for extract in ("sales", "service")
)  # fmt: skip


def index() -> IndexModel:
    """An edition with everything in it, ugly names too."""
    return IndexModel(
        company="Demo Company", month="2026-10", month_label="October 2026", edition=2, edition_label="Edition 2",
        summary="8 reports were made; nothing has been sent.",
        reports=tuple(
            IndexReport(
                report_id=f"manager-A{n}", title=name, kind="manager", kind_label="Manager report", unit_id=f"A{n}",
                file="" if n == 5 else f"reports/manager-A{n}.pdf", pages=3, edition=2 if n == 1 else 1,
                recipients=() if n == 4 else (f"associate{n}@example.com",),
                note="Could not be rendered." if n == 5 else "",
            )
            for n, name in enumerate(UGLY_NAMES)
        ),
        withheld=(IndexWithheld(metric="Returns", unit="all teams", reason="the extract closed late"),),
        findings=FINDINGS, reconciliation=RECONCILIATION,
        inputs=(IndexInput(extract="sales", month_label="October 2026", rows="12,480", fingerprint="0a1b2c3d4e5f"),),
        notes=("Earlier months were measured on the organisation of their days.",), checks_file="checks.html",
    )  # fmt: skip


def checks() -> ChecksModel:
    """What the checks of two extracts found."""
    return ChecksModel(
        company="Demo Company", month="2026-10", month_label="October 2026", edition_label="Edition 2",
        extracts=(
            CheckedExtract(extract="sales", month_label="October 2026", rows="12,480 rows", files=("orders.csv",),
                           findings=FINDINGS, reconciliation=RECONCILIATION[:1]),
            CheckedExtract(extract="hr", month_label="October 2026", rows="41 rows"),
        ),
        index_file="index.html",
    )  # fmt: skip


def month_of_checks() -> str:
    """The page of a checked month with everything in it, ugly values too."""
    model = checks_model(
        checked_months.config(), OCTOBER, checked_months.seen(), checked_months.findings(),
        lines=checked_months.lines(), notes=("service: no data for 2026-10",), edition_label="Edition 2",
        index_file="index.html",
    )  # fmt: skip
    return render_checks(model)


class Page(HTMLParser):
    """Links, sources and text of a page; every element must be closed."""

    EMPTY = frozenset({"meta", "input", "br", "col", "img", "path"})

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(markup)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action"}]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and "script" not in self.open:
            self.text.append(data)


PAGES: dict[str, Callable[[], str]] = {
    "index": lambda: render_index(index()),
    "checks": lambda: render_checks(checks()),
    "month of checks": month_of_checks,
    "report": lambda: render_html(manager_of_eight(), "Edition 1"),
    "ugly report": lambda: render_html(SAMPLES["ugly"](), "Edition 1"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_nothing_but_itself(name: str) -> None:
    markup = PAGES[name]()
    page = Page(markup)
    outside = [address for address in page.addresses if re.match(r"[a-z]+:|//", address)]
    assert [address for address in outside if not address.startswith("data:image/svg+xml,")] == []
    assert not re.search(r"@import|url\(", markup)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_the_same_each_time(name: str) -> None:
    assert PAGES[name]() == PAGES[name]()


def test_the_index_links_each_report_and_says_who_would_get_it() -> None:
    page = Page(render_index(index()))
    text = " ".join(" ".join(page.text).split())
    assert [address for address in page.addresses if address.endswith(".pdf")] == [
        f"reports/manager-A{n}.pdf" for n in range(8) if n != 5
    ]
    for n, name in enumerate(UGLY_NAMES):
        assert name.replace("\u00a0", " ") in text
        assert (f"associate{n}@example.com" in text) == (n != 4)
    assert "nobody" in text
    assert "Could not be rendered." in text
    assert "checks.html" in page.addresses


def test_the_gravest_findings_come_first() -> None:
    for markup in (render_index(index()), render_checks(checks())):
        places = [markup.index(message) for message in ("returns closed late", "6 dates", "3 people of hr")]
        assert places == sorted(places)


def test_what_does_not_add_up_is_said() -> None:
    assert '<b class="warn">no</b>' in render_index(index())
    assert '<b class="warn">no</b>' not in render_checks(checks())


def test_an_edition_without_anything_says_so() -> None:
    empty = IndexModel(
        company="C", month="2026-10", month_label="October 2026", edition=1, edition_label="Edition 1", reports=()
    )  # fmt: skip
    text = " ".join(Page(render_index(empty)).text)
    assert "This edition has no report." in text
    assert "Nothing is withheld." in text
    assert "All checks passed." in text


def test_the_checks_page_leads_to_each_extract_and_to_nothing_that_is_not_there() -> None:
    markup = month_of_checks()
    links = [address.removeprefix("#") for address in Page(markup).addresses if address.startswith("#")]
    assert links == ["extract-people", "extract-sales", "extract-survey", "extract-service"]
    assert all(f'<section id="{link}">' in markup for link in links)


def test_what_a_source_wrote_is_shown_and_never_run() -> None:
    markup = month_of_checks()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in markup
    assert "<script" not in markup
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", markup)


def test_checks_that_passed_are_folded_below_those_that_failed() -> None:
    sales = month_of_checks().partition('id="extract-sales"')[2].partition("<section")[0]
    shown, _, folded = sales.partition("<details>")
    marks = {mark: shown.count(f">{mark}</td>") for mark in ("✕ failed", "✕ could not be asked", "✓ accepted")}
    assert marks == {"✕ failed": 2, "✕ could not be asked": 1, "✓ accepted": 1}
    assert "<summary>5 more checks passed</summary>" in folded
    assert folded.partition("</details>")[0].count("✓ passed") == 5


def test_each_chart_says_what_it_shows() -> None:
    markup = month_of_checks()
    assert markup.count("<svg") == markup.count('role="img" aria-label="') == 5
    assert 'aria-label="Rows by day of October 2026: 10 to 14 rows a day' in markup


FRAME = """<title>waiting</title><iframe style="width:{width}px;height:900px;border:0" srcdoc="{markup}"></iframe>
<script>addEventListener("load", function () {{
  var page = frames[0].document;
  var root = page.documentElement;
  {script}
  frames[0].frameElement.remove();
  document.title = "PROBED " + shown;
}});</script>"""


def probed(tmp_path: Path, markup: str, script: str, width: int) -> str:
    """What a script finds (`shown`) in a page laid out so wide, in a real browser."""
    path = tmp_path / "frame.html"
    path.write_text(FRAME.format(width=width, markup=html.escape(markup), script=script), encoding="utf-8")
    shown = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1200,900", "--dump-dom", path.as_uri()],
        check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    (title,) = re.findall("<title>PROBED (.*)</title>", shown.stdout)
    return str(title)


@pytest.mark.slow  # Starts a browser.
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [360, 390])
def test_nothing_is_wider_than_a_phone(name: str, width: int, tmp_path: Path) -> None:
    script = """
      Array.prototype.forEach.call(page.querySelectorAll("details"), function (part) { part.open = true; });
      var shown = root.clientWidth + " of " + root.scrollWidth;"""
    shown = probed(tmp_path, PAGES[name](), script, width)
    assert shown in {f"{width} of {width}", f"{width - 15} of {width - 15}"}, "15 less beside a scroll bar"


@pytest.mark.slow  # Starts a browser.
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
def test_on_paper_checks_that_passed_are_counted_and_nothing_is_cut_off(tmp_path: Path) -> None:
    page, printed = tmp_path / "checks.html", tmp_path / "checks.pdf"
    page.write_text(month_of_checks(), encoding="utf-8")
    subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer", f"--print-to-pdf={printed}",
         page.as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    document = pdfium.PdfDocument(printed)
    try:
        sizes = {tuple(round(side) for side in page.get_size()) for page in document}
        texts = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()
    assert sizes == {(595, 842)}
    assert texts.count("✓ passed") == 1, "the one that set rows aside"
    assert "5 more checks passed" in texts
    assert "10,028 characters" in " ".join(texts.split())


@pytest.mark.slow  # Starts a browser.
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
@pytest.mark.parametrize(
    ("words", "shown"), [("", 8), ("ostergard zizek", 1), ("ASSOCIATE 8", 1), ("nobody", 1), ("nothing so", 0)]
)
def test_search_finds_reports_whatever_the_case_or_accents(words: str, shown: int, tmp_path: Path) -> None:
    script = f"""
      var box = page.getElementById("search");
      box.value = "{words}"; box.dispatchEvent(new Event("input"));
      var shown = page.querySelectorAll("#list tbody tr:not([hidden])").length;"""
    assert probed(tmp_path, render_index(index()), script, 1000) == str(shown)
