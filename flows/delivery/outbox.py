"""The outbox: mail as files, the default way of carrying it. Each message is there whole or not at all."""

import hashlib
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from types import TracebackType
from typing import Self

from config.errors import OutsideError
from config.months import Month
from flows.delivery.addresses import AddressError, parse_address
from flows.delivery.message import Mail, build_message
from flows.delivery.transport import Result
from flows.files import TEMPORARY_PREFIX, write_bytes

_HEADERS_WITHIN = 16_384
"""Bytes; our headers are far shorter."""


def outbox_name(report_id: str, recipient: str) -> str:
    """A message's file name. It tells the address to nobody, and one to whom it is known finds the file."""
    address = parse_address(recipient).address.casefold()
    return f"{report_id}--{hashlib.sha256(address.encode()).hexdigest()[:16]}.eml"


class Outbox:
    """Messages as `<folder>/<month>/<edition>/<report_id>--<hash of recipient>.eml`, for any mail program to open.

    `within` is a folder in that of the edition in which they lie instead.
    """

    def __init__(self, folder: Path, within: str = "") -> None:
        self.folder, self.within = folder, within

    @property
    def largest(self) -> int | None:
        """There is no limit."""
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        return None

    def send(self, mail: Mail, before_data: Callable[[], None]) -> Result:
        """Write one message. Raises OutsideError where the disk fails; then there is no file.

        Raises UsageError where the mail cannot be a message for a reason that is not its recipient.
        """
        try:
            name = outbox_name(mail.report_id, mail.recipient)
        except AddressError as error:
            return Result("failed", str(error))
        content = build_message(mail)
        before_data()
        path = self._of(mail.month, mail.edition) / name
        write_bytes(path, content)
        return Result("sent", f"written to {path.relative_to(self.folder)}")

    def was_sent(self, mail_id: str, month: Month, edition: int) -> bool | None:
        """Whether a message with this Message-ID lies in the outbox."""
        # What a killed process was still writing is no message yet.
        found = (path for path in self._of(month, edition).glob("*.eml") if not path.name.startswith(TEMPORARY_PREFIX))
        return any(_message_id(path) == mail_id for path in sorted(found))

    def _of(self, month: Month, edition: int) -> Path:
        return self.folder / str(month) / str(edition) / self.within


def _message_id(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return str(message_from_bytes(file.read(_HEADERS_WITHIN))["Message-ID"] or "").strip()
    except OSError as error:
        raise OutsideError(f"{path} cannot be read: {error.strerror}.", fix="Mend its permissions.") from error
