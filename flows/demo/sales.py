"""Orders of a month: amounts, shared deals, returns, cancellations, corrections. Visits and the like: `activity`."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa

from config.months import Month
from flows.demo import truths as planted
from flows.demo.company import BLOCK, JOBS, SEATS, Block, Job, Presence, activity_level, available, presence
from flows.demo.hr import SELLING, code_in
from flows.demo.streams import Flags, Floats, Ints, demand, pick, stream, working_days
from flows.demo.writing import dates, decimals, integers, moments, texts

SEGMENTS: Final = ("B2B", "B2C", "B2G")
PRODUCTS: Final = ("lighting", "seating", "storage", "consumables", "spare parts")
STATUSES: Final = ("invoiced", "cancelled", "returned")
HOUSE: Final = "HOUSE"
INVOICED, CANCELLED, RETURNED = range(3)

# By job: nobody, field, key account, inside, sales lead, three kinds of service.
ORDERS: Final[Floats] = np.array([0, 19, 15, 23, 6, 0, 0, 0], dtype=np.float64)
MEDIAN_EUR: Final[Floats] = np.array([1, 1900, 4300, 520, 1900, 1, 1, 1], dtype=np.float64)
POOL: Final[Ints] = np.array([1, 30, 12, 110, 10, 1, 1, 1], dtype=np.int64)
B2B_UP_TO: Final[Floats] = np.array([1, 0.75, 0.80, 0.45, 0.80, 1, 1, 1])
B2C_UP_TO: Final[Floats] = np.array([1, 0.87, 0.80, 0.95, 0.90, 1, 1, 1])
SPREAD: Final = 0.50
"""Standard deviation of the amounts' logarithm."""
CONSUMER_AMOUNT: Final = 0.6
"""What consumers spend against businesses."""
MONTH_NOISE: Final = 0.05
SECONDS_A_DAY: Final = 86_400
CUSTOMERS_EACH: Final = 128
_SPLIT, _OVERLAY, _RETURN, _CANCEL, _CORRECTED = 0.04, 0.05, 0.08, 0.115, 0.12
_OVERLAY_SELLER: Final = 18
_HOUSE_ORDERS: Final = 14.0
_FIELD: Final[Ints] = np.array([at for at, seat in enumerate(SEATS) if seat.job is Job.FIELD])
_IS_SELLING: Final[Flags] = np.array([seat.job in SELLING for seat in SEATS])


@dataclass(frozen=True, slots=True)
class Orders:
    """Rows as columns. `seller` is a person's index, −1 the house account; `returns` is 0 where nothing is returned."""

    order: Ints
    day: Ints
    seller: Ints
    customer: Ints
    segment: Ints
    product: Ints
    cents: Ints
    status: Ints
    share_percent: Ints
    returns: Ints
    modified: Ints

    def at(self, rows: Ints | Flags) -> "Orders":
        """Some of the rows."""
        return Orders(*(getattr(self, name)[rows] for name in self.__slots__))

    def with_(self, **columns: Ints) -> "Orders":
        """The same rows with other columns."""
        return Orders(*(columns.get(name, getattr(self, name)) for name in self.__slots__))


def joined(parts: list[Orders]) -> Orders:
    """Rows under one another."""
    return Orders(*(np.concatenate([getattr(part, name) for part in parts]) for name in Orders.__slots__))


def sales_table(seed: int, blocks: tuple[Block, ...], month: Month) -> pa.Table:
    """The month's rows of the sales system, by day, order and seller."""
    rows = _month_orders(seed, blocks, month)
    people = len(blocks) * BLOCK
    codes = [*(code_in(index, month) for index in range(people)), HOUSE]
    columns = {
        "order_id": integers(rows.order),
        "order_date": dates(rows.day),
        "seller": texts(np.where(rows.seller < 0, people, rows.seller), codes),
        "customer": integers(rows.customer),
        "segment": texts(rows.segment, SEGMENTS),
        "product_group": texts(rows.product, PRODUCTS),
        "amount": decimals(rows.cents, 2, _incomplete(rows, month)),
        "currency": texts(np.zeros_like(rows.order), ("EUR",)),
        "status": texts(rows.status, STATUSES),
        "share": decimals(rows.share_percent, 2),
        "returns_order": integers(rows.returns, rows.returns == 0),
        "modified": moments(rows.modified),
    }
    return pa.table(columns)


def _month_orders(seed: int, blocks: tuple[Block, ...], month: Month) -> Orders:
    rows = joined([_block_orders(seed, block, month) for block in blocks])
    return rows.at(np.lexsort((rows.modified, rows.seller, rows.order, rows.day)))


def _incomplete(rows: Orders, month: Month) -> Flags:
    """One order of the latest month came without its amount: what a correction is for."""
    missing = np.zeros(len(rows.order), dtype=np.bool_)
    candidates = np.flatnonzero(
        (rows.seller == _SELLER_OF_INCOMPLETE) & (rows.status == INVOICED) & (rows.share_percent == _WHOLE)
    )
    if month == MONTH_OF_INCOMPLETE and len(candidates):
        missing[candidates[0]] = True
    return missing


def incomplete_order(seed: int, blocks: tuple[Block, ...]) -> tuple[str, str, str] | None:
    """The order that came without its amount, its seller's code and the amount it should have; None if there is none.

    A company without that seller has no such order.
    """
    rows = _month_orders(seed, blocks, MONTH_OF_INCOMPLETE)
    found = np.flatnonzero(_incomplete(rows, MONTH_OF_INCOMPLETE))
    if not len(found):
        return None
    at = found[0]
    amount = f"{Decimal(int(rows.cents[at])) / 100:.2f}"
    return str(rows.order[at]), code_in(int(rows.seller[at]), MONTH_OF_INCOMPLETE), amount


def sales_total(seed: int, blocks: tuple[Block, ...], month: Month) -> str:
    """What the sales system itself says that all the month's rows come to, in EUR."""
    return f"{Decimal(int(_month_orders(seed, blocks, month).cents.sum())) / 100:.2f}"


_SELLER_OF_INCOMPLETE: Final = 11
MONTH_OF_INCOMPLETE: Final = Month(2026, 10)
_WHOLE: Final = 100


def expected_orders(block: Block, month: Month, here: Presence, days: Ints | Floats) -> Floats:
    """Orders each is likely to take, by position, were there no market shift and nobody's decline."""
    level: Floats = ORDERS[JOBS] * block.effect * demand(month) * activity_level(block, month, here, days)
    return level


def average_order_eur() -> Floats:
    """Average amount of an order by position, before the market shift."""
    consumer = (B2C_UP_TO - B2B_UP_TO)[JOBS]
    found: Floats = MEDIAN_EUR[JOBS] * np.exp(SPREAD**2 / 2) * (1 - consumer * (1 - CONSUMER_AMOUNT))
    return found


@lru_cache(maxsize=512)
def customer_segments(seed: int, block_number: int) -> Ints:
    """Segment of each one's possible customers: positions by customers."""
    uniform = stream(seed, "customers", block_number).random((BLOCK, CUSTOMERS_EACH))
    found: Ints = np.where(
        uniform < B2B_UP_TO[JOBS][:, None], 0, np.where(uniform < B2C_UP_TO[JOBS][:, None], 1, 2)
    ).astype(np.int64)
    found.setflags(write=False)
    return found


def _block_orders(seed: int, block: Block, month: Month) -> Orders:
    here = presence(block, month)
    days = available(seed, block, month, here)
    rng = stream(seed, "sales", block.number, month)
    likely = expected_orders(block, month, here, days) * np.exp(rng.normal(0.0, MONTH_NOISE, BLOCK))
    if block.number == 0 and month >= planted.DECLINE_FROM:
        likely[planted.DECLINE] *= planted.DECLINE_FACTOR
    house = int(rng.poisson(_HOUSE_ORDERS))
    taken = np.concatenate([rng.poisson(likely), [house]])
    own = _drawn(rng, seed, block, month, here, np.repeat(np.append(np.arange(BLOCK), -1), taken))
    kind = rng.random(len(own.order))
    partner = np.where(own.seller < 0, -1, _partners(here)[np.maximum(own.seller - block.first_index, 0)])
    shared = (kind < _SPLIT) & (partner >= 0)
    returned = _returned(rng, own, (kind >= _OVERLAY) & (kind < _RETURN), block, month)
    final = own.with_(
        status=np.where((kind >= _RETURN) & (kind < _CANCEL), CANCELLED, own.status),
        share_percent=np.where(shared, 60, 100),
    )
    second = own.with_(seller=block.first_index + partner, share_percent=np.full(len(partner), 40)).at(shared)
    overlaid = _overlays(own, (kind >= _SPLIT) & (kind < _OVERLAY), block, here)
    before = _before_correction(own, (kind >= _CANCEL) & (kind < _CORRECTED))
    rows = joined([final, second, overlaid, returned, before])
    return rows.at((rows.seller < 0) | block.kept[np.clip(rows.seller - block.first_index, 0, BLOCK - 1)])


def _partners(here: Presence) -> Ints:
    """By position: the next seller of the same team who worked in the month; −1 where nobody did."""
    found = np.full(BLOCK, -1, dtype=np.int64)
    for team in sorted({seat.team for seat in SEATS}):
        members = [at for at, seat in enumerate(SEATS) if seat.team == team and _IS_SELLING[at] and here.count[at] > 0]
        if len(members) > 1:
            found[members] = members[1:] + members[:1]
    return found


def _overlays(own: Orders, chosen: Flags, block: Block, here: Presence) -> Orders:
    """A key account manager counts the whole deal too, beside the field seller who made it."""
    at_field = np.isin(own.seller - block.first_index, _FIELD)
    able = bool(here.count[_OVERLAY_SELLER] > 0)
    rows = own.at(chosen & at_field & able)
    return rows.with_(seller=np.full(len(rows.order), block.first_index + _OVERLAY_SELLER))


def _returned(rng: np.random.Generator, own: Orders, chosen: Flags, block: Block, month: Month) -> Orders:
    """Negative rows: all or half of an order comes back before the month ends."""
    half, wait = rng.random(len(own.order)) < 0.5, rng.integers(1, 12, len(own.order))  # noqa: PLR2004
    workdays = working_days(month)
    later = np.minimum(np.searchsorted(workdays, own.day) + wait, len(workdays) - 1)
    rows = own.with_(
        day=workdays[later], cents=-np.where(half, own.cents // 2, own.cents), returns=own.order,
        status=np.full(len(own.order), RETURNED), modified=workdays[later] * SECONDS_A_DAY + 17 * 3600,
    ).at(chosen)  # fmt: skip
    return rows.with_(order=_first_number(block, month) + _RETURNS_FROM + np.arange(len(rows.order)))


def _before_correction(own: Orders, chosen: Flags) -> Orders:
    """The same order as it stood before it was corrected: the last modified row counts."""
    return own.with_(cents=own.cents + own.cents // 10, modified=own.modified - 3 * 3600).at(chosen)


def _first_number(block: Block, month: Month) -> int:
    return ((month.year % 100) * 100 + month.number) * 100_000_000 + block.number * 100_000


_RETURNS_FROM: Final = 50_000


def _drawn(
    rng: np.random.Generator, seed: int, block: Block, month: Month, here: Presence, position: Ints
) -> Orders:  # fmt: skip
    """The orders themselves, business customers' orders thinned by the market shift."""
    workdays, size = working_days(month), len(position)
    someone = position >= 0
    job = np.where(someone, JOBS[position], int(Job.INSIDE))
    low, count = np.where(someone, here.low[position], 0), np.where(someone, here.count[position], len(workdays))
    day = pick(workdays, low, count, rng.random(size))
    which = (POOL[job] * rng.random(size) ** 1.6).astype(np.int64)
    segment = np.where(someone, customer_segments(seed, block.number)[position, which], 0)
    product = rng.choice(len(PRODUCTS), size, p=(0.25, 0.2, 0.2, 0.25, 0.1))
    amount = MEDIAN_EUR[job] * np.exp(rng.normal(0.0, SPREAD, size)) * np.where(segment == 1, CONSUMER_AMOUNT, 1.0)
    lost = rng.random(size) >= planted.MARKET_ORDERS
    hour = rng.integers(8 * 3600, 18 * 3600, size)
    if month >= planted.MARKET_FROM:
        amount = np.where(segment == 0, amount * planted.MARKET_AMOUNT, amount)
    else:
        lost = np.zeros(size, dtype=np.bool_)
    rows = Orders(
        order=np.zeros(size, dtype=np.int64), day=day, seller=np.where(someone, block.first_index + position, -1),
        customer=100_000 + (block.first_index + np.where(someone, position, 0)) * CUSTOMERS_EACH + which,
        segment=segment, product=product, cents=np.rint(amount * 100).astype(np.int64),
        status=np.full(size, INVOICED), share_percent=np.full(size, 100), returns=np.zeros(size, dtype=np.int64),
        modified=day * SECONDS_A_DAY + hour,
    )  # fmt: skip
    rows = rows.at(~(lost & (segment == 0)))
    rank = np.empty(len(rows.day), dtype=np.int64)
    rank[np.argsort(rows.day, kind="stable")] = np.arange(len(rows.day))
    return rows.with_(order=_first_number(block, month) + 1 + rank)
