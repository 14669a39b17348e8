"""Who may be called above or below the peers: at most 5% of it false, and nothing where nobody differs."""

import numpy as np
import pytest

from tests.transforms.small.arrays import floats
from transforms.numbers import Flags, Floats, Ints
from transforms.small.compare import (
    Comparison,
    compare_counts,
    compare_means,
    compare_pairs,
    compare_rates,
    pairs_within,
    places,
)
from transforms.small.heterogeneity import rate_table

TEAMS = np.repeat(np.arange(8), 9)


def peers_true_rate(truth: Floats, size: Floats) -> Floats:
    total, weighted = np.bincount(TEAMS, size)[TEAMS] - size, np.bincount(TEAMS, size * truth)[TEAMS] - size * truth
    return np.asarray(weighted / total)


def company(rng: np.random.Generator, differing: float) -> tuple[Floats, Floats, Floats]:
    """True rates, and hits and responses of twelve months."""
    rate = np.where(rng.random(72) < differing, rng.beta(12, 3, 72), 0.92)
    size = floats(rng.poisson(rng.lognormal(2.3, 0.7, 72)[:, np.newaxis], (72, 12)))
    return rate, floats(rng.binomial(size.astype(int), rate[:, np.newaxis])), size


def test_at_most_five_percent_of_statements_are_false() -> None:
    rng = np.random.default_rng(1)
    said = false = missed = 0
    for _ in range(40):
        rate, hits, size = company(rng, 0.3)
        verdict = compare_rates(hits, size, TEAMS).verdict
        distance = np.round(rate - peers_true_rate(rate, size.sum(axis=1)), 9)
        said += (verdict != 0).sum()
        false += ((verdict != 0) & (verdict != np.sign(distance))).sum()
        missed += ((verdict == 0) & (distance < -0.15)).sum()
    assert false <= 0.05 * said
    assert said > 300
    assert missed < 0.3 * said


def test_of_companies_where_nobody_differs_at_most_five_percent_hear_anything() -> None:
    rng = np.random.default_rng(2)
    spoken = [bool(compare_rates(*company(rng, 0)[1:], TEAMS).verdict.any()) for _ in range(50)]
    assert np.mean(spoken) <= 0.05 + 0.03


def test_three_answers_give_no_verdict() -> None:
    hits, size = np.array([0.0, 3, 3, 3, 3, 2, 3]), np.full(7, 3.0)
    assert not compare_rates(hits, size, np.zeros(7, dtype=np.int64)).verdict.any()


def test_one_far_below_is_named_and_alone() -> None:
    size = np.full(8, 100.0)
    found = compare_rates(np.array([60.0, 90, 91, 89, 92, 90, 88, 91]), size, np.zeros(8, dtype=np.int64))
    assert found.verdict.tolist() == [-1, 0, 0, 0, 0, 0, 0, 0]
    assert found.peers[0] == pytest.approx(631 / 700)
    assert 0.6 < found.shrunk.value[0] < found.peers[0]


def test_counts_and_means_name_the_one_that_differs() -> None:
    group = np.zeros(8, dtype=np.int64)
    counts = compare_counts(np.array([40.0, 10, 11, 9, 12, 8, 10, 11]), np.full(8, 5.0), group)
    assert counts.verdict.tolist() == [1] + [0] * 7
    means = compare_means(np.array([100.0, 50, 52, 49, 51, 50, 48, 51]), np.full(8, 12.0), np.full(8, 20.0), group)
    assert means.verdict.tolist() == [1] + [0] * 7


def test_restless_months_need_history_to_be_known() -> None:
    rng = np.random.default_rng(3)
    heard: list[Flags] = []
    for _ in range(25):
        size = floats(rng.integers(30, 200, (72, 12)))
        hits = floats(rng.binomial(size.astype(int), rng.beta(27, 3, (72, 12))))
        last = hits[:, -1], size[:, -1], TEAMS
        heard.append(np.array([compare_rates(*last, history=past).verdict.any() for past in (None, (hits, size))]))
    alone, with_history = np.mean(heard, axis=0)
    assert alone > 0.3
    assert with_history <= 0.05 + 0.07


def test_pairs_and_places_say_only_what_holds() -> None:
    group = np.zeros(5, dtype=np.int64)
    hits, size = np.array([60.0, 90, 91, 89, 95]), np.full(5, 100.0)
    first, second = pairs_within(group)
    pairs = compare_pairs(rate_table(hits, size, group), compare_rates(hits, size, group).differences, first, second)
    named = {(int(a), int(b)): int(v) for a, b, v in zip(first, second, pairs.verdict, strict=True)}
    assert named == {(0, 1): -1, (0, 2): -1, (0, 3): -1, (0, 4): -1} | {(a, b): 0 for a, b in named if a != 0}
    best, worst = places(pairs, group)
    assert best.tolist() == [5, 1, 1, 1, 1]
    assert worst.tolist() == [5, 4, 4, 4, 4]


def test_pairs_of_members_alike_are_left_alone() -> None:
    rng = np.random.default_rng(4)
    first, second = pairs_within(TEAMS)
    for _ in range(10):
        _, hits, size = company(rng, 0)
        found = compare_rates(hits, size, TEAMS).differences
        pairs = compare_pairs(rate_table(hits, size, TEAMS), found, first, second)
        if not found.differs.any():
            assert not pairs.verdict.any()
            assert places(pairs, TEAMS)[1].tolist() == [9] * 72


@pytest.mark.parametrize(
    ("top", "size", "group"),
    [
        pytest.param([3.0], [9.0], [0], id="alone"),
        pytest.param([1.0, 99], [100.0, 100], [-1, -1], id="no peers"),
        pytest.param([np.nan, 3], [9.0, 9], [0, 0], id="only one with data"),
        pytest.param([0.0, 0], [0.0, 0], [0, 0], id="no responses"),
        pytest.param([9.0, 9], [9.0, 9], [0, 0], id="both perfect"),
        pytest.param([], [], [], id="nobody"),
    ],
)
def test_where_nothing_can_be_told_nothing_is_said(top: list[float], size: list[float], group: list[int]) -> None:
    parts = np.array(top, dtype=float), np.array(size, dtype=float), np.array(group, dtype=np.int64)
    assert not compare_rates(*parts).verdict.any()
    assert not compare_counts(*parts).verdict.any()
    assert not compare_means(parts[0], parts[0] * 0 + 1, parts[1], parts[2]).verdict.any()


def test_order_never_matters_and_inputs_stay() -> None:
    rng = np.random.default_rng(5)
    _, hits, size = company(rng, 0.4)
    group: Ints = TEAMS.copy()
    for part in (hits, size, group):
        part.setflags(write=False)
    found: Comparison = compare_rates(hits, size, group)
    order = rng.permutation(72)
    other = compare_rates(hits[order], size[order], group[order])
    assert other.verdict.tolist() == found.verdict[order].tolist()
    assert other.chance.tolist() == pytest.approx(found.chance[order].tolist())
