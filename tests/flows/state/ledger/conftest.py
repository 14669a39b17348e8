"""A ledger on each database: SQLite in a file, and a real PostgreSQL server.

Most tests get tables that were migrated once, emptied for each; those about opening get a database without any.
"""

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from flows.state.ledger import Ledger
from flows.state.ledger.database import postgresql_database
from flows.state.ledger.schema import metadata
from flows.state.paths import StateRoot
from tests.flows.state.ledger.lines import Place

DATABASES = ["sqlite", "postgresql"]
NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file without a row."""
    state = StateRoot(tmp_path_factory.mktemp("ledger-template"))
    Ledger.open(None, state).close()
    return state.root / "ledger.sqlite"


@pytest.fixture(scope="session")
def emptied(new_database: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """The address of one database, with its tables empty and their numbers beginning at 1."""
    url = new_database("ledger", "")
    Ledger.open(url, StateRoot(tmp_path_factory.mktemp("ledger-server"))).close()

    def empty() -> str:
        tables = ", ".join(metadata.tables)
        with closing(postgresql_database(make_url(url))) as database:
            database.write(lambda c: c.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY").rowcount)
        return url

    return empty


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where there is a ledger without a line."""
    state = StateRoot(tmp_path / "state")
    if request.param == "postgresql":
        return Place(request.getfixturevalue("emptied")(), state)
    state.root.mkdir(mode=0o700)
    shutil.copy(request.getfixturevalue("sqlite_template"), state.root)
    return Place(None, state)


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where there is no ledger yet."""
    if request.param == "sqlite":
        return Place(None, StateRoot(tmp_path / "state"))
    new_database: Callable[[str, str], str] = request.getfixturevalue("new_database")
    return Place(new_database(f"ledger_{next(NUMBERS)}", ""), StateRoot(tmp_path / "state"))


@pytest.fixture
def ledger(place: Place) -> Iterator[Ledger]:
    """A ledger without a line."""
    with place.open() as opened:
        yield opened
