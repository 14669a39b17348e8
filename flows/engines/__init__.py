"""Aggregating typed rows into facts, and accounting for every row on the way.

Not here: typing rows (flows/checks) and what is expected of a fact (transforms).
"""

from flows.engines.definitions import validate_metrics
from flows.engines.measure import DEFAULT_THREADS, Measured, MeasureSession, measure_month
from flows.engines.reconcile import reconcile

__all__ = ["DEFAULT_THREADS", "MeasureSession", "Measured", "measure_month", "reconcile", "validate_metrics"]
