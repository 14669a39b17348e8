"""Intervals of rates, counts, means and medians: what they cover, exactly, and how they behave."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import bdtr, pdtr

from transforms.numbers import Floats
from transforms.small.intervals import (
    count_interval,
    mean_interval,
    median_interval,
    median_ranks,
    rate_interval,
)


def least_coverage_of_rate(responses: int) -> float:
    """Exact: coverage is lowest just outside an end, so those places and a fine grid are all that is needed."""
    hits = np.arange(responses + 1.0)
    low, high = rate_interval(hits, np.full_like(hits, responses))
    at = np.concatenate([low - 1e-9, high + 1e-9, np.linspace(0.001, 0.999, 999)])
    at = at[(at > 0) & (at < 1)]
    most = np.searchsorted(low, at, side="right") - 1
    fewest = np.searchsorted(high, at, side="left")
    under = np.where(fewest > 0, bdtr(np.maximum(fewest - 1.0, 0), responses, at), 0)
    return float((bdtr(most.astype(np.float64), responses, at) - under).min())


@pytest.mark.parametrize(
    "responses", [1, 2, 3, 4, 5, 7, 10, 17, 30, 60, 99, 100, 101, 111, 150, 200, 333, 1000, 20_000]
)
def test_a_rates_interval_covers_every_true_rate_at_least_93_percent_of_the_time(responses: int) -> None:
    assert least_coverage_of_rate(responses) >= 0.93


def test_every_number_of_responses_to_two_hundred_is_covered() -> None:
    assert min(least_coverage_of_rate(responses) for responses in range(1, 201)) >= 0.93


def test_a_counts_interval_covers_every_true_mean_at_least_93_percent_of_the_time() -> None:
    counts = np.arange(0, 2000.0)
    low, high = count_interval(counts, np.ones_like(counts))
    means = np.concatenate([np.geomspace(0.001, 1500, 20_000), low[1:500] - 1e-9, high[:500] + 1e-9])
    most, fewest = np.searchsorted(low, means, side="right") - 1, np.searchsorted(high, means, side="left")
    under = np.where(fewest > 0, pdtr(np.maximum(fewest - 1.0, 0), means), 0)
    assert (pdtr(most.astype(np.float64), means) - under).min() >= 0.93


@pytest.mark.parametrize(
    ("hits", "responses", "low", "high"),
    [
        pytest.param(0.0, 0.0, 0.0, 1.0, id="no responses: nothing is known"),
        pytest.param(np.nan, 5.0, np.nan, np.nan, id="missing numerator"),
        pytest.param(5.0, np.nan, np.nan, np.nan, id="missing denominator"),
        pytest.param(1.0, -2.0, np.nan, np.nan, id="a negative denominator is no denominator"),
        pytest.param(3.0, 3.0, 0.41, 1.0, id="three of three says little"),
        pytest.param(7.0, 5.0, 0.56, 1.0, id="more than all is all"),
    ],
)
def test_rates_at_the_edges(hits: float, responses: float, low: float, high: float) -> None:
    found = rate_interval(np.array([hits]), np.array([responses]))
    assert (found[0][0], found[1][0]) == pytest.approx((low, high), abs=0.01, nan_ok=True)


@given(st.integers(1, 3000), st.floats(0, 1))
def test_a_rate_lies_in_its_interval_and_failures_mirror_successes(responses: int, share: float) -> None:
    hits, size = np.array([share * responses, round(share * responses)]), np.array([float(responses)] * 2)
    low, high = rate_interval(hits, size)
    assert ((low <= hits / size) & (hits / size <= high) & (low >= 0) & (high <= 1)).all()
    mirrored = rate_interval(size - hits, size)
    assert mirrored[0] == pytest.approx(1 - high, abs=1e-9)


def test_fewer_responses_make_a_wider_interval() -> None:
    for responses in (1, 2, 3, 5, 10, 40, 90, 150, 400):
        hits = np.arange(responses + 1.0)
        few, many = rate_interval(hits, hits * 0 + responses), rate_interval(2 * hits, hits * 0 + 2 * responses)
        assert (many[1] - many[0] < few[1] - few[0]).all()


def test_counts_without_exposure_say_that_nothing_is_known() -> None:
    low, high = count_interval(np.array([0.0, 3.0, np.nan, 4.0]), np.array([0.0, 2.0, 1.0, 1.0]))
    assert (low[0], high[0]) == (0, np.inf)
    assert low[1] < 1.5 < high[1]
    assert np.isnan([low[2], high[2]]).all()
    assert low[3] < 4 < high[3]


def test_the_mean_of_few_values_follows_students_t() -> None:
    low, high = mean_interval(np.array([10.0, 10.0]), np.array([2.0, 2.0]), np.array([5.0, 1000.0]))
    assert high[0] - 10 == pytest.approx(2.7764451 * 2 / np.sqrt(5))
    assert 10 - low[1] == pytest.approx(1.9623415 * 2 / np.sqrt(1000), rel=1e-6)


def test_one_value_has_a_mean_of_which_nothing_is_known() -> None:
    low, high = mean_interval(np.array([4.0, np.nan]), np.array([np.nan, 1.0]), np.array([1.0, 9.0]))
    assert (low[0], high[0]) == (-np.inf, np.inf)
    assert np.isnan([low[1], high[1]]).all()


def test_known_skewness_covers_log_normal_amounts_that_t_misses() -> None:
    amounts = np.exp(np.random.default_rng(1).normal(0, 1, (8000, 10)))
    parts = amounts.mean(axis=1), amounts.std(axis=1, ddof=1), np.full(8000, 10.0)
    truth = np.exp(0.5)
    plain, bent = mean_interval(*parts), mean_interval(*parts, skewness=6.18)
    covered = [((low <= truth) & (truth <= high)).mean() for low, high in (plain, bent)]
    assert covered[0] < 0.87
    assert covered[1] > covered[0] + 0.03
    assert ((bent[0] <= parts[0]) & (parts[0] <= bent[1])).all()


def test_medians_are_covered_whatever_the_distribution() -> None:
    rng = np.random.default_rng(2)
    for number in (5, 6, 9, 20, 51):
        low, high = median_interval(np.exp(rng.normal(0, 2, (6000, number))))
        assert ((low <= 1) & (high >= 1)).mean() == pytest.approx(0.947, abs=0.017)


def test_medians_of_few_values_say_so() -> None:
    values = np.array([[1.0, 2, 3, 4, np.nan], [5, 1, 4, 2, 3], [np.nan] * 5])
    low, high = median_interval(values)
    assert low.tolist() == pytest.approx([-np.inf, 1, np.nan], nan_ok=True)
    assert high.tolist() == pytest.approx([np.inf, 5, np.nan], nan_ok=True)
    ranks = median_ranks(np.array([4.0, 5.0, 10.0]))
    assert np.isnan(ranks[0][0])
    assert ranks[0][1:] + ranks[1][1:] == pytest.approx(np.array([6.0, 11.0]))


def test_a_median_of_nothing_at_all_is_no_error() -> None:
    assert np.isnan(median_interval(np.empty((2, 0)))[0]).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.randoms())
def test_the_order_of_values_never_matters_to_a_median(values: list[float], random: object) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (median_interval(np.array([each])) for each in (values, shuffled))
    assert one[0] == other[0]
    assert one[1] == other[1]
    assert one[0] <= np.median(values) <= one[1]


def test_inputs_stay_as_they_were() -> None:
    def frozen(*values: float) -> Floats:
        made = np.array(values)
        made.setflags(write=False)
        return made

    top, size = frozen(1, 2, np.nan), frozen(3, 0, 4)
    rate_interval(top, size)
    count_interval(top, size)
    mean_interval(top, size, size)
    median_interval(top[np.newaxis, :])
