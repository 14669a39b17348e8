"""What a company in which nothing differs is told of, and how long all judging takes.

Everybody meets, in truth, exactly what is expected of them: whatever is found of anybody is false. Counts and amounts
are drawn order by order and case by case; demand has a season. Goals: STATISTICS, parts B to D; fewer than 5 people in
a hundred called below in a month; 5,000 people × 8 metrics × 36 months in 20 s of one core.

    .venv/bin/python -m benchmarks.evidence [--people 5000] [--seeds 3] [--speed]
"""

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from config.models import Company, Config, Extract, ExtractKind, FilesSource, Metric
from config.months import Month, months_between
from transforms.columns import (
    AVAILABILITY,
    EXPECTED,
    FACTS,
    FAR_FUTURE,
    MEMBERSHIP,
    SPELLS,
    UNITS,
    empty,
    shaped,
)
from transforms.compare import compare_month
from transforms.evidence.month import ACTIONS, EVENTS, Evidence, Known, evidence_of
from transforms.numbers import Floats

MONTHS = 36
LAST = Month(2026, 10)
TEAM = 10
ORGANISATION = "organisation"
GOAL_PEOPLE, GOAL_SECONDS = 0.05, 20.0
JUDGED = ("below", "ahead")
UNUSUAL = ("improving", "concerning", "unusual")


def _metric(label: str, unit: str, good: str, **how: str) -> Metric:
    purpose = {"purpose": "the monthly conversation", "agreed_with": "works council", "from": date(2020, 1, 1)}
    given = {"label": label, "extract": "rows", "unit": unit, "good": good, "stage": "result", "individual": purpose}
    return Metric.model_validate(given | how)


COUNTED, SUMMED = {"value": "count(*)"}, {"value": "sum(amount)"}
SHARED = {"numerator": "count(*) FILTER (good)", "denominator": "count(*)"}
METRICS = {
    "revenue": _metric("Revenue", "money", "up", **SUMMED),
    "orders": _metric("Orders", "count", "up", **COUNTED),
    "visits": _metric("Visits", "count", "up", **COUNTED),
    "proposals": _metric("Proposals", "count", "up", **COUNTED),
    "renewed": _metric("Contracts renewed", "percent", "up", **SHARED),
    "solved": _metric("Solved at first contact", "percent", "up", **SHARED),
    "on_time": _metric("On time", "percent", "up", **SHARED),
    "hours": _metric("First response", "score", "down", value="mean(hours)"),
}
SHARES = {"renewed": (6, 0.7), "solved": (40, 0.8), "on_time": (40, 0.92)}
"""Rows a person and month, and the true share."""
COUNTS = {"orders": 20.0, "visits": 12.0, "proposals": 8.0}


@dataclass(frozen=True, slots=True)
class World:
    """A company as frames."""

    config: Config
    facts: pd.DataFrame
    expected: pd.DataFrame
    known: Known


def company(people: int, seed: int, months: int = MONTHS) -> World:
    """A company of so many people in teams of ten, in which nothing differs."""
    rng = np.random.default_rng(seed)
    axis = list(months_between(LAST.shift(1 - months), LAST))
    ids = np.array([f"A{number:05d}" for number in range(people)], dtype=object)
    teams = np.array([f"T{number // TEAM:04d}" for number in range(people)], dtype=object)
    tables = list(_drawn(rng, people, axis))
    facts = pd.concat([_levels(name, parts, ids, teams, axis) for name, *parts in tables], ignore_index=True)
    config = Config(
        directory=Path(), company=Company(name="Nothing differs", currency="EUR"), metrics=METRICS, sha256="0",
        extracts={"people": Extract(kind=ExtractKind.HR, source=FilesSource(files=("x.csv",)), columns={})},
    )  # fmt: skip
    expected = facts[["unit_kind", "unit_id", "metric", "month"]].assign(
        value=facts["expected"], why="As ever", owner="Everybody", set_on=pd.Timestamp("2020-01-01"), parent="",
        origin="rule:as_ever", basis="", parts_total=np.nan,
    )  # fmt: skip
    return World(config, shaped(facts.drop(columns="expected"), FACTS), shaped(expected, EXPECTED), _known(ids, teams))


Drawn = tuple[str, Floats, Floats, Floats, Floats]


def _drawn(rng: np.random.Generator, people: int, axis: list[Month]) -> Iterator[Drawn]:
    """By metric: numerator, denominator (0: the numerator is the value), rows and true numerator; people × months."""
    season = np.array([1 + 0.12 * np.sin(2 * np.pi * month.number / 12) for month in axis])
    size = rng.lognormal(0, 0.25, (people, 1)) * season
    nothing = np.zeros((people, len(axis)))
    for name, mean in COUNTS.items():
        drawn = rng.poisson(mean * size).astype(np.float64)
        yield name, drawn, nothing, drawn, mean * size
        if name == "orders":
            # The sum of so many log-normal amounts, by a gamma of the same mean and variance.
            spread = np.exp(0.6**2) - 1
            amount = rng.gamma(np.maximum(drawn, 1e-9) / spread, spread * 400)
            yield "revenue", np.where(drawn > 0, amount, 0), nothing, drawn, 400 * mean * size
    for name, (rows, share) in SHARES.items():
        asked = rng.poisson(rows, (people, len(axis))).astype(np.float64)
        yield name, rng.binomial(asked.astype(np.int64), share).astype(np.float64), asked, asked, asked * share
    cases = np.maximum(rng.poisson(40, (people, len(axis))), 1).astype(np.float64)
    yield "hours", rng.gamma(cases * 1.5, 4 / 1.5), cases, cases, cases * 4


def _levels(name: str, parts: list[Floats], ids: np.ndarray, teams: np.ndarray, axis: list[Month]) -> pd.DataFrame:
    """A metric's facts, with what is expected, of each person, team and the whole."""
    starts = np.arange(0, len(ids), TEAM)
    sums = [np.add.reduceat(part, starts, axis=0) for part in parts]
    levels = [
        ("associate", ids, parts),
        ("team", teams[starts], sums),
        (ORGANISATION, np.array([ORGANISATION], dtype=object), [part.sum(axis=0, keepdims=True) for part in parts]),
    ]
    frames = []
    for kind, units, (top, of, rows, truth) in levels:
        ratio = of.sum() > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            value, expected = (np.where(of > 0, part / of, np.nan) if ratio else part for part in (top, truth))
        frames.append(
            pd.DataFrame(
                {
                    "month": np.tile(pd.to_datetime([month.first_day for month in axis]), len(units)),
                    "unit_kind": kind,
                    "unit_id": np.repeat(units, len(axis)),
                    "metric": name,
                    "segment": "all",
                    "value": value.ravel(),
                    "numerator": top.ravel() if ratio else np.nan,
                    "denominator": of.ravel() if ratio else np.nan,
                    "rows": rows.ravel().astype(np.int64),
                    "suppressed": "",
                    "expected": expected.ravel(),
                }
            )
        )
    frame = pd.concat(frames, ignore_index=True)

    return frame.dropna(subset=["value"])


def _known(ids: np.ndarray, teams: np.ndarray) -> Known:
    hired = pd.Timestamp("2015-01-01")
    of_teams = sorted(set(teams))
    units: list[dict[str, Any]] = [
        {"unit_kind": ORGANISATION, "unit_id": ORGANISATION, "title": "All", "people": len(ids), "direct": False}
    ]
    units += [{"unit_kind": "team", "unit_id": team, "title": team, "parent_kind": ORGANISATION,
               "parent_id": ORGANISATION, "people": TEAM, "direct": True} for team in of_teams]  # fmt: skip
    units += [{"unit_kind": "associate", "unit_id": who, "title": who, "parent_kind": "team", "parent_id": team,
               "people": 1, "fte": 1.0, "role": "seller", "hire_date": hired, "direct": True}
              for who, team in zip(ids, teams, strict=True)]  # fmt: skip
    spells = pd.DataFrame({"associate": ids, "valid_from": hired, "valid_to": FAR_FUTURE, "name": ids, "role": "seller",
                           "fte": 1.0, "team": teams, "hire_date": hired})  # fmt: skip
    own = [pd.DataFrame({"associate": ids, "unit_kind": kind, "unit_id": of, "valid_from": hired,
                         "valid_to": FAR_FUTURE}) for kind, of in (("associate", ids), ("team", teams))]  # fmt: skip
    return Known(
        shaped(pd.DataFrame(units), UNITS), shaped(spells, SPELLS),
        shaped(pd.concat(own, ignore_index=True), MEMBERSHIP), empty(AVAILABILITY), empty(EVENTS), empty(ACTIONS),
    )  # fmt: skip


def judged(world: World, month: Month) -> tuple[pd.DataFrame, Evidence]:
    """COMPARISON and evidence of a month, as a run makes them."""
    before = world.facts["month"] <= pd.Timestamp(month.first_day)
    facts = world.facts.loc[before]
    expected = world.expected.loc[world.expected["month"] <= pd.Timestamp(month.first_day)]
    known = world.known
    comparison = compare_month(world.config, month, facts, expected, known.units, known.spells, known.availability, ())
    return comparison, evidence_of(world.config, month, facts, expected, comparison, known)


def found_of(comparison: pd.DataFrame, evidence: Evidence, kind: str) -> dict[str, float]:
    """The share of a kind's units with at least one finding of each sort, and of charts that call a month unusual."""

    def units(frame: pd.DataFrame) -> int:
        return int(frame.loc[frame["unit_kind"].eq(kind), "unit_id"].nunique())

    every = units(comparison)
    charts = evidence.signals.loc[evidence.signals["unit_kind"].eq(kind) & evidence.signals["signal"].ne("none")]
    return {
        **{word: units(comparison.loc[comparison["status"].eq(word)]) / every for word in JUDGED},
        "either": units(comparison.loc[comparison["status"].isin(JUDGED)]) / every,
        "a lasting change": units(evidence.changes) / every,
        "charts unusual": float(charts["signal"].isin(UNUSUAL).mean()),
    }


def print_false_findings(people: int, seeds: int, months: int) -> None:
    """Shares of people and teams that are told something although nothing differs."""
    print(f"Nothing differs: {people} people in teams of {TEAM}, {len(METRICS)} metrics, {MONTHS} months of history;")
    print(f"mean over {seeds} companies and their last {months} months, % of units with at least one\n")
    found: dict[str, list[dict[str, float]]] = {"associate": [], "team": []}
    for seed in range(seeds):
        world = company(people, seed, MONTHS + months - 1)
        for back in range(months):
            judgement = judged(world, LAST.shift(-back))
            for kind, each in found.items():
                each.append(found_of(*judgement, kind))
    for kind, each in found.items():
        means = pd.DataFrame(each).mean()
        told = "  ".join(f"{name} {100 * share:.2f}" for name, share in means.items())
        met = means["below"] < GOAL_PEOPLE
        print(f"{kind:10} {told}   below {'ok' if met else '!!'} (goal under {GOAL_PEOPLE:.0%})")


def print_speed(people: int) -> None:
    """Seconds of one core for statuses, charts, changes and conditions of a whole company."""
    world = company(people, 0)
    begun, used = time.perf_counter(), time.process_time()
    comparison, evidence = judged(world, LAST)
    wall, cpu = time.perf_counter() - begun, time.process_time() - used
    mark = "ok" if cpu <= GOAL_SECONDS else "!!"
    print(f"{people} people × {len(METRICS)} metrics × {MONTHS} months ({len(world.facts):,} facts): "
          f"{len(comparison):,} comparisons, {len(evidence.signals):,} charts, {len(evidence.changes):,} changes in "
          f"{wall:.1f} s, {cpu:.1f} s of CPU (goal {GOAL_SECONDS:.0f}: {mark})")  # fmt: skip


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--months", type=int, default=4)
    parser.add_argument("--speed", type=int, default=5000, help="people of the company that is timed; 0: none")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print_false_findings(options.people, options.seeds, options.months)
    if options.speed:
        print()
        print_speed(options.speed)


if __name__ == "__main__":
    main()
