"""retention.yaml: how long what is kept is kept. Nothing is deleted that no line names.

Does not belong here: deleting (`flows.stages.keeping`).
"""

from pydantic import Field

from config.base import Model


class Retention(Model):
    """retention.yaml: months after the month a thing is of; none keeps it for good."""

    landings: int | None = Field(default=None, ge=1)
    checked: int | None = Field(default=None, ge=1)
    facts: int | None = Field(default=None, ge=1)
    editions: int | None = Field(default=None, ge=1)
    outbox: int | None = Field(default=None, ge=1)
    ledger: int | None = Field(default=None, ge=1)
    """Deliveries and approvals of editions this old."""
