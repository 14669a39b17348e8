"""Every row is asked every check: what fails each kind, what is counted, and which check a row is set aside for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.checks import Severity, Suite
from config.errors import ConfigError
from config.models import Config
from flows.checks import CheckSession, check_extract, read_checked
from tests.flows.tables import config_of, sales_extract, write_landing
from transforms.checks.suite import suite_of
from transforms.stages import Checked, Tally

COLUMNS = {
    "id": "id", "seller": "id", "day": "date", "closed": "timestamp", "amount": "money", "units": "integer",
    "rate": "percent", "won": "boolean", "note": "text",
}  # fmt: skip
ROW = {"id": "1", "seller": "A", "day": "2026-10-05", "closed": "2026-10-05 10:00:00", "amount": "5", "units": "1",
       "rate": "10%", "won": "yes", "note": "fine"}  # fmt: skip


def company(checks: Sequence[Mapping[str, Any]], **changes: Any) -> Config:
    given = {"columns": COLUMNS, **changes}
    suite = Suite.model_validate({"checks": checks})
    return config_of({"sales": sales_extract(**given)}).model_copy(update={"suites": {"sales": suite}})


def rows_of(*changes: Mapping[str, str]) -> dict[str, list[str]]:
    """Rows like ROW with an id each, and these changes."""
    rows = [{**ROW, "id": str(at + 1), **change} for at, change in enumerate(changes)]
    return {name: [row[name] for row in rows] for name in ROW}


def check(folder: Path, config: Config, columns: Mapping[str, Sequence[str]]) -> Checked:
    return check_extract(write_landing(folder / "landings", columns), config, folder / "checked")


def tally(checked: Checked, name: str) -> Tally:
    return next(one for one in checked.tallies if one.check == f"sales.{name}")


def aside(checked: Checked) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.ParquetFile(checked.quarantine_path).read().to_pylist()
    return rows


@pytest.mark.parametrize(
    ("asked", "column", "passing", "failing"),
    [
        ({"between": {"min": 0, "max": "2.5"}}, "amount", ["0", "2.5", "2.50", ""], ["-0.01", "2.51"]),
        ({"between": {"min": -3}}, "units", ["-3", "1000000"], ["-4"]),
        ({"between": {"max": "0.5"}}, "rate", ["50%", "0.5", "-1"], ["50.01%", "51%"]),
        ({"between": {"min": "2026-10-02", "max": "2026-10-03"}}, "day", ["2026-10-02", "2026-10-03"],
         ["2026-10-01", "2026-10-04"]),
        ({"between": {"min": "2026-10-02", "max": "2026-10-03"}}, "closed",
         ["2026-10-02", "2026-10-03 23:59:59.999999"], ["2026-10-01 23:59:59", "2026-10-04"]),
        ({"one_of": ["fine", "so so", "it's"]}, "note", ["fine", " so so ", "it's", ""], ["Fine", "so", "so so so"]),
        ({"matches": "A[0-9]|b"}, "seller", ["A1", "b", ""], ["A", "A12", "ab", "xA1"]),
        ({"matches": ".*"}, "note", ["", "x"], ["a\nb"]),
        ({"not_null": True}, "note", ["x", "0"], ["", " ", "\u00a0"]),
        ({"in_month": True}, "closed", ["2026-10-01", "2026-10-31 23:59:59", ""], ["2026-09-30 23:59", "2026-11-01"]),
        ({"plain": True}, "note",
         ["Ärger", "a=b", "two\nlines\tof text", "x" * 500, "São João", "5 €", "Ã", "naïve", "MANHÃ"],
         ["=1+1", "bell\x07", "x" * 501, "Ã¤rger", "â€œquoted", "lost \ufffd", "\x85", "Â£5", "Ã–l"]),
        ({"plain": True}, "id", ["7", "é"], ["7\t7", "7\n7"]),
    ],
    ids=["money", "integer", "percent", "date", "last day of a moment", "set", "pattern", "lines", "filled", "month",
         "plain text", "plain id"],
)  # fmt: skip
def test_each_kind_at_its_bounds(
    tmp_path: Path, asked: dict[str, Any], column: str, passing: list[str], failing: list[str]
) -> None:
    config = company([{"column": column, "name": "asked", **asked}], key=())
    checked = check(tmp_path, config, rows_of(*({column: value} for value in [*passing, *failing])))
    found = tally(checked, "asked")
    filled = sum(value != "" for value in [*passing, *failing])
    assert (found.failed, found.set_aside) == (len(failing), len(failing))
    assert found.rows == (len(passing) + len(failing) if "not_null" in asked else filled)
    assert [row["line"] for row in aside(checked)] == [2 + len(passing) + at for at in range(len(failing))]
    assert {(row["check"], row["column"]) for row in aside(checked)} == {("sales.asked", column)}
    assert found.finding is not None
    assert (found.finding.line, found.finding.rows) == (2 + len(passing), len(failing))


@pytest.mark.parametrize(
    ("asked", "code", "says"),
    [
        ({"column": "amount", "between": {"max": 3}, "why": "Nobody sells more."}, "check.between",
         ["1 row set aside, against the rule “amount at most 3”; the first is “5” at sales.csv:2. Nobody sells more."]),
        ({"column": "note", "one_of": ["x"], "severity": "info"}, "check.one_of",
         ["1 row: against the rule “note is one of x”", "“fine”", "add it to one_of in checks.yaml"]),
        ({"column": "seller", "matches": "B", "severity": "critical"}, "check.matches", ["“A”", "the pattern"]),
        ({"condition": "amount > units * 6", "where": "won"}, "check.condition",
         ["“amount > units * 6, where won”", "“5, 1”"]),
        ({"column": "day", "between": {"min": "2026-10-06"}, "set_aside": False}, "check.between",
         ["1 row: against the rule “day at least 2026-10-06”", "“2026-10-05”"]),
    ],
)  # fmt: skip
def test_what_is_told_names_the_rule_the_first_value_and_its_place(
    tmp_path: Path, asked: dict[str, Any], code: str, says: list[str]
) -> None:
    checked = check(tmp_path, company([{**asked, "name": "asked"}]), rows_of({}))
    finding = tally(checked, "asked").finding
    assert finding is not None
    assert (finding.code, finding.severity) == (code, Severity(asked.get("severity", "warning")))
    assert [part for part in says if part not in finding.message] == [], finding.message


def test_conditions_pass_where_the_answer_is_unknown_and_are_asked_where_they_apply(tmp_path: Path) -> None:
    config = company(
        [
            {"condition": "amount > 3", "name": "all_rows"},
            {"condition": "amount > 3", "where": "seller = 'B'", "name": "some"},
            {"column": "note", "not_null": True, "where": "seller = 'B' AND amount > 1", "name": "noted"},
        ]
    )
    rows = rows_of({"amount": ""}, {"seller": "B", "amount": "2", "note": ""}, {"seller": "", "amount": "2"}, {})
    checked = check(tmp_path, config, rows)
    assert [(t.rows, t.failed) for t in (tally(checked, n) for n in ("all_rows", "some", "noted"))] == [
        (4, 2), (1, 1), (1, 1),
    ]  # fmt: skip


def test_a_row_counts_in_each_check_it_fails_and_is_set_aside_for_the_first(tmp_path: Path) -> None:
    config = company(
        [
            {"condition": "amount < 100", "name": "last"},
            {"column": "amount", "between": {"max": 50}, "severity": "info", "name": "only_told"},
            {"column": "amount", "between": {"max": 60}, "name": "first"},
            {"column": "seller", "one_of": ["A"], "name": "second"},
        ]
    )
    checked = check(tmp_path, config, rows_of({"amount": "1000", "seller": "B"}, {"amount": "55"}, {"seller": "B"}))
    counts = {one.check: (one.failed, one.set_aside) for one in checked.tallies if one.failed}
    assert counts == {
        "sales.only_told": (2, 0), "sales.first": (1, 1), "sales.second": (2, 1), "sales.last": (1, 0),
    }  # fmt: skip
    assert [row["check"] for row in aside(checked)] == ["sales.first", "sales.second"]
    assert read_checked(checked)["amount"].tolist() == [55]


def test_what_follows_from_the_declaration_goes_before_what_a_company_asks(tmp_path: Path) -> None:
    config = company([{"column": "note", "one_of": ["x"], "name": "a"}, {"condition": "false", "name": "b"}])
    rows = rows_of({"amount": "x"}, {"day": "2026-11-01"}, {"id": "7"}, {"id": "7", "note": "x"}, {})
    checked = check(tmp_path, config, rows)
    assert [row["check"] for row in aside(checked)] == [
        "sales.amount_of_type", "sales.day_in_month", "sales.key_unique", "sales.key_unique", "sales.a",
    ]  # fmt: skip
    assert (tally(checked, "a").failed, tally(checked, "b").failed) == (4, 5)
    assert (tally(checked, "key_unique").failed, tally(checked, "key_unique").set_aside) == (2, 2)


def test_rows_that_share_what_should_be_unique_all_fail_but_copies_do_not_share(tmp_path: Path) -> None:
    config = company([{"column": ["seller", "note"], "unique": True, "name": "apart", "where": "units > 0"}])
    rows = rows_of(
        {"note": "a"}, {"note": "a"}, {"note": "b"}, {"note": "b", "id": "3"}, {"note": ""}, {"note": ""},
        {"note": "c"}, {"note": "c", "units": "0"}, {"note": "d"}, {"note": "d", "amount": "x"},
    )  # fmt: skip
    checked = check(tmp_path, config, rows)
    apart = tally(checked, "apart")
    assert (apart.rows, apart.failed, apart.set_aside) == (6, 4, 3)
    assert {part.reason: part.rows for part in checked.excluded} == {"the same row again": 1}
    assert [(row["line"], row["check"]) for row in aside(checked)] == [
        (2, "sales.apart"), (3, "sales.apart"), (10, "sales.apart"), (11, "sales.amount_of_type"),
    ]  # fmt: skip
    assert aside(checked)[0]["value"] == "A, a"


def test_excluded_rows_are_asked_nothing_and_rows_set_aside_are_no_returns(tmp_path: Path) -> None:
    rules = [{"where": "seller = 'test'", "why": "a test"}]
    config = company([{"column": "amount", "between": {"max": 10}, "name": "small"}], exclude=rules)
    rows = rows_of({"seller": "test", "amount": "99"}, {"amount": "99"}, {"seller": "test", "amount": "x"})
    checked = check(tmp_path, config, rows)
    assert {part.reason: part.rows for part in checked.excluded} == {"a test": 1}
    assert [row["check"] for row in aside(checked)] == ["sales.small", "sales.amount_of_type"]
    assert (tally(checked, "small").rows, tally(checked, "small").failed) == (1, 1)


def test_a_check_of_checks_yaml_takes_the_place_of_a_derived_one(tmp_path: Path) -> None:
    told = [
        {"name": "amount_of_type", "column": "amount", "of_type": "money", "set_aside": False, "severity": "critical"},
        {"name": "key_unique", "column": "id", "unique": True, "set_aside": False},
    ]
    checked = check(tmp_path, company(told), rows_of({"amount": "x"}, {"id": "7"}, {"id": "7", "note": "y"}))
    assert (checked.rows, aside(checked)) == (3, [])
    found = {name: tally(checked, name) for name in ("amount_of_type", "key_unique")}
    assert {name: (one.failed, one.set_aside) for name, one in found.items()} == {
        "amount_of_type": (1, 0), "key_unique": (2, 0),
    }  # fmt: skip
    assert found["amount_of_type"].finding is not None
    assert found["amount_of_type"].finding.severity is Severity.CRITICAL
    assert "set aside" not in found["amount_of_type"].finding.message


def test_amounts_are_compared_in_the_companys_currency(tmp_path: Path) -> None:
    import pandas as pd

    columns = {"id": "id", "seller": "id", "day": "date", "amount": "money", "code": "text"}
    config = company([{"column": "amount", "between": {"max": 5}, "name": "small"}], columns=columns, currency="code")
    rates = pd.DataFrame({"month": [pd.Timestamp("2026-10-01")], "currency": ["USD"], "rate": [Decimal("0.5")]})
    rows = {"id": ["1", "2", "3"], "seller": ["A"] * 3, "day": ["2026-10-01"] * 3, "amount": ["10", "10.01", "5.01"],
            "code": ["USD", "USD", "EUR"]}  # fmt: skip
    checked = check_extract(write_landing(tmp_path, rows), config, tmp_path / "checked", rates)
    assert tally(checked, "small").failed == 2
    assert [row["value"] for row in aside(checked)] == ["10.01", "5.01"]


# -- checks that cannot be asked ---------------------------------------------------------------------------------


def test_a_condition_that_fails_on_a_row_crashes_alone(tmp_path: Path) -> None:
    config = company(
        [
            {"condition": "CAST(note AS INTEGER) > 0", "name": "number"},
            {"column": "amount", "between": {"max": 3}, "where": "CAST(seller AS DATE) > day", "name": "dated"},
            {"column": "amount", "between": {"max": 3}, "name": "sound"},
        ]
    )
    checked = check(tmp_path, config, rows_of({}, {"amount": "1"}))
    for name, column in (("number", "note"), ("dated", "seller")):
        crashed = tally(checked, name)
        assert (crashed.rows, crashed.failed, crashed.set_aside, crashed.finding) == (0, 0, 0, None)
        assert f"CAST({column} AS " in crashed.crashed
        assert "Error" not in crashed.crashed
    assert (tally(checked, "sound").failed, checked.rows) == (1, 1)


def test_a_condition_is_not_asked_of_excluded_rows_where_it_would_fail(tmp_path: Path) -> None:
    rules = [{"where": "note = 'none'", "why": "no number"}]
    config = company([{"condition": "CAST(note AS INTEGER) > 5", "name": "number"}], exclude=rules)
    checked = check(tmp_path, config, rows_of({"note": "none"}, {"note": "7"}, {"note": "3"}))
    assert (tally(checked, "number").failed, tally(checked, "number").crashed) == (1, "")


def test_an_exclusion_that_fails_on_a_row_is_named_beside_a_crashing_check(tmp_path: Path) -> None:
    rules = [{"where": "amount > 7", "why": "fine"}, {"where": "CAST(note AS INTEGER) > 5", "why": "broken"}]
    config = company([{"condition": "CAST(seller AS INTEGER) > 5", "name": "number"}], exclude=rules)
    with pytest.raises(ConfigError) as error:
        check(tmp_path, config, rows_of({}))
    assert "sales.exclude.1.where" in str(error.value)


def test_a_condition_that_cannot_work_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        check(tmp_path, company([{"condition": "seller + 1 > day", "name": "mixed"}]), rows_of({}))
    assert "checks.yaml" in str(error.value)
    assert "sales.mixed" in str(error.value)


def test_of_a_missing_column_only_what_a_company_wrote_is_told_to_have_crashed(tmp_path: Path) -> None:
    config = company(
        [
            {"column": "amount", "between": {"max": 3}, "name": "small"},
            {"condition": "amount < units", "name": "cheap"},
            {"column": "note", "plain": True, "where": "amount > 0", "name": "noted"},
            {"column": "note", "one_of": ["fine"], "name": "sound"},
        ]
    )
    rows = rows_of({})
    del rows["amount"]
    checked = check(tmp_path, config, rows)
    assert {one.check: one.crashed for one in checked.tallies if one.crashed} == {
        f"sales.{name}": "there is no column “amount” for amount." for name in ("small", "cheap", "noted")
    }
    assert "sales.amount_of_type" not in {one.check for one in checked.tallies}
    assert [finding.code for finding in checked.findings] == ["typing.column_missing"]
    assert tally(checked, "sound").rows == 1


def test_a_landing_without_any_declared_column_is_told_and_loses_nothing(tmp_path: Path) -> None:
    config = company([{"column": "amount", "between": {"max": 3}, "name": "small"}, {"condition": "true", "name": "c"}])
    checked = check(tmp_path, config, {"id;seller;day;amount": ["1;A;2026-10-01;5", "2;A;2026-10-01;5"]})
    assert {finding.code for finding in checked.findings} == {"typing.column_missing"}
    assert [(one.check, bool(one.crashed)) for one in checked.tallies] == [("sales.small", True), ("sales.c", False)]
    bare = check(tmp_path / "bare", company([]), {"nothing": ["x"]})
    assert (bare.source_rows, bare.rows, bare.tallies) == (1, 1, ())


# -- whatever is asked -------------------------------------------------------------------------------------------


def test_more_checks_than_a_word_has_bits_are_each_counted(tmp_path: Path) -> None:
    config = company([{"column": "units", "between": {"max": at}, "name": f"c{at}"} for at in range(150)])
    checked = check(tmp_path, config, rows_of({"units": "0"}, {"units": "62"}, {"units": "149"}, {"units": "150"}))
    assert [tally(checked, f"c{at}").failed for at in (0, 61, 62, 63, 148, 149)] == [3, 3, 2, 2, 2, 1]
    assert {row["line"]: row["check"] for row in aside(checked)} == {3: "sales.c0", 4: "sales.c0", 5: "sales.c0"}
    assert sum(one.set_aside for one in checked.tallies) == 3


def test_tallies_stand_in_the_suites_order(tmp_path: Path) -> None:
    config = company([{"condition": "true", "name": "z"}, {"column": "note", "one_of": ["x"], "name": "a"}])
    checked = check(tmp_path, config, rows_of({}))
    assert [one.check for one in checked.tallies] == [one.id for one in suite_of(config, "sales") if one.of_rows]


def test_rows_set_aside_hold_their_typed_columns_beside_what_is_told(tmp_path: Path) -> None:
    columns = {"id": "id", "day": "date", "seller": "id", "value": "money", "row": "text", "line": "integer"}
    config = company([{"column": "value", "between": {"max": 3}}], columns=columns, main_measure="value")
    rows = {"id": ["1", "2"], "day": ["2026-10-01"] * 2, "seller": ["A"] * 2, "value": ["5", "1"], "row": ["r", "s"],
            "line": ["9", "x"]}  # fmt: skip
    first, second = aside(check(tmp_path, config, rows))
    assert list(first) == ["row", "reason", "check", "column", "value", "file", "line", "id", "day", "seller",
                           "typed_value", "typed_row", "typed_line"]  # fmt: skip
    assert (first["value"], first["line"], first["typed_value"], first["typed_line"]) == ("5", 2, Decimal(5), 9)
    assert first["row"] == '{"id":"1","day":"2026-10-01","seller":"A","value":"5","row":"r","line":"9"}'
    assert (second["value"], second["typed_value"], second["typed_line"]) == ("x", Decimal(1), None)
    sound = check(tmp_path / "sound", config, {name: values[:1] for name, values in {**rows, "value": ["1"]}.items()})
    schemas = [pq.read_schema(one.quarantine_path) for one in (sound, check(tmp_path, config, rows))]
    assert (schemas[0].names, schemas[0].types) == (schemas[1].names, schemas[1].types)


MANY = 300_000


@pytest.mark.soak
def test_the_same_bytes_with_one_thread_and_with_two(tmp_path: Path) -> None:
    config = company(
        [
            {"column": "amount", "between": {"max": 400}, "name": "small"},
            {"column": ["seller", "closed"], "unique": True, "severity": "info", "name": "apart"},
            {"condition": "units < 9", "name": "few"},
        ]
    )
    columns = {
        "id": [str(n if n % 5000 else 7) for n in range(MANY)],
        "seller": [f"A{n % 97}" for n in range(MANY)],
        "day": [f"2026-10-{1 + n % 31:02}" for n in range(MANY)],
        "closed": [f"2026-10-{1 + n % 31:02} {n % 24:02}:00:00" for n in range(MANY)],
        "amount": [str(n % 403) for n in range(MANY)],
        "units": [str(n % 10) for n in range(MANY)],
        "rate": ["10%"] * MANY,
        "won": [("yes", "no")[n % 2] for n in range(MANY)],
        "note": [f"note {n % 40}" for n in range(MANY)],
    }
    landing = write_landing(tmp_path / "landings", columns)
    found = []
    for threads in (1, 2):
        with CheckSession(config, tmp_path / str(threads), threads=threads) as session:
            found.append(session.check(landing))
    one, two = found
    assert one.path.read_bytes() == two.path.read_bytes()
    assert one.quarantine_path.read_bytes() == two.quarantine_path.read_bytes()
    assert (one.tallies, one.profile) == (two.tallies, two.profile)
    assert [tally(one, name).failed > 0 for name in ("small", "apart", "few", "key_unique")] == [True] * 4


ASKED: list[dict[str, Any]] = [
    {"column": "amount", "between": {"min": 0, "max": 3}, "name": "a"},
    {"column": "note", "one_of": ["x", "y"], "name": "b", "severity": "info"},
    {"column": "note", "plain": True, "name": "note_plain"},
    {"column": "seller", "matches": "[AB]", "name": "c", "severity": "critical"},
    {"column": ["seller", "note"], "unique": True, "name": "d"},
    {"column": "note", "unique": True, "name": "e", "where": "amount > 0"},
    {"condition": "amount / nullif(units, 0) < 2", "name": "f", "where": "seller = 'A' OR won"},
    {"condition": "CAST(note AS INTEGER) > 1", "name": "g"},
    {"column": "won", "not_null": True, "name": "h"},
    {"column": "id", "not_null": True, "name": "id_not_null", "set_aside": False},
    {"column": "id", "unique": True, "name": "key_unique", "where": "won"},
]
CELLS = {
    "id": st.sampled_from(["1", "2", "3", " 3", ""]),
    "seller": st.sampled_from(["A", "B", "C", ""]),
    "day": st.sampled_from(["2026-10-01", "2026-11-01", "soon", ""]),
    "closed": st.sampled_from(["2026-10-01 10:00", ""]),
    "amount": st.sampled_from(["1", "2.5", "-3", "9", "", "x"]),
    "units": st.sampled_from(["0", "1", "1.5", ""]),
    "rate": st.just(""),
    "won": st.sampled_from(["yes", "no", "", "maybe"]),
    "note": st.sampled_from(["x", "1", "7", "=1", ""]),
}


@pytest.mark.soak
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.fixed_dictionaries(CELLS), max_size=10),
    asked=st.lists(st.sampled_from(ASKED), unique_by=lambda one: one["name"], max_size=len(ASKED)),
    excluding=st.booleans(),
)
def test_nothing_is_lost_whatever_is_asked(
    tmp_path: Path, rows: list[dict[str, str]], asked: list[dict[str, Any]], excluding: bool
) -> None:
    rules = [{"where": "seller = 'B'", "why": "excluded"}] if excluding else []
    checked = check(
        tmp_path, company(asked, exclude=rules), {name: [row[name] for row in rows] for name in CELLS}
    )  # fmt: skip
    passed, left = read_checked(checked), aside(checked)
    parts = [*checked.excluded, *checked.quarantined]
    assert checked.source_rows == len(rows) == len(passed) + sum(part.rows for part in parts)
    assert checked.source_measure == checked.measure + sum((part.measure for part in parts), Decimal(0))
    assert not set(passed["_line"]) & {row["line"] for row in left}
    assert Counter(row["check"] for row in left) == {
        one.check: one.set_aside for one in checked.tallies if one.set_aside
    }
    assert Counter(row["reason"] for row in left) == {part.reason: part.rows for part in checked.quarantined}
    for one in checked.tallies:
        assert one.set_aside <= one.failed <= one.rows <= len(rows)
        assert (one.finding is not None) == (one.failed > 0)
    silent = {one.id for one in suite_of(company(asked), "sales") if not one.set_aside}
    assert not silent & {row["check"] for row in left}
