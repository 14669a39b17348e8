"""What charts and changes show stands in the reports it belongs to, in words and pictures of one finding."""

from datetime import date

import pandas as pd
import pytest

from config.models import Decision, UnitKind
from config.months import Month
from tests.transforms.compositions import change, compose_from, config_of, limits, signal, with_evidence
from tests.transforms.organisation_rows import OCTOBER
from tests.transforms.test_compose import PEOPLE, figures, reports_of
from transforms.compose import Composition, changing
from transforms.compose.evidence import shift_of
from transforms.report_model import MetricRow, ReportKind, ReportModel, Sense, SignalIcon
from transforms.wording import shift_cause

TEAM_NORTH = ("team", "N", "revenue")


@pytest.fixture(scope="module")
def month() -> Composition:
    """An ordinary month in which nothing was found yet."""
    config = config_of()
    return compose_from(*PEOPLE, config=config, facts=figures(config), history=30)[0]


def revenue_of(model: ReportModel) -> MetricRow:
    return next(row for block in model.glance.blocks for row in block.rows if row.metric == "revenue")


def report(month: Composition, name: str, **found: list[dict[str, object]]) -> ReportModel:
    return reports_of(with_evidence(month, **found))[name]


def rebased(month: Composition, *decisions: Decision) -> Composition:
    """The same month, with decisions of persons."""
    from dataclasses import replace

    return replace(month, config=month.config.model_copy(update={"decisions": decisions}))


DECISION = Decision(
    decided_on=date(2026, 7, 3), kind="rebase", unit_kind=UnitKind.TEAM, unit_id="N", metric="revenue",
    month=Month(2026, 3), decided_by="Service manager", reason="the new service desk",
)  # fmt: skip


# -- signals -------------------------------------------------------------------------------------------------------


def test_without_charts_a_report_says_nothing_of_signals(month: Composition) -> None:
    model = report(month, "team-N")
    row = revenue_of(model)
    assert (row.signal, row.chart and row.chart.band) == (None, "")
    assert (model.glance.chart_label, model.glance.status_label) == ("24 months", "Status")
    assert row.chart
    assert row.chart.last_year


def test_signal_and_chart_are_of_one_finding(month: Composition) -> None:
    low = [signal(*TEAM_NORTH, "concerning", rule="run", lower=3900.0, upper=4700.0, adjusted_for="season, trend")]
    drawn = limits(*TEAM_NORTH, 4300.0, 400.0, dict.fromkeys(range(7), "worse"))
    row = revenue_of(report(month, "team-N", signals=low, charts=drawn))
    assert row.signal
    assert row.chart
    assert (row.signal.text, row.signal.sense, row.signal.icon) == (
        "unusual: 15 months low", Sense.WORSE, SignalIcon.CONCERNING_LOW,
    )  # fmt: skip
    assert row.chart.flagged_worse.count("M") == 7
    assert row.chart.flagged_better == row.chart.before == row.chart.last_year == ""
    assert (
        "unusual: 15 months low; natural range €3,900 to €4,700, allowing for the season and the trend" in row.chart.alt
    )
    assert "allowing for the season and the trend" in row.signal.rule


@pytest.mark.parametrize(
    ("found", "more", "text", "icon"),
    [
        ("common", {}, "as usual", "common"),
        ("none", {"lower": None, "upper": None}, "no natural range yet", ""),
        ("improving", {"rule": "outside", "mean": 3000.0}, "unusual: above its natural range", "improving-high"),
        ("concerning", {"rule": "outside", "mean": 9000.0}, "unusual: below its natural range", "concerning-low"),
        ("unusual", {"rule": "near", "mean": 9000.0}, "unusual: 2 of 3 months very low", "unusual-low"),
        ("improving", {"rule": "trend"}, "unusual: falling for months", "improving-low"),
    ],
)
def test_a_signal_says_which_side_and_how(
    month: Composition, found: str, more: dict[str, object], text: str, icon: str
) -> None:
    """October is 2% less than September's 4% more by the figures' formula."""
    row = revenue_of(report(month, "team-N", signals=[signal(*TEAM_NORTH, found, **more)]))
    assert row.signal
    assert (row.signal.text, row.signal.icon) == (text, SignalIcon(icon))


def test_what_is_withheld_has_no_signal_and_no_change(month: Composition) -> None:
    config = config_of(smallest_team=5)
    hidden = compose_from(*PEOPLE, config=config, facts=figures(config))[0]
    found = {"signals": [signal(*TEAM_NORTH)], "charts": limits(*TEAM_NORTH, 4000.0, 400.0),
             "changes": [change(*TEAM_NORTH)]}  # fmt: skip
    model = report(hidden, "team-N", **found)
    assert revenue_of(model).signal is None
    assert model.shifts == ()
    assert report(month, "team-N", **found).shifts


def test_what_a_person_re_based_is_grey_before_with_who_and_why(month: Composition) -> None:
    found = {"signals": [signal(*TEAM_NORTH)], "charts": limits(*TEAM_NORTH, 4000.0, 400.0),
             "changes": [change(*TEAM_NORTH, accepted=True, cause="accepted")]}  # fmt: skip
    model = report(rebased(month, DECISION), "team-N", **found)
    row, (block,) = revenue_of(model), model.shifts
    assert row.signal
    assert row.chart
    assert (row.signal.text, row.signal.since) == (
        "as usual since the new level", "(Service manager, March 2026: the new service desk)",
    )  # fmt: skip
    assert row.chart.before
    assert "Re-based from March 2026 by Service manager, 3 Jul 2026: the new service desk." in row.signal.rule
    assert block.accepted == "Accepted from March 2026 on: Service manager, 3 Jul 2026. The new service desk."
    assert (block.cause, block.proposal) == ("", "")


# -- shifts --------------------------------------------------------------------------------------------------------


def test_a_shift_is_told_with_its_cause_its_time_and_what_would_follow(month: Composition) -> None:
    found = change(
        *TEAM_NORTH, cause="conditions", group_kind="organisation", group_id="all", moved_share=0.8333,
        explained_share=0.7, events="2026-03-02 A competitor opens a trade portal\nA strike",
    )  # fmt: skip
    (block,) = report(month, "team-N", changes=[found]).shifts
    assert block.sentence == "Lower since March 2026: 4,000 before, 3,600 after (−10.0%)."
    assert block.cause == (
        "Conditions: 83% of the other people in the company moved in the same months, which makes up 70% of it."
    )
    assert block.events == (
        "In the same months: A competitor opens a trade portal (2 Mar 2026); A strike. A coincidence in time, no cause."
    )
    assert (block.sense, block.unit, block.whose, block.proposal) == (Sense.WORSE, "€", "", "")
    assert block.chart
    assert block.sentence in block.chart.alt


@pytest.mark.parametrize(("kind", "unit"), [("team", "N"), ("organisation", "organisation")])
def test_where_teams_were_compared_the_report_says_teams(month: Composition, kind: str, unit: str) -> None:
    row = change(kind, unit, "revenue", cause="conditions", group_kind="team", group_id="", moved_share=1.0)
    row |= {"explained_share": None, "joined_share": None}
    told = shift_cause(shift_of(month, row, str, ReportKind.TEAM))
    others = "the other teams" if kind == "team" else "its teams"
    assert told == f"Conditions: all {others} moved in the same months."


def test_a_proposal_is_the_manager_s_to_decide(month: Composition) -> None:
    found = [change("manager", "A02", "revenue"), change(*TEAM_NORTH)]
    model = report(month, "manager-A02", changes=found)
    (block,) = model.shifts
    assert block.proposal == "Proposed: a new baseline from March 2026, at 3,600, which would then be expected."
    assert "Decide whether this is the new level: revenue since March 2026." in model.glance.to_do
    assert "yardstick rebase revenue manager:A02 2026-03 --reason …" in " ".join(model.about.notes)
    assert model.shifts_note
    team = report(month, "team-N", changes=found)
    assert "new level" not in " ".join(team.glance.to_do)
    assert "yardstick" not in " ".join(team.about.notes)


def test_a_manager_of_managers_sees_the_units_below_by_name(month: Composition) -> None:
    found = [change("manager", "A02", "revenue"), change("associate", "A03", "revenue")]
    (block,) = report(month, "manager-A01", changes=found).shifts
    assert (block.unit_id, block.whose) == ("A02", "Associate A02")


def test_other_people_are_not_read_as_a_change(month: Composition) -> None:
    found = change(*TEAM_NORTH, cause="members", joined_share=0.6667, proposed=None)
    model = report(month, "team-N", changes=[found])
    (block,) = model.shifts
    assert block.cause == "Its people changed: 67% came or went around then. Not read as a change."
    assert (block.sense, block.proposal, model.shifts_note) == (Sense.NONE, "", "")
    assert block.sentence == "4,000 before March 2026, 3,600 after (−10.0%)."


def test_the_newest_shift_of_a_number_stands_for_the_earlier_ones(month: Composition) -> None:
    earlier = change(*TEAM_NORTH, month=pd.Timestamp("2025-11-01"), before=3000.0, after=4000.0, difference=1 / 3,
                     sense="better")  # fmt: skip
    old = change(*TEAM_NORTH, month=pd.Timestamp("2024-01-01"))
    (block,) = report(month, "team-N", changes=[change(*TEAM_NORTH), earlier, old]).shifts
    assert block.earlier == ("Earlier: higher since November 2025: 3,000 before, 4,000 after (+33.3%).",)


def test_a_change_of_slope_claims_no_level(month: Composition) -> None:
    found = change(*TEAM_NORTH, kind="trend", before=30.0, after=-10.0, difference=None, proposed=None)
    (block,) = report(month, "team-N", changes=[found]).shifts
    assert block.sentence == "Another course since March 2026: +30 a month before, −10 a month after."
    assert block.chart
    assert block.chart.mean == ""


def test_one_person_s_change_stands_in_that_person_s_conversation_alone(month: Composition) -> None:
    found = [change("associate", "A03", "revenue", cause="own"), change("associate", "A03", "solved")]
    models = reports_of(with_evidence(month, changes=found))
    talk = next(block for block in models["manager-A02"].conversations if block.unit_id == "A03")
    told = [point.text for point in talk.points if point.label == "Changed"]
    assert told == [
        (
            "Revenue: lower since March 2026: €4,000 before, €3,600 after (−10.0%). Mostly its own: what the others "
            "did together makes up less than half of it. What has changed since then, on either side?"
        )
    ]
    assert all(model.shifts == () for model in models.values())


def test_the_units_below_come_after_the_own_the_newest_first_and_nothing_twice(month: Composition) -> None:
    """A unit below that is all there is of the report's own figure has the same shift."""
    found = [
        change("manager", "A01", "revenue"), change("manager", "A02", "revenue"),
        change("manager", "A06", "revenue", after=3000.0, month=pd.Timestamp("2026-02-01")),
        change("manager", "A02", "solved", before=0.7, after=0.8), change("manager", "A01", "solved"),
    ]  # fmt: skip
    told = [(block.unit_id, block.metric) for block in report(month, "manager-A01", changes=found).shifts]
    assert told == [("A01", "revenue"), ("A01", "solved"), ("A02", "solved"), ("A06", "revenue")]


def test_many_shifts_do_not_fill_pages(month: Composition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "SHIFTS_AT_MOST", 2)
    found = [
        change("manager", unit, "revenue", after=value) for unit, value in (("A01", 3.0), ("A02", 1.0), ("A06", 2.0))
    ]
    model = report(month, "manager-A01", changes=found)
    assert len(model.shifts) == 2
    assert model.shifts_note.endswith("1 more stands in the reports of the units below.")


def test_conditions_are_looked_at_before_people() -> None:
    config = config_of()
    month = compose_from(*PEOPLE, config=config, facts=figures(config, N=0.4), history=30)[0]
    found = change(*TEAM_NORTH, cause="conditions", group_kind="organisation", group_id="all", moved_share=0.9)
    headline = report(month, "team-N", changes=[found]).glance.headline
    assert headline == (
        "Revenue is below what was expected, by more than usual variation; others moved together with it, so look at "
        "the conditions before the people; 1 other measure is as expected."
    )


# -- the same again, small numbers ---------------------------------------------------------------------------------


def test_the_same_again_is_told_where_it_was_tried(month: Composition) -> None:
    tried = {"metric": "revenue", "action": "Shared visit plan.", "months": "2026-03, 2026-05,2026-07", "periods": 3}
    rows: list[dict[str, object]] = [
        {"unit_kind": kind, "unit_id": unit, **tried} for kind, unit in (("team", "N"), ("associate", "A03"))
    ]
    models = reports_of(with_evidence(month, repeated=rows))
    said = (
        "The same again: Shared visit plan, for revenue, in Mar 2026, May 2026 and Jul 2026. The number has not "
        "shifted since. What else could be tried?"
    )
    assert models["team-N"].repeated == (said,)
    talk = next(block for block in models["manager-A02"].conversations if block.unit_id == "A03")
    assert [point.text for point in talk.points if point.label == "Again"] == [said]
    assert models["manager-A02"].repeated == ()


def test_few_rows_show_an_interval_and_no_figure() -> None:
    config = config_of(
        {"solved": {"label": "Solved at once", "numerator": "count(*)", "denominator": "count(*)", "unit": "percent",
                    "individual": {"purpose": "the talk", "agreed_with": "works council", "from": "2020-01-01"}}}
    )  # fmt: skip
    usual = compose_from(*PEOPLE, config=config)[0].facts
    few = usual["unit_id"].eq("A03") & usual["month"].eq(pd.Timestamp(OCTOBER.first_day))
    facts = usual.assign(
        rows=usual["rows"].mask(few, 4), numerator=usual["numerator"].mask(few, 3.0),
        denominator=usual["denominator"].mask(few, 4.0), value=usual["value"].mask(few, 0.75),
    )  # fmt: skip
    model = reports_of(compose_from(*PEOPLE, config=config, facts=facts)[0])["manager-A02"]
    row, other = model.people[0].rows[:2]
    assert (row.status.text, row.figure) == ("too little data", "28–98")
    assert row.note == "4 rows: any value from 28 to 98 is likely."
    assert row.bullet
    assert (row.bullet.actual, other.bullet and other.bullet.low) == (None, None)
    assert row.bullet.low is not None
    assert row.bullet.high is not None
    assert row.bullet.low < row.bullet.high
    assert "–" not in other.figure
