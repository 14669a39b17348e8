"""Absences at work, as a company really gave them away: what is wrong with the file is found, and it loads.

A column of disciplinary failures belongs to another channel: with it the file is refused. Reasons of absence and what
people drink or weigh are landed with the file and declared nowhere, so that nothing is made of them.
"""

import csv
import io
from collections import Counter
from pathlib import Path

import pytest

from config.checks import Severity
from config.months import Month
from tests.broken_extracts.cases import assert_conserved
from tests.broken_extracts.world import Found, World
from transforms.stages import Finding

FILE = Path(__file__).parents[3] / "shared" / "data" / "absenteeism" / "Absenteeism_at_work.csv"
POLICY = "Disciplinary failure"
JUNK = ', .")'

COMPANY = """\
name: A courier company
currency: BRL
locale: pt_BR
time_zone: America/Sao_Paulo
data: "{config}/../data"
history_months: 1
"""
EXTRACTS = """\
hr:
  kind: hr
  source: {files: people.csv}
  history: today
  assume_current_organisation: true
  columns:
    associate: {required: true}
    name: {}
    team: {}
    manager: {}

absences:
  kind: availability
  source: {files: Absenteeism_at_work.csv, dates: "%m"}
  key: absence
  date: month
  main_measure: hours
  columns:
    absence: {type: id, from: ID, required: true}
    month: {type: date, from: Month of absence, required: true}
    weekday: {type: integer, from: Day of the week}
    distance: {type: number, from: Distance from Residence to Work}
    workload: {type: number, from: "Work load Average/day"}
    hit_target: {type: integer, from: Hit target}
    hours: {type: number, from: Absenteeism time in hours, required: true}
"""
CHECKS = """\
absences:
  checks:
    - {column: weekday, between: {min: 1, max: 7}, severity: critical}
    - {name: some_hours, condition: hours > 0, set_aside: false, why: An absence of no hours is none.}
    - {column: hours, between: {max: 80}, why: Two weeks of work; longer absences are no matter of availability.}
    - {column: hit_target, between: {min: 0, max: 100}}
    - name: told_twice
      column: [month, weekday, distance, workload, hit_target, hours]
      unique: true
      severity: info
"""
METRICS = """\
hours_absent:
  label: Hours absent
  definition: Hours in which somebody was expected and absent
  extract: absences
  value: sum(hours)
  unit: count
  good: down
  stage: experience
"""


def _without_policy(content: bytes) -> bytes:
    """The file as the message of its refusal asks for it."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    place = rows[0].index(POLICY)
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator="\r\n").writerows([*row[:place], *row[place + 1 :]] for row in rows)
    return target.getvalue().encode()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A company whose only extract beside hr is the file."""
    if not FILE.is_file():
        pytest.skip(f"the absences are not at {FILE}: these tests need them")
    world = World(tmp_path_factory.mktemp("absences"), Month(2026, 10))
    for name, text in (("company", COMPANY), ("extracts", EXTRACTS), ("checks", CHECKS), ("metrics", METRICS)):
        world.write(f"config/{name}.yaml", text)
    world.write("data/people.csv", "associate,name,team,manager\nM1,Lead,T1,\nM2,Courier,T1,M1\n")
    world.write("data/Absenteeism_at_work.csv", _without_policy(FILE.read_bytes()))
    return world


@pytest.fixture(scope="module")
def found(company: World) -> Found:
    """What is found in it."""
    return company.check()


def _one(found: Found, code: str, column: str) -> Finding:
    """The finding of a code and a heading."""
    return next(
        (one for one in found.everything if (one.code, one.column) == (code, column)),
        Finding("", Severity.INFO, found.told()),
    )


def test_with_its_column_of_disciplinary_failures_it_is_refused(company: World, tmp_path: Path) -> None:
    world = company.copy(tmp_path / "world")
    world.write("data/Absenteeism_at_work.csv", FILE.read_bytes())
    refused = next(one for one in world.check().everything if one.code == "source.missing")
    assert refused.severity is Severity.CRITICAL
    assert f"“{POLICY}”" in refused.message
    assert "Absenteeism_at_work.csv" in refused.message


def test_it_loads_whole(found: Found) -> None:
    assert found.landing("absences").rows == 740
    assert found.checked("absences").rows == 740 - 3 - 6
    assert_conserved(found)


def test_neither_reasons_nor_habits_are_typed(found: Found) -> None:
    import pyarrow.parquet as pq

    typed = set(pq.read_schema(found.checked("absences").path).names)
    assert typed == {"absence", "month", "weekday", "distance", "workload", "hit_target", "hours", "_file", "_line"}


@pytest.mark.parametrize(
    ("code", "column", "line", "value", "rows", "severity"),
    [
        ("typing.unreadable", "month", 739, "0", 3, Severity.WARNING),
        ("check.between", "hours", 325, "120", 6, Severity.WARNING),
        ("check.condition", "hours", 3, "0", 44, Severity.WARNING),
        ("source.unnamed_column", "column_23", 2, JUNK, 1, Severity.INFO),
    ],
    ids=["months-that-are-none", "more-than-two-weeks", "no-hours-at-all", "a-text-beyond-the-headings"],
)
def test_what_is_wrong_with_it_is_named(
    found: Found, code: str, column: str, line: int, value: str, rows: int, severity: Severity
) -> None:
    one = _one(found, code, column)
    assert (one.file, one.line, one.value, one.rows, one.severity) == (
        "Absenteeism_at_work.csv", line, value, rows, severity,
    ), one.message  # fmt: skip
    assert value in one.message
    assert "Absenteeism_at_work.csv" in one.message


def test_absences_told_twice_are_to_be_known(found: Found) -> None:
    rows = list(csv.DictReader(io.StringIO(FILE.read_text("utf-8"))))
    names = ("Month of absence", "Day of the week", "Distance from Residence to Work", "Work load Average/day ",
             "Hit target", "Absenteeism time in hours")  # fmt: skip
    counts = Counter(tuple(row[name] for name in names) for row in rows)
    told = next(one for one in found.everything if one.code == "check.unique")
    assert told.severity is Severity.INFO
    assert told.rows == sum(number for number in counts.values() if number > 1)
    assert told.line > 1


def test_so_little_is_wrong_that_nothing_is_withheld(found: Found) -> None:
    assert found.severity is Severity.WARNING, found.told()
    assert found.withheld() == ()
