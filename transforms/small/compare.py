"""Who may be called above or below the peer group, and which of two members above the other.

Of such statements at most 5% are false. Each member is tested against its peers (the others, in the same months); the
statements are those that the procedure of Y. Benjamini and Y. Hochberg (J. R. Statist. Soc. B 57 (1995)) admits over
everyone looked at in the call, whose direction is as safe (Y. Benjamini and D. Yekutieli, J. Am. Statist. Assoc. 100
(2005)). Nothing at all is said in a group whose members show no difference (`transforms.small.heterogeneity`), and
nothing that the shrunk estimate does not say too. A member must also be apart from the group's median: beside one who
is far ahead all others are below the mean of their peers, which is true and says nothing of them.

All groups and metrics that one reader looks at belong into one call (as groups): a false statement in a hundred quiet
groups counts against all the statements made.

Does not belong here: the words, and the expectation (`transforms.statuses`). Above one's peers is not ahead.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.numbers import Flags, Floats, Ints
from transforms.small.heterogeneity import (
    EVIDENCE,
    Heterogeneity,
    History,
    Table,
    count_table,
    counts_differ,
    means_differ,
    rate_table,
    rates_differ,
)
from transforms.small.shrink import NO_GROUP, Shrunk, shrink_counts, shrink_means, shrink_rates

FALSE_SHARE: Final = 0.05
FEWEST: Final = 5
"""Responses or values under which nothing is said of anyone: three answers give no verdict, whatever they are."""
_MEDIAN_NOISE: Final = 1.57
"""How many times the variance of a mean a median has."""
ABOVE, BELOW, NOTHING = 1, -1, 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """One entry a unit. `verdict`: 1 above its peers, -1 below, 0 nothing may be said.

    `chance`: that one of its peers' kind shows such a distance, before anything is said of many (NaN without data or
    peers). `own` and `peers`: its result, and the others' in the same months; `shrunk`: what is believed of it.
    `differences`: what was found of the groups.
    """

    verdict: Ints
    chance: Floats
    own: Floats
    peers: Floats
    shrunk: Shrunk
    differences: Heterogeneity


@dataclass(frozen=True, slots=True)
class Pairs:
    """One entry a pair of rows. `verdict`: 1 the first is above the second, -1 below, 0 nothing may be said."""

    first: Ints
    second: Ints
    verdict: Ints
    chance: Floats


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def compare_rates(
    numerators: Floats, denominators: Floats, groups: Ints, *, history: History | None = None, fewest: int = FEWEST
) -> Comparison:
    """Shares of units, or of units × months taken together; `groups` one code a unit, -1 for no peers.

    `history`: numerators and denominators of more months, which tell how restless units are. Give it wherever it is
    there: from one month alone, units whose months vary more than by chance are called different too often.
    Of units with under `fewest` responses nothing is said; they still are peers.
    """
    table = rate_table(numerators, denominators, groups)
    shrunk = shrink_rates(table.actual.sum(axis=1), table.size.sum(axis=1), groups)
    enough = table.size.sum(axis=1) >= fewest
    return _compared(table, shrunk, rates_differ(numerators, denominators, groups, history=history), enough)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def compare_counts(counts: Floats, exposures: Floats, groups: Ints, *, history: History | None = None) -> Comparison:
    """Events per unit of exposure, of units or of units × months taken together."""
    table = count_table(counts, exposures, groups)
    shrunk = shrink_counts(table.actual.sum(axis=1), table.size.sum(axis=1), groups)
    enough = np.ones(len(groups), dtype=bool)
    return _compared(table, shrunk, counts_differ(counts, exposures, groups, history=history), enough)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def compare_means(
    means: Floats, deviations: Floats, counts: Floats, groups: Ints, *, fewest: int = FEWEST
) -> Comparison:
    """Means of units, from standard deviations (of n - 1) and numbers of values (one entry a unit).

    A unit's few values may show too little spread by luck: the larger of its own and the group's counts.
    """
    from scipy.special import stdtr

    differences = means_differ(means, deviations, counts, groups)
    there = np.isfinite(means) & np.isfinite(deviations) & (counts >= 2) & (groups != NO_GROUP)  # noqa: PLR2004
    code = differences.row
    number, own = np.where(there, counts, 0.0), np.where(there, means, 0.0)
    freedom = np.where(there, number - 1, 0.0)
    spread = np.where(there, deviations, 0.0) ** 2
    total, weighted = _others(number, code), _others(number * own, code)
    pooled = _sums(spread * freedom, code) / np.maximum(_sums(freedom, code), 1)
    spread = np.maximum(spread, pooled[code])
    usable = there & (total > 0) & (spread > 0)
    peers = weighted / np.where(total > 0, total, 1)
    middle = _middle(own, number, code)
    chances = []
    for level, noise in ((peers, 1.0), (middle, _MEDIAN_NOISE)):
        around = 1 / np.maximum(number, 1) + noise / np.where(total > 0, total, 1)
        error = np.sqrt(np.where(usable, spread * around, 1))
        chances.append(2 * stdtr(np.maximum(freedom, 1), -np.abs(own - level) / error))
    chance = np.where(usable & (number >= fewest), chances[0], np.nan)
    apart = (chances[1] <= EVIDENCE) & (np.sign(own - peers) == np.sign(own - middle))
    shrunk = shrink_means(means, deviations, counts, groups)
    return _stated(np.where(there, own, np.nan), np.where(usable, peers, np.nan), chance, apart, shrunk, differences)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def compare_pairs(table: Table, differences: Heterogeneity, first: Ints, second: Ints) -> Pairs:
    """Pairs of rows of one group (`pairs_within` gives all): which of the two is above the other.

    `table` by `rate_table` or `count_table`, `differences` what was found on the same. Nothing is said of a pair from
    two groups.
    """
    found, groups = differences, table.groups
    size, expected = table.size.sum(axis=1), table.expected.sum(axis=1)
    actual = table.actual.sum(axis=1)
    rows = found.row
    usable = (size[first] > 0) & (size[second] > 0) & (rows[first] == rows[second]) & (groups[first] != NO_GROUP)
    # Both against what they show together, at the months each was there.
    together = actual[first] + actual[second]
    asked = expected[first] + expected[second]
    level = together / np.where(asked > 0, asked, 1)
    chances = []
    for one, other in ((first, second), (second, first)):
        rate = np.where(asked > 0, level * expected[one] / np.where(size[one] > 0, size[one], 1), 0.0)
        weight = np.where(asked > 0, expected[other] / np.where(asked > 0, asked, 1), 1)
        ratio = expected[one] / np.where(expected[other] > 0, expected[other], 1)
        noise = weight**2 * (found.dispersion[one] + found.dispersion[other] * ratio)
        noise = np.where(noise > 0, noise, 1)
        chances.append(_tail(actual[one], size[one], rate, noise, bounded=table.bounded))
    chance = np.where(usable, _for_freedom(np.maximum(*chances), found, rows[first]), np.nan)
    above = actual[first] * np.where(asked > 0, expected[second], 1) - actual[second] * expected[first]
    admitted = _admitted(chance) & usable & _told_apart(found)[rows[first]]
    return Pairs(first, second, np.where(admitted, np.sign(above), 0).astype(np.int64), chance)


def pairs_within(groups: Ints) -> tuple[Ints, Ints]:
    """All pairs of rows of the same group, as two arrays; units without peers (-1) have none."""
    firsts, seconds = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for group in np.unique(groups[groups != NO_GROUP]):
        rows = np.flatnonzero(groups == group)
        one, other = np.triu_indices(len(rows), 1)
        firsts.append(rows[one])
        seconds.append(rows[other])
    return np.concatenate(firsts), np.concatenate(seconds)


def places(pairs: Pairs, groups: Ints) -> tuple[Ints, Ints]:
    """The best and the worst place (1 is the highest) each unit may have in its group, by what the pairs allow.

    From `pairs_within` of the same groups. Where nothing may be said everyone's places run from 1 to the last.
    """
    count = len(groups)
    lost = np.bincount(pairs.second[pairs.verdict == ABOVE], minlength=count)
    lost = lost + np.bincount(pairs.first[pairs.verdict == BELOW], minlength=count)
    won = np.bincount(pairs.first[pairs.verdict == ABOVE], minlength=count)
    won = won + np.bincount(pairs.second[pairs.verdict == BELOW], minlength=count)
    _, code = np.unique(groups, return_inverse=True)
    members = np.where(groups == NO_GROUP, 1, np.bincount(code)[code]) if count else np.zeros(0, dtype=np.int64)
    return (1 + lost).astype(np.int64), (members - won).astype(np.int64)


def _compared(table: Table, shrunk: Shrunk, differences: Heterogeneity, enough: Flags) -> Comparison:
    size, actual = table.size.sum(axis=1), table.actual.sum(axis=1)
    code = table.peers.code
    inside = table.peers.there
    total = _others(np.where(inside, size, 0), code)
    overall = _others(np.where(inside, actual, 0), code) / np.where(total > 0, total, 1)
    expected = np.zeros(len(size))
    for amounts, events in zip(table.size.T, table.actual.T, strict=True):
        others = _others(np.where(inside, amounts, 0), code)
        found = _others(np.where(inside, events, 0), code) / np.where(others > 0, others, 1)
        expected += amounts * np.where(others > 0, found, overall)
    usable = (size > 0) & (total > 0) & table.peers.there
    peers = np.where(usable, expected / np.where(size > 0, size, 1), np.nan)
    own = np.where(size > 0, actual / np.where(size > 0, size, 1), np.nan)
    asked = table.expected.sum(axis=1)
    ratio = np.where(inside & (asked > 0), actual / np.where(asked > 0, asked, 1), 0.0)
    typical = _middle(ratio, np.where(inside, size, 0), code) * asked / np.where(size > 0, size, 1)
    # Peers that never failed do not make a failure impossible.
    least = 0.5 / (total + 1)
    chances = []
    for level, extra in ((peers, 1.0), (typical, _MEDIAN_NOISE)):
        rate = np.where(usable, np.clip(level, least, 1 - least if table.bounded else np.inf), 0.5)
        noise = differences.dispersion * (1 + extra * size / np.where(total > 0, total, 1))
        chances.append(_tail(actual, np.where(usable, size, 1), rate, noise, bounded=table.bounded))
    near, far = (_for_freedom(each, differences, code) for each in chances)
    chance = np.where(usable & enough, near, np.nan)
    apart = (far <= EVIDENCE) & (np.sign(np.nan_to_num(own - peers)) == np.sign(np.nan_to_num(own - typical)))
    return _stated(own, peers, chance, apart, shrunk, differences)


def _stated(
    own: Floats, peers: Floats, chance: Floats, apart: Flags, shrunk: Shrunk, differences: Heterogeneity
) -> Comparison:
    """What may be said: admitted among all, apart from the group's median too, and believed."""
    side = np.where(np.isfinite(peers), np.sign(np.nan_to_num(own - peers)), 0)
    believed = np.sign(np.nan_to_num(shrunk.value - peers)) == side
    admitted = _admitted(chance) & _told_apart(differences)[differences.row] & believed & apart
    return Comparison(np.where(admitted, side, 0).astype(np.int64), chance, own, peers, shrunk, differences)


def _sums(values: Floats, code: Ints) -> Floats:
    return np.asarray(np.bincount(code, weights=values), dtype=np.float64)


def _others(values: Floats, code: Ints) -> Floats:
    """Sum over the other members of the group."""
    return np.maximum(_sums(values, code)[code] - values, 0)


def _middle(values: Floats, weights: Floats, code: Ints) -> Floats:
    """The weighted median of each unit's group."""
    order = np.lexsort((values, code))
    running = np.cumsum(weights[order])
    each, start = np.unique(code[order], return_index=True)
    before = np.where(start > 0, running[np.maximum(start - 1, 0)], 0.0)
    half = before + _sums(weights, code) / 2
    last = np.append(start[1:], len(order)) - 1
    at = np.clip(np.searchsorted(running, half, side="left"), start, last)
    above = np.clip(np.searchsorted(running, half, side="right"), start, last)
    middle = (values[order][at] + values[order][above]) / 2
    return np.asarray(middle[np.searchsorted(each, code)])


def _tail(actual: Floats, size: Floats, rate: Floats, noise: Floats, *, bounded: bool) -> Floats:
    """Two-sided mid-p chance of such a number at this rate; `noise` times the variance makes it so much smaller."""
    from scipy.special import betainc, gammainc

    events, amount = actual / noise, np.where(size > 0, size, 1) / noise
    if bounded:
        events = np.clip(events, 0, amount)
        at_least = np.where(events > 0, betainc(np.where(events > 0, events, 1), amount - events + 1, rate), 1.0)
        room = amount - events
        more = np.where(room > 0, betainc(events + 1, np.where(room > 0, room, 1), rate), 0.0)
    else:
        mean = amount * rate
        at_least = np.where(events > 0, gammainc(np.where(events > 0, events, 1), mean), 1.0)
        more = gammainc(events + 1, mean)
    middle = (at_least + more) / 2
    return np.asarray(np.minimum(2 * np.minimum(middle, 1 - middle), 1), dtype=np.float64)


def _for_freedom(chance: Floats, found: Heterogeneity, group: Ints) -> Floats:
    """The chance with overdispersion itself only estimated: Student's t in place of the normal distribution."""
    from scipy.special import ndtri, stdtr

    freedom = found.freedom[group]
    wide = 2 * stdtr(np.maximum(freedom, 1), ndtri(np.clip(chance / 2, 1e-300, 0.5)))
    return np.asarray(np.where(freedom > 0, np.maximum(wide, chance), chance))


def _told_apart(found: Heterogeneity) -> Flags:
    """Groups in which anything may be said: evidence of a difference that stands beside the other groups looked at."""
    return _admitted(np.where(found.units > 1, found.chance, np.nan)) & found.differs


def _admitted(chance: Floats) -> Flags:
    """Benjamini and Hochberg's procedure over everything that could be tested."""
    tested = np.isfinite(chance)
    ordered = np.sort(chance[tested])
    bars = FALSE_SHARE * np.arange(1, len(ordered) + 1) / max(len(ordered), 1)
    under = np.flatnonzero(ordered <= bars)
    if not len(under):
        return np.zeros(len(chance), dtype=bool)
    return np.asarray(tested & (np.nan_to_num(chance, nan=1.0) <= ordered[under[-1]]))
