"""Writes the demo company's extracts: CSV files as its systems would hand them out. Its config: `configuration`."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from config.errors import UsageError
from config.months import Month, months_between
from flows.demo import activity, hr, sales, service, talks
from flows.demo.company import BLOCK, Block, available, make_blocks, presence
from flows.demo.streams import day_number
from flows.demo.texts import EVENT_COLUMNS, EVENTS
from flows.demo.truths import DemoTruths, truths_for
from flows.demo.writing import csv_bytes, dates, integers, texts, write_table
from flows.files import write_bytes

DEFAULT_ASSOCIATES: Final = 40
DEFAULT_MONTHS: Final = 36
DEFAULT_SEED: Final = 20261031
LAST_MONTH: Final = Month(2026, 10)

_TABLES: Final[dict[str, Callable[[int, tuple[Block, ...], Month], pa.Table]]] = {
    "sales": sales.sales_table,
    "activity": activity.activity_table,
    "renewals": activity.renewals_table,
    "service": service.service_table,
    "pulse": talks.pulse_table,
}
_CONTROL_COLUMNS: Final = ("extract", "month", "rows", "total", "currency")
"""What the sources say of their own extracts: how many rows, and what the orders come to."""


def write_demo_extracts(
    folder: Path,
    associates: int = DEFAULT_ASSOCIATES,
    months: int = DEFAULT_MONTHS,
    seed: int = DEFAULT_SEED,
    last: Month = LAST_MONTH,
) -> DemoTruths:
    """Write every extract of `months` months ending with `last`, and say what is planted in them.

    A pure function of its arguments: the same bytes every time. A month's rows of a person are the same whatever the
    number of months or of people. Files of months no longer asked for are taken away. hr and events are as they
    were known at the end of `last`. Raises UsageError for a size or a number of months that can't be made.
    """
    if months < 1:
        raise UsageError(f"{months} months of demo data can't be made.", fix="Ask for 1 month or more.")
    blocks = make_blocks(seed, associates)
    span = tuple(months_between(last.shift(1 - months), last))
    for month in span:
        totals: list[tuple[str, ...]] = []
        for name, make in _TABLES.items():
            table = make(seed, blocks, month)
            write_table(folder / name / f"{name}-{month}.csv", table)
            total = (sales.sales_total(seed, blocks, month), "EUR") if name == "sales" else ("", "")
            totals.append((name, str(month.first_day), str(table.num_rows), *total))
        write_bytes(folder / "control" / f"control-{month}.csv", csv_bytes(_CONTROL_COLUMNS, totals))
    for month in span:
        write_table(folder / "availability" / f"availability-{month}.csv", _availability(seed, blocks, month))
        talked = csv_bytes(talks.COACHING_COLUMNS, talks.conversation_rows(seed, blocks, month))
        write_bytes(folder / "coaching" / f"coaching-{month}.csv", talked)
    write_bytes(folder / "hr" / "hr.csv", csv_bytes(hr.COLUMNS, hr.hr_rows(blocks, last)))
    write_bytes(folder / "events" / "events.csv", csv_bytes(EVENT_COLUMNS, _events(last)))
    _take_away_other_months(folder, span)
    return truths_for(_people(blocks, last), span)


def _people(blocks: tuple[Block, ...], last: Month) -> tuple[str, ...]:
    """Everyone hr knows at the end of the last month, those who left too."""
    return tuple(sorted({row[0] for row in hr.hr_rows(blocks, last)}))


def _availability(seed: int, blocks: tuple[Block, ...], month: Month) -> pa.Table:
    index, days = [], []
    for block in blocks:
        here = presence(block, month)
        there = here.employed & block.kept
        index.append(block.first_index + np.flatnonzero(there))
        days.append(available(seed, block, month, here)[there])
    who = np.concatenate(index)
    return pa.table(
        {
            "associate": texts(who, [block.id_at(at) for block in blocks for at in range(BLOCK)]),
            "month": dates(np.full(len(who), day_number(month.first_day))),
            "available_days": integers(np.concatenate(days)),
        }
    )


def _events(last: Month) -> list[tuple[str, ...]]:
    known = [event for event in EVENTS if event[0] < last.end]
    return [
        (f"E{number:03d}", day.isoformat(), kind, title, description, segment)
        for number, (day, kind, title, description, segment) in enumerate(known, start=1)
    ]


def _take_away_other_months(folder: Path, span: tuple[Month, ...]) -> None:
    """Files an earlier call wrote for months that are not in this one: they would be landed as if they belonged."""
    wanted = {str(month) for month in span}
    for name in (*_TABLES, "availability", "coaching", "control"):
        for path in sorted((folder / name).iterdir()):
            found = re.fullmatch(rf"{name}-(\d{{4}}-\d{{2}})\.csv", path.name)
            if found and found[1] not in wanted:
                path.unlink()
