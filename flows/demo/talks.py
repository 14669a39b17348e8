"""Survey answers and recorded conversations of a month: belief and experience. No results belong here."""

from datetime import date, timedelta
from typing import Final

import numpy as np
import pyarrow as pa

from config.months import Month
from flows.demo import truths as planted
from flows.demo.company import BLOCK, SEATS, Block, available, presence
from flows.demo.hr import leader_on, team_on
from flows.demo.streams import Flags, Floats, Ints, pick, stream, working_days
from flows.demo.texts import BEHAVIOUR, FIRST_CONTACT, TOPICS, Topic
from flows.demo.writing import dates, integers, texts

ANSWERED: Final = 0.88
HELD: Final = 0.93
BELIEF_LEVEL, SUPPORT_LEVEL = 7.3, 7.6
COACHING_COLUMNS: Final = (
    "conversation_id", "date", "associate", "manager", "about", "recognised", "summary", "agreed", "metric", "due",
    "promised", "last_promise_kept",
)  # fmt: skip
_CONTRACTOR: Final = planted.CONTRACTOR
_ABOUT_BEHAVIOUR: Final = 0.12


def pulse_table(seed: int, blocks: tuple[Block, ...], month: Month) -> pa.Table:
    """The month's survey: who answered, and two scores from 0 to 10."""
    rows = np.concatenate([_block_answers(seed, block, month) for block in blocks], axis=1)
    index, day, belief, support = rows[:, np.lexsort((rows[0], rows[1]))]
    return pa.table(
        {
            "answered_on": dates(day),
            "respondent": texts(index, [planted.associate_id(one) for one in range(len(blocks) * BLOCK)]),
            "goals_matter": integers(belief),
            "support": integers(support),
        }
    )


def _block_answers(seed: int, block: Block, month: Month) -> Ints:
    here = presence(block, month)
    lasting = stream(seed, "pulse", block.number).normal(0.0, 0.6, (2, BLOCK))
    rng = stream(seed, "pulse", block.number, month)
    noise = rng.normal(0.0, 1.0, (2, BLOCK))
    day = pick(working_days(month), here.low, here.count, 0.6 + 0.4 * rng.random(BLOCK))
    able = here.employed & (available(seed, block, month, here) > 0)
    answers = able & (rng.random(BLOCK) < ANSWERED)
    level = np.stack([np.full(BLOCK, BELIEF_LEVEL), np.full(BLOCK, SUPPORT_LEVEL)])
    if block.number == 0:
        answers = _story_answers(answers, month)
        level[:, _below_the_one_who_stopped(block, month)] -= planted.BELIEF_FALL * (month >= planted.BELIEF_FROM)
    scores = np.clip(np.rint(level + lasting + noise), 0, 10).astype(np.int64)
    rows = np.stack([block.first_index + np.arange(BLOCK), day, *scores])
    return rows[:, answers & block.kept]


def _story_answers(answers: Flags, month: Month) -> Flags:
    """No contractor is asked; in one month exactly three of one team answered."""
    told = answers.copy()
    told[_CONTRACTOR] = False
    if month == planted.THREE_ANSWERS_MONTH:
        team = [at for at, seat in enumerate(SEATS) if seat.team == planted.THREE_ANSWERS_TEAM]
        told[team] = False
        told[team[1:4]] = True
    return told


def _below_the_one_who_stopped(block: Block, month: Month) -> Flags:
    team = SEATS[planted.STOPPED].team
    return np.array([team_on(block, at, month.last_day) == team and at != planted.STOPPED for at in range(BLOCK)])


def conversation_rows(seed: int, blocks: tuple[Block, ...], month: Month) -> list[tuple[str, ...]]:
    """The month's recorded conversations, by day and associate."""
    rows = [row for block in blocks for row in _block_conversations(seed, block, month)]
    rows.sort(key=lambda row: (row[1], row[2]))
    return rows


def _block_conversations(seed: int, block: Block, month: Month) -> list[tuple[str, ...]]:
    here = presence(block, month)
    rng = stream(seed, "coaching", block.number, month)
    chance: Floats = rng.random((7, BLOCK))
    days = pick(working_days(month), here.low, here.count, rng.random(BLOCK))
    rows = []
    for at in range(BLOCK):
        if not (block.kept[at] and here.count[at] > 0 and chance[0, at] < HELD):
            continue
        day = date(1970, 1, 1) + timedelta(days=int(days[at]))
        leader = leader_on(block, at, day)
        if not leader or (leader == planted.associate_id(planted.STOPPED) and month >= planted.STOPPED_FROM):
            continue
        number = f"{month}-{block.first_index + at + 1:04d}"
        rows.append((number, day.isoformat(), block.id_at(at), leader, *_said(block, at, day, chance[1:, at], month)))
    return rows


def _said(block: Block, at: int, day: date, chance: Floats, month: Month) -> tuple[str, ...]:
    """About, recognised, summary, agreed, metric, due, promised, whether the last promise was kept."""
    behaviour = chance[0] < _ABOUT_BEHAVIOUR
    topic = _topic(block, at, month, float(chance[1]), behaviour=bool(behaviour))
    agreed = chance[2] < 0.65  # noqa: PLR2004
    promised = chance[3] < 0.4  # noqa: PLR2004
    kept = "" if chance[5] < 0.6 else "true" if chance[5] < 0.92 else "false"  # noqa: PLR2004
    return (
        "behaviour" if behaviour else "progress",
        topic.recognised if chance[4] < 0.5 else "",  # noqa: PLR2004
        topic.summary,
        topic.agreed if agreed else "",
        topic.metric if agreed else "",
        (day + timedelta(days=28)).isoformat() if agreed else "",
        topic.promised if promised else "",
        kept,
    )


def _topic(block: Block, at: int, month: Month, chance: float, *, behaviour: bool) -> Topic:
    seat = SEATS[at]
    coached = block.number == 0 and seat.team == planted.COACHED_TEAM and month >= planted.COACHED_FROM
    choices: tuple[Topic, ...]
    if behaviour:
        choices = BEHAVIOUR
    elif coached and seat.above == _COACH:
        choices = FIRST_CONTACT
    else:
        choices = TOPICS[seat.job]
    return choices[min(int(chance * len(choices)), len(choices) - 1)]


_COACH: Final = 8
