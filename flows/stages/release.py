"""Release: a named person lets an edition, or single reports of it, go out. Its PDFs are read once more before.

Does not belong here: release by the company's rule (`prepare`), and sending (`sending`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from config.errors import OutsideError, RefusedError, UsageError
from config.faults import did_you_mean
from config.models import Config
from flows.stages.foreign import ForeignTerms
from flows.stages.prepare import newest_known, prepare_edition
from flows.stages.standing import organisation_of_edition
from flows.state.editions import Edition, ReportEntry, is_as_published
from flows.state.ledger import Ledger
from flows.state.paths import StateRoot
from transforms.deliveries import DeliveryLine, DeliveryState, Hold
from transforms.scope import build_scope


@dataclass(frozen=True, slots=True)
class Released:
    """What an approval let go: deliveries, of how many reports, and what of the edition still does not go."""

    edition: int
    deliveries: int
    reports: int
    still_held: tuple[DeliveryLine, ...]
    without_reader: tuple[str, ...]


def approve(
    state: StateRoot, ledger: Ledger, config: Config, edition: Edition, by: str, now: datetime,
    reports: Sequence[str] = (),
) -> Released:  # fmt: skip
    """Release what waits for approval of the newest edition's reports, all or those named.

    Raises RefusedError where a newer edition exists or a finished PDF shows what its reader may not see, and
    UsageError for a report the edition does not have.
    """
    _refuse_older(state, ledger, edition)
    entries = named_reports(edition, reports)
    refuse_foreign_names(state, edition, entries)
    _refuse_older(state, ledger, edition)  # reading takes minutes, in which a run may have published
    prepare_edition(state, ledger, config, edition, now)
    places = {(entry["report_id"], entry["edition"]) for entry in entries}
    lines = [
        line
        for line in ledger.deliveries(month=edition.month, states=[DeliveryState.HELD])
        if (line.key.report_id, line.key.edition) in places
    ]
    waiting = [line.key for line in lines if line.hold is Hold.APPROVAL]
    return Released(
        edition=edition.number,
        deliveries=ledger.release(waiting, by, now),
        reports=len({key.report_id for key in waiting}),
        still_held=tuple(line for line in lines if line.hold is not Hold.APPROVAL),
        without_reader=tuple(entry["report_id"] for entry in entries if not entry["recipients"]),
    )


def _refuse_older(state: StateRoot, ledger: Ledger, edition: Edition) -> None:
    month = edition.month
    newest = max(state.edition_numbers(month), default=edition.number)
    if newest != edition.number:
        raise RefusedError(
            f"Edition {edition.number} of {month} is not the newest: edition {newest} took its place.",
            fix=f"Approve that one: yardstick approve {month}",
        )
    known = newest_known(ledger, month)
    if known > edition.number:
        raise RefusedError(
            f"Edition {known} of {month} took the place of edition {edition.number}, and {state.edition(month, known)} "
            "is gone.",
            fix=f"Restore it from a backup, or make the month again: yardstick run {month}",
        )


def named_reports(edition: Edition, reports: Sequence[str]) -> list[ReportEntry]:
    """The edition's reports, all or those named. Raises UsageError for one it does not have."""
    known = {name: entry for name, entry in edition.reports.items() if not entry.get("gone")}
    for report_id in reports:
        if report_id not in known:
            raise UsageError(
                f"Edition {edition.number} of {edition.month} has no report “{report_id}”.",
                fix=did_you_mean(report_id, known, what="Its reports"),
            )
    return [entry for entry in known.values() if not reports or entry["report_id"] in reports]


def refuse_foreign_names(state: StateRoot, edition: Edition, entries: Sequence[ReportEntry]) -> None:
    """Read finished PDFs once more. Raises RefusedError where one shows a name or id outside its reader's scope, and
    OutsideError where one is not what was published.
    """
    terms = ForeignTerms(build_scope(organisation_of_edition(state, edition)))
    for entry in entries:
        refuse_changed(edition, entry)
        shown = terms.shown_in(edition.folder, entry)
        if shown:
            raise RefusedError(
                f"{entry['report_id']} of edition {edition.number} shows “{shown[0]}”, which its reader may not see; "
                "nothing was released.",
                fix="Look for that name or id in the texts of expectations.yaml, its tables and decisions.csv.",
            )


def refuse_changed(edition: Edition, entry: ReportEntry) -> None:
    """Raise OutsideError where a PDF is not the one that was published."""
    if not is_as_published(edition, entry):
        raise OutsideError(
            f"{edition.folder / entry['file']} is not what edition {edition.number} published.",
            fix="Restore it from a backup, or make every report again: yardstick run MONTH --reissue REASON",
        )
