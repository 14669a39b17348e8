"""Who is who: a broken hr extract refuses the month, ids that hr does not know are told, and whose rows they are."""

from collections.abc import Callable

import pytest

from config.checks import Severity
from tests.broken_extracts.breaking import (
    again,
    cell,
    column,
    cut_at,
    each,
    filled,
    headings_only,
    insert,
    keep,
    on_text,
    only,
    rename,
    twice,
    with_column,
    without,
)
from tests.broken_extracts.cases import Case, assert_caught, critical, of, warning
from tests.broken_extracts.world import World
from transforms.stages import Finding

_UNKNOWN, _AWAY = "engine.unknown_id", "engine.outside_employment"


def _refused(id_: str, how: object, *says: str, value: str = "", line: int = 0) -> Case:
    return critical(id_, "hr", how, "refused", says=says, value=value, line=line)  # type: ignore[arg-type]


def _german(text: str) -> str:
    return f"{text[8:]}.{text[5:7]}.{text[:4]}"


REFUSED = [
    _refused("no-hr", None, "hr"),
    _refused("hr-empty", only("")),
    _refused("hr-headings-only", headings_only),
    _refused("hr-cut-in-half", keep(lambda line, _row: line <= 30), "people"),
    _refused("hr-cut-in-half-in-mid-line", cut_at(0.5), "people"),
    _refused("hr-without-ids", without("associate"), "“associate”"),
    _refused("hr-with-managers-renamed", rename(manager="reports_to"), "“manager”"),
    _refused("hr-without-teams", column("team", ""), "team"),
    _refused("hr-with-days-written-otherwise", column("valid_from", _german), "valid_from"),
    _refused("hr-with-a-circle-of-managers", cell(2, manager="A0005"), "A0005"),
    _refused("hr-with-warnings", with_column("Abmahnungen", lambda _row: "0"), "“Abmahnungen”"),
    _refused("hr-ids-gone", column("associate", "", lambda line, _row: line % 2 == 0), "associate"),
    _refused("hr-renumbered", each(*(column(name, filled(lambda text: f"P{text[1:]}9"))
             for name in ("associate", "manager", "second_manager", "interim_manager"))), "associate"),
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
    warning("hr-twice", "hr", twice, "time.rows", says=("116 rows", "58")),
    warning("hr-without-one-team", "hr", keep(lambda _line, row: row["team"] != "TS"), _UNKNOWN,
            file="data/hr/hr.csv"),
    warning("hr-of-last-month", "hr",
            each(keep(lambda _line, row: row["valid_from"] <= "2026-09-30"),
                 column("leave_date", lambda text: "" if text > "2026-09-30" else text),
                 column("valid_to", lambda text: "" if text > "2026-09-30" else text)), _UNKNOWN),
]  # fmt: skip

UNKNOWN = [
    warning("one-seller-unknown", "sales", cell(10, seller="009999"), _UNKNOWN, line=10, column="seller",
            value="009999"),
    warning("one-seller-without-its-zeros", "sales", cell(10, seller="1851"), _UNKNOWN, line=10, column="seller",
            value="1851", says=("001851", "leading zeros")),
    warning("one-agent-unknown", "service", cell(5, agent="xqvarr"), _UNKNOWN, line=5, column="agent",
            value="xqvarr"),
    warning("one-respondent-unknown", "pulse", cell(5, respondent="A9999"), _UNKNOWN, line=5, column="respondent",
            value="A9999"),
    warning("one-talk-with-somebody-unknown", "coaching", cell(5, associate="A9999"), _UNKNOWN, line=5,
            column="associate", value="A9999"),
    warning("days-of-somebody-unknown", "availability", cell(5, associate="A9999"), _UNKNOWN, line=5,
            column="associate", value="A9999"),
    warning("orders-after-leaving", "sales", cell(275, seller="001518"), _AWAY, line=275, column="seller",
            value="001518", says=("2026-10-16",)),
    warning("tickets-reassigned-to-a-leaver", "service",
            column("agent", "mbernstein", lambda _line, row: row["agent"] == "hvarvind"), _AWAY, column="agent",
            value="mbernstein", says=("2026-10-09",)),
    warning("answers-before-joining", "pulse", cell(5, respondent="A0041"), _UNKNOWN, line=5, value="A0041"),
]  # fmt: skip

CASES = [*REFUSED, *HR, *UNKNOWN]
_ = (again, on_text, of)


@pytest.mark.usefixtures("asked_once")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_is_caught(demo_of: Callable[[str], World], case: Case) -> None:
    world = demo_of(case.extract)
    if case.id == "tickets-reassigned-to-a-leaver":  # A0036 leaves in the month, and the tickets of another become theirs
        left = cell(54, leave_date="2026-10-09", valid_to="2026-10-09")
        world.write("data/hr/hr.csv", left(world.path("data/hr/hr.csv").read_bytes()))
    assert_caught(world, case)
