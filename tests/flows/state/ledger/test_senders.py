"""Senders at once, and senders that die: no delivery twice, none forgotten. On SQLite and PostgreSQL."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from config.errors import RefusedError
from flows import locks
from flows.state.ledger import DeliveryKey, DeliveryState, Hold, Ledger, LostClaimError
from flows.state.ledger.schema import deliveries, senders
from flows.state.ledger.senders import SILENCE
from flows.state.paths import StateRoot
from tests.flows.state.ledger.lines import MINUTE, NOW, Place, fill, go, key, only, said, working

S = DeliveryState


def test_two_processes_never_get_the_same_delivery(place: Place) -> None:
    with place.open() as ledger:
        fill(ledger, 200)
        with working(place, ("send", "one"), ("send", "two")) as processes:
            for process in processes:
                go(process)
            with ThreadPoolExecutor() as pool:
                outputs = list(pool.map(lambda process: process.communicate()[0].split(), processes))
        assert len(outputs[0]) + len(outputs[1]) == 200
        assert not set(outputs[0]) & set(outputs[1])
        assert any(outputs)
        kept = {line.key.report_id: line for line in ledger.deliveries()}
        assert {line.state for line in kept.values()} == {S.SENT}
        assert [kept[report].claimed_by for report in outputs[0]] == ["one"] * len(outputs[0])
        assert [line.attempts for line in kept.values()] == [1] * 200


def test_threads_never_get_the_same_delivery(ledger: Ledger) -> None:
    keys = fill(ledger, 200)
    names = [f"thread-{number}" for number in range(4)]
    for name in names:
        ledger.begin_sender(name, NOW)

    def claim_all(name: str) -> list[DeliveryKey]:
        claimed: list[DeliveryKey] = []
        while lines := ledger.claim(name, NOW, limit=5):
            claimed.extend(line.key for line in lines)
        return claimed

    with ThreadPoolExecutor(len(names)) as pool:
        claimed = [key for keys in pool.map(claim_all, names) for key in keys]
    assert sorted(claimed) == keys, "each once"


def test_of_many_decisions_at_once_each_delivery_takes_one(ledger: Ledger) -> None:
    """Two approvers with the reports in opposite orders: no deadlock reaches them, no release is counted twice."""
    keys = fill(ledger, 300, Hold.APPROVAL)
    with ThreadPoolExecutor(4) as pool:
        orders = [keys, keys[::-1], keys[150:] + keys[:150], keys]
        counts = list(pool.map(lambda order: ledger.release(order, "Ann", NOW), orders))
    assert sum(counts) == 300
    assert len(ledger.approvals()) == 300


def test_work_that_the_server_ends_for_the_sake_of_other_work_is_done_again(
    emptied: Callable[[], str], tmp_path: Path
) -> None:
    """Two that wait for one another: PostgreSQL sees it after a second, and ends one."""
    with Ledger.open(emptied(), StateRoot(tmp_path)) as ledger:
        keys = fill(ledger, 2)
        both_have_one = threading.Barrier(2)

        def change_both(order: list[DeliveryKey]) -> int:
            tries = 0

            def work(connection: Connection) -> int:
                nonlocal tries
                tries += 1
                for key in order:
                    one = update(deliveries).where(deliveries.c.report_id == key.report_id)
                    connection.execute(one.values(attempts=deliveries.c.attempts + 1))
                    if tries == 1 and key == order[0]:
                        both_have_one.wait()
                return tries

            return ledger._database.write(work)

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(change_both, [keys, keys[::-1]])) == [1, 2]
        assert [line.attempts for line in ledger.deliveries()] == [2, 2]


def test_what_a_killed_sender_had_is_listed_at_once_and_settled_in_its_name(place: Place) -> None:
    with place.open() as ledger:
        fill(ledger, 2)
        with working(place, ("keep", "one")) as (process,):
            go(process)
            report = said(process)
            assert ledger.abandoned(NOW + 2 * SILENCE) == [], "it lives, though it does not beat"
            process.kill()
            process.wait()
            (left,) = ledger.abandoned(NOW)
        assert (left.key.report_id, left.claimed_by, left.state) == (report, "one", S.SENDING)
        ledger.begin_sender("two", NOW)
        assert [line.key for line in ledger.claim("two", NOW, limit=9)] == [key(2)], "it is nobody else's to send"
        ledger.settle(left.key, left.claimed_by, S.UNCERTAIN, "the sender died", NOW)
        assert ledger.abandoned(NOW) == []
        with pytest.raises(LostClaimError):
            ledger.settle(left.key, "one", S.SENT, "", NOW)


def test_a_sender_that_ends_or_closes_the_ledger_abandons_what_it_has_not_settled(place: Place) -> None:
    with place.open() as ledger:
        fill(ledger, 2)
        with place.open() as first:
            first.begin_sender("one", NOW)
            first.claim("one", NOW)
        second = place.open()
        second.begin_sender("two", NOW)
        second.claim("two", NOW)
        assert [line.claimed_by for line in ledger.abandoned(NOW)] == ["one"]
        second.end_sender("two", NOW)
        assert [line.claimed_by for line in ledger.abandoned(NOW)] == ["one", "two"]
        second.close()


@pytest.mark.parametrize(
    ("silent", "dead"), [(SILENCE, False), (SILENCE + timedelta(seconds=1), True)], ids=["just beaten", "too long"]
)
def test_a_sender_of_another_host_lives_while_it_beats(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, silent: timedelta, dead: bool
) -> None:
    fill(ledger, 1)
    ledger.begin_sender("there", NOW)
    ledger.claim("there", NOW)
    monkeypatch.setattr("socket.gethostname", lambda: "another-host")
    ledger.beat("there", NOW + MINUTE)
    assert bool(ledger.abandoned(NOW + MINUTE + silent)) is dead


def test_a_sender_whose_lock_is_out_of_reach_lives_while_it_beats(ledger: Ledger, tmp_path: Path) -> None:
    """The same host name in two containers: the other's files cannot be seen."""
    fill(ledger, 1)
    ledger.begin_sender("there", NOW)
    ledger.claim("there", NOW)
    elsewhere = update(senders).values(lock_file=str(tmp_path / "elsewhere.lock"))
    ledger._database.write(lambda connection: connection.execute(elsewhere).rowcount)
    assert ledger.abandoned(NOW + SILENCE) == []
    assert len(ledger.abandoned(NOW + SILENCE + MINUTE)) == 1


def test_a_senders_name_is_used_once(ledger: Ledger) -> None:
    fill(ledger, 1)
    ledger.begin_sender("one", NOW)
    ledger.claim("one", NOW)
    ledger.end_sender("one", NOW)
    with pytest.raises(RefusedError, match="The sender one has begun before"):
        ledger.begin_sender("one", NOW)
    assert len(ledger.abandoned(NOW)) == 1, "its claims are not taken for those of one that lives"


def test_a_beat_of_an_unknown_sender_changes_nothing(ledger: Ledger) -> None:
    fill(ledger, 1)
    ledger.begin_sender("one", NOW)
    ledger.claim("one", NOW)
    before = ledger.deliveries()
    ledger.beat("nobody", NOW)
    ledger.end_sender("nobody", NOW)
    assert ledger.deliveries() == before
    assert not ledger.abandoned(NOW), "the sender that is known still lives"


def test_a_claim_is_committed_when_it_is_given(place: Place) -> None:
    with place.open() as ledger, place.open() as other:
        fill(ledger, 1)
        ledger.begin_sender("one", NOW)
        (line,) = ledger.claim("one", NOW)
        assert only(other, key(1)) == line


# --- Locks


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("host-42", "host-42.lock"),
        ("../../etc/passwd", r"etc-passwd-[0-9a-f]{12}\.lock"),
        (".hidden", r"hidden-[0-9a-f]{12}\.lock"),
        ("x" * 300, r"x{80}-[0-9a-f]{12}\.lock"),
        ("büro 7", r"b-ro-7-[0-9a-f]{12}\.lock"),
    ],
    ids=["plain", "a path", "hidden", "long", "letters and spaces"],
)
def test_any_name_has_a_lock_file_of_its_own_in_the_folder(name: str, file: str) -> None:
    assert re.fullmatch(file, locks.file_name(name))


def test_a_lock_is_held_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "one.lock"
    assert locks.is_held(path) is None
    lock = locks.take(path)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert locks.is_held(path) is True
    with pytest.raises(RefusedError, match="is held by another process"):
        locks.take(path, wait_seconds=0)
    lock.release()
    assert locks.is_held(path) is False
    locks.take(path).release(remove=True)
    assert not path.exists()
