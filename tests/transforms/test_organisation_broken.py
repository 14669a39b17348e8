"""Broken organisations: each is said, with file, line and what would be right, and never crashes."""

import functools

import pandas as pd
import pytest

from config.checks import Severity
from config.models import HR_COLUMNS, ColumnType
from tests.transforms.organisation_rows import OCTOBER, build, hr, hr_extract, october, person, unit
from transforms.organisation import Organisation, build_organisation

TOP = person("A1")
Rows = list[dict[str, object]]

# id: rows, code, severity, line, value, parts of the message
BROKEN: dict[str, tuple[Rows, str, str, int, str, tuple[str, ...]]] = {
    "two report to each other": (
        [person("A2", manager="A3"), person("A3", manager="A2"), TOP, person("A4", manager="A3")],
        "cycle", "warning", 2, "A2", ("A2 → A3 → A2", "from 2025-01-01 on", "outside the circle"),
    ),
    "a circle of four on some days": (
        [
            TOP, person("A2", manager="A3"), person("A3", manager="A4"), person("A4", manager="A5"),
            person("A5", manager="A1", valid_to="2026-10-11"),
            person("A5", manager="A2", valid_from="2026-10-12", valid_to="2026-10-13"),
            person("A5", manager="A1", valid_from="2026-10-14"),
        ],
        "cycle", "warning", 3, "A2", ("A2 → A3 → A4 → A5 → A2", "from 2026-10-12 to 2026-10-13"),
    ),
    "one is their own manager": (
        [person("A1", manager="A1"), person("A2", manager="A1")],
        "own_manager", "warning", 2, "A1", ("“A1”", "own manager", "Leave manager empty"),
    ),
    "two managers at once": (
        [TOP, person("A2"), person("A3", manager="A1", valid_to="2026-12-31"),
         person("A3", manager="A2", valid_from="2026-10-10")],
        "two_managers", "warning", 5, "A2", ("“A3”", "“A1” (line 4)", "“A2” (line 5)", "began later", "valid_to"),
    ),
    "two managers from the same day": (
        [TOP, person("A2"), person("A3", manager="A2"), person("A3", manager="A1", valid_to="2026-12-31")],
        "two_managers", "warning", 5, "A1", ("is the later line", "from 2025-01-01 on"),
    ),
    "two roles at once": (
        [TOP, person("A3", manager="A1", role="agent", valid_to="2026-11-30"),
         person("A3", manager="A1", role="lead", valid_from="2026-10-10")],
        "overlap", "warning", 4, "lead", ("two values of role", "“agent”", "“lead”"),
    ),
    "a row stands twice": (
        [TOP, person("A2", manager="A1"), person("A2", manager="A1")],
        "duplicate", "info", 4, "A2", ("“A2” stands 2 times", "counted once"),
    ),
    "the manager is nobody": (
        [TOP, person("A2", manager="X9")],
        "unknown_manager", "warning", 3, "X9", ("“X9” is no associate", "“A2” reports", "Add a row"),
    ),
    "the manager has left": (
        [TOP, person("A2", manager="A1", valid_to="2026-10-15"), person("A3", manager="A2")],
        "manager_left", "warning", 4, "A2", ("last day 2026-10-15", "“A3” reports", "from 2026-10-16 on", "interim"),
    ),
    "the manager is not there yet": (
        [TOP, person("A2", manager="A1", valid_from="2026-10-15"), person("A3", manager="A2")],
        "manager_not_there", "warning", 4, "A2", ("not employed from 2025-01-01 to 2026-10-14",),
    ),
    "the second manager is nobody": (
        [TOP, person("A2", manager="A1", second_manager="X9")],
        "unknown_second_manager", "warning", 3, "X9", ("“X9” of “A2”", "left out"),
    ),
    "the interim manager is nobody": (
        [TOP, person("A2", manager="A1", interim_manager="X9")],
        "unknown_interim_manager", "warning", 3, "X9", ("“X9” of “A2”", "left out"),
    ),
    "no id": (
        [TOP, person(None, name="Somebody")],
        "no_id", "warning", 3, "", ("Somebody", "set aside", "needs the id"),
    ),
    "an id of spaces": ([TOP, person("  ")], "no_id", "warning", 3, "", ("set aside",)),
    "no first day": (
        [TOP, person("A2", valid_from=None)],
        "no_date", "warning", 3, "", ("“A2”", "not from when", "valid_from"),
    ),
    "ends before it begins": (
        [TOP, person("A2", valid_from="2026-10-10", valid_to="2026-10-01")],
        "valid_to_before_valid_from", "warning", 3, "2026-10-01", ("2026-10-01", "2026-10-10", "set aside"),
    ),
    "hired after leaving": (
        [TOP, person("A2", hire_date="2026-05-01", leave_date="2026-04-01")],
        "hired_after_leaving", "warning", 3, "2026-04-01", ("2026-05-01", "2026-04-01", "set aside"),
    ),
    "left before the first row": (
        [TOP, person("A2", valid_from="2026-10-10", leave_date="2026-10-05")],
        "left_without_a_day", "warning", 3, "2026-10-05", ("“A2” left on 2026-10-05", "until leave_date"),
    ),
    "ids alike but for leading zeros": (
        [TOP, person("7", manager="A1"), person("007", manager="A1")],
        "associate_ids_look_alike", "info", 4, "007", ("“007”, “7”", "treated as different"),
    ),
    "ids alike but for case": (
        [TOP, person("a1", manager="A1")],
        "associate_ids_look_alike", "info", 3, "a1", ("“A1”, “a1”",),
    ),
    "teams alike but for a space": (
        [TOP, person("A2", team="North 1", manager="A1"), person("A3", team="north1", manager="A1")],
        "team_ids_look_alike", "info", 4, "north1", ("“North 1”, “north1”", "write them alike"),
    ),
    "no fte": (
        [person("A1", fte=1), person("A2", manager="A1", fte=None)],
        "fte_missing", "warning", 3, "", ("“A2” has no fte", "1 is taken"),
    ),
    "fte of a hundred": (
        [person("A1", fte=1), person("A2", manager="A1", fte=100)],
        "fte_out_of_range", "warning", 3, "100.0", ("fte 100.0", "at most 1.5"),
    ),
    "fte of nothing": (
        [person("A1", fte=1), person("A2", manager="A1", fte=0)],
        "fte_out_of_range", "warning", 3, "0.0", ("fte 0.0", "above 0"),
    ),
    "an e-mail address that is none": (
        [person("A1", email="a1@company.example"), person("A2", manager="A1", email="a2(at)company.example")],
        "email_invalid", "warning", 3, "a2(at)company.example", ("a2(at)company.example", "no report is mailed"),
    ),
    "one address of two": (
        [person("A1", email="A1@company.example"), person("A2", manager="A1", email="a1@company.example")],
        "email_shared", "warning", 3, "a1@company.example", ("“A1”, “A2”", "Each needs their own"),
    ),
    "no name": ([TOP, person("A2", manager="A1", name=None)], "name_missing", "info", 3, "", ("“A2” has no name",)),
    "two names of one team": (
        [TOP, person("A2", team="T", team_name="Tea", manager="A1"),
         person("A3", team="T", team_name="Toffee", manager="A1")],
        "team_names_differ", "warning", 4, "Toffee", ("“T”", "“Tea”, “Toffee”", "one name"),
    ),
    "a team nobody is left in": (
        [TOP, person("A2", team="T", manager="A1", hire_date="2020-01-01", leave_date="2026-08-31")],
        "team_without_members", "warning", 3, "T", ("“T” has no member in 2026-10",),
    ),
    "a team of several managers": (
        [TOP, person("A2", team="T", manager="A1"), person("A3", team="T", manager="A4"), person("A4", manager="A1")],
        "several_managers", "info", 4, "T", ("“T”", "“A1”, “A4”", "most of them"),
    ),
    "several at the top": (
        [TOP, person("A2"), person("A3", manager="A1")],
        "several_at_the_top", "info", 2, "", ("2 associates", "“A1”, “A2”", "no manager"),
    ),
}  # fmt: skip


@functools.cache
def built(case: str) -> Organisation:
    return build(*BROKEN[case][0])


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_said(case: str) -> None:
    _, code, severity, line, value, parts = BROKEN[case]
    made = built(case)
    found = [finding for finding in made.findings if finding.code == f"organisation.{code}"]
    assert len(found) == 1, [finding.code for finding in made.findings]
    finding = found[0]
    assert (finding.severity, finding.file, finding.line, finding.value) == (severity, "hr.csv", line, value)
    for part in parts:
        assert part in finding.message
    assert made.usable
    assert "A1" in set(made.units["unit_id"])


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_organisation_still_has_sound_frames(case: str) -> None:
    units = built(case).units
    assert not units.duplicated(["unit_kind", "unit_id"]).any()
    parents = set(zip(units["unit_kind"], units["unit_id"], strict=True)) | {("", "")}
    assert set(zip(units["parent_kind"], units["parent_id"], strict=True)) <= parents


def test_everyone_in_a_circle_loses_the_manager_on_its_days_only() -> None:
    made = build(*BROKEN["a circle of four on some days"][0])
    assert october(made, "A3") == {
        "associate A3": "1-31", "manager A3": "1-11, 14-31", "manager A4": "1-11, 14-31", "manager A5": "1-11, 14-31",
        "manager A1": "1-11, 14-31",
    }  # fmt: skip


def test_who_reports_into_a_circle_keeps_the_manager_in_it() -> None:
    made = build(*BROKEN["two report to each other"][0])
    assert october(made, "A4") == {"associate A4": "1-31", "manager A3": "1-31"}
    assert unit(made, "manager", "A3")["parent_kind"] == "organisation"


def test_by_manager_who_is_in_a_circle_is_in_no_team_of_it() -> None:
    rows = BROKEN["two report to each other"][0]
    made = build(*rows, team_by="manager")
    assert {one: unit(made, "associate", one)["parent_id"] for one in ("A2", "A3", "A4")} == {
        "A2": "organisation", "A3": "organisation", "A4": "A3",
    }  # fmt: skip


def test_by_manager_a_team_whose_manager_has_left_stays_together_under_nobody() -> None:
    made = build(
        TOP,
        person("A2", manager="A1", valid_to="2026-10-15"),
        person("A3", manager="A2"),
        person("A4", manager="A2"),
        team_by="manager",
    )
    assert october(made, "A3")["team A2"] == "1-31"
    team = unit(made, "team", "A2")
    assert (team["title"], team["people"], team["parent_id"]) == ("Team of Associate A2", 2, "organisation")


def test_faulty_values_are_replaced_by_harmless_ones() -> None:
    made = build(person("A1", fte=100, email="none"), person("A2", fte=None, given_name="Given", name=None))
    assert made.spells["fte"].tolist() == [1.0, 1.0]
    assert made.spells["email"].tolist() == ["", ""]
    assert made.spells["name"].tolist() == ["Associate A1", "Given"]


def test_without_any_valid_to_a_row_holds_until_the_next_and_that_is_no_fault() -> None:
    made = build(TOP, person("A2", manager="A1"), person("A3", manager="A1"),
                 person("A3", manager="A2", valid_from="2026-10-10"))  # fmt: skip
    assert made.findings == ()
    assert october(made, "A3")["manager A2"] == "10-31"


UNUSABLE = {
    "no row": (hr(TOP).iloc[:0], "no associate at all (no row)"),
    "no column of ids": (hr(TOP).drop(columns="associate"), "not one of its 1 rows has an id"),
    "no id": (hr(person(None), person(None)), "not one of its 2 rows has an id"),
    "only empty ids": (hr(person(" "), person("")), "Every one of the 2 rows"),
    "every row broken": (
        hr(person("A1", valid_from=None), person("A2", hire_date="2026-05-01", leave_date="2026-04-01")),
        "Every one of the 2 rows",
    ),
    "all have left": (hr(person("A1", valid_to="2026-09-30")), "None of the 1 rows"),
    "all come later": (hr(person("A1", valid_from="2026-11-01")), "None of the 1 rows"),
}


@pytest.mark.parametrize(("rows", "part"), UNUSABLE.values(), ids=UNUSABLE.keys())
@pytest.mark.parametrize("history", ["effective_dated", "snapshots", "today"])
def test_hr_that_cannot_be_used_is_critical(rows: pd.DataFrame, part: str, history: str) -> None:
    made = build_organisation(rows, hr_extract(history), OCTOBER)
    if made.usable:
        assert history == "today", "only today's list ignores valid_from and valid_to"
        return
    first = made.findings[0]
    assert (first.code, first.severity) == ("organisation.unusable", Severity.CRITICAL)
    assert "2026-10" in first.message
    assert "Give hr rows" in first.message
    assert history != "effective_dated" or part in first.message
    assert made.units.empty
    assert made.membership.empty
    assert made.span("A1", OCTOBER.last_day) == frozenset()


def test_only_the_id_is_needed() -> None:
    only = pd.DataFrame({"associate": pd.Series(["A1", "A2"], dtype="str")})
    made = build_organisation(only, hr_extract("today"), OCTOBER)
    assert made.units["unit_id"].tolist() == ["organisation", "A1", "A2"]
    assert {one.code for one in made.findings} == {"organisation.several_at_the_top", "organisation.name_missing"}


def test_columns_without_a_value_are_as_good_as_absent() -> None:
    rows = hr(TOP, person("A2", manager="A1", team="T", hire_date="2024-01-01"))
    added = [name for name in HR_COLUMNS if name not in rows]
    kinds = {ColumnType.DATE: "datetime64[s]", ColumnType.NUMBER: "float64"}
    full = rows.assign(**{name: pd.Series([None, None], dtype=kinds.get(HR_COLUMNS[name], "str")) for name in added})
    one, other = (build_organisation(frame, hr_extract("today"), OCTOBER) for frame in (full, rows))
    for name in ("spells", "membership", "units"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert {finding.code for finding in one.findings} - {finding.code for finding in other.findings} == {
        "organisation.fte_missing"
    }


def test_findings_come_worst_first_and_in_a_fixed_order() -> None:
    rows = hr(*(row for case in BROKEN.values() for row in case[0]))
    made = build_organisation(rows, hr_extract(), OCTOBER)
    shuffled = build_organisation(rows.sample(frac=1, random_state=3), hr_extract(), OCTOBER)
    assert made.findings == shuffled.findings
    ranks = [list(Severity).index(finding.severity) for finding in made.findings]
    assert ranks == sorted(ranks)
    assert {finding.extract for finding in made.findings} == {"hr"}
