"""Reports say what was found, once, with the same words and colours wherever it stands."""

import re
from collections.abc import Iterator

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.models import Config
from config.months import Month, months_between
from tests.transforms.compositions import METRICS, compose_from, config_of, facts_of
from tests.transforms.organisation_rows import OCTOBER, hr, hr_extract, person
from transforms.compose import Composition, compose_reports, report_id
from transforms.organisation import build_organisation
from transforms.report_model import MetricRow, PersonRow, ReportModel, Sense

NOTHING = float("nan")
PEOPLE = (
    person("A01"),
    person("A02", manager="A01", team="N", team_name="North"),
    *(person(one, manager="A02", team="N", team_name="North") for one in ("A03", "A04", "A05")),
    person("A06", manager="A01", team="S", team_name="South"),
    *(person(one, manager="A06", team="S", team_name="South") for one in ("A07", "A08")),
    person("A09", manager="A06", team="S", team_name="South", hire_date="2026-09-01", valid_from="2026-09-01"),
)
CLAIMS = re.compile(r"\b(improved|declined|ahead|below|above|best|worst)\b", re.IGNORECASE)
EXPLAINING = {"rule", "legend", "notes", "definitions", "conversations_note", "ahead_note"}
"""Texts that explain what the words mean, and sentences of the owner's own (`why`, `basis`) are not findings."""


def figures(config: Config, **times: float) -> pd.DataFrame:
    """Figures by formula; October's revenue of a unit times what is told: A03=0.2, N=1.5."""
    organisation = build_organisation(hr(*PEOPLE), hr_extract(), OCTOBER)
    facts = facts_of(organisation, config, list(months_between(OCTOBER.shift(-14), OCTOBER)))
    factor = facts["unit_id"].map(times).fillna(1.0).where(
        facts["metric"].eq("revenue") & facts["month"].eq(pd.Timestamp(OCTOBER.first_day)), 1.0
    )  # fmt: skip
    return facts.assign(value=facts["value"] * factor, numerator=facts["numerator"] * factor)


def reports_of(composition: Composition) -> dict[str, ReportModel]:
    return {model.report_id: model for model in compose_reports(composition)}


@pytest.fixture(scope="module")
def usual() -> dict[str, ReportModel]:
    """A month in which nothing is larger than usual."""
    config = config_of()
    return reports_of(compose_from(*PEOPLE, config=config, facts=figures(config))[0])


@pytest.fixture(scope="module")
def unusual() -> dict[str, ReportModel]:
    """A month in which A03 and the team N are far below, and A07 far ahead."""
    config = config_of()
    return reports_of(compose_from(*PEOPLE, config=config, facts=figures(config, A03=0.2, N=0.4, A07=2.5))[0])


def texts(content: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(content, dict):
        for name, value in content.items():
            if name not in EXPLAINING:
                yield from texts(value, name)
    elif isinstance(content, list):
        for value in content:
            yield from texts(value, key)
    elif isinstance(content, str) and key not in {"why", "basis"}:
        yield key, content


def rows_of(model: ReportModel) -> list[MetricRow | PersonRow]:
    in_glance = [row for block in model.glance.blocks for row in block.rows]
    return [*in_glance, *(row for table in model.people for row in (*table.rows, *table.new_rows))]


# -- words and colours ---------------------------------------------------------------------------------------------


def test_an_ordinary_month_claims_nothing(usual: dict[str, ReportModel]) -> None:
    for model in usual.values():
        assert [(key, text) for key, text in texts(model.model_dump(mode="json")) if CLAIMS.search(text)] == []


def test_a_status_word_stands_only_where_a_row_has_that_status(unusual: dict[str, ReportModel]) -> None:
    claimed: set[str] = set()
    for model in unusual.values():
        statuses = {row.status.text.partition(",")[0] for row in rows_of(model)}
        for key, text in texts(model.model_dump(mode="json")):
            for word in CLAIMS.findall(text):
                assert word.lower() in statuses, (model.report_id, key, text)
                claimed.add(word.lower())
    assert claimed == {"ahead", "below"}


@pytest.mark.parametrize("month", ["usual", "unusual"])
def test_text_chart_and_colour_tell_the_same_finding(month: str, request: pytest.FixtureRequest) -> None:
    models: dict[str, ReportModel] = request.getfixturevalue(month)
    for row in (row for model in models.values() for row in rows_of(model)):
        expected = {"ahead": Sense.BETTER, "below": Sense.WORSE}.get(row.status.text.partition(",")[0], Sense.NONE)
        assert row.status.sense is expected
        drawn = [row.chart] if isinstance(row, MetricRow) else [row.spark]
        for chart in drawn:
            if chart is not None:
                assert chart.latest_sense is expected
                assert chart.alt.endswith(f"; {row.status.text}.")
                assert chart.alt.startswith(row.label if isinstance(row, MetricRow) else "")
        if isinstance(row, MetricRow) and row.variance is not None:
            assert row.variance.sense is (row.sense if row.carried else Sense.NONE)
            assert row.difference in row.variance.alt
        if isinstance(row, PersonRow) and row.bullet is not None:
            assert row.bullet.sense is expected


def test_what_is_far_below_is_said_where_it_matters(unusual: dict[str, ReportModel]) -> None:
    north, south = unusual["team-N"], unusual["team-S"]
    assert north.glance.headline.startswith("Revenue is below what was expected")
    assert "below" not in south.glance.headline
    people = {row.unit_id: row for table in unusual["manager-A02"].people for row in table.rows}
    assert people["A03"].status.text == "below"
    assert people["A04"].status.text == "as expected"
    due = unusual["manager-A02"].conversations[0]
    assert (due.unit_id, due.remark) == ("A03", "revenue below")


# -- who stands where ----------------------------------------------------------------------------------------------


def test_there_is_a_report_for_each_manager_and_each_team(usual: dict[str, ReportModel]) -> None:
    assert list(usual) == ["manager-A01", "manager-A02", "manager-A06", "team-N", "team-S"]
    assert [model.title for model in usual.values()][-2:] == ["North", "South"]
    assert usual["manager-A02"].subtitle == "1 team · 4 people · reports to Associate A01"
    assert usual["team-N"].subtitle == "4 people · led by Associate A02"


def test_a_team_s_report_has_no_person_in_it(usual: dict[str, ReportModel]) -> None:
    for team in ("team-N", "team-S"):
        assert usual[team].people == ()
        assert usual[team].conversations == ()


def test_everyone_has_a_conversation_and_none_is_with_oneself(usual: dict[str, ReportModel]) -> None:
    assert [block.unit_id for block in usual["manager-A02"].conversations] == ["A03", "A04", "A05"]
    assert {block.unit_id for block in usual["manager-A01"].conversations} == {"A02", "A06"}


def test_people_stand_in_the_order_of_names_and_the_new_apart(unusual: dict[str, ReportModel]) -> None:
    (table,) = [table for table in unusual["manager-A06"].people if table.metric == "revenue"]
    assert [row.label for row in table.rows] == ["Associate A07", "Associate A08"]
    assert [(row.label, row.status.text) for row in table.new_rows] == [("Associate A09", "on the ramp")]
    (table, *_) = unusual["manager-A02"].people
    assert [row.unit_id for row in table.rows] == ["A03", "A04", "A05"]


def test_what_has_no_stated_purpose_is_shown_of_nobody() -> None:
    metrics = {name: {key: value for key, value in declared.items() if key != "individual"}
               for name, declared in METRICS.items()}  # fmt: skip
    models = reports_of(compose_from(*PEOPLE, config=config_of(metrics), history=2)[0])
    shown = [row.unit_kind for model in models.values() for table in model.people for row in table.rows]
    assert set(shown) == {"manager"}


def test_what_is_withheld_shows_no_figure_anywhere() -> None:
    config = config_of(smallest_team=5)
    composition, _ = compose_from(*PEOPLE, config=config, facts=figures(config))
    model = reports_of(composition)["team-N"]
    fact = composition.facts.loc[composition.facts["unit_id"].eq("N") & composition.facts["metric"].eq("revenue")]
    for row in rows_of(model):
        assert (row.status.text, row.note) == (
            "withheld", "Withheld: fewer than 5 people: it would show one person's result.",
        )  # fmt: skip
        assert isinstance(row, MetricRow)
        assert (row.actual, row.difference, row.last_year, row.variance) == ("—", "", "", None)
    assert fact["value"].isna().all()
    assert model.changing == ()
    assert model.glance.headline == "Every measure is withheld this month; the reason stands beside each."


# -- totals by segment ---------------------------------------------------------------------------------------------


def test_differences_by_segment_add_up_where_the_metric_does() -> None:
    config = config_of()
    at = [(OCTOBER, "all", 300.0), (OCTOBER, "B2B", 100.0), (OCTOBER, "B2G", 200.0),
          (OCTOBER.shift(-12), "all", 150.0), (OCTOBER.shift(-12), "B2B", 150.0)]  # fmt: skip
    model = reports_of(compose_from(*PEOPLE, config=config, facts=by_segment(config, at))[0])["manager-A02"]
    (table,) = model.changing
    assert [row[:4] for row in table.rows[:3]] == [
        ("B2B", "100", "150", "−50"), ("B2G", "200", "0", "+200"), ("Total", "300", "150", "+150"),
    ]  # fmt: skip


def test_a_waterfall_leads_from_segment_to_segment_to_the_total_and_from_its_parts_too() -> None:
    config = config_of()
    at = [(OCTOBER, "all", 300.0), (OCTOBER, "B2B", 180.0), (OCTOBER, "B2G", 120.0),
          (OCTOBER.shift(-12), "all", 150.0), (OCTOBER.shift(-12), "B2B", 150.0)]  # fmt: skip
    model = reports_of(compose_from(*PEOPLE, config=config, facts=by_segment(config, at))[0])["manager-A02"]
    (table,) = model.changing
    assert [row[0] for row in table.rows] == ["B2B", "B2G", "Total", "Volume", "Mix", "Rate"]
    bars = [bar for bar in table.bars if bar]
    assert len(bars) == len(table.rows)
    assert [bar.total for bar in bars] == [False, False, True, False, False, False]
    assert bars[1].end == bars[2].end == bars[5].end
    assert (bars[0].start, bars[3].start) == (bars[0].zero, bars[0].zero)
    parts = [float(row[3].replace("−", "-")) for row in table.rows]
    assert parts[0] + parts[1] == parts[2] == pytest.approx(sum(parts[3:]), abs=1)
    assert table.columns[4:] == ("Mix", "Rate")


def test_a_month_without_figures_is_a_dash_and_no_zero() -> None:
    config = config_of()
    at = [(OCTOBER, "all", 300.0), (OCTOBER, "B2B", 300.0)]
    model = reports_of(compose_from(*PEOPLE, config=config, facts=by_segment(config, at))[0])["manager-A02"]
    assert model.changing[0].rows == (("B2B", "300", "—", "—"), ("Total", "300", "—", "—"))


def test_what_a_team_reads_together_has_no_segments(usual: dict[str, ReportModel]) -> None:
    """One member may be the only one who sells to a segment."""
    assert usual["team-N"].changing == ()
    assert usual["manager-A02"].changing


def by_segment(config: Config, at: list[tuple[Month, str, float]]) -> pd.DataFrame:
    """Revenue of the span of A02 alone, by month and segment."""
    usual = figures(config)
    (line,) = usual.loc[
        usual["unit_kind"].eq("manager") & usual["unit_id"].eq("A02") & usual["metric"].eq("revenue")
        & usual["segment"].eq("all") & usual["month"].eq(pd.Timestamp(OCTOBER.first_day))
    ].to_dict("records")  # fmt: skip
    lines = [{**line, "month": pd.Timestamp(month.first_day), "segment": segment, "value": value, "numerator": value}
             for month, segment, value in at]  # fmt: skip
    return pd.DataFrame(lines).astype(usual.dtypes.to_dict())


# -- names of files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit_id", "name"),
    [("A17", "team-A17"), ("Nord/Ost", "team-Nord_2f_Ost"), ("..", "team-.."), ("a_b", "team-a_5f_b"),
     ("北", "team-_5317_")],
)  # fmt: skip
def test_a_report_s_name_is_fit_for_a_file(unit_id: str, name: str) -> None:
    assert report_id("team", unit_id) == name


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_units_never_share_a_file(one: str, other: str) -> None:
    names = report_id("team", one), report_id("team", other)
    assert (names[0] == names[1]) == (one == other)
    for name in names:
        assert re.fullmatch(r"team-[A-Za-z0-9._-]+", name)
        assert len(name) < 200


def test_long_names_that_begin_alike_are_told_apart() -> None:
    assert report_id("team", "北" * 100) != report_id("team", "北" * 101)
    assert len(report_id("team", "北" * 100)) < 200
