"""Two editions of a month beside each other: their reports and recipients, and all other differences put together.

Does not belong here: figures, statuses and causes, which have modules of their own.
"""

from collections.abc import Mapping
from typing import Final, Literal

from config.months import Month
from transforms.differences.causes import count_changes, file_changes, input_changes
from transforms.differences.figures import figure_changes
from transforms.differences.judged import expectation_changes, judged_of, status_changes
from transforms.differences.model import (
    Differences,
    EditionContents,
    ExpectationChange,
    RecipientChange,
    ReportChange,
    ReportLine,
    StatusChange,
)
from transforms.differences.names import Names
from transforms.report_model import ReportModel

_SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "heading": ("title", "subtitle", "company", "kind_label", "month_label"),
    "month at a glance": ("glance",),
    "people": ("people",),
    "conversations": ("conversations", "conversations_note"),
    "what is changing": ("changing", "shifts", "shifts_note", "repeated"),
    "expectations ahead": ("ahead", "ahead_note"),
    "about these numbers": ("about",),
    "form": ("model_version", "language", "paper"),
}
"""Parts of a report by the fields of its model. What is not listed is told as other."""
_NOT_SAID = {"report_id", "kind", "unit_id", "month"}


def compare_editions(before: EditionContents, after: EditionContents, month: Month) -> Differences:
    """What differs between two editions of a month. The editions are left as they are."""
    names = Names(before, after)
    from_reports = before.comparison is None or after.comparison is None
    statuses, expectations, not_judged = _judgements(before, after, names, from_reports=from_reports)
    same_code = before.code_version == after.code_version
    return Differences(
        month=month,
        before=before.number,
        after=after.number,
        inputs=input_changes(before, after),
        config_changed=before.config_sha256 != after.config_sha256,
        config_files=file_changes(before, after),
        code_before="" if same_code else before.code_version,
        code_after="" if same_code else after.code_version,
        reissue=after.reissue,
        checks=count_changes(before, after),
        reports=_report_changes(before, after),
        figures=figure_changes(before, after, month, names),
        statuses=statuses,
        expectations=expectations,
        recipients=_recipient_changes(before, after),
        judged_from="unknown" if not_judged else ("reports" if from_reports else "comparison"),
        not_judged=not_judged,
    )


def _judgements(
    before: EditionContents, after: EditionContents, names: Names, *, from_reports: bool
) -> tuple[tuple[StatusChange, ...], tuple[ExpectationChange, ...], tuple[int, ...]]:
    """Statuses and expectations that differ, and the editions of which they are not known."""
    old, new = (judged_of(edition, from_reports=from_reports) for edition in (before, after))
    if old is None or new is None:
        lacking = [(edition.number, judged) for edition, judged in ((before, old), (after, new))]
        return (), (), tuple(number for number, judged in lacking if judged is None)
    return status_changes(old, new, names), expectation_changes(old, new, names), ()


def _report_changes(before: EditionContents, after: EditionContents) -> tuple[ReportChange, ...]:
    old, new = _by_id(before), _by_id(after)
    changes = []
    for name in sorted({*old, *new}):
        was, now = old.get(name), new.get(name)
        if was is None or now is None:
            there = now or was
            changes.append(ReportChange(name, there.title if there else "", "gone" if now is None else "new"))
        elif (what := _changed(was, now)) is not None:
            sections = changed_sections(before.models.get(name), after.models.get(name)) if what == "changed" else ()
            changes.append(ReportChange(name, now.title, what, sections, was.title if was.title != now.title else ""))
    return tuple(changes)


def _changed(was: ReportLine, now: ReportLine) -> Literal["changed", "made again"] | None:
    if was.model_sha256 != now.model_sha256:
        return "changed"
    return "made again" if was.sha256 != now.sha256 else None


def changed_sections(was: ReportModel | None, now: ReportModel | None) -> tuple[str, ...]:
    """The parts of a report that say something else; none where one of its models is not known."""
    if was is None or now is None:
        return ()
    fields = [name for name in ReportModel.model_fields if name not in _NOT_SAID]
    changed = {name for name in fields if getattr(was, name) != getattr(now, name)}
    told = [section for section, names in _SECTIONS.items() if changed & set(names)]
    other = changed - {name for names in _SECTIONS.values() for name in names}
    return (*told, *(["other"] if other else []))


def _recipient_changes(before: EditionContents, after: EditionContents) -> tuple[RecipientChange, ...]:
    old, new = _by_id(before), _by_id(after)
    changes = []
    for name in sorted({*old, *new}):
        was = set(old[name].recipients) if name in old else set()
        now = set(new[name].recipients) if name in new else set()
        if was != now:
            title = (new.get(name) or old[name]).title
            changes.append(RecipientChange(name, title, tuple(sorted(now - was)), tuple(sorted(was - now))))
    return tuple(changes)


def _by_id(edition: EditionContents) -> dict[str, ReportLine]:
    return {report.report_id: report for report in edition.reports}
