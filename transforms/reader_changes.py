"""What changed in a report since the oldest copy among its readers, as finished texts: the head of a later edition.

Not part of the report model, whose hash must stay a function of the inputs: it is kept beside it. Does not belong here:
how a change is found (`transforms.differences.reader`) or drawn.
"""

import json

from transforms.report_model import Part

CHANGES_VERSION = 1


class Change(Part):
    """One text as it stood in the reader's copy, and as it stands now; never empty."""

    was: str
    now: str


class ChangedRow(Part):
    """A row of the report in which a figure, an expectation or a status is another one. What did not change is none."""

    label: str
    unit: str = ""
    """k€, %: what the figures are in; empty where it stands in the texts."""
    figure: Change | None = None
    expected: Change | None = None
    status: Change | None = None
    note: str = ""
    """new in this report: then nothing else stands there."""


class ChangedGroup(Part):
    """Changed rows of one table of the report. The report's own measures come first, without a title."""

    title: str = ""
    rows: tuple[ChangedRow, ...] = ()
    rest: str = ""
    """What else changed there, as a sentence."""


class ReaderChanges(Part):
    """What changed since the reader's copy."""

    version: int = CHANGES_VERSION
    report_id: str
    since: int
    """The oldest edition that one of the report's readers has. Another may have a later one, or none."""
    groups: tuple[ChangedGroup, ...] = ()
    also: str = ""
    """Which other parts say something else, or that nothing does."""
    why: tuple[str, ...] = ()

    def canonical_json(self) -> bytes:
        """The one way it is written: keys sorted, UTF-8, a newline at the end."""
        text = json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, indent=1)
        return (text + "\n").encode()
