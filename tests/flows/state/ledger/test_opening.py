"""Opening the ledger: made where there is none, brought up to date, and refused clearly where that cannot be."""

import os
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, make_url, text
from sqlalchemy.exc import IntegrityError

from config.errors import ConfigError, OutsideError, YardstickError
from flows.state.ledger import Hold, Ledger
from flows.state.ledger.database import postgresql_database
from flows.state.ledger.opening import MIGRATIONS
from flows.state.ledger.schema import NEWEST, VERSION_TABLE, metadata
from flows.state.paths import StateRoot
from tests.flows.state.ledger.lines import MONTH, NOW, ROOT, Place, fill, go, said, working


@pytest.fixture
def state(tmp_path: Path) -> StateRoot:
    return StateRoot(tmp_path / "state")


def in_database(ledger: Ledger, work: Callable[[Connection], object]) -> object:
    return ledger._database.write(work)


def test_naming_a_type_imports_no_database_library() -> None:
    code = "import sys, flows.state.ledger; print([name for name in ('sqlalchemy', 'alembic') if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True).strip() == "[]"


def test_what_is_kept_is_private_whatever_the_umask(state: StateRoot) -> None:
    before = os.umask(0)
    try:
        with Ledger.open(None, state) as ledger:
            fill(ledger, 1)
            ledger.begin_sender("one", NOW)
            modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (state.root, *state.root.rglob("*"))}
    finally:
        os.umask(before)
    assert {"ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"} <= {path.name for path in modes}
    assert {path.name: oct(mode) for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)} == {}


def test_a_sqlite_ledger_keeps_a_log_checks_references_and_survives_a_power_cut(state: StateRoot) -> None:
    with Ledger.open(None, state) as ledger:
        pragmas = ("journal_mode", "foreign_keys", "synchronous", "secure_delete")
        asked = [in_database(ledger, lambda c, p=pragma: c.execute(text(f"PRAGMA {p}")).scalar()) for pragma in pragmas]  # type: ignore[misc]
    assert asked == ["wal", 1, 2, 1]


# --- Migrations


def test_the_migrated_tables_are_the_declared_ones(ledger: Ledger) -> None:
    def differences(connection: Connection) -> object:
        options = {"compare_type": True, "compare_server_default": True, "version_table": VERSION_TABLE}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    assert in_database(ledger, differences) == []


def test_the_migrated_constraints_are_the_declared_ones(
    place: Place, ledger: Ledger, tmp_path: Path, new_database: Callable[[str, str], str]
) -> None:
    """Alembic does not compare checks."""
    url = f"sqlite:///{tmp_path / 'declared.sqlite'}"
    if place.url is not None:
        url = new_database("ledger_declared", "").replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    with engine.begin() as connection:
        metadata.create_all(connection)
        declared = constraints(connection)
    engine.dispose()
    assert in_database(ledger, constraints) == declared
    assert len(declared) == 6


def constraints(connection: Connection) -> dict[str, list[str]]:
    """Every named constraint and index by table."""
    inspector = inspect(connection)
    found: dict[str, list[str]] = {}
    for table in metadata.tables:
        checks = [f"{check['name']}: {check['sqltext']}" for check in inspector.get_check_constraints(table)]
        keys = [str(key) for key in inspector.get_foreign_keys(table)]
        uniques = [f"{unique['name']}: {unique['column_names']}" for unique in inspector.get_unique_constraints(table)]
        indexes = [f"{index['name']}: {index['column_names']}" for index in inspector.get_indexes(table)]
        found[table] = sorted([*checks, *keys, *uniques, *indexes, str(inspector.get_pk_constraint(table))])
    return found


def test_the_code_knows_the_newest_migration_and_there_is_one_line_of_them() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [NEWEST]


def test_opening_again_changes_nothing(empty: Place) -> None:
    with empty.open() as ledger:
        ledger.add_edition(MONTH, 1, NOW, "ab", "run")
    with empty.open() as ledger:
        assert len(ledger.editions()) == 1


def test_processes_that_open_an_empty_database_at_once_all_succeed(empty: Place) -> None:
    with working(empty, *(("open", f"{number}") for number in range(3))) as processes:
        for process in processes:
            go(process)
        assert sorted(said(process) for process in processes) == ["False", "False", "True"]
        assert [process.wait(30) for process in processes] == [0, 0, 0]
    with empty.open() as ledger:
        versions = in_database(ledger, lambda c: c.execute(text(f"SELECT count(*) FROM {VERSION_TABLE}")).scalar())
    assert versions == 1


def test_a_newer_ledger_is_refused_and_left_alone(empty: Place) -> None:
    with empty.open() as ledger:
        fill(ledger, 1)
        in_database(ledger, lambda c: c.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0999'")))
    with pytest.raises(OutsideError, match=r"newer version of yardstick: its tables are of version 0999") as refused:
        empty.open()
    assert refused.value.exit_status == 3
    assert "Use the newer version" in str(refused.value)
    assert f"up to {NEWEST}" in str(refused.value)


def test_a_database_whose_tables_are_another_programs_is_not_taken_over(
    state: StateRoot, new_database: Callable[[str, str], str]
) -> None:
    url = new_database("ledger_of_another", "CREATE TABLE deliveries (id integer);")
    with pytest.raises(OutsideError, match="already exists"):
        Ledger.open(url, state)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["deliveries"], "nothing is half migrated"
    engine.dispose()


# --- What the tables themselves refuse


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE deliveries SET state = 'lost'",
        "UPDATE deliveries SET state = 'held'",
        "UPDATE deliveries SET hold = 'approval'",
        "UPDATE deliveries SET state = 'held', hold = 'because'",
        "UPDATE deliveries SET state = 'sending'",
        "UPDATE deliveries SET state = 'sending', claimed_by = 'nobody'",
        "UPDATE deliveries SET claimed_by = 'one'",
        "UPDATE deliveries SET queued_at = NULL",
        "UPDATE deliveries SET edition = 0",
        "UPDATE deliveries SET month = '2026-1'",
        "UPDATE deliveries SET attempts = -1",
        "UPDATE deliveries SET report_id = 'same', recipient = 'same'",
        "UPDATE runs SET state = 'lost'",
        "UPDATE runs SET state = 'done'",
        "UPDATE runs SET parent = 99",
        "UPDATE runs SET month = 'October'",
        "UPDATE editions SET origin = 'elsewhere'",
        "UPDATE editions SET number = 0",
        "UPDATE editions SET number = 7",
        "UPDATE approvals SET edition = 0",
    ],
)
def test_a_state_that_cannot_be_is_refused_by_the_database(ledger: Ledger, statement: str) -> None:
    keys = fill(ledger, 2, Hold.APPROVAL)
    ledger.release(keys, "Ann", NOW)
    ledger.begin_sender("one", NOW)
    for number in (1, 2):
        ledger.add_edition(MONTH, number, NOW, "ab", "run")
    ledger.begin_run("run", MONTH, NOW)
    with pytest.raises(IntegrityError):
        in_database(ledger, lambda c: c.execute(text(statement)))


# --- Faults of the world


def damaged(path: Path, how: str) -> None:
    content = path.read_bytes()
    match how:
        case "not a database":
            path.write_bytes(b"Dear all,\n" * 2000)
        case "cut off":
            path.write_bytes(content[: len(content) // 2 // 4096 * 4096 - 100])
        case "overwritten":
            path.write_bytes(content[:4096] + bytes(range(256)) * 16 * 4 + content[4096 * 5 :])


@pytest.mark.parametrize("how", ["not a database", "cut off", "overwritten"])
def test_a_damaged_file_is_named_and_left_as_it_is(state: StateRoot, how: str) -> None:
    with Ledger.open(None, state) as ledger:
        fill(ledger, 300)
    path = state.root / "ledger.sqlite"
    damaged(path, how)
    before = path.read_bytes()
    with pytest.raises(OutsideError) as refused:
        Ledger.open(None, state)
    assert str(path) in str(refused.value)
    assert "restore it from a backup" in str(refused.value)
    assert path.read_bytes() == before


def test_damage_that_comes_while_it_is_open_is_told_the_same_way(state: StateRoot) -> None:
    path = state.root / "ledger.sqlite"
    with Ledger.open(None, state) as ledger:
        fill(ledger, 300)
        ledger._database.forget_what_was_overwritten()
        path.write_bytes(b"Dear all,\n" * 20000)
        with pytest.raises(OutsideError, match=r"ledger\.sqlite cannot be used"):
            fill(ledger, 1)


def test_a_file_that_another_keeps_to_itself_is_waited_for_then_named(
    state: StateRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    Ledger.open(None, state).close()
    monkeypatch.setattr("flows.state.ledger.database.BUSY_SECONDS", 0.2)
    with Ledger.open(None, state) as ledger, closing(sqlite3.connect(state.root / "ledger.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert ledger.editions() == [], "reading goes on"
        with pytest.raises(OutsideError, match=r"ledger\.sqlite cannot be used: database is locked"):
            fill(ledger, 1)


def test_a_folder_in_the_ledgers_place_is_named(state: StateRoot) -> None:
    (state.root / "ledger.sqlite").mkdir(parents=True)
    with pytest.raises(OutsideError, match=r"ledger\.sqlite cannot be written: Is a directory"):
        Ledger.open(None, state)


@pytest.mark.parametrize(
    "url",
    ["sqlite:////tmp/ledger.sqlite", "mysql://user@host/ledger", "ledger", "postgresql://host:port/ledger"],
    ids=["a file", "another database", "no address", "a port that is none"],
)
def test_an_address_that_is_not_postgresql_is_refused(state: StateRoot, url: str) -> None:
    with pytest.raises(ConfigError, match="not one of a PostgreSQL database") as refused:
        Ledger.open(url, state)
    assert refused.value.exit_status == 2


def test_a_secret_that_is_not_set_is_named(state: StateRoot) -> None:
    with pytest.raises(ConfigError, match="LEDGER_PASSWORD"):
        Ledger.open("postgresql://user:${LEDGER_PASSWORD}@host/ledger", state)


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("password", ["pa-ss-wo-rd", "p%40ss%2Fw"], ids=["plain", "quoted"])
def test_a_server_that_does_not_answer_is_named_without_the_password(
    state: StateRoot, closed_port: int, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_PASSWORD", password)
    with pytest.raises(OutsideError) as refused:
        Ledger.open(f"postgresql://ledger:${{LEDGER_PASSWORD}}@127.0.0.1:{closed_port}/books", state)
    told = str(refused.value)
    assert password not in told
    assert f"127.0.0.1:{closed_port}/books" in told
    assert "refused" in told
    assert refused.value.__cause__ is None


def test_a_password_is_taken_out_of_a_drivers_words() -> None:
    database = postgresql_database(make_url("postgresql://ann:p%40ss%2Fw@host/books?sslpassword=key-word"))
    told = str(database.fault(ValueError("no p@ss/w, no p%40ss%2Fw, no key-word for ann\nmore")))
    assert "no …, no …, no … for ann." in told


def test_a_wrong_password_is_told_without_it(
    state: StateRoot, new_database: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the server says of who may come in, a user that it does not know cannot."""
    monkeypatch.setenv("LEDGER_PASSWORD", "pa-ss-wo-rd")
    url = new_database("ledger_closed", "").replace("postgresql://postgres", "postgresql://nobody", 1)
    _, at, rest = url.partition("@")
    with pytest.raises(OutsideError) as refused:
        Ledger.open(f"postgresql://nobody:${{LEDGER_PASSWORD}}{at}{rest}", state)
    assert "pa-ss-wo-rd" not in str(refused.value)
    assert "nobody" in str(refused.value)


def test_a_right_that_is_missing_is_a_fault_of_the_world(
    state: StateRoot, new_database: Callable[[str, str], str]
) -> None:
    url = new_database("ledger_readonly", "ALTER DATABASE ledger_readonly SET default_transaction_read_only = on;")
    with pytest.raises(YardstickError, match="read-only transaction") as refused:
        Ledger.open(url, state)
    assert refused.value.exit_status == 3


def test_a_connection_the_server_ends_is_told_and_the_next_work_goes_on(
    state: StateRoot, new_database: Callable[[str, str], str]
) -> None:
    with Ledger.open(new_database("ledger_ended", ""), state) as ledger:
        with pytest.raises(OutsideError, match="cannot be used"):
            in_database(ledger, lambda c: c.execute(text("SELECT pg_terminate_backend(pg_backend_pid())")))
        fill(ledger, 1)
