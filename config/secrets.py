"""Secrets stay out of the configuration: an address says where they are, and they are fetched when it is used.

Does not belong here: connecting to anything. A resolved address is never written, logged or hashed.
"""

import os
import re
from pathlib import Path

from config.errors import ConfigError

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_USER_PASSWORD = re.compile(r"^[^:/?#]+://[^:/?#@]*:(?P<password>.*)@", re.DOTALL)
_PASSWORD_PARAMETER = re.compile(r"[?&;](?:password|passwd|pwd|secret|token)=(?P<password>[^&;]*)", re.IGNORECASE)


def resolve_secrets(url: str) -> str:
    """The address with every `${NAME}` taken from the environment and every `${file:/path}` from a file.

    The file's trailing line end is left away. Raises ConfigError for what is not set, missing or empty.
    """
    return _REFERENCE.sub(lambda match: _secret(match[1]), url)


def reference_faults(url: str) -> list[tuple[str, str]]:
    """What is wrong with an address as written: a password in it, or a reference of no known form."""
    faults = []
    for match in (_USER_PASSWORD.match(url), *_PASSWORD_PARAMETER.finditer(url)):
        if match and _REFERENCE.sub("", match["password"]) and match["password"]:
            faults.append((
                f"A password stands in the address “{_without_passwords(url)}”.",
                "Take it from the environment: ${DATABASE_PASSWORD}, or from a file: ${file:/run/secrets/database}.",
            ))  # fmt: skip
            break
    faults.extend(
        (f"“${{{reference}}}” names no secret.", "Write ${NAME} or ${file:/path}.")
        for reference in _REFERENCE.findall(url)
        if not _NAME.fullmatch(reference) and not re.fullmatch(r"file:.+", reference)
    )
    if "${" in _REFERENCE.sub("", url):
        faults.append(("A ${ is never closed.", "Write ${NAME} or ${file:/path}."))
    if "://" not in url and not url.strip().startswith("${"):
        faults.append((f"“{url}” is no address of a database.", "Write one such as postgresql+psycopg://user@host/db."))
    return faults


def _without_passwords(url: str) -> str:
    hidden = url
    if match := _USER_PASSWORD.match(url):
        hidden = url[: match.start("password")] + "…" + url[match.end("password") :]
    return _PASSWORD_PARAMETER.sub(lambda m: m[0][: m.start("password") - m.start()] + "…", hidden)


def _secret(reference: str) -> str:
    if reference.startswith("file:"):
        return _from_file(Path(reference.removeprefix("file:")))
    value = os.environ.get(reference)
    if not value:
        raise ConfigError(f"${{{reference}}} is not set in the environment.", fix=f"Set {reference} and run again.")
    return value


def _from_file(path: Path) -> str:
    try:
        value = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The secret in {path} cannot be read.", fix="Check the path and who may read it.") from error
    if not value:
        raise ConfigError(f"The secret in {path} is empty.", fix="Write it into the file.")
    return value
