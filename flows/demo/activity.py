"""Visits, proposals and contract renewals of a month. Orders are in `sales`."""

from typing import Final

import numpy as np
import pyarrow as pa

from config.months import Month
from flows.demo import truths as planted
from flows.demo.company import BLOCK, JOBS, Block, Presence, available, presence
from flows.demo.hr import code_in
from flows.demo.sales import CUSTOMERS_EACH, POOL
from flows.demo.streams import Floats, Ints, pick, stream, working_days
from flows.demo.writing import dates, integers, texts, yes_no

KINDS: Final = ("visit", "proposal")
OUTCOMES: Final = ("met", "not met", "open", "won", "lost")
# By job: nobody, field, key account, inside, sales lead, three kinds of service.
VISITS: Final[Floats] = np.array([0, 11, 8, 0, 3, 0, 0, 0], dtype=np.float64)
PROPOSALS: Final[Floats] = np.array([0, 7, 6, 7, 2, 0, 0, 0], dtype=np.float64)
RENEWALS: Final[Floats] = np.array([0, 3, 4, 4, 1, 0, 0, 0], dtype=np.float64)
KEPT: Final = 0.90


def activity_table(seed: int, blocks: tuple[Block, ...], month: Month) -> pa.Table:
    """Visits and proposals of a month: one row each, by day."""
    rows = np.concatenate([_block_activity(seed, block, month) for block in blocks], axis=1)
    number, day, seller, kind, customer, outcome = rows[:, np.lexsort((rows[0], rows[1]))]
    return pa.table(
        {
            "activity_id": integers(number),
            "date": dates(day),
            "seller": texts(seller, [code_in(index, month) for index in range(len(blocks) * BLOCK)]),
            "kind": texts(kind, KINDS),
            "customer": integers(customer),
            "outcome": texts(outcome, OUTCOMES),
        }
    )


def renewals_table(seed: int, blocks: tuple[Block, ...], month: Month) -> pa.Table:
    """Service contracts that ended in a month, renewed or not: one row each, by day."""
    rows = np.concatenate([_block_renewals(seed, block, month) for block in blocks], axis=1)
    number, day, seller, customer, kept = rows[:, np.lexsort((rows[0], rows[1]))]
    return pa.table(
        {
            "contract": integers(number),
            "due_date": dates(day),
            "seller": texts(seller, [code_in(index, month) for index in range(len(blocks) * BLOCK)]),
            "customer": integers(customer),
            "renewed": yes_no(kept == 1),
        }
    )


def _share_at_work(seed: int, block: Block, month: Month, here: Presence) -> Floats:
    found: Floats = available(seed, block, month, here) / len(working_days(month)) * block.fte
    return found


def _block_activity(seed: int, block: Block, month: Month) -> Ints:
    here = presence(block, month)
    at_work = _share_at_work(seed, block, month, here)
    rng = stream(seed, "activity", block.number, month)
    proposals = PROPOSALS[JOBS] * at_work
    if block.number == 0 and month >= planted.DECLINE_PROPOSALS_FROM:
        proposals[planted.DECLINE] *= planted.DECLINE_PROPOSALS
    counts = np.concatenate([rng.poisson(VISITS[JOBS] * at_work), rng.poisson(proposals)])
    position = np.repeat(np.tile(np.arange(BLOCK), 2), counts)
    kind = np.repeat(np.repeat([0, 1], BLOCK), counts)
    day, customer = _when_and_whom(rng, block, month, here, position)
    drawn = rng.random(len(position))
    visit, proposal = np.where(drawn < 0.85, 0, 1), np.where(drawn < 0.45, 2, np.where(drawn < 0.75, 3, 4))  # noqa: PLR2004
    rows = np.stack([
        _numbers(block, month, len(position)), day, block.first_index + position, kind, customer,
        np.where(kind == 0, visit, proposal),
    ])  # fmt: skip
    return rows[:, block.kept[position]]


def _block_renewals(seed: int, block: Block, month: Month) -> Ints:
    here = presence(block, month)
    at_work = _share_at_work(seed, block, month, here)
    rng = stream(seed, "renewals", block.number, month)
    position = np.repeat(np.arange(BLOCK), rng.poisson(RENEWALS[JOBS] * at_work))
    day, customer = _when_and_whom(rng, block, month, here, position)
    kept = (rng.random(len(position)) < KEPT).astype(np.int64)
    rows = np.stack([_numbers(block, month, len(position)), day, block.first_index + position, customer, kept])
    return rows[:, block.kept[position]]


def _when_and_whom(
    rng: np.random.Generator, block: Block, month: Month, here: Presence, position: Ints
) -> tuple[Ints, Ints]:  # fmt: skip
    day = pick(working_days(month), here.low[position], here.count[position], rng.random(len(position)))
    which = (POOL[JOBS][position] * rng.random(len(position)) ** 1.6).astype(np.int64)
    return day, 100_000 + (block.first_index + position) * CUSTOMERS_EACH + which


def _numbers(block: Block, month: Month, count: int) -> Ints:
    first = ((month.year % 100) * 100 + month.number) * 100_000_000 + block.number * 100_000 + 1
    return np.arange(first, first + count, dtype=np.int64)
