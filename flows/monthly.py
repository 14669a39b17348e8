"""The month: the order of its stages, written once. It reads like the list of them.

Does not belong here: what a stage does (`flows.stages`) and how it is called (`flows.execution`).
"""

from dataclasses import replace
from pathlib import Path

from flows.clock import now_utc
from flows.execution import Caller, Progress, execute
from flows.stages.artifacts import checks_key, checks_table
from flows.stages.check_month import CheckOutcome, conclude
from flows.stages.compose import Composed, compose
from flows.stages.judge import judge, judge_whatever
from flows.stages.land import inputs_by_extract, land_and_check
from flows.stages.looked import Looked, look
from flows.stages.measure import measure
from flows.stages.prepare import prepare_outcome, told_by_ledger
from flows.stages.publish import (
    Outcome,
    next_number,
    publish_edition,
    render_batch,
    render_batches,
    unchanged_outcome,
)
from flows.stages.recording import recorded
from flows.stages.remake import Remade, Remake, compare_remade, remake_batches
from flows.stages.run import MonthRun
from flows.stages.sending import Sending, transport_of
from flows.state.editions import draft_folder
from flows.state.ledger import Ledger


def make_edition(run: MonthRun, call: Caller) -> Outcome:
    """Land, check, measure, expect, compare, compose, render and publish a month.

    Nothing is sent. Raises RefusedError where the data forbids an edition; then nothing has been published.
    """
    with run.state.locked():
        return make_unlocked(run, call, "run")


def make_unlocked(run: MonthRun, call: Caller, kind: str, parent: int | None = None) -> Outcome:
    """The same where the state root is held already. `kind` and `parent` are what the ledger is told of the run."""
    with (
        recorded(run.config, run.state, kind, run.month, parent=parent) as record,
        run.pool,
        draft_folder(run.state, run.month) as draft,
    ):
        left = settle_abandoned(run, record.ledger)
        run = told_by_ledger(run, record.ledger)
        composed, looked = compose_month(run, call, draft)
        if composed.unchanged:
            outcome = unchanged_outcome(run, composed)
        else:
            rendered = call.each("render", render_batch, render_batches(run, composed, draft))
            record.making(next_number(run))
            outcome = call.one("publish", publish_edition, run, composed, looked, rendered, draft)
        prepared = call.one("prepare deliveries", prepare_outcome, run, record.ledger, outcome)
        return replace(outcome, prepared=prepared, warnings=(*record.told(), *left, *outcome.warnings))


def settle_abandoned(run: MonthRun, ledger: Ledger) -> tuple[str, ...]:
    """Settle what senders left that died, since it decides who has a copy; what is uncertain by that, a line each."""
    if not ledger.abandoned(now_utc()):
        return ()
    sending = Sending(run.config, run.state, ledger, transport_of(run.config, run.state))
    sending.recover()
    return tuple(sending.faults)


def compose_month(run: MonthRun, call: Caller, draft: Path) -> tuple[Composed, Looked]:
    """Everything up to the report models, in a draft."""
    extracts = [(run, name) for name in run.config.extracts]
    inputs = inputs_by_extract(call.each("land and check", land_and_check, extracts))
    judged = call.one("judge", judge, run, inputs)
    looked = call.one("look", look, run, inputs, judged)
    call.publish_table(checks_key(looked), checks_table(looked))
    months = call.one("measure", measure, run, inputs, judged.failed)
    return call.one("expect, compare and compose", compose, run, inputs, judged, months, draft), looked


def run_month(run: MonthRun, progress: Progress | None = None) -> Outcome:
    """Make a month's edition with the caller the machine is configured for."""
    return execute(
        "monthly",
        str(run.month),
        lambda call: make_edition(run, call),
        neutral_folder=run.state.root,
        progress=progress,
    )


def remake_edition(again: Remake, call: Caller) -> Remade:
    """Land, check, measure, expect, compare, compose and render an edition again from what its manifest lists."""
    run = again.run
    with run.state.locked(), run.pool, draft_folder(run.state, run.month) as draft:
        composed, _ = compose_month(run, call, draft)
        rendered = call.each("render", render_batch, remake_batches(again, composed, draft))
        return call.one("hold against the manifest", compare_remade, again, composed, rendered, draft)


def remake_month(again: Remake, neutral_folder: Path, progress: Progress | None = None) -> Remade:
    """Make an edition again with the caller the machine is configured for."""
    return execute(
        "remake",
        str(again.run.month),
        lambda call: remake_edition(again, call),
        neutral_folder=neutral_folder,
        progress=progress,
    )


def check_edition(run: MonthRun, call: Caller) -> CheckOutcome:
    """Land and check a month, and write what was found as a page. Raises RefusedError where hr cannot be landed."""
    with run.state.locked(), run.pool:
        extracts = [(run, name) for name in run.config.extracts]
        inputs = inputs_by_extract(call.each("land and check", land_and_check, extracts))
        judged = call.one("judge", judge_whatever, run, inputs)
        looked = call.one("look", look, run, inputs, judged)
        call.publish_table(checks_key(looked), checks_table(looked))
        return call.one("conclude", conclude, run, inputs, judged, looked)


def check_month(run: MonthRun, progress: Progress | None = None) -> CheckOutcome:
    """Check a month with the caller the machine is configured for."""
    return execute(
        "check",
        str(run.month),
        lambda call: check_edition(run, call),
        neutral_folder=run.state.root,
        progress=progress,
    )
