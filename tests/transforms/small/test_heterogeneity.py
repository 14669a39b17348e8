"""Is there any difference between the members of a group? How often the test says so where there is none."""

import numpy as np
import pytest

from tests.transforms.small.arrays import floats
from transforms.small.heterogeneity import counts_differ, means_differ, rates_differ

GROUPS = 400


def groups_of(members: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.repeat(np.arange(GROUPS), members)


@pytest.mark.parametrize("members", [2, 12])
@pytest.mark.parametrize("responses", [3, 10, 40])
@pytest.mark.parametrize("rate", [0.5, 0.9, 0.98])
def test_members_alike_are_told_apart_in_at_most_five_percent(members: int, responses: int, rate: float) -> None:
    rng = np.random.default_rng(members * 1000 + responses)
    size = rng.integers(1, 2 * responses, GROUPS * members)
    found = rates_differ(floats(rng.binomial(size, rate)), floats(size), groups_of(members))
    # Two and a half standard errors of 400 groups.
    assert found.differs.mean() <= 0.05 + 0.0272


@pytest.mark.parametrize("mean", [0.3, 1, 8])
def test_counts_alike_are_told_apart_in_at_most_five_percent(mean: float) -> None:
    rng = np.random.default_rng(3)
    exposures = rng.gamma(2, 0.5, GROUPS * 6)
    found = counts_differ(floats(rng.poisson(mean * exposures)), exposures, groups_of(6))
    assert found.differs.mean() <= 0.05 + 0.0272


def test_restless_months_are_not_taken_for_a_lasting_difference() -> None:
    rng = np.random.default_rng(4)
    rate = rng.beta(0.9 * 40, 0.1 * 40, (GROUPS * 6, 12))
    size = rng.integers(20, 120, rate.shape)
    hits = floats(rng.binomial(size, rate))
    found = rates_differ(hits, floats(size), groups_of(6))
    assert found.differs.mean() <= 0.05 + 0.0272
    assert found.dispersion.mean() > 2
    without = rates_differ(hits.sum(axis=1), floats(size.sum(axis=1)), groups_of(6))
    assert without.differs.mean() > 0.3
    last = rates_differ(hits[:, -1], floats(size[:, -1]), groups_of(6), history=(hits, floats(size)))
    assert last.differs.mean() <= 0.05 + 0.0272


def test_a_month_that_is_bad_for_all_is_no_difference() -> None:
    rng = np.random.default_rng(5)
    rate = rng.beta(9, 1, (GROUPS, 12)).repeat(5, axis=0)
    size = rng.integers(5, 60, rate.shape)
    found = rates_differ(floats(rng.binomial(size, rate)), floats(size), groups_of(5))
    assert found.differs.mean() <= 0.05 + 0.0272


def test_real_differences_are_seen() -> None:
    rng = np.random.default_rng(6)
    rate = rng.beta(18, 2, GROUPS * 10)
    assert rates_differ(floats(rng.binomial(60, rate)), np.full(len(rate), 60.0), groups_of(10)).differs.mean() > 0.7
    mean = rng.gamma(6, 2, GROUPS * 10)
    assert counts_differ(floats(rng.poisson(mean)), np.ones(len(mean)), groups_of(10)).differs.mean() > 0.5


def test_means_of_skewed_amounts_alike_are_told_apart_in_at_most_five_percent() -> None:
    rng = np.random.default_rng(7)
    for number in (3, 10, 30):
        amounts = np.exp(rng.normal(0, 1, (GROUPS * 6, number)))
        parts = amounts.mean(axis=1), amounts.std(axis=1, ddof=1), np.full(len(amounts), floats(number))
        assert means_differ(*parts, groups_of(6)).differs.mean() <= 0.05 + 0.0272


@pytest.mark.parametrize(
    ("top", "size"),
    [
        pytest.param([3.0], [9.0], id="alone"),
        pytest.param([9.0, 9], [9.0, 9], id="all perfect"),
        pytest.param([0.0, 0], [9.0, 9], id="none"),
        pytest.param([np.nan, 3], [9.0, 9], id="only one with data"),
        pytest.param([0.0, 0], [0.0, 0], id="no responses"),
        pytest.param([1.0, 0], [1.0, 1], id="one response each"),
    ],
)
def test_where_nothing_can_be_told_nothing_is(top: list[float], size: list[float]) -> None:
    group = np.zeros(len(top), dtype=np.int64)
    for differ in (rates_differ, counts_differ):
        assert not differ(np.array(top), np.array(size), group).differs.any()
    assert means_differ(np.array(top), np.zeros(len(top)), np.array(size), group).chance.tolist() == [1.0]


def test_order_never_matters_nor_who_else_is_asked_about_and_inputs_stay() -> None:
    rng = np.random.default_rng(8)
    group = np.repeat(np.arange(40), 4)
    size = floats(rng.integers(1, 12, 160))
    hits = floats(rng.binomial(size.astype(int), 0.8))
    for part in (hits, size, group):
        part.setflags(write=False)
    found = rates_differ(hits, size, group)
    order = rng.permutation(160)
    assert rates_differ(hits[order], size[order], group[order]).chance.tolist() == pytest.approx(found.chance.tolist())
    alone = group == 7
    assert rates_differ(hits[alone], size[alone], group[alone]).chance[0] == pytest.approx(found.chance[7])
    assert found.chance[found.row].shape == hits.shape
