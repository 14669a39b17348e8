"""What is found of a month beside the comparison: signals, lasting shifts and whose they are, what was accepted."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from config.models import Decision, UnitKind
from config.months import Month, months_between
from tests.transforms.expectation_rows import OCTOBER, config, facts
from transforms.columns import (
    AVAILABILITY,
    CHANGES,
    CHARTS,
    EXPECTED,
    FAR_FUTURE,
    FAR_PAST,
    MEMBERSHIP,
    SIGNALS,
    SPELLS,
    UNITS,
    empty,
    shaped,
)
from transforms.evidence.month import ACTIONS, EVENTS, Evidence, Known, evidence_of
from transforms.evidence.restarts import first_report, rebases

MONTHS = tuple(months_between(Month(2023, 11), OCTOBER))
SHIFT = Month(2026, 4)
TEAMS = ("T1", "T2", "T3")
PEOPLE = {f"S{number:02}": TEAMS[number % 3] for number in range(15)}


def course(rng: np.random.Generator, level: float = 100.0, spread: float = 0.07) -> np.ndarray:
    return level * np.exp(spread * rng.standard_normal(len(MONTHS)))


def company(factors: dict[str, float], *, everyone: float = 1.0, seed: int = 3) -> dict[str, np.ndarray]:
    """Each person's months; from the shift on times `everyone`, and times the person's own factor."""
    rng, after = np.random.default_rng(seed), np.array([month >= SHIFT for month in MONTHS])
    return {who: course(rng) * np.where(after, everyone * factors.get(who, 1.0), 1.0) for who in PEOPLE}


def frames(people: dict[str, np.ndarray]) -> pd.DataFrame:
    """FACTS of the people, their teams and the organisation."""
    rows: list[tuple[Any, ...]] = []
    for n, month in enumerate(MONTHS):
        rows += [(str(month), "associate", who, float(values[n])) for who, values in people.items()]
        rows += [
            (str(month), "team", team, float(sum(people[who][n] for who in people if PEOPLE[who] == team)))
            for team in TEAMS
        ]
        rows.append((str(month), "organisation", "organisation", float(sum(values[n] for values in people.values()))))
    return facts(*rows)


def known(**more: Any) -> Known:
    units = [{"unit_kind": "organisation", "unit_id": "organisation", "people": len(PEOPLE)}]
    units += [{"unit_kind": "team", "unit_id": team, "people": 5} for team in TEAMS]
    units += [
        {"unit_kind": "associate", "unit_id": who, "parent_kind": "team", "parent_id": team, "people": 1,
         "hire_date": pd.Timestamp("2020-01-01")}
        for who, team in PEOPLE.items()
    ]  # fmt: skip
    member = [
        {"associate": who, "unit_kind": kind, "unit_id": unit, "valid_from": FAR_PAST, "valid_to": FAR_FUTURE}
        for who, team in PEOPLE.items()
        for kind, unit in (("associate", who), ("team", team))
    ]
    frame = pd.DataFrame(units).assign(direct=False)
    given = {
        "units": shaped(frame, UNITS), "spells": empty(SPELLS), "membership": shaped(pd.DataFrame(member), MEMBERSHIP),
        "availability": empty(AVAILABILITY), "events": empty(EVENTS), "actions": empty(ACTIONS),
    }  # fmt: skip
    return Known(**{**given, **more})


def found(people: dict[str, np.ndarray], month: Month = OCTOBER, **more: Any) -> Evidence:
    of = more.pop("of", None) or config()
    given = frames(people)
    here = given.loc[given["month"].eq(pd.Timestamp(month.first_day)), ["unit_kind", "unit_id", "metric"]]
    comparison = here.drop_duplicates().assign(withheld="")
    return evidence_of(of, month, given, empty(EXPECTED), comparison, more.pop("known", None) or known(**more))


def one(evidence: Evidence, unit: str) -> dict[str, Any]:
    rows = evidence.changes.query("unit_id == @unit and not accepted")
    assert len(rows) == 1, evidence.changes[["unit_id", "month", "cause"]]
    return {str(name): value for name, value in rows.iloc[0].items()}


def test_one_persons_fall_is_that_persons() -> None:
    evidence = found(company({"S04": 0.6}, seed=5))
    got = one(evidence, "S04")
    assert (got["cause"], got["kind"], got["sense"], got["group_kind"]) == ("own", "level", "worse", "")
    assert abs(Month.of(got["month"].date()).minus(SHIFT)) <= 1
    assert got["difference"] == pytest.approx(-0.4, abs=0.06)
    assert got["proposed"] == got["after"]
    others = evidence.changes.query("unit_kind == 'associate' and unit_id != 'S04'")
    assert others.empty


def test_everyones_fall_is_conditions() -> None:
    evidence = found(company({}, everyone=0.75))
    people = evidence.changes.query("unit_kind == 'associate'")
    assert len(people) > 5
    assert set(people["cause"]) == {"conditions"}
    assert set(people["group_kind"]) == {"organisation"}
    assert {one(evidence, team)["cause"] for team in TEAMS} == {"conditions"}


def test_who_falls_farther_than_everyone_has_both() -> None:
    evidence = found(company({"S04": 0.5}, everyone=0.75))
    got = one(evidence, "S04")
    assert got["cause"] == "both"
    assert 0 < got["explained_share"] < 1


def test_where_nothing_differs_nothing_is_told() -> None:
    told = [len(found(company({}, seed=seed)).changes) for seed in range(5)]
    # 19 units a company; 5% of them would be one each.
    assert sum(told) <= 5, told


def test_later_months_change_nothing() -> None:
    people = company({"S04": 0.6})
    later = {who: np.append(values[:-2], values[-2:] * 9) for who, values in people.items()}
    pd.testing.assert_frame_equal(found(people, Month(2026, 8)).changes, found(later, Month(2026, 8)).changes)
    pd.testing.assert_frame_equal(found(people, Month(2026, 8)).charts, found(later, Month(2026, 8)).charts)


def test_where_the_people_changed_it_is_nobodys_shift() -> None:
    people = company(dict.fromkeys((who for who, team in PEOPLE.items() if team == "T2"), 0.6))
    member = known().membership
    new = member["unit_id"].eq("T2") & member["associate"].isin(["S01", "S04", "S07"])
    joined = member.assign(valid_from=member["valid_from"].mask(new, pd.Timestamp(SHIFT.first_day)))
    got = one(found(people, membership=joined), "T2")
    assert got["cause"] == "members"
    assert got["joined_share"] >= 1 / 3
    assert np.isnan(got["proposed"])


def rebase(month: str = "2026-04", decided: date = date(2026, 6, 3), unit: str = "T2") -> Decision:
    return Decision(
        decided_on=decided, kind="rebase", unit_kind=UnitKind.TEAM, unit_id=unit, metric="revenue",
        month=Month.parse(month), decided_by="Sales lead", reason="A new price list",
    )  # fmt: skip


def test_what_a_person_accepted_is_not_found_again_and_its_chart_begins_anew() -> None:
    people = company(dict.fromkeys((who for who, team in PEOPLE.items() if team == "T2"), 0.6))
    evidence = found(people, of=config(decisions=(rebase(),)))
    mine = evidence.changes.query("unit_id == 'T2'")
    assert mine["accepted"].tolist() == [True]
    assert mine["difference"].iloc[0] == pytest.approx(-0.4, abs=0.08)
    assert mine["month"].iloc[0] == pd.Timestamp("2026-04-01")
    charts = evidence.charts.query("unit_id == 'T2'")
    ends = charts.groupby("group")["month"].agg(["min", "max"]).to_numpy().astype("datetime64[M]").astype(str)
    assert ends.tolist() == [["2024-11", "2026-03"], ["2026-04", "2026-10"]]
    since = evidence.signals.query("unit_id == 'T2'")["since"].iloc[0]
    assert since == pd.Timestamp("2026-04-01")
    assert evidence.signals.query("unit_id == 'T1'")["since"].isna().all()


@pytest.mark.parametrize(
    ("decided", "first"),
    [(date(2026, 4, 30), "2026-04"), (date(2026, 5, 31), "2026-04"), (date(2026, 6, 1), "2026-05")],
    ids=["within the month", "while its report is read", "later"],
)
def test_a_report_knows_what_was_decided_until_the_end_of_the_next_month(decided: date, first: str) -> None:
    decision = rebase(decided=decided)
    assert first_report(decision) == Month.parse(first)
    of = config(decisions=(decision,))
    assert rebases(of, Month.parse(first)) == [decision]
    assert rebases(of, Month.parse(first).shift(-1)) == []


def test_what_happened_near_a_shift_is_told_beside_it() -> None:
    happened = shaped(
        pd.DataFrame(
            {
                "date": pd.to_datetime(["2026-02-28", "2026-03-02", "2026-04-30", "2026-05-02"]),
                "title": ["too early", "Portal opens", "Prices rise", "too late"],
            }
        ), EVENTS,
    )  # fmt: skip
    got = one(found(company({"S04": 0.5}, seed=4), events=happened), "S04")
    assert got["month"] == pd.Timestamp("2026-04-01")
    assert got["events"].splitlines() == ["2026-03-02 Portal opens", "2026-04-30 Prices rise"]


def actions(*months: str, metric: str = "revenue") -> pd.DataFrame:
    return shaped(
        pd.DataFrame(
            [{"unit_kind": "team", "unit_id": "T1", "metric": metric, "month": pd.Timestamp(f"{month}-01"),
              "action": "Extra call day"} for month in months]
        ), ACTIONS,
    )  # fmt: skip


def test_the_same_action_in_three_months_without_a_shift_is_called_out() -> None:
    given = actions("2026-06", "2026-07", "2026-09")
    repeated = found(company({}), actions=given).repeated
    assert repeated[["unit_id", "metric", "action", "months", "periods"]].to_numpy().tolist() == [
        ["T1", "revenue", "Extra call day", "2026-06, 2026-07, 2026-09", 3]
    ]
    assert found(company({}), actions=actions("2026-06", "2026-07")).repeated.empty
    moved = company(dict.fromkeys((who for who, team in PEOPLE.items() if team == "T1"), 0.5))
    assert found(moved, actions=actions("2026-02", "2026-03", "2026-04")).repeated.empty


def test_a_month_far_out_is_a_signal_by_the_metrics_direction() -> None:
    people = company({})
    people["S04"][-1] *= 2.2
    evidence = found(people)
    got = evidence.signals.query("unit_id == 'S04'").iloc[0]
    assert (got["signal"], got["rule"]) == ("improving", "outside")
    assert got["lower"] < got["mean"] < got["upper"]
    last = evidence.charts.query("unit_id == 'S04'").iloc[-1]
    assert (last["flag"], last["month"]) == ("better", pd.Timestamp("2026-10-01"))
    usual = evidence.signals.query("unit_id == 'S05'").iloc[0]
    assert usual["signal"] == "common"


def test_months_of_absence_are_no_part_of_a_course() -> None:
    people = company({})
    people["S04"][-6:-2] = 0.0
    away = shaped(
        pd.DataFrame(
            [{"associate": "S04", "month": pd.Timestamp(month.first_day), "available_share": 0.0}
             for month in MONTHS[-6:-2]]
        ), AVAILABILITY,
    )  # fmt: skip
    evidence = found(people, availability=away)
    assert evidence.changes.query("unit_id == 'S04'").empty
    assert not evidence.charts.query("unit_id == 'S04'")["flag"].eq("worse").any()
    assert len(found(people).changes.query("unit_id == 'S04'")) == 1, "without hr's word it would be a shift"


def test_what_is_withheld_is_not_looked_at_and_frames_have_their_columns() -> None:
    given = frames(company({"S04": 0.5}))
    here = given.loc[given["month"].eq(pd.Timestamp(OCTOBER.first_day)), ["unit_kind", "unit_id", "metric"]]
    hidden = here.drop_duplicates().assign(withheld="its checks failed")
    before = given.copy(deep=True)
    evidence = evidence_of(config(), OCTOBER, given, empty(EXPECTED), hidden, known())
    assert evidence.signals.empty
    assert evidence.changes.empty
    pd.testing.assert_frame_equal(given, before)
    shown = found(company({"S04": 0.5}))
    for frame, columns in ((shown.signals, SIGNALS), (shown.charts, CHARTS), (shown.changes, CHANGES)):
        assert frame.dtypes.astype(str).to_dict() == columns


def test_a_share_of_few_rows_has_a_wide_range() -> None:
    rng, rows = np.random.default_rng(8), []
    for month in MONTHS:
        size = 8 if month == OCTOBER else 400
        solved = 3 if month == OCTOBER else int(rng.binomial(size, 0.7))
        rows.append((str(month), "team", "T1", solved / size, {"numerator": solved, "denominator": size}))
    given = facts(*rows, metric="solved")
    comparison = pd.DataFrame([{"unit_kind": "team", "unit_id": "T1", "metric": "solved", "withheld": ""}])
    evidence = evidence_of(config(), OCTOBER, given, empty(EXPECTED), comparison, known())
    got = evidence.signals.iloc[0]
    assert got["signal"] == "common", "3 of 8 is no surprise where 7 of 10 are usual"
    assert got["upper"] - got["lower"] > 0.8
