"""What must hold between expectations.yaml and the metrics it asks for.

Does not belong here: whether an expectation is realistic, and what its tables hold.
"""

from decimal import Decimal

from config.draft import EXPECTATIONS, METRICS, Draft
from config.faults import did_you_mean
from config.models import ExpectationRule, RuleKind, Unit

_NEEDS: dict[RuleKind, frozenset[str]] = {
    RuleKind.LAST_YEAR: frozenset(),
    RuleKind.FIXED: frozenset({"value"}),
    RuleKind.PER_ROLE: frozenset({"values"}),
    RuleKind.PER_FTE: frozenset({"value"}),
    RuleKind.PER_WORKING_DAY: frozenset({"value"}),
}
_ALSO = {RuleKind.LAST_YEAR: frozenset({"growth", "review_days"})}
_OF_A_KIND = ("value", "values", "growth", "review_days")
_LARGEST_SHARE = 2


def check_expectations(draft: Draft) -> None:
    """Note every fault of the rules and tables that could be read."""
    seen: dict[str, int] = {}
    for n, rule in draft.rules.items():
        if rule.name in seen:
            fix = "Give each rule its own name: reports quote it."
            draft.fault(EXPECTATIONS, ("rules", n, "name"), f"“{rule.name}” is rule {seen[rule.name]} too.", fix)
        seen.setdefault(rule.name, n + 1)
        metrics = draft.names(METRICS)
        if metrics and rule.metric not in metrics:
            fix = did_you_mean(rule.metric, metrics, what="Metrics")
            draft.fault(EXPECTATIONS, ("rules", n, "metric"), f"“{rule.metric}” is no metric.", fix)
        _check_kind(draft, n, rule)
        _check_values(draft, n, rule)
    for n, table in draft.tables.items():
        draft.check_file(EXPECTATIONS, ("tables", n, "file"), table.file)


def _check_kind(draft: Draft, n: int, rule: ExpectationRule) -> None:
    written = draft.documents[EXPECTATIONS].at(("rules", n)) or {}
    needs = _NEEDS[rule.rule]
    for key in sorted(needs):
        if not written.get(key) and written.get(key) != 0:
            what = f"A rule of kind {rule.rule} needs {key}."
            draft.fault(EXPECTATIONS, ("rules", n, "rule"), what, f"Write {key}: beside it.")
    for key in _OF_A_KIND:
        if key in written and key not in needs | _ALSO.get(rule.rule, frozenset()):
            what = f"“{key}” means nothing for a rule of kind {rule.rule}."
            draft.fault(EXPECTATIONS, ("rules", n, key), what, "Take it away, or choose the kind that has it.")
    if rule.start is not None and rule.end is not None and rule.end < rule.start:
        what = f"The rule ends ({rule.end}) before it begins ({rule.start})."
        draft.fault(EXPECTATIONS, ("rules", n, "to"), what, "Both months are included.")


def _check_values(draft: Draft, n: int, rule: ExpectationRule) -> None:
    if abs(rule.growth) > 1:
        right = rule.growth / 100
        what = f"A growth of {rule.growth} is {rule.growth * 100:g}%."
        draft.fault(EXPECTATIONS, ("rules", n, "growth"), what, f"Write a share: {right:g} for {rule.growth:g}%.")
    metric = draft.metrics.get(rule.metric)
    if metric is None or metric.unit is not Unit.PERCENT:
        return
    written: list[tuple[tuple[str | int, ...], Decimal]] = [
        (("values", role), one) for role, one in rule.values.items()
    ]
    if rule.value is not None:
        written.append((("value",), rule.value))
    for path, value in written:
        if abs(value) > _LARGEST_SHARE and rule.rule in (RuleKind.FIXED, RuleKind.PER_ROLE):
            what = f"“{rule.metric}” is a percentage, and {value} would be {value * 100:g}%."
            draft.fault(EXPECTATIONS, ("rules", n, *path), what, f"Write a share: {value / 100:g} for {value:g}%.")
