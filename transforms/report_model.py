"""Everything one report says, as typed, finished data: words formatted, charts as coordinates, nothing left to compute.

Templates only place what stands here. No clock, path, code version or edition number is in it, so that its hash says
whether a report has changed. Does not belong here: how any of it is calculated, worded or drawn.
"""

import hashlib
import json
from enum import StrEnum
from typing import Literal

from transforms.report_charts import BulletChart, Part, Sense, SeriesChart, SignalIcon, StepBar, VarianceBar

__all__ = [
    "MODEL_VERSION", "About", "AheadRow", "BulletChart", "CheckedLine", "ConversationBlock", "Definition", "Glance",
    "MetricRow", "Part", "PeopleTable", "PersonRow", "ReportKind", "ReportModel", "Sense", "SeriesChart",
    "ShiftBlock", "Signal", "SignalIcon", "StageBlock", "Status", "StepBar", "Table", "TalkingPoint", "VarianceBar",
    "extract_anchor",
]  # fmt: skip

MODEL_VERSION = 1


class ReportKind(StrEnum):
    """Whom a report is about."""

    MANAGER = "manager"
    TEAM = "team"
    ASSOCIATE = "associate"


# -- section 1: the month at a glance --------------------------------------------------------------------------


class Status(Part):
    """A status with its rule, so that it can be discussed and contested."""

    text: str
    """ahead, as expected, below, on the ramp, too little data, or what to say where there is none."""
    sense: Sense = Sense.NONE
    rule: str = ""
    """By which rule, from which rows, and what would change it."""


class Signal(Part):
    """What the control chart says of the latest month. Its words are natural range, unusual and as usual."""

    text: str
    """unusual: 7 months low; as usual; as usual since the new level."""
    since: str = ""
    """Who re-based it, from when and why, in that person's words."""
    sense: Sense = Sense.NONE
    icon: SignalIcon = SignalIcon.NONE
    rule: str = ""
    """By which rule, from how many months, what it allows for, and what that means for the expectation."""


class MetricRow(Part):
    """One metric of the report's unit."""

    metric: str
    label: str
    unit: str
    """k€, %, h …: what the figures are in."""
    why: str = ""
    """The expectation's reason in its owner's words, with the owner."""
    actual: str
    """— where withheld."""
    expected: str = ""
    last_year: str = ""
    difference: str = ""
    sense: Sense = Sense.NONE
    carried: bool = False
    variance: VarianceBar | None = None
    chart: SeriesChart | None = None
    status: Status
    signal: Signal | None = None
    note: str = ""
    """Which month the figure is of where not the report's, or why it is withheld."""
    ahead: str = ""
    """What is asked next month."""
    ahead_note: str = ""


class StageBlock(Part):
    """The metrics of one stage. Blocks come in the order result, action, belief, experience."""

    stage: str
    label: str
    rows: tuple[MetricRow, ...]


class Glance(Part):
    """The month at a glance."""

    headline: str
    """One sentence that the data can carry."""
    to_do: tuple[str, ...] = ()
    blocks: tuple[StageBlock, ...]
    actual_label: str = "Actual"
    expected_label: str = "Expected"
    last_year_label: str
    chart_label: str
    status_label: str = "Status"
    ahead_label: str
    legend: str


# -- section 2: the people, or the teams of a manager of managers ----------------------------------------------


class PersonRow(Part):
    """One associate, or one team or manager below, against the own expectation."""

    unit_kind: str
    unit_id: str
    label: str
    detail: str = ""
    """Role and team."""
    figure: str
    """Formatted actual, or an index where 100 is the expectation."""
    expected: str = ""
    bullet: BulletChart | None = None
    spark: SeriesChart | None = None
    status: Status
    note: str = ""


class PeopleTable(Part):
    """One metric for everyone directly below, in the order of names: no ranking."""

    metric: str
    title: str
    subtitle: str
    figure_label: str
    chart_label: str
    rows: tuple[PersonRow, ...]
    new_title: str = ""
    new_subtitle: str = ""
    new_rows: tuple[PersonRow, ...] = ()
    """New hires apart."""


# -- section 3: conversations ----------------------------------------------------------------------------------


class TalkingPoint(Part):
    """One labelled line of a conversation block."""

    label: str
    text: str


class ConversationBlock(Part):
    """What to talk about with one person."""

    unit_id: str
    label: str
    remark: str = ""
    sense: Sense = Sense.NONE
    points: tuple[TalkingPoint, ...]


# -- sections 4 to 6 -------------------------------------------------------------------------------------------


class Table(Part):
    """A plain table. The first column of a row is its heading; `align` is left or right a column."""

    title: str
    subtitle: str = ""
    columns: tuple[str, ...]
    align: tuple[Literal["left", "right"], ...]
    rows: tuple[tuple[str, ...], ...]
    bars: tuple[StepBar | None, ...] = ()
    """A waterfall beside the rows, a step a row; empty where there is none."""
    bar_column: int = 0
    """After so many columns they stand."""
    bar_label: str = ""
    note: str = ""


class ShiftBlock(Part):
    """A lasting shift of one number of one unit."""

    unit_kind: str
    unit_id: str
    metric: str
    label: str
    whose: str = ""
    """The unit's name where it is not the report's own."""
    unit: str = ""
    """k€, %, h …: what the figures are in."""
    sentence: str
    sense: Sense = Sense.NONE
    cause: str
    """Person or conditions, as far as the finding says."""
    events: str = ""
    """What happened at the time, in the source's words: a coincidence."""
    earlier: tuple[str, ...] = ()
    """Earlier shifts of the same number."""
    chart: SeriesChart | None = None
    proposal: str = ""
    """The new baseline that waits for a person's decision."""
    accepted: str = ""
    """Who accepted the new level, when, and why, in that person's words."""


class AheadRow(Part):
    """What is asked of the unit in the month that follows."""

    metric: str
    label: str
    unit: str
    expected: str
    basis: str
    """How the value came about."""
    parts: str = ""
    """What the parts below add up to, beside the whole."""
    why: str
    owner: str
    set_on: str
    review: str = ""


class Definition(Part):
    """What a figure means."""

    label: str
    text: str
    rows: str
    """From how many rows this month's figure is made."""


def extract_anchor(extract: str) -> str:
    """The place of an extract on the edition's checks page."""
    return f"extract-{extract or 'none'}"


class CheckedLine(Part):
    """What the checks of one extract found, in a few words: which rows and values it was, the checks page tells."""

    extract: str
    anchor: str
    """Where it stands on the edition's checks page: extract-sales."""
    text: str
    """2 findings, none critical; 3 rows set aside."""


class About(Part):
    """About these numbers."""

    definitions: tuple[Definition, ...]
    reconciliation: tuple[Table, ...]
    findings: tuple[str, ...] = ()
    checked: tuple[CheckedLine, ...] = ()
    """A line an extract in which something was found or set aside."""
    withheld: tuple[str, ...] = ()
    unused_expectations: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    """Months or extracts that could not be had."""
    notes: tuple[str, ...] = ()
    """Which organisation was assumed, how statuses are judged, what the marks mean."""
    sources: tuple[str, ...] = ()


class ReportModel(Part):
    """One report, whole. Empty sections are left out of the page."""

    model_version: int = MODEL_VERSION
    report_id: str
    kind: ReportKind
    unit_id: str
    month: str
    """2026-10."""
    language: str
    """BCP 47: en-GB."""
    paper: Literal["A4", "Letter"] = "A4"
    company: str
    title: str
    """Whose report it is."""
    subtitle: str = ""
    """3 teams · 18 people · reports to …"""
    kind_label: str
    month_label: str
    glance: Glance
    people: tuple[PeopleTable, ...] = ()
    conversations: tuple[ConversationBlock, ...] = ()
    conversations_note: str = ""
    shifts: tuple[ShiftBlock, ...] = ()
    shifts_note: str = ""
    repeated: tuple[str, ...] = ()
    """Actions recorded again and again while their number did not shift."""
    changing: tuple[Table, ...] = ()
    """By segment, what a difference to the year before is made of."""
    ahead: tuple[AheadRow, ...] = ()
    ahead_note: str = ""
    about: About

    def canonical_json(self) -> bytes:
        """The one way it is written: keys sorted, UTF-8, a newline at the end."""
        text = json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, indent=1)
        return (text + "\n").encode()

    def sha256(self) -> str:
        """Hash that tells whether the report has changed."""
        return hashlib.sha256(self.canonical_json()).hexdigest()
