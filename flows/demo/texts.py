"""What people wrote down: conversations, and dated events. Invented, and naming nobody. No figures belong here."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from flows.demo.company import Job


@dataclass(frozen=True, slots=True)
class Topic:
    """What a conversation was about: the metric it turned on, and what each side said."""

    metric: str
    recognised: str
    summary: str
    agreed: str
    promised: str


_SELLING: Final = (
    Topic("revenue", "Won back a customer who had stopped ordering.",
          "We looked at the ten largest customers and what each plans for the season.",
          "Call the five customers who order every spring before their budgets close.",
          "Price approvals within one working day."),
    Topic("orders", "Three first orders from customers who had only asked before.",
          "We talked about where small orders come from and how long they take.",
          "Offer the standard basket first and the special wish second.",
          "The web shop shows real delivery dates from next month."),
    Topic("proposals", "A proposal that a customer called the clearest of four.",
          "We read two proposals together, one won and one lost.",
          "Send each proposal within two days of the visit.",
          "A shorter proposal template, ready by the fifteenth."),
    Topic("visits", "Shared the visit plan with inside sales without being asked.",
          "We went through the route of last month and what each visit led to.",
          "Two visits a week to customers not seen since summer.",
          "Tuesdays stay free of internal meetings."),
    Topic("average_order", "Explained a price rise so well that the customer stayed.",
          "We looked at which additional products customers ask for themselves.",
          "Mention the service contract in every offer for seating.",
          "The stock list comes every Monday morning."),
)  # fmt: skip
_SERVING: Final = (
    Topic("first_response_hours", "Answered the long queue on Monday morning with patience.",
          "We looked at the hours in which most mails wait.",
          "Look at new mails before the calls begin, at eight.",
          "One person an hour is kept free for new tickets."),
    Topic("on_time", "Told a customer early that a part would be late.",
          "We followed three tickets from opening to closing and found where they waited.",
          "Write the promised day into the ticket at once.",
          "The warehouse confirms parts by noon."),
    Topic("satisfaction", "Two customers thanked by name for a calm answer.",
          "We read what customers wrote this month, the good first.",
          "Close each call by asking what is still open.",
          "Customers' thanks are passed on every Friday."),
    Topic("solved_first_contact", "Solved a fault on the phone that usually needs a visit.",
          "We went through the five questions asked most.",
          "Write down one solution a week for the others.",
          "Time for the knowledge base: one hour on Thursdays."),
)  # fmt: skip
FIRST_CONTACT: Final = (
    Topic("solved_first_contact", "Found the cause by asking one question more.",
          "We listened to three calls and looked where a second call could have been spared.",
          "Ask for the serial number and the last change before anything else.",
          "Agents may send parts up to 80 EUR without asking."),
    Topic("solved_first_contact", "Wrote the guide that the others now use.",
          "We compared calls that were solved at once with those that were not.",
          "Use the guide for the ten most frequent faults.",
          "The second screen and the fault guide are there from Monday."),
)  # fmt: skip
"""What the service desk's conversations turned on from February 2026: the coaching that worked."""
_LEADING: Final = (
    Topic("goals_matter", "Explained the year's goals in words of the team's own.",
          "We talked about what the team believes this year is about.",
          "Begin each week's meeting with one customer's story.",
          "The plan's reasons are sent before its numbers."),
    Topic("revenue", "Kept the team calm while the market fell.",
          "We separated what the market did from what the team did.",
          "Bring one proposal for adapting the expectation.",
          "Expectations are looked at again in the next quarter."),
)  # fmt: skip
BEHAVIOUR: Final = (
    Topic("", "Said openly that the handover was too short.",
          "We talked about how handovers to colleagues are made, with two examples.",
          "Write down three lines at each handover.",
          "Handover time counts as working time in the plan."),
    Topic("", "Helped a colleague through the busiest day.",
          "We talked about meetings that begin late and what would help.",
          "Say the day before when a meeting can't be kept.",
          "Fewer meetings: the Wednesday round is gone."),
)  # fmt: skip
"""Conversations about behaviour: cooperation, never a violation of rules, which is another channel."""

TOPICS: Final = {
    Job.LEADS: _LEADING, Job.FIELD: _SELLING, Job.KEY: _SELLING, Job.INSIDE: _SELLING, Job.SALES_LEAD: _LEADING,
    Job.DESK: _SERVING, Job.TECHNICAL: _SERVING, Job.SERVICE_LEAD: _LEADING,
}  # fmt: skip

EVENT_COLUMNS: Final = ("event_id", "date", "kind", "title", "description", "segment")
EVENTS: Final[tuple[tuple[date, str, str, str, str], ...]] = (
    (date(2024, 1, 8), "price change", "List prices +2%", "All product groups but spare parts.", ""),
    (date(2024, 9, 2), "campaign", "Autumn seating campaign", "Six weeks, all segments.", ""),
    (date(2025, 1, 13), "price change", "List prices +2.5%", "All product groups.", ""),
    (date(2025, 4, 1), "organisation", "Inside sales becomes one team", "Inside sales North and Online orders.", ""),
    (date(2025, 6, 2), "system", "New ticket system", "Mails are sorted and passed on by themselves.", ""),
    (date(2025, 9, 8), "campaign", "Autumn lighting campaign", "Four weeks.", "B2C"),
    (date(2026, 1, 12), "price change", "List prices +2%", "All product groups but lighting.", ""),
    (date(2026, 2, 2), "coaching", "First-contact coaching at the service desk",
     "Every conversation turns on one call; agents may decide on parts up to 80 EUR.", ""),
    (date(2026, 3, 2), "market", "A competitor opens a trade portal", "Business customers compare prices there.",
     "B2B"),
    (date(2026, 9, 7), "campaign", "Autumn storage campaign", "Five weeks, all segments.", ""),
    (date(2026, 10, 6), "trade fair", "Autumn trade fair", "Three days; field sales had a stand there.", ""),
)  # fmt: skip
