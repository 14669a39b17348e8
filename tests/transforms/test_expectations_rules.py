"""Expectations by rule: last year, roles, full-time equivalents, working days; and what parts add up to."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from config.models import Metric
from tests.transforms.expectation_rows import (
    METRICS,
    REVENUE,
    config,
    evaluate,
    facts,
    membership,
    reasons,
    row,
    rule,
    spells,
    table,
    values,
)
from transforms.expectations import evaluate_expectations
from transforms.numbers import is_additive, plain_number, round_significant

PLAN = {"file": "plan.csv", "why": "w", "owner": "o"}
GROWTH = rule("again", "revenue", "last_year", growth="0.03")


def plan(*rows: str) -> dict[str, pd.DataFrame]:
    return {"plan.csv": table("unit_kind | unit | metric | month | value\n" + "\n".join(rows))}


def test_a_month_that_met_its_expectation_is_asked_for_with_growth() -> None:
    tables = plan("team | T1 | revenue | 2025-10 | 100")
    result = evaluate(config(tables=(PLAN,), rules=(GROWTH,)), tables, facts(("2025-10", "team", "T1", 110)))
    got = row(result, "team", "T1", "2026-10")
    assert got["value"] == 113.3
    assert got["basis"] == "3% over October 2025 (110), which met its expectation"
    assert got["origin"] == "rule:again"
    assert pd.isna(got["review_by"])


def test_a_number_that_was_missed_is_not_simply_asked_again() -> None:
    tables = plan("team | T1 | revenue | 2025-10 | 120")
    result = evaluate(config(tables=(PLAN,), rules=(GROWTH,)), tables, facts(("2025-10", "team", "T1", 110)))
    got = row(result, "team", "T1", "2026-10")
    assert got["value"] == 110
    assert got["review_by"] == pd.Timestamp("2026-10-31")
    assert got["basis"] == "as in October 2025 (110), which missed its expectation of 120: its owner reviews it"


def test_without_an_expectation_then_last_years_actual_stands_and_nobody_reviews() -> None:
    result = evaluate(config(rules=(GROWTH,)), known=facts(("2025-10", "team", "T1", 110)))
    got = row(result, "team", "T1", "2026-10")
    assert (got["value"], pd.isna(got["review_by"])) == (110, True)
    assert got["basis"] == "as in October 2025 (110), for which nothing was expected"
    assert values(result, "team", "T2") == {}


def test_the_rule_follows_itself_from_year_to_year() -> None:
    known = facts(
        ("2024-10", "team", "T1", 100), ("2025-10", "team", "T1", 105),
        ("2024-11", "team", "T1", 100), ("2025-11", "team", "T1", 90),
    )  # fmt: skip
    result = evaluate(config(rules=(GROWTH,)), known=known)
    # October 2024 has no expectation; October 2025's is therefore 100, was met, and grows.
    assert values(result, "team", "T1") == {"2025-10": 100.0, "2025-11": 100.0, "2026-10": 108.15, "2026-11": 90.0}


def test_where_less_is_better_growth_goes_down_and_meeting_it_is_staying_under() -> None:
    tables = plan("team | T1 | waiting | 2025-10 | 9", "team | T2 | waiting | 2025-10 | 7")
    known = facts(("2025-10", "team", "T1", 8), ("2025-10", "team", "T2", 8), metric="waiting")
    of = config(tables=(PLAN,), rules=(rule("less", "waiting", "last_year", growth="0.05"),))
    result = evaluate(of, tables, known)
    assert row(result, "team", "T1", "2026-10", "waiting")["value"] == 7.6
    assert row(result, "team", "T1", "2026-10", "waiting")["basis"].startswith("5% under October 2025 (8)")
    assert row(result, "team", "T2", "2026-10", "waiting")["value"] == 8


def test_nobody_is_asked_for_more_than_all() -> None:
    tables = plan("team | T1 | solved | 2025-10 | 95%")
    of = config(tables=(PLAN,), rules=(rule("up", "solved", "last_year", growth="0.03"),))
    result = evaluate(of, tables, facts(("2025-10", "team", "T1", 0.99), metric="solved"))
    assert row(result, "team", "T1", "2026-10", "solved")["value"] == 1


def test_later_facts_change_nothing_that_was_expected_before() -> None:
    known = facts(("2025-10", "team", "T1", 100), ("2026-10", "team", "T1", 5), ("2026-11", "team", "T1", 900))
    result = evaluate(config(rules=(GROWTH,)), known=known)
    assert values(result, "team", "T1") == {"2026-10": 100.0}


def test_tables_come_before_rules_and_rules_in_their_order() -> None:
    rules = (
        rule("few", "revenue", "fixed", value="7", units=("T1",), **{"from": "2026-10", "to": "2026-10"}),
        rule("all", "revenue", "fixed", value="9", unit_kinds=("team",)),
    )
    result = evaluate(config(tables=(PLAN,), rules=rules), plan("team | T2 | revenue | 2026-10 | 5"))
    assert values(result, "team", "T1")["2026-09"] == 9
    assert values(result, "team", "T1")["2026-10"] == 7
    assert values(result, "team", "T2")["2026-10"] == 5
    assert values(result, "manager", "M1") == {}


def test_a_rule_holds_from_the_month_in_which_it_was_set() -> None:
    result = evaluate(config(rules=(rule("now", "revenue", "fixed", value="7", set_on=date(2026, 9, 30)),)))
    assert list(values(result, "team", "T1")) == ["2026-09", "2026-10", "2026-11"]
    later = evaluate(config(rules=(rule("soon", "revenue", "fixed", value="7", set_on=date(2026, 11, 1)),)))
    assert later.expected.empty
    assert later.unused.empty


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"why": None}, "no why"), ({"owner": ""}, "no owner"),
        ({"set_on": None}, "no set_on"), ({"value": None}, "a rule fixed needs a value"),
        ({"metric": "revenu"}, "“revenu” is no metric"),
    ],
)  # fmt: skip
def test_an_incomplete_rule_is_not_used_and_said(bad: dict[str, Any], reason: str) -> None:
    result = evaluate(config(rules=({**rule("half", "revenue", "fixed", value="7", unit_kinds=("team",)), **bad},)))
    assert result.expected.empty
    assert [reason in finding.message for finding in result.findings] == [True]
    if "value" not in bad and "metric" not in bad:
        assert reasons(result) == [reason] * 4  # Two teams, this month and the next.


# -- roles, full-time equivalents, working days ---------------------------------------------------------------------


def test_roles_add_up_over_people_by_days() -> None:
    of = config(rules=(rule("role", "revenue", "per_role", values={"seller": "100", "junior": "62"}),))
    result = evaluate(of)
    assert values(result, "associate", "A1")["2026-10"] == 100
    # Hired on 15 August: 17 of 31 days.
    assert values(result, "associate", "A3")["2026-08"] == 34
    assert values(result, "team", "T1")["2026-08"] == 234
    assert values(result, "team", "T1")["2026-10"] == 262
    assert values(result, "manager", "BOSS")["2026-10"] == 462
    assert values(result, "organisation", "all")["2026-10"] == 462
    assert values(result, "associate", "M1") == {}  # A lead is asked for nothing here.


def test_a_role_that_changes_counts_as_of_the_months_last_day() -> None:
    cut = spells()
    lead = cut.query("associate == 'A1'").assign(valid_from=pd.Timestamp("2026-10-20"), role="junior")
    before = cut["valid_to"].where(cut["associate"] != "A1", lead["valid_from"].iloc[0])
    cut = pd.concat([cut.assign(valid_to=before), lead])
    of = config(rules=(rule("role", "revenue", "per_role", values={"seller": "100", "junior": "62"}),))
    result = evaluate(of, spells=cut)
    assert values(result, "associate", "A1")["2026-10"] == 62
    assert values(result, "associate", "A1")["2026-09"] == 100


def test_full_time_equivalents_count_by_days() -> None:
    result = evaluate(config(rules=(rule("fte", "revenue", "per_fte", value="310"),)))
    assert values(result, "associate", "A2")["2026-10"] == 155
    assert values(result, "associate", "A3")["2026-08"] == 170
    assert values(result, "team", "T1")["2026-08"] == 310 + 155 + 170
    assert values(result, "organisation", "all")["2026-10"] == 310 * 7.5
    basis = row(result, "team", "T1", "2026-10")["basis"]
    assert basis == "310 for each of 2.5 full-time equivalents, by days in the month"


def test_working_days_leave_out_weekends_and_holidays() -> None:
    of = config(rules=(rule("day", "revenue", "per_working_day", value="10"),))
    result = evaluate(of, holidays=frozenset({date(2026, 10, 5)}))
    assert values(result, "associate", "A1")["2026-10"] == 210  # 22 weekdays less one.
    assert values(result, "team", "T1")["2026-10"] == 630


def test_ratios_are_the_same_for_all_and_a_part_month_is_not_prorated() -> None:
    of = config(
        rules=(
            rule("fte", "solved", "per_fte", value="0.9", unit_kinds=("team",)),
            rule("role", "waiting", "per_role", values={"seller": "6", "junior": "9"}),
        )
    )
    result = evaluate(of)
    assert values(result, "team", "T1", "solved")["2026-08"] == 0.9
    assert values(result, "associate", "A3", "waiting")["2026-08"] == 9
    assert values(result, "team", "T1", "waiting")["2026-10"] == 7


def test_who_moves_mid_month_counts_in_each_team_by_days() -> None:
    moved = membership()
    from_t1 = (moved["associate"] == "A1") & (moved["unit_id"] == "T1")
    day = pd.Timestamp("2026-10-11")
    to_t2 = moved.loc[from_t1].assign(unit_id="T2", valid_from=day)
    moved = pd.concat([moved.assign(valid_to=moved["valid_to"].where(~from_t1, day)), to_t2], ignore_index=True)
    result = evaluate(config(rules=(rule("fte", "revenue", "per_fte", value="310"),)), membership=moved)
    assert values(result, "team", "T1")["2026-10"] == 100 + 155 + 310
    assert values(result, "team", "T2")["2026-10"] == 210 + 620
    assert values(result, "team", "T2")["2026-11"] == 930
    assert values(result, "associate", "A1")["2026-10"] == 310


def test_who_has_left_is_asked_for_nothing_and_a_table_that_still_asks_is_listed() -> None:
    gone = membership()
    gone = gone.assign(valid_to=gone["valid_to"].where(gone["associate"] != "B2", pd.Timestamp("2026-10-11")))
    of = config(tables=(PLAN,), rules=(rule("same", "revenue", "fixed", value="9"),))
    result = evaluate(of, plan("associate | B2 | revenue | 2026-11 | 5"), membership=gone)
    assert list(values(result, "associate", "B2"))[-1] == "2026-10"
    assert reasons(result) == ["not there in that month"]


def test_membership_cut_off_at_the_months_end_goes_on_for_what_is_ahead() -> None:
    end = pd.Timestamp("2026-11-01")
    frames = {"membership": membership(), "spells": spells()}
    cut: dict[str, Any] = {
        name: frame.assign(valid_to=frame["valid_to"].where(frame["valid_to"] < end, end))
        for name, frame in frames.items()
    }
    result = evaluate(config(rules=(rule("fte", "revenue", "per_fte", value="300"),)), **cut)
    assert values(result, "team", "T1")["2026-11"] == 750


# -- parts ----------------------------------------------------------------------------------------------------------


def test_parts_are_added_up_level_by_level_beside_what_is_expected() -> None:
    result = evaluate(
        config(tables=(PLAN,)),
        plan(
            *(f"associate | {who} | revenue | 2026-10 | 10" for who in ("A1", "A2", "A3", "B1")),
            "team | T1 | revenue | 2026-10 | 35", "team | T2 | revenue | 2026-10 | 25",
            "manager | M1 | revenue | 2026-10 | 36", "manager | M2 | revenue | 2026-10 | 25",
            "manager | BOSS | revenue | 2026-10 | 70", "organisation | | revenue | 2026-10 | 80",
            "team | T1 | solved | 2026-10 | 90%",
        ),
    )  # fmt: skip

    def parts(kind: str, unit: str, metric: str = "revenue") -> float:
        return float(row(result, kind, unit, "2026-10", metric)["parts_total"])

    assert parts("team", "T1") == 30
    assert np.isnan(parts("team", "T2"))  # One member has none.
    assert parts("manager", "M1") == 35
    assert parts("manager", "BOSS") == 61
    assert parts("organisation", "all") == 70
    assert np.isnan(parts("team", "T1", "solved"))
    assert np.isnan(parts("associate", "A1"))


def test_a_managers_own_expectation_counts_once_in_the_span() -> None:
    result = evaluate(
        config(tables=(PLAN,)),
        plan("team | T1 | revenue | 2026-10 | 35", "associate | M1 | revenue | 2026-10 | 5",
             "manager | M1 | revenue | 2026-10 | 40"),
    )  # fmt: skip
    assert row(result, "manager", "M1", "2026-10")["parts_total"] == 40


# -- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "additive"),
    [
        ("sum(amount)", True), ("count(*)", True), ("count(*) FILTER (WHERE won)", True), ("sum(amount) / 100", True),
        ("coalesce(sum(amount), 0)", True), ("sum(a) - sum(b)", True), ("sum(DISTINCT amount)", False),
        ("count(DISTINCT customer)", False), ("avg(amount)", False), ("median(amount)", False), ("max(amount)", False),
        ("sum(a) / sum(b)", False), ("sum(a) * count(*)", False), ("sum(a", False), ("round(sum(a))", False),
    ],
)  # fmt: skip
def test_only_plain_sums_and_counts_add_up(sql: str, additive: bool) -> None:
    assert is_additive(REVENUE.model_copy(update={"value": sql})) is additive


@pytest.mark.parametrize("change", [{"window_months": 3}, {"unit": "score"}, {"unit": "percent"}])
def test_a_moving_window_or_a_score_does_not_add_up(change: dict[str, Any]) -> None:
    assert not is_additive(Metric.model_validate({**REVENUE.model_dump(by_alias=True), **change}))
    assert is_additive(REVENUE)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(103.00000000000001, 103.0), (0.1 + 0.2, 0.3), (123456789012.3, 123456789000.0), (0.0, 0.0), (-1e-9, -1e-9)],
)
def test_rounding_leaves_clean_numbers(value: float, rounded: float) -> None:
    assert round_significant(np.array([value])).tolist() == [rounded]


def test_numbers_in_sentences_are_plain() -> None:
    assert plain_number(392_000.4, REVENUE.unit) == "392\u202f000"
    assert plain_number(-4.5, REVENUE.unit) == "−4.5"
    assert plain_number(0.953, METRICS["solved"].unit) == "95.3%"


def test_without_months_nothing_is_expected() -> None:
    empty = evaluate_expectations(config(), {}, facts(), membership().iloc[:0], membership(), spells(), [])
    assert empty.expected.empty


def test_a_value_a_day_is_multiplied_for_counts_of_different_things_too() -> None:
    calls = METRICS["calls"].model_copy(update={"value": "count(distinct call_id)"})
    per_day = rule("steady", "calls", "per_working_day", value="0.9", unit_kinds=("associate",))
    known = facts(("2026-10", "associate", "A1", 3.0), metric="calls")
    result = evaluate(config(rules=(per_day,), metrics={**METRICS, "calls": calls}), known=known)
    assert row(result, "associate", "A1", "2026-10", "calls")["value"] == pytest.approx(0.9 * 22)
