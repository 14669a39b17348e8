"""What becomes of a landing: typed rows, rows set aside with the reason, rows left out, and nothing lost."""

from collections import Counter
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.checks import Severity
from config.errors import ConfigError, OutsideError, RefusedError
from config.models import Extract
from flows.checks import CheckSession, check_extract, load_rates, read_checked
from tests.flows.tables import OCTOBER, config_of, sales_extract, write_landing
from transforms.stages import Checked, Finding, Landing


def check(folder: Path, extract: Extract, columns: dict[str, list[Any]], **more: Any) -> Checked:
    rates = more.pop("rates", None)
    landing = write_landing(folder / "landings", columns)
    return check_extract(landing, config_of({"sales": extract}, **more), folder / "checked", rates)


def sales(**changes: list[Any]) -> dict[str, list[Any]]:
    """Three faultless rows, with columns replaced."""
    return {
        "id": ["1", "2", "3"],
        "seller": ["A", "B", "A"],
        "day": ["2026-10-01", "2026-10-02", "2026-10-31"],
        "amount": ["10", "-2.5", "0.0001"],
        **changes,
    }


def ids(checked: Checked) -> list[str]:
    return list(read_checked(checked)["id"])


def quarantine(checked: Checked) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.ParquetFile(checked.quarantine_path).read().to_pylist()
    return rows


def told(checked: Checked) -> list[Finding]:
    """What is told of single rows."""
    return [tally.finding for tally in checked.tallies if tally.finding]


def accounted_for(checked: Checked) -> bool:
    parts = [*checked.excluded, *checked.quarantined]
    return checked.source_rows == checked.rows + sum(p.rows for p in parts) and (
        checked.source_measure == checked.measure + sum((p.measure for p in parts), Decimal(0))
    )


def test_faultless_rows_all_pass_typed_and_in_their_order(tmp_path: Path) -> None:
    checked = check(tmp_path, sales_extract(), sales())
    assert (checked.rows, checked.measure, checked.findings, told(checked)) == (3, Decimal("7.5001"), (), [])
    frame = read_checked(checked)
    assert dict(frame.dtypes.astype(str)) == {
        "id": "str", "seller": "str", "day": "datetime64[s]", "amount": "float64", "_file": "str", "_line": "int64",
    }  # fmt: skip
    assert frame["_line"].tolist() == [2, 3, 4]
    assert frame["day"].tolist()[2] == pd.Timestamp("2026-10-31")
    assert str(pq.ParquetFile(checked.path).schema_arrow.field("amount").type) == "decimal128(18, 4)"


def test_ids_keep_zeros_and_capitals_and_lose_outer_spaces(tmp_path: Path) -> None:
    checked = check(tmp_path, sales_extract(), sales(id=["007", "7", " a7\u00a0"], seller=["a", "A", "B c "]))
    frame = read_checked(checked)
    assert frame["id"].tolist() == ["007", "7", "a7"]
    assert frame["seller"].tolist() == ["a", "A", "B c"]


def test_every_type_is_read(tmp_path: Path) -> None:
    extract = sales_extract(
        columns={
            "id": "id", "n": "number", "i": "integer", "p": "percent", "t": "timestamp", "b": "boolean", "x": "text"
        },
        date=None, associate=None, main_measure="n",
    )  # fmt: skip
    columns = {"id": ["1", "2"], "n": ["1.5", ""], "i": ["3", ""], "p": ["50%", ""], "t": ["2026-10-05T10:00:00Z", ""],
               "b": ["Ja", ""], "x": [" a b ", " "]}  # fmt: skip
    frame = read_checked(check(tmp_path, extract, columns, time_zone="Europe/Berlin"))
    first, second = frame.to_dict("records")
    assert (first["n"], first["i"], first["p"], first["b"], first["x"]) == (1.5, 3.0, 0.5, True, "a b")
    assert first["t"] == pd.Timestamp("2026-10-05 12:00")
    assert frame.iloc[1].drop(["id", "_file", "_line"]).isna().all(), second


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("NO", False),
        ("ja", True),
        ("Nein", False),
        ("oui", True),
        ("non", False),
        ("1", True),
        ("0", False),
    ],
)
def test_yes_and_no_in_several_languages(tmp_path: Path, text: str, expected: bool) -> None:
    extract = sales_extract(columns={"id": "id", "won": "boolean"}, date=None, associate=None, main_measure=None)
    assert read_checked(check(tmp_path, extract, {"id": ["1"], "won": [text]}))["won"].tolist() == [expected]


@pytest.mark.parametrize(
    ("changes", "code", "line", "value", "says"),
    [
        ({"amount": ["1", "2", "1,5"]}, "typing.unreadable", 4, "1,5", "decimal mark “.”"),
        ({"day": ["2026-10-01", "2026-02-30", "2026-10-03"]}, "typing.unreadable", 3, "2026-02-30", "Dates are"),
        ({"seller": ["A", " ", "B"]}, "typing.required_missing", 3, "", "seller is required and empty"),
        ({"id": ["1", None, "3"]}, "typing.key_missing", 3, "", "id is part of the key"),
        ({"day": ["2026-11-02", "2026-10-02", "2026-10-03"]}, "typing.outside_month", 2, "2026-11-02", "lies outside"),
        ({"amount": ["1\x1b[31m", "2", "3"]}, "typing.unreadable", 2, r"1\x1b[31m", r"1\x1b[31m"),
        ({"amount": ["9" * 200, "2", "3"]}, "typing.unreadable", 2, "9" * 79 + "…", "9…"),
    ],
    ids=["number", "date", "required", "key", "month", "control characters", "long"],
)  # fmt: skip
def test_a_faulty_row_is_set_aside_with_its_reason_and_place(
    tmp_path: Path, changes: dict[str, list[Any]], code: str, line: int, value: str, says: str
) -> None:
    columns = {"id": "id", "seller": {"type": "id", "required": True}, "day": "date", "amount": "money"}
    checked = check(tmp_path, sales_extract(columns=columns), sales(**changes))
    (finding,) = told(checked)
    assert (finding.code, finding.severity, finding.rows) == (code, Severity.WARNING, 1)
    assert (finding.file, finding.line, finding.value) == ("sales.csv", line, value)
    assert says in finding.message
    (row,) = quarantine(checked)
    assert (row["file"], row["line"], row["reason"]) == ("sales.csv", line, checked.quarantined[0].reason)
    assert '"id":' in row["row"]
    assert checked.rows == 2
    assert accounted_for(checked)


def test_a_row_is_set_aside_once_and_counts_in_each_check_it_fails(tmp_path: Path) -> None:
    faulty = sales(day=["x", "y", "2026-10-03"], amount=["z", "1", "2"])
    checked = check(tmp_path, sales_extract(), faulty)
    assert [(f.column, f.rows, f.line) for f in told(checked)] == [("day", 2, 2), ("amount", 1, 2)]
    assert {t.check: (t.failed, t.set_aside) for t in checked.tallies if t.failed} == {
        "sales.day_of_type": (2, 2), "sales.amount_of_type": (1, 0),
    }  # fmt: skip
    assert checked.quarantined[0].measure == 1  # the readable part of what was set aside


def test_a_missing_column_is_critical_and_the_nearest_heading_is_named(tmp_path: Path) -> None:
    columns = {"id": "id", "seller": "id", "day": "date", "amount": {"type": "money", "from": "Net amount"}}
    landed = sales()
    landed["Net amont"] = landed.pop("amount")
    checked = check(tmp_path, sales_extract(columns=columns), landed)
    (finding,) = checked.findings
    assert (finding.code, finding.severity, finding.column) == ("typing.column_missing", Severity.CRITICAL, "amount")
    assert "“Net amount”" in finding.message
    assert "Did you mean “Net amont”?" in finding.message
    assert checked.rows == 3
    assert read_checked(checked)["amount"].isna().all()


def test_headings_that_differ_in_case_only_are_told_apart(tmp_path: Path) -> None:
    columns = {"id": "id", "seller": "id", "day": "date", "amount": {"type": "money", "from": "AMOUNT"}}
    landed = {**sales(), "AMOUNT": ["7", "8", "9"]}
    assert read_checked(check(tmp_path, sales_extract(columns=columns), landed))["amount"].tolist() == [7, 8, 9]


KEYED = {"columns": {"id": "id", "seller": "id", "day": "date", "amount": "money", "changed": "timestamp"}}


@pytest.mark.parametrize(
    ("changed", "amounts", "last_modified", "kept", "excluded", "quarantined"),
    [
        (["2026-10-01 10:00", "2026-10-01 11:00"], ["1", "2"], "changed", ["2"], {"older copy of the same key": 1}, 0),
        (["2026-10-01 11:00", "2026-10-01 10:00"], ["1", "2"], "changed", ["1"], {"older copy of the same key": 1}, 0),
        (["", "2026-10-01 10:00"], ["1", "2"], "changed", ["2"], {"older copy of the same key": 1}, 0),
        (["2026-10-01", "2026-10-01"], ["1", "2"], "changed", [], {}, 2),
        (["2026-10-01", "2026-10-01"], ["1", "1.0"], "changed", ["1"], {"the same row again": 1}, 0),
        (["", ""], ["1", "1"], "changed", ["1"], {"the same row again": 1}, 0),
        (["", ""], ["1", "2"], None, [], {}, 2),
        (["2026-10-01", "2026-10-02", "2026-10-02"], ["1", "2", "2"], "changed", ["2"],
         {"older copy of the same key": 1, "the same row again": 1}, 0),
        (["2026-10-01", "2026-10-02", "2026-10-02"], ["1", "2", "3"], "changed", [],
         {"older copy of the same key": 1}, 2),
    ],
    ids=["later wins", "order is no matter", "undated is older", "contradiction", "doubles", "undated doubles",
         "contradiction without dates", "double of the newest", "newest contradict"],
)  # fmt: skip
def test_of_rows_with_one_key_the_last_modified_counts(
    tmp_path: Path, changed: list[str], amounts: list[str], last_modified: str | None, kept: list[str],
    excluded: dict[str, int], quarantined: int,
) -> None:  # fmt: skip
    rows = len(changed)
    columns = {
        "id": ["1"] * rows,
        "seller": ["A"] * rows,
        "day": ["2026-10-01"] * rows,
        "amount": amounts,
        "changed": changed,
    }
    checked = check(tmp_path, sales_extract(**KEYED, last_modified=last_modified), columns)
    assert [f"{amount:g}" for amount in read_checked(checked)["amount"]] == kept
    assert {part.reason: part.rows for part in checked.excluded} == excluded
    assert sum(part.rows for part in checked.quarantined) == quarantined
    assert accounted_for(checked)


def test_declared_exclusions_leave_out_rows_but_not_where_the_answer_is_unknown(tmp_path: Path) -> None:
    rules = [{"where": "seller = 'A'", "why": "test seller"}, {"where": "amount < 0", "why": "returns"}]
    checked = check(tmp_path, sales_extract(exclude=rules), sales(seller=["A", "B", ""], amount=["1", "-2", "3"]))
    assert [(part.reason, part.rows, part.measure) for part in checked.excluded] == [
        ("test seller", 1, Decimal(1)), ("returns", 1, Decimal(-2)),
    ]  # fmt: skip
    assert ids(checked) == ["3"]
    assert accounted_for(checked)


def test_the_newest_copy_decides_before_exclusions_do(tmp_path: Path) -> None:
    extract = sales_extract(
        columns={**KEYED["columns"], "state": "text"}, last_modified="changed",
        exclude=[{"where": "state = 'cancelled'", "why": "cancelled"}],
    )  # fmt: skip
    columns = {"id": ["1", "1"], "seller": ["A", "A"], "day": ["2026-10-01"] * 2, "amount": ["5", "5"],
               "changed": ["2026-10-01", "2026-10-02"], "state": ["open", "cancelled"]}  # fmt: skip
    checked = check(tmp_path, extract, columns)
    assert checked.rows == 0
    assert {part.reason: part.rows for part in checked.excluded} == {"older copy of the same key": 1, "cancelled": 1}


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("amount <", "no SQL expression"),
        ("amuont < 0", "Did you mean amount?"),
        ("amount < (SELECT 1)", "asks another table"),
        ("day < current_date", "current_date()"),
        ("random() < 0.5", "random()"),
        ("amount ~ 'a'", "regexp_full_match"),
        ("seller + 1 > day", "does not work"),
        ("sum(amount) > 1", "does not work"),
    ],
)
def test_an_exclusion_that_cannot_work_is_a_fault_of_the_configuration(tmp_path: Path, where: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        check(tmp_path, sales_extract(exclude=[{"where": where, "why": "whatever"}]), sales())
    assert says in str(error.value)
    assert "sales.exclude.0.where" in str(error.value)


IN_DOLLARS = {
    "columns": {"id": "id", "seller": "id", "day": "date", "amount": "money", "code": "text"}, "currency": "code",
}  # fmt: skip


def rates_of(*lines: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "month": [pd.Timestamp(f"{month}-01") for month, _, _ in lines],
            "currency": [currency for _, currency, _ in lines],
            "rate": [Decimal(rate) for _, _, rate in lines],
        }
    )


def test_amounts_become_the_companys_currency_exactly(tmp_path: Path) -> None:
    checked = check(
        tmp_path, sales_extract(**IN_DOLLARS), sales(amount=["10", "1", "$3"], code=["EUR", "usd", "USD"]),
        rates=rates_of(("2026-10", "USD", "0.92345"), ("2026-09", "USD", "1")),
    )  # fmt: skip
    table = pq.ParquetFile(checked.path).read()
    # 0.92345 and 2.77035 lie halfway: they go to the even neighbour.
    assert table.column("amount").to_pylist() == [Decimal("10.0000"), Decimal("0.9234"), Decimal("2.7704")]


def test_a_missing_rate_refuses_the_extract_and_says_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as error:
        check(
            tmp_path, sales_extract(**IN_DOLLARS), sales(code=["EUR", "USD", "GBP"]),
            rates=rates_of(("2026-10", "USD", "0.9"), ("2026-11", "GBP", "1.1")),
        )  # fmt: skip
    assert "sales.csv:4" in str(error.value)
    assert "2026-10,GBP" in str(error.value)
    assert "USD" not in str(error.value)


@pytest.mark.parametrize(("code", "says"), [("Euro", "no ISO 4217 code"), ("", "an amount without its currency")])
def test_an_amount_in_no_known_currency_is_set_aside(tmp_path: Path, code: str, says: str) -> None:
    checked = check(tmp_path, sales_extract(**IN_DOLLARS), sales(code=["EUR", code, "EUR"]))
    assert says in told(checked)[0].message
    assert ids(checked) == ["1", "3"]


def test_a_later_rate_changes_nothing(tmp_path: Path) -> None:
    columns = sales(code=["EUR", "USD", "USD"])
    now = rates_of(("2026-10", "USD", "0.9"))
    later = rates_of(("2026-10", "USD", "0.9"), ("2026-11", "USD", "5"))
    first = check(tmp_path, sales_extract(**IN_DOLLARS), columns, rates=now)
    assert check(tmp_path, sales_extract(**IN_DOLLARS), columns, rates=later) == first


def test_the_same_inputs_are_checked_once_and_a_broken_result_again(tmp_path: Path) -> None:
    first = check(tmp_path, sales_extract(), sales(amount=["1", "x", "3"]))
    written = first.path.stat().st_mtime_ns
    assert check(tmp_path, sales_extract(), sales(amount=["1", "x", "3"])) == first
    assert first.path.stat().st_mtime_ns == written
    content = first.path.read_bytes()
    first.path.write_bytes(content[:10])
    assert check(tmp_path, sales_extract(), sales(amount=["1", "x", "3"])) == first
    assert first.path.read_bytes() == content


def test_another_declaration_gives_another_result(tmp_path: Path) -> None:
    first = check(tmp_path, sales_extract(), sales())
    assert check(tmp_path, sales_extract(key=()), sales()).path != first.path


def test_results_are_private_and_nothing_else_is_left(tmp_path: Path) -> None:
    checked = check(tmp_path, sales_extract(), sales())
    folder = checked.path.parent
    assert folder.name == str(OCTOBER)
    assert {path.name.partition("-")[0] for path in folder.iterdir()} == {"sales"}
    assert len(list(folder.iterdir())) == 3
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}
    assert oct(folder.stat().st_mode & 0o777) == "0o700"


def test_a_landing_without_rows_counts_as_nothing_and_says_so(tmp_path: Path) -> None:
    checked = check(tmp_path, sales_extract(), {name: [] for name in sales()})
    assert (checked.rows, checked.source_rows, checked.measure) == (0, 0, Decimal(0))
    assert [(finding.code, finding.severity) for finding in checked.findings] == [("typing.no_rows", Severity.WARNING)]


def test_a_broken_landing_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "sales-0.parquet"
    broken.write_bytes(b"nothing of the kind")
    landing = Landing("sales", OCTOBER, broken, "0", 1, (), ())
    with pytest.raises(OutsideError, match="pulled again"):
        check_extract(landing, config_of({"sales": sales_extract()}), tmp_path / "checked")


@pytest.mark.soak
def test_many_rows_keep_their_order_and_give_the_same_bytes_again(tmp_path: Path) -> None:
    count = 400_000  # more than three row groups, so that several threads have work
    numbers = [str(n) for n in range(count)]
    columns = {"id": numbers, "seller": ["A"] * count, "day": ["2026-10-01"] * count, "amount": [*numbers[1:], "x"]}
    columns["id"][1000] = "7"
    found = [check(tmp_path / again, sales_extract(), columns) for again in ("first", "second")]
    lines = read_checked(found[0])["_line"]
    assert lines.is_monotonic_increasing
    assert len(lines) == count - 3
    assert found[0].path.read_bytes() == found[1].path.read_bytes()


def test_rows_kept_in_a_file_give_the_same_as_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extract = sales_extract(**IN_DOLLARS, key=["id", "day"])
    landings = [
        write_landing(tmp_path / str(at), sales(code=["EUR", code, "EUR"], amount=["1", "2", amount]))
        for at, (code, amount) in enumerate([("EUR", "x"), ("USD", "3"), ("EUR", "4")])
    ]

    def checked_in(folder: Path) -> list[Checked]:
        found = []
        with CheckSession(config_of({"sales": extract}), folder) as session:
            for landing in landings:
                with suppress(RefusedError):  # the second has no rate
                    found.append(session.check(landing))
        return found

    in_memory = checked_in(tmp_path / "memory")
    monkeypatch.setattr("flows.checks.session._IN_MEMORY", 2)
    in_file = checked_in(tmp_path / "file")
    assert [one.tallies for one in in_file] == [one.tallies for one in in_memory]
    assert len(in_file) == 2
    for one, other in zip(in_file, in_memory, strict=True):
        assert one.path.read_bytes() == other.path.read_bytes()
        assert one.quarantine_path.read_bytes() == other.quarantine_path.read_bytes()
    assert [path.name for path in (tmp_path / "file").iterdir()] == [str(OCTOBER)]


CELLS = {
    "id": st.sampled_from(["1", "2", "3", "4", " 4", "", "x"]),
    "seller": st.sampled_from(["A", "B", ""]),
    "day": st.sampled_from(["2026-10-01", "2026-10-31", "2026-11-01", "soon", ""]),
    "amount": st.one_of(st.sampled_from(["1", "2.5", "-3", "", "(4)", "1,000"]), st.text(max_size=4)),
    "changed": st.sampled_from(["2026-10-01 10:00", "2026-10-02", "", "later"]),
}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.fixed_dictionaries(CELLS), max_size=12), dated=st.booleans())
def test_no_row_and_no_amount_is_ever_lost(tmp_path: Path, rows: list[dict[str, str]], dated: bool) -> None:
    extract = sales_extract(
        **KEYED, last_modified="changed" if dated else None, exclude=[{"where": "amount < 0", "why": "returns"}]
    )
    checked = check(tmp_path, extract, {name: [row[name] for row in rows] for name in CELLS})
    passed, aside = read_checked(checked), quarantine(checked)
    assert checked.source_rows == len(rows)
    assert accounted_for(checked)
    assert checked.rows == len(passed)
    assert Counter(row["reason"] for row in aside) == {part.reason: part.rows for part in checked.quarantined}
    assert sum(tally.set_aside for tally in checked.tallies) == len(aside)
    assert passed["id"].is_unique
    assert not set(passed["_line"]) & {row["line"] for row in aside}


def test_rates_are_read(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("Month;Currency;Rate\n2026-10;usd;0,9234\n2026-09;GBP;1.15\n", encoding="utf-8")
    rates = load_rates(path)
    assert rates["currency"].tolist() == ["GBP", "USD"]
    assert rates["rate"].tolist() == [Decimal("1.15"), Decimal("0.9234")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("month,currency\n", "rate is not among them"),
        ("month,currency,rate\n2026-13,USD,1\n", ":2: “2026-13” is no month"),
        ("month,currency,rate\n2026-10,Dollar,1\n", ":2: “Dollar” is no currency"),
        ("month,currency,rate\n2026-10,USD,much\n", ":2: “much” is no rate"),
        ("month,currency,rate\n2026-10,USD,0\n", ":2: The rate “0”"),
        ("month,currency,rate\n2026-10,USD,nan\n", ":2: The rate “nan”"),
        ("month,currency,rate\n2026-10,USD,1\n2026-10,USD,2\n", ":3: USD in 2026-10 has two rates"),
    ],
)
def test_a_faulty_rates_file_is_named_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_rates(path)
    assert says in str(error.value)


def test_no_rates_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_rates(tmp_path / "none.csv")
