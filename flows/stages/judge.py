"""Check: everything asked of the landed months, judged; what failed is told, and what is critical goes to measuring.

Rows were asked when they were typed (`flows.stages.land`). Here come the checks that need more than one landing:
references, totals, months beside months. Does not belong here: how anything is asked (`flows.checks`,
`transforms.checks`), and what a failed check withholds (`flows.engines`).
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from config.checks import Severity
from config.errors import Place, RefusedError
from config.models import Config, Extract, ExtractKind
from config.months import Month
from flows.checks import read_checked
from flows.checks.judging import judge_cached
from flows.checks.references import reference_checks, reference_tallies
from flows.checks.row_suites import ask_rows, disagreements, is_small
from flows.duck import connection
from flows.stages.holidays import holidays_of
from flows.stages.land import Inputs, pulled_on
from flows.stages.organisation import organisation_of, refuse_broken_organisation
from flows.stages.run import MonthRun
from transforms.checks.control import ControlLine, control_readings, misnamed_reading
from transforms.checks.days import day_readings, pulled_reading
from transforms.checks.drift import drift_readings
from transforms.checks.limits import count_readings, graded_reference, set_aside_reading
from transforms.checks.over_time import over_time_readings
from transforms.checks.readings import Reading, Verdict, row_readings, told_once
from transforms.checks.suite import suite_of
from transforms.identities import identity_frame
from transforms.organisation import Organisation
from transforms.stages import Checked, FailedCheck, Finding
from transforms.statuses import books_close

if TYPE_CHECKING:
    import duckdb

COLUMN_MISSING: Final = "typing.column_missing"
CRASHED: Final = "check.crashed"
LACKING: Final = ("could not be run: there is no column", "could not be run: the landing has no column")
"""How a check says that it could not be run for want of a column."""


@dataclass(frozen=True)
class Judged:
    """What came of all checks of a run."""

    verdicts: Mapping[Month, tuple[Verdict, ...]]
    """Of every month there is, extract by extract in the configuration's order."""
    findings: tuple[Finding, ...]
    """Of the reported month: of its landings, its rows, its failed checks and its corrections."""
    failed: tuple[FailedCheck, ...]
    """The critical checks that failed in any month and were not accepted."""

    def of(self, extract: str, month: Month) -> tuple[Verdict, ...]:
        """The verdicts of one extract's month."""
        return tuple(one for one in self.verdicts.get(month, ()) if one.reading.extract == extract)


def judge(run: MonthRun, inputs: Mapping[str, Inputs]) -> Judged:
    """Judge every month there is and say what was found in the reported one.

    Raises RefusedError where hr failed a critical check in the reported month, and what `judge_whatever` raises.
    """
    with ExitStack() as opened:
        asking = _Asking(run, inputs, opened)
        judged = _judged(asking)
        _refuse_broken_hr(asking, judged)
    return judged


def judge_whatever(run: MonthRun, inputs: Mapping[str, Inputs]) -> Judged:
    """The same of a month that is only looked at: also where hr is broken.

    Raises OutsideError where Great Expectations is missing or broken: nothing goes out unchecked.
    """
    with ExitStack() as opened:
        return _judged(_Asking(run, inputs, opened))


def _judged(asking: "_Asking") -> Judged:
    run, inputs = asking.run, asking.inputs
    accepted = {
        (f"{name}.{one.check}", one.month): f"{one.why} ({one.by})"
        for name, suite in run.config.suites.items()
        for one in suite.accepted
    }
    verdicts = [
        replace(verdict, accepted=accepted.get((verdict.reading.check, verdict.reading.month), ""))
        for name in run.config.extracts
        for verdict in judge_cached(list(asking.readings(name)), run.state.checked / str(run.month))
    ]
    by_month: dict[Month, list[Verdict]] = {}
    for verdict in verdicts:
        by_month.setdefault(verdict.reading.month, []).append(verdict)
    doubts = tuple(_doubts(run, inputs))
    return Judged(
        verdicts={month: tuple(found) for month, found in sorted(by_month.items())},
        findings=(*_findings(run, inputs, by_month.get(run.month, [])), *doubts),
        failed=(*_failed(verdicts), *(_doubted(run.month, doubt) for doubt in doubts)),
    )


# -- asking ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Asking:
    """What is read of the extracts, with what several of them are held against."""

    run: MonthRun
    inputs: Mapping[str, Inputs]
    opened: ExitStack

    @cached_property
    def database(self) -> "duckdb.DuckDBPyConnection":
        """One for all that is asked here."""
        scratch = self.opened.enter_context(tempfile.TemporaryDirectory(prefix="yardstick-"))
        return self.opened.enter_context(connection(Path(scratch), threads=self.run.threads))

    @cached_property
    def identities(self) -> pd.DataFrame:
        """Whose ids were whose in the reported month."""
        return identity_frame(self.run.config.identities, self.run.month)[0]

    @cached_property
    def control(self) -> dict[str, list[ControlLine]]:
        """By extract, the totals the sources give."""
        return _control_lines(self.run.config, self.inputs)

    @cached_property
    def organisation(self) -> Organisation:
        """That of the reported month. Raises RefusedError where there is no hr extract of it."""
        hr_name, _ = self.run.config.hr()
        hr = _of(self.inputs[hr_name], self.run.month)
        if hr is None:
            raise RefusedError(f"There is no hr extract of {self.run.month}.", fix="Land it first.")
        return organisation_of(self.run.config, self.run.month, hr)

    def readings(self, name: str) -> Iterator[Reading]:
        """Everything read of one extract, month by month."""
        config, extract, item = self.run.config, self.run.config.extracts[name], self.inputs[name]
        suite, told = suite_of(config, name), config.suite(name)
        profiles = {one.month: one.profile for one in item.checked if one.profile}
        headings = {one.month: one.headers for one in item.landings}
        holidays = holidays_of(config.company.holidays, sorted(profiles))
        for checked in item.checked:
            month = checked.month
            yield from row_readings(suite, checked.tallies, month)
            yield from count_readings(suite, checked)
            yield set_aside_reading(name, checked, told.set_aside_limit)
            if extract.kind is ExtractKind.CONTROL:
                lines = ControlLine.from_rows(read_checked(checked), month)
                yield misnamed_reading(name, lines, config.extracts, month)
            if extract.kind is ExtractKind.CONTROL or checked.profile is None:
                continue
            if told.over_time:
                yield from over_time_readings(name, extract, profiles, month, holidays)
                yield from day_readings(name, extract, profiles, month, holidays)
                yield from drift_readings(name, extract, headings, profiles, month)
            yield from control_readings(name, extract, checked.profile, self.control.get(name, ()), month)
            if month == self.run.month:
                yield from self._of_the_month(name, checked)
            yield from self._when_pulled(name, extract, month, holidays)

    def _of_the_month(self, name: str, checked: Checked) -> Iterator[Reading]:
        """What is only asked of the reported month: references to other extracts."""
        run = self.run
        references = reference_checks(run.config, name)
        if references:
            others = {each: one for each, item in self.inputs.items() if (one := _of(item, run.month))}
            tallies = reference_tallies(
                run.config, name, checked, others, self.organisation.membership, self.identities, self.database
            )
            yield from map(graded_reference, row_readings(references, tallies, run.month))

    def _when_pulled(self, name: str, extract: Extract, month: Month, holidays: frozenset[date]) -> Iterator[Reading]:
        """When it was pulled: whether the month was over, and of the reported one whether its books were closed."""
        landing = next((one for one in self.inputs[name].landings if one.month == month), None)
        if landing is None or extract.kind is ExtractKind.HR:
            return
        pulled = pulled_on(self.run, landing)
        if month == self.run.month or pulled < month.end:
            closes = books_close(month, self.run.config.company.books_close, holidays)
            yield pulled_reading(name, month, pulled, closes)


def _of(inputs: Inputs, month: Month) -> Checked | None:
    return next((one for one in inputs.checked if one.month == month), None)


def _file_of(inputs: Inputs, month: Month) -> str:
    """The file, or the first of those, that a month came in."""
    return next((one.files[0] for one in inputs.landings if one.month == month and one.files), "")


def _control_lines(config: Config, inputs: Mapping[str, Inputs]) -> dict[str, list[ControlLine]]:
    """By extract, the totals the sources give."""
    found: dict[str, list[ControlLine]] = {}
    for name, extract in config.extracts.items():
        if extract.kind is ExtractKind.CONTROL:
            for checked in inputs[name].checked:
                for line in ControlLine.from_rows(read_checked(checked), checked.month):
                    found.setdefault(line.extract, []).append(line)
    return found


def _doubts(run: MonthRun, inputs: Mapping[str, Inputs]) -> Iterator[Finding]:
    """Where Great Expectations, asked the rows of a small extract itself, counts otherwise than was counted."""
    for name, item in inputs.items():
        checked = _of(item, run.month)
        if checked is not None and is_small(checked):
            yield from disagreements(run.config, name, checked, ask_rows(run.config, name, checked))


def _doubted(month: Month, doubt: Finding) -> FailedCheck:
    reason = f"the checks of {doubt.extract} contradict one another"
    return FailedCheck(f"{doubt.extract}.engines_agree", doubt.extract, month, (), reason)


# -- telling -----------------------------------------------------------------------------------------------------


def _findings(run: MonthRun, inputs: Mapping[str, Inputs], verdicts: Sequence[Verdict]) -> Iterator[Finding]:
    for name, item in inputs.items():
        if item.failure:
            yield Finding("source.missing", Severity.CRITICAL, item.failure, extract=name)
        yield from (finding for landing in item.landings if landing.month == run.month for finding in landing.findings)
        checked = _of(item, run.month)
        if checked is not None:
            yield from checked.findings
        file = _file_of(item, run.month)
        lacking = checked is not None and any(f.code == COLUMN_MISSING for f in checked.findings)
        for finding in told_once([one for one in verdicts if one.reading.extract == name]):
            # A check that could not be run for want of a column is said by that column already.
            if not (lacking and finding.code == CRASHED and any(why in finding.message for why in LACKING)):
                yield finding if finding.file else replace(finding, file=file)
    yield from corrections_told(run.month, inputs)


def _failed(verdicts: Sequence[Verdict]) -> Iterator[FailedCheck]:
    for verdict in verdicts:
        reading = verdict.reading
        if not verdict.passed and not verdict.accepted and reading.severity is Severity.CRITICAL:
            yield FailedCheck(
                check=reading.check,
                extract=reading.extract,
                month=reading.month,
                columns=reading.columns,
                reason=f"{reading.extract} of {reading.month} failed a check: {reading.label}",
                by_rows=reading.by_rows and reading.set_aside > 0,
                elsewhere=reading.by_rows and reading.failed > reading.set_aside,
            )


def corrections_told(month: Month, inputs: Mapping[str, Inputs]) -> Iterator[Finding]:
    """What became of each correction: applied this month, or no longer matching, as far as the months up to it tell."""
    for name, item in inputs.items():
        states: dict[str, dict[str, list[tuple[Month, str]]]] = {}
        for checked in item.up_to(month):
            for one in checked.corrected:
                states.setdefault(one.place, {}).setdefault(one.state, []).append((checked.month, one.told))
        for place, found in sorted(states.items()):
            yield from _correction_told(name, place, month, found)


def _correction_told(
    name: str, place: str, month: Month, found: Mapping[str, Sequence[tuple[Month, str]]]
) -> Iterator[Finding]:
    file = place.partition(":")[0].partition(" ")[0]
    now = [told for at, told in found.get("applied", ()) if at == month]
    if now:
        yield Finding("correction.applied", Severity.INFO, f"{place}: {now[0]}", extract=name, file=file)
    # Of a row that comes every month the earlier months may well have said something else: the latest use counts.
    last_used = max((at for at, _ in found.get("applied", ())), default=None)
    for state in ("differs", "mended"):
        for at, told in found.get(state, ()):
            if last_used is not None and at <= last_used:
                continue
            message = f"{place}: {told} The correction no longer matches {name} of {at}: take it away."
            yield Finding(f"correction.{state}", Severity.WARNING, message, extract=name, file=file)
    if last_used is not None and not file.endswith(".csv") and any(at == month for at, _ in found.get("absent", ())):
        message = (
            f"{place}: no row of {name} of {month} is as it says, and one of {last_used} was. If the source is mended, "
            "give the rule its last month (`to`)."
        )
        yield Finding("correction.absent", Severity.INFO, message, extract=name, file=file)
    if set(found) == {"absent"}:
        # A line may be of a row that comes in a later month than the one that is made again.
        severity = Severity.INFO if file.endswith(".csv") else Severity.WARNING
        message = f"{place}: no row of {name} up to {month} is as it says. Mend its key or condition, or take it away."
        yield Finding("correction.absent", severity, message, extract=name, file=file)


def _refuse_broken_hr(asking: _Asking, judged: Judged) -> None:
    """Raise RefusedError with the most telling of what is critical: a row or a column, then that no organisation can be
    made of it, then that it is unlike the months before.
    """
    hr_name, _ = asking.run.config.hr()
    critical = [one for one in judged.findings if one.extract == hr_name and one.severity is Severity.CRITICAL]
    telling = [one for one in critical if one.line or one.code == COLUMN_MISSING]
    hr = _of(asking.inputs[hr_name], asking.run.month)
    if hr is not None and not telling:
        refuse_broken_organisation(asking.organisation, hr, _file_of(asking.inputs[hr_name], asking.run.month))
    for finding in (*telling, *critical):
        raise RefusedError(finding.message, place=Place(Path(finding.file), finding.line) if finding.file else None)
