"""Figures, months and days are written as the company's locale writes them."""

from datetime import date
from decimal import Decimal

import pytest

from config.models import Metric
from config.months import Month
from transforms.formats import MISSING, Formats, Scale, rounded

NOTHING = float("nan")
NBSP, NARROW, MINUS = "\u00a0", "\u202f", "\u2212"


def metric(unit: str, decimals: int = 0) -> Metric:
    return Metric.model_validate(
        {
            "label": "A figure", "extract": "sales", "value": "count(*)", "unit": unit, "good": "up",
            "stage": "result", "decimals": decimals,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("locale", "currency", "money", "cents", "percent", "points"),
    [
        ("en_GB", "GBP", f"{MINUS}£1,234,568", "£0.50", "89.6%", f"{MINUS}2.1 pts"),
        ("en_US", "USD", f"{MINUS}$1,234,568", "$0.50", "89.6%", f"{MINUS}2.1 pts"),
        ("de_DE", "EUR", f"{MINUS}1.234.568{NBSP}€", f"0,50{NBSP}€", f"89,6{NBSP}%", f"{MINUS}2,1 pts"),
        (
            "fr_FR", "EUR", f"{MINUS}1{NARROW}234{NARROW}568{NBSP}€", f"0,50{NBSP}€", f"89,6{NBSP}%",
            f"{MINUS}2,1 pts",
        ),
    ],
)  # fmt: skip
def test_each_locale_writes_its_own(
    locale: str, currency: str, money: str, cents: str, percent: str, points: str
) -> None:
    formats = Formats(locale, currency)
    assert formats.with_unit(-1_234_567.891, metric("money")) == money
    assert formats.with_unit(0.5, metric("money", 2)) == cents
    assert formats.with_unit(0.8964, metric("percent", 1)) == percent
    assert formats.difference(-0.021, metric("percent")) == points


@pytest.mark.parametrize("locale", ["en_GB", "en_US", "de_DE", "fr_FR"])
@pytest.mark.parametrize("unit", ["money", "percent", "count", "score", "hours"])
@pytest.mark.parametrize("value", [NOTHING, float("inf")], ids=["missing", "divided by zero"])
def test_a_figure_that_is_not_there_is_a_dash_without_a_unit(locale: str, unit: str, value: float) -> None:
    formats = Formats(locale, "EUR")
    assert formats.with_unit(value, metric(unit, 1)) == MISSING
    assert formats.figure(value, Scale(0.01, "%", 1)) == MISSING
    assert formats.difference(value, metric(unit, 1)) == ""


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (2.5, 0, "3"), (-2.5, 0, "-3"), (0.5, 0, "1"), (1.005, 2, "1.01"), (0.1 + 0.2, 2, "0.30"), (-0.004, 2, "0.00"),
        (1e15 + 0.5, 0, "1000000000000001"),
    ],
)  # fmt: skip
def test_halves_are_rounded_as_by_hand(value: float, decimals: int, written: str) -> None:
    assert str(rounded(value, decimals)) == written


def test_a_share_is_rounded_as_written_not_as_held_in_binary() -> None:
    """0.8965 / 0.01 is 89.64999… in binary."""
    formats = Formats("en_GB", "GBP")
    assert formats.with_unit(0.8965, metric("percent", 1)) == "89.7%"
    assert formats.figure(0.8965, Scale(0.01, "%", 1)) == "89.7"
    assert formats.difference(0.00285, metric("percent", 2)) == "+0.29 pts"


@pytest.mark.parametrize(
    ("unit", "value", "written"),
    [
        ("percent", 0.0, "0.0 pts"),
        ("percent", -0.00001, "0.0 pts"),
        ("score", 0.25, "+0.3 pts"),
        ("money", -0.333, f"{MINUS}33.3%"),
        ("money", 0.9995, "+100.0%"),
        ("money", 1.5, "+150%"),
        ("count", 0.02, "+2.0%"),
        ("hours", -1.0, f"{MINUS}100%"),
    ],
)
def test_a_difference_is_points_of_percent_and_scores_and_else_a_share_of_the_expectation(
    unit: str, value: float, written: str
) -> None:
    assert Formats("en_GB", "GBP").difference(value, metric(unit)) == written


@pytest.mark.parametrize(
    ("unit", "values", "scale"),
    [
        ("money", [99_999.0, -12.0], Scale(1.0, "€", 0)),
        ("money", [100_000.0, NOTHING], Scale(1e3, "k€", 0)),
        ("money", [-100_000_000.0], Scale(1e6, "m€", 1)),
        ("money", [NOTHING], Scale(1.0, "€", 0)),
        ("percent", [0.5], Scale(0.01, "%", 0)),
        ("hours", [1e9], Scale(1.0, "h", 0)),
        ("count", [1e9], Scale(1.0, "", 0)),
    ],
)
def test_a_row_has_one_scale_by_its_largest_figure(unit: str, values: list[float], scale: Scale) -> None:
    assert Formats("en_GB", "EUR").scale(metric(unit), values) == scale


def test_no_figure_is_written_as_minus_zero() -> None:
    formats = Formats("en_GB", "EUR")
    assert formats.number(-0.0, 0) == "0"
    assert formats.number(Decimal("-0.4"), 0, sign=True) == "0"
    assert formats.money(-0.001, 2) == "€0.00"


@pytest.mark.parametrize(
    ("locale", "month", "short", "day", "language"),
    [
        ("en_GB", "October 2026", "Oct 2026", "14 Oct 2026", "en-GB"),
        ("en_US", "October 2026", "Oct 2026", "Oct 14, 2026", "en-US"),
        ("de_DE", "Oktober 2026", "Okt 2026", "14.10.2026", "de-DE"),
        ("fr_FR", "octobre 2026", "oct. 2026", "14 oct. 2026", "fr-FR"),
    ],
)
def test_months_and_days_are_in_the_order_of_the_locale(
    locale: str, month: str, short: str, day: str, language: str
) -> None:
    formats = Formats(locale, "EUR")
    october = Month(2026, 10)
    assert (formats.month(october), formats.short_month(october)) == (month, short)
    assert (formats.day(date(2026, 10, 14)), formats.language) == (day, language)
