"""A mail as the bytes that go out: the same mail gives the same bytes.

Headers are folded and encoded here rather than by the email package's newer policy, which loses quotes around names
that it has to fold. Does not belong here: what a mail says (`transforms.mail_model`) and how it is carried.
"""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.charset import QP, Charset
from email.generator import BytesGenerator
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime

from config.errors import UsageError
from config.months import Month
from flows.delivery.addresses import Address, one_line, parse_address

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_MEDIA_TYPE = re.compile(r"application/[a-z0-9.+-]+")
_QUOTED_SPECIALS = re.compile(r'["\\]')
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_LONGEST_SUBJECT = 200
_LONGEST_NAME = 120
_LINE = 76


class MessageError(UsageError):
    """A mail that cannot be written as a message."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail. Its name is plain ASCII: letters, digits, dot, dash and underscore."""

    name: str
    content: bytes
    media_type: str = "application/pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One report to one recipient. `sender` and `reply_to` may carry a name: `Reports <reports@example.com>`."""

    message_id: str
    """With its angle brackets."""
    sender: str
    reply_to: str | None
    """None: answers go to the sender."""
    recipient: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    date: datetime
    """With a time zone; when the delivery was released, so that a second try is the same message."""
    language: str
    """BCP 47."""
    month: Month
    edition: int
    report_id: str


def build_message(mail: Mail) -> bytes:
    """The message in RFC 5322 form with CRLF line ends, all ASCII, no line longer than 998.

    Raises AddressError and MessageError for what could not be written as it stands; nothing is quietly left out.
    """
    _check(mail)
    body = MIMEMultipart("alternative", boundary=_boundary(mail, "text"), policy=compat32)
    del body["MIME-Version"]
    for content, kind in ((mail.text, "plain"), (mail.html, "html")):
        body.attach(_text_part(content, kind, mail.language))
    whole = MIMEMultipart("mixed", boundary=_boundary(mail, "whole"), policy=compat32)
    for name, value in _headers(mail):
        whole[name] = value
    whole.attach(body)
    for attachment in mail.attachments:
        whole.attach(_attached(attachment))
    written = io.BytesIO()
    BytesGenerator(written, mangle_from_=False, maxheaderlen=0, policy=compat32.clone(linesep="\r\n")).flatten(whole)
    return written.getvalue()


def _check(mail: Mail) -> None:
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        raise MessageError(f"“{one_line(mail.message_id)}” is no Message-ID.", fix="Write it as in <a.b@example.com>.")
    if mail.date.tzinfo is None:
        raise MessageError("The date of a mail has no time zone.", fix="Give it in UTC.")
    if not _LANGUAGE.fullmatch(mail.language):
        raise MessageError(f"“{one_line(mail.language)}” is no language.", fix="Write it as in en-GB.")
    for one in mail.attachments:
        if not _FILE_NAME.fullmatch(one.name) or not _MEDIA_TYPE.fullmatch(one.media_type):
            raise MessageError(
                f"“{one_line(one.name)}” ({one_line(one.media_type)}) cannot be attached.",
                fix="Name the file in letters, digits, dots, dashes and underscores.",
            )


def _headers(mail: Mail) -> Iterator[tuple[str, str]]:
    sender = parse_address(mail.sender)
    yield "From", _address_header(sender, "From")
    if mail.reply_to is not None and parse_address(mail.reply_to) != sender:
        yield "Reply-To", _address_header(parse_address(mail.reply_to), "Reply-To")
    yield "To", _address_header(parse_address(mail.recipient), "To")
    yield "Subject", _encoded(one_line(mail.subject)[:_LONGEST_SUBJECT], "Subject")
    yield "Date", format_datetime(mail.date.astimezone(UTC))
    yield "Message-ID", mail.message_id
    # Nobody's out-of-office note is asked for: RFC 3834, and Exchange's own header.
    yield "Auto-Submitted", "auto-generated"
    yield "X-Auto-Response-Suppress", "All"
    yield "Content-Language", mail.language


def _address_header(address: Address, header: str) -> str:
    """A name is written plainly, in quotes, or as encoded words of at most 75 characters (RFC 2047)."""
    name = address.name[:_LONGEST_NAME]
    if not name:
        return address.address
    if not name.isascii() or "=?" in name:
        return f"{_encoded(name, header)}\r\n <{address.address}>"
    written = name if _PLAIN_NAME.fullmatch(name) else '"' + _QUOTED_SPECIALS.sub(r"\\\g<0>", name) + '"'
    return f"{written}\r\n <{address.address}>"


def _encoded(text: str, header: str) -> str:
    if text.isascii() and "=?" not in text:
        return Header(text, "us-ascii", header_name=header, maxlinelen=_LINE).encode(linesep="\r\n")
    return Header(text, "utf-8", header_name=header, maxlinelen=_LINE).encode(linesep="\r\n")


def _text_part(content: str, kind: str, language: str) -> MIMEText:
    """Quoted-printable: lines of any length, readable in the source, safe on every relay."""
    charset = Charset("utf-8")
    charset.body_encoding = QP
    plain_ends = content.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    part = MIMEText(plain_ends, kind, charset, policy=compat32)  # type: ignore[arg-type] # a Charset is taken too
    del part["MIME-Version"]
    part["Content-Language"] = language
    return part


def _attached(attachment: Attachment) -> MIMEBase:
    part = MIMEApplication(attachment.content, attachment.media_type.partition("/")[2], policy=compat32)
    del part["MIME-Version"]
    part.set_param("name", attachment.name)  # older Outlook reads this one
    part.add_header("Content-Disposition", "attachment", filename=attachment.name)
    return part


def _boundary(mail: Mail, of: str) -> str:
    """Neither quoted-printable nor base64 can contain `=_`."""
    return f"=_{of}-{hashlib.sha256(mail.message_id.encode()).hexdigest()[:16]}"
