"""Notices: the operator is told that a run failed, by Apprise, at the addresses of delivery.yaml. Readers never are.

A notice names company, month, stage and kind of fault, and the command to look with: no person, figure or value.
Does not belong here: what a run is.
"""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.errors import YardstickError
from config.loader import load_config
from config.secrets import resolve_secrets

KNOWN_VARIABLE = "YARDSTICK_NOTICES"
"""What `serve` knew when it started: whom to tell should the configuration itself be broken."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A run that failed. `stage` is where, `kind` the type of the error, `look` the command that shows more."""

    flow: str
    month: str
    stage: str
    kind: str
    look: str

    def __str__(self) -> str:
        of = f" of {self.month}" if self.month else ""
        at = f" at “{self.stage}”" if self.stage else ""
        return f"{self.flow}{of} failed{at}: {self.kind}"


@dataclass(frozen=True, slots=True)
class Operator:
    """Whom to tell: the company's name, and addresses of Apprise as configured, with secrets still to be fetched."""

    company: str = ""
    notices: tuple[str, ...] = ()


def operator_of(config_dir: Path, environment: Mapping[str, str] = os.environ) -> Operator:
    """Whom a company's configuration names; where that cannot be read, whom it named when `serve` started."""
    try:
        config = load_config(config_dir)
    except YardstickError:
        try:
            known = json.loads(environment[KNOWN_VARIABLE])
            return Operator(str(known["company"]), tuple(map(str, known["notices"])))
        except (KeyError, ValueError, TypeError):
            return Operator()
    return Operator(config.company.name, config.delivery.notices)


def as_known(operator: Operator) -> str:
    """The operator as `KNOWN_VARIABLE` holds it."""
    return json.dumps({"company": operator.company, "notices": operator.notices}, ensure_ascii=False)


def notice_text(company: str, fault: Fault) -> tuple[str, str]:
    """Title and text."""
    title = f"yardstick: {fault.flow}{f' of {fault.month}' if fault.month else ''} failed"
    lines = [
        f"Company: {company or 'unknown (its configuration cannot be read)'}",
        f"Month: {fault.month or 'none'}",
        f"Stage: {fault.stage or 'unknown'}",
        f"Fault: {fault.kind}",
        f"Look: {fault.look}",
    ]
    return title, "\n".join(lines)


def send_notices(operator: Operator, fault: Fault) -> list[str]:
    """Tell the operator at every address. Gives what could not be told, without addresses; never raises."""
    title, text = notice_text(operator.company, fault)
    return [
        f"Notice {number} of delivery.yaml ({_scheme(address)}) could not be sent: {reason}"
        for number, address in enumerate(operator.notices, start=1)
        if (reason := _sent(address, title, text))
    ]


def _sent(address: str, title: str, text: str) -> str:
    try:
        return _notify(resolve_secrets(address), title, text)
    except YardstickError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the fault told of must not be hidden by it
        return f"{type(error).__name__}."


def _notify(address: str, title: str, text: str) -> str:
    import apprise

    # Its log shows addresses with their secrets.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    messenger = apprise.Apprise()
    if not messenger.add(address):
        return "Apprise does not understand the address. See https://github.com/caronc/apprise/wiki."
    if not messenger.notify(title=title, body=text, notify_type=apprise.NotifyType.FAILURE):
        return "it was not taken there."
    return ""


def _scheme(address: str) -> str:
    scheme, found, _ = address.partition("://")
    return scheme if found and "$" not in scheme else "secret"


def unsendable(notices: Sequence[str]) -> list[str]:
    """Addresses that cannot be used as they are, told as by `send_notices`, and nothing is sent."""
    faults = []
    for number, address in enumerate(notices, start=1):
        try:
            import apprise

            logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
            understood = apprise.Apprise().add(resolve_secrets(address))
            reason = "" if understood else "Apprise does not understand the address."
        except YardstickError as error:
            reason = str(error)
        if reason:
            faults.append(f"Notice {number} of delivery.yaml ({_scheme(address)}) cannot be sent: {reason}")
    return faults
