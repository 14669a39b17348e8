"""What must hold between the parts of a configuration: names that exist, codes that are known, dates in order.

This module has the company, delivery, identities and decisions, and calls the modules of the others.
Does not belong here: what a single value may be (`config.models`).
"""

from datetime import date
from itertools import combinations
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from config.csv_tables import Line
from config.draft import COMPANY, DECISIONS, EXTRACTS, IDENTITIES, METRICS, Draft
from config.faults import did_you_mean, nearest
from config.models import Identity
from config.references_checks import check_suites
from config.references_corrections import check_corrections
from config.references_delivery import check_delivery
from config.references_expectations import check_expectations
from config.references_extracts import check_extracts
from config.references_metrics import check_metrics


def check_references(draft: Draft) -> None:
    """Note every fault between the parts that could be read."""
    _check_company(draft)
    check_extracts(draft)
    check_metrics(draft)
    check_expectations(draft)
    check_delivery(draft)
    check_suites(draft)
    _check_identities(draft)
    _check_decisions(draft)
    check_corrections(draft)


def _check_company(draft: Draft) -> None:
    company = draft.company
    if company is None:
        return
    from babel import Locale, UnknownLocaleError
    from babel.numbers import list_currencies

    if company.currency not in list_currencies():
        fix = "Write an ISO 4217 code, such as EUR."
        draft.fault(COMPANY, ("currency",), f"“{company.currency}” is no currency.", fix)
    if not _is_time_zone(company.time_zone):
        guess = nearest(company.time_zone, available_timezones())
        fix = f"Did you mean {guess}?" if guess else "Write a name such as Europe/Berlin."
        draft.fault(COMPANY, ("time_zone",), f"“{company.time_zone}” is no time zone.", fix)
    try:
        Locale.parse(company.locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        fix = "Write language and country, such as en_GB or de_DE."
        draft.fault(COMPANY, ("locale",), f"“{company.locale}” is no locale.", fix)
    if company.holidays is not None:
        _check_holidays(draft, company.holidays)
    if company.exchange_rates is not None:
        draft.check_file(COMPANY, ("exchange_rates",), company.exchange_rates)


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _check_holidays(draft: Draft, code: str) -> None:
    import holidays

    countries = holidays.list_supported_countries(include_aliases=True)
    country, _, subdivision = code.partition("-")
    if country not in countries:
        fix = "Write a country's two letters, and its subdivision where you want it: DE or DE-BY."
        draft.fault(COMPANY, ("holidays",), f"“{country}” has no known public holidays.", fix)
    elif subdivision and subdivision not in countries[country]:
        fix = did_you_mean(subdivision, countries[country], what=f"Subdivisions of {country}")
        draft.fault(COMPANY, ("holidays",), f"“{subdivision}” is no subdivision of {country}.", fix)


def _check_identities(draft: Draft) -> None:
    sources = {line.record.source for line in draft.identities}
    for name, extract in draft.extracts.items():
        if extract.identities is not None and extract.identities not in sources:
            draft.fault(
                EXTRACTS,
                (name, "identities"),
                f"{IDENTITIES} has no line of the source “{extract.identities}”.",
                did_you_mean(extract.identities, sources, what="It has"),
            )
    by_id: dict[tuple[str, str], list[Line[Identity]]] = {}
    for line in draft.identities:
        record = line.record
        if record.valid_from and record.valid_to and record.valid_to < record.valid_from:
            what = f"It ends ({record.valid_to}) before it begins ({record.valid_from})."
            draft.line_fault(IDENTITIES, line.line, "valid_to", what, "Both days are included.")
        by_id.setdefault((record.source, record.source_id), []).append(line)
    for lines in by_id.values():
        for one, other in combinations(lines, 2):
            _check_overlap(draft, one, other)


def _check_overlap(draft: Draft, one: Line[Identity], other: Line[Identity]) -> None:
    first, second = one.record, other.record
    overlap = (first.valid_from or date.min) <= (second.valid_to or date.max) and (second.valid_from or date.min) <= (
        first.valid_to or date.max
    )
    if overlap and first.associate != second.associate:
        draft.line_fault(
            IDENTITIES,
            other.line,
            "source_id",
            f"“{second.source_id}” of {second.source} is {second.associate} here and {first.associate} in line "
            f"{one.line}, on the same days.",
            "Give each a valid_from and valid_to that do not overlap.",
        )


def _check_decisions(draft: Draft) -> None:
    metrics = draft.names(METRICS)
    for line in draft.decisions:
        if metrics and line.record.metric not in metrics:
            fix = did_you_mean(line.record.metric, metrics, what="Metrics")
            draft.line_fault(DECISIONS, line.line, "metric", f"“{line.record.metric}” is no metric.", fix)
