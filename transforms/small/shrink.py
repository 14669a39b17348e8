"""Empirical Bayes: a unit's result drawn towards its peer group as far as its numbers are small; all groups at once.

Rates: beta-binomial. Counts: gamma-Poisson. Means: normal-normal. How much the group's members really differ is not
picked as one value: the marginal likelihood is taken on a grid of it and the estimates are averaged, which has no way
to fail and holds in groups of five as of five thousand. Where several months are given, how much the members differ
is learnt from all of them together, and the group's level from each by itself. Before the data, every share of the own
result in the estimate is equally likely (the uniform shrinkage prior of C. Christiansen and C. Morris, J. Am. Statist.
Assoc. 92 (1997)); the group's level is integrated out approximately, as in REML.

Does not belong here: whether the group's members differ at all (`transforms.small.heterogeneity`), and what may be
said of one of them (`transforms.small.compare`). A shrunk value by itself is no evidence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transforms.numbers import Flags, Floats, Ints

NO_GROUP: Final = -1
"""Group code of a unit without peers: its value stays its own."""

_SHARES = (np.arange(24) + 0.5) / 24
"""Grid of the share that a typical unit's own result has in its estimate."""
_TINY = 1e-12
_PRIOR_FREEDOM = 6.0
"""A unit's own variance counts against the group's as if the group's came from so many values more."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """Shapes as the input's. In the units of the input.

    `value`: the estimate; a unit without data gets its group's. `weight`: the share of the own result in it, 0 to 1.
    `deviation`: standard deviation of what is not known of the true value. `group`: level of the group.
    `between`: standard deviation of the true values in the group. The last two are NaN where the group has no data.
    """

    value: Floats
    weight: Floats
    deviation: Floats
    group: Floats
    between: Floats


@dataclass(frozen=True, slots=True)
class Peers:
    """Which row of a flat array belongs to which group in which month (0, 1, 2 …); `there` are the rows that count.

    `family`: of each of these, the group whatever the month; `families` how many there are.
    """

    code: Ints
    there: Flags
    count: int
    family: Ints
    families: int

    def total(self, values: NDArray[Any]) -> Floats:
        """Sum over the rows that count, of each group and month."""
        found = np.bincount(self.code, weights=np.where(self.there, values, 0.0), minlength=self.count)
        return np.asarray(found, dtype=np.float64)

    def over_months(self, totals: Floats) -> Floats:
        """Sums of a group over its months, one again for each group and month."""
        found = np.bincount(self.family, weights=totals, minlength=self.families)[self.family]
        return np.asarray(found, dtype=np.float64)


def peers_of(groups: Ints, there: Flags) -> Peers:
    """Groups (a code a unit) of flattened units, or units × months; `there` has the shape before flattening."""
    months = there.shape[1] if there.ndim > 1 else 1
    each, unit = np.unique(groups, return_inverse=True)
    code = (unit[:, np.newaxis] * months + np.arange(months)).reshape(-1)
    counted = there.reshape(-1) & np.repeat(groups != NO_GROUP, months)
    return Peers(code, counted, len(each) * months, np.repeat(np.arange(len(each)), months), len(each))


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def shrink_rates(numerators: Floats, denominators: Floats, groups: Ints) -> Shrunk:
    """Shares of units, or of units × months; `groups` one code a unit, -1 for no peers."""
    there = np.isfinite(numerators) & np.isfinite(denominators) & (denominators > 0)
    bottom = np.where(there, denominators, 0.0)
    top = np.clip(np.where(there, numerators, 0.0), 0, bottom)
    return _averaged(_Rates(top.reshape(-1), bottom.reshape(-1), peers_of(groups, there)), there.shape)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def shrink_counts(counts: Floats, exposures: Floats, groups: Ints) -> Shrunk:
    """Events per unit of exposure, of units or of units × months; `groups` one code a unit, -1 for no peers."""
    there = np.isfinite(counts) & np.isfinite(exposures) & (exposures > 0)
    exposed = np.where(there, exposures, 0.0)
    events = np.maximum(np.where(there, counts, 0.0), 0)
    return _averaged(_Counts(events.reshape(-1), exposed.reshape(-1), peers_of(groups, there)), there.shape)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def shrink_means(means: Floats, deviations: Floats, counts: Floats, groups: Ints) -> Shrunk:
    """Means of single values, from their standard deviations and numbers; units, or units × months.

    A unit's own standard deviation is itself drawn towards the group's: of few values it is mostly luck, and in
    skewed amounts a low mean brings a low deviation with it, which would pull the group's level down.
    """
    there = np.isfinite(means) & np.isfinite(counts) & (counts > 0)
    peers = peers_of(groups, there)
    number = np.where(there, counts, 0.0).reshape(-1)
    variance = _pooled_variance(deviations.reshape(-1), number, peers)
    own = np.where(there, means, 0.0).reshape(-1)
    return _averaged(_Means(own, variance / np.where(number > 0, number, 1.0), number > 0, peers), there.shape)


def _pooled_variance(spread: Floats, number: Floats, peers: Peers) -> Floats:
    freedom = np.where(peers.there & np.isfinite(spread), np.maximum(number - 1, 0), 0.0)
    squares = freedom * np.where(freedom > 0, spread, 0.0) ** 2
    total = peers.over_months(peers.total(freedom))
    group = (peers.over_months(peers.total(squares)) / np.where(total > 0, total, 1))[peers.code]
    return np.asarray((squares + _PRIOR_FREEDOM * group) / (freedom + _PRIOR_FREEDOM))


@dataclass(frozen=True, slots=True)
class _Fit:
    """At one point of the grid: of each group its likelihood, level and spread; of each unit the own share and more."""

    likelihood: Floats
    level: Floats
    between: Floats
    weight: Floats
    variance: Floats


class _Rates:
    """Beta-binomial."""

    def __init__(self, top: Floats, bottom: Floats, peers: Peers) -> None:
        self.peers, self.top, self.bottom, self.has_data = peers, top, bottom, bottom > 0
        self.own = top / np.where(bottom > 0, bottom, 1)
        self.typical = _harmonic(bottom, peers)

    def fit(self, share: float, *, likely: bool = True) -> _Fit:
        from scipy.special import betaln

        peers = self.peers
        strength = self.typical * (1 - share) / share
        weight = self.bottom / (self.bottom + strength[peers.code])
        level = _level(self.own, weight, peers)
        a = (level * strength)[peers.code] + _TINY
        b = ((1 - level) * strength)[peers.code] + _TINY
        likelihood = np.zeros(peers.count)
        if likely:
            likelihood = peers.total(betaln(self.top + a, self.bottom - self.top + b) - betaln(a, b))
        mixed = np.clip(weight * self.own + (1 - weight) * level[peers.code], 0, 1)
        spread = level * (1 - level) / (strength + 1)
        likelihood = likelihood + _level_known(spread, weight, peers)
        variance = mixed * (1 - mixed) / (self.bottom + strength[peers.code] + 1)
        return _Fit(likelihood, level, np.sqrt(spread), weight, variance)


class _Counts:
    """Gamma-Poisson."""

    def __init__(self, events: Floats, exposed: Floats, peers: Peers) -> None:
        self.peers, self.events, self.exposed, self.has_data = peers, events, exposed, exposed > 0
        self.own = events / np.where(exposed > 0, exposed, 1)
        self.typical = _harmonic(exposed, peers)

    def fit(self, share: float, *, likely: bool = True) -> _Fit:
        from scipy.special import gammaln

        peers = self.peers
        strength = self.typical * (1 - share) / share
        weight = self.exposed / (self.exposed + strength[peers.code])
        level = _level(self.own, weight, peers)
        shape, rate = (level * strength)[peers.code] + _TINY, strength[peers.code]
        odds = shape * np.log(rate / (rate + self.exposed)) - self.events * np.log(rate + self.exposed)
        likelihood = np.zeros(peers.count)
        if likely:
            likelihood = peers.total(gammaln(self.events + shape) - gammaln(shape) + odds)
        spread = level / strength
        likelihood = likelihood + _level_known(spread, weight, peers)
        mixed = weight * self.own + (1 - weight) * level[peers.code]
        return _Fit(likelihood, level, np.sqrt(spread), weight, mixed / (self.exposed + rate))


class _Means:
    """Normal-normal, with the variance of each mean taken as known."""

    def __init__(self, own: Floats, variance: Floats, has_data: Flags, peers: Peers) -> None:
        self.peers, self.own, self.has_data = peers, own, has_data
        # Identical values everywhere: any spread will do, since nothing is drawn anywhere.
        safe = np.where(peers.there & (variance > 0), variance, 0.0)
        some = peers.over_months(peers.total((safe > 0).astype(np.float64)))
        mean_variance = peers.over_months(peers.total(safe)) / np.where(some > 0, some, 1)
        fallback = np.where(some > 0, mean_variance, 1.0)[peers.code]
        self.variance = np.where(safe > 0, safe, fallback)
        self.typical = 1 / _harmonic(1 / self.variance, peers)

    def fit(self, share: float, *, likely: bool = True) -> _Fit:
        peers = self.peers
        spread = self.typical * share / (1 - share)
        total = spread[peers.code] + self.variance
        weight = np.where(peers.there, spread[peers.code] / total, 0.0)
        level = _level(self.own, weight, peers)
        residual = (self.own - level[peers.code]) ** 2 / total
        likelihood = (
            np.zeros(peers.count)
            if not likely
            else -0.5 * peers.total(np.log(total / self.typical[peers.code]) + residual)
        )
        likelihood = likelihood + _level_known(spread / self.typical, weight, peers)
        return _Fit(likelihood, level, np.sqrt(spread), weight, spread[peers.code] * (1 - weight))


def _harmonic(sizes: Floats, peers: Peers) -> Floats:
    """The size of a typical unit; the harmonic mean, since the small ones are drawn furthest."""
    members = peers.over_months(peers.total(np.ones(len(sizes))))
    inverse = peers.over_months(peers.total(1 / np.where(sizes > 0, sizes, 1)))
    return np.where(members > 0, members / np.where(inverse > 0, inverse, 1), 1.0)


def _level(own: Floats, weight: Floats, peers: Peers) -> Floats:
    total = peers.total(weight)
    return np.asarray(peers.total(weight * own) / np.where(total > 0, total, 1))


def _level_known(spread: Floats, weight: Floats, peers: Peers) -> Floats:
    """Logarithm of how sharply the group's level is known: it is integrated out, not picked."""
    total = peers.total(weight)
    return np.asarray(0.5 * np.log((spread + _TINY) / np.where(total > 0, total, 1)))


def _averaged(model: _Rates | _Counts | _Means, shape: tuple[int, ...]) -> Shrunk:
    peers = model.peers
    chance = _chances(model.fit, peers)
    parts = {name: np.zeros(len(peers.code)) for name in ("value", "weight", "square")}
    level, between = np.zeros(peers.count), np.zeros(peers.count)
    for share, row in zip(_SHARES, chance, strict=True):
        fit = model.fit(float(share), likely=False)
        each = row[peers.code]
        value = fit.weight * model.own + (1 - fit.weight) * fit.level[peers.code]
        parts["value"] += each * value
        parts["weight"] += each * fit.weight
        parts["square"] += each * (fit.variance + value**2)
        level += row * fit.level
        between += row * fit.between
    spread = np.sqrt(np.maximum(parts["square"] - parts["value"] ** 2, 0))
    return _shaped(model, parts, spread, level, between, shape)


def _shaped(
    model: _Rates | _Counts | _Means, parts: dict[str, Floats], spread: Floats, level: Floats, between: Floats,
    shape: tuple[int, ...],
) -> Shrunk:  # fmt: skip
    peers = model.peers
    own = np.where(model.has_data, model.own, np.nan)
    lonely = peers.total(np.ones(len(peers.code))) == 0
    return Shrunk(
        *(
            np.where(lonely[peers.code], outside, inside).reshape(shape)
            for inside, outside in (
                (parts["value"], own),
                (np.where(peers.there, parts["weight"], 0.0), model.has_data * 1.0),
                (spread, np.nan),
                (level[peers.code], np.nan),
                (between[peers.code], np.nan),
            )
        )
    )


def _chances(fit: Callable[[float], _Fit], peers: Peers) -> Floats:
    """How likely each point of the grid is for each group: grid × groups, summing to 1."""
    logs = np.stack([peers.over_months(fit(float(share)).likelihood) for share in _SHARES])
    logs = np.where(np.isfinite(logs), logs, -np.inf)
    best = logs.max(axis=0)
    weights = np.exp(logs - np.where(np.isfinite(best), best, 0))
    total = weights.sum(axis=0)
    return np.where(total > 0, weights / np.where(total > 0, total, 1), 1 / len(_SHARES))
