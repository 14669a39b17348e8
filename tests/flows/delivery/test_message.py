"""A mail as bytes: the same every time, readable by any mail program, and nothing in a name can become a header."""

import email
import email.policy
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import OutsideError
from config.months import Month
from flows.delivery import (
    AddressError,
    Attachment,
    Mail,
    MessageError,
    Outbox,
    build_message,
    outbox_name,
    parse_address,
)
from flows.delivery.secrecy import encoded_forms, shown
from tests.flows.delivery.mails import PDF, mail


def read(content: bytes) -> EmailMessage:
    """As a mail program reads it."""
    found = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def part(content: bytes, kind: str) -> EmailMessage:
    """The one part of this media type."""
    (found,) = (one for one in read(content).walk() if one.get_content_type() == kind)
    assert isinstance(found, EmailMessage)
    return found


def words(content: bytes, kind: str) -> str:
    """What the part of this kind says."""
    return str(part(content, kind).get_content()).replace("\r\n", "\n")


def test_it_is_text_and_html_with_the_report_attached() -> None:
    sent = mail(1)
    whole = read(build_message(sent))
    kinds = [one.get_content_type() for one in whole.walk()]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf"]
    assert [one.get_filename() for one in whole.iter_attachments()] == ["2026-10-manager-A17.pdf"]
    assert part(build_message(sent), "application/pdf").get_content() == PDF
    assert words(build_message(sent), "text/plain") == sent.text
    assert words(build_message(sent), "text/html").rstrip("\n") == sent.html
    assert whole["MIME-Version"] == "1.0"


def test_its_headers() -> None:
    whole = read(build_message(mail(1, reply_to="Somebody <answers@example.com>")))
    assert {name: str(value) for name, value in whole.items()} == {
        "Content-Type": f'multipart/mixed; boundary="{whole.get_boundary()}"',
        "MIME-Version": "1.0",
        "From": "Reports <reports@example.com>",
        "Reply-To": "Somebody <answers@example.com>",
        "To": "reader1@example.com",
        "Subject": "Manager report, October 2026: Region North",
        "Date": "Mon, 23 Nov 2026 09:30:00 +0000",
        "Message-ID": f"<yardstick.{1:032x}@example.com>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": "en-GB",
    }


def test_answers_to_the_sender_need_no_header() -> None:
    assert "Reply-To" not in read(build_message(mail(1, reply_to="reports@example.com", sender="reports@example.com")))


def test_the_same_mail_is_the_same_bytes_wherever_it_is_built() -> None:
    one = mail(1)
    elsewhere = replace(one, date=one.date.astimezone(timezone(timedelta(hours=5))))
    assert build_message(one) == build_message(mail(1)) == build_message(elsewhere)
    assert build_message(one) != build_message(mail(2))


NAMES = {
    "letters beyond ASCII": "Żaneta Sølvkvist-Mżawkowska",
    "comma and quotes": "Berichte, “Nord” (Süd) <intern>",
    "quotes in ASCII": "Reports, North (all)",
    "very long": "Berichtswesen für die Region Nördliches Küstenland und Mittelgebirge",
    "looks encoded": "=?utf-8?q?Bcc=3A?=",
    "emoji": "Reports 📈",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_name_is_written_so_that_it_is_read_again(name: str) -> None:
    kept = name.replace("<", "").replace(">", "")
    content = build_message(mail(1, sender=f"{kept} <reports@example.com>", subject=name))
    older = email.message_from_bytes(content)  # the newer reader puts spaces between parts of a long name
    sender, address = parseaddr(older["From"])
    assert (str(make_header(decode_header(sender))), address) == (kept, "reports@example.com")
    assert str(make_header(decode_header(older["Subject"]))) == name
    assert len(read(content)["From"].addresses) == 1


def checked_lines(content: bytes) -> list[bytes]:
    """Every line, where all ends are CRLF."""
    lines = content.split(b"\r\n")
    assert lines.pop() == b""
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    return lines


@given(text=st.text(max_size=300), subject=st.text(max_size=300))
def test_whatever_is_said_no_line_is_long_no_byte_is_not_ascii_and_no_header_is_added(text: str, subject: str) -> None:
    content = build_message(mail(1, subject=subject, text=text, html=text))
    lines = checked_lines(content)
    assert max(map(len, lines)) <= 998
    assert content.isascii()
    head = lines[: lines.index(b"")]
    names = [line.partition(b":")[0] for line in head if not line[:1].isspace()]
    assert names == [
        b"Content-Type", b"MIME-Version", b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Auto-Submitted",
        b"X-Auto-Response-Suppress", b"Content-Language",
    ]  # fmt: skip
    assert len(list(read(content).walk())) == 5


def test_a_line_without_end_is_folded_and_read_again_whole() -> None:
    long = "x" * 5000 + " Größe\n"
    content = build_message(mail(1, text=long, html=f"<p>{long}</p>\n"))
    assert max(map(len, checked_lines(content))) <= 76 + 2
    assert words(content, "text/plain") == long


INJECTIONS: dict[str, dict[str, Any]] = {
    "recipient": {"recipient": "a@example.com\r\nBcc: all@example.com"},
    "recipient of two": {"recipient": "a@example.com, b@example.com"},
    "recipient with a command": {"recipient": "a@example.com> SIZE=1"},
    "sender": {"sender": "Reports\nBcc: all@example.com <reports@example.com>"},
    "reply": {"reply_to": "a@example.com\nX: y"},
    "Message-ID": {"message_id": "<a@example.com>\r\nX: y"},
    "language": {"language": "en\nX: y"},
    "file name": {"attachments": (Attachment('a".pdf', b""),)},
    "file name with a line end": {"attachments": (Attachment("a\n.pdf", b""),)},
    "file name with a folder": {"attachments": (Attachment("../a.pdf", b""),)},
    "media type": {"attachments": (Attachment("a.pdf", b"", "application/pdf\nX: y"),)},
    "a date of no zone": {"date": datetime(2026, 11, 23)},
}


@pytest.mark.parametrize("changes", INJECTIONS.values(), ids=INJECTIONS)
def test_what_could_become_a_header_or_command_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((AddressError, MessageError)) as caught:
        build_message(mail(1, **changes))
    assert "\n" not in str(caught.value)


# -- addresses ---------------------------------------------------------------------------------------------------

ADDRESSES = {
    "plain": ("a.b+c@example.com", "", "a.b+c@example.com"),
    "named": ("Some Body <a@example.com>", "Some Body", "a@example.com"),
    "in quotes": ('"Body, Some" <a@example.com>', "Body, Some", "a@example.com"),
    "no name": ("<a@example.com>", "", "a@example.com"),
    "spaces around": ("  a@example.com ", "", "a@example.com"),
    "a domain beyond ASCII": ("a@münchen.example", "", "a@xn--mnchen-3ya.example"),
    "on this machine": ("root@localhost", "", "root@localhost"),
}


@pytest.mark.parametrize(("text", "name", "address"), ADDRESSES.values(), ids=ADDRESSES)
def test_addresses_as_people_write_them(text: str, name: str, address: str) -> None:
    found = parse_address(text)
    assert (found.name, found.address) == (name, address)
    assert found.domain == address.split("@")[1]


REFUSED = {
    "nothing": "", "no @": "example.com", "no domain": "a@", "nobody": "@example.com", "two": "a@b@example.com",
    "space": "a b@example.com", "dots": "a..b@example.com", "list": "a@example.com;b@example.com",
    "tab": "a@example.com\tb", "beyond ASCII before the @": "jürgen@example.com",
    "a domain that folds": "a@faß.example",
    "label": "a@-x.example", "empty label": "a@x..example", "long": f"{'a' * 65}@example.com",
    "long domain": f"a@{'.'.join(['a' * 60] * 5)}", "an IP address": "a@[127.0.0.1]",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_address(text)


# -- what a server said ------------------------------------------------------------------------------------------


def test_what_a_server_says_is_shown_without_secrets_or_others_addresses() -> None:
    known = encoded_forms("pass-word")
    told = "5.1.1 <A@example.com>: cc to boss@example.com;\r\n pass-word cGFzcy13b3Jk" + "x" * 500
    found = shown(told, known, "a@example.com")
    assert found.startswith("5.1.1 <A@example.com>: cc to …; … …xxx")
    assert len(found) == 300


# -- the outbox --------------------------------------------------------------------------------------------------


def send(folder: Path, one: Mail) -> str:
    with Outbox(folder) as outbox:
        return outbox.send(one, lambda: None).outcome


def test_the_outbox_holds_each_message_once_privately_and_knows_it(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    assert outbox.largest is None
    assert send(outbox.folder, mail(1)) == send(outbox.folder, mail(1)) == send(outbox.folder, mail(2)) == "sent"
    path = outbox.folder / "2026-10" / "1" / outbox_name("manager-A1", "READER1@example.com")
    assert path.read_bytes() == build_message(mail(1))
    assert path.stat().st_mode & 0o777 == 0o600
    assert "reader1" not in path.name
    assert len(list(path.parent.iterdir())) == 2
    assert outbox.was_sent(mail(1).message_id, Month(2026, 10), 1) is True
    assert outbox.was_sent(mail(3).message_id, Month(2026, 10), 1) is False
    assert outbox.was_sent(mail(1).message_id, Month(2026, 10), 2) is False


def test_nothing_is_written_where_the_word_before_fails(tmp_path: Path) -> None:
    def fails() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Outbox(tmp_path / "outbox").send(mail(1), fails)
    assert not (tmp_path / "outbox").exists()


def test_a_disk_that_fails_is_told_and_an_address_that_is_none_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file stands in the way")
    with pytest.raises(OutsideError, match="cannot be written"):
        send(tmp_path / "outbox", mail(1))
    assert send(tmp_path / "other", mail(1, recipient="nobody")) == "failed"


def test_what_a_killed_process_was_writing_was_not_sent(tmp_path: Path) -> None:
    folder = tmp_path / "2026-10" / "1"
    folder.mkdir(parents=True)
    (folder / ".writing-x.eml").write_bytes(build_message(mail(1)))
    assert Outbox(tmp_path).was_sent(mail(1).message_id, Month(2026, 10), 1) is False
