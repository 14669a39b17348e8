"""Made-up series with the changes five made-up people marked, and the two measures of how well a method agrees.

The measures are those of van den Burg and Williams (2020), "An evaluation of change point detection algorithms",
arXiv 2003.06222: F1 with a margin of 5, where recall is the mean over annotators and precision counts against all of
them together, the first point being a change for everyone; and the cover of each annotator's segments by the nearest
found ones. The series are our own: nothing here is taken from that paper's collection.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from transforms.numbers import Floats

MARGIN = 5
PEOPLE = 5


@dataclass(frozen=True)
class Annotated:
    family: str
    values: Floats
    marks: tuple[tuple[int, ...], ...]
    """By person: first points of new regimes."""


def f1(marks: tuple[tuple[int, ...], ...], found: list[int]) -> float:
    given = {0, *found}
    everyone = {0}.union(*(set(one) for one in marks))
    precision = _hits(everyone, given) / len(given)
    recall = float(np.mean([_hits({0, *one}, given) / len({0, *one}) for one in marks]))
    return 2 * precision * recall / (precision + recall)


def _hits(truth: set[int], found: set[int]) -> int:
    left, hits = set(found), 0
    for mark in sorted(truth):
        near = sorted((one for one in left if abs(one - mark) <= MARGIN), key=lambda one: (abs(one - mark), one))
        if near:
            left.remove(near[0])
            hits += 1
    return hits


def cover(marks: tuple[tuple[int, ...], ...], found: list[int], length: int) -> float:
    pieces = _segments(found, length)
    each = []
    for one in marks:
        total = 0.0
        for start, stop in _segments(list(one), length):
            best = max((min(stop, b) - max(start, a)) / (max(stop, b) - min(start, a)) for a, b in pieces)
            total += (stop - start) * max(best, 0.0)
        each.append(total / length)
    return float(np.mean(each))


def _segments(cuts: list[int], length: int) -> list[tuple[int, int]]:
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < length}), length]
    return list(itertools.pairwise(edges))


# -- series --------------------------------------------------------------------------------------------------------

Made = tuple[Floats, list[tuple[int, float]]]
"""Values, and true changes with how visible each is (in standard deviations of the noise beside it)."""
Random = np.random.Generator


def noise(random: Random, length: int, phi: float = 0.0, tails: float = 0.0) -> Floats:
    """Autoregressive noise of sd about 1; `tails` > 0: Student's t with so many degrees of freedom."""
    drawn = random.standard_normal(length + 60) if not tails else random.standard_t(tails, length + 60) / 1.3
    kept = np.zeros(length + 60)
    for at in range(1, length + 60):
        kept[at] = phi * kept[at - 1] + np.sqrt(1 - phi**2) * drawn[at]
    return kept[60:]


def _places(random: Random, length: int, count: int) -> list[int]:
    least = max(length // 10, 5)
    while True:
        places = sorted(random.integers(least, length - least, count).tolist())
        if all(b - a >= least for a, b in itertools.pairwise(places)):
            return places


def _steps(random: Random, length: int, phi: float, tails: float = 0.0, most: int = 4) -> Made:
    values, truth = noise(random, length, phi, tails), []
    for at in _places(random, length, int(random.integers(1, most + 1))):
        size = float(random.choice([-1, 1]) * random.uniform(1.5, 6))
        values[at:] += size
        truth.append((at, abs(size)))
    return values, truth


def _white_steps(random: Random) -> Made:
    return _steps(random, int(random.integers(40, 500)), 0.0)


def _slow_steps(random: Random) -> Made:
    return _steps(random, int(random.integers(60, 400)), float(random.uniform(0.3, 0.8)))


def _heavy_steps(random: Random) -> Made:
    return _steps(random, int(random.integers(50, 300)), 0.0, 3.0, 2)


def _short_step(random: Random) -> Made:
    return _steps(random, int(random.integers(15, 40)), 0.0, 0.0, 1)


def _quiet(random: Random) -> Made:
    return noise(random, int(random.integers(20, 500)), float(random.uniform(-0.2, 0.8))), []


def _trending(random: Random) -> Made:
    length = int(random.integers(30, 300))
    return np.linspace(0, random.uniform(-12, 12), length) + noise(random, length, float(random.uniform(0, 0.7))), []


def _bend(random: Random) -> Made:
    length = int(random.integers(30, 250))
    at = int(random.integers(length // 4, 3 * length // 4))
    time, slopes = np.arange(length), random.uniform(-1, 1, 2) * 30 / length
    values = slopes[0] * time + (slopes[1] - slopes[0]) * np.maximum(time - at, 0)
    apart = abs(slopes[1] - slopes[0]) * min(at, length - at) / 2
    return values + noise(random, length, float(random.uniform(0, 0.6))), [(at, float(apart) / 2)]


def _growth_with_crisis(random: Random) -> Made:
    length = int(random.integers(40, 200))
    at = int(random.integers(length // 4, length - 6))
    moves = 0.35 + 0.5 * noise(random, length)
    fall = float(random.uniform(4, 12))
    values = np.cumsum(moves)
    values[at:] -= fall
    return values, [(at, fall / 2)]


def _wandering(random: Random) -> Made:
    return np.cumsum(noise(random, int(random.integers(60, 400)))), []


def _seasonal(random: Random) -> Made:
    length = int(random.integers(48, 240))
    season = np.tile(random.standard_normal(12) * random.uniform(1, 3), length // 12 + 1)[:length]
    values, truth = season + noise(random, length, 0.2), []
    if random.random() < 0.6:
        at, size = int(random.integers(length // 5, 4 * length // 5)), float(random.uniform(2, 6))
        values[at:] += size
        truth = [(at, size / 1.5)]
    return values, truth


def _episode(random: Random) -> Made:
    length = int(random.integers(100, 1500))
    start = int(random.integers(length // 10, length // 2))
    stop = min(start + int(random.integers(15, max(length // 4, 20))), length - 8)
    values, size = noise(random, length, 0.3), float(random.uniform(3, 8))
    values[start:stop] += size
    return values, [(start, size), (stop, size)]


def _outliers(random: Random) -> Made:
    values, truth = _steps(random, int(random.integers(60, 300)), 0.2, 0.0, 1)
    if random.random() < 0.5:
        values, truth = noise(random, len(values), 0.2), []
    spots = random.integers(0, len(values), max(len(values) // 40, 1))
    values[spots] += random.choice([-1, 1], len(spots)) * random.uniform(5, 12, len(spots))
    return values, truth


def _counts(random: Random) -> Made:
    length, rate = int(random.integers(40, 200)), float(random.uniform(0.5, 6))
    at, times = int(random.integers(length // 5, 4 * length // 5)), float(random.choice([0.2, 0.35, 2.5, 4]))
    values = random.poisson(np.where(np.arange(length) < at, rate, rate * times)).astype(np.float64)
    return values, [(at, abs(times - 1) * rate / float(np.sqrt(rate * (1 + times) / 2)))]


def _ramp(random: Random) -> Made:
    length = int(random.integers(50, 300))
    at, steps, size = int(random.integers(length // 5, 4 * length // 5)), int(random.integers(2, 9)), 5.0
    rise = np.clip((np.arange(length) - at + 1) / steps, 0, 1) * size
    return noise(random, length, 0.3) + rise, [(at + steps // 3, size)]


def _restless(random: Random) -> Made:
    """Noise that grows: nothing of level or trend changes."""
    length = int(random.integers(60, 400))
    return noise(random, length) * np.exp(np.linspace(0, random.uniform(0.3, 1.2), length)), []


FAMILIES: dict[str, Callable[[Random], Made]] = {
    "steps": _white_steps, "steps, slow noise": _slow_steps, "steps, heavy tails": _heavy_steps,
    "short, one step": _short_step, "no change": _quiet, "trend": _trending, "bend": _bend,
    "growth with a crisis": _growth_with_crisis, "random walk": _wandering, "season": _seasonal, "episode": _episode,
    "outliers": _outliers, "counts": _counts, "gradual step": _ramp, "growing noise": _restless,
}  # fmt: skip


def annotated(each: int, seed: int = 7) -> list[Annotated]:
    """So many series of every family, with marks."""
    made = []
    for number, (family, make) in enumerate(FAMILIES.items()):
        random = np.random.default_rng([seed, number])
        for _ in range(each):
            values, truth = make(random)
            made.append(Annotated(family, values, _marks(random, len(values), truth)))
    return made


def _marks(random: Random, length: int, truth: list[tuple[int, float]]) -> tuple[tuple[int, ...], ...]:
    """People see what is large, the more surely the larger; are a little off; and now and then see what is not."""
    people = []
    for _ in range(PEOPLE):
        seen = [
            int(np.clip(at + random.integers(-1, 2), 1, length - 1))
            for at, size in truth
            if random.random() < 1 / (1 + np.exp(-2.5 * (size - 1.8)))
        ]
        if random.random() < 0.12:
            seen.append(int(random.integers(5, length - 4)))
        people.append(tuple(sorted(set(seen))))
    return tuple(people)
