"""Deliveries of an edition: one a report and reader, written into the ledger held, and released where a rule says so.

Written from the manifest, so that a run that died between publishing and here loses nothing: whoever works with the
ledger next writes what is missing. Does not belong here: approval by a person (`release`), and sending (`sending`).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from config.delivery import Release
from config.models import Config
from config.months import Month
from flows.stages.copies import read_model
from flows.stages.mails import domain_of
from flows.stages.publish import Outcome, Prepared
from flows.stages.run import MonthRun
from flows.state.editions import MANIFEST, Edition, ReportEntry, file_sha256, read_edition
from flows.state.ledger import Ledger, Origin
from flows.state.paths import StateRoot
from transforms.deliveries import DeliveryKey, DeliveryLine, DeliveryState, Hold, NewDelivery, message_id
from transforms.differences.reader import is_small

OUT: tuple[DeliveryState, ...] = (DeliveryState.SENT, DeliveryState.UNCERTAIN)
"""States in which a reader has, or may have, a copy."""
WAITING: tuple[DeliveryState, ...] = (DeliveryState.HELD, DeliveryState.QUEUED, DeliveryState.FAILED)
BY_RULE = "release rule"
_STATUSES = ("ahead", "as expected", "below")
_BELOW = "below"


def reconcile(state: StateRoot, ledger: Ledger, config: Config, now: datetime, month: Month | None = None) -> None:
    """Write into the ledger what manifests have and it lacks: editions and, but for a backfill's, their deliveries.

    The company's rule releases none of them: the ledger may be lost, and their readers may have them.
    """
    months = [month] if month else state.months_with_editions()
    known = {(line.month, line.number) for line in ledger.editions(month)}
    for each in months:
        for number in state.edition_numbers(each):
            if (each, number) not in known:
                edition = read_edition(state, each, number)
                prepare_edition(state, ledger, config, edition, now, _origin(edition))


def prepare_outcome(run: MonthRun, ledger: Ledger, outcome: Outcome, *, by_rule: bool) -> Prepared:
    """Deliveries of the edition a run made, or of the one that stands, should they not have been written.

    `by_rule`: the company's rule may release them, since it is known that nobody did yet.
    """
    edition = read_edition(run.state, run.month, outcome.number)
    known = {line.number for line in ledger.editions(run.month)}
    if by_rule and known >= set(run.state.edition_numbers(run.month)) - {edition.number}:
        prepare_edition(run.state, ledger, run.config, edition, run.pulled_at, _origin(edition), by_rule=True)
    reconcile(run.state, ledger, run.config, run.pulled_at, run.month)
    waiting = ledger.deliveries(month=run.month, states=[DeliveryState.HELD])
    current = {(entry["report_id"], entry["edition"]) for entry in edition.manifest["reports"]}
    lines = [line for line in waiting if (line.key.report_id, line.key.edition) in current]
    waits = sum(line.hold is Hold.APPROVAL for line in lines)
    first = _is_first(ledger, edition)
    return Prepared(
        waiting=waits,
        small=sum(line.hold is Hold.SMALL_CHANGE for line in lines),
        queued=len(ledger.deliveries(month=run.month, states=[DeliveryState.QUEUED])),
        not_released=refusal_of_rule(run.config, edition, run.pulled_at, first=first) if waits else "",
    )


def _origin(edition: Edition) -> Origin:
    return "backfill" if edition.manifest.get("origin") == "backfill" else "run"


def prepare_edition(
    state: StateRoot, ledger: Ledger, config: Config, edition: Edition, now: datetime, origin: Origin = "run", *,
    by_rule: bool = False,
) -> None:  # fmt: skip
    """Write an edition and its deliveries into the ledger; those there already stay as they are.

    What is not yet out of the reports' earlier editions is superseded. The edition is written last: only then is it
    known to be whole there. A backfill's edition has no deliveries until a person asks for them (`release`).
    """
    if origin == "run":
        before = ledger.deliveries(month=edition.month)
        lines = list(_new_deliveries(state, config, edition, before, now))
        ledger.add_deliveries(lines)
        _supersede(ledger, edition, before, now)
        rule = config.delivery.release
        if by_rule and rule.automatic and not refusal_of_rule(config, edition, now, first=_is_first(ledger, edition)):
            ledger.release([line.key for line in lines if line.hold is Hold.APPROVAL], BY_RULE, now, rule=_told(rule))
    ledger.add_edition(edition.month, edition.number, now, file_sha256(edition.folder / MANIFEST), origin)


def copies_of(ledger: Ledger, month: Month) -> Mapping[str, int]:
    """By report, the edition that its readers have: of several the oldest, so that none misses a change."""
    copies: dict[str, int] = {}
    for (report_id, _), number in _newest_copies(ledger.deliveries(month=month, states=OUT)).items():
        copies[report_id] = min(copies.get(report_id, number), number)
    return copies


def _newest_copies(lines: Sequence[DeliveryLine]) -> dict[tuple[str, str], int]:
    """By report and reader, the newest edition that the reader has, or may have."""
    newest: dict[tuple[str, str], int] = {}
    for line in lines:
        if line.state in OUT:
            place = (line.key.report_id, line.key.recipient)
            newest[place] = max(newest.get(place, 0), line.key.edition)
    return newest


def refusal_of_rule(config: Config, edition: Edition, now: datetime, *, first: bool) -> str:
    """Why an edition is not released by the company's rule; empty where it is, or where there is no rule."""
    rule = config.delivery.release
    if not rule.automatic:
        return ""
    today = config.company.day_of(now)
    if edition.month.shift(1) != Month.of(today):
        return "only the month before this one is released by rule"
    checks = edition.manifest["checks"]
    counts = (
        ("critical findings", checks.get("critical", 0), rule.critical),
        ("warnings", checks.get("warning", 0), rule.warnings),
        ("figures withheld", len(edition.manifest["withheld"]), rule.withheld),
    )
    if not first and not rule.later_editions:
        return "an edition of the month was there before"
    for what, number, most in counts:
        if most is not None and number > most:
            return f"{number} {what}, {most} may be"
    if rule.below is not None and (share := _share_below(edition)) > rule.below:
        return f"{share:.1%} of the statuses are below, {rule.below:.1%} may be"
    return ""


def _told(rule: Release) -> str:
    parts = [f"critical ≤ {rule.critical}"]
    parts += [f"{name} ≤ {value}" for name in ("warnings", "withheld", "below") if (value := getattr(rule, name))]
    return ", ".join(parts)


def _is_first(ledger: Ledger, edition: Edition) -> bool:
    """Whether nothing of the month's other editions was ever released."""
    return all(line.edition == edition.number for line in ledger.approvals(edition.month))


def _share_below(edition: Edition) -> Decimal:
    statuses = [
        row.status.text
        for report_id in edition.reports
        if (model := read_model(edition, report_id)) is not None
        for block in model.glance.blocks
        for row in block.rows
        if row.status.text in _STATUSES
    ]
    return Decimal(statuses.count(_BELOW)) / len(statuses) if statuses else Decimal(0)


def _new_deliveries(
    state: StateRoot, config: Config, edition: Edition, before: Sequence[DeliveryLine], now: datetime
) -> Iterator[NewDelivery]:
    copies, delivery, domain = _newest_copies(before), config.delivery, domain_of(config)
    for entry in edition.manifest["reports"]:
        for recipient in entry["recipients"]:
            key = DeliveryKey(edition.month, entry["edition"], entry["report_id"], recipient)
            copy = copies.get((entry["report_id"], recipient), 0)
            hold, reason = Hold.APPROVAL, "waits for approval"
            if 0 < copy < entry["edition"] and _small(state, edition, entry, copy, delivery.mail_changes_over):
                hold, reason = Hold.SMALL_CHANGE, f"says nearly what the copy of edition {copy} says"
            yield NewDelivery(key, DeliveryState.HELD, hold, reason, message_id(key, domain), entry["sha256"], now)


def _small(state: StateRoot, edition: Edition, entry: ReportEntry, copy: int, share: Decimal) -> bool:
    """Whether a reader's copy differs too little to be mailed again. One that is no longer kept differs."""
    if not state.edition(edition.month, copy).is_dir():
        return False
    was = read_model(read_edition(state, edition.month, copy), entry["report_id"])
    now = read_model(edition, entry["report_id"])
    return was is not None and now is not None and is_small(was, now, share)


def _supersede(ledger: Ledger, edition: Edition, before: Sequence[DeliveryLine], now: datetime) -> None:
    """Hold for good what waits of earlier editions of reports, or of readers that the newest edition does not have."""
    current = {
        (entry["report_id"], entry["edition"], reader)
        for entry in edition.manifest["reports"]
        for reader in entry["recipients"]
    }
    for line in before:
        place = (line.key.report_id, line.key.edition, line.key.recipient)
        if line.state in WAITING and place not in current and line.hold is not Hold.SUPERSEDED:
            ledger.hold([line.key], Hold.SUPERSEDED, f"edition {edition.number} took its place", now)
