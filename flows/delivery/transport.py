"""What every way of carrying mail offers, and what comes of one message."""

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol, Self

from config.errors import OutsideError
from config.months import Month
from flows.delivery.message import Mail

Outcome = Literal["sent", "retry", "failed", "uncertain"]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one message.

    sent: accepted for delivery. retry: certainly not accepted, may be tried again later. failed: certainly not
    accepted, and trying again would not help. uncertain: nobody can know; never tried again without a person's word.
    """

    outcome: Outcome
    reason: str
    """The server's code and words, or ours. Names no address but the recipient's, and no secret."""


class MailServerError(OutsideError):
    """No message can be carried now; the message at hand was certainly not sent.

    `passing`: the cause is likely to pass by itself (the server is busy or restarting, a network fault).
    """

    def __init__(self, what: str, *, fix: str = "", passing: bool = False) -> None:
        super().__init__(what, fix=fix)
        self.passing = passing

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuilt, (self.what, self.fix, self.passing))


def _rebuilt(what: str, fix: str, passing: bool) -> MailServerError:
    return MailServerError(what, fix=fix, passing=passing)


class Transport(Protocol):
    """A way of carrying mail, open while its `with` block runs. Used by one thread."""

    @property
    def largest(self) -> int | None:
        """Bytes of the largest message it takes, where there is a limit. Known best inside the `with` block."""
        ...

    def __enter__(self) -> Self:
        """Be ready to carry mail. Raises MailServerError."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Let go of everything; raises nothing."""
        ...

    def send(self, mail: Mail, before_data: Callable[[], None]) -> Result:
        """Carry one message. `before_data` is called at most once, just before any of its text goes out.

        Raises OutsideError or UsageError for what concerns every message, and whatever `before_data` raises: in both
        cases the message was certainly not sent. An interruption (KeyboardInterrupt) may leave it uncertain.
        """
        ...

    def was_sent(self, mail_id: str, month: Month, edition: int) -> bool | None:
        """Whether the message with this Message-ID went out; None where that cannot be known."""
        ...
