"""Whether somebody may still read a report when it goes out: hr as it is that day, allowed domains, opt-outs.

Does not belong here: who was to receive it when it was made (`transforms.recipients`), and sending.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from config.delivery import Delivery
from config.models import UnitKind
from transforms.deliveries import Hold
from transforms.organisation import Organisation
from transforms.recipients import Readers
from transforms.report_model import ReportKind


@dataclass(frozen=True, slots=True)
class Held:
    """Why a report does not go to an address. `reason` names no other person."""

    hold: Hold
    reason: str


@dataclass(frozen=True)
class Standing:
    """What is known on the day of sending: `then` is the organisation of the report's month, `now` that of `day`."""

    delivery: Delivery
    then: Organisation
    now: Organisation
    day: date

    def held(self, kind: ReportKind, unit_id: str, address: str) -> Held | None:
        """Why the report of a unit may not go to an address; None where it may."""
        domain = address.rpartition("@")[2].casefold()
        if self.delivery.allowed_domains:
            if domain not in {one.casefold() for one in self.delivery.allowed_domains}:
                return Held(Hold.DOMAIN, f"{domain} is none of the allowed domains")
        elif self.delivery.transport != "outbox":
            return Held(Hold.DOMAIN, "no domain is allowed: list it in delivery.yaml")
        return self._of_the_day(kind, unit_id, address)

    def _of_the_day(self, kind: ReportKind, unit_id: str, address: str) -> Held | None:
        owners = self._readers.owners(address)
        readers = owners & self._readers.people(kind, unit_id)
        opted = {one.casefold() for one in self.delivery.opt_out}
        # Of several who share an address those count whom the report is for.
        meant = {who.casefold() for who in readers or owners}
        if address.casefold() in opted or (meant and meant <= opted):
            return Held(Hold.OPT_OUT, "wants no mails (opt_out in delivery.yaml)")
        if not owners:
            return Held(Hold.LEFT, f"hr of {self.now.month} has nobody employed with this address on {self.day}")
        if not readers:
            return Held(Hold.MOVED, f"is no longer a reader of {kind} {unit_id}")
        if kind is ReportKind.MANAGER and self._leads_others(unit_id):
            return Held(Hold.MOVED, f"{unit_id} leads other people now than in {self.then.month}")
        return None

    def people(self, manager: str) -> frozenset[str]:
        """Whom the report of a manager is about, the manager too."""
        return self.then.scope(UnitKind.MANAGER, manager)

    @cached_property
    def _readers(self) -> Readers:
        return Readers(self.delivery, self.now.units, self.now.spells, self.day)

    def _leads_others(self, manager: str) -> bool:
        """Whether nobody of the span the report is about is led by its manager any more."""
        then = self.people(manager) - {manager}
        return bool(then) and not then & self.now.span(manager, self.day)
