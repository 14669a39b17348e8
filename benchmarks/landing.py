"""How long landing a plain CSV takes, beside reading and writing it with pyarrow alone.

    .venv/bin/python benchmarks/landing.py [ROWS]

Prints seconds (the best of three) for both, for a file with a line break in quotes, and for one with a blank line,
which the csv module must read.
Landing does what pyarrow alone does not: it keeps the file and line of each row, proves that the fast reader was
right, checks the encoding, leaves out blank rows and footers, and hashes what it wrote.
"""

import csv
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from config.models import Column, ColumnType, Company, Config, Extract, ExtractKind
from config.months import Month
from config.sources import FilesSource
from flows.sources import SourceSession

MONTH = Month(2026, 10)
HEADINGS = ("order", "associate", "day", "closed_at", "amount", "currency", "segment", "note")


def write_csv(path: Path, rows: int, *, broken_line: bool = False, blank_line: bool = False) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADINGS)
        for n in range(rows):
            day = date(2026, 10, 1) + timedelta(days=n % 31)
            note = "two\nlines" if broken_line and n == rows - 1 else ("" if n % 3 else "called back, signed")
            writer.writerow(
                (n, f"A{n % 400}", day, f"{day}T{n % 24:02d}:{n % 60:02d}:00", f"{n % 9973}.{n % 100:02d}", "EUR",
                 ("B2B", "B2C", "B2G", "C2C")[n % 4], note)
            )  # fmt: skip
        stream.write("\r\n" if blank_line else "")


def config(folder: Path) -> Config:
    columns = {name: Column(type=ColumnType.TEXT) for name in HEADINGS}
    sales = Extract(kind=ExtractKind.SALES, source=FilesSource(files=("{month}.csv",)), columns=columns)
    company = Company(name="Benchmark", currency="EUR")
    return Config(directory=folder, company=company, extracts={"sales": sales}, metrics={}, sha256="0")


def best_of_three(work: Callable[[Path], None]) -> float:
    seconds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as out:
            start = time.perf_counter()
            work(Path(out))
            seconds.append(time.perf_counter() - start)
    return min(seconds)


def land(folder: Path, out: Path) -> None:
    with SourceSession(config(folder), folder, out, datetime(2026, 11, 6, tzinfo=UTC)) as session:
        session.land("sales", MONTH)


def plain(folder: Path, out: Path) -> None:
    options = pa_csv.ConvertOptions(column_types=dict.fromkeys(HEADINGS, pa.string()))
    table = pa_csv.read_csv(folder / f"{MONTH}.csv", convert_options=options)
    pq.write_table(table, out / "plain.parquet", compression="zstd", compression_level=3)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_csv(folder / f"{MONTH}.csv", rows)
        size = (folder / f"{MONTH}.csv").stat().st_size / 1e6
        alone = best_of_three(lambda out: plain(folder, out))
        landed = best_of_three(lambda out: land(folder, out))
        write_csv(folder / f"{MONTH}.csv", rows, broken_line=True)
        line_breaks = best_of_three(lambda out: land(folder, out))
        write_csv(folder / f"{MONTH}.csv", rows, blank_line=True)
        any_file = best_of_three(lambda out: land(folder, out))
    print(f"{rows} rows, {len(HEADINGS)} columns, {size:.0f} MB")
    for what, seconds in (
        ("pyarrow alone", alone),
        ("landing", landed),
        ("landing, line breaks", line_breaks),
        ("landing, any file", any_file),
    ):
        print(f"{what:22s} {seconds:6.2f} s   {seconds / alone:.1f} times pyarrow alone")


if __name__ == "__main__":
    main()
