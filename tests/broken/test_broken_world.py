"""What surrounds a run and is not as it should be: where it keeps things, who else is at it, what it is asked for."""

import fcntl
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.broken.company import MONTH, Company, Told, command
from tests.broken.telling import NOTHING, Row, changed, told_and_done

Run = Callable[[Company], Told]


def nothing(company: Company) -> None:
    """The company's files are sound."""


def asked(*arguments: str) -> Run:
    """The command with other words."""
    return lambda company: company.run(*arguments)


def kept_in(place: str) -> Run:
    """The month made with another state root, in the company's folder or anywhere."""
    return lambda c: command("run", MONTH, "--config", str(c.config), "--state", str(c.folder / place))


def configured_in(place: str) -> Run:
    """The month made with another configuration directory."""
    return lambda c: command("run", MONTH, "--config", str(c.folder / place), "--state", str(c.state))


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, as on a disk that is full: the one way that works for root too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def on_a_full_disk(size: int) -> Run:
    """The month made where files stay small."""

    def run(company: Company) -> Told:
        with largest_file(size):
            return company.make()

    return run


def while_another_runs(company: Company) -> Told:
    """The month made while somebody else holds the state root."""
    with (company.state / "run.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        return company.make()


def with_a_server(company: Company) -> Told:
    """The month made where a Prefect server is configured that nobody started."""
    return company.run("run", MONTH, environment={"PREFECT_API_URL": "http://127.0.0.1:1/api"})


def of_another_company(company: Company) -> Told:
    """The month of a second company made with the state root of the first."""
    other = company.copy(company.folder / "other")
    other.change("config/company.yaml", "Tiny company", "Other company")
    return command("run", MONTH, "--config", str(other.config), "--state", str(company.state))


def damaged(name: str) -> Callable[[Company], None]:
    """A kept file that lost its end."""

    def broken(company: Company) -> None:
        (path,) = company.state.glob(name)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return broken


ROWS: dict[str, Row] = {
    # -- what is asked for
    "a month that is none": Row(nothing, 2, ("“2026-13” is no month.", "2026-10"), make=asked("run", "2026-13")),
    "a month in words": Row(nothing, 2, ("“October” is no month.", "2026-10"), make=asked("run", "October")),
    "a month to come": Row(
        nothing, 1, ("2199-01 has not begun yet.", "Give a month that has ended"), make=asked("run", "2199-01")
    ),
    "an unknown option": Row(nothing, 2, ("--monht",), make=asked("run", MONTH, "--monht")),
    "no such configuration": Row(
        nothing, 2, ("/confg is no directory.", "holds company.yaml"), make=configured_in("confg")
    ),
    "a configuration that is a file": Row(
        nothing, 2, ("company.yaml is no directory.", "holds company.yaml"), make=configured_in("config/company.yaml")
    ),
    # -- where things are kept
    "the state root is a file": Row(
        nothing, 2, ("/data/people.csv is a file.", "--state takes a directory"), make=kept_in("data/people.csv")
    ),
    "the state root lies under a file": Row(
        nothing, 3, ("/data/people.csv/state cannot be written", "permissions"), make=kept_in("data/people.csv/state")
    ),
    "the state root cannot be made": Row(
        nothing, 3, ("/proc/yardstick cannot be written",), make=kept_in("/proc/yardstick")
    ),
    "the state root is another company's": Row(
        nothing, 2, ("keeps the data of “Tiny company”", "is of “Other company”", "--state"), make=of_another_company
    ),
    "another run holds the state root": Row(
        nothing, 1, ("Another run is working on", "/state", "Wait until it has ended"), make=while_another_runs
    ),
    "the disk is full while landing": Row(
        changed("data/sales/2026-10.csv", ".50", ".51"), 3,
        ("/state/ledger.sqlite cannot be used: disk I/O error.", "Make room on the disk"),
        make=on_a_full_disk(500),
    ),
    "the disk is full while rendering": Row(
        changed("data/sales/2026-10.csv", ".50", "9.50"), 3,
        ("/state/ledger.sqlite cannot be used: disk I/O error.", "Make room"), make=on_a_full_disk(20_000),
    ),
    # -- what was kept
    "a landing kept is cut off": Row(damaged("landings/2026-09/sales-*.parquet"), 0, None, NOTHING),
    "facts kept are cut off": Row(
        damaged("facts/month=2026-09/facts.parquet"), 3,
        ("facts/month=2026-09/facts.parquet cannot be read", "damaged or was cut off", "Delete it"),
    ),
    "the manifest is cut off": Row(
        damaged(f"editions/{MONTH}/1/manifest.json"), 3, (f"editions/{MONTH}/1/manifest.json cannot be read", "backup")
    ),
    # -- what else is needed
    "the Prefect server does not answer": Row(
        nothing, 3, ("The Prefect server at http://127.0.0.1:1/api does not answer", "unset PREFECT_API_URL"),
        make=with_a_server,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ROWS)
def test_a_broken_world_gives_its_one_message(company: Company, case: str) -> None:
    told_and_done(ROWS[case], company)
