"""What one stage hands to the next: small frozen records. Frames are in `transforms.columns`."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from config.checks import Severity
from config.months import Month


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong or worth knowing in the data. `message` names it, shows it and says what would be right.

    `code` is stable and dotted: organisation.cycle, typing.unreadable_date.
    """

    code: str
    severity: Severity
    message: str
    extract: str = ""
    file: str = ""
    line: int = 0
    column: str = ""
    value: str = ""
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Landing:
    """An immutable copy of one extract of one month. `sha256` is of the Parquet file's bytes.

    `file_dates` holds no time of pulling. `headers` are the source's columns in order. `other_rows` counts rows of
    the source that lie in no month (an empty date), `footers` the subtotal and footer lines left out.
    """

    extract: str
    month: Month
    path: Path
    sha256: str
    rows: int
    headers: tuple[str, ...]
    files: tuple[str, ...]
    undated_rows: int = 0
    footers: int = 0
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Rows left out for one reason, with the sum of the main measure where it can be read."""

    reason: str
    rows: int
    measure: Decimal


@dataclass(frozen=True, slots=True)
class Tally:
    """How the rows of one landing fared in one check on rows. `check` is the id of a `SuiteCheck`.

    Excluded rows (older copies, rows excluded by a rule) are not asked. `finding` says what to tell should the check
    fail: it names file, line, column and value of the first row. `crashed` is why it could not be run.
    """

    check: str
    rows: int
    """Rows that were asked: they meet the check's `where` and, but for not_null, have a value."""
    failed: int
    set_aside: int = 0
    """Rows set aside for this check: those for which it is the first that failed."""
    finding: Finding | None = None
    crashed: str = ""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """A declared column's values in one landing, over all rows but excluded ones. Counts are of rows."""

    name: str
    filled: int
    """With a text that is not empty."""
    unreadable: int = 0
    total: Decimal | None = None
    """Sum of a numeric column as read, before any conversion to another currency."""
    negative: int = 0
    distinct: int = 0
    """Approximate from ten thousand on."""
    digits: int = 0
    """Of an id column: written in digits alone."""
    leading_zeros: int = 0
    """Of an id column: written in at least two digits alone of which the first is 0."""
    longest: int = 0
    """Characters of the longest text, of an id or text column."""
    mix: tuple[tuple[str, int], ...] = ()
    """Values of a text or boolean column that has at most 30 of them, by value."""
    hours: tuple[int, ...] = ()
    """Of a timestamp column: rows by hour of the day as read, 24 of them."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one landing is like, to be compared with other months."""

    rows: int
    """Without older copies and repeated rows, with those set aside or excluded by a rule."""
    copies: int
    """Rows that were the same again or older copies."""
    headings: tuple[str, ...]
    columns: tuple[ColumnProfile, ...]
    days: tuple[int, ...] = ()
    """Rows by day of the month, the first day first, by the column that dates rows; empty where there is none."""
    totals: tuple[tuple[str, int, Decimal], ...] = ()
    """By currency (the company's where the extract names none): rows as landed, copies and all, and the sum of their
    main measure as read."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """What became of one correction in one landing."""

    place: str
    """corrections.csv:4, or extracts.yaml sales.correct[0]."""
    rows: int
    """Rows that were corrected."""
    state: str
    """applied; mended (the row already says what is right); differs (it says something else); absent (no such row)."""
    told: str = ""
    """What was changed and why, in a sentence; for `differs`, what the row says."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Typed rows of a landing that passed, with what did not."""

    extract: str
    month: Month
    path: Path
    quarantine_path: Path
    landing_sha256: str
    rows: int
    measure: Decimal
    source_rows: int
    source_measure: Decimal
    excluded: tuple[Exclusions, ...] = ()
    quarantined: tuple[Exclusions, ...] = ()
    findings: tuple[Finding, ...] = ()
    """Of the landing as a whole: columns that are missing, no row at all."""
    tallies: tuple[Tally, ...] = ()
    """Of the checks on rows that need no other extract, in the suite's order."""
    profile: Profile | None = None
    corrected: tuple[Corrected, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A critical check that failed in a month: what depends on it is withheld."""

    check: str
    extract: str
    month: Month
    columns: tuple[str, ...]
    """The columns it is of; none: everything measured on the extract depends on it."""
    reason: str
    by_rows: bool = False
    """Whether the rows that failed were set aside under it: concerned are the units whose rows they are."""
    elsewhere: bool = False
    """Whether some of these rows were set aside under another check that goes before: any row set aside may be one."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """Rows of one unit that were set aside in a month, beside those that were kept."""

    extract: str
    unit_kind: str
    unit_id: str
    rows: int
    kept: int


@dataclass(frozen=True, slots=True)
class Account:
    """Part of an extract's rows and of its main measure."""

    rows: int
    measure: Decimal


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """From the source's total to the figures: source = attributed + unattributed + excluded + quarantined."""

    extract: str
    month: Month
    main_measure: str | None
    source: Account
    attributed: Account
    unattributed: Account
    excluded: Account
    quarantined: Account
    reasons: tuple[Exclusions, ...] = field(default=())

    @property
    def adds_up(self) -> bool:
        """Whether nothing was lost, in rows and in the main measure."""
        parts = (self.attributed, self.unattributed, self.excluded, self.quarantined)
        return self.source.rows == sum(part.rows for part in parts) and self.source.measure == sum(
            (part.measure for part in parts), Decimal(0)
        )


@dataclass(frozen=True, slots=True)
class Withheld:
    """A figure that is not shown, and why. An empty `unit_id` means every unit of the kind."""

    metric: str
    unit_kind: str
    unit_id: str
    reason: str
