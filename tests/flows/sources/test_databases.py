"""Rows of real databases land as text in a stable order, and nothing secret is told."""

import json
import sqlite3
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from config.errors import ConfigError, SourceError
from config.models import Extract
from config.months import Month
from flows.sources import database
from flows.sources.database import is_retryable
from tests.flows.sources.company import OCTOBER, Folders, extract, lines_of, rows_of, texts_of

HEADINGS = ("id", "day", "amount", "name", "closed", "at_desk", "share", "won", "tags", "price")
SECRET = "s3cret/pass"


@pytest.fixture
def postgres(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("CRM_URL", postgres_url)
    return {"url": "${CRM_URL}"}


@pytest.fixture
def sqlite(folders: Folders) -> dict[str, Any]:
    with sqlite3.connect(folders.data / "crm.db") as connection:
        connection.execute("CREATE TABLE deals (id INTEGER, day TEXT, amount REAL, name TEXT)")
        rows = [
            (2, "2026-10-02", 0.1, "b"),
            (1, "2026-10-01", 12.0, ""),
            (3, "2026-11-01", 1e21, "c"),
            (4, None, 5, "d"),
        ]
        connection.executemany("INSERT INTO deals VALUES (?, ?, ?, ?)", rows)
    connection.close()
    return {"url": "sqlite:///crm.db"}


def of_kind(source: dict[str, Any], **more: Any) -> Extract:
    return extract({**source, **more})


def test_postgres_values_become_canonical_text(folders: Folders, postgres: dict[str, Any]) -> None:
    landing = folders.land(of_kind(postgres, table="crm.deals", month_by="day", missing=["n/a"]))
    assert landing.headers == HEADINGS
    assert texts_of(landing) == [
        ("1", "2026-10-01", "10", None, "2026-10-31T23:30:00+01:00", "2026-10-01T00:00:00.25", "1000000000000000000000",
         "false", None, "2"),
        ("2", "2026-10-02", "1000.5", 'Müller; "X"', "2026-11-01T00:30:00+01:00", "2026-10-02T08:05:00", "0.1", "true",
         '{"a":[1.5,null],"b":1}', "1.1"),
    ]  # fmt: skip
    assert lines_of(landing) == [1, 2]
    assert landing.undated_rows == 1
    assert landing.files == ("database:crm.deals",)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param({"table": "crm.deals"}, ["1", "2", "3", "4"], id="a table"),
        pytest.param({"table": "crm.deals", "month_by": "closed"}, ["1"], id="moments in the company's zone"),
        pytest.param({"query": "SELECT * FROM crm.deals WHERE day >= :month_start AND day < :month_end"}, ["1", "2"],
                     id="a query of a month"),
        pytest.param({"query": "SELECT id, day FROM crm.deals", "month_by": "day"}, ["1", "2"], id="a query cut here"),
        pytest.param({"query": "SELECT id, name LIKE '%ü%' AS x FROM crm.deals WHERE day::date > '2026-10-01'"},
                     ["2", "3"], id="percent signs and casts"),
    ],
)  # fmt: skip
def test_postgres_gives_the_rows_asked_for(
    folders: Folders, postgres: dict[str, Any], source: dict[str, Any], found: list[str]
) -> None:
    assert [row[0] for row in texts_of(folders.land(of_kind(postgres, **source)))] == found


def test_the_order_of_the_database_does_not_matter(folders: Folders, postgres: dict[str, Any]) -> None:
    up = folders.land(of_kind(postgres, query="SELECT id, day FROM crm.deals ORDER BY 1"))
    down = folders.land(of_kind(postgres, query="SELECT id, day FROM crm.deals ORDER BY 1 DESC"))
    texts = [[row["id"] for row in rows_of(landing)] for landing in (up, down)]
    assert texts[0] == texts[1] == ["1", "2", "3", "4"]


def test_nothing_can_be_written_in_the_source(
    folders: Folders, postgres: dict[str, Any], sqlite: dict[str, Any]
) -> None:
    with pytest.raises(SourceError, match="read-only transaction"):
        folders.land(of_kind(postgres, query="SELECT nextval('crm.numbers') AS id"))
    with pytest.raises(SourceError, match="readonly database"):
        folders.land(of_kind(sqlite, query="DELETE FROM deals RETURNING id"))


@pytest.mark.parametrize(
    "source",
    [
        pytest.param({"table": "deals", "month_by": "day"}, id="a table cut here"),
        pytest.param({"query": "SELECT * FROM deals WHERE day >= :month_start AND day < :month_end"}, id="a query"),
    ],
)
def test_sqlite_gives_the_rows_of_a_month(folders: Folders, sqlite: dict[str, Any], source: dict[str, Any]) -> None:
    landing = folders.land(of_kind(sqlite, **source))
    assert texts_of(landing) == [("1", "2026-10-01", "12", None), ("2", "2026-10-02", "0.1", "b")]
    assert landing.files[0].startswith("sqlite:")


def test_a_month_of_which_a_database_has_no_row_is_a_gap(
    folders: Folders, postgres: dict[str, Any], sqlite: dict[str, Any]
) -> None:
    assert folders.try_land(of_kind(postgres, table="crm.deals", month_by="day"), Month(2026, 8)) is None
    assert folders.try_land(of_kind(sqlite, table="deals", month_by="day"), Month(2026, 8)) is None


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        pytest.param({"table": "deal"}, ["There is no table “deal”", "Did you mean deals?"], id="a table"),
        pytest.param(
            {"table": "deals", "month_by": "dya"}, ["Column “dya” (month_by)", "Did you mean day?"], id="a column"
        ),
        pytest.param({"query": "SELECT idd FROM deals"}, ["cannot be read", "no such column: idd"], id="a query"),
        pytest.param(
            {"query": "SELECT :month FROM deals"}, ["“:month”, which is not bound", ":month_start"], id="a name"
        ),
    ],
)
def test_what_is_not_in_a_database_is_named(
    folders: Folders, sqlite: dict[str, Any], source: dict[str, Any], parts: list[str]
) -> None:
    with pytest.raises(SourceError) as caught:
        folders.land(of_kind(sqlite, **source))
    for part in parts:
        assert part in str(caught.value)


def test_a_sqlite_file_is_never_made(folders: Folders) -> None:
    with pytest.raises(SourceError, match=r"There is no SQLite file “none\.db”"):
        folders.land(extract({"url": "sqlite:///none.db", "table": "deals"}))
    assert not (folders.data / "none.db").exists()


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("postgresql://someone:${PASSWORD}@127.0.0.1:1/crm", id="no server there"),
        pytest.param(
            "postgresql://someone@127.0.0.1:1/crm?password=${PASSWORD}&connect_timeout=${PASSWORD}", id="a parameter"
        ),
        pytest.param("postgresql://someone:${PASSWORD}@127.0.0.1:x/crm", id="no address"),
        pytest.param("mysql+nothing://someone:${PASSWORD}@127.0.0.1/crm", id="no driver"),
    ],
)
def test_a_password_is_never_told(folders: Folders, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", SECRET)
    monkeypatch.setattr(database, "_FIRST_WAIT_SECONDS", 0.0)
    with pytest.raises(SourceError) as caught:
        folders.land(extract({"url": url, "table": "deals"}))
    told = str(caught.value) + repr(caught.value.__cause__) + repr(vars(caught.value))
    assert SECRET not in told
    assert "s3cret" not in told
    assert "${PASSWORD}" in told


def test_a_server_that_does_not_answer_is_tried_three_times(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_FIRST_WAIT_SECONDS", 0.0)
    with pytest.raises(SourceError, match=r"tried 3 times.*refused.*See whether the database is up"):
        folders.land(extract({"url": "postgresql://someone@127.0.0.1:1/crm", "table": "deals"}))


def test_a_secret_that_is_not_set_is_named(folders: Folders) -> None:
    with pytest.raises(ConfigError, match="NOT_SET_HERE"):
        folders.land(extract({"url": "postgresql://a:${NOT_SET_HERE}@h/d", "table": "deals"}))


def test_the_landing_tells_neither_host_nor_user(folders: Folders, postgres: dict[str, Any], postgres_url: str) -> None:
    landing = folders.land(of_kind(postgres, query="SELECT id\nFROM crm.deals  WHERE day >= :month_start"))
    written = landing.path.with_suffix(".json").read_text(encoding="utf-8")
    assert json.loads(written)["source"] == "database:SELECT id FROM crm.deals WHERE day >= :month_start"
    assert postgres_url not in written


class LostError(Exception):
    def __init__(self, text: str, sqlstate: str | None = None) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "again"),
    [
        pytest.param(OperationalError("", {}, LostError("connection refused")), True, id="refused"),
        pytest.param(OperationalError("", {}, LostError("terminating connection", "57P01")), True, id="server stops"),
        pytest.param(OperationalError("", {}, LostError("too many", "53300")), True, id="too many connections"),
        pytest.param(OperationalError("", {}, LostError("database is locked")), True, id="SQLite is busy"),
        pytest.param(OperationalError("", {}, LostError("x"), connection_invalidated=True), True, id="lost in between"),
        pytest.param(OperationalError("", {}, LostError("FATAL: password authentication failed")), False,
                     id="wrong password"),
        pytest.param(OperationalError("", {}, LostError('connection failed: database "x" does not exist')), False,
                     id="no such database"),
        pytest.param(OperationalError("", {}, LostError("cancelled", "57014")), False, id="query cancelled"),
        pytest.param(ProgrammingError("", {}, LostError("no such table", "42P01")), False, id="no such table"),
        pytest.param(ProgrammingError("", {}, LostError("connection refused")), False, id="not of the connection"),
        pytest.param(ValueError("timeout"), False, id="something else"),
    ],
)  # fmt: skip
def test_only_a_lost_connection_is_tried_again(error: Exception, again: bool) -> None:
    assert is_retryable(error) is again


# -- queries over several sources ----------------------------------------------------------------------------------


def joined_sources(sqlite: dict[str, Any], query: str, **more: Any) -> Extract:
    tables = {"deals": {**sqlite, "table": "deals"}, "names": {"files": "names.csv"}}
    return extract({"tables": tables, "query": query}, key=["id"], **more)


def test_a_query_joins_a_file_and_a_table(folders: Folders, sqlite: dict[str, Any]) -> None:
    folders.write("names.csv", "id;associate\n1;A17\n2;B2\n3;C3\n")
    query = """
        SELECT n.associate, d.id, CAST(d.amount AS DECIMAL(30, 4)) AS amount, CAST(d.day AS DATE) AS day
        FROM deals d JOIN names n USING (id)
        WHERE CAST(d.day AS DATE) >= :month_start AND CAST(d.day AS DATE) < :month_end
    """
    landing = folders.land(joined_sources(sqlite, query))
    assert rows_of(landing) == [
        {
            "associate": "A17",
            "id": "1",
            "amount": "12",
            "day": "2026-10-01",
            "_file": "sqlite:deals + names.csv",
            "_line": 1,
        },
        {
            "associate": "B2",
            "id": "2",
            "amount": "0.1",
            "day": "2026-10-02",
            "_file": "sqlite:deals + names.csv",
            "_line": 2,
        },
    ]
    assert folders.try_land(joined_sources(sqlite, query), Month(2026, 8)) is None


@pytest.mark.parametrize(
    ("query", "part"),
    [
        pytest.param("SELECT nothing FROM names", 'Referenced column "nothing" not found', id="a column"),
        pytest.param("SELECT FROM", "syntax error", id="no SQL"),
        pytest.param("SELECT * FROM read_csv('/etc/passwd')", "disabled", id="a file"),
        pytest.param("SELECT * FROM '/etc/passwd'", "does not exist", id="a file as a table"),
        pytest.param("SELECT * FROM tables", "does not exist", id="a Python variable"),
        pytest.param("SET enable_external_access = true", "must be one SELECT", id="a setting"),
        pytest.param("COPY names TO '/tmp/names.csv'", "must be one SELECT", id="writing"),
        pytest.param("SELECT 1; SELECT 2", "must be one SELECT", id="two statements"),
        pytest.param("CREATE TABLE x (a INT)", "must be one SELECT", id="no SELECT"),
        pytest.param("SELECT CAST(associate AS INT) FROM names", "Could not convert string", id="a cast"),
    ],
)
def test_a_query_reaches_its_tables_alone_and_its_faults_are_told(
    folders: Folders, sqlite: dict[str, Any], query: str, part: str
) -> None:
    folders.write("names.csv", "id;associate\n1;A17\n")
    with pytest.raises(SourceError) as caught:
        folders.land(joined_sources(sqlite, query))
    assert part.lower() in str(caught.value).lower()
    assert "\n" not in str(caught.value)


def test_a_query_of_which_one_table_has_no_file_is_told(folders: Folders) -> None:
    tables = {"a": {"files": "a-{month}.csv"}, "b": {"files": "b-{month}.csv"}}
    declared = extract({"tables": tables, "query": "SELECT * FROM a JOIN b USING (id)"})
    assert folders.try_land(declared) is None
    folders.write("a-2026-10.csv", "id\n1\n")
    with pytest.raises(SourceError, match="b has nothing for 2026-10, the others have"):
        folders.land(declared, OCTOBER)
