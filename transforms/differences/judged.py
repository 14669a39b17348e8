"""Statuses and expectations of an edition, and how those of two editions differ.

Does not belong here: how a status is given (`transforms.statuses`) or an expectation comes about.
"""

import math
from collections.abc import Iterable

import pandas as pd

from transforms.columns import shaped
from transforms.differences.model import JUDGED, EditionContents, ExpectationChange, Judged, StatusChange
from transforms.differences.names import Names, both_written, differ
from transforms.report_model import MetricRow, PersonRow, ReportModel
from transforms.wording import Verdict, status_text

KEY = ["unit_kind", "unit_id", "metric"]


def judged_of(edition: EditionContents, *, from_reports: bool) -> Judged | None:
    """What an edition judges; None where neither its comparison nor a report of it is there."""
    if edition.comparison is not None and not from_reports:
        return judged_in_comparison(edition.comparison)
    return judged_in_reports(edition.models.values()) if edition.models else None


def judged_in_comparison(comparison: pd.DataFrame) -> Judged:
    """From a COMPARISON frame: of every unit that was compared."""
    texts = [
        status_text(Verdict(label="", status=status, months_below=months, withheld=withheld))
        for status, months, withheld in zip(
            comparison["status"].fillna(""), comparison["months_below"], comparison["withheld"].fillna(""), strict=True
        )
    ]
    rows = comparison[[*KEY, "expected"]].assign(
        status=texts, rule=comparison["status_rule"].fillna("").to_numpy(), expected_text=""
    )
    return Judged(shaped(rows, JUDGED), of_all_units=True)


def judged_in_reports(models: Iterable[ReportModel]) -> Judged:
    """From what reports print, for editions without their comparison. A unit's own report comes before others'."""
    lines: dict[tuple[str, str, str], dict[str, object]] = {}
    for model in models:
        for block in model.glance.blocks:
            for row in block.rows:
                lines[model.kind.value, model.unit_id, row.metric] = _own_line(row)
    for model in models:
        for table in model.people:
            for person in (*table.rows, *table.new_rows):
                lines.setdefault((person.unit_kind, person.unit_id, table.metric), _line_of_another(person))
    rows = [dict(zip(KEY, key, strict=True)) | line for key, line in sorted(lines.items())]
    frame = pd.DataFrame(rows, columns=list(JUDGED))
    return Judged(shaped(frame, JUDGED), of_all_units=False)


def _own_line(row: MetricRow) -> dict[str, object]:
    unit = f"\N{NO-BREAK SPACE}{row.unit}" if row.unit and row.expected else ""
    return {"status": row.status.text, "rule": row.status.rule, "expected_text": f"{row.expected}{unit}"}


def _line_of_another(row: PersonRow) -> dict[str, object]:
    # What is expected of others stands there in the table's own scale, or not at all.
    return {"status": row.status.text, "rule": row.status.rule, "expected_text": None}


def status_changes(before: Judged, after: Judged, names: Names) -> tuple[StatusChange, ...]:
    """Statuses that are another word than before, in the order of units and metrics."""
    pairs = _pairs(before, after)
    changed = pairs.loc[pairs["status_before"].fillna("").ne(pairs["status_after"].fillna(""))]
    return tuple(
        StatusChange(
            unit_kind=kind, unit_id=unit, unit=names.unit(kind, unit), metric=metric, label=names.label(metric),
            before=was, after=now, rule=rule,
        )
        for kind, unit, metric, was, now, rule in names.ordered(
            _texts(changed, [*KEY, "status_before", "status_after", "rule_after"])
        )
    )  # fmt: skip


def expectation_changes(before: Judged, after: Judged, names: Names) -> tuple[ExpectationChange, ...]:
    """Expectations that came, went or are another number, in the order of units and metrics."""
    pairs = _pairs(before, after)
    if before.of_all_units and after.of_all_units:
        changed = pairs.loc[differ(pairs["expected_before"], pairs["expected_after"])]
    else:
        was, now = pairs["expected_text_before"], pairs["expected_text_after"]
        known = (was.notna() | pairs["_merge"].eq("right_only")) & (now.notna() | pairs["_merge"].eq("left_only"))
        changed = pairs.loc[known & was.fillna("").ne(now.fillna(""))]
    lines = names.ordered(
        list(
            changed[
                [*KEY, "expected_before", "expected_after", "expected_text_before", "expected_text_after"]
            ].itertuples(index=False, name=None)
        )
    )
    return tuple(_expectation(names, *line) for line in lines)


def _expectation(
    names: Names, kind: str, unit: str, metric: str, was: float, now: float, was_text: object, now_text: object
) -> ExpectationChange:
    told = both_written(was, now, names.written_before(metric), names.written_after(metric))
    return ExpectationChange(
        unit_kind=kind, unit_id=unit, unit=names.unit(kind, unit), metric=metric, label=names.label(metric),
        before=str(was_text) if _is_text(was_text) else told[0],
        after=str(now_text) if _is_text(now_text) else told[1],
        value_before=_number(was), value_after=_number(now),
    )  # fmt: skip


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _pairs(before: Judged, after: Judged) -> pd.DataFrame:
    return before.rows.merge(
        after.rows, on=KEY, how="outer", suffixes=("_before", "_after"), validate="one_to_one", indicator=True
    )


def _texts(frame: pd.DataFrame, columns: list[str]) -> list[tuple[str, ...]]:
    return list(frame[columns].fillna("").itertuples(index=False, name=None))
