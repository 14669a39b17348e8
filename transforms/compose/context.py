"""What all sections of all reports look up: figures by unit and metric, series by month, names."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from config.models import Config, Decision, Metric, Stage, UnitKind
from config.months import MONTHS_A_YEAR, Month, months_between
from transforms.columns import CHANGES, CHARTS, REPEATED, SIGNALS, empty
from transforms.evidence.restarts import rebases
from transforms.formats import Formats
from transforms.numbers import month_numbers
from transforms.report_model import Sense
from transforms.stages import Finding, Reconciliation, SetAside
from transforms.wording import Verdict

CHART_MONTHS = 24
LATEST_MONTHS = 4
"""So many months a late figure may lie back."""
Key = tuple[str, str, str]
"""Unit kind, unit id and metric."""
STAGE_ORDER = (Stage.RESULT, Stage.ACTION, Stage.BELIEF, Stage.EXPERIENCE)


@dataclass(frozen=True)
class Composition:
    """All that the reports of one month are composed from. Frames as in `transforms.columns`.

    `facts` are those of the month and its history with suppressed values already missing, `expected` those of the
    history, the month and the month that follows.
    """

    config: Config
    month: Month
    units: pd.DataFrame
    spells: pd.DataFrame
    facts: pd.DataFrame
    expected: pd.DataFrame
    comparison: pd.DataFrame
    unused: pd.DataFrame
    reconciliation: tuple[Reconciliation, ...] = ()
    findings: tuple[Finding, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    gaps: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    """Each extract with the names of its files."""
    assumed_current: bool = False
    signals: pd.DataFrame = field(default_factory=lambda: empty(SIGNALS))
    charts: pd.DataFrame = field(default_factory=lambda: empty(CHARTS))
    changes: pd.DataFrame = field(default_factory=lambda: empty(CHANGES))
    repeated: pd.DataFrame = field(default_factory=lambda: empty(REPEATED))
    formats: Formats = field(init=False)

    def __post_init__(self) -> None:
        company = self.config.company
        object.__setattr__(self, "formats", Formats(company.locale, company.currency))

    @cached_property
    def figures(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        """The comparison's row of a unit kind, unit id and metric."""
        records = records_of(self.comparison)
        return {(row["unit_kind"], row["unit_id"], row["metric"]): row for row in records}

    @cached_property
    def unit_rows(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The row of a unit."""
        return {(row["unit_kind"], row["unit_id"]): row for row in records_of(self.units)}

    @cached_property
    def signal_rows(self) -> dict[Key, dict[str, Any]]:
        """The SIGNALS row of a unit kind, unit id and metric."""
        return {_key(row): row for row in records_of(self.signals)}

    @cached_property
    def change_rows(self) -> dict[Key, list[dict[str, Any]]]:
        """The CHANGES rows of a unit kind, unit id and metric, oldest first."""
        return _listed(self.changes.sort_values("month", kind="stable"))

    @cached_property
    def repeated_rows(self) -> dict[Key, list[dict[str, Any]]]:
        """The REPEATED rows of a unit kind, unit id and metric."""
        return _listed(self.repeated)

    @cached_property
    def rebased(self) -> dict[Key, list[Decision]]:
        """The re-basings that this month's reports know of, oldest first."""
        known: dict[Key, list[Decision]] = {}
        for one in rebases(self.config, self.month):
            known.setdefault((one.unit_kind.value, one.unit_id, one.metric), []).append(one)
        return known

    @cached_property
    def chart_places(self) -> dict[Key, np.ndarray]:
        """Places of a unit's metric in CHARTS."""
        if self.charts.empty:
            return {}
        keys = pd.MultiIndex.from_frame(self.charts[["unit_kind", "unit_id", "metric"]])
        codes, units = keys.factorize()
        order = np.argsort(codes, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
        return {
            (str(kind), str(unit), str(metric)): part for (kind, unit, metric), part in zip(units, parts, strict=True)
        }

    @cached_property
    def chart_columns(self) -> dict[str, np.ndarray]:
        """The columns of CHARTS as arrays, months as month numbers."""
        months = month_numbers(self.charts["month"])
        return {"month": months} | {
            name: self.charts[name].to_numpy() for name in ("mean", "lower", "upper", "flag", "group")
        }

    @cached_property
    def chart_months(self) -> list[Month]:
        """Two years of chart and the year before them, oldest first."""
        return list(months_between(self.month.shift(1 - CHART_MONTHS - MONTHS_A_YEAR - LATEST_MONTHS), self.month))

    @cached_property
    def _actual_series(self) -> tuple[dict[tuple[str, str, str], int], np.ndarray]:
        whole = self.facts.loc[self.facts["segment"].eq("all")]
        return self._by_month(whole, "value")

    @cached_property
    def _expected_series(self) -> tuple[dict[tuple[str, str, str], int], np.ndarray]:
        return self._by_month(self.expected, "value")

    def _by_month(self, frame: pd.DataFrame, column: str) -> tuple[dict[tuple[str, str, str], int], np.ndarray]:
        months = pd.DatetimeIndex([month.first_day for month in self.chart_months]).as_unit("s")
        wide = frame.pivot_table(
            index=["unit_kind", "unit_id", "metric"], columns="month", values=column, aggfunc="first", observed=True
        ).reindex(columns=months)
        return {key: place for place, key in enumerate(wide.index)}, wide.to_numpy(dtype=float)

    def series(self, kind: str, unit_id: str, metric: str) -> tuple[list[float], list[float], list[float]]:
        """Actual, expectation and last year over two years up to the month shown, oldest first, NaN where none."""
        actual = self._row(self._actual_series, (kind, unit_id, metric))
        expected = self._row(self._expected_series, (kind, unit_id, metric))
        end = len(actual) - self.month.minus(self.month_shown(kind, unit_id, metric))
        start, year = end - CHART_MONTHS, MONTHS_A_YEAR
        return actual[start:end], expected[start:end], actual[start - year : end - year]

    def month_shown(self, kind: str, unit_id: str, metric: str) -> Month:
        """The month a figure is of: the report's, or an earlier one where the metric matures late."""
        row = self.figures.get((kind, unit_id, metric))
        return month_of(row) if row else self.month

    def _row(self, table: tuple[dict[tuple[str, str, str], int], np.ndarray], key: tuple[str, str, str]) -> list[float]:
        place = table[0].get(key)
        return [float("nan")] * len(self.chart_months) if place is None else [float(v) for v in table[1][place]]

    @cached_property
    def facts_by_unit(self) -> dict[tuple[str, str], np.ndarray]:
        """Places of a unit's rows in `facts`."""
        places: dict[tuple[str, str], list[int]] = {}
        for place, unit in enumerate(zip(self.facts["unit_kind"], self.facts["unit_id"], strict=True)):
            places.setdefault(unit, []).append(place)
        return {unit: np.array(rows) for unit, rows in places.items()}

    def metrics(self) -> list[tuple[str, Metric]]:
        """Metrics in the order of stages, then of the configuration."""
        items = list(self.config.metrics.items())
        return sorted(items, key=lambda item: STAGE_ORDER.index(item[1].stage))

    def name(self, associate: str) -> str:
        """An associate's name, the id where hr has none."""
        row = self.unit_rows.get((UnitKind.ASSOCIATE, associate))
        return str(row["title"]) if row and row["title"] else self._older_names.get(associate, associate)

    @cached_property
    def _older_names(self) -> dict[str, str]:
        named = self.spells.loc[self.spells["name"].notna()]
        return dict(zip(named["associate"], named["name"], strict=True))

    def expected_row(self, kind: str, unit_id: str, metric: str, month: Month) -> dict[str, Any] | None:
        """The expectation of a unit on a metric in a month."""
        return self._expected_rows.get((kind, unit_id, metric, month))

    @cached_property
    def _expected_rows(self) -> dict[tuple[str, str, str, Month], dict[str, Any]]:
        wanted = {pd.Timestamp(month.first_day) for month in (*self.recent_months, self.month.shift(1))}
        rows = records_of(self.expected.loc[self.expected["month"].isin(wanted)])
        return {(row["unit_kind"], row["unit_id"], row["metric"], month_of(row)): row for row in rows}

    @cached_property
    def recent_months(self) -> list[Month]:
        """The months a late-maturing figure may be of, the report's own last."""
        return list(months_between(self.month.shift(-LATEST_MONTHS), self.month))

    def relevant(self, kind: str, unit_id: str, metric: str) -> bool:
        """Whether a metric says anything of a unit: a figure with an expectation, or one that was not always zero."""
        row = self.figures.get((kind, unit_id, metric))
        if row is None:
            return False
        if row["withheld"]:
            return True
        if is_known(number(row["actual"])) and number(row["expected"]) > 0:
            return True
        actual, _, _ = self.series(kind, unit_id, metric)
        return any(is_known(value) and value != 0 for value in actual[-12:])

    def verdict(self, kind: str, unit_id: str, metric_name: str) -> Verdict:
        """The finding on a unit's metric, as evidence for wording."""
        metric = self.config.metrics[metric_name]
        row = self.figures[(kind, unit_id, metric_name)]
        expected = number(row["expected"])
        formats = self.formats
        return Verdict(
            label=metric.label,
            status=str(row["status"]),
            stage=metric.stage.value,
            sense=Sense(str(row["sense"]) or "none"),
            carried=bool(row["carried"]),
            months_below=int(number(row["months_below"])),
            actual=formats.with_unit(number(row["actual"]), metric),
            expected=formats.with_unit(expected, metric) if is_known(expected) else "",
            difference=formats.difference(number(row["difference"]), metric),
            withheld=str(row["withheld"] or ""),
        )


def _key(row: dict[str, Any]) -> Key:
    return str(row["unit_kind"]), str(row["unit_id"]), str(row["metric"])


def _listed(frame: pd.DataFrame) -> dict[Key, list[dict[str, Any]]]:
    rows: dict[Key, list[dict[str, Any]]] = {}
    for row in records_of(frame):
        rows.setdefault(_key(row), []).append(row)
    return rows


def records_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows as mappings of column to cell."""
    return [{str(column): cell for column, cell in row.items()} for row in frame.to_dict("records")]


def month_of(row: dict[str, Any]) -> Month:
    """The month a frame's row is of."""
    return Month.of(pd.Timestamp(row["month"]).date())


def is_known(value: float) -> bool:
    """Whether a figure is there: NaN is none."""
    return not math.isnan(value)


def number(value: object) -> float:
    """A frame's cell as a float, NaN where missing."""
    return float("nan") if value is None or value is pd.NA else float(value)  # type: ignore[arg-type]
