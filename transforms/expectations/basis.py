"""How each expectation came about, in a sentence with plain numbers (no locale).

Does not belong here: the arithmetic itself.
"""

from collections.abc import Callable

import numpy as np

from config.models import Direction, ExpectationRule, RuleKind
from config.months import MONTHS_A_YEAR
from transforms.expectations.rules import FIRST_RULE, MET, MISSED, Expected, roles_at
from transforms.expectations.tables import Written
from transforms.expectations.world import World
from transforms.numbers import month_name, plain_number

Places = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Positions of units, metrics and months."""


def basis_sentences(world: World, expected: Expected, written: list[Written], places: Places) -> np.ndarray:
    """One sentence for each place; for expectations by rule only of the last year and what is ahead.

    Nothing shows how an older one came about, and a large company has a million of them.
    """
    sentences = np.full(len(places[0]), "", dtype=object)
    source = expected.source[places].astype(np.int64)
    from_table = source >= 0
    sentences[from_table] = np.array([one.basis for one in written], dtype=object)[source[from_table]]
    for number, rule in enumerate(world.config.expectations.rules):
        of_rule = (source == FIRST_RULE - number) & (places[2] >= world.report - MONTHS_A_YEAR)
        for at in np.unique(places[2][of_rule]):
            rows = np.flatnonzero(of_rule & (places[2] == at))
            say = _say(world, expected, rule, int(at))
            sentences[rows] = [say(int(unit)) for unit in places[0][rows]]
    return sentences


def _say(world: World, expected: Expected, rule: ExpectationRule, at: int) -> Callable[[int], str]:
    """The sentence of a rule in one month, as a function of the unit."""
    metric = world.metrics.index(rule.metric)
    unit_of = world.metric(metric).unit
    detail = expected.detail[:, metric, at]
    value = "" if rule.value is None else plain_number(float(rule.value), unit_of)
    if rule.rule is RuleKind.LAST_YEAR:
        return _last_year(world, expected, rule, metric, at)
    if rule.rule is RuleKind.PER_ROLE:
        roles = roles_at(world, at)
        whole = "the sum of" if world.extensive[metric] else "the average of"
        return lambda unit: (
            f"the value for the role {roles[unit]}" if roles[unit]
            else f"{whole} the values for its people’s roles, by days in the month"
        )  # fmt: skip
    if rule.rule is RuleKind.FIXED or not world.extensive[metric]:
        return lambda _: f"{value}, the same for all"
    if rule.rule is RuleKind.PER_FTE:
        return lambda unit: f"{value} for each of {detail[unit]:.4g} full-time equivalents, by days in the month"
    return lambda unit: f"{value} for each of {detail[unit]:g} working days, counted for each person"


def _last_year(world: World, expected: Expected, rule: ExpectationRule, metric: int, at: int) -> Callable[[int], str]:
    of = world.metric(metric)
    before = at - MONTHS_A_YEAR
    name = month_name(world.axis[before])
    actual, asked = expected.detail[:, metric, at], expected.value[:, metric, before]
    state = expected.last_year[:, metric, at]
    growth = float(rule.growth) * (-1 if of.good is Direction.DOWN else 1)
    change = f"{abs(growth) * 100:.4g}% {'over' if growth > 0 else 'under'}" if growth else "as in"

    def say(unit: int) -> str:
        figure = plain_number(float(actual[unit]), of.unit)
        if state[unit] == MET:
            return f"{change} {name} ({figure}), which met its expectation"
        if state[unit] == MISSED:
            missed = plain_number(float(asked[unit]), of.unit)
            return f"as in {name} ({figure}), which missed its expectation of {missed}: its owner reviews it"
        return f"as in {name} ({figure}), for which nothing was expected"

    return say
