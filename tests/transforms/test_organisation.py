"""Whose rows count where, from day to day: moves, promotions, leavers, rehires, mergers, stand-ins, histories."""

from datetime import date

import pandas as pd
import pytest

from config.months import Month
from tests.transforms.organisation_rows import OCTOBER, build, hr, hr_extract, october, person, unit
from transforms.columns import MEMBERSHIP, SPELLS, UNITS
from transforms.organisation import Organisation, build_organisation

# A1 heads; A2 and A3 lead the teams T and U.
HEADS = (person("A1"), person("A2", manager="A1"), person("A3", manager="A1"))


def codes(organisation: Organisation) -> list[str]:
    return [finding.code.removeprefix("organisation.") for finding in organisation.findings]


def test_a_row_counts_in_the_associate_the_team_and_every_manager_above() -> None:
    made = build(*HEADS, person("A4", team="T", manager="A2"))
    assert october(made, "A4") == {"associate A4": "1-31", "team T": "1-31", "manager A2": "1-31", "manager A1": "1-31"}
    assert october(made, "A2") == {"associate A2": "1-31", "manager A2": "1-31", "manager A1": "1-31"}
    assert october(made, "A1") == {"associate A1": "1-31", "manager A1": "1-31"}
    assert october(made, "A3") == {"associate A3": "1-31", "manager A1": "1-31"}, "A3 leads nobody: no span"
    assert made.findings == ()


def test_who_moves_mid_month_counts_in_each_team_on_its_days() -> None:
    made = build(
        *HEADS,
        person("A4", team="T", manager="A2", valid_to="2026-10-14"),
        person("A4", team="U", manager="A3", valid_from="2026-10-15"),
    )
    assert october(made, "A4") == {
        "associate A4": "1-31", "team T": "1-14", "manager A2": "1-14", "team U": "15-31", "manager A3": "15-31",
        "manager A1": "1-31",
    }  # fmt: skip
    assert unit(made, "associate", "A4")["parent_id"] == "U"
    assert unit(made, "team", "T")["people"] == 1, "as of the team's last day with a member"
    assert unit(made, "manager", "A2")["people"] == 2
    assert made.scope("manager", "A2") == {"A2", "A4"}, "who belonged to the span on any day"


def test_who_is_promoted_mid_month_has_a_span_from_that_day() -> None:
    made = build(
        *HEADS,
        person("A4", team="T", manager="A2", valid_to="2026-10-14"),
        person("A5", team="T", manager="A2", valid_to="2026-10-14"),
        person("A4", manager="A1", valid_from="2026-10-15"),
        person("A5", team="T", manager="A4", valid_from="2026-10-15"),
    )
    assert october(made, "A4") == {
        "associate A4": "1-31", "team T": "1-14", "manager A2": "1-14", "manager A4": "15-31", "manager A1": "1-31",
    }  # fmt: skip
    assert october(made, "A5") == {
        "associate A5": "1-31", "team T": "1-31", "manager A2": "1-14", "manager A4": "15-31", "manager A1": "1-31",
    }  # fmt: skip
    assert unit(made, "team", "T")["manager"] == "A4"
    assert (unit(made, "manager", "A2")["people"], unit(made, "manager", "A2")["direct"]) == (3, True)


def test_who_leaves_mid_month_counts_until_the_last_day() -> None:
    made = build(*HEADS, person("A4", team="T", manager="A2", hire_date="2025-03-01", leave_date="2026-10-09"))
    assert october(made, "A4") == {"associate A4": "1-9", "team T": "1-9", "manager A2": "1-9", "manager A1": "1-9"}
    assert october(made, "A2")["manager A2"] == "1-9"
    assert unit(made, "associate", "A4")["people"] == 1
    assert unit(made, "organisation", "organisation")["people"] == 3
    assert made.span("A2", date(2026, 10, 9)) == {"A2", "A4"}
    assert made.span("A2", date(2026, 10, 10)) == frozenset()


def test_a_row_that_begins_after_the_last_day_ends_the_employment() -> None:
    made = build(
        *HEADS,
        person("A4", team="T", manager="A2"),
        person("A4", team="T", manager="A2", valid_from="2026-10-10", leave_date="2026-10-09"),
    )
    assert october(made, "A4")["team T"] == "1-9"


@pytest.mark.parametrize(
    ("second_hire", "expected"),
    [("2026-10-05", "2026-10-05"), (None, "2026-10-05"), ("2024-01-01", "2026-10-05"), ("2026-10-07", "2026-10-07")],
    ids=["own hire date", "none given", "the first one repeated", "row begins before the hire"],
)
def test_who_comes_back_has_a_second_employment_with_its_own_hire_date(second_hire: str | None, expected: str) -> None:
    made = build(
        *HEADS,
        person("A4", team="T", manager="A2", hire_date="2024-01-01", leave_date="2026-06-30"),
        person("A4", team="T", manager="A2", valid_from="2026-10-05", hire_date=second_hire),
    )
    spells = made.spells.loc[made.spells["associate"] == "A4"]
    assert spells["hire_date"].dt.strftime("%Y-%m-%d").tolist() == ["2024-01-01", expected]
    assert spells["valid_to"].iloc[0] == pd.Timestamp("2026-07-01")
    assert october(made, "A4")["team T"] == f"{int(expected[-2:])}-31"


def test_teams_merge_and_the_old_one_is_still_listed_that_month() -> None:
    made = build(
        *HEADS,
        person("A4", team="T", team_name="Tea", manager="A2", valid_to="2026-10-19"),
        person("A4", team="U", team_name="Umber", manager="A3", valid_from="2026-10-20"),
        person("A5", team="U", team_name="Umber", manager="A3"),
    )
    old, new = unit(made, "team", "T"), unit(made, "team", "U")
    assert (old["title"], old["people"], old["manager"], old["parent_id"]) == ("Tea", 1, "A2", "A2")
    assert (new["title"], new["people"], new["manager"], new["parent_id"]) == ("Umber", 2, "A3", "A3")
    later = build_organisation(
        hr(*HEADS, person("A4", team="T", manager="A2", valid_to="2026-09-30"),
           person("A4", team="U", manager="A3", valid_from="2026-10-01")),
        hr_extract(), OCTOBER,
    )  # fmt: skip
    assert "T" not in set(later.units["unit_id"])


def test_an_interim_manager_takes_the_span_and_above_it_goes_on_as_before() -> None:
    made = build(
        person("A1"),
        person("A2", manager="A1"),
        person("A3", manager="A2"),
        person("A9", manager="A1"),
        person("A4", team="T", manager="A3", valid_to="2026-10-09"),
        person("A4", team="T", manager="A3", interim_manager="A9", valid_from="2026-10-10", valid_to="2026-10-20"),
        person("A4", team="T", manager="A3", valid_from="2026-10-21"),
    )
    assert october(made, "A4") == {
        "associate A4": "1-31", "team T": "1-31", "manager A3": "1-9, 21-31", "manager A9": "10-20",
        "manager A2": "1-31", "manager A1": "1-31",
    }  # fmt: skip
    assert october(made, "A9")["manager A9"] == "10-20"
    assert october(made, "team:T") == {
        "team T": "1-31", "manager A3": "1-9, 21-31", "manager A9": "10-20", "manager A2": "1-31", "manager A1": "1-31",
    }  # fmt: skip
    assert made.chain_above("A4", date(2026, 10, 9)) == ("A3", "A2", "A1")
    assert made.chain_above("A4", date(2026, 10, 10)) == ("A9", "A2", "A1")
    assert made.spells.loc[made.spells["associate"] == "A4", "manager"].unique().tolist() == ["A3"]


def test_who_stands_in_for_their_own_manager_leads_the_team_and_reports_above() -> None:
    made = build(
        person("A1"), person("A2", manager="A1"),
        *(person(one, team="T", manager="A2", interim_manager="A4") for one in ("A4", "A5", "A6")),
    )  # fmt: skip
    assert made.chain_above("A5", OCTOBER.last_day) == ("A4", "A1")
    assert made.chain_above("A4", OCTOBER.last_day) == ("A1",)
    assert "A2" not in set(made.units.loc[made.units["unit_kind"] == "manager", "unit_id"])
    assert (unit(made, "team", "T")["manager"], unit(made, "manager", "A4")["parent_id"]) == ("A4", "A1")


def test_who_stands_in_two_levels_up_is_above_who_stands_in_one_level_up() -> None:
    """A4 stands in for A3, and A3 for A2: above A4 is whoever does A2's part, so A3, and not nobody."""
    made = build(
        person("A2"), person("A3", manager="A2", interim_manager="A3"),
        person("A4", manager="A3", interim_manager="A4"),
    )  # fmt: skip
    assert made.chain_above("A3", OCTOBER.last_day) == ()
    assert made.chain_above("A4", OCTOBER.last_day) == ("A3",)
    assert made.span("A3", OCTOBER.last_day) == {"A3", "A4"}


def test_an_interim_manager_fills_a_vacancy() -> None:
    made = build(
        *HEADS,
        person("A4", team="T", interim_manager="A3"),
        person("A5", team="T", manager="A8", interim_manager="A3"),
        person("A8", valid_to="2026-09-30"),
    )
    for associate in ("A4", "A5"):
        assert made.chain_above(associate, OCTOBER.last_day) == ("A3", "A1")
    assert "manager_left" not in codes(made)


def test_parents_never_go_round_though_interim_managers_stand_above_each_other() -> None:
    made = build(
        person("A1"), person("A2", manager="A1"), person("A3", manager="A2", interim_manager="A4"),
        person("A4", manager="A3"),
    )  # fmt: skip
    parents = {
        one: unit(made, "manager", one)["parent_id"] for one in ("A3", "A4") if one in set(made.units["unit_id"])
    }
    assert {one: parents[str(parent)] for one, parent in parents.items() if parent in parents} != parents
    assert all(parents.get(str(parent)) != one for one, parent in parents.items())


def test_a_second_manager_sees_that_person_and_nobody_above_does() -> None:
    made = build(
        person("A1"),
        person("A2", manager="A1"),
        person("A7"),
        person("A8", manager="A7"),
        person("A4", team="T", manager="A2", second_manager="A8"),
        person("A5", manager="A4"),
    )
    assert october(made, "A4") == {
        "associate A4": "1-31", "team T": "1-31", "manager A1": "1-31", "manager A2": "1-31", "manager A4": "1-31",
        "manager A8": "1-31",
    }  # fmt: skip
    assert "manager A8" not in october(made, "A5")
    assert "manager A8" not in october(made, "team:T")
    assert (unit(made, "manager", "A8")["people"], unit(made, "manager", "A8")["direct"]) == (2, False)


def test_managers_to_any_depth_and_more_than_fifteen_are_said() -> None:
    made = build(person("A00"), *(person(f"A{n:02}", manager=f"A{n - 1:02}") for n in range(1, 20)))
    assert len(made.chain_above("A19", OCTOBER.last_day)) == 19
    assert sum(kind.startswith("manager") for kind in october(made, "A19")) == 19
    assert codes(made) == ["deep"]


def test_teams_by_manager_are_who_shares_one_and_the_manager_is_no_member() -> None:
    made = build(*HEADS, person("A4", manager="A2", team="ignored"), person("A5", manager="A2"), team_by="manager")
    assert october(made, "A4") == {
        "associate A4": "1-31",
        "team A2": "1-31",
        "manager A2": "1-31",
        "manager A1": "1-31",
    }
    assert october(made, "A2") == {
        "associate A2": "1-31",
        "team A1": "1-31",
        "manager A2": "1-31",
        "manager A1": "1-31",
    }
    team = unit(made, "team", "A2")
    assert (team["title"], team["people"], team["manager"], team["parent_kind"]) == (
        "Team of Associate A2", 2, "A2", "manager",
    )  # fmt: skip


def test_a_team_is_led_by_most_of_its_members_managers_and_of_several_by_the_smallest_id() -> None:
    made = build(
        *HEADS,
        person("A4", team="T", manager="A3"), person("A5", team="T", manager="A2"),
        person("A6", team="U", manager="A3"), person("A7", team="U", manager="A3"),
        person("A8", team="U", manager="A2"),
    )  # fmt: skip
    assert unit(made, "team", "T")["manager"] == "A2"
    assert unit(made, "team", "U")["manager"] == "A3"
    assert codes(made) == ["several_managers", "several_managers"]


def test_a_leader_who_is_a_member_leads() -> None:
    made = build(person("A1"), person("A2", team="T", manager="A1"), person("A4", team="T", manager="A2"))
    assert (unit(made, "team", "T")["manager"], unit(made, "team", "T")["parent_id"]) == ("A2", "A2")
    assert october(made, "team:T") == {"team T": "1-31", "manager A2": "1-31", "manager A1": "1-31"}
    assert made.findings == ()


def test_units_know_parents_people_and_who_leads_directly() -> None:
    made = build(
        person("A1", role="head", hire_date="2019-01-01"), person("A2", manager="A1", fte=0.5),
        person("A4", team="T", team_name="Tea", manager="A2", fte=0.8), person("A5", manager="A2"),
    )  # fmt: skip
    columns = ["unit_kind", "unit_id", "title", "parent_kind", "parent_id", "people", "manager", "fte", "direct"]
    assert made.units[columns].to_numpy().tolist() == [
        ["organisation", "organisation", "Organisation", "", "", 4, "A1", 3.3, False],
        ["manager", "A1", "Associate A1", "organisation", "organisation", 4, "", 3.3, True],
        ["manager", "A2", "Associate A2", "manager", "A1", 3, "A1", 2.3, True],
        ["team", "T", "Tea", "manager", "A2", 1, "A2", 0.8, False],
        ["associate", "A1", "Associate A1", "organisation", "organisation", 1, "", 1.0, False],
        ["associate", "A2", "Associate A2", "manager", "A1", 1, "A1", 0.5, False],
        ["associate", "A4", "Associate A4", "team", "T", 1, "A2", 0.8, False],
        ["associate", "A5", "Associate A5", "manager", "A2", 1, "A2", 1.0, False],
    ]
    assert unit(made, "manager", "A1")["role"] == "head"
    assert unit(made, "manager", "A1")["hire_date"] == pd.Timestamp("2019-01-01")


def test_frames_have_the_declared_columns_and_types() -> None:
    made = build(*HEADS, person("A4", team="T", manager="A2"))
    for frame, columns in ((made.spells, SPELLS), (made.membership, MEMBERSHIP), (made.units, UNITS)):
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == columns


def test_each_snapshot_holds_until_the_next_and_who_is_missing_there_has_left() -> None:
    made = build(
        person("A1", snapshot_date="2026-09-30"), person("A4", manager="A1", team="T", snapshot_date="2026-09-30"),
        person("A5", manager="A1", team="T", snapshot_date="2026-09-30"),
        person("A1", snapshot_date="2026-10-15"), person("A4", manager="A1", team="U", snapshot_date="2026-10-15"),
        history="snapshots",
    )  # fmt: skip
    assert october(made, "A4") == {"associate A4": "1-31", "team T": "1-14", "team U": "15-31", "manager A1": "1-31"}
    assert october(made, "A5") == {"associate A5": "1-14", "team T": "1-14", "manager A1": "1-14"}
    assert not made.assumed_current


def test_a_last_day_that_only_the_next_snapshot_tells_ends_the_time_before_it() -> None:
    made = build(
        person("A1", snapshot_date="2026-09-30"), person("A5", manager="A1", snapshot_date="2026-09-30"),
        person("A1", snapshot_date="2026-10-31"),
        person("A5", manager="A1", snapshot_date="2026-10-31", leave_date="2026-10-12"), history="snapshots",
    )  # fmt: skip
    assert october(made, "A5") == {"associate A5": "1-12", "manager A1": "1-12"}


def test_todays_list_holds_always_but_within_the_employment_and_says_it_assumes() -> None:
    made = build(
        person("A1", today=True),
        person("A4", today=True, manager="A1", hire_date="2026-10-05"),
        person("A5", today=True, manager="A1", hire_date="2020-01-01", leave_date="2026-10-20"),
        person("A6", today=True, manager="A1", hire_date="2026-11-01"),
        person("A7", today=True, manager="A1", hire_date="2019-01-01", leave_date="2020-01-01"),
        person("A7", today=True, manager="A1", hire_date="2026-10-12"),
        history="today",
    )
    assert made.assumed_current
    days = {one: october(made, one).get(f"associate {one}") for one in ("A1", "A4", "A5", "A6", "A7")}
    assert days == {"A1": "1-31", "A4": "5-31", "A5": "1-20", "A6": None, "A7": "12-31"}
    assert made.findings == ()


def test_nothing_from_after_the_month_is_known() -> None:
    known = [*HEADS, person("A4", team="T", manager="A2")]
    future = [
        person("A4", team="U", manager="A3", valid_from="2026-11-01"),
        person("A9", manager="A1", valid_from="2026-12-01", valid_to="2026-11-01"),
        person(None, valid_from="2026-11-01"),
    ]
    ending = [{**row, "valid_to": "2026-11-20", "leave_date": "2026-11-20"} for row in known]
    before, after = build(*known), build(*ending, *future)
    for name in ("spells", "membership", "units", "reporting"):
        pd.testing.assert_frame_equal(getattr(before, name), getattr(after, name))
    assert after.findings == ()
    assert october(build(*ending, month=Month(2026, 11)), "A4")


def test_a_fault_of_long_ago_is_said_once_and_does_not_fill_the_report() -> None:
    made = build(
        *HEADS,
        *(person(f"B{n}", manager="gone", valid_from="2025-01-01", valid_to="2025-06-30") for n in range(3)),
        *(person(f"C{n}", manager=f"gone{n}", valid_from="2025-01-01", valid_to="2025-06-30") for n in range(3)),
    )
    assert [(one.code, one.severity, one.rows) for one in made.findings] == [
        ("organisation.unknown_manager", "info", 4)
    ]
    assert made.findings[0].message.startswith("Before 2026-10: ")
    assert "3 more like it" in made.findings[0].message


def test_a_readers_scope_is_the_span_for_managers_and_nobody_for_teams() -> None:
    made = build(*HEADS, person("A4", team="T", manager="A2"))
    assert made.scope("manager", "A1") == {"A1", "A2", "A3", "A4"}
    assert made.scope("manager", "A2") == {"A2", "A4"}
    assert made.scope("manager", "A3") == frozenset(), "A3 leads nobody"
    assert made.scope("associate", "A4") == {"A4"}
    assert made.scope("team", "T") == made.scope("organisation", "organisation") == frozenset()
