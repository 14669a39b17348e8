"""Readings against their limits, as Great Expectations judges them: exactly, in any order, never passed unjudged."""

import json
import math
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.checks import Severity
from config.errors import OutsideError
from config.months import Month
from flows.checks import judging
from flows.checks.judging import judge, judge_cached
from flows.checks.library import library_missing, load_library
from transforms.checks.readings import Reading, Verdict
from transforms.stages import Finding

OCTOBER = Month(2026, 10)
NAN = float("nan")
HERE = Path(__file__).parents[3]


def reading(value: Any, limit: float = 0.0, check: str = "sales.amount_between", **more: Any) -> Reading:
    given: dict[str, Any] = {
        "extract": check.partition(".")[0], "month": OCTOBER, "label": "", "severity": Severity.WARNING, **more,
    }  # fmt: skip
    return Reading(check=check, value=value, limit=limit, **given)


def passed(verdicts: Sequence[Verdict]) -> list[bool]:
    return [verdict.passed for verdict in verdicts]


CASES = {
    "nothing fails": (0.0, 0.0, True),
    "equal to its limit": (0.1, 0.1, True),
    "equal, as sums are not": (0.1 + 0.2, 0.3, False),
    "the next number above": (math.nextafter(0.05, 1), 0.05, False),
    "the next number below": (math.nextafter(0.05, 0), 0.05, True),
    "over": (1.0, 0.999, False),
    "a third of the rows": (1 / 3, 1 / 3, True),
    "negative": (-2.0, -1.0, True),
    "a large distance": (1e15 + 1, 1e15, False),
    "the smallest over nothing": (5e-324, 0.0, False),
    "without end": (math.inf, 1e308, False),
    "without any limit": (1e308, math.inf, True),
    "missing": (NAN, 1.0, False),
    "missing, without any limit": (NAN, math.inf, False),
    "without its limit": (0.0, NAN, False),
    "both missing": (NAN, NAN, False),
}


def test_a_value_passes_up_to_its_limit_exactly() -> None:
    verdicts = judge([reading(value, limit, f"sales.{name}") for name, (value, limit, _) in CASES.items()])
    assert {verdict.reading.check.partition(".")[2]: verdict.passed for verdict in verdicts} == {
        name: expected for name, (*_, expected) in CASES.items()
    }


def test_verdicts_come_in_the_order_of_the_readings() -> None:
    readings = [reading(at % 2, check=f"{extract}.c{at}") for at in range(4) for extract in ("service", "hr", "sales")]
    verdicts = judge(readings)
    assert [verdict.reading for verdict in verdicts] == readings
    assert passed(verdicts) == [one.value == 0 for one in readings]


def test_the_limit_of_a_check_may_differ_from_month_to_month() -> None:
    months = [OCTOBER.shift(-2), OCTOBER.shift(-1), OCTOBER]
    readings = [reading(5.0, limit, month=month) for month, limit in zip(months, (4.0, 5.0, 6.0), strict=True)]
    assert passed(judge(readings)) == [False, True, True]


def test_one_month_of_one_check_may_be_read_twice_and_an_extract_may_have_no_name() -> None:
    readings = [reading(0.0), reading(1.0), reading(1.0, 0.0, "x", extract=""), reading(0.0, 0.0, "x", extract="")]
    assert passed(judge(readings)) == [True, False, False, True]


def test_no_reading_no_verdict() -> None:
    assert judge([]) == []


VALUES = st.sampled_from([0.0, 0.05, 0.1, 1.0, -1.0, NAN, math.inf])


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(["hr", "sales", "x1"]), st.integers(0, 3), VALUES, VALUES), max_size=12),
    st.randoms(use_true_random=False),
)
def test_what_passes_depends_on_value_and_limit_alone(rows: list[tuple[str, int, float, float]], random: Any) -> None:
    readings = [
        reading(value, limit, f"{extract}.c", month=OCTOBER.shift(-back)) for extract, back, value, limit in rows
    ]
    random.shuffle(readings)
    assert passed(judge(readings)) == [one.value <= one.limit for one in readings]


def test_a_check_that_cannot_be_judged_fails_with_why(caplog: pytest.LogCaptureFixture) -> None:
    told = Finding("check.between", Severity.WARNING, "never seen")
    broken = [
        reading(0.0, "a text", severity=Severity.CRITICAL, columns=("amount",), finding=told),  # type: ignore[arg-type]
        reading(0.0),
    ]
    verdicts = judge([reading(0.0, check="hr.c"), *broken, reading(1.0, check="hr.d", finding=told)])
    assert passed(verdicts) == [True, False, False, False]
    crashed = verdicts[1].reading.finding
    assert crashed is not None
    assert (crashed.code, crashed.severity, crashed.column) == ("check.crashed", Severity.CRITICAL, "amount")
    assert crashed.message.startswith("sales 2026-10: the check amount_between could not be judged: ")
    assert "str" in crashed.message
    assert verdicts[3].reading.finding is told
    assert caplog.records == []


def test_a_missing_number_says_so_unless_it_is_told_already() -> None:
    told = Finding("check.crashed", Severity.WARNING, "no such column")
    first, second = judge([reading(NAN), reading(NAN, finding=told)])
    assert first.reading.finding is not None
    assert "it gave no number" in first.reading.finding.message
    assert second.reading.finding is told


# -- kept verdicts -----------------------------------------------------------------------------------------------

READINGS = [reading(0.0, check="hr.c"), reading(1.0), reading(NAN, 1.0, "sales.d")]
RUN = """
import pickle, sys
from pathlib import Path
from flows.checks.judging import judge_cached
readings = pickle.loads(Path(sys.argv[2]).read_bytes())
print([one.passed for one in judge_cached(readings, Path(sys.argv[1]))], "great_expectations" in sys.modules)
"""


def test_readings_judged_before_do_not_need_the_library_imported(tmp_path: Path) -> None:
    first = judge_cached(READINGS, tmp_path / "kept")
    assert passed(first) == [True, False, False]
    assert first[:2] == judge(READINGS)[:2]
    done = python(RUN, tmp_path / "kept", pickled(tmp_path, READINGS))
    assert done.stdout.strip() == "[True, False, False] False", done.stderr


@pytest.mark.parametrize(
    "damaged",
    ["", "[]", "{}", '{"made_of": "another", "failures": []}', '{"made_of": "{hash}", "failures": [[7, ""]]}',
     '{"made_of": "{hash}", "failures": 3}', '{"made_of": "{hash}", "failures": [["x", ""]]}'],
    ids=["empty", "a list", "nothing", "of others", "of no reading", "no list", "no place"],
)  # fmt: skip
def test_kept_verdicts_that_are_damaged_are_made_anew(tmp_path: Path, damaged: str) -> None:
    whole = judge_cached(READINGS, tmp_path)
    (path,) = tmp_path.iterdir()
    content = path.read_text()
    path.write_text(damaged.replace("{hash}", json.loads(content)["made_of"]))
    assert passed(judge_cached(READINGS, tmp_path)) == passed(whole)
    assert path.read_text() == content


@pytest.mark.parametrize(
    "changed",
    [reading(0.5), reading(1.0, 2.0), reading(1.0, month=OCTOBER.shift(1)), reading(1.0, 0.0, "sales.z")],
    ids=["value", "limit", "month", "check"],
)
def test_other_readings_are_judged_anew(tmp_path: Path, changed: Reading) -> None:
    judge_cached([reading(1.0)], tmp_path)
    judge_cached([changed], tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_crash_is_told_again_and_never_kept(tmp_path: Path) -> None:
    broken = [reading(0.0, "a text")]  # type: ignore[arg-type]
    assert judge_cached(broken, tmp_path) == judge_cached(broken, tmp_path)
    assert "could not be judged" in str(judge_cached(broken, tmp_path)[0].reading.finding)
    assert list(tmp_path.iterdir()) == []


def test_another_version_of_the_rules_judges_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge_cached(READINGS, tmp_path)
    monkeypatch.setattr(judging, "VERSION", "another")
    judge_cached(READINGS, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


# -- the library -------------------------------------------------------------------------------------------------


def pickled(folder: Path, readings: Sequence[Reading]) -> Path:
    path = folder / "readings.pickle"
    path.write_bytes(pickle.dumps(readings))
    return path


def python(program: str, *arguments: Path, path: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """A program in a process of its own, with `path` first among where packages are looked for."""
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=HERE, timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, filter(None, (path, HERE))))},
    )  # fmt: skip


LOAD = """
from config.errors import OutsideError
from flows.checks.library import load_library
try:
    load_library()
except OutsideError as error:
    print(error.exit_status, error)
"""


@pytest.mark.parametrize(
    ("package", "says"),
    [
        ("raise RuntimeError('half\\n done')", "without it nothing can be checked: RuntimeError: half done"),
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("1 +", "cannot be imported, and without it nothing can be checked: SyntaxError"),
        ("def get_context(mode): raise OSError('no place')", "does not start, and without it nothing can be checked"),
        ("", "does not start"),
    ],
    ids=["raises", "lacks another", "is damaged", "has no context", "is empty"],
)  # fmt: skip
def test_a_broken_library_stops_the_run_and_says_how_to_mend_it(tmp_path: Path, package: str, says: str) -> None:
    (tmp_path / "great_expectations" / "expectations").mkdir(parents=True)
    (tmp_path / "great_expectations" / "__init__.py").write_text(package)
    (tmp_path / "great_expectations" / "expectations" / "__init__.py").touch()
    done = python(LOAD, path=tmp_path)
    assert done.stdout.startswith("3 great-expectations "), done.stderr
    assert says in done.stdout
    assert done.stdout.strip().endswith("Run `make`: it installs what requirements.lock names.")
    assert done.stderr == ""


def test_without_the_library_nothing_is_judged_even_where_verdicts_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert library_missing() is None
    judge_cached(READINGS, tmp_path)
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    assert library_missing() == "great-expectations is not installed, and without it nothing can be checked."
    for run in (load_library, lambda: judge_cached(READINGS, tmp_path), lambda: judge([])):
        with pytest.raises(OutsideError, match=r"not installed.*Run `make`"):
            run()


LOUD = """
import logging, os, pickle, sys, warnings
from pathlib import Path
from flows.checks.judging import judge
readings = pickle.loads(Path(sys.argv[1]).read_bytes())
before = warnings.showwarning, dict(os.environ), logging.getLogger().handlers[:]
print([one.passed for one in judge(readings)])
assert before == (warnings.showwarning, dict(os.environ), logging.getLogger().handlers)
assert logging.getLogger("great_expectations").propagate
logging.captureWarnings(True)
assert before[0] is not warnings.showwarning
"""


@pytest.mark.soak
@pytest.mark.slow  # The library must be imported anew, in a process of its own.
def test_nothing_of_the_library_reaches_the_terminal_or_stays_in_the_process(tmp_path: Path) -> None:
    readings = [reading(0.0, "a text"), reading(0.0, check="hr.c")]  # type: ignore[arg-type]
    done = python(LOUD, pickled(tmp_path, readings))
    assert (done.stdout, done.stderr, done.returncode) == ("[False, True]\n", "", 0)
