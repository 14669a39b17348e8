"""Whatever is done in whatever order: each delivery is in one state, and comes to it only from where it may."""

import shutil
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from flows.state.ledger import DeliveryKey, DeliveryState, Hold, Ledger, LostClaimError
from flows.state.paths import StateRoot
from tests.flows.state.ledger.lines import NOW, key, new

S = DeliveryState
KEYS = [key(number) for number in range(1, 5)]
SOME = st.lists(st.sampled_from(KEYS), max_size=5)
SENDERS = ("one", "two")
Known = tuple[DeliveryState, Hold | None, str]


class AnyOrder(RuleBasedStateMachine):
    """The ledger beside a dictionary that says what it ought to hold: state, hold and sender by key."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="yardstick-ledger-"))
        self.ledger = Ledger.open(None, StateRoot(self.folder))
        self.known: dict[DeliveryKey, Known] = {}
        for sender in SENDERS:
            self.ledger.begin_sender(sender, NOW)

    def move(self, keys: list[DeliveryKey], may: set[DeliveryKey], to: Known) -> int:
        moved = set(keys) & may
        self.known |= dict.fromkeys(moved, to)
        return len(moved)

    def those(self, *states: DeliveryState) -> set[DeliveryKey]:
        return {key for key, (state, _, _) in self.known.items() if state in states}

    def held_for(self, *holds: Hold) -> set[DeliveryKey]:
        return {key for key, (_, hold, _) in self.known.items() if hold in holds}

    @rule(keys=SOME, hold=st.none() | st.sampled_from([Hold.APPROVAL, Hold.LEFT]))
    def add(self, keys: list[DeliveryKey], hold: Hold | None) -> None:
        expected = set(KEYS) - set(self.known)
        added = self.ledger.add_deliveries([new(each, hold) for each in keys])
        assert added == self.move(keys, expected, (S.HELD if hold else S.QUEUED, hold, ""))

    @rule(keys=SOME)
    def release(self, keys: list[DeliveryKey]) -> None:
        released = self.ledger.release(keys, "Ann", NOW)
        assert released == self.move(keys, self.held_for(Hold.APPROVAL), (S.QUEUED, None, ""))

    @rule(keys=SOME, hold=st.sampled_from([Hold.LEFT, Hold.SUPERSEDED]))
    def hold(self, keys: list[DeliveryKey], hold: Hold) -> None:
        held = self.ledger.hold(keys, hold, "", NOW)
        may = self.those(S.QUEUED, S.HELD, S.FAILED, *([S.UNCERTAIN] if hold is Hold.SUPERSEDED else []))
        assert held == self.move(keys, may, (S.HELD, hold, ""))

    @rule(keys=SOME)
    def requeue(self, keys: list[DeliveryKey]) -> None:
        may = self.those(S.FAILED, S.UNCERTAIN) | self.held_for(Hold.LEFT, Hold.SUPERSEDED)
        assert self.ledger.requeue(keys, NOW, "Ann") == self.move(keys, may, (S.QUEUED, None, ""))

    @rule(sender=st.sampled_from(SENDERS), limit=st.integers(1, 3))
    def claim(self, sender: str, limit: int) -> None:
        queued = self.those(S.QUEUED)
        claimed = [line.key for line in self.ledger.claim(sender, NOW, limit)]
        assert len(claimed) == len(set(claimed)) == min(limit, len(queued))
        assert self.move(claimed, queued, (S.SENDING, None, sender)) == len(claimed)

    @rule(key=st.sampled_from(KEYS), sender=st.sampled_from(SENDERS), end=st.sampled_from(S))
    def settle(self, key: DeliveryKey, sender: str, end: DeliveryState) -> None:
        refused = ValueError if end in (S.HELD, S.SENDING) else LostClaimError
        if refused is LostClaimError and self.known.get(key) == (S.SENDING, None, sender):
            self.ledger.settle(key, sender, end, "", NOW)
            self.known[key] = (end, None, "" if end is S.QUEUED else sender)
        else:
            with pytest.raises(refused):
                self.ledger.settle(key, sender, end, "", NOW)

    @invariant()
    def each_is_where_it_ought_to_be(self) -> None:
        if hasattr(self, "known"):
            lines = self.ledger.deliveries()
            assert {line.key: (line.state, line.hold, line.claimed_by) for line in lines} == self.known
            assert len(lines) == len(self.known)

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.close()
            shutil.rmtree(self.folder)


AnyOrder.TestCase.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestAnyOrder = AnyOrder.TestCase
