"""A report goes to who is there on the month's last day, and to nobody else."""

import pytest

from config.delivery import Delivery
from tests.transforms.organisation_rows import OCTOBER, build, person
from transforms.organisation import Organisation
from transforms.recipients import Readers
from transforms.report_model import ReportKind


def mail(associate: str) -> str:
    return f"{associate.lower()}@tiny.example"


@pytest.fixture(scope="module")
def organisation() -> Organisation:
    def one(associate: str, **columns: object) -> dict[str, object]:
        return person(associate, email=mail(associate), **columns)

    return build(
        one("A01"),
        one("A02", manager="A01", team="NORTH"),
        one("A03", manager="A02", team="NORTH"),
        one("A04", manager="A02", team="NORTH", leave_date="2026-10-15"),
        one("A05", manager="A02", team="NORTH"),
        one("A05", manager="A06", team="SOUTH", valid_from="2026-10-10"),
        one("A06", manager="A01", team="SOUTH", leave_date="2026-10-20"),
        person("A07", manager="A06", team="SOUTH"),
        person("A08", manager="A06", team="SOUTH", email=None),
    )


@pytest.mark.parametrize(
    ("kind", "unit_id", "rules", "expected"),
    [
        (ReportKind.MANAGER, "A02", {}, ["A02"]),
        (ReportKind.MANAGER, "A02", {"manager_reports_to": ("managers_manager",)}, ["A01"]),
        (ReportKind.MANAGER, "A02", {"manager_reports_to": ("manager", "managers_manager")}, ["A01", "A02"]),
        (ReportKind.MANAGER, "A01", {"manager_reports_to": ("managers_manager",)}, []),
        (ReportKind.MANAGER, "A06", {}, []),
        (ReportKind.TEAM, "NORTH", {}, ["A02"]),
        (ReportKind.TEAM, "NORTH", {"team_reports_to": ("members",)}, ["A02", "A03"]),
        (ReportKind.TEAM, "SOUTH", {"team_reports_to": ("members",)}, ["A05"]),
        (ReportKind.TEAM, "NORTH", {"team_reports_to": ()}, []),
        (ReportKind.TEAM, "NORTH", {"team_reports_to": ("managers_manager",)}, ["A01"]),
    ],
    ids=[
        "a manager's own", "the one above", "both", "nobody above", "who has left receives nothing", "a team's lead",
        "members of today, not who left or moved on", "who moved in, and nobody without an address", "nobody",
        "the one above a team's lead",
    ],
)  # fmt: skip
def test_readers_are_who_they_were_on_the_last_day(
    organisation: Organisation, kind: ReportKind, unit_id: str, rules: dict[str, tuple[str, ...]], expected: list[str]
) -> None:
    readers = Readers(Delivery.model_validate(rules), organisation.units, organisation.spells, OCTOBER.last_day)
    assert readers.of(kind, unit_id) == [mail(associate) for associate in expected]
