"""The same rows land as the same texts, whatever file they came in."""

import bz2
import datetime as dt
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from config.checks import Severity
from tests.flows.sources.company import Folders, codes_of, extract, lines_of, rows_of, texts_of

HEADINGS = ("id", "day", "amount", "name")
ROWS = [
    ("007", "2026-10-01", "1000.5", "Müller & Söhne"),
    ("8", "2026-10-31", "-2", "Größe, “XL”"),
    ("9", None, "0.1", None),
]
TEXT = "\n".join([";".join(HEADINGS), *(";".join(cell or "" for cell in row) for row in ROWS)]) + "\n"


def separated(mark: str) -> str:
    lines = [mark.join(f'"{cell}"' if mark in cell else cell for cell in map(str, row)) for row in [HEADINGS]]
    lines += [mark.join(f'"{cell}"' if mark in (cell or "") else cell or "" for cell in row) for row in ROWS]
    return "\n".join(lines) + "\n"


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADINGS)
    sheet.append(["007", dt.date(2026, 10, 1), 1000.5, "Müller & Söhne"])
    sheet.append([8, dt.datetime(2026, 10, 31), -2, "Größe, “XL”"])
    sheet.append([9.0, None, 0.1, ""])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet() -> bytes:
    table = pa.table(
        {
            "id": pa.array(["007", "8", "9"]).dictionary_encode(),
            "day": pa.array([dt.date(2026, 10, 1), dt.date(2026, 10, 31), None]),
            "amount": pa.array([Decimal("1000.50"), Decimal("-2.00"), Decimal("0.10")], pa.decimal128(12, 2)),
            "name": [row[3] for row in ROWS],
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def json_lines() -> str:
    numbers = ("1000.5", "-2", "0.1")
    lines = []
    for row, number in zip(ROWS, numbers, strict=True):
        rest = {"id": row[0], "day": row[1], "name": row[3]}
        lines.append(json.dumps(rest, ensure_ascii=False)[:-1] + f', "amount": {number}}}')
    return "\n".join(lines).replace('"id": "8"', '"id": 8')


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def zstd(content: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(content)
    content_out: bytes = out.getvalue().to_pybytes()
    return content_out


ENCODED = [
    pytest.param("2026-10.csv", TEXT.encode(encoding), id=f"csv in {encoding}")
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "cp1252")
]
SEPARATED = [
    pytest.param("2026-10.csv", separated(mark).encode(), id=f"csv by {name}")
    for mark, name in ((",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar"))
]
LINE_ENDS = [
    pytest.param("2026-10.csv", TEXT.replace("\n", end).encode(), id=f"lines end by {name}")
    for end, name in (("\r\n", "CRLF"), ("\r", "CR"))
]
PACKED = [
    pytest.param("2026-10.csv.gz", gzip.compress(TEXT.encode()), id="gzip"),
    pytest.param("2026-10.csv.bz2", bz2.compress(TEXT.encode()), id="bzip2"),
    pytest.param("2026-10.csv.xz", lzma.compress(TEXT.encode()), id="xz"),
    pytest.param("2026-10.csv.zst", zstd(TEXT.encode()), id="zstd"),
    pytest.param("2026-10.zip", zipped(("out/sales.csv", TEXT.encode())), id="zip"),
    pytest.param("2026-10.zip", zipped(("sales.csv.gz", gzip.compress(TEXT.encode()))), id="gzip in zip"),
    pytest.param("2026-10.csv", gzip.compress(TEXT.encode()), id="gzip that is called csv"),
    pytest.param("2026-10.csv.gz", TEXT.encode(), id="csv that is called gz"),
]
TYPED = [
    pytest.param("2026-10.xlsx", workbook(), id="Excel"),
    pytest.param("2026-10.csv", workbook(), id="Excel that is called csv"),
    pytest.param("2026-10.xls", TEXT.encode(), id="csv that is called xls"),
    pytest.param("2026-10.parquet", parquet(), id="Parquet"),
    pytest.param("2026-10.jsonl", json_lines().encode(), id="JSON lines"),
    pytest.param("2026-10.jsonl", json_lines().encode("utf-16-le"), id="JSON lines in UTF-16"),
]


@pytest.mark.parametrize(("name", "content"), [*ENCODED, *SEPARATED, *LINE_ENDS, *PACKED, *TYPED])
def test_the_same_rows_land_from_every_kind_of_file(folders: Folders, name: str, content: bytes) -> None:
    folders.write(name, content)
    landing = folders.land(extract({"files": "{month}.*"}))
    found = [{key: row[key] for key in HEADINGS} for row in rows_of(landing)]
    assert found == [dict(zip(HEADINGS, row, strict=True)) for row in ROWS]
    assert landing.rows == 3
    assert [row["_file"] for row in rows_of(landing)] == [landing.files[0]] * 3


def test_what_is_assumed_or_unlike_its_name_is_told(folders: Folders) -> None:
    folders.write("2026-10-a.csv", TEXT.encode("cp1252"))
    folders.write("2026-10-b.csv", workbook())
    landing = folders.land(extract({"files": "{month}-*"}))
    told = {finding.code: finding for finding in landing.findings}
    assert told["source.encoding_assumed"].severity is Severity.INFO
    assert "cp1252 (“" in told["source.encoding_assumed"].message
    assert "Müller" in told["source.encoding_assumed"].message
    assert (
        told["source.other_format"].message
        == "2026-10-b.csv is called .csv, but it is a workbook: it was read as that."
    )
    assert {finding.extract for finding in landing.findings} == {"sales"}


def test_native_numbers_are_written_with_the_declared_decimal_mark(folders: Folders) -> None:
    folders.write("2026-10.xlsx", workbook())
    landing = folders.land(extract({"files": "{month}.xlsx", "decimal": ",", "thousands": "."}))
    assert [row["amount"] for row in rows_of(landing)] == ["1000,5", "-2", "0,1"]


def test_lines_are_those_of_the_file(folders: Folders) -> None:
    folders.write("2026-10.csv", 'id,name\n1,"two\nlines"\n\n2,b\n   \n,\n3,"a\r\nb"\n4,end')
    landing = folders.land(extract({"files": "{month}.csv"}))
    assert list(zip(lines_of(landing), texts_of(landing), strict=True)) == [
        (2, ("1", "two\nlines")), (5, ("2", "b")), (8, ("3", "a\r\nb")), (10, ("4", "end")),
    ]  # fmt: skip


def test_headings_are_trimmed_named_and_told_apart(folders: Folders) -> None:
    folders.write("2026-10.csv", "\ufeff id , id,,day,_line,,\n1,2,3,4,5,,\n1,2,,4,5,,\n")
    landing = folders.land(extract({"files": "{month}.csv"}))
    assert landing.headers == ("id", "id (2)", "column_3", "day", "_line (2)")
    assert texts_of(landing)[0] == ("1", "2", "3", "4", "5")


def test_a_column_without_heading_is_kept_where_it_holds_something(folders: Folders) -> None:
    folders.write("2026-10.csv", 'id,day,,,\n1,2,,,", ."")"\n2,3,,,\n')
    landing = folders.land(extract({"files": "{month}.csv"}))
    assert landing.headers == ("id", "day", "column_3", "column_4", "column_5")
    assert texts_of(landing)[0] == ("1", "2", None, None, ', .")')


def test_footers_are_counted_and_left_out(folders: Folders) -> None:
    text = "id;day;amount\n1;a;5\nTotal;;5\n;Total north;5\nTotalled Ltd;b;7\nRows: 3\n2;Total;1\n"
    folders.write("2026-10.csv", text)
    landing = folders.land(extract({"files": "{month}.csv", "footers": [r"Total\b", r"Rows: \d+"]}))
    assert texts_of(landing) == [("1", "a", "5"), ("Totalled Ltd", "b", "7"), ("2", "Total", "1")]
    assert landing.footers == 3
    assert landing.findings == ()


def test_rows_of_the_wrong_length_are_kept_and_told(folders: Folders) -> None:
    folders.write("2026-10.csv", "id,day,name\n1,a\n2,b,c,d,\n3,e,f\n4,g,h,\n5,i,j,k,l\n")
    landing = folders.land(extract({"files": "{month}.csv"}))
    assert landing.headers == ("id", "day", "name", "column_4", "column_5")
    assert texts_of(landing) == [
        ("1", "a", None, None, None), ("2", "b", "c", "d", None), ("3", "e", "f", None, None),
        ("4", "g", "h", None, None), ("5", "i", "j", "k", "l"),
    ]  # fmt: skip
    assert [(finding.code, finding.line, finding.value) for finding in landing.findings] == [
        ("source.too_few_fields", 2, "1, a"),
        ("source.too_many_fields", 3, "“d”"),
        ("source.too_many_fields", 6, "“k”, “l”"),
    ]
    assert "line 3 has 5 fields where there are 3 headings: “d” is kept in column_4" in landing.findings[1].message


def test_a_flood_of_findings_is_summed_up(folders: Folders) -> None:
    folders.write("2026-10.csv", "id,day\n" + "1\n" * 100)
    landing = folders.land(extract({"files": "{month}.csv", "separator": ","}))
    assert len(landing.findings) == 21
    assert landing.findings[-1].rows == 80
    assert landing.findings[-1].message == "80 more lines of 2026-10.csv like this."


def test_missing_texts_are_null_in_every_format(folders: Folders) -> None:
    folders.write("2026-10-a.csv", 'id,name\n1,NULL\n2,""\n3,n/a\n4,NULLS\n')
    folders.write("2026-10-b.jsonl", '{"id": 5, "name": "NULL"}\n{"id": 6}\n{"id": 7, "name": null}\n')
    landing = folders.land(extract({"files": "{month}*", "missing": ["NULL", "n/a"]}))
    assert [row[1] for row in texts_of(landing)] == [None, None, None, "NULLS", None, None, None]


def test_several_files_of_a_month_are_taken_in_the_order_of_their_names(folders: Folders) -> None:
    folders.write("sales/2026-10-b.csv", "id,name\n3,c\n")
    folders.write("sales/2026-10-a.csv", "id,day\n1,a\n2,b\n")
    folders.write("sales/2026-11-a.csv", "id,day\n9,z\n")
    folders.write("sales/~$2026-10-c.csv", "what Excel leaves")
    landing = folders.land(extract({"files": "sales/{year}-{mm}*.csv"}))
    assert landing.files == ("sales/2026-10-a.csv", "sales/2026-10-b.csv")
    assert landing.headers == ("id", "day", "name")
    assert texts_of(landing) == [("1", "a", None), ("2", "b", None), ("3", None, "c")]
    assert landing.findings[0].message == (
        "sales/2026-10-b.csv has other headings than sales/2026-10-a.csv: it lacks day and adds name."
    )


def test_an_empty_file_beside_others_is_told(folders: Folders) -> None:
    folders.write("2026-10-a.csv", "")
    folders.write("2026-10-b.csv", "id,day\n1,a\n")
    folders.write("2026-10-c.csv", "id,day\n")
    landing = folders.land(extract({"files": "{month}*.csv"}))
    assert (codes_of(landing), landing.rows) == (["source.empty_file"], 1)


def test_a_file_with_headings_alone_lands_without_rows(folders: Folders) -> None:
    folders.write("2026-10.csv", "id,day\n")
    landing = folders.land(extract({"files": "{month}.csv"}))
    assert (landing.rows, landing.headers, rows_of(landing)) == (0, ("id", "day"), [])


def test_every_member_of_an_archive_is_read(folders: Folders) -> None:
    members = (("b.csv", b"id,day\n2,b\n"), ("a.csv", b"id,day\n1,a\n"), ("__MACOSX/._a.csv", b"\x00\x05"))
    folders.write("2026-10.zip", zipped(*members))
    landing = folders.land(extract({"files": "{month}.zip"}))
    assert landing.files == ("2026-10.zip/a.csv", "2026-10.zip/b.csv")
    assert texts_of(landing) == [("1", "a"), ("2", "b")]


def test_files_may_lie_beside_the_data_folder(folders: Folders) -> None:
    folders.write("../exports/2026-10.csv", "id,day\n1,a\n")
    assert folders.land(extract({"files": "../exports/{month}.csv"})).files == ("../exports/2026-10.csv",)


def test_a_column_of_one_file_is_told_when_no_separator_fits(folders: Folders) -> None:
    folders.write("2026-10.csv", "id^day\n1^a\n")
    landing = folders.land(extract({"files": "{month}.csv"}))
    assert landing.headers == ("id^day",)
    assert "has one column only (“id^day”)" in landing.findings[0].message
    assert landing.findings[0].severity is Severity.WARNING


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        pytest.param("a;b\n1,5;2,5\n3,5;4,5\n", ("a", "b"), id="decimal commas between semicolons"),
        pytest.param("name, first;b\nx, y;z\n", ("name, first", "b"), id="commas in every text"),
        pytest.param("a,b\n1,x;y\n2,z\n", ("a", "b"), id="a semicolon in a text"),
        pytest.param("sep=|\na|b\n1;2|3\n", ("a", "b"), id="Excel's hint"),
        pytest.param("a\tb;c\n1\t2;3\n", ("a", "b;c"), id="tabs before semicolons"),
    ],
)
def test_the_separator_is_found(folders: Folders, text: str, headings: tuple[str, ...]) -> None:
    folders.write("2026-10.csv", text)
    assert folders.land(extract({"files": "{month}.csv"})).headers == headings


@pytest.mark.parametrize(("separator", "mark"), [("tab", "\t"), (";", ";"), ("^", "^")])
def test_a_declared_separator_is_taken(folders: Folders, separator: str, mark: str) -> None:
    folders.write("2026-10.txt", f"a,x{mark}b\n1{mark}2\n")
    landing = folders.land(extract({"files": "{month}.txt", "separator": separator}))
    assert (landing.headers, landing.findings) == (("a,x", "b"), ())


# -- Excel -------------------------------------------------------------------------------------------------------


def saved(fill: Callable[[Any], None], title: str = "Data") -> bytes:
    book = openpyxl.Workbook()
    book.create_sheet("Notes", 0)
    sheet = book.create_sheet(title)
    fill(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_sheet_is_taken_by_name_from_its_heading_row_on(folders: Folders) -> None:
    def fill(sheet: Any) -> None:
        sheet["B1"] = "Report of October"
        sheet["B3"], sheet["C4"], sheet["D4"] = "Id", "Amount", "When"
        sheet.merge_cells("B3:B4")
        sheet["B6"], sheet["C6"], sheet["D6"] = "A17", 1e15, dt.datetime(2026, 10, 2, 8, 30)
        sheet["B7"], sheet["C7"], sheet["D7"] = "B2", True, dt.time(9, 5)
        sheet["B8"], sheet["C8"], sheet["D8"] = "C3", 1e-7, "=1/0"

    folders.write("2026-10.xlsx", saved(fill))
    landing = folders.land(extract({"files": "{month}.xlsx", "sheet": "Data", "header_row": 4}))
    assert landing.headers == ("column_1", "Id", "Amount", "When")
    assert list(zip(lines_of(landing), texts_of(landing), strict=True)) == [
        (6, (None, "A17", "1000000000000000", "2026-10-02T08:30:00")),
        (7, (None, "B2", "true", "09:05:00")),
        (8, (None, "C3", "0.0000001", None)),
    ]
    assert codes_of(landing) == ["source.long_number"]


# -- JSON and Parquet --------------------------------------------------------------------------------------------


def test_json_values_stay_as_written(folders: Folders) -> None:
    lines = [
        '{"id": 12345678901234567890, "amount": 1.50, "on": true, "tags": [1.50, {"a": null}]}',
        "",
        '{"id": 1e3, "late": "x", "amount": NaN}',
    ]
    folders.write("2026-10.jsonl", "\n".join(lines))
    landing = folders.land(extract({"files": "{month}.jsonl"}))
    assert landing.headers == ("id", "amount", "on", "tags", "late")
    assert texts_of(landing) == [
        ("12345678901234567890", "1.50", "true", '[1.50,{"a":null}]', None), ("1e3", None, None, None, "x"),
    ]  # fmt: skip
    assert lines_of(landing) == [1, 3]


def test_parquet_values_become_canonical_text(folders: Folders) -> None:
    moment = dt.datetime(2026, 10, 31, 23, 30, 0, 500000, tzinfo=dt.UTC)
    table = pa.table(
        {
            "float": [1e21, float("nan")],
            "single": pa.array([1.1, -0.0], pa.float32()),
            "whole": [3.0, 1e-7],
            "zoned": pa.array([moment, None], pa.timestamp("us", "Europe/Berlin")),
            "local": pa.array([dt.datetime(2026, 10, 1), dt.datetime(2026, 10, 1, 9, 0, 0, 1)], pa.timestamp("ns")),
            "small": pa.array([Decimal("0.0000000001"), Decimal("12.3400000000")], pa.decimal128(30, 10)),
            "list": [[1, 2], []],
            "yes": [True, None],
            "raw": [b"abc", b"\xff"],
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out)
    folders.write("2026-10.parquet", out.getvalue())
    assert texts_of(folders.land(extract({"files": "{month}.parquet"}))) == [
        ("1000000000000000000000", "1.1", "3", "2026-10-31T23:30:00.5+00:00", "2026-10-01T00:00:00", "0.0000000001",
         "[1,2]", "true", "abc"),
        (None, "0", "0.0000001", None, "2026-10-01T09:00:00.000001", "12.34", "[]", None, "ff"),
    ]  # fmt: skip
