"""What is expected since a person accepted a change: a re-basing with a new expectation, from the next month on.

Does not belong here: what a chart makes of a re-basing (`transforms.evidence`), and writing it down.
"""

from collections.abc import Iterator
from dataclasses import replace

from config.models import Decision
from transforms.expectations.rules import covers
from transforms.expectations.tables import Key, TableResult, Unused, Written
from transforms.expectations.world import World

DECISIONS_FILE = "decisions.csv"
_REBASE = "rebase"


def with_accepted(world: World, read: TableResult) -> TableResult:
    """The tables' values with accepted ones in place of what was set before the decision.

    An accepted value holds for months that begin after the decision: nobody is measured by what was not said before.
    What a table or rule sets on a later day takes its place again.
    """
    used, unused = dict(read.used), list(read.unused)
    for decision in sorted(world.config.decisions, key=lambda one: (one.decided_on, one.month)):
        for key in _keys(world, decision):
            before = used.get(key)
            if before is None or before.set_on is None or before.set_on <= decision.decided_on:
                used[key] = _written(decision, key)
                if before is not None:
                    unused.append(_replaced(world, before, decision))
    return replace(read, used=used, unused=tuple(unused))


def _keys(world: World, decision: Decision) -> Iterator[Key]:
    """The months a decision's value holds for; none where it has none, or was not known in the month reported."""
    unit = world.code_of.get((decision.unit_kind.value, decision.unit_id))
    known = decision.decided_on <= world.report_month.last_day
    if decision.kind != _REBASE or decision.value is None or unit is None or not known:
        return
    if decision.metric not in world.metrics:
        return
    metric = world.metrics.index(decision.metric)
    for at in world.positions:
        late = world.axis[at].first_day > decision.decided_on and world.axis[at] >= decision.month
        if late and world.exists[unit, at] and not _set_later(world, decision, (unit, metric, at)):
            yield unit, metric, at


def _set_later(world: World, decision: Decision, key: Key) -> bool:
    """Whether a rule speaks of it that was set after the decision."""
    return any(
        rule.set_on and rule.set_on > decision.decided_on and covers(world, rule, *key)
        for rule in world.config.expectations.rules
    )


def _written(decision: Decision, key: Key) -> Written:
    return Written(
        key=key, value=float(decision.value or 0), why=decision.reason, owner=decision.decided_by,
        set_on=decision.decided_on, parent=None, parent_text="", file=DECISIONS_FILE, table=-1, line=0,
        basis=f"the level accepted from {decision.month} on",
    )  # fmt: skip


def _replaced(world: World, one: Written, decision: Decision) -> Unused:
    unit, metric, at = one.key
    return Unused(
        world.kinds[unit], world.ids[unit], world.metrics[metric], world.axis[at], one.value, one.origin,
        f"a level accepted on {decision.decided_on} took its place",
    )  # fmt: skip
