"""People, teams and managers that contradict themselves: everyone is still placed, and the fault is told with its line.

Only where nobody at all can be placed is the month refused.
"""

import pytest

from tests.broken.company import PEOPLE as HR
from tests.broken.company import Company
from tests.broken.telling import NOTHING, Row, added, changed, runs_again, told_and_done

PEOPLE = "data/people.csv"
SALES = "data/sales/2026-10.csv"


def as_hr(*lines: str) -> str:
    """The hr file with other lines."""
    return "\n".join([HR.splitlines()[0], *lines]) + "\n"


LOST = ("sales 2026-10: 2 rows belong to nobody", "AS03 (2)", "Add them to the hr extract", "and 1 more like it")

ROWS: dict[str, Row] = {
    "managers in a circle": Row(
        changed(PEOPLE, "North team,,2020", "North team,AS04,2020"), 0,
        ("warning: people.csv:2:", "AS01 → AS04 → AS01", "outside the circle"), NOTHING,
    ),
    "two managers at once": Row(
        added(PEOPLE, "AS03,Associate 3,as03@tiny.example,NORTH,North team,AS04,2020-01-01,,2020-01-01,\n"), 0,
        ("warning: people.csv:8:", "“AS03”", "“AS01” (line 4)", "“AS04” (line 8)", "valid_to"), NOTHING,
    ),
    "a manager who is nobody": Row(
        changed(PEOPLE, "South team,AS04", "South team,AS99"), 0,
        ("warning: people.csv:6:", "“AS99” is no associate", "“AS05” reports", "Add a row"), NOTHING,
    ),
    "a manager who has left": Row(
        changed(PEOPLE, "South team,AS01,2020-01-01,,", "South team,AS01,2020-01-01,2026-10-15,"), 0,
        ("people.csv", "“AS04”", "last day 2026-10-15", "from 2026-10-16 on"), NOTHING,
    ),
    "sales of an unknown id": Row(
        changed(SALES, ",AS02,", ",AS77,"), 0,
        ("sales 2026-10: 1 row belongs to nobody on the day", "AS77 (1)", "Add them to the hr extract"), NOTHING,
    ),
    "an empty id": Row(
        changed(PEOPLE, "AS03,Associate 3", ",Associate 3"), 0,
        ("warning: people.csv:4: A row without an associate's id", "“Associate 3”", "set aside", "needs the id"),
        NOTHING, follows=LOST,
    ),
    "ids that differ in capitals or leading zeros": Row(
        added(PEOPLE, "as02,Associate 7,as07@tiny.example,NORTH,North team,AS01,2020-01-01,,2020-01-01,\n"
                      "7,Associate 8,as08@tiny.example,NORTH,North team,AS01,2020-01-01,,2020-01-01,\n"
                      "007,Associate 9,as09@tiny.example,NORTH,North team,AS01,2020-01-01,,2020-01-01,\n"), 0,
        ("“AS02”, “as02”", "“007”, “7”", "treated as different"), NOTHING, page=True,
    ),
    "hired after leaving": Row(
        changed(PEOPLE, "AS03,Associate 3,as03@tiny.example,NORTH,North team,AS01,2020-01-01,,",
                "AS03,Associate 3,as03@tiny.example,NORTH,North team,AS01,2020-01-01,2019-01-01,"), 0,
        ("warning: people.csv:4:", "“AS03”", "2020-01-01", "2019-01-01", "set aside"), NOTHING,
        follows=LOST,
    ),
    "an unreadable first day": Row(
        changed(PEOPLE, "AS03,Associate 3,as03@tiny.example,NORTH,North team,AS01,2020-01-01,,2020-01-01,",
                "AS03,Associate 3,as03@tiny.example,NORTH,North team,AS01,2020-01-01,,1.1.2020,"), 0,
        ("1 row set aside, valid_from is unreadable as a date", "“1.1.2020” at people.csv:4", "declared as iso"),
        NOTHING, follows=LOST,
    ),
    "a team with two names": Row(
        changed(PEOPLE, "SOUTH,South team,AS01", "SOUTH,Southern team,AS01"), 0,
        ("people.csv", "“SOUTH”", "“South team”, “Southern team”", "one name"), NOTHING,
    ),
    "an address that is none": Row(
        changed(PEOPLE, "as04@tiny.example", "as04(at)tiny.example"), 0,
        ("warning: people.csv:5:", "“as04(at)tiny.example”", "no report is mailed"), NOTHING,
    ),
    "a manager without an address": Row(
        changed(PEOPLE, "as04@tiny.example", ""), 0,
        ("warning: people.csv:5:", "“AS04” manages others and has no e-mail address", "Write name@company.example"),
        NOTHING,
    ),
    "one address of two people": Row(
        changed(PEOPLE, "as04@tiny.example", "as01@tiny.example"), 0,
        ("people.csv", "“AS01”, “AS04”", "as01@tiny.example", "Each needs their own"), NOTHING,
    ),
    "nobody valid in the month": Row(
        lambda c: c.write(PEOPLE, HR.replace(",2020-01-01,\n", ",2020-01-01,2025-12-31\n")), 1,
        ("None of the 6 rows of the hr extract holds on a day of 2026-10.", "Give hr rows that hold in the month"),
    ),
    "no row has an id": Row(
        lambda c: c.write(PEOPLE, "\n".join(
            line if line.startswith("associate") else line[4:] for line in HR.splitlines()) + "\n"), 1,
        ("hr extract of 2026-10 has no associate at all", "6 rows", "column associate"),
    ),
    "everyone begins after the month": Row(
        lambda c: c.write(PEOPLE, HR.replace("2020-01-01", "2026-11-15")), 3,
        ("“people” has nothing for 2026-10", "no row that had begun by its last day", "Put people.csv into /"),
    ),
}  # fmt: skip
MENDED = ("managers in a circle",)


@pytest.mark.parametrize("case", ROWS)
def test_broken_people_give_their_one_message(company: Company, healthy: Company, case: str) -> None:
    told_and_done(ROWS[case], company)
    if case in MENDED:
        runs_again(company, healthy)
