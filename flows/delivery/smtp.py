"""Mail by SMTP: what each answer of the server means for the message at hand and for all others.

A message is offered in two steps. Until its final dot the server must not accept it (RFC 5321, 4.1.1.4), so whatever
happens before is a clean *retry*. From the dot to the answer nobody can know what a lost connection means: *uncertain*.
Does not belong here: who is sent what and how fast, and trying again (`flows.deliver`).
"""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from config.delivery import Smtp
from config.errors import ConfigError
from config.months import Month
from config.secrets import resolve_secrets
from flows.delivery.addresses import AddressError, parse_address
from flows.delivery.message import Mail, build_message
from flows.delivery.oauth import TokenSource, is_loopback
from flows.delivery.secrecy import encoded_forms, shown
from flows.delivery.session import Answer, Lost, SafeSession, Session
from flows.delivery.transport import MailServerError, Result

_BYTES_A_MEGABYTE = 1_000_000
_WAIT_FOR_THE_LAST_ANSWER = 10
"""Times the usual timeout: RFC 5321, 4.5.3.2.6 asks for ten minutes, lest a slow server's mail is called uncertain."""
_GO_ON, _GOODBYE, _GREETING = 354, 421, 220
_TOO_LARGE = 552
_SIGN_IN_AGAIN = frozenset({530, 535})
_DONE, _NOT_NOW, _NEVER = 2, 4, 5


class SmtpTransport:
    """One connection, opened by `with` and used for message after message; opened anew where it was lost."""

    def __init__(self, smtp: Smtp, directory: Path = Path()) -> None:
        """`directory` is that of the configuration: ca_file is looked for there. Nothing is read or opened yet."""
        self._smtp = smtp
        self._directory = directory
        self._session: Session | None = None
        self._context: ssl.SSLContext | None = None
        self._tokens: TokenSource | None = None
        self._password = ""
        self._username = ""

    @property
    def largest(self) -> int | None:
        """The configured limit in bytes, or the server's where it is lower."""
        limit = int(self._smtp.max_megabytes * _BYTES_A_MEGABYTE)
        told = self._session.esmtp_features.get("size", "") if self._session else ""
        return min(limit, int(told)) if told.isdigit() and int(told) else limit

    def __enter__(self) -> Self:
        """Connect and sign in. Raises MailServerError, and ConfigError for a secret or ca_file that is not there."""
        auth = self._smtp.auth
        self._context = self._trusting()
        self._username = resolve_secrets(auth.username or "")
        self._password = resolve_secrets(auth.password or "")
        if auth.method == "xoauth2" and self._tokens is None:
            self._tokens = TokenSource(auth, self._context, self._smtp.timeout_seconds)
        self._connected()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Say goodbye where the connection is at rest."""
        if self._session is not None:
            try:
                self._session.answer_seconds = min(2.0, self._smtp.timeout_seconds)
                self._session.ask("QUIT")
            except OSError:
                pass  # everything has been said; the server may leave as it likes
            self._drop()

    def was_sent(self, mail_id: str, month: Month, edition: int) -> bool | None:  # noqa: ARG002
        """SMTP cannot tell."""
        return None

    # -- one message -------------------------------------------------------------------------------------------

    def send(self, mail: Mail, before_data: Callable[[], None]) -> Result:
        """Carry one message; see `Transport.send`."""
        try:
            recipient = parse_address(mail.recipient).address
        except AddressError as error:
            return Result("failed", str(error))
        content = build_message(mail)
        sender = parse_address(mail.sender).address
        session = self._session or self._connected()
        if self.largest is not None and len(content) > self.largest:
            return Result(
                "failed", f"The message has {_megabytes(len(content))}; {_megabytes(self.largest)} are taken."
            )
        try:
            return self._offered(session, sender, recipient, content, before_data)
        except Lost as error:
            self._drop()
            return Result("retry", f"Before the message was whole {error}.")
        except BaseException:  # a message that was begun is never ended by leaving: the connection goes first
            self._drop()
            raise

    def _offered(
        self, session: Session, sender: str, recipient: str, content: bytes, before_data: Callable[[], None]
    ) -> Result:
        size = f" SIZE={len(content)}" if session.has_extn("size") else ""
        session, answer = self._begun(session, f"MAIL FROM:<{sender}>{size}")
        if answer.kind == _NEVER and answer.code != _TOO_LARGE:  # the server knows nothing yet but the sender
            raise self._sender_refused(sender, answer)
        if answer.kind == _DONE:
            answer = session.ask(f"RCPT TO:<{recipient}>")
            if answer.code in _SIGN_IN_AGAIN:
                raise self._sender_refused(sender, answer)
        if answer.kind == _DONE:
            before_data()
            answer = session.ask("DATA")
            if answer.code == _GO_ON:
                return self._given(session, recipient, content)
        return self._not_taken(answer, recipient)

    def _begun(self, session: Session, command: str) -> tuple[Session, Answer]:
        """MAIL, on a new connection where the old one has been left or forgotten by the server meanwhile."""
        try:
            answer = session.ask(command)
        except Lost:
            answer = None
        if answer is not None and answer.code != _GOODBYE and answer.code not in _SIGN_IN_AGAIN:
            return session, answer
        self._drop()
        session = self._connected()
        return session, session.ask(command)

    def _given(self, session: Session, recipient: str, content: bytes) -> Result:
        """The data, in two steps."""
        session.send_text(content)
        early = session.early_answer()
        if early is not None:
            self._drop()
            return self._not_taken(early, recipient)
        try:
            answer = session.end_text(self._smtp.timeout_seconds * _WAIT_FOR_THE_LAST_ANSWER)
        except Lost as error:
            self._drop()
            return Result("uncertain", f"After the message was given {error}; it may have been taken.")
        if answer.kind == _DONE:
            return Result("sent", self._said(answer, recipient))
        if answer.kind in {_NOT_NOW, _NEVER}:
            return self._not_taken(answer, recipient)
        self._drop()
        return Result("uncertain", f"The answer to the message is none: {self._said(answer, recipient)}.")

    def _not_taken(self, answer: Answer, recipient: str) -> Result:
        """What a refusal means for this message. The connection is made ready for the next."""
        if answer.code == _GOODBYE or answer.kind not in {_NOT_NOW, _NEVER}:
            self._drop()
        elif self._session is not None:
            try:
                if self._session.ask("RSET").kind != _DONE:
                    self._drop()
            except Lost:
                self._drop()
        return Result("failed" if answer.kind == _NEVER else "retry", self._said(answer, recipient))

    def _sender_refused(self, sender: str, answer: Answer) -> MailServerError:
        return MailServerError(
            f"{self._smtp.host} takes no mail from {sender}: {self._said(answer, sender)}.",
            fix="Check sender and smtp in delivery.yaml.",
        )

    # -- the connection ----------------------------------------------------------------------------------------

    def _connected(self) -> Session:
        """A connection that is safe and signed in. Raises MailServerError."""
        smtp, context = self._smtp, self._context or self._trusting()
        token = self._tokens.token() if self._tokens else ""
        kind = SafeSession if smtp.security == "tls" else Session
        session = kind(local_hostname="localhost", timeout=smtp.timeout_seconds)
        session.host_name = smtp.host
        if isinstance(session, SafeSession):
            session.context = context
        fault: MailServerError | None = None
        try:
            self._expect(Answer(*session.connect(smtp.host, smtp.port)), "takes no connection", exact=_GREETING)
            self._make_safe(session, context)
            self._sign_in(session, token)
        except MailServerError as error:
            fault = error
        except (
            OSError,
            UnicodeError,
        ) as error:  # smtplib's, ssl's and the network's; a host no resolver can be asked for
            fault = self._unreachable(error)
        except BaseException:
            session.close()
            raise
        if fault is not None:
            session.close()
            raise fault
        self._session = session
        return session

    def _make_safe(self, session: Session, context: ssl.SSLContext) -> None:
        session.name_itself()
        self._greet(session)
        if self._smtp.security == "none":
            if session.sock is None or not is_loopback(str(session.sock.getpeername()[0])):
                raise MailServerError(
                    f"{self._smtp.host} is another machine, and smtp: security is none.",
                    fix="Write starttls or tls: mail and passwords go encrypted to other machines.",
                )
        elif self._smtp.security == "starttls":
            if not session.has_extn("starttls"):
                raise MailServerError(
                    f"{self._where()} does not offer STARTTLS.", fix="Write security: tls, or another port."
                )
            self._expect(session.make_safe(context), "refuses STARTTLS", exact=_GREETING)
            self._greet(session)

    def _greet(self, session: Session) -> None:
        code, words = session.ehlo()
        if code // 100 == _NEVER and self._smtp.security != "starttls" and self._smtp.auth.method == "none":
            code, words = session.helo()
        self._expect(Answer(code, words), "does not greet")

    def _sign_in(self, session: Session, token: str) -> None:
        auth = self._smtp.auth
        if auth.method == "none":
            return
        method = auth.method.upper()
        offered = session.esmtp_features.get("auth", "").upper().split()
        if method not in offered:
            raise MailServerError(
                f"{self._where()} does not offer AUTH {method}, but {' '.join(sorted(offered)) or 'none at all'}.",
                fix="Write another auth: method.",
            )
        answer = self._told(session, method, token)
        if answer.kind == _NEVER and self._tokens is not None:  # the token may have been withdrawn before its end
            answer = self._told(session, method, self._tokens.token(renew=True))
        if answer.kind != _DONE:
            raise MailServerError(
                f"{self._where()} refuses the sign-in of {self._username}: {self._said(answer, self._username)}.",
                fix="Check auth in delivery.yaml and the account's right to send.",
                passing=answer.kind == _NOT_NOW,
            )

    def _told(self, session: Session, method: str, token: str) -> Answer:
        if method == "PLAIN":
            return session.authenticate(method, [f"\0{self._username}\0{self._password}"], initial=True)
        if method == "LOGIN":
            return session.authenticate(method, [self._username, self._password], initial=False)
        bearer = f"user={self._username}\x01auth=Bearer {token}\x01\x01"
        return session.authenticate(method, [bearer], initial=True)

    def _expect(self, answer: Answer, what: str, exact: int = 0) -> None:
        if answer.kind != _DONE or (exact and answer.code != exact):
            raise MailServerError(
                f"{self._where()} {what}: {self._said(answer)}.",
                fix="Check smtp in delivery.yaml, or try later.",
                passing=answer.kind == _NOT_NOW,
            )

    def _unreachable(self, error: OSError | UnicodeError) -> MailServerError:
        if isinstance(error, ssl.SSLCertVerificationError):
            return MailServerError(
                f"The certificate of {self._where()} is not trusted: {error.verify_message}",
                fix="Have it mended, or name the certificate of its authority in smtp: ca_file.",
            )
        if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
            return MailServerError(
                f"{self._where()} does not speak TLS: {error.reason or 'no handshake'}.",
                fix="Port 465 wants security: tls, port 587 starttls.",
            )
        if isinstance(error, socket.gaierror | UnicodeError):
            passing = isinstance(error, OSError) and error.errno == socket.EAI_AGAIN
            return MailServerError(
                f"No address is known of {self._smtp.host}.", fix="Check smtp: host.", passing=passing
            )
        told = str(error) if isinstance(error, Lost | TimeoutError) else error.strerror
        why = shown(told or "no connection", self._secrets())
        return MailServerError(f"{self._where()} cannot be reached: {why}.", fix="Check host and port.", passing=True)

    def _trusting(self) -> ssl.SSLContext:
        """The system's authorities, and the company's own. Certificates and names are always checked."""
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._smtp.ca_file:
            path = self._directory / self._smtp.ca_file
            try:
                context.load_verify_locations(cafile=path)
            except OSError as error:  # ssl's own faults, too
                raise ConfigError(
                    f"smtp: ca_file {path} holds no certificate that can be read.", fix="Give a PEM file."
                ) from error
        return context

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    # -- words -------------------------------------------------------------------------------------------------

    def _where(self) -> str:
        return f"{self._smtp.host}:{self._smtp.port}"

    def _secrets(self) -> frozenset[str]:
        known = encoded_forms(self._password, f"\0{self._username}\0{self._password}" if self._password else "")
        return known | (self._tokens.secrets() if self._tokens else frozenset())

    def _said(self, answer: Answer, recipient: str = "") -> str:
        code = f"{answer.code} " if answer.kind else ""
        return (code + shown(answer.words, self._secrets(), recipient)).strip().rstrip(".") or "nothing"


def _megabytes(size: int) -> str:
    return f"{size / _BYTES_A_MEGABYTE:.2f} MB"
