"""Standing texts that say what the words and marks of a report mean, and small sentences about figures.

Does not belong here: any sentence that judges.
"""

from transforms.wording.statuses import AHEAD, BELOW, Verdict
from transforms.wording.words import capital, counted

STATUS_NOTE = (
    f"{capital(AHEAD)} and {BELOW} are said only where natural variation makes such a difference, or run of "
    "differences, less than 5% likely over all that is looked at. A bare miss is as expected. No status triggers "
    "anything by itself: it opens a conversation, and the person concerned can contest it."
)
LEGEND = (
    "Dark line: actual. Dashed: expectation. Light: the year before. A difference has a colour only where it is more "
    "than usual variation (▲ better, ▼ worse); otherwise it is grey."
)
LEGEND_OF_RANGES = (
    "Dark line: actual, grey before a person re-based it. Dashed: expectation. Band and thin line: its natural range "
    "and mean. Dots are unusual months: full worse, open better, black where no direction is better. A difference has "
    "a colour only where it is more than usual variation (▲ better, ▼ worse)."
)
ASSUMED_ORGANISATION_NOTE = (
    "The hr source knows only today's organisation. It is assumed to have been the same in every month shown."
)


def rebase_note(commands: str) -> str:
    """How the operator writes a person's decision down."""
    return f"Once a person accepts a new level, whoever runs these reports writes it down: {commands}"


def interval_text(low: str, high: str) -> str:
    """Between which figures a true one likely lies."""
    return f"{low}–{high}"


def interval_note(rows: int, low: str, high: str) -> str:
    """7 rows: any value from 52 to 98 is likely."""
    return f"{counted(rows, 'row', 'rows')}: any value from {low} to {high} is likely."


def interval_alt(verdict: Verdict, rows: int, low: str, high: str) -> str:
    """What a bullet shows where its figure is made from few rows."""
    expected = f" Expected {verdict.expected}." if verdict.expected else ""
    return f"{verdict.label}: {interval_note(rows, low, high)}{expected}"


def parts_note(rate: bool) -> str:
    """What the parts of a difference to the year before mean."""
    if rate:
        return (
            "Mix: a segment's share of all cases changed. Rate: the figure within the segment changed. The two add up "
            "to the total's difference, which says nothing yet of usual variation or cause."
        )
    return (
        "Volume: another number of rows at the average of each. Mix: other shares of the segments. Rate: another "
        "amount a row within a segment. They add up to the total's difference, which says nothing yet of usual "
        "variation or cause."
    )
