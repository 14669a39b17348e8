"""Folders of a small company, and a database of the real PostgreSQL server."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.sources.company import Folders


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """An empty data folder and a state folder that is not there yet."""
    data = tmp_path / "data"
    data.mkdir()
    return Folders(data, tmp_path / "state" / "landings")


@pytest.fixture(scope="session")
def postgres_url(new_database: Callable[[str, str], str]) -> str:
    """A database of a real PostgreSQL server with a table of sales in it."""
    return new_database("crm", _TABLES)


_TABLES = """
CREATE SCHEMA crm;
CREATE SEQUENCE crm.numbers;
CREATE TABLE crm.deals (
    id integer, day date, amount numeric(12, 2), name text, closed timestamptz, at_desk timestamp, share double
    precision, won boolean, tags jsonb, price real
);
INSERT INTO crm.deals VALUES
  (2, '2026-10-02', 1000.50, 'Müller; "X"', '2026-10-31 23:30:00+00', '2026-10-02 08:05:00', 0.1, true,
   '{"b": 1, "a": [1.50, null]}', 1.1),
  (1, '2026-10-01', 10.00, '', '2026-10-31 22:30:00+00', '2026-10-01 00:00:00.250', 1e21, false, NULL, 2),
  (3, '2026-11-01', 7, 'later', '2026-11-01 10:00:00+00', '2026-11-01 00:00:00', 1e-9, NULL, '[]', NULL),
  (4, NULL, 5, 'n/a', NULL, NULL, 'NaN', NULL, NULL, NULL);
"""
