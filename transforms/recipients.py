"""Who is to receive which report, from hr by the company's delivery rules. Nothing is sent from here."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from config.delivery import Delivery
from config.models import UnitKind
from transforms.report_model import ReportKind


@dataclass(frozen=True)
class Readers:
    """The readers of all reports as of one day: UNITS and SPELLS frames of an organisation, asked report by report."""

    delivery: Delivery
    units: pd.DataFrame
    spells: pd.DataFrame
    day: date

    def of(self, kind: ReportKind, unit_id: str) -> list[str]:
        """E-mail addresses of a report's readers in the order of the alphabet; none where hr has no address.

        Readers are who they are on the day: who has left by then receives nothing any more.
        """
        return sorted({address for who in self.people(kind, unit_id) if (address := self._addresses.get(who))})

    def people(self, kind: ReportKind, unit_id: str) -> set[str]:
        """Ids of a report's readers. An associate's own sheet is that one's alone."""
        readers: set[str] = {unit_id} if kind is ReportKind.ASSOCIATE else set()
        if kind is ReportKind.MANAGER:
            to_managers = self.delivery.manager_reports_to
            readers = {unit_id} if "manager" in to_managers else set()
            if "managers_manager" in to_managers:
                readers.add(self._above(unit_id))
        elif kind is ReportKind.TEAM:
            rules = self.delivery.team_reports_to
            lead = self._managers.get((UnitKind.TEAM, unit_id), "")
            readers = {lead} if "manager" in rules else set()
            if "managers_manager" in rules:
                readers.add(self._above(lead))
            if "members" in rules:
                readers |= self._members.get(unit_id, set())
        return readers - {""}

    def owners(self, address: str) -> frozenset[str]:
        """Whose address it is, of those who are there on the day: several may share one, and nobody may have it."""
        return frozenset(self._owners.get(address.casefold(), ()))

    def _above(self, associate: str) -> str:
        return self._managers.get((UnitKind.ASSOCIATE, associate), "")

    @cached_property
    def _there(self) -> pd.DataFrame:
        moment = pd.Timestamp(self.day)
        return self.spells.loc[self.spells["valid_from"].le(moment) & self.spells["valid_to"].gt(moment)]

    @cached_property
    def _addresses(self) -> dict[str, str]:
        pairs = zip(self._there["associate"], self._there["email"], strict=True)
        return {who: address for who, address in pairs if isinstance(address, str) and address}

    @cached_property
    def _owners(self) -> dict[str, set[str]]:
        owners: dict[str, set[str]] = {}
        for who, address in self._addresses.items():
            owners.setdefault(address.casefold(), set()).add(who)
        return owners

    @cached_property
    def _members(self) -> dict[str, set[str]]:
        members: dict[str, set[str]] = {}
        for who, team in zip(self._there["associate"], self._there["team"], strict=True):
            if isinstance(team, str):
                members.setdefault(team, set()).add(who)
        return members

    @cached_property
    def _managers(self) -> dict[tuple[str, str], str]:
        known = self.units.loc[self.units["manager"].notna()]
        keys = zip(known["unit_kind"], known["unit_id"], strict=True)
        return dict(zip(keys, known["manager"].astype(str), strict=True))
