"""Statuses into words: headline, what is to do, alternative texts of charts, a person's remark.

Does not belong here: how a status is given (`transforms.statuses`), and what charts and changes show.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from transforms.report_model import Sense
from transforms.wording.words import listed, lowered, ordinal

AHEAD, AS_EXPECTED, BELOW = "ahead", "as expected", "below"
ON_THE_RAMP, TOO_LITTLE, NO_STATUS, NO_EXPECTATION = "on the ramp", "too little data", "none", ""
JUDGED = (AHEAD, AS_EXPECTED, BELOW)

STAGE_LABELS = {"result": "Results", "action": "Actions", "belief": "Beliefs", "experience": "Experiences"}
_NAMED_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """The evidence a sentence stands on: one metric's status of one unit, as `transforms.compare` found it."""

    label: str
    status: str
    stage: str = "result"
    sense: Sense = Sense.NONE
    carried: bool = False
    months_below: int = 0
    actual: str = ""
    expected: str = ""
    difference: str = ""
    withheld: str = ""


def status_text(verdict: Verdict) -> str:
    """A status as it is printed, with how many months it has lasted."""
    if verdict.withheld:
        return "withheld"
    if verdict.status == BELOW and verdict.months_below > 1:
        return f"{BELOW}, {ordinal(verdict.months_below)} month"
    return {NO_STATUS: "no status", NO_EXPECTATION: "no expectation"}.get(verdict.status, verdict.status)


def is_status(text: str, status: str) -> bool:
    """Whether a status as printed is this one: it may say more, as *below, 3rd month*."""
    return text == status or text.startswith(f"{status},")


def status_sense(verdict: Verdict) -> Sense:
    """Colour for a status: only ahead and below have one."""
    return {AHEAD: Sense.BETTER, BELOW: Sense.WORSE}.get(verdict.status, Sense.NONE)


def named(verdicts: Sequence[Verdict]) -> str:
    """The labels of findings inside a sentence: the first few, and how many more."""
    labels = [lowered(verdict.label) for verdict in verdicts]
    if len(labels) <= _NAMED_AT_MOST:
        return listed(labels)
    return listed([*labels[: _NAMED_AT_MOST - 1], f"{len(labels) - _NAMED_AT_MOST + 1} more"])


def chart_alt(verdict: Verdict, months: int, unit: str) -> str:
    """What a chart of months shows, for those who cannot see it, from the finding that colours it."""
    if verdict.withheld:
        return f"{verdict.label}: withheld, {verdict.withheld}."
    expected = f", expected {verdict.expected}" if verdict.expected else ""
    unit_text = f" {unit}" if unit else ""
    return f"{verdict.label}, {months} months: {verdict.actual}{unit_text}{expected}; {status_text(verdict)}."


def difference_alt(verdict: Verdict) -> str:
    """What a variance bar or bullet shows."""
    if not verdict.difference:
        return f"{verdict.label}: no difference can be shown."
    sense = {Sense.BETTER: "better", Sense.WORSE: "worse"}.get(verdict.sense, "no direction")
    carried = "more than usual variation" if verdict.carried else "within usual variation"
    return f"{verdict.label}: {verdict.difference} against the expectation, {sense}, {carried}."


def discussion(verdict: Verdict) -> str:
    """What the data says of one person's metric, in one sentence."""
    figures = f"{verdict.label}: {verdict.actual}" + (f", expected {verdict.expected}" if verdict.expected else "")
    if verdict.withheld:
        return f"{verdict.label}: withheld ({verdict.withheld})."
    if verdict.status == BELOW:
        lasting = f", {ordinal(verdict.months_below)} month" if verdict.months_below > 1 else ""
        return f"{figures}; {BELOW} by more than usual variation{lasting}."
    if verdict.status == AHEAD:
        return f"{figures}; {AHEAD} by more than usual variation."
    return f"{figures}; {status_text(verdict)}."


OPEN_QUESTIONS = {
    "result": "What do you see behind this number?",
    "action": "What did you try this month, and what got in the way?",
    "belief": "What do you think makes the difference here?",
    "experience": "What have you experienced lately that I should change first?",
}
"""Open and not leading, from the result backwards to the experience."""


def person_remark(verdicts: Sequence[Verdict]) -> tuple[str, Sense]:
    """The line beside a person's name in the conversations: what is due, if anything."""
    below = [verdict for verdict in verdicts if verdict.status == BELOW]
    ahead = [verdict for verdict in verdicts if verdict.status == AHEAD]
    if below:
        months = max(verdict.months_below for verdict in below)
        lasting = f" for the {ordinal(months)} month" if months > 1 else ""
        return f"{named(below)} {BELOW}{lasting}", Sense.WORSE
    if ahead:
        return f"{named(ahead)} {AHEAD}", Sense.BETTER
    return "", Sense.NONE
