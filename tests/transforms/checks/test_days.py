"""Days without rows, days with all of them, rows that stop at a limit, pulls before the month was over."""

from dataclasses import replace
from datetime import date

import pytest

from config.checks import Severity
from config.models import ExtractKind
from config.months import Month
from tests.transforms.checks.simulated import HOLIDAYS, World, company, sales
from transforms.checks.days import day_readings, pulled_reading
from transforms.checks.readings import Reading
from transforms.stages import Profile

SALES = sales()
OCTOBER = Month(2025, 10)
Profiles = dict[Month, Profile]


@pytest.fixture(scope="module")
def clean() -> Profiles:
    return company(World(rows=400, season="flat"), seed=3, months=24, last=OCTOBER)


def with_days(profile: Profile, kept: range | list[int]) -> Profile:
    """Only rows of these days of the month."""
    days = tuple(n if at in kept else 0 for at, n in enumerate(profile.days, start=1))
    return replace(profile, days=days, rows=sum(days))


def failed(profiles: Profiles, month: Month = OCTOBER) -> dict[str, Reading]:
    readings = day_readings("sales", SALES, profiles, month, HOLIDAYS)
    return {one.check.partition(".")[2]: one for one in readings if not one.value <= one.limit}


@pytest.mark.parametrize(
    ("kept", "check", "severity"),
    [
        (range(1, 32), None, None),
        (range(1, 31), None, None),
        (range(1, 29), "days_at_end", Severity.CRITICAL),
        (range(1, 16), "days_at_end", Severity.CRITICAL),
        (range(3, 32), "days_at_start", Severity.WARNING),
        (range(10, 32), "days_at_start", Severity.CRITICAL),
        ([*range(1, 13), *range(15, 32)], None, None),
        ([*range(1, 13), *range(20, 32)], "days_in_between", Severity.WARNING),
    ],
    ids=["whole", "last day", "last three", "second half", "two at the start", "nine at the start", "two between",
         "a week between"],
)  # fmt: skip
def test_days_without_rows(
    clean: Profiles, kept: range | list[int], check: str | None, severity: Severity | None
) -> None:
    found = failed({**clean, OCTOBER: with_days(clean[OCTOBER], kept)})
    assert {name: one.severity for name, one in found.items()} == ({check: severity} if check else {})


def test_the_finding_names_the_last_day_and_what_is_missing(clean: Profiles) -> None:
    finding = failed({**clean, OCTOBER: with_days(clean[OCTOBER], range(1, 15))})["days_at_end"].finding
    assert finding is not None
    assert finding.code == "days.ends_early"
    assert "no row after 2025-10-14: 13 days that usually have rows have none" in finding.message


def test_weekends_and_holidays_are_no_missing_days() -> None:
    clean = company(World(rows=600, season="flat"), seed=4, months=24, last=Month(2025, 12))
    assert not failed(clean, Month(2025, 12))
    # Of May 2025's last days the 29th is a holiday and the 30th the bridge after it.
    may = {at: profile for at, profile in clean.items() if at <= Month(2025, 5)}
    assert not failed({**may, Month(2025, 5): with_days(may[Month(2025, 5)], range(1, 29))}, Month(2025, 5))


def test_closing_between_the_years_is_no_cut_file() -> None:
    profiles = company(World(rows=600, season="flat"), seed=5, months=20, last=Month(2024, 12))
    closed = {at: with_days(p, range(1, 24)) if at.number == 12 else p for at, p in profiles.items()}
    assert not failed(closed, Month(2023, 12))
    assert not failed(closed, Month(2024, 12))


def test_a_survey_answered_in_one_week_is_not_called_cut() -> None:
    profiles = company(World(rows=60, season="flat"), seed=6, months=24, last=OCTOBER)
    weeks = {at: with_days(p, range(1 + n * 5 % 20, 8 + n * 5 % 20)) for n, (at, p) in enumerate(profiles.items())}
    counts = {at: replace(p, days=tuple(n * 4 for n in p.days), rows=p.rows * 4) for at, p in weeks.items()}
    assert not [at for at in counts if failed(counts, at)]


def test_a_small_team_may_have_days_without_rows() -> None:
    profiles = company(World(rows=20, season="flat"), seed=8, months=36)
    assert not [at for at in profiles if failed(profiles, at)]


def test_rows_all_on_one_day_are_a_load_date(clean: Profiles) -> None:
    rows = clean[OCTOBER].rows
    loaded = replace(clean[OCTOBER], days=(*(0 for _ in range(30)), rows))
    found = failed({**clean, OCTOBER: loaded})
    assert {name: one.severity for name, one in found.items()} == {"days_spread": Severity.WARNING}
    always = {at: replace(p, days=(p.rows, *(0 for _ in p.days[1:]))) for at, p in clean.items()}
    assert not failed(always)


LIMIT_CASES = [
    ("a round number by chance", 1_000, range(1, 32), None),
    ("a round number and no last days", 1_000, range(1, 31), Severity.CRITICAL),
    ("not round", 1_001, range(1, 31), None),
    ("a spreadsheet's last row", 65_536, range(1, 32), Severity.WARNING),
    ("a spreadsheet's last row and no last days", 65_536, range(1, 25), Severity.CRITICAL),
    ("a spreadsheet's rows below its heading", 1_048_575, range(1, 32), Severity.WARNING),
]


@pytest.mark.parametrize(("rows", "kept", "severity"), [c[1:] for c in LIMIT_CASES], ids=[c[0] for c in LIMIT_CASES])
def test_a_number_of_rows_at_which_exports_stop(rows: int, kept: range, severity: Severity | None) -> None:
    times = max(rows // 1_000, 1)
    profiles = company(World(rows=rows / times, season="flat"), seed=9, months=12, last=OCTOBER)
    scaled = {at: replace(p, days=tuple(n * times for n in p.days), rows=p.rows * times) for at, p in profiles.items()}
    days = [rows // 23 if date(2025, 10, day).weekday() < 5 and day in kept else 0 for day in range(1, 32)]
    days[0] += rows - sum(days)
    found = failed({**scaled, OCTOBER: replace(scaled[OCTOBER], rows=rows, days=tuple(days))})
    assert (found["row_limit"].severity if "row_limit" in found else None) is severity


def test_the_same_round_number_again_is_a_limit(clean: Profiles) -> None:
    capped = {**clean, OCTOBER.shift(-1): replace(clean[OCTOBER.shift(-1)], rows=1_000)}
    capped[OCTOBER] = replace(clean[OCTOBER], rows=1_000)
    assert failed(capped)["row_limit"].severity is Severity.CRITICAL


def test_copies_count_towards_a_limit(clean: Profiles) -> None:
    cut = with_days(clean[OCTOBER], range(1, 25))
    assert failed({**clean, OCTOBER: replace(cut, rows=980, copies=20)})["row_limit"].severity is Severity.CRITICAL
    assert "row_limit" not in failed({**clean, OCTOBER: replace(cut, rows=1_000, copies=20)})


@pytest.mark.parametrize("kind", [ExtractKind.HR, ExtractKind.AVAILABILITY, ExtractKind.PLAN, ExtractKind.EVENTS])
def test_extracts_that_are_not_dated_by_day_have_no_missing_days(clean: Profiles, kind: ExtractKind) -> None:
    profiles = {**clean, OCTOBER: with_days(clean[OCTOBER], range(1, 10))}
    assert day_readings("x", sales(kind=kind), profiles, OCTOBER, HOLIDAYS) == []


@pytest.mark.parametrize(
    ("pulled", "severity"),
    [
        (date(2025, 10, 30), Severity.CRITICAL), (date(2025, 10, 31), Severity.CRITICAL),
        (date(2025, 11, 1), Severity.INFO), (date(2025, 11, 6), Severity.INFO), (date(2025, 11, 7), None),
        (date(2026, 2, 1), None), (None, None),
    ],
)  # fmt: skip
def test_when_it_was_pulled(pulled: date | None, severity: Severity | None) -> None:
    reading = pulled_reading("sales", OCTOBER, pulled, closes_on=date(2025, 11, 7))
    assert (reading.severity if reading.value > reading.limit else None) is severity
    if pulled is not None and severity is not None:
        assert reading.finding is not None
        assert str(pulled) not in reading.finding.message
