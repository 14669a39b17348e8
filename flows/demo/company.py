"""Who works at the demo company, when, and in which job. What they sell or answer does not belong here.

A company is made of blocks of forty people with the same shape; the first holds the story (`truths`). A smaller
company keeps the people the story needs most. A person's facts never depend on how many others there are.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Final

import numpy as np

from config.errors import UsageError
from config.months import Month
from flows.demo import truths as planted
from flows.demo.streams import Flags, Floats, Ints, day_number, stream, working_days

BLOCK: Final = 40
AREA: Final = 10
"""So many blocks have one head: nobody leads more than about twenty leaders."""
SMALLEST: Final = 10
LARGEST: Final = 9_999
FAR: Final = day_number(date(2200, 1, 1))


class Job(IntEnum):
    """What somebody's days are filled with."""

    LEADS = 0
    FIELD = 1
    KEY = 2
    INSIDE = 3
    SALES_LEAD = 4
    DESK = 5
    TECHNICAL = 6
    SERVICE_LEAD = 7


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a block: its job, team, role and whose it reports to (a position; −1 is above the block)."""

    job: Job
    team: str
    role: str
    above: int


def _seats() -> tuple[Seat, ...]:
    heads = [
        Seat(Job.LEADS, "MG", "Managing director", -1),
        Seat(Job.LEADS, "MG", "Regional sales manager", 0),
        Seat(Job.LEADS, "MG", "Regional sales manager", 0),
        Seat(Job.LEADS, "MG", "Service manager", 0),
        Seat(Job.SALES_LEAD, "FN", "Team lead field sales", 1),
        Seat(Job.SALES_LEAD, "KA", "Team lead key accounts", 1),
        Seat(Job.SALES_LEAD, "FS", "Team lead field sales", 2),
        Seat(Job.SALES_LEAD, "IS", "Team lead inside sales", 2),
        Seat(Job.SERVICE_LEAD, "SD", "Team lead service desk", 3),
        Seat(Job.SERVICE_LEAD, "TS", "Team lead technical service", 3),
    ]
    members = (
        [Seat(Job.FIELD, "FN", "Field sales", 4)] * 6
        + [Seat(Job.KEY, "KA", "Key account manager", 5)] * 4
        + [Seat(Job.FIELD, "FS", "Field sales", 6)] * 5
        + [Seat(Job.INSIDE, "IS", "Inside sales", 7)] * 6
        + [Seat(Job.DESK, "SD", "Service agent", 8)] * 5
        + [Seat(Job.TECHNICAL, "TS", "Technical agent", 9)] * 4
    )
    return (*heads, *members)


SEATS: Final = _seats()
JOBS: Final[Ints] = np.array([int(seat.job) for seat in SEATS], dtype=np.int64)
TEAM_NAMES: Final = {
    "MG": "Management", "FN": "Field North", "KA": "Key accounts", "FS": "Field South", "IS": "Inside sales",
    "SD": "Service desk", "TS": "Technical service", "IN": "Inside sales North", "IO": "Online orders",
}  # fmt: skip
_KEEP_FIRST: Final = (0, 1, 4, 10, 11, 12, 3, 8, 31, 32, 33, 15, 2, 6, 20, 24, 5, 16, 17, 18, 19, 23, 14, 22, 7, 25,
                      26, 27, 28, 29, 30, 9, 36, 37, 38, 39, 34, 35, 13, 21)  # fmt: skip
_MEMBERS_FROM: Final = 10
_HIRED_LATELY, _LEAVING, _PART_TIME = 0.20, 0.06, 0.12
RAMP: Final = (0.25, 0.40, 0.55, 0.70, 0.85, 0.95, 1.0)
"""Orders of someone in the n-th calendar month since being hired, against the later level."""


@dataclass(frozen=True, slots=True)
class Block:
    """Forty people as arrays by position. Days are day numbers; FAR is never."""

    number: int
    kept: Flags
    hired: Ints
    left: Ints
    rehired: Ints
    away_from: Ints
    away_to: Ints
    fte: Floats
    effect: Floats
    pace: Floats

    @property
    def first_index(self) -> int:
        """Index of the person at position 0."""
        return self.number * BLOCK

    def id_at(self, position: int) -> str:
        """HR's id of the person at a position."""
        return planted.associate_id(self.first_index + position)

    def team_id(self, team: str) -> str:
        """A team's id: only the first block's teams go without the block's number."""
        return team if self.number == 0 else f"{team}{self.number}"

    def kept_above(self, position: int) -> int:
        """The nearest position above that this company has; −1 where that is outside the block."""
        above = SEATS[position].above
        while above >= 0 and not self.kept[above]:
            above = SEATS[above].above
        return above


@dataclass(frozen=True, slots=True)
class Presence:
    """A block's people in one month. `low` and `count`: working days one could work, as positions in the month's."""

    employed: Flags
    low: Ints
    count: Ints
    tenure_months: Ints
    """Calendar months since being hired, 0 in the first."""


def make_blocks(seed: int, associates: int) -> tuple[Block, ...]:
    """The company's blocks. Raises UsageError for a size it cannot have."""
    if not SMALLEST <= associates <= LARGEST:
        raise UsageError(
            f"A demo company of {associates} people can't be made.", fix=f"Ask for {SMALLEST} to {LARGEST:,} people."
        )
    numbers = range((associates + BLOCK - 1) // BLOCK)
    return tuple(_block(seed, number, min(associates - number * BLOCK, BLOCK)) for number in numbers)


def _block(seed: int, number: int, size: int) -> Block:
    rng = stream(seed, "people", number)
    effect = np.exp(rng.normal(0.0, 0.13, BLOCK))
    before = _hired_before(rng, number)
    recent = rng.integers(day_number(date(2023, 12, 1)), day_number(date(2026, 10, 1)), BLOCK)
    is_recent = (rng.random(BLOCK) < _HIRED_LATELY) & (np.arange(BLOCK) >= _MEMBERS_FROM)  # leaders stay
    leaves = (rng.random(BLOCK) < _LEAVING) & (np.arange(BLOCK) >= _MEMBERS_FROM) & ~is_recent
    leave_day = rng.integers(day_number(date(2024, 3, 1)), day_number(date(2026, 10, 1)), BLOCK)
    part_time = rng.random(BLOCK) < _PART_TIME
    kept = np.zeros(BLOCK, dtype=np.bool_)
    kept[list(_KEEP_FIRST[:size])] = True
    never = np.full(BLOCK, FAR, dtype=np.int64)
    block = Block(
        number=number, kept=kept, hired=np.where(is_recent, recent, before), left=np.where(leaves, leave_day, FAR),
        rehired=never, away_from=never, away_to=never, fte=np.where(part_time, 0.8, 1.0), effect=effect,
        pace=np.ones(BLOCK),
    )  # fmt: skip
    return _with_story(block, before) if number == 0 else block


def _hired_before(rng: np.random.Generator, number: int) -> Ints:
    """Days before the data begins; nobody was hired before those who lead them."""
    days: Ints = rng.integers(day_number(date(2014, 1, 1)), day_number(date(2023, 9, 1)), BLOCK)
    leads: Ints = rng.integers(day_number(date(2011, 1, 1)), day_number(date(2013, 12, 1)), BLOCK)
    level = 1 if number == 0 else 2 if number % AREA == 0 else 3
    heads = np.where(np.arange(BLOCK) == 0, day_number(date(2005 + level, 3, 1)), day_number(date(2009, 10, 1)))
    return np.where(np.arange(BLOCK) < 4, heads, np.where(np.arange(BLOCK) < _MEMBERS_FROM, leads, days))  # noqa: PLR2004


def _with_story(block: Block, before: Ints) -> Block:
    """The first block: nobody comes or goes by chance, and who the story is about is of ordinary strength."""
    hired, left = before.copy(), np.full(BLOCK, FAR, dtype=np.int64)
    rehired, away_from, away_to = left.copy(), left.copy(), left.copy()
    fte, effect, pace = np.ones(BLOCK), block.effect.copy(), np.ones(BLOCK)
    for position, day in {**planted.PAST_HIRES, **planted.NORMAL_RAMPS, planted.SLOW_RAMP: planted.SLOW_HIRED}.items():
        hired[position] = day_number(day)
        effect[position] = 1.1
    effect[planted.SLOW_RAMP] = 0.95
    for position in (planted.IMPOSSIBLE, planted.REHIRED):
        effect[position] = 1.0
    # A strong seller: many orders, so that what fell is more than chance.
    effect[planted.DECLINE] = 1.35
    left[planted.LEFT] = day_number(planted.LEFT_ON)
    left[planted.REHIRED] = day_number(planted.FIRST_LEFT_ON)
    rehired[planted.REHIRED] = day_number(planted.REHIRED_ON)
    away_from[planted.ABSENT], away_to[planted.ABSENT] = day_number(planted.ABSENT_FROM), day_number(planted.ABSENT_TO)
    away_from[planted.LEAD_AWAY] = day_number(planted.LEAD_AWAY_FROM)
    fte[[13, 29, 34]] = 0.8
    fte[37] = 0.5
    pace[planted.SLOW_RAMP] = planted.SLOW_PACE
    return Block(0, block.kept, hired, left, rehired, away_from, away_to, fte, effect, pace)


def presence(block: Block, month: Month) -> Presence:
    """Who was employed in a month and on which of its working days each could work.

    All forty, kept or not: figures are drawn for all and rows of those not kept left out after.
    """
    days = working_days(month)
    start, end = day_number(month.first_day), day_number(month.end)
    again = block.rehired < end
    since = np.where(again, block.rehired, block.hired)
    until = np.where(again, FAR, block.left)
    employed = (since < end) & (until >= start)
    first, last = np.maximum(since, start), np.minimum(until, end - 1)
    # An absence always reaches the month's beginning or end, so cutting one side is enough.
    away = (block.away_from < end) & (block.away_to >= start)
    from_start = away & (block.away_from <= start)
    first = np.where(from_start, np.minimum(block.away_to, end) + 1, first)
    last = np.where(away & ~from_start, block.away_from - 1, last)
    low = np.searchsorted(days, first, side="left")
    count = np.where(employed, np.maximum(np.searchsorted(days, last, side="right") - low, 0), 0)
    hired_month = (since.astype("datetime64[D]").astype("datetime64[M]")).astype(np.int64)
    tenure = (month.year - 1970) * 12 + month.number - 1 - hired_month
    # Who comes back needs no new start.
    return Presence(employed, low, count, np.where(again, tenure + len(RAMP), tenure))


def ramp(tenure_months: Ints) -> Floats:
    """Share of the later level in each calendar month since being hired."""
    found: Floats = np.array(RAMP)[np.clip(tenure_months, 0, len(RAMP) - 1)]
    return found


def available(seed: int, block: Block, month: Month, here: Presence) -> Ints:
    """Days each was available: working days one could work less days off."""
    rng = stream(seed, "availability", block.number, month)
    share_off = {8: 0.22, 12: 0.15, 7: 0.12}.get(month.number, 0.06)
    off: Ints = rng.binomial(23, share_off, BLOCK)
    # The same draw whatever the month's length keeps the stream in step; scaled to the days one could work.
    days_off = np.rint(off * here.count / 23).astype(np.int64)
    found: Ints = np.maximum(here.count - days_off, 0)
    return found


def activity_level(block: Block, month: Month, here: Presence, days: Ints | Floats) -> Floats:
    """Each one's capacity in a month against a full month of someone at full strength."""
    level: Floats = days / len(working_days(month)) * block.fte * ramp(here.tenure_months) * block.pace
    return level
