"""What one stage hands to the next: small frozen records. Frames are in `transforms.columns`."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from config.months import Month


class Severity(StrEnum):
    """How much a finding matters: critical withholds what depends on it, warning is said in the report."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


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
