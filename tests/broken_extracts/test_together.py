"""Many faults in one file: each is told, Great Expectations counts as DuckDB does; mended, nothing is said any more."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.months import Month
from flows.demo import write_demo_config, write_demo_extracts
from tests.broken_extracts.breaking import Break, again, cell, column, cut_at, each, headings_only, lines, only, rename
from tests.broken_extracts.cases import (
    ORDERS,
    assert_caught,
    assert_conserved,
    assert_nothing_left,
    broken,
    critical,
    file_of,
    of,
    warning,
)
from tests.broken_extracts.conftest import checked, only_with
from tests.broken_extracts.world import World

FAULTS = {
    "sales": each(
        cell(2, amount="NaN"), cell(3, amount="1,232.55"), cell(5, amount=""), cell(6, amount="-1146.87"),
        cell(7, amount="457231"), cell(8, order_date="2026-11-01"), cell(9, order_date="01.10.2026"),
        cell(10, order_id=""), cell(11, order_id="2610"), cell(12, seller="1925"), cell(13, seller="009999"),
        cell(14, customer="10\x072966"), cell(15, product_group="=1+1"), cell(16, product_group="x" * 10_000),
        cell(17, segment="B2X"), cell(18, share="1.5"), cell(19, share="half"), cell(20, status="invoicd"),
        cell(21, modified="yesterday"), cell(22, product_group="BÃ¼ro"), cell(23, amount="1e999"),
        again(lambda line, _row: line == 24, amount="1.00"), again(lambda line, _row: line == 25),
    ),
    "service": each(
        cell(2, satisfaction="7"), cell(3, satisfaction="good"), cell(4, satisfaction="4.5"),
        cell(5, first_response_hours="-1"), cell(6, first_response_hours="3:30"), cell(7, opened="2026-10-31 00:00:00"),
        cell(8, closed="2026-10-01"), cell(9, closed="31.10.2026 10:00"), cell(10, ticket=""), cell(11, agent="xqvarr"),
        cell(12, solved_first_contact="perhaps"), cell(13, reopened="=FALSE"), cell(14, channel="\x1b[31mmail"),
        again(lambda line, _row: line == 15, priority="high"), cell(17, closed="2026-09-30 23:59:59"),
    ),
    "pulse": each(
        cell(2, goals_matter="11"), cell(3, goals_matter="-1"), cell(4, support="seven"), cell(5, respondent=""),
        cell(6, respondent="A9999"), cell(7, answered_on=""), cell(8, answered_on="2026-11-02"),
        again(lambda line, _row: line == 9, support="1"),
    ),
    "availability": each(
        cell(2, available_days="45"), cell(3, available_days="-1"), cell(4, available_days="all"),
        cell(5, available_days=""), cell(6, associate=""), cell(7, associate="A9999"), cell(8, month="October"),
        again(lambda line, _row: line == 9, available_days="1"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "extract", ["sales", "service", *(pytest.param(one, marks=pytest.mark.soak) for one in ("pulse", "availability"))]
)
def test_both_ways_of_asking_count_alike(demo_of: Callable[[str], World], extract: str) -> None:
    world = demo_of(extract)
    found = broken(world, warning(extract, extract, FAULTS[extract], "")).check()
    assert "check.engines_disagree" not in {one.code for one in found.everything}, found.told()
    failed = {tally.check for tally in found.checked(extract).tallies if tally.failed}
    assert len(failed) >= 5, failed
    assert_conserved(found)


MENDED: dict[str, tuple[str, Break]] = {
    "cut-off": ("sales", cut_at(0.5)),
    "empty": ("service", only("")),
    "headings-only": ("pulse", headings_only),
    "renamed": ("sales", rename(amount="net")),
    "unreadable": ("activity", column("date", "soon")),
    "half-of-hr": ("hr", lines(2, 30)),
}
OFTEN = ("cut-off", "half-of-hr")


@pytest.mark.usefixtures("asked_once")
@pytest.mark.parametrize(
    ("extract", "how"),
    [pytest.param(*one, id=name, marks=[pytest.mark.soak] * (name not in OFTEN)) for name, one in MENDED.items()],
)
def test_once_mended_nothing_is_said(demo_of: Callable[[str], World], extract: str, how: Break) -> None:
    world = demo_of(extract)
    good = {name: world.path(name).read_bytes() for name in (file_of(extract), "data/control/control-2026-10.csv")}
    files = {name for name in world.files() if not name.startswith("state/")}
    wrong = broken(world, critical("mended", extract, how, "")).check()
    assert wrong.refused or wrong.findings
    for name, content in good.items():
        world.write(name, content)
    found = world.check()
    assert not found.refused, found.refused
    assert found.findings == (), found.told()
    assert found.withheld_from_all() == set()
    assert_nothing_left(world, files)


@pytest.fixture(scope="module")
def larger(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A company with more than a thousand orders and service tickets a month, over half a year."""
    folder = tmp_path_factory.mktemp("larger")
    write_demo_extracts(folder / "data", associates=120, months=5)
    write_demo_config(folder / "config", associates=120, months=5)
    world = World(folder, Month(2026, 10))
    world.change("config/company.yaml", lambda text: text.replace("{state}/extracts", "{config}/../data"))
    return checked(only_with(world, {"hr", "control", "sales"}))


@pytest.mark.soak
@pytest.mark.usefixtures("asked_once")
def test_an_export_that_stops_at_its_limit_is_caught(larger: World, tmp_path: Path) -> None:
    case = critical("stopped", "sales", lines(2, 1_001), "time.row_limit", withheld=of(ORDERS),
                    says=("1,000 rows",))  # fmt: skip
    assert_caught(larger.copy(tmp_path / "world"), case)
