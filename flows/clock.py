"""The clock of entry points and of the ledger. No report knows it."""

from datetime import UTC, datetime


def now_utc() -> datetime:
    """This moment."""
    return datetime.now(tz=UTC)
