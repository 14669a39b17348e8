"""What an edition's own pages say, as typed, finished data: its index, and what the checks found.

Unlike a report model it may carry the edition's number. Does not belong here: how it is put together or drawn.
"""

from typing import Literal

from transforms.report_model import Part, SeriesChart


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


class BadRow(Part):
    """A row that failed a check, as the source has it. Texts are shortened and their control characters visible."""

    place: str
    """File and line."""
    column: str = ""
    value: str = ""
    """Empty where it is nobody's to read: an answer of a survey."""
    reason: str = ""


class CheckResult(Part):
    """One check and what came of it."""

    name: str
    """Its name in checks.yaml, without the extract."""
    label: str
    """What it asks: amount between 0 and 250,000."""
    severity: Literal["critical", "warning", "info"]
    result: Literal["failed", "crashed", "accepted", "passed"]
    asked: str = ""
    """Rows asked; empty where it is not of rows."""
    failed: str = ""
    value: str = ""
    """Share of the rows that failed, or a distance in units of its own."""
    limit: str = ""
    """What the value may not exceed."""
    set_aside: str = ""
    told: str = ""
    """What was found, why it crashed, or why the finding was accepted and by whom."""
    why: str = ""
    """Why it is asked, in the words of checks.yaml."""
    samples: tuple[BadRow, ...] = ()
    reason: str = ""
    """What is wrong with all of the samples, where it is one thing."""
    samples_note: str = ""
    """How many more there are, and where."""


class Trend(Part):
    """One number of an extract over the months, oldest first."""

    label: str
    latest: str
    span: str
    """Between which values it lay before."""
    chart: SeriesChart


class DayStrip(Part):
    """Rows by day of the month as bars. Paths are SVG path data; an empty path is not drawn."""

    width: float
    height: float
    weekdays: str
    weekends: str
    empty: str
    """Marks of the weekdays without a row."""
    first: str
    """1 Oct: what stands under the first bar."""
    last: str
    span: str
    """Between 3 and 42 rows a day; none on 4 and 11 October."""
    alt: str


class CorrectionLine(Part):
    """One correction and what became of it."""

    place: str
    """corrections.csv:4, or extracts.yaml sales.correct[0]."""
    state: Literal["applied", "mended", "differs", "absent"]
    result: str
    """The state in words, with the rows."""
    told: str = ""
    """What was changed, or what the source says."""
    reason: str = ""
    """Empty, as the owner, where `told` has it."""
    owner: str = ""


class CheckedExtract(Part):
    """One extract and what its checks found."""

    extract: str
    anchor: str = ""
    """Its place on the page, which reports link."""
    month_label: str
    rows: str
    files: tuple[str, ...] = ()
    findings: tuple[IndexFinding, ...] = ()
    """What was found by no check of `results`: by landing, or when the rows were attributed."""
    results: tuple[CheckResult, ...] = ()
    """Checks that failed or set rows aside, the gravest first."""
    passed: tuple[CheckResult, ...] = ()
    """Checks that passed and set no row aside."""
    others: tuple[BadRow, ...] = ()
    """Rows set aside for a reason that is no check of `results`."""
    left_out: tuple[tuple[str, str], ...] = ()
    """How many rows were excluded or set aside, and why; empty where `reconciliation` tells it."""
    trends: tuple[Trend, ...] = ()
    days: DayStrip | None = None
    corrections: tuple[CorrectionLine, ...] = ()
    columns_new: tuple[str, ...] = ()
    """Headings that the month before did not have."""
    columns_gone: tuple[str, ...] = ()
    columns_since: str = ""
    """The month they are compared with."""
    reconciliation: tuple[ReconciliationRow, ...] = ()


class CheckedRow(Part):
    """One extract's line at the top of the checks page."""

    extract: str
    anchor: str
    rows: str
    set_aside: str
    critical: str
    warning: str
    info: str
    passed: str
    """Numbers; empty for none."""


class ChecksModel(Part):
    """What the checks found, extract by extract."""

    company: str
    month: str
    month_label: str
    language: str = "en"
    edition_label: str = ""
    summary: str = ""
    """What stands and what is withheld, in a sentence or two."""
    matrix: tuple[CheckedRow, ...] = ()
    extracts: tuple[CheckedExtract, ...]
    notes: tuple[str, ...] = ()
    index_file: str = ""
    """Path of the index, relative to this page."""
