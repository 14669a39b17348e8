"""Why a report says something else than its reader's copy: data, corrections, decisions, configuration and rules.

Only what concerns the report is told: the extracts its measures are taken from, decisions on its own units. Extracts
and files are told by name, never with their content. Does not belong here: what changed in the report (`reader`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from config.checks import Correction
from config.models import Config, Decision
from config.months import Month
from transforms.formats import Formats
from transforms.report_model import ReportKind, ReportModel
from transforms.wording import counted, listed, lowered

DECIDED: Final[Mapping[str, str]] = {
    "rebase": "re-based",
    "accepted_stretch": "stretch accepted",
    "correction": "correction",
    "contested": "contested",
    "contest_answered": "contest answered",
}
_TOLD_OTHERWISE = {"expectations.yaml", "metrics.yaml", "decisions.csv", "corrections.csv"}
_NOT_IN_REPORTS = {"delivery.yaml", "schedule.yaml", "retention.yaml"}
_MONTHS_NAMED = 3

Inputs = Mapping[tuple[str, Month], frozenset[str]]
"""Hashes of the landings read, by extract and month."""
MaySay = Callable[[str], bool]
"""Whether a text names nobody whom the report's reader may not see."""


@dataclass(frozen=True)
class Origin:
    """What an edition was made from. Where its configuration is no longer kept or readable it is missing."""

    inputs: Inputs
    code_version: str
    config_sha256: str
    config: Config | None = field(default=None, repr=False)
    files: Mapping[str, str] | None = None
    """Hash of each file of the configuration by name."""


def reasons(
    before: Origin, now: Origin, report: ReportModel, may_say: MaySay, *, config: Config, reissue: str = ""
) -> tuple[str, ...]:
    """Why a report may say something else than its reader's copy, one sentence each, data first.

    `config` is today's. Expectations are not told here: the report itself has their reasons.
    """
    metrics = _metrics(report)
    lines = [
        *_data(before.inputs, now.inputs, _extracts(config, metrics), config),
        *_settings(before, now, report, metrics, may_say),
    ]
    if before.code_version != now.code_version:
        lines.append(
            f"Changed rules: that edition was made by version {before.code_version} of yardstick, this one by "
            f"{now.code_version}."
        )
    if reissue:
        told = f"Made again for every reader: “{reissue}”."
        lines.append(told if may_say(told) else "Made again for every reader.")
    return tuple(lines)


def _metrics(report: ReportModel) -> tuple[str, ...]:
    shown = [row.metric for block in report.glance.blocks for row in block.rows]
    return tuple(dict.fromkeys((*shown, *(table.metric for table in report.people))))


def _extracts(config: Config, metrics: Sequence[str]) -> set[str]:
    """The extracts a report's figures are taken from; hr, which says whose they are, among them."""
    known = [config.metrics[name] for name in metrics if name in config.metrics]
    further = {each.partition(".")[0] for metric in known for each in metric.depends_on}
    return {config.hr()[0], *(metric.extract for metric in known), *further}


# -- data ----------------------------------------------------------------------------------------------------------


def _data(before: Inputs, now: Inputs, extracts: set[str], config: Config) -> Iterator[str]:
    formats = Formats(config.company.locale, config.company.currency)
    told: dict[str, dict[str, list[Month]]] = {
        "Late or corrected data": {},
        "Data that came in addition": {},
        "Data no longer used": {},
    }
    headings = tuple(told)
    for extract, month in sorted({*before, *now}):
        was, there = before.get((extract, month)), now.get((extract, month))
        if extract in extracts and was != there:
            heading = headings[0] if was and there else (headings[1] if there else headings[2])
            told[heading].setdefault(extract, []).append(month)
    for heading, by_extract in told.items():
        if by_extract:
            parts = [f"{extract} ({_months(months, formats)})" for extract, months in by_extract.items()]
            yield f"{heading}: {', '.join(parts)}."


def _months(months: Sequence[Month], formats: Formats) -> str:
    if len(months) > _MONTHS_NAMED:
        return f"{len(months)} months from {formats.month(months[0])} to {formats.month(months[-1])}"
    return listed([formats.month(month) for month in months])


# -- configuration -------------------------------------------------------------------------------------------------


def _settings(
    before: Origin, now: Origin, report: ReportModel, metrics: Sequence[str], may_say: MaySay
) -> Iterator[str]:
    if before.config_sha256 == now.config_sha256:
        return
    old, new = before.config, now.config
    if old is None or new is None or before.files is None or now.files is None:
        yield "Changed configuration; in which of its files is no longer known."
        return
    yield from _corrections(old, new, _extracts(new, metrics))
    yield from _decisions(old, new, report, may_say)
    redefined = [
        new.metrics[name].label
        for name in metrics
        if name in new.metrics and old.metrics.get(name) != new.metrics[name]
    ]
    if redefined:
        yield f"Changed definition: {listed([lowered(label) for label in redefined])}."
    quiet = _TOLD_OTHERWISE | _NOT_IN_REPORTS | {table.file for one in (old, new) for table in one.expectations.tables}
    files = [
        name
        for name in sorted({*before.files, *now.files} - quiet)
        if before.files.get(name) != now.files.get(name)
    ]  # fmt: skip
    if files:
        yield f"Changed configuration: {listed(files)}."


def _corrections(old: Config, new: Config, extracts: set[str]) -> Iterator[str]:
    """By extract, how many lines of corrections.csv came, or are no longer there."""
    was, there = ({_said(one): one.extract for one in config.corrections} for config in (old, new))
    for extract in sorted(extracts):
        came = sum(1 for said, of in there.items() if of == extract and said not in was)
        went = sum(1 for said, of in was.items() if of == extract and said not in there)
        parts = [f"{counted(came, 'value was', 'values were')} corrected"] if came else []
        parts += [f"{counted(went, 'correction was', 'corrections were')} taken away"] if went else []
        if parts:
            yield f"Corrections (corrections.csv): {listed(parts)} in {extract}."


def _said(correction: Correction) -> tuple[str, ...]:
    return correction.extract, correction.key, correction.column, correction.old, correction.new


def _decisions(old: Config, new: Config, report: ReportModel, may_say: MaySay) -> Iterator[str]:
    """Decisions on units and measures of the report that came, or are no longer there."""
    names = _units(report)
    formats = Formats(new.company.locale, new.company.currency)
    month = Month.parse(report.month).shift(1)
    came = [one for one in new.decisions if one not in old.decisions]
    went = [one for one in old.decisions if one not in new.decisions]
    for one, is_new in [*((one, True) for one in came), *((one, False) for one in went)]:
        name = names.get((one.unit_kind.value, one.unit_id))
        metric = new.metrics.get(one.metric)
        if name is None or metric is None or one.month > month:
            continue
        head = f"{'Decision' if is_new else 'Taken back: decision'} of {formats.day(one.decided_on)}"
        about = f"{DECIDED[one.kind]}: {lowered(metric.label)}{f' of {name}' if name else ''}"
        told = _decision_told(head, about, one)
        yield told if may_say(told) else f"{head}, {about}."


def _decision_told(head: str, about: str, decision: Decision) -> str:
    return f"{head} by {decision.decided_by}, {about}. “{decision.reason.rstrip('.')}.”"


def _units(report: ReportModel) -> dict[tuple[str, str], str]:
    """The units of a report by kind and id, with their names; its own has none to be told."""
    below = {
        (row.unit_kind, row.unit_id): row.label
        for table in (report.people if report.kind is not ReportKind.TEAM else ())
        for row in (*table.rows, *table.new_rows)
    }
    return {**below, (report.kind.value, report.unit_id): ""}
