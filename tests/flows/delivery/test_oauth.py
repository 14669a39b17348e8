"""Access tokens: fetched, renewed before their end and when withdrawn, and never shown."""

import ssl
import time
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from config.delivery import Auth
from config.errors import ConfigError
from flows.delivery import MailServerError, SmtpTransport
from flows.delivery.oauth import TokenSource
from tests.flows.delivery.hostile import WELL, HostileServer, answer
from tests.flows.delivery.mails import mail, smtp_of
from tests.flows.delivery.token_endpoint import CLIENT, REFRESH, SECRET, TokenEndpoint


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def endpoint() -> Iterator[TokenEndpoint]:
    with TokenEndpoint() as server:
        yield server


def auth_of(endpoint: TokenEndpoint, **changes: Any) -> Auth:
    fields = {"method": "xoauth2", "username": "reports@example.com", "token_url": endpoint.url, "client_id": CLIENT,
              "client_secret": SECRET, "scope": "https://mail.example.com/.default"}  # fmt: skip
    return Auth.model_validate(fields | changes)


def source(auth: Auth, clock: Clock | None = None) -> TokenSource:
    return TokenSource(auth, ssl.create_default_context(), 2.0, clock or Clock())


def nothing() -> None:
    """Nothing has to be recorded before the data."""


def test_a_token_is_fetched_once_and_used_until_shortly_before_its_end(endpoint: TokenEndpoint) -> None:
    clock = Clock()
    tokens = source(auth_of(endpoint), clock)
    assert [tokens.token(), tokens.token()] == ["token-1", "token-1"]
    clock.now = 3600 - 121
    assert tokens.token() == "token-1"
    clock.now = 3600 - 119
    assert tokens.token() == "token-2"
    assert len(endpoint.asked) == 2


def test_with_the_clients_own_credentials(endpoint: TokenEndpoint) -> None:
    source(auth_of(endpoint)).token()
    assert endpoint.asked == [
        {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET,
         "scope": "https://mail.example.com/.default"}
    ]  # fmt: skip


def test_with_a_refresh_token_and_no_client_secret(endpoint: TokenEndpoint) -> None:
    source(auth_of(endpoint, client_secret=None, refresh_token=REFRESH, scope=None)).token()
    assert endpoint.asked == [{"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": REFRESH}]


def test_a_new_refresh_token_replaces_the_old_one() -> None:
    with TokenEndpoint(rotate=True) as endpoint:
        tokens = source(auth_of(endpoint, refresh_token=REFRESH))
        assert [tokens.token(), tokens.token(renew=True), tokens.token(renew=True)] == ["token-1", "token-2", "token-3"]
        assert [one["refresh_token"] for one in endpoint.asked] == [REFRESH, f"{REFRESH}-1", f"{REFRESH}-2"]


REFUSED = {
    "busy": ((503, "down"), "answered 503", True),
    "too many": ((429, "{}"), "answered 429", True),
    "not JSON": ((200, "<html>"), "holds no access token", False),
    "no token": ((200, "{}"), "holds no access token", False),
    "a list": ((200, "[1]"), "holds no access token", False),
    "a token with a line end": ((200, '{"access_token": "a\\u0001b"}'), "holds no access token", False),
    "moved": ((302, ""), "answered 302", False),
}


@pytest.mark.parametrize(("given", "message", "passing"), REFUSED.values(), ids=REFUSED)
def test_an_answer_without_a_token_is_told(
    endpoint: TokenEndpoint, given: tuple[int, str], message: str, passing: bool
) -> None:
    endpoint.answer = given
    with pytest.raises(MailServerError, match=message) as caught:
        source(auth_of(endpoint)).token()
    assert caught.value.passing is passing


def test_no_secret_is_shown_even_where_the_endpoint_repeats_it(endpoint: TokenEndpoint) -> None:
    wrong = "wrong-secret-77aa"
    with pytest.raises(MailServerError, match="invalid_grant") as caught:
        source(auth_of(endpoint, client_secret=wrong)).token()
    assert wrong not in "".join(traceback.format_exception(caught.value))


def test_an_endpoint_that_does_not_answer_is_told_without_a_secret() -> None:
    with TokenEndpoint() as gone:
        auth = auth_of(gone)
    with pytest.raises(MailServerError, match=r"127\.0\.0\.1 does not answer") as caught:
        source(auth).token()
    assert caught.value.passing is True
    assert caught.value.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", ["http://login.example.com/token", "ftp://localhost/token", "token"])
def test_secrets_go_to_safe_addresses_only(endpoint: TokenEndpoint, url: str) -> None:
    with pytest.raises(ConfigError, match="no https address"):
        source(auth_of(endpoint, token_url=url))


@pytest.mark.parametrize("missing", [{"client_id": None}, {"client_secret": None}])
def test_what_is_missing_is_named(endpoint: TokenEndpoint, missing: dict[str, None]) -> None:
    with pytest.raises(ConfigError, match="lacks client_id, or both"):
        source(auth_of(endpoint, **missing))


# -- with a mail server ------------------------------------------------------------------------------------------


def test_mail_is_sent_with_a_token(endpoint: TokenEndpoint) -> None:
    with HostileServer(tokens=endpoint.is_valid) as server:
        with SmtpTransport(smtp_of(server, auth=auth_of(endpoint))) as transport:
            assert transport.send(mail(1), nothing).outcome == "sent"
        assert server.logins == 1
        assert server.refused_logins == 0


def test_a_token_that_ends_in_mid_run_is_renewed_at_the_next_connection() -> None:
    with TokenEndpoint(life=0.1) as endpoint, HostileServer(
        lambda number: WELL if number % 2 else answer("end", 421), tokens=endpoint.is_valid
    ) as server:  # fmt: skip
        with SmtpTransport(smtp_of(server, auth=auth_of(endpoint))) as transport:
            assert transport.send(mail(1), nothing).outcome == "retry"
            time.sleep(0.12)
            assert transport.send(mail(1), nothing).outcome == "sent"
        assert server.refused_logins == 0
        assert len(endpoint.asked) == 2


def test_a_token_withdrawn_before_its_end_is_renewed_once(endpoint: TokenEndpoint) -> None:
    script = {0: answer("end", 421)}
    with HostileServer(lambda number: script.get(number, WELL), tokens=endpoint.is_valid) as server:
        with SmtpTransport(smtp_of(server, auth=auth_of(endpoint))) as transport:
            transport.send(mail(1), nothing)
            endpoint.withdraw_all()
            assert transport.send(mail(1), nothing).outcome == "sent"
        assert (server.logins, server.refused_logins) == (2, 1)


def test_a_token_that_the_mail_server_refuses_stops_everything_and_is_never_shown(endpoint: TokenEndpoint) -> None:
    with HostileServer(tokens=lambda _: False) as server:
        with pytest.raises(MailServerError, match=r"refuses the sign-in of reports@example\.com: 535") as caught:
            SmtpTransport(smtp_of(server, auth=auth_of(endpoint))).__enter__()
        assert server.refused_logins == 2
        assert "token-" not in "".join(traceback.format_exception(caught.value))
