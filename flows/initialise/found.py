"""What a look at a folder found: the records that the proposal is made of and that the command prints.

Does not belong here: guessing and writing.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from config.models import ColumnType, ExtractKind
from config.months import Month


@dataclass(frozen=True, slots=True)
class Table:
    """One file as text: `frame` has its headings as columns and at most the first rows; missing cells are None.

    `told` is what its reader noticed, such as an encoding that had to be assumed.
    """

    file: str
    frame: pd.DataFrame
    rows: int
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A file that the proposal leaves out, and why."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Group:
    """Files that belong to one extract: `patterns` find them, `months` are those their names tell."""

    name: str
    patterns: tuple[str, ...]
    files: tuple[str, ...]
    months: tuple[Month, ...]
    frame: pd.DataFrame
    rows: int
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """A column of an extract: its name in the configuration, its heading, its type and why it was taken for this."""

    name: str
    heading: str
    type: ColumnType
    why: str = ""


@dataclass(frozen=True, slots=True)
class Marks:
    """How the files of a group write values."""

    decimal: str = "."
    thousands: str = ""
    dates: str = "iso"
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricGuess:
    """A metric that the columns allow; `settings` are the lines of metrics.yaml."""

    name: str
    settings: tuple[tuple[str, str], ...]
    why: str


@dataclass(frozen=True, slots=True)
class FoundExtract:
    """Files taken for an extract: what they are about, how their columns are read, and what is to be confirmed.

    `roles` says which column is the key, the date and so on; `months` are those seen in names or dates.
    """

    name: str
    kind: ExtractKind
    patterns: tuple[str, ...]
    files: tuple[str, ...]
    months: tuple[Month, ...]
    rows: int
    columns: tuple[ColumnGuess, ...]
    marks: Marks
    roles: dict[str, str] = field(default_factory=dict)
    month_by: str | None = None
    metrics: tuple[MetricGuess, ...] = ()
    left_out: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was found and written. `doubts` are about the whole company."""

    target: Path
    written: tuple[Path, ...]
    extracts: tuple[FoundExtract, ...]
    not_understood: tuple[NotUnderstood, ...]
    doubts: tuple[str, ...]
