"""Backfill: the editions of a range of months, made again as they could have been made then. Nothing is mailed.

Everything is landed and checked once, then the months are made, several at a time. A month that fails stops no other.
Does not belong here: how a month is made (`flows.monthly`), and what changed (`transforms.differences`).
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from config.errors import RefusedError, UsageError, YardstickError
from config.months import Month, months_between
from flows.clock import now_utc
from flows.execution import Caller, InProcess, Progress, execute
from flows.files import write_bytes
from flows.monthly import compose_month, make_unlocked
from flows.stages.code import code_version
from flows.stages.contents import read_contents
from flows.stages.land import land_and_check
from flows.stages.prepare import told_by_ledger
from flows.stages.publish import next_number
from flows.stages.recording import Record, open_ledger, recorded
from flows.stages.run import MonthRun
from flows.state.editions import draft_folder, newest_edition, read_edition
from flows.state.ledger import RunState
from flows.state.paths import StateRoot
from flows.workers import result_of
from transforms.differences import compare_editions

Task = TypeVar("Task")
Result = TypeVar("Result")
KIND, MONTH_KIND = "backfill", "backfill month"


@dataclass(frozen=True, slots=True)
class MonthOutcome:
    """What came of one month. Counts are against the edition that was there before; of a first edition there are none.

    `made` and `kept` are reports; in a dry run `made` would be. `fault` is why there is no edition of it.
    """

    month: Month
    edition: int | None = None
    new: bool = False
    first: bool = False
    made: int = 0
    kept: int = 0
    figures: int = 0
    statuses: int = 0
    expectations: int = 0
    recipients: int = 0
    fault: str = ""
    resumed: bool = False
    """It was made before the backfill was interrupted."""
    waiting: int = 0
    """Deliveries that wait for approval."""
    queued: int = 0
    stopped: int = 0
    """Deliveries of an earlier edition that were released, and go out no more since this one took its place."""


@dataclass(frozen=True, slots=True)
class BackfillOutcome:
    """What came of a backfill, oldest month first."""

    months: tuple[MonthOutcome, ...]
    dry_run: bool = False

    @property
    def failed(self) -> tuple[MonthOutcome, ...]:
        """Months of which there is no edition."""
        return tuple(one for one in self.months if one.fault)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for, as the ledger keeps it: a backfill goes on only where all of it is the same."""

    first: Month
    last: Month
    config_sha256: str
    dry_run: bool
    mail: bool

    @property
    def note(self) -> str:
        """As the ledger keeps it."""
        flags = "".join(f" {name}" for name, on in (("dry", self.dry_run), ("mail", self.mail)) if on)
        return f"{self.first}..{self.last} config {self.config_sha256[:12]} code {code_version()[:12]}{flags}"


def backfill_months(
    run: MonthRun, first: Month, last: Month, *, dry_run: bool = False, mail: bool = False,
    progress: Progress | None = None, clock: Callable[[], datetime] = now_utc,
) -> BackfillOutcome:  # fmt: skip
    """Make the editions of the months from `first` to `last`. `run` says from what and where; its month does not count.

    With `dry_run` nothing is published. With `mail` the editions' deliveries are prepared as those of a run: they wait
    for approval, or for the company's rule. Raises UsageError for months in the wrong order or not yet over,
    RefusedError where another run works on the state root.
    """
    if last < first:
        raise UsageError(f"{first} is later than {last}.", fix=f"Write the earlier month first: {last} {first}")
    today = run.config.company.day_of(run.pulled_at)
    if last.last_day >= today:
        raise RefusedError(f"{last} has not ended yet.", fix="Give months that have ended.")
    asked = _Asked(first, last, run.config.sha256, dry_run, mail)
    return execute(
        KIND,
        f"{first}-to-{last}",
        lambda call: _backfill(replace(run, month=last), asked, call, clock),
        neutral_folder=run.state.root,
        progress=progress,
    )


def _backfill(run: MonthRun, asked: _Asked, call: Caller, clock: Callable[[], datetime]) -> BackfillOutcome:
    with (
        run.state.locked(),
        recorded(run.config, run.state, KIND, asked.last, note=asked.note, clock=clock) as record,
        _scratch(run.state) as scratch,
        run.pool,
    ):
        done = set() if asked.dry_run else _still_as_made(run, _done_before(record, asked), call)
        due = [month for month in months_between(asked.first, asked.last) if month not in done]
        if due:
            # Once for all: what the months have in common is then there for each of them.
            call.each("land and check", land_and_check, [(run, name) for name in run.config.extracts])
        made = {one.month: one for one in _each(run, asked, due, record.id, scratch, call)}
    outcomes = [made.get(month) or _resumed(run, month) for month in months_between(asked.first, asked.last)]
    return BackfillOutcome(tuple(outcomes), asked.dry_run)


def _scratch(state: StateRoot) -> "tempfile.TemporaryDirectory[str]":
    """Facts of the months while they are made; left by one that was killed it is cleared by the next."""
    for old in state.root.glob(".backfill-*"):
        shutil.rmtree(old, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=".backfill-", dir=state.root, ignore_cleanup_errors=True)


def _done_before(record: Record, asked: _Asked) -> set[Month]:
    """Months made by a backfill of the same request that was interrupted, and not by one that ended."""
    done: set[Month] = set()
    runs = record.ledger.runs()
    for line in reversed([one for one in runs if one.kind == KIND and one.id != record.id]):
        if line.note != asked.note:
            continue
        if line.state is RunState.DONE:
            break
        children = [one for one in runs if one.kind == MONTH_KIND and one.parent == line.id]
        done |= {one.month for one in children if one.state is RunState.DONE and one.month is not None}
    return done


def _still_as_made(run: MonthRun, months: set[Month], call: Caller) -> set[Month]:
    """Those of the months of which the sources say what they said when their edition was made.

    They are pulled once more: rows may have come in since the interruption. A month whose edition was left as it was
    may count as changed; making it again then finds it unchanged.
    """
    ordered = sorted(months)
    alone = replace(run, threads=1, workers=1)
    tasks = [(replace(alone, month=month),) for month in ordered]
    same = _at_once(run, "look for rows that came late", _as_made, tasks, call) if tasks else []
    return {month for month, as_made in same if as_made}


def _as_made(run: MonthRun) -> tuple[Month, bool]:
    edition = newest_edition(run.state, run.month)
    if edition is None:
        return run.month, False
    try:
        landings = [landing for name in run.config.extracts for landing in land_and_check(run, name).landings]
    except YardstickError:
        return run.month, False  # making it says what is wrong
    now = {(str(one.month), one.extract, one.sha256) for one in landings}
    then = {(line["month"], line["extract"], line["sha256"]) for line in edition.manifest["inputs"]}
    return run.month, now == then


def _resumed(run: MonthRun, month: Month) -> MonthOutcome:
    edition = newest_edition(run.state, month)
    number = edition.number if edition else None
    return MonthOutcome(month, edition=number, resumed=True)


def _each(
    run: MonthRun, asked: _Asked, due: Sequence[Month], parent: int, scratch: str, call: Caller
) -> list[MonthOutcome]:
    """Each month, several at a time where there are workers; progress as they come."""
    alone = replace(run, threads=1, workers=1, backfill=not asked.mail)
    tasks = [(_Task(replace(alone, month=month), asked.dry_run, parent, Path(scratch)),) for month in due]
    return _at_once(run, "make months", _make, tasks, call)


def _at_once(
    run: MonthRun, stage: str, function: Callable[[Task], Result], tasks: Sequence[tuple[Task]], call: Caller
) -> list[Result]:
    """Call for each of the tasks, several at a time where there are workers; in the order in which they end."""
    if run.pool.count == 1 or len(tasks) == 1:
        return call.each(stage, function, tasks)
    waiting = as_completed([run.pool.submit(function, *task) for task in tasks])
    return call.each(stage, lambda: result_of(next(waiting), stage), [()] * len(tasks))


@dataclass(frozen=True, slots=True)
class _Task:
    """One month to make, in a worker."""

    run: MonthRun
    dry_run: bool
    parent: int
    scratch: Path


def _make(task: _Task) -> MonthOutcome:
    """Make one month with facts of its own: other months are being measured at the same time.

    What is known of earlier months is taken over; the month's own facts are given back when it is done.
    """
    run, month = task.run, task.run.month
    own = replace(run.state, facts_home=task.scratch / f"facts-{month}")
    if run.state.facts_folder.is_dir():
        shutil.copytree(run.state.facts_folder, own.facts_folder, dirs_exist_ok=True)
    alone = replace(run, state=own)
    try:
        outcome = _would_make(alone) if task.dry_run else _made(alone, task.parent)
    except YardstickError as error:
        return MonthOutcome(month, fault=str(error))
    if not task.dry_run:
        for name in ("facts.parquet", "facts.json"):
            source = own.facts(month).with_name(name)
            write_bytes(run.state.facts(month).with_name(name), source.read_bytes())
    shutil.rmtree(own.facts_folder, ignore_errors=True)
    return outcome


def _would_make(run: MonthRun) -> MonthOutcome:
    before = newest_edition(run.state, run.month)
    with open_ledger(run.config, run.state) as ledger:
        run = told_by_ledger(run, ledger)
    with run.pool, draft_folder(run.state, run.month) as draft:
        composed, _ = compose_month(run, InProcess(), draft)
    changed = sum(report.changed for report in composed.reports)
    return MonthOutcome(
        run.month,
        edition=before.number if before and composed.unchanged else next_number(run),
        new=not composed.unchanged,
        first=before is None,
        made=changed,
        kept=len(composed.reports) - changed,
    )


def _made(run: MonthRun, parent: int) -> MonthOutcome:
    before = newest_edition(run.state, run.month)
    outcome = make_unlocked(run, InProcess(), MONTH_KIND, parent)
    found = MonthOutcome(
        run.month, edition=outcome.number, new=outcome.new, first=before is None, made=outcome.made, kept=outcome.kept
    )
    if outcome.prepared is not None:
        prepared = outcome.prepared
        found = replace(found, waiting=prepared.waiting, queued=prepared.queued, stopped=prepared.stopped)
    if before is None or not outcome.new:
        return found
    after = read_edition(run.state, run.month, outcome.number)
    differences = compare_editions(*read_contents(run.state, before, after, run.config), run.month)
    return replace(
        found,
        figures=len(differences.figures),
        statuses=len(differences.statuses),
        expectations=len(differences.expectations),
        recipients=len(differences.recipients),
    )
