"""What the checks page, the command `check` and Prefect's table say of each extract: gathered once after judging.

Does not belong here: what they make of it (`transforms.checks.page`), and judging (`flows.stages.judge`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.months import Month
from flows.stages.judge import Judged
from flows.stages.land import Inputs
from flows.stages.run import MonthRun
from transforms.checks.page import ExtractSeen
from transforms.checks.page_parts import SAMPLES, Sample
from transforms.stages import Checked, Finding

_TOLD = ("check", "column", "value", "file", "line", "reason")
_OTHERS_TOLD = 5
_BATCH = 20_000


@dataclass(frozen=True)
class Looked:
    """The month's extracts in the configuration's order, with what was found in them."""

    month: Month
    seen: tuple[ExtractSeen, ...] = field(repr=False)
    findings: tuple[Finding, ...] = field(repr=False)


def look(run: MonthRun, inputs: Mapping[str, Inputs], judged: Judged) -> Looked:
    """Gather what was found, with a few of the rows that were set aside."""
    return Looked(
        month=run.month,
        seen=tuple(_seen(run.month, name, inputs[name], judged) for name in run.config.extracts if name in inputs),
        findings=judged.findings,
    )


def _seen(month: Month, name: str, item: Inputs, judged: "Judged") -> ExtractSeen:
    now = next((one for one in item.checked if one.month == month), None)
    return ExtractSeen(
        extract=name,
        landings=item.landings,
        checked=item.checked,
        verdicts=judged.of(name, month),
        samples=read_samples(now) if now else (),
        failure=item.failure,
    )


def read_samples(checked: Checked) -> tuple[Sample, ...]:
    """The first rows set aside under each check, in the order of the file; read only as far as they need."""
    wanted = {tally.check: min(SAMPLES, tally.set_aside) for tally in checked.tallies if tally.set_aside}
    others = sum(part.rows for part in checked.quarantined) - sum(tally.set_aside for tally in checked.tallies)
    if others > 0:
        wanted[""] = min(_OTHERS_TOLD, others)
    found: list[Sample] = []
    for sample in _rows(checked.quarantine_path) if wanted else ():
        key = sample.check if sample.check in wanted else ""
        if wanted.get(key, 0) > 0:
            wanted[key] -= 1
            found.append(sample)
            if not any(wanted.values()):
                break
    return tuple(found)


def _rows(path: Path) -> Iterator[Sample]:
    import pyarrow.parquet as pq

    # Opened as a file: a folder's name must not become a column.
    with path.open("rb") as handle, pq.ParquetFile(handle) as file:
        for batch in file.iter_batches(batch_size=_BATCH, columns=list(_TOLD)):
            for row in batch.to_pylist():
                yield Sample(
                    check=row["check"] or "",
                    column=row["column"] or "",
                    value=row["value"] or "",
                    file=row["file"] or "",
                    line=int(row["line"] or 0),
                    reason=row["reason"] or "",
                )
