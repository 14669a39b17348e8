"""Expectations by table: what is read, what is used, and what is said of the rest."""

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.expectation_rows import config, evaluate, membership, reasons, row, spells, table, units, values
from transforms.columns import EXPECTED, UNUSED_EXPECTED
from transforms.expectations.cells import spread
from transforms.numbers import read_decimal

PLAN = {"file": "plan.csv", "why": "Same as last autumn", "owner": "Sales lead"}
HEAD = "unit_kind | unit | metric | month | value | why | owner | set_on | parent\n"


def test_a_row_is_used_with_its_why_owner_day_and_place() -> None:
    plan = table(HEAD + "team | T1 | revenue | 2026-10 | 1 200.50 | New stand | Team lead | 2026-09-01 | manager:M1")
    result = evaluate(config(tables=({"file": "plan.csv"},)), {"plan.csv": plan})
    used = row(result, "team", "T1", "2026-10")
    assert (used["value"], used["why"], used["owner"]) == (1200.5, "New stand", "Team lead")
    assert (used["set_on"], used["parent"]) == (pd.Timestamp("2026-09-01"), "manager:M1")
    assert (used["origin"], used["basis"]) == ("table:plan.csv:2", "from plan.csv, line 2")
    assert result.findings == ()
    assert result.expected.dtypes.astype(str).to_dict() == EXPECTED
    assert result.unused.dtypes.astype(str).to_dict() == UNUSED_EXPECTED


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("95%", "0.95"), ("95 %", "0.95"), ("1 234.5", "1234.5"),
        ("1\u00a0234", "1234"), ("1\u202f234\u202f567", "1234567"),
        ("-3.5", "-3.5"), ("−3.5", "-3.5"), ("1e3", "1000"), (".5", "0.5"), ("7.", "7"),
        ("1,234", None), ("12 34", None), ("5k", None), ("nan", None), ("", None), ("%", None), ("inf", None),
        ("1e999", None),
    ],
)  # fmt: skip
def test_a_written_number_is_read_or_refused_never_guessed(written: str, value: str | None) -> None:
    assert read_decimal(written) == (None if value is None else Decimal(value))


@pytest.mark.parametrize("heading", ["2026-10", "Oct 2026", "October 2026", "oct 2026", "2026-10-01 00:00:00"])
def test_a_wide_month_is_known_however_it_is_written(heading: str) -> None:
    plan = table(f"unit_kind | unit | metric | {heading}\nteam | T1 | revenue | 100")
    result = evaluate(config(tables=({**PLAN, "layout": "wide_monthly"},)), {"plan.csv": plan})
    assert values(result, "team", "T1") == {"2026-10": 100.0}


@pytest.mark.parametrize("heading", ["2026-Q4", "Q4 2026", "2026 q4", "2026Q4"])
def test_a_quarter_is_spread_over_its_months_and_adds_up(heading: str) -> None:
    plan = table(f"unit_kind | unit | metric | {heading}\nteam | T1 | revenue | 1000\nteam | T1 | solved | 95%")
    result = evaluate(config(tables=({**PLAN, "layout": "wide_quarterly"},)), {"plan.csv": plan})
    # December is later than the month after the report's.
    assert values(result, "team", "T1") == {"2026-10": 333.33, "2026-11": 333.33}
    assert values(result, "team", "T1", "solved") == {"2026-10": 0.95, "2026-11": 0.95}
    assert row(result, "team", "T1", "2026-10")["basis"] == f"1\u202f000 for {heading} by month, from plan.csv, line 2"


@given(st.decimals(min_value=-(10**10), max_value=10**10, places=4))
def test_a_quarters_months_add_up_exactly(quarter: Decimal) -> None:
    parts = spread(quarter, 3)
    assert sum(parts) == quarter
    assert parts[0] == parts[1]
    assert abs(parts[2] - parts[0]) <= Decimal("0.03")
    assert sum(Decimal(repr(float(part))) for part in parts) == quarter


def test_why_owner_and_day_are_inherited_row_table_then_parents() -> None:
    rows = """
        organisation | | revenue | 2026-10 | 500 | Market grows | Head of sales | 2026-01-15 |
        manager | M1 | revenue | 2026-10 | 300 | | | | organisation
        team | T1 | revenue | 2026-10 | 200 | | Team's own | | manager:M1
        associate | A1 | revenue | 2026-10 | 90 | | | | T1
    """
    undated = {"file": "plan.csv", "set_on": None}
    result = evaluate(config(tables=(undated,)), {"plan.csv": table(HEAD + rows.strip())})
    who = row(result, "associate", "A1", "2026-10")
    assert (who["why"], who["owner"], who["set_on"]) == ("Market grows", "Team's own", pd.Timestamp("2026-01-15"))
    default = evaluate(config(tables=({**PLAN, "set_on": date(2026, 2, 1)},)), {"plan.csv": table(HEAD + rows.strip())})
    team = row(default, "team", "T1", "2026-10")
    assert (team["why"], team["owner"], team["set_on"]) == (
        "Same as last autumn", "Team's own", pd.Timestamp("2026-02-01"),
    )  # fmt: skip


def test_parents_going_round_and_unknown_ones_give_nothing_and_end() -> None:
    rows = """
        team | T1 | revenue | 2026-10 | 200 | | | | team:T2
        team | T2 | revenue | 2026-10 | 200 | | | | team:T1
        associate | A1 | revenue | 2026-10 | 9 | x1 | o | | team:T9
    """
    result = evaluate(config(tables=({"file": "plan.csv"},)), {"plan.csv": table(HEAD + rows.strip())})
    assert reasons(result) == ["no why and no owner"] * 2
    assert [f.code for f in result.findings] == ["expectations.unknown_parent"]
    assert row(result, "associate", "A1", "2026-10")["value"] == 9


def test_without_why_or_owner_it_is_not_used_and_listed() -> None:
    rows = "team | T1 | revenue | 2026-10 | 200 | | Lead | |\nteam | T2 | revenue | 2026-10 | 100 | So | | |"
    result = evaluate(config(tables=({"file": "plan.csv"},)), {"plan.csv": table(HEAD + rows)})
    assert result.expected.empty
    assert reasons(result) == ["no why", "no owner"]
    assert result.unused["value"].tolist() == [200.0, 100.0]


@pytest.mark.parametrize(
    ("set_on", "used", "listed"),
    [
        ("2026-09-30", ["2026-09", "2026-10"], []),
        ("2026-10-01", ["2026-10"], ["set after the month had ended"]),
        ("2026-10-31", ["2026-10"], ["set after the month had ended"]),
        ("2026-11-01", [], []),
    ],
    ids=["on the last day of a month it still holds", "after it, it is a surprise", "last day known", "not yet known"],
)
def test_nothing_set_after_the_month_holds_and_nothing_set_after_the_report_is_known(
    set_on: str, used: list[str], listed: list[str]
) -> None:
    rows = "\n".join(f"team | T1 | revenue | {month} | 5 | w | o | {set_on} |" for month in ("2026-09", "2026-10"))
    result = evaluate(config(tables=({"file": "plan.csv"},)), {"plan.csv": table(HEAD + rows)})
    assert list(values(result, "team", "T1")) == used
    assert reasons(result) == listed
    assert result.findings == ()


@pytest.mark.parametrize(
    ("line", "code", "said", "reason"),
    [
        ("crew | T1 | revenue | 2026-10 | 1", "unknown_unit_kind", "associate, team, manager", "unknown kind of unit"),
        ("team | T11 | revenue | 2026-10 | 1", "unknown_unit", "The nearest is “T1”", "unknown team"),
        ("team | M1 | revenue | 2026-10 | 1", "unknown_unit", "of the kind associate", "unknown team"),
        ("team | T1 | revenu | 2026-10 | 1", "unknown_metric", "The nearest is “revenue”", "unknown metric"),
        ("team | T1 | revenue | Okt 26 | 1", "unknown_month", "Write it as 2026-10", "unknown month"),
        ("team | T1 | revenue | 2026-10 | 1,5", "unreadable_value", "“1,5” is no number", "value cannot be read"),
        ("team | T1 | revenue | 2026-10 | ", "unreadable_value", "“” is no number", "value cannot be read"),
        ("team | T1 | revenue | 2026-10 | 95%", "unreadable_value", "counted in money", "value cannot be read"),
        ("team | T1 | solved | 2026-10 | 95", "unreadable_value", "Write 95%", "value cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place_and_what_would_be_right(
    line: str, code: str, said: str, reason: str
) -> None:
    plan = table("unit_kind | unit | metric | month | value\nteam | T2 | revenue | 2026-10 | 7\n" + line)
    result = evaluate(config(tables=(PLAN,)), {"plan.csv": plan})
    (finding,) = result.findings
    assert (finding.code, finding.file, finding.line) == (f"expectations.{code}", "plan.csv", 3)
    assert said in finding.message
    assert reasons(result) == [reason]
    assert values(result, "team", "T2") == {"2026-10": 7.0}  # One bad row never stops the others.


@pytest.mark.parametrize(
    ("heading", "code"), [("unitkind", "missing_column"), ("unit kind", None), ("Unit_Kind", None)]
)
def test_headings_are_forgiven_their_case_and_spaces_but_not_missing(heading: str, code: str | None) -> None:
    plan = table(f"{heading} | unit | metric | month | value\nteam | T1 | revenue | 2026-10 | 1")
    result = evaluate(config(tables=(PLAN,)), {"plan.csv": plan})
    assert [f.code for f in result.findings] == ([f"expectations.{code}"] if code else [])
    assert len(result.expected) == (0 if code else 1)


def test_a_wrong_unit_in_a_wide_table_is_said_once() -> None:
    plan = table("unit_kind | unit | metric | 2026-09 | 2026-10 | 2026-13\nteam | T9 | revenue | 1 | 2 | 3")
    result = evaluate(config(tables=({**PLAN, "layout": "wide_monthly"},)), {"plan.csv": plan})
    assert sorted(f.code for f in result.findings) == ["expectations.unknown_column", "expectations.unknown_unit"]
    assert reasons(result) == ["unknown team"] * 2


def test_contradicting_rows_are_both_unused_and_equal_ones_count_once() -> None:
    rows = """
        team | T1 | revenue | 2026-10 | 100 | w | o | |
        team | T1 | revenue | 2026-10 | 120 | w | o | |
        team | T2 | revenue | 2026-10 | 50 | | | |
        team | T2 | revenue | 2026-10 | 50.0 | w | o | |
    """
    result = evaluate(config(tables=({"file": "plan.csv"},)), {"plan.csv": table(HEAD + rows.strip())})
    assert values(result, "team", "T1") == {}
    assert reasons(result) == ["lines 2, 3 contradict each other"] * 2
    assert row(result, "team", "T2", "2026-10")["origin"] == "table:plan.csv:5"
    assert [(f.code, f.line) for f in result.findings] == [("expectations.contradiction", 3)]


def test_the_first_table_that_gives_a_usable_value_counts() -> None:
    first = table(HEAD + "team | T1 | revenue | 2026-10 | 1 | | | |\nteam | T2 | revenue | 2026-10 | 2 | w | o | |")
    rows = "team | T1 | revenue | 2026-10 | 3 | w | o | |\nteam | T2 | revenue | 2026-10 | 4 | w | o | |"
    second = table(HEAD + rows)
    of = config(tables=({"file": "a.csv"}, {"file": "b.csv"}))
    result = evaluate(of, {"a.csv": first, "b.csv": second})
    assert values(result, "team", "T1") == {"2026-10": 3.0}
    assert values(result, "team", "T2") == {"2026-10": 2.0}
    assert sorted(reasons(result)) == ["a.csv comes first", "no why and no owner"]


def test_a_table_that_was_not_given_is_said() -> None:
    result = evaluate(config(tables=(PLAN,)))
    assert [f.code for f in result.findings] == ["expectations.missing_table"]
    assert result.expected.empty


@settings(max_examples=6, deadline=None)
@given(st.randoms(use_true_random=False))
def test_row_order_never_matters_and_inputs_stay_unchanged(random: object) -> None:
    seed = random.randint(0, 10**6)  # type: ignore[attr-defined]
    rows = """
        team | T1 | revenue | 2026-10 | 100 | w | o | |
        team | T1 | revenue | 2026-10 | 120 | w | o | |
        team | T2 | revenue | 2026-10 | 50 | | | | manager:M2
        team | T2 | revenue | 2026-10 | 50.0 | | | |
        manager | M2 | revenue | 2026-10 | 50.0 | w | o | |
        crew | M2 | revenue | 2026-10 | 50.0 | w | o | |
    """
    of = config(
        tables=({"file": "plan.csv"},),
        rules=({"name": "role", "metric": "revenue", "rule": "per_fte", "value": "33.37", "why": "w", "owner": "o"},),
    )
    plan = table(HEAD + rows.strip())
    given_frames = {"units": units(), "membership": membership(), "spells": spells()}
    shuffled = {name: frame.sample(frac=1, random_state=seed) for name, frame in given_frames.items()}
    before = {name: frame.copy() for name, frame in shuffled.items()}
    plain = evaluate(of, {"plan.csv": plan}, **given_frames)
    mixed = evaluate(of, {"plan.csv": plan.sample(frac=1, random_state=seed)}, **shuffled)
    pd.testing.assert_frame_equal(plain.expected, mixed.expected)
    pd.testing.assert_frame_equal(plain.unused, mixed.unused)
    assert plain.findings == mixed.findings
    for name, frame in shuffled.items():
        pd.testing.assert_frame_equal(frame, before[name])
