"""Compositions of small organisations with figures by formula, made by the real stages without files or databases.

Does not belong here: a test.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from config.models import Company, Config, Expectations, Metric, Unit, UnitKind
from config.months import Month, months_between
from tests.transforms.organisation_rows import OCTOBER, hr, hr_extract
from transforms.columns import AVAILABILITY, CHANGES, CHARTS, FACTS, REPEATED, SIGNALS, empty, shaped
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


# -- what charts and changes show, made by hand ------------------------------------------------------------------


def with_evidence(
    composition: Composition,
    *,
    signals: Iterable[Mapping[str, object]] = (),
    charts: Iterable[Mapping[str, object]] = (),
    changes: Iterable[Mapping[str, object]] = (),
    repeated: Iterable[Mapping[str, object]] = (),
) -> Composition:
    """The same month with what was found in it."""

    def made(rows: Iterable[Mapping[str, object]], columns: Mapping[str, str]) -> pd.DataFrame:
        given = list(rows)
        return shaped(pd.DataFrame(given), columns) if given else empty(columns)

    return replace(
        composition, signals=made(signals, SIGNALS), charts=made(charts, CHARTS), changes=made(changes, CHANGES),
        repeated=made(repeated, REPEATED),
    )  # fmt: skip


def signal(kind: str, unit_id: str, metric: str, found: str = "common", /, **more: object) -> dict[str, object]:
    """A SIGNALS row: as usual within 900 and 1100 unless it says otherwise."""
    usual = {"month": pd.Timestamp(OCTOBER.first_day), "rule": "", "adjusted_for": "", "assurance": "none",
             "mean": 1000.0, "lower": 900.0, "upper": 1100.0, "months": 24}  # fmt: skip
    return {"unit_kind": kind, "unit_id": unit_id, "metric": metric, "signal": found, **usual, **more}


def limits(
    kind: str, unit_id: str, metric: str, mean: float, width: float, flags: Mapping[int, str] | None = None
) -> list[dict[str, object]]:
    """CHARTS rows of the two years up to October; `flags` by how many months ago."""
    return [
        {"unit_kind": kind, "unit_id": unit_id, "metric": metric, "month": pd.Timestamp(OCTOBER.shift(-ago).first_day),
         "mean": mean, "lower": mean - width, "upper": mean + width, "flag": (flags or {}).get(ago, ""), "group": 0}
        for ago in range(24)
    ]  # fmt: skip


def change(kind: str, unit_id: str, metric: str, /, **more: object) -> dict[str, object]:
    """A CHANGES row: lower since March 2026 by a tenth, whose it is is not known, unless it says otherwise."""
    usual = {"month": pd.Timestamp("2026-03-01"), "kind": "level", "before": 4000.0, "after": 3600.0,
             "difference": -0.1, "sense": "worse", "size_sd": 2.5, "chance": 0.001, "cause": "unknown",
             "group_kind": "", "group_id": "", "events": "", "accepted": False, "proposed": 3600.0}  # fmt: skip
    return {"unit_kind": kind, "unit_id": unit_id, "metric": metric, **usual, **more}
