"""Who hr does not know, who had left, and what another extract lacks: told with ids, days and places."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from config.checks import Severity, Suite
from config.models import Config, Extract, ExtractKind
from flows.checks.references import reference_checks, reference_tallies
from flows.duck import connection
from tests.flows.tables import OCTOBER, config_of, identities_of, membership_of, sales_extract
from transforms.checks.readings import label_of
from transforms.stages import Checked, Finding, Tally

HR = Extract.model_validate(
    {"kind": "hr", "source": {"files": "hr.csv"}, "columns": {"associate": {}, "name": {}}, "history": "snapshots"}
)
PEOPLE = membership_of(
    ("A", "associate", "A", "", ""), ("A", "team", "North", "", ""),
    ("LEFT", "associate", "LEFT", "2020-01-01", "2026-10-10"), ("LEFT", "team", "North", "2020-01-01", "2026-09-01"),
    ("NEW", "associate", "NEW", "2026-10-20", ""), ("007", "associate", "007", "", ""),
    ("BACK", "associate", "BACK", "2020-01-01", "2026-10-03"), ("BACK", "associate", "BACK", "2026-10-08", ""),
    ("team:North", "team", "North", "2020-01-01", "2026-10-15"),
)  # fmt: skip
NOBODY = identities_of()


def checked_rows(folder: Path, columns: Mapping[str, Sequence[Any]], extract: str = "sales") -> Checked:
    """Typed rows as they are kept: ids as text, days as dates, amounts as decimals."""
    types = {"day": pa.date32(), "amount": pa.decimal128(18, 4), "closed": pa.timestamp("us")}
    days = {"day": "datetime64[s]", "closed": "datetime64[us]"}
    table: dict[str, Any] = {}
    for name, values in columns.items():
        given = pd.Series(values, dtype=days[name]).tolist() if name in days else list(values)
        plain = [None if value is None or value is pd.NaT else value for value in given]
        table[name] = pa.array(plain, types.get(name, pa.string()))
    rows = len(next(iter(columns.values())))
    table |= {"_file": pa.array([f"{extract}.csv"] * rows), "_line": pa.array(range(2, rows + 2), pa.int64())}
    path = folder / f"{extract}.parquet"
    pq.write_table(pa.table(table), path)
    return Checked(extract, OCTOBER, path, path, "0" * 64, rows, 0, rows, 0)  # type: ignore[arg-type]


def company(suites: Mapping[str, Any] | None = None, hr: str = "hr", **extract: Any) -> Config:
    config = config_of({"sales": sales_extract(**extract), hr: HR})
    told = {name: Suite.model_validate(one) for name, one in (suites or {}).items()}
    return config.model_copy(update={"suites": told})


def sales(folder: Path, *rows: tuple[str | None, str | None] | tuple[str | None, str | None, int]) -> Checked:
    """Sales from (seller, day) or (seller, day, amount)."""
    whole = [(*row, 5)[:3] for row in rows]
    return checked_rows(
        folder,
        {
            "id": [str(at) for at in range(len(rows))],
            "seller": [row[0] for row in whole],
            "day": [row[1] for row in whole],
            "amount": [row[2] for row in whole],
        },
    )


def ask(
    config: Config, checked: Checked, identities: pd.DataFrame = NOBODY, others: Mapping[str, Checked] | None = None
) -> dict[str, Tally]:
    tallies = reference_tallies(config, checked.extract, checked, others or {}, PEOPLE, identities)
    checks = reference_checks(config, checked.extract)
    assert [tally.check for tally in tallies] == [check.id for check in checks]
    return {tally.check.removeprefix("sales.seller_refers_to").removeprefix("sales."): tally for tally in tallies}


def told(tally: Tally) -> Finding:
    assert tally.finding is not None
    return tally.finding


def test_rows_of_whom_hr_knows_on_the_day_pass(tmp_path: Path) -> None:
    rows = sales(tmp_path, ("A", "2026-10-01"), ("LEFT", "2026-10-09"), ("NEW", "2026-10-20"), ("BACK", "2026-10-02"))
    tallies = ask(company(), rows)
    assert [(tally.rows, tally.failed, tally.finding) for tally in tallies.values()] == [(4, 0, None)] * 3


def test_an_unknown_id_is_told_as_it_always_was(tmp_path: Path) -> None:
    rows = sales(tmp_path, ("A", "2026-10-01"), ("Z9", "2026-10-01"), ("X1", "2026-10-02"), ("Z9", "2026-10-03"))
    tallies = ask(company(), rows)
    finding = told(tallies[""])
    assert (tallies[""].rows, tallies[""].failed) == (4, 3)
    assert (finding.code, finding.severity, finding.column, finding.value) == (
        "engine.unknown_id", Severity.WARNING, "seller", "Z9",
    )  # fmt: skip
    assert (finding.file, finding.line, finding.rows) == ("sales.csv", 3, 3)
    assert finding.message == (
        "sales 2026-10: 3 rows belong to nobody on the day and count in the organisation alone (the first at "
        "sales.csv:3). Ids (rows): Z9 (2), X1 (1). Add them to the hr extract, or to `not_people`."
    )


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        (["7"], "7 looks like 007 with its leading zeros lost. Add"),
        (["00007"], "00007 looks like 007 with leading zeros too many. Add"),
        (["7", "07"], "07 looks like 007 with its leading zeros lost (2 ids do). Add"),
        (["8"], "Ids (rows): 8 (1). Add"),
        (["team:North"], "Ids (rows): team:North (1). Add"),
        (["a", "b", "c", "d", "e", "f"], "e (1) and 1 more. Add"),
        (["B\x07"], "B\\x07 (1)"),
    ],
    ids=["lost", "added", "several", "none like it", "a team is nobody", "many", "control character"],
)  # fmt: skip
def test_what_unknown_ids_look_like(tmp_path: Path, ids: list[str], says: str) -> None:
    finding = told(ask(company(), sales(tmp_path, *[(one, "2026-10-01") for one in ids]))[""])
    assert says in finding.message


def test_rows_outside_the_employment_are_not_of_nobody_known(tmp_path: Path) -> None:
    rows = sales(
        tmp_path, ("A", "2026-10-01"), ("LEFT", "2026-10-10"), ("LEFT", "2026-10-12"), ("NEW", "2026-10-19"),
        ("BACK", "2026-10-05"),
    )  # fmt: skip
    tallies = ask(company(), rows)
    assert [tally.failed for tally in tallies.values()] == [0, 4, 0]
    finding = told(tallies["_after_leaving"])
    assert (finding.code, finding.severity, finding.value, finding.line) == (
        "engine.outside_employment", Severity.WARNING, "LEFT", 3,
    )  # fmt: skip
    assert finding.message == (
        "sales 2026-10: 4 rows lie outside the employment of whoever is named and count in the organisation alone "
        "(the first at sales.csv:3). Ids (rows): LEFT (2, last day 2026-10-09), "
        "BACK (1, last day 2026-10-02), NEW (1, first day 2026-10-20). "
        "Give them to who took over, or correct the days in the hr extract."
    )


def test_returns_of_a_leavers_customers_are_no_fault(tmp_path: Path) -> None:
    rows = sales(tmp_path, ("LEFT", "2026-10-12", -3), ("LEFT", "2026-10-12", 3), ("Z9", "2026-10-01", -1))
    tallies = ask(company(), rows)
    assert [tally.failed for tally in tallies.values()] == [1, 1, 1]
    finding = told(tallies["_returns"])
    assert (finding.severity, finding.code, finding.value) == (Severity.INFO, "engine.returns_after_leaving", "LEFT")
    assert "1 return is of who was not employed on the day, and counts" in finding.message
    assert "1 row lies outside" in told(tallies["_after_leaving"]).message


def test_without_a_numeric_main_measure_nothing_is_a_return(tmp_path: Path) -> None:
    tallies = ask(company(main_measure=None), sales(tmp_path, ("LEFT", "2026-10-12", -3)))
    assert [tally.failed for tally in tallies.values()] == [0, 1, 0]


def test_queues_empty_ids_and_rows_without_a_day_are_not_asked(tmp_path: Path) -> None:
    rows = sales(tmp_path, ("BOT-1", "2026-10-01"), (None, "2026-10-01"), ("Z9", None), ("A", "2026-10-01"))
    assert [(tally.rows, tally.failed) for tally in ask(company(not_people="BOT-*"), rows).values()] == [(1, 0)] * 3


def test_rows_of_an_extract_without_days_belong_to_the_months_last(tmp_path: Path) -> None:
    rows = checked_rows(tmp_path, {"id": ["1", "2"], "seller": ["NEW", "LEFT"], "amount": [1, 1]})
    config = company(columns={"id": "id", "seller": "id", "amount": "money"}, date=None)
    assert [tally.failed for tally in ask(config, rows).values()] == [0, 1, 0]


def test_rows_of_whole_months_are_of_whoever_was_there_on_any_day(tmp_path: Path) -> None:
    rows = sales(tmp_path, *[(who, "2026-10-01") for who in ("NEW", "LEFT", "BACK", "A")], ("LEFT", "2026-11-30"))
    assert [tally.failed for tally in ask(company(kind="availability"), rows).values()] == [0, 1, 0]


def test_a_moment_belongs_to_its_day(tmp_path: Path) -> None:
    rows = {"seller": ["LEFT", "LEFT"], "closed": ["2026-10-09T23:59:59", "2026-10-10T00:00:00"]}
    config = company(columns={"seller": "id", "closed": "timestamp"}, date="closed", key=(), main_measure=None)
    assert [tally.failed for tally in ask(config, checked_rows(tmp_path, rows)).values()] == [0, 1, 0]


def test_ids_of_a_source_are_looked_up_through_identities(tmp_path: Path) -> None:
    identities = identities_of(
        ("crm", "S1", "", "2026-10-05", "A"), ("crm", "S2", "", "", "LEFT"), ("crm", "0042", "", "", "A"),
        ("crm", "S3", "", "", "GONE"), ("other", "S4", "", "", "A"),
    )  # fmt: skip
    rows = sales(
        tmp_path, ("S1", "2026-10-04"), ("S1", "2026-10-05"), ("S2", "2026-10-11"), ("S3", "2026-10-01"),
        ("S4", "2026-10-01"), ("42", "2026-10-01"), ("A", "2026-10-01"),
    )  # fmt: skip
    tallies = ask(company(identities="crm"), rows, identities)
    assert [tally.failed for tally in tallies.values()] == [4, 2, 0]
    message = told(tallies[""]).message
    assert "42 (1), A (1), S3 (1), S4 (1). 42 looks like 0042 with its leading zeros lost. " in message
    assert "Add them to identities.csv or the hr extract" in message
    assert "S1 (1, last day 2026-10-04), S2 (1, last day 2026-10-09)" in told(tallies["_after_leaving"]).message


def test_rows_of_a_team_are_looked_up_as_its_own(tmp_path: Path) -> None:
    config = company(associate=None, team="seller")
    rows = sales(tmp_path, ("North", "2026-10-01"), ("North", "2026-10-15"), ("A", "2026-10-01"))
    tallies = ask(config, rows)
    assert [tally.failed for tally in tallies.values()] == [1, 1, 0]
    assert "the days of the team named" in told(tallies["_after_leaving"]).message


def test_a_check_of_the_company_says_which_rows_and_how_much_it_matters(tmp_path: Path) -> None:
    check = {
        "column": "closer", "refers_to": {"extract": "hr"}, "where": "amount > 3", "severity": "critical",
        "tolerance": 0.5,
    }  # fmt: skip
    config = company({"sales": {"checks": [check]}}, hr="people", columns={
        "id": "id", "seller": "id", "closer": "id", "day": "date", "amount": "money",
    })  # fmt: skip
    columns: dict[str, list[Any]] = {
        "id": ["1", "2", "3"], "seller": ["A"] * 3, "closer": ["Z9", "Z9", "LEFT"],
        "day": ["2026-10-01", "2026-10-01", "2026-10-31"], "amount": [3, 4, 5],
    }  # fmt: skip
    tallies = ask(config, checked_rows(tmp_path, columns))
    assert {name: (one.rows, one.failed) for name, one in tallies.items() if "closer" in name} == {
        "closer_refers_to": (2, 1), "closer_refers_to_after_leaving": (2, 1), "closer_refers_to_returns": (2, 0),
    }  # fmt: skip
    assert told(tallies["closer_refers_to"]).severity is Severity.CRITICAL
    checks = {check.name: check for check in reference_checks(config, "sales")}
    assert [checks[name].severity for name in list(tallies) if "closer" in name] == [
        Severity.CRITICAL, Severity.CRITICAL, Severity.INFO,
    ]  # fmt: skip
    assert label_of(checks["closer_refers_to_after_leaving"]) == "closer was employed on the day, where amount > 3"
    assert str(checks["closer_refers_to_returns"].tolerance) == "0.5"


ORDERS = {"sales": {"checks": [{"column": "id", "refers_to": {"extract": "orders", "column": "number"}}]}}


def orders_company() -> Config:
    config = company(ORDERS)
    orders = sales_extract(
        columns={"number": "id", "amount": "money"}, key="number", date=None, associate=None, main_measure=None
    )
    return config.model_copy(update={"extracts": {**config.extracts, "orders": orders}})


def test_a_value_must_occur_in_the_other_extract_of_the_month(tmp_path: Path) -> None:
    orders = checked_rows(tmp_path, {"number": ["0", "0", None, "3"], "amount": [1] * 4}, "orders")
    rows = sales(tmp_path, *[("A", "2026-10-01")] * 4)
    tally = ask(orders_company(), rows, others={"orders": orders})["id_refers_to"]
    assert (tally.rows, tally.failed) == (4, 2)
    finding = told(tally)
    assert (finding.code, finding.column, finding.value, finding.line) == ("check.refers_to", "id", "1", 3)
    assert finding.message == (
        "sales 2026-10: 2 rows have a value in id that orders of the month lacks (the first at sales.csv:3). "
        "Values (rows): 1 (1), 2 (1). "
        "Deliver them in orders, or correct them in sales."
    )


def test_a_reference_to_what_is_not_there_crashes_and_says_so(tmp_path: Path) -> None:
    rows = sales(tmp_path, ("A", "2026-10-01"))
    assert ask(orders_company(), rows)["id_refers_to"].crashed == "there is no orders extract of 2026-10"


def lacking(checked: Checked, column: str) -> Checked:
    finding = Finding("typing.column_missing", Severity.CRITICAL, "", column=column)
    return Checked(
        checked.extract, checked.month, checked.path, checked.path, "", checked.rows, 0, checked.rows, 0,  # type: ignore[arg-type]
        findings=(finding,),
    )  # fmt: skip


@pytest.mark.parametrize("column", ["seller", "day"])
def test_a_missing_column_is_a_crash_not_a_pass(tmp_path: Path, column: str) -> None:
    tallies = ask(company(), lacking(sales(tmp_path, ("A", "2026-10-01")), column))
    assert [tally.crashed for tally in tallies.values()] == [f"the landing has no column for {column}"] * 3


def test_a_condition_on_a_missing_column_is_a_crash_not_a_pass(tmp_path: Path) -> None:
    check = {"name": "some", "column": "seller", "refers_to": {"extract": "hr"}, "where": "amount > 0"}
    rows = lacking(sales(tmp_path, ("A", "2026-10-01")), "amount")
    tallies = ask(company({"sales": {"checks": [check]}}), rows)
    assert {tally.crashed for name, tally in tallies.items() if name.startswith("some")} == {
        "the landing has no column for amount"
    }


def test_the_values_of_a_survey_are_counted_and_not_listed(tmp_path: Path) -> None:
    config = orders_company()
    pulse = config.extracts["sales"].model_copy(update={"kind": ExtractKind.PULSE})
    config = config.model_copy(update={"extracts": {**config.extracts, "sales": pulse}})
    orders = checked_rows(tmp_path, {"number": ["0"], "amount": [1]}, "orders")
    tally = ask(config, sales(tmp_path, *[("A", "2026-10-01")] * 3), others={"orders": orders})["id_refers_to"]
    assert "There are 2 such answers." in told(tally).message
    assert "(1)" not in told(tally).message


def test_the_other_extract_lacking_the_column_is_a_crash(tmp_path: Path) -> None:
    orders = lacking(checked_rows(tmp_path, {"number": [None], "amount": [1]}, "orders"), "number")
    tallies = ask(orders_company(), sales(tmp_path, ("A", "2026-10-01")), others={"orders": orders})
    assert tallies["id_refers_to"].crashed == "orders has no column number"


def test_a_condition_that_fails_on_a_row_is_a_crash_of_its_check_alone(tmp_path: Path) -> None:
    check = {"name": "odd", "column": "seller", "refers_to": {"extract": "hr"}, "where": "cast(id AS INTEGER) > 0"}
    rows = checked_rows(tmp_path, {"id": ["x"], "seller": ["A"], "day": ["2026-10-01"], "amount": [1]})
    tallies = ask(company({"sales": {"checks": [check]}}), rows)
    assert [bool(tally.crashed) for tally in tallies.values()] == [False] * 3 + [True] * 3
    assert "x" in tallies["odd"].crashed


def test_an_extract_of_nobody_has_no_reference(tmp_path: Path) -> None:
    config = company(associate=None)
    assert reference_checks(config, "sales") == ()
    assert reference_tallies(config, "sales", sales(tmp_path, ("A", None)), {}, PEOPLE, NOBODY) == ()


def test_a_database_that_is_lent_is_given_back_as_it_was(tmp_path: Path) -> None:
    rows = sales(tmp_path, ("A", "2026-10-01"), ("Z9", "2026-10-01"))
    with connection(tmp_path) as database:
        lent = reference_tallies(company(), "sales", rows, {}, PEOPLE, NOBODY, database)
        assert database.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (0,)
    assert lent == reference_tallies(company(), "sales", rows, {}, PEOPLE, NOBODY)


def test_the_order_of_rows_changes_no_count(tmp_path: Path) -> None:
    rows = [(who, "2026-10-12") for who in ("A", "LEFT", "Z9", "Y8", "NEW")]
    (tmp_path / "back").mkdir()
    forwards, backwards = ask(company(), sales(tmp_path, *rows)), ask(company(), sales(tmp_path / "back", *rows[::-1]))
    said = [
        [(t.rows, t.failed, t.finding and t.finding.message.replace(f":{t.finding.line})", ")")) for t in each.values()]
        for each in (forwards, backwards)
    ]
    assert said[0] == said[1]
