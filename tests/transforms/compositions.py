"""Compositions of small organisations with figures by formula, made by the real stages without files or databases.

Does not belong here: a test.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from config.models import Company, Config, Expectations, Metric, Unit, UnitKind
from config.months import Month, months_between
from tests.transforms.organisation_rows import OCTOBER, hr, hr_extract
from transforms.columns import AVAILABILITY, FACTS, empty, shaped
from transforms.compare import compare_month
from transforms.compose import Composition
from transforms.expectations import evaluate_expectations
from transforms.organisation import Organisation, build_organisation
from transforms.withholding import suppress_facts

PURPOSE = {"purpose": "the monthly conversation", "agreed_with": "works council", "from": "2020-01-01"}
METRICS: dict[str, dict[str, Any]] = {
    "revenue": {"label": "Revenue", "value": "sum(amount)", "unit": "money", "by_segment": True, "individual": PURPOSE},
    "solved": {"label": "Solved at once", "numerator": "count(*)", "denominator": "count(*)", "unit": "percent",
               "stage": "experience"},
}  # fmt: skip
RULES: list[dict[str, Any]] = [
    {"name": "revenue_each", "metric": "revenue", "rule": "per_fte", "value": 1000, "why": "As in spring",
     "owner": "Sales director", "set_on": "2025-01-10"},
    {"name": "solved_each", "metric": "solved", "rule": "fixed", "value": "0.8", "why": "A second call costs a day",
     "owner": "Service manager", "set_on": "2025-01-10"},
]  # fmt: skip


def config_of(
    metrics: dict[str, dict[str, Any]] | None = None, rules: list[dict[str, Any]] | None = None, **company: Any
) -> Config:
    """A configuration over one hr extract; company keys as given."""
    return Config(
        directory=Path(),
        company=Company.model_validate({"name": "Test company", "currency": "EUR", **company}),
        extracts={"people": hr_extract()},
        metrics={
            name: Metric.model_validate({"extract": "sales", "good": "up", "stage": "result", **declared})
            for name, declared in (METRICS if metrics is None else metrics).items()
        },
        expectations=Expectations.model_validate({"rules": RULES if rules is None else rules}),
        sha256="0" * 64,
    )


NOISE = (0.05, -0.04, 0.02, -0.06, 0.03, -0.01, 0.06, -0.05, 0.04, -0.02, 0.01, -0.03)
"""What a month differs from the usual, by its number: nothing in it is a run or a trend."""


def facts_of(organisation: Organisation, config: Config, months: list[Month]) -> pd.DataFrame:
    """FACTS of every unit in every month, a little around a level of its own; individuals where config allows them."""
    shown = [
        (unit, name, metric)
        for unit in organisation.units.to_dict("records")
        for name, metric in config.metrics.items()
        if unit["unit_kind"] != UnitKind.ASSOCIATE or metric.individual is not None
    ]
    records = [
        (pd.Timestamp(month.first_day), unit["unit_kind"], unit["unit_id"], name, segment, level, level, 1.0, 20)
        for unit, name, metric in shown
        for month in months
        for level in [
            (0.8 if metric.unit is Unit.PERCENT else 1000.0 * int(unit["people"])) * (1 + NOISE[month.number - 1])
        ]
        for segment in (("all", "B2B") if metric.by_segment else ("all",))
    ]
    names = ["month", "unit_kind", "unit_id", "metric", "segment", "value", "numerator", "denominator", "rows"]
    return shaped(pd.DataFrame(records, columns=names).assign(suppressed=""), FACTS)


def compose_from(
    *rows: dict[str, object],
    config: Config | None = None,
    facts: pd.DataFrame | None = None,
    history: int = 14,
    month: Month = OCTOBER,
) -> tuple[Composition, Organisation]:
    """What the reports of a month are composed from: hr rows as given, figures by formula unless given too."""
    config = config or config_of()
    organisation = build_organisation(hr(*rows), hr_extract(), month, organisation_title=config.company.name)
    months = list(months_between(month.shift(-history), month))
    found = facts_of(organisation, config, months) if facts is None else facts
    shown = suppress_facts(found, organisation.units, organisation.membership, config, month)
    expected = evaluate_expectations(
        config, {}, shown, organisation.units, organisation.membership, organisation.spells, [*months, month.shift(1)]
    )
    comparison = compare_month(
        config, month, shown, expected.expected, organisation.units, organisation.spells, empty(AVAILABILITY), ()
    )
    composition = Composition(
        config=config, month=month, units=organisation.units, spells=organisation.spells, facts=shown,
        expected=expected.expected, comparison=comparison, unused=expected.unused, findings=expected.findings,
    )  # fmt: skip
    return composition, organisation
