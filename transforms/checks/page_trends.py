"""Parts of the checks page that are drawn: how an extract's numbers went over the months, and its rows day by day.

Does not belong here: judging whether a month is unusual (`transforms.checks.over_time`, `.days`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from config.models import ColumnType, Extract
from config.months import Month, months_between
from transforms import wording
from transforms.charts import DAYS_HEIGHT, DAYS_WIDTH, day_bars, series_chart
from transforms.checks.readings import Verdict
from transforms.checks.texts import visible
from transforms.formats import Formats
from transforms.index_model import DayStrip, Trend
from transforms.report_model import Sense
from transforms.stages import Checked, ColumnProfile

MONTHS = 36
_FEWEST = 3
"""Fewer months than these have no course."""
_WIDTH, _HEIGHT = 168.0, 40.0
_NAN = float("nan")
_WEEKEND = 5
_DAYS_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Line:
    """One number by month, and how it is written."""

    label: str
    by_month: dict[Month, float]
    check: str
    """Name of the check over time that asks about it."""
    decimals: int = 0
    share: bool = False
    money: bool = False

    def written(self, formats: Formats, value: float) -> str:
        if math.isnan(value):
            return "—"
        if self.share:
            return formats.percent(formats.number(value * 100, 1))
        return formats.money(value, self.decimals) if self.money else formats.number(value, self.decimals)


def trends(
    formats: Formats, extract: Extract, checked: Sequence[Checked], month: Month, verdicts: Sequence[Verdict]
) -> tuple[Trend, ...]:
    """Rows, rows set aside, the main measure and the column that is empty more often than before, over three years.

    The last month is marked where a check over time failed on it.
    """
    known = [one for one in checked if month.shift(1 - MONTHS) <= one.month <= month]
    if len(known) < _FEWEST or known[-1].month != month:
        return ()
    rows = {one.month: float(one.profile.rows if one.profile else one.source_rows) for one in known}
    aside = {one.month: float(sum(part.rows for part in one.quarantined)) for one in known}
    lines = [_Line("Rows", rows, "rows_over_time")]
    if any(aside.values()):
        lines.append(_Line("Rows set aside", aside, "set_aside"))
    measure = extract.main_measure
    if measure:
        money = extract.columns[measure].type is ColumnType.MONEY
        sums = {one.month: float(one.measure) for one in known}
        lines.append(_Line(f"Sum of {measure}", sums, f"{measure}_sum_over_time", money=money))
    empty = _emptier(known)
    if empty:
        lines.append(empty)
    failed = {verdict.reading.check.partition(".")[2] for verdict in verdicts if not verdict.passed}
    return tuple(_trend(formats, line, month, unusual=line.check in failed) for line in lines)


def _emptier(known: Sequence[Checked]) -> _Line | None:
    """The column whose share of empty values lies highest over what it usually is."""
    shares: dict[str, dict[Month, float]] = {}
    for one in known:
        for column in one.profile.columns if one.profile else ():
            shares.setdefault(column.name, {})[one.month] = _empty_share(column, one.profile.rows if one.profile else 0)
    now = known[-1].month
    candidates = {name: found for name, found in shares.items() if now in found and any(found.values())}
    if not candidates:
        return None

    def over_usual(name: str) -> tuple[float, float, str]:
        found = candidates[name]
        usual = median([share for at, share in found.items() if at != now] or [0.0])
        return found[now] - usual, found[now], name

    worst = max(candidates, key=over_usual)
    return _Line(f"Empty in {worst}", candidates[worst], f"{worst}_filled_over_time", share=True)


def _empty_share(column: ColumnProfile, rows: int) -> float:
    return max(0.0, 1 - column.filled / rows) if rows else 0.0


def _trend(formats: Formats, line: _Line, month: Month, *, unusual: bool) -> Trend:
    first = min(line.by_month)
    values = [line.by_month.get(each, _NAN) for each in months_between(first, month)]
    before = [value for value in values[:-1] if not math.isnan(value)]
    low, high = line.written(formats, min(before)), line.written(formats, max(before))
    months = wording.counted(len(before), "month", "months")
    span = f"{low} in each of {months} before" if low == high else f"{low} to {high} in {months} before"
    latest = line.written(formats, values[-1])
    return Trend(
        label=visible(line.label),
        latest=latest,
        span=span,
        chart=series_chart(
            values,
            [],
            [],
            alt=visible(f"{line.label}, {formats.month(first)} to {formats.month(month)}: {latest}, {span}."),
            sense=Sense.WORSE if unusual else Sense.NONE,
            width=_WIDTH,
            height=_HEIGHT,
        ),
    )


def day_strip(formats: Formats, rows: Sequence[int], month: Month) -> DayStrip | None:
    """Rows by day of a month; None where no column dates them, or there are none."""
    if len(rows) != month.days or not any(rows):
        return None
    days = [month.first_day + timedelta(days=number) for number in range(month.days)]
    weekdays, weekends, empty = day_bars(rows, [day.weekday() >= _WEEKEND for day in days])
    filled = [number for number in rows if number]
    low, high = formats.count(min(filled)), formats.count(max(filled))
    without = [day for day, number in zip(days, rows, strict=True) if not number]
    span = f"{low} to {high} rows a day" if low != high else f"{low} {'row' if filled[0] == 1 else 'rows'} a day"
    if without and len(without) <= _DAYS_NAMED:
        span += f", none on {wording.listed([str(day.day) for day in without])} {formats.month_name(month)}"
    elif without:
        on_weekdays = sum(1 for day in without if day.weekday() < _WEEKEND)
        span += f", none on {len(without)} days"
        span += f", {on_weekdays} of them Monday to Friday" if on_weekdays else ", all of them at weekends"
    return DayStrip(
        width=DAYS_WIDTH,
        height=DAYS_HEIGHT,
        weekdays=weekdays,
        weekends=weekends,
        empty=empty,
        first=formats.day(days[0]),
        last=formats.day(days[-1]),
        span=span,
        alt=f"Rows by day of {formats.month(month)}: {span}.",
    )
