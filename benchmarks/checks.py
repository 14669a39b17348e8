"""Ten million sales rows through the whole check, beside plain Great Expectations on one pandas frame.

    python -m benchmarks.checks [--rows 10000000] [--peer-rows 1000000] [--threads 2]

Makes a landing of its own with about one bad row in a thousand, and a company whose checks.yaml asks twelve things
beside what follows from its columns. Ours types, asks, sets aside, profiles and judges. The peer reads the same
landing into one pandas frame, types its columns as an analyst would, and asks the same twelve things; it sets nothing
aside and names no row. Each runs in a process of its own, of which the largest resident memory is read.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from config.loader import load_config
from config.models import Config
from config.months import Month
from transforms.stages import Checked, Landing

MONTH = Month(2026, 10)
FILES = {
    "company.yaml": "name: Benchmark\ncurrency: EUR\n",
    "extracts.yaml": """\
people:
  kind: hr
  source: {files: people.csv}
  columns: {associate: {}, name: {}, team: {}, manager: {}, valid_from: {}}
  history: effective_dated
sales:
  kind: sales
  source: {files: "sales/{month}.csv"}
  columns:
    order_id: {type: id, from: Order}
    seller: {type: id, from: Seller, required: true}
    day: {type: date, from: Day}
    closed_at: {type: timestamp, from: Closed at}
    amount: {type: money, from: Amount}
    quantity: {type: integer, from: Quantity}
    discount: {type: percent, from: Discount}
    segment: {type: text, from: Segment}
    channel: {type: text, from: Channel}
    note: {type: text, from: Note}
  key: order_id
  date: day
  associate: seller
  main_measure: amount
""",
    "metrics.yaml": """\
revenue: {label: Revenue, extract: sales, value: sum(amount), unit: money, good: up, stage: result}
""",
    "checks.yaml": """\
sales:
  checks:
    - {column: amount, between: {min: 0, max: 50000}}
    - {column: amount, not_null: true}
    - {column: quantity, between: {min: 1, max: 9}}
    - {column: discount, between: {min: 0, max: 0.5}}
    - {column: segment, one_of: [B2B, B2C, B2G, C2C], severity: critical}
    - {column: channel, one_of: [shop, phone, web, partner]}
    - {column: order_id, matches: "S[0-9]{9}"}
    - {column: seller, matches: "A[0-9]{4}"}
    - {column: closed_at, in_month: true}
    - {column: [seller, closed_at, amount], unique: true, severity: info}
    - {name: closed_later, condition: closed_at >= day}
    - {name: small_without_discount, condition: discount = 0, where: amount < 1, tolerance: 0.001, severity: info}
""",
}


def write_company(folder: Path) -> Config:
    """The configuration, read as a run would."""
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return load_config(folder)


def write_landing(path: Path, rows: int) -> None:
    """A month in the order of its days, as an export has it; a bad value of some kind in every thousandth row."""
    import duckdb

    part = "CAST(hash(i + {}) % {} AS INT)"
    second = f"TIMESTAMP '2026-10-01' + INTERVAL (i * 31 * 86400 // {rows}) SECOND"
    with duckdb.connect() as database:
        database.execute(
            f"""
            COPY (
                SELECT 'S' || lpad(CAST(i - (i % 8000 = 7)::INT AS VARCHAR), 9, '0') AS "Order",
                    CASE WHEN i % 8000 = 1007 THEN 'unknown' ELSE 'A' || lpad(({part.format(0, 4000)})::VARCHAR, 4, '0')
                        END AS "Seller",
                    strftime({second}, '%Y-%m-%d') AS "Day", strftime({second}, '%Y-%m-%d %H:%M:%S') AS "Closed at",
                    CASE i % 8000 WHEN 2007 THEN '-5.00' WHEN 3007 THEN '12,50' ELSE
                        CAST(CAST(1 + {part.format(1, 4_900_000)} / 100.0 AS DECIMAL(12, 2)) AS VARCHAR) END
                        AS "Amount",
                    CASE WHEN i % 8000 = 4007 THEN '10' ELSE CAST(1 + {part.format(2, 9)} AS VARCHAR) END AS "Quantity",
                    {part.format(3, 30)} || '%' AS "Discount",
                    CASE WHEN i % 8000 = 5007 THEN 'B3B' ELSE ['B2B', 'B2C', 'B2G', 'C2C'][1 + {part.format(4, 4)}] END
                        AS "Segment",
                    CASE WHEN i % 8000 = 6007 THEN 'fax'
                        ELSE ['shop', 'phone', 'web', 'partner'][1 + {part.format(5, 4)}] END AS "Channel",
                    CASE WHEN i % 8000 = 7007 THEN '=1+1' WHEN {part.format(6, 3)} = 0 THEN 'called back, signed' END
                        AS "Note",
                    'sales/{MONTH}.csv' AS _file, i + 2 AS _line
                FROM range({rows}) AS rows(i)
            ) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 131072)
            """
        )


def landing_of(path: Path, rows: int) -> Landing:
    sha256 = hashlib.sha256(f"{path.stat().st_size} {rows}".encode()).hexdigest()
    return Landing("sales", MONTH, path, sha256, rows, (), (f"sales/{MONTH}.csv",))


def check(folder: Path, rows: int, threads: int) -> dict[str, Any]:
    """Ours, from the landing to the verdicts."""
    from flows.checks import CheckSession
    from flows.checks.judging import judge
    from transforms.checks.readings import row_readings
    from transforms.checks.suite import suite_of

    config = load_config(folder / "company")
    suite = suite_of(config, "sales")
    started, cpu = time.perf_counter(), time.process_time()
    with CheckSession(config, folder / "checked", threads=threads) as session:
        checked = session.check(landing_of(folder / "landing.parquet", rows))
    asked = {"wall": time.perf_counter() - started, "cpu": time.process_time() - cpu}
    verdicts = judge(row_readings(suite, checked.tallies, MONTH))
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    _assert_sound(checked, rows)
    failed = [verdict.reading for verdict in verdicts if not verdict.passed]
    return {
        "wall": wall, "cpu": cpu, "asked": asked, "checks": len(verdicts), "failed": len(failed),
        "aside": sum(p.rows for p in checked.quarantined),
        "excluded": sum(part.rows for part in checked.excluded), "peak": _peak(),
    }  # fmt: skip


def _assert_sound(checked: Checked, rows: int) -> None:
    parts = [*checked.excluded, *checked.quarantined]
    assert checked.source_rows == rows == checked.rows + sum(part.rows for part in parts)
    assert sum(part.rows for part in checked.quarantined) == sum(tally.set_aside for tally in checked.tallies)


def peer(folder: Path) -> dict[str, Any]:
    """Plain Great Expectations, from the landing to its results."""
    started, cpu = time.perf_counter(), time.process_time()
    import great_expectations as gx
    import pandas as pd

    imported = time.perf_counter()
    texts = pd.read_parquet(folder / "peer.parquet")
    frame = texts.assign(
        **{
            "Day": pd.to_datetime(texts["Day"], format="%Y-%m-%d", errors="coerce"),
            "Closed at": pd.to_datetime(texts["Closed at"], format="%Y-%m-%d %H:%M:%S", errors="coerce"),
            "Amount": pd.to_numeric(texts["Amount"], errors="coerce"),
            "Quantity": pd.to_numeric(texts["Quantity"], errors="coerce"),
            "Discount": pd.to_numeric(texts["Discount"].str.removesuffix("%"), errors="coerce") / 100,
        }
    )
    typed = time.perf_counter() - imported
    first, end = pd.Timestamp(MONTH.first_day), pd.Timestamp(MONTH.end)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    asset = context.data_sources.add_pandas("peer").add_dataframe_asset("peer")
    batch = asset.add_batch_definition_whole_dataframe("peer").get_batch({"dataframe": frame})
    of = gx.expectations
    results = batch.validate(
        gx.ExpectationSuite(
            name="peer",
            expectations=[
                of.ExpectColumnValuesToBeBetween(column="Amount", min_value=0, max_value=50000),
                of.ExpectColumnValuesToNotBeNull(column="Amount"),
                of.ExpectColumnValuesToBeBetween(column="Quantity", min_value=1, max_value=9),
                of.ExpectColumnValuesToBeBetween(column="Discount", min_value=0, max_value=0.5),
                of.ExpectColumnValuesToBeInSet(column="Segment", value_set=["B2B", "B2C", "B2G", "C2C"]),
                of.ExpectColumnValuesToBeInSet(column="Channel", value_set=["shop", "phone", "web", "partner"]),
                of.ExpectColumnValuesToMatchRegex(column="Order", regex=r"\AS[0-9]{9}\Z"),
                of.ExpectColumnValuesToMatchRegex(column="Seller", regex=r"\AA[0-9]{4}\Z"),
                of.ExpectColumnValuesToBeBetween(column="Closed at", min_value=first, max_value=end, strict_max=True),
                of.ExpectCompoundColumnsToBeUnique(column_list=["Seller", "Closed at", "Amount"]),
                of.ExpectColumnPairValuesAToBeGreaterThanB(column_A="Closed at", column_B="Day", or_equal=True),
                of.ExpectColumnValuesToBeUnique(column="Order"),
            ],
        ),
        result_format="SUMMARY",
    )
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    return {"wall": wall, "cpu": cpu, "typed": typed, "failed": sum(not one.success for one in results.results),
            "checks": len(results.results), "peak": _peak()}  # fmt: skip


def _peak() -> int:
    """Largest resident memory of this process, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def alone(part: str, folder: Path, rows: int, threads: int) -> dict[str, Any]:
    """A part in a process of its own; what it found."""
    command = [sys.executable, "-m", "benchmarks.checks", "--rows", str(rows), "--threads", str(threads)]
    done = subprocess.run([*command, "--part", part, "--folder", folder], stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--peer-rows", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--part", choices=("ours", "peer"))
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.part:
        ours = given.part == "ours"
        print(json.dumps(check(given.folder, given.rows, given.threads) if ours else peer(given.folder)))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_company(folder / "company")
        write_landing(folder / "landing.parquet", given.rows)
        found = alone("ours", folder, given.rows, given.threads)
        print_line("yardstick", given.rows, found)
        print(
            f"  {found['checks']} checks, {found['failed']} failed; {found['aside']:,} rows set aside, "
            f"{found['excluded']:,} excluded; {found['asked']['wall']:.1f} s of it typing, asking and writing"
        )
        if given.peer_rows:
            write_landing(folder / "peer.parquet", given.peer_rows)
            theirs = alone("peer", folder, given.peer_rows, given.threads)
            print_line("Great Expectations, pandas", given.peer_rows, theirs)
            print(f"  {theirs['checks']} checks, {theirs['failed']} failed; {theirs['typed']:.1f} s to read and type")
            ratio = (theirs["wall"] / given.peer_rows) / (found["wall"] / given.rows)
            memory = (theirs["peak"] / given.peer_rows) / (found["peak"] / given.rows)
            print(f"per million rows the peer takes {ratio:.1f} times as long and {memory:.1f} times the memory")


def print_line(what: str, rows: int, found: dict[str, Any]) -> None:
    print(
        f"{what:28s} {rows:>12,} rows  {found['wall']:7.1f} s  {found['cpu']:7.1f} CPU s  "
        f"{found['peak'] / 1e9:5.2f} GB  {rows / found['wall']:>10,.0f} rows/s  "
        f"{found['wall'] / rows * 1e6:6.2f} s a million"
    )


if __name__ == "__main__":
    main()
