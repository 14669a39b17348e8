"""Small landings and configurations for tests of typed rows and of measuring: real files, no made-up machinery."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from config.models import Company, Config, Extract, Metric
from config.months import Month
from transforms.columns import FAR_FUTURE, FAR_PAST, MEMBERSHIP, shaped
from transforms.stages import Landing

OCTOBER = Month(2026, 10)


def write_landing(
    folder: Path,
    columns: Mapping[str, Sequence[str | None]],
    *,
    extract: str = "sales",
    month: Month = OCTOBER,
    file: str = "sales.csv",
) -> Landing:
    """A landing of these texts by heading, as flows/sources writes it: its own columns last, rows from line 2."""
    rows = max((len(values) for values in columns.values()), default=0)
    table = pa.table(
        {
            **{
                heading: pa.array([value or None for value in values], pa.string())
                for heading, values in columns.items()
            },
            "_file": pa.array([file] * rows, pa.string()),
            "_line": pa.array(range(2, rows + 2), pa.int64()),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    unnamed = folder / "landing.parquet"
    pq.write_table(table, unnamed)
    sha256 = hashlib.sha256(unnamed.read_bytes()).hexdigest()
    path = unnamed.rename(folder / f"{extract}-{sha256[:12]}.parquet")
    return Landing(extract, month, path, sha256, rows, tuple(columns), (file,))


def sales_extract(**changes: Any) -> Extract:
    """A sales extract with one column of each use; `changes` replace keys of its declaration."""
    declared: dict[str, Any] = {
        "kind": "sales",
        "source": {"files": "sales.csv"},
        "columns": {"id": "id", "seller": "id", "day": "date", "amount": "money"},
        "key": "id",
        "date": "day",
        "associate": "seller",
        "main_measure": "amount",
    }
    return Extract.model_validate({**declared, **changes})


def config_of(
    extracts: Mapping[str, Extract],
    metrics: Mapping[str, Metric] | None = None,
    directory: Path = Path("company"),
    **company: Any,
) -> Config:
    """A configuration of these extracts and metrics; `company` sets keys of company.yaml."""
    return Config(
        directory=directory,
        company=Company.model_validate({"name": "Test company", "currency": "EUR", **company}),
        extracts=dict(extracts),
        metrics=dict(metrics or {}),
        sha256="0" * 64,
    )


def metric_of(**declared: Any) -> Metric:
    """A metric: `value`, or `numerator` and `denominator`, and whatever else is declared."""
    return Metric.model_validate(
        {"label": "A figure", "extract": "sales", "unit": "count", "good": "up", "stage": "result", **declared}
    )


def membership_of(*spells: tuple[str, str, str, str, str]) -> pd.DataFrame:
    """MEMBERSHIP from (associate, unit kind, unit id, first day, day after the last); "" leaves an end open."""
    frame = pd.DataFrame(spells, columns=list(MEMBERSHIP))
    return shaped(
        frame.assign(
            valid_from=pd.to_datetime(frame["valid_from"].replace("", str(FAR_PAST.date()))),
            valid_to=pd.to_datetime(frame["valid_to"].replace("", str(FAR_FUTURE.date()))),
        ),
        MEMBERSHIP,
    )


def identities_of(*lines: tuple[str, str, str, str, str]) -> pd.DataFrame:
    """Identities from (source, source id, first day, day after the last, associate); "" leaves an end open."""
    frame = pd.DataFrame(lines, columns=["source", "source_id", "valid_from", "valid_to", "associate"])
    return frame.assign(
        valid_from=pd.to_datetime(frame["valid_from"].replace("", str(FAR_PAST.date()))).astype("datetime64[s]"),
        valid_to=pd.to_datetime(frame["valid_to"].replace("", str(FAR_FUTURE.date()))).astype("datetime64[s]"),
    )
