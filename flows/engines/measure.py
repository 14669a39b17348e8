"""One month measured: every metric of every unit, computed on the unit's own rows.

A team's rate is never a mean of rates, and a row counts once in each unit it belongs to on its day. Not here: what is
expected or judged of a figure.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from config.models import Config
from config.months import Month
from flows.duck import connection, faults_outside
from flows.engines.attribution import load_people
from flows.engines.definitions import Definition, define_metrics
from flows.engines.grouped import Group, allowed_kinds, grouped, run
from flows.engines.queries import ALL_SEGMENTS, SEGMENT_NAMED_ALL
from flows.engines.reconcile import reconciled
from flows.engines.withheld import gaps_in_windows, withheld_before
from transforms.columns import FACT_KEY, FACTS, empty, shaped
from transforms.stages import Checked, Finding, Reconciliation, Severity, Withheld

if TYPE_CHECKING:
    import duckdb

DEFAULT_THREADS = 2

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """A month's facts (`transforms.columns.FACTS`, sorted by key), where all rows went, and what could not be said."""

    facts: pd.DataFrame
    reconciliation: tuple[Reconciliation, ...]
    findings: tuple[Finding, ...]
    failed: tuple[Withheld, ...]


def measure_month(
    config: Config,
    month: Month,
    checked: Mapping[str, Sequence[Checked]],
    membership: pd.DataFrame,
    identities: pd.DataFrame,
    *,
    threads: int | None = None,
) -> Measured:
    """Measure a month.

    `checked`: by extract, the months there are, up to the longest window; `membership` as MEMBERSHIP; `identities`
    with source, source_id, valid_from, valid_to (exclusive) and associate. The facts do not depend on `threads`.
    Raises ConfigError where a metric's definition cannot work; a metric that fails on the data is in `failed`.
    """
    workers = threads or DEFAULT_THREADS
    with (
        tempfile.TemporaryDirectory(prefix="yardstick-") as scratch,
        connection(Path(scratch), threads=workers) as database,
        faults_outside(f"The month {month}"),
    ):
        definitions = define_metrics(config, database)
        people = load_people(database, membership, identities, month)
        failed = withheld_before(config, month, definitions, checked)
        withheld = {one.metric for one in failed}
        usable = [definition for definition in definitions if definition.plan.name not in withheld]
        gaps = gaps_in_windows(month, usable, checked)
        computed = [_measured(database, group, workers) for group in grouped(config, month, usable, checked)]
        accounts, unknown = reconciled(database, config, month, checked)
    return Measured(
        facts=_sorted([part for parts, _, _ in computed for part in parts], month),
        reconciliation=accounts,
        findings=(*people, *gaps, *(finding for _, findings, _ in computed for finding in findings), *unknown),
        failed=(*failed, *(one for _, _, reasons in computed for one in reasons)),
    )


def _measured(
    database: "duckdb.DuckDBPyConnection", group: Group, threads: int
) -> tuple[list[pd.DataFrame], list[Finding], list[Withheld]]:
    """One group's facts, a frame a metric, with what is worth knowing and what could not be computed."""
    figures, reasons = run(database, group, threads)
    broken = [definition for definition in group.definitions if definition.plan.name in reasons]
    # Reports repeat why a figure is withheld: the value it failed on stays with the operator.
    failed = [
        Withheld(definition.plan.name, kind, "", f"it cannot be computed from {definition.plan.metric.extract}")
        for definition in broken
        for kind in allowed_kinds(definition, group.month)
    ]
    told = [_failure(group, definition, reasons[definition.plan.name]) for definition in broken]
    computed = [definition for definition in group.definitions if definition.plan.name not in reasons]
    if not computed:
        return [], told, failed
    units = database.execute("SELECT unit, unit_kind, unit_id FROM units WHERE present ORDER BY unit").df()
    named = figures.merge(units, on="unit", how="inner", validate="many_to_one")
    parts = [_facts_of(units, definition, named, group.month) for definition in computed]
    return parts, [*told, *_segment_findings(group, figures)], failed


def _failure(group: Group, definition: Definition, reason: str) -> Finding:
    name, metric = definition.plan.name, definition.plan.metric
    message = (
        f"{name} of metrics.yaml fails on the {metric.extract} rows of {group.month}: {_plain(reason)}. Correct its "
        "SQL (try_cast passes over what cannot be read), or the rows."
    )
    return Finding("engine.metric_failed", Severity.CRITICAL, message, extract=metric.extract)


def _plain(reason: str) -> str:
    """A database's reason without the name of its kind of error."""
    return reason.partition(" Error: ")[2] or reason


def _facts_of(units: pd.DataFrame, definition: Definition, figures: pd.DataFrame, month: Month) -> pd.DataFrame:
    """One metric's facts, from its group's figures (whose units are named): those of units that have rows."""
    name, metric = definition.plan.name, definition.plan.metric
    kinds = allowed_kinds(definition, month)
    shown = (figures[f"{name}:rows"] > 0) & figures["unit_kind"].isin(kinds)
    if not metric.by_segment:
        shown &= figures["segment"] == ALL_SEGMENTS
    found = figures.loc[shown]
    value, numerator, denominator = _value_and_parts(found, name)
    facts = pd.DataFrame(
        {
            "unit_kind": found["unit_kind"], "unit_id": found["unit_id"], "metric": name, "segment": found["segment"],
            "value": value, "numerator": numerator, "denominator": denominator, "rows": found[f"{name}:rows"],
            "respondents": found[f"{name}:respondents"] if metric.survey else np.nan,
        }
    )  # fmt: skip
    if definition.of_nothing is None:
        return facts
    counted = found.loc[found["segment"] == ALL_SEGMENTS, "unit"]
    # Who has no sales sold 0.
    nothing = units.loc[units["unit_kind"].isin(kinds) & ~units["unit"].isin(counted), ["unit_kind", "unit_id"]].assign(
        metric=name, segment=ALL_SEGMENTS, value=definition.of_nothing, numerator=definition.of_nothing,
        denominator=np.nan, rows=0.0, respondents=0.0 if metric.survey else np.nan,
    )  # fmt: skip
    return pd.concat([part for part in (facts, nothing) if not part.empty] or [facts], ignore_index=True)


def _value_and_parts(found: pd.DataFrame, name: str) -> tuple[_Floats, _Floats, _Floats]:
    """The figure with numerator and denominator: a ratio is divided once, and has no value where nothing divides."""
    missing = np.full(len(found), np.nan)

    def finite(column: str) -> _Floats:
        if f"{name}:{column}" not in found.columns:
            return missing
        figures = found[f"{name}:{column}"].to_numpy(dtype="float64", na_value=np.nan)
        return np.where(np.isfinite(figures), figures, np.nan)

    value, numerator, denominator = finite("value"), finite("numerator"), finite("denominator")
    if f"{name}:value" in found.columns:
        # A figure with a denominator of its own (the values a median is of) has no numerator.
        return value, missing if f"{name}:denominator" in found.columns else value, denominator
    divided = np.divide(numerator, denominator, out=missing.copy(), where=denominator != 0)
    return divided, numerator, denominator


def _segment_findings(group: Group, figures: pd.DataFrame) -> list[Finding]:
    if not group.extract.segment or not (figures["segment"] == SEGMENT_NAMED_ALL).any():
        return []
    latest = group.checked[-1]
    message = (
        f"{latest.extract} {latest.month} has a segment “{ALL_SEGMENTS}”, the word for all segments together: it is "
        f"shown as “{SEGMENT_NAMED_ALL}”. Name it otherwise in the source."
    )
    code, column = "engine.segment_named_all", group.extract.segment
    return [Finding(code, Severity.WARNING, message, extract=latest.extract, column=column)]


def _sorted(parts: list[pd.DataFrame], month: Month) -> pd.DataFrame:
    if not parts:
        return empty(FACTS)
    facts = pd.concat(parts, ignore_index=True).assign(month=pd.Timestamp(month.first_day), suppressed="")
    return shaped(facts.sort_values(list(FACT_KEY), kind="stable", ignore_index=True), FACTS)
