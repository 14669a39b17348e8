"""A company in which nothing differs is told of next to nothing."""

import pandas as pd
import pytest

from benchmarks.evidence import GOAL_PEOPLE, LAST, MONTHS, company, found_of, judged

LOOKS = [(seed, back) for seed in (11, 12) for back in (0, 3)]


@pytest.fixture(scope="module")
def shares() -> dict[str, dict[str, float]]:
    """What share of 200 people and of 20 teams is told something, the mean of four months of two companies."""
    found = []
    worlds = {seed: company(200, seed, MONTHS + 3) for seed in (11, 12)}
    for seed, back in LOOKS:
        judgement = judged(worlds[seed], LAST.shift(-back))
        found += [{"kind": kind, **found_of(*judgement, kind)} for kind in ("associate", "team", "organisation")]
    means = pd.DataFrame(found).groupby("kind").mean()
    return {
        str(kind): {str(name): float(share) for name, share in row.items()}
        for kind, row in means.to_dict("index").items()
    }


def test_fewer_than_five_people_in_a_hundred_get_a_status_that_judges(shares: dict[str, dict[str, float]]) -> None:
    assert shares["associate"]["either"] < GOAL_PEOPLE


def test_hardly_any_team_gets_one(shares: dict[str, dict[str, float]]) -> None:
    """Four times twenty teams: five in a hundred are four; seven is what chance makes of that in one of twenty."""
    assert shares["team"]["either"] <= 7 / 80


def test_no_more_are_told_of_a_lasting_change(shares: dict[str, dict[str, float]]) -> None:
    assert shares["associate"]["a lasting change"] < GOAL_PEOPLE
    assert shares["team"]["a lasting change"] <= 7 / 80


def test_few_charts_call_the_month_unusual(shares: dict[str, dict[str, float]]) -> None:
    """Under three in a hundred: the goal for a chart of whatever structure."""
    assert max(shares[kind]["charts unusual"] for kind in ("associate", "team")) < 0.03


def test_who_differs_is_found() -> None:
    """The same company with one person at half since ten months: the tests above could fail."""
    world = company(200, 11)
    facts = world.facts
    mine = facts["unit_id"].eq("A00007") & facts["month"].ge(pd.Timestamp(LAST.shift(-9).first_day))
    counted = mine & facts["metric"].isin(["orders", "revenue", "visits", "proposals"])
    facts.loc[counted, "value"] *= 0.5
    comparison, evidence = judged(world, LAST)
    assert "below" in set(comparison.loc[comparison["unit_id"].eq("A00007"), "status"])
    changes = evidence.changes.loc[evidence.changes["unit_id"].eq("A00007")]
    assert set(changes["cause"]) == {"own"}
