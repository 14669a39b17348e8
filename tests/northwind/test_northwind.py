"""Northwind, April 1998: every figure equal to one computed by plain SQL, from the files and from PostgreSQL alike."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from config.months import Month
from flows.monthly import run_month
from flows.rendering import read_back
from tests.northwind.conftest import HERE, MONTH, Made, month_run

# Who belongs where, by reports_to: a team is who shares it; a manager's span is everyone below and the manager.
SPANS = {
    ("team", "2"): "('1','3','4','5','8')",
    ("team", "5"): "('6','7','9')",
    ("manager", "2"): "('1','2','3','4','5','6','7','8','9')",
    ("manager", "5"): "('5','6','7','9')",
    ("organisation", "organisation"): "('1','2','3','4','5','6','7','8','9')",
    **{("associate", str(number)): f"('{number}')" for number in range(1, 10)},
}
PLAIN_SQL = {
    "revenue": ("order_date", "sum(cast(amount as decimal(18,4)))"),
    "orders": ("order_date", "count(*)"),
    "average_order": ("order_date", "sum(cast(amount as decimal(18,4))) / count(*)"),
    "customers": ("order_date", "count(distinct customer_id)"),
    "on_time": ("shipped_date", "sum(case when shipped_date <= required_date then 1 else 0 end) / count(*)"),
    "days_to_ship": ("shipped_date", "median(cast(shipped_date as date) - cast(order_date as date))"),
}
INDIVIDUAL = {"revenue", "orders"}


@pytest.fixture(scope="module")
def plain(northwind_data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The orders as plain text in a database of their own."""
    with duckdb.connect() as connection:
        connection.execute(
            "create table orders as select * from read_csv(?, all_varchar=true, nullstr='NULL')",
            [str(northwind_data / "orders.csv")],
        )
        yield connection


def facts_of(made: Made, month: Month = MONTH) -> dict[tuple[str, str, str], tuple[int, float]]:
    """Rows and value of each unit and metric of a month."""
    facts = pd.read_parquet(made.run.state.facts(month))
    keys = zip(facts["unit_kind"], facts["unit_id"], facts["metric"], strict=True)
    return dict(zip(keys, zip(facts["rows"], facts["value"], strict=True), strict=True))


@pytest.mark.parametrize("month", [Month(1998, 4), Month(1997, 4), Month(1996, 8)], ids=str)
@pytest.mark.parametrize("metric", PLAIN_SQL)
def test_each_figure_equals_plain_sql(
    from_files: Made, plain: duckdb.DuckDBPyConnection, metric: str, month: Month
) -> None:
    date, formula = PLAIN_SQL[metric]
    facts = facts_of(from_files, month)
    for (kind, unit_id), people in SPANS.items():
        if kind == "associate" and metric not in INDIVIDUAL:
            assert (kind, unit_id, metric) not in facts
            continue
        answer = plain.execute(
            f"select count(*), {formula} from orders where employee_id in {people} "
            f"and {date} >= '{month.first_day}' and {date} < '{month.end}'"
        ).fetchone()
        assert answer is not None
        rows, value = answer
        if rows == 0 and metric not in INDIVIDUAL | {"customers"}:
            continue
        counted, measured = facts[kind, unit_id, metric]
        assert counted == rows
        assert measured == pytest.approx(float(value or 0), rel=1e-12), (kind, unit_id)


def test_sums_are_exact_to_the_last_digit(from_files: Made, plain: duckdb.DuckDBPyConnection) -> None:
    answer = plain.execute(
        "select sum(cast(amount as decimal(18,4))) from orders where order_date >= '1998-04-01' "
        "and order_date < '1998-05-01'"
    ).fetchone()
    assert answer is not None
    manifest = json.loads((from_files.outcome.folder / "manifest.json").read_text("utf-8"))
    sales = next(line for line in manifest["reconciliation"] if line["extract"] == "sales")
    assert Decimal(sales["source"]["measure"]) == answer[0]
    assert Decimal(sales["attributed"]["measure"]) == answer[0]


def test_there_is_a_report_for_each_manager_and_each_team(from_files: Made) -> None:
    manifest = json.loads((from_files.outcome.folder / "manifest.json").read_text("utf-8"))
    assert [(report["kind"], report["unit_id"], report["title"]) for report in manifest["reports"]] == [
        ("manager", "2", "Andrew Fuller"),
        ("manager", "5", "Steven Buchanan"),
        ("team", "2", "Team of Andrew Fuller"),
        ("team", "5", "Team of Steven Buchanan"),
    ]
    for report in manifest["reports"]:
        assert (from_files.outcome.folder / report["file"]).read_bytes().startswith(b"%PDF-")


def test_the_reconciliation_adds_up(from_files: Made) -> None:
    manifest = json.loads((from_files.outcome.folder / "manifest.json").read_text("utf-8"))
    lines = {line["extract"]: line for line in manifest["reconciliation"]}
    assert set(lines) == {"sales", "service"}
    for line in lines.values():
        parts = [line[name] for name in ("attributed", "unattributed", "excluded", "quarantined")]
        assert line["source"]["rows"] == sum(part["rows"] for part in parts)
        assert Decimal(line["source"]["measure"]) == sum(Decimal(part["measure"]) for part in parts)
    assert lines["sales"]["source"]["rows"] == 74


@pytest.mark.soak
def test_files_and_database_give_the_same_facts(from_files: Made, from_postgres: Made) -> None:
    for month in (Month(1996, 7), Month(1997, 4), MONTH):
        files, database = (pd.read_parquet(made.run.state.facts(month)) for made in (from_files, from_postgres))
        pd.testing.assert_frame_equal(files, database)


def test_reports_of_earlier_months_say_that_todays_organisation_is_assumed(from_files: Made) -> None:
    text = read_back(from_files.outcome.folder / "reports" / "manager-2.pdf")
    assert "assumed to have been the same" in " ".join(text.split())


def test_nobody_outside_the_span_is_named(from_files: Made) -> None:
    text = " ".join(read_back(from_files.outcome.folder / "reports" / "manager-5.pdf").split())
    assert "Suyama" in text
    for stranger in ("Davolio", "Leverling", "Peacock", "Callahan"):
        assert stranger not in text


def test_running_again_makes_no_edition_and_changes_no_byte(from_files: Made) -> None:
    before = {path: path.read_bytes() for path in sorted(from_files.run.state.root.rglob("*")) if path.is_file()}
    again = run_month(month_run(from_files.run.state.root, HERE / "config", threads=1))
    assert not again.new
    after = {path: path.read_bytes() for path in sorted(from_files.run.state.root.rglob("*")) if path.is_file()}
    assert set(before) == set(after)
    # When it was pulled, and the ledger's line of the second run, are new.
    changed = [path.name for path in before if before[path] != after[path] and "landings" not in path.parts]
    changed = [name for name in changed if not name.startswith("ledger.sqlite")]
    assert changed == []


@pytest.mark.soak
def test_one_thread_and_two_make_the_same_bytes(from_files: Made, tmp_path: Path) -> None:
    one = run_month(month_run(tmp_path / "one", HERE / "config", threads=1))
    assert (one.folder / "manifest.json").read_bytes() == (from_files.outcome.folder / "manifest.json").read_bytes()
    for path in sorted(one.folder.rglob("*.*")):
        twin = from_files.outcome.folder / path.relative_to(one.folder)
        assert path.read_bytes() == twin.read_bytes(), path.name


@pytest.mark.soak
def test_nothing_later_than_the_month_is_read(from_files: Made, northwind_data: Path, tmp_path: Path) -> None:
    """The same month from files that end with it: the same bytes."""
    import shutil

    short = tmp_path / "short"
    short.mkdir()
    shutil.copy(northwind_data / "employees.csv", short / "employees.csv")
    lines = (northwind_data / "orders.csv").read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines[1:] if line.split(",")[3] < str(MONTH.end)]
    later = [line for line in kept if line.split(",")[5] >= str(MONTH.end)]
    # An order of April shipped in May was not yet shipped as April ended: its row is the same, its service month May's.
    assert later
    (short / "orders.csv").write_text("".join([lines[0], *kept]), "utf-8")
    config = tmp_path / "config"
    shutil.copytree(HERE / "config", config)
    company = (config / "company.yaml").read_text("utf-8")
    told = next(line for line in company.splitlines() if line.startswith("data:"))
    (config / "company.yaml").write_text(company.replace(told, f'data: "{short}"'), "utf-8")
    made = run_month(month_run(tmp_path / "state", config))
    for report in sorted((from_files.outcome.folder / "models").iterdir()):
        assert (made.folder / "models" / report.name).read_bytes() == report.read_bytes()
