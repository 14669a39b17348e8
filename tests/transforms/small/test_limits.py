"""Limits of p and u charts: how wide, and how often natural variation crosses them."""

import numpy as np
import pytest

from tests.transforms.small.arrays import floats
from transforms.small.limits import count_limits, rate_limits


def test_limits_widen_as_the_denominator_shrinks() -> None:
    size = np.array([[2000.0, 1000, 500, 250, 120, 60]])
    found = rate_limits(np.round(size * 0.8), size)
    assert (np.diff(found.upper - found.lower) > 0).all()
    found = count_limits(size * 3, size)
    assert (np.diff(found.upper - found.lower) > 0).all()


@pytest.mark.parametrize("rate", [0.5, 0.8, 0.9, 0.95, 0.98])
@pytest.mark.parametrize("responses", [3, 10, 30, 300])
def test_natural_variation_of_small_rates_rarely_crosses_a_limit(rate: float, responses: int) -> None:
    rng = np.random.default_rng(responses)
    size = rng.integers(max(1, responses // 2), responses * 2, (600, 36))
    assert (rate_limits(floats(rng.binomial(size, rate)), floats(size)).outside != 0).mean() < 0.003


@pytest.mark.parametrize("mean", [0.2, 1, 5, 50])
def test_natural_variation_of_small_counts_rarely_crosses_a_limit(mean: float) -> None:
    counts = floats(np.random.default_rng(1).poisson(mean, (600, 36)))
    assert (count_limits(counts, np.ones_like(counts)).outside != 0).mean() < 0.003


def test_overdispersion_widens_the_limits() -> None:
    rng = np.random.default_rng(2)
    size = np.full((300, 36), 2000)
    hits = floats(rng.binomial(size, rng.beta(90, 10, size.shape)))
    found = rate_limits(hits, floats(size))
    assert (found.outside != 0).mean() < 0.01
    assert found.dispersion.mean() == pytest.approx(np.sqrt(1 + 1999 / 101), rel=0.1)


def test_a_collapse_is_seen() -> None:
    rng = np.random.default_rng(3)
    hits = floats(rng.binomial(200, 0.9, (200, 24)))
    hits[:, -1] = 150
    assert (rate_limits(hits, np.full(hits.shape, 200.0)).outside[:, -1] == -1).mean() > 0.95


def test_a_perfect_month_of_few_is_never_outside() -> None:
    hits = np.array([[8.0, 9, 10, 7, 9, 10, 8, 9, 10]])
    found = rate_limits(hits, np.full(hits.shape, 10.0))
    assert (found.upper == 1).all()
    assert (found.outside == 0).all()


def test_only_the_baseline_sets_level_and_spread() -> None:
    hits, size = np.array([[90.0, 92, 88, 91, 40, 42]]), np.full((1, 6), 100.0)
    first = np.array([[True, True, True, True, False, False]])
    found = rate_limits(hits, size, baseline=first)
    assert found.centre[0, 0] == pytest.approx(0.9025)
    assert found.outside[0].tolist() == [0, 0, 0, 0, -1, -1]
    assert found.months.tolist() == [4]
    assert rate_limits(hits, size, centre=np.array([0.8])).centre[0, 0] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("top", "size"),
    [
        pytest.param([[np.nan, np.nan]], [[1.0, 2]], id="nothing known"),
        pytest.param([[0.0, 0]], [[0.0, 0]], id="no denominators"),
        pytest.param([[4.0]], [[5.0]], id="one month"),
        pytest.param([[5.0, 5, 5]], [[5.0, 5, 5]], id="all perfect"),
        pytest.param([[0.0, 0, 0]], [[5.0, 5, 5]], id="none"),
        pytest.param(np.empty((2, 0)), np.empty((2, 0)), id="no months"),
        pytest.param(np.empty((0, 3)), np.empty((0, 3)), id="no units"),
    ],
)
def test_series_at_the_edges_have_sane_limits(top: list[list[float]], size: list[list[float]]) -> None:
    for limits in (rate_limits, count_limits):
        found = limits(np.array(top), np.array(size))
        assert (found.outside == 0).all()
        known = np.isfinite(found.centre)
        assert (found.lower[known] <= found.centre[known]).all()
        assert (found.centre[known] <= found.upper[known]).all()


def test_inputs_stay_and_units_do_not_depend_on_one_another() -> None:
    rng = np.random.default_rng(4)
    size = np.where(rng.random((50, 20)) < 0.2, np.nan, rng.integers(0, 30, (50, 20)))
    hits = np.floor(size * 0.8)
    for part in (hits, size):
        part.setflags(write=False)
    found = rate_limits(hits, size)
    alone = rate_limits(hits[7:8], size[7:8])
    assert alone.upper[0].tolist() == pytest.approx(found.upper[7].tolist(), nan_ok=True)
    assert np.isnan(found.lower[~(size > 0)]).all()
