"""What a report says first: its headline, and what its reader has to do.

Does not belong here: which findings there are.
"""

from collections.abc import Sequence

from transforms.report_model import Sense
from transforms.wording.shifts import CONDITIONS, Shift
from transforms.wording.signals import Reading, signal_sense, unusual_in_words
from transforms.wording.statuses import AHEAD, AS_EXPECTED, BELOW, Verdict, named
from transforms.wording.words import capital, counted, listed, lowered, ordinal

_TOLD_AT_MOST = 2
_ASKED_AT_MOST = 3


def headline(verdicts: Sequence[Verdict], readings: Sequence[Reading] = (), shifts: Sequence[Shift] = ()) -> str:
    """One sentence on the month that these statuses can carry.

    `readings` of the charts are told where no status is ahead or below, `shifts` where what is below moved together
    with the others.
    """
    below = [verdict for verdict in verdicts if verdict.status == BELOW]
    ahead = [verdict for verdict in verdicts if verdict.status == AHEAD]
    usual = [verdict for verdict in verdicts if verdict.status == AS_EXPECTED]
    shown = [verdict for verdict in verdicts if not verdict.withheld]
    if not below and not ahead and not usual:
        if not verdicts:
            return "No measure has a figure this month."
        if not shown:
            return "Every measure is withheld this month; the reason stands beside each."
        return f"{capital(counted(len(shown), 'measure is', 'measures are'))} shown; none can be judged yet."
    parts = []
    if below:
        parts.append(f"{named(below)} {_are(below)} {BELOW} what was expected")
    if ahead:
        parts.append(f"{named(ahead)} {_are(ahead)} {AHEAD} of what was expected")
    if not parts:
        return _all_usual(usual) + _in_its_course(readings)
    rest = f"; {counted(len(usual), 'other measure is', 'other measures are')} {AS_EXPECTED}" if usual else ""
    return f"{capital(listed(parts))}, by more than usual variation{_together(below, shifts)}{rest}."


def _are(verdicts: Sequence[Verdict]) -> str:
    return "is" if len(verdicts) == 1 else "are"


def _all_usual(usual: Sequence[Verdict]) -> str:
    if len(usual) == 1:
        return f"{capital(lowered(usual[0].label))} is {AS_EXPECTED}: the difference is within its usual variation."
    return f"All {len(usual)} measures that can be judged are {AS_EXPECTED}: no difference is larger than usual."


def _in_its_course(readings: Sequence[Reading]) -> str:
    """What the charts call unusual though its status is as expected: concerning first."""
    order = {Sense.WORSE: 0, Sense.BETTER: 1, Sense.NONE: 2}
    found = [reading for reading in readings if unusual_in_words(reading)]
    found = sorted(found, key=lambda reading: order[signal_sense(reading)])
    if not found:
        return ""
    told = [f"{lowered(reading.label)} ({unusual_in_words(reading)})" for reading in found[:_TOLD_AT_MOST]]
    more = [f"{len(found) - _TOLD_AT_MOST} more"] if len(found) > _TOLD_AT_MOST else []
    return f" Unusual in its own course: {listed([*told, *more])}."


def _together(below: Sequence[Verdict], shifts: Sequence[Shift]) -> str:
    """That what is below moved together with the others."""
    moved = {shift.label for shift in shifts if shift.cause == CONDITIONS and shift.sense is Sense.WORSE}
    labels = [verdict.label for verdict in below if verdict.label in moved]
    if not labels:
        return ""
    which = "it" if len(below) == 1 else listed([lowered(label) for label in labels])
    return f"; others moved together with {which}, so look at the conditions before the people"


def to_do(
    verdicts: Sequence[Verdict], reviews: Sequence[str], *, reader_is_manager: bool, proposed: Sequence[Shift] = ()
) -> tuple[str, ...]:
    """What the reader has to do: misses to talk about, expectations to review, new levels to decide on, what is held.

    `proposed` are the shifts whose new level waits for a person's decision.
    """
    lines = [
        f"{verdict.label}: {BELOW} for the {ordinal(verdict.months_below)} month. "
        + ("What will you change first?" if reader_is_manager else "What would help?")
        for verdict in verdicts
        if verdict.status == BELOW and verdict.months_below > 1
    ]
    held = [lowered(verdict.label) for verdict in verdicts if verdict.withheld]
    lines += [f"Review with the owner: {review}" for review in reviews]
    if proposed and reader_is_manager:
        lines.append(f"Decide whether this is the new level: {_levels(proposed)}.")
    if held:
        lines.append(f"Withheld this month: {listed(held)}; the reason stands beside each.")
    return tuple(lines)


def _levels(proposed: Sequence[Shift]) -> str:
    told = [
        f"{lowered(shift.label)}{f' of {shift.whose}' if shift.whose else ''} since {shift.since}" for shift in proposed
    ]
    more = [f"{len(told) - _ASKED_AT_MOST} more"] if len(told) > _ASKED_AT_MOST else []
    return listed([*told[:_ASKED_AT_MOST], *more])
