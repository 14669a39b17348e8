"""What an edition's own pages say, as typed, finished data: its index, and what the checks found.

Unlike a report model it may carry the edition's number. Does not belong here: how it is put together or drawn.
"""

from typing import Literal

from transforms.report_model import Part


class IndexReport(Part):
    """One report of the edition."""

    report_id: str
    title: str
    kind: str
    """manager, team, associate: the value one can filter by."""
    kind_label: str
    unit_id: str
    file: str
    """Path of the PDF, relative to the index; empty where it could not be made."""
    pages: int
    edition: int
    """In which edition this report last changed."""
    recipients: tuple[str, ...] = ()
    """To whom it would be sent; empty: to nobody."""
    note: str = ""
    """Why it has no recipient or no file, where so."""


class IndexWithheld(Part):
    """A figure that is not shown."""

    metric: str
    unit: str
    reason: str


class IndexFinding(Part):
    """What a check or a stage found."""

    severity: Literal["critical", "warning", "info"]
    message: str
    where: str = ""
    """Extract, file and line, or report."""
    rows: str = ""


class ReconciliationRow(Part):
    """One extract's way from the source's total to the figures, counted one way (rows, or its main measure)."""

    extract: str
    month_label: str
    counted: str
    """What is counted: rows, or the main measure with its unit."""
    source: str
    attributed: str
    unattributed: str
    excluded: str
    quarantined: str
    adds_up: bool
    reasons: str = ""


class IndexInput(Part):
    """One landing that the edition was made from."""

    extract: str
    month_label: str
    rows: str
    fingerprint: str
    """The first digits of its SHA-256."""
    files: str = ""


class IndexModel(Part):
    """An edition at a glance."""

    company: str
    month: str
    month_label: str
    language: str = "en"
    edition: int
    edition_label: str
    """Edition 2."""
    summary: str = ""
    """One sentence: what was made, what stands in the way of sending."""
    reports: tuple[IndexReport, ...]
    withheld: tuple[IndexWithheld, ...] = ()
    findings: tuple[IndexFinding, ...] = ()
    reconciliation: tuple[ReconciliationRow, ...] = ()
    inputs: tuple[IndexInput, ...] = ()
    notes: tuple[str, ...] = ()
    checks_file: str = ""
    """Path of the checks page, relative to the index."""


class CheckedExtract(Part):
    """One extract and what its checks found."""

    extract: str
    month_label: str
    rows: str
    files: tuple[str, ...] = ()
    findings: tuple[IndexFinding, ...] = ()
    reconciliation: tuple[ReconciliationRow, ...] = ()


class ChecksModel(Part):
    """What the checks found, extract by extract."""

    company: str
    month: str
    month_label: str
    language: str = "en"
    edition_label: str = ""
    summary: str = ""
    extracts: tuple[CheckedExtract, ...]
    notes: tuple[str, ...] = ()
    index_file: str = ""
    """Path of the index, relative to this page."""
