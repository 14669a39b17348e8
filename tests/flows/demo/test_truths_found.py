"""What is planted in the demo company is found, in the month and by the name that docs/demo-company.md gives it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from config.months import Month
from flows.demo import DemoTruths, write_demo_config, write_demo_extracts
from flows.monthly import run_month
from flows.stages.facts import read_changes_file, read_comparison_file, read_signals_file
from flows.stages.run import MonthRun
from flows.state.paths import StateRoot
from tests.transforms.test_honest_words import claims, findings_of, texts, unfounded
from transforms.report_model import ReportModel

pytestmark = pytest.mark.soak  # makes two months of the demo company, each with years of history

JUNE, OCTOBER = Month(2026, 6), Month(2026, 10)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> StateRoot:
    """Editions of June and October, each made from what had happened by then."""
    root = tmp_path_factory.mktemp("demo") / "state"
    write_demo_extracts(root / "extracts")
    config = root.parent / "config"
    write_demo_config(config)
    state = StateRoot(root)
    for month in (JUNE, OCTOBER):
        run_month(MonthRun(month, config, state, datetime(2026, 11, 23, tzinfo=UTC)))
    return state


Row = dict[str, Any]


def changes(state: StateRoot, month: Month, kind: str) -> dict[tuple[str, str], Row]:
    """What an edition says of a kind's units: by unit and metric."""
    frame = read_changes_file(state.editions / str(month) / "1" / "changes.parquet")
    rows: list[Row] = [
        {str(name): cell for name, cell in row.items()}
        for row in frame.loc[frame["unit_kind"].eq(kind)].to_dict("records")
    ]
    return {(row["unit_id"], row["metric"]): row for row in rows}


def months_apart(row: Row, month: Month) -> int:
    """How far a change's month is from a month."""
    return abs(Month.of(row["month"].date()).minus(month))


def test_within_four_months_the_market_s_shift_is_found_and_called_conditions(
    state: StateRoot, truths: DemoTruths
) -> None:
    begun = truths["market_shift"].first
    assert JUNE.minus(begun) + 1 == 4
    found = changes(state, JUNE, "team")["KA", "average_order"]
    assert (found["cause"], found["sense"]) == ("conditions", "worse")
    assert months_apart(found, begun) <= 1


def test_one_person_s_decline_is_called_that_person_s(state: StateRoot, truths: DemoTruths) -> None:
    """The market fell as well: of the revenue a part is conditions, and only a part."""
    decline = truths["decline"]
    (who,) = decline.unit_ids
    found = {metric: row for (unit, metric), row in changes(state, OCTOBER, "associate").items() if unit == who}
    assert found["orders"]["cause"] == "own"
    assert found["revenue"]["cause"] in {"own", "both"}
    for row in found.values():
        assert months_apart(row, decline.first) <= 1
        assert -0.55 < row["difference"] < -0.3


def test_hardly_anybody_else_is_told_of_a_decline_of_their_own(state: StateRoot, truths: DemoTruths) -> None:
    """Of forty people five in a hundred are two."""
    found = changes(state, OCTOBER, "associate")
    told = {unit for (unit, _), row in found.items() if (row["sense"], row["cause"]) == ("worse", "own")}
    assert set(truths["decline"].unit_ids) <= told
    assert len(told) <= 1 + 2


def test_three_answers_give_no_verdict(state: StateRoot, truths: DemoTruths) -> None:
    (team,) = truths["three_answers"].unit_ids
    comparison = read_comparison_file(state.editions / str(OCTOBER) / "1" / "comparison.parquet")
    of_team = comparison.loc[comparison["unit_kind"].eq("team") & comparison["unit_id"].eq(team)]
    survey = of_team.loc[of_team["metric"].eq("goals_matter")]
    assert survey["status"].tolist() == ["none"]
    assert survey["withheld"].ne("").all()
    assert survey["actual"].isna().all()
    assert (team, "goals_matter") not in changes(state, OCTOBER, "team")


def test_what_coaching_did_is_found_in_the_coached_team_alone(state: StateRoot) -> None:
    found = changes(state, OCTOBER, "team")
    assert found["SD", "solved_first_contact"]["sense"] == "better"
    assert ("TS", "solved_first_contact") not in found


def test_the_team_s_report_says_so(state: StateRoot) -> None:
    model = (state.editions / str(JUNE) / "1" / "models" / "team-KA.json").read_text("utf-8")
    assert "Conditions: " in model


@pytest.mark.parametrize("month", [JUNE, OCTOBER], ids=str)
def test_no_report_claims_what_no_finding_carries(state: StateRoot, month: Month) -> None:
    """Every report of the month, and that they claim something at all."""
    folder = state.editions / str(month) / "1"
    models = [ReportModel.model_validate_json(path.read_bytes()) for path in sorted((folder / "models").glob("*.json"))]
    found = findings_of(
        read_comparison_file(folder / "comparison.parquet"), read_signals_file(folder / "signals.parquet"),
        read_changes_file(folder / "changes.parquet"),
    )  # fmt: skip
    assert len(models) >= 15
    assert unfounded(models, found) == []
    said = {word for model in models for text in texts(model.model_dump(mode="json")) for word in claims(text)}
    assert {"lower", "unusual"} <= said
