"""What comes of a message at a server that misbehaves: sent, retry, failed or uncertain, and never a second copy."""

import contextlib
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest

from config.delivery import Smtp
from config.errors import ConfigError
from flows.delivery import MailServerError, SmtpTransport
from flows.delivery.message import Attachment, build_message
from flows.delivery.oauth import is_loopback
from tests.flows.delivery.hostile import WELL, Behaviour, HostileServer, answer, drop, stall
from tests.flows.delivery.mails import mail, smtp_of

PASSWORD = "pa55-wörd-secret"


def nothing() -> None:
    """Nothing has to be recorded before the data."""


def only(behaviour: Behaviour) -> Callable[[int], Behaviour]:
    """The first message is treated so, all others well."""
    return lambda number: behaviour if number == 0 else WELL


# -- outcomes ----------------------------------------------------------------------------------------------------

OUTCOMES = {
    "well": (WELL, {"sent"}, 1),
    "451 at MAIL": (answer("mail", 451), {"retry"}, 0),
    "421 at RCPT": (answer("rcpt", 421), {"retry"}, 0),
    "450 at RCPT": (answer("rcpt", 450), {"retry"}, 0),
    "554 at RCPT": (answer("rcpt", 554), {"failed"}, 0),
    "552 at MAIL": (answer("mail", 552), {"failed"}, 0),
    "451 at DATA": (answer("data", 451), {"retry"}, 0),
    "554 at DATA": (answer("data", 554), {"failed"}, 0),
    "450 after the data": (answer("end", 450), {"retry"}, 0),
    "421 after the data": (answer("end", 421), {"retry"}, 0),
    "552 after the data": (answer("end", 552), {"failed"}, 0),
    "554 after the data": (answer("end", 554), {"failed"}, 0),
    "lost at RCPT": (drop("rcpt"), {"retry"}, 0),
    "lost at DATA": (drop("data"), {"retry"}, 0),
    # A short message is on its way whole before the loss is seen: then nobody can know on this side.
    "lost in mid-data": (drop("body"), {"retry", "uncertain"}, 0),
    "lost after the dot, not taken": (drop("end"), {"uncertain"}, 0),
    "lost after the dot, taken": (drop("end", taken=True), {"uncertain"}, 1),
    "an answer that is none after the dot": (answer("end", 354), {"uncertain"}, 0),
    "an answer that is none at RCPT": (answer("rcpt", 354), {"retry"}, 0),
}


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(("behaviour", "outcomes", "copies"), OUTCOMES.values(), ids=OUTCOMES)
def test_each_fault_has_its_outcome_and_the_next_message_goes_well(
    behaviour: Behaviour, outcomes: set[str], copies: int, security: str
) -> None:
    with HostileServer(only(behaviour), security=security) as server:  # type: ignore[arg-type]
        with SmtpTransport(smtp_of(server)) as transport:
            found = transport.send(mail(1), nothing)
            after = transport.send(mail(2), nothing)
        assert found.outcome in outcomes, found
        assert found.reason
        assert after.outcome == "sent"
        assert server.accepted == Counter({mail(1).message_id: copies, mail(2).message_id: 1})


def test_a_long_message_lost_in_mid_data_is_certainly_not_sent() -> None:
    large = mail(1, attachments=(Attachment("a.pdf", b"x" * 12_000_000),))
    with HostileServer(only(drop("body"))) as server, SmtpTransport(smtp_of(server)) as transport:
        assert transport.send(large, nothing).outcome == "retry"
        assert transport.send(mail(2), nothing).outcome == "sent"
        assert server.accepted == Counter([mail(2).message_id])


STALLS = {
    "before the data": (stall("rcpt", 30), {"retry"}),
    "in mid-data": (stall("body", 30), {"retry", "uncertain"}),
    "after the dot": (stall("end", 30, taken=True), {"uncertain"}),
}


@pytest.mark.parametrize(("behaviour", "outcomes"), STALLS.values(), ids=STALLS)
def test_silence_ends_and_the_next_message_goes_well(behaviour: Behaviour, outcomes: set[str]) -> None:
    with HostileServer(only(behaviour)) as server:
        with SmtpTransport(smtp_of(server, timeout_seconds=0.2)) as transport:
            assert transport.send(mail(1), nothing).outcome in outcomes
            assert transport.send(mail(2), nothing).outcome == "sent"
        assert server.answered == Counter([mail(2).message_id])


def test_a_server_that_takes_no_more_bytes_is_a_clean_retry() -> None:
    large = mail(1, attachments=(Attachment("a.pdf", b"x" * 12_000_000),))
    with HostileServer(only(stall("body", 30))) as server:
        with SmtpTransport(smtp_of(server, timeout_seconds=0.3)) as transport:
            assert transport.send(large, nothing).outcome == "retry"
        assert server.accepted == Counter()


def test_a_slow_answer_to_the_final_dot_is_waited_for() -> None:
    """Longer than the usual timeout: an impatient sender would call good mail uncertain."""
    with HostileServer(only(Behaviour("end", stall=0.8))) as server:
        with SmtpTransport(smtp_of(server, timeout_seconds=0.3)) as transport:
            assert transport.send(mail(1), nothing).outcome == "sent"
        assert server.answered == Counter([mail(1).message_id])


def test_a_server_that_gives_up_in_mid_data_is_heard() -> None:
    large = mail(1, attachments=(Attachment("a.pdf", b"x" * 3_000_000),))
    with HostileServer(only(Behaviour("body", code=552))) as server:
        with SmtpTransport(smtp_of(server)) as transport:
            assert transport.send(large, nothing).outcome in {"failed", "retry"}
            assert transport.send(mail(2), nothing).outcome == "sent"
        assert server.accepted == Counter([mail(2).message_id])


def test_what_arrives_is_what_was_built() -> None:
    sent = mail(1)
    with HostileServer() as server, SmtpTransport(smtp_of(server)) as transport:
        transport.send(sent, nothing)
        (taken,) = server.taken
    assert taken.content == build_message(sent)
    assert taken.sender == "reports@example.com"
    assert taken.recipients == (sent.recipient,)


def test_one_connection_carries_many_and_says_goodbye() -> None:
    with HostileServer() as server:
        with SmtpTransport(smtp_of(server)) as transport:
            for number in range(20):
                assert transport.send(mail(number), nothing).outcome == "sent"
        assert (server.connections, server.messages, server.quits) == (1, 20, 1)


def test_a_connection_the_server_has_left_is_opened_anew_unseen() -> None:
    with HostileServer(lambda number: answer("mail", 421) if number == 1 else WELL) as server:
        with SmtpTransport(smtp_of(server)) as transport:
            assert transport.send(mail(1), nothing).outcome == "sent"
            assert transport.send(mail(2), nothing).outcome == "sent"
        assert server.connections == 2
        assert server.accepted == Counter([mail(1).message_id, mail(2).message_id])


# -- before the data ---------------------------------------------------------------------------------------------


def test_the_word_before_the_data_comes_after_the_recipient_is_taken_and_before_any_text() -> None:
    with HostileServer(only(answer("rcpt", 554))) as server, SmtpTransport(smtp_of(server)) as transport:
        calls: list[int] = []
        transport.send(mail(1), lambda: calls.append(1))
        assert calls == []
        transport.send(mail(2), lambda: calls.append(len(server.taken)))
        assert calls == [0]
        assert len(server.taken) == 1


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
def test_nothing_goes_out_where_the_word_before_the_data_fails(fault: type[BaseException]) -> None:
    def fails() -> None:
        raise fault

    with HostileServer() as server, SmtpTransport(smtp_of(server)) as transport:
        with pytest.raises(fault):
            transport.send(mail(1), fails)
        assert transport.send(mail(2), nothing).outcome == "sent"
        assert server.accepted == Counter([mail(2).message_id])


def test_an_interruption_in_mid_data_never_ends_the_message() -> None:
    large = mail(1, attachments=(Attachment("a.pdf", b"x" * 12_000_000),))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def soon() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.3)

    with HostileServer(only(Behaviour("body", stall=1.0))) as server:
        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            with (
                SmtpTransport(smtp_of(server, timeout_seconds=30)) as transport,
                pytest.raises(KeyboardInterrupt),  # the server reads nothing yet, so most is still here
            ):
                transport.send(large, soon)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        time.sleep(0.8)  # until the server has read what there is
        assert server.messages == 1
        assert server.accepted == Counter()
        assert server.quits == 0


# -- size --------------------------------------------------------------------------------------------------------


def test_a_message_larger_than_the_server_takes_is_not_tried() -> None:
    with HostileServer(size=5_000) as server, SmtpTransport(smtp_of(server)) as transport:
        assert transport.largest == 5_000
        found = transport.send(mail(1), nothing)
        assert found.outcome == "failed"
        assert found.reason == "The message has 0.01 MB; 0.01 MB are taken."
        assert server.messages == 0


def test_the_lower_limit_counts() -> None:
    with HostileServer() as server, SmtpTransport(smtp_of(server, max_megabytes="0.001")) as transport:
        assert transport.largest == 1_000
        assert transport.send(mail(1), nothing).outcome == "failed"


# -- faults of every message -------------------------------------------------------------------------------------

CERTIFICATES = {
    "other name": "certificate of 127.0.0.1.* is not trusted.*127.0.0.1",
    "expired": "not trusted: certificate has expired",
    "unknown authority": "not trusted: (self-signed|unable to get local issuer)",
}


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(("certificate", "message"), CERTIFICATES.items(), ids=CERTIFICATES)
def test_no_word_is_said_to_a_server_with_a_bad_certificate(certificate: str, message: str, security: str) -> None:
    with HostileServer(certificate=certificate, security=security, users={"yard": PASSWORD}) as server:  # type: ignore[arg-type]
        auth = {"method": "plain", "username": "yard", "password": PASSWORD}
        with pytest.raises(MailServerError, match=message) as caught, SmtpTransport(smtp_of(server, auth=auth)):
            pass
        assert caught.value.passing is False
        assert server.logins == server.refused_logins == server.messages == 0


def test_without_the_companys_authority_its_server_is_not_trusted() -> None:
    with HostileServer() as server, pytest.raises(MailServerError, match="not trusted"):
        SmtpTransport(smtp_of(server, ca_file=None)).__enter__()


def test_a_server_without_starttls_is_told_nothing() -> None:
    with HostileServer(security="none") as server:
        with (
            pytest.raises(MailServerError, match="does not offer STARTTLS"),
            SmtpTransport(smtp_of(server, security="starttls")),
        ):
            pass
        assert server.messages == 0


class Spoken:
    """A server that says what it is told, whatever the client says, and keeps what it hears."""

    def __init__(self, *answers: bytes) -> None:
        self.heard = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._speak, args=(answers,), daemon=True)
        self._thread.start()

    def _speak(self, answers: tuple[bytes, ...]) -> None:
        connection, _ = self._listener.accept()
        with connection, contextlib.suppress(OSError):
            for words in answers:
                connection.sendall(words)
                self.heard += connection.recv(1000)
            while words := connection.recv(65536):
                self.heard += words

    def end(self) -> bytes:
        """Everything that was heard."""
        self._thread.join(5)
        self._listener.close()
        return self.heard


def test_words_before_the_connection_is_safe_are_taken_from_nobody() -> None:
    """Whoever sits between may add an answer behind the server's own before TLS begins."""
    server = Spoken(b"220 hello\r\n", b"250-hello\r\n250 STARTTLS\r\n", b"220 go on\r\n250-injected\r\n250 AUTH\r\n")
    smtp = Smtp(host="127.0.0.1", port=server.port, timeout_seconds=2)
    with pytest.raises(MailServerError, match="out of turn"):
        SmtpTransport(smtp).__enter__()
    server.end()


GIVES_UP = {
    "too much": (b"552 5.3.4 too much\r\n", "failed"),
    "busy": (b"421 4.3.2 closing\r\n", "retry"),
    "nonsense": (b"what?\r\n", "retry"),
}


@pytest.mark.parametrize(("words", "outcome"), GIVES_UP.values(), ids=GIVES_UP)
def test_a_message_is_not_ended_once_the_server_has_given_up(words: bytes, outcome: str) -> None:
    server = Spoken(b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n" + words)
    smtp = Smtp(host="127.0.0.1", port=server.port, security="none", timeout_seconds=2)
    with SmtpTransport(smtp) as transport:
        assert transport.send(mail(1), nothing).outcome == outcome
    assert b"\r\n.\r\n" not in server.end()


def test_an_answer_without_end_is_not_listened_to() -> None:
    server = Spoken(b"220 hi\r\n", b"250-on and on\r\n" * 9_000)
    smtp = Smtp(host="127.0.0.1", port=server.port, security="none", timeout_seconds=2)
    with pytest.raises(MailServerError, match="does not end"):
        SmtpTransport(smtp).__enter__()
    server.end()


@pytest.mark.parametrize("host", ["a..example", "x" * 64 + ".example"])
def test_a_host_that_is_none_is_named(host: str) -> None:
    with pytest.raises(MailServerError, match=f"No address is known of {host}"):
        SmtpTransport(Smtp(host=host)).__enter__()


def test_plain_text_is_spoken_to_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with HostileServer(security="none") as server:
        monkeypatch.setattr("flows.delivery.smtp.is_loopback", lambda _host: False)  # as another machine's address is
        with pytest.raises(MailServerError, match="security is none"):
            SmtpTransport(smtp_of(server)).__enter__()
        assert server.messages == 0


THIS_MACHINE = {"localhost": True, "LOCALHOST": True, "127.0.0.1": True, "127.9.9.9": True, "::1": True, "[::1]": True,
                "mail.example.com": False, "10.0.0.1": False, "localhost.example.com": False, "": False}  # fmt: skip


@pytest.mark.parametrize(("host", "here"), THIS_MACHINE.items(), ids=THIS_MACHINE)
def test_which_hosts_are_this_machine(host: str, here: bool) -> None:
    assert is_loopback(host) is here


UNREACHABLE = {
    "421 at the greeting": (answer("connect", 421), "takes no connection: 421", True),
    "554 at the greeting": (answer("connect", 554), "takes no connection: 554", False),
    "lost at the greeting": (drop("connect"), "cannot be reached", True),
    "silence at the greeting": (stall("connect", 30), "said nothing in time", True),
}


@pytest.mark.parametrize(("behaviour", "message", "passing"), UNREACHABLE.values(), ids=UNREACHABLE)
def test_a_server_that_takes_no_connection_stops_everything(behaviour: Behaviour, message: str, passing: bool) -> None:
    with HostileServer(connect=lambda _: behaviour, security="none") as server:
        with pytest.raises(MailServerError, match=message) as caught:
            SmtpTransport(smtp_of(server, timeout_seconds=0.3)).__enter__()
        assert caught.value.passing is passing
        assert caught.value.exit_status == 3


def test_where_nobody_listens_the_address_is_named() -> None:
    with HostileServer() as server:
        smtp = smtp_of(server)
    server.ca_file.parent.mkdir()
    smtp = smtp.model_copy(update={"ca_file": None})
    with pytest.raises(MailServerError, match=f"127.0.0.1:{smtp.port} cannot be reached") as caught:
        SmtpTransport(smtp).__enter__()
    server.ca_file.parent.rmdir()
    assert caught.value.passing is True


def test_a_connection_that_cannot_be_opened_again_leaves_the_message_unsent() -> None:
    connect = {1: answer("connect", 554)}
    with (
        HostileServer(only(answer("rcpt", 421)), connect=lambda number: connect.get(number, WELL)) as server,
        SmtpTransport(smtp_of(server)) as transport,
    ):
        assert transport.send(mail(1), nothing).outcome == "retry"
        with pytest.raises(MailServerError, match="554"):
            transport.send(mail(1), nothing)
        assert transport.send(mail(1), nothing).outcome == "sent"
        assert server.accepted == Counter([mail(1).message_id])


def test_a_refused_sender_concerns_every_message() -> None:
    with HostileServer(only(answer("mail", 550))) as server, SmtpTransport(smtp_of(server)) as transport:
        with pytest.raises(MailServerError, match=r"takes no mail from reports@example\.com: 550"):
            transport.send(mail(1), nothing)
        assert transport.send(mail(1), nothing).outcome == "sent"
        assert server.accepted == Counter([mail(1).message_id])


def test_an_address_that_is_none_fails_alone() -> None:
    with HostileServer() as server, SmtpTransport(smtp_of(server)) as transport:
        found = transport.send(mail(1, recipient="jürgen@example.com"), nothing)
        assert found.outcome == "failed"
        assert "beyond ASCII" in found.reason
        assert server.messages == 0


def test_a_missing_authority_file_is_named() -> None:
    with HostileServer() as server, pytest.raises(ConfigError, match=r"nowhere\.pem holds no certificate"):
        SmtpTransport(smtp_of(server, ca_file="nowhere.pem")).__enter__()


# -- signing in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["plain", "login"])
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_signed_in_with_a_password_from_the_environment(
    method: str, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    auth = {"method": method, "username": "yard", "password": "${MAIL_PASSWORD}"}
    with HostileServer(users={"yard": PASSWORD}, security=security) as server:  # type: ignore[arg-type]
        with SmtpTransport(smtp_of(server, auth=auth)) as transport:
            assert transport.send(mail(1), nothing).outcome == "sent"
        assert server.logins == 1


@pytest.mark.parametrize("method", ["plain", "login"])
def test_a_wrong_password_stops_everything_and_is_never_shown(method: str) -> None:
    auth = {"method": method, "username": "yard", "password": PASSWORD}
    with HostileServer(users={"yard": "another"}) as server:
        with pytest.raises(MailServerError, match="refuses the sign-in of yard: 535") as caught:
            SmtpTransport(smtp_of(server, auth=auth)).__enter__()
        assert server.refused_logins == 1
        assert PASSWORD not in repr(caught.value) + str(caught.value) + repr(caught.value.__cause__)


def test_a_way_of_signing_in_that_is_not_offered_is_told_with_those_that_are() -> None:
    auth = {"method": "login", "username": "yard", "password": PASSWORD}
    with HostileServer() as server, pytest.raises(MailServerError, match="does not offer AUTH LOGIN, but none at all"):
        SmtpTransport(smtp_of(server, auth=auth)).__enter__()


def test_a_server_that_wants_a_sign_in_is_told_apart_from_a_refused_message() -> None:
    with (
        HostileServer(users={"yard": PASSWORD}) as server,
        SmtpTransport(smtp_of(server)) as transport,
        pytest.raises(MailServerError, match="530"),
    ):
        transport.send(mail(1), nothing)


def test_smtp_cannot_tell_what_was_sent() -> None:
    with HostileServer() as server, SmtpTransport(smtp_of(server)) as transport:
        assert transport.was_sent(mail(1).message_id, mail(1).month, 1) is None


# -- many --------------------------------------------------------------------------------------------------------


def test_of_fifty_with_every_fault_none_is_doubled_and_none_is_lost() -> None:
    """Each is tried again while it is a retry, as a sender does; what is uncertain is left."""
    faults = [behaviour for behaviour, _, _ in OUTCOMES.values()]
    with HostileServer(lambda number: faults[number % len(faults)]) as server:
        results: dict[str, str] = {}
        with SmtpTransport(smtp_of(server)) as transport:
            for number in range(50):
                one = mail(number)
                for _ in range(8):
                    results[one.message_id] = transport.send(one, nothing).outcome
                    if results[one.message_id] != "retry":
                        break
        told = server.answered
        assert len(results) == 50
        assert set(results.values()) == {"sent", "failed", "uncertain"}
        for message_id, outcome in results.items():
            assert server.accepted[message_id] <= 1
            assert told[message_id] == (1 if outcome == "sent" else 0)
            assert outcome != "failed" or server.accepted[message_id] == 0
