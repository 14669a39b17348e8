"""Clean data raises no alarm: each of 36 months of the demo company and each month of Northwind, checked as a run does.

A campaign of minutes. Northwind's orders end on 6 May 1998: that month is not whole, and it is right to say so.
"""

from pathlib import Path

import pytest

from config.checks import Severity
from config.months import Month, months_between
from flows.demo import write_demo_config, write_demo_extracts
from tests.broken_extracts.world import World

pytestmark = pytest.mark.soak

LAST = Month(2026, 10)
NOT_WHOLE = Month(1998, 5)


def alarms(world: World) -> list[str]:
    found = world.check()
    told = [
        f"{one.severity} {one.code}: {one.message}" for one in found.everything if one.severity is not Severity.INFO
    ]
    return [f"{world.month}: {line}" for line in [*([found.refused] if found.refused else []), *told]]


def test_36_months_of_the_demo_company_raise_no_alarm(tmp_path: Path) -> None:
    write_demo_extracts(tmp_path / "data", months=36)
    write_demo_config(tmp_path / "config", months=36)
    company = tmp_path / "config" / "company.yaml"
    company.write_text(company.read_text("utf-8").replace("{state}/extracts", "{config}/../data"), "utf-8")
    months = months_between(LAST.shift(-35), LAST)
    assert [line for month in months for line in alarms(World(tmp_path, month))] == []


def test_each_month_of_northwind_raises_no_alarm_but_the_one_that_is_not_whole(northwind: World) -> None:
    months = months_between(Month(1996, 7), NOT_WHOLE)
    told = [line for month in months for line in alarms(World(northwind.folder, month))]
    assert [line for line in told if not line.startswith(str(NOT_WHOLE))] == []
    assert [line for line in told if "days_at_end" in line or "rows_over_time" in line] != []
