"""Northwind's real orders and employees, broken: a small company without a checks.yaml is protected all the same."""

from collections.abc import Callable

import pytest

from config.checks import Severity
from tests.broken_extracts.breaking import (
    Break,
    Row,
    again,
    cell,
    column,
    cut_at,
    each,
    headings_only,
    insert,
    keep,
    mojibake,
    on_text,
    only,
    recoded,
    rename,
    reordered,
    separated,
    twice,
    with_column,
    without,
)
from tests.broken_extracts.cases import (
    NORTHWIND_SALES,
    NORTHWIND_SERVICE,
    Case,
    assert_caught,
    assert_conserved,
    assert_nothing_left,
    broken,
    info,
    of,
    params,
)
from tests.broken_extracts.world import World

_ORDERS, _PEOPLE = "data/orders.csv", "data/employees.csv"
_MONEY = {"revenue", "average_order"}


def _april(_line: int, row: Row) -> bool:
    return row["order_date"].startswith("1998-04")


def _orders(id_: str, how: Break | None, code: str, severity: Severity, *withheld: set[str], extract: str = "sales",
            line: int = 0, column_: str = "", value: str = "", says: tuple[str, ...] = ()) -> Case:  # fmt: skip
    return Case(id_, extract, how, code, severity, file=_ORDERS, withheld=of(*withheld), line=line, column=column_,
                value=value, says=says)  # fmt: skip


def _people(id_: str, how: Break | None, *says: str) -> Case:
    return Case(id_, "hr", how, "refused", Severity.CRITICAL, file=_PEOPLE, says=says)


def _next_month(text: str) -> str:
    """The same day a month later, or its last."""
    if text == "NULL":
        return text
    year, month = divmod(int(text[:4]) * 12 + int(text[5:7]), 12)
    return f"{year:04d}-{month + 1:02d}-{min(int(text[8:]), 28):02d}"


_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
_SALES, _SERVICE = NORTHWIND_SALES, NORTHWIND_SERVICE

CASES = [
    _orders("no-orders", None, "source.missing", _CRITICAL, _SALES, _SERVICE, says=("orders.csv",)),
    _orders("orders-empty", only(""), "source.missing", _CRITICAL, _SALES, _SERVICE),
    _orders("headings-only", headings_only, "source.missing", _CRITICAL, _SALES, _SERVICE, says=("1998-04",)),
    _orders("cut-in-half", cut_at(0.5), "source.missing", _CRITICAL, _SALES, _SERVICE, says=("1998-04",)),
    _orders("without-its-last-weeks", keep(lambda line, _row: line <= 780), "days.ends_early", _CRITICAL, _SALES,
            says=("1998-04-15",)),
    _orders("last-line-cut-in-mid-line", on_text(lambda text: text[: text.index("11063,HUNGO,3,1998-04-30") + 20]),
            "source.too_few_fields", _WARNING, line=817),
    _orders("file-twice", twice, "time.copies", _WARNING),
    _orders("a-month-later",
            each(*(column(name, _next_month) for name in ("order_date", "required_date", "shipped_date"))),
            "time.same_again", _CRITICAL, _SALES, _SERVICE, says=("1998-03",)),
    _orders("decimal-commas", column("amount", lambda text: text.replace(".", ",")), "typing.unreadable", _CRITICAL,
            _SALES, _SERVICE, line=744, column_="amount", value="4288,85"),
    _orders("cents-for-dollars", column("amount", lambda text: f"{float(text) * 100:.0f}", _april), "time.sum",
            _CRITICAL, _MONEY, column_="amount"),
    _orders("all-amounts-zero", column("amount", "0", _april), "time.sum", _CRITICAL, _MONEY, column_="amount"),
    _orders("all-amounts-negative", column("amount", lambda text: f"-{text}", _april), "time.negative", _CRITICAL,
            _MONEY, column_="amount"),
    _orders("amount-nan", cell(750, amount="NaN"), "typing.unreadable", _WARNING, line=750, column_="amount",
            value="NaN"),
    _orders("amount-infinity", cell(750, amount="inf"), "typing.unreadable", _WARNING, line=750, column_="amount",
            value="inf"),
    _orders("freight-in-words", cell(750, freight="free"), "typing.unreadable", _WARNING, line=750, column_="freight",
            value="free"),
    _orders("shipped-on-no-day", cell(750, required_date="1998-04-31"), "typing.unreadable", _WARNING, line=750,
            column_="required_date", value="1998-04-31"),
    _orders("order-number-missing", cell(750, order_id=""), "typing.required_missing", _WARNING, line=750,
            column_="order_id"),
    _orders("two-orders-of-one-number", cell(750, order_id="10995"), "typing.key_conflict", _WARNING, line=749,
            column_="order_id", value="10995"),
    _orders("somebody-unknown", cell(750, employee_id="12"), "engine.unknown_id", _WARNING, line=750,
            column_="employee_id", value="12"),
    _orders("nobody-named", column("employee_id", "NULL", lambda line, _row: line > 744 and line % 10 != 0),
            "time.filled", _CRITICAL, _SALES, _SERVICE, column_="employee_id"),
    _orders("employees-renamed", rename(employee_id="sales_rep"), "typing.column_missing", _CRITICAL, _SALES, _SERVICE,
            column_="employee_id"),
    _orders("amount-renamed", rename(amount="total"), "typing.column_missing", _CRITICAL, _MONEY, column_="amount"),
    _orders("customers-gone", without("customer_id"), "typing.column_missing", _CRITICAL, {"customers"},
            column_="customer_id"),
    _orders("days-without-a-heading", rename(order_date="date"), "source.missing", _CRITICAL, _SALES,
            {"days_to_ship"}, says=("“order_date”",)),
    _orders("ten-thousand-characters", cell(750, customer_id="Q" * 10_000), "check.plain", _WARNING, line=750,
            column_="customer_id", value="Q" * 60),
    _orders("control-character", cell(750, customer_id="QU\x0bICK"), "check.plain", _WARNING, line=750,
            column_="customer_id", value="QU\\x0bICK"),
    _orders("formula", cell(750, customer_id='=HYPERLINK("https://demo.example","QUICK")'), "check.plain", _WARNING,
            line=750, column_="customer_id", value="=HYPERLINK("),
    _orders("total-line", insert(818, ["Total", "", "", "1998-04-30", "", "", "", "n/a"]), "typing.unreadable",
            _WARNING, line=818, column_="amount", value="n/a"),
    _orders("all-on-one-day", column("order_date", "1998-04-30", _april), "days.one_day", _WARNING,
            column_="order_date"),
    _orders("most-orders-lost", keep(lambda line, row: not _april(line, row) or line % 5 == 0), "time.rows",
            _CRITICAL, _SALES),
    _people("no-employees", None),
    _people("employees-empty", only("")),
    _people("employees-cut-in-half", keep(lambda line, _row: line <= 5), "4 rows"),
    _people("employees-without-ids", without("employee_id"), "“employee_id”"),
    Case("employees-in-broken-letters", "hr", each(cell(4, last_name="Léverling"), mojibake), "check.plain", _WARNING,
         file=_PEOPLE, line=4, column="family_name", value="LÃ©verling"),
]  # fmt: skip

SOUND = {
    "semicolons": separated(";"),
    "byte-order-mark": lambda content: b"\xef\xbb\xbf" + content,
    "windows-line-ends": on_text(lambda text: text.replace("\n", "\r\n")),
    "columns-in-another-order": reordered,
    "utf-16": recoded("utf-16"),
    "empty-columns-at-the-end": on_text(lambda text: text.replace("\n", ",,\n")),
    "a-column-more": with_column("ship_via", lambda _row: "2"),
    "one-return": cell(750, amount="-560.0"),
    "one-row-once-more": again(lambda line, _row: line == 750),
    "an-order-of-next-month": insert(
        818, ["11064", "SAVEA", "1", "1998-05-01", "1998-05-29", "1998-05-04", "30", "4330"]
    ),
}  # fmt: skip
OFTEN_SOUND = ("semicolons", "one-return")

OFTEN = """
cut-in-half without-its-last-weeks decimal-commas cents-for-dollars amount-nan two-orders-of-one-number
nobody-named employees-cut-in-half
"""
"""The others run in long campaigns: a case takes a second."""


@pytest.mark.usefixtures("asked_once")
@pytest.mark.parametrize("case", params(CASES, OFTEN))
def test_is_caught(northwind: World, copy_of: Callable[[World], World], case: Case) -> None:
    assert_caught(copy_of(northwind), case)


@pytest.mark.usefixtures("asked_once")
@pytest.mark.parametrize(
    "how",
    [pytest.param(how, id=name, marks=[pytest.mark.soak] * (name not in OFTEN_SOUND)) for name, how in SOUND.items()],
)
def test_nothing_is_said_of_what_is_right(northwind: World, copy_of: Callable[[World], World], how: Break) -> None:
    world = copy_of(northwind)
    before = {name for name in world.files() if not name.startswith("state/")}
    found = broken(world, info("sound", "sales", how, "", file=_ORDERS)).check()
    assert found.findings == (), found.told()
    assert found.withheld_from_all() == set()
    assert_conserved(found)
    assert_nothing_left(world, before)
