"""Re-basings that a report knows of: where charts, changes and usual variation begin anew because a person said so.

Does not belong here: writing a decision down (`flows.stages.deciding`).
"""

import numpy as np

from config.models import Config, Decision
from config.months import Month
from transforms.board import Board
from transforms.numbers import Flags, month_number

REBASE = "rebase"


def first_report(decision: Decision) -> Month:
    """The first month whose report knows of a decision: one decided until the end of the month that follows it.

    A report is read, and its changes are accepted, in the month after its own. A backfill of an older month does not
    know of it: nobody could have said it then.
    """
    return max(decision.month, Month.of(decision.decided_on).shift(-1))


def rebases(config: Config, month: Month) -> list[Decision]:
    """The re-basings that the report of a month knows of, the oldest month first."""
    known = [one for one in config.decisions if one.kind == REBASE and first_report(one) <= month]
    return sorted(known, key=lambda one: (one.month, one.decided_on, one.unit_kind, one.unit_id, one.metric))


def restarts_of(board: Board, month: Month) -> Flags:
    """Where a series begins anew: units × metrics × reports, as the board has them."""
    flags = np.zeros(board.figures["value"].shape, dtype=bool)
    columns = int(board.expected.shape[2])
    rows = {unit: place for place, unit in enumerate(zip(board.kinds, board.ids, strict=True))}
    for one in rebases(board.config, month):
        unit = rows.get((one.unit_kind.value, one.unit_id))
        if unit is None or one.metric not in board.metrics:
            continue
        metric = board.metrics.index(one.metric)
        column = columns - 1 - (board.last - int(board.lags[metric]) - month_number(one.month))
        if 0 <= column < columns:
            flags[unit, metric, column] = True
    return flags
