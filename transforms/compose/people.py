"""Section 2: the people, or the teams of a manager of managers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from config.models import Metric, Unit, UnitKind
from transforms import charts, wording
from transforms.compose.context import Composition, is_known, number
from transforms.compose.evidence import control_of
from transforms.compose.glance import status_of
from transforms.formats import MISSING, Scale
from transforms.report_model import PeopleTable, PersonRow, Sense
from transforms.small.intervals import rate_interval
from transforms.wording import Verdict

TABLES_AT_LEAST = 2
TEAMS_NAMED_AT_MOST = 2


def direct_people(composition: Composition, manager: str) -> list[str]:
    """Associates who report to the manager on their last day in the month, in the order of names."""
    ids = [
        unit_id
        for (kind, unit_id), row in composition.unit_rows.items()
        if kind == UnitKind.ASSOCIATE and row["manager"] == manager and unit_id != manager
    ]
    return sorted(ids, key=lambda unit_id: (composition.name(unit_id).casefold(), unit_id))


def people_tables(composition: Composition, manager: str) -> tuple[PeopleTable, ...]:
    """Tables of metrics that config lets be shown of individuals, so that everyone stands in one of them."""
    people = [(str(UnitKind.ASSOCIATE), person) for person in direct_people(composition, manager)]
    shown = _shown(composition, people, individual=True)
    return tuple(_people_table(composition, name, units) for name, units in shown)


def _shown(
    composition: Composition, units: Sequence[tuple[str, str]], *, individual: bool
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Which metrics get a table, and whom each shows: the first few, then any that shows somebody not yet shown."""
    chosen: list[tuple[str, list[tuple[str, str]]]] = []
    seen: set[tuple[str, str]] = set()
    for name, metric in composition.metrics():
        if individual and not metric.individual_in(composition.month):
            continue
        relevant = [unit for unit in units if composition.relevant(*unit, name)]
        if relevant and (len(chosen) < TABLES_AT_LEAST or set(relevant) - seen):
            chosen.append((name, relevant))
            seen |= set(relevant)
    return chosen


def _people_table(composition: Composition, name: str, people: Sequence[tuple[str, str]]) -> PeopleTable:
    metric = composition.config.metrics[name]
    scale = _scale(composition, name, metric, people)
    rows = [_row(composition, *person, name, scale) for person in people]
    new = tuple(row for row in rows if row.status.text == wording.ON_THE_RAMP)
    return PeopleTable(
        metric=name,
        title=_title("Your people", metric, scale),
        subtitle="Each against the own expectation. In the order of names, no ranking.",
        figure_label="Actual",
        chart_label="24 months",
        rows=tuple(row for row in rows if row.status.text != wording.ON_THE_RAMP),
        new_title="New in the team" if new else "",
        new_subtitle="Not compared with the others." if new else "",
        new_rows=new,
    )


def team_tables(composition: Composition, manager: str) -> tuple[PeopleTable, ...]:
    """For a manager of managers: each team and manager directly below as a row."""
    shown = _shown(composition, units_below(composition, manager), individual=False)
    return tuple(_team_table(composition, name, units) for name, units in shown)


def _team_table(composition: Composition, name: str, units: Sequence[tuple[str, str]]) -> PeopleTable:
    metric = composition.config.metrics[name]
    scale = _scale(composition, name, metric, units)
    return PeopleTable(
        metric=name,
        title=_title("Your teams", metric, scale),
        subtitle="Each against the own expectation. In the order of names, no ranking.",
        figure_label="Actual",
        chart_label="24 months",
        rows=tuple(_row(composition, kind, unit_id, name, scale) for kind, unit_id in units),
    )


def _scale(composition: Composition, name: str, metric: Metric, units: Sequence[tuple[str, str]]) -> Scale:
    """One scale for all figures of a table."""
    rows = [composition.figures[(*unit, name)] for unit in units]
    return composition.formats.scale(metric, [number(row[column]) for row in rows for column in ("actual", "expected")])


def _title(whose: str, metric: Metric, scale: Scale) -> str:
    unit = f", {scale.unit}" if scale.unit else ""
    return f"{whose}: {wording.lowered(metric.label)}{unit}"


def units_below(composition: Composition, manager: str) -> list[tuple[str, str]]:
    """The managers directly below and the manager's own teams, in the order of names; none without managers below."""
    managers = [
        (kind, unit_id)
        for (kind, unit_id), row in composition.unit_rows.items()
        if kind == UnitKind.MANAGER and row["parent_id"] == manager and row["parent_kind"] == UnitKind.MANAGER
    ]
    leads = {unit_id for _, unit_id in managers}
    teams = [
        (kind, unit_id)
        for (kind, unit_id), row in composition.unit_rows.items()
        if kind == UnitKind.TEAM and row["manager"] == manager and row["manager"] not in leads
    ]
    if not managers:
        return []
    return sorted([*managers, *teams], key=lambda unit: (str(composition.unit_rows[unit]["title"]).casefold(), unit))


def _row(composition: Composition, kind: str, unit_id: str, name: str, scale: Scale) -> PersonRow:
    figures = composition.figures[(kind, unit_id, name)]
    unit = composition.unit_rows[(kind, unit_id)]
    verdict = composition.verdict(kind, unit_id, name)
    actual, expected, last_year = (number(figures[column]) for column in ("actual", "expected", "last_year"))
    sense = wording.status_sense(verdict) if verdict.carried else Sense.NONE
    series = composition.series(kind, unit_id, name)[0]
    known = sum(1 for value in series if is_known(value))
    control = None if verdict.withheld else control_of(composition, kind, unit_id, name)
    row = PersonRow(
        unit_kind=kind,
        unit_id=unit_id,
        label=str(unit["title"]),
        detail=_detail(composition, kind, unit),
        figure=MISSING if verdict.withheld else composition.formats.figure(actual, scale),
        expected=composition.formats.figure(expected, scale) if is_known(expected) else "",
        bullet=None
        if verdict.withheld
        else charts.bullet(actual, expected, last_year, alt=wording.difference_alt(verdict), sense=sense),
        spark=charts.sparkline(series, alt=wording.chart_alt(verdict, known, ""), sense=sense, control=control)
        if known > 1
        else None,
        status=status_of(verdict, str(figures["status_rule"] or "")),
        note=verdict.withheld,
    )
    likely = _likely(composition, figures, name, verdict)
    return _with_interval(composition, row, likely, (figures, verdict, scale)) if likely else row


def _likely(
    composition: Composition, figures: dict[str, Any], name: str, verdict: Verdict
) -> tuple[float, float] | None:
    """Between which figures a share of few rows likely lies; None where there are enough, or it is no such share."""
    metric = composition.config.metrics[name]
    top, size = number(figures["numerator"]), number(figures["denominator"])
    few = number(figures["rows"]) < composition.config.company.smallest_count
    share = metric.unit is Unit.PERCENT and 0 <= top <= size and size > 0
    if verdict.status != wording.TOO_LITTLE or verdict.withheld or not (few and share):
        return None
    low, high = rate_interval(np.array([top]), np.array([size]))
    return float(low[0]), float(high[0])


def _with_interval(
    composition: Composition,
    row: PersonRow,
    likely: tuple[float, float],
    told: tuple[dict[str, Any], Verdict, Scale],
) -> PersonRow:
    """The row with its interval in place of a figure that few rows do not carry."""
    figures, verdict, scale = told
    whole = Scale(scale.divisor, scale.unit, 0)
    low, high = (composition.formats.figure(value, whole) for value in likely)
    rows = int(number(figures["rows"]))
    expected, last_year = number(figures["expected"]), number(figures["last_year"])
    alt = wording.interval_alt(verdict, rows, low, high)
    return row.model_copy(
        update={
            "figure": wording.interval_text(low, high),
            "bullet": charts.bullet(float("nan"), expected, last_year, alt=alt, likely=likely),
            "note": wording.interval_note(rows, low, high),
        }
    )


def _detail(composition: Composition, kind: str, unit: dict[str, object]) -> str:
    if kind == UnitKind.ASSOCIATE:
        team = composition.unit_rows.get((UnitKind.TEAM, str(unit["parent_id"])))
        parts = [str(unit["role"] or ""), str(team["title"]) if team else ""]
        return " · ".join(part for part in parts if part and part != "nan")
    people = wording.counted(int(number(unit["people"])), "person", "people")
    led = [
        str(row["title"])
        for (other, _), row in composition.unit_rows.items()
        if kind == UnitKind.MANAGER and other == UnitKind.TEAM and row["manager"] == unit["unit_id"]
    ]
    return " · ".join([*sorted(led, key=str.casefold)[:TEAMS_NAMED_AT_MOST], people])
