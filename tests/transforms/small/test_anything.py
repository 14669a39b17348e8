"""Whatever stands in the arrays (missing, negative, infinite, fractions, nothing): an answer, never an error."""

import numpy as np
import pytest

from transforms.small.compare import compare_counts, compare_means, compare_pairs, compare_rates, pairs_within, places
from transforms.small.heterogeneity import rate_table
from transforms.small.intervals import count_interval, mean_interval, median_interval, rate_interval
from transforms.small.limits import count_limits, rate_limits
from transforms.small.shrink import shrink_counts, shrink_means, shrink_rates

ODD = np.array([0, 0, 1, 2, 3, 5, 10, 0.5, 7.25, 100, 1e9, -1, np.nan, np.nan, np.inf, -np.inf, 1e-12, 1e300])


@pytest.mark.parametrize("units", [0, 1, 2, 7])
@pytest.mark.parametrize("months", [0, 1, 5])
def test_any_arrays_have_an_answer(units: int, months: int) -> None:
    rng = np.random.default_rng(units * 10 + months)
    for _ in range(5):
        a, b, c = (rng.choice(ODD, (units, months)) for _ in range(3))
        group = rng.integers(-1, 3, units)
        for low, high in (rate_interval(a, b), count_interval(a, b), mean_interval(a, b, c), median_interval(a)):
            assert not (low > high).any()
        for limits in (rate_limits(a, b), count_limits(a, b)):
            assert np.isin(limits.outside, (-1, 0, 1)).all()
        for shrunk in (shrink_rates(a, b, group), shrink_counts(a, b, group), shrink_means(a, b, c, group)):
            assert shrunk.value.shape == a.shape
        for found in (compare_rates(a, b, group), compare_counts(a, b, group)):
            assert np.isin(found.verdict, (-1, 0, 1)).all()
            assert ((found.differences.chance >= 0) & (found.differences.chance <= 1)).all()
        pairs = compare_pairs(rate_table(a, b, group), compare_rates(a, b, group).differences, *pairs_within(group))
        best, worst = places(pairs, group)
        assert (best <= worst).all()
        if months:
            assert compare_means(a[:, 0], b[:, 0], c[:, 0], group).verdict.shape == (units,)
