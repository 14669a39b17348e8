"""Mails and settings for the tests of delivery. No test."""

from datetime import UTC, datetime
from typing import Any

from config.delivery import Smtp
from config.months import Month
from flows.delivery import Attachment, Mail
from tests.flows.delivery.hostile import HostileServer

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 20 + b"\n.\n..\r\n.\r\n%%EOF\n"
RELEASED = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def mail(number: int = 1, **changes: Any) -> Mail:
    """An ordinary mail; each number has its own Message-ID and recipient."""
    fields: dict[str, Any] = {
        "message_id": f"<yardstick.{number:032x}@example.com>",
        "sender": "Reports <reports@example.com>",
        "reply_to": None,
        "recipient": f"reader{number}@example.com",
        "subject": "Manager report, October 2026: Region North",
        "text": "Hello,\n\n. a line that begins with a dot\n.\nGrüße aus Zürich.\n",
        "html": "<!DOCTYPE html><html lang='en-GB'><body><p>Grüße</p></body></html>",
        "attachments": (Attachment("2026-10-manager-A17.pdf", PDF),),
        "date": RELEASED,
        "language": "en-GB",
        "month": Month(2026, 10),
        "edition": 1,
        "report_id": f"manager-A{number}",
    }
    return Mail(**(fields | changes))


def smtp_of(server: HostileServer, **changes: Any) -> Smtp:
    """The settings for a hostile server."""
    fields: dict[str, Any] = {
        "host": server.host, "port": server.port, "security": server.security, "ca_file": str(server.ca_file),
        "timeout_seconds": 2.0,
    }  # fmt: skip
    return Smtp.model_validate(fields | changes)
