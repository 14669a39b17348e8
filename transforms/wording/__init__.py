"""Findings into sentences: the only place that may say ahead, above, below, improved, declined, higher or lower.

Each function needs the finding as evidence. A sentence says what the data says and then what to ask; it never claims
what a finding does not carry, and blames nobody. Does not belong here: figures' formats (`transforms.formats`).
"""

from transforms.wording.checking import found_by_checks, lacking_rows
from transforms.wording.headlines import headline, to_do
from transforms.wording.notes import (
    ASSUMED_ORGANISATION_NOTE,
    LEGEND,
    LEGEND_OF_RANGES,
    STATUS_NOTE,
    interval_alt,
    interval_note,
    interval_text,
    parts_note,
    rebase_note,
)
from transforms.wording.shifts import (
    ALL,
    SHIFTS_NOTE,
    SHIFTS_NOTE_TEAM,
    TREND_KIND,
    Repeat,
    Shift,
    is_proposed,
    shift_accepted,
    shift_alt,
    shift_cause,
    shift_earlier,
    shift_events,
    shift_point,
    shift_proposal,
    shift_sense,
    shift_sentence,
    the_same_again,
)
from transforms.wording.signals import (
    TREND_RULE,
    Reading,
    Rebased,
    is_unusual,
    signal_alt,
    signal_icon,
    signal_rule,
    signal_sense,
    signal_since,
    signal_text,
    unusual_in_words,
)
from transforms.wording.statuses import (
    AHEAD,
    AS_EXPECTED,
    BELOW,
    JUDGED,
    NO_EXPECTATION,
    NO_STATUS,
    ON_THE_RAMP,
    OPEN_QUESTIONS,
    STAGE_LABELS,
    TOO_LITTLE,
    Verdict,
    chart_alt,
    difference_alt,
    discussion,
    is_status,
    person_remark,
    status_sense,
    status_text,
)
from transforms.wording.words import counted, listed, lowered, ordinal

__all__ = [
    "AHEAD", "ALL", "ASSUMED_ORGANISATION_NOTE", "AS_EXPECTED", "BELOW", "JUDGED", "LEGEND", "LEGEND_OF_RANGES",
    "NO_EXPECTATION", "NO_STATUS", "ON_THE_RAMP", "OPEN_QUESTIONS", "SHIFTS_NOTE", "SHIFTS_NOTE_TEAM",
    "STAGE_LABELS", "STATUS_NOTE", "TOO_LITTLE", "TREND_KIND", "TREND_RULE", "Reading", "Rebased", "Repeat",
    "Shift", "Verdict", "chart_alt", "counted", "difference_alt", "discussion", "found_by_checks", "headline",
    "interval_alt", "interval_note", "interval_text", "is_proposed", "is_status", "is_unusual", "lacking_rows",
    "listed", "lowered", "ordinal", "parts_note", "person_remark", "rebase_note", "shift_accepted", "shift_alt",
    "shift_cause", "shift_earlier", "shift_events", "shift_point", "shift_proposal", "shift_sense",
    "shift_sentence", "signal_alt", "signal_icon", "signal_rule", "signal_sense", "signal_since", "signal_text",
    "status_sense", "status_text", "the_same_again", "to_do", "unusual_in_words",
]  # fmt: skip
