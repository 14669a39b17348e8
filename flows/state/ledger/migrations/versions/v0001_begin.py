"""The ledger begins: runs, editions, approvals, senders, deliveries."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

_RUN_STATES = "state IN ('running', 'done', 'refused', 'failed', 'stopped', 'died')"
_DELIVERY_STATES = "state IN ('queued', 'sending', 'sent', 'failed', 'uncertain', 'held')"
_HOLDS = (
    "hold IN ('approval', 'superseded', 'left', 'moved', 'domain', 'opt_out', 'small_change', 'no_address', "
    "'withdrawn', 'sheet', 'erased')"
)
_MONTH = "month LIKE '____-__'"


def upgrade() -> None:
    """Make the tables."""
    _runs()
    _editions_and_approvals()
    _deliveries()


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _runs() -> None:
    op.create_table(
        "runs",
        _number("id"),
        _text("kind"),
        _text("month", nullable=True),
        _number("parent", nullable=True),
        _text("state"),
        _moment("started_at"),
        _moment("ended_at", nullable=True),
        _number("edition", nullable=True),
        _text("fault"),
        _text("host"),
        _number("pid"),
        _text("lock_file"),
        _text("note"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.ForeignKeyConstraint(["parent"], ["runs.id"], name=op.f("fk_runs_parent"), ondelete="SET NULL"),
        sa.CheckConstraint(_RUN_STATES, name=op.f("ck_runs_state")),
        sa.CheckConstraint("(state = 'running') = (ended_at IS NULL)", name=op.f("ck_runs_ended")),
        sa.CheckConstraint(_MONTH, name=op.f("ck_runs_month")),
    )


def _editions_and_approvals() -> None:
    op.create_table(
        "editions",
        _text("month"),
        _number("number"),
        _moment("made_at"),
        _text("manifest_sha256"),
        _text("origin"),
        sa.PrimaryKeyConstraint("month", "number", name=op.f("pk_editions")),
        sa.CheckConstraint("origin IN ('run', 'backfill')", name=op.f("ck_editions_origin")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_editions_number")),
        sa.CheckConstraint(_MONTH, name=op.f("ck_editions_month")),
    )
    op.create_table(
        "approvals",
        _number("id"),
        _text("month"),
        _number("edition"),
        _text("report_id"),
        _text("by"),
        _moment("at"),
        _text("rule"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sa.CheckConstraint("edition >= 1", name=op.f("ck_approvals_edition")),
        sa.CheckConstraint(_MONTH, name=op.f("ck_approvals_month")),
    )
    op.create_index(op.f("ix_approvals_month"), "approvals", ["month", "edition"])


def _deliveries() -> None:
    op.create_table(
        "senders",
        _text("name"),
        _text("host"),
        _number("pid"),
        _text("lock_file"),
        _moment("began_at"),
        _moment("beat_at"),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_senders")),
    )
    op.create_table(
        "deliveries",
        _number("id"),
        _text("month"),
        _number("edition"),
        _text("report_id"),
        _text("recipient"),
        _text("state"),
        _text("hold", nullable=True),
        _text("reason"),
        _text("message_id"),
        _text("sha256"),
        _moment("queued_at", nullable=True),
        _moment("changed_at"),
        _number("attempts"),
        _text("claimed_by", nullable=True),
        _moment("claimed_at", nullable=True),
        _moment("retry_at", nullable=True),
        _text("requeued_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.ForeignKeyConstraint(["claimed_by"], ["senders.name"], name=op.f("fk_deliveries_claimed_by")),
        sa.UniqueConstraint("month", "edition", "report_id", "recipient", name=op.f("uq_deliveries")),
        sa.CheckConstraint(_DELIVERY_STATES, name=op.f("ck_deliveries_state")),
        sa.CheckConstraint(_HOLDS, name=op.f("ck_deliveries_hold")),
        sa.CheckConstraint("(state = 'held') = (hold IS NOT NULL)", name=op.f("ck_deliveries_held")),
        sa.CheckConstraint("(state IN ('queued', 'held')) = (claimed_by IS NULL)", name=op.f("ck_deliveries_claimed")),
        sa.CheckConstraint("state <> 'queued' OR queued_at IS NOT NULL", name=op.f("ck_deliveries_queued")),
        sa.CheckConstraint("edition >= 1", name=op.f("ck_deliveries_edition")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_deliveries_attempts")),
        sa.CheckConstraint(_MONTH, name=op.f("ck_deliveries_month")),
    )
    op.create_index(op.f("ix_deliveries_state"), "deliveries", ["state"])
