"""Files that are not what they should be: encodings, separators, headings, cut off, empty, workbooks, web pages."""

import gzip
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.broken_extracts.breaking import (
    cell,
    cut_at,
    each,
    headings_only,
    keep,
    mojibake,
    on_text,
    only,
    recoded,
    rename,
    separated,
    twice,
    with_column,
    without,
    workbook,
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
    in_extracts,
    of,
    params,
    warning,
)
from tests.broken_extracts.world import World

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_MISSING, _NOT_HAD = "typing.column_missing", "source.missing"
_XLSX = "data/sales/sales-2026-10.xlsx"
_ANY_SALES = in_extracts(
    "files: sales/sales-{month}.csv", 'files: ["sales/sales-{month}.csv", "sales/sales-{month}.xlsx"]'
)
_UTF8_SALES = in_extracts("files: sales/sales-{month}.csv", "files: sales/sales-{month}.csv\n    encoding: utf-8")
_COMMA_SALES = in_extracts("files: sales/sales-{month}.csv", 'files: sales/sales-{month}.csv\n    separator: ","')

GERMAN = {"order_id": "Auftrag", "order_date": "Datum", "seller": "Verkäufer", "customer": "Kunde",
          "segment": "Segment", "product_group": "Warengruppe", "amount": "Betrag", "currency": "Währung",
          "status": "Status", "share": "Anteil", "returns_order": "Rückgabe", "modified": "Geändert"}  # fmt: skip


def _merged(sheet: "Worksheet") -> None:
    """Each seller once, in a cell merged over all of their rows."""
    start = 2
    for row in range(3, sheet.max_row + 2):
        if sheet.cell(row, 3).value != sheet.cell(start, 3).value:
            if row - start > 1:
                sheet.merge_cells(start_row=start, end_row=row - 1, start_column=3, end_column=3)
            start = row


def _by_seller(content: bytes) -> bytes:
    text = content.decode()
    first, *rows = text.splitlines(keepends=True)
    return (first + "".join(sorted(rows, key=lambda row: row.split(",")[2]))).encode()


def _formulas(sheet: "Worksheet") -> None:
    """Amounts that are formulas nobody ever computed."""
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, 7).value = f"=ROUND({row}*100/3,2)"


def _some_formulas(sheet: "Worksheet") -> None:
    sheet.cell(10, 7).value = "=G8+G9"


def _subtotals(sheet: "Worksheet") -> None:
    for row in (60, 120):
        sheet.insert_rows(row)
        sheet.cell(row, 6).value = "Subtotal"
        sheet.cell(row, 7).value = 99_999.5


def _cover(sheet: "Worksheet") -> None:
    book = sheet.parent
    assert book is not None
    front = book.create_sheet("Cover", 0)
    front.append(["Sales of October 2026"])
    front.append(["by Sales operations"])


def _title(sheet: "Worksheet") -> None:
    sheet.insert_rows(1, 2)
    sheet.cell(1, 1).value = "Sales of October 2026"


ENCODINGS = [
    warning("hr-read-as-latin-1-and-saved", "hr", mojibake, "check.plain", line=2, column="name",
            value="Ingrid SÃ¸lvkvist"),
    warning("coaching-read-as-latin-1-and-saved", "coaching",
            each(cell(5, summary="Wir sprachen über die nächsten Schritte."), mojibake), "check.plain", line=5,
            column="summary", value="Ã¼ber"),
    critical("latin-1-declared-as-utf-8", "sales", each(cell(10, product_group="Büro"), recoded("latin-1")), _NOT_HAD,
             withheld=of(ORDERS), config=_UTF8_SALES, says=("utf-8",), line=10),
    critical("utf-16-declared-as-utf-8", "sales", recoded("utf-16-le"), _NOT_HAD, withheld=of(ORDERS),
             config=_UTF8_SALES),
    warning("one-export-in-latin-1-after-one-in-utf-8", "activity",
            lambda content: (
                content.replace(b",met\n", ",möglich\n".encode(), 60)
                + "269999999999,2026-10-30,001370,visit,101289,möglich\n".encode("latin-1")
            ), "check.plain", column="outcome", value="mÃ¶glich"),
]  # fmt: skip

CUT = [
    critical("no-file", "sales", None, _NOT_HAD, withheld=of(ORDERS), says=("sales-2026-10.csv",)),
    critical("no-file-of-service", "service", None, _NOT_HAD, withheld=of(SERVICE), says=("service-2026-10.csv",)),
    critical("empty", "sales", only(""), _NOT_HAD, withheld=of(ORDERS)),
    critical("empty-activity", "activity", only(""), _NOT_HAD, withheld=of(ACTIVITY)),
    critical("blank-lines-only", "pulse", only("\n\n\n"), _NOT_HAD, withheld=of(PULSE)),
    critical("headings-only", "sales", headings_only, "time.rows", withheld=of(ORDERS), says=("0 rows",)),
    critical("headings-only-of-service", "service", headings_only, "time.rows", withheld=of(SERVICE)),
    critical("headings-only-of-pulse", "pulse", headings_only, "time.rows", withheld=of(PULSE)),
    critical("headings-only-of-renewals", "renewals", headings_only, "time.rows", withheld=of(RENEWALS)),
    critical("headings-only-of-availability", "availability", headings_only, "time.people"),
    critical("headings-only-of-coaching", "coaching", headings_only, "time.rows"),
    critical("cut-in-half-at-a-line", "sales", keep(lambda line, _row: line <= 198), "days.ends_early",
             withheld=of(ORDERS)),
    critical("cut-in-half-in-mid-line", "sales", cut_at(0.5), "days.ends_early", withheld=of(ORDERS)),
    critical("every-second-row-lost", "sales", keep(lambda line, _row: line % 2 == 0), "time.rows",
             withheld=of(ORDERS)),
    critical("service-cut-in-half", "service", keep(lambda line, _row: line <= 129), "days.ends_early",
             withheld=of(SERVICE)),
    critical("availability-cut-in-half", "availability", keep(lambda line, _row: line <= 21), "time.people"),
    critical("pulse-cut-in-half", "pulse", keep(lambda line, _row: line <= 18), "control.rows", control=True,
             told_of="control-2026-10.csv",
             says=("17 rows", "34"), withheld=of(PULSE)),
    critical("a-quote-that-is-never-closed", "sales", on_text(lambda text: text.replace(",B2B,", ',"B2B,', 1)),
             _NOT_HAD, says=("never closed",), line=2, withheld=of(ORDERS)),
    warning("last-line-cut-in-mid-line", "sales", on_text(lambda text: text[: text.rstrip().rindex(",EUR")]),
            "source.too_few_fields", line=395),
    warning("a-separator-without-quotes", "coaching",
            on_text(lambda text: text.replace("We separated what", "We separated, what", 1)),
            "source.too_many_fields", line=3),
]  # fmt: skip

DOUBLED = [
    warning("file-twice", "sales", twice, "time.copies", says=("395 of 788 rows",)),
    warning("availability-twice", "availability", twice, "time.copies"),
    warning("coaching-twice", "coaching", twice, "time.copies"),
    critical("file-twice-without-a-key", "activity", twice, "time.rows", withheld=of(ACTIVITY),
             config=in_extracts("  key: activity_id\n", "")),
    critical("service-twice-without-a-key", "service", twice, "time.rows", withheld=of(SERVICE),
             config=in_extracts("  key: ticket\n", "")),
    critical("file-twice-and-the-source-counts-once", "sales", twice, "control.rows", control=True,
             says=("788 rows", "394"), withheld=of(ORDERS), told_of="control-2026-10.csv"),
]  # fmt: skip

HEADINGS = [
    critical("amount-renamed", "sales", rename(amount="net_amount"), _MISSING, column="amount", withheld=of(REVENUE),
             says=("“amount”", "Did you mean “net_amount”?")),
    critical("status-renamed", "sales", rename(status="state"), _MISSING, column="status",
             withheld=of("orders", "average_order")),
    critical("seller-renamed", "sales", rename(seller="account_manager"), _MISSING, column="seller",
             withheld=of(ORDERS)),
    critical("currency-gone", "sales", without("currency"), _MISSING, column="currency", withheld=of(REVENUE)),
    critical("closed-gone", "service", without("closed"), _MISSING, column="closed", withheld=of(SERVICE)),
    critical("satisfaction-renamed", "service", rename(satisfaction="csat"), _MISSING, column="satisfaction",
             withheld=of("satisfaction")),
    critical("renewed-gone", "renewals", without("renewed"), _MISSING, column="renewed", withheld=of(RENEWALS)),
    critical("headings-in-german", "sales", rename(**GERMAN), _MISSING, column="amount", withheld=of(ORDERS)),
    critical("no-headings", "sales", on_text(lambda text: text.partition("\n")[2]), _MISSING, column="order_id",
             withheld=of(ORDERS)),
    critical("title-above-the-headings", "sales", on_text(lambda text: f"Sales of October 2026\n\n{text}"), _MISSING,
             column="order_id", withheld=of(ORDERS)),
    critical("headings-changed-places", "sales", rename(amount="customer", customer="amount"), "check.between",
             line=2, column="amount", value="101289",             withheld=of(ORDERS)),
    critical("separator-not-the-declared-one", "sales", separated(";"), _MISSING, column="order_id",
             withheld=of(ORDERS), config=_COMMA_SALES, says=("separator",)),
    warning("second-amount-in-dollars", "sales", with_column("amount_usd", lambda row: row["amount"]),
            "drift.columns_currency", says=("“amount_usd” beside amount",)),
    warning("two-currency-columns", "sales", with_column("currency_2", lambda _row: "USD"), "drift.columns_currency",
            says=("“currency_2” beside currency",)),
    warning("two-columns-of-nearly-one-name", "sales", with_column("Amount ", lambda row: row["amount"]),
            "drift.columns_alike", says=("“amount”", "“Amount”")),
    critical("column-of-warnings", "sales", with_column("Written warnings", lambda _row: "0"), _NOT_HAD,
             says=("“Written warnings”", "refused at landing"), withheld=of(ORDERS)),
]  # fmt: skip

WORKBOOKS = [
    critical("merged-cells", "sales", each(_by_seller, workbook(_merged, ["amount", "share"])), "typing.key_missing",
             line=3, column="seller", withheld=of(ORDERS), instead=_XLSX, config=_ANY_SALES),
    critical("ids-without-leading-zeros", "sales", workbook(None, ["amount", "share"], ["seller"]), "time.zeros",
             column="seller", withheld=of(ORDERS), instead=_XLSX, config=_ANY_SALES),
    critical("formulas-never-computed", "sales", workbook(_formulas, ["share"]), "typing.required_missing",
             line=2, column="amount", withheld=of(ORDERS),
             instead=_XLSX, config=_ANY_SALES),
    warning("one-formula-never-computed", "sales", workbook(_some_formulas, ["amount", "share"]),
            "typing.required_missing", line=10, column="amount", instead=_XLSX, config=_ANY_SALES),
    warning("subtotals-in-a-workbook", "sales", workbook(_subtotals, ["amount", "share"]), "typing.required_missing",
            line=60, column="order_date", instead=_XLSX, config=_ANY_SALES),
    critical("cover-sheet-first", "sales", workbook(_cover), _MISSING, column="order_id", withheld=of(ORDERS),
             instead=_XLSX, config=_ANY_SALES),
    critical("titles-in-a-workbook", "sales", workbook(_title), _MISSING, column="order_id", withheld=of(ORDERS),
             instead=_XLSX, config=_ANY_SALES),
    critical("damaged-workbook", "sales", each(workbook(), cut_at(0.6)), _NOT_HAD, says=("damaged",),
             withheld=of(ORDERS), instead=_XLSX, config=_ANY_SALES),
]  # fmt: skip

OTHER_KINDS = [
    critical("log-in-page", "service", only("<!DOCTYPE html>\n<html><body>Please log in</body></html>\n"), _NOT_HAD,
             says=("web page",), withheld=of(SERVICE)),
    critical("pdf", "service", only(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), _NOT_HAD, says=("PDF",), withheld=of(SERVICE)),
    critical("packed-and-cut-off", "service", each(lambda content: gzip.compress(content, mtime=0), cut_at(0.7)),
             _NOT_HAD, withheld=of(SERVICE)),
    critical("message-of-an-error", "service", only("ORA-01017: invalid username/password; logon denied\n"), _MISSING,
             column="ticket", withheld=of(SERVICE)),
]  # fmt: skip

CASES = [*ENCODINGS, *CUT, *DOUBLED, *HEADINGS, *WORKBOOKS, *OTHER_KINDS]

OFTEN = """
hr-read-as-latin-1-and-saved latin-1-declared-as-utf-8 empty headings-only cut-in-half-in-mid-line
every-second-row-lost a-quote-that-is-never-closed last-line-cut-in-mid-line file-twice file-twice-without-a-key
amount-renamed status-renamed headings-in-german no-headings two-currency-columns merged-cells
ids-without-leading-zeros formulas-never-computed subtotals-in-a-workbook
"""
"""The others run in long campaigns: a case takes a second."""


@pytest.mark.usefixtures("asked_once")
@pytest.mark.parametrize("case", params(CASES, OFTEN))
def test_is_caught(demo_of: Callable[[str], World], case: Case) -> None:
    assert_caught(demo_of(case.extract), case)
