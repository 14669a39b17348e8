"""Readings judged by Great Expectations: each against its limit, all months of all extracts in one run of one suite.

The frame has a row a reading, and each extract an expectation on its rows: the limit is at least the value. A frame of
months × checks with an expectation a check was measured too: 9 extracts × 40 checks took 8.5 CPU seconds where this
takes under one, since what costs is the number of expectations. Row by row nothing is subtracted, so that a value that
equals its limit passes; a missing value fails. Not here: where readings come from (`transforms.checks`).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from flows.checks.library import Answer, Question, ask, load_library, require_library
from flows.files import write_text
from transforms.checks.readings import Reading, Verdict
from transforms.stages import Finding

VERSION: Final = "1"
"""Changed whenever the same readings would be judged differently: verdicts kept are then made again."""
_SUITE: Final = "readings"


def judge(readings: Sequence[Reading]) -> list[Verdict]:
    """The verdict on each reading, in their order. Raises OutsideError where Great Expectations is missing or broken.

    Where the judging of an extract crashed, all its readings fail, each with a finding that says why.
    """
    return _verdicts(readings, _failures(readings))


def judge_cached(readings: Sequence[Reading], folder: Path) -> list[Verdict]:
    """The same, with the verdicts kept in `folder`: of readings judged before, without importing Great Expectations.

    It must be installed all the same. What is kept and damaged is made anew.
    """
    made_of = _hash(readings, require_library())
    path = folder / f"verdicts-{made_of[:16]}.json"
    failures = _kept(path, made_of, len(readings))
    if failures is None:
        failures = _failures(readings)
        if not any(failures.values()):  # what crashed is tried again
            content = {"made_of": made_of, "failures": [[at, crashed] for at, crashed in sorted(failures.items())]}
            write_text(path, json.dumps(content, ensure_ascii=False) + "\n")
    return _verdicts(readings, failures)


def _failures(readings: Sequence[Reading]) -> dict[int, str]:
    """Places of readings that fail, with why judging them crashed (empty where it did not)."""
    import pandas as pd

    if not readings:
        load_library()
        return {}
    frame = pd.DataFrame(
        {
            "extract": pd.Series([reading.extract for reading in readings], dtype="str"),
            "value": [reading.value for reading in readings],
            "limit": [reading.limit for reading in readings],
        }
    )
    extracts = sorted({reading.extract for reading in readings})
    answers = ask(_SUITE, frame, {extract: _within_limit(extract) for extract in extracts})
    places: dict[str, list[int]] = {extract: [] for extract in extracts}
    for at, reading in enumerate(readings):
        places[reading.extract].append(at)
    return {at: why for extract in extracts for at, why in _failed(answers[extract], places[extract])}


def _within_limit(extract: str) -> Question:
    """A missing value is no ground to leave a row out, and fails since no limit is at least it."""
    given = {"column_A": "limit", "column_B": "value", "or_equal": True, "ignore_row_if": "neither"}
    return Question("ExpectColumnPairValuesAToBeGreaterThanB", given, only=("extract", extract))


def _failed(answer: Answer, places: Sequence[int]) -> list[tuple[int, str]]:
    if answer.crashed:
        return [(at, answer.crashed) for at in places]
    if answer.asked != len(places):
        reason = f"{answer.asked} of {len(places)} readings were judged"
        return [(at, reason) for at in places]
    return [(at, "") for at in answer.failed]


def _verdicts(readings: Sequence[Reading], failures: dict[int, str]) -> list[Verdict]:
    return [
        Verdict(_told(reading, failures[at]) if at in failures else reading, passed=at not in failures)
        for at, reading in enumerate(readings)
    ]


def _told(reading: Reading, crashed: str) -> Reading:
    """The reading of a check that failed, with a finding where judging crashed or it read nothing and says nothing."""
    reason = crashed or "it gave no number"
    if not crashed and (reading.finding is not None or reading.value == reading.value):
        return reading
    name = reading.check.partition(".")[2] or reading.check
    finding = Finding(
        "check.crashed",
        reading.severity,
        f"{reading.extract} {reading.month}: the check {name} could not be judged: {reason}",
        extract=reading.extract,
        column=", ".join(reading.columns),
    )
    return replace(reading, finding=finding)


def _hash(readings: Sequence[Reading], library: str) -> str:
    """Of everything a verdict depends on."""
    judged = [[one.extract, one.check, str(one.month), repr(one.value), repr(one.limit)] for one in readings]
    content = json.dumps([VERSION, library, judged], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def _kept(path: Path, made_of: str, count: int) -> dict[int, str] | None:
    """The failures as they were kept; None where there are none, or they are damaged."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        failures = {int(at): str(why) for at, why in content["failures"]}
        sound = content["made_of"] == made_of and all(0 <= at < count for at in failures)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return failures if sound else None
