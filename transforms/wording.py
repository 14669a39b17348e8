"""Findings into sentences: the only place that may say ahead, above, below, improved, declined, best or worst.

Each function needs the finding as evidence. A sentence says what the data says and then what to ask; it never claims
what a status does not carry, and blames nobody. Does not belong here: figures' formats (`transforms.formats`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from transforms.report_model import Sense

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


def listed(words: Sequence[str]) -> str:
    """A, B and C."""
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def ordinal(number: int) -> str:
    """2nd, 3rd, 11th."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def counted(number: int, one: str, many: str) -> str:
    """1 person, 2 people."""
    return f"{number} {one if number == 1 else many}"


def found_by_checks(findings: int, critical: int, rows: int, rows_written: str) -> str:
    """What the checks of an extract found: 2 findings, none critical; 3 rows set aside."""
    found = "no finding"
    if findings:
        how = f"{critical} critical" if critical else ("none critical" if findings > 1 else "not critical")
        found = f"{counted(findings, 'finding', 'findings')}, {how}"
    return f"{found}; {rows_written} {'row' if rows == 1 else 'rows'} set aside" if rows else found


def lacking_rows(extract: str, rows: int, rows_written: str, of_written: str) -> str:
    """That a unit's figures lack rows of its own."""
    were, lack = ("was", "lack it") if rows == 1 else ("were", "lack them")
    return f"{rows_written} of the {of_written} {extract} rows behind this report {were} set aside: its figures {lack}."


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


def _named(verdicts: Sequence[Verdict]) -> str:
    labels = [lowered(verdict.label) for verdict in verdicts]
    if len(labels) <= _NAMED_AT_MOST:
        return listed(labels)
    return listed([*labels[: _NAMED_AT_MOST - 1], f"{len(labels) - _NAMED_AT_MOST + 1} more"])


def lowered(label: str) -> str:
    """A label inside a sentence: its first letter small, unless it is an abbreviation or quoted."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _are(verdicts: Sequence[Verdict]) -> str:
    return "is" if len(verdicts) == 1 else "are"


def headline(verdicts: Sequence[Verdict]) -> str:
    """One sentence on the month that these statuses can carry."""
    below = [verdict for verdict in verdicts if verdict.status == BELOW]
    ahead = [verdict for verdict in verdicts if verdict.status == AHEAD]
    usual = [verdict for verdict in verdicts if verdict.status == AS_EXPECTED]
    shown = [verdict for verdict in verdicts if not verdict.withheld]
    if not below and not ahead and not usual:
        if not verdicts:
            return "No measure has a figure this month."
        if not shown:
            return "Every measure is withheld this month; the reason stands beside each."
        return f"{_capital(counted(len(shown), 'measure is', 'measures are'))} shown; none can be judged yet."
    parts = []
    if below:
        parts.append(f"{_named(below)} {_are(below)} {BELOW} what was expected")
    if ahead:
        parts.append(f"{_named(ahead)} {_are(ahead)} {AHEAD} of what was expected")
    if not parts:
        if len(usual) == 1:
            return (
                f"{_capital(lowered(usual[0].label))} is {AS_EXPECTED}: the difference is within its usual variation."
            )
        return f"All {len(usual)} measures that can be judged are {AS_EXPECTED}: no difference is larger than usual."
    rest = f"; {counted(len(usual), 'other measure is', 'other measures are')} {AS_EXPECTED}" if usual else ""
    return f"{_capital(listed(parts))}, by more than usual variation{rest}."


def to_do(verdicts: Sequence[Verdict], reviews: Sequence[str], *, reader_is_manager: bool) -> tuple[str, ...]:
    """What the reader has to do: withheld figures to know of, repeated misses to talk about, expectations to review."""
    lines = [
        f"{verdict.label}: {BELOW} for the {ordinal(verdict.months_below)} month. "
        + ("What will you change first?" if reader_is_manager else "What would help?")
        for verdict in verdicts
        if verdict.status == BELOW and verdict.months_below > 1
    ]
    held = [lowered(verdict.label) for verdict in verdicts if verdict.withheld]
    lines += [f"Review with the owner: {review}" for review in reviews]
    if held:
        lines.append(f"Withheld this month: {listed(held)}; the reason stands beside each.")
    return tuple(lines)


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
        return f"{_named(below)} {BELOW}{lasting}", Sense.WORSE
    if ahead:
        return f"{_named(ahead)} {AHEAD}", Sense.BETTER
    return "", Sense.NONE


STATUS_NOTE = (
    f"{_capital(AHEAD)} and {BELOW} are said only where natural variation makes such a difference, or run of "
    "differences, less than 5% likely over all that is looked at. A bare miss is as expected. No status triggers "
    "anything by itself: it opens a conversation, and the person concerned can contest it."
)
LEGEND = (
    "Dark line: actual. Dashed: expectation. Light: the year before. A difference has a colour only where it is more "
    "than usual variation (▲ better, ▼ worse); otherwise it is grey."
)
ASSUMED_ORGANISATION_NOTE = (
    "The hr source knows only today's organisation. It is assumed to have been the same in every month shown."
)
