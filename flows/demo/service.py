"""Tickets closed in a month: times, first contact, promise kept, what customers said. Nothing about sales."""

from typing import Final

import numpy as np
import pyarrow as pa

from config.months import Month
from flows.demo import truths as planted
from flows.demo.company import BLOCK, JOBS, SEATS, Block, activity_level, available, presence
from flows.demo.names import logins
from flows.demo.sales import SECONDS_A_DAY
from flows.demo.streams import Flags, Floats, Ints, pick, stream, working_days
from flows.demo.writing import decimals, integers, moments, texts, yes_no

# By job: five that sell or lead, then desk, technical, service lead.
TICKETS: Final[Floats] = np.array([0, 0, 0, 0, 0, 36, 26, 9], dtype=np.float64)
SOLVED_AT_FIRST: Final = {"SD": 0.60, "TS": 0.48}
NOT_PEOPLE: Final = ("QUEUE-1", "QUEUE-2", "chatbot")
_NOT_PEOPLE_TICKETS: Final = (5.0, 3.0, 9.0)
CHANNELS: Final = ("phone", "mail", "portal")
PRIORITIES: Final = ("normal", "high", "low")
_DUE_HOURS: Final = np.array([48, 18, 96])
SEGMENTS: Final = ("B2B", "B2C", "B2G")
ANSWERED: Final = 0.35
_HOUR: Final = 3600


def service_table(seed: int, blocks: tuple[Block, ...], month: Month) -> pa.Table:
    """The month's tickets by the time they were closed."""
    parts = [_block_tickets(seed, block, month) for block in blocks]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((rows["ticket"], rows["closed"]))
    rows = {name: values[order] for name, values in rows.items()}
    agents = [*logins(len(blocks) * BLOCK), *NOT_PEOPLE]
    agent = np.where(rows["agent"] < 0, len(agents) + rows["agent"], rows["agent"])
    return pa.table(
        {
            "ticket": integers(rows["ticket"]),
            "agent": texts(agent, agents),
            "customer": integers(rows["customer"]),
            "segment": texts(rows["segment"], SEGMENTS),
            "channel": texts(rows["channel"], CHANNELS),
            "priority": texts(rows["priority"], PRIORITIES),
            "opened": moments(rows["opened"]),
            "first_response_hours": decimals(rows["response_hundredths"], 2),
            "closed": moments(rows["closed"]),
            "due": moments(rows["due"]),
            "solved_first_contact": yes_no(rows["solved"] == 1),
            "reopened": yes_no(rows["reopened"] == 1),
            "satisfaction": integers(rows["satisfaction"], rows["satisfaction"] == 0),
        }
    )


def first_contact_share(block: Block, month: Month) -> Floats:
    """How often each position solves a ticket at first contact."""
    share = np.array([SOLVED_AT_FIRST.get(seat.team, 0.5) for seat in SEATS])
    if block.number == 0:
        steps = min(max(month.minus(planted.COACHED_FROM) + 1, 0), 3)
        coached = np.array([seat.team == planted.COACHED_TEAM for seat in SEATS])
        share = np.where(coached, share + planted.COACHED_RISE * steps / 3, share)
    found: Floats = np.clip(share + (block.effect - 1) * 0.25, 0.05, 0.95)
    return found


def _block_tickets(seed: int, block: Block, month: Month) -> dict[str, Ints]:
    here = presence(block, month)
    rng = stream(seed, "service", block.number, month)
    likely = TICKETS[JOBS] * activity_level(block, month, here, available(seed, block, month, here))
    counts = np.concatenate([rng.poisson(likely), rng.poisson(_NOT_PEOPLE_TICKETS)])
    who = np.concatenate([np.arange(BLOCK), -np.arange(len(NOT_PEOPLE), 0, -1)])
    position = np.repeat(who, counts)
    someone, workdays = position >= 0, working_days(month)
    low, count = np.where(someone, here.low[position], 0), np.where(someone, here.count[position], len(workdays))
    day = pick(workdays, low, count, rng.random(len(position)))
    share = np.where(someone, first_contact_share(block, month)[position], 0.35)
    solved = rng.random(len(position)) < share
    rows = {
        "agent": np.where(someone, block.first_index + position, position),
        **_times(rng, day, solved, month),
        **_judged(rng, solved),
        "customer": 100_000 + rng.integers(0, BLOCK * 30, len(position)) * 128 + rng.integers(0, 10, len(position)),
        "segment": rng.choice(3, len(position), p=(0.55, 0.37, 0.08)),
    }
    first = ((month.year % 100) * 100 + month.number) * 100_000_000 + block.number * 100_000 + 1
    rows["ticket"] = first + np.arange(len(position))
    kept = ~someone | block.kept[position]
    return {name: values[kept] for name, values in rows.items()}


def _times(rng: np.random.Generator, day: Ints, solved: Flags, month: Month) -> dict[str, Ints]:
    """Opened, first answered, closed, due: local times in seconds."""
    size = len(day)
    closed = day * SECONDS_A_DAY + rng.integers(8 * _HOUR, 18 * _HOUR, size)
    old = month < planted.NEW_SYSTEM_FROM
    median = 5.0 / planted.NEW_SYSTEM_FACTOR if old else 5.0
    response = np.round(median * np.exp(rng.normal(0.0, 0.6, size)), 2)
    work = 20.0 * np.exp(rng.normal(0.0, 0.8, size))
    hours = response + np.where(solved, 0.5, work)
    opened = closed - np.rint(hours * _HOUR).astype(np.int64)
    priority = rng.choice(3, size, p=(0.6, 0.25, 0.15))
    open_hours = (opened % SECONDS_A_DAY >= 8 * _HOUR) & (opened % SECONDS_A_DAY < 18 * _HOUR)
    channel = np.where(open_hours, rng.choice(3, size, p=(0.45, 0.35, 0.2)), rng.choice(3, size, p=(0, 0.6, 0.4)))
    return {
        "opened": opened,
        "response_hundredths": np.rint(response * 100).astype(np.int64),
        "closed": closed,
        "channel": channel,
        "priority": priority,
        "due": opened + _DUE_HOURS[priority] * _HOUR,
    }


def _judged(rng: np.random.Generator, solved: Flags) -> dict[str, Ints]:
    """Whether it came back, and the score from 1 to 5 of those who answered (0: no answer)."""
    size = len(solved)
    # One customer in twenty is angry whatever was done.
    level = np.where(solved, 4.65, 4.25) + rng.normal(0.0, 0.75, size) - 2.5 * (rng.random(size) < 0.05)  # noqa: PLR2004
    score = np.clip(np.rint(level), 1, 5).astype(np.int64)
    return {
        "solved": solved.astype(np.int64),
        "reopened": (rng.random(size) < np.where(solved, 0.03, 0.08)).astype(np.int64),
        "satisfaction": np.where(rng.random(size) < ANSWERED, score, 0),
    }
