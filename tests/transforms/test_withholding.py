"""What nobody may see is gone from the facts, with its reason, before anything can be made of it."""

from typing import Any

import pandas as pd
import pytest

from config.models import Config
from tests.transforms.compositions import METRICS, PURPOSE, config_of, facts_of
from tests.transforms.organisation_rows import OCTOBER, build, person
from transforms.columns import FACTS
from transforms.organisation import Organisation
from transforms.withholding import suppress_facts

FIGURES = ["value", "numerator", "denominator", "respondents"]


@pytest.fixture(scope="module")
def organisation() -> Organisation:
    """A team of two, a team of three, a span of two and one of six."""
    return build(
        person("A01"),
        *(person(one, manager="A01", team="THREE") for one in ("A02", "A03", "A04")),
        person("A05", manager="A01", team="TWO"),
        person("A06", manager="A05", team="TWO"),
    )


def config(**changes: dict[str, Any]) -> Config:
    metrics = {name: {**declared, **changes.get(name, {})} for name, declared in METRICS.items()}
    return config_of(metrics, smallest_team=3)


def shown(organisation: Organisation, config: Config, **columns: Any) -> pd.DataFrame:
    facts = facts_of(organisation, config, [OCTOBER]).assign(**columns)
    before = facts.copy()
    found = suppress_facts(facts, organisation.units, organisation.membership, config, OCTOBER)
    pd.testing.assert_frame_equal(facts, before)
    assert {str(name): str(kind) for name, kind in found.dtypes.items()} == FACTS
    return found


def hidden(found: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    lines = found.loc[found["suppressed"].ne("")]
    assert lines[FIGURES].isna().all(axis=None)
    assert lines["rows"].eq(0).all()
    assert found.loc[found["suppressed"].eq(""), "value"].notna().all()
    return {
        (line["unit_kind"], line["unit_id"], line["metric"]): line["suppressed"] for line in lines.to_dict("records")
    }


FEW = "fewer than 3 people: it would show one person's result"


def test_a_team_of_two_shows_nothing_and_a_span_of_two_only_what_has_a_purpose(organisation: Organisation) -> None:
    assert hidden(shown(organisation, config())) == {
        ("team", "TWO", "revenue"): FEW, ("team", "TWO", "solved"): FEW, ("manager", "A05", "solved"): FEW,
    }  # fmt: skip


def test_each_segment_is_hidden_with_its_whole(organisation: Organisation) -> None:
    found = shown(organisation, config())
    lines = found.loc[found["unit_id"].eq("TWO") & found["metric"].eq("revenue")]
    assert set(lines["segment"]) == {"all", "B2B"}
    assert lines["suppressed"].eq(FEW).all()


def test_a_purpose_that_has_not_begun_is_none(organisation: Organisation) -> None:
    later = config(revenue={"individual": {**PURPOSE, "from": "2026-11-01"}})
    assert hidden(shown(organisation, later))[("manager", "A05", "revenue")] == FEW


def test_where_the_smallest_team_is_one_nothing_is_hidden(organisation: Organisation) -> None:
    assert hidden(shown(organisation, config_of(smallest_team=1))) == {}


@pytest.mark.parametrize(("respondents", "is_hidden"), [(4, True), (5, False)])
def test_a_survey_of_fewer_than_five_is_hidden_everywhere(
    organisation: Organisation, respondents: int, is_hidden: bool
) -> None:
    survey = config_of({"solved": {**METRICS["solved"], "survey": {"respondent": "who"}}}, smallest_team=1)
    answered = shown(organisation, survey, respondents=respondents)
    assert all(
        (kind, unit, "solved") in hidden(answered) for kind, unit in (("team", "THREE"), ("manager", "A01"))
    ) == (is_hidden)


def test_a_survey_is_shown_as_a_whole_or_not_at_all(organisation: Organisation) -> None:
    survey = config_of({"solved": {**METRICS["solved"], "by_segment": True, "survey": {"respondent": "who"}}})
    found = shown(organisation, survey, respondents=50)
    assert set(found["segment"]) == {"all"}
