"""Lifting: what failed, is uncertain, held or was sent is queued again, on a person's word where it may arrive twice.

Does not belong here: release (`release`), and sending (`sending`), which looks at each once more.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from flows.stages.permission import Editions
from flows.state.ledger import Ledger
from transforms.deliveries import DeliveryKey, DeliveryLine, DeliveryState, Hold

_NEVER = frozenset({Hold.APPROVAL, Hold.SUPERSEDED, Hold.ERASED, Hold.WITHDRAWN})
"""Holds that are not lifted."""
_NOT_OUT = (DeliveryState.FAILED, DeliveryState.UNCERTAIN, DeliveryState.HELD)
"""What was sent stays so, and what is queued or being sent is the senders'."""


def lift(
    ledger: Ledger, lines: Sequence[DeliveryLine], by: str, now: datetime, *, sent: bool = False
) -> list[DeliveryLine]:
    """Queue deliveries again that failed, are uncertain or held. Gives those that are queued now.

    `sent`: a named person asked for these readers, so that what was sent goes again, and what says nearly what the
    reader has goes at all. What `refusals` names is not queued; what a later edition took the place of is held for it.
    """
    refused = refusals(ledger, lines, sent=sent)
    editions = Editions(ledger.state)
    for line in lines:
        if line.state in _NOT_OUT and line.hold not in _NEVER:
            found = editions.held(line.key)
            if found is not None and found.hold is Hold.SUPERSEDED:
                ledger.hold([line.key], found.hold, found.reason, now)
    wanted = [line for line in lines if line.key not in refused]
    for state in sorted({line.state for line in wanted}):
        # From the state that was seen alone: in another one it may be somebody else's to decide.
        ledger.requeue([line.key for line in wanted if line.state is state], now, by, states=[state])
    return wanted


def refusals(ledger: Ledger, lines: Sequence[DeliveryLine], *, sent: bool = False) -> Mapping[DeliveryKey, str]:
    """Why deliveries are not queued again, those that are not; `sent` as for `lift`."""
    released = {(one.month, one.edition, one.report_id) for one in ledger.approvals()}
    editions = Editions(ledger.state)
    found = {}
    for line in lines:
        key = line.key
        is_released = (key.month, key.edition, key.report_id) in released or bool(line.requeued_by)
        why = _refusal(line, editions, is_released=is_released, sent=sent)
        if why:
            found[key] = why
    return found


def _refusal(line: DeliveryLine, editions: Editions, *, is_released: bool, sent: bool) -> str:
    small = line.hold is Hold.SMALL_CHANGE
    if line.state in (DeliveryState.QUEUED, DeliveryState.SENDING):
        return f"it is {line.state.value} already"
    if line.hold in _NEVER:
        return line.reason
    if (held := editions.held(line.key)) is not None:
        return held.reason
    if line.state is DeliveryState.SENT and not sent:
        return "it was sent"
    if small and not sent:
        return f"{line.reason}; it goes on a person's word alone (--to ADDRESS --by NAME)"
    return "" if is_released or small else "it was never released"
