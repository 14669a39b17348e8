"""A small company as frames: two teams under two managers under one, for tests of expectations and comparison.

Does not belong here: a test.
"""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from config.models import Company, Config, Decision, Expectations, Extract, ExtractKind, FilesSource, Metric
from config.months import Month, months_between
from transforms.columns import FACTS, FAR_FUTURE, FAR_PAST, MEMBERSHIP, SPELLS, UNITS, empty, shaped
from transforms.expectations import ExpectationResult, evaluate_expectations

OCTOBER = Month(2026, 10)
PURPOSE = {"purpose": "the monthly conversation", "agreed_with": "works council", "from": date(2020, 1, 1)}


def _metric(label: str, extract: str, unit: str, good: str, **more: str) -> Metric:
    return Metric.model_validate(
        {
            "label": label,
            "extract": extract,
            "unit": unit,
            "good": good,
            "stage": "result",
            "individual": PURPOSE,
            **more,
        }
    )


REVENUE = _metric("Revenue", "orders", "money", "up", value="sum(amount)")
WAITING = _metric("Waiting", "calls", "score", "down", value="median(minutes)")
SOLVED = _metric(
    "Solved at once", "calls", "percent", "up", numerator="count(*) FILTER (solved)", denominator="count(*)"
)
CALLS = _metric("Calls", "calls", "count", "none", value="count(*)")
METRICS = {"revenue": REVENUE, "waiting": WAITING, "solved": SOLVED, "calls": CALLS}


def config(
    *, tables: tuple[dict[str, Any], ...] = (), rules: tuple[dict[str, Any], ...] = (),
    metrics: dict[str, Metric] | None = None, decisions: tuple[Decision, ...] = (), **company: Any,
) -> Config:  # fmt: skip
    """A configuration of the four metrics. Tables were set long ago, unless they say otherwise."""
    source = FilesSource(files=("x.csv",))
    return Config(
        directory=Path(),
        company=Company(name="Demo", currency="EUR", **company),
        extracts={"people": Extract(kind=ExtractKind.HR, source=source, columns={})},
        metrics=metrics or METRICS,
        expectations=Expectations.model_validate(
            {"tables": tuple({"set_on": date(2020, 1, 1), **one} for one in tables), "rules": rules}
        ),
        decisions=decisions,
        sha256="0",
    )


def rule(name: str, metric: str, kind: str, **more: Any) -> dict[str, Any]:
    """A complete rule; `more` overrides."""
    return {"name": name, "metric": metric, "rule": kind, "why": "Agreed in the spring", "owner": "Sales lead",
            "set_on": date(2020, 1, 1), **more}  # fmt: skip


def table(text: str) -> pd.DataFrame:
    """A table as the loader hands it on: texts, with the line of the file. Cells are parted by |."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    frame = pd.DataFrame(lines[1:], columns=lines[0], dtype="str")
    return frame.assign(_line=range(2, len(frame) + 2))


def facts(*rows: tuple[Any, ...], metric: str = "revenue") -> pd.DataFrame:
    """Facts from (month, unit_kind, unit_id, value) with more of FACTS in a dict as fifth."""
    records = [
        {"month": pd.Timestamp(f"{m}-01"), "unit_kind": kind, "unit_id": unit, "metric": metric, "segment": "all",
         "value": value, "rows": 10, **(more[0] if more else {})}
        for m, kind, unit, value, *more in rows
    ]  # fmt: skip
    return shaped(pd.DataFrame(records), FACTS) if records else empty(FACTS)


PEOPLE = {
    # associate: (team, direct manager, role, fte, hire date)
    "A1": ("T1", "M1", "seller", 1.0, "2020-01-01"),
    "A2": ("T1", "M1", "seller", 0.5, "2020-01-01"),
    "A3": ("T1", "M1", "junior", 1.0, "2026-08-15"),
    "B1": ("T2", "M2", "seller", 1.0, "2020-01-01"),
    "B2": ("T2", "M2", "seller", 1.0, "2020-01-01"),
    "M1": ("", "BOSS", "lead", 1.0, "2018-01-01"),
    "M2": ("", "BOSS", "lead", 1.0, "2018-01-01"),
    "BOSS": ("", "", "head", 1.0, "2015-01-01"),
}


def units() -> pd.DataFrame:
    """UNITS of the small company."""
    rows: list[dict[str, Any]] = [
        {"unit_kind": "organisation", "unit_id": "all", "title": "Demo", "people": 8, "direct": False},
        _unit("manager", "BOSS", "organisation", "all", 8), _unit("manager", "M1", "manager", "BOSS", 4),
        _unit("manager", "M2", "manager", "BOSS", 3), _unit("team", "T1", "manager", "M1", 3),
        _unit("team", "T2", "manager", "M2", 2),
    ]  # fmt: skip
    for who, (team, boss, role, fte, hired) in PEOPLE.items():
        parent = ("team", team) if team else ("manager", boss) if boss else ("organisation", "all")
        rows.append({**_unit("associate", who, *parent, 1), "role": role, "fte": fte, "hire_date": pd.Timestamp(hired)})
    return shaped(pd.DataFrame(rows), UNITS)


def _unit(kind: str, unit: str, parent_kind: str, parent: str, people: int) -> dict[str, Any]:
    return {"unit_kind": kind, "unit_id": unit, "title": unit, "parent_kind": parent_kind, "parent_id": parent,
            "people": people, "direct": kind != "organisation"}  # fmt: skip


def spells() -> pd.DataFrame:
    """SPELLS of the small company: each associate one spell from the hire date on."""
    rows = [
        {"associate": who, "valid_from": pd.Timestamp(hired), "valid_to": FAR_FUTURE, "name": who, "role": role,
         "fte": fte, "team": team, "manager": boss, "hire_date": pd.Timestamp(hired)}
        for who, (team, boss, role, fte, hired) in PEOPLE.items()
    ]  # fmt: skip
    return shaped(pd.DataFrame(rows), SPELLS)


def membership() -> pd.DataFrame:
    """MEMBERSHIP of the small company."""
    rows = []
    for who, (team, boss, _, _, hired) in PEOPLE.items():
        of = [("associate", who), *([("team", team)] if team else [])]
        above = {who if who in {"M1", "M2", "BOSS"} else boss, boss, "BOSS"} - {""}
        of += [("manager", one) for one in sorted(above)]
        rows += [(who, kind, unit, pd.Timestamp(hired), FAR_FUTURE) for kind, unit in of]
    rows += [("team:T1", "team", "T1", FAR_PAST, FAR_FUTURE)]
    return shaped(pd.DataFrame(rows, columns=list(MEMBERSHIP)), MEMBERSHIP)


def evaluate(
    of: Config, tables: dict[str, pd.DataFrame] | None = None, known: pd.DataFrame | None = None, **more: Any
) -> ExpectationResult:
    """Expectations of the small company for October 2024 to November 2026, reported in October 2026."""
    months = list(months_between(Month(2024, 10), OCTOBER.shift(1)))
    given: dict[str, Any] = {"units": units(), "membership": membership(), "spells": spells(), **more}
    return evaluate_expectations(of, tables or {}, facts() if known is None else known, months=months, **given)


def values(result: ExpectationResult, kind: str, unit: str, metric: str = "revenue") -> dict[str, float]:
    """Used values by month."""
    rows = result.expected.query("unit_kind == @kind and unit_id == @unit and metric == @metric")
    return {str(month)[:7]: value for month, value in zip(rows["month"], rows["value"], strict=True)}


def row(result: ExpectationResult, kind: str, unit: str, month: str, metric: str = "revenue") -> dict[str, Any]:
    """The one used expectation of a unit, metric and month."""
    rows = result.expected.query("unit_kind == @kind and unit_id == @unit and metric == @metric")
    rows = rows.loc[rows["month"] == pd.Timestamp(f"{month}-01")]
    assert len(rows) == 1, rows
    return {str(name): value for name, value in rows.iloc[0].items()}


def reasons(result: ExpectationResult) -> list[str]:
    """Why expectations are not used."""
    return result.unused["reason"].tolist()
