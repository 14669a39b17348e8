"""Empirical Bayes: how far results are drawn to the group, and that it never fails."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.small.arrays import floats
from transforms.numbers import Floats, Ints
from transforms.small.shrink import NO_GROUP, Shrunk, shrink_counts, shrink_means, shrink_rates


def error(values: Floats, truth: Floats) -> float:
    return float(((values - truth) ** 2).mean())


def test_rates_come_within_three_percent_of_the_oracle_in_a_large_group() -> None:
    rng = np.random.default_rng(1)
    truth = rng.beta(8, 2, 4000)
    hits = floats(rng.binomial(10, truth))
    shrunk = shrink_rates(hits, np.full(4000, 10.0), np.zeros(4000, dtype=np.int64))
    oracle = error((hits + 8) / 20, truth)
    assert error(shrunk.value, truth) < 1.03 * oracle
    assert error(hits / 10, truth) > 1.5 * oracle
    assert shrunk.weight.mean() == pytest.approx(0.5, abs=0.05)
    assert shrunk.between[0] == pytest.approx(0.1206, abs=0.01)


def test_counts_come_within_three_percent_of_the_oracle_in_a_large_group() -> None:
    rng = np.random.default_rng(2)
    truth, exposures = rng.gamma(4, 0.75, 4000), rng.uniform(0.5, 5, 4000)
    counts = floats(rng.poisson(truth * exposures))
    shrunk = shrink_counts(counts, exposures, np.zeros(4000, dtype=np.int64))
    assert error(shrunk.value, truth) < 1.03 * error((counts + 4) / (exposures + 4 / 3), truth)


def test_means_come_within_three_percent_of_the_oracle_in_a_large_group() -> None:
    rng = np.random.default_rng(3)
    truth, number = rng.normal(100, 10, 4000), floats(rng.integers(5, 40, 4000))
    means = rng.normal(truth, 30 / np.sqrt(number))
    spread = 30 * np.sqrt(rng.chisquare(number - 1) / (number - 1))
    shrunk = shrink_means(means, spread, number, np.zeros(4000, dtype=np.int64))
    weight = 100 / (100 + 900 / number)
    assert error(shrunk.value, truth) < 1.03 * error(100 + weight * (means - 100), truth)


def test_a_group_without_differences_is_drawn_together() -> None:
    rng = np.random.default_rng(4)
    hits = floats(rng.binomial(10, 0.9, 500))
    shrunk = shrink_rates(hits, np.full(500, 10.0), np.zeros(500, dtype=np.int64))
    assert shrunk.weight.max() < 0.1
    assert np.abs(shrunk.value - 0.9).max() < 0.06


def test_several_months_together_say_better_how_much_the_members_differ() -> None:
    rng = np.random.default_rng(5)
    alone, together = [], []
    for _ in range(60):
        truth = rng.beta(40, 10, (20, 12))
        hits = floats(rng.binomial(10, truth))
        size, group = np.full((20, 12), 10.0), np.zeros(20, dtype=np.int64)
        together.append(error(shrink_rates(hits, size, group).value[:, -1], truth[:, -1]))
        alone.append(error(shrink_rates(hits[:, -1], size[:, -1], group).value, truth[:, -1]))
    assert np.mean(together) < 0.9 * np.mean(alone)


@pytest.mark.parametrize(
    ("top", "size", "group", "value", "weight"),
    [
        pytest.param([9, np.nan], [10, 10], [0, 0], [0.9, 0.9], [None, 0], id="no data: the group's"),
        pytest.param([9, 0], [10, 0], [0, 0], [0.9, 0.9], [None, 0], id="no responses: the group's"),
        pytest.param([3, 9], [4, 10], [NO_GROUP, 0], [0.75, 0.9], [1, None], id="no peers: its own"),
        pytest.param([np.nan], [np.nan], [3], [np.nan], [0], id="a group without data: unknown"),
        pytest.param([5, 5, 5], [5, 5, 5], [0, 0, 0], [1, 1, 1], [None] * 3, id="all perfect"),
        pytest.param([0, 0], [5, 9], [0, 0], [0, 0], [None] * 2, id="none at all"),
    ],
)
def test_units_at_the_edges(
    top: list[float], size: list[float], group: list[int], value: list[float], weight: list[float | None]
) -> None:
    shrunk = shrink_rates(np.array(top, dtype=float), np.array(size, dtype=float), np.array(group))
    assert shrunk.value == pytest.approx(value, abs=1e-6, nan_ok=True)
    for found, wanted in zip(shrunk.weight, weight, strict=True):
        assert wanted is None or found == wanted


def test_identical_means_stay_where_they_are() -> None:
    shrunk = shrink_means(np.full(4, 7.0), np.zeros(4), np.full(4, 3.0), np.zeros(4, dtype=np.int64))
    assert shrunk.value == pytest.approx(np.full(4, 7.0))


def test_scale_and_shift_of_amounts_change_nothing_but_scale_and_shift() -> None:
    rng = np.random.default_rng(6)
    means, spread, number = rng.normal(50, 9, 60), rng.uniform(5, 20, 60), floats(rng.integers(2, 20, 60))
    group = rng.integers(0, 4, 60)
    plain = shrink_means(means, spread, number, group)
    moved = shrink_means(1000 * means - 7e4, 1000 * spread, number, group)
    assert moved.value == pytest.approx(1000 * plain.value - 7e4)
    assert moved.weight == pytest.approx(plain.weight)
    assert moved.between == pytest.approx(1000 * plain.between)


numbers = st.lists(
    st.tuples(st.sampled_from([0.0, 1, 3, 8, 400, np.nan]), st.floats(0, 1), st.integers(-1, 2)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=30)
@given(numbers, st.randoms())
def test_never_a_failure_never_past_the_own_result_and_order_never_matters(
    rows: list[tuple[float, float, int]], random: object
) -> None:
    def of(given_rows: list[tuple[float, float, int]]) -> tuple[Floats, Floats, Ints]:
        size = np.array([row[0] for row in given_rows])
        return np.round(size * [row[1] for row in given_rows]), size, np.array([row[2] for row in given_rows])

    top, size, group = of(rows)
    top.setflags(write=False)
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    for shrink in (shrink_rates, shrink_counts):
        found: Shrunk = shrink(top, size, group)
        other: Shrunk = shrink(*of([rows[at] for at in order]))
        assert other.value == pytest.approx(found.value[order], nan_ok=True, abs=1e-9)
        with np.errstate(invalid="ignore", divide="ignore"):
            own = top / size
        known = np.isfinite(own) & np.isfinite(found.group)
        near, far = np.minimum(own, found.group)[known], np.maximum(own, found.group)[known]
        # The level differs a little between the points of the grid that are averaged.
        room = 0.05 * (1 + far - near)
        assert ((found.value[known] >= near - room) & (found.value[known] <= far + room)).all()
