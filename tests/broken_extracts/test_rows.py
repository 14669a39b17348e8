"""Columns that are wrong, lines that are no rows, keys that contradict, and single rows that concern everybody.

Does not belong here: single rows that are set aside with a warning (`test_single_rows`).
"""

from collections.abc import Callable

import pytest

from tests.broken_extracts.breaking import again, cell, column, filled, insert, on_text, only, totals_after
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
    info,
    of,
    params,
    warning,
)
from tests.broken_extracts.world import World

_UNREADABLE = "typing.unreadable"


AMOUNTS = [
    critical("decimal-commas", "sales", column("amount", lambda text: text.replace(".", ",")), _UNREADABLE,
             line=2, column="amount", value="864,99", says=("393 of 394 rows",), withheld=of(ORDERS)),
    critical("thousands-marks", "sales", column("amount", filled(lambda text: f"{float(text):,.2f}")), _UNREADABLE,
             line=3, column="amount", value="3,494.51", withheld=of(ORDERS)),
    critical("euro-signs-of-a-formula", "sales", column("amount", "=G2"), _UNREADABLE, line=2, column="amount",
             value="=G2", withheld=of(ORDERS)),
    critical("all-sales-negative", "sales", column("amount", filled(lambda text: f"-{text.strip('-')}")),
             "check.condition", line=2, value="-864.99", withheld=of(ORDERS), says=("amount >= 0",)),
    critical("one-sale-in-ten-negative", "sales",
             column("amount", filled(lambda text: f"-{text.strip('-')}"), lambda line, _row: line % 10 == 0),
             "check.condition", line=10, value="-1232.55", withheld=of(ORDERS)),
]  # fmt: skip

CURRENCIES = [
    critical("dollars-without-a-rate", "sales", cell(10, currency="USD"), "source.missing", value="",
             says=("USD", "2026-10"), withheld=of(ORDERS)),
    critical("a-third-in-dollars", "sales", column("currency", "USD", lambda line, _row: line % 3 == 0),
             "source.missing", says=("USD",), withheld=of(ORDERS)),
    critical("dollars-with-a-rate", "sales", cell(10, currency="USD"), "check.one_of", line=10, column="currency",
             value="USD", withheld=of(REVENUE),
             config={"company.yaml": lambda text: f"{text}exchange_rates: rates.csv\n"}),
    critical("currency-in-words", "sales", cell(10, currency="Euro"), "check.one_of", line=10, column="currency",
             value="Euro", withheld=of(REVENUE)),
]  # fmt: skip

TEXTS = [
    critical("status-with-a-typo", "sales", cell(10, status="invoicd"), "check.one_of", line=10, column="status",
             value="invoicd", withheld=of("orders", "average_order")),
    critical("order-numbers-as-excel-shows-them", "sales", column("order_id", "2.61E+11"), "check.matches",
             value="2.61E+11", column="order_id", withheld=of(ORDERS)),
    critical("zero-byte", "sales", cell(10, customer="10\x002966"), "source.missing", line=10, says=("NUL",),
             withheld=of(ORDERS)),
]  # fmt: skip

SHARES = [
    critical("shares-in-percent", "sales",
             column("share", lambda text: f"{float(text) * 100:.0f}"), "check.between", line=2, column="share",
             value="100", withheld=of(ORDERS)),
    critical("shares-with-percent-signs", "sales",
             column("share", lambda text: f"{float(text) * 100:.0f} %"), _UNREADABLE, line=2, column="share",
             value="100 %", withheld=of(ORDERS)),
]  # fmt: skip

KEYS = [
    warning("two-orders-of-one-number", "sales", again(lambda line, _row: line == 10, amount="999.00"),
            "typing.key_conflict", line=10, column="order_id, seller", value="261000000009, 001851"),
    warning("two-tickets-of-one-number", "service", again(lambda line, _row: line == 10, satisfaction="1"),
            "typing.key_conflict", line=10, column="ticket", value="261000000005"),
    critical("every-order-twice-with-other-amounts", "sales",
             again(amount=filled(lambda text: f"{float(text) + 1:.2f}")), "typing.key_conflict", line=2,
             value="261000000001, 001370", withheld=of(ORDERS)),
]  # fmt: skip

FOOTERS = [
    warning("total-line", "sales", insert(396, ["Total", "", "", "", "", "", "673739.02"]),
            "typing.required_missing", line=396, column="order_date"),
    warning("line-of-who-exported", "activity", insert(267, ["Exported on 2 November 2026 by Sales operations"]),
            "typing.required_missing", line=267, column="activity_date"),
    critical("subtotal-after-every-ten", "sales",
             totals_after(10, "amount", lambda rows: f"{sum(float(row['amount'] or 0) for row in rows):.2f}",
                          order_id="Subtotal"), "typing.no_currency", line=12, withheld=of(ORDERS)),
    info("headings-once-more", "sales",
            on_text(lambda text: text.replace("\n261000000099", "\n" + text.splitlines()[0] + "\n261000000099", 1)),
            "source.headings_again", line=101, value="order_id", control=True),
    critical("a-file-of-notes", "activity",
             only("activity_id,date,seller,kind,customer,outcome\n" + "see attachment\n" * 30),
             "typing.required_missing", line=2, column="activity_date", withheld=of(ACTIVITY)),
]  # fmt: skip

OTHER_EXTRACTS = [
    critical("closed-by-no-clock", "service", column("closed", lambda text: text.replace(":", "h", 1)), _UNREADABLE,
             line=2, column="closed", value="2026-10-01 10h01:04", withheld=of(SERVICE)),
    critical("answers-in-percent", "pulse", column("goals_matter", lambda text: f"{text}0"), "check.between", line=2,
             column="goals_matter", withheld=of(PULSE)),
    critical("renewed-as-codes", "renewals", column("renewed", lambda text: {"true": "R", "false": "L"}[text]),
             _UNREADABLE, line=2, column="renewed", value="R", withheld=of(RENEWALS)),
    critical("more-days-than-a-month", "availability", cell(5, available_days="45"), "check.between", line=5,
             column="available_days", value="45"),
    critical("hours-instead-of-days", "availability",
             column("available_days", lambda text: f"{float(text) * 8:g}"), "check.between", line=2, value="168"),
]  # fmt: skip

CASES = [*AMOUNTS, *CURRENCIES, *TEXTS, *SHARES, *KEYS, *FOOTERS, *OTHER_EXTRACTS]

OFTEN = """
decimal-commas all-sales-negative dollars-without-a-rate currency-in-words status-with-a-typo shares-in-percent
two-orders-of-one-number subtotal-after-every-ten headings-once-more
"""
"""The others run in long campaigns: a case takes a second."""


@pytest.mark.usefixtures("asked_once")
@pytest.mark.parametrize("case", params(CASES, OFTEN))
def test_is_caught(demo_of: Callable[[str], World], case: Case) -> None:
    assert_caught(demo_of(case.extract), case)
