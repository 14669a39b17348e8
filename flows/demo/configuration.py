"""Writes the demo company's configuration for any size: config/demo with what depends on the size written anew.

Does not belong here: the extracts, and how a configuration is read.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np

import config
from config.months import Month, months_between
from flows.demo import truths as planted
from flows.demo.company import Block, make_blocks, presence
from flows.demo.extracts import DEFAULT_ASSOCIATES, DEFAULT_MONTHS, DEFAULT_SEED, LAST_MONTH
from flows.demo.hr import identity_rows, team_on
from flows.demo.sales import average_order_eur, expected_orders, incomplete_order
from flows.demo.streams import Floats
from flows.demo.writing import csv_bytes
from flows.files import write_bytes

SOURCE: Final = Path(config.__file__).parent / "demo"
STATIC: Final = (
    "company.yaml", "extracts.yaml", "metrics.yaml", "expectations.yaml", "delivery.yaml", "schedule.yaml",
    "checks.yaml",
)  # fmt: skip
PLAN: Final = "revenue-plan-2026.csv"
TEAMS: Final = "team-expectations-2026.csv"
_PLANNED_YEAR: Final = 2026
_PLANNED_ON: Final = date(2025, 12, 10)
_TEAMS_ASKED_ON: Final = date(2026, 6, 22)
_IDENTITY_COLUMNS: Final = ("source", "source_id", "valid_from", "valid_to", "associate")
_PLAN_COLUMNS: Final = ("unit_kind", "unit", "metric", *(f"{_PLANNED_YEAR}-Q{n}" for n in (1, 2, 3, 4)))
_USUAL_PRESENCE: Final = 0.90
_BEYOND_REACH: Final = 3.5
_TEAM_MONTHS: Final = tuple(months_between(Month(2026, 7), Month(2026, 12)))
_NORTH, _SOUTH = 1, 2


def write_demo_config(
    folder: Path,
    associates: int = DEFAULT_ASSOCIATES,
    months: int = DEFAULT_MONTHS,
    seed: int = DEFAULT_SEED,
    last: Month = LAST_MONTH,
) -> Path:
    """Write the configuration that fits the extracts made with the same arguments, and give back its folder.

    At the default size it is config/demo itself. Raises UsageError for a size that can't be made.
    """
    blocks = make_blocks(seed, associates)
    for name in STATIC:
        text = (SOURCE / name).read_text(encoding="utf-8")
        if name == "company.yaml":
            text = text.replace(f"history_months: {DEFAULT_MONTHS - 1}", f"history_months: {min(months - 1, 120)}")
        write_bytes(folder / name, text.encode())
    for name, header, rows in (
        ("identities.csv", _IDENTITY_COLUMNS, identity_rows(blocks)),
        ("decisions.csv", _DECISION_COLUMNS, _decisions(blocks[0], last)),
        ("corrections.csv", _CORRECTION_COLUMNS, _corrections(seed, blocks)),
        (PLAN, _PLAN_COLUMNS, _plan(blocks)),
        (TEAMS, _LONG_COLUMNS, _team_rows(blocks[0])),
    ):
        write_bytes(folder / name, csv_bytes(header, rows))
    return folder


# -- expected revenue ------------------------------------------------------------------------------------------


def expected_revenue(block: Block, month: Month) -> Floats:
    """What each position is likely to sell in EUR, were there no market shift: what a planner could have thought."""
    here = presence(block, month)
    usual_days: Floats = (here.count * _USUAL_PRESENCE).astype(np.float64)
    orders = expected_orders(block, month, here, usual_days)
    found: Floats = orders * average_order_eur() * block.kept
    return found


def _thousands(eur: float) -> str:
    return str(int(Decimal(eur / 1000).to_integral_value()) * 1000)


def _plan(blocks: tuple[Block, ...]) -> list[tuple[str, ...]]:
    """Quarters of the whole company and of the two regional managers whose regions the story is about."""
    quarters = [[Month(_PLANNED_YEAR, 3 * quarter + n) for n in (1, 2, 3)] for quarter in range(4)]
    first = blocks[0]
    everyone = [sum(float(expected_revenue(block, m).sum()) for block in blocks for m in q) for q in quarters]
    rows = [("organisation", "", "revenue", *map(_thousands, everyone))]
    for manager, teams in ((_NORTH, ("FN", "KA")), (_SOUTH, ("FS", "IS"))):
        if first.kept[manager]:
            values = [sum(_of_teams(first, teams, month, _PLANNED_ON) for month in quarter) for quarter in quarters]
            rows.append(("manager", first.id_at(manager), "revenue", *map(_thousands, values)))
    return rows


def _of_teams(block: Block, teams: tuple[str, ...], month: Month, planned_on: date) -> float:
    """Of those who were in the teams, or were to join them, when it was planned."""
    within = [team_on(block, at, planned_on) in teams for at in range(len(block.kept))]
    return float(expected_revenue(block, month)[within].sum())


# -- the long table --------------------------------------------------------------------------------------------

_LONG_COLUMNS: Final = ("unit_kind", "unit", "metric", "month", "value", "why", "owner", "set_on", "parent")


def _team_rows(block: Block) -> list[tuple[str, ...]]:
    teams = {team_on(block, at, LAST_MONTH.first_day) for at in np.flatnonzero(block.kept).tolist()}
    rows: list[tuple[str, ...]] = []
    if "FN" in teams:
        # Why and owner are those of the manager's plan: the parent's.
        rows += [_revenue_of(block, "FN", month, "", "", f"manager:{block.id_at(_NORTH)}") for month in _TEAM_MONTHS]
    if "FS" in teams:
        why = "Two customers of the south opened branches this spring; the team asked for this number itself."
        parent = f"manager:{block.id_at(_SOUTH)}"
        rows += [_revenue_of(block, "FS", m, why, "Regional sales manager", parent) for m in _TEAM_MONTHS]
    if "SD" in teams:
        why = "A second call costs the customer a day; the coaching from February on is meant to spare it."
        rows += [
            ("team", "SD", "solved_first_contact", str(month), "0.70", why, "Service manager", "2026-01-20", "")
            for month in months_between(planted.COACHED_FROM, _TEAM_MONTHS[-1])
        ]
    if "TS" in teams:
        # Nobody stands behind this one: it is listed as unused.
        rows += [("team", "TS", "on_time", str(month), "0.97", "A customer's engineer asked for it.", "",
                  "2026-09-03", "") for month in _TEAM_MONTHS[3:]]  # fmt: skip
    if block.kept[planted.IMPOSSIBLE]:
        why = "The best seller of a competitor twice our size is said to reach it."
        rows += [("associate", block.id_at(planted.IMPOSSIBLE), "revenue", str(month), _impossible(block), why,
                  "Sales director", "2026-09-21", "") for month in _TEAM_MONTHS[3:]]  # fmt: skip
    return rows


def _revenue_of(block: Block, team: str, month: Month, why: str, owner: str, parent: str) -> tuple[str, ...]:
    value = _thousands(_of_teams(block, (team,), month, _TEAMS_ASKED_ON))
    return ("team", team, "revenue", str(month), value, why, owner, _TEAMS_ASKED_ON.isoformat(), parent)


def _impossible(block: Block) -> str:
    """Far beyond what anyone in the role is likely to sell in the best month."""
    best = max(float(expected_revenue(block, Month(_PLANNED_YEAR, n))[planted.IMPOSSIBLE]) for n in range(1, 13))
    return _thousands(best * _BEYOND_REACH)


# -- corrections -----------------------------------------------------------------------------------------------

_CORRECTION_COLUMNS: Final = ("extract", "key", "column", "old", "new", "reason", "owner")


def _corrections(seed: int, blocks: tuple[Block, ...]) -> list[tuple[str, ...]]:
    """The amount of the one order that came without it."""
    found = incomplete_order(seed, blocks)
    if found is None:
        return []
    order, code, amount = found
    reason = "The amount was lost in the export; it stands on the invoice."
    return [("sales", f"{order}|{code}", "amount", "", amount, reason, "Sales operations")]


# -- decisions -------------------------------------------------------------------------------------------------

_DECISION_COLUMNS: Final = (
    "decided_on", "kind", "unit_kind", "unit_id", "metric", "month", "decided_by", "reason", "value",
)  # fmt: skip
_NEW_SYSTEM = "The new ticket system sorts mails by itself: first answers come sooner than before."


def _decisions(block: Block, last: Month) -> list[tuple[str, ...]]:
    """Decided by the end of the last month, about people and teams that are there."""
    manager, desk, technical = block.id_at(3), 31, 36
    rows = [
        ("2025-09-03", "rebase", "manager", manager, "first_response_hours", "2025-06", "Service manager",
         _NEW_SYSTEM, "", 3),
        ("2025-09-03", "rebase", "team", "SD", "first_response_hours", "2025-06", "Service manager", _NEW_SYSTEM, "",
         desk),
        ("2025-09-03", "rebase", "team", "TS", "first_response_hours", "2025-06", "Service manager", _NEW_SYSTEM, "",
         technical),
        ("2026-06-24", "accepted_stretch", "team", "FS", "revenue", "2026-12", "Regional sales manager",
         "The team knows it is much and wants to try; nobody is held to it alone.", "", 20),
        ("2026-10-12", "contested", "associate", block.id_at(11), "orders", "2026-09", "The associate",
         "Two orders taken on the phone stand under the house account.", "", 11),
        ("2026-10-20", "contest_answered", "associate", block.id_at(11), "orders", "2026-09", "Regional sales manager",
         "Right: the two orders were found. The status is withdrawn.", "", 11),
        ("2026-10-14", "contested", "associate", block.id_at(20), "revenue", "2026-09", "The associate",
         "A large order was moved to October by the customer's own request.", "", 20),
    ]  # fmt: skip
    kept = [row[:-1] for row in rows if block.kept[int(row[-1])]]
    return [tuple(map(str, row)) for row in kept if Month.parse(str(row[0])[:7]) <= last]
