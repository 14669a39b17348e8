"""What the ledger knows of a delivery that goes out: whose it is, whether its text began, and that it may be there."""

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from flows.state.ledger import DeliveryState, Hold, Ledger, LostClaimError
from flows.state.ledger.opening import MIGRATIONS
from tests.flows.state.ledger.lines import MINUTE, MONTH, NOW, Place, fill, key, only

S = DeliveryState


@pytest.fixture
def sender(ledger: Ledger) -> str:
    ledger.begin_sender("one", NOW, "outbox")
    return "one"


def test_how_a_sender_carries_mail_is_kept(ledger: Ledger, sender: str) -> None:
    ledger.begin_sender("two", NOW)
    assert [ledger.transport_of(name) for name in (sender, "two", "nobody")] == ["outbox", "", ""]


def test_text_begins_while_the_claim_is_the_senders_alone(ledger: Ledger, sender: str) -> None:
    fill(ledger, 1)
    (line,) = ledger.claim(sender, NOW)
    assert only(ledger, key(1)).begun_at is None
    with pytest.raises(LostClaimError):
        ledger.begin_text(line.key, "two", NOW)
    ledger.begin_text(line.key, sender, NOW + MINUTE)
    assert only(ledger, key(1)).begun_at == NOW + MINUTE
    ledger.settle(line.key, sender, S.QUEUED, "451", NOW)
    with pytest.raises(LostClaimError):
        ledger.begin_text(line.key, sender, NOW)
    (again,) = ledger.claim(sender, NOW)
    assert again.begun_at is None, "each claim begins anew"


@pytest.mark.parametrize("begun", [False, True])
def test_who_settles_for_another_does_so_only_while_its_text_is_as_it_was_seen(
    ledger: Ledger, sender: str, begun: bool
) -> None:
    """It was seen as not begun, and begins meanwhile: queued again, it would go out twice."""
    fill(ledger, 1)
    (line,) = ledger.claim(sender, NOW)
    if begun:
        ledger.begin_text(line.key, sender, NOW)
    with pytest.raises(LostClaimError):
        ledger.settle(line.key, sender, S.QUEUED, "", NOW, begun=not begun)
    with pytest.raises(LostClaimError):
        ledger.withhold(line.key, sender, Hold.LEFT, "", NOW, begun=not begun)
    assert only(ledger, key(1)).state is S.SENDING
    ledger.settle(line.key, sender, S.QUEUED, "", NOW, begun=begun)
    assert only(ledger, key(1)).state is S.QUEUED


def test_a_claim_is_withheld_before_its_text_begins_and_was_no_attempt(ledger: Ledger, sender: str) -> None:
    fill(ledger, 1)
    (line,) = ledger.claim(sender, NOW)
    with pytest.raises(LostClaimError):
        ledger.withhold(line.key, "two", Hold.LEFT, "", NOW)
    ledger.withhold(line.key, sender, Hold.LEFT, "left", NOW)
    held = only(ledger, key(1))
    assert (held.state, held.hold, held.reason, held.attempts, held.claimed_by) == (S.HELD, Hold.LEFT, "left", 0, "")


def test_only_what_was_a_try_is_counted(ledger: Ledger, sender: str) -> None:
    fill(ledger, 1)
    for tried in (False, True, False):
        ledger.claim(sender, NOW)
        ledger.settle(key(1), sender, S.QUEUED, "", NOW, tried=tried)
    assert only(ledger, key(1)).attempts == 1


@pytest.mark.parametrize(("end", "may_be"), [(S.SENT, True), (S.UNCERTAIN, True), (S.FAILED, False), (S.QUEUED, False)])
def test_that_a_copy_may_be_there_is_known_whatever_is_decided_later(
    ledger: Ledger, sender: str, end: S, may_be: bool
) -> None:
    fill(ledger, 1)
    (line,) = ledger.claim(sender, NOW)
    assert line.may_be_there
    ledger.settle(line.key, sender, end, "", NOW + MINUTE)
    assert only(ledger, key(1)).may_be_there is may_be
    if end is not S.QUEUED:
        ledger.requeue([line.key], NOW, "Ann", sent=True)
    ledger.hold([line.key], Hold.SUPERSEDED, "", NOW + 2 * MINUTE)
    held = only(ledger, key(1))
    assert (held.state, held.may_be_there) == (S.HELD, may_be)
    assert held.out_at == (NOW + MINUTE if may_be else None)


@pytest.mark.parametrize("hold", Hold)
@pytest.mark.parametrize("end", [S.FAILED, S.UNCERTAIN, S.SENT])
def test_what_failed_can_be_held_and_what_is_uncertain_for_good_alone(
    ledger: Ledger, sender: str, end: S, hold: Hold
) -> None:
    fill(ledger, 1)
    (line,) = ledger.claim(sender, NOW)
    ledger.settle(line.key, sender, end, "", NOW)
    for_good = hold in (Hold.SUPERSEDED, Hold.WITHDRAWN, Hold.ERASED)
    assert ledger.hold([line.key], hold, "", NOW) == int(end is S.FAILED or (end is S.UNCERTAIN and for_good))


def test_what_became_another_state_meanwhile_is_not_queued_again(ledger: Ledger, sender: str) -> None:
    """Seen as failed, it is uncertain by now: that is a person's to decide."""
    fill(ledger, 1)
    (line,) = ledger.claim(sender, NOW)
    ledger.settle(line.key, sender, S.UNCERTAIN, "", NOW)
    assert ledger.requeue([line.key], NOW, "operator", states=[S.FAILED, S.HELD, S.QUEUED]) == 0
    assert ledger.requeue([line.key], NOW, "Ann", states=[S.UNCERTAIN]) == 1


# -- a ledger of before --------------------------------------------------------------------------------------------

LINES = """
INSERT INTO senders (name, host, pid, lock_file, began_at, beat_at) VALUES ('one', 'h', 1, '/gone', :now, :now);
INSERT INTO deliveries (month, edition, report_id, recipient, state, hold, reason, message_id, sha256, queued_at,
  changed_at, attempts, claimed_by, claimed_at, requeued_by) VALUES
  ('2026-10', 1, 'r1', 'a@x', 'sent', NULL, '', '<1>', 'ab', :now, :now, 1, 'one', :now, ''),
  ('2026-10', 1, 'r2', 'a@x', 'uncertain', NULL, '', '<2>', 'ab', :now, :now, 1, 'one', :now, ''),
  ('2026-10', 1, 'r3', 'a@x', 'sending', NULL, '', '<3>', 'ab', :now, :now, 1, 'one', :now, ''),
  ('2026-10', 1, 'r4', 'a@x', 'failed', NULL, '', '<4>', 'ab', :now, :now, 1, 'one', :now, ''),
  ('2026-10', 1, 'r5', 'a@x', 'held', 'small_change', 'why', '<5>', 'ab', NULL, :now, 0, NULL, NULL, '');
"""


def test_a_ledger_of_before_keeps_its_lines_and_says_what_may_be_there(empty: Place) -> None:
    if empty.url is None:
        empty.state.root.mkdir(mode=0o700)
        url = f"sqlite:///{empty.state.root / 'ledger.sqlite'}"
    else:
        url = empty.url.replace("postgresql://", "postgresql+psycopg://")
    config, engine = Config(), create_engine(url)
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in LINES.replace(":now", f"'{NOW:%Y-%m-%d %H:%M:%S.000000}'").split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    engine.dispose()
    with empty.open() as ledger:
        lines = {line.key.report_id: line for line in ledger.deliveries(month=MONTH)}
        known = {name: (line.state, bool(line.out_at), bool(line.begun_at)) for name, line in lines.items()}
        assert known == {
            "r1": (S.SENT, True, False), "r2": (S.UNCERTAIN, True, False), "r3": (S.SENDING, False, True),
            "r4": (S.FAILED, False, False), "r5": (S.HELD, False, False),
        }  # fmt: skip
        assert lines["r1"].out_at == NOW
        assert (lines["r5"].hold, lines["r5"].reason) == (Hold.SMALL_CHANGE, "why")
        assert ledger.hold([lines["r4"].key], Hold.UNCHECKED, "", NOW) == 1
        assert fill(ledger, 1)
