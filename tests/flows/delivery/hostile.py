"""A real SMTP server on loopback that misbehaves as told, message by message, and knows what it has taken.

    with HostileServer(script=lambda number: answer("rcpt", 451) if number % 3 == 0 else WELL) as server:
        Smtp(host=server.host, port=server.port, ca_file=str(server.ca_file), security="starttls", …)
    assert server.accepted == Counter({message_id: 1, …})

TLS and STARTTLS with certificates of its own authority, or with a bad one; AUTH PLAIN, LOGIN and XOAUTH2; SIZE.
Does not belong here: a test.
"""

import asyncio
import ssl
import tempfile
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import trustme
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Step = Literal["", "connect", "mail", "rcpt", "data", "body", "end"]
Certificate = Literal["good", "other name", "expired", "unknown authority"]
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What is done to one message at one step; all other steps go well.

    `stall` seconds of silence come first, then the answer `code`, or the connection is dropped, or all goes well. At
    the step `end`, once the final dot is read, `taken` says whether the message is kept before that.
    """

    step: Step = ""
    code: int = 0
    drop: bool = False
    stall: float = 0.0
    taken: bool = False
    after_bytes: int = 400
    """At the step body: so much is read before anything happens. A code there is said in mid-data; then it drops."""


WELL = Behaviour()


def answer(step: Step, code: int) -> Behaviour:
    """A refusal at a step: 421 closes the connection after it."""
    return Behaviour(step, code=code, drop=code == 421)


def drop(step: Step, *, taken: bool = False) -> Behaviour:
    """The connection is lost at a step: before, during (body) or after (end) the data."""
    return Behaviour(step, drop=True, taken=taken)


def stall(step: Step, seconds: float, *, taken: bool = False) -> Behaviour:
    """Silence at a step, then a lost connection."""
    return Behaviour(step, drop=True, stall=seconds, taken=taken)


Script = Callable[[int], Behaviour]
"""From a message's number (each MAIL command counts, from 0) to what is done to it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the server keeps, and would deliver."""

    number: int
    message_id: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    answered: bool
    """Whether the client was told so."""


@cache
def _certified(certificate: Certificate) -> tuple[bytes, ssl.SSLContext]:
    """The authority to trust, and a server's certificate. Made once a process: keys take their time."""
    trusted = trustme.CA(organization_name="Hostile test authority")
    issuer = trustme.CA() if certificate == "unknown authority" else trusted
    names = ("elsewhere.example",) if certificate == "other name" else (HOST, "localhost")
    ends = datetime(2020, 1, 2, tzinfo=UTC) if certificate == "expired" else None
    begins = datetime(2020, 1, 1, tzinfo=UTC) if ends else None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert(*names, not_before=begins, not_after=ends).configure_cert(context)
    return trusted.cert_pem.bytes(), context


class HostileServer:
    """The server in a thread of its own, on a free port of loopback, while its `with` block runs."""

    def __init__(
        self,
        script: Script = lambda _: WELL,
        *,
        security: Literal["starttls", "tls", "none"] = "starttls",
        certificate: Certificate = "good",
        users: dict[str, str] | None = None,
        tokens: Callable[[str], bool] | None = None,
        size: int = 20_000_000,
        connect: Callable[[int], Behaviour] = lambda _: WELL,
    ) -> None:
        """`users` are passwords by user name, `tokens` says whether an access token is valid: with either, mail needs
        a sign-in. `connect` gives what is done at a connection by its number (its step is `connect`).
        """
        self.script, self.connect_script = script, connect
        self.security, self.size = security, size
        self.users, self.tokens = users, tokens
        self.taken: list[Taken] = []
        self.messages = self.connections = self.logins = self.refused_logins = self.quits = 0
        self.host, self.port = HOST, 0
        self._certificate = certificate
        self._folder = tempfile.TemporaryDirectory(prefix="hostile-")
        self.ca_file = Path(self._folder.name) / "authority.pem"
        self._open: set[_Conversation] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="hostile-smtp", daemon=True)

    @property
    def accepted(self) -> "Counter[str]":
        """How often each Message-ID was taken, whether the client was told or not."""
        return Counter(one.message_id for one in list(self.taken))

    @property
    def answered(self) -> "Counter[str]":
        """How often the client was told that a Message-ID was taken."""
        return Counter(one.message_id for one in list(self.taken) if one.answered)

    def __enter__(self) -> Self:
        self._context = self._made_context()
        self._thread.start()
        self._ready.wait(10)
        if self._fault is not None or not self.port:
            raise RuntimeError("the hostile server did not start") from self._fault
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._folder.cleanup()

    def _made_context(self) -> ssl.SSLContext | None:
        authority, context = _certified(self._certificate)
        self.ca_file.write_bytes(authority)
        return None if self.security == "none" else context

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(lambda _loop, _context: None)  # lost connections are what it is for
        try:
            server = self._loop.run_until_complete(
                self._loop.create_server(
                    lambda: _Conversation(self), HOST, 0, ssl=self._context if self.security == "tls" else None
                )
            )
            self.port = server.sockets[0].getsockname()[1]
            self._loop.call_soon(self._ready.set)
            self._loop.run_forever()
            server.close()
            self._loop.run_until_complete(self._all_ended())
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits
            self._fault = error
        finally:
            self._loop.close()
            self._ready.set()

    async def _all_ended(self) -> None:
        for conversation in list(self._open):
            conversation.abort()
        await asyncio.sleep(0)
        ours = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)
        await asyncio.sleep(0.01)  # lets the transports see that they are closed

    def signed_in(self, mechanism: str, data: Any) -> bool:
        """Whether a sign-in is right."""
        if mechanism == "XOAUTH2":
            right = self.tokens is not None and isinstance(data, str) and self.tokens(data)
        else:
            assert isinstance(data, LoginPassword)
            right = (self.users or {}).get(data.login.decode()) == data.password.decode()
        self.logins += right
        self.refused_logins += not right
        return right


class _Conversation(SMTP):
    """One connection. aiosmtpd speaks; what goes wrong is done here."""

    def __init__(self, server: HostileServer) -> None:
        self._owner = server
        self._number = -1
        self._fate = WELL
        self._greeting = WELL
        out = [name for name in ("PLAIN", "LOGIN") if server.users is None]
        out += ["XOAUTH2"] if server.tokens is None else []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            super().__init__(
                Sink(), data_size_limit=server.size, hostname="hostile.example", ident="ESMTP", loop=server._loop,
                tls_context=server._context if server.security == "starttls" else None,
                require_starttls=server.security == "starttls", auth_require_tls=False, auth_exclude_mechanism=out,
                authenticator=self._authenticated,
            )  # fmt: skip
        self.command_size_limits["AUTH"] = 12_288

    def abort(self) -> None:
        """Lose the connection at once."""
        if self.transport is not None:
            self.transport.abort()  # type: ignore[attr-defined]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._original_transport is None:
            self._greeting = self._owner.connect_script(self._owner.connections)
            self._owner.connections += 1
            self._owner._open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._owner._open.discard(self)
        super().connection_lost(error)

    async def push(self, status: Any) -> None:
        """Say something; the greeting goes by its own script."""
        if self._greeting.step == "connect":
            told, self._greeting = self._greeting, WELL
            if await self._went_wrong(told, super().push):
                return
        await super().push(status)

    async def _went_wrong(self, fate: Behaviour, say: Callable[[Any], Coroutine[Any, Any, None]]) -> bool:
        """Do what is told at a step. False: all goes well after all."""
        if fate.stall:
            await asyncio.sleep(fate.stall)
        if fate.code:
            await say(f"{fate.code} {fate.code // 100}.0.0 as told by the script")
        if fate.drop:
            if fate.code and self.transport is not None:
                self.transport.close()  # what was said still goes out
            else:
                self.abort()
            await asyncio.sleep(3600)  # ended by the loss of the connection
        return bool(fate.code)

    async def _goes_wrong_at(self, step: Step) -> bool:
        return self._fate.step == step and await self._went_wrong(self._fate, self.push)

    def _authenticated(
        self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        return AuthResult(success=self._owner.signed_in(mechanism, data), handled=False)

    async def auth_XOAUTH2(self, _server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        """user=…^Aauth=Bearer …^A^A; a refusal tells why in a challenge first."""
        from base64 import b64decode

        blob = b64decode(args[1]) if len(args) > 1 else await self.challenge_auth("")
        told = blob.decode() if isinstance(blob, bytes) else ""
        fields = dict(part.partition("=")[::2] for part in told.split("\x01") if part)
        token = fields.get("auth", "").removeprefix("Bearer ")
        if fields.get("user") and self._owner.signed_in("XOAUTH2", token):
            return AuthResult(success=True)
        await self.challenge_auth('{"status":"401","schemes":"bearer"}')
        return AuthResult(success=False, handled=False)

    async def smtp_QUIT(self, arg: str | None) -> None:  # noqa: N802
        self._owner.quits += 1
        await super().smtp_QUIT(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        needed = self._owner.users is not None or self._owner.tokens is not None
        if needed and not (self.session and self.session.authenticated):
            await self.push("530 5.7.0 Authentication required")
            return
        self._number, self._owner.messages = self._owner.messages, self._owner.messages + 1
        self._fate = self._owner.script(self._number)
        if not await self._goes_wrong_at("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        if not await self._goes_wrong_at("rcpt"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        if await self._goes_wrong_at("data"):
            return
        assert self.envelope is not None
        if arg or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 no recipient, or words after DATA")
            return
        await self.push("354 end with a dot")
        content = await self._read()
        await self._ended(content)
        self._set_post_data_state()  # type: ignore[no-untyped-call]

    async def _read(self) -> bytes:
        """The data to its final dot. In the middle of it the script may do its worst."""
        lines: list[bytes] = []
        size = 0
        waiting = self._fate.step == "body"
        while True:
            if waiting and size >= self._fate.after_bytes:
                waiting = False
                await self._went_wrong(replace(self._fate, drop=self._fate.drop or self._fate.code > 0), self.push)
            line = await self._reader.readuntil(b"\r\n")
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line.removeprefix(b"."))
            size += len(line)

    async def _ended(self, content: bytes) -> None:
        """The final dot is read: from here the client cannot know."""
        if len(content) > self._owner.size:
            await self.push("552 5.3.4 too large")
            return
        fate = self._fate if self._fate.step == "end" else WELL
        if fate.code:
            await self._went_wrong(fate, self.push)
        elif fate.drop:
            if fate.taken:
                self._take(content, answered=False)
            await self._went_wrong(fate, self.push)
        else:
            if fate.stall:
                await asyncio.sleep(fate.stall)
            self._take(content, answered=True)
            await self.push("250 2.0.0 taken")

    def _take(self, content: bytes, *, answered: bool) -> None:
        assert self.envelope is not None
        found = str(message_from_bytes(content)["Message-ID"] or "").strip()
        sender = str(self.envelope.mail_from)
        recipients = tuple(str(one) for one in self.envelope.rcpt_tos)
        self._owner.taken.append(Taken(self._number, found, sender, recipients, content, answered))
