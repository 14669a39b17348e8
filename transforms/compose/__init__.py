"""From facts, expectations and comparisons to the report models of every manager and team.

One module a section of REPORTS.md's order; `context` holds what all of them look up. Does not belong here:
calculation of any figure or status, and any sentence (`transforms.wording`).
"""

from transforms.compose.context import Composition
from transforms.compose.reports import compose_reports, report_id

__all__ = ["Composition", "compose_reports", "report_id"]
