"""Extracts that are not what they should be: what depends on them is withheld and said, everything else goes out."""

import gzip
import io
import shutil
import sqlite3
import struct
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.broken.company import MONTHS, Break, Company, sales_lines, service_lines
from tests.broken.telling import (
    NOTHING,
    REVENUE,
    SOLVED,
    Row,
    added,
    both,
    changed,
    instead,
    removed,
    runs_again,
    told_and_done,
    written,
)

EXTRACTS = "config/extracts.yaml"
SALES = "data/sales/2026-10.csv"
SERVICE = "data/service/2026-10.csv"
PEOPLE = "data/people.csv"
ORDERS = sales_lines("2026-10")
FILES = "files: sales/{month}*"


def as_parquet(text: str) -> bytes:
    """The lines of a CSV as a Parquet file of texts."""
    heading, *lines = (line.split(",") for line in text.splitlines())
    file = io.BytesIO()
    pq.write_table(pa.table({name: [line[at] for line in lines] for at, name in enumerate(heading)}), file)
    return file.getvalue()


def as_zip(text: str) -> bytes:
    """A zip archive with the text in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("orders.csv", text)
    return file.getvalue()


def locked_workbook() -> bytes:
    """What Excel saves with a password: a compound file with a stream EncryptedPackage ([MS-CFB], [MS-OFFCRYPTO])."""
    free, end, fat_sector, sectors = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 8
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, 1, 1, 0,
        4096, end, 0, end, 0, 0,
    )  # fmt: skip
    fat = [fat_sector, end, *range(3, 2 + sectors), end]
    entries = [("Root Entry", 5, 1, end, 0), ("EncryptedPackage", 2, free, 2, sectors * 512), ("", 0, free, 0, 0)]
    directory = b"".join(
        struct.pack(
            "<64sHBBIII36sIQ", name.encode("utf-16-le"), 2 * len(name) + 2 if name else 0, kind, 1, free, free, child,
            b"", start, size,
        )
        for name, kind, child, start, size in [*entries, entries[-1]]
    )  # fmt: skip
    return (
        header
        + struct.pack("<108I", *[free] * 108)
        + struct.pack("<128I", *fat, *[free] * (128 - len(fat)))
        + directory
        + bytes(sectors * 512)
    )


def in_database(**tables: str) -> Break:
    """Sales that come from the table `orders` of a SQLite database which has these tables."""

    def broken(company: Company) -> None:
        company.change(EXTRACTS, FILES, '{url: "sqlite:///shop.db", table: orders, month_by: day}')
        company.change(EXTRACTS, "source:\n    {url", "source: {url")
        shop = sqlite3.connect(company.path("data/shop.db"))
        for name, columns in tables.items():
            shop.execute(f"CREATE TABLE {name} ({columns})")
        shop.close()

    return broken


def with_currencies(company: Company) -> None:
    """Orders with their currency, one of October's in dollars; what had been landed without it is gone."""
    for month in MONTHS:
        name = f"data/sales/{month}.csv"
        text = sales_lines(month).replace(".50\n", ".50,EUR\n").replace("amount\n", "amount,currency\n")
        company.write(name, text.replace("EUR", "USD", 1) if month == MONTHS[-1] else text)
    shutil.rmtree(company.path("state/landings"))


ROWS: dict[str, Row] = {
    # -- not there, or nothing in it
    "sales have no file": Row(
        removed(SALES), 0,
        ("critical: sales has nothing for 2026-10. Put sales/2026-10* into /", "mend its files in extracts.yaml"),
        REVENUE,
    ),
    "an empty file": Row(written(SALES, ""), 0, ("sales/2026-10.csv: empty", "row of headings", "again"), REVENUE),
    "headings only": Row(
        written(SALES, "order_id,seller,day,amount\n"), 0,
        ("warning: sales/2026-10.csv:", "headings and not one row", "is 0", "deliver it again"), NOTHING
    ),
    # -- not what it says it is
    "a web page called xls": Row(
        instead(SALES, "data/sales/2026-10.xls", b"<!DOCTYPE html>\n<html><body>Log in</body></html>"), 0,
        ("sales/2026-10.xls: This is a web page (HTML), not a table", "“<!DOCTYPE html>”", "CSV or .xlsx"), REVENUE,
    ),
    "a locked workbook": Row(
        instead(SALES, "data/sales/2026-10.xlsx", locked_workbook()), 0,
        ("sales/2026-10.xlsx: The workbook is locked with a password. Save it without one.",), REVENUE,
    ),
    "half a zip archive": Row(
        instead(SALES, "data/sales/2026-10.zip", as_zip(ORDERS)[:120]), 0,
        ("sales/2026-10.zip", "damaged or was cut off", "again"), REVENUE,
    ),
    "half a gzip file": Row(
        instead(SALES, "data/sales/2026-10.csv.gz", gzip.compress(ORDERS.encode())[:90]), 0,
        ("sales/2026-10.csv.gz", "damaged or was cut off"), REVENUE,
    ),
    "half a Parquet file": Row(
        instead(SALES, "data/sales/2026-10.parquet", as_parquet(ORDERS)[:400]), 0,
        ("sales/2026-10.parquet", "damaged or was cut off"), REVENUE,
    ),
    # -- text
    "another encoding than declared": Row(
        both(changed(EXTRACTS, FILES, f"{FILES}\n    encoding: utf-8"),
             lambda c: c.write(SALES, ORDERS.replace("-AS02-0", "-Müller", 1).encode("cp1252"))), 0,
        ("sales/2026-10.csv:2:", "not utf-8", "fc", "encoding: auto"), REVENUE,
    ),
    "UTF-16 without a mark is read": Row(
        lambda c: c.write(SALES, ORDERS.encode("utf-16-le")), 0, None, NOTHING
    ),
    "another separator is read": Row(written(SALES, ORDERS.replace(",", ";")), 0, None, NOTHING),
    "another separator than declared": Row(
        changed(EXTRACTS, FILES, f"{FILES}\n    separator: ';'"), 0,
        ("sales/2026-10.csv", "Its headings: “order_id,seller,day,amount”", "`separator: auto` in extracts.yaml"),
        REVENUE,
    ),
    "a row with a field too many": Row(
        changed(SALES, ".50\n", ",50\n"), 0,
        ("sales/2026-10.csv line 2 has 5 fields where there are 4 headings", "“50”", "needs quotes"), NOTHING,
    ),
    "a row with fields too few": Row(
        changed(SALES, ",2026-10-03,270.50", ""), 0,
        ("sales/2026-10.csv line 2 has 2 fields where there are 4 headings", "taken as missing"), NOTHING,
    ),
    "a quote that is not closed": Row(
        changed(SALES, ",AS03,", ',"AS03,'), 0,
        ("sales/2026-10.csv:4: A quote in this record is opened and never closed.", "Close it"), REVENUE,
    ),
    # -- columns
    "a column is missing": Row(
        written(SALES, "\n".join(line.rpartition(",")[0] for line in ORDERS.splitlines()) + "\n"), 0,
        ("sales/2026-10.csv: sales 2026-10 has no column “amount”", "Its headings: “order_id”, “seller”, “day”"),
        REVENUE,
    ),
    "a column has another heading": Row(
        changed(SALES, "amount", "amonut"), 0,
        ("sales 2026-10 has no column “amount”", "Did you mean “amonut”?", "`from` of amount in extracts.yaml"),
        REVENUE,
    ),
    "a policy column": Row(
        both(changed(SALES, "day,amount", "day,amount,Written Warning"),
             lambda c: c.write(SALES, c.path(SALES).read_text("utf-8").replace(".50\n", ".50,no\n"))), 0,
        ("sales/2026-10.csv: Column “Written Warning”", "policy violations", "Take the column out"), REVENUE,
    ),
    # -- values
    "an unreadable amount": Row(
        changed(SALES, "270.50", "270 Euro 50"), 0,
        ("sales 2026-10: 1 row set aside, amount is unreadable", "“270 Euro 50” at sales/2026-10.csv:2", "decimal"),
        NOTHING,
    ),
    "an unreadable date": Row(
        changed(SALES, "2026-10-03", "2026-02-30"), 0,
        ("sales 2026-10: 1 row set aside, day is unreadable", "“2026-02-30” at sales/2026-10.csv:2", "declared as iso"),
        NOTHING,
    ),
    "a date of another month": Row(
        changed(SALES, "2026-10-03", "2026-09-03"), 0,
        ("1 row set aside, day lies outside 2026-10", "“2026-09-03” at sales/2026-10.csv:2", "month_by"), NOTHING,
    ),
    "the file of another month": Row(
        written(SALES, sales_lines("2026-09")), 0,
        ("sales 2026-10: 8 rows set aside, day lies outside 2026-10", "“2026-09-03” at sales/2026-10.csv:2"), REVENUE,
    ),
    "rows stand twice": Row(
        added(SALES, "\n".join(ORDERS.splitlines()[1:4]) + "\n"), 0,
        ("sales 2026-10: 3 of 11 rows (27%) are copies of others", "Each row counts once", "copies_over_time"), NOTHING,
    ),
    "rows contradict each other": Row(
        added(SALES, ORDERS.splitlines()[1].replace("270", "999") + "\n"), 0,
        ("sales 2026-10: 2 rows set aside, the same key with different content",
         "“2026-10-AS02-0” at sales/2026-10.csv:2", "`key`", "2 of 9 rows (22.2%) were set aside"), REVENUE,
    ),
    "amounts in several currencies without rates": Row(
        both(changed(EXTRACTS, "amount: money", "amount: money\n    currency: text"),
             changed(EXTRACTS, "main_measure: amount", "main_measure: amount\n  currency: currency"),
             with_currencies), 0,
        ("1 row with an amount in USD", "at sales/2026-10.csv:2", "no exchange rate to EUR", "2026-10,USD"), REVENUE,
    ),
    "no answer is yes or no": Row(
        written(SERVICE, service_lines("2026-10").replace(",yes", ",maybe").replace(",no", ",maybe")), 0,
        ("service 2026-10: 16 rows set aside, solved is unreadable", "“maybe” at service/2026-10.csv:2",
         "true or false"), SOLVED,
    ),
    # -- databases
    "the database lacks the table": Row(
        in_database(order_lines="order_id"), 0,
        ("There is no table “orders” at “sqlite:///shop.db”", "order_lines"), REVENUE,
    ),
    "the database file is missing": Row(
        both(in_database(), lambda c: c.path("data/shop.db").unlink()), 0,
        ("There is no SQLite file “shop.db”", "data folder"), REVENUE,
    ),
    "the sales database does not answer": Row(
        changed(EXTRACTS, FILES, "url: postgresql://reader@127.0.0.1:1/shop\n    table: orders\n    month_by: day"), 0,
        ("“postgresql:orders”", "cannot be read (tried 3 times)", "refused", "whether the database is up"), REVENUE,
    ),
    # -- hr: without it nothing can be attributed
    "hr has no file": Row(removed(PEOPLE), 3, ("No file matches “people.csv”", "Put the file there")),
    "hr is empty": Row(written(PEOPLE, ""), 3, ("people.csv: empty", "again")),
    "hr has headings only": Row(
        lambda c: c.write(PEOPLE, c.path(PEOPLE).read_text("utf-8").splitlines()[0] + "\n"), 1,
        ("The hr extract of 2026-10 has no associate at all (no row).", "Give hr rows that hold in the month"),
    ),
    "hr lacks the id": Row(
        changed(PEOPLE, "associate,", "asociate,"), 1, ("no column “associate”", "Did you mean “asociate”?")
    ),
    "hr lacks the first day": Row(
        changed(PEOPLE, "valid_from", "validfrom"), 3, ("people.csv: Column “valid_from”", "Did you mean validfrom?")
    ),
    "hr has a policy column": Row(
        changed(PEOPLE, "leave_date", "Abmahnung"), 1, ("people.csv: Column “Abmahnung”", "Take the column out")
    ),
    "the hr database does not answer": Row(
        changed(EXTRACTS, '{files: "people.csv"}', "{url: \"postgresql://reader@127.0.0.1:1/hr\", table: people}"), 3,
        ("“postgresql:people”", "cannot be read (tried 3 times)", "refused", "whether the database is up"),
    ),
}  # fmt: skip
MENDED = ("a locked workbook", "hr has no file")


@pytest.mark.parametrize("case", ROWS)
def test_a_broken_extract_gives_its_one_message(company: Company, healthy: Company, case: str) -> None:
    told_and_done(ROWS[case], company)
    if case in MENDED:
        runs_again(company, healthy)
