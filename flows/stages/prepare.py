"""Deliveries of an edition: one a report and reader, written into the ledger held, and released where a rule says so.

Written from the manifest, so that a run that died between publishing and here loses nothing: whoever works with the
ledger next writes what is missing, and the rule is asked then. Does not belong here: approval by a person (`release`),
and sending (`sending`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
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
from flows.state.ledger import EditionLine, Ledger, Origin, Preparation
from flows.state.paths import StateRoot
from transforms.deliveries import DeliveryKey, DeliveryLine, DeliveryState, Hold, NewDelivery, message_id
from transforms.differences.reader import is_small
from transforms.wording import BELOW, JUDGED, is_status

BY_RULE = "release rule"
_NOT_ASKED = "it was there before, so a person releases what waits of it"


def reconcile(state: StateRoot, ledger: Ledger, config: Config, now: datetime, month: Month | None = None) -> None:
    """Write into the ledger what manifests have and it lacks: editions and, but for a backfill's, their deliveries.

    The company's rule releases them only where this ledger saw them being made: else it was lost, and their readers
    may have them.
    """
    months = [month] if month else state.months_with_editions()
    known = {(line.month, line.number) for line in ledger.editions(month)}
    for each in months:
        for number in state.edition_numbers(each):
            if (each, number) not in known:
                edition = read_edition(state, each, number)
                prepare_edition(state, ledger, config, edition, now, _origin(edition), by_rule=True)


def told_by_ledger(run: MonthRun, ledger: Ledger) -> MonthRun:
    """The run, told which copies readers have and which edition is the newest that the ledger knows.

    Where that one is no longer kept every report is made again, under a number that no reader has seen.
    """
    last = newest_known(ledger, run.month)
    kept = max(run.state.edition_numbers(run.month), default=0)
    reissue = run.reissue or (f"edition {last} is no longer kept" if last > kept else "")
    return run.knowing(copies_of(ledger, run.month), last, reissue)


def newest_known(ledger: Ledger, month: Month) -> int:
    """The highest number of an edition of the month in the ledger; 0 for none."""
    numbers = [line.number for line in ledger.editions(month)]
    return max([*numbers, *(line.key.edition for line in ledger.deliveries(month=month))], default=0)


def prepare_outcome(run: MonthRun, ledger: Ledger, outcome: Outcome) -> Prepared:
    """Deliveries of the edition a run made, or of the one that stands, should they not have been written.

    A run that finds a backfill's edition unchanged makes it the month's: its deliveries are written as a run's.
    """
    edition = read_edition(run.state, run.month, outcome.number)
    origin = _origin(edition) if run.backfill else "run"
    stopped = prepare_edition(run.state, ledger, run.config, edition, run.pulled_at, origin, by_rule=True)
    reconcile(run.state, ledger, run.config, run.pulled_at, run.month)
    waiting = ledger.deliveries(month=run.month, states=[DeliveryState.HELD])
    current = {(entry["report_id"], entry["edition"]) for entry in edition.manifest["reports"]}
    lines = [line for line in waiting if (line.key.report_id, line.key.edition) in current]
    waits = sum(line.hold is Hold.APPROVAL for line in lines)
    refusal = ""
    if waits and run.config.delivery.release.automatic:
        refusal = _refusal(run.state, ledger, run.config, edition, run.pulled_at) or _NOT_ASKED
    return Prepared(
        waiting=waits,
        small=sum(line.hold is Hold.SMALL_CHANGE for line in lines),
        queued=len(ledger.deliveries(month=run.month, states=[DeliveryState.QUEUED])),
        stopped=stopped,
        not_released=refusal,
    )


def made_by_runs(ledger: Ledger) -> list[Month]:
    """Months of which there is an edition that a run made, or found to be the month's; not those of backfills alone."""
    return sorted({line.month for line in ledger.editions() if line.origin == "run"})


def _origin(edition: Edition) -> Origin:
    return "backfill" if edition.manifest.get("origin") == "backfill" else "run"


def prepare_edition(
    state: StateRoot, ledger: Ledger, config: Config, edition: Edition, now: datetime, origin: Origin = "run", *,
    by_rule: bool = False,
) -> int:  # fmt: skip
    """Write an edition and its deliveries into the ledger; those there already stay as they are. Gives how many
    deliveries that were released no longer go out, since the edition took their place.

    What is not yet out of the reports' earlier editions is superseded, by a backfill's edition, too, which has no
    deliveries itself until a person or a run asks for them. Of an edition that is not the newest none is written.
    `by_rule`: the company's rule may release them, once, when they are written.
    """
    entries = [entry for entry in edition.manifest["reports"] if not entry.get("gone")]
    keys = frozenset(key for entry in entries for key in _keys(edition, entry))
    asked = Preparation(
        EditionLine(edition.month, edition.number, now, file_sha256(edition.folder / MANIFEST), origin), keys
    )
    if origin == "run":
        before = ledger.deliveries(month=edition.month)
        asked = replace(asked, deliveries=tuple(_new_deliveries(state, config, edition, before, now)))
        rule = config.delivery.release
        if by_rule and rule.automatic and not _refusal(state, ledger, config, edition, now):
            asked = replace(asked, by=BY_RULE, rule=_told(rule))
    return ledger.prepare(asked, lambda: state.edition_numbers(edition.month)[-1:] == [edition.number], now)


def copies_of(ledger: Ledger, month: Month) -> Mapping[tuple[str, str], int]:
    """By report and reader, the newest edition that the reader has, may have, or is being sent."""
    return _newest([line for line in ledger.deliveries(month=month) if line.may_be_there])


def _newest(lines: Sequence[DeliveryLine]) -> dict[tuple[str, str], int]:
    newest: dict[tuple[str, str], int] = {}
    for line in lines:
        place = (line.key.report_id, line.key.recipient)
        newest[place] = max(newest.get(place, 0), line.key.edition)
    return newest


def _refusal(state: StateRoot, ledger: Ledger, config: Config, edition: Edition, now: datetime) -> str:
    """Why the rule does not release an edition, also for want of knowing who has what; empty where it does."""
    unseen = _unseen(state, ledger, edition)
    first = all(line.edition == edition.number for line in ledger.approvals(edition.month))
    refusal = refusal_of_rule(config, edition, now, first=first)
    if unseen and not refusal:
        return f"the ledger did not see edition {unseen} being made, so its readers may have it"
    return refusal


def _unseen(state: StateRoot, ledger: Ledger, edition: Edition) -> int:
    """The first of the month's editions up to this one that no run of this ledger made; 0 for none.

    Of it the ledger cannot say that nobody has it: it was lost, or the edition came from elsewhere.
    """
    month = edition.month
    seen = {line.edition for line in ledger.runs(month=month)}
    there = {edition.number, *state.edition_numbers(month), *(line.number for line in ledger.editions(month))}
    return min((number for number in there if number <= edition.number and number not in seen), default=0)


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
    return "" if rule.below is None else _too_many_below(edition, rule.below)


def _too_many_below(edition: Edition, most: Decimal) -> str:
    share = _share_below(edition)
    if share is None:
        return "the statuses of a report cannot be read"
    return f"{share:.1%} of the statuses are below, {most:.1%} may be" if share > most else ""


def _told(rule: Release) -> str:
    parts = [f"critical ≤ {rule.critical}"]
    parts += [f"{name} ≤ {value}" for name in ("warnings", "withheld", "below") if (value := getattr(rule, name))]
    return ", ".join(parts)


def _share_below(edition: Edition) -> Decimal | None:
    """The share of the statuses that are below; None where a report cannot be read, so that nobody knows."""
    models = [read_model(edition, name) for name, entry in edition.reports.items() if not entry.get("gone")]
    if None in models:
        return None
    found = [row.status.text for model in models if model for block in model.glance.blocks for row in block.rows]
    judged = [text for text in found if any(is_status(text, one) for one in JUDGED)]
    below = sum(is_status(text, BELOW) for text in judged)
    return Decimal(below) / len(judged) if judged else Decimal(0)


def _keys(edition: Edition, entry: ReportEntry) -> Iterator[DeliveryKey]:
    for recipient in entry["recipients"]:
        yield DeliveryKey(edition.month, entry["edition"], entry["report_id"], recipient)


def _new_deliveries(
    state: StateRoot, config: Config, edition: Edition, before: Sequence[DeliveryLine], now: datetime
) -> Iterator[NewDelivery]:
    # Only what surely arrived spares its reader a correction.
    copies = _newest([line for line in before if line.state is DeliveryState.SENT])
    over, domain = config.delivery.mail_changes_over, domain_of(config)
    for entry in edition.manifest["reports"]:
        for key in () if entry.get("gone") else _keys(edition, entry):
            copy = copies.get((key.report_id, key.recipient), 0)
            hold, reason = Hold.APPROVAL, "waits for approval"
            if 0 < copy < key.edition and _small(state, edition, entry, copy, over):
                hold, reason = Hold.SMALL_CHANGE, f"says nearly what the copy of edition {copy} says"
            yield NewDelivery(key, DeliveryState.HELD, hold, reason, message_id(key, domain), entry["sha256"], now)


def _small(state: StateRoot, edition: Edition, entry: ReportEntry, copy: int, share: Decimal) -> bool:
    """Whether a reader's copy differs too little to be mailed again. One that is no longer kept differs."""
    if not state.edition(edition.month, copy).is_dir():
        return False
    was = read_model(read_edition(state, edition.month, copy), entry["report_id"])
    now = read_model(edition, entry["report_id"])
    return was is not None and now is not None and is_small(was, now, share)
