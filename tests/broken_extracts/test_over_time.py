"""Extracts that are whole in themselves and wrong for their month: other months, days, levels, mixes, hours, totals."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from tests.broken_extracts.breaking import (
    Table,
    again,
    cell,
    column,
    each,
    filled,
    insert,
    keep,
    on_table,
    only,
)
from tests.broken_extracts.cases import (
    ACTIVITY,
    ORDERS,
    PULSE,
    RENEWALS,
    REVENUE,
    SERVICE,
    Case,
    assert_caught,
    critical,
    of,
    params,
    warning,
)
from tests.broken_extracts.world import World

_OUTSIDE = "typing.outside_month"
pytestmark = pytest.mark.usefixtures("asked_once")
_CONTROL = "data/control/control-2026-10.csv"


def _other_month(months: int) -> Callable[[str], str]:
    """The same day of another month, its last where there is no such day."""

    def moved(text: str) -> str:
        day = date.fromisoformat(text[:10])
        year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
        return f"{year:04d}-{month + 1:02d}-{min(day.day, 28):02d}{text[10:]}"

    return moved


def _numbered_channels(table: Table) -> None:
    for line in table.lines():
        table.put(line, "channel", f"call {line}")


def _hours(by: int) -> Callable[[str], str]:
    return lambda text: str(datetime.fromisoformat(text) + timedelta(hours=by))


def _totals(case: Case) -> Case:
    """The same of the file of the sources' totals."""
    return replace(case, file=_CONTROL, control=True)


MONTHS = [
    critical("a-month-later", "sales", column("order_date", _other_month(1)), _OUTSIDE, line=2, value="2026-11-01",
             withheld=of(ORDERS)),
    critical("a-month-later-in-service", "service", column("closed", _other_month(1)), _OUTSIDE, line=2,
             value="2026-11-01 10:01:04", withheld=of(SERVICE)),
    critical("a-month-earlier-in-renewals", "renewals", column("due_date", _other_month(-1)), _OUTSIDE, line=2,
             value="2026-09-01", withheld=of(RENEWALS)),
    critical("a-quarter-earlier", "activity", column("date", _other_month(-3)), _OUTSIDE, line=2, value="2026-07-01",
             withheld=of(ACTIVITY)),
    critical("a-year-earlier", "pulse", column("answered_on", _other_month(-12)), _OUTSIDE, line=2,
             says=("34 of 34 rows",), withheld=of(PULSE)),
    critical("days-written-in-two-ways", "sales",
             column("order_date", lambda text: f"{text[8:]}.{text[5:7]}.{text[:4]}", lambda line, _row: line % 2 == 0),
             "typing.unreadable", line=2, column="order_date", value="01.10.2026", withheld=of(ORDERS)),
    critical("days-as-numbers-of-a-spreadsheet", "activity",
             column("date", lambda text: str((date.fromisoformat(text) - date(1899, 12, 30)).days)),
             "typing.unreadable", line=2, column="activity_date", value="46296", withheld=of(ACTIVITY)),
    critical("days-gone", "activity", column("date", ""), "typing.required_missing", line=2, withheld=of(ACTIVITY)),
]  # fmt: skip

DAYS = [
    critical("last-week-missing", "sales", keep(lambda _line, row: row["order_date"] < "2026-10-24"),
             "days.ends_early", withheld=of(ORDERS), says=("2026-10-23",)),
    critical("last-week-missing-in-service", "service", keep(lambda _line, row: row["closed"] < "2026-10-24"),
             "days.ends_early", withheld=of(SERVICE), says=("2026-10-23",)),
    critical("first-week-missing", "sales", keep(lambda _line, row: row["order_date"] > "2026-10-08"),
             "days.starts_late", withheld=of(ORDERS), says=("2026-10-09",)),
    critical("first-week-missing-in-activity", "activity", keep(lambda _line, row: row["date"] > "2026-10-08"),
             "days.starts_late", withheld=of(ACTIVITY)),
    warning("a-week-missing-in-the-middle", "sales",
            keep(lambda _line, row: not "2026-10-12" <= row["order_date"] <= "2026-10-16"), "days.gap",
            says=("2026-10-10", "2026-10-18")),
    warning("days-missing-in-the-middle-of-service", "service",
            keep(lambda _line, row: not "2026-10-19" <= row["closed"] < "2026-10-23"), "days.gap"),
    warning("all-on-one-day", "sales", column("order_date", "2026-10-30"), "days.one_day", column="order_date",
            says=("2026-10-30",)),
    warning("all-visits-on-the-last-day", "activity", column("date", "2026-10-31"), "days.one_day",
            says=("2026-10-31",)),
    critical("stopped-at-250-rows", "sales", keep(lambda line, _row: line <= 251), "days.ends_early",
             withheld=of(ORDERS)),
    critical("stopped-at-200-rows", "activity", keep(lambda line, _row: line <= 201), "days.ends_early",
             withheld=of(ACTIVITY)),
]  # fmt: skip

LEVELS = [
    critical("cents-for-euros", "sales", column("amount", filled(lambda text: text.replace(".", ""))), "check.between",
             line=3, column="amount", value="349451", withheld=of(ORDERS)),
    critical("thousands-for-euros", "sales", column("amount", filled(lambda text: f"{float(text) / 1000:.4f}")),
             "time.sum", column="amount", withheld=of(REVENUE)),
    critical("ten-times-too-much", "sales", column("amount", filled(lambda text: f"{float(text) * 10:.2f}")),
             "time.sum", column="amount", withheld=of(REVENUE)),
    critical("all-amounts-zero", "sales", column("amount", filled(lambda _text: "0.00")), "time.sum", column="amount",
             withheld=of(REVENUE)),
    critical("most-amounts-zero", "sales",
             column("amount", filled(lambda _text: "0.00"), lambda line, _row: line % 5 != 0), "time.sum",
             column="amount", withheld=of(REVENUE)),
    critical("nearly-all-sellers-empty", "sales", column("seller", "", lambda line, _row: line % 10 != 0),
             "typing.key_missing", line=2, column="seller", withheld=of(ORDERS)),
    warning("customers-gone", "sales", column("customer", ""), "time.filled", column="customer"),
    warning("satisfaction-gone", "service", column("satisfaction", ""), "time.filled", column="satisfaction"),
    critical("minutes-for-hours", "service",
             column("first_response_hours", lambda text: f"{float(text) * 60:.0f}"), "time.sum",
             column="first_response_hours", withheld=of("first_response_hours")),
    critical("days-for-hours", "service",
             column("first_response_hours", lambda text: f"{float(text) / 24:.2f}"), "time.sum",
             column="first_response_hours", withheld=of("first_response_hours")),
    critical("every-contract-once-more-under-another-number", "renewals", again(contract=lambda text: f"9{text}"),
             "time.rows", withheld=of(RENEWALS)),
]  # fmt: skip

IDS = [
    critical("sellers-without-leading-zeros", "sales", column("seller", lambda text: text.lstrip("0")), "time.zeros",
             column="seller", withheld=of(ORDERS), says=("leading zeros lost",)),
    critical("sellers-without-leading-zeros-in-activity", "activity",
             column("seller", lambda text: text.lstrip("0")), "time.zeros", column="seller", withheld=of(ACTIVITY)),
    warning("orders-with-leading-zeros", "sales", column("order_id", lambda text: f"0{text[1:]}"), "time.zeros",
            column="order_id"),
    warning("customers-of-another-system", "sales", column("customer", lambda text: f"K-{text}"), "time.digits",
            column="customer"),
    warning("tickets-as-long-names", "service", column("ticket", lambda text: f"{text}{text}{text}"), "time.length",
            column="ticket"),
]  # fmt: skip

MIXES = [
    warning("kinds-in-german", "activity",
            column("kind", lambda text: {"visit": "Besuch", "proposal": "Angebot"}[text]),
            "time.mix", column="activity_kind", says=("“Besuch”",)),
    critical("one-kind-left-out", "activity", keep(lambda _line, row: row["kind"] == "visit"), "time.rows",
             withheld=of(ACTIVITY)),
    warning("none-renewed", "renewals", column("renewed", "false"), "time.mix", column="renewed"),
    warning("all-solved", "service", column("solved_first_contact", "true"), "time.mix",
            column="solved_first_contact"),
    warning("segments-by-hand", "service", column("segment", lambda text: text.lower()), "time.mix", column="segment"),
    warning("free-text-for-a-channel", "service",
            on_table(_numbered_channels),
            "time.mix", column="channel"),
]  # fmt: skip

HOURS = [
    warning("two-hours-later", "service", column("closed", _hours(2)), "time.hours", column="closed",
            says=("2 hours later",)),
    warning("six-hours-earlier", "service", each(column("opened", _hours(-6)), column("closed", _hours(-6))),
            "time.hours", column="closed", says=("6 hours earlier",)),
    warning("local-times-said-to-be-utc", "service", column("closed", lambda text: f"{text}Z"), "time.hours",
            column="closed", says=("later",)),
    warning("orders-modified-in-another-zone", "sales", column("modified", _hours(-6)), "time.hours",
            column="modified", says=("6 hours earlier",)),
]  # fmt: skip

TOTALS = [
    _totals(critical("total-off-by-a-cent", "sales", cell(2, total="673739.03"), "control.total", line=2,
                     withheld=of(REVENUE), says=("673,739.02", "673,739.03", "0.01"))),
    _totals(critical("rows-off-by-one", "sales", cell(2, rows="395"), "control.rows", line=2, withheld=of(ORDERS),
             says=("394", "395"))),
    _totals(critical("two-totals", "sales", insert(3, ["sales", "2026-10-01", "394", "673000.00", "EUR"]),
                     "control.several", line=2, withheld=of(ORDERS))),
    _totals(warning("total-missing", "sales", keep(lambda _line, row: row["extract"] != "sales"),
                    "control.missing_line", told_of="sales-2026-10.csv")),
    _totals(warning("totals-of-another-month", "sales", column("month", "2026-09-01"), "control.missing_line",
                    told_of="sales-2026-10.csv")),
    warning("total-that-is-no-number", "control", cell(2, total="673.739,02"), "typing.unreadable", line=2,
            column="total", value="673.739,02", control=True),
    critical("one-row-lost", "sales", keep(lambda line, _row: line != 10), "control.rows", control=True,
             told_of=_CONTROL, says=("393", "394"), withheld=of(ORDERS)),
    critical("one-cent-lost", "sales", cell(10, amount="1232.54"), "control.total", control=True, told_of=_CONTROL,
             says=("0.01 less",), withheld=of(REVENUE)),
    critical("one-ticket-lost", "service", keep(lambda line, _row: line != 10), "control.rows", control=True,
             told_of=_CONTROL,
             says=("255", "256"), withheld=of(SERVICE)),
    critical("no-totals-at-all", "control", None, "source.missing", control=True),
    critical("empty-totals", "control", only(""), "source.missing", control=True),
]  # fmt: skip

CASES = [*MONTHS, *DAYS, *LEVELS, *IDS, *MIXES, *HOURS, *TOTALS]

OFTEN = """
a-month-later days-written-in-two-ways last-week-missing a-week-missing-in-the-middle all-on-one-day
stopped-at-250-rows cents-for-euros all-amounts-zero sellers-without-leading-zeros kinds-in-german
two-hours-later total-off-by-a-cent rows-off-by-one total-missing one-row-lost
"""
"""The others run in long campaigns: a case takes a second."""


@pytest.mark.parametrize("case", params(CASES, OFTEN))
def test_is_caught(demo_of: Callable[[str], World], case: Case) -> None:
    assert_caught(demo_of(case.extract), case)


@pytest.mark.parametrize(
    "case",
    params(
        [
            critical("sales", "sales", None, _OUTSIDE, withheld=of(ORDERS)),
            critical("service", "service", None, _OUTSIDE, withheld=of(SERVICE)),
            critical("activity", "activity", None, _OUTSIDE, withheld=of(ACTIVITY)),
        ],
        "sales",
    ),
)
def test_the_file_of_another_month_is_caught(demo_of: Callable[[str], World], case: Case) -> None:
    world = demo_of(case.extract)
    september = world.path(f"data/{case.extract}/{case.extract}-2026-09.csv").read_bytes()
    caught = Case(case.id, case.extract, only(september), case.code, case.severity, withheld=case.withheld)
    found = assert_caught(world, caught)
    outside = next(one for one in found.findings if one.code == _OUTSIDE and one.extract == case.extract)
    assert (outside.line, outside.value[:7]) == (2, "2026-09"), outside


@pytest.mark.parametrize(
    ("extract", "by", "withheld"),
    [
        ("sales", "order_date", ORDERS),
        pytest.param("service", "closed", SERVICE, marks=pytest.mark.soak),
    ],
)
def test_rows_of_last_month_under_the_days_of_this_one_are_caught(
    demo_of: Callable[[str], World], extract: str, by: str, withheld: set[str]
) -> None:
    world = demo_of(extract)
    september = world.path(f"data/{extract}/{extract}-2026-09.csv").read_bytes()
    dated = column(by, lambda text: text.replace("2026-09", "2026-10"))(september)
    assert_caught(world, critical(extract, extract, only(dated), "time.same_again", withheld=of(withheld),
                                  says=("2026-09",)))  # fmt: skip
