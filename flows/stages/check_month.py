"""The end of a check without an edition: the checks page of the month, and what would be withheld.

Does not belong here: landing, checking and judging (the stages before), and what the terminal says (`flows.cli`).
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.checks import Severity
from config.months import Month
from flows.duck import connection
from flows.engines.definitions import define_metrics
from flows.engines.withheld import depends_on, withheld_before
from flows.files import write_text
from flows.rendering import render_checks
from flows.stages.judge import Judged
from flows.stages.land import Inputs
from flows.stages.looked import Looked
from flows.stages.organisation import hr_of, organisation_of
from flows.stages.run import MonthRun
from transforms.checks.page import Counts, checks_model, count, shown_findings
from transforms.stages import Finding


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What came of a check. `withheld` are labels of metrics: of everyone, or `withheld_of_some` units."""

    month: Month
    page: Path
    counts: tuple[Counts, ...]
    findings: tuple[Finding, ...]
    withheld: tuple[str, ...] = ()
    withheld_of_some: tuple[str, ...] = ()
    refused: str = ""
    """Why a run would be refused altogether: hr cannot be used."""

    @property
    def critical(self) -> tuple[str, ...]:
        """Extracts with a critical finding."""
        return tuple(dict.fromkeys(f.extract for f in self.findings if f.severity is Severity.CRITICAL))


def conclude(run: MonthRun, inputs: Mapping[str, Inputs], judged: Judged, looked: Looked) -> CheckOutcome:
    """Write the page under `checks/<month>` of the state root and say what a run would withhold."""
    model = checks_model(run.config, run.month, looked.seen, looked.findings)
    page = write_text(run.state.checks(run.month) / "checks.html", render_checks(model))
    everyone, some = _withheld(run, inputs, judged)
    return CheckOutcome(
        month=run.month,
        page=page,
        counts=count(run.month, looked.seen, looked.findings),
        findings=shown_findings(run.config, looked.findings),
        withheld=everyone,
        withheld_of_some=some,
        refused=_refused(run, inputs, looked),
    )


def _refused(run: MonthRun, inputs: Mapping[str, Inputs], looked: Looked) -> str:
    hr_name, _ = run.config.hr()
    found = [finding for finding in looked.findings if finding.extract == hr_name]
    found += organisation_of(run.config, run.month, hr_of(inputs[hr_name], run.month)).findings
    return next((finding.message for finding in found if finding.severity is Severity.CRITICAL), "")


def _withheld(run: MonthRun, inputs: Mapping[str, Inputs], judged: Judged) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels of the metrics that a critical finding takes from everyone, and from those whose rows were set aside."""
    config = run.config
    checked = {name: item.checked for name, item in inputs.items()}
    with tempfile.TemporaryDirectory(prefix="yardstick-") as scratch, connection(Path(scratch)) as database:
        definitions = define_metrics(config, database)
    of_all = {one.metric for one in withheld_before(config, run.month, definitions, checked, judged.failed)}
    some = {
        definition.plan.name
        for definition in definitions
        for check in judged.failed
        if check.by_rows and check.month == run.month and depends_on(config, definition, check)
    }
    return (
        tuple(metric.label for name, metric in config.metrics.items() if name in of_all),
        tuple(metric.label for name, metric in config.metrics.items() if name in some - of_all),
    )
