"""Who is who: a broken hr extract refuses the month, ids that hr does not know are told, and whose rows they are."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.broken_extracts.breaking import (
    Break,
    Row,
    cell,
    column,
    cut_at,
    each,
    filled,
    headings_only,
    insert,
    keep,
    only,
    rename,
    twice,
    with_column,
    without,
)
from tests.broken_extracts.cases import SERVICE, Case, assert_caught, critical, of, params, warning
from tests.broken_extracts.world import World

_UNKNOWN, _AWAY = "engine.unknown_id", "engine.outside_employment"


def _in_service(case: Case) -> Case:
    """The same, told of the tickets."""
    return replace(case, of_extract="service", told_of="service-2026-10.csv")


def _refused(id_: str, how: Break | None, *says: str, value: str = "", line: int = 0) -> Case:
    return critical(id_, "hr", how, "refused", says=says, value=value, line=line)


def _german(text: str) -> str:
    return f"{text[8:]}.{text[5:7]}.{text[:4]}"


REFUSED = [
    _refused("no-hr", None, "hr"),
    _refused("hr-empty", only("")),
    _refused("hr-headings-only", headings_only),
    _refused("hr-cut-in-half", keep(lambda line, _row: line <= 30), "29 rows"),
    _refused("hr-cut-in-half-in-mid-line", cut_at(0.5), "29 rows"),
    _refused("hr-without-ids", without("associate"), "“associate”"),
    _refused("hr-with-managers-renamed", rename(manager="reports_to"), "“manager”"),
    _refused("hr-without-teams", column("team", ""), "team"),
    _refused("hr-with-days-written-otherwise", column("valid_from", _german), "valid_from", value="01.03.2006", line=2),
    _refused("hr-with-warnings", with_column("Abmahnungen", lambda _row: "0"), "“Abmahnungen”"),
    _refused("hr-ids-gone", column("associate", "", lambda line, _row: line % 2 == 0), "associate"),
]  # fmt: skip

HR = [
    warning("hr-name-of-ten-thousand-characters", "hr", cell(5, name="x" * 10_000), "check.plain", line=5,
            column="name", value="x" * 60),
    warning("hr-control-character", "hr", cell(5, role="Service\x08manager"), "check.plain", line=5, column="role",
            value="Service\\x08manager"),
    warning("hr-formula", "hr", cell(5, team_name="=CONCAT(A1,B1)"), "check.plain", line=5, column="team_name",
            value="=CONCAT(A1,B1)"),
    warning("hr-part-time-in-percent", "hr", cell(5, fte="100 %"), "typing.unreadable", line=5, column="fte",
            value="100 %"),
    warning("hr-one-day-written-otherwise", "hr", cell(5, hire_date="01.10.2009"), "typing.unreadable", line=5,
            column="hire_date", value="01.10.2009"),
    warning("hr-total-line", "hr", insert(60, ["", "Total: 40"]), "typing.required_missing", line=60,
            column="associate"),
    warning("hr-twice", "hr", twice, "time.copies", says=("58 of 116 rows",)),
    _in_service(warning("hr-without-one-team", "hr", keep(lambda _line, row: row["team"] != "TS"), _UNKNOWN)),
    _in_service(critical("hr-renumbered", "hr",
             each(*(column(name, filled(lambda text: f"P{text[1:]}9"))
                    for name in ("associate", "manager", "second_manager", "interim_manager"))), _UNKNOWN,
             says=("242 rows",), withheld=of(SERVICE))),
    _in_service(warning("hr-of-last-month", "hr",
            each(keep(lambda _line, row: row["valid_from"] <= "2026-09-30"),
                 column("leave_date", lambda text: "" if text > "2026-09-30" else text),
                 column("valid_to", lambda text: "" if text > "2026-09-30" else text)), _UNKNOWN,
            says=("mbernstein (16)",))),
]  # fmt: skip

UNKNOWN = [
    warning("tickets-reassigned-to-a-leaver", "service",
            column("agent", "mbernstein", lambda _line, row: row["agent"] == "hvarvind"), _AWAY, column="agent",
            value="mbernstein", says=("2026-10-09",)),
]  # fmt: skip

CASES = [*REFUSED, *HR, *UNKNOWN]


def _is_a0036(_line: int, row: Row) -> bool:
    return row["associate"] == "A0036"


OFTEN = """
hr-empty hr-cut-in-half hr-with-managers-renamed hr-with-days-written-otherwise hr-twice hr-renumbered
hr-of-last-month tickets-reassigned-to-a-leaver
"""
"""The others run in long campaigns: a case takes a second."""


@pytest.mark.usefixtures("asked_once")
@pytest.mark.parametrize("case", params(CASES, OFTEN))
def test_is_caught(demo_of: Callable[[str], World], case: Case) -> None:
    world = demo_of(case.extract)
    if (
        case.id == "tickets-reassigned-to-a-leaver"
    ):  # A0036 leaves in the month, and the tickets of another become theirs
        left = each(*(column(name, "2026-10-09", _is_a0036) for name in ("leave_date", "valid_to")))
        world.write("data/hr/hr.csv", left(world.path("data/hr/hr.csv").read_bytes()))
    assert_caught(world, case)
