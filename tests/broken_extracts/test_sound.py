"""Extracts that look odd and are right: nothing above info is said of them, and nothing is withheld."""

import bz2
import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from tests.broken_extracts.breaking import (
    Break,
    Make,
    Row,
    Table,
    again,
    cell,
    column,
    each,
    filled,
    keep,
    on_table,
    on_text,
    recoded,
    rename,
    reordered,
    separated,
    with_column,
    workbook,
)
from tests.broken_extracts.cases import assert_conserved, assert_nothing_left, broken, in_extracts, info, params
from tests.broken_extracts.world import World


@dataclass(frozen=True)
class Sound:
    """An odd file of an extract."""

    id: str
    extract: str
    how: Break
    instead: str = ""
    config: Mapping[str, Make] = field(default_factory=dict)
    same: bool = True
    """Whether the source's totals must hold: the rows and their sum are those of the file as it was."""


def _quoted_lines(content: bytes) -> bytes:
    table = Table.of(content)
    table.put(10, "product_group", "lighting")
    table.headings.append("remark")
    table.rows = [[*row, 'two\nlines, and a “quote"”' if at == 8 else ""] for at, row in enumerate(table.rows)]
    return table.file()


def _as(kind: str, odd: Sound) -> Sound:
    """The same in a file of another kind."""
    name = odd.extract
    declared = in_extracts(f"{name}/{name}-{{month}}.csv", f"{name}/{name}-{{month}}.{kind}")
    return replace(odd, instead=f"data/{name}/{name}-2026-10.{kind}", config=declared)


def _json_lines(content: bytes) -> bytes:
    rows = csv.DictReader(io.StringIO(content.decode()))
    return "".join(f"{json.dumps({k: v or None for k, v in row.items()})}\n" for row in rows).encode()


def _parquet(content: bytes) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = Table.of(content)
    columns = {name: [row[at] or None for row in table.rows] for at, name in enumerate(table.headings)}
    target = io.BytesIO()
    pq.write_table(pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}), target)
    return target.getvalue()


def _with_offset(text: str) -> str:
    return f"{text.replace(' ', 'T')}{'+02:00' if text < '2026-10-25 03' else '+01:00'}"


def _more_returns(content: bytes) -> bytes:
    """Thirty orders come back a day later."""
    table = Table.of(content)
    sold = [row for row in table.rows if row[8] == "invoiced" and row[9] == "1.00" and row[6]][:300:10]
    for at, row in enumerate(sold):
        back = [f"2610000600{at:02d}", "2026-10-30", *row[2:6], f"-{row[6]}", "EUR", "returned", "1.00", row[0],
                "2026-10-30 17:00:00"]  # fmt: skip
        table.rows.append(back)
    return table.file()


def _more_splits(content: bytes) -> bytes:
    """Twenty orders become two people's: each row has the whole amount and a share."""
    table = Table.of(content)
    for row in [row for row in table.rows if row[9] == "1.00" and row[2] == "001370" and row[8] == "invoiced"]:
        row[9] = "0.70"
        table.rows.append([*row[:2], "001407", *row[3:9], "0.30", *row[10:]])
    return table.file()


def _is_first(line: int, _row: Row) -> bool:
    return line in {10, 20, 30, 40}


SOUND = [
    Sound("byte-order-mark", "sales", lambda content: b"\xef\xbb\xbf" + content),
    Sound("windows-line-ends", "sales", on_text(lambda text: text.replace("\n", "\r\n"))),
    Sound("no-line-end-at-the-end", "sales", on_text(lambda text: text.rstrip("\n"))),
    Sound("blank-lines-at-the-end", "sales", on_text(lambda text: f"{text}\n\n\n")),
    Sound("all-in-quotes", "sales", lambda content: Table.of(content).file(quoting=csv.QUOTE_ALL)),
    Sound("semicolons", "sales", separated(";")),
    Sound("tabs", "service", separated("\t")),
    Sound("bars", "activity", separated("|")),
    Sound("excel-says-its-separator", "sales", lambda content: b"sep=;\n" + separated(";")(content)),
    Sound("columns-in-another-order", "sales", reordered),
    Sound("empty-columns-at-the-end", "sales", on_text(lambda text: text.replace("\n", ",,,\n"))),
    Sound("a-column-more", "sales", with_column("warehouse", lambda _row: "North")),
    Sound("lines-within-quotes", "sales", _quoted_lines),
    Sound("headings-in-capitals", "sales", rename(order_id="ORDER_ID", amount=" Amount ")),
    Sound("blanks-around-values", "sales", on_text(lambda text: text.replace(",B2B,", ", B2B ,"))),
    Sound("utf-16-with-its-mark", "sales", recoded("utf-16")),
    Sound("utf-16-without-its-mark", "sales", recoded("utf-16-le")),
    Sound("latin-1-with-umlauts", "coaching",
          each(cell(5, summary="Wir sprachen über die nächsten Schritte."), recoded("latin-1"))),
    Sound("packed", "sales", lambda content: gzip.compress(content, mtime=0)),
    Sound("packed-otherwise", "service", bz2.compress),
    _as("xlsx", Sound("workbook", "sales", workbook(None, ["amount", "share"]))),
    Sound("workbook-named-csv", "sales", workbook(None, ["amount", "share"])),
    _as("jsonl", Sound("json-lines", "service", _json_lines)),
    _as("parquet", Sound("parquet", "service", _parquet)),
    Sound("currency-beside-the-amount", "sales", column("amount", filled(lambda text: f"EUR {text}"))),
    Sound("spaces-between-thousands", "sales",
          column("amount", filled(lambda text: f"{float(text):,.2f}".replace(",", "\u202f")))),
    Sound("four-decimals", "sales", column("amount", filled(lambda text: f"{text}00"))),
    Sound("plus-signs", "sales", column("amount", filled(lambda text: text if text.startswith("-") else f"+{text}"))),
    Sound("times-with-offsets", "service", column("closed", _with_offset)),
    Sound("days-with-midnight", "sales", column("order_date", lambda text: f"{text} 00:00:00")),
    Sound("answers-in-german", "service",
          column("solved_first_contact", lambda text: {"true": "Ja", "false": "Nein"}[text])),
    Sound("not-applicable", "sales", column("returns_order", lambda text: text or "n/a")),
    Sound("four-rows-once-more", "sales", again(_is_first), same=False),
    Sound("newer-copies", "sales", again(_is_first, amount="1000.00", modified="2026-10-30 12:00:00"), same=False),
    Sound("rows-in-another-order", "sales", on_table(lambda table: table.rows.reverse())),
    Sound("thirty-returns-more", "sales", _more_returns, same=False),
    Sound("thirty-cancelled", "sales",
          column("status", "cancelled", lambda line, row: line % 13 == 0 and row["status"] == "invoiced")),
    Sound("many-shared-orders", "sales", _more_splits, same=False),
    Sound("nobody-s-orders", "sales", column("seller", "HOUSE", lambda line, _row: line % 20 == 0)),
    Sound("a-tenth-fewer-orders", "sales", keep(lambda line, _row: line % 10 != 0), same=False),
    Sound("a-tenth-fewer-tickets", "service", keep(lambda line, _row: line % 10 != 0), same=False),
    Sound("one-very-large-order", "sales", cell(10, amount="49000.00"), same=False),
    Sound("an-order-for-nothing", "sales", cell(10, amount="0.00"), same=False),
    Sound("closed-in-the-hour-that-comes-twice", "service", cell(200, closed="2026-10-25 02:30:00")),
    Sound("opened-in-the-hour-that-never-was", "service", cell(5, opened="2026-03-29 02:30:00")),
]  # fmt: skip

OFTEN = """
lines-within-quotes empty-columns-at-the-end columns-in-another-order utf-16-without-its-mark workbook
newer-copies thirty-returns-more many-shared-orders
"""
"""The others run in long campaigns: a case takes a second."""


@pytest.mark.usefixtures("asked_once")
@pytest.mark.parametrize("odd", params(SOUND, OFTEN))
def test_nothing_is_said_of_it(demo_of: Callable[[str], World], odd: Sound) -> None:
    world = demo_of(odd.extract)
    before = {name for name in world.files() if not name.startswith("state/")}
    case = info(odd.id, odd.extract, odd.how, "", instead=odd.instead, config=odd.config, control=odd.same)
    found = broken(world, case).check()
    assert found.findings == (), found.told()
    assert found.withheld_from_all() == set()
    assert_conserved(found)
    assert_nothing_left(world, before | {odd.instead} - {""})
