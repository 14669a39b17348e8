"""The scan by running sums gives what fitting every split by least squares gives."""

import numpy as np
import pytest

from transforms.change.carry import Filters
from transforms.change.noise import Pieces, measure, split, whole
from transforms.change.scan import FEWEST_AFTER, FEWEST_BEFORE, scan
from transforms.numbers import Floats


def whitening(partial: list[float], length: int) -> Floats:
    """The filter as a matrix, from the inverse Cholesky factor of the covariances."""
    predictor: list[float] = []
    correlations, error = [1.0], 1.0
    for order, latest in enumerate(partial, start=1):
        known = sum(one * correlations[order - back - 1] for back, one in enumerate(predictor))
        correlations.append(known + latest * error)
        predictor = [one - latest * two for one, two in zip(predictor, predictor[::-1], strict=True)] + [latest]
        error *= 1 - latest**2
    while len(correlations) < length:
        correlations.append(sum(one * correlations[-back - 1] for back, one in enumerate(predictor)))
    apart = np.abs(np.subtract.outer(np.arange(length), np.arange(length)))
    factor = np.linalg.cholesky(np.array(correlations)[apart])
    return np.asarray(np.linalg.inv(factor) * np.sqrt(error))


def left(matrix: Floats, values: Floats, *shapes: Floats) -> float:
    design = matrix @ np.column_stack(shapes)
    fitted = design @ np.linalg.lstsq(design, matrix @ values, rcond=None)[0]
    return float(((matrix @ values - fitted) ** 2).sum())


@pytest.mark.parametrize(
    ("partial", "length"),
    [
        pytest.param([0.0, 0.0, 0.0, 0.0], 20, id="nothing carries over"),
        pytest.param([0.5, -0.3, 0.2, 0.4], 20, id="much carries over"),
        pytest.param([-0.3, 0.0, 0.1, -0.1], 31, id="noise that makes up for itself"),
        pytest.param([0.6, 0.1, 0.0, 0.0], 7, id="shortest that can be split"),
    ],
)
def test_every_split_is_weighed_as_least_squares_would(partial: list[float], length: int) -> None:
    random = np.random.default_rng(length)
    values = random.standard_normal(length) + 2 * (np.arange(length) >= length // 2)
    # Another row of another length, and rubbish after the end, must not matter.
    table = np.full((2, length + 4), 99.0)
    table[0, :length], table[1] = values, random.standard_normal(length + 4)
    filters = Filters(np.array([partial, [0.1, 0.0, 0.0, 0.0]]))
    found = scan(table, np.array([length, length + 4]), filters, np.zeros(2), 0)

    matrix, time, one = whitening(partial, length), np.arange(float(length)), np.ones(length)
    splits = range(FEWEST_BEFORE, length - FEWEST_AFTER + 1)
    edge = [np.log(length / (2 * min(at, length - at))) for at in splits]
    steps = [(time >= at).astype(float) for at in splits]
    bends = [np.maximum(time - at + 1.0, 0) for at in splits]
    level, line = left(matrix, values, one), left(matrix, values, one, time)
    wanted = [
        [length * np.log(level / left(matrix, values, one, step)) for step in steps],
        [length * np.log(line / left(matrix, values, one, time, step)) for step in steps],
        [length * np.log(line / left(matrix, values, one, time, bend)) for bend in bends],
    ] - np.array(edge)
    np.testing.assert_allclose(found.gain[0], wanted.max(axis=1), rtol=1e-9)
    np.testing.assert_array_equal(found.at[0], wanted.argmax(axis=1) + FEWEST_BEFORE)
    np.testing.assert_allclose(found.line[0], length * np.log(level / line), rtol=1e-9)


def test_a_segment_too_short_to_split_has_no_split() -> None:
    found = scan(np.ones((1, 6)), np.array([6]), Filters.none(1), np.zeros(1), 0)
    assert not np.isfinite(found.gain).any()


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8])
def test_a_step_does_not_pass_for_noise_that_carries_over(phi: float) -> None:
    random = np.random.default_rng(3)
    drawn = random.standard_normal((300, 200))
    noise = np.zeros_like(drawn)
    for at in range(1, 200):
        noise[:, at] = phi * noise[:, at - 1] + np.sqrt(1 - phi**2) * drawn[:, at]
    stepped = noise + 4.0 * (np.arange(200) >= 70)
    lengths = np.full(300, 200)
    seen = [float(measure(series, lengths)[1].mean()) for series in (noise, stepped)]
    assert seen[0] == pytest.approx(phi, abs=0.08)
    assert seen[1] == pytest.approx(seen[0], abs=0.08)


def test_pieces_stay_in_order_when_split() -> None:
    pieces = split(whole(np.array([10, 5])), np.array([True, False]), np.array([4, 0]))
    pieces = split(pieces, np.array([False, True, False]), np.array([0, 2, 0]))
    wanted = Pieces(np.array([0, 0, 0, 1]), np.array([0, 4, 6, 0]), np.array([4, 2, 4, 5]))
    for name in Pieces.__slots__:
        np.testing.assert_array_equal(getattr(pieces, name), getattr(wanted, name))
