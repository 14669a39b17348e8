"""When everyone moves it is the conditions; when one moves it is that one."""

import numpy as np
import pytest

from transforms.change.conditions import BOTH, CONDITIONS, OWN, UNKNOWN, against_peers, among_members
from transforms.change.detect import Changes, find_changes
from transforms.numbers import Floats

MONTHS, SINCE, SELLERS = 36, 28, 20
GROUP = np.zeros(SELLERS, dtype=np.int64)
AFTER = np.arange(MONTHS) >= SINCE


def sellers(seed: int, count: int = SELLERS, noise: float = 0.12) -> Floats:
    """Monthly revenue of people of different size with a common season."""
    random = np.random.default_rng(seed)
    level = random.lognormal(10, 0.6, count)[:, np.newaxis]
    season = 1 + 0.15 * np.sin(np.arange(MONTHS) * 2 * np.pi / 12)
    return np.asarray(level * season * (1 + noise * random.standard_normal((count, MONTHS))))


def at(unit: int, position: int = SINCE) -> Changes:
    """A change as found, of whatever size: sizes here are measured anew."""
    number, nothing = np.zeros(1, dtype=np.int64), np.zeros(1)
    return Changes(number + unit, number + position, number, nothing, nothing, nothing, nothing, nothing)


@pytest.mark.parametrize("seed", range(5))
def test_the_market_falls_for_everyone(seed: int) -> None:
    values = sellers(seed) * np.where(AFTER, 0.865, 1)
    verdict = against_peers(at(3), values, GROUP)
    assert verdict.verdict.tolist() == [CONDITIONS]
    assert verdict.peers.tolist() == [SELLERS - 1]
    assert verdict.group_change[0] == pytest.approx(-0.135, abs=0.04)
    assert verdict.moved[0] >= 0.8
    whole = among_members(at(0), values.sum(axis=0, keepdims=True), values, GROUP)
    assert whole.verdict.tolist() == [CONDITIONS]
    assert whole.explained[0] >= 0.7


@pytest.mark.parametrize("seed", range(5))
def test_one_seller_s_fall_is_that_seller_s(seed: int) -> None:
    values = sellers(seed)
    values[7] *= np.where(AFTER, 0.6, 1)
    verdict = against_peers(at(7), values, GROUP)
    assert verdict.verdict.tolist() == [OWN]
    assert verdict.own_change[0] == pytest.approx(-0.4, abs=0.09)
    assert verdict.explained.tolist() == [0.0]


@pytest.mark.parametrize("seed", range(5))
def test_both_at_once_are_told_apart_with_their_sizes(seed: int) -> None:
    values = sellers(seed) * np.where(AFTER, 0.865, 1)
    values[7] *= np.where(AFTER, 0.6, 1)
    verdict = against_peers(at(7), values, GROUP)
    assert verdict.verdict.tolist() == [BOTH]
    assert verdict.unit_change[0] == pytest.approx(0.865 * 0.6 - 1, abs=0.07)
    assert verdict.group_change[0] == pytest.approx(-0.135, abs=0.04)
    assert verdict.own_change[0] == pytest.approx(-0.4, abs=0.09)
    assert 0 < verdict.explained[0] < 0.5


def test_three_others_may_show_conditions_and_never_that_it_is_the_unit_s_own() -> None:
    verdicts: dict[bool, list[int]] = {still: [] for still in (False, True)}
    for seed in range(20):
        for still, seen in verdicts.items():
            values = sellers(seed, count=4, noise=0.05)
            values[[0] if still else slice(None)] *= np.where(AFTER, 0.8, 1)
            seen.append(int(against_peers(at(0), values, np.zeros(4, dtype=np.int64)).verdict[0]))
    assert set(verdicts[True]) == {UNKNOWN}
    assert verdicts[False].count(CONDITIONS) >= 16
    assert set(verdicts[False]) <= {UNKNOWN, CONDITIONS}


@pytest.mark.parametrize("peers", [4, 8, 30])
def test_where_the_others_moved_half_as_far_it_is_hardly_ever_called_the_unit_s_own(peers: int) -> None:
    """Months are few and the others differ: not to see them move is no proof that they stood still."""
    own = 0
    for seed in range(100):
        values = sellers(seed, count=peers + 1)
        values[1:] *= np.where(AFTER, 0.9, 1)
        values[0] *= np.where(AFTER, 0.8, 1)
        own += int(against_peers(at(0), values, np.zeros(peers + 1, dtype=np.int64)).verdict[0]) == OWN
    assert own <= 3


def test_a_group_that_moved_two_months_earlier_moved_with_the_unit() -> None:
    values = sellers(1, noise=0.05) * np.where(np.arange(MONTHS) >= SINCE - 2, 0.8, 1)
    assert against_peers(at(0), values, GROUP).verdict.tolist() == [CONDITIONS]


def test_a_total_that_falls_by_one_member_is_not_the_conditions() -> None:
    values = sellers(2, noise=0.05)
    values[0] = values.sum(axis=0) * np.where(AFTER, 0.2, 1)
    verdict = among_members(at(0), values.sum(axis=0, keepdims=True), values, GROUP)
    assert verdict.verdict.tolist() == [OWN]


def test_the_unit_s_own_fall_is_no_condition_of_its_own() -> None:
    values = sellers(3, count=6, noise=0.05)
    values[0] *= np.where(AFTER, 0.2, 1)
    verdict = against_peers(at(0), values, GROUP[:6])
    assert verdict.verdict.tolist() == [OWN]
    assert abs(verdict.group_change[0]) < 0.05


def test_a_rise_of_the_others_does_not_excuse_a_fall() -> None:
    values = sellers(4, noise=0.05) * np.where(AFTER, 1.2, 1)
    values[0] *= np.where(AFTER, 0.5, 1)
    verdict = against_peers(at(0), values, GROUP)
    assert verdict.verdict.tolist() == [OWN]
    assert verdict.explained.tolist() == [0.0]


@pytest.mark.parametrize(
    ("values", "groups"),
    [
        pytest.param(sellers(1, count=4), GROUP[:4], id="three others"),
        pytest.param(sellers(1), GROUP - 1, id="in no group"),
        pytest.param(sellers(1), np.arange(SELLERS), id="alone"),
        pytest.param(np.where(np.arange(SELLERS)[:, np.newaxis] > 0, np.nan, sellers(1)), GROUP, id="others unknown"),
        pytest.param(np.zeros((SELLERS, MONTHS)), GROUP, id="no shares of nothing"),
    ],
)
def test_too_few_to_say_is_unknown(values: Floats, groups: Floats) -> None:
    verdict = against_peers(at(0), values, groups.astype(np.int64))
    assert verdict.verdict.tolist() == [UNKNOWN]


def test_a_group_too_restless_to_say_is_unknown() -> None:
    values = np.abs(sellers(1, count=6, noise=0.8))
    values[0] = sellers(2, count=1, noise=0.02) * np.where(AFTER, 0.7, 1)
    assert against_peers(at(0), values, GROUP[:6]).verdict.tolist() == [UNKNOWN]


def test_shares_are_compared_by_differences() -> None:
    random = np.random.default_rng(1)
    values = 0.7 + 0.02 * random.standard_normal((SELLERS, MONTHS)) - 0.1 * AFTER
    verdict = against_peers(at(0), values, GROUP, relative=False)
    assert verdict.verdict.tolist() == [CONDITIONS]
    assert verdict.group_change[0] == pytest.approx(-0.1, abs=0.01)


def test_only_the_own_group_counts() -> None:
    values = np.concatenate([sellers(1, noise=0.05) * np.where(AFTER, 0.8, 1), sellers(2, noise=0.05)])
    groups = np.repeat([4, 9], SELLERS)
    values[25] *= np.where(AFTER, 0.8, 1)
    found = at(0)
    two = Changes(*(np.r_[getattr(found, name), getattr(at(25), name)] for name in Changes.__slots__))
    assert against_peers(two, values, groups).verdict.tolist() == [CONDITIONS, OWN]


def test_a_common_season_is_no_condition() -> None:
    random = np.random.default_rng(5)
    season = np.tile(np.r_[np.full(6, 1.3), np.full(6, 0.7)], 3)
    values = 100 * season * (1 + 0.05 * random.standard_normal((SELLERS, MONTHS)))
    values[0] *= np.where(np.arange(MONTHS) >= 30, 0.7, 1)
    assert against_peers(at(0, 30), values, GROUP).verdict.tolist() == [OWN]


def test_found_changes_of_a_company_are_judged_and_inputs_stay() -> None:
    values = sellers(6, noise=0.05) * np.where(AFTER, 0.8, 1)
    kept = values.copy()
    found = find_changes(values)
    verdict = against_peers(found, values, GROUP)
    assert len(verdict.verdict) == len(found) >= SELLERS - 2
    assert (verdict.verdict == CONDITIONS).mean() >= 0.8
    np.testing.assert_array_equal(values, kept)


def test_no_change_has_no_verdict() -> None:
    assert (
        len(against_peers(find_changes(np.zeros((0, 0))), np.zeros((0, 0)), np.zeros(0, dtype=np.int64)).verdict) == 0
    )
