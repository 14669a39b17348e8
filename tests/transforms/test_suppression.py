"""Survey figures: nobody's answer can be read off, or worked out from what is shown."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.expectation_rows import OCTOBER, units
from transforms.columns import FACTS, FAR_FUTURE, FAR_PAST, MEMBERSHIP, shaped
from transforms.stages import Withheld
from transforms.suppression import WORKED_OUT, small_teams, suppress_surveys

FEW = "fewer than 5 people answered"
Groups = dict[str, tuple[int, tuple[tuple[str, str], ...]]]
"""People of one kind: how many answered, and the units they count in beside the organisation."""


def membership(groups: Groups) -> pd.DataFrame:
    rows = [
        (f"{name}{n}", kind, unit, FAR_PAST, FAR_FUTURE)
        for name, (answered, of) in groups.items()
        for n in range(max(answered, 1))
        for kind, unit in of
    ]
    return shaped(pd.DataFrame(rows, columns=list(MEMBERSHIP)), MEMBERSHIP)


def answers(groups: Groups, metric: str = "pulse", organisation: bool = True) -> pd.DataFrame:
    counts: dict[tuple[str, str], int] = {("organisation", "all"): 0} if organisation else {}
    for answered, of in groups.values():
        for unit in (*of, *([("organisation", "all")] if organisation else [])):
            counts[unit] = counts.get(unit, 0) + answered
    return shaped(
        pd.DataFrame(
            [{"month": pd.Timestamp("2026-10-01"), "unit_kind": kind, "unit_id": unit, "metric": metric, "value": 4.0,
              "segment": "all", "rows": count, "respondents": count} for (kind, unit), count in counts.items()]
        ), FACTS,
    )  # fmt: skip


def withheld(groups: Groups, organisation: bool = True) -> dict[str, str]:
    found = suppress_surveys(answers(groups, organisation=organisation), membership(groups), OCTOBER)
    return {one.unit_id: one.reason for one in found}


def team(name: str, answered: int, *managers: str) -> Groups:
    return {name: (answered, (("team", name), *(("manager", one) for one in managers)))}


def test_fewer_than_five_are_withheld_and_five_are_shown() -> None:
    assert withheld({**team("T1", 4), **team("T2", 5), **team("T3", 6)}) == {"T1": FEW, "T2": WORKED_OUT}
    assert withheld({**team("T1", 5), **team("T2", 5)}) == {}


def test_nobody_answering_reveals_nothing_else() -> None:
    assert withheld({**team("T1", 0, "M"), **team("T2", 8, "M")}) == {"T1": FEW}


def test_a_span_less_its_shown_teams_takes_the_smallest_team_with_it() -> None:
    groups = {**team("T1", 3, "M"), **team("T2", 7, "M"), **team("T3", 9, "M")}
    assert withheld(groups) == {"T1": FEW, "T2": WORKED_OUT}


def test_two_small_teams_hide_each_other() -> None:
    groups = {**team("T1", 3, "M"), **team("T2", 4, "M"), **team("T3", 9, "M")}
    assert withheld(groups) == {"T1": FEW, "T2": FEW}


def test_a_managers_own_answer_is_protected() -> None:
    groups = {**team("T1", 8, "M"), **team("T2", 9, "M"), "boss": (1, (("manager", "M"),))}
    assert withheld(groups, organisation=False) == {"T1": WORKED_OUT}


def test_spans_inside_spans_are_followed_to_any_depth() -> None:
    groups = {
        **team("T1", 4, "M1", "M"), **team("T2", 6, "M1", "M"), **team("T3", 9, "M2", "M"), **team("T4", 20, "M3", "M"),
    }  # fmt: skip
    # T2 goes with T1; then M1 shows 10 and nothing inside, and M less M1, M2 (T3) and M3 (T4) leaves nobody.
    assert withheld(groups) == {"T1": FEW, "T2": WORKED_OUT}


def test_answers_nobody_can_be_attributed_to_are_a_group_too() -> None:
    groups = {**team("T1", 10), **team("T2", 12), "unknown": (2, ())}
    assert withheld(groups) == {"T1": WORKED_OUT}


def test_someone_with_two_managers_cannot_be_worked_out_by_adding_spans() -> None:
    groups: Groups = {
        "both": (2, (("manager", "M1"), ("manager", "M2"))),
        "one": (10, (("manager", "M1"),)), "two": (12, (("manager", "M2"),)),
    }  # fmt: skip
    # M1 + M2 less everyone is the two that count twice.
    assert withheld(groups) == {"M1": WORKED_OUT}
    assert withheld(groups, organisation=False) == {}


def test_who_moved_within_the_month_is_a_group_of_days() -> None:
    """M1 less T2 would be T1's answers of the days before it moved to M2."""
    before, after = (FAR_PAST, pd.Timestamp("2026-10-16")), (pd.Timestamp("2026-10-16"), FAR_FUTURE)
    rows = [(f"a{n}", "team", "T1", FAR_PAST, FAR_FUTURE) for n in range(9)]
    rows += [(f"a{n}", "manager", boss, *days) for n in range(9) for boss, days in (("M1", before), ("M2", after))]
    rows += [
        (f"b{n}", kind, unit, FAR_PAST, FAR_FUTURE)
        for n in range(9)
        for kind, unit in (("team", "T2"), ("manager", "M1"))
    ]
    members = shaped(pd.DataFrame(rows, columns=list(MEMBERSHIP)), MEMBERSHIP)
    counts = {("team", "T1"): 9, ("team", "T2"): 9, ("manager", "M1"): 12, ("manager", "M2"): 6}
    known = shaped(
        pd.DataFrame([{"month": pd.Timestamp("2026-10-01"), "unit_kind": kind, "unit_id": unit, "metric": "pulse",
                       "segment": "all", "value": 4.0, "rows": count, "respondents": count}
                      for (kind, unit), count in counts.items()]), FACTS,
    )  # fmt: skip
    # M1 less T2 is three people of T1, and so is T1 less M2: one of each must go.
    hidden = {one.unit_id for one in suppress_surveys(known, members, OCTOBER)}
    assert len(hidden) == 2
    assert hidden & {"M1", "T2"}
    assert hidden & {"T1", "M2"}


def test_other_metrics_months_and_segments_are_left_alone() -> None:
    groups = {**team("T1", 3)}
    known = answers(groups)
    assert (
        suppress_surveys(known.assign(respondents=pd.array([pd.NA] * 2, dtype="Int64")), membership(groups), OCTOBER)
        == ()
    )
    assert suppress_surveys(known.assign(segment="B2B"), membership(groups), OCTOBER) == ()
    assert suppress_surveys(known, membership(groups), OCTOBER.shift(1)) == ()
    assert {one.metric for one in suppress_surveys(known, membership(groups), OCTOBER)} == {"pulse"}


def test_teams_of_two_show_no_team_figure() -> None:
    assert small_teams(units(), ["revenue", "solved"], 3) == tuple(
        Withheld(metric, "team", "T2", "fewer than 3 people: it would show one person's result")
        for metric in ("revenue", "solved")
    )
    assert small_teams(units(), ["revenue"], 2) == ()


@st.composite
def companies(draw: st.DrawFn) -> Groups:
    """Small companies: teams under managers under managers, some people with a second manager or across teams."""
    managers = draw(st.integers(1, 4))
    above = [draw(st.integers(0, n - 1)) if n else None for n in range(managers)]
    groups: Groups = {}
    for n in range(draw(st.integers(1, 7))):
        boss = draw(st.integers(0, managers - 1))
        chain = [boss]
        while (up := above[chain[-1]]) is not None:
            chain.append(up)
        second = draw(st.one_of(st.none(), st.integers(0, managers - 1)))
        spans = sorted({*chain, *([] if second is None else [second])})
        team_id = draw(st.integers(0, 4))
        of = (*([("team", f"T{team_id}")] if draw(st.booleans()) else []), *(("manager", f"M{one}") for one in spans))
        groups[f"g{n}"] = (draw(st.integers(0, 9)), of)
    return groups


@settings(max_examples=80, deadline=None)
@given(companies(), st.booleans())
def test_nothing_small_can_be_solved_from_what_is_shown(groups: Groups, organisation: bool) -> None:
    """Every set of groups is tried against every combination of shown figures, independently of the method."""
    hidden = withheld(groups, organisation)
    kinds = sorted({unit for _, of in groups.values() for unit in of})
    shown = [unit for unit in kinds if unit[1] not in hidden]
    columns = [[float(unit in of) for _, of in groups.values()] for unit in shown]
    if organisation and "all" not in hidden:
        columns.append([1.0] * len(groups))
    counts = [answered for answered, _ in groups.values()]
    matrix = np.array(columns, dtype=float).reshape(len(columns), len(groups)).T
    for size in range(1, len(groups) + 1):
        for chosen in combinations(range(len(groups)), size):
            people = sum(counts[n] for n in chosen)
            if not 0 < people < 5:
                continue
            wanted = np.zeros(len(groups))
            wanted[list(chosen)] = 1
            if not matrix.size:
                continue
            weights = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
            assert np.abs(matrix @ weights - wanted).max() > 1e-6, (chosen, shown, weights)


@settings(max_examples=10, deadline=None)
@given(companies(), st.integers(0, 10**6))
def test_row_order_never_matters_and_inputs_stay_unchanged(groups: Groups, seed: int) -> None:
    known, members = answers(groups), membership(groups)
    mixed = known.sample(frac=1, random_state=seed), members.sample(frac=1, random_state=seed)
    before = mixed[0].copy(), mixed[1].copy()
    assert suppress_surveys(*mixed, OCTOBER) == suppress_surveys(known, members, OCTOBER)
    pd.testing.assert_frame_equal(mixed[0], before[0])
    pd.testing.assert_frame_equal(mixed[1], before[1])


@pytest.mark.parametrize("shared", [0, 1])
def test_a_large_company_keeps_most_of_its_figures(shared: int) -> None:
    """600 teams under 60 managers; with some people who have a second manager."""
    random = np.random.default_rng(2)
    groups: Groups = {}
    for n in range(600):
        groups |= team(f"T{n:03d}", int(random.integers(5, 12)), f"M{n // 10:02d}", "TOP")
        if shared and n % 50 == 0:
            of = (
                ("team", f"T{n:03d}"),
                *(("manager", boss) for boss in (f"M{n // 10:02d}", f"M{n // 10 + 1:02d}", "TOP")),
            )
            groups[f"x{n:03d}"] = (1, of)
    hidden = withheld(groups)
    assert len(hidden) <= (30 if shared else 0)
    assert bool(hidden) == bool(shared)
