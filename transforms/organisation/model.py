"""The organisation as later stages see it.

Does not belong here: how it is worked out.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from config.checks import Severity
from config.models import UnitKind
from config.months import Month
from transforms.columns import DAY, TEXT
from transforms.organisation.membership import ANONYMOUS
from transforms.stages import Finding

REPORTING = {
    "associate": TEXT, "valid_from": DAY, "valid_to": DAY, "manager": TEXT, "regular_manager": TEXT,
}  # fmt: skip
"""Who stands directly above whom: `manager` with interim managers in place, `regular_manager` whose own manager is
next above. Only days with a manager are listed; one row covers a day."""


@dataclass(frozen=True)
class Organisation:
    """A month's organisation: SPELLS, MEMBERSHIP, UNITS and REPORTING frames, and what is wrong with hr.

    A critical finding means that hr can't be used: the month is to be refused. `assumed_current` means that hr
    has only today's list, so that earlier days are assumed to have been like it.
    """

    month: Month
    spells: pd.DataFrame
    membership: pd.DataFrame
    units: pd.DataFrame
    reporting: pd.DataFrame
    findings: tuple[Finding, ...]
    assumed_current: bool

    @property
    def usable(self) -> bool:
        """Whether hr as a whole could be used."""
        return all(finding.severity is not Severity.CRITICAL for finding in self.findings)

    @cached_property
    def _above(self) -> dict[str, list[tuple[pd.Timestamp, pd.Timestamp, str, str]]]:
        rows: dict[str, list[tuple[pd.Timestamp, pd.Timestamp, str, str]]] = {}
        columns = [self.reporting[name].tolist() for name in REPORTING]
        for associate, start, end, manager, regular in zip(*columns, strict=True):
            rows.setdefault(associate, []).append((start, end, manager, regular))
        return rows

    def chain_above(self, associate: str, day: date) -> tuple[str, ...]:
        """The managers above somebody on a day, the direct one first; interim managers in place of regular ones."""
        moment = pd.Timestamp(day)
        chain: list[str] = []
        at = associate
        while at:
            link = next((row for row in self._above.get(at, []) if row[0] <= moment < row[1]), None)
            if link is None:
                break
            chain.append(link[2])
            at = link[3]
        return tuple(dict.fromkeys(one for one in chain if one != associate))

    @cached_property
    def _spans(self) -> dict[str, pd.DataFrame]:
        rows = self.membership
        managers = rows.loc[(rows["unit_kind"] == str(UnitKind.MANAGER)) & ~rows["associate"].str.startswith(ANONYMOUS)]
        return {str(manager): span for manager, span in managers.groupby("unit_id", sort=True)}

    def span(self, manager: str, day: date) -> frozenset[str]:
        """The associates whose rows of a day count in a manager's span, the manager too; nobody without a span."""
        return self._members(manager, pd.Timestamp(day), pd.Timestamp(day))

    def _members(self, manager: str, first: pd.Timestamp, last: pd.Timestamp) -> frozenset[str]:
        rows = self._spans.get(manager)
        if rows is None:
            return frozenset()
        return frozenset(rows.loc[(rows["valid_from"] <= last) & (rows["valid_to"] > first), "associate"])

    def scope(self, unit_kind: UnitKind | str, unit_id: str) -> frozenset[str]:
        """Whose individual figures the reader of a unit's report may see.

        A manager: everyone who belonged to the span on any day of the month, and the manager. An associate: only
        that one. A team or the organisation: nobody.
        """
        kind = UnitKind(unit_kind)
        if kind is UnitKind.MANAGER:
            return self._members(unit_id, pd.Timestamp(self.month.first_day), pd.Timestamp(self.month.last_day))
        return frozenset({unit_id}) if kind is UnitKind.ASSOCIATE else frozenset()
