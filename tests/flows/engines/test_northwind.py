"""A real company's orders, landed, typed and measured, against figures reckoned from the file by other means."""

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from config.months import Month
from flows.checks import check_extract
from flows.engines import measure_month
from flows.sources import SourceSession
from tests.flows.tables import config_of, identities_of, membership_of, metric_of, sales_extract

NORTHWIND = Path(__file__).resolve().parents[4] / "shared" / "data" / "northwind"
MARCH = Month(1997, 3)

pytestmark = pytest.mark.skipif(not NORTHWIND.is_dir(), reason=f"{NORTHWIND} is not on this machine")


def orders(*months: Month) -> list[dict[str, str]]:
    with (NORTHWIND / "orders.csv").open(encoding="utf-8") as lines:
        return [row for row in csv.DictReader(lines) if row["order_date"][:7] in {str(month) for month in months}]


def test_teams_figures_are_those_of_the_file(tmp_path: Path) -> None:
    extract = sales_extract(
        source={"files": "orders.csv", "month_by": "day", "missing": ["NULL"]},
        columns={
            "order_id": "id", "seller": {"type": "id", "from": "employee_id"}, "freight": "money", "amount": "money",
            "day": {"type": "date", "from": "order_date"}, "shipped_date": "date",
        },
        key="order_id",
    )  # fmt: skip
    metrics = {
        "revenue": metric_of(value="sum(amount)"),
        "days": metric_of(value="avg(date_diff('day', day, shipped_date))"),
        "freight": metric_of(value="sum(freight)", window_months=3),
    }
    config = config_of({"sales": extract}, metrics)
    months = [MARCH.shift(-2), MARCH.shift(-1), MARCH]
    with SourceSession(config, NORTHWIND, tmp_path / "landings", datetime(2026, 11, 6, tzinfo=UTC)) as session:
        landings = [session.land("sales", month) for month in months]
    checked = [check_extract(landing, config, tmp_path / "checked") for landing in landings if landing]
    people = membership_of(*[(str(number), "team", f"T{number % 2}", "", "") for number in range(1, 10)])
    measured = measure_month(config, MARCH, {"sales": checked}, people, identities_of())

    found = measured.facts.set_index(["unit_id", "metric"])["value"]
    for team in (0, 1):
        ours = [row for row in orders(MARCH) if int(row["employee_id"]) % 2 == team]
        assert found[f"T{team}", "revenue"] == float(sum(Decimal(row["amount"]) for row in ours))
        days = [
            (datetime.fromisoformat(row["shipped_date"]) - datetime.fromisoformat(row["order_date"])).days
            for row in ours
            if row["shipped_date"] != "NULL"
        ]
        assert found[f"T{team}", "days"] == pytest.approx(sum(days) / len(days))
        freight = [row["freight"] for row in orders(*months) if int(row["employee_id"]) % 2 == team]
        cents = sum(Decimal(text).quantize(Decimal("0.0001")) for text in freight)
        assert found[f"T{team}", "freight"] == float(cents)
    (account,) = measured.reconciliation
    assert account.adds_up
    assert (account.attributed.rows, account.quarantined.rows) == (len(orders(MARCH)), 0)
