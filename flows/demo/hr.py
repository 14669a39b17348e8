"""HR's effective-dated rows and the ids other systems give people, as known on a day. No figures belong here."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from config.months import Month
from flows.demo import truths as planted
from flows.demo.company import AREA, BLOCK, FAR, SEATS, TEAM_NAMES, Block, Job
from flows.demo.names import addresses, logins, name_of

COLUMNS: Final = (
    "associate", "name", "given_name", "family_name", "email", "role", "fte", "team", "team_name", "manager",
    "second_manager", "interim_manager", "contract", "hire_date", "leave_date", "valid_from", "valid_to",
)  # fmt: skip
SELLING: Final = frozenset({Job.FIELD, Job.KEY, Job.INSIDE, Job.SALES_LEAD})
_FIELD_LEAD: Final = 4
_TWO_MANAGERS: Final = 29
_GIVEN_THE_FREED_CODE: Final = 15
_CHANGE_DAYS: Final = (
    planted.MERGED_ON, planted.PROMOTED_LEAD_ON, planted.LEAD_AWAY_FROM, planted.PROMOTED_ON, planted.MOVED_ON,
)  # fmt: skip
SERVING: Final = frozenset({Job.DESK, Job.TECHNICAL, Job.SERVICE_LEAD})


@dataclass(frozen=True, slots=True)
class _State:
    """What is true of somebody from a day on."""

    role: str
    team: str
    above: int
    """Position of the manager in the block; −1: whoever leads the block's leader."""
    interim: int | None = None


def hr_rows(blocks: tuple[Block, ...], last: Month) -> list[tuple[str, ...]]:
    """All rows known at the month's end, by associate and first day: one row a spell, texts as in the file."""
    return [
        row
        for block in blocks
        for position in range(BLOCK)
        if block.kept[position]
        for row in _rows(block, position, blocks, last.last_day)
    ]


def _rows(block: Block, position: int, blocks: tuple[Block, ...], known: date) -> list[tuple[str, ...]]:
    index = block.first_index + position
    given, family = name_of(index)
    mail = f"{addresses(len(blocks) * BLOCK)[index]}@demo.example"
    fte = f"{block.fte[position]:.1f}"
    contract = "contractor" if index == planted.CONTRACTOR else "employee"
    second = _second_manager(block, position)
    rows: list[tuple[str, ...]] = []
    for hired, left in _employments(block, position):
        if hired > known:
            continue
        gone = left.isoformat() if left and left <= known else ""
        for start, end, state in _spells(block, position, hired, left):
            if start > known:
                continue
            until = end.isoformat() if end and end <= known else ""
            team = block.team_id(state.team)
            area = "" if block.number == 0 else f" {block.number + 1}"
            rows.append((
                block.id_at(position), f"{given} {family}", given, family, mail, state.role, fte, team,
                f"{TEAM_NAMES[state.team]}{area}", _manager(block, state.above), second,
                "" if state.interim is None else block.id_at(state.interim), contract, hired.isoformat(), gone,
                start.isoformat(), until,
            ))  # fmt: skip
    return rows


def _employments(block: Block, position: int) -> list[tuple[date, date | None]]:
    times = [(block.hired[position], block.left[position])]
    if block.rehired[position] < FAR:
        times.append((block.rehired[position], FAR))
    return [(_day(int(start)), None if end >= FAR else _day(int(end))) for start, end in times]


def _day(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


def _manager(block: Block, above: int) -> str:
    if above >= 0:
        return block.id_at(above)
    if block.number == 0:
        return ""
    area = 0 if block.number % AREA == 0 else block.number // AREA * AREA
    return planted.associate_id(area * BLOCK)


def leader_on(block: Block, position: int, day: date) -> str:
    """Id of whoever leads somebody on a day, the interim manager where there is one; empty at the very top."""
    state = _state_on(block, position, day)
    return _manager(block, state.above if state.interim is None else state.interim)


def team_on(block: Block, position: int, day: date) -> str:
    """The team somebody is in on a day, without the block's number."""
    return _state_on(block, position, day).team


def _second_manager(block: Block, position: int) -> str:
    """One inside seller works for the field lead too."""
    both = block.number == 0 and position == _TWO_MANAGERS and block.kept[_FIELD_LEAD]
    return block.id_at(_FIELD_LEAD) if both else ""


def _spells(block: Block, position: int, hired: date, left: date | None) -> list[tuple[date, date | None, _State]]:
    days = [hired, *(day for day in _CHANGE_DAYS if hired < day and (left is None or day <= left))]
    states = [(day, _state_on(block, position, day)) for day in days]
    new = [states[0], *(later for earlier, later in pairwise(states) if earlier[1] != later[1])]
    ends = [day - timedelta(days=1) for day, _ in new[1:]] + [left]
    return [(start, end, state) for (start, state), end in zip(new, ends, strict=True)]


def _state_on(block: Block, position: int, day: date) -> _State:
    seat = SEATS[position]
    state = _State(seat.role, seat.team, block.kept_above(position))
    return state if block.number else _story_on(block, position, day, state)


def _story_on(block: Block, position: int, day: date, state: _State) -> _State:
    """The same with what happened to people of the first block by this day."""
    if position == planted.MOVED and day >= planted.MOVED_ON and block.kept[_FIELD_LEAD]:
        state = replace(state, team="FN", above=_FIELD_LEAD)
    if position == planted.PROMOTED and day >= planted.PROMOTED_ON:
        state = replace(state, role="Senior inside sales")
    if state.team == "TS" and day < planted.PROMOTED_LEAD_ON:
        state = _before_promotion(block, position, state)
    if state.team == "IS" and day < planted.MERGED_ON:
        state = _before_merger(block, position, state)
    if state.team == "KA" and position != planted.LEAD_AWAY and day >= planted.LEAD_AWAY_FROM:
        above = block.kept_above(planted.LEAD_AWAY)
        state = replace(state, interim=above if position == planted.INTERIM else planted.INTERIM)
    return state


def _before_promotion(block: Block, position: int, state: _State) -> _State:
    """Technical service had no lead: the service manager led it."""
    if position == planted.PROMOTED_LEAD:
        return replace(state, role="Technical agent")
    return replace(state, above=block.kept_above(planted.PROMOTED_LEAD))


def _before_merger(block: Block, position: int, state: _State) -> _State:
    """Two teams: one under its later lead, the other under the regional manager."""
    if position in planted.MERGED_NORTH:
        return replace(state, team="IN")
    return replace(state, team="IO", above=block.kept_above(planted.MERGED_NORTH[0]))


def identity_rows(blocks: tuple[Block, ...]) -> list[tuple[str, ...]]:
    """identities.csv: source, source_id, valid_from, valid_to, associate. Sellers have codes, agents have logins."""
    rows: list[tuple[str, ...]] = []
    at_desk = logins(len(blocks) * BLOCK)
    for block in blocks:
        for position in range(BLOCK):
            if not block.kept[position]:
                continue
            index, who = block.first_index + position, block.id_at(position)
            if SEATS[position].job in SELLING:
                rows.extend(("crm", code, start, end, who) for code, start, end in seller_codes(index))
            if SEATS[position].job in SERVING:
                rows.append(("desk", at_desk[index], "", "", who))
    return sorted(rows)


def seller_codes(index: int) -> list[tuple[str, str, str]]:
    """A seller's codes in the sales system, each with its first and last day. A code freed is given out again."""
    code = f"{1000 + 37 * index:06d}"
    freed = f"{1000 + 37 * planted.REHIRED:06d}"
    if index == planted.REHIRED:
        return [(freed, "", planted.FIRST_LEFT_ON.isoformat()), ("900001", planted.REHIRED_ON.isoformat(), "")]
    if index == _GIVEN_THE_FREED_CODE:
        return [(freed, planted.NORMAL_RAMPS[index].isoformat(), "")]
    return [(code, "", "")]


def code_in(index: int, month: Month) -> str:
    """The code a seller's orders of a month bear."""
    codes = seller_codes(index)
    return codes[0][0] if len(codes) == 1 or month.last_day < planted.REHIRED_ON else codes[1][0]
