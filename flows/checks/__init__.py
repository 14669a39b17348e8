"""Typing landed rows and judging them: what cannot be read or breaks a rule is set aside, counted and named.

Not here: pulling (flows/sources) and measuring (flows/engines).
"""

from flows.checks.rates import load_rates
from flows.checks.results import read_checked
from flows.checks.session import CheckSession, check_extract

__all__ = ["CheckSession", "check_extract", "load_rates", "read_checked"]
