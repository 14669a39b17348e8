"""Plain control charts: against the rules written again, whatever is missing, and the same for mirrored series."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.signals.naive_chart import naive_causes
from transforms.numbers import Floats
from transforms.signals.rules import PointType, SpecialCause, Variation
from transforms.signals.xmr import Assurance, control_chart

# Few different values make many ties, points on the mean, and long runs.
SERIES = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(-4, 9)), st.integers(0, 19).map(lambda draw: draw == 0)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(series=st.lists(SERIES, min_size=1, max_size=6), screen=st.booleans())
def test_rules_are_those_written_again_month_by_month(
    series: list[list[tuple[int | None, bool]]], screen: bool
) -> None:
    months = max(len(one) for one in series)
    values = np.full((len(series), months), np.nan)
    restarts = np.zeros(values.shape, dtype=np.bool_)
    for row, one in enumerate(series):
        values[row, months - len(one) :] = [np.nan if value is None else value for value, _ in one]
        restarts[row, months - len(one) :] = [restart for _, restart in one]
    chart = control_chart(values, restarts=restarts, screen=screen)
    for row, one in enumerate(series):
        expected = naive_causes([value for value, _ in one], [restart for _, restart in one], screen)
        assert chart.special_cause[row, months - len(one) :].tolist() == expected
        assert not chart.special_cause[row, : months - len(one)].any()


def test_a_trend_up_and_one_down_that_share_their_peak_are_told_apart() -> None:
    values = np.array([[*range(1, 8), *range(6, 0, -1)]], dtype=np.float64)
    trend = control_chart(values).special_cause[0]
    assert trend[2] == SpecialCause.RISING
    assert trend[-3] == SpecialCause.FALLING


@pytest.mark.parametrize(
    ("target", "good", "assurance"),
    [
        pytest.param(20.0, 1, Assurance.ALWAYS_MISSED, id="above all, up is good"),
        pytest.param(20.0, -1, Assurance.ALWAYS_MET, id="above all, down is good"),
        pytest.param(0.0, 1, Assurance.ALWAYS_MET, id="below all, up is good"),
        pytest.param(0.0, -1, Assurance.ALWAYS_MISSED, id="below all, down is good"),
        pytest.param(10.0, 1, Assurance.INCONSISTENT, id="between"),
        pytest.param(20.0, 0, Assurance.NONE, id="no good direction"),
        pytest.param(np.nan, 1, Assurance.NONE, id="no expectation"),
    ],
)
def test_assurance_compares_the_expectation_with_the_limits(target: float, good: int, assurance: Assurance) -> None:
    values = np.array([[9.0, 11.0] * 10])
    for wanted in (np.array([target]), np.full((1, 20), target)):
        assert control_chart(values, good=np.array([good]), target=wanted).assurance[0] == assurance


def test_a_constant_series_has_not_enough_variation() -> None:
    chart = control_chart(np.full((1, 20), 5.0), good=np.array([1]), target=np.array([6.0]))
    assert chart.assurance[0] == Assurance.NOT_ENOUGH_VARIATION
    assert chart.variation[0] == Variation.COMMON_CAUSE
    assert np.isnan(chart.upper).all()


def test_without_a_value_in_the_latest_month_nothing_is_said_of_it() -> None:
    values = np.array([[1.0, 2.0] * 10 + [50.0, np.nan]])
    assert control_chart(values, good=np.array([1])).variation[0] == Variation.NONE


def test_a_fixed_baseline_counts_from_the_first_month_with_a_value() -> None:
    baseline = np.array([9.0, 11.0] * 6)
    values = np.array([[np.nan, np.nan, *baseline, 30.0, 31.0, 29.0]])
    chart = control_chart(values, fix_after=np.array([12]))
    np.testing.assert_allclose(chart.mean, 10)
    np.testing.assert_allclose(chart.upper, 10 + 2.66 * 2)
    assert chart.special_cause[0, -3:].tolist() == [SpecialCause.ABOVE_LIMIT] * 3


def test_a_missing_month_breaks_a_run() -> None:
    low, high = [0.0, 1.0] * 7, [4.0, 5.0, 4.0, 5.0, 4.0, 5.0, 4.0]
    whole, broken = np.array([low + high]), np.array([low + high])
    broken[0, -4] = np.nan
    fixed = np.array([21])
    assert control_chart(whole, fix_after=fixed).special_cause[0, -1] != SpecialCause.NONE
    assert SpecialCause.RUN_ABOVE not in control_chart(broken, fix_after=fixed).special_cause


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 0.6))
def test_mirrored_series_give_mirrored_charts(seed: int, share: float) -> None:
    values = noisy(seed, share)
    chart, mirror = control_chart(values, good=np.ones(6, int)), control_chart(-values, good=-np.ones(6, int))
    np.testing.assert_array_equal(chart.upper, -mirror.lower)
    np.testing.assert_array_equal(chart.point_type, mirror.point_type)
    np.testing.assert_array_equal(chart.side, -mirror.side)
    other = control_chart(values, good=-np.ones(6, int))
    swapped = {PointType.IMPROVEMENT: PointType.CONCERN, PointType.CONCERN: PointType.IMPROVEMENT}
    assert other.point_type.tolist() == [[swapped.get(PointType(one), one) for one in row] for row in chart.point_type]


def noisy(seed: int, share: float) -> Floats:
    """Six series of 30 months with a shift somewhere, some months missing."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((6, 30)) + np.where(np.arange(30) > rng.integers(0, 30, (6, 1)), 2, 0)
    return np.where(rng.random(values.shape) < share, np.nan, values)
