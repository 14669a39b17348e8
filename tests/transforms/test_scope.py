"""No report names anybody whom its reader may not see."""

import re
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from config.models import UnitKind
from tests.transforms.compositions import compose_from
from tests.transforms.organisation_rows import OCTOBER, build, person
from transforms.compose import compose_reports
from transforms.organisation import Organisation
from transforms.report_model import ReportKind, ReportModel
from transforms.scope import breaches, build_scope, found_terms, is_distinctive, normalised, texts_of

IDS = [f"ZQ{number:02}" for number in range(1, 10)]
Row = dict[str, object]


def one(associate: str, manager: str | None = None, team: str | None = None, **columns: object) -> Row:
    name, team_name = f"Associate {int(associate[2:])}", team and f"Team {team}"
    return person(associate, name=name, manager=manager, team=team, team_name=team_name, **columns)


Made = tuple[dict[str, ReportModel], Organisation]


def reports(*rows: Row) -> Made:
    composition, organisation = compose_from(*rows, history=2)
    return {model.report_id: model for model in compose_reports(composition)}, organisation


def named_in(model: ReportModel) -> set[str]:
    """Ids of everyone whose name or id stands anywhere in a report."""
    text = "\n".join(texts_of(model)) + model.unit_id * (model.kind is ReportKind.MANAGER)
    names = {f"ZQ{int(number):02}" for number in re.findall(r"Associate (\d+)\b", text)}
    return names | set(re.findall(r"ZQ\d\d", text))


# -- a property over small organisations ---------------------------------------------------------------------------


@st.composite
def companies(draw: st.DrawFn) -> list[Row]:
    """Managers above managers, teams, and a second row of October for some: hired, moved, promoted, gone."""
    size = draw(st.integers(4, len(IDS)))
    rows: list[Row] = []
    for place, associate in enumerate(IDS[:size]):
        above = draw(st.sampled_from([None, *IDS[:place]])) if place else None
        rows.append(one(associate, above, draw(st.sampled_from(["N", "S", None]))))
        if not draw(st.booleans()):
            continue
        day = date(2026, 10, 1) + timedelta(days=draw(st.integers(0, 30)))
        match draw(st.sampled_from(["moved", "gone", "hired", "replaced"])):
            case "moved":
                elsewhere = [other for other in IDS[:size] if other != associate]
                rows.append(one(associate, draw(st.sampled_from(elsewhere)), draw(st.sampled_from(["N", "S", "E"])),
                                valid_from=str(day)))  # fmt: skip
            case "gone":
                rows[-1]["leave_date"] = str(day)
            case "hired":
                rows[-1]["valid_from"] = str(day)
            case "replaced":
                rows[-1]["interim_manager"] = draw(st.sampled_from(IDS[:size]))
    return rows


def may_see(organisation: Organisation, model: ReportModel) -> set[str]:
    """Reckoned from who belonged to which span on any day of the month."""
    rows = organisation.membership
    inside = rows.loc[
        rows["unit_kind"].eq(UnitKind.MANAGER)
        & rows["valid_from"].lt(pd.Timestamp(OCTOBER.end))
        & rows["valid_to"].gt(pd.Timestamp(OCTOBER.first_day))
    ]
    spans = set(zip(inside["associate"], inside["unit_id"], strict=True))

    def above(who: str) -> set[str]:
        return {manager for associate, manager in spans if associate == who}

    if model.kind is ReportKind.MANAGER:
        below = {associate for associate, manager in spans if manager == model.unit_id}
        managers = organisation.units.loc[organisation.units["unit_kind"].eq("manager")]
        leads = managers.loc[managers["unit_id"].eq(model.unit_id), "manager"]
        led = managers.loc[managers["manager"].eq(model.unit_id), "unit_id"]
        return below | {model.unit_id, *leads, *led} | above(model.unit_id)
    teams = organisation.units.loc[organisation.units["unit_id"].eq(model.unit_id)]
    (lead,) = teams.loc[teams["unit_kind"].eq("team"), "manager"]
    return {lead} | above(lead)


def assert_names_nobody_else(rows: list[Row]) -> None:
    models, organisation = reports(*rows)
    scope = build_scope(organisation)
    for model in models.values():
        assert named_in(model) <= may_see(organisation, model), model.report_id
        assert breaches(model, scope) == ()


# Shrinking takes minutes, and an organisation is small enough to be read as it is.
quick = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.explicit, Phase.reuse, Phase.generate]
)


@pytest.mark.soak
@settings(quick, max_examples=12, derandomize=True)
@given(companies())
@example([
    one("ZQ01"), one("ZQ02", "ZQ01", "N", interim_manager="ZQ05"), one("ZQ05", "ZQ02", "N"), one("ZQ06", "ZQ05", "S"),
])  # fmt: skip
def test_no_report_of_an_organisation_names_a_stranger(rows: list[Row]) -> None:
    assert_names_nobody_else(rows)


@pytest.mark.soak
@settings(quick, max_examples=500)
@given(companies())
def test_no_report_of_any_organisation_names_a_stranger(rows: list[Row]) -> None:
    assert_names_nobody_else(rows)


# -- who is a stranger ----------------------------------------------------------------------------------------------


USUAL = (
    one("ZQ01"),
    one("ZQ02", "ZQ01", "N"),
    *(one(associate, "ZQ02", "N") for associate in ("ZQ03", "ZQ04")),
    one("ZQ06", "ZQ01", "S"),
    *(one(associate, "ZQ06", "S") for associate in ("ZQ07", "ZQ08")),
)


@pytest.fixture(scope="module")
def usual() -> Made:
    return reports(*USUAL)


def test_a_manager_s_report_names_the_people_and_a_team_s_report_only_its_lead(usual: Made) -> None:
    models, _ = usual
    assert named_in(models["manager-ZQ02"]) == {"ZQ01", "ZQ02", "ZQ03", "ZQ04"}
    assert named_in(models["team-N"]) == {"ZQ02"}


@pytest.mark.parametrize(
    ("report", "text", "found"),
    [
        ("manager-ZQ02", "As Associate 7 did", ["associate 7"]),
        ("manager-ZQ02", "As ASSOCIATE\n 7, did", ["associate 7"]),
        ("manager-ZQ02", "see zq07", ["zq07"]),
        ("manager-ZQ02", "As Associate 70 or Associate 3 did, and ZQ070", []),
        ("team-N", "As Associate 3 did", ["associate 3"]),
        ("team-N", "As Associate 2 asked, for Associate 1", []),
    ],
    ids=["a name", "however written", "an id", "a longer number is another", "a member in a team's report", "leads"],
)
def test_a_text_that_names_a_stranger_is_found(usual: Made, report: str, text: str, found: list[str]) -> None:
    models, organisation = usual
    model = models[report].model_copy(update={"ahead_note": text})
    assert [breach.term for breach in breaches(model, build_scope(organisation))] == found


def test_who_shares_a_name_with_somebody_in_the_span_is_no_stranger() -> None:
    organisation = build(one("ZQ01"), one("ZQ02", "ZQ01"), one("ZQ03", "ZQ02"), {**one("ZQ04"), "name": "Associate 3"})
    assert "associate 3" not in build_scope(organisation).forbidden("manager", "ZQ02")
    assert "associate 3" in build_scope(organisation).forbidden("team", "unknown")


def test_a_manager_who_left_within_the_month_may_still_see_who_was_above() -> None:
    rows = [*USUAL[:4], {**USUAL[4], "leave_date": "2026-10-20"}, *USUAL[5:]]
    models, organisation = reports(*rows)
    assert "reports to Associate 1" in models["manager-ZQ06"].subtitle
    assert [breach for model in models.values() for breach in breaches(model, build_scope(organisation))] == []


def test_a_unit_nobody_knows_may_name_nobody() -> None:
    scope = build_scope(build(*USUAL))
    assert scope.forbidden("manager", "ZQ99") == frozenset(scope.terms)


# -- texts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identifier", "distinctive"),
    [("ZQ07", True), ("A17", False), ("1234", False), ("manager", False), ("e-1234", True)],
)
def test_an_id_is_looked_for_where_it_can_be_told_from_a_word(identifier: str, distinctive: bool) -> None:
    assert is_distinctive(identifier) == distinctive


@pytest.mark.parametrize(
    ("text", "terms", "found"),
    [
        ("Anna-Lena Müller asked", ["anna lena müller"], ["anna lena müller"]),
        ("müller, Anna", ["anna müller"], []),
        ("An\u00adna Müller", ["anna müller"], ["anna müller"]),
        ("Ａｎｎａ\u00a0Mu\u0308ller", ["anna müller"], ["anna müller"]),
        ("", ["anna müller"], []),
        ("anything", [], []),
        ("a b c", ["b c", "a b", "c d"], ["a b", "b c"]),
    ],
)
def test_terms_are_found_as_whole_words_in_their_order(text: str, terms: list[str], found: list[str]) -> None:
    assert found_terms(text, [normalised(term) for term in terms]) == found


def test_every_text_of_a_report_is_looked_at(usual: Made) -> None:
    model = usual[0]["manager-ZQ02"]
    written = model.canonical_json().decode()
    for text in texts_of(model):
        assert text.replace('"', '\\"').replace("\n", "\\n") in written
    deep = model.people[0].rows[0].status.rule
    assert deep in set(texts_of(model))
