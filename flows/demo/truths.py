"""What is planted in the demo company's data, once, so that generator, documentation and tests say the same.

Everything here is about the first forty people (block 0), who are in every company of that size or larger. How the
numbers are drawn does not belong here.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from config.months import Month

MARKET_FROM: Final = Month(2026, 3)
MARKET_ORDERS: Final = 0.93
MARKET_AMOUNT: Final = 0.93
"""Business customers order 7% less often and 7% less each time: 13.5% less revenue."""

DECLINE, DECLINE_FROM, DECLINE_FACTOR = 12, Month(2026, 5), 0.60
DECLINE_PROPOSALS_FROM, DECLINE_PROPOSALS = Month(2026, 4), 0.5
COACHED_TEAM, COACHED_FROM, COACHED_RISE = "SD", Month(2026, 2), 0.13
"""Share of tickets solved at first contact: so much more, reached in three equal monthly steps."""
STOPPED, STOPPED_FROM = 6, Month(2026, 4)
BELIEF_FROM, BELIEF_FALL = Month(2026, 6), 1.2
"""Points fewer the team of the manager who stopped gives to “I know why our goals matter”, two months later."""
NORMAL_RAMPS: Final = {15: date(2026, 6, 1), 30: date(2026, 7, 15), 35: date(2026, 10, 1)}
SLOW_RAMP, SLOW_HIRED, SLOW_PACE = 24, date(2026, 5, 1), 0.5
IMPOSSIBLE, IMPOSSIBLE_FROM = 17, Month(2026, 10)
THREE_ANSWERS_TEAM, THREE_ANSWERS_MONTH = "KA", Month(2026, 10)
MOVED, MOVED_ON = 23, date(2026, 10, 14)
ABSENT, ABSENT_FROM, ABSENT_TO = 28, date(2026, 1, 1), date(2026, 4, 30)
LEAD_AWAY, LEAD_AWAY_FROM, INTERIM = 5, date(2026, 8, 17), 16
PROMOTED_LEAD, PROMOTED_LEAD_ON = 9, date(2025, 9, 1)
PROMOTED, PROMOTED_ON = 26, date(2026, 10, 1)
LEFT, LEFT_ON = 14, date(2026, 10, 16)
REHIRED, FIRST_LEFT_ON, REHIRED_ON = 22, date(2024, 5, 31), date(2025, 1, 13)
CONTRACTOR: Final = 39
MERGED_ON: Final = date(2025, 4, 1)
MERGED_NORTH: Final = (7, 25, 26)
MERGED_ONLINE: Final = (27, 28, 29)
NEW_SYSTEM_FROM, NEW_SYSTEM_FACTOR = Month(2025, 6), 0.70
"""The service desk's new ticket system: first responses take 30% less time."""
PAST_HIRES: Final = {
    11: date(2024, 2, 1), 18: date(2024, 3, 1), 21: date(2024, 6, 1), 37: date(2024, 9, 1), 27: date(2024, 10, 1),
    33: date(2025, 3, 1), 38: date(2025, 6, 16),
}  # fmt: skip
"""Earlier hires, all on the normal ramp: what a ramp can be learnt from."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One planted thing. `size` is a share of the level before (−0.4 is 40% less) unless `what` says otherwise."""

    name: str
    unit_kind: str
    unit_ids: tuple[str, ...]
    first: Month
    last: Month | None
    """None: it lasts."""
    size: float | None
    what: str


@dataclass(frozen=True, slots=True)
class DemoTruths:
    """Everything planted that can be seen in the months and among the people written."""

    associates: tuple[str, ...]
    months: tuple[Month, ...]
    all: tuple[Truth, ...]

    def __getitem__(self, name: str) -> Truth:
        """The truth of this name. Raises KeyError where a company this small or these months do not hold it."""
        for truth in self.all:
            if truth.name == name:
                return truth
        raise KeyError(f"{name}: there are {', '.join(truth.name for truth in self.all)}")

    def __contains__(self, name: str) -> bool:
        return any(truth.name == name for truth in self.all)


def associate_id(index: int) -> str:
    """HR's id of the person with this index."""
    return f"A{index + 1:04d}"


def _people(*indices: int) -> tuple[str, ...]:
    return tuple(associate_id(index) for index in indices)


def _planted() -> tuple[Truth, ...]:
    one, of = "associate", Month.of
    return (
        Truth("market_shift", "organisation", (), MARKET_FROM, None, MARKET_ORDERS * MARKET_AMOUNT - 1,
              "Revenue with business customers falls for everyone: the market, not the person."),
        Truth("decline", one, _people(DECLINE), DECLINE_FROM, None, DECLINE_FACTOR - 1,
              "One field seller's orders fall lastingly, beyond what the market explains."),
        Truth("decline_proposals", one, _people(DECLINE), DECLINE_PROPOSALS_FROM, None, DECLINE_PROPOSALS - 1,
              "The same person writes half as many proposals from a month earlier; visits stay as they were."),
        Truth("coaching_worked", "team", (COACHED_TEAM,), COACHED_FROM, None, COACHED_RISE,
              "Solved at first contact rises by so many points (as a share) after coaching on it began."),
        Truth("coaching_stopped", "manager", _people(STOPPED), STOPPED_FROM, None, None,
              "A team lead records no conversation any more."),
        Truth("belief_fell", "team", ("FS",), BELIEF_FROM, None, -BELIEF_FALL,
              "The same lead's team knows less why its goals matter: so many points of 10."),
        *(Truth(f"normal_ramp_{number}", one, _people(index), of(day), None, None, "Hired, and starting as others do.")
          for number, (index, day) in enumerate(NORMAL_RAMPS.items(), start=1)),
        Truth("slow_ramp", one, _people(SLOW_RAMP), of(SLOW_HIRED), None, SLOW_PACE - 1,
              "Hired, and at half the orders of a normal start."),
        Truth("impossible_expectation", one, _people(IMPOSSIBLE), IMPOSSIBLE_FROM, Month(2026, 12), None,
              "A revenue expectation no key account manager has ever come near."),
        Truth("three_answers", "team", (THREE_ANSWERS_TEAM,), THREE_ANSWERS_MONTH, THREE_ANSWERS_MONTH, None,
              "Exactly three people of the team answered the survey."),
        Truth("moved_mid_month", one, _people(MOVED), of(MOVED_ON), None, None, "From team FS to team FN on the 14th."),
        Truth("long_absence", one, _people(ABSENT), of(ABSENT_FROM), of(ABSENT_TO), -1.0,
              "No available day and no sale for four months."),
        Truth("interim_manager", one, _people(INTERIM), of(LEAD_AWAY_FROM), None, None,
              "Leads team KA for the time being; its lead has no available day."),
        Truth("promoted_to_lead", one, _people(PROMOTED_LEAD), of(PROMOTED_LEAD_ON), None, None,
              "From technical agent to lead of the same team TS."),
        Truth("promoted", one, _people(PROMOTED), of(PROMOTED_ON), None, None, "From inside sales to senior."),
        Truth("left_mid_month", one, _people(LEFT), of(LEFT_ON), None, None, "Last day on the 16th."),
        Truth("rehired", one, _people(REHIRED), of(REHIRED_ON), None, None,
              "Left on 2024-05-31, back on 2025-01-13 with another seller code."),
        Truth("contractor", one, _people(CONTRACTOR), Month(2023, 11), None, None, "Works on a contract of services."),
        Truth("teams_merged", "team", ("IN", "IO", "IS"), of(MERGED_ON), None, None,
              "IN and IO became IS; IN's lead leads it."),
        Truth("new_ticket_system", "team", ("SD", "TS"), NEW_SYSTEM_FROM, None, NEW_SYSTEM_FACTOR - 1,
              "First response hours fall with the new system; the charts were re-based by decision."),
        Truth("past_hires", one, _people(*PAST_HIRES), Month(2024, 2), None, None,
              "Earlier hires on the normal ramp."),
    )  # fmt: skip


_TEAM_NEEDS: Final = {
    "coaching_worked": (31,), "belief_fell": (20,), "three_answers": (16, 17, 18), "teams_merged": (25, 27),
    "new_ticket_system": (31,),
}  # fmt: skip
"""People without whom a company too small does not show what is planted for a team."""


def truths_for(associates: tuple[str, ...], months: tuple[Month, ...]) -> DemoTruths:
    """What is planted and can be seen among these people and in these months."""
    here = set(associates)

    def someone(truth: Truth) -> bool:
        if truth.unit_kind in {"associate", "manager"}:
            return bool(here.intersection(truth.unit_ids))
        return here.issuperset(_people(*_TEAM_NEEDS.get(truth.name, ())))

    seen = tuple(
        truth
        for truth in _planted()
        if truth.first <= months[-1] and (truth.last is None or truth.last >= months[0]) and someone(truth)
    )
    return DemoTruths(associates, months, seen)
