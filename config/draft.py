"""A configuration while it is being read: what could be understood so far, and every fault with its place.

Does not belong here: reading files, and judging what they say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.checks import Check, Correction, Suite
from config.csv_tables import Line
from config.delivery import Delivery
from config.errors import ConfigError, Place
from config.faults import did_you_mean
from config.models import (
    Column,
    Company,
    Decision,
    ExpectationRule,
    ExpectationTable,
    Extract,
    Identity,
    Metric,
)
from config.retention import Retention
from config.schedule import Schedule
from config.yaml_places import Document, Path_

COMPANY, EXTRACTS, METRICS = "company.yaml", "extracts.yaml", "metrics.yaml"
EXPECTATIONS, DELIVERY, CHECKS = "expectations.yaml", "delivery.yaml", "checks.yaml"
SCHEDULE, RETENTION = "schedule.yaml", "retention.yaml"
IDENTITIES, DECISIONS, CORRECTIONS = "identities.csv", "decisions.csv", "corrections.csv"
REQUIRED = (COMPANY, EXTRACTS, METRICS)
FILES = (*REQUIRED, EXPECTATIONS, DELIVERY, CHECKS, SCHEDULE, RETENTION, IDENTITIES, DECISIONS, CORRECTIONS)
"""The files of a configuration in the order in which they are read and their faults told."""


@dataclass(slots=True)
class Draft:
    """What is understood of each file. A part that is wrong in itself is missing here; its name is still known."""

    directory: Path
    documents: dict[str, Document] = field(default_factory=dict)
    company: Company | None = None
    extracts: dict[str, Extract] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    tables: dict[int, ExpectationTable] = field(default_factory=dict)
    rules: dict[int, ExpectationRule] = field(default_factory=dict)
    delivery: Delivery = field(default_factory=Delivery)
    schedule: Schedule | None = None
    retention: Retention = field(default_factory=Retention)
    suites: dict[str, Suite] = field(default_factory=dict)
    checks: dict[str, dict[int, Check]] = field(default_factory=dict)
    """By extract and position in checks.yaml, also those beside which another is wrong. It has every name there."""
    identities: list[Line[Identity]] = field(default_factory=list)
    decisions: list[Line[Decision]] = field(default_factory=list)
    corrections: list[Line[Correction]] = field(default_factory=list)
    faults: list[ConfigError] = field(default_factory=list)

    def fault(self, file: str, path: Path_, what: str, fix: str) -> None:
        """Note what is wrong at a path of a YAML file."""
        document = self.documents.get(file)
        place = document.place(path) if document else Place(self.directory / file)
        self.faults.append(ConfigError(what, fix=fix, place=place))

    def line_fault(self, file: str, line: int, key: str, what: str, fix: str) -> None:
        """Note what is wrong in a line of a CSV file."""
        self.faults.append(ConfigError(what, fix=fix, place=Place(self.directory / file, line, 0, key)))

    def check_file(self, file: str, path: Path_, written: str) -> None:
        """Note a file that the configuration names and that is not there."""
        found = referred_file(self.directory, written)
        if found is not None and not found.is_file():
            beside = sorted(one.name for one in found.parent.iterdir()) if found.parent.is_dir() else []
            fix = did_you_mean(found.name, beside, what="Paths start from the configuration directory, which has")
            self.fault(file, path, f"The file “{written}” is not there.", fix)

    def names(self, file: str) -> tuple[str, ...]:
        """Names that stand at the top of a file, right or wrong in themselves."""
        document = self.documents.get(file)
        return tuple(document.value) if document and isinstance(document.value, dict) else ()

    def columns_of(self, extract: str) -> Mapping[str, Column] | None:
        """The declared columns of an extract that could be understood."""
        found = self.extracts.get(extract)
        return found.columns if found else None


def referred_file(directory: Path, written: str) -> Path | None:
    """A file that the configuration names, relative to its directory. None where it lies under the state root."""
    if "{state}" in written:
        return None
    return directory / written.removeprefix("{config}/").removeprefix("{config}\\")
