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
    VARIANCE_WIDTH,
    bullet,
    series_chart,
    sparkline,
    variance_bar,
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
