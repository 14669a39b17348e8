"""What a check leaves on disk beside its rows, so that it is done once: the record as JSON, and its reading back.

Not here: how the record comes about (`typed_rows`).
"""

import hashlib
import json
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from config.checks import Severity
from config.models import Config, Extract
from config.months import Month
from flows.files import write_text
from transforms.checks.suite import suite_of
from transforms.columns import LINE
from transforms.stages import (
    Checked,
    ColumnProfile,
    Corrected,
    Exclusions,
    Finding,
    Landing,
    Profile,
    Tally,
)

if TYPE_CHECKING:
    import pandas as pd

VERSION: Final = "3"
"""Changed whenever the same landing would be typed differently: older results are then made again."""


def result_hash(landing: Landing, extract: Extract, config: Config, rates: tuple[tuple[str, Month, str], ...]) -> str:
    """Of everything the typed rows depend on; rates count only where the extract names currencies."""
    content = {
        "version": VERSION,
        "landing": landing.sha256,
        "extract": landing.extract,
        "month": str(landing.month),
        "declaration": extract.model_dump(mode="json", by_alias=True),
        "suite": repr([check for check in suite_of(config, landing.extract) if check.of_rows]),
        "corrections": [
            [line.line, line.model_dump(mode="json")] for line in config.corrections if line.extract == landing.extract
        ],
        "currency": config.company.currency,
        "time_zone": config.company.time_zone,
        "rates": [[currency, str(month), rate] for currency, month, rate in rates] if extract.currency else [],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write_result(checked: Checked, record: Path) -> None:
    """Write the record, last of all: where it is, its Parquet files are whole."""
    content = asdict(checked)
    content["path"], content["quarantine_path"] = checked.path.name, checked.quarantine_path.name
    content["sizes"] = [checked.path.stat().st_size, checked.quarantine_path.stat().st_size]
    write_text(record, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n")


def read_result(record: Path) -> Checked | None:
    """The record as it was written; None where it, or one of its files, is missing or not whole."""
    try:
        content: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
        folder = record.parent
        path, quarantine = folder / content["path"], folder / content["quarantine_path"]
        if [path.stat().st_size, quarantine.stat().st_size] != content["sizes"]:
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Checked(
        extract=content["extract"],
        month=Month(content["month"]["year"], content["month"]["number"]),
        path=path,
        quarantine_path=quarantine,
        landing_sha256=content["landing_sha256"],
        rows=content["rows"],
        measure=Decimal(content["measure"]),
        source_rows=content["source_rows"],
        source_measure=Decimal(content["source_measure"]),
        excluded=_exclusions(content["excluded"]),
        quarantined=_exclusions(content["quarantined"]),
        findings=tuple(map(_finding, content["findings"])),
        tallies=tuple(
            Tally(**{**one, "finding": _finding(one["finding"]) if one["finding"] else None})
            for one in content["tallies"]
        ),
        profile=_profile(content["profile"]) if content["profile"] else None,
        corrected=tuple(Corrected(**one) for one in content["corrected"]),
    )


def _finding(content: dict[str, Any]) -> Finding:
    return Finding(**{**content, "severity": Severity(content["severity"])})


def _profile(content: dict[str, Any]) -> Profile:
    return Profile(
        rows=content["rows"],
        copies=content["copies"],
        headings=tuple(content["headings"]),
        columns=tuple(map(_column_profile, content["columns"])),
        days=tuple(content["days"]),
        totals=tuple((currency, rows, Decimal(total)) for currency, rows, total in content["totals"]),
    )


def _column_profile(content: dict[str, Any]) -> ColumnProfile:
    total = content["total"]
    return ColumnProfile(
        **{
            **content,
            "total": None if total is None else Decimal(total),
            "mix": tuple((value, rows) for value, rows in content["mix"]),
            "hours": tuple(content["hours"]),
        }
    )


def _exclusions(content: list[dict[str, Any]]) -> tuple[Exclusions, ...]:
    return tuple(Exclusions(one["reason"], one["rows"], Decimal(one["measure"])) for one in content)


def read_checked(checked: Checked) -> "pd.DataFrame":
    """The typed rows as a frame, for extracts of moderate size: texts as str, dates and moments as datetime64[s],
    numbers as float64 (missing is NaN), yes and no as boolean, `_line` as int64. Rows as they were landed.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(checked.path).read()
    columns: dict[str, pd.Series[Any]] = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        values = column
        if pa.types.is_date(field.type) or pa.types.is_timestamp(field.type):
            columns[field.name] = pd.Series(
                values.cast(pa.timestamp("s"), safe=False).to_numpy(), dtype="datetime64[s]"
            )
        elif pa.types.is_boolean(field.type):
            columns[field.name] = pd.Series(values.to_pylist(), dtype="boolean")
        elif field.name == LINE:
            columns[field.name] = pd.Series(values.to_numpy(), dtype="int64")
        elif pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            columns[field.name] = pd.Series(values.to_pylist(), dtype="str")
        else:
            columns[field.name] = pd.Series(values.cast(pa.float64(), safe=False).to_numpy(), dtype="float64")
    return pd.DataFrame(columns)
