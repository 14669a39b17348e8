"""Aggregating typed rows into facts, and accounting for every row on the way.

Not here: typing rows (flows/checks) and what is expected of a fact (transforms).
"""

from flows.engines.definitions import validate_metrics
from flows.engines.measure import Measured, measure_month
from flows.engines.reconcile import reconcile

__all__ = ["Measured", "measure_month", "reconcile", "validate_metrics"]
