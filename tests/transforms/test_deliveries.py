"""What a delivery is, before any ledger."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.months import Month
from transforms.deliveries import DeliveryKey, DeliveryState, Hold, NewDelivery, message_id

KEY = DeliveryKey(Month(2026, 10), 2, "manager-A17", "a17@demo.example")
KEYS = st.builds(
    DeliveryKey,
    st.builds(Month, st.integers(2020, 2030), st.integers(1, 12)),
    st.integers(1, 30),
    st.text(max_size=4),
    st.text(max_size=4),
)


def test_a_message_id_never_changes() -> None:
    assert message_id(KEY, "mail.demo.example") == "<yardstick.53892bf05393e71e130b2749c4ed7c67@mail.demo.example>"


@given(KEYS, KEYS)
def test_a_message_id_is_of_one_key_alone(one: DeliveryKey, other: DeliveryKey) -> None:
    assert (message_id(one, "demo.example") == message_id(other, "demo.example")) == (one == other)


@given(KEYS)
def test_a_message_id_shows_nothing_of_its_key(key: DeliveryKey) -> None:
    assert re.fullmatch(r"<yardstick\.[0-9a-f]{32}@demo\.example>", message_id(key, "demo.example"))


def test_keys_are_ordered_by_month_edition_report_and_recipient() -> None:
    earlier = DeliveryKey(Month(2026, 9), 12, "z", "z")
    assert earlier < DeliveryKey(KEY.month, 2, "manager-A17", "a") < KEY
    assert DeliveryKey(KEY.month, 2, "a", "z") < DeliveryKey(KEY.month, 10, "a", "a")


@pytest.mark.parametrize(
    ("state", "hold"),
    [
        *((state, None) for state in DeliveryState if state is not DeliveryState.QUEUED),
        (DeliveryState.QUEUED, Hold.APPROVAL),
    ],
)
def test_a_delivery_begins_queued_or_held_for_a_reason(state: DeliveryState, hold: Hold | None) -> None:
    with pytest.raises(ValueError, match="delivery"):
        NewDelivery(KEY, state, hold, "", "<1@demo.example>", "ab", datetime(2026, 11, 1, tzinfo=UTC))
