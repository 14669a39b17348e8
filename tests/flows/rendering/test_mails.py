"""The mail as text and HTML: everything it says in both, nothing loaded from anywhere, readable in a real browser."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from flows.rendering import render_mail
from tests.flows.rendering.sample_models import manager_of_eight, team
from transforms.mail_model import MailModel, mail_of

CHANGES = ("Revenue: 353 k€ instead of 349 k€ (late data).", "Returns: withheld, <reason> & “more”.")
EVIL = '<script>alert("x")</script> {{ 7 * 7 }} & "quoted" \'single\''


def model(title: str = "", *, changes: tuple[str, ...] = CHANGES) -> MailModel:
    """A later edition's mail."""
    report = manager_of_eight()
    report = report.model_copy(update={"title": title or report.title})
    return mail_of(report, company="Demo Company", changes=changes, edition=2, since=1, pages=5)


class Reader(HTMLParser):
    """What a browser would show, every address in the page, and whether each element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.languages: list[str | None] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.addresses += [found[name] or "" for name in ("src", "href", "background", "action") if name in found]
        self.addresses += re.findall(r"url\(([^)]*)\)|@import", found.get("style") or "")
        if tag == "html":
            self.languages.append(found.get("lang"))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag != "meta":
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "title"}:
            self.words.append(data)


def test_both_parts_say_everything() -> None:
    mail = model()
    text, html = render_mail(mail)
    shown = " ".join(Reader(html).words)
    for said in (
        mail.company, mail.kicker, mail.title, mail.greeting, *mail.summary, mail.changes_title, *mail.changes,
        mail.attached, mail.file_name, mail.fairness, mail.reply, mail.footer,
    ):  # fmt: skip
        assert said in text
        assert said in shown


def test_what_changed_stands_before_the_summary() -> None:
    for part in render_mail(model()):
        visible = part[part.rfind("max-height:0") + 1 :].partition("</div>")[2] or part
        assert 0 < visible.index("353 k€") < visible.index("conversations are prepared")


def test_a_first_edition_has_no_empty_box() -> None:
    text, html = render_mail(model(changes=()))
    assert "Changed since" not in text + html
    assert "\n\n\n" not in text
    assert text.startswith("Demo Company · Manager report")
    assert text.endswith("\n")


def test_the_page_is_whole_has_its_language_and_loads_nothing() -> None:
    for report in (manager_of_eight(), team()):
        _, html = render_mail(mail_of(report, company="Demo Company"))
        page = Reader(html)
        assert page.open == []
        assert page.languages == [report.language]
        assert page.addresses == []
        assert "<img" not in html
        assert html.startswith("<!DOCTYPE html>")
        assert len(html) < 20_000  # Gmail cuts a mail at 102 kB


def test_words_in_a_name_are_never_markup() -> None:
    text, html = render_mail(model(EVIL))
    assert EVIL in text
    assert "<script" not in html
    assert EVIL in "".join(Reader(html).words)


def test_the_same_model_gives_the_same_mail() -> None:
    assert render_mail(model()) == render_mail(model())


@pytest.mark.slow  # starts a browser
@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_in_a_browser_nothing_is_wider_than_the_page(width: int, tmp_path: Path) -> None:
    _, html = render_mail(model("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"))
    (tmp_path / "mail.html").write_text(html, encoding="utf-8")
    (tmp_path / "frame.html").write_text(
        f'<iframe id="f" src="mail.html" style="width:{width}px;height:900px;border:0"></iframe><p id="r"></p><script>'
        'onload = () => { const d = document.getElementById("f").contentDocument.documentElement;'
        'document.getElementById("r").textContent = "wide=" + d.scrollWidth + " of=" + d.clientWidth; }</script>',
        encoding="utf-8",
    )
    shown = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile",
         "--allow-file-access-from-files", "--dump-dom", (tmp_path / "frame.html").as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    found = re.search(r"wide=(\d+) of=(\d+)", shown)
    assert found is not None
    assert int(found[1]) <= int(found[2]) <= width
