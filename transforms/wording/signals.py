"""What a control chart says, in words: natural range, unusual, as usual.

Each function needs the chart's reading. Does not belong here: the rules of a chart (`transforms.signals`), colours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from transforms.report_model import Sense, SignalIcon
from transforms.wording.words import listed

IMPROVING: Final = "improving"
CONCERNING: Final = "concerning"
UNUSUAL: Final = "unusual"
COMMON: Final = "common"
OUTSIDE, RUN, TREND_RULE, NEAR = "outside", "run", "trend", "near"

FEWEST_TOLD: Final = 4
"""A run of fewer months is not counted out: what makes it unusual is its course after the season and trend."""
_SENSES = {IMPROVING: Sense.BETTER, CONCERNING: Sense.WORSE}
_SHORT_REASON = 60
_ASSURANCES = {
    "always met": "Such months nearly always meet the expectation.",
    "always missed": "Such months nearly always miss the expectation.",
    "inconsistent": "Whether such months meet the expectation is chance.",
}


@dataclass(frozen=True, slots=True)
class Rebased:
    """The evidence of a re-basing: what a person decided. All as written: June 2025, 3 July 2025."""

    month: str
    by: str
    on: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The evidence a sentence on a signal stands on: what the chart of one unit's metric says of its latest month.

    `high`: on the upper side of the mean, for a trend rising. `run`: so many months. `lower` and `upper` as written,
    with their unit; empty where there is no natural range. `months`: how many it is measured on.
    """

    label: str
    signal: str
    rule: str = ""
    high: bool = False
    run: int = 0
    adjusted_for: tuple[str, ...] = ()
    assurance: str = ""
    lower: str = ""
    upper: str = ""
    months: int = 0
    rebased: Rebased | None = None


def signal_sense(reading: Reading) -> Sense:
    """Colour for a signal: only improving and concerning have one."""
    return _SENSES.get(reading.signal, Sense.NONE)


def is_unusual(reading: Reading) -> bool:
    """Whether the chart found a special cause."""
    return reading.signal in {IMPROVING, CONCERNING, UNUSUAL}


def signal_icon(reading: Reading) -> SignalIcon:
    """Which picture stands beside the words."""
    if is_unusual(reading):
        return SignalIcon(f"{reading.signal}-{'high' if reading.high else 'low'}")
    return SignalIcon.COMMON if reading.signal == COMMON else SignalIcon.NONE


def unusual_in_words(reading: Reading) -> str:
    """What is unusual: 7 months low. Empty where nothing is."""
    if not is_unusual(reading):
        return ""
    side = "high" if reading.high else "low"
    way = "rising" if reading.high else "falling"
    if reading.rule == OUTSIDE:
        return f"{'above' if reading.high else 'below'} its natural range"
    if reading.rule == NEAR:
        return f"2 of 3 months very {side}"
    if reading.rule == TREND_RULE:
        return f"{reading.run} months {way}" if reading.run >= FEWEST_TOLD else f"{way} for months"
    return f"{reading.run} months {side}" if reading.run >= FEWEST_TOLD else f"{side} for months"


def signal_text(reading: Reading) -> str:
    """A signal as it is printed: unusual: 7 months low; as usual; as usual since the new level."""
    since = " since the new level" if reading.rebased else ""
    if is_unusual(reading):
        return f"unusual{since}: {unusual_in_words(reading)}"
    if reading.signal == COMMON:
        return f"as usual{since}"
    return f"no natural range yet{since}"


def signal_since(reading: Reading) -> str:
    """Who re-based it, from when, and, where it is short, why: (Service manager, June 2025: new service desk)."""
    rebased = reading.rebased
    if rebased is None:
        return ""
    reason = rebased.reason.rstrip(".")
    why = f": {reason}" if len(reason) <= _SHORT_REASON else ""
    return f"({rebased.by}, {rebased.month}{why})"


def allowing_for(adjusted_for: Sequence[str]) -> str:
    """What mean and limits follow, in words."""
    words = {"season": "the season", "trend": "the trend", "autocorrelation": "how one month carries over to the next"}
    return f"allowing for {listed([words.get(one, one) for one in adjusted_for])}" if adjusted_for else ""


def range_in_words(reading: Reading) -> str:
    """The natural range with what it allows for; empty where there is none."""
    if not reading.lower or not reading.upper:
        return ""
    allowing = allowing_for(reading.adjusted_for)
    return f"natural range {reading.lower} to {reading.upper}{f', {allowing}' if allowing else ''}"


def signal_alt(reading: Reading) -> str:
    """The sentence that a chart's alternative text adds for its signal."""
    found = " ".join(part for part in (signal_text(reading), signal_since(reading)) if part)
    ranged = range_in_words(reading)
    assurance = _ASSURANCES.get(reading.assurance, "")
    return " ".join(part for part in (f"Signal: {found}{f'; {ranged}' if ranged else ''}.", assurance) if part)


_RULES = {
    OUTSIDE: "the month lies outside the natural range",
    RUN: "so many months in a row lie on one side of the mean",
    TREND_RULE: "so many months in a row go one way",
    NEAR: "two of three months lie in the outer third of the natural range, on one side",
}


def signal_rule(reading: Reading) -> str:
    """By which rule a signal was given, and from what."""
    ranged = range_in_words(reading)
    if not ranged:
        return "No natural range yet: too few months, or none that differ."
    found = f"Unusual: {_RULES[reading.rule]}" if is_unusual(reading) and reading.rule in _RULES else "As usual"
    rebased = reading.rebased
    measured, since = f"{ranged}, from {reading.months} months", ""
    if rebased:
        measured = f"{ranged}, from the months since {rebased.month}"
        since = f" Re-based from {rebased.month} by {rebased.by}, {rebased.on}: {rebased.reason.rstrip('.')}."
    assurance = _ASSURANCES.get(reading.assurance, "")
    return f"{found} ({measured}).{since}{f' {assurance}' if assurance else ''}"
