"""Every broken input gets one message that names it, shows it and says what would be right."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.errors import OutsideError, RefusedError, SourceError, UsageError
from config.months import Month
from tests.flows.sources.company import OCTOBER, Folders, extract
from tests.flows.sources.test_formats import TEXT, parquet, saved, workbook, zipped

LONG = "id;day\n" + "".join(f"{n};2026-10-01\n" for n in range(20000))
HTML = b"<!DOCTYPE html>\n<html><body>Please log in</body></html>"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)

BROKEN: list[tuple[str, str, bytes, dict[str, Any], list[str]]] = [
    ("an empty file", "2026-10.csv", b"", {}, ["2026-10.csv: empty", "row of headings"]),
    ("blank lines only", "2026-10.csv", b"\n\n \n", {}, ["2026-10.csv: empty"]),
    ("no line at the heading row", "2026-10.csv", b"id\n", {"header_row": 5}, ["2026-10.csv: empty"]),
    ("a NUL byte", "2026-10.csv", b"id,day\n1,a\n2,\x00b\n", {}, ["2026-10.csv:3:", "NUL byte"]),
    ("NUL bytes late", "2026-10.csv", LONG.encode() + b"9;\x00\n", {}, ["2026-10.csv:20002:", "NUL byte"]),
    ("an open quote", "2026-10.csv", b'id,day\n1,a\n2,"b\n3,c\n', {}, ["2026-10.csv:3:", "never closed"]),
    ("an open quote at the end", "2026-10.csv", b'id,day\n1,a\n2,"b', {}, ["2026-10.csv:3:", "never closed"]),
    ("not the declared encoding", "2026-10.csv", "id\nMüller\n".encode("cp1252"), {"encoding": "utf-8"},
     ["2026-10.csv:2:", "not utf-8", "byte 5 ", "fc", "encoding: auto"]),
    ("not the declared encoding, late", "2026-10.csv", LONG.encode() + b"\x81;x\n", {"encoding": "cp1252"},
     ["2026-10.csv:20002:", "not cp1252", f"byte {len(LONG) + 1} ", "81"]),
    ("half a sign of UTF-16", "2026-10.csv", TEXT.encode("utf-16") + b"x", {}, ["2026-10.csv:5:", "not utf-16-le"]),
    ("an unknown encoding", "2026-10.csv", b"id\n1\n", {"encoding": "latin-99"}, ["“latin-99” is no encoding"]),
    ("two signs as separator", "2026-10.csv", b"id\n1\n", {"separator": "||"},
     ["“||” cannot be a separator", "one sign"]),
    ("a page called xls", "2026-10.xls", HTML, {},
     ["2026-10.xls", "web page (HTML)", "<!DOCTYPE html>", "CSV or .xlsx"]),
    ("a page called csv", "2026-10.csv", b"\n <html>", {}, ["2026-10.csv", "web page (HTML)"]),
    ("an XML workbook", "2026-10.xls", b'<?xml version="1.0"?><Workbook/>', {}, ["XML document"]),
    ("a PDF", "2026-10.csv", b"%PDF-1.7\n", {}, ["2026-10.csv", "This is a PDF"]),
    ("a workbook declared csv", "2026-10.csv", workbook(), {"format": "csv"},
     ["declared as delimited text, but it is a workbook", "format: auto"]),
    ("csv declared Excel", "2026-10.xlsx", b"id;day\n1;2\n", {"format": "excel"},
     ["declared as a workbook, but it is delimited text"]),
    ("half a workbook", "2026-10.xlsx", workbook()[:900], {}, ["2026-10.xlsx", "damaged"]),
    ("a workbook that is none", "2026-10.xlsx", OLE, {}, ["2026-10.xlsx", "workbook"]),
    ("a sheet that is not there", "2026-10.xlsx", saved(lambda sheet: None), {"sheet": "Dota"},
     ["There is no sheet “Dota”", "Did you mean Data?"]),
    ("an empty sheet", "2026-10.xlsx", saved(lambda sheet: None), {"sheet": "Data"}, ["2026-10.xlsx: empty"]),
    ("half a gzip", "2026-10.csv.gz", gzip.compress(LONG.encode())[:500], {},
     ["2026-10.csv.gz", "damaged or was cut off"]),
    ("half a zip", "2026-10.zip", zipped(("a.csv", LONG.encode()))[:500], {},
     ["2026-10.zip", "damaged or was cut off"]),
    ("an empty zip", "2026-10.zip", zipped(), {}, ["2026-10.zip", "holds no file"]),
    ("zip in zip in zip in zip", "2026-10.zip",
     zipped(("1.zip", zipped(("2.zip", zipped(("3.zip", zipped(("4.csv", b"id\n")))))))), {}, ["too deep"]),
    ("half a Parquet file", "2026-10.parquet", parquet()[:300], {}, ["2026-10.parquet", "damaged or was cut off"]),
    ("a line that is no JSON", "2026-10.jsonl", b'{"id": 1}\n{"id": 1,,}\n', {},
     ["2026-10.jsonl:2:", "no JSON", '{"id": 1,,}', "one JSON object a line"]),
    ("a line that is no object", "2026-10.jsonl", b'{"id": 1}\n[1, 2]\n', {},
     ["2026-10.jsonl:2:", "no JSON object: [1, 2]"]),
    ("a JSON array", "2026-10.json", b'[{"id": 1}]', {}, ["2026-10.json", "one JSON array, not JSON lines"]),
    ("month_by that is not there", "2026-10.csv", b"id,Tag,Betrag\n1,2,3\n", {"month_by": "Tage"},
     ["2026-10.csv", "Column “Tage” (month_by) is not there", "“id”, “Tag”, “Betrag”",
      "Did you mean Tag?", "header_row"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "options", "parts"), [pytest.param(*case[1:], id=case[0]) for case in BROKEN]
)
def test_a_broken_file_is_named_and_shown(
    folders: Folders, name: str, content: bytes, options: dict[str, Any], parts: list[str]
) -> None:
    folders.write(name, content)
    with pytest.raises(SourceError) as caught:
        folders.try_land(extract({"files": "{month}*", **options}))
    for part in parts:
        assert part in str(caught.value)
    assert not list(folders.landings.glob("*/*"))
    assert not list(folders.landings.glob(".pulling*"))


def folder(path: Path) -> None:
    path.mkdir()


def loop(path: Path) -> None:
    path.symlink_to(path)


def dangling(path: Path) -> None:
    path.symlink_to("nowhere.csv")


def pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "part"),
    [(folder, "This is a folder"), (loop, "leads back to itself"), (dangling, "not there"), (pipe, "no ordinary file")],
)
def test_what_stands_in_place_of_a_file_is_named(folders: Folders, make: Callable[[Path], None], part: str) -> None:
    make(folders.data / "2026-10.csv")
    with pytest.raises(SourceError, match=r"^2026-10\.csv: ") as caught:
        folders.try_land(extract({"files": "{month}*.csv"}))
    assert part in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named(folders: Folders) -> None:
    folders.write("closed/2026-10.csv", TEXT).parent.chmod(0)
    with pytest.raises(SourceError, match="permission denied"):
        folders.try_land(extract({"files": "closed/{month}*.csv"}))


def test_a_pattern_of_no_month_that_matches_nothing_says_what_is_there(folders: Folders) -> None:
    folders.write("hr/employees.csv", TEXT)
    with pytest.raises(SourceError, match=r"No file matches “hr/employes\.csv”.*Did you mean employees\.csv\?"):
        folders.try_land(extract({"files": "hr/employes.csv"}))


def test_a_month_without_a_file_is_a_gap(folders: Folders) -> None:
    folders.write("2026-10.csv", TEXT)
    assert folders.try_land(extract({"files": "{month}*.csv"}), Month(2026, 9)) is None


def test_a_data_folder_that_is_not_there_is_named(folders: Folders) -> None:
    folders.data = folders.data / "elsewhere"
    with pytest.raises(SourceError, match=r"The data folder “.*elsewhere” is not there"):
        folders.try_land(extract({"files": "{month}*.csv"}))


def test_an_extract_that_is_not_declared_is_named(folders: Folders) -> None:
    with folders.session(sales=extract({"files": "x"})) as session, pytest.raises(UsageError, match="mean sales"):
        session.land("salse", OCTOBER)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("2026-10.csv", b"id;Written Warning\n1;yes\n", id="csv"),
        pytest.param("2026-10.jsonl", b'{"id": 1}\n{"id": 2, "written_warning": 1}\n', id="a late JSON key"),
        pytest.param("2026-10.jsonl", b'{"id": 1, "more": [{"written_warning": 1}]}\n', id="a nested JSON key"),
        pytest.param("2026-10.zip", zipped(("a.csv", b"id;Written Warning\n1;yes\n")), id="in an archive"),
    ],
)
def test_a_policy_column_is_refused(folders: Folders, name: str, content: bytes) -> None:
    folders.write(name, content)
    with pytest.raises(RefusedError, match=rf"^{name}.*: Column “[Ww]ritten[ _][Ww]arning” ") as caught:
        folders.try_land(extract({"files": "{month}*"}))
    assert caught.value.exit_status == 1
    assert not list(folders.landings.glob("*/*"))


def test_a_place_that_cannot_be_written_is_named(folders: Folders) -> None:
    folders.write("2026-10.csv", TEXT)
    folders.landings.parent.mkdir()
    folders.landings.write_text("a file where the folder should be")
    with pytest.raises(OutsideError, match=str(folders.landings)) as caught:
        folders.try_land(extract({"files": "{month}*.csv"}))
    assert not isinstance(caught.value, SourceError)
    assert "Make room on the disk" in str(caught.value)
