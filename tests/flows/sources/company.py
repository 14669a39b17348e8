"""A small company whose extracts are landed for real: files in one folder, landings in another."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from config.models import Company, Config, Extract
from config.months import Month
from flows.sources import SourceSession
from transforms.stages import Landing

OCTOBER = Month(2026, 10)
PULLED_AT = datetime(2026, 11, 6, 7, 30, tzinfo=UTC)
COLUMNS = {"id": "id", "day": "date", "amount": "money", "name": "text"}


def extract(source: dict[str, Any], **more: Any) -> Extract:
    """An extract of sales, or of what `more` says."""
    return Extract.model_validate({"kind": "sales", "columns": COLUMNS, "source": source, **more})


@dataclass
class Folders:
    """Where a test's extracts come from and where they land."""

    data: Path
    landings: Path
    time_zone: str = "Europe/Berlin"
    pulled_at: datetime = field(default=PULLED_AT)

    def config(self, **extracts: Extract) -> Config:
        """The configuration with these extracts."""
        company = Company(name="Demo company", currency="EUR", time_zone=self.time_zone)
        return Config(directory=self.data, company=company, extracts=extracts, metrics={}, sha256="0" * 64)

    def session(self, **extracts: Extract) -> SourceSession:
        """A session over these extracts."""
        return SourceSession(self.config(**extracts), self.data, self.landings, self.pulled_at)

    def try_land(self, declared: Extract, month: Month = OCTOBER) -> Landing | None:
        """The landing of one extract in a session of its own, None for a gap."""
        with self.session(sales=declared) as session:
            return session.land("sales", month)

    def land(self, declared: Extract, month: Month = OCTOBER) -> Landing:
        """The same where there is one."""
        landing = self.try_land(declared, month)
        assert landing is not None
        return landing

    def write(self, name: str, content: str | bytes) -> Path:
        """A file in the data folder."""
        path = self.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return path


def rows_of(landing: Landing) -> list[dict[str, Any]]:
    """Every row, with _file and _line."""
    rows: list[dict[str, Any]] = pq.read_table(landing.path).to_pylist()
    return rows


def texts_of(landing: Landing) -> list[tuple[str | None, ...]]:
    """Every row's texts in the order of the headings."""
    return [tuple(row[name] for name in landing.headers) for row in rows_of(landing)]


def lines_of(landing: Landing) -> list[int]:
    """Every row's line."""
    return [row["_line"] for row in rows_of(landing)]


def codes_of(landing: Landing) -> list[str]:
    """The codes of its findings."""
    return [finding.code for finding in landing.findings]
