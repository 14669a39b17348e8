"""Plain control charts are those of NHSRplotthedots 0.2.2, to 1e-9, many series at once."""

from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from tests.transforms.signals.golden_cases import Batch, Case, batch, expected_codes, read_cases
from transforms.signals.xmr import ControlChart, control_chart

OWN = Path(__file__).resolve().parents[2] / "golden" / "spc_reference.jsonl.gz"
BESIDE = Path(__file__).resolve().parents[4] / "shared" / "golden" / "spc_reference_nhs.jsonl"


@pytest.fixture(scope="module", params=["own", "nhs"])
def cases(request: pytest.FixtureRequest) -> list[Case]:
    if request.param == "own":
        found = read_cases(OWN)
        assert len(found) == 405
        return found
    if not BESIDE.exists():
        pytest.skip(f"{BESIDE} is not here: the NHS cases are read in place, where they are")
    found = read_cases(BESIDE)
    assert len(found) == 435
    return found


@pytest.mark.parametrize("together", ["equal length", "all"])
def test_every_golden_case(cases: list[Case], together: str) -> None:
    def kind(case: Case) -> tuple[int, bool]:
        length = len(case["input"]["y"]) if together == "equal length" else 0
        return length, case["input"]["screen_outliers"]

    compared = 0
    for (_, screen), found in groupby(sorted(cases, key=kind), key=kind):
        given = batch(list(found), screen)
        chart = control_chart(
            given.values,
            restarts=given.restarts,
            good=given.good,
            target=given.target,
            fix_after=given.fix_after,
            screen=given.screen,
        )
        for row in range(len(given.cases)):
            _compare(chart, given, row)
            compared += 1
    assert compared == len(cases)


def _compare(chart: ControlChart, given: Batch, row: int) -> None:
    case = given.cases[row]
    name, expected = case["id"], case["expected"]
    first = given.values.shape[1] - len(case["input"]["y"])
    for ours, theirs in ((chart.mean, "mean"), (chart.lower, "lpl"), (chart.upper, "upl")):
        wanted = np.array(expected[theirs], dtype=np.float64)
        np.testing.assert_allclose(ours[row, first:], wanted, rtol=1e-9, atol=1e-12, err_msg=f"{name} {theirs}")
    causes, types, variation, assurance = expected_codes(case)
    for found, wanted_list, what in (
        (chart.group, expected["rebase_group"], "rebase_group"),
        (chart.outside, [bool(flag) for flag in expected["outside_limits"]], "outside_limits"),
        (chart.side, expected["relative_to_mean"], "relative_to_mean"),
        (chart.near, [bool(flag) for flag in expected["close_to_limits"]], "close_to_limits"),
        (chart.special_cause, causes, "special_cause_type"),
        (chart.point_type, types, "point_type"),
        (chart.short_group, expected["short_group_warning"], "short_group_warning"),
    ):
        assert found[row, first:].tolist() == wanted_list, f"{name} {what}"
    assert chart.variation[row] == variation, name
    assert chart.assurance[row] == assurance, name
