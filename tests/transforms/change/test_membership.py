"""A team of other people is marked as that."""

import pandas as pd
import pytest

from config.months import Month
from transforms.change.membership import CHANGED, changed_around, changed_between
from transforms.columns import MEMBERSHIP, shaped

AUGUST, SEPTEMBER, OCTOBER = Month(2026, 8), Month(2026, 9), Month(2026, 10)


def membership(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(MEMBERSHIP))
    dates = {name: pd.to_datetime(frame[name]) for name in ("valid_from", "valid_to")}
    return shaped(frame.assign(**dates), MEMBERSHIP)


def team(people: str, start: str = "2020-01-01", end: str = "2200-01-01", unit: str = "T1") -> list[tuple[str, ...]]:
    return [(person, "team", unit, start, end) for person in people]


def of(*parts: list[tuple[str, ...]]) -> pd.DataFrame:
    return membership(*(row for part in parts for row in part))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("frame", "wanted"),
    [
        pytest.param(of(team("ABCD")), (4, 4, 4, 0, 0, 0.0), id="the same people"),
        pytest.param(of(team("ABC"), team("D", end="2026-10-01")), (4, 3, 3, 0, 1, 1 / 7), id="one left"),
        pytest.param(of(team("AB"), team("C", "2026-10-15")), (2, 3, 2, 1, 0, 0.2), id="one joined"),
        pytest.param(
            of(team("AB", end="2026-10-15"), team("CD", "2026-10-15")), (2, 2, 0, 2, 2, 1.0), id="all are others"
        ),
        pytest.param(of(team("AB", "2026-10-01")), (0, 2, 0, 2, 0, 1.0), id="a new team"),
        pytest.param(of(team("AB", end="2026-10-31")), (2, 0, 0, 0, 2, 1.0), id="gone on its last day"),
        pytest.param(
            of(team("AB"), [("team:T1", "team", "T1", "2026-10-01", "2200-01-01")]), (2, 2, 2, 0, 0, 0.0),
            id="a stand-in is nobody",
        ),
        pytest.param(
            of(team("A", end="2026-09-15"), team("A", "2026-10-20"), team("B")), (1, 2, 1, 1, 0, 1 / 3), id="back again"
        ),
    ],
)  # fmt: skip
def test_changed_people_are_counted(frame: pd.DataFrame, wanted: tuple[float, ...]) -> None:
    changed = changed_between(frame, SEPTEMBER, OCTOBER)
    assert list(changed.columns) == list(CHANGED)
    assert tuple(changed.iloc[0, 2:]) == pytest.approx(wanted)


def test_each_unit_has_its_row_and_nobody_is_a_unit_of_people() -> None:
    frame = of(team("AB"), team("BC", unit="T2"), [("A", "associate", "A", "2020-01-01", "2200-01-01")])
    changed = changed_between(frame, SEPTEMBER, OCTOBER)
    assert changed[["unit_kind", "unit_id"]].to_numpy().tolist() == [["team", "T1"], ["team", "T2"]]
    shuffled = changed_between(frame.iloc[::-1], SEPTEMBER, OCTOBER)
    pd.testing.assert_frame_equal(changed, shuffled)


def test_a_change_somewhat_earlier_or_later_counts_as_around() -> None:
    frame = of(team("A"), team("B", end="2026-09-01"), team("C", "2026-12-01"))
    around = changed_around(frame, OCTOBER)
    assert tuple(around.loc[0, ["before", "after", "stayed"]]) == (2, 2, 1)
    assert changed_around(frame, OCTOBER, months=1)["changed_share"].tolist() == [0.0]


def test_no_members_are_no_units() -> None:
    assert changed_between(membership(), AUGUST, OCTOBER).empty
