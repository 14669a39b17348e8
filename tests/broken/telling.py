"""A row of a table of broken inputs, what is broken in it, and the test of what is then told and done.

Does not belong here: the tables themselves.
"""

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from tests.broken.company import Break, Company, Told

NOTHING: frozenset[str] = frozenset()
REVENUE = frozenset({"revenue"})
SOLVED = frozenset({"solved"})
JARGON = (
    "Traceback", "pydantic", "duckdb", "Binder", "Catalog Error", "Parser Error", "Conversion Error", "pyarrow",
    "ArrowInvalid", "Errno", "sqlalchemy", "sqlite3.", "psycopg", "calamine", "zipfile", "codec", "pandas", "KeyError",
    "ValueError", "NoneType", "<class", "ruamel", "Input should", "fault of our own",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """How the healthy company is broken, and what a person is then told and given.

    `parts`: what must stand in the one message: what is wrong, the value, where, and what would be right. None where
    the input is only unusual and nothing need be told. `withheld`: the metrics of which the edition says nothing to
    anybody; None where nothing may be published. `page`: the message stands on the checks page, not in the terminal.
    `follows`: what must stand in a second message, of what follows for the figures.
    """

    broken: Break
    status: int
    parts: tuple[str, ...] | None
    withheld: frozenset[str] | None = None
    page: bool = False
    follows: tuple[str, ...] = ()
    make: Callable[[Company], Told] = Company.make


def changed(name: str, old: str, new: str) -> Break:
    """A text replaced in a file of the company."""
    return lambda company: company.change(name, old, new)


def written(name: str, content: str | bytes) -> Break:
    """A file with other content."""
    return lambda company: company.write(name, content)


def added(name: str, text: str) -> Break:
    """Lines more at the end of a file."""
    return lambda company: company.write(name, company.path(name).read_text("utf-8") + text)


def removed(name: str) -> Break:
    """A file that is not there."""
    return lambda company: company.path(name).unlink()


def instead(name: str, other: str, content: bytes) -> Break:
    """A file under another name with other content."""
    return both(removed(name), written(other, content))


def both(*breaks: Break) -> Break:
    """Several changes that make one fault."""

    def all_of(company: Company) -> None:
        for broken in breaks:
            broken(company)

    return all_of


def runs_again(company: Company, healthy: Company) -> None:
    """Put a broken company's inputs back as they were, and run it: nothing of the fault is left."""
    for folder in ("config", "data"):
        shutil.rmtree(company.path(folder))
        shutil.copytree(healthy.path(folder), company.path(folder))
    told = company.make()
    assert (told.status, told.messages) == (0, ())
    assert company.withheld() == set()
    assert company.left_behind() == []


def contents(folder: Path) -> dict[str, str]:
    """Hash of every file under a folder by its path in it."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def checks_page(company: Company) -> str:
    """The words of the newest edition's checks page."""
    page = (company.state / "editions" / "2026-10" / str(company.editions()[-1]) / "checks.html").read_text("utf-8")
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def told_and_done(row: Row, company: Company) -> Told:
    """Break the company and run it; every claim of the row about what is told and done is asserted."""
    row.broken(company)
    before = contents(company.state / "editions")
    told = row.make(company)
    assert told.status == row.status, told
    assert [word for word in JARGON if word in told.message + told.out] == [], told.message
    if row.page:
        assert told.messages == ()
        page = checks_page(company)
        assert [part for part in row.parts or () if part not in page] == [], page
    else:
        assert len(told.messages) == (row.parts is not None) + bool(row.follows), told.message
        first, *rest = (*told.messages, "")
        assert [part for part in row.parts or () if part not in first] == [], told.message
        assert [part for part in row.follows if part not in rest[0]] == [], told.message
    assert company.left_behind() == []
    after = contents(company.state / "editions")
    assert {name: after.get(name) for name in before} == before, "what was published has changed"
    if row.withheld is None:
        assert after == before, "something was published"
    else:
        assert company.withheld() == row.withheld
        assert company.reports() == {"manager-AS01", "manager-AS04", "team-NORTH", "team-SOUTH"}
    return told
