"""A report for every manager and every team, put together from its sections."""

import hashlib
import re
from collections.abc import Iterator

from config.models import UnitKind
from transforms import wording
from transforms.compose.about import about
from transforms.compose.changing import repeated, shifts_of_report
from transforms.compose.context import Composition, number
from transforms.compose.conversations import conversations
from transforms.compose.glance import expectations_ahead, glance
from transforms.compose.mix import segment_tables
from transforms.compose.people import people_tables, team_tables
from transforms.report_model import ReportKind, ReportModel

_LONGEST_NAME = 150


def report_id(kind: str, unit_id: str) -> str:
    """A report's name, fit for a file: letters, digits, dot and dash stay, anything else is written as its code.

    What would be too long for a file's name is cut and told apart by a hash.
    """
    safe = re.sub(r"[^A-Za-z0-9.-]", lambda match: f"_{ord(match[0]):x}_", unit_id)
    if len(safe) > _LONGEST_NAME:
        safe = f"{safe[:_LONGEST_NAME]}__{hashlib.sha256(unit_id.encode()).hexdigest()[:12]}"
    return f"{kind}-{safe}"


def compose_reports(composition: Composition) -> Iterator[ReportModel]:
    """All reports of the month, managers first, each in the order of ids."""
    for kind, report in ((UnitKind.MANAGER, ReportKind.MANAGER), (UnitKind.TEAM, ReportKind.TEAM)):
        for unit_id in sorted(unit_id for unit_kind, unit_id in composition.unit_rows if unit_kind == kind):
            yield compose_report(composition, report, unit_id)


def compose_report(composition: Composition, report: ReportKind, unit_id: str) -> ReportModel:
    """One report. Raises KeyError where the month has no such unit."""
    kind = report.value
    unit = composition.unit_rows[(kind, unit_id)]
    company = composition.config.company
    is_manager = report is ReportKind.MANAGER
    shifts = shifts_of_report(composition, report, unit_id)
    return ReportModel(
        report_id=report_id(kind, unit_id),
        kind=report,
        unit_id=unit_id,
        month=str(composition.month),
        language=composition.formats.language,
        paper=company.paper,
        company=company.name,
        title=str(unit["title"]),
        subtitle=_subtitle(composition, kind, unit),
        kind_label="Manager report" if is_manager else "Team report",
        month_label=composition.formats.month(composition.month),
        glance=glance(composition, kind, unit_id, report, shifts.found),
        people=(*team_tables(composition, unit_id), *people_tables(composition, unit_id)) if is_manager else (),
        conversations=conversations(composition, unit_id) if is_manager else (),
        conversations_note="Everyone has a block; the due ones come first. First say what you will change yourself.",
        shifts=shifts.blocks,
        shifts_note=shifts.note,
        repeated=repeated(composition, report, unit_id),
        # One member may be the only one who sells to a segment: what all the team reads has no segments.
        changing=segment_tables(composition, kind, unit_id) if is_manager else (),
        ahead=expectations_ahead(composition, kind, unit_id),
        ahead_note="What is asked, how it came about, and why.",
        about=about(composition, kind, unit_id, shifts.proposed),
    )


def _subtitle(composition: Composition, kind: str, unit: dict[str, object]) -> str:
    people = wording.counted(int(number(unit["people"])), "person", "people")
    parts = [people]
    if kind == UnitKind.MANAGER:
        teams = _teams_below(composition, str(unit["unit_id"]))
        if teams:
            parts = [wording.counted(teams, "team", "teams"), people]
        if unit["parent_kind"] == UnitKind.MANAGER:
            parts.append(f"reports to {composition.name(str(unit['parent_id']))}")
    elif isinstance(unit["manager"], str) and unit["manager"]:
        parts.append(f"led by {composition.name(str(unit['manager']))}")
    return " · ".join(parts)


def _teams_below(composition: Composition, manager: str) -> int:
    """How many teams are led by the manager or by somebody below."""
    return sum(
        1
        for (kind, _), team in composition.unit_rows.items()
        if kind == UnitKind.TEAM and manager in _line_up(composition, team["manager"])
    )


def _line_up(composition: Composition, manager: object) -> list[str]:
    """A manager and the managers above, as far up as hr knows."""
    line: list[str] = []
    while isinstance(manager, str) and manager and manager not in line:
        line.append(manager)
        row = composition.unit_rows.get((UnitKind.MANAGER, manager))
        manager = row["parent_id"] if row and row["parent_kind"] == UnitKind.MANAGER else None
    return line
