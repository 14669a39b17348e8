"""The month: the order of its stages, written once. It reads like the list of them.

Does not belong here: what a stage does (`flows.stages`) and how it is called (`flows.execution`).
"""

from flows.execution import Caller, Progress, execute
from flows.stages.compose import compose
from flows.stages.land import inputs_by_extract, land_and_check
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
        months = call.one("measure", measure, run, inputs)
        composed = call.one("expect, compare and compose", compose, run, inputs, months, draft)
        if composed.unchanged:
            return unchanged_outcome(run, composed)
        rendered = call.each("render", render_batch, render_batches(run, composed, draft))
        return call.one("publish", publish_edition, run, composed, rendered, draft)


def run_month(run: MonthRun, progress: Progress | None = None) -> Outcome:
    """Make a month's edition with the caller the machine is configured for."""
    return execute(
        "monthly",
        str(run.month),
        lambda call: make_edition(run, call),
        neutral_folder=run.state.root,
        progress=progress,
    )
