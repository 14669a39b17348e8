"""The share of a month's working days on which an associate was available."""

import pandas as pd
import pytest

from tests.transforms.organisation_rows import OCTOBER
from transforms.availability import available_shares
from transforms.columns import AVAILABILITY


def rows(*lines: tuple[str, str, float | None], column: str = "month") -> pd.DataFrame:
    frame = pd.DataFrame(list(lines), columns=["associate", column, "available_days"])
    dates = pd.to_datetime(frame[column])
    return frame.drop(columns=column).assign(associate=frame["associate"].astype("str"), **{column: dates})


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        pytest.param(rows(("A1", "2026-10-01", 11), ("A2", "2026-10-01", 22)), {"A1": 0.5, "A2": 1.0}, id="by month"),
        pytest.param(
            rows(("A1", "2026-10-01", 1), ("A1", "2026-10-02", 1), column="date"), {"A1": 2 / 22}, id="by day"
        ),
        pytest.param(rows(("A1", "2026-10-31", 11)), {"A1": 0.5}, id="any day of the month"),
        pytest.param(rows(("A1", "2026-09-01", 11), ("A1", "2026-11-01", 11)), {}, id="other months"),
        pytest.param(rows(("A1", "2026-10-01", 30), ("A2", "2026-10-01", -1)), {"A1": 1.0, "A2": 0.0}, id="0 to 1"),
        pytest.param(rows(("A1", "2026-10-01", None)), {}, id="no number: nothing is known"),
        pytest.param(rows(("A1", "2026-10-01", 11)).drop(columns="month"), {"A1": 0.5}, id="the landing's month"),
        pytest.param(None, {}, id="no extract"),
    ],
)
def test_the_share_of_working_days(frame: pd.DataFrame | None, expected: dict[str, float]) -> None:
    shares = available_shares(frame, OCTOBER, 22)
    assert dict(zip(shares["associate"], shares["available_share"], strict=True)) == pytest.approx(expected)
    assert {name: str(dtype) for name, dtype in shares.dtypes.items()} == AVAILABILITY
    assert (shares["month"] == pd.Timestamp("2026-10-01")).all()


def test_rows_stay_as_they_are() -> None:
    frame = rows(("A2", "2026-10-01", 1), ("A1", "2026-10-01", 50))
    before = frame.copy(deep=True)
    available_shares(frame, OCTOBER, 22)
    pd.testing.assert_frame_equal(frame, before)


def test_without_working_days_nothing_is_known() -> None:
    assert available_shares(rows(("A1", "2026-10-01", 1)), OCTOBER, 0).empty
