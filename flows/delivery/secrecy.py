"""What a server said, fit to be kept and shown: no secret, no address of others, one short line."""

import base64
import re
from collections.abc import Iterable

from flows.delivery.addresses import one_line

_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")
_LONGEST = 300
_SHORTEST_SECRET = 4
HIDDEN = "…"


def encoded_forms(*secrets: str) -> frozenset[str]:
    """Secrets as they are and as they go over the wire."""
    known = {secret for secret in secrets if secret}
    return frozenset(known | {base64.b64encode(secret.encode()).decode() for secret in known})


def shown(text: str | bytes, secrets: Iterable[str] = (), recipient: str = "") -> str:
    """The text with secrets and addresses other than the recipient's taken out."""
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    for secret in sorted(secrets, key=lambda one: (-len(one), one)):
        if len(secret) >= _SHORTEST_SECRET:  # a shorter one would blot out words
            plain = plain.replace(secret, HIDDEN)
        else:
            plain = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", HIDDEN, plain)
    own = recipient.casefold()
    plain = _ADDRESS.sub(lambda found: found[0] if found[0].casefold() == own else HIDDEN, one_line(plain))
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + HIDDEN
