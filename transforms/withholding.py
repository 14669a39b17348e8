"""What nobody may see is taken out of the facts, so that no later stage can show it, compare with it or add it up.

Does not belong here: which survey figures are too small or could be worked out (`transforms.suppression`).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from config.models import Config, UnitKind
from config.months import Month
from transforms.columns import FACTS, shaped
from transforms.stages import Withheld
from transforms.suppression import small_teams, suppress_surveys

_KEY = ["unit_kind", "unit_id", "metric"]
_FIGURES = ["value", "numerator", "denominator"]


def suppress_facts(
    facts: pd.DataFrame,
    units: pd.DataFrame,
    membership: pd.DataFrame,
    config: Config,
    month: Month,
    failed: Sequence[Withheld] = (),
) -> pd.DataFrame:
    """FACTS of one month without the figures that may not be seen, each with its reason in `suppressed`.

    These are survey figures of too few respondents or that could be worked out, whatever a metric shows of a team
    with fewer people than `smallest_team`, and of a span that small whatever has no stated purpose below team level.
    Also figures that `failed`: of one unit, or of all of a kind where it has no unit id.
    """
    company = config.company
    withheld = [
        *_surveys(facts, membership, config, month),
        *small_teams(units, config.metrics, company.smallest_team),
        *_small_spans(units, config, month),
        *failed,
    ]
    return _without(_without_survey_segments(facts, config), withheld)


def _without_survey_segments(facts: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Survey figures are not taken by segment: too few answer in one, and the others would give it away."""
    surveys = [name for name, metric in config.metrics.items() if metric.survey is not None]
    return facts.loc[~(facts["metric"].isin(surveys) & facts["segment"].ne("all"))]


def _surveys(facts: pd.DataFrame, membership: pd.DataFrame, config: Config, month: Month) -> list[Withheld]:
    found: list[Withheld] = []
    for name, metric in config.metrics.items():
        if metric.survey is not None:
            found += suppress_surveys(
                facts.loc[facts["metric"].eq(name)],
                membership,
                month,
                config.company.smallest_survey_group,
                window_months=metric.window_months,
            )
    return found


def _small_spans(units: pd.DataFrame, config: Config, month: Month) -> list[Withheld]:
    """A span so small that its figure is one or two persons', on metrics that may not be shown of a person."""
    minimum = config.company.smallest_team
    small = units.loc[units["unit_kind"].eq(UnitKind.MANAGER) & units["people"].lt(minimum), "unit_id"]
    reason = f"fewer than {minimum} people: it would show one person's result"
    collective = [name for name, metric in config.metrics.items() if not metric.individual_in(month)]
    return [Withheld(name, UnitKind.MANAGER.value, unit, reason) for name in collective for unit in sorted(small)]


def _without(facts: pd.DataFrame, withheld: Sequence[Withheld]) -> pd.DataFrame:
    # The first reason counts.
    reason_of = {(one.unit_kind, one.unit_id, one.metric): one.reason for one in reversed(withheld)}
    reasons = [
        reason_of.get((kind, unit, metric)) or reason_of.get((kind, "", metric))
        for kind, unit, metric in zip(*(facts[name] for name in _KEY), strict=True)
    ]
    hidden = np.array([reason is not None for reason in reasons], dtype=bool)
    marked = facts.assign(
        suppressed=[reason or "" for reason in reasons],
        **{name: facts[name].mask(hidden) for name in _FIGURES},
        rows=facts["rows"].mask(hidden, 0),
        respondents=facts["respondents"].mask(hidden),
    )
    return shaped(marked, FACTS)
