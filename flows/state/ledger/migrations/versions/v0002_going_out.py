"""How a sender carries mail; when a delivery's text began to go out, and when it first did; one more reason to hold.

SQLite changes no constraint of a table that is there: the deliveries are copied into a new one.
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"

_HOLDS = (
    "hold IN ('approval', 'superseded', 'left', 'moved', 'domain', 'opt_out', 'small_change', 'no_address', "
    "'withdrawn', 'sheet', 'erased', 'unchecked')"
)


def upgrade() -> None:
    """Add the columns. What is being sent may have begun to go out; what went out did when its line last changed."""
    op.add_column("senders", sa.Column("transport", sa.Text()))
    with op.batch_alter_table("deliveries") as deliveries:
        for name in ("begun_at", "out_at"):
            deliveries.add_column(_moment(name))
        deliveries.drop_constraint(op.f("ck_deliveries_hold"), type_="check")
        deliveries.create_check_constraint(op.f("ck_deliveries_hold"), sa.text(_HOLDS))
    op.execute("UPDATE deliveries SET begun_at = claimed_at WHERE state = 'sending'")
    op.execute("UPDATE deliveries SET out_at = changed_at WHERE state IN ('sent', 'uncertain')")


def _moment(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True))
