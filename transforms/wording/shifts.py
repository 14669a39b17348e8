"""Lasting shifts, and actions repeated without one, in words.

Each function needs the shift that was found. Whose it is, is said as the finding says; what happened at the time is
told as a coincidence. Does not belong here: finding shifts (`transforms.change`).
"""

from dataclasses import dataclass
from typing import Final

from transforms.report_model import Sense
from transforms.wording.signals import Rebased
from transforms.wording.words import capital, listed, lowered

OWN: Final = "own"
CONDITIONS: Final = "conditions"
BOTH: Final = "both"
MEMBERS: Final = "members"
ACCEPTED: Final = "accepted"
ALL: Final = "all"
"""In place of a share: each of them, or the whole."""
TREND_KIND: Final = "trend"

SHIFTS_NOTE = (
    "A new level counts once a person accepts it and says why: tell whoever runs these reports. Nothing changes by "
    "itself."
)
SHIFTS_NOTE_TEAM = "A new level counts once a person accepts it and says why. Nothing changes by itself."


@dataclass(frozen=True, slots=True)
class Shift:
    """The evidence a sentence on a lasting shift stands on. Figures, months and shares as written.

    `whose`: the unit's name where it is not the report's own. `higher`: the level after is the greater one. `others`:
    whose numbers it was compared with (the other people in the company). `moved`: the share of them that moved, or all.
    `explained`: how much of the shift theirs makes. `changed`: how many of the unit's people came or went around it.
    `proposed`: what would be expected from now on.
    """

    label: str
    since: str
    before: str
    after: str
    kind: str = "level"
    whose: str = ""
    higher: bool = False
    difference: str = ""
    sense: Sense = Sense.NONE
    cause: str = ""
    others: str = "the others"
    moved: str = ""
    explained: str = ""
    changed: str = ""
    events: tuple[str, ...] = ()
    accepted: bool = False
    rebased: Rebased | None = None
    proposed: str = ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """The evidence that an action was recorded again and again without a shift. Months as written."""

    label: str
    action: str
    months: tuple[str, ...]


def shift_sense(shift: Shift) -> Sense:
    """Colour for a shift: none where other people stand behind the figure."""
    return Sense.NONE if shift.cause == MEMBERS else shift.sense


def shift_sentence(shift: Shift) -> str:
    """Lower since March 2026: 412 before, 356 after (−13.6%)."""
    difference = f" ({shift.difference})" if shift.difference else ""
    if shift.kind == TREND_KIND:
        return f"Another course since {shift.since}: {shift.before} before, {shift.after} after{difference}."
    if shift.cause == MEMBERS:
        return f"{shift.before} before {shift.since}, {shift.after} after{difference}."
    way = "Higher" if shift.higher else "Lower"
    return f"{way} since {shift.since}: {shift.before} before, {shift.after} after{difference}."


def shift_cause(shift: Shift) -> str:
    """Whose a shift is: person or conditions, as far as the finding says."""
    share = {"": shift.others, ALL: f"all {shift.others}"}.get(shift.moved, f"{shift.moved} of {shift.others}")
    if shift.cause == CONDITIONS:
        return f"Conditions: {share} moved in the same months{_explained(shift)}."
    if shift.cause == BOTH:
        return f"Partly conditions, partly its own: {share} moved in the same months{_explained(shift)}."
    if shift.cause == OWN:
        return f"Mostly its own: what {shift.others} did together makes up less than half of it."
    if shift.cause == MEMBERS:
        changed = f": {shift.changed} came or went around then" if shift.changed else ""
        return f"Its people changed{changed}. Not read as a change."
    if shift.cause == ACCEPTED:
        return ""
    return "Whose it is, is not known."


def _explained(shift: Shift) -> str:
    explained = "all" if shift.explained == ALL else shift.explained
    return f", which makes up {explained} of it" if explained else ""


def shift_events(shift: Shift) -> str:
    """What happened at the time: a coincidence."""
    if not shift.events:
        return ""
    told = "; ".join(event.rstrip(".") for event in shift.events)
    return f"In the same months: {told}. A coincidence in time, no cause."


def shift_proposal(shift: Shift) -> str:
    """What follows if a person accepts the new level."""
    if not is_proposed(shift):
        return ""
    baseline = f"Proposed: a new baseline from {shift.since}"
    if shift.kind == TREND_KIND:
        return f"{baseline}, with its own course."
    if shift.proposed == shift.after:
        return f"{baseline}, at {shift.after}, which would then be expected."
    expected = f" About {shift.proposed} would then be expected." if shift.proposed else ""
    return f"{baseline}, at {shift.after}.{expected}"


def is_proposed(shift: Shift) -> bool:
    """Whether a shift waits for a person's decision."""
    return not shift.accepted and shift.cause != MEMBERS


def shift_accepted(shift: Shift) -> str:
    """Who accepted the new level, when, and why."""
    if not shift.accepted:
        return ""
    if shift.rebased is None:
        return "Accepted as the new level."
    rebased = shift.rebased
    return f"Accepted from {rebased.month} on: {rebased.by}, {rebased.on}. {capital(rebased.reason.rstrip('.'))}."


def shift_alt(shift: Shift, months: int) -> str:
    """What the chart of a shift shows."""
    label = f"{shift.label}, {shift.whose}" if shift.whose else shift.label
    return f"{label}, {months} months. {shift_sentence(shift)} {shift_cause(shift)}".rstrip()


def shift_point(shift: Shift) -> str:
    """A shift of one person's number, for the conversation: what the data says, then what to ask."""
    told = [f"{shift.label}: {lowered(shift_sentence(shift))}", shift_cause(shift), shift_events(shift)]
    asked = "" if shift.cause == CONDITIONS or shift.accepted else "What has changed since then, on either side?"
    return " ".join(part for part in (*told, shift_accepted(shift), asked) if part)


def the_same_again(repeat: Repeat) -> str:
    """That an action is recorded again and again while its number stays within its natural variation."""
    return (
        f"The same again: {repeat.action.rstrip('.')}, for {lowered(repeat.label)}, in {listed(repeat.months)}. "
        "The number has not shifted since. What else could be tried?"
    )


def shift_earlier(shift: Shift) -> str:
    """An earlier shift of the same number, in a few words."""
    return f"Earlier: {lowered(shift_sentence(shift))}"
