"""A month compared: which figure, which expectation, which status, and nothing that is withheld."""

import time
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.models import Decision, Metric
from config.months import Month, months_between
from tests.transforms.expectation_rows import OCTOBER, REVENUE, SOLVED, config, facts, spells, units
from transforms.columns import AVAILABILITY, COMPARISON, EXPECTED, FACTS, UNITS, empty, shaped
from transforms.compare import compare_month
from transforms.stages import Withheld

RANDOM = np.random.default_rng(5)
HISTORY = tuple(str(month) for month in months_between(Month(2023, 11), OCTOBER))
NOISE = np.exp(0.05 * RANDOM.standard_normal(len(HISTORY)))


def history(unit: str, *last: float, kind: str = "team", level: float = 100, metric: str = "revenue") -> pd.DataFrame:
    values = [*(level * NOISE[: len(NOISE) - len(last)]), *last]
    return facts(*((month, kind, unit, value) for month, value in zip(HISTORY, values, strict=True)), metric=metric)


def expected(*rows: tuple[str, str, str, str, float], origin: str = "rule:all") -> pd.DataFrame:
    return shaped(
        pd.DataFrame(
            [{"unit_kind": kind, "unit_id": unit, "metric": metric, "month": pd.Timestamp(f"{month}-01"),
              "value": value, "why": "w", "owner": "o", "origin": origin, "basis": ""}
             for kind, unit, metric, month, value in rows]
        ), EXPECTED,
    ) if rows else empty(EXPECTED)  # fmt: skip


def always(unit: str, value: float = 100, kind: str = "team", metric: str = "revenue") -> pd.DataFrame:
    return expected(*((kind, unit, metric, month, value) for month in HISTORY))


def compare(known: pd.DataFrame, asked: pd.DataFrame, withheld: tuple[Withheld, ...] = (), **more: Any) -> pd.DataFrame:
    of = more.pop("of", None) or config()
    given_frames = {"units": units(), "spells": spells(), "availability": empty(AVAILABILITY), **more}
    return compare_month(of, OCTOBER, known, asked, withheld=withheld, **given_frames)


def one(frame: pd.DataFrame, unit: str, metric: str = "revenue", kind: str = "team") -> dict[str, Any]:
    rows = frame.query("unit_id == @unit and metric == @metric and unit_kind == @kind")
    assert len(rows) == 1, rows
    return {str(name): value for name, value in rows.iloc[0].items()}


def test_a_unit_is_compared_with_its_expectation_and_last_year() -> None:
    known = history("T1", 60.0)
    got = one(compare(known, always("T1")), "T1")
    assert (got["actual"], got["expected"], got["difference"], got["sense"]) == (60, 100, -0.4, "worse")
    assert got["last_year"] == 100 * NOISE[HISTORY.index("2025-10")]
    assert (got["status"], got["carried"], got["months_below"], got["withheld"]) == ("below", True, 1, "")
    assert got["chance"] < 0.05
    assert got["month"] == pd.Timestamp("2026-10-01")
    frame = compare(known, always("T1"))
    assert frame.dtypes.astype(str).to_dict() == COMPARISON


def test_points_for_percent_and_shares_for_money() -> None:
    known = history("T1", 0.91, level=0.9, metric="solved")
    got = one(compare(known, always("T1", 0.95, metric="solved")), "T1", "solved")
    assert got["difference"] == -0.04
    zero = one(compare(history("T1", 5), always("T1", 0)), "T1")
    assert np.isnan(zero["difference"])
    assert zero["sense"] == "none"


def test_months_below_counts_back_by_what_was_known_then() -> None:
    assert one(compare(history("T1", 55, 60, 58), always("T1")), "T1")["months_below"] == 3
    assert one(compare(history("T1", 55, 100, 58), always("T1")), "T1")["months_below"] == 1
    assert one(compare(history("T1", 55, 60, 100), always("T1")), "T1")["months_below"] == 0


def test_later_rows_change_nothing() -> None:
    known, asked = history("T1", 60), always("T1")
    late = facts(("2026-11", "team", "T1", 1.0))
    ahead = expected(("team", "T1", "revenue", "2026-11", 5000))
    pd.testing.assert_frame_equal(compare(known, asked), compare(pd.concat([known, late]), pd.concat([asked, ahead])))


def test_a_figure_that_matures_late_is_compared_in_its_own_month() -> None:
    late = REVENUE.model_copy(update={"mature_after_days": 30})
    got = one(compare(history("T1", 60, 100), always("T1"), of=config(metrics={"revenue": late})), "T1")
    assert (got["month"], got["actual"], got["status"]) == (pd.Timestamp("2026-09-01"), 60, "below")


@pytest.mark.parametrize(
    "withheld",
    [
        Withheld("revenue", "team", "T1", "its checks failed"), Withheld("revenue", "team", "", "its checks failed"),
        Withheld("", "team", "T1", "its checks failed"),
    ],
    ids=["one figure", "a kind of unit", "all metrics of a unit"],
)  # fmt: skip
def test_what_is_withheld_leaves_no_figure_behind(withheld: Withheld) -> None:
    got = one(compare(history("T1", 60, 55), always("T1"), (withheld,)), "T1")
    assert (got["withheld"], got["status"], got["trend"]) == ("its checks failed", "none", "")
    assert got["status_rule"] == "Withheld: its checks failed."
    assert (got["rows"], got["months_below"], got["sense"], got["carried"]) == (0, 0, "none", False)
    for name in ("actual", "numerator", "denominator", "respondents", "last_year", "difference", "chance"):
        assert pd.isna(got[name]), name


def test_a_failed_month_still_has_its_row_that_says_why() -> None:
    known = history("T1", 60).iloc[:-1]
    got = one(compare(known, always("T1"), (Withheld("revenue", "team", "", "its checks failed"),)), "T1")
    assert got["status"] == "none"


def test_no_status_under_half_the_days_nor_on_the_ramp() -> None:
    away = shaped(
        pd.DataFrame({"associate": ["A1", "A2"], "month": pd.Timestamp("2026-10-01"), "available_share": [0.49, 0.5]}),
        AVAILABILITY,
    )
    known = pd.concat([history(who, 60, kind="associate") for who in ("A1", "A2", "A3")])
    asked = pd.concat([always(who, kind="associate") for who in ("A1", "A2", "A3")])
    frame = compare(known, asked, availability=away)
    assert one(frame, "A1", kind="associate")["status"] == "none"
    assert one(frame, "A2", kind="associate")["status"] == "below"
    assert one(frame, "A3", kind="associate")["status"] == "on the ramp"


def test_a_month_of_absence_is_no_part_of_a_later_run_of_misses() -> None:
    away = shaped(
        pd.DataFrame({"associate": ["A1"], "month": pd.Timestamp("2026-09-01"), "available_share": [0.0]}), AVAILABILITY
    )
    known, asked = history("A1", 0, 94, kind="associate"), always("A1", kind="associate")
    assert one(compare(known, asked), "A1", kind="associate")["status"] == "below"
    got = one(compare(known, asked, availability=away), "A1", kind="associate")
    assert (got["status"], got["months_below"], got["expected"]) == ("as expected", 0, 100)


@pytest.mark.parametrize(
    ("decisions", "status"),
    [
        ([("contested", 9)], "none"), ([("contested", 9), ("contest_answered", 12)], "below"),
        ([("contested", 9), ("contest_answered", 12), ("contested", 15)], "none"), ([("rebase", 9)], "below"),
    ],
    ids=["open", "answered", "contested again", "another decision"],
)  # fmt: skip
def test_a_contested_status_waits_for_its_answer(decisions: list[tuple[str, int]], status: str) -> None:
    made = tuple(
        Decision.model_validate(
            {"decided_on": date(2026, 11, day), "kind": kind, "unit_kind": "team", "unit_id": "T1",
             "metric": "revenue", "month": "2026-10", "decided_by": "Lead", "reason": "counted twice"}
        ) for kind, day in decisions
    )  # fmt: skip
    assert one(compare(history("T1", 60), always("T1"), of=config(decisions=made)), "T1")["status"] == status


def test_associates_appear_only_where_a_purpose_is_stated_and_has_begun() -> None:
    known, asked = history("A1", 60, kind="associate"), always("A1", kind="associate")
    later = {**dict(REVENUE.individual or {}), "start": date(2026, 11, 1)}
    for change in ({"individual": None}, {"individual": later}):
        metric = Metric.model_validate({**REVENUE.model_dump(), **change})
        assert compare(known, asked, of=config(metrics={"revenue": metric})).empty
    assert len(compare(known, asked)) == 1


def test_an_expectation_without_any_figure_is_shown_only_if_someone_wrote_it() -> None:
    by_rule = expected(("team", "T1", "revenue", "2026-10", 100))
    written = expected(("team", "T2", "revenue", "2026-10", 100), origin="table:plan.csv:2")
    frame = compare(facts(), pd.concat([by_rule, written]))
    assert frame["unit_id"].tolist() == ["T2"]
    assert one(frame, "T2")["status"] == "too little data"


def test_without_expectation_there_is_a_figure_and_no_status() -> None:
    got = one(compare(history("T1", 60), empty(EXPECTED)), "T1")
    assert (got["actual"], got["status"], got["carried"], got["sense"]) == (60, "", False, "none")
    assert np.isnan(got["difference"])


def test_a_company_without_history_is_compared_without_judgement() -> None:
    known = facts(("2026-10", "team", "T1", 50))
    got = one(compare(known, expected(("team", "T1", "revenue", "2026-10", 100))), "T1")
    assert (got["difference"], got["status"]) == (-0.5, "too little data")
    assert "natural variation needs 8 earlier months, and there are 0" in got["status_rule"]
    assert compare(facts(), empty(EXPECTED)).empty
    assert compare(known, empty(EXPECTED), units=empty(UNITS)).empty


def test_segments_are_not_taken_for_the_whole() -> None:
    known = history("T1", 60)
    part = known.assign(segment="B2B", value=1.0)
    pd.testing.assert_frame_equal(compare(known, always("T1")), compare(pd.concat([part, known]), always("T1")))


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6))
def test_row_order_never_matters_and_inputs_stay_unchanged(seed: int) -> None:
    known = pd.concat([history("T1", 60, 50), history("T2", 90), history("A1", 55, kind="associate")])
    asked = pd.concat([always("T1"), always("T2"), always("A1", kind="associate")])
    frames: dict[str, Any] = {"known": known, "asked": asked, "units": units(), "spells": spells()}
    mixed = {name: frame.sample(frac=1, random_state=seed) for name, frame in frames.items()}
    before = {name: frame.copy() for name, frame in mixed.items()}
    pd.testing.assert_frame_equal(
        compare(frames.pop("known"), frames.pop("asked"), **frames),
        compare(mixed["known"], mixed["asked"], units=mixed["units"], spells=mixed["spells"]),
    )
    for name, frame in mixed.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_a_large_company_is_compared_in_seconds() -> None:
    """1,000 associates × 8 metrics × 37 months (a fifth of what takes 6 s of processor time)."""
    people, months, random = 1000, 37, np.random.default_rng(1)
    names = np.array([f"A{n:05d}" for n in range(people)], dtype=object)
    metrics = {f"m{n}": (REVENUE if n % 2 else SOLVED) for n in range(8)}
    starts = pd.date_range("2023-10-01", periods=months, freq="MS").astype("datetime64[s]")
    unit, metric, at = (part.ravel() for part in np.indices((people, 8, months)))
    base = {"unit_kind": "associate", "unit_id": names[unit], "metric": np.array(list(metrics), dtype=object)[metric],
            "month": starts.to_numpy()[at]}  # fmt: skip
    solved = metric % 2 == 0
    top = random.binomial(60, 0.9, len(unit)).astype(float)
    value = np.where(solved, top / 60, 1000 * np.exp(0.2 * random.standard_normal(len(unit))))
    known = shaped(
        pd.DataFrame({**base, "segment": "all", "value": value, "numerator": np.where(solved, top, np.nan),
                      "denominator": np.where(solved, 60.0, np.nan), "rows": 60}), FACTS,
    )  # fmt: skip
    asked = shaped(
        pd.DataFrame({**base, "value": np.where(solved, 0.9, 1000.0), "why": "w", "owner": "o", "origin": "rule:r"}),
        EXPECTED,
    )
    everyone = shaped(
        pd.DataFrame({"unit_kind": "associate", "unit_id": names, "people": 1, "direct": True,
                      "hire_date": pd.Timestamp("2015-01-01")}), UNITS,
    )  # fmt: skip
    began = time.process_time()
    frame = compare(known, asked, of=config(metrics=metrics), units=everyone)
    assert len(frame) == 8_000
    assert time.process_time() - began < 8
    below = frame.loc[frame["status"] == "below", "unit_id"].nunique()
    assert below / people < 0.05


def test_a_figure_taken_out_of_the_facts_is_withheld_with_its_reason() -> None:
    reason = "fewer than 3 people: it would show one person's result"
    known = history("T1", 60).assign(value=np.nan, rows=0, suppressed=reason)
    late = REVENUE.model_copy(update={"mature_after_days": 30})
    for metric, month in ((REVENUE, "2026-10-01"), (late, "2026-09-01")):
        got = one(compare(known, empty(EXPECTED), of=config(metrics={"revenue": metric})), "T1")
        assert (got["withheld"], got["status"], got["month"]) == (reason, "none", pd.Timestamp(month))
