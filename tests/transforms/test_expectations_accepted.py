"""What is expected since a person accepted a change."""

from datetime import date
from decimal import Decimal

import pytest

from config.models import Decision, UnitKind
from config.months import Month
from tests.transforms.expectation_rows import config, evaluate, reasons, row, rule, table, values

HEAD = "unit_kind | unit | metric | month | value | set_on\n"
PLAN = {"file": "plan.csv", "why": "As last autumn", "owner": "Sales lead"}
EACH = rule("each", "revenue", "fixed", value=1000, unit_kinds=["team"])


def accepted(decided_on: str = "2026-08-12", month: str = "2026-03", value: str | None = "800") -> Decision:
    """A lower level of a team's revenue, accepted."""
    return Decision(
        decided_on=date.fromisoformat(decided_on), kind="rebase", unit_kind=UnitKind.TEAM, unit_id="T1",
        metric="revenue", month=Month.parse(month), decided_by="Managing director", reason="The market fell.",
        value=None if value is None else Decimal(value),
    )  # fmt: skip


def test_from_the_month_after_the_decision_it_stands_in_place_of_the_rule() -> None:
    result = evaluate(config(rules=(EACH,), decisions=(accepted(),)))
    told = values(result, "team", "T1")
    assert [told[month] for month in ("2026-03", "2026-08", "2026-09", "2026-10", "2026-11")] == [
        1000, 1000, 800, 800, 800
    ]  # fmt: skip
    assert set(values(result, "team", "T2").values()) == {1000}
    used = row(result, "team", "T1", "2026-09")
    assert (used["why"], used["owner"], used["origin"]) == (
        "The market fell.", "Managing director", "decision:2026-08-12"
    )  # fmt: skip
    assert used["basis"] == "the level accepted from 2026-03 on"


def test_a_table_of_before_gives_way_and_is_named_and_one_of_later_counts() -> None:
    lines = [f"team | T1 | revenue | 2026-{month} | {value} | {day}"
             for month, value, day in (("09", 1200, "2026-07-01"), ("10", 850, "2026-09-15"))]  # fmt: skip
    plan = table(HEAD + "\n".join(lines))
    result = evaluate(config(tables=(PLAN,), decisions=(accepted(),)), {"plan.csv": plan})
    told = values(result, "team", "T1")
    assert (told["2026-09"], told["2026-10"], told["2026-11"]) == (800, 850, 800)
    assert reasons(result) == ["a level accepted on 2026-08-12 took its place"]


def test_a_rule_set_later_counts() -> None:
    later = rule("later", "revenue", "fixed", value=900, unit_kinds=["team"], set_on=date(2026, 9, 20))
    told = values(evaluate(config(rules=(later,), decisions=(accepted(),))), "team", "T1")
    assert (told["2026-09"], told["2026-10"]) == (900, 900)


def test_of_two_decisions_the_later_counts_from_its_own_next_month() -> None:
    decisions = (accepted("2026-09-10", value="700"), accepted("2026-06-10"))
    told = values(evaluate(config(decisions=decisions)), "team", "T1")
    assert told == {"2026-07": 800, "2026-08": 800, "2026-09": 800, "2026-10": 700, "2026-11": 700}


@pytest.mark.parametrize(
    "decision",
    [
        accepted(value=None),
        accepted(decided_on="2026-11-02"),
        accepted().model_copy(update={"kind": "accepted_stretch"}),
        accepted().model_copy(update={"unit_id": "T9"}),
        accepted().model_copy(update={"metric": "turnover"}),
    ],
    ids=["no value", "decided after the month", "no re-basing", "no such unit", "no such metric"],
)
def test_nothing_else_changes_what_is_expected(decision: Decision) -> None:
    """A decision of November was not known when October ended, whatever month it begins with."""
    assert values(evaluate(config(decisions=(decision,))), "team", "T1") == {}
