"""Who is to receive which report, from hr by the company's delivery rules. Nothing is sent from here."""

from datetime import date

import pandas as pd

from config.delivery import Delivery
from config.models import UnitKind
from transforms.report_model import ReportKind


def recipients(
    delivery: Delivery, kind: ReportKind, unit_id: str, units: pd.DataFrame, spells: pd.DataFrame, day: date
) -> list[str]:
    """E-mail addresses of a report's readers in the order of the alphabet; none where hr has no address.

    Readers are who they were on `day`, the month's last: who has left by then receives nothing any more.
    """
    managers = _managers(units)
    moment = pd.Timestamp(day)
    there = spells.loc[spells["valid_from"].le(moment) & spells["valid_to"].gt(moment)]
    readers: set[str] = set()
    if kind is ReportKind.MANAGER:
        if "manager" in delivery.manager_reports_to:
            readers.add(unit_id)
        if "managers_manager" in delivery.manager_reports_to:
            readers.add(managers.get((UnitKind.ASSOCIATE, unit_id), ""))
    elif kind is ReportKind.TEAM:
        if "manager" in delivery.team_reports_to:
            readers.add(managers.get((UnitKind.TEAM, unit_id), ""))
        if "managers_manager" in delivery.team_reports_to:
            manager = managers.get((UnitKind.TEAM, unit_id), "")
            readers.add(managers.get((UnitKind.ASSOCIATE, manager), ""))
        if "members" in delivery.team_reports_to:
            readers |= set(there.loc[there["team"].eq(unit_id), "associate"])
    addresses = dict(zip(there["associate"], there["email"], strict=True))
    found = (addresses.get(reader) for reader in readers)
    return sorted({address for address in found if isinstance(address, str) and address})


def _managers(units: pd.DataFrame) -> dict[tuple[str, str], str]:
    known = units.loc[units["manager"].notna()]
    keys = zip(known["unit_kind"], known["unit_id"], strict=True)
    return dict(zip(keys, known["manager"].astype(str), strict=True))
