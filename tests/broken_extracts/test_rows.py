"""Rows of which a value is wrong: set aside with their reason, told with file, line, column and value."""

from collections.abc import Callable

import pytest

from tests.broken_extracts.breaking import again, cell, column, filled, insert, only, on_text, totals_after
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
    warning,
)
from tests.broken_extracts.world import World

_UNREADABLE = "typing.unreadable"


def _unreadable(id_: str, column_: str, value: str, extract: str = "sales", line: int = 10) -> Case:
    """One value that is not what its column is."""
    how = cell(line, **{column_: value})
    return warning(id_, extract, how, _UNREADABLE, line=line, column=column_, value=value)


AMOUNTS = [
    _unreadable("amount-of-words", "amount", "twelve"),
    _unreadable("amount-nan", "amount", "NaN"),
    _unreadable("amount-infinity", "amount", "Infinity"),
    _unreadable("amount-minus-inf", "amount", "-inf"),
    _unreadable("amount-far-too-large", "amount", "1e999"),
    _unreadable("amount-spreadsheet-error", "amount", "#REF!"),
    _unreadable("amount-formula", "amount", "=SUM(G2:G9)"),
    _unreadable("amount-two-marks", "amount", "1.232.55"),
    _unreadable("amount-thousands-mark", "amount", "1,232.55"),
    _unreadable("amount-other-mark-in-one-row", "amount", "1232,55"),
    _unreadable("amount-dollar-sign-in-euros", "amount", "$1232.55"),
    _unreadable("amount-other-code-in-euros", "amount", "USD 1232.55"),
    warning("amount-empty", "sales", cell(10, amount=""), "typing.required_missing", line=10, column="amount"),
    warning("amount-blank", "sales", cell(10, amount="   "), "typing.required_missing", line=10, column="amount"),
    warning("one-negative-sale", "sales", cell(10, amount="-1232.55"), "check.condition", line=10, column="amount",
            value="-1232.55"),
    warning("one-positive-return", "sales", cell(246, amount="1773.64"), "check.condition", line=246,
            value="1773.64"),
    warning("one-amount-without-its-mark", "sales", cell(10, amount="123255"), "check.between", line=10,
            column="amount", value="123255"),
    critical("decimal-commas", "sales", column("amount", lambda text: text.replace(".", ",")), _UNREADABLE,
             line=2, column="amount", value="864,99", says=("393 of 394 rows",), withheld=of(ORDERS)),
    critical("thousands-marks", "sales", column("amount", filled(lambda text: f"{float(text):,.2f}")), _UNREADABLE,
             line=3, column="amount", value="3,494.51", withheld=of(ORDERS)),
    critical("euro-signs-of-a-formula", "sales", column("amount", "=G2"), _UNREADABLE, line=2, column="amount", value="=G2",
             withheld=of(ORDERS)),
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
    warning("currency-empty", "sales", cell(10, currency=""), "typing.no_currency", line=10, column="currency"),
]  # fmt: skip

TEXTS = [
    critical("status-with-a-typo", "sales", cell(10, status="invoicd"), "check.one_of", line=10, column="status",
             value="invoicd", withheld=of(ORDERS)),
    warning("segment-that-is-none", "sales", cell(10, segment="B2X"), "check.one_of", line=10, column="segment",
            value="B2X"),
    warning("order-number-too-short", "sales", cell(10, order_id="2610000009"), "check.matches", line=10,
            column="order_id", value="2610000009"),
    warning("order-number-missing", "sales", cell(10, order_id=""), "typing.required_missing", line=10,
            column="order_id"),
    warning("order-number-blank", "sales", cell(10, order_id="\u00a0 "), "typing.required_missing", line=10,
            column="order_id"),
    critical("order-numbers-as-excel-shows-them", "sales", column("order_id", "2.61E+11"), "check.matches",
             value="2.61E+11", column="order_id", withheld=of(ORDERS)),
    warning("control-character", "sales", cell(10, customer="10\x072966"), "check.plain", line=10, column="customer",
            value="10\\x072966"),
    critical("zero-byte", "sales", cell(10, customer="10\x002966"), "source.missing", line=10, says=("NUL",),
             withheld=of(ORDERS)),
    warning("formula-in-a-text", "sales", cell(10, product_group='=HYPERLINK("https://demo.example","lighting")'),
            "check.plain", line=10, column="product_group", value="=HYPERLINK("),
    warning("ten-thousand-characters", "sales", cell(10, product_group="x" * 10_000), "check.plain", line=10,
            column="product_group", value="x" * 60),
    warning("broken-letters-in-one-row", "activity", cell(10, outcome="nicht mÃ¶glich"), "check.plain", line=10,
            column="outcome", value="nicht mÃ¶glich"),
    warning("replacement-character", "activity", cell(10, outcome="m\ufffdglich"), "check.plain", line=10,
            column="outcome", value="m\ufffdglich"),
]  # fmt: skip

SHARES = [
    warning("share-over-one", "sales", cell(10, share="1.5"), "check.between", line=10, column="share", value="1.5"),
    warning("share-negative", "sales", cell(10, share="-0.4"), "check.between", line=10, column="share", value="-0.4"),
    _unreadable("share-with-a-sign", "share", "65 %"),
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
    warning("headings-once-more", "sales",
            on_text(lambda text: text.replace("\n261000000099", "\n" + text.splitlines()[0] + "\n261000000099", 1)),
            _UNREADABLE, line=101, value="order_date"),
    critical("a-file-of-notes", "activity", only("activity_id,date,seller,kind,customer,outcome\n" + "see attachment\n" * 30),
             "typing.required_missing", line=2, column="activity_date", withheld=of(ACTIVITY)),
]  # fmt: skip

OTHER_EXTRACTS = [
    warning("satisfaction-seven", "service", cell(5, satisfaction="7"), "check.between", line=5,
            column="satisfaction", value="7"),
    _unreadable("satisfaction-in-words", "satisfaction", "good", "service", 5),
    _unreadable("satisfaction-and-a-half", "satisfaction", "4.5", "service", 5),
    warning("answered-before-asked", "service", cell(5, first_response_hours="-3.5"), "check.between", line=5,
            column="first_response_hours", value="-3.5"),
    _unreadable("hours-and-minutes", "first_response_hours", "3:30", "service", 5),
    _unreadable("perhaps-solved", "solved_first_contact", "perhaps", "service", 5),
    warning("closed-before-opened", "service", cell(5, opened="2026-10-02 06:35:39"), "check.condition", line=5,
            value="2026-10-01 13:20:28"),
    critical("closed-by-no-clock", "service", column("closed", lambda text: text.replace(":", "h", 1)), _UNREADABLE,
             line=2, column="closed", value="2026-10-01 10h01:04", withheld=of(SERVICE)),
    warning("eleven-of-ten", "pulse", cell(5, goals_matter="11"), "check.between", line=5, column="goals_matter",
            value="11"),
    critical("answers-in-percent", "pulse", column("goals_matter", lambda text: f"{text}0"), "check.between", line=2,
             column="goals_matter", withheld=of(PULSE)),
    warning("answer-of-nobody", "pulse", cell(5, respondent=""), "typing.required_missing", line=5,
            column="respondent"),
    _unreadable("perhaps-renewed", "renewed", "pending", "renewals", 5),
    critical("renewed-as-codes", "renewals", column("renewed", lambda text: {"true": "R", "false": "L"}[text]),
             _UNREADABLE, line=2, column="renewed", value="R", withheld=of(RENEWALS)),
    critical("more-days-than-a-month", "availability", cell(5, available_days="45"), "check.between", line=5,
             column="available_days", value="45"),
    critical("hours-instead-of-days", "availability",
             column("available_days", lambda text: f"{float(text) * 8:g}"), "check.between", line=2, value="168"),
    _unreadable("promise-perhaps-kept", "last_promise_kept", "partly", "coaching", 4),
]  # fmt: skip

CASES = [*AMOUNTS, *CURRENCIES, *TEXTS, *SHARES, *KEYS, *FOOTERS, *OTHER_EXTRACTS]


@pytest.mark.usefixtures("asked_once")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_is_caught(demo_of: Callable[[str], World], case: Case) -> None:
    assert_caught(demo_of(case.extract), case)
