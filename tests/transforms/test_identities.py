"""Whose a source's id is on which day, from identities.csv."""

from datetime import date

import pandas as pd
import pytest

from config.models import Identity
from tests.transforms.organisation_rows import OCTOBER
from transforms.columns import FAR_FUTURE, FAR_PAST
from transforms.identities import IDENTITIES, identity_frame


def line(
    source_id: str, associate: str, start: str | None = None, end: str | None = None, source: str = "crm"
) -> Identity:
    return Identity(
        source=source, source_id=source_id, associate=associate,
        valid_from=date.fromisoformat(start) if start else None, valid_to=date.fromisoformat(end) if end else None,
    )  # fmt: skip


def listed(frame: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """Id, associate, first and last day; an open side is empty."""
    starts = frame["valid_from"].dt.strftime("%Y-%m-%d").where(frame["valid_from"] != FAR_PAST, "")
    last_days = (frame["valid_to"] - pd.Timedelta(days=1)).dt.strftime("%Y-%m-%d")
    ends = last_days.where(frame["valid_to"] != FAR_FUTURE, "")
    return list(zip(frame["source_id"], frame["associate"], starts, ends, strict=True))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([line("s1", "A1")], [("s1", "A1", "", "")], id="always"),
        pytest.param(
            [line("s1", "A1", end="2026-10-14"), line("s1", "A2", "2026-10-15")],
            [("s1", "A1", "", "2026-10-14"), ("s1", "A2", "2026-10-15", "")],
            id="passed on",
        ),
        pytest.param(
            [line("s1", "A1", end="2026-10-14"), line("s1", "A1", "2026-10-15")], [("s1", "A1", "", "")], id="joined"
        ),
        pytest.param([line("s1", "A1", "2026-11-01")], [], id="begins after the month"),
        pytest.param([line("s1", "A1", end="2026-11-01")], [("s1", "A1", "", "")], id="ends after the month: open"),
        pytest.param([line("s1", "A1", end="2026-10-31")], [("s1", "A1", "", "2026-10-31")], id="ends with the month"),
        pytest.param([], [], id="none"),
    ],
)
def test_an_id_is_someones_from_day_to_day(lines: list[Identity], expected: list[tuple[str, str, str, str]]) -> None:
    frame, findings = identity_frame(lines, OCTOBER)
    assert listed(frame) == expected
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == IDENTITIES
    assert findings == ()


@pytest.mark.parametrize(
    ("lines", "expected", "code", "parts"),
    [
        pytest.param(
            [line("s1", "A1"), line("s1", "A2", "2026-10-10", "2026-10-12")],
            [("s1", "A1", "", "2026-10-09"), ("s1", "A2", "2026-10-10", "2026-10-12"), ("s1", "A1", "2026-10-13", "")],
            "id_of_two", ("“s1” of crm", "“A1” and “A2”", "valid_to"), id="two at once",
        ),
        pytest.param(
            [line("s1", "A2"), line("s1", "A1")], [("s1", "A1", "", "")], "id_of_two", ("stands later",),
            id="two always: the later line",
        ),
        pytest.param(
            [line("s1", "A1"), line("s1", "A1")], [("s1", "A1", "", "")], "duplicate", ("2 times",), id="twice"
        ),
        pytest.param(
            [line("s1", "A1", "2026-10-10", "2026-10-01")], [], "valid_to_before_valid_from",
            ("2026-10-01", "2026-10-10", "left out"), id="backwards",
        ),
        pytest.param([line("s1", " ")], [], "incomplete", ("“s1”", "left out"), id="nobody"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    lines: list[Identity], expected: list[tuple[str, str, str, str]], code: str, parts: tuple[str, ...]
) -> None:
    frame, findings = identity_frame(lines, OCTOBER)
    assert listed(frame) == expected
    assert [finding.code for finding in findings] == [f"identities.{code}"]
    for part in parts:
        assert part in findings[0].message


def test_one_id_in_two_sources_may_be_two_people() -> None:
    frame, findings = identity_frame([line("7", "A1"), line("7", "A2", source="calls")], OCTOBER)
    assert list(zip(frame["source"], frame["associate"], strict=True)) == [("calls", "A2"), ("crm", "A1")]
    assert findings == ()
