"""Typing and measuring, timed beside a pandas peer that types, joins and groups the same rows.

    python -m benchmarks.measure --rows 300000 --associates 5000

The peer does what an analyst would write: read_parquet, to_numeric, merge with membership, groupby. Its sums are of
doubles and it holds all rows in memory; the figures are compared to the last cent.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from config.models import Company, Config, Extract, Metric
from config.months import Month
from flows.checks import check_extract
from flows.engines import Measured, measure_month
from transforms.columns import FAR_FUTURE, FAR_PAST, MEMBERSHIP, shaped
from transforms.stages import Checked, Landing

MONTH = Month(2026, 10)
PURPOSE = {"purpose": "benchmark", "agreed_with": "nobody", "from": "2026-01-01"}
TEAM_SIZE, SPAN = 10, 10


def company() -> Config:
    columns = {
        "id": "id", "seller": "id", "day": "date", "amount": "money", "quantity": "integer", "segment": "text",
        "discount": "percent", "won": "boolean",
    }  # fmt: skip
    extract = Extract.model_validate(
        {
            "kind": "sales", "columns": columns, "key": "id", "date": "day", "associate": "seller",
            "main_measure": "amount", "segment": "segment",
            "source": {"files": "sales.csv", "thousands": ",", "dates": "day_first"},
        }
    )  # fmt: skip
    common: dict[str, Any] = {"extract": "sales", "good": "up", "stage": "result", "individual": PURPOSE}
    metrics: dict[str, dict[str, Any]] = {
        "revenue": {"label": "Revenue", "unit": "money", "value": "sum(amount)", "by_segment": True},
        "deals": {"label": "Deals", "unit": "count", "value": "count(*)"},
        "size": {"label": "Deal size", "unit": "money", "value": "avg(amount)"},
        "typical": {"label": "Typical deal", "unit": "money", "value": "median(amount)"},
        "win": {"label": "Won", "unit": "percent", "numerator": "count_if(won)", "denominator": "count(won)"},
        "kinds": {"label": "Segments served", "unit": "count", "value": "count(DISTINCT segment)"},
    }
    return Config(
        directory=Path("company"),
        company=Company(name="Benchmark", currency="EUR"),
        extracts={"sales": extract},
        metrics={name: Metric.model_validate({**common, **metric}) for name, metric in metrics.items()},
        sha256="0" * 64,
    )


def landing(folder: Path, rows: int, associates: int) -> Landing:
    path = folder / "landing.parquet"
    with duckdb.connect() as database:
        database.execute(
            f"""
            COPY (
                SELECT 'R' || i AS id, 'A' || (hash(i) % {associates}) AS seller,
                    strftime(DATE '2026-10-01' + CAST(i % 31 AS INT), '%d.%m.%Y') AS day,
                    format('{{:,.2f}}', (hash(i + 1) % 1000000) / 100.0) AS amount, CAST(i % 7 AS VARCHAR) AS quantity,
                    CASE i % 3 WHEN 0 THEN 'B2B' WHEN 1 THEN 'B2C' END AS segment, (i % 97) || '%' AS discount,
                    CASE WHEN i % 4 = 0 THEN 'no' ELSE 'yes' END AS won, 'sales.csv' AS _file, i + 2 AS _line
                FROM range({rows}) AS rows(i)
            ) TO '{path}' (FORMAT parquet)
            """
        )
    return Landing("sales", MONTH, path, f"{rows}-{associates}", rows, (), ("sales.csv",))


def people(associates: int) -> pd.DataFrame:
    """Each associate in itself, its team, its manager's span and three more spans above."""
    lines = []
    for number in range(associates):
        team = number // TEAM_SIZE
        above = [("manager", f"M{level}-{team // SPAN**level}") for level in range(4)]
        for kind, unit in [("associate", f"A{number}"), ("team", f"T{team}"), *above]:
            lines.append((f"A{number}", kind, unit, FAR_PAST, FAR_FUTURE))
    return shaped(pd.DataFrame(lines, columns=list(MEMBERSHIP)), MEMBERSHIP)


def peer(landed: Landing, membership: pd.DataFrame) -> pd.DataFrame:
    rows = pd.read_parquet(landed.path, dtype_backend="pyarrow").drop_duplicates("id")
    rows = rows.assign(
        day=pd.to_datetime(rows["day"], format="%d.%m.%Y"),
        amount=pd.to_numeric(rows["amount"].str.replace(",", "")).astype("float64"),
        won=rows["won"] == "yes",
    )
    joined = rows.merge(membership, left_on="seller", right_on="associate")
    joined = joined.loc[(joined["day"] >= joined["valid_from"]) & (joined["day"] < joined["valid_to"])]
    groups = joined.groupby(["unit_kind", "unit_id"])
    revenue = joined.groupby(["unit_kind", "unit_id", "segment"], dropna=False)["amount"].sum()
    figures = groups.agg(
        revenue=("amount", "sum"), deals=("id", "size"), size=("amount", "mean"), typical=("amount", "median"),
        win=("won", "mean"), kinds=("segment", "nunique"),
    )  # fmt: skip
    return figures.assign(segments=revenue.groupby(level=[0, 1]).size())


def timed(label: str, work: Callable[[], Any]) -> Any:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    print(f"{label:<34} {time.perf_counter() - wall:7.2f} s wall {time.process_time() - cpu:7.2f} s CPU")
    return result


def compared(measured: Measured, expected: pd.DataFrame) -> float:
    facts = measured.facts.loc[(measured.facts["segment"] == "all") & (measured.facts["unit_kind"] != "organisation")]
    ours = facts.pivot_table(index=["unit_kind", "unit_id"], columns="metric", values="value")
    both = ours.join(expected.astype("float64").add_suffix("_peer"), how="inner", validate="one_to_one")
    return float(max((both[name] - both[f"{name}_peer"]).abs().max() for name in company().metrics))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--associates", type=int, default=5_000)
    parser.add_argument("--no-peer", action="store_true", help="more rows than pandas can hold")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, config = Path(name), company()
        landed, membership = landing(folder, options.rows, options.associates), people(options.associates)
        print(f"{options.rows:,} rows, {options.associates:,} associates, {len(membership):,} memberships")
        checked: Checked = timed("type and check", lambda: check_extract(landed, config, folder / "checked"))
        nobody = pd.DataFrame(columns=["source", "source_id", "valid_from", "valid_to", "associate"]).astype(
            {"valid_from": "datetime64[s]", "valid_to": "datetime64[s]"}
        )
        given = {"sales": [checked]}
        measured = timed("measure", lambda: measure_month(config, MONTH, given, membership, nobody))
        print(f"{len(measured.facts):,} facts; at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10:,} MB")
        if not options.no_peer:
            expected = timed("pandas: read, type, join, group", lambda: peer(landed, membership))
            print(f"largest difference between the two: {compared(measured, expected):.2g}")


if __name__ == "__main__":
    main()
