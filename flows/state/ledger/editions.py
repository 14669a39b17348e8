"""The ledger's lines about editions, and about who released what."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from config.months import Month
from flows.state.ledger.inserting import insert_new
from flows.state.ledger.lines import ApprovalLine, EditionLine, Origin
from flows.state.ledger.rows import plain
from flows.state.ledger.schema import approvals, editions


def add(connection: Connection, line: EditionLine) -> bool:
    """Write that an edition was published; False where that is written already."""
    values = {
        "month": str(line.month),
        "number": line.number,
        "made_at": line.made_at,
        "manifest_sha256": line.manifest_sha256,
        "origin": line.origin,
    }
    return insert_new(connection, editions, [values]) == 1


def set_origin(connection: Connection, line: EditionLine) -> None:
    """Write what an edition counts as now, as a backfill's that a run found to be the month's."""
    meant = (editions.c.month == str(line.month), editions.c.number == line.number)
    connection.execute(update(editions).where(*meant).values(origin=line.origin))


def lines(connection: Connection, month: Month | None) -> list[EditionLine]:
    """The editions, by month and number."""
    asked = select(editions)
    if month is not None:
        asked = asked.where(editions.c.month == str(month))
    return sorted(
        (
            EditionLine(Month.parse(row.month), row.number, row.made_at, row.manifest_sha256, _origin(row.origin))
            for row in connection.execute(asked)
        ),
        key=lambda line: (line.month, line.number),
    )


def approve(connection: Connection, reports: Iterable[tuple[str, int, str]], by: str, now: datetime, rule: str) -> None:
    """Write who released these reports, each by month, edition and id."""
    values = [
        {"month": month, "edition": edition, "report_id": report_id, "by": plain(by), "at": now, "rule": plain(rule)}
        for month, edition, report_id in sorted(set(reports))
    ]
    if values:
        connection.execute(insert(approvals), values)


def approved(connection: Connection, month: Month | None) -> list[ApprovalLine]:
    """The approvals in the order they were given, within one by report."""
    asked = select(approvals).order_by(approvals.c.id)
    if month is not None:
        asked = asked.where(approvals.c.month == str(month))
    return [
        ApprovalLine(Month.parse(row.month), row.edition, row.report_id, row.by, row.at, row.rule)
        for row in connection.execute(asked)
    ]


def _origin(written: str) -> Origin:
    return "backfill" if written == "backfill" else "run"
