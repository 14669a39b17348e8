"""One conversation with a mail server: smtplib, with answers bounded in time and size, and the data in two steps.

smtplib's own `data` sends the final dot together with the text, so that a connection lost half-way cannot be told
from one lost after the server had everything. Does not belong here: what an answer means (`flows.delivery.smtp`).
"""

import smtplib
import socket
import ssl
import time
from base64 import b64encode
from dataclasses import dataclass

_CHUNK = 65_536
"""Bytes. A socket's timeout is for all of what is given to it: in chunks it is for each of them."""
_LONGEST_ANSWER = 65_536
_DOT = b"\r\n.\r\n"
_LINE_END = b"\r\n"
NO_CODE = -1
_CHALLENGE, _ACCEPTED, _ALREADY = 334, 235, 503
_READY = 220


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer. `code` is -1 where it is none."""

    code: int
    words: bytes

    @property
    def kind(self) -> int:
        """2 done, 3 go on, 4 not now, 5 never; 0 where it is no answer."""
        return self.code // 100 if 200 <= self.code <= 599 else 0  # noqa: PLR2004


class Lost(OSError):  # noqa: N818 - an end of the conversation, not a fault of ours
    """The server closed the connection, or said nothing in time."""


class Session(smtplib.SMTP):
    """A plain connection; `starttls` makes it a safe one."""

    _rest = b""
    answer_seconds: float | None = None
    """How long the next answer may take where not the usual timeout."""

    def getreply(self) -> tuple[int, bytes]:
        """The next answer, whole, within the time. Raises Lost."""
        seconds = self.answer_seconds if self.answer_seconds is not None else float(self.timeout)
        deadline = time.monotonic() + seconds
        lines: list[bytes] = []
        size = 0
        while True:
            line = self._line(deadline)
            size += len(line)
            lines.append(line[4:].strip())
            code = int(line[:3]) if line[:3].isdigit() else NO_CODE
            if code == NO_CODE or line[3:4] != b"-":
                return code, b"\n".join(lines)
            if size > _LONGEST_ANSWER:
                raise Lost("the server's answer does not end")

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._rest:
            if self.sock is None:
                raise Lost("the connection is closed")
            if len(self._rest) > _LONGEST_ANSWER:
                raise Lost("the server's answer does not end")
            self._rest += self._received(self.sock, deadline - time.monotonic())
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _received(self, sock: socket.socket, seconds: float) -> bytes:
        if seconds <= 0:
            raise Lost("the server said nothing in time")
        try:
            sock.settimeout(seconds)
            found = sock.recv(4096)
            sock.settimeout(float(self.timeout))
        except TimeoutError as error:
            raise Lost("the server said nothing in time") from error
        except OSError as error:
            raise Lost(f"the connection broke: {error.strerror or type(error).__name__}") from error
        if not found:
            raise Lost("the server closed the connection")
        return found

    def send(self, s: bytes | str) -> None:  # type: ignore[override] # smtplib's own takes any buffer
        """Send bytes as they are. Raises Lost."""
        if self.sock is None:
            raise Lost("the connection is closed")
        try:
            for chunk in _chunks(s.encode("ascii") if isinstance(s, str) else s):
                self.sock.settimeout(float(self.timeout))
                self.sock.sendall(chunk)
        except TimeoutError as error:
            raise Lost("the server took no more in time") from error
        except OSError as error:
            raise Lost(f"the connection broke: {error.strerror or type(error).__name__}") from error

    def close(self) -> None:
        """Let go of the connection without a word: a message that was begun is not ended."""
        self._rest = b""
        super().close()

    def make_safe(self, context: ssl.SSLContext) -> Answer:
        """STARTTLS. Raises Lost where the server spoke before it was safe: those words could be anybody's."""
        code, words = self.docmd("STARTTLS")
        if code != _READY:
            return Answer(code, words)
        if self._rest or self.sock is None:
            raise Lost("the server spoke out of turn before STARTTLS")
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host_name)
        self.esmtp_features = {}
        self.ehlo_resp = self.helo_resp = None
        self.does_esmtp = False
        return Answer(code, words)

    host_name = ""
    """What the certificate must be for."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        found: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc] # not in the stubs
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else the final dot waits for a late ACK
        return found

    def name_itself(self) -> None:
        """Greet by address: the machine's own name is nobody's business, and looking it up may take long."""
        if self.sock is not None:
            address = str(self.sock.getsockname()[0])
            self.local_hostname = f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def ask(self, command: str) -> Answer:
        """One command and its answer. Raises Lost."""
        return Answer(*self.docmd(command))

    def authenticate(self, mechanism: str, responses: list[str], *, initial: bool) -> Answer:
        """AUTH with the responses in turn, the first one along with the command where `initial`.

        A challenge beyond them is answered with an empty line: XOAUTH2 tells its error so, and then refuses.
        """
        waiting = [b64encode(response.encode()).decode("ascii") for response in responses]
        first = f" {waiting.pop(0)}" if initial else ""
        answer = self.ask(f"AUTH {mechanism}{first}")
        for _ in range(len(waiting) + 1):
            if answer.code != _CHALLENGE:
                break
            answer = self.ask(waiting.pop(0) if waiting else "")
        return Answer(_ACCEPTED, answer.words) if answer.code == _ALREADY else answer

    def send_text(self, content: bytes) -> None:
        """The first step of the data: everything but what ends it. Raises Lost."""
        self.send(_stuffed(content).removesuffix(_LINE_END))

    def early_answer(self) -> Answer | None:
        """What the server says before the data has ended, where it says anything: it gives up. Raises Lost."""
        if self.sock is None:
            raise Lost("the connection is closed")
        if not self._rest:
            self.sock.settimeout(0.0)
            try:
                found = self.sock.recv(4096)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return None
            except OSError as error:
                raise Lost(f"the connection broke: {error.strerror or type(error).__name__}") from error
            finally:
                self.sock.settimeout(float(self.timeout))
            if not found:
                raise Lost("the server closed the connection")
            self._rest += found
        return Answer(*self.getreply())

    def end_text(self, seconds: float) -> Answer:
        """The second step: the final dot, and the answer to it. Raises Lost: then nobody knows."""
        self.send(_DOT)
        self.answer_seconds = seconds
        try:
            return Answer(*self.getreply())
        finally:
            self.answer_seconds = None


class SafeSession(Session):
    """A connection that is safe from the first byte (implicit TLS)."""

    context: ssl.SSLContext

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = super()._get_socket(host, port, timeout)
        try:
            return self.context.wrap_socket(plain, server_hostname=self.host_name)
        except BaseException:
            plain.close()
            raise


def _chunks(content: bytes) -> list[bytes]:
    return [content[start : start + _CHUNK] for start in range(0, len(content), _CHUNK)]


def _stuffed(content: bytes) -> bytes:
    """A dot that begins a line is doubled (RFC 5321, 4.5.2)."""
    doubled = content.replace(b"\n.", b"\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled
