"""Golden control charts: inputs and the outputs of the R package NHSRplotthedots 0.2.2, in our arrays."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from transforms.numbers import Flags, Floats, Ints
from transforms.signals.rules import PointType, SpecialCause, Variation
from transforms.signals.xmr import Assurance

Case = dict[str, Any]

OF_MONTHS: Final = {
    "dates", "y", "rebase_group", "mean", "lpl", "upl", "outside_limits", "relative_to_mean", "close_to_limits",
    "special_cause_type", "point_type", "short_group_warning",
}  # fmt: skip

GOOD: Final = {"increase": 1, "decrease": -1, "neutral": 0}
CAUSES: Final = {
    "Common Cause": SpecialCause.NONE,
    "Above UCL": SpecialCause.ABOVE_LIMIT,
    "Below LCL": SpecialCause.BELOW_LIMIT,
    "7 Point Trend (Increasing)": SpecialCause.RISING,
    "7 Point Trend (Decreasing)": SpecialCause.FALLING,
    "2 in 3 Above CL": SpecialCause.TWO_OF_THREE_ABOVE,
    "2 in 3 Below CL": SpecialCause.TWO_OF_THREE_BELOW,
    "7 Points Above CL": SpecialCause.RUN_ABOVE,
    "7 Points Below CL": SpecialCause.RUN_BELOW,
}
ASSURANCES: Final = {
    None: Assurance.NONE,
    "consistent_pass": Assurance.ALWAYS_MET,
    "consistent_fail": Assurance.ALWAYS_MISSED,
    "inconsistent": Assurance.INCONSISTENT,
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Cases side by side, the shorter ones with missing months before their first."""

    cases: tuple[Case, ...]
    values: Floats
    restarts: Flags
    good: Ints
    target: Floats
    fix_after: Ints
    screen: bool


def read_cases(path: Path) -> list[Case]:
    """All cases of a file; a case of one month has lists of one."""
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    cases = [json.loads(line) for line in text.splitlines()]
    return [{**case, "input": _listed(case["input"]), "expected": _listed(case["expected"])} for case in cases]


def _listed(part: Case) -> Case:
    return {key: [value] if key in OF_MONTHS and not isinstance(value, list) else value for key, value in part.items()}


def batch(cases: list[Case], screen: bool) -> Batch:
    """One array of all these cases, which must have the same screening."""
    months = max(len(case["input"]["y"]) for case in cases)
    values = np.full((len(cases), months), np.nan)
    restarts = np.zeros((len(cases), months), dtype=np.bool_)
    for row, case in enumerate(cases):
        given = case["input"]
        first = months - len(given["y"])
        values[row, first:] = given["y"]
        rebased = [given["rebase"]] if isinstance(given["rebase"], str) else given["rebase"]
        restarts[row, first:] = np.isin(given["dates"], rebased)
    inputs = [case["input"] for case in cases]
    return Batch(
        tuple(cases),
        values,
        restarts,
        np.array([GOOD[given["improvement_direction"]] for given in inputs], dtype=np.int64),
        np.array([np.nan if given["target"] is None else given["target"] for given in inputs], dtype=np.float64),
        np.array([given["fix_after_n_points"] or 0 for given in inputs], dtype=np.int64),
        screen,
    )


def expected_codes(case: Case) -> tuple[list[int], list[int], int, int]:
    """Special causes, point types, variation and assurance, in our codes.

    Where there are no limits R says inconsistent; we say that there is not enough variation.
    """
    expected = case["expected"]
    causes = [int(CAUSES[name]) for name in expected["special_cause_type"]]
    types = [int(PointType[name.removeprefix("special_cause_").upper()]) for name in expected["point_type"]]
    variation = int(Variation[expected["variation_icon"].upper()])
    assurance = ASSURANCES[expected["assurance_type"]]
    if assurance is Assurance.INCONSISTENT and expected["lpl"][-1] is None:
        assurance = Assurance.NOT_ENOUGH_VARIATION
    return causes, types, variation, int(assurance)
