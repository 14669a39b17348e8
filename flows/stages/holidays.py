"""Public holidays of a country or subdivision, from the `holidays` package's own tables."""

from collections.abc import Sequence
from datetime import date

from config.months import Month


def holidays_of(code: str | None, months: Sequence[Month]) -> frozenset[date]:
    """Holidays in the years of these months: DE, or DE-BY with its subdivision. None told, none known."""
    if not code:
        return frozenset()
    import holidays as tables

    country, _, subdivision = code.partition("-")
    years = sorted({month.year for month in months})
    return frozenset(tables.country_holidays(country, subdiv=subdivision or None, years=years))
