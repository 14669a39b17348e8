"""Is there any difference between the members of a peer group at all? All groups at once.

Without evidence that they differ nobody may be called above or below the others, and no order may be shown.

Rates and counts: Pearson's chi-square over the members, each against what the group shows in the same months. Its
exact mean and variance, given the totals, are known however small the numbers are, and a gamma distribution has the
same. Where numbers are small and the answer is close, the exact conditional distribution decides: 999 tables with the
same totals, drawn with a fixed seed, so that the same group always gets the same answer.
Where several months are given, a unit's own months may vary more than chance makes them, beyond what all its peers
show: then that is the yardstick (an F test), so that restlessness is not taken for a lasting difference.
Means: the test of Brown and Forsythe, which bears unequal and skewed variation better than Welch's.

Sources: J. Haldane, Biometrika 31 (1940); R. Dawson, A simplified expression for the variance of the χ² function on a
contingency table, Biometrika 41 (1954); M. Brown and A. Forsythe, Technometrics 16 (1974), with the degrees of
freedom of D. Mehrotra, Communications in Statistics 26 (1997).

Does not belong here: which member differs (`transforms.small.compare`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.numbers import Flags, Floats, Ints
from transforms.small.shrink import Peers, peers_of

EVIDENCE: Final = 0.05

History = tuple[Floats, Floats]

_SEED = 20_260_131
_DRAWS = 999
_FEW, _CLOSE = 5.0, (0.0005, 0.3)
_SOME, _CLOSER = 50.0, (0.03, 0.07)
_FEW_MEMBERS = 10
"""Variance of a member's number below which tables are drawn, and the chances by gamma distribution for which; in
small groups also with larger numbers, since few members' chi-square takes few values."""
_MOST_DRAWN = 1_000_000


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """One entry a group, by rising group code.

    `row`: of each unit, the entry of its group. `chance`: that members alike show such differences, 0 to 1; 1 where
    nothing can be told. `units`: members with data. `dispersion` (one entry a unit): how many times the variance of
    chance its total over the months has (1 and more), by how its group's months vary; measured with so many degrees
    of `freedom` (0: not measured, taken as 1).
    """

    group: Ints
    row: Ints
    chance: Floats
    units: Ints
    dispersion: Floats
    freedom: Floats

    @property
    def differs(self) -> Flags:
        """Groups whose members differ beyond doubt, one entry a group."""
        return self.chance <= EVIDENCE


@dataclass(frozen=True, slots=True)
class Table:
    """Units × months of a rate or a count, what the group shows in the same months, and what is left.

    `expected`: what each unit would have at its group's rate of the month. `noise`: the variance chance gives it.
    `bounded`: a rate, which cannot pass 1; otherwise a count.
    """

    actual: Floats
    size: Floats
    expected: Floats
    noise: Floats
    there: Flags
    peers: Peers
    groups: Ints
    bounded: bool


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def rates_differ(
    numerators: Floats, denominators: Floats, groups: Ints, *, history: History | None = None
) -> Heterogeneity:
    """Shares of units, or of units × months; `groups` one code a unit, -1 for no peers.

    `history`: numerators and denominators of more months (units × months, the same rows), which tell how restless a
    unit's months are. One month by itself cannot tell, and is taken to vary by chance alone.
    """
    table = rate_table(numerators, denominators, groups)
    past = None if history is None else rate_table(*history, groups)
    units = table.peers
    size, actual = table.size.sum(axis=1), table.actual.sum(axis=1)
    total, hits = units.total(size), units.total(actual)
    misses, members = total - hits, units.total((size > 0) * 1.0)
    inverse = units.total(1 / np.where(size > 0, size, 1) * (size > 0))
    enough = (members > 1) & (hits > 0) & (misses > 0) & (total > 3)  # noqa: PLR2004 the variance needs four
    n, k = np.where(enough, total, 4), np.where(enough, members, 2)
    x = np.where(enough, hits, 2)
    mean = (k - 1) * n / (n - 1)
    rows = (n / (x * (n - x)) - 4 / n) / (n - 2)
    columns = np.maximum(np.where(enough, inverse, 1) - k * k / n, 0) / (n - 2)
    first = (n - 2) / (n - 1) - rows
    variance = 2 * n / (n - 3) * first * ((k - 1) * (n - k) / (n - 1) - columns) + n * n / (n - 1) * rows * columns
    return _judged(table, past, mean, np.where(enough, variance, np.nan))


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def counts_differ(counts: Floats, exposures: Floats, groups: Ints, *, history: History | None = None) -> Heterogeneity:
    """Events per unit of exposure, of units or of units × months; arguments as for rates."""
    table = count_table(counts, exposures, groups)
    past = None if history is None else count_table(*history, groups)
    units = table.peers
    expected = table.expected.sum(axis=1)
    members, total = units.total((expected > 0) * 1.0), units.total(expected)
    enough = (members > 1) & (total > 1)
    n, k = np.where(enough, total, 2), np.where(enough, members, 2)
    inverse = units.total(n[units.code] / np.where(expected > 0, expected, 1) * (expected > 0))
    variance = 2 * (k - 1) + (np.where(enough, inverse, k * k) - k * k - 2 * k + 2) / n
    return _judged(table, past, k - 1, np.where(enough, variance, np.nan))


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def means_differ(means: Floats, deviations: Floats, counts: Floats, groups: Ints) -> Heterogeneity:
    """Means of units, from their standard deviations (of n - 1) and numbers of values (one entry a unit).

    For months that vary by themselves give the mean and deviation of each unit's months, and how many they are.
    """
    from scipy.special import fdtrc

    there = np.isfinite(means) & np.isfinite(deviations) & (counts >= 2)  # noqa: PLR2004 one value shows no spread
    peers = peers_of(groups, there)
    number = np.where(there, counts, 0.0)
    square = np.where(there, deviations, 0.0) ** 2
    own = np.where(there, means, 0.0)
    total, members = peers.total(number), peers.total(there * 1.0)
    safe = np.where(total > 0, total, 1.0)
    level = peers.total(number * own) / safe
    between = peers.total(number * (own - level[peers.code]) ** 2)
    part = (1 - number / safe[peers.code]) * square
    within = peers.total(part)
    enough = (members > 1) & (within > 0)
    noise = np.where(enough, within, 1.0)
    spread = peers.total(square**2) + (peers.total(number * square) / safe) ** 2
    spread = spread - 2 * peers.total(number * square**2) / safe
    freedom = noise**2 / np.where(enough, peers.total(part**2 / np.maximum(number - 1, 1)), 1)
    first = noise**2 / np.where(enough & (spread > 0), spread, noise**2)
    chance = np.nan_to_num(np.where(enough, fdtrc(first, freedom, between / noise), 1.0), nan=1.0)
    units = peers.total(np.ones(len(groups))).astype(np.int64)
    return Heterogeneity(np.unique(groups), peers.code, chance, units, np.ones(len(groups)), np.zeros(peers.count))


def rate_table(numerators: Floats, denominators: Floats, groups: Ints) -> Table:
    """Units × months beside what their group shows in the same month. One month may be given as units alone."""
    actual, size, there = _filled(numerators, denominators)
    actual = np.minimum(actual, size)
    rate, peers = _group_rate(actual, size, there, groups)
    return Table(actual, size, size * rate, size * rate * (1 - rate), there, peers, groups, bounded=True)


def count_table(counts: Floats, exposures: Floats, groups: Ints) -> Table:
    """The same for events and their exposure."""
    actual, size, there = _filled(counts, exposures)
    rate, peers = _group_rate(actual, size, there, groups)
    return Table(actual, size, size * rate, size * rate, there, peers, groups, bounded=False)


def similarity(table: Table) -> tuple[Floats, Floats]:
    """How alike the events of one unit's month are (0: as independent as by chance), and its degrees of freedom.

    One entry a group, from what is left of each unit's months when its own level and its group's months are taken out:
    the correlation within a month of a beta-binomial, or the square of the gamma's coefficient of variation for counts.
    """
    peers = table.peers
    difference = table.actual - table.expected
    size = table.size.sum(axis=1, keepdims=True)
    own = table.size / np.where(size > 0, size, 1) * difference.sum(axis=1, keepdims=True)
    used = table.there & (table.noise > 0)
    left = np.where(used, (difference - own) ** 2 / np.where(used, table.noise, 1), 0.0).sum(axis=1)
    cells, members = peers.total(np.asarray(used.sum(axis=1)) * 1.0), peers.total(np.asarray(used.any(axis=1)) * 1.0)
    months = sum((peers.total(column * 1.0) > 0) * 1.0 for column in used.T)
    freedom = np.maximum(cells - members - np.maximum(months - 1, 0), 0)
    grown = peers.total(np.asarray(np.where(used, _growth(table), 0.0).sum(axis=1))) * freedom / np.maximum(cells, 1)
    found = np.maximum(peers.total(left) - freedom, 0) / np.where(grown > 0, grown, 1)
    return np.where(grown > 0, found, 0), freedom


def _growth(table: Table) -> Floats:
    return np.maximum(table.size - 1, 0) if table.bounded else table.expected


def _dispersion(table: Table, alike: Floats) -> Floats:
    """How many times the variance of chance each unit's total has, with months so much alike in themselves."""
    total = table.noise.sum(axis=1)
    weighted = (table.noise * _growth(table)).sum(axis=1) / np.where(total > 0, total, 1)
    return np.asarray(1 + alike[table.peers.code] * weighted, dtype=np.float64)


def _filled(tops: Floats, bottoms: Floats) -> tuple[Floats, Floats, Flags]:
    tops, bottoms = (part[:, np.newaxis] if part.ndim == 1 else part for part in (tops, bottoms))
    there = np.isfinite(tops) & np.isfinite(bottoms) & (bottoms > 0)
    return np.maximum(np.where(there, tops, 0.0), 0), np.where(there, bottoms, 0.0), there


def _group_rate(actual: Floats, size: Floats, there: Flags, groups: Ints) -> tuple[Floats, Peers]:
    peers = peers_of(groups, np.asarray(there.any(axis=1)))
    rates = np.empty_like(actual)
    for month in range(actual.shape[1]):
        total = peers.total(size[:, month])
        rates[:, month] = (peers.total(actual[:, month]) / np.where(total > 0, total, 1))[peers.code]
    return rates, peers


def _judged(table: Table, past: Table | None, mean: Floats, variance: Floats) -> Heterogeneity:
    """Between the units: a gamma distribution with the exact mean and variance, drawn tables where it is close.

    Groups that cannot be judged have no variance (NaN).
    """
    from scipy.special import fdtrc, gammaincc

    peers = table.peers
    alike, freedom = similarity(table if past is None else past)
    dispersion = _dispersion(table, alike)
    enough = np.isfinite(variance)
    variance = np.where(enough, np.maximum(variance, 1e-9), 1.0)
    distance = _distances(table)
    statistic = peers.total(distance)
    chance = np.where(enough, gammaincc(mean * mean / variance, statistic * mean / variance), 1.0)
    for group in np.flatnonzero(_needs_draws(table, enough, chance)):
        chance[group] = _drawn(table, np.flatnonzero(peers.there & (peers.code == group)), statistic[group])
    restless = (peers.total(dispersion - 1) > 0) & (freedom > 0)
    ratio = peers.total(distance / dispersion) / np.where(mean > 0, mean, 1)
    wider = fdtrc(np.maximum(2 * mean * mean / variance, 1e-6), np.maximum(freedom, 1), ratio)
    chance = np.where(enough & restless, np.maximum(chance, wider), chance)
    chance = np.where(np.isfinite(chance), chance, 1.0)
    units = peers.total(np.ones(len(distance))).astype(np.int64)
    return Heterogeneity(np.unique(table.groups), peers.code, chance, units, dispersion, freedom)


def _distances(table: Table) -> Floats:
    noise = table.noise.sum(axis=1)
    distance = (table.actual.sum(axis=1) - table.expected.sum(axis=1)) ** 2
    return np.where(noise > 0, distance / np.where(noise > 0, noise, 1), 0.0)


def _needs_draws(table: Table, enough: Flags, chance: Floats) -> Flags:
    """Groups with a member of small expected numbers, whole counts, and a chance near where it decides."""
    peers = table.peers
    noise = np.where(table.size.sum(axis=1) > 0, table.noise.sum(axis=1), np.inf)
    few, some = peers.total((noise < _FEW) * 1.0) > 0, peers.total((noise < _SOME) * 1.0) > 0
    near = few & (chance > _CLOSE[0]) & (chance < _CLOSE[1])
    some &= peers.total(np.isfinite(noise) * 1.0) <= _FEW_MEMBERS
    near |= some & (chance > _CLOSER[0]) & (chance < _CLOSER[1])
    actual = table.actual.sum(axis=1)
    whole = actual == np.floor(actual)
    size = table.size.sum(axis=1)
    if table.bounded:
        whole &= size == np.floor(size)
    fits = (peers.total(size) < _MOST_DRAWN) if table.bounded else (peers.total(actual) < _MOST_DRAWN)
    return np.asarray(enough & near & fits & (peers.total(~whole * 1.0) == 0))


def _drawn(table: Table, rows: Ints, statistic: float) -> float:
    """Share of tables with the same totals that differ as much. Members stand by size, so that order never matters."""
    rng = np.random.default_rng(_SEED)
    total = int(table.actual[rows].sum())
    if table.bounded:
        size = np.sort(table.size[rows].sum(axis=1)).astype(np.int64)
        drawn = rng.multivariate_hypergeometric(size, total, size=_DRAWS, method="marginals")
        expected = size * (total / size.sum())
        noise = expected * (1 - total / size.sum())
    else:
        share = np.sort(table.expected[rows].sum(axis=1))
        share = share[share > 0] / share.sum()
        drawn = rng.multinomial(total, share, size=_DRAWS)
        expected = noise = share * total
    distances = ((drawn - expected) ** 2 / noise).sum(axis=1)
    return float((1 + (distances >= statistic * (1 - 1e-9)).sum()) / (_DRAWS + 1))
