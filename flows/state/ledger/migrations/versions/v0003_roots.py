"""Which state root the ledger is of: the deliveries of another root's editions would take the place of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Make the table of one row."""
    op.create_table(
        "roots",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_roots")),
        sa.CheckConstraint("one = 1", name=op.f("ck_roots_one")),
    )
