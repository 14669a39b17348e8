"""How far the ends of score intervals must be moved outwards, so that exact coverage never falls below 93%.

Wilson's interval covers 95% on average and is short, but at some true rates far less: 83% where a single failure is
first excluded, at any number of responses. Coverage is lowest just below a lower end and just above an upper one, so
it is enough to look there. Where the exact probability falls short at such a place, that end is moved outwards to
where it no longer does, and only that end: all others stay Wilson's. The same holds for counts (Poisson), the limit
of rates of many responses.

A correction is a factor (1 or less) on the distance of an end from 0 (lower) or from 1 (upper). It is tabulated for
up to 100 responses, and on a grid of larger numbers, where only the first few counts need one.

Source of the idea: L. Brown, T. Cai and A. DasGupta, Interval estimation for a binomial proportion, Statistical
Science 16 (2001), section 4.1, who replace the first ends by Poisson limits. Here the exact distribution says which.

Does not belong here: the intervals themselves (`transforms.small.intervals`).
"""

import functools
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from transforms.numbers import Floats, Ints

Z: Final = 1.959963984540054
"""Standard normal quantile of a two-sided 95% interval."""
LEAST_COVERAGE: Final = 0.93
TABULATED: Final = 100
"""Numbers of responses up to which every correction is tabulated."""
CORRECTED: Final = 40
"""Counts from here on need none where there are more responses than tabulated."""

_TARGET = LEAST_COVERAGE + 2e-4
_STEPS = 52
_OUTSIDE = np.inf
_LARGE = np.unique(np.round([*TABULATED * 1.02 ** np.arange(117), *TABULATED * 1.25 ** np.arange(10, 50), 1e9]))

_Below = Callable[[Ints, Floats], Floats]
"""Chance of at most so many, one row each: (rows × any, the same) -> the same."""


def wilson(numerator: Floats, denominator: Floats) -> tuple[Floats, Floats]:
    """Wilson's score interval at 95%; the denominators must be positive."""
    share = numerator / denominator
    width = Z * np.sqrt(denominator * share * (1 - share) + Z * Z / 4)
    middle, total = numerator + Z * Z / 2, denominator + Z * Z
    return np.maximum(middle - width, 0) / total, np.minimum((middle + width) / total, 1)


def score_of_count(count: Floats) -> tuple[Floats, Floats]:
    """The score interval of a Poisson mean at 95%, in events."""
    width = Z * np.sqrt(count + Z * Z / 4)
    return np.maximum(count + Z * Z / 2 - width, 0), count + Z * Z / 2 + width


@functools.cache
def rate_corrections() -> Floats:
    """Factors on the lower end: [responses 0 to 100, numerator 0 to 100]; 1 outside the triangle."""
    from scipy.special import bdtr

    responses = np.arange(1, TABULATED + 1)[:, np.newaxis]
    numerators = np.arange(TABULATED + 1)[np.newaxis, :]
    inside = numerators <= responses
    first = np.where(inside, wilson(_floats(np.minimum(numerators, responses)), _floats(responses))[0], _OUTSIDE)
    mirrored = np.clip(responses - numerators, 0, None)

    def upper(lower: Floats) -> Floats:
        return np.where(inside, 1 - np.take_along_axis(lower, mirrored, axis=1), _OUTSIDE)

    def below(most: Ints, rate: Floats) -> Floats:
        chance = bdtr(np.clip(most, 0, responses).astype(np.float64), responses, np.clip(rate, 0, 1))
        return np.where(most < 0, 0.0, chance)

    corrected = _corrected(first, upper, below)
    factors = np.ones((TABULATED + 1, TABULATED + 1))
    factors[1:] = np.where(
        inside & (numerators > 0), np.where(inside, corrected, 1) / np.where(inside & (numerators > 0), first, 1), 1
    )
    return factors


@functools.cache
def large_corrections() -> tuple[Floats, Floats]:
    """For more responses than tabulated: numbers of responses, rising, and factors [those, numerator 0 to 40].

    Between two of them the smaller factor of both is enough.
    """
    from scipy.special import bdtr

    responses = _LARGE[:, np.newaxis]
    ends = wilson(_floats(np.arange(CORRECTED + 1))[np.newaxis, :], responses)

    def below(most: Ints, rate: Floats) -> Floats:
        return np.where(most < 0, 0.0, bdtr(np.maximum(most, 0) * 1.0, responses.astype(np.int64), np.clip(rate, 0, 1)))

    return _LARGE, _factors(_corrected(ends[0], lambda _: ends[1], below), ends[0])


@functools.cache
def count_corrections() -> Floats:
    """Factors on the lower end of a Poisson mean, by count 0 to 40."""
    from scipy.special import pdtr

    ends = score_of_count(_floats(np.arange(CORRECTED + 1))[np.newaxis, :])

    def below(most: Ints, mean: Floats) -> Floats:
        return _floats(np.where(most < 0, 0.0, pdtr(_floats(np.maximum(most, 0)), mean)))

    return _floats(_factors(_corrected(ends[0], lambda _: ends[1], below), ends[0])[0])


def _factors(corrected: Floats, first: Floats) -> Floats:
    return _floats(np.where(first > 0, corrected / np.where(first > 0, first, 1), 1))


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _corrected(first: Floats, upper: Callable[[Floats], Floats], below: _Below) -> Floats:
    """Lower ends (rows × counts) moved down until coverage just below each is enough. Ends rise along a row."""
    lower = first.copy()
    counts = np.arange(lower.shape[1])[np.newaxis, :]
    last = counts.max()

    def coverage(ends: Floats, most: Ints, at: Floats) -> Floats:
        """Chance of a count up to `most` whose upper end still reaches `at`."""
        fewest = np.stack([(ends < column[:, np.newaxis]).sum(axis=1) for column in at.T], axis=1)
        return below(most, at) - below(np.minimum(fewest, last) - 1, at)

    for _ in range(4 * CORRECTED):
        ends = upper(lower)
        fewest = (ends[:, np.newaxis, :] < lower[:, :, np.newaxis]).sum(axis=2)
        covered = below(counts - 1 + 0 * fewest, lower) - below(fewest - 1, lower)
        short = (covered < _TARGET - 1e-9) & (counts > 0) & np.isfinite(lower)
        if not short.any():
            break
        place = short.argmax(axis=1)[:, np.newaxis]
        high = np.take_along_axis(lower, place, axis=1)
        low = np.take_along_axis(lower, np.maximum(place - 1, 0), axis=1)
        for _ in range(_STEPS):
            middle = (low + high) / 2
            enough = coverage(ends, place - 1, middle) >= _TARGET
            low, high = np.where(enough, middle, low), np.where(enough, high, middle)
        moved = np.where(short.any(axis=1, keepdims=True), low, np.take_along_axis(lower, place, axis=1))
        lower = lower.copy()
        np.put_along_axis(lower, place, moved, axis=1)
    return lower
