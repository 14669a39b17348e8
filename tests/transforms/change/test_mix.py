"""The parts of a change add up to it, whatever the segments do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.change.mix import parts_of_rate, parts_of_total
from transforms.numbers import Floats

SEGMENTS = 4
amounts = st.lists(st.one_of(st.just(0.0), st.floats(-1e4, 1e6)), min_size=SEGMENTS, max_size=SEGMENTS)
volumes = st.lists(st.one_of(st.just(0.0), st.integers(1, 5000).map(float)), min_size=SEGMENTS, max_size=SEGMENTS)


def row(*values: float) -> Floats:
    return np.array([values], dtype=np.float64)


@given(amounts, volumes, amounts, volumes)
def test_parts_of_a_total_add_up(value0: list[float], volume0: list[float], value1: list[float], volume1: list[float]) -> None:  # fmt: skip # noqa: E501
    parts = parts_of_total(row(*value0), row(*volume0), row(*value1), row(*volume1))
    total = parts.volume + parts.mix.sum(axis=1) + parts.rate.sum(axis=1) + parts.other
    size = max(map(abs, [*value0, *value1, 1.0])) * 5000
    np.testing.assert_allclose(parts.change, sum(value1) - sum(value0), atol=1e-9 * size)
    np.testing.assert_allclose(total, parts.change, atol=1e-9 * size)
    back = parts_of_total(row(*value1), row(*volume1), row(*value0), row(*volume0))
    np.testing.assert_allclose(back.mix, -parts.mix, atol=1e-9 * size)
    np.testing.assert_allclose(back.rate, -parts.rate, atol=1e-9 * size)


@given(amounts, volumes, amounts, volumes)
def test_parts_of_a_rate_add_up(value0: list[float], volume0: list[float], value1: list[float], volume1: list[float]) -> None:  # fmt: skip # noqa: E501
    top = [[v if n else 0 for v, n in zip(*side, strict=True)] for side in ((value0, volume0), (value1, volume1))]
    parts = parts_of_rate(row(*top[0]), row(*volume0), row(*top[1]), row(*volume1))
    if not (sum(volume0) and sum(volume1)):
        assert np.isnan(parts.change).all()
        return
    size = max(map(abs, [*value0, *value1, 1.0]))
    wanted = sum(top[1]) / sum(volume1) - sum(top[0]) / sum(volume0)
    np.testing.assert_allclose(parts.change, wanted, atol=1e-9 * size)
    np.testing.assert_allclose(parts.mix.sum() + parts.rate.sum(), wanted, atol=1e-9 * size)


@pytest.mark.parametrize(
    ("before", "after", "volume", "mix", "rate"),
    [
        pytest.param(((100, 100), (10, 10)), ((200, 200), (20, 20)), 200, 0, 0, id="twice as much of everything"),
        pytest.param(((100, 100), (10, 10)), ((110, 110), (10, 10)), 0, 0, 20, id="each brings a tenth more"),
        pytest.param(((100, 300), (10, 10)), ((50, 450), (5, 15)), 0, 100, 0, id="more of what brings more"),
        pytest.param(((100, 0), (10, 0)), ((100, 300), (10, 10)), 150, 150, 0, id="a new segment has no rate change"),
        pytest.param(((100, 300), (10, 10)), ((100, 0), (10, 0)), -150, -150, 0, id="a segment that is gone"),
        pytest.param(((0, 0), (0, 0)), ((100, 300), (10, 10)), 400, 0, 0, id="from nothing"),
    ],
)  # fmt: skip
def test_a_change_is_called_what_it_is(
    before: tuple[tuple[float, ...], ...], after: tuple[tuple[float, ...], ...], volume: float, mix: float, rate: float
) -> None:
    parts = parts_of_total(row(*before[0]), row(*before[1]), row(*after[0]), row(*after[1]))
    found = (parts.volume[0], parts.mix.sum(), parts.rate.sum(), parts.other[0])
    assert found == pytest.approx((volume, mix, rate, 0), abs=1e-9)


def test_value_without_volume_is_told_apart() -> None:
    parts = parts_of_total(row(100, 0), row(10, 0), row(100, -30), row(10, 0))
    assert (parts.change.tolist(), parts.other.tolist()) == ([-30.0], [-30.0])


def test_a_rate_that_falls_in_every_segment_can_rise_by_mix() -> None:
    parts = parts_of_rate(row(90, 20), row(100, 100), row(170, 1), row(190, 10))
    assert parts.rate.max() < 0 < parts.mix.sum()
    assert parts.change[0] > 0


def test_what_is_missing_counts_as_nothing() -> None:
    gap = parts_of_total(row(100, np.nan), row(10, np.nan), row(100, 50), row(10, 5))
    none = parts_of_total(row(100, 0), row(10, 0), row(100, 50), row(10, 5))
    for name in ("change", "volume", "mix", "rate", "other"):
        np.testing.assert_array_equal(getattr(gap, name), getattr(none, name))
