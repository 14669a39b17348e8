"""Mail: messages, and how they are carried: as files in the outbox, or by SMTP.

Does not belong here: what a mail says (`transforms.mail_model`, `flows.rendering`), who is sent what and when, and
what was sent (`flows.state`).
"""

from flows.delivery.addresses import Address, AddressError, parse_address
from flows.delivery.message import Attachment, Mail, MessageError, build_message
from flows.delivery.outbox import Outbox, outbox_name
from flows.delivery.smtp import SmtpTransport
from flows.delivery.transport import MailServerError, Outcome, Result, Transport

__all__ = [
    "Address", "AddressError", "Attachment", "Mail", "MailServerError", "MessageError", "Outbox", "Outcome", "Result",
    "SmtpTransport", "Transport", "build_message", "outbox_name", "parse_address",
]  # fmt: skip
