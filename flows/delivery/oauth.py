"""Access tokens for XOAUTH2 (OAuth 2.0, RFC 6749): fetched, kept in memory, and renewed before they expire.

With a refresh token the token is somebody's; without one it is asked for with the client's own credentials. Does not
belong here: telling the mail server (`flows.delivery.session`). No secret or token is ever written, logged or raised.
"""

import ipaddress
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from config.delivery import Auth
from config.errors import ConfigError
from config.secrets import resolve_secrets
from flows.delivery.secrecy import encoded_forms, shown
from flows.delivery.transport import MailServerError

if TYPE_CHECKING:
    import httpx

_USUAL_LIFE_SECONDS = 3600.0
_MARGIN_SECONDS = 120.0
"""A token this close to its end is renewed first: the mail server's clock is another one."""
_SERVER_FAULT, _TOO_MANY, _OK = 500, 429, 200


def is_loopback(host: str) -> bool:
    """Whether a host as written is this machine."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class TokenSource:
    """Gives the access token that is valid now. Used by one thread."""

    def __init__(
        self, auth: Auth, context: ssl.SSLContext, timeout: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Secrets are resolved here. Raises ConfigError for what is missing or would go out unencrypted."""
        self._url = resolve_secrets(auth.token_url or "")
        parts = urlsplit(self._url)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise ConfigError("auth: token_url is no https address.", fix="Secrets go to https addresses only.")
        self._context, self._timeout, self._clock = context, timeout, clock
        self._client_id = resolve_secrets(auth.client_id or "")
        self._client_secret = resolve_secrets(auth.client_secret or "")
        self._refresh_token = resolve_secrets(auth.refresh_token or "")
        self._scope = auth.scope or ""
        if not self._client_id or not (self._client_secret or self._refresh_token):
            raise ConfigError(
                "auth: xoauth2 lacks client_id, or both client_secret and refresh_token.",
                fix="Give client_id with client_secret, refresh_token, or both.",
            )
        self._token, self._ends = "", 0.0

    def secrets(self) -> frozenset[str]:
        """Everything that must never be shown, as it is now."""
        return encoded_forms(self._client_secret, self._refresh_token, self._token)

    def token(self, *, renew: bool = False) -> str:
        """The access token, fetched where there is none, where it is about to expire, or where told to `renew`.

        Raises MailServerError; `passing` where the token endpoint is busy or cannot be reached.
        """
        if renew or not self._token or self._clock() >= self._ends:
            self._fetch()
        return self._token

    def _fetch(self) -> None:
        asked_at = self._clock()
        answer = self._ask()
        try:
            fields = answer.json()
        except ValueError:  # also what is not UTF-8
            fields = None
        found: dict[str, Any] = fields if isinstance(fields, dict) else {}
        token = found.get("access_token")
        if answer.status_code != _OK or not isinstance(token, str) or not _is_token(token):
            raise self._refused(answer.status_code, found)
        if isinstance(rotated := found.get("refresh_token"), str) and rotated:
            self._refresh_token = rotated  # RFC 6749, 6: the old one may be worthless now
        life = _seconds(found.get("expires_in"))
        self._token, self._ends = token, asked_at + life - min(_MARGIN_SECONDS, life / 5)

    def _ask(self) -> "httpx.Response":
        import httpx

        fields = {"client_id": self._client_id, "client_secret": self._client_secret, "scope": self._scope}
        if self._refresh_token:
            fields |= {"grant_type": "refresh_token", "refresh_token": self._refresh_token}
        else:
            fields |= {"grant_type": "client_credentials"}
        told = {name: value for name, value in fields.items() if value}
        try:
            return httpx.post(self._url, data=told, verify=self._context, timeout=self._timeout)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = shown(str(error) or type(error).__name__, self.secrets())
            certificate = "CERTIFICATE_VERIFY_FAILED" in why
            fault = MailServerError(
                f"No access token: {self._host()} does not answer: {why}.",
                fix="Check token_url and the network." if not certificate else "Name its authority in smtp: ca_file.",
                passing=not certificate and isinstance(error, httpx.TransportError),
            )
        raise fault  # outside the handler: the request in the caught error holds the secrets

    def _refused(self, status: int, found: dict[str, Any]) -> MailServerError:
        words = " ".join(str(found[key]) for key in ("error", "error_description") if found.get(key))
        why = shown(words, self.secrets()) if words else "the answer holds no access token"
        return MailServerError(
            f"No access token: {self._host()} answered {status}: {why}.",
            fix="Check the client's id, secret, refresh token and scope in delivery.yaml.",
            passing=status >= _SERVER_FAULT or status == _TOO_MANY,
        )

    def _host(self) -> str:
        return urlsplit(self._url).hostname or "token_url"


def _is_token(token: str) -> bool:
    """RFC 6750: visible ASCII. Anything else could end the field it is sent in."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def _seconds(value: object) -> float:
    try:
        life = float(str(value))
    except ValueError:
        return _USUAL_LIFE_SECONDS
    return life if 0 < life < float("inf") else _USUAL_LIFE_SECONDS
