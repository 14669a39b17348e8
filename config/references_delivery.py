"""What must hold between the parts of delivery.yaml, and of schedule.yaml: addresses, secrets, who may be written to.

Does not belong here: single values (`config.delivery`, `config.schedule`), and who receives what.
"""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from config.delivery import Auth, Smtp
from config.draft import DELIVERY, SCHEDULE, Draft
from config.secrets import reference_faults
from config.yaml_places import Path_

_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
_ADDRESS = re.compile(r"[^@<>\s,;]+@[^@<>\s,;]+")
_NAMED = re.compile(r"[^@<>\r\n]*<[^@<>\s,;]+@[^@<>\s,;]+>")
_HIDDEN = "\0"
_REFERENCE = re.compile(r"\$\{[^}]+\}")
_NEEDED = {
    "none": (),
    "plain": ("username", "password"),
    "login": ("username", "password"),
    "xoauth2": ("username", "token_url", "client_id"),
}
_OPEN_KINDS = frozenset({"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "syslog"})
"""Kinds of notices whose addresses are no secrets in themselves."""
_SECRET_PARAMETERS = frozenset({"pass", "password", "passwd", "pwd", "secret", "token", "apikey", "key"})
_SECRET = ("password", "client_secret", "refresh_token")


def check_delivery(draft: Draft) -> None:
    """Note every fault of delivery.yaml and schedule.yaml."""
    delivery = draft.delivery
    for key in ("sender", "reply_to"):
        address = getattr(delivery, key)
        if address is not None and not (_ADDRESS.fullmatch(address) or _NAMED.fullmatch(address)):
            fix = "Write name@domain, or Name <name@domain>."
            draft.fault(DELIVERY, (key,), f"“{address}” is no mail address.", fix)
    for n, domain in enumerate(delivery.allowed_domains):
        if not _DOMAIN.fullmatch(domain):
            fix = "Write the part after the @, such as example.com."
            draft.fault(DELIVERY, ("allowed_domains", n), f"“{domain}” is no domain.", fix)
    if delivery.ledger is not None:
        for what, fix in reference_faults(delivery.ledger):
            draft.fault(DELIVERY, ("ledger",), what, fix)
    for n, address in enumerate(delivery.notices):
        if "://" not in address and not _REFERENCE.match(address):
            fix = (
                "Write one such as mailto://… or ${OPERATOR_NOTICE}: Apprise's addresses begin with their kind and ://."
            )
            draft.fault(DELIVERY, ("notices", n), f"“{address}” is no address of a notice.", fix)
        elif _shows_secret(address):
            what = f"A password or token stands in the address {address.partition('://')[0]}://…"
            fix = "Take the secret, or the whole address, from the environment: ${OPERATOR_NOTICE}, or ${file:/path}."
            draft.fault(DELIVERY, ("notices", n), what, fix)
    if delivery.transport == "smtp":
        _check_mailing(draft)
    if delivery.smtp is not None:
        _check_smtp(draft, delivery.smtp)
    _check_schedule(draft)


def _shows_secret(address: str) -> bool:
    """Whether an address of Apprise has a secret as it is written: a password, a parameter that is one, or for what
    is told by who knows the address (chats, push services) the address itself.
    """
    kind, _, place = _REFERENCE.sub(_HIDDEN, address).partition("://")
    if kind.casefold() not in _OPEN_KINDS:
        return bool(place) and _HIDDEN not in place
    host, _, parameters = place.partition("?")
    secrets = [host.rpartition("@")[0].partition(":")[2]]
    secrets += [
        value
        for name, _, value in (one.partition("=") for one in parameters.split("&"))
        if name.startswith(("+", "-")) or name.casefold() in _SECRET_PARAMETERS
    ]
    return any(secret.replace(_HIDDEN, "") for secret in secrets)


def _check_mailing(draft: Draft) -> None:
    delivery = draft.delivery
    for key, value, fix in (
        ("smtp", delivery.smtp, "Name the mail server: smtp: {host: …}."),
        ("sender", delivery.sender, "Say who the mails are from: sender: Reports <reports@example.com>."),
        ("allowed_domains", delivery.allowed_domains, "List the domains that may be written to; others are held."),
    ):
        if not value:
            draft.fault(DELIVERY, ("transport",), f"transport is smtp, and there is no {key}.", fix)


def _check_smtp(draft: Draft, smtp: Smtp) -> None:
    path: Path_ = ("smtp",)
    if smtp.security == "none" and not _is_here(smtp.host):
        what = f"security is none, and {smtp.host} is another machine: mails and passwords would go there in the open."
        draft.fault(DELIVERY, (*path, "security"), what, "Write starttls (port 587) or tls (port 465).")
    if smtp.ca_file is not None:
        draft.check_file(DELIVERY, (*path, "ca_file"), smtp.ca_file)
    _check_auth(draft, smtp.auth, (*path, "auth"))


def _check_auth(draft: Draft, auth: Auth, path: Path_) -> None:
    lacking = [key for key in _NEEDED[auth.method] if getattr(auth, key) is None]
    if lacking:
        draft.fault(DELIVERY, path, f"{auth.method} needs {', '.join(lacking)}.", "Write each beside method.")
    for key in _SECRET:
        written = getattr(auth, key)
        if written is not None and _REFERENCE.sub("", written):
            what, fix = f"A secret stands in {key}.", "Take it from the environment: ${NAME}, or a file: ${file:/path}."
            draft.fault(DELIVERY, (*path, key), what, fix)
    if not lacking and auth.method == "xoauth2" and auth.refresh_token is None and auth.client_secret is None:
        what = "xoauth2 needs a refresh_token or a client_secret: without one no token can be had."
        draft.fault(DELIVERY, path, what, "Write one as ${NAME} or ${file:/path}.")
    secure = auth.token_url is None or auth.token_url.startswith("https://") or _is_here(_host_of(auth.token_url))
    if not secure:
        what = f"token_url leads to {_host_of(str(auth.token_url))} in the open: secrets go there."
        draft.fault(DELIVERY, (*path, "token_url"), what, "Write an address with TLS.")


def _host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def _is_here(host: str) -> bool:
    if host.casefold() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _check_schedule(draft: Draft) -> None:
    schedule = draft.schedule
    if schedule is not None and schedule.wait.until_working_day < schedule.run.working_day:
        what = (
            f"Late extracts are waited for until working day {schedule.wait.until_working_day}, before the run on "
            f"working day {schedule.run.working_day}."
        )
        draft.fault(SCHEDULE, ("wait", "until_working_day"), what, "Write the same day or a later one.")
