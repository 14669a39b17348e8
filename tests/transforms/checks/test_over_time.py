"""A month beside the months before: what is broken is told at the right severity, what is natural is not."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from config.checks import Severity
from config.models import Column, ColumnType, Extract, ExtractKind, FilesSource
from config.months import Month
from tests.transforms.checks.simulated import (
    CHARTED,
    HOLIDAYS,
    World,
    column_of,
    company,
    counted,
    sales,
    thinned,
    times,
    until,
    with_column,
)
from transforms.checks.course import Course
from transforms.checks.days import day_readings
from transforms.checks.drift import drift_readings
from transforms.checks.over_time import over_time_readings
from transforms.checks.readings import Reading
from transforms.stages import ColumnProfile, Profile

Profiles = dict[Month, Profile]
Break = Callable[[Profile], Profile]
SALES = sales()


def all_readings(profiles: Profiles, month: Month, extract: Extract = SALES) -> list[Reading]:
    headings = {at: profile.headings for at, profile in profiles.items()}
    return [
        *over_time_readings("sales", extract, profiles, month, HOLIDAYS),
        *day_readings("sales", extract, profiles, month, HOLIDAYS),
        *drift_readings("sales", extract, headings, profiles, month),
    ]


def failed(readings: list[Reading]) -> dict[str, Reading]:
    return {
        one.check.partition(".")[2]: one
        for one in readings
        if not one.value <= one.limit and one.severity is not Severity.INFO
    }


def broken(profiles: Profiles, breaking: Break, month: Month | None = None) -> Profiles:
    at = month or max(profiles)
    return {**profiles, at: breaking(profiles[at])}


@pytest.fixture(scope="module")
def clean() -> Profiles:
    return company(World(rows=400), seed=7, months=24)


def moved_hours(profile: Profile, by: int) -> Profile:
    hours = column_of(profile, "modified").hours
    return with_column(profile, "modified", hours=hours[-by:] + hours[:-by])


def total(profile: Profile, factor: str) -> Profile:
    old = column_of(profile, "amount").total
    assert old is not None
    return with_column(profile, "amount", total=old * Decimal(factor))


BREAKS: list[tuple[str, Break, str, Severity, str]] = [
    ("half", lambda p: thinned(p, 0.5), "rows_over_time", Severity.CRITICAL, "time.rows"),
    ("doubled without a key", lambda p: times(p, 2), "rows_over_time", Severity.CRITICAL, "time.rows"),
    ("a heading alone", lambda p: counted(p, lambda n: 0, 0.0), "rows_over_time", Severity.CRITICAL, "time.rows"),
    ("doubled with a key", lambda p: replace(p, copies=p.rows), "copies_over_time", Severity.WARNING, "time.copies"),
    ("comma read as thousands", lambda p: total(p, "100"), "amount_sum_over_time", Severity.CRITICAL, "time.sum"),
    ("in thousands", lambda p: total(p, "0.001"), "amount_sum_over_time", Severity.CRITICAL, "time.sum"),
    ("signs turned", lambda p: with_column(p, "amount", negative=p.rows), "amount_negative_over_time",
     Severity.CRITICAL, "time.negative"),
    ("a fifth negative", lambda p: with_column(p, "amount", negative=p.rows // 4), "amount_negative_over_time",
     Severity.WARNING, "time.negative"),
    ("no sellers", lambda p: with_column(p, "seller", filled=p.rows // 3, digits=0, leading_zeros=0),
     "seller_filled_over_time", Severity.CRITICAL, "time.filled"),
    ("a third without a seller", lambda p: with_column(p, "seller", filled=p.rows * 2 // 3),
     "seller_filled_over_time", Severity.WARNING, "time.filled"),
    ("no segments", lambda p: with_column(p, "segment", filled=0, mix=(), distinct=0), "segment_filled_over_time",
     Severity.WARNING, "time.filled"),
    ("segment renamed", lambda p: with_column(p, "segment", mix=(("Business", p.rows // 2), ("B2C", p.rows // 2))),
     "segment_mix_over_time", Severity.WARNING, "time.mix"),
    ("free text in segment", lambda p: with_column(p, "segment", mix=(), distinct=150), "segment_mix_over_time",
     Severity.WARNING, "time.mix"),
    ("all yes", lambda p: with_column(p, "renewed", mix=(("true", p.rows),)), "renewed_mix_over_time",
     Severity.WARNING, "time.mix"),
    ("zeros lost", lambda p: with_column(p, "seller", leading_zeros=0, longest=3), "seller_zeros_over_time",
     Severity.CRITICAL, "time.zeros"),
    ("ids as 1.2E+08", lambda p: with_column(p, "order_id", digits=0), "order_id_digits_over_time",
     Severity.WARNING, "time.digits"),
    ("ids cut off", lambda p: with_column(p, "order_id", longest=3), "order_id_length_over_time",
     Severity.WARNING, "time.length"),
    ("an hour on", lambda p: moved_hours(p, 1), "modified_hours_over_time", Severity.WARNING, "time.hours"),
    ("five hours back", lambda p: moved_hours(p, -5), "modified_hours_over_time", Severity.WARNING, "time.hours"),
    ("unreadable", lambda p: with_column(p, "amount", unreadable=p.rows // 2), "amount_type_drift",
     Severity.CRITICAL, "drift.type"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("breaking", "check", "severity", "code"), [case[1:] for case in BREAKS], ids=[case[0] for case in BREAKS]
)
def test_a_broken_month_is_told(clean: Profiles, breaking: Break, check: str, severity: Severity, code: str) -> None:
    month = max(clean)
    assert not failed(all_readings(clean, month))
    found = failed(all_readings(broken(clean, breaking), month))
    assert check in found
    reading = found[check]
    assert reading.severity is severity
    assert reading.finding is not None
    assert (reading.finding.code, reading.finding.severity, reading.finding.extract) == (code, severity, "sales")
    assert reading.finding.message.startswith(f"sales {month}: ")


def test_a_finding_says_what_is_seen_what_was_usual_and_how_to_accept_it(clean: Profiles) -> None:
    month = max(clean)
    profiles = broken(clean, lambda p: thinned(p, 0.5))
    finding = failed(all_readings(profiles, month))["rows_over_time"].finding
    assert finding is not None
    assert f"{profiles[month].rows:,} rows, where about " in finding.message
    assert f"accepted: [{{check: rows_over_time, month: {month}, why: …, by: …}}]" in finding.message


def test_half_a_file_is_told_once_though_its_sums_are_halved_too(clean: Profiles) -> None:
    found = failed(all_readings(broken(clean, lambda p: thinned(p, 0.5)), max(clean)))
    assert set(found) == {"rows_over_time"}


@pytest.mark.parametrize("by", [*range(1, 12), *range(-11, 0)])
def test_a_shift_of_the_clock_is_told_in_hours(clean: Profiles, by: int) -> None:
    found = failed(all_readings(broken(clean, lambda p: moved_hours(p, by)), max(clean)))
    finding = found["modified_hours_over_time"].finding
    assert finding is not None
    hours = f"{abs(by)} hour{'s' if abs(by) > 1 else ''}"
    assert f"lie {hours} {'later' if by > 0 else 'earlier'} in the day" in finding.message


def test_hours_that_changed_otherwise_are_no_shift(clean: Profiles) -> None:
    flat = with_column(clean[max(clean)], "modified", hours=(16,) * 24)
    assert not failed(all_readings({**clean, max(clean): flat}, max(clean)))


def test_a_source_without_summer_time_is_told_of_in_its_first_summer_alone() -> None:
    profiles = {
        month: moved_hours(profile, -1) if 4 <= month.number <= 10 else profile
        for month, profile in company(World(), seed=11, months=36, last=Month(2025, 12)).items()
    }
    told = [at for at in profiles if "modified_hours_over_time" in failed(all_readings(profiles, at))]
    assert all(at < Month(2023, 12) for at in told)


def test_a_counter_that_outgrew_its_zeros_has_lost_none(clean: Profiles) -> None:
    padded = {
        month: with_column(p, "order_id", leading_zeros=p.rows if month < max(clean) else 0, longest=6)
        for month, p in clean.items()
    }
    assert "order_id_zeros_over_time" not in failed(all_readings(padded, max(clean)))
    stripped = broken(padded, lambda p: with_column(p, "order_id", longest=5))
    assert failed(all_readings(stripped, max(clean)))["order_id_zeros_over_time"].severity is Severity.WARNING


@pytest.mark.parametrize("months_back", [1, 2, 5])
def test_an_earlier_months_rows_again_are_told(clean: Profiles, months_back: int) -> None:
    month = max(clean)
    again = {**clean, month: replace(clean[month.shift(-months_back)], days=clean[month].days)}
    found = failed(all_readings(again, month))
    assert found["same_rows_over_time"].severity is Severity.CRITICAL
    message = found["same_rows_over_time"].finding
    assert message is not None
    assert f"the very rows of {month.shift(-months_back)} again" in message.message


def test_values_of_surveys_and_conversations_are_not_told(clean: Profiles) -> None:
    asked = sales(kind=ExtractKind.PULSE)
    profiles = broken(clean, lambda p: total(with_column(p, "segment", mix=(("I resign", p.rows),)), "100"))
    found = failed(all_readings(profiles, max(clean), asked))
    mix, summed = found["segment_mix_over_time"].finding, found["amount_sum_over_time"].finding
    assert mix is not None
    assert summed is not None
    assert "resign" not in mix.message
    amount = column_of(profiles[max(clean)], "amount").total
    assert f"{amount:,.0f}" not in summed.message


# -- history -----------------------------------------------------------------------------------------------------


def test_a_first_month_is_compared_with_nothing(clean: Profiles) -> None:
    first = min(clean)
    alone = {first: clean[first]}
    assert Course.of("sales", SALES, alone, first) is None
    assert over_time_readings("sales", SALES, alone, first) == []


@pytest.mark.parametrize("history", [1, 2, 3])
def test_with_little_history_only_what_is_out_of_all_proportion_is_told(clean: Profiles, history: int) -> None:
    kept = dict(list(clean.items())[: history + 1])
    month = max(kept)
    assert not failed(all_readings(broken(kept, lambda p: thinned(p, 0.5)), month))
    assert "rows_over_time" in failed(all_readings(broken(kept, lambda p: thinned(p, 0.05)), month))
    assert "seller_filled_over_time" in failed(
        all_readings(broken(kept, lambda p: with_column(p, "seller", filled=9)), month)
    )


def test_later_months_are_never_read(clean: Profiles) -> None:
    month = list(clean)[12]
    upto = {at: profile for at, profile in clean.items() if at <= month}
    assert all_readings(clean, month) == all_readings(upto, month)


def test_the_order_of_the_months_given_never_matters(clean: Profiles) -> None:
    turned = dict(reversed(list(clean.items())))
    assert all_readings(clean, max(clean)) == all_readings(turned, max(clean))


def test_one_broken_month_does_not_excuse_the_next(clean: Profiles) -> None:
    last, before = max(clean), max(clean).shift(-1)
    profiles = broken(broken(clean, lambda p: thinned(p, 0.4)), lambda p: thinned(p, 0.4, seed=2), before)
    assert failed(all_readings(profiles, last))["rows_over_time"].severity is Severity.CRITICAL


def test_the_month_after_a_broken_one_is_not_told(clean: Profiles) -> None:
    profiles = broken(clean, lambda p: thinned(p, 0.4), max(clean).shift(-1))
    assert not failed(all_readings(profiles, max(clean)))


def test_check_ids_are_unique_and_stable_over_the_months(clean: Profiles) -> None:
    ids = [[one.check for one in all_readings(clean, month)] for month in list(clean)[6:]]
    assert all(len(set(one)) == len(one) for one in ids)
    assert all(one == ids[0] for one in ids)
    assert {"sales.rows_over_time", "sales.amount_sum_over_time", "sales.days_at_end"} <= set(ids[0])


def test_a_limit_is_never_missing_and_a_passing_value_never_over_it(clean: Profiles) -> None:
    for reading in all_readings(clean, max(clean)):
        assert reading.value <= reading.limit or reading.severity is Severity.INFO
        assert reading.finding is not None


# -- people ------------------------------------------------------------------------------------------------------


def people_profile(people: int, rows: int | None = None) -> Profile:
    rows = rows or people
    columns = (
        ColumnProfile("associate", rows, distinct=people),
        ColumnProfile("team", rows, distinct=3),
        ColumnProfile("email", rows, distinct=people),
    )
    return Profile(rows, 0, ("associate", "team", "email"), columns)


HR = Extract(
    kind=ExtractKind.HR, source=FilesSource(files=("hr.csv",)),
    columns={"associate": Column(type=ColumnType.ID), "team": Column(type=ColumnType.ID),
             "email": Column(type=ColumnType.TEXT)},
)  # fmt: skip


@pytest.mark.parametrize(
    ("before", "now", "severity"),
    [
        (40, 40, None), (40, 31, None), (40, 30, None), (40, 29, Severity.CRITICAL), (40, 50, None),
        (40, 51, Severity.WARNING), (40, 0, Severity.CRITICAL), (8, 6, None), (8, 5, Severity.CRITICAL),
        (7, 3, None), (7, 1, None), (200, 150, None), (200, 149, Severity.CRITICAL),
    ],
)  # fmt: skip
def test_people_of_hr_against_the_month_before(before: int, now: int, severity: Severity | None) -> None:
    profiles = {Month(2026, 9): people_profile(before), Month(2026, 10): people_profile(now)}
    found = failed(over_time_readings("hr", HR, profiles, Month(2026, 10)))
    kinds = {one.severity for name, one in found.items() if name in ("rows_over_time", "people_over_time")}
    assert kinds == ({severity} if severity else set())


def test_hr_without_teams_is_critical_and_without_mail_a_warning() -> None:
    whole = people_profile(40)
    profiles = {
        Month(2026, 9): whole,
        Month(2026, 10): with_column(with_column(whole, "team", filled=3), "email", filled=3),
    }
    found = failed(over_time_readings("hr", HR, profiles, Month(2026, 10)))
    assert {name: one.severity for name, one in found.items()} == {
        "team_filled_over_time": Severity.CRITICAL, "email_filled_over_time": Severity.WARNING,
    }  # fmt: skip


def test_a_control_extract_is_not_compared(clean: Profiles) -> None:
    assert over_time_readings("sales", sales(kind=ExtractKind.CONTROL), clean, max(clean)) == []


# -- how often it is wrong ---------------------------------------------------------------------------------------


def worlds(sizes: tuple[float, ...], spreads: tuple[float, ...]) -> list[World]:
    return [
        World(rows, season, spread, growth, amounts, saturdays, shift)
        for rows in sizes
        for season in CHARTED
        for spread in spreads
        for growth, shift, amounts, saturdays in ((0, 1, 0.6, 0), (0.015, 1, 1.2, 0.5), (-0.01, 0.85, 0.8, 0.15))
    ]


def alarms(tried: list[World], seed: int) -> tuple[int, int, int]:
    """Extract months judged, with a critical finding, with a warning at most."""
    judged = critical = warned = 0
    for at, world in enumerate(tried):
        profiles = company(world, seed + at)
        for month in profiles:
            found = failed(all_readings(profiles, month)).values()
            is_critical = any(one.severity is Severity.CRITICAL for one in found)
            judged, critical, warned = judged + 1, critical + is_critical, warned + (bool(found) and not is_critical)
    return judged, critical, warned


@pytest.mark.slow  # over a thousand months of clean companies: a rate of false alarms is not seen in fewer
def test_clean_companies_raise_no_alarm() -> None:
    judged, critical, warned = alarms(worlds((20, 300), (0.03,)), seed=500)
    assert judged == 864
    assert critical == 0
    assert warned <= 1


@pytest.mark.soak
def test_clean_companies_raise_next_to_no_alarm() -> None:
    tried = worlds((15, 40, 120, 250, 600, 3000), (0.03, 0.08))
    judged, critical, warned = (
        sum(parts) for parts in zip(*(alarms(tried, seed) for seed in (1000, 3000, 5000, 7000)), strict=True)
    )
    assert judged == 20_736
    assert critical <= judged / 2000
    assert warned <= judged / 500


@pytest.mark.parametrize("season", ["flat", "mild"])
@pytest.mark.parametrize(
    ("breaking", "least"),
    [(lambda p: thinned(p, 0.5), 0.97), (lambda p: times(p, 2), 0.9), (lambda p: until(p, 15), 1.0)],
    ids=["half the rows", "doubled", "first half of the month"],
)
def test_half_and_doubled_files_are_critical_from_the_sixth_month_on(
    season: str, breaking: Break, least: float
) -> None:
    tried = found = 0
    for seed in range(8):
        profiles = company(World(rows=300, season=season, spread=0.03), seed=900 + seed)
        for month in list(profiles)[5 + seed % 3 :: 3]:
            if profiles[month].rows >= 200:
                readings = failed(all_readings(broken(profiles, breaking, month), month))
                tried, found = tried + 1, found + any(one.severity is Severity.CRITICAL for one in readings.values())
    assert tried >= 75
    assert found / tried >= least
