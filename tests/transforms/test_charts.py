"""Charts draw the figures they are given, to scale, and nothing that is not there."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.charts import (
    BULLET_FULL,
    BULLET_WIDTH,
    SERIES_HEIGHT,
    SERIES_WIDTH,
    STEP_WIDTH,
    VARIANCE_WIDTH,
    Control,
    bullet,
    series_chart,
    shift_chart,
    sparkline,
    variance_bar,
    waterfall,
)
from transforms.report_model import Sense

NOTHING = float("nan")
figures = st.lists(st.floats(-1e9, 1e9) | st.just(NOTHING), min_size=1, max_size=24)


def places(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]


def test_more_is_higher_and_later_is_further_right() -> None:
    drawn = places(series_chart([1.0, 2.0, 3.0], [], [], alt="").actual)
    assert [x for x, _ in drawn] == sorted(x for x, _ in drawn)
    assert [y for _, y in drawn] == sorted((y for _, y in drawn), reverse=True)


def test_actual_expectation_and_last_year_share_one_scale() -> None:
    chart = series_chart([10.0, 20.0], [20.0, 20.0], [10.0, 10.0], alt="")
    actual, expected, last_year = (places(path) for path in (chart.actual, chart.expectation, chart.last_year))
    assert actual[1][1] == expected[-1][1]
    assert actual[0][1] == last_year[0][1]


def test_a_gap_lifts_the_pen_and_a_lone_month_is_a_dot() -> None:
    chart = series_chart([1.0, NOTHING, 3.0, 4.0, NOTHING, 2.0], [], [], alt="", dots=True)
    assert chart.actual.count("M") == 3
    assert chart.actual.count("h0") == 2
    assert chart.dots.count("h0") == 4


@pytest.mark.parametrize(
    ("actual", "marked"),
    [([1.0, 2.0], True), ([1.0, NOTHING], False), ([NOTHING, NOTHING], False)],
    ids=["the month is there", "the month is missing", "nothing is there"],
)
def test_only_the_report_s_own_month_is_marked(actual: list[float], marked: bool) -> None:
    chart = series_chart(actual, [], [], alt="", sense=Sense.WORSE)
    assert (chart.latest_x is not None) == (chart.latest_y is not None) == marked


def test_the_same_figure_in_all_months_is_a_line_in_the_middle() -> None:
    assert {y for _, y in places(series_chart([5.0] * 4, [], [], alt="").actual)} == {SERIES_HEIGHT / 2}


@given(figures, figures)
def test_everything_drawn_lies_within_the_chart(actual: list[float], expected: list[float]) -> None:
    months = max(len(actual), len(expected))
    padded = [values + [NOTHING] * (months - len(values)) for values in (actual, expected)]
    chart = series_chart(padded[0], padded[1], [], alt="", dots=True)
    for x, y in [*places(chart.actual), *places(chart.expectation), *places(chart.dots)]:
        assert 0 <= x <= SERIES_WIDTH
        assert 0 <= y <= SERIES_HEIGHT
    assert chart.dots.count("M") == sum(not math.isnan(value) for value in actual)


def test_a_sparkline_has_no_expectation() -> None:
    spark = sparkline([1.0, 2.0], alt="two months")
    assert (spark.expectation, spark.last_year, spark.dots, spark.alt) == ("", "", "", "two months")


@pytest.mark.parametrize(
    ("actual", "share", "clipped"),
    [(50.0, 0.5, False), (100.0, 1.0, False), (150.0, 1.5, False), (151.0, 1.5, True), (-10.0, 0.0, False)],
)
def test_a_bullet_is_as_long_as_its_share_of_the_expectation(actual: float, share: float, clipped: bool) -> None:
    drawn = bullet(actual, 100.0, NOTHING, alt="")
    assert drawn is not None
    assert drawn.actual == pytest.approx(share * BULLET_WIDTH / BULLET_FULL)
    assert drawn.expectation == pytest.approx(BULLET_WIDTH / BULLET_FULL)
    assert (drawn.clipped, drawn.last_year) == (clipped, None)


@pytest.mark.parametrize("expected", [NOTHING, 0.0, -5.0])
def test_without_an_expectation_above_zero_there_is_no_bullet(expected: float) -> None:
    assert bullet(10.0, expected, 5.0, alt="") is None


@pytest.mark.parametrize(
    ("difference", "better", "start", "length", "clipped"),
    [
        (0.15, True, 0.5, 0.25, False),
        (-0.15, False, 0.25, 0.25, False),
        (-0.15, True, 0.5, 0.25, False),
        (0.9, False, 0.0, 0.5, True),
        (0.0, True, 0.5, 0.0, False),
    ],
    ids=["more is better", "less is worse", "less is better", "longer than the scale", "no difference"],
)
def test_better_goes_right_and_worse_goes_left_whatever_the_sign(
    difference: float, better: bool, start: float, length: float, clipped: bool
) -> None:
    bar = variance_bar(difference, better=better, alt="")
    assert (bar.start / VARIANCE_WIDTH, bar.length / VARIANCE_WIDTH) == (start, length)
    assert bar.clipped == clipped


# -- natural range, shifts, waterfalls -------------------------------------------------------------------------------


def control(means: list[float], *, flags: dict[int, str] | None = None, restart: int = 0) -> Control:
    groups = [int(bool(restart) and place >= restart) for place in range(len(means))]
    return Control(
        mean=means, lower=[mean - 1 for mean in means], upper=[mean + 1 for mean in means],
        flags=[(flags or {}).get(place, "") for place in range(len(means))], groups=groups, restart=restart,
    )  # fmt: skip


def test_the_natural_range_lies_around_its_mean_and_begins_anew_where_it_was_re_based() -> None:
    chart = series_chart([5.0, 5.5, 9.0, 9.5], [], [], alt="", control=control([5.0, 5.0, 9.0, 9.0], restart=2))
    assert chart.band.count("Z") == chart.mean.count("M") == 2
    first, second = (places(f"{part}Z") for part in chart.band.split("Z")[:2])
    means = places(chart.mean)
    assert min(y for _, y in first) < means[0][1] < max(y for _, y in first)
    assert max(x for x, _ in first) == min(x for x, _ in second)
    before, since = places(chart.before), places(chart.actual)
    assert before[-1] == since[0]
    assert (len(before), len(since)) == (3, 2)


def test_a_month_without_limits_breaks_the_band() -> None:
    chart = series_chart([5.0] * 5, [], [], alt="", control=control([5.0, 5.0, NOTHING, 5.0, 5.0]))
    assert (chart.band.count("Z"), chart.mean.count("M"), chart.before) == (2, 2, "")


def test_limits_that_follow_the_season_are_drawn_month_by_month() -> None:
    chart = series_chart([5.0, 7.0, 5.0], [], [], alt="", control=control([5.0, 7.0, 5.0]))
    assert len({y for _, y in places(chart.mean)}) == 2


@pytest.mark.parametrize(
    ("sense", "drawn"), [(Sense.NONE, 2), (Sense.WORSE, 1)], ids=["as a dot too", "its status has a mark of its own"]
)
def test_flagged_months_are_dots_on_the_line(sense: Sense, drawn: int) -> None:
    flags = {1: "better", 2: "worse", 3: "worse"}
    chart = series_chart([5.0, 6.5, 3.5, 3.4], [], [], alt="", sense=sense, control=control([5.0] * 4, flags=flags))
    assert (chart.flagged_better.count("M"), chart.flagged_worse.count("M")) == (1, drawn)
    assert chart.flagged_other == ""
    assert set(places(chart.flagged_worse)) <= set(places(chart.actual))


@given(figures, st.integers(0, 30), st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_natural_ranges_lie_within_the_chart_too(actual: list[float], restart: int, mean: float, width: float) -> None:
    count = len(actual)
    drawn = Control(
        mean=[mean] * count, lower=[mean - width] * count, upper=[mean + width] * count,
        flags=["worse"] * count, groups=[0] * count, restart=restart,
    )  # fmt: skip
    chart = series_chart(actual, [], [], alt="", control=drawn)
    for path in (chart.band, chart.mean, chart.before, chart.actual, chart.flagged_worse):
        assert all(0 <= x <= SERIES_WIDTH and 0 <= y <= SERIES_HEIGHT for x, y in places(path))


def test_a_sparkline_lies_on_its_natural_range_and_has_no_dots() -> None:
    spark = sparkline([1.0, 2.0], alt="", control=control([1.5, 1.5], flags={0: "worse"}))
    assert spark.band
    assert (spark.mean, spark.flagged_worse) == ("", "")


@pytest.mark.parametrize(
    ("at", "before", "since", "levels"), [(2, 3, 2, 2), (0, 0, 4, 1), (9, 4, 1, 2)],
    ids=["within", "before all that is drawn", "after all that is drawn"],
)  # fmt: skip
def test_a_shift_is_drawn_where_it_begins(at: int, before: int, since: int, levels: int) -> None:
    chart = shift_chart([5.0, 5.1, 3.0, 3.1], [], at, (5.0, 3.0), alt="")
    assert (len(places(chart.before)), len(places(chart.actual.replace("h0", "")))) == (before, since)
    assert chart.mean.count("M") == levels


def test_each_step_of_a_waterfall_begins_where_the_one_before_ended() -> None:
    steps = waterfall([-30.0, 10.0, -20.0, -5.0, -15.0], [False, False, True, False, False], list("abcde"))
    assert [step.alt for step in steps] == list("abcde")
    assert steps[0].start == steps[0].end
    assert steps[1].start == steps[0].end
    assert steps[2].start + steps[2].length == steps[2].zero
    assert steps[4].end == steps[2].end
    assert all(step.start >= 0 and step.start + step.length <= STEP_WIDTH for step in steps)


def test_a_difference_of_nothing_is_a_waterfall_of_nothing() -> None:
    assert [step.length for step in waterfall([0.0, 0.0], [False, True], ["a", "b"])] == [0.0, 0.0]


def test_a_bullet_of_few_rows_shows_where_the_figure_is_likely() -> None:
    drawn = bullet(NOTHING, 100.0, NOTHING, alt="", likely=(50.0, 175.0))
    assert drawn
    assert (drawn.actual, drawn.clipped) == (None, False)
    assert (drawn.low, drawn.high) == (50.0, BULLET_WIDTH)
