"""Lasting shifts are found where they are; what is no lasting shift is not."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.change.detect import LEVEL, TREND, Changes, find_changes
from transforms.numbers import Floats

SEASON = np.array([0, 1, 3, 2, 0, -1, -2, -3, -1, 0, 4, 5.0])


def noise(units: int, columns: int, phi: float = 0.0, seed: int = 5) -> Floats:
    random = np.random.default_rng([seed, units, columns])
    drawn, kept = random.standard_normal((units, columns + 50)), np.zeros((units, columns + 50))
    for at in range(1, columns + 50):
        kept[:, at] = phi * kept[:, at - 1] + np.sqrt(1 - phi**2) * drawn[:, at]
    return kept[:, 50:]


def share_alarmed(values: Floats) -> float:
    return len(np.unique(find_changes(values).unit)) / len(values)


def share_found(values: Floats, at: int, near: int = 3) -> float:
    found = find_changes(values)
    return len(np.unique(found.unit[np.abs(found.position - at) <= near])) / len(values)


def same(one: Changes, two: Changes) -> None:
    for name in Changes.__slots__:
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-6, atol=1e-9)


# -- false alarms --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "most"),
    [
        pytest.param(noise(1000, 60), 0.07, id="noise"),
        pytest.param(noise(1000, 15), 0.07, id="short"),
        pytest.param(noise(100, 600, 0.5), 0.08, id="long and slow"),
        pytest.param(noise(1000, 36) + 0.2 * np.arange(36), 0.07, id="a trend"),
        pytest.param(noise(1000, 48) + np.tile(SEASON, 4), 0.08, id="a season"),
        pytest.param(np.random.default_rng(1).standard_t(3, (1000, 60)), 0.07, id="heavy tails"),
        pytest.param(np.random.default_rng(1).poisson(1.0, (1000, 36)).astype(float), 0.10, id="small counts"),
    ],
)
def test_few_series_without_a_change_are_said_to_have_one(values: Floats, most: float) -> None:
    assert share_alarmed(values) <= most


def test_lone_outliers_are_no_change() -> None:
    values = noise(300, 60)
    values[:, [12, 30, 44]] += 12
    assert share_alarmed(values) <= 0.07


def test_slow_noise_alarms_far_less_than_if_it_were_taken_for_fast() -> None:
    assert share_alarmed(noise(500, 60, 0.6)) <= 0.2


# -- power ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "least"),
    [pytest.param(2, 0.9, id="2 sd"), pytest.param(3, 0.98, id="3 sd"), pytest.param(1, 0.45, id="1")],
)
def test_a_step_is_found_within_three_months(size: float, least: float) -> None:
    assert share_found(noise(500, 60) + size * (np.arange(60) >= 25), 25) >= least


def test_a_step_is_found_within_four_months_of_its_coming() -> None:
    assert share_found(noise(400, 40)[:, :40] + 2 * (np.arange(40) >= 36), 36) >= 0.4
    assert share_found(noise(400, 40)[:, :40] + 3 * (np.arange(40) >= 36), 36) >= 0.8


def test_a_step_is_found_in_a_seasonal_series() -> None:
    values = noise(300, 48) + np.tile(SEASON, 4) + 3 * (np.arange(48) >= 30)
    assert share_found(values, 30) >= 0.9


def test_a_step_is_found_in_a_trending_series() -> None:
    values = noise(300, 80) + 0.2 * np.arange(80) + 5 * (np.arange(80) >= 50)
    assert share_found(values, 50) >= 0.85


def test_a_turn_of_the_trend_is_a_change_of_trend() -> None:
    time = np.arange(80)
    found = find_changes(noise(200, 80) + 0.3 * time - 0.6 * np.maximum(time - 40, 0))
    turns = found.of(found.kind == TREND)
    assert len(np.unique(turns.unit)) >= 190
    assert np.median(turns.before) == pytest.approx(0.3, abs=0.03)
    assert np.median(turns.after) == pytest.approx(-0.3, abs=0.03)
    assert (np.abs(turns.position - 40) <= 5).mean() >= 0.9


def test_several_changes_of_one_series_are_all_found() -> None:
    level = np.repeat([0, 5, 1, 6, 3.0], 40)
    found = find_changes(noise(1, 200) + level)
    assert len(found) == 4
    assert np.abs(found.position - [40, 80, 120, 160]).max() <= 2
    np.testing.assert_allclose(found.after - found.before, [5, -4, 5, -3], atol=0.8)


def test_an_episode_of_a_long_series_has_a_beginning_and_an_end() -> None:
    level = 2.0 * ((np.arange(5000) >= 3000) & (np.arange(5000) < 3400))
    found = find_changes(noise(1, 5000) + level, period=0)
    assert len(found) == 2
    assert np.abs(found.position - [3000, 3400]).max() <= 5


def test_size_sign_and_levels_are_told_in_the_series_own_unit() -> None:
    found = find_changes(1000 + 50 * (noise(1, 60) - 4 * (np.arange(60) >= 30)))
    assert found.kind.tolist() == [LEVEL]
    assert found.before[0] == pytest.approx(1000, abs=40)
    assert found.after[0] == pytest.approx(800, abs=40)
    assert found.sd[0] == pytest.approx(50, abs=15)
    assert found.size_sd[0] == pytest.approx((found.after[0] - found.before[0]) / found.sd[0])
    assert found.chance[0] < 0.001


def test_a_larger_step_is_less_likely_chance() -> None:
    chances = [find_changes(noise(1, 60) + size * (np.arange(60) >= 30)).chance.min(initial=1.0) for size in (2, 3, 5)]
    assert 0.05 >= chances[0] > chances[1] > chances[2]


# -- any input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(np.zeros((0, 5)), id="no unit"),
        pytest.param(np.zeros((3, 0)), id="no month"),
        pytest.param(np.full((2, 30), np.nan), id="nothing known"),
        pytest.param(np.array([[1.0]]), id="one point"),
        pytest.param(np.full((1, 36), 7.1), id="constant"),
        pytest.param(np.full((1, 36), 0.1 + 0.2) + np.r_[np.zeros(20), np.full(16, 1e-16)], id="rounding"),
        pytest.param(np.r_[np.full(34, np.nan), 1, 9][np.newaxis], id="two points"),
        pytest.param(np.array([[np.inf, 1, 2, -np.inf] * 9]), id="infinite is missing"),
        pytest.param(np.arange(36.0)[np.newaxis], id="a straight line"),
    ],
)
def test_nothing_to_find_is_nothing_found(values: Floats) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(find_changes(values)) == 0


def test_a_step_without_any_noise_is_found_where_it_is() -> None:
    found = find_changes(np.r_[np.full(10, 5.0), np.full(10, 9.0)][np.newaxis])
    assert found.position.tolist() == [10]
    assert [*found.before, *found.after] == pytest.approx([5, 9])
    assert np.isfinite(found.size_sd).all()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(0, 3).map(float)), min_size=14, max_size=14),
        min_size=1, max_size=4,
    ),
    st.lists(st.booleans(), min_size=14, max_size=14),
)  # fmt: skip
def test_any_series_has_an_answer_and_stays_as_it_was(rows: list[list[float | None]], restarts: list[bool]) -> None:
    values = np.array([[np.nan if value is None else value for value in row] for row in rows])
    anew = np.array([restarts] * len(rows))
    kept = values.copy()
    found = find_changes(values, restarts=anew)
    np.testing.assert_array_equal(values, kept)
    assert np.isfinite([found.before, found.after, found.size_sd, found.chance, found.sd]).all()
    assert np.isfinite(values[found.unit, found.position]).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 1e6), st.floats(-1e6, 1e6))
def test_scale_and_shift_change_nothing_but_scale_and_shift(seed: int, scale: float, shift: float) -> None:
    values = noise(4, 48, 0.2, seed) + 3 * (np.arange(48) >= 20)
    if shift / scale > 1e5:
        shift = scale
    one, two = find_changes(values), find_changes(values * scale + shift)
    np.testing.assert_array_equal(one.position, two.position)
    level = one.kind == LEVEL
    np.testing.assert_allclose(two.before[level], one.before[level] * scale + shift, rtol=1e-6, atol=1e-5 * scale)
    np.testing.assert_allclose(two.sd, one.sd * scale, rtol=1e-5)
    np.testing.assert_allclose(two.size_sd, one.size_sd, rtol=1e-5)


def test_a_unit_s_changes_do_not_depend_on_the_other_units() -> None:
    values = noise(50, 40) + 3 * (np.arange(40) >= 20)
    values[3, 5:9] = np.nan
    together = find_changes(values)
    for unit in (0, 3, 49):
        alone = find_changes(values[unit : unit + 1])
        same(alone, together.of(together.unit == unit).of(np.arange(len(alone))).__class__(
            *(getattr(together.of(together.unit == unit), name) - (unit if name == "unit" else 0)
              for name in Changes.__slots__)))  # fmt: skip


def test_missing_months_keep_their_place() -> None:
    values = noise(1, 40) + 5 * (np.arange(40) >= 25)
    values[0, [3, 4, 5, 26]] = np.nan
    assert find_changes(values).position.tolist() == [25]


def test_the_season_is_told_by_the_months_given() -> None:
    months = np.delete(np.arange(60), np.arange(20, 25))
    values = noise(100, 60)[:, months] + 2 * np.tile(SEASON, 5)[months]
    gaps = [len(np.unique(find_changes(values, given).unit)) for given in (months, None)]
    assert gaps[0] < 15


# -- restarts ------------------------------------------------------------------------------------------------------


def test_what_a_person_accepted_is_not_found_again() -> None:
    values = noise(200, 60) + 6 * (np.arange(60) >= 30)
    restarts = np.zeros((200, 60), dtype=bool)
    restarts[:, 30] = True
    assert len(np.unique(find_changes(values).unit)) == 200
    again = find_changes(values, restarts=restarts)
    assert len(np.unique(again.unit)) <= 25


def test_a_change_after_a_restart_is_found() -> None:
    values = noise(1, 60, seed=2) + 6 * (np.arange(60) >= 20) - 5 * (np.arange(60) >= 42)
    restarts = np.arange(60)[np.newaxis] == 20
    found = find_changes(values, restarts=restarts)
    assert len(found) == 1
    assert abs(int(found.position[0]) - 42) <= 1
