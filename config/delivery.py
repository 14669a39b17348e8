"""delivery.yaml: who receives which report, what must hold before it goes out, and how it is carried.

Does not belong here: sending (`flows.delivery`), and who that is in a month (`transforms.recipients`).
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from config.base import Model, Texts


class Release(Model):
    """When an edition is released without a person's word. By default never: everything waits for `approve`."""

    automatic: bool = False
    critical: int = Field(default=0, ge=0)
    """At most so many critical findings."""
    warnings: int | None = Field(default=None, ge=0)
    """At most so many warnings; by default any number."""
    withheld: int | None = Field(default=None, ge=0)
    """At most so many figures withheld; by default any number."""
    below: Decimal | None = Field(default=None, ge=0, le=1)
    """At most this share of the statuses may be *below*: more than that is looked at by a person first."""
    later_editions: bool = False
    """Whether corrected editions of a month already mailed go out without a person's word, too."""


def _plain_yes(value: object) -> object:
    return {"automatic": value} if isinstance(value, bool) else value


class Auth(Model):
    """How yardstick says who it is to the mail server. Secrets are `${NAME}` or `${file:/path}`."""

    method: Literal["none", "plain", "login", "xoauth2"] = "none"
    username: str | None = None
    password: str | None = None
    token_url: str | None = None
    """xoauth2: where an access token is fetched and renewed (OAuth 2.0), as
    https://login.microsoftonline.com/<tenant>/oauth2/v2.0/token."""
    client_id: str | None = None
    client_secret: str | None = None
    refresh_token: str | None = None
    """Without one the token is asked for with the client's own credentials."""
    scope: str | None = None


class Smtp(Model):
    """The mail server."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    """none is allowed on this machine only (a relay on localhost)."""
    ca_file: str | None = None
    """Certificates to trust beside the system's, a PEM file beside this one."""
    auth: Auth = Auth()
    per_minute: int = Field(default=30, ge=1)
    """Microsoft 365 takes 30 messages a minute."""
    timeout_seconds: float = Field(default=60, gt=0)
    attempts: int = Field(default=5, ge=1)
    """So often a message is tried that the server puts off, with a longer pause each time."""
    pause_seconds: float = Field(default=5, ge=0)
    """The first pause; each further one is twice as long."""
    max_megabytes: Decimal = Field(default=Decimal(20), gt=0)
    """Larger messages are not tried; the server's own limit counts where it is lower."""


class Delivery(Model):
    """delivery.yaml: who receives which report."""

    sender: str | None = None
    reply_to: str | None = None
    """Where answers go; by default to the sender."""
    allowed_domains: Texts = ()
    """Addresses elsewhere are held. Empty: none is allowed but the outbox."""
    opt_out: Texts = ()
    """Addresses or associates' ids that receive nothing."""
    manager_reports_to: tuple[Literal["manager", "managers_manager"], ...] = ("manager",)
    team_reports_to: tuple[Literal["manager", "members", "managers_manager"], ...] = ("manager",)
    release: Annotated[Release, BeforeValidator(_plain_yes)] = Release()
    mail_changes_over: Decimal = Field(default=Decimal("0.01"), ge=0)
    """A corrected report is mailed again where a status changed, or a figure by more than this share of itself."""
    transport: Literal["outbox", "smtp"] = "outbox"
    smtp: Smtp | None = None
    ledger: str | None = None
    """Database of the ledger, as postgresql+psycopg://${USER}:${PASSWORD}@host/yardstick. By default a file in the
    state root."""
    notices: Texts = ()
    """Where the operator is told of a run that failed: addresses of Apprise, secrets as `${NAME}`. Never readers'."""
