"""Addresses as a mail server takes them. Refuses what could not be written into a header or command as it stands.

Does not belong here: who receives what (`transforms.recipients`) and which domains are allowed.
"""

import re
from dataclasses import dataclass

from config.errors import UsageError

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NAMED = re.compile(r"""\s*(?:"(?P<quoted>[^"<>]*)"|(?P<plain>[^"<>]*?))\s*<(?P<address>[^<>]*)>\s*""")
_LONGEST_LOCAL, _LONGEST = 64, 254
"""RFC 5321, 4.5.3.1: of the part before the @, and of the whole."""


class AddressError(UsageError):
    """An address that no mail can be sent to or from."""


@dataclass(frozen=True, slots=True)
class Address:
    """A display name, empty where there is none, and an address in ASCII."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What stands after the @."""
        return self.address.rpartition("@")[2]


def one_line(text: str) -> str:
    """The text without line ends and other control characters: each run of them and of spaces is one space."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def parse_address(text: str) -> Address:
    """Read `somebody@example.com` or `Some Body <somebody@example.com>`. Raises AddressError.

    A domain with letters beyond ASCII is written as IDNA does; such a letter before the @ is refused.
    """
    named = _NAMED.fullmatch(text)
    written = named["address"] if named else text.strip()
    name = (named["quoted"] or named["plain"] or "") if named else ""
    local, at, domain = written.rpartition("@")
    if not at or not text.isprintable():
        raise AddressError(f"“{one_line(text)}” is no mail address.", fix="Write it as in somebody@example.com.")
    if not local.isascii():
        raise AddressError(
            f"The address “{written}” has letters beyond ASCII before the @, which few mail servers take.",
            fix="Give the person's address in plain letters.",
        )
    if not _LOCAL.fullmatch(local) or len(local) > _LONGEST_LOCAL:
        raise AddressError(f"“{written}” is no mail address.", fix="Write it as in somebody@example.com.")
    address = f"{local}@{_ascii_domain(domain, written)}"
    if len(address) > _LONGEST:
        raise AddressError(f"The address “{address}” is longer than {_LONGEST} characters.", fix="Give a shorter one.")
    return Address(one_line(name), address)


def _ascii_domain(domain: str, written: str) -> str:
    found = domain
    if not domain.isascii():
        try:
            found = domain.encode("idna").decode("ascii")
            same = found.encode("ascii").decode("idna") == domain.lower()
        except UnicodeError:
            same = False
        if not same:  # ß would become ss: another domain, perhaps another company's
            raise AddressError(
                f"The domain of “{written}” cannot be written in ASCII without doubt.",
                fix="Give it in its ASCII form, which begins with xn--.",
            )
    if not all(_LABEL.fullmatch(label) for label in found.split(".")):
        raise AddressError(f"“{written}” has no valid domain after the @.", fix="Write it as in somebody@example.com.")
    return found
