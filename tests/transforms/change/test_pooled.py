"""A group's index shows what its members share, and not who comes and goes."""

import numpy as np
import pytest

from transforms.change.conditions import CONDITIONS, among_members
from transforms.change.detect import find_changes
from transforms.change.pooled import pooled_index
from transforms.numbers import Floats

GROUP = np.zeros(20, dtype=np.int64)


def people(seed: int) -> Floats:
    random = np.random.default_rng(seed)
    season = 1 + 0.15 * np.sin(np.arange(36) * 2 * np.pi / 12)
    level = random.lognormal(10, 0.6, 20)[:, np.newaxis]
    return np.asarray(level * season * (1 + 0.22 * random.standard_normal((20, 36))))


def test_a_market_shift_nobody_shows_alone_is_found_in_four_months_and_called_conditions() -> None:
    index, single, called = 0, [], 0
    for seed in range(20):
        values = (people(seed) * np.where(np.arange(36) >= 28, 0.8, 1))[:, :33]
        pooled = pooled_index(values, GROUP)[1]
        found = find_changes(pooled)
        near = found.of(np.abs(found.position - 28) <= 1)
        index += len(near) > 0
        called += (among_members(near, pooled, values, GROUP).verdict == CONDITIONS).any()
        single.append(len(np.unique(find_changes(values).unit)) / 20)
    assert index >= 14
    assert called == index
    assert np.mean(single) <= 0.2


def test_a_newcomer_does_not_move_the_index() -> None:
    values = np.ones((3, 36)) * [[100.0], [200.0], [5.0]]
    values[2, :20] = np.nan
    numbers, index = pooled_index(values, np.array([7, 7, 7]))
    assert numbers.tolist() == [7]
    np.testing.assert_allclose(index, 1)


@pytest.mark.parametrize(
    ("values", "groups", "shape"),
    [
        pytest.param(np.zeros((0, 5)), [], (0, 5), id="nobody"),
        pytest.param(np.zeros((2, 20)), [1, 1], (1, 20), id="only zeros"),
        pytest.param(np.ones((2, 5)), [1, 2], (2, 5), id="too short"),
        pytest.param(np.ones((2, 20)), [-1, -1], (0, 20), id="in no group"),
    ],
)
def test_without_members_there_is_no_index(values: Floats, groups: list[int], shape: tuple[int, int]) -> None:
    index = pooled_index(values, np.array(groups, dtype=np.int64))[1]
    assert index.shape == shape
    assert np.isnan(index).all()
