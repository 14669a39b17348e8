"""Corrections of what a source says: which texts they change, and what is told once the source is mended."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.checks import Correction, Suite
from config.errors import ConfigError
from config.models import Config
from flows.checks import CheckSession, check_extract, read_checked
from tests.flows.tables import OCTOBER, config_of, sales_extract, write_landing
from transforms.stages import Checked, Corrected


def line(key: str, column: str, old: str, new: str, at: int = 2, **changes: Any) -> Correction:
    given = {"extract": "sales", "key": key, "column": column, "old": old, "new": new, "line": at}
    return Correction.model_validate({**given, "reason": "A typo", "owner": "Sales desk", **changes})


def rule(where: str, put: Mapping[str, str], **changes: Any) -> dict[str, Any]:
    return {"where": where, "set": dict(put), "why": "Known fault", "owner": "Sales desk", **changes}


def company(lines: Sequence[Correction] = (), rules: Sequence[Mapping[str, Any]] = (), **changes: Any) -> Config:
    config = config_of({"sales": sales_extract(correct=list(rules), **changes)})
    return config.model_copy(update={"corrections": tuple(lines)})


def sales(**changes: list[str]) -> dict[str, list[str]]:
    """Three faultless rows, with columns replaced."""
    return {"id": ["1", "2", "3"], "seller": ["A", "B", "A"], "day": ["2026-10-01"] * 3, "amount": ["10", "20", "30"],
            **changes}  # fmt: skip


def check(folder: Path, config: Config, columns: Mapping[str, Sequence[str]]) -> Checked:
    return check_extract(write_landing(folder / "landings", columns), config, folder / "checked")


def amounts(checked: Checked) -> list[float]:
    return [float(value) for value in read_checked(checked)["amount"]]


@pytest.mark.parametrize(
    ("columns", "given", "state", "rows", "says"),
    [
        (sales(), line("2", "amount", "20", "25"), "applied", 1, "was “20” and is corrected to “25”, by Sales desk: A"),
        (sales(amount=["10", " 20 ", "30"]), line(" 2", "amount", "20", "25"), "applied", 1, "corrected"),
        (sales(amount=["10", "", "30"]), line("2", "amount", "", "25"), "applied", 1, "was empty and is corrected"),
        (sales(), line("2", "amount", "20", ""), "applied", 1, "is corrected to empty"),
        (sales(id=["2", "2", "3"], amount=["20"] * 3, seller=["A"] * 3), line("2", "amount", "20", "25"), "applied", 2,
         "corrected"),
        (sales(amount=["10", "25", "30"]), line("2", "amount", "20", "25"), "mended", 0, "already is “25”"),
        (sales(amount=["10", "", "30"]), line("2", "amount", "20", ""), "mended", 0, "already is empty"),
        (sales(amount=["10", "21", "30"]), line("2", "amount", "20", "25"), "differs", 0, "amount is “21”, not “20”"),
        (sales(amount=["10", "", "30"]), line("2", "amount", "20", "25"), "differs", 0, "amount is empty, not “20”"),
        (sales(), line("7", "amount", "20", "25"), "absent", 0, "no such row"),
        (sales(), line("02", "amount", "20", "25"), "absent", 0, "sales 2026-10, id 02"),
    ],
    ids=["applied", "trimmed", "was empty", "becomes empty", "copies", "mended", "mended to empty", "differs",
         "differs by being empty", "absent", "ids are texts"],
)  # fmt: skip
def test_a_line_is_applied_where_the_source_says_what_it_expects(
    tmp_path: Path, columns: dict[str, list[str]], given: Correction, state: str, rows: int, says: str
) -> None:
    checked = check(tmp_path, company([given]), columns)
    (found,) = checked.corrected
    assert (found.place, found.state, found.rows) == ("corrections.csv:2", state, rows)
    assert says in found.told
    uncorrected = check(tmp_path, company(), columns)
    assert (checked.path.read_bytes() == uncorrected.path.read_bytes()) == (state != "applied")


@pytest.mark.parametrize("old", ["20", "19"], ids=["applied", "differs"])
def test_an_answer_of_a_survey_is_not_quoted(tmp_path: Path, old: str) -> None:
    config = company([line("2", "amount", old, "25")], kind="pulse", main_measure=None)
    (told,) = check(tmp_path, config, sales()).corrected
    assert told.state == ("applied" if old == "20" else "differs")
    assert not {"“20”", "“19”", "“25”"} & set(told.told.replace(",", " ").replace(":", " ").split())
    assert "by Sales desk: A typo" in told.told or "nothing is corrected" in told.told


def test_what_is_set_aside_shows_the_corrected_text_beside_the_landed_row(tmp_path: Path) -> None:
    checked = check(tmp_path, company([line("2", "amount", "20", "2O")]), sales())
    (row,) = pq.ParquetFile(checked.quarantine_path).read().to_pylist()
    assert (row["value"], row["row"]) == ("2O", '{"id":"2","seller":"B","day":"2026-10-01","amount":"20"}')
    (finding,) = (one.finding for one in checked.tallies if one.finding)
    assert "“2O” at sales.csv:3" in finding.message


def test_a_key_of_several_columns_is_joined_and_other_columns_keep_their_text(tmp_path: Path) -> None:
    config = company([line("2|B", "day", "2026-10-01", "2026-10-09")], key=["id", "seller"])
    checked = check(tmp_path, config, sales())
    assert [day.day for day in read_checked(checked)["day"]] == [1, 9, 1]
    assert checked.measure == Decimal(60)


def test_a_row_is_looked_up_by_what_the_source_says_of_its_key(tmp_path: Path) -> None:
    lines = [line("2", "id", "2", "7"), line("7", "amount", "20", "25", at=3)]
    checked = check(tmp_path, company(lines), sales())
    assert [one.state for one in checked.corrected] == ["applied", "absent"]
    assert read_checked(checked)["id"].tolist() == ["1", "7", "3"]


def test_several_lines_for_a_row_and_of_other_extracts(tmp_path: Path) -> None:
    lines = [line("2", "amount", "20", "25"), line("2", "seller", "B", "C", at=3), line("3", "seller", "A", "C", at=4),
             line("1", "amount", "10", "0", extract="service")]  # fmt: skip
    checked = check(tmp_path, company(lines), sales())
    assert [(one.place, one.state) for one in checked.corrected] == [
        (f"corrections.csv:{at}", "applied") for at in (2, 3, 4)
    ]
    assert read_checked(checked)["seller"].tolist() == ["A", "C", "C"]
    assert amounts(checked) == [10, 25, 30]


def test_a_line_of_a_column_the_landing_lacks_says_so(tmp_path: Path) -> None:
    columns = sales()
    del columns["amount"]
    (found,) = check(tmp_path, company([line("2", "amount", "20", "25")]), columns).corrected
    assert (found.state, found.told) == ("absent", "sales 2026-10, id 2: the landing has no column for amount.")


def test_the_corrected_month_decides_whether_a_row_lies_in_it(tmp_path: Path) -> None:
    columns = sales(day=["2026-10-01", "2062-10-01", "2026-10-03"])
    assert check(tmp_path, company(), columns).rows == 2
    assert check(tmp_path, company([line("2", "day", "2062-10-01", "2026-10-02")]), columns).rows == 3


# -- rules ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "columns", "expected", "told"),
    [
        ([rule("seller = 'A'", {"amount": "amount || '0'"})], sales(), [100, 20, 300], [("applied", 2)]),
        ([rule("amount LIKE '%,%'", {"amount": "replace(amount, ',', '.')"})], sales(amount=["1,5", "2", "3"]),
         [1.5, 2, 3], [("applied", 1)]),
        ([rule("seller = 'C'", {"amount": "'0'"})], sales(), [10, 20, 30], [("absent", 0)]),
        ([rule("seller = 'A'", {"amount": "trim(amount)"})], sales(), [10, 20, 30], [("mended", 0)]),
        ([rule("amount = '10'", {"amount": "' 11 '"}), rule("amount IN ('10', '11')", {"amount": "'12'"})], sales(),
         [11, 20, 30], [("applied", 1), ("mended", 0)]),
        ([rule("amount = '10'", {"amount": "'10'"}), rule("seller = 'A'", {"amount": "'12'"})], sales(),
         [12, 20, 12], [("mended", 0), ("applied", 2)]),
        ([rule("amount IS NULL", {"amount": "'0'"})], sales(amount=["", " ", "3"]), [0, 0, 3], [("applied", 2)]),
        ([rule("true", {"amount": "CASE WHEN id = '1' THEN '' ELSE amount END"})], sales(), [float("nan"), 20, 30],
         [("applied", 1)]),
        ([rule("seller = 'A'", {"seller": "'B'", "amount": "seller || amount"})], sales(), [20], [("applied", 2)]),
        ([rule("id = '1'", {"amount": "CAST(CAST(amount AS INTEGER) + 1 AS VARCHAR)"})],
         sales(amount=["10", "x", "30"]), [11, 30], [("applied", 1)]),
    ],
    ids=["a pattern", "a mark", "no such row", "nothing changes", "the first counts", "the next one if it cannot",
         "empty", "to empty", "sees texts as landed", "what is put is asked of its rows alone"],
)  # fmt: skip
def test_a_rule_changes_the_texts_that_meet_its_condition(
    tmp_path: Path,
    rules: list[dict[str, Any]],
    columns: dict[str, list[str]],
    expected: list[float],
    told: list[tuple[str, int]],
) -> None:
    checked = check(tmp_path, company(rules=rules), columns)
    assert [f"{amount:g}" for amount in amounts(checked)] == [f"{amount:g}" for amount in expected]
    assert [(one.state, one.rows) for one in checked.corrected] == told
    assert [one.place for one in checked.corrected] == [f"extracts.yaml sales.correct[{at}]" for at in range(len(told))]


@pytest.mark.parametrize(
    ("span", "active"),
    [
        ({}, True),
        ({"from": "2026-10"}, True),
        ({"to": "2026-10"}, True),
        ({"from": "2026-11"}, False),
        ({"to": "2026-09"}, False),
    ],
)
def test_a_rule_holds_in_its_months(tmp_path: Path, span: dict[str, str], active: bool) -> None:
    checked = check(tmp_path, company(rules=[rule("id = '1'", {"amount": "'1'"}, **span)]), sales())
    assert amounts(checked) == [1 if active else 10, 20, 30]
    assert len(checked.corrected) == active
    assert checked.month == OCTOBER


def test_a_line_goes_before_a_rule_and_a_rule_where_no_line_applies(tmp_path: Path) -> None:
    lines = [line("1", "amount", "10", "1"), line("2", "amount", "99", "2", at=3)]
    checked = check(tmp_path, company(lines, [rule("true", {"amount": "'7'"})]), sales())
    assert amounts(checked) == [1, 7, 7]
    assert [(one.state, one.rows) for one in checked.corrected] == [("applied", 1), ("differs", 0), ("applied", 2)]


def test_what_a_rule_did_is_told_with_its_reason_and_owner(tmp_path: Path) -> None:
    rules = [rule("seller = 'A'", {"amount": "'1'"}), rule("seller = 'X'", {"amount": "'1'"})]
    assert check(tmp_path, company(rules=rules), sales()).corrected == (
        Corrected("extracts.yaml sales.correct[0]", 2, "applied",
                  "sales 2026-10: 2 rows corrected where “seller = 'A'”, by Sales desk: Known fault"),
        Corrected("extracts.yaml sales.correct[1]", 0, "absent",
                  "sales 2026-10 has no row with “seller = 'X'”: once the source is mended, take the rule away."),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("where", "put", "says"),
    [
        ("CAST(seller AS INTEGER) = 1", "'1'", "CAST(seller AS INTEGER) = 1"),
        ("seller = 'A'", "CAST(CAST(seller AS INTEGER) AS VARCHAR)", "seller = 'A'"),
    ],
)
def test_a_rule_that_fails_on_a_row_is_a_fault_of_the_configuration(
    tmp_path: Path, where: str, put: str, says: str
) -> None:
    rules = [rule("id = '1'", {"amount": "'1'"}), rule(where, {"amount": put})]
    with pytest.raises(ConfigError) as error:
        check(tmp_path, company(rules=rules), sales())
    assert f"“{says}” fails on a row of 2026-10" in str(error.value)
    assert "sales.correct.1" in str(error.value)


def test_another_correction_gives_another_result(tmp_path: Path) -> None:
    paths = {
        check(tmp_path, config, sales()).path
        for config in (
            company(),
            company([line("2", "amount", "20", "25")]),
            company([line("2", "amount", "20", "26")]),
            company(rules=[rule("id = '1'", {"amount": "'1'"})]),
            company().model_copy(
                update={"suites": {"sales": Suite.model_validate({"checks": [{"condition": "true"}]})}}
            ),
        )
    }
    assert len(paths) == 5


def test_rows_keep_their_order_when_many_of_them_are_corrected(tmp_path: Path) -> None:
    count = 250_000
    columns = {"id": [str(n) for n in range(count)], "seller": ["A"] * count, "day": ["2026-10-01"] * count,
               "amount": ["1"] * count}  # fmt: skip
    lines = [line(str(n), "amount", "1", "2", at=n) for n in range(0, count, 97)]
    landing = write_landing(tmp_path / "landings", columns)
    found = []
    for threads in (1, 2):
        with CheckSession(company(lines), tmp_path / str(threads), threads=threads) as session:
            found.append(session.check(landing))
    assert read_checked(found[0])["_line"].tolist() == list(range(2, count + 2))
    assert found[0].measure == count + len(lines)
    assert found[0].path.read_bytes() == found[1].path.read_bytes()


TEXTS = st.sampled_from(["", "1", "2", "x", " 1"])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(st.tuples(st.sampled_from(["1", "2", "3"]), TEXTS), max_size=8),
    given_lines=st.lists(
        st.tuples(st.sampled_from(["1", "2", "4"]), TEXTS, TEXTS), max_size=4, unique_by=lambda one: one[0]
    ),
    wheres=st.lists(st.sampled_from(["amount = '1'", "amount IS NULL", "id = '2'", "true"]), max_size=3),
)
def test_corrections_do_what_a_reader_of_them_would(
    tmp_path: Path, cells: list[tuple[str, str]], given_lines: list[tuple[str, str, str]], wheres: list[str]
) -> None:
    lines = [line(key, "amount", old, new, at) for at, (key, old, new) in enumerate(given_lines)]
    rules = [rule(where, {"amount": f"'{at + 5}'"}) for at, where in enumerate(wheres)]
    columns = {"id": "id", "seller": "id", "day": "date", "amount": "text"}
    config = company(lines, rules, columns=columns, main_measure=None)
    rows = {"id": [key for key, _ in cells], "seller": ["A"] * len(cells), "day": ["2026-10-01"] * len(cells),
            "amount": [text for _, text in cells]}  # fmt: skip

    def right(key: str, text: str) -> str:
        landed = text.strip()
        for one in lines:
            if one.key == key and one.old.strip() == landed:
                return one.new.strip()
        met = {"amount = '1'": landed == "1", "amount IS NULL": not landed, "id = '2'": key == "2", "true": True}
        return next((f"{at + 5}" for at, where in enumerate(wheres) if met[where]), landed)

    checked = check(tmp_path, config, rows)
    by_line = {at + 2: right(key, text) for at, (key, text) in enumerate(cells)}
    passed = read_checked(checked)
    for at, text in zip(passed["_line"], passed["amount"].fillna(""), strict=True):
        assert text == by_line[at]
    assert sum(one.rows for one in checked.corrected[: len(lines)]) == sum(
        one.key == key and one.old.strip() == text.strip() for one in lines for key, text in cells
    )
