"""What becomes of a delivery in the ledger, on SQLite and PostgreSQL alike."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from config.months import Month
from flows.state.ledger import DeliveryState, Hold, Ledger, LostClaimError
from tests.flows.state.ledger.lines import MINUTE, MONTH, NOW, Place, fill, key, new, only

S = DeliveryState


@pytest.fixture
def sender(ledger: Ledger) -> str:
    ledger.begin_sender("one", NOW)
    return "one"


def test_a_delivery_is_kept_as_it_was_written(ledger: Ledger) -> None:
    line = new(key(1), Hold.NO_ADDRESS, "hr has no address")
    assert ledger.add_deliveries([line]) == 1
    kept = only(ledger, key(1))
    assert (kept.state, kept.hold, kept.reason) == (S.HELD, Hold.NO_ADDRESS, "hr has no address")
    assert (kept.message_id, kept.sha256, kept.queued_at) == (line.message_id, line.sha256, None)
    assert (kept.changed_at, kept.attempts, kept.claimed_by) == (NOW, 0, "")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(key(1, month=Month(2026, 9)), id="another month"),
        pytest.param(key(1, edition=2), id="another edition"),
        pytest.param(key(1, report="team-T1"), id="another report"),
        pytest.param(key(1, to="b@demo.example"), id="another recipient"),
    ],
)
def test_a_key_is_written_once_and_each_part_of_it_counts(ledger: Ledger, other: object) -> None:
    assert ledger.add_deliveries([new(key(1))]) == 1
    assert ledger.add_deliveries([new(key(1), Hold.APPROVAL)]) == 0
    assert only(ledger, key(1)).state is S.QUEUED
    assert ledger.add_deliveries([new(key(1)), new(other)]) == 1  # type: ignore[arg-type]
    assert len(ledger.deliveries()) == 2


def test_the_same_key_twice_in_one_go_is_written_once(ledger: Ledger) -> None:
    assert ledger.add_deliveries([new(key(1)), new(key(2)), new(key(1))]) == 2


def test_deliveries_are_listed_by_key_and_found_by_any_part(ledger: Ledger) -> None:
    keys = [key(2), key(1), key(1, edition=2), key(3, month=Month(2026, 9)), key(1, to="Z@demo.example")]
    ledger.add_deliveries([new(each) for each in keys])
    ledger.add_deliveries([new(key(9), Hold.APPROVAL)])
    assert [line.key for line in ledger.deliveries()] == sorted([*keys, key(9)])
    assert [line.key for line in ledger.deliveries(Month(2026, 9))] == [keys[3]]
    assert [line.key for line in ledger.deliveries(MONTH, 2)] == [keys[2]]
    assert [line.key for line in ledger.deliveries(states=[S.HELD])] == [key(9)]
    assert [line.key for line in ledger.deliveries(report_ids=["manager-A002"])] == [keys[0]]
    assert [line.key for line in ledger.deliveries(recipients=["Z@demo.example"])] == [keys[4]]


def test_a_release_queues_what_waits_for_approval_and_says_who_for_each_report(ledger: Ledger) -> None:
    waiting = [key(1), key(1, to="deputy@demo.example"), key(2)]
    ledger.add_deliveries([new(each, Hold.APPROVAL) for each in waiting])
    ledger.add_deliveries([new(key(3), Hold.OPT_OUT)])
    assert ledger.release([*waiting, key(3), key(4)], "Ann", NOW, "all checks passed") == 3
    assert [(line.report_id, line.by, line.at, line.rule) for line in ledger.approvals(MONTH)] == [
        ("manager-A001", "Ann", NOW, "all checks passed"),
        ("manager-A002", "Ann", NOW, "all checks passed"),
    ]
    assert {line.key: line.state for line in ledger.deliveries(states=[S.QUEUED])} == dict.fromkeys(waiting, S.QUEUED)
    assert only(ledger, key(1)).queued_at == NOW
    assert only(ledger, key(3)).hold is Hold.OPT_OUT
    assert ledger.release(waiting, "Bob", NOW) == 0, "a second approval of the same releases nothing"
    assert len(ledger.approvals()) == 2
    assert ledger.approvals(Month(2026, 9)) == []


def test_more_keys_than_fit_in_one_statement_are_released_in_one_transaction(ledger: Ledger) -> None:
    keys = fill(ledger, 1203, Hold.APPROVAL)
    assert ledger.release(keys, "Ann", NOW) == 1203
    assert len(ledger.approvals()) == 1203


def test_a_queued_delivery_can_be_held_and_queued_again(ledger: Ledger) -> None:
    fill(ledger, 2)
    assert ledger.hold([key(1)], Hold.LEFT, "left on 2026-11-01", NOW + MINUTE) == 1
    held = only(ledger, key(1))
    assert (held.state, held.hold, held.reason, held.changed_at) == (
        S.HELD, Hold.LEFT, "left on 2026-11-01", NOW + MINUTE,
    )  # fmt: skip
    assert ledger.hold([key(1)], Hold.MOVED, "moved", NOW) == 1, "for another reason"
    assert ledger.requeue([key(1), key(2)], NOW + 2 * MINUTE, "Ann") == 1, "what is queued stays as it is"
    again = only(ledger, key(1))
    assert (again.state, again.hold, again.reason, again.requeued_by) == (S.QUEUED, None, "", "Ann")
    assert again.queued_at == NOW + 2 * MINUTE


@pytest.mark.parametrize(
    ("hold", "queued"), [(hold, hold not in (Hold.APPROVAL, Hold.ERASED)) for hold in Hold], ids=[*Hold]
)
def test_nothing_is_queued_again_past_an_approval_or_an_erasure(ledger: Ledger, hold: Hold, queued: bool) -> None:
    fill(ledger, 1, hold)
    assert ledger.requeue([key(1)], NOW, "Ann") == int(queued)


@pytest.mark.parametrize("end", [S.SENT, S.FAILED, S.UNCERTAIN, S.QUEUED])
def test_a_claim_is_settled_once_by_who_has_it(ledger: Ledger, sender: str, end: S) -> None:
    fill(ledger, 1)
    (line,) = ledger.claim(sender, NOW + MINUTE)
    assert (line.state, line.claimed_by, line.attempts, line.changed_at) == (S.SENDING, "one", 1, NOW + MINUTE)
    assert ledger.claim(sender, NOW) == []
    with pytest.raises(LostClaimError, match="manager-A001 of 2026-10"):
        ledger.settle(line.key, "two", end, "", NOW)
    assert only(ledger, key(1)) == line
    ledger.settle(line.key, sender, end, "250 2.0.0 OK", NOW + 2 * MINUTE)
    settled = only(ledger, key(1))
    assert (settled.state, settled.reason, settled.attempts) == (end, "250 2.0.0 OK", 1)
    assert settled.claimed_by == ("" if end is S.QUEUED else "one")
    with pytest.raises(LostClaimError):
        ledger.settle(line.key, sender, S.SENT, "", NOW)


def test_a_claim_is_never_settled_as_held_or_sending(ledger: Ledger, sender: str) -> None:
    fill(ledger, 1)
    (line,) = ledger.claim(sender, NOW)
    for state in (S.HELD, S.SENDING):
        with pytest.raises(ValueError, match="does not become"):
            ledger.settle(line.key, sender, state, "", NOW)


def test_what_is_being_sent_can_be_neither_held_nor_queued_nor_released(ledger: Ledger, sender: str) -> None:
    fill(ledger, 1)
    (line,) = ledger.claim(sender, NOW)
    assert ledger.hold([line.key], Hold.LEFT, "", NOW) == 0
    assert ledger.requeue([line.key], NOW, "Ann") == 0
    assert ledger.release([line.key], "Ann", NOW) == 0
    assert only(ledger, key(1)) == line


@pytest.mark.parametrize(("end", "again"), [(S.SENT, 0), (S.FAILED, 1), (S.UNCERTAIN, 1)])
def test_what_was_sent_is_never_queued_again(ledger: Ledger, sender: str, end: S, again: int) -> None:
    fill(ledger, 1)
    (line,) = ledger.claim(sender, NOW)
    ledger.settle(line.key, sender, end, "", NOW)
    assert ledger.requeue([line.key], NOW, "Ann") == again
    assert ledger.hold([line.key], Hold.LEFT, "", NOW) == again


def test_only_what_is_wanted_is_claimed_in_the_order_it_was_added(ledger: Ledger, sender: str) -> None:
    keys = [key(2), key(1), key(3, edition=2), key(4, month=Month(2026, 9)), key(5)]
    ledger.add_deliveries([new(each) for each in keys])
    assert [line.key for line in ledger.claim(sender, NOW, month=Month(2026, 9), limit=9)] == [keys[3]]
    assert [line.key for line in ledger.claim(sender, NOW, month=MONTH, edition=2)] == [keys[2]]
    assert [line.key for line in ledger.claim(sender, NOW, report_ids=["manager-A005"])] == [keys[4]]
    assert [line.key for line in ledger.claim(sender, NOW, recipients=["a001@demo.example"])] == [keys[1]]
    assert [line.key for line in ledger.claim(sender, NOW)] == [keys[0]]


def test_what_is_tried_again_waits_for_its_time_and_lets_others_go_first(ledger: Ledger, sender: str) -> None:
    fill(ledger, 2)
    (first,) = ledger.claim(sender, NOW)
    ledger.settle(first.key, sender, S.QUEUED, "451 later", NOW, retry_at=NOW + 5 * MINUTE)
    assert only(ledger, first.key).retry_at == NOW + 5 * MINUTE
    (second,) = ledger.claim(sender, NOW)
    assert second.key == key(2)
    ledger.settle(second.key, sender, S.QUEUED, "421", NOW)
    assert [line.key for line in ledger.claim(sender, NOW + 4 * MINUTE, limit=9)] == [key(2)]
    (again,) = ledger.claim(sender, NOW + 5 * MINUTE, limit=9)
    assert (again.key, again.attempts) == (key(1), 2)


@pytest.mark.parametrize("begun", [False, True], ids=["never begun", "ended"])
def test_only_a_sender_that_lives_may_claim(ledger: Ledger, begun: bool) -> None:
    fill(ledger, 1)
    if begun:
        ledger.begin_sender("two", NOW)
        ledger.end_sender("two", NOW)
    with pytest.raises(ValueError, match="the sender two has not begun, or has ended"):
        ledger.claim("two", NOW)
    assert only(ledger, key(1)).state is S.QUEUED


def test_what_went_out_is_counted_by_when(ledger: Ledger, sender: str) -> None:
    fill(ledger, 6)
    for minute, end in enumerate((S.SENT, S.UNCERTAIN, S.FAILED, S.QUEUED, None)):
        (line,) = ledger.claim(sender, NOW + minute * MINUTE)
        if end:
            retry = NOW + 60 * MINUTE if end is S.QUEUED else None
            ledger.settle(line.key, sender, end, "", NOW + minute * MINUTE, retry_at=retry)
    assert ledger.sent_between(NOW, NOW + 9 * MINUTE) == 3, "sent, uncertain, and being sent"
    assert ledger.sent_between(NOW + MINUTE, NOW + 4 * MINUTE) == 1, "the beginning counts, the end does not"


def test_moments_come_back_in_utc_whatever_zone_they_had(ledger: Ledger) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=9)))
    assert ledger.add_edition(MONTH, 1, there, "ab", "run")
    (line,) = ledger.editions()
    assert (line.made_at, line.made_at.tzinfo) == (NOW, UTC)


def test_a_moment_without_a_zone_is_refused(ledger: Ledger) -> None:
    with pytest.raises(Exception, match="with their time zone"):
        ledger.add_edition(MONTH, 1, datetime(2026, 11, 5), "ab", "run")
    assert ledger.editions() == []


def test_a_servers_words_are_kept_as_one_printable_line(ledger: Ledger, sender: str) -> None:
    fill(ledger, 1)
    (line,) = ledger.claim(sender, NOW)
    ledger.settle(line.key, sender, S.FAILED, "550\r\n no\x00 such\ud800 user\t" + "x" * 9999, NOW)
    reason = only(ledger, key(1)).reason
    assert reason.startswith("550 no such user xxx")
    assert len(reason) == 500


def test_what_was_written_is_there_when_the_ledger_is_opened_again(place: Place) -> None:
    with place.open() as ledger:
        fill(ledger, 1)
        ledger.begin_sender("one", NOW)
        (line,) = ledger.claim("one", NOW)
        ledger.settle(line.key, "one", S.UNCERTAIN, "no answer", NOW)
    with place.open() as ledger:
        assert (only(ledger, key(1)).state, only(ledger, key(1)).reason) == (S.UNCERTAIN, "no answer")
