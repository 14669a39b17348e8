"""The ledger's tables as the newest migration leaves them, the same on SQLite and PostgreSQL.

A change here needs a migration in `migrations/versions` and its number in `NEWEST`; a test compares the two.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

from flows.state.ledger.lines import RunState
from transforms.deliveries import DeliveryState, Hold

NEWEST = "0003"
"""The migration this code was written for."""
VERSION_TABLE = "ledger_version"
"""Not Alembic's usual name: the database may be shared, with Prefect's server for one."""
_MONTH = "month LIKE '____-__'"


class UtcTime(TypeDecorator[datetime]):
    """An aware moment, in UTC on every database: SQLite has no time zones, PostgreSQL gives the session's."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What is written. Raises ValueError for a moment without a time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the ledger keeps moments with their time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What is read."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def _one_of(column: str, values: Iterable[str]) -> str:
    quoted = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({quoted})"


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("month", Text),
    Column("parent", Integer, ForeignKey("runs.id", ondelete="SET NULL")),
    Column("state", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("edition", Integer),
    Column("fault", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("lock_file", Text, nullable=False),
    Column("note", Text, nullable=False),
    CheckConstraint(_one_of("state", RunState), "state"),
    CheckConstraint("(state = 'running') = (ended_at IS NULL)", "ended"),
    CheckConstraint(_MONTH, "month"),
)

editions = Table(
    "editions",
    metadata,
    Column("month", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("made_at", UtcTime, nullable=False),
    Column("manifest_sha256", Text, nullable=False),
    Column("origin", Text, nullable=False),
    CheckConstraint(_one_of("origin", ("run", "backfill")), "origin"),
    CheckConstraint("number >= 1", "number"),
    CheckConstraint(_MONTH, "month"),
)

roots = Table(
    "roots",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    CheckConstraint("one = 1", "one"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("month", Text, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("report_id", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("rule", Text, nullable=False),
    CheckConstraint("edition >= 1", "edition"),
    CheckConstraint(_MONTH, "month"),
    Index("ix_approvals_month", "month", "edition"),
)

senders = Table(
    "senders",
    metadata,
    Column("name", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("lock_file", Text, nullable=False),
    Column("began_at", UtcTime, nullable=False),
    Column("beat_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("transport", Text),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("month", Text, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("report_id", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("hold", Text),
    Column("reason", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("queued_at", UtcTime),
    Column("changed_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claimed_by", Text, ForeignKey("senders.name")),
    Column("claimed_at", UtcTime),
    Column("retry_at", UtcTime),
    Column("requeued_by", Text, nullable=False),
    Column("begun_at", UtcTime),
    Column("out_at", UtcTime),
    UniqueConstraint("month", "edition", "report_id", "recipient"),
    CheckConstraint(_one_of("state", DeliveryState), "state"),
    CheckConstraint(_one_of("hold", Hold), "hold"),
    CheckConstraint("(state = 'held') = (hold IS NOT NULL)", "held"),
    CheckConstraint("(state IN ('queued', 'held')) = (claimed_by IS NULL)", "claimed"),
    CheckConstraint("state <> 'queued' OR queued_at IS NOT NULL", "queued"),
    CheckConstraint("edition >= 1", "edition"),
    CheckConstraint("attempts >= 0", "attempts"),
    CheckConstraint(_MONTH, "month"),
    Index("ix_deliveries_state", "state"),
)
