"""DuckDB and Great Expectations ask the rows of a small extract alike: the same rows fail, whatever is wrong."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.checks import Correction, Severity, Suite
from config.errors import OutsideError
from config.models import Config, Extract
from flows.checks import check_extract
from flows.checks.judging import judge
from flows.checks.row_suites import SMALL_ROWS, RowAnswer, ask_rows, disagreements, is_small
from tests.flows.tables import OCTOBER, config_of, sales_extract, write_landing
from transforms.checks.readings import row_readings
from transforms.checks.suite import suite_of
from transforms.stages import Checked, Exclusions, Tally

COLUMNS = {
    "id": "id", "seller": "id", "day": "date", "closed": "timestamp", "amount": "money", "units": "integer",
    "hours": "number", "rate": "percent", "won": "boolean", "note": "text",
}  # fmt: skip
CHECKS: list[dict[str, Any]] = [
    {"column": "amount", "between": {"min": 0, "max": "0.3"}},
    {"column": "hours", "between": {"max": "1.00000001"}},
    {"column": "units", "between": {"min": -1}},
    {"column": "rate", "between": {"min": "0.1", "max": 1}},
    {"column": "day", "between": {"min": "2026-10-03", "max": "9999-12-31"}, "name": "day_late"},
    {"column": "closed", "between": {"max": "2026-10-10"}},
    {"column": "closed", "in_month": True},
    {"column": "seller", "one_of": ["A", "B", "ä "], "severity": "info"},
    {"column": "note", "one_of": ["", "x"], "where": "amount > 0", "tolerance": "0.7"},
    {"column": "id", "matches": "(?i)[a-z]?\\d+"},
    {"column": "note", "matches": "a.c|", "severity": "critical"},
    {"column": ["seller", "day"], "unique": True},
    {"column": "hours", "unique": True, "where": "won", "set_aside": False},
    {"column": "note", "not_null": True, "where": "seller = 'A'"},
    {"column": "won", "not_null": True, "severity": "info"},
    {"column": "units", "of_type": "integer", "name": "units_read", "where": "seller <> 'B'"},
    {"condition": "amount / nullif(units, 0) < 1 OR won", "name": "per_unit"},
    {"condition": "day <= closed", "where": "won IS NOT NULL", "name": "closed_after"},
]


def suite_of_all(checks: Sequence[Mapping[str, Any]] = CHECKS) -> Suite:
    return Suite.model_validate({"checks": checks})


def company(extract: Extract, suite: Suite, corrections: Sequence[Correction] = (), **given: Any) -> Config:
    changes = {"suites": {"sales": suite}, "corrections": tuple(corrections)}
    return config_of({"sales": extract}, **given).model_copy(update=changes)


def checked_by(folder: Path, config: Config, columns: Mapping[str, Sequence[str | None]], rates: Any = None) -> Checked:
    return check_extract(write_landing(folder / "landings", columns), config, folder / "checked", rates)


def agreed(config: Config, checked: Checked, but: Sequence[str] = ()) -> dict[str, RowAnswer]:
    """The answers, which are those of DuckDB; all checks are asked `but` some."""
    answers = ask_rows(config, "sales", checked)
    counted = {tally.check: (tally.rows, tally.failed, "") for tally in checked.tallies if not tally.crashed}
    expected = {check: of for check, of in counted.items() if check.removeprefix("sales.") not in but}
    assert {check: (one.asked, one.failed, one.crashed) for check, one in answers.items()} == expected
    assert disagreements(config, "sales", checked, answers) == ()
    firsts = {tally.check: tally.finding for tally in checked.tallies if tally.check in answers and tally.failed}
    assert {check: answers[check].lines[0] for check in firsts} == {
        check: (finding.file, finding.line) for check, finding in firsts.items() if finding is not None
    }
    return {check.removeprefix("sales."): answer for check, answer in answers.items()}


def lines(answer: RowAnswer) -> list[int]:
    return [line for _, line in answer.lines]


DAYS = ["2026-10-01", "2026-10-02", "2026-09-30", "2026-11-01", "1500-01-01", "9999-12-31", "x", None, " 2026-10-05 "]
TIMES = ["2026-10-10T23:59:59.999999", "2026-10-11T00:00:00", "2026-10-31T23:59:59", "2026-11-01T00:00:00",
         "2300-01-01T00:00:00", "1600-01-01T00:00:00", "nope", "", "2026-10-01T10:00:00"]  # fmt: skip
AMOUNTS = ["0.3", "0.3001", "0", "-0.0001", "NaN", "Infinity", "1,5", "", "0.1"]
HOURS = ["1.00000001", "1.00000002", "1", "1.0", "-inf", "2", None, " ", "99999999999999999999"]
UNITS = ["-1", "-2", "0", "1.5", "1e3", "x", "", "7", "9" * 25]
RATES = ["10%", "0.1", "9.99%", "100%", "1.00000001", "x", "", "0.5", "1"]
WON = ["yes", "no", "maybe", "", "1", "0", "ja", "Nein", "true"]
IDS = ["a1", "B2", "12", "x", "a1\n", "٣", "00", "=1", "z9"]
SELLERS = ["A", "B", "ä", "C", "", "A", "\x07", "A", "B"]
NOTES = ["x", "a\nc", "abc", "=SUM(A1)", "Ã©tÃ©", "n" * 500, "n" * 501, "", "tab\tkept"]
MESSY: dict[str, Sequence[str | None]] = {
    "id": IDS, "seller": SELLERS, "day": DAYS, "closed": TIMES, "amount": AMOUNTS, "units": UNITS, "hours": HOURS,
    "rate": RATES, "won": WON, "note": NOTES,
}  # fmt: skip


def test_every_kind_of_check_is_asked_alike_of_messy_rows(tmp_path: Path) -> None:
    config = company(sales_extract(columns=COLUMNS), suite_of_all())
    answers = agreed(config, checked_by(tmp_path, config, MESSY))
    assert len(answers) == len(CHECKS) + 13  # and the derived ones
    # By hand: line 2 is the first row.
    assert {name: lines(answer) for name, answer in answers.items() if answer.failed} == {
        "day_of_type": [8],
        "closed_of_type": [8],
        "amount_of_type": [6, 7, 8],
        "units_of_type": [5, 7, 10],
        "units_read": [5, 7],
        "hours_of_type": [6],
        "rate_of_type": [7],
        "won_of_type": [4],
        "won_not_null": [5],
        "note_not_null": [9],
        "day_in_month": [4, 5, 6, 7],
        "closed_in_month": [5, 6, 7],
        "amount_between": [3, 5],
        "hours_between": [3, 7, 10],
        "units_between": [3],
        "rate_between": [4, 6],
        "day_late": [2, 3, 4, 6],
        "closed_between": [3, 4, 5, 6],
        "seller_one_of": [4, 5, 8],
        "note_one_of": [3, 10],
        "id_matches": [5, 7, 9],
        "note_matches": [2, 3, 5, 6, 7, 8, 10],
        "id_plain": [9],
        "seller_plain": [8],
        "note_plain": [5, 6, 8],
        "closed_after": [7, 10],
    }


PLAIN: dict[str, list[str | None]] = {
    "id": ["1", "2", "3", "4"], "seller": ["A", "A", "B", "B"], "day": ["2026-10-01"] * 4, "amount": ["1"] * 4
}  # fmt: skip
CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], dict[str, list[str | None]], dict[str, list[int]]]] = {
    "a clean extract": ({}, [], {}, {}),
    "a key of several columns, in conflict": (
        {"key": ["seller", "day"]}, [], {"amount": ["1", "2", "3", "3"], "id": ["1", "2", "3", "3"]},
        {"key_unique": [2, 3]},
    ),
    "a contradiction with a row that cannot be read": (
        {}, [], {"id": ["1", "1", "2", "2"], "amount": ["1", "x", "5", "6"]},
        {"amount_of_type": [3], "key_unique": [4, 5]},
    ),
    "an empty part of the key": (
        {"key": ["id", "seller"]}, [], {"id": [None, None, "3", "3"], "amount": ["1", "2", "3", "4"]},
        {"id_not_null": [2, 3], "key_unique": [4, 5]},
    ),
    "older copies are asked nothing": (
        {"last_modified": "day"}, [{"column": "amount", "between": {"max": 3}}],
        {"id": ["1", "1", "2", "2"], "day": ["2026-10-02", "2026-10-01", "2026-10-01", "2026-10-01"],
         "amount": ["1", "9", "4", "5"]},
        {"key_unique": [4, 5], "amount_between": [4, 5]},
    ),
    "a contradiction that is let pass": (
        {}, [{"name": "key_unique", "column": "id", "unique": True, "severity": "info"}],
        {"id": ["1", "1", "2", "3"], "amount": ["1", "2", "3", "4"]}, {"key_unique": [2, 3]},
    ),
    "rows excluded by a rule are asked nothing": (
        {"exclude": [{"where": "seller = 'B'", "why": "not ours"}]}, [{"column": "amount", "between": {"max": 3}}],
        {"amount": ["4", "x", "5", "x"]}, {"amount_of_type": [3, 5], "amount_between": [2]},
    ),
    "unique, of a row set aside for something else": (
        {}, [{"column": "amount", "unique": True}],
        {"amount": ["1", "1.0", "2", None], "day": ["2026-11-01", "2026-10-01", "2026-10-01", "2026-10-01"]},
        {"day_in_month": [2], "amount_unique": [2, 3]},
    ),
    "numbers that no float tells apart are told apart as values": (
        {"columns": {"id": "id", "seller": "id", "day": "date", "amount": "money", "big": "number"}},
        [{"column": "big", "unique": True}],
        {"big": ["12345678901234567.00000001", "12345678901234567.00000002", "0.1", "0.10"]}, {"big_unique": [4, 5]},
    ),
    "a column is declared by a word of the rows set aside": (
        {"columns": {"id": "id", "seller": "id", "day": "date", "amount": "money", "value": "number", "file": "text"}},
        [{"column": "value", "between": {"max": 3}}, {"condition": "file <> 'f'", "name": "files"}],
        {"value": ["1", "x", "5", None], "file": ["f", "f", "g", None]},
        {"value_of_type": [3], "value_between": [4], "files": [2, 3]},
    ),
    "no row at all": ({}, CHECKS[:1], {name: [] for name in PLAIN}, {}),
    "all values are empty": (
        {"key": []}, [{"column": "amount", "between": {"max": 3}}, {"column": "seller", "matches": "A"}],
        {name: [None] * 2 for name in PLAIN}, {},
    ),
    "every row is set aside": (
        {}, [{"column": "amount", "between": {"max": 3}}], {"day": ["2026-11-01"] * 4, "amount": ["4"] * 4},
        {"day_in_month": [2, 3, 4, 5], "amount_between": [2, 3, 4, 5]},
    ),
    "a check that sets nothing aside": (
        {}, [{"name": "amount_of_type", "column": "amount", "of_type": "money", "set_aside": False},
             {"column": "amount", "not_null": True, "set_aside": False}],
        {"amount": ["x", None, "1", "1"], "day": ["2026-11-01", "2026-10-01", "2026-10-01", "2026-10-01"]},
        {"day_in_month": [2]},
    ),
}  # fmt: skip
NOT_ASKED = {"a check that sets nothing aside": ["amount_of_type", "amount_not_null"]}


@pytest.mark.parametrize("case", CASES)
def test_the_same_rows_fail(tmp_path: Path, case: str) -> None:
    extract, checks, columns, expected = CASES[case]
    config = company(sales_extract(**extract), suite_of_all(checks))
    answers = agreed(config, checked_by(tmp_path, config, {**PLAIN, **columns}), NOT_ASKED.get(case, ()))
    assert {name: lines(answer) for name, answer in answers.items() if answer.failed} == expected


CURRENCIES = {"columns": {"id": "id", "seller": "id", "day": "date", "amount": "money", "fee": "money", "cur": "text"},
              "currency": "cur"}  # fmt: skip


def test_currencies_are_asked_alike(tmp_path: Path) -> None:
    config = company(sales_extract(**CURRENCIES), suite_of_all([{"column": "amount", "between": {"max": 3}}]))
    rows: dict[str, list[str | None]] = {
        "id": list("123456789"), "seller": ["A"] * 9, "day": ["2026-10-01"] * 9,
        "cur": ["EUR", "usd", "Euro", None, None, None, "USD", "EUR", "€"],
        "amount": ["1", "2", "3", "4", None, "x", "x", "9", None],
        "fee": ["1", None, "x", None, None, None, "5", "x", "y"],
    }  # fmt: skip
    rates = pd.DataFrame({"month": [str(OCTOBER)], "currency": ["USD"], "rate": ["2"]})
    answers = agreed(config, checked_by(tmp_path, config, rows, rates))
    assert {name: lines(answer) for name, answer in answers.items() if answer.failed} == {
        "amount_of_type": [7, 8], "fee_of_type": [4, 9, 10], "cur_currency": [4, 5, 10], "amount_between": [3, 9],
    }  # fmt: skip


def test_amounts_too_large_in_the_companys_currency_are_left_to_duckdb(tmp_path: Path) -> None:
    config = company(sales_extract(**CURRENCIES), suite_of_all([]))
    rows: dict[str, list[str | None]] = {
        "id": ["1", "2"], "seller": ["A"] * 2, "day": ["2026-10-01"] * 2, "cur": ["USD"] * 2, "fee": [None] * 2,
        "amount": ["99999999999999", "1"],
    }  # fmt: skip
    rates = pd.DataFrame({"month": [str(OCTOBER)], "currency": ["USD"], "rate": ["20"]})
    checked = checked_by(tmp_path, config, rows, rates)
    assert sum(tally.failed for tally in checked.tallies) == 1
    agreed(config, checked, ["amount_of_type", "fee_of_type", "cur_currency"])


def test_corrected_columns_are_asked_as_they_were_corrected(tmp_path: Path) -> None:
    corrections = [
        Correction(extract="sales", key="2", column="seller", old="A", new="C", reason="typing", owner="B", line=2),
        Correction(extract="sales", key="3", column="amount", old="x", new="", reason="typing", owner="B", line=3),
    ]
    suite = suite_of_all([{"column": "seller", "one_of": ["A", "B"]}, {"column": "seller", "matches": "A|B"}])
    config = company(sales_extract(), suite, corrections)
    checked = checked_by(
        tmp_path, config, {**PLAIN, "amount": ["1", "y", "x", "1"], "day": ["2026-10-01"] * 2 + ["2026-11-01"] * 2}
    )
    answers = agreed(config, checked, ["amount_of_type"])
    assert lines(answers["seller_one_of"]) == [3]


def test_a_row_that_an_exclusion_meets_and_that_contradicts_another_is_asked_nothing(tmp_path: Path) -> None:
    extract = sales_extract(exclude=[{"where": "seller = 'B'", "why": "not ours"}])
    config = company(extract, suite_of_all([{"column": "amount", "between": {"max": 3}}]))
    rows = PLAIN | {"id": ["1", "2", "2", "3"], "amount": ["1", "4", "5", "6"]}
    answers = agreed(config, checked_by(tmp_path, config, rows), ["key_unique"])
    assert lines(answers["amount_between"]) == [3]


def test_what_duckdb_could_not_ask_is_not_asked_again(tmp_path: Path) -> None:
    suite = suite_of_all([{"condition": "cast(id AS INTEGER) > 0", "name": "numbers"}])
    config = company(sales_extract(), suite)
    answers = agreed(config, checked_by(tmp_path, config, {**PLAIN, "id": ["1", "x", "3", "4"]}))
    assert "numbers" not in answers
    without = {name: values for name, values in PLAIN.items() if name != "seller"}
    assert "seller_plain" not in agreed(config, checked_by(tmp_path / "b", config, without))


def test_the_same_checks_fail_either_way(tmp_path: Path) -> None:
    config = company(sales_extract(columns=COLUMNS), suite_of_all())
    checked = checked_by(tmp_path, config, MESSY)
    suite = suite_of(config, "sales")
    theirs = [Tally(check, answer.asked, answer.failed) for check, answer in ask_rows(config, "sales", checked).items()]
    ours, other = (judge(row_readings(suite, tallies, OCTOBER)) for tallies in (checked.tallies, theirs))
    assert {(one.reading.check, one.passed) for one in ours} == {(one.reading.check, one.passed) for one in other}
    assert {one.reading.check for one in ours if one.passed} & {"sales.note_one_of", "sales.day_of_type"} == {
        "sales.note_one_of"  # two of three may fail
    }


# -- differences -------------------------------------------------------------------------------------------------


def one_checked(folder: Path) -> tuple[Config, Checked]:
    config = company(sales_extract(), suite_of_all([{"column": "amount", "between": {"max": 3}}]))
    return config, checked_by(folder, config, {**PLAIN, "amount": ["1", "4", "5", "1"]})


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (RowAnswer(4, 1, (("sales.csv", 9),)), "Great Expectations says 1 of 4."),
        (RowAnswer(3, 2), "Great Expectations says 2 of 3."),
        (RowAnswer(0, 0, crashed="no such column"), "Great Expectations could not ask it: no such column."),
    ],
    ids=["failed", "asked", "crashed"],
)
def test_a_difference_is_critical_and_shows_both_counts(tmp_path: Path, answer: RowAnswer, says: str) -> None:
    config, checked = one_checked(tmp_path)
    answers = {**ask_rows(config, "sales", checked), "sales.amount_between": answer}
    (finding,) = disagreements(config, "sales", checked, answers)
    assert (finding.code, finding.severity, finding.column) == (
        "check.engines_disagree", Severity.CRITICAL, "amount",
    )  # fmt: skip
    assert "of the check amount_between DuckDB says that 2 of 4 rows fail, and" in finding.message
    assert says in finding.message
    assert (finding.file, finding.line) == (answer.lines[0] if answer.lines else ("", 0))


def test_rows_changed_behind_the_tallies_are_noticed(tmp_path: Path) -> None:
    config, checked = one_checked(tmp_path)
    tallies = tuple(
        replace(tally, failed=tally.failed + (tally.check == "sales.id_plain")) for tally in checked.tallies
    )
    (finding,) = disagreements(config, "sales", replace(checked, tallies=tallies), ask_rows(config, "sales", checked))
    assert "id_plain DuckDB says that 1 of 4 rows fail, and Great Expectations says 0 of 4" in finding.message


def test_what_crashed_in_duckdb_is_told_there(tmp_path: Path) -> None:
    config, checked = one_checked(tmp_path)
    tallies = tuple(replace(tally, failed=9, crashed="why") for tally in checked.tallies)
    assert disagreements(config, "sales", replace(checked, tallies=tallies), ask_rows(config, "sales", checked)) == ()


@pytest.mark.parametrize(
    ("rows", "aside", "small"), [(SMALL_ROWS, 0, True), (SMALL_ROWS, 1, False), (0, SMALL_ROWS + 1, False)]
)
def test_small_counts_all_rows_that_are_judged(tmp_path: Path, rows: int, aside: int, small: bool) -> None:
    _, checked = one_checked(tmp_path)
    judged = replace(checked, rows=rows, quarantined=(Exclusions("a", aside, Decimal(0)),))
    assert is_small(judged) is small


# -- kept answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damaged", ["", "[]", "{}", '{"made_of": "{hash}", "answers": {"a": 1}}', '{"made_of": 1}'])
def test_answers_are_kept_beside_the_rows_and_made_anew_where_damaged(tmp_path: Path, damaged: str) -> None:
    config, checked = one_checked(tmp_path)
    first = ask_rows(config, "sales", checked)
    path = checked.path.with_name(f"{checked.path.stem}-asked.json")
    content = path.read_text()
    assert ask_rows(config, "sales", checked) == first
    path.write_text(damaged.replace("{hash}", json.loads(content)["made_of"]))
    assert ask_rows(config, "sales", checked) == first
    assert path.read_text() == content


def test_kept_answers_do_not_stand_for_another_suite(tmp_path: Path) -> None:
    config, checked = one_checked(tmp_path)
    ask_rows(config, "sales", checked)
    other = company(sales_extract(), suite_of_all([{"column": "amount", "between": {"max": 4}}]))
    assert ask_rows(other, "sales", checked)["sales.amount_between"].failed == 1


def test_without_the_library_no_kept_answer_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, checked = one_checked(tmp_path)
    ask_rows(config, "sales", checked)
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    with pytest.raises(OutsideError, match="not installed"):
        ask_rows(config, "sales", checked)


# -- any rows ----------------------------------------------------------------------------------------------------

VALUES: dict[str, Sequence[str | None]] = {
    "id": ["1", "2", "a1", "a2", "x", None], "seller": SELLERS, "day": DAYS, "closed": TIMES, "amount": AMOUNTS,
    "units": UNITS, "hours": HOURS, "rate": RATES, "won": WON, "note": NOTES,
}  # fmt: skip
ROWS = st.lists(st.tuples(*(st.sampled_from(values) for values in VALUES.values())), max_size=30)
EXTRACTS = st.sampled_from(
    [{}, {"key": ["seller", "day"]}, {"last_modified": "closed"}, {"exclude": [{"where": "won", "why": "a rule"}]},
     {"currency": "note"}]
)  # fmt: skip


@pytest.mark.soak
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(ROWS, EXTRACTS)
def test_both_engines_find_the_same_in_any_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, ...]], extract: dict[str, Any]
) -> None:
    config = company(sales_extract(columns=COLUMNS, **extract), suite_of_all())
    columns = {name: [row[at] for row in rows] for at, name in enumerate(VALUES)}
    checked = checked_by(tmp_path_factory.mktemp("any"), config, columns)
    answers = ask_rows(config, "sales", checked)
    assert disagreements(config, "sales", checked, answers) == ()
    assert len(answers) >= len(checked.tallies) - 3
