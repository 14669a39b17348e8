"""Measure: the facts of the month and of each earlier month whose facts are missing or were made otherwise."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pandas as pd

from config.checks import Severity
from config.errors import OutsideError, RefusedError
from config.models import Config, Extract
from config.months import Month, months_between
from flows.engines import DEFAULT_THREADS, MeasureSession
from flows.files import write_bytes
from flows.stages.code import code_version
from flows.stages.facts import read_facts_file, write_facts
from flows.stages.land import Inputs
from flows.stages.organisation import organisation_of
from flows.stages.run import MonthRun
from flows.state.editions import canonical_json
from flows.workers import result_of
from transforms.checks.limits import set_aside_accepted
from transforms.columns import FACTS, shaped
from transforms.identities import identity_frame
from transforms.stages import Account, Checked, Exclusions, FailedCheck, Finding, Reconciliation, SetAside, Withheld
from transforms.withholding import suppress_facts

HISTORY_READ = 60
MANY = 6
"""From so many months on, starting processes is worth it."""
CHUNK = 3


@dataclass(frozen=True, slots=True)
class FactsRecord:
    """What stands beside a month's facts: what they were made from and what came up on the way."""

    fingerprint: str
    reconciliation: tuple[Reconciliation, ...]
    findings: tuple[Finding, ...]
    withheld: tuple[Withheld, ...]
    set_aside: tuple[SetAside, ...] = ()


def measure(run: MonthRun, inputs: Mapping[str, Inputs], failed: Sequence[FailedCheck] = ()) -> list[Month]:
    """Write the facts of every month that has hr and rows to measure, oldest first; those already measured so stay.

    What depends on a check that failed is withheld; a month whose hr failed one is a gap.
    """
    hr_name, _ = run.config.hr()
    first = _first_measurable(run, inputs)
    broken = {check.month for check in failed if check.extract == hr_name}
    hr_months = [checked.month for checked in inputs[hr_name].checked]
    months = [month for month in hr_months if month >= first and month not in broken]
    due = [one for month in months if (one := _due(run, inputs, month, failed))]
    if run.pool.count > 1 and len(due) >= MANY:
        chunks = [due[start : start + CHUNK] for start in range(0, len(due), CHUNK)]
        for future in [run.pool.submit(_in_worker, run, run.pool.count, inputs, chunk) for chunk in chunks]:
            result_of(future, "measure")
    elif due:
        with MeasureSession(run.config, run.threads or DEFAULT_THREADS) as session:
            for one in due:
                _measure_one(run, session, one, _parts(inputs, one.month))
    return months


@dataclass(frozen=True, slots=True)
class _Due:
    """A month that is to be measured, and what its facts will be a function of."""

    month: Month
    failed: tuple[FailedCheck, ...]
    fingerprint: str


def _due(run: MonthRun, inputs: Mapping[str, Inputs], month: Month, failed: Sequence[FailedCheck]) -> _Due | None:
    """The month if it is to be measured; None where its facts are what they would be."""
    longest = max((metric.window_months for metric in run.config.metrics.values()), default=1)
    ours = tuple(check for check in failed if month.shift(1 - longest) <= check.month <= month)
    fingerprint = _fingerprint(run.config, month, _parts(inputs, month), ours)
    known = read_record(run, month)
    is_done = known is not None and known.fingerprint == fingerprint and run.state.facts(month).is_file()
    return None if is_done else _Due(month, ours, fingerprint)


def _parts(inputs: Mapping[str, Inputs], month: Month) -> dict[str, tuple[Checked, ...]]:
    return {name: item.up_to(month) for name, item in inputs.items()}


def _in_worker(run: MonthRun, processes: int, inputs: Mapping[str, Inputs], due: Sequence[_Due]) -> None:
    session = _session_of(run, processes)
    for one in due:
        _measure_one(run, session, one, _parts(inputs, one.month))


@lru_cache(maxsize=1)
def _session_of(run: MonthRun, processes: int) -> MeasureSession:
    """The session of a worker: its files lie in the workers' own folder, so that it need not be closed."""
    return MeasureSession(run.config, 1, processes)


def _first_measurable(run: MonthRun, inputs: Mapping[str, Inputs]) -> Month:
    """The first month in which any metric has rows. hr often reaches further back, with nothing to measure there."""
    measured = {metric.extract for metric in run.config.metrics.values()}
    months = (checked.month for name in measured for checked in inputs[name].checked)
    return min(months, default=run.month)


def _measure_one(run: MonthRun, session: MeasureSession, due: _Due, parts: Mapping[str, tuple[Checked, ...]]) -> None:
    config, month = run.config, due.month
    hr_name, _ = config.hr()
    hr = parts[hr_name][-1]
    organisation = organisation_of(config, month, hr)
    identities, identity_findings = identity_frame(config.identities, month)
    waiting = _waiting(config, month, parts)
    measured = session.measure(
        month,
        parts,
        organisation.membership,
        identities,
        waiting={one.metric for one in waiting},
        failed=due.failed,
    )
    facts = suppress_facts(
        shaped(measured.facts, FACTS), organisation.units, organisation.membership, config, month, measured.failed
    )
    record = FactsRecord(
        fingerprint=due.fingerprint,
        reconciliation=measured.reconciliation,
        findings=(*organisation.findings, *identity_findings, *measured.findings),
        withheld=(*measured.failed, *waiting),
        set_aside=measured.set_aside,
    )
    write_facts(run.state.facts(month), facts)
    write_bytes(run.state.facts_record(month), canonical_json(_plain(asdict(record))))


def _waiting(config: Config, month: Month, parts: Mapping[str, tuple[Checked, ...]]) -> tuple[Withheld, ...]:
    """Metrics whose window of months is not whole yet, with the reason they wait."""
    waiting = []
    for name, metric in config.metrics.items():
        there = {checked.month for checked in parts.get(metric.extract, ())}
        lacking = [m for m in months_between(month.shift(1 - metric.window_months), month) if m not in there]
        if lacking and metric.window_months > 1 and month in there:
            reason = f"needs {metric.window_months} months of {metric.extract}, and {lacking[0]} is missing"
            waiting += [Withheld(name, kind, "", reason) for kind in ("team", "manager", "organisation", "associate")]
    return tuple(waiting)


def _fingerprint(
    config: Config, month: Month, parts: Mapping[str, tuple[Checked, ...]], failed: Sequence[FailedCheck]
) -> str:
    """Of everything the facts of a month are a function of."""
    _, hr = config.hr()
    longest = max((metric.window_months for metric in config.metrics.values()), default=1)
    first = month.shift(1 - longest)
    content = {
        "code": code_version(),
        "company": config.company.model_dump(mode="json", exclude={"name", "data", "locale", "paper"}),
        "extracts": {name: _declared(extract) for name, extract in config.extracts.items()},
        "metrics": {name: metric.model_dump(mode="json") for name, metric in config.metrics.items()},
        "identities": [identity.model_dump(mode="json") for identity in config.identities],
        "checked": {
            name: [checked.path.name for checked in items if checked.month >= first] for name, items in parts.items()
        },
        "hr": hr.history,
        "failed": [_plain(asdict(check)) for check in failed],
        "limits": {name: str(config.suite(name).set_aside_limit) for name in config.extracts},
        "accepted": [
            [name, str(at)]
            for name in config.extracts
            for at in months_between(first, month)
            if set_aside_accepted(config.suite(name), at)
        ],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _declared(extract: Extract) -> dict[str, object]:
    return extract.model_dump(mode="json", exclude={"source"})


def _plain(content: object) -> object:
    """JSON's own types; decimals and months as text."""
    if isinstance(content, dict):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    return str(content) if isinstance(content, Decimal | Month) else content


def read_record(run: MonthRun, month: Month) -> FactsRecord | None:
    """What stands beside a month's facts; None where there is nothing that can be read."""
    try:
        content = json.loads(run.state.facts_record(month).read_text("utf-8"))
        return FactsRecord(
            fingerprint=content["fingerprint"],
            reconciliation=tuple(_reconciliation(line) for line in content["reconciliation"]),
            findings=tuple(Finding(**{**item, "severity": Severity(item["severity"])}) for item in content["findings"]),
            withheld=tuple(Withheld(**item) for item in content["withheld"]),
            set_aside=tuple(SetAside(**item) for item in content["set_aside"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _reconciliation(line: dict[str, object]) -> Reconciliation:
    def account(name: str) -> Account:
        part = line[name]
        return Account(rows=part["rows"], measure=Decimal(part["measure"]))  # type: ignore[index]

    return Reconciliation(
        extract=str(line["extract"]),
        month=_month(line["month"]),
        main_measure=line["main_measure"],  # type: ignore[arg-type]
        source=account("source"),
        attributed=account("attributed"),
        unattributed=account("unattributed"),
        excluded=account("excluded"),
        quarantined=account("quarantined"),
        reasons=tuple(
            Exclusions(reason=item["reason"], rows=item["rows"], measure=Decimal(item["measure"]))
            for item in line["reasons"]  # type: ignore[attr-defined]
        ),
    )


def _month(written: object) -> Month:
    return Month(**written) if isinstance(written, dict) else Month.parse(str(written))


def read_facts(run: MonthRun, months: Sequence[Month]) -> pd.DataFrame:
    """The facts of these months, one frame, sorted by key; none later than the run's month."""
    paths: list[Path] = [run.state.facts(month) for month in months if month <= run.month]
    frames = [_read_facts(path) for path in paths if path.is_file()]
    if not frames:
        raise RefusedError(f"There are no facts of {run.month}.", fix="Run the month first.")
    return shaped(pd.concat(frames, ignore_index=True), FACTS)


def _read_facts(path: Path) -> pd.DataFrame:
    try:
        return read_facts_file(path)
    except (OSError, ValueError) as error:
        raise OutsideError(
            f"{path} cannot be read: it is damaged or was cut off.", fix="Delete it: it is made again."
        ) from error
