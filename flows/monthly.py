"""The month: the order of its stages, written once. It reads like the list of them.

Does not belong here: what a stage does (`flows.stages`) and how it is called (`flows.execution`).
"""

from flows.execution import Caller, Progress, execute
from flows.stages.artifacts import checks_key, checks_table
from flows.stages.check_month import CheckOutcome, conclude
from flows.stages.compose import compose
from flows.stages.judge import judge, judge_whatever
from flows.stages.land import inputs_by_extract, land_and_check
from flows.stages.looked import look
from flows.stages.measure import measure
from flows.stages.publish import Outcome, publish_edition, render_batch, render_batches, unchanged_outcome
from flows.stages.run import MonthRun
from flows.state.editions import draft_folder


def make_edition(run: MonthRun, call: Caller) -> Outcome:
    """Land, check, measure, expect, compare, compose, render and publish a month.

    Nothing is sent. Raises RefusedError where the data forbids an edition; then nothing has been published.
    """
    with run.state.locked(), run.pool, draft_folder(run.state, run.month) as draft:
        extracts = [(run, name) for name in run.config.extracts]
        inputs = inputs_by_extract(call.each("land and check", land_and_check, extracts))
        judged = call.one("judge", judge, run, inputs)
        looked = call.one("look", look, run, inputs, judged)
        call.publish_table(checks_key(looked), checks_table(looked))
        months = call.one("measure", measure, run, inputs, judged.failed)
        composed = call.one("expect, compare and compose", compose, run, inputs, judged, months, draft)
        if composed.unchanged:
            return unchanged_outcome(run, composed)
        rendered = call.each("render", render_batch, render_batches(run, composed, draft))
        return call.one("publish", publish_edition, run, composed, looked, rendered, draft)


def run_month(run: MonthRun, progress: Progress | None = None) -> Outcome:
    """Make a month's edition with the caller the machine is configured for."""
    return execute(
        "monthly",
        str(run.month),
        lambda call: make_edition(run, call),
        neutral_folder=run.state.root,
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
