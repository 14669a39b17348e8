"""Expect, compare and compose: from facts to the report models of every manager and team, as files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from config.errors import RefusedError
from config.models import Config, ExtractKind
from config.months import Month
from flows.checks import read_checked
from flows.files import write_bytes
from flows.sources import pulled_at, read_table, was_pulled_again
from flows.stages.copies import write_changes
from flows.stages.events import happened
from flows.stages.facts import write_comparison, write_evidence, write_facts
from flows.stages.holidays import holidays_of
from flows.stages.judge import Judged
from flows.stages.land import Inputs
from flows.stages.measure import read_facts, read_record
from flows.stages.organisation import hr_of, organisation_of
from flows.stages.run import MonthRun
from flows.state.editions import changed_reports, newest_edition, nothing_new, same_recipients
from transforms.availability import available_shares
from transforms.columns import AVAILABILITY, empty
from transforms.compare import compare_month
from transforms.compose import Composition, compose_reports
from transforms.compose.context import records_of
from transforms.evidence.month import Known, evidence_of
from transforms.expectations import evaluate_expectations
from transforms.organisation import Organisation
from transforms.recipients import Readers
from transforms.report_model import ReportModel
from transforms.scope import Scope, breaches, build_scope
from transforms.stages import Finding, Landing, Reconciliation, Withheld

_FILES_NAMED = 3
ALL_KINDS = ("associate", "team", "manager", "organisation")


@dataclass(frozen=True)
class ComposedReport:
    """One report before rendering."""

    report_id: str
    kind: str
    unit_id: str
    title: str
    model_sha256: str
    recipients: tuple[str, ...]
    changed: bool
    since: int = 0
    """Of a changed report: the edition its readers have; 0 where they have none."""


@dataclass(frozen=True)
class Composed:
    """The month's reports as models in a draft, with what the manifest and the index say of them."""

    reports: tuple[ComposedReport, ...]
    unchanged: bool
    scope: Scope = field(repr=False)
    findings: tuple[Finding, ...] = ()
    gaps: tuple[str, ...] = ()
    inputs: tuple[dict[str, str], ...] = ()
    withheld: tuple[dict[str, str], ...] = ()
    reconciliation: tuple[dict[str, Any], ...] = ()
    lines: tuple[Reconciliation, ...] = ()
    landings: tuple[Landing, ...] = ()
    """The month's own, not the history's."""


def prepare(
    run: MonthRun, inputs: Mapping[str, Inputs], judged: Judged, months: Sequence[Month]
) -> tuple[Composition, Organisation]:
    """Everything the reports of a month are composed from."""
    config, month = run.config, run.month
    hr_name, hr = config.hr()
    organisation = organisation_of(config, month, hr_of(inputs[hr_name], month))
    facts = read_facts(run, months)
    record = read_record(run, month)
    if record is None:
        raise RefusedError(f"There are no facts of {month}.", fix="Run the month first.")
    tables = {table.file: read_table(_beside(run.config_dir, table.file)) for table in config.expectations.tables}
    holidays = holidays_of(config.company.holidays, [*months, month.shift(1)])
    expected = evaluate_expectations(
        config,
        tables,
        facts,
        organisation.units,
        organisation.membership,
        organisation.spells,
        [*months, month.shift(1)],
        holidays,
    )
    failed = _failed(config, inputs)
    if {one.metric for one in failed} >= set(config.metrics):
        reasons = "; ".join(item.failure for item in inputs.values() if item.failure)
        raise RefusedError(f"Nothing of {month} could be measured: {reasons}", fix="Mend it, then run again.")
    withheld = (*failed, *record.withheld, *_suppressed(facts, month))
    comparison = compare_month(
        config, month, facts, expected.expected, organisation.units, organisation.spells,
        _availability(run, inputs), withheld, holidays=holidays,
    )  # fmt: skip
    known = Known(
        organisation.units, organisation.spells, organisation.membership, _availability(run, inputs),
        *happened(config, inputs, month), holidays,
    )  # fmt: skip
    evidence = evidence_of(config, month, facts, expected.expected, comparison, known)
    # What is wrong with hr comes first: who is missing there is unknown in every other extract.
    of_people = tuple(one for one in record.findings if one.code.startswith("organisation."))
    others = tuple(one for one in record.findings if not one.code.startswith("organisation."))
    findings = (*of_people, *judged.findings, *others, *expected.findings)
    composition = Composition(
        config=config,
        month=month,
        units=organisation.units,
        spells=organisation.spells,
        facts=facts,
        expected=expected.expected,
        comparison=comparison,
        unused=expected.unused,
        signals=evidence.signals,
        charts=evidence.charts,
        changes=evidence.changes,
        repeated=evidence.repeated,
        reconciliation=record.reconciliation,
        findings=findings,
        set_aside=record.set_aside,
        gaps=_gaps(inputs, month),
        sources=_sources(inputs, month),
        assumed_current=bool(hr.assume_current_organisation),
    )
    return composition, organisation


def compose(
    run: MonthRun, inputs: Mapping[str, Inputs], judged: Judged, months: Sequence[Month], draft: Path
) -> Composed:
    """Write the model of every report into the draft.

    Raises RefusedError where a model shows something its reader may not see.
    """
    composition, organisation = prepare(run, inputs, judged, months)
    scope = build_scope(organisation)
    before = newest_edition(run.state, run.month)
    models = list(compose_reports(composition))
    refuse_breaches(models, scope)
    hashes = {model.report_id: model.sha256() for model in models}
    known = Readers(run.config.delivery, organisation.units, organisation.spells, run.month.last_day)
    readers = {model.report_id: known.of(model.kind, model.unit_id) for model in models}
    changed = set(hashes) if run.reissue else changed_reports(hashes, before)
    for model in models:
        write_bytes(draft / "models" / f"{model.report_id}.json", model.canonical_json())
    read = _manifest_inputs(inputs)
    again = (model for model in models if model.report_id in changed)
    since = write_changes(run, again, readers, read, scope, draft)
    month_facts = composition.facts.loc[composition.facts["month"].eq(pd.Timestamp(run.month.first_day))]
    write_facts(draft / "facts.parquet", month_facts)
    write_comparison(draft / "comparison.parquet", composition.comparison)
    write_evidence(draft, composition.signals, composition.changes)
    return Composed(
        reports=tuple(
            ComposedReport(
                report_id=model.report_id,
                kind=model.kind.value,
                unit_id=model.unit_id,
                title=model.title,
                model_sha256=hashes[model.report_id],
                recipients=tuple(readers[model.report_id]),
                changed=model.report_id in changed,
                since=since.get(model.report_id, 0),
            )
            for model in models
        ),
        unchanged=not run.reissue and nothing_new(hashes, before) and same_recipients(readers, before),
        scope=scope,
        findings=composition.findings,
        gaps=composition.gaps,
        inputs=read,
        withheld=_manifest_withheld(composition.comparison),
        reconciliation=tuple(_manifest_reconciliation(composition)),
        lines=composition.reconciliation,
        landings=tuple(landing for item in inputs.values() for landing in item.landings if landing.month == run.month),
    )


def refuse_breaches(models: Sequence[ReportModel], scope: Scope) -> None:
    """Raise RefusedError where a model shows something its reader may not see."""
    found = [breach for model in models for breach in breaches(model, scope)]
    if found:
        first = found[0]
        raise RefusedError(
            f"Report {first.report_id} would show “{first.term}”, which its reader may not see"
            + (f", and {len(found) - 1} more such places" if len(found) > 1 else "")
            + "; nothing was published.",
            fix="Look for that name or id in the texts of expectations.yaml, its tables and decisions.csv.",
        )


def _beside(config_dir: Path, told: str) -> Path:
    path = Path(told)
    return path if path.is_absolute() else config_dir / path


def _suppressed(facts: pd.DataFrame, month: Month) -> tuple[Withheld, ...]:
    now = facts.loc[
        facts["month"].eq(pd.Timestamp(month.first_day)) & facts["segment"].eq("all") & facts["suppressed"].ne("")
    ]
    return tuple(
        Withheld(row["metric"], row["unit_kind"], row["unit_id"], row["suppressed"]) for row in records_of(now)
    )


def _failed(config: Config, inputs: Mapping[str, Inputs]) -> tuple[Withheld, ...]:
    """Metrics of extracts that could not be had this month, for everyone."""
    failed = {name for name, item in inputs.items() if item.failure}
    return tuple(
        Withheld(metric=name, unit_kind=kind, unit_id="", reason=f"the {extract} extract could not be used this month")
        for name, metric in config.metrics.items()
        for extract in (metric.extract, *(each.partition(".")[0] for each in metric.depends_on))
        if extract in failed
        for kind in ALL_KINDS
    )


def _availability(run: MonthRun, inputs: Mapping[str, Inputs]) -> pd.DataFrame:
    """Of every month there is: a month of absence says nothing of anybody in later months either."""
    for name, extract in run.config.extracts.items():
        if extract.kind is ExtractKind.AVAILABILITY:
            months = [
                available_shares(
                    read_checked(item),
                    item.month,
                    item.month.working_days(holidays_of(run.config.company.holidays, [item.month])),
                )
                for item in inputs[name].up_to(run.month)
            ]
            return pd.concat(months, ignore_index=True) if months else empty(AVAILABILITY)
    return empty(AVAILABILITY)


def _gaps(inputs: Mapping[str, Inputs], month: Month) -> tuple[str, ...]:
    """What could not be had: the month itself first, then months of the history."""
    lines = [
        f"{name}: {month} could not be used, so its measures are withheld"
        for name, item in sorted(inputs.items())
        if item.failure
    ]
    for name, item in sorted(inputs.items()):
        earlier = [str(gap) for gap in item.gaps if gap != month]
        if earlier:
            lines.append(f"{name}: no data for {', '.join(earlier)}")
    return tuple(lines)


def _sources(inputs: Mapping[str, Inputs], month: Month) -> tuple[tuple[str, str], ...]:
    lines = []
    for name, item in sorted(inputs.items()):
        for landing in item.landings:
            if landing.month == month:
                named, more = landing.files[:_FILES_NAMED], len(landing.files) - _FILES_NAMED
                lines.append((name, ", ".join(named) + (f" and {more} more" if more > 0 else "")))
    return tuple(lines)


def _manifest_inputs(inputs: Mapping[str, Inputs]) -> tuple[dict[str, str], ...]:
    """Every landing that was read. Where a content was pulled again, the time counts that it was pulled last."""
    lines = [
        {"month": str(landing.month), "extract": name, "sha256": landing.sha256}
        | ({"pulled_at": pulled_at(landing).isoformat()} if was_pulled_again(landing) else {})
        for name, item in inputs.items()
        for landing in item.landings
    ]
    return tuple(sorted(lines, key=lambda line: (line["month"], line["extract"], line["sha256"])))


def _manifest_withheld(comparison: pd.DataFrame) -> tuple[dict[str, str], ...]:
    held = comparison.loc[comparison["withheld"].fillna("").ne("")].sort_values(["metric", "unit_kind", "unit_id"])
    return tuple(
        {key: row[key] for key in ("metric", "unit_kind", "unit_id")} | {"reason": row["withheld"]}
        for row in records_of(held)
    )


def _manifest_reconciliation(composition: Composition) -> list[dict[str, Any]]:
    lines = []
    for line in composition.reconciliation:
        parts = {
            name: {"rows": account.rows, "measure": str(account.measure)}
            for name, account in (
                ("source", line.source), ("attributed", line.attributed), ("unattributed", line.unattributed),
                ("excluded", line.excluded), ("quarantined", line.quarantined),
            )
        }  # fmt: skip
        lines.append({"extract": line.extract, "main_measure": line.main_measure, "adds_up": line.adds_up, **parts})
    return lines
