"""The usual demo company, written once for all tests that read it."""

from pathlib import Path

import pandas as pd
import pytest

from flows.demo import DemoTruths, write_demo_extracts


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoTruths]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, write_demo_extracts(folder)


@pytest.fixture(scope="session")
def demo(written: tuple[Path, DemoTruths]) -> Path:
    return written[0]


@pytest.fixture(scope="session")
def truths(written: tuple[Path, DemoTruths]) -> DemoTruths:
    return written[1]


def read_all(folder: Path, kind: str) -> pd.DataFrame:
    """All months of an extract as one frame, ids as written."""
    files = sorted((folder / kind).glob("*.csv"))
    ids = dict.fromkeys(("seller", "order_id", "returns_order", "customer", "agent"), str)
    return pd.concat([pd.read_csv(path, dtype=ids) for path in files], ignore_index=True)


@pytest.fixture(scope="session")
def sales(demo: Path) -> pd.DataFrame:
    return read_all(demo, "sales")


@pytest.fixture(scope="session")
def service(demo: Path) -> pd.DataFrame:
    return read_all(demo, "service")
