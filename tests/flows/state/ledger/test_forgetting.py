"""Persons and old months leave the ledger, and nothing else does."""

import pytest

from config.errors import RefusedError
from config.months import Month
from flows.state.ledger import DeliveryState, Hold, Ledger, RunState
from tests.flows.state.ledger.lines import MINUTE, MONTH, NOW, Place, fill, key, new, only

S = DeliveryState
PERSON = "a001@demo.example"


@pytest.fixture
def about(ledger: Ledger) -> Ledger:
    """A ledger in which one person has been sent to, is to be sent to, is reported on, and has approved."""
    ledger.begin_sender("one", NOW)
    ledger.add_deliveries([new(key(1))])
    (line,) = ledger.claim("one", NOW)
    ledger.settle(line.key, "one", S.SENT, f"250 {PERSON} OK", NOW)
    ledger.add_deliveries([new(key(1, edition=2)), new(key(1, edition=3), Hold.APPROVAL), new(key(2))])
    ledger.add_deliveries(
        [new(key(3, report=report), Hold.APPROVAL) for report in ("associate-A001", "associate-A009")]
    )
    ledger.release([key(3, report="associate-A001")], PERSON, NOW)
    return ledger


def test_a_person_is_forgotten_and_what_was_done_is_not(about: Ledger) -> None:
    assert about.forget_person([f" {PERSON.upper()} "], NOW + MINUTE, ["associate-A001"]) == 6
    sent, queued, held = about.deliveries(recipients=["erased:1", "erased:2", "erased:3"])
    assert (sent.state, sent.hold, sent.changed_at) == (S.SENT, None, NOW)
    assert [(line.state, line.hold) for line in (queued, held)] == [(S.HELD, Hold.ERASED)] * 2
    (report,) = about.deliveries(recipients=["a003@demo.example"], report_ids=["erased:5"])
    assert (report.state, report.hold) == (S.HELD, Hold.ERASED)
    assert [(line.report_id, line.by) for line in about.approvals()] == [("erased", "erased")]
    shown = f"{about.deliveries()}{about.approvals()}"
    assert PERSON not in shown
    assert "associate-A001" not in shown
    assert new(key(1)).message_id not in shown, "which can be worked out from the address"
    assert only(about, key(2)).state is S.QUEUED
    assert only(about, key(3, report="associate-A009")).hold is Hold.APPROVAL


def test_nothing_is_sent_to_somebody_who_was_forgotten(about: Ledger) -> None:
    about.forget_person([PERSON], NOW)
    keys = [line.key for line in about.deliveries() if line.key.recipient.startswith("erased:")]
    assert len(keys) == 3
    assert (
        about.requeue(keys, NOW, "Ann") == about.release(keys, "Ann", NOW) == about.hold(keys[1:], Hold.LEFT, "", NOW)
    )
    assert about.claim("one", NOW, recipients=[key.recipient for key in keys]) == []


def test_forgetting_again_or_a_stranger_changes_nothing(about: Ledger) -> None:
    before = about.deliveries()
    assert about.forget_person(["nobody@demo.example", ""], NOW) == 0
    assert about.forget_person([], NOW) == 0
    assert about.deliveries() == before
    about.forget_person([PERSON], NOW)
    assert about.forget_person([PERSON], NOW) == 0


def test_nobody_is_forgotten_while_a_mail_to_them_is_on_its_way(about: Ledger) -> None:
    before = about.deliveries()
    (line,) = about.claim("one", NOW, recipients=[PERSON])
    with pytest.raises(RefusedError, match="is being sent"):
        about.forget_person([PERSON], NOW)
    about.settle(line.key, "one", S.QUEUED, "", NOW)
    assert [each.key for each in about.deliveries()] == [each.key for each in before]
    assert about.forget_person([PERSON], NOW) == 4


def test_nothing_of_a_forgotten_person_stays_in_the_file(place: Place) -> None:
    if place.url is not None:
        pytest.skip("a server keeps its files itself")
    with place.open() as ledger:
        fill(ledger, 40)
        ledger.forget_person([PERSON], NOW)
        written = b"".join(file.read_bytes() for file in place.state.root.glob("ledger.sqlite*"))
    assert b"a002@demo.example" in written
    assert PERSON.encode() not in written


def test_months_before_one_are_deleted_and_it_is_not(ledger: Ledger) -> None:
    for month in (Month(2026, 8), Month(2026, 9), MONTH):
        ledger.add_edition(month, 1, NOW, "ab", "run")
        ledger.add_deliveries([new(key(1, month=month), Hold.APPROVAL)])
        ledger.release([key(1, month=month)], "Ann", NOW)
        ledger.end_run(ledger.begin_run("run", month, NOW), RunState.DONE, NOW)
    ledger.end_run(ledger.begin_run("serve", None, NOW), RunState.DONE, NOW)
    assert ledger.forget_before(MONTH) == 8
    assert [line.month for line in ledger.editions()] == [MONTH]
    assert [line.key.month for line in ledger.deliveries()] == [MONTH]
    assert [line.month for line in ledger.approvals()] == [MONTH]
    assert [(line.kind, line.month) for line in ledger.runs()] == [("run", MONTH), ("serve", None)]
    assert ledger.forget_before(Month(2027, 1)) == 5, "a run of no month goes by when it began"
    assert ledger.runs() == []


def test_a_run_that_goes_on_is_not_deleted_nor_is_its_part(ledger: Ledger) -> None:
    parent = ledger.begin_run("backfill", Month(2026, 1), NOW)
    child = ledger.begin_run("run", MONTH, NOW, parent)
    assert ledger.forget_before(MONTH) == 0
    ledger.end_run(parent, RunState.DONE, NOW)
    assert ledger.forget_before(MONTH) == 1
    assert [(line.id, line.parent) for line in ledger.runs()] == [(child, None)]
    ledger.end_run(child, RunState.DONE, NOW)


def test_a_month_with_a_mail_on_its_way_is_not_deleted(ledger: Ledger) -> None:
    ledger.begin_sender("one", NOW)
    fill(ledger, 2)
    (line,) = ledger.claim("one", NOW)
    with pytest.raises(RefusedError, match="before 2026-11"):
        ledger.forget_before(Month(2026, 11))
    assert len(ledger.deliveries()) == 2
    ledger.settle(line.key, "one", S.SENT, "", NOW)
    assert ledger.forget_before(Month(2026, 11)) == 2
