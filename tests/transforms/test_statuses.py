"""Statuses: evidence for ahead and below, and none from a bare miss."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.models import Books, Metric, Unit
from config.months import Month
from tests.transforms.expectation_rows import CALLS, OCTOBER, REVENUE, SOLVED, WAITING
from transforms.statuses import (
    AHEAD,
    AS_EXPECTED,
    BELOW,
    NO_EXPECTATION,
    NONE,
    ON_THE_RAMP,
    TOO_LITTLE,
    Situation,
    books_close,
    decide,
    on_the_ramp,
    reported_month,
    rules_in_words,
    sense_of,
)
from transforms.variation import EVIDENCE, TO_EXPECTATION, TO_LAST_YEAR, Habits, Series, habits_of, trends, weigh

RANDOM = np.random.default_rng(20261001)
MONTHS = 36
Surroundings = dict[str, np.ndarray]


def series(actual: np.ndarray, expected: np.ndarray | float = 100.0, unit: Unit = Unit.MONEY, n: float = 50) -> Series:
    actual = np.atleast_2d(np.asarray(actual, dtype=float))
    target = np.broadcast_to(np.asarray(expected, dtype=float), actual.shape)
    below = np.full(actual.shape, n)
    return Series(unit, actual, target.copy(), np.round(actual * n), below, below)


def rates(shares: np.ndarray, expected: float, n: int) -> Series:
    top = np.atleast_2d(np.round(np.asarray(shares) * n))
    of = np.full(top.shape, float(n))
    return Series(Unit.PERCENT, top / n, np.full(top.shape, expected), top, of, of)


def noisy(level: float = 100.0, share: float = 0.05, units: int = 1, months: int = MONTHS) -> np.ndarray:
    return level * np.exp(share * RANDOM.standard_normal((units, months)))


def looks(count: int, metrics: int = 1) -> np.ndarray:
    return np.full(count, metrics)


def status(of: Series, metric: Metric = REVENUE, looked: int = 8, situation: Surroundings | None = None) -> str:
    none = np.zeros(1, dtype=bool)
    given_situation = {"withheld": np.array([""], dtype=object), "half_away": none, "contested": none, "on_ramp": none}
    evidence = weigh(of, looks(1, looked))
    sense = sense_of(of.actual[:, -1] - of.expected[:, -1], metric.good)
    return str(decide(metric, of, Situation(**{**given_situation, **(situation or {})}), evidence, sense, 5)[0])


def with_last(values: np.ndarray, *last: float) -> np.ndarray:
    return np.concatenate([values[:, : -len(last)], [list(last)]], axis=1)


STEADY = noisy()


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ((95,), AS_EXPECTED), ((100, 88), AS_EXPECTED), ((100, 110), AS_EXPECTED), ((70,), BELOW), ((140,), AHEAD),
        ((90, 90, 90, 90), BELOW), ((110, 110, 110, 110), AHEAD), ((90, 101, 90, 90), AS_EXPECTED),
        ((100,), AS_EXPECTED), ((70, 100), AS_EXPECTED),
    ],
    ids=["a bare miss", "a larger miss within variation", "a bare excess", "far below", "far above", "a run of misses",
         "a run of excesses", "a run that was broken", "met", "last month's miss is over"],
)  # fmt: skip
def test_ahead_and_below_need_more_than_natural_variation(last: tuple[float, ...], expected: str) -> None:
    assert status(series(with_last(STEADY, *last))) == expected


def test_the_good_direction_decides_what_is_below() -> None:
    assert status(series(with_last(STEADY, 160), unit=Unit.SCORE), WAITING) == BELOW
    assert status(series(with_last(STEADY, 60), unit=Unit.SCORE), WAITING) == AHEAD
    assert status(series(with_last(STEADY, 10), unit=Unit.COUNT), CALLS) == AS_EXPECTED


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        ({"withheld": np.array(["checks failed"], dtype=object), "on_ramp": np.array([True])}, NONE),
        ({"half_away": np.array([True]), "on_ramp": np.array([True])}, NONE),
        ({"contested": np.array([True])}, NONE),
        ({"on_ramp": np.array([True])}, ON_THE_RAMP),
    ],
    ids=["withheld", "under half available", "contested", "new"],
)
def test_what_comes_before_any_judgement(situation: dict[str, np.ndarray], expected: str) -> None:
    assert status(series(with_last(STEADY, 40)), situation=situation) == expected


def test_without_an_expectation_there_is_no_status() -> None:
    assert status(series(STEADY, np.nan)) == NO_EXPECTATION


@pytest.mark.parametrize(("months", "expected"), [(8, TOO_LITTLE), (9, BELOW)])
def test_natural_variation_needs_eight_earlier_months(months: int, expected: str) -> None:
    assert status(series(with_last(STEADY, 20)[:, -months:])) == expected


@pytest.mark.parametrize(("rows", "expected"), [(4, TOO_LITTLE), (5, AS_EXPECTED)])
def test_few_rows_behind_a_rate_are_too_little(rows: int, expected: str) -> None:
    shares = np.clip(0.8 + 0.05 * RANDOM.standard_normal(MONTHS), 0, 1)
    assert status(rates(shares, 0.8, rows), SOLVED) == expected


def test_past_months_that_do_not_vary_give_no_measure_of_variation() -> None:
    assert status(series(with_last(np.full((1, MONTHS), 100.0), 90))) == TOO_LITTLE


def test_a_rate_from_few_answers_varies_at_least_as_counting_does() -> None:
    # Earlier months happened to vary little; 16 of 20 against 90% is nothing unusual (binomial tail 13%).
    shares = np.concatenate([np.tile([0.9, 0.91], 15)[:29], [0.8]])
    assert status(rates(shares, 0.9, 20), SOLVED, looked=1) == AS_EXPECTED
    assert status(rates(shares, 0.9, 2000), SOLVED, looked=1) == BELOW


def test_small_counts_are_judged_as_counts() -> None:
    steady = np.tile([4.0, 4.0, 5.0, 3.0], 9)[np.newaxis]
    assert status(series(with_last(steady, 1), 4, Unit.COUNT), REVENUE, looked=1) == AS_EXPECTED


def test_without_past_expectations_changes_against_the_year_before_are_used() -> None:
    expected = np.full((1, MONTHS), np.nan)
    expected[0, -1] = 100
    evidence = weigh(series(with_last(STEADY, 40), expected), looks(1))
    assert evidence.source.tolist() == [TO_LAST_YEAR]
    assert evidence.chance[0] < EVIDENCE
    assert weigh(series(STEADY), looks(1)).source.tolist() == [TO_EXPECTATION]


def test_a_lasting_miss_stays_a_miss() -> None:
    values = noisy(share=0.1)
    values[:, -14:] *= 0.6
    assert [status(series(values[:, : MONTHS - n])) for n in range(8)] == [BELOW] * 8


@settings(max_examples=60, deadline=None)
@given(st.floats(0.02, 0.5), st.floats(0, 1), st.integers(0, 10**6), st.sampled_from(list(Unit)))
def test_no_status_from_a_bare_miss(share: float, depth: float, seed: int, unit: Unit) -> None:
    """A miss no larger than usual misses of the past, after a month that was met, is as expected."""
    values = np.exp(share * np.random.default_rng(seed).standard_normal((1, MONTHS)))
    values[0, -2] = 1.0
    usual = np.abs(np.log(values[0, :-2])).mean()
    values[0, -1] = np.exp(-depth * usual)
    scale = 0.4 if unit is Unit.PERCENT else 1000
    metric = SOLVED if unit is Unit.PERCENT else REVENUE
    assert status(series(values * scale, scale, unit, n=100_000), metric, looked=8) == AS_EXPECTED


def test_where_nothing_differs_few_people_are_called_below_in_a_month() -> None:
    """40 people × 8 metrics × 36 months with season and noise, expected to reach exactly their true level."""
    random = np.random.default_rng(7)
    false = []
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(48) / 12)
    truth = np.exp(random.normal(6, 0.5, (40, 8, 1))) * season
    values = truth * np.exp(0.2 * random.standard_normal(truth.shape))
    counts = random.poisson(truth / 10).astype(float)
    solved = random.binomial(60, 0.9, truth.shape) / 60
    for month in range(13, 49):
        below = np.zeros(40, dtype=bool)
        for metric in range(8):
            if metric < 4:
                of = series(values[:, metric, :month], truth[:, metric, :month])
            elif metric < 6:
                of = series(counts[:, metric, :month], truth[:, metric, :month] / 10, Unit.COUNT)
            else:
                top = solved[:, metric, :month] * 60
                sixty = np.full(top.shape, 60.0)
                of = Series(Unit.PERCENT, top / 60, np.full(top.shape, 0.9), np.round(top), sixty, sixty)
            evidence = weigh(of, looks(40, 8))
            below |= (evidence.chance < EVIDENCE) & (of.actual[:, -1] < of.expected[:, -1])
        false.append(below.mean())
    assert len(false) == 36
    assert np.mean(false) < 0.05


def test_season_slow_waves_and_wild_months_that_everyone_has_call_few_people_below() -> None:
    """A flat expectation in a seasonal, slowly moving or erratic business: the conditions, not 300 persons."""
    random = np.random.default_rng(3)
    seasonal = np.exp(0.1 * random.standard_normal((300, 48))) * (1 + 0.2 * np.sin(2 * np.pi * np.arange(48) / 12))
    waves = np.zeros((300, 48))
    for month in range(1, 48):
        waves[:, month] = 0.6 * waves[:, month - 1] + 0.8 * random.standard_normal(300)
    wild = np.exp(0.1 * random.standard_t(3, (300, 48)))
    for values in (seasonal, np.exp(0.2 * waves), wild):
        shares = []
        for month in range(24, 49):
            of = series(values[:, :month], 1.0)
            evidence = weigh(of, looks(300, 8), habits_of(of))
            shares.append(((evidence.chance < EVIDENCE) & (of.actual[:, -1] < 1)).mean())
        assert 1 - (1 - np.mean(shares)) ** 8 < 0.05  # Of a person judged on eight such metrics.


def test_a_few_units_that_shift_do_not_widen_what_is_natural_for_all() -> None:
    values = 100 * np.exp(0.1 * np.random.default_rng(4).standard_normal((40, MONTHS)))
    assert habits_of(series(values)) == Habits(0, 0)
    values[:6, -10:] *= 0.6
    assert habits_of(series(values)) == Habits(0, 0)
    assert habits_of(series(values[:7])) == Habits(0, 0)


@pytest.mark.parametrize("seed", range(3))
def test_a_lasting_decline_by_two_fifths_is_found_within_three_months(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = 100 * np.exp(0.15 * random.standard_normal((200, MONTHS)))
    values[:, -3:] *= 0.6
    found = np.zeros(200, dtype=bool)
    for until in (MONTHS - 2, MONTHS - 1, MONTHS):
        found |= weigh(series(values[:, :until]), looks(200, 8)).chance < EVIDENCE
    assert found.mean() > 0.95


# -- months ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("month", "holidays", "closes"),
    [
        (Month(2026, 10), (), date(2026, 11, 6)), (Month(2026, 7), (), date(2026, 8, 7)),
        (Month(2026, 10), (date(2026, 11, 2),), date(2026, 11, 9)),
    ],
)  # fmt: skip
def test_books_close_on_the_nth_working_day(month: Month, holidays: tuple[date, ...], closes: date) -> None:
    assert books_close(month, Books(working_day=5), frozenset(holidays)) == closes


@pytest.mark.parametrize(
    ("days", "reported"),
    [
        (0, OCTOBER),
        (6, OCTOBER),
        (7, Month(2026, 9)),
        (37, Month(2026, 9)),
        (38, Month(2026, 8)),
        (120, Month(2026, 6)),
    ],
)
def test_a_figure_that_matures_late_is_of_an_earlier_month(days: int, reported: Month) -> None:
    # October's books close on 6 November: 37 days after September's last day, 6 after October's.
    metric = REVENUE.model_copy(update={"mature_after_days": days})
    assert reported_month(metric, OCTOBER, Books()) == reported


@pytest.mark.parametrize(
    ("hired", "on_ramp"),
    [("2026-04-01", False), ("2026-04-02", True), ("2026-10-12", True), ("2026-03-31", False), ("NaT", False)],
)
def test_the_ramp_ends_with_the_first_month_that_begins_after_it(hired: str, on_ramp: bool) -> None:
    number = OCTOBER.year * 12 + OCTOBER.number - 1
    assert on_the_ramp(np.array([hired], dtype="datetime64[D]"), number, 6).tolist() == [on_ramp]


@pytest.mark.parametrize(
    ("values", "trend"),
    [
        (np.arange(12.0), "rising"), (-np.arange(12.0), "falling"), (np.ones(12), ""), (np.arange(9.0), ""),
        (np.array([1, 3, 2, 4, 3, 5, 2, 3, 1, 4, 2, 3.0]), ""),
        (np.append(np.arange(10.0), [np.nan, np.nan]), "rising"),
    ],
)  # fmt: skip
def test_a_trend_needs_ten_months_and_evidence(values: np.ndarray, trend: str) -> None:
    assert trends(values[np.newaxis]).tolist() == [trend]


# -- sentences ------------------------------------------------------------------------------------------------------


def words(of: Series, **situation: np.ndarray) -> str:
    none = np.zeros(1, dtype=bool)
    base = {"withheld": np.array([""], dtype=object), "half_away": none, "contested": none, "on_ramp": none}
    surroundings = Situation(**{**base, **situation})
    evidence = weigh(of, looks(1, 4))
    sense = sense_of(of.actual[:, -1] - of.expected[:, -1], REVENUE.good)
    verdict = decide(REVENUE, of, surroundings, evidence, sense, 5)
    return rules_in_words(REVENUE, OCTOBER, of, surroundings, evidence, verdict, (5, 6))[0]


def test_a_status_says_its_rule_its_rows_and_what_would_change_it() -> None:
    below = words(series(with_last(STEADY, 60), n=132))
    assert below.startswith("Below: the miss of October 2026 is more than natural variation explains.")
    assert "in 24 earlier months; 132 rows in the month" in below
    assert below.endswith("A month at or above its expectation ends it.")
    run = words(series(with_last(STEADY, 89, 89, 89, 89)))
    assert "the miss of the last 4 months together" in run
    usual = words(series(with_last(STEADY, 97)))
    assert usual.startswith("As expected: ")
    assert "A single month below about " in usual
    ahead = words(series(with_last(STEADY, 160)))
    assert ahead.startswith("Ahead: the excess of October 2026")
    assert ahead.endswith("A month at or below its expectation ends it.")


def test_the_figure_named_as_what_would_change_it_would() -> None:
    usual = words(series(with_last(STEADY, 100, 97)))
    low = float(usual.split("below about ")[1].split(" or ")[0])
    assert status(series(with_last(STEADY, 100, low - 0.1)), looked=4) == BELOW
    assert status(series(with_last(STEADY, 100, low + 0.1)), looked=4) == AS_EXPECTED
