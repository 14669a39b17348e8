"""What an edition holds, as far as two of them are compared, and what may differ between them.

Does not belong here: how a difference is found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from config.models import Config
from config.months import Month
from transforms.report_model import ReportModel
from transforms.stages import Withheld

What = Literal["new", "gone", "changed"]

JUDGED = {
    "unit_kind": "str", "unit_id": "str", "metric": "str", "status": "str", "rule": "str", "expected": "float64",
    "expected_text": "str",
}  # fmt: skip
"""Columns of what an edition judges. `status` is as the reports print it. `expected` is missing where only the text
in the reports is known; `expected_text` is empty where nothing is expected or only the number is known, and missing
where it is not known."""


@dataclass(frozen=True)
class Judged:
    """Statuses and expectations of an edition, with where they are known from."""

    rows: pd.DataFrame
    """JUDGED."""
    of_all_units: bool
    """Whether they are the comparison's own; else they are those that the reports print."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A report as the manifest lists it."""

    report_id: str
    kind: str
    unit_id: str
    title: str
    sha256: str
    model_sha256: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InputLine:
    """A landing that was read. `rows` is how many it has, if that is still known."""

    extract: str
    month: Month
    sha256: str
    rows: int | None = None


@dataclass(frozen=True)
class EditionContents:
    """One edition of a month. `config` formats its figures; without it they are written plainly.

    `comparison` is its COMPARISON frame; None for an edition that was made before there was one. `models` need hold no
    more than the reports that differ.
    """

    number: int
    facts: pd.DataFrame = field(repr=False)
    reports: tuple[ReportLine, ...]
    withheld: tuple[Withheld, ...] = ()
    comparison: pd.DataFrame | None = field(default=None, repr=False)
    models: Mapping[str, ReportModel] = field(default_factory=dict, repr=False)
    config: Config | None = field(default=None, repr=False)
    checks: Mapping[str, int] = field(default_factory=dict)
    inputs: tuple[InputLine, ...] = ()
    config_sha256: str = ""
    config_files: Mapping[str, str] | None = None
    """Hash of each file of its configuration by name; None where they are no longer kept."""
    code_version: str = ""
    reissue: str = ""


# -- what may differ -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InputChange:
    """A landing that is another one, came in addition, or is no longer read."""

    extract: str
    month: Month
    what: What
    rows_before: int | None = None
    rows_after: int | None = None


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file of the configuration."""

    file: str
    what: What


@dataclass(frozen=True, slots=True)
class CountChange:
    """How many there are of something."""

    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class ReportChange:
    """A report that came, went, says something else, or was only made again."""

    report_id: str
    title: str
    what: Literal["new", "gone", "changed", "made again"]
    sections: tuple[str, ...] = ()
    """Which parts of it say something else, where that is known."""
    title_before: str = ""
    """Only where the title differs."""


@dataclass(frozen=True, slots=True)
class FigureChange:
    """One figure of a unit. `before` and `after` are as printed; the numbers are missing where nothing is shown.

    what: changed, rows (the same value on another number of rows), new, gone, withheld, shown (no longer withheld),
    reason (withheld before and after, for another reason).
    """

    month: Month
    unit_kind: str
    unit_id: str
    unit: str
    """The unit's name, or its id where no name is known."""
    metric: str
    label: str
    segment: str
    what: Literal["changed", "rows", "new", "gone", "withheld", "shown", "reason"]
    before: str
    after: str
    value_before: float | None
    value_after: float | None
    rows_before: int | None
    rows_after: int | None


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A unit's status on a metric, as printed; empty where there was or is none. `rule` is that of the new one."""

    unit_kind: str
    unit_id: str
    unit: str
    metric: str
    label: str
    before: str
    after: str
    rule: str


@dataclass(frozen=True, slots=True)
class ExpectationChange:
    """What a unit is asked to reach in the month, as printed."""

    unit_kind: str
    unit_id: str
    unit: str
    metric: str
    label: str
    before: str
    after: str
    value_before: float | None
    value_after: float | None


@dataclass(frozen=True, slots=True)
class RecipientChange:
    """To whom a report would now be sent, and no longer."""

    report_id: str
    title: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class Differences:
    """All that differs between two editions of a month."""

    month: Month
    before: int
    after: int
    inputs: tuple[InputChange, ...] = ()
    config_changed: bool = False
    config_files: tuple[FileChange, ...] = ()
    """None though the configuration changed: the files of one of them are no longer kept."""
    code_before: str = ""
    """Only where the code differs."""
    code_after: str = ""
    reissue: str = ""
    checks: tuple[CountChange, ...] = ()
    reports: tuple[ReportChange, ...] = ()
    figures: tuple[FigureChange, ...] = ()
    statuses: tuple[StatusChange, ...] = ()
    expectations: tuple[ExpectationChange, ...] = ()
    recipients: tuple[RecipientChange, ...] = ()
    judged_from: Literal["comparison", "reports", "unknown"] = "comparison"
    """From what statuses and expectations are known; from the reports: of those that differ alone."""
    not_judged: tuple[int, ...] = ()
    """Editions whose statuses are not known."""

    @property
    def any_content(self) -> bool:
        """Whether a report, figure, status, expectation or recipient differs."""
        return any((self.reports, self.figures, self.statuses, self.expectations, self.recipients))
