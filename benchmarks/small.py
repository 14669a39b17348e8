"""Small numbers against their goals: intervals, shrinkage, limits, heterogeneity, statements about people.

    python -m benchmarks.small [--data FOLDER]

Prints what is measured beside the usual methods and the goal, about two minutes on one core. FOLDER holds
`ae_attendances/ae_attendances.csv` (NHS England, accident and emergency attendances); without it that part is skipped.
Everything drawn is drawn with a fixed seed.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import bdtr, betaincinv, gammaln, pdtr

from transforms.numbers import Flags, Floats, Ints
from transforms.small.compare import compare_pairs, compare_rates, pairs_within
from transforms.small.corrections import Z, wilson
from transforms.small.heterogeneity import counts_differ, means_differ, rate_table, rates_differ
from transforms.small.intervals import count_interval, mean_interval, median_interval, rate_interval
from transforms.small.limits import count_limits, rate_limits
from transforms.small.shrink import shrink_counts, shrink_means, shrink_rates

Interval = tuple[Floats, Floats]
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def floats(values: object) -> Floats:
    return np.asarray(values, dtype=np.float64)


def goal(met: bool, text: str) -> str:
    return f"{'met ' if met else 'MISSED'} ({text})"


# -- intervals -----------------------------------------------------------------------------------------------------


def wald(hits: Floats, size: Floats) -> Interval:
    share = hits / size
    half = Z * np.sqrt(share * (1 - share) / size)
    return share - half, share + half


def jeffreys(hits: Floats, size: Floats) -> Interval:
    low = np.where(hits > 0, betaincinv(hits + 0.5, size - hits + 0.5, 0.025), 0)
    return low, np.where(hits < size, betaincinv(hits + 0.5, size - hits + 0.5, 0.975), 1)


def clopper_pearson(hits: Floats, size: Floats) -> Interval:
    low = np.where(hits > 0, betaincinv(np.maximum(hits, 1), size - hits + 1, 0.025), 0)
    return low, np.where(hits < size, betaincinv(hits + 1, np.maximum(size - hits, 1), 0.975), 1)


METHODS: dict[str, Callable[[Floats, Floats], Interval]] = {
    "ours": rate_interval,
    "Wald": wald,
    "Wilson": wilson,
    "Jeffreys": jeffreys,
    "Clopper-P.": clopper_pearson,
}


def chances(size: int, rates: Floats) -> Floats:
    """Exact chance of every number of hits: rates × hits."""
    hits = np.arange(size + 1.0)
    ways = gammaln(size + 1) - gammaln(hits + 1) - gammaln(size - hits + 1)
    return floats(np.exp(ways + hits * np.log(rates[:, np.newaxis]) + (size - hits) * np.log1p(-rates[:, np.newaxis])))


def exact_coverage(size: int, ends: Interval, low: float, high: float) -> float:
    """The least over a fine grid of true rates and just outside every end, where it is lowest."""
    at = np.concatenate([np.linspace(low, high, 1000), ends[0] - 1e-9, ends[1] + 1e-9])
    at = np.unique(at[(at >= low) & (at <= high)])
    if size <= 300:
        inside = (ends[0] <= at[:, np.newaxis]) & (at[:, np.newaxis] <= ends[1])
        return float((chances(size, at) * inside).sum(axis=1).min())
    most, fewest = np.searchsorted(ends[0], at, side="right") - 1, np.searchsorted(ends[1], at, side="left")
    under = np.where(fewest > 0, bdtr(floats(np.maximum(fewest - 1, 0)), size, at), 0)
    return float((bdtr(floats(most), size, at) - under).min())


def show_rate_intervals() -> None:
    print("Rates: exact coverage of nominal 95% intervals, least over true rates .5 to .99 | mean | mean width")
    print(f"{'n':>6} " + "".join(f"{name:>24}" for name in METHODS))
    rates = np.linspace(0.5, 0.99, 491)
    for size in (3, 4, 5, 7, 10, 15, 20, 30, 50, 100, 200):
        hits = np.arange(size + 1.0)
        line = ""
        for method in METHODS.values():
            low, high = method(hits, np.full_like(hits, size))
            chance = chances(size, rates)
            inside = (low <= rates[:, np.newaxis]) & (rates[:, np.newaxis] <= high)
            mean, width = (chance * inside).sum(axis=1).mean(), (chance @ (high - low)).mean()
            least = exact_coverage(size, (low, high), 0.5, 0.99)
            line += f"{f'{least:.3f} | {mean:.3f} | {width:.3f}':>24}"
        print(f"{size:>6} {line}")
    every = {}
    for size in (*range(3, 201), 250, 333, 500, 750, 1000, 2000, 5000, 20_000, 100_000):
        hits = np.arange(size + 1.0)
        every[size] = exact_coverage(size, rate_interval(hits, np.full_like(hits, size)), 0.0005, 0.9995)
    least = min(every.values())
    print(f"every n 3 to 200 and nine up to 100,000, true rates .0005 to .9995: least {least:.4f}  "
          + goal(least >= 0.93, "≥ .93"))  # fmt: skip
    at = np.array([0.95])
    hits = np.arange(11.0)
    shown = {name: float((chances(10, at) * ((e[0] <= at) & (at <= e[1]))).sum()) for name, e in
             ((name, method(hits, np.full(11, 10.0))) for name, method in METHODS.items())}  # fmt: skip
    print("at n = 10, p = .95: " + ", ".join(f"{name} {value:.2f}" for name, value in shown.items()))


def show_other_intervals() -> None:
    counts = np.arange(4000.0)
    low, high = count_interval(counts, np.ones_like(counts))
    means = np.concatenate([np.geomspace(0.5, 3000, 100_000), low[2:1000] - 1e-9, high[:1000] + 1e-9])
    means = means[means >= 0.5]
    most, fewest = np.searchsorted(low, means, side="right") - 1, np.searchsorted(high, means, side="left")
    under = np.where(fewest > 0, pdtr(floats(np.maximum(fewest - 1, 0)), means), 0)
    least = float((pdtr(floats(most), means) - under).min())
    print(f"\nCounts: exact coverage, least over true means from .5: {least:.4f}  " + goal(least >= 0.93, "≥ .93"))
    print("Means and medians: share covered (20,000 draws), log-normal amounts with sd of the logarithm 0.5 and 1")
    rng = np.random.default_rng(1)
    for spread in (0.5, 1.0):
        square = np.exp(spread**2)
        skewness = float((square + 2) * np.sqrt(square - 1))
        for number in (3, 5, 10, 30, 100):
            amounts = np.exp(rng.normal(0, spread, (20_000, number)))
            parts = amounts.mean(axis=1), amounts.std(axis=1, ddof=1), np.full(20_000, float(number))
            truth = np.exp(spread**2 / 2)
            plain, bent = mean_interval(*parts), mean_interval(*parts, skewness=skewness)
            middle = median_interval(amounts)
            found = [float(((e[0] <= t) & (t <= e[1])).mean()) for e, t in ((plain, truth), (bent, truth), (middle, 1))]
            print(f"  sd {spread}  n {number:>3}: t {found[0]:.3f}   with the group's skewness {found[1]:.3f}   "
                  f"median {found[2]:.3f}{' (no bounds)' if number < 5 else ''}")  # fmt: skip


# -- shrinkage -----------------------------------------------------------------------------------------------------


def squared(values: Floats, truth: Floats) -> float:
    return float(((values - truth) ** 2).mean())


def show_shrinkage() -> None:
    print("\nShrinkage: squared error over the oracle's (who knows the distribution the true values come from)")
    print("  members   raw rates  rates (1 month)  rates (12 months)   counts    means")
    rng = np.random.default_rng(2)
    large: list[float] = []
    for members in (10, 20, 50, 100, 200, 1000):
        groups = max(6, 3000 // members)
        group: Ints = np.repeat(np.arange(groups), members)
        units = len(group)
        truth = rng.beta(8, 2, (units, 12))
        hits = floats(rng.binomial(10, truth))
        size = np.full(hits.shape, 10.0)
        oracle = squared((hits[:, -1] + 8) / 20, truth[:, -1])
        raw = squared(hits[:, -1] / 10, truth[:, -1]) / oracle
        one = squared(shrink_rates(hits[:, -1], size[:, -1], group).value, truth[:, -1]) / oracle
        year = squared(shrink_rates(hits, size, group).value[:, -1], truth[:, -1]) / oracle
        mean, exposure = rng.gamma(4, 0.75, units), rng.uniform(0.5, 5, units)
        events = floats(rng.poisson(mean * exposure))
        counts = squared(shrink_counts(events, exposure, group).value, mean)
        counts /= squared((events + 4) / (exposure + 4 / 3), mean)
        level, number = rng.normal(100, 10, units), floats(rng.integers(3, 40, units))
        own = rng.normal(level, 30 / np.sqrt(number))
        spread = 30 * np.sqrt(rng.chisquare(number - 1) / (number - 1))
        means = squared(shrink_means(own, spread, number, group).value, level)
        means /= squared(100 + 100 / (100 + 900 / number) * (own - 100), level)
        print(f"  {members:>7} {raw:>11.3f} {one:>16.3f} {year:>18.3f} {counts:>8.3f} {means:>8.3f}")
        large += [year] if members >= 100 else []
    print("  rates by 12 months, 100 members and more: " + goal(max(large) <= 1.03, "≤ 1.03"), end="; ")
    print("smaller groups miss it: level and spread must be learnt from few")


def show_attendances(folder: Path) -> None:
    path = folder / "ae_attendances" / "ae_attendances.csv"
    if not path.exists():
        print(f"A&E units thinned to 10 responses: skipped, there is no {path.name} in {path.parent}")
        return
    rows = pd.read_csv(path).query("type == '1'")
    months = sorted(rows["period"].unique())[-12:]
    wide = rows[rows["period"].isin(months)].pivot_table(
        index="org_code", columns="period", values=["attendances", "breaches"], aggfunc="sum"
    )
    size = wide["attendances"].fillna(0).to_numpy().astype(np.int64)
    size = np.where(size >= 100, size, 0)
    hits = np.where(size > 0, size - wide["breaches"].fillna(0).to_numpy().astype(np.int64), 0)
    there = size[:, -1] > 0
    truth = hits[there, -1] / size[there, -1]
    chance = truth * (1 - truth) / 10
    weight = truth.var() / (truth.var() + chance.mean())
    group: Ints = np.zeros(len(size), dtype=np.int64)
    rng = np.random.default_rng(3)
    errors = []
    for _ in range(200):
        few = floats(rng.hypergeometric(hits, size - hits, np.where(size > 0, 10, 0)))
        asked = np.where(size > 0, 10.0, np.nan)
        year = shrink_rates(few, asked, group).value[there, -1]
        month = shrink_rates(few[:, -1], asked[:, -1], group).value[there]
        raw = few[there, -1] / 10
        oracle = truth.mean() + weight * (raw - truth.mean())
        errors.append([squared(each, truth) for each in (raw, month, year, oracle)])
    raw, month, year, oracle = np.mean(errors, axis=0)
    print(f"A&E: {there.sum()} type 1 units of the latest month thinned to 10 responses, 200 times (reference .0149 → "
          f".0063): raw {raw:.4f} → {month:.4f} by one month, {year:.4f} by twelve, oracle {oracle:.4f}; over the "
          f"oracle {month / oracle - 1:.1%} and {year / oracle - 1:.1%}  "
          + goal(year / oracle <= 1.03, "≤ 3% with twelve months; one month alone is above"))  # fmt: skip


# -- heterogeneity -------------------------------------------------------------------------------------------------


def chi_square(hits: Floats, size: Floats, group: Ints, members: int) -> Flags:
    """Pearson's test as it stands in textbooks."""
    from scipy.special import chdtrc

    rate = (np.bincount(group, hits) / np.bincount(group, size))[group]
    noise = size * rate * (1 - rate)
    parts = np.where(noise > 0, (hits - size * rate) ** 2 / np.where(noise > 0, noise, 1), 0)
    return np.asarray(chdtrc(members - 1, np.bincount(group, parts)) <= 0.05)


def show_heterogeneity() -> None:
    print("\nHeterogeneity: how often groups are told apart; responses 1 to 2n-1 each; textbook chi-square in brackets")
    rng = np.random.default_rng(4)
    groups, worst = 1500, 0.0
    print("  members  n   alike .5        alike .9        alike .98       sd .05 about .9   sd .10 about .85")
    for members in (2, 5, 10, 30):
        for responses in (3, 10, 40):
            group: Ints = np.repeat(np.arange(groups), members)
            line = ""
            for kind, rate in (("", 0.5), ("", 0.9), ("", 0.98), ("differ", (31.5, 3.5)), ("differ", (10.0, 1.75))):
                true = rng.beta(*rate, len(group)) if isinstance(rate, tuple) else np.full(len(group), rate)
                size = rng.integers(1, 2 * responses, len(group))
                hits = floats(rng.binomial(size, true))
                said = rates_differ(hits, floats(size), group).differs.mean()
                plain = chi_square(hits, floats(size), group, members).mean()
                line += f"  {said:.3f} ({plain:.3f})  "
                worst = worst if kind else max(worst, float(said))
            print(f"  {members:>7} {responses:>2} {line}")
    print(f"  largest share where all are alike: {worst:.3f}  "
          + goal(worst <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / groups), "≤ .05, three standard errors .017"))  # fmt: skip
    show_restless(rng)


def show_restless(rng: np.random.Generator) -> None:
    groups, members = 400, 8
    group: Ints = np.repeat(np.arange(groups), members)
    rate = rng.beta(0.9 * 49, 0.1 * 49, (len(group), 12))
    size = rng.integers(5, 150, rate.shape)
    hits = floats(rng.binomial(size, rate))
    own = rates_differ(hits, floats(size), group).differs.mean()
    last = rates_differ(hits[:, -1], floats(size[:, -1]), group, history=(hits, floats(size))).differs.mean()
    alone = rates_differ(hits[:, -1], floats(size[:, -1]), group).differs.mean()
    print(f"  alike, months restless (correlation .02, 12 months): {own:.3f} by the year, {last:.3f} by the last month "
          f"with its history, {alone:.3f} by the last month alone (cannot know)")  # fmt: skip
    counts = counts_differ(floats(rng.poisson(2, len(group))), np.ones(len(group)), group).differs.mean()
    print(f"  counts alike, mean 2: {counts:.3f}", end="; means alike, log-normal amounts: ")
    for number in (3, 10, 30):
        amounts = np.exp(rng.normal(0, 1, (len(group), number)))
        parts = amounts.mean(axis=1), amounts.std(axis=1, ddof=1), np.full(len(group), float(number))
        print(f"n {number} {means_differ(*parts, group).differs.mean():.3f}", end="  ")
    print()


# -- limits and statements -----------------------------------------------------------------------------------------


def show_limits() -> None:
    print("\nLimits: share of months outside where nothing changed (nominal .0027), responses n/2 to 3n/2, 36 months")
    print("     p     n   similarity 0: ours   p chart  Laney    similarity .01: ours   p chart   Laney")
    rng = np.random.default_rng(5)
    for rate in (0.8, 0.9, 0.95, 0.98):
        for responses in (5, 10, 30, 100, 1000):
            line = f"  {rate:>4} {responses:>5}"
            for alike in (0, 0.01):
                size = rng.integers(max(1, responses // 2), responses * 3 // 2 + 1, (1500, 36))
                true = rng.beta(rate * (1 / alike - 1), (1 - rate) * (1 / alike - 1), size.shape) if alike else rate
                hits = floats(rng.binomial(size, true))
                standard, wide = standardised(hits, size)
                ours = (rate_limits(hits, floats(size)).outside != 0).mean()
                plain, laney = (np.abs(standard) > 3).mean(), (np.abs(standard) > 3 * wide + 1e-9).mean()
                line += f"{ours:>20.4f} {plain:>9.4f} {laney:>8.4f}"
            print(line)
    print("  share found of a last month that fell, 36 months, n/2 to 3n/2 responses: ours, p chart, Laney")
    for rate, fallen, responses in ((0.9, 0.6, 10), (0.95, 0.7, 10), (0.9, 0.7, 30), (0.95, 0.8, 30), (0.9, 0.8, 100)):
        size = rng.integers(responses // 2, responses * 3 // 2 + 1, (3000, 36))
        true = np.full(size.shape, rate)
        true[:, -1] = fallen
        hits = floats(rng.binomial(size, true))
        standard, wide = standardised(hits, size)
        found = [
            rate_limits(hits, floats(size)).outside[:, -1] < 0,
            standard[:, -1] < -3,
            (standard < -3 * wide)[:, -1],
        ]
        print(f"  n {responses:>4}, {rate} to {fallen}: " + ", ".join(f"{part.mean():.2f}" for part in found))


def standardised(hits: Floats, size: Ints) -> tuple[Floats, Floats]:
    """Months in standard deviations of the p chart, and Laney's factor on its limits."""
    level = hits.sum(axis=1, keepdims=True) / size.sum(axis=1, keepdims=True)
    error = np.sqrt(level * (1 - level) / size)
    standard = (hits / size - level) / np.where(error > 0, error, 1)
    return standard, floats(np.abs(np.diff(standard, axis=1)).mean(axis=1, keepdims=True) / 1.128)


def company(rng: np.random.Generator, kind: str, restless: float) -> tuple[Ints, Floats, Floats, Floats]:
    """Groups, true rates, and twelve months of hits and responses: teams of 4 to 15, very unequal numbers."""
    group: Ints = np.repeat(np.arange(12), rng.integers(4, 16, 12))
    units = len(group)
    base = rng.beta(40, 5, 12)[group]
    rate = base
    if kind == "a tenth differs":
        rate = np.where(rng.random(units) < 0.1, np.clip(base - rng.choice([0.15, -0.06], units), 0.02, 0.995), base)
    elif kind == "half the teams":
        rate = np.where(group % 2 == 0, base, rng.beta(base * 25, (1 - base) * 25))
    elif kind == "everyone differs":
        rate = rng.beta(base * 30, (1 - base) * 30)
    size = floats(rng.poisson(rng.lognormal(np.log(8), 0.9, units)[:, np.newaxis], (units, 12)))
    month = np.clip(rate[:, np.newaxis] + rng.normal(0, 0.02, (12, 12))[group], 0.01, 0.995)
    if restless:
        month = rng.beta(month * (1 / restless - 1), (1 - month) * (1 / restless - 1))
    return group, rate, floats(rng.binomial(size.astype(np.int64), month)), size


def show_statements(companies: int = 100) -> None:
    print(f"\nStatements 'above' and 'below its peers', {companies} companies each; in brackets what would be said of "
          "everyone whose Wilson interval misses the team's rate")  # fmt: skip
    rng = np.random.default_rng(6)
    said_at_all = false_at_all = 0.0
    for kind in ("nobody differs", "a tenth differs", "half the teams", "everyone differs"):
        for months in (1, 12):
            for restless in (0, 0.03):
                tally = np.zeros(7)
                for _ in range(companies):
                    tally += _statements(rng, kind, months, restless)
                said, false, naive, naive_false, spoken, pairs, false_pairs = tally
                said_at_all, false_at_all = said_at_all + float(said), false_at_all + float(false)
                print(f"  {kind:>16}, {months:>2} months, similarity {restless:<4}: {said:>5.0f} said, "
                      f"{false / max(said, 1):.3f} false, in {spoken / companies:.2f} of companies any false "
                      f"({naive:.0f} said, {naive_false / max(naive, 1):.3f} false); pairs {pairs:.0f}, "
                      f"{false_pairs / max(pairs, 1):.3f} false")  # fmt: skip
    share = false_at_all / said_at_all
    print(f"  all together {share:.4f} false  " + goal(share <= 0.05, "≤ .05"))


def _statements(rng: np.random.Generator, kind: str, months: int, restless: float) -> Floats:
    group, rate, hits, size = company(rng, kind, restless)
    found = compare_rates(hits[:, -months:], size[:, -months:], group, history=(hits, size))
    top, bottom = hits[:, -months:].sum(axis=1), size[:, -months:].sum(axis=1)
    others = np.bincount(group, bottom)[group] - bottom
    peers = (np.bincount(group, bottom * rate)[group] - bottom * rate) / np.maximum(others, 1)
    side = np.sign(np.round(rate - peers, 9))
    wrong = (found.verdict != 0) & (found.verdict != side)
    low, high = wilson(top, np.maximum(bottom, 1))
    team = (np.bincount(group, top) / np.maximum(np.bincount(group, bottom), 1))[group]
    naive = np.where(bottom > 0, (low > team) * 1 - (high < team) * 1, 0)
    first, second = pairs_within(group)
    table = rate_table(hits[:, -months:], size[:, -months:], group)
    pairs = compare_pairs(table, found.differences, first, second).verdict
    return floats([
        (found.verdict != 0).sum(), wrong.sum(), (naive != 0).sum(), ((naive != 0) & (naive != side)).sum(),
        wrong.any(), (pairs != 0).sum(), ((pairs != 0) & (pairs != np.sign(rate[first] - rate[second]))).sum(),
    ])  # fmt: skip


def show_speed() -> None:
    print("\nSpeed, CPU seconds, one core: 40,000 units × 36 months, tables of corrections not yet made")
    rng = np.random.default_rng(7)
    size = floats(rng.integers(0, 120, (40_000, 36)))
    hits = floats(rng.binomial(size.astype(np.int64), 0.9))
    total = 0.0
    parts: dict[str, Callable[[], object]] = {
        "rate limits": lambda: rate_limits(hits, size),
        "count limits": lambda: count_limits(hits, size),
        "rate intervals": lambda: rate_interval(hits, size),
        "count intervals": lambda: count_interval(hits, size),
        "mean intervals": lambda: mean_interval(hits, size, size),
    }
    for name, part in parts.items():
        started = time.process_time()
        part()
        total += time.process_time() - started
        print(f"  {name:16} {time.process_time() - started:.2f}")
    print(f"  together         {total:.2f}  " + goal(total <= 4, "≤ 4"))
    group: Ints = np.arange(40_000) // 40
    started = time.process_time()
    compare_rates(hits[:, -12:], size[:, -12:], group)
    print(f"  heterogeneity, shrinkage and comparison of 12 months: {time.process_time() - started:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=DATA)
    given = parser.parse_args()
    show_speed()
    show_rate_intervals()
    show_other_intervals()
    show_shrinkage()
    show_attendances(given.data)
    show_heterogeneity()
    show_limits()
    show_statements()


if __name__ == "__main__":
    main()
