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
        readers: set[str] = set()
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
        return sorted({address for reader in readers if (address := self._addresses.get(reader))})

    def person(self, address: str) -> str:
        """Whose address it is; empty where nobody's who is there on the day."""
        return self._people.get(address.casefold(), "")

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
    def _people(self) -> dict[str, str]:
        return {address.casefold(): who for who, address in self._addresses.items()}

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
