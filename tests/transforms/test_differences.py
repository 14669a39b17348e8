"""What changed between two editions: exactly what differs is told, in words that show it, and nothing else."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.models import Config
from config.months import Month
from tests.transforms.compositions import compose_from, config_of
from tests.transforms.organisation_rows import OCTOBER, person
from transforms.columns import COMPARISON, FACTS, shaped
from transforms.compose import Composition, compose_reports
from transforms.differences import (
    CountChange,
    Differences,
    EditionContents,
    FileChange,
    InputChange,
    InputLine,
    RecipientChange,
    ReportChange,
    ReportLine,
    compare_editions,
)
from transforms.stages import Withheld

SEPTEMBER = Month(2026, 9)
FEW = "fewer than five respondents"
CONFIG = config_of(
    {
        "revenue": {"label": "Revenue", "value": "sum(amount)", "unit": "money", "by_segment": True},
        "solved": {
            "label": "Solved",
            "numerator": "count(*)",
            "denominator": "count(*)",
            "unit": "percent",
            "decimals": 1,
        },
        "hours": {"label": "Hours", "value": "sum(hours)", "unit": "hours"},
    },
    rules=[],
    locale="en_GB",
)

Key = tuple[str, str, str, str]


def facts(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {"month": pd.Timestamp("2026-10-01"), "unit_kind": "team", "unit_id": "T", "metric": "revenue",
             "segment": "all", "rows": 5, "suppressed": ""}  # fmt: skip
    return shaped(pd.DataFrame([{**usual, "value": np.nan, **row} for row in rows], columns=list(FACTS)), FACTS)


def compared(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {"month": pd.Timestamp("2026-10-01"), "unit_kind": "team", "unit_id": "T", "metric": "revenue",
             "rows": 5, "sense": "none", "status": "as expected", "status_rule": "the rule", "carried": False,
             "months_below": 0, "trend": "", "withheld": ""}  # fmt: skip
    return shaped(pd.DataFrame([{**usual, **row} for row in rows], columns=list(COMPARISON)), COMPARISON)


def edition(number: int = 1, figures: pd.DataFrame | None = None, **more: Any) -> EditionContents:
    held = {"comparison": compared(), "config": CONFIG, "config_sha256": "c", "config_files": {}, "reports": (), **more}
    return EditionContents(number=number, facts=facts() if figures is None else figures, **held)


def found(before: EditionContents, after: EditionContents) -> Differences:
    return compare_editions(before, replace(after, number=2), OCTOBER)


def line(report_id: str = "team-T", **more: Any) -> ReportLine:
    kind, _, unit = report_id.partition("-")
    given = {"title": unit, "sha256": "p", "model_sha256": "m", "recipients": ("a@b.example",), **more}
    return ReportLine(report_id=report_id, kind=kind, unit_id=unit, **given)


# -- figures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"value": 8000.0}, {"value": 8000.0}, None),
        ({"value": 8000.0}, {"value": 8000.0 * (1 + 1e-15)}, None),
        ({"value": 8000.0}, {"value": 9000.0}, ("changed", "€8,000", "€9,000")),
        ({"value": 8000.0}, {"value": -9000.0}, ("changed", "€8,000", "\N{MINUS SIGN}€9,000")),
        ({"value": 8000.0}, {"value": 8000.01}, ("changed", "€8,000.00", "€8,000.01")),
        ({"value": 8000.0}, {"value": 8000.0, "rows": 6}, ("rows", "€8,000", "€8,000")),
        ({}, {}, None),
        ({}, {"rows": 6}, None),
        ({}, {"value": 9000.0}, ("changed", "—", "€9,000")),
        ({"value": 8000.0}, {}, ("changed", "€8,000", "—")),
        (None, {"value": 9000.0}, ("new", "—", "€9,000")),
        ({"value": 8000.0}, None, ("gone", "€8,000", "—")),
        (None, {}, None),
        ({"value": 8000.0}, {"suppressed": FEW}, ("withheld", "€8,000", f"withheld: {FEW}")),
        (None, {"suppressed": FEW}, ("withheld", "—", f"withheld: {FEW}")),
        ({"suppressed": FEW}, {"value": 9000.0}, ("shown", f"withheld: {FEW}", "€9,000")),
        ({"suppressed": FEW}, None, ("gone", f"withheld: {FEW}", "—")),
        ({"suppressed": FEW}, {"suppressed": FEW, "rows": 3}, None),
        ({"suppressed": FEW}, {"suppressed": "other"}, ("reason", f"withheld: {FEW}", "withheld: other")),
        ({"metric": "solved", "value": 0.5}, {"metric": "solved", "value": 0.625}, ("changed", "50.0%", "62.5%")),
        ({"metric": "hours", "value": 5.0}, {"metric": "hours", "value": 4.0}, ("changed", "5\xa0h", "4\xa0h")),
        ({"metric": "other", "value": 5.0}, {"metric": "other", "value": 1234.5}, ("changed", "5", "1,234.5")),
    ],
    ids=["same", "last bit", "more", "less than nothing", "a cent", "rows", "none", "none, rows", "came", "went", "new",
         "gone", "new without value", "withheld", "new and withheld", "shown", "withheld and gone", "still withheld",
         "other reason", "percent", "hours", "metric without declaration"],
)  # fmt: skip
def test_a_figure_that_differs_is_told_as_it_was_and_as_it_is(
    before: dict[str, Any] | None, after: dict[str, Any] | None, told: tuple[str, str, str] | None
) -> None:
    old, new = (facts(*([row] if row is not None else [])) for row in (before, after))
    changes = found(edition(figures=old), edition(figures=new)).figures
    assert [(one.what, one.before, one.after) for one in changes] == ([] if told is None else [told])


def test_numbers_and_rows_are_told_for_programs() -> None:
    (one,) = found(edition(figures=facts({"value": 8.0})), edition(figures=facts({"value": 9.0, "rows": 6}))).figures
    assert (one.value_before, one.value_after, one.rows_before, one.rows_after) == (8.0, 9.0, 5, 6)
    (one,) = found(edition(figures=facts()), edition(figures=facts({"suppressed": FEW}))).figures
    assert (one.value_before, one.value_after, one.rows_before, one.rows_after) == (None, None, None, 5)


def test_each_edition_writes_its_figures_as_its_own_configuration_says() -> None:
    dollars = config_of({"revenue": {"label": "Sales", "value": "sum(amount)", "unit": "money"}}, [], currency="USD")
    (one,) = found(
        edition(figures=facts({"value": 8000.0})),
        edition(figures=facts({"value": 9000.0}), config=dollars),
    ).figures
    assert (one.label, one.before, one.after) == ("Sales", "€8,000", "US$9,000")


def test_without_any_configuration_figures_are_written_plainly() -> None:
    old, new = (edition(figures=facts({"value": value}), config=None) for value in (8000.0, 9000.5))
    (one,) = found(old, new).figures
    assert (one.label, one.before, one.after) == ("revenue", "8,000", "9,000.5")


@pytest.mark.parametrize("kept", [True, False], ids=["with comparison", "without"])
def test_a_figure_a_failed_check_withholds_is_not_shown_though_it_was_measured(kept: bool) -> None:
    """And one that could not be measured at all is told as well."""
    held = tuple(Withheld(metric, "team", "T", "a check failed") for metric in ("revenue", "solved"))
    table = [{"metric": one.metric, "withheld": one.reason} for one in held]
    after = edition(
        figures=facts({"value": 9000.0}), withheld=held, comparison=compared(*table) if kept else None
    )  # fmt: skip
    before = edition(figures=facts({"value": 8000.0}), comparison=compared() if kept else None)
    assert [(one.metric, one.what, one.before, one.after) for one in found(before, after).figures] == [
        ("revenue", "withheld", "€8,000", "withheld: a check failed"),
        ("solved", "withheld", "—", "withheld: a check failed"),
    ]


def test_a_metric_that_matures_late_is_told_of_the_month_the_reports_show() -> None:
    def late(value: float) -> EditionContents:
        row = {"month": pd.Timestamp("2026-09-01"), "actual": value, "metric": "solved"}
        return edition(figures=facts({"metric": "solved", "value": value / 2}), comparison=compared(row))

    (one,) = found(late(0.5), late(0.6)).figures
    assert (one.month, one.metric, one.before, one.after) == (SEPTEMBER, "solved", "50.0%", "60.0%")


def test_the_organisation_comes_first_and_the_whole_before_its_segments() -> None:
    def all_of(value: float) -> pd.DataFrame:
        return facts(
            *({"unit_kind": kind, "unit_id": unit, "segment": segment, "metric": metric, "value": value}
              for kind, unit in (("associate", "A"), ("team", "T"), ("manager", "A"), ("organisation", "all"))
              for metric, segment in (("solved", "all"), ("revenue", "B2B"), ("revenue", "a"), ("revenue", "all")))
        )  # fmt: skip

    changes = found(edition(figures=all_of(1.0)), edition(figures=all_of(2.0))).figures
    assert list(dict.fromkeys(one.unit_kind for one in changes)) == ["organisation", "manager", "team", "associate"]
    assert [(one.metric, one.segment) for one in changes[:4]] == [
        ("revenue", "all"), ("revenue", "B2B"), ("revenue", "a"), ("solved", "all"),
    ]  # fmt: skip


KEYS = st.tuples(
    st.sampled_from(["team", "associate"]), st.sampled_from("ABC"), st.sampled_from(["revenue", "solved"]),
    st.sampled_from(["all", "B2B"]),
)  # fmt: skip
FIGURES = st.dictionaries(KEYS, st.tuples(st.sampled_from([1.0, 2.0]), st.integers(1, 2)), max_size=12)


@pytest.mark.soak
@settings(max_examples=15, deadline=None)
@given(before=FIGURES, after=FIGURES)
def test_exactly_the_figures_that_differ_are_told(
    before: dict[Key, tuple[float, int]], after: dict[Key, tuple[float, int]]
) -> None:
    def frame(figures: dict[Key, tuple[float, int]]) -> pd.DataFrame:
        names = ["unit_kind", "unit_id", "metric", "segment"]
        return facts(
            *(dict(zip(names, key, strict=True), value=value, rows=count) for key, (value, count) in figures.items())
        )

    old, new = edition(figures=frame(before)), edition(figures=frame(after))
    kept = old.facts.copy(deep=True)
    told = {(one.unit_kind, one.unit_id, one.metric, one.segment) for one in found(old, new).figures}
    assert told == {key for key in {*before, *after} if before.get(key) != after.get(key)}
    assert [one.what for one in found(new, old).figures if one.what == "new"] == [
        one.what.replace("gone", "new") for one in found(old, new).figures if one.what == "gone"
    ]
    pd.testing.assert_frame_equal(old.facts, kept)


# -- statuses and expectations ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {"status_rule": "another chance"}, []),
        ({}, {"status": "below", "months_below": 1}, [("as expected", "below", "the rule")]),
        ({"status": "below", "months_below": 1}, {"status": "below", "months_below": 2},
         [("below", "below, 2nd month", "the rule")]),
        ({}, {"status": "none", "withheld": FEW, "status_rule": "Withheld."},
         [("as expected", "withheld", "Withheld.")]),
        ({"status": ""}, {"status": "too little data"}, [("no expectation", "too little data", "the rule")]),
        (None, {}, [("", "as expected", "the rule")]),
        ({}, None, [("as expected", "", "")]),
    ],
    ids=["same", "below", "again", "withheld", "now expected", "new", "gone"],
)  # fmt: skip
def test_a_status_that_is_another_word_is_told_with_its_rule(
    before: dict[str, Any] | None, after: dict[str, Any] | None, told: list[tuple[str, str, str]]
) -> None:
    old, new = (edition(comparison=compared(*([row] if row is not None else []))) for row in (before, after))
    assert [(one.before, one.after, one.rule) for one in found(old, new).statuses] == told


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (8000.0, 8000.0, []),
        (8000.0, 8100.0, [("€8,000", "€8,100")]),
        (8000.0, 8000.4, [("€8,000.0", "€8,000.4")]),
        (None, 8100.0, [("—", "€8,100")]),
        (8000.0, None, [("€8,000", "—")]),
        (None, None, []),
    ],
    ids=["same", "more", "a little more", "new", "gone", "none"],
)
def test_an_expectation_that_is_another_number_is_told(
    before: float | None, after: float | None, told: list[tuple[str, str]]
) -> None:
    old, new = (edition(comparison=compared({"expected": value})) for value in (before, after))
    assert [(one.before, one.after) for one in found(old, new).expectations] == told


# -- editions of earlier versions -----------------------------------------------------------------------------------


def composed(config: Config | None = None) -> Composition:
    return compose_from(
        person("A1"), person("A2", manager="A1", team="T"),
        *(person(one, manager="A2", team="T") for one in ("A3", "A4", "A5")), config=config,
    )[0]  # fmt: skip


def asking(each: float) -> Composition:
    rule = {"name": "revenue_each", "metric": "revenue", "rule": "per_fte", "value": each, "why": "As in spring",
            "owner": "Sales director", "set_on": "2025-01-10"}  # fmt: skip
    return composed(config_of(rules=[rule]))


def of_reports(made: Composition, **more: Any) -> EditionContents:
    models = {model.report_id: model for model in compose_reports(made)}
    lines = tuple(line(name, model_sha256=model.sha256()) for name, model in models.items())
    return edition(figures=made.facts, models=models, reports=lines, config=made.config, **more)


def test_without_a_comparison_the_reports_say_what_was_judged() -> None:
    """And they say the same as the comparison, of the units they print."""
    before, after = asking(1000), asking(1500)
    old, new = of_reports(before, comparison=None), of_reports(after, comparison=after.comparison)
    printed = found(old, new)
    kept = found(replace(old, comparison=before.comparison), new)
    assert (printed.judged_from, kept.judged_from) == ("reports", "comparison")
    statuses = {(one.unit_kind, one.unit_id): (one.before, one.after, one.rule) for one in printed.statuses}
    assert statuses
    assert (
        statuses.items()
        <= {(one.unit_kind, one.unit_id): (one.before, one.after, one.rule) for one in kept.statuses}.items()
    )
    assert ("team", "T", "€\xa04,000", "€\xa06,000") in [
        (one.unit_kind, one.unit_id, _symbol_first(one.before), _symbol_first(one.after))
        for one in printed.expectations
    ]


def _symbol_first(text: str) -> str:
    number, _, unit = text.partition("\xa0")
    return f"{unit}\xa0{number}"


def test_an_edition_of_which_nothing_is_known_is_named() -> None:
    made = asking(1000)
    told = found(of_reports(made, comparison=None), edition(figures=made.facts, comparison=None, models={}))
    assert (told.judged_from, told.not_judged, told.statuses, told.expectations) == ("unknown", (2,), (), ())


# -- reports and recipients -----------------------------------------------------------------------------------------


def test_reports_are_new_gone_changed_renamed_or_only_made_again() -> None:
    before = edition(reports=tuple(line(f"team-{one}") for one in "ABCD"))
    after = edition(
        reports=(
            line("team-A"),
            line("team-B", sha256="q"),
            line("team-C", model_sha256="n", title="Sea"),
            line("team-E"),
        )
    )
    told = found(before, after)
    assert told.reports == (
        ReportChange("team-B", "B", "made again"),
        ReportChange("team-C", "Sea", "changed", (), "C"),
        ReportChange("team-D", "D", "gone"),
        ReportChange("team-E", "E", "new"),
    )
    assert told.recipients == (
        RecipientChange("team-D", "D", (), ("a@b.example",)),
        RecipientChange("team-E", "E", ("a@b.example",), ()),
    )


def test_the_parts_of_a_report_that_say_something_else_are_named() -> None:
    told = found(of_reports(asking(1000)), of_reports(asking(1500)))
    parts = {one.report_id: one.sections for one in told.reports}
    assert set(parts["team-T"]) >= {"month at a glance", "expectations ahead"}
    assert "people" in parts["manager-A2"]
    assert "people" not in parts["team-T"]
    assert "heading" not in parts["team-T"]


def test_units_are_called_what_the_reports_call_them() -> None:
    units = {(one.unit_kind, one.unit_id): one.unit for one in found(of_reports(asking(1)), edition()).figures}
    assert units["associate", "A3"] == "Associate A3"
    assert units["organisation", "organisation"] == "organisation"


def test_recipients_that_came_and_went_are_told() -> None:
    before = edition(reports=(line(recipients=("a@b.example", "c@b.example")),))
    after = edition(reports=(line(recipients=("c@b.example", "d@b.example")),))
    told = found(before, after)
    assert told.reports == ()
    assert told.recipients == (RecipientChange("team-T", "T", ("d@b.example",), ("a@b.example",)),)


# -- because of what ------------------------------------------------------------------------------------------------


def test_the_landings_that_differ_are_told_with_their_rows() -> None:
    before = edition(
        inputs=(InputLine("sales", OCTOBER, "a", 5), InputLine("hr", OCTOBER, "h"), InputLine("old", OCTOBER, "o"))
    )
    after = edition(
        inputs=(
            InputLine("sales", OCTOBER, "b", 6),
            InputLine("hr", OCTOBER, "h"),
            InputLine("sales", SEPTEMBER, "s", 7),
        )
    )
    assert found(before, after).inputs == (
        InputChange("old", OCTOBER, "gone"),
        InputChange("sales", SEPTEMBER, "new", None, 7),
        InputChange("sales", OCTOBER, "changed", 5, 6),
    )


def test_the_files_of_the_configuration_that_differ_are_told() -> None:
    before = edition(config_files={"a.yaml": "1", "b.yaml": "1", "c.csv": "1"})
    after = edition(config_sha256="d", config_files={"a.yaml": "1", "b.yaml": "2", "d.csv": "1"})
    told = found(before, after)
    assert told.config_changed
    assert told.config_files == (
        FileChange("b.yaml", "changed"),
        FileChange("c.csv", "gone"),
        FileChange("d.csv", "new"),
    )
    unknown = found(replace(before, config_files=None), after)
    assert (unknown.config_changed, unknown.config_files) == (True, ())


def test_code_checks_and_reissue_are_told_where_they_differ() -> None:
    before = edition(checks={"critical": 0, "warning": 2, "info": 1}, code_version="1+a")
    after = edition(
        checks={"critical": 1, "warning": 2, "info": 0}, code_version="1+b", reissue="New paper",
        withheld=(Withheld("revenue", "team", "T", FEW),),
    )  # fmt: skip
    told = found(before, after)
    assert (told.code_before, told.code_after, told.reissue) == ("1+a", "1+b", "New paper")
    assert told.checks == (CountChange("critical", 0, 1), CountChange("info", 1, 0), CountChange("withheld", 0, 1))


def test_an_edition_does_not_differ_from_itself() -> None:
    one = of_reports(asking(1000), inputs=(InputLine("sales", OCTOBER, "a"),), code_version="1+a")
    told = found(one, one)
    assert told == Differences(OCTOBER, 1, 2)
    assert not told.any_content
