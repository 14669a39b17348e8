"""What was done three times without effect is called out; what had one, or was done twice, is not."""

import pandas as pd
import pytest

from config.months import Month
from transforms.change.again import ACTIONS, AGAIN, SHIFTS, same_again
from transforms.columns import shaped

OCTOBER = Month(2026, 10)


def actions(*rows: tuple[str, str], unit: str = "A17", metric: str = "revenue") -> pd.DataFrame:
    lines = [("associate", unit, metric, pd.Timestamp(f"{month}-01"), action) for month, action in rows]
    return shaped(pd.DataFrame(lines, columns=list(ACTIONS)), ACTIONS)


def shifts(*months: str, unit: str = "A17", metric: str = "revenue") -> pd.DataFrame:
    lines = [("associate", unit, metric, pd.Timestamp(f"{month}-01")) for month in months]
    return shaped(pd.DataFrame(lines, columns=list(SHIFTS)), SHIFTS)


JUDGED = pd.DataFrame({"unit_kind": ["associate"], "unit_id": ["A17"], "metric": ["revenue"]}, dtype="str")
THREE = (("2026-07", "call list"), ("2026-08", "Call  list"), ("2026-10", "call list "))


@pytest.mark.parametrize(
    ("done", "shifted", "periods"),
    [
        pytest.param(THREE, (), 3, id="three months"),
        pytest.param(THREE[:2], (), 0, id="two months"),
        pytest.param((*THREE[:2], ("2026-08", "call list")), (), 0, id="twice in a month is once"),
        pytest.param(THREE, ("2026-09",), 0, id="a shift in between"),
        pytest.param(THREE, ("2026-07",), 0, id="a shift as it began"),
        pytest.param(THREE, ("2026-05",), 3, id="a shift before"),
        pytest.param(THREE, ("2026-11",), 3, id="a shift nobody knows of yet"),
        pytest.param((*THREE[:2], ("2026-11", "call list")), (), 0, id="nothing later is read"),
        pytest.param((*THREE[:2], ("2026-10", "visits")), (), 0, id="something else"),
        pytest.param((("2024-01", "x"), ("2024-02", "x"), ("2024-03", "x")), (), 0, id="long ago"),
        pytest.param((("2026-07", " "), ("2026-08", " "), ("2026-10", " ")), (), 0, id="nothing written"),
    ],
)
def test_the_same_again(done: tuple[tuple[str, str], ...], shifted: tuple[str, ...], periods: int) -> None:
    found = same_again(actions(*done), shifts(*shifted), JUDGED, OCTOBER)
    assert list(found.columns) == list(AGAIN)
    assert found["periods"].tolist() == ([periods] if periods else [])


def test_it_says_from_when_to_when() -> None:
    found = same_again(actions(*THREE), shifts(), JUDGED, OCTOBER).iloc[0]
    assert (found["unit_id"], found["metric"], found["action"].strip()) == ("A17", "revenue", "call list")
    assert (found["first"], found["last"]) == (pd.Timestamp("2026-07-01"), pd.Timestamp("2026-10-01"))


@pytest.mark.parametrize("other", [{"unit": "A18"}, {"metric": "orders"}])
def test_a_shift_of_something_else_excuses_nothing(other: dict[str, str]) -> None:
    assert len(same_again(actions(*THREE), shifts("2026-09", **other), JUDGED, OCTOBER)) == 1


def test_nothing_is_said_of_numbers_that_cannot_be_judged() -> None:
    assert same_again(actions(*THREE, unit="A18"), shifts(), JUDGED, OCTOBER).empty


def test_row_order_does_not_matter_and_inputs_stay() -> None:
    done = actions(*THREE)
    kept = done.copy()
    forward, backward = (same_again(frame, shifts(), JUDGED, OCTOBER) for frame in (done, done.iloc[::-1]))
    pd.testing.assert_frame_equal(forward, backward)
    pd.testing.assert_frame_equal(done, kept)
