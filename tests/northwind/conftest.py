"""Northwind Traders: real orders and employees, read in place. Skipped, saying so, where they are not beside us."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.months import Month
from flows.monthly import run_month
from flows.stages.publish import Outcome
from flows.stages.run import MonthRun
from flows.state.paths import StateRoot

HERE = Path(__file__).parent
DATA = HERE.parents[2] / "shared" / "data" / "northwind"
MONTH = Month(1998, 4)


@dataclass(frozen=True)
class Made:
    """A month that was made: with what, where, and what came of it."""

    run: MonthRun
    outcome: Outcome


@pytest.fixture(scope="session")
def northwind_data() -> Path:
    """The folder with orders.csv, employees.csv and northwind.sql."""
    if not (DATA / "orders.csv").is_file():
        pytest.skip(f"Northwind's files are not at {DATA}: these tests need them")
    return DATA


def month_run(root: Path, config: Path, month: Month = MONTH, threads: int | None = None) -> MonthRun:
    """A run of a month with its state under `root`."""
    return MonthRun(month, config, StateRoot(root), datetime(1998, 5, 8, tzinfo=UTC), threads=threads, workers=1)


@pytest.fixture(scope="session")
def from_files(northwind_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """April 1998 from the CSV files."""
    run = month_run(tmp_path_factory.mktemp("northwind") / "state", HERE / "config")
    return Made(run, run_month(run))


@pytest.fixture(scope="session")
def northwind_url(northwind_data: Path, new_database: Callable[[str, str], str]) -> str:
    """A database of a real PostgreSQL server with Northwind's dump loaded."""
    return new_database("northwind", (northwind_data / "northwind.sql").read_text("utf-8"))


@pytest.fixture(scope="session")
def from_postgres(northwind_url: str, northwind_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """April 1998 from the PostgreSQL dump."""
    folder = tmp_path_factory.mktemp("northwind-postgres")
    shutil.copytree(HERE / "config", folder / "config")
    shutil.copy(HERE / "extracts-postgres.yaml", folder / "config" / "extracts.yaml")
    os.environ["NORTHWIND_URL"] = northwind_url.replace("postgresql://", "postgresql+psycopg://")
    try:
        run = month_run(folder / "state", folder / "config")
        return Made(run, run_month(run))
    finally:
        del os.environ["NORTHWIND_URL"]
