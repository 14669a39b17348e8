"""Charts that allow for season, trend and likeness: found where they are, and quiet and awake as promised."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.numbers import Floats, Ints
from transforms.signals.adjusted import adjusted_chart, signal_chart
from transforms.signals.rules import SpecialCause, Variation
from transforms.signals.xmr import Adjustment, Assurance, ControlChart, control_chart

FIRST = 2024 * 12
UNITS = 1500


def months(count: int) -> Ints:
    return FIRST + np.arange(count)


def noise(units: int, count: int, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).standard_normal((units, count))


def alike(units: int, count: int, likeness: float) -> Floats:
    fresh = noise(units, count + 60) * np.sqrt(1 - likeness**2)
    for month in range(1, count + 60):
        fresh[:, month] += likeness * fresh[:, month - 1]
    latest: Floats = fresh[:, -count:]
    return latest


def wave(count: int) -> Floats:
    return np.asarray(np.sqrt(2) * np.sin(2 * np.pi * np.arange(count) / 12))


def last_signals(chart: ControlChart) -> float:
    return float((chart.special_cause[:, -1] > 0).mean())


@pytest.mark.parametrize("count", [36, 60])
@pytest.mark.parametrize(
    ("kind", "adjusted_for"),
    [("season", Adjustment.SEASON), ("trend", Adjustment.TREND), ("likeness", Adjustment.AUTOCORRELATION)],
)
def test_what_a_series_follows_is_found_and_gives_few_false_alarms(
    count: int, kind: str, adjusted_for: Adjustment
) -> None:
    values = {
        "season": noise(UNITS, count) + wave(count),
        "trend": noise(UNITS, count) + 0.1 * np.arange(count),
        "likeness": alike(UNITS, count, 0.6),
    }[kind]
    chart = signal_chart(values, months(count))
    assert ((chart.adjusted_for & adjusted_for) > 0).mean() >= 0.65
    # 3% is promised; what 1,500 series can show of it is uncertain by half a point.
    assert last_signals(chart) <= 0.037
    assert last_signals(control_chart(values)) > 2 * last_signals(chart)


@pytest.mark.parametrize("shifted", [1, 3, 7, 12])
def test_power_against_a_shift_in_independent_months_stays(shifted: int) -> None:
    values = noise(2 * UNITS, 48)
    values[:, -shifted:] += 2
    assert last_signals(signal_chart(values, months(48))) >= 0.9 * last_signals(control_chart(values))


def test_a_series_that_follows_nothing_has_the_plain_chart() -> None:
    values = noise(40, 48)
    chosen, plain = signal_chart(values, months(48)), control_chart(values)
    rows = chosen.adjusted_for == Adjustment.PLAIN
    assert rows.mean() > 0.7
    for field in fields(ControlChart):
        np.testing.assert_array_equal(getattr(chosen, field.name)[rows], getattr(plain, field.name)[rows])


def test_mean_and_limits_follow_season_and_trend_in_the_metrics_own_unit() -> None:
    pattern = 5000 + 300 * wave(48) + 40 * np.arange(48)
    chart = signal_chart(pattern + 50 * noise(1, 48), months(48))
    assert chart.adjusted_for[0] & (Adjustment.SEASON | Adjustment.TREND) == Adjustment.SEASON | Adjustment.TREND
    np.testing.assert_allclose(chart.mean[0], pattern, atol=80)
    width = chart.upper - chart.lower
    assert (np.abs(width / (6 * 50) - 1) < 0.5).all()


def test_a_drop_that_the_season_does_not_explain_is_a_signal() -> None:
    values = 100 + 10 * wave(48) + noise(1, 48)
    values[0, -1] -= 6
    assert (100 + 10 * wave(48)).min() < values[0, -1]
    assert signal_chart(values, months(48)).special_cause[0, -1] == SpecialCause.BELOW_LIMIT


def test_a_restart_gives_a_new_level_and_keeps_the_season() -> None:
    restarts = np.zeros((1, 48), dtype=np.bool_)
    restarts[0, 40] = True
    values = 100 + 10 * wave(48) + noise(1, 48) + np.where(np.arange(48) >= 40, 60, 0)
    chart = signal_chart(values, months(48), restarts=restarts)
    assert chart.adjusted_for[0] == Adjustment.SEASON
    assert not chart.special_cause[0, 40:].any()
    assert chart.short_group[0, 40:].all()
    np.testing.assert_allclose(chart.mean[0, 40:], 160 + 10 * wave(48)[40:], atol=4)


def test_rare_events_keep_limits_where_screening_would_take_all_variation() -> None:
    values = np.zeros((1, 24))
    values[0, 10] = 1
    assert control_chart(values, good=np.array([1])).variation[0] == Variation.CONCERN_LOW
    assert adjusted_chart(values, months(24)).upper[0, 0] == pytest.approx(1 / 24)
    chart = signal_chart(values, months(24))
    assert chart.upper[0, 0] == pytest.approx(1 / 24 + 2.66 * 2 / 23)
    assert SpecialCause.BELOW_LIMIT not in chart.special_cause


def test_a_perfect_line_has_a_mean_and_no_limits() -> None:
    chart = signal_chart(np.array([0.1 * np.arange(36)]), months(36), good=np.array([1]), target=np.array([1.0]))
    assert chart.adjusted_for[0] & Adjustment.TREND
    assert np.isnan(chart.upper).all()
    assert chart.assurance[0] == Assurance.NOT_ENOUGH_VARIATION
    assert SpecialCause.ABOVE_LIMIT not in chart.special_cause


def test_the_chart_of_a_month_is_made_without_later_months() -> None:
    values = noise(30, 60) + wave(60)
    then = signal_chart(values[:, :40], months(40))
    values[:, 40:] += 100
    again = signal_chart(values[:, :40], months(40))
    np.testing.assert_array_equal(then.special_cause, again.special_cause)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(np.empty((0, 0)), id="nothing"),
        pytest.param(np.empty((0, 36)), id="no units"),
        pytest.param(np.empty((3, 0)), id="no months"),
        pytest.param(np.full((2, 1), 5.0), id="one month"),
        pytest.param(np.full((2, 36), np.nan), id="all missing"),
        pytest.param(np.full((2, 36), 0.1), id="constant"),
        pytest.param(np.zeros((2, 60)), id="zeros"),
        pytest.param(np.where(np.arange(36) % 2 == 0, np.nan, noise(2, 36)), id="every other month missing"),
        pytest.param(np.where(np.arange(36) == 7, np.inf, noise(2, 36)), id="infinite"),
        pytest.param(noise(2, 36) * 1e307, id="huge"),
        pytest.param(noise(2, 36) * 1e-307, id="tiny"),
        pytest.param(noise(2, 36) + 1e15, id="hardly any variation for its size"),
        pytest.param(noise(2, 700), id="long"),
    ],
)
def test_any_series_has_a_chart(values: Floats) -> None:
    restarts = noise(*values.shape) > 1.5 if values.size else None
    good, target = np.ones(len(values), dtype=np.int64), np.ones(len(values))
    fixed = np.full(len(values), 12)
    at = months(values.shape[1])
    for chart in (
        control_chart(values),
        signal_chart(values, at),
        control_chart(values, restarts=restarts, good=good, target=target, fix_after=fixed),
        signal_chart(values, at, restarts=restarts, good=good, target=target),
        signal_chart(values, at, good=good, target=target, fix_after=fixed, screen=False),
    ):
        assert chart.mean.shape == chart.special_cause.shape == values.shape
        assert not chart.special_cause[~np.isfinite(values)].any()
        assert len(chart.variation) == len(values)


def disturbed(seed: int, share: float) -> Floats:
    """Eight series of 40 months: noise, seasonal, trending, alike; some months missing."""
    values = noise(8, 40, seed)
    values[2:4] += 2 * wave(40)
    values[4:6] += 0.2 * np.arange(40)
    values[6:] = np.cumsum(values[6:], axis=1)
    return np.where(np.random.default_rng(seed).random(values.shape) < share, np.nan, values)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.0, 0.1, 0.4, 0.8]))
def test_order_of_units_never_matters_and_inputs_stay(seed: int, share: float) -> None:
    values = disturbed(seed, share)
    before, order = values.copy(), np.random.default_rng(seed).permutation(len(values))
    good = np.array([1, -1, 0, 1, -1, 0, 1, -1])
    restarts = np.random.default_rng(seed).random(values.shape) < 0.02
    chart = signal_chart(values, months(40), good=good, restarts=restarts)
    np.testing.assert_array_equal(values, before)
    shuffled = signal_chart(values[order], months(40), good=good[order], restarts=restarts[order])
    for field in fields(ControlChart):
        np.testing.assert_array_equal(getattr(chart, field.name)[order], getattr(shuffled, field.name))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    share=st.sampled_from([0.0, 0.1, 0.4]),
    scale=st.floats(1e-6, 1e6),
    shift=st.floats(-1e3, 1e3),
)
def test_another_unit_of_measurement_changes_nothing_else(seed: int, share: float, scale: float, shift: float) -> None:
    values = disturbed(seed, share)
    chart, other = signal_chart(values, months(40)), signal_chart((values + shift) * scale, months(40))
    for name in ("mean", "lower", "upper", "near_lower", "near_upper"):
        expected = (getattr(chart, name) + shift) * scale
        np.testing.assert_allclose(getattr(other, name), expected, rtol=1e-6, atol=1e-6 * scale)
    for name in ("special_cause", "adjusted_for", "variation", "run_points"):
        np.testing.assert_array_equal(getattr(chart, name), getattr(other, name))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.0, 0.1, 0.4]))
def test_a_mirrored_series_has_the_mirrored_chart(seed: int, share: float) -> None:
    values = disturbed(seed, share)
    good = np.array([1, -1, 0, 1, -1, 0, 1, -1])
    chart, mirror = signal_chart(values, months(40), good=good), signal_chart(-values, months(40), good=-good)
    np.testing.assert_allclose(chart.upper, -mirror.lower, rtol=1e-9)
    np.testing.assert_array_equal(chart.side, -mirror.side)
    directed = good != 0
    np.testing.assert_array_equal(chart.point_type[directed], mirror.point_type[directed])
