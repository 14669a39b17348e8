"""The demo company and Northwind, each checked once in good order; what is broken afterwards is broken in a copy."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from config.months import Month, months_between
from flows.demo import write_demo_config, write_demo_extracts
from tests.broken_extracts.world import World

DEMO_MONTHS = 16
NORTHWIND = Path(__file__).parents[3] / "shared" / "data" / "northwind"
NORTHWIND_CONFIG = Path(__file__).parents[1] / "northwind" / "config"
OTHERS = {"hr": "service", "availability": "renewals", "coaching": "renewals", "events": "renewals", "control": "sales"}
"""Extracts without a metric, and one with which they make a company."""
_DELIVERED = ("expectations.yaml", "decisions.csv", "delivery.yaml")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The demo company with sixteen months."""
    folder = tmp_path_factory.mktemp("demo-extracts")
    write_demo_extracts(folder / "data", months=DEMO_MONTHS)
    write_demo_config(folder / "config", months=DEMO_MONTHS)
    company = folder / "config" / "company.yaml"
    company.write_text(company.read_text("utf-8").replace("{state}/extracts", "{config}/../data"), "utf-8")
    (folder / "config" / "rates.csv").write_text("month,currency,rate\n2026-10,USD,0.91\n")
    return checked(World(folder, Month(2026, 10)))


@pytest.fixture(scope="session")
def northwind(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Northwind's orders and employees."""
    if not (NORTHWIND / "orders.csv").is_file():
        pytest.skip(f"Northwind's files are not at {NORTHWIND}: these tests need them")
    folder = tmp_path_factory.mktemp("northwind-extracts")
    shutil.copytree(NORTHWIND, folder / "data", copy_function=shutil.copyfile)
    shutil.copytree(NORTHWIND_CONFIG, folder / "config", copy_function=shutil.copyfile)
    company = folder / "config" / "company.yaml"
    data = next(line for line in company.read_text("utf-8").splitlines() if line.startswith("data:"))
    company.write_text(company.read_text("utf-8").replace(data, 'data: "{config}/../data"'), "utf-8")
    return checked(World(folder, Month(1998, 4)))


def checked(world: World) -> World:
    """The world after its first check, which finds nothing wrong."""
    with pytest.MonkeyPatch.context() as patch:
        _ask_once(patch)
        found = world.check()
    assert not found.refused, found.refused
    assert found.findings == (), found.told()
    return world


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[World], World]:
    """A copy of a world, to be broken."""
    return lambda world: world.copy(tmp_path / "world")


@pytest.fixture
def demo_of(demo: World, tmp_path: Path) -> Callable[[str], World]:
    """A copy of the demo company, to be broken, that has hr, the control totals and one extract: soon checked."""
    return lambda extract: only_with(
        demo.copy(tmp_path / "world"), {"hr", "control", extract, OTHERS.get(extract, extract)}
    )


def only_with(world: World, extracts: set[str]) -> World:
    """The world with some of its extracts, the metrics and checks of these, and the totals of two months."""
    for name in _DELIVERED:
        world.path(f"config/{name}").unlink(missing_ok=True)
    for name in ("extracts.yaml", "checks.yaml"):
        entries = _entries(world.text(f"config/{name}"), lambda key, _entry: key in extracts)
        world.path(f"config/{name}").unlink()
        if entries:
            world.write(f"config/{name}", entries)
    metrics = re.compile(rf"^  extract: ({'|'.join(sorted(extracts))})$", re.MULTILINE)
    of_extracts = _entries(world.text("config/metrics.yaml"), lambda _key, entry: bool(metrics.search(entry)))
    world.write("config/metrics.yaml", of_extracts)
    if "sales" not in extracts:
        world.path("config/corrections.csv").unlink()
    for month in months_between(world.month.shift(-DEMO_MONTHS), world.month.shift(-2)):
        world.path(f"data/control/control-{month}.csv").unlink(missing_ok=True)
        for landed in world.path(f"state/landings/{month}").glob("control-*"):
            landed.unlink()
    return world


def _entries(text: str, wanted: Callable[[str, str], bool]) -> str:
    """The entries of a YAML mapping that are wanted."""
    entries = re.split(r"^(?=[a-z_]+:$)", text, flags=re.MULTILINE)
    return "".join(entry for entry in entries if wanted(entry.partition(":")[0], entry))


@pytest.fixture
def asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are asked by DuckDB alone, as of a large extract: that the two ways agree is tested by itself."""
    _ask_once(monkeypatch)


def _ask_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("flows.stages.judge.is_small", lambda _checked: False)
