"""A landing holds the rows of its month, and never one that was not known by its end."""

from datetime import date
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.models import Extract
from config.months import Month
from flows.checks.text_dates import date_sql
from flows.sources.dates import read_day
from tests.flows.sources.company import OCTOBER, Folders, extract, lines_of, texts_of

SEPTEMBER, NOVEMBER = OCTOBER.shift(-1), OCTOBER.shift(1)
MANY = "id,Tag\n1,30.09.2026\n2,01.10.2026\n3,\n4,31.10.2026 23:59\n5,31.02.2026\n6,01.12.2026\n7,01.08.2026\n"
BY_DAY = extract(
    {"files": "all.csv", "month_by": "day", "dates": "day_first"}, columns={"day": {"type": "date", "from": "Tag"}}
)


def ids(folders: Folders, declared: Extract, month: Month = OCTOBER) -> list[str | None]:
    return [row[0] for row in texts_of(folders.land(declared, month))]


@pytest.mark.parametrize(
    ("month", "found"),
    [
        pytest.param(Month(2026, 8), ["5", "7"], id="the first month"),
        pytest.param(SEPTEMBER, ["1", "5"], id="a month before"),
        pytest.param(OCTOBER, ["2", "4", "5"], id="the month"),
        pytest.param(NOVEMBER, ["5"], id="a month in which nothing happened"),
        pytest.param(Month(2026, 12), ["5", "6"], id="the last month"),
    ],
)
def test_rows_go_to_the_month_of_their_date_and_unreadable_ones_to_each(
    folders: Folders, month: Month, found: list[str]
) -> None:
    folders.write("all.csv", MANY)
    landing = folders.land(BY_DAY, month)
    assert [row[0] for row in texts_of(landing)] == found
    assert landing.undated_rows == 1


def test_months_before_and_after_what_a_file_knows_are_gaps(folders: Folders) -> None:
    folders.write("all.csv", "id,Tag\n1,30.09.2026\n2,01.11.2026\n")
    assert folders.try_land(BY_DAY, Month(2026, 8)) is None
    assert folders.try_land(BY_DAY, Month(2026, 12)) is None
    assert folders.land(BY_DAY, OCTOBER).rows == 0


def test_a_file_is_read_once_for_many_months(folders: Folders) -> None:
    path = folders.write("all.csv", MANY)
    with folders.session(sales=BY_DAY) as session:
        assert session.list_months("sales") == [Month(2026, 8), SEPTEMBER, OCTOBER, Month(2026, 12)]
        path.write_text("id,Tag\n", encoding="utf-8")
        october, september = session.land("sales", OCTOBER), session.land("sales", SEPTEMBER)
    assert october is not None
    assert september is not None
    assert (lines_of(october), lines_of(september)) == ([3, 5, 6], [2, 6])


def test_findings_of_a_line_go_with_the_month_that_holds_it(folders: Folders) -> None:
    folders.write("all.csv", "id,Tag,name\n1,30.09.2026\n2,01.10.2026,b\n")
    assert [finding.line for finding in folders.land(BY_DAY, SEPTEMBER).findings] == [2]
    assert folders.land(BY_DAY, OCTOBER).findings == ()


def test_a_moment_belongs_to_the_day_it_was_in_the_companys_zone(folders: Folders) -> None:
    folders.write("all.csv", "id,day\n1,2026-09-30T22:30:00Z\n2,2026-10-31 23:30:00+00:00\n3,2026-10-31T23:30:00\n")
    assert ids(folders, extract({"files": "all.csv", "month_by": "day"})) == ["1", "3"]


def test_months_can_be_told_by_the_names_of_files(folders: Folders) -> None:
    for name in ("sales/2026-10-a.csv", "sales/2026-10-b.csv", "sales/2025-12.csv", "sales/notes.csv"):
        folders.write(name, "id\n1\n")
    with folders.session(sales=extract({"files": "sales/{year}-{mm}*.csv"})) as session:
        assert session.list_months("sales") == [Month(2025, 12), OCTOBER]


# -- no look-ahead -----------------------------------------------------------------------------------------------

HR = {"id": "id", "valid_from": {"type": "date", "from": "since"}, "snapshot_date": {"type": "date", "from": "as of"}}


@pytest.mark.parametrize(
    ("history", "text", "found"),
    [
        pytest.param("effective_dated", "id,since\n1,2020-01-01\n2,2026-10-31\n3,2026-11-01\n4,\n5,soon\n",
                     ["1", "2", "4", "5"], id="rows that begin later"),
        pytest.param("snapshots", "id,as of\n1,2026-09-30\n2,2026-10-31\n3,2026-11-30\n",
                     ["1", "2"], id="later snapshots"),
        pytest.param("today", "id\n1\n2\n", ["1", "2"], id="today's list has no dates"),
    ],
)  # fmt: skip
def test_hr_is_landed_as_it_was_known(folders: Folders, history: str, text: str, found: list[str]) -> None:
    folders.write("hr.csv", text)
    assert ids(folders, extract({"files": "hr.csv"}, kind="hr", history=history, columns=HR)) == found


def test_hr_before_its_first_row_is_a_gap(folders: Folders) -> None:
    folders.write("hr.csv", "id,since\n1,2026-10-01\n")
    assert (
        folders.try_land(extract({"files": "hr.csv"}, kind="hr", history="effective_dated", columns=HR), SEPTEMBER)
        is None
    )


def test_hr_of_a_month_is_that_months_file(folders: Folders) -> None:
    folders.write("hr-2026-10.csv", "id,as of\n1,2026-10-31\n2,2026-11-02\n")
    folders.write("hr-2026-11.csv", "id,as of\n3,2026-11-30\n")
    declared = extract({"files": "hr-{month}.csv"}, kind="hr", history="snapshots", columns=HR)
    assert ids(folders, declared) == ["1"]
    assert folders.try_land(declared, SEPTEMBER) is None


@pytest.mark.parametrize("kind", ["events", "sales", "plan"])
def test_a_file_of_no_month_lands_nothing_later_than_the_month(folders: Folders, kind: str) -> None:
    folders.write("all.csv", "id,day\n1,2026-09-30\n2,2026-10-31\n3,2026-11-01\n4,\n")
    assert ids(folders, extract({"files": "all.csv"}, kind=kind, date="day")) == ["1", "2", "4"]


def test_events_in_a_months_file_are_not_later_than_the_month(folders: Folders) -> None:
    folders.write("2026-10.csv", "id,day\n1,2026-10-31\n2,2026-11-01\n")
    assert ids(folders, extract({"files": "{month}.csv"}, kind="events", date="day")) == ["1"]


def test_a_months_file_of_sales_lands_whole(folders: Folders) -> None:
    folders.write("2026-10.csv", "id,day\n1,2026-09-30\n2,2026-11-01\n")
    assert ids(folders, extract({"files": "{month}.csv"}, date="day")) == ["1", "2"]


# -- reading dates -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "dates", "day"),
    [
        ("2026-10-05", "iso", date(2026, 10, 5)),
        (" 2026-1-5 ", "iso", date(2026, 1, 5)),
        ("2026/10/05 14:30", "day_first", date(2026, 10, 5)),
        ("2026-10-05", "month_first", date(2026, 10, 5)),
        ("2026-10-05T25:00", "iso", None),
        ("2026-02-30", "iso", None),
        ("05.10.2026", "iso", None),
        ("05.10.2026", "day_first", date(2026, 10, 5)),
        ("5/10/26", "day_first", date(2026, 10, 5)),
        ("5/10/26 3:05 PM", "month_first", date(2026, 5, 10)),
        ("13/10/26", "month_first", None),
        ("1-2-70", "day_first", date(1970, 2, 1)),
        ("1-2-69", "day_first", date(2069, 2, 1)),
        ("1.2/2026", "day_first", None),
        ("31.10.2026 23:30 +0000", "day_first", date(2026, 11, 1)),
        ("2026-10-31 23:30:00.5Z", "iso", date(2026, 11, 1)),
        ("2026-11-01 00:30:00+05:30", "iso", date(2026, 10, 31)),
        ("Oct 5, 2026", "%b %d, %Y", date(2026, 10, 5)),
        ("2026-10-05", "%d.%m.%y", date(2026, 10, 5)),
        ("05.10.69", "%d.%m.%y", date(2069, 10, 5)),
        ("soon", "%d.%m.%y", None),
        ("46325", "iso", None),
    ],
)
def test_a_date_is_read_as_declared(text: str, dates: str, day: date | None) -> None:
    assert read_day(text, dates, ZoneInfo("Europe/Berlin")) == day


PARTS = st.integers(0, 40).map(str) | st.integers(0, 40).map("{:02d}".format)
YEARS = st.sampled_from(["2026", "1999", "26", "69", "70", "0001"])
TIMES = st.sampled_from(
    ["", " 9:05", "T23:59:59", " 24:00", " 12:30 am", " 00:15+02:00", "T23:30Z", ", 8:00 PM", " 1:60"]
)
DATES = st.one_of(
    st.tuples(YEARS, st.sampled_from("-/"), PARTS, PARTS, TIMES).map(lambda t: f"{t[0]}{t[1]}{t[2]}{t[1]}{t[3]}{t[4]}"),
    st.tuples(PARTS, st.sampled_from("./-"), PARTS, YEARS, TIMES).map(
        lambda t: f"{t[0]}{t[1]}{t[2]}{t[1]}{t[3]}{t[4]}"
    ),
)


@settings(deadline=None, max_examples=10)
@given(st.lists(DATES, min_size=40, max_size=40), st.sampled_from(["iso", "day_first", "month_first"]))
def test_a_row_is_cut_by_the_date_that_the_checks_will_read(texts: list[str], dates: str) -> None:
    query = f"SELECT {date_sql('v', dates, 'Europe/Berlin')} FROM (SELECT unnest($1) AS v)"
    with duckdb.connect() as database:
        checked = [row[0] for row in database.execute(query, [texts]).fetchall()]
    assert [read_day(text, dates, ZoneInfo("Europe/Berlin")) for text in texts] == checked
