"""From tables and rules to the frame of expectations that are used, and the list of those that are not.

Does not belong here: how a table is read (`tables`) or a rule evaluated (`rules`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from config.checks import Severity
from config.models import Config, ExpectationRule, RuleKind
from config.months import Month
from transforms.columns import EXPECTED, UNUSED_EXPECTED, empty, shaped
from transforms.expectations.accepted import with_accepted
from transforms.expectations.basis import basis_sentences
from transforms.expectations.parts import parts_totals
from transforms.expectations.rules import FIRST_RULE, MISSED, Expected, apply_rules, in_force, rule_gives
from transforms.expectations.tables import TableResult, Unused, Written, read_tables
from transforms.expectations.world import Input, World, build_world, nearest
from transforms.numbers import Ints, month_number, month_starts
from transforms.stages import Finding

_ORDER = ["month", "unit_kind", "unit_id", "metric", "origin"]
_RULES_FILE = "expectations.yaml"
_NEEDS_VALUE = frozenset({RuleKind.FIXED, RuleKind.PER_FTE, RuleKind.PER_WORKING_DAY})


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """`expected` is an EXPECTED frame, one row a unit, metric and month; `unused` an UNUSED_EXPECTED frame."""

    expected: pd.DataFrame
    unused: pd.DataFrame
    findings: tuple[Finding, ...]


def evaluate_expectations(  # noqa: PLR0913 the contract between stages
    config: Config,
    tables: Mapping[str, pd.DataFrame],
    facts: pd.DataFrame,
    units: pd.DataFrame,
    membership: pd.DataFrame,
    spells: pd.DataFrame,
    months: Sequence[Month],
    holidays: frozenset[date] = frozenset(),
    *,
    month: Month | None = None,
) -> ExpectationResult:
    """Evaluate every table and rule for the given months.

    `tables` holds each table file's text columns with `_line`; `facts` is FACTS, `units` UNITS of the month reported,
    `membership` MEMBERSHIP, `spells` SPELLS. `months` runs from the first month of history to the month reported and
    one month more, for what is expected next. `month` is the month reported; by default the last but one of `months`.
    Nothing set after the reported month's last day is read, and nothing set after a month's end holds for that month.
    """
    ordered = sorted(set(months))
    if not ordered:
        return ExpectationResult(empty(EXPECTED), empty(UNUSED_EXPECTED), ())
    report = month or (ordered[-2] if len(ordered) > 1 else ordered[0])
    world = build_world(config, Input(facts, units, membership, spells, holidays), ordered, report)
    read = with_accepted(world, read_tables(world, tables))
    expected = apply_rules(world, {key: one.value for key, one in read.used.items()})
    unused, findings = _incomplete_rules(world, expected)
    totals = parts_totals(world, units, expected.value)
    return ExpectationResult(
        _expected_frame(world, read, expected, totals),
        _unused_frame([*read.unused, *unused]),
        (*read.findings, *findings),
    )


def _incomplete_rules(world: World, expected: Expected) -> tuple[list[Unused], list[Finding]]:
    """Rules that cannot be used, and whom they would have asked in the month reported and the next."""
    unused: list[Unused] = []
    findings: list[Finding] = []
    for rule in world.config.expectations.rules:
        fault = _rule_fault(world, rule)
        if fault is None:
            continue
        findings.append(
            Finding("expectations.unusable_rule", Severity.WARNING, f"Rule “{rule.name}” is not used: {fault}",
                    file=_RULES_FILE, value=rule.name)
        )  # fmt: skip
        if rule.metric not in world.metrics:
            continue
        metric = world.metrics.index(rule.metric)
        for at in world.positions:
            if at < world.report or not in_force(world, rule, at):
                continue
            given = rule_gives(world, rule, at, expected.value)
            unused += [
                Unused(world.kinds[unit], world.ids[unit], rule.metric, world.axis[at], float(given[unit]),
                       f"rule:{rule.name}", fault)
                for unit in np.flatnonzero(np.isfinite(given) & np.isnan(expected.value[:, metric, at]))
            ]  # fmt: skip
    return unused, findings


def _rule_fault(world: World, rule: ExpectationRule) -> str | None:
    if rule.metric not in world.metrics:
        return f"“{rule.metric}” is no metric of metrics.yaml. {nearest(rule.metric, world.metrics)}".strip()
    missing = [name for name, text in (("why", rule.why), ("owner", rule.owner), ("set_on", rule.set_on)) if not text]
    if missing:
        return f"no {' and no '.join(missing)}"
    if rule.rule in _NEEDS_VALUE and rule.value is None:
        return f"a rule {rule.rule} needs a value"
    if rule.rule is RuleKind.PER_ROLE and not rule.values:  # noqa: PD011 a model, no frame
        return "a rule per_role needs values, one for each role"
    return None


def _expected_frame(world: World, read: TableResult, expected: Expected, totals: np.ndarray) -> pd.DataFrame:
    unit, metric, at = np.nonzero(np.isfinite(expected.value))
    if not len(unit):
        return empty(EXPECTED)
    source = expected.source[unit, metric, at].astype(np.int64)
    written = list(read.used.values())
    texts = _texts_by_source(world.config.expectations.rules, written, source)
    frame = pd.DataFrame(
        {
            "unit_kind": world.kinds[unit],
            "unit_id": world.ids[unit],
            "metric": np.array(world.metrics, dtype=object)[metric],
            "month": month_starts(at.astype(np.int64) + month_number(world.axis[0])),
            "value": expected.value[unit, metric, at],
            **texts,
            "basis": basis_sentences(world, expected, written, (unit, metric, at)),
            "parts_total": totals[unit, metric, at],
            "review_by": _review_by(world, expected, (unit, metric, at)),
        }
    )
    return frame.sort_values(_ORDER, kind="stable").pipe(shaped, EXPECTED)


def _texts_by_source(rules: tuple[ExpectationRule, ...], written: list[Written], source: Ints) -> dict[str, np.ndarray]:
    """Why, owner, set_on, parent and origin of each row, looked up by where its value came from."""
    every = [(w.why, w.owner, w.set_on, w.parent_text, w.origin) for w in written]
    every += [(r.why or "", r.owner or "", r.set_on, "", f"rule:{r.name}") for r in rules]
    place = np.where(source >= 0, source, len(written) + FIRST_RULE - source)
    looked_up = {
        name: np.array([one[n] for one in every], dtype=object)[place]
        for n, name in enumerate(("why", "owner", "set_on", "parent", "origin"))
    }
    days = np.array([np.datetime64("NaT") if d is None else np.datetime64(d, "s") for _, _, d, _, _ in every],
                    dtype="datetime64[s]")  # fmt: skip
    return {**looked_up, "set_on": days[place]}


def _review_by(world: World, expected: Expected, places: tuple[np.ndarray, ...]) -> np.ndarray:
    """Until when the owner reviews an expectation whose month was missed last year."""
    by = np.full(len(places[0]), np.datetime64("NaT"), dtype="datetime64[s]")
    source, state = expected.source[places], expected.last_year[places]
    for number, rule in enumerate(world.config.expectations.rules):
        rows = np.flatnonzero((source == FIRST_RULE - number) & (state == MISSED))
        days = [world.axis[at].first_day + timedelta(days=rule.review_days) for at in places[2][rows]]
        by[rows] = np.array(days, dtype="datetime64[s]")
    return by


def _unused_frame(unused: list[Unused]) -> pd.DataFrame:
    if not unused:
        return empty(UNUSED_EXPECTED)
    frame = pd.DataFrame(
        {
            "unit_kind": [one.kind for one in unused],
            "unit_id": [one.unit for one in unused],
            "metric": [one.metric for one in unused],
            "month": pd.Series(
                [pd.NaT if one.month is None else pd.Timestamp(one.month.first_day) for one in unused],
                dtype="datetime64[s]",
            ),
            "value": np.array([one.value for one in unused], dtype=np.float64),
            "origin": [one.origin for one in unused],
            "reason": [one.reason for one in unused],
        }
    )
    return frame.sort_values([*_ORDER, "reason"], kind="stable").pipe(shaped, UNUSED_EXPECTED)
