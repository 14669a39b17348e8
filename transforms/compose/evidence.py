"""What charts and changes show of a unit's metric, as evidence for wording and as charts.

Does not belong here: the sections they stand in, and any sentence (`transforms.wording`).
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np

from config.models import Decision, Metric, Unit, UnitKind
from config.months import Month
from transforms.charts import Control
from transforms.compose.context import CHART_MONTHS, Composition, is_known, month_of, number
from transforms.numbers import month_number
from transforms.report_model import ReportKind, Sense, Signal
from transforms.wording import (
    ALL,
    TREND_KIND,
    TREND_RULE,
    Reading,
    Rebased,
    Shift,
    signal_icon,
    signal_rule,
    signal_sense,
    signal_since,
    signal_text,
)

_AS_GOOD_AS_ALL = 0.995
_NEAR_MONTHS = 2
"""A re-basing so many months from a shift is the one that accepted it."""
_DATED = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})[:,]?\s+(?P<what>.+)")


def control_of(composition: Composition, kind: str, unit_id: str, name: str) -> Control | None:
    """The control chart over the months of `Composition.series`; None where it has no limits."""
    places = composition.chart_places.get((kind, unit_id, name))
    if places is None:
        return None
    columns = composition.chart_columns
    last = month_number(composition.month_shown(kind, unit_id, name))
    at = columns["month"][places] - last + CHART_MONTHS - 1
    seen = (at >= 0) & (at < CHART_MONTHS)
    if not seen.any():
        return None
    least, most = _possible(composition, kind, unit_id, name)
    arrays = {column: np.full(CHART_MONTHS, np.nan) for column in ("mean", "lower", "upper")}
    for column, array in arrays.items():
        array[at[seen]] = np.clip(columns[column][places][seen].astype(np.float64), least, most)
    flags = np.full(CHART_MONTHS, "", dtype=object)
    flags[at[seen]] = columns["flag"][places][seen]
    groups = np.zeros(CHART_MONTHS, dtype=np.int64)
    groups[at[seen]] = columns["group"][places][seen]
    return Control(
        mean=arrays["mean"].tolist(), lower=arrays["lower"].tolist(), upper=arrays["upper"].tolist(),
        flags=[str(flag) for flag in flags], groups=groups.tolist(),
        restart=_restart(composition, (kind, unit_id, name), last),
    )  # fmt: skip


def _restart(composition: Composition, key: tuple[str, str, str], last: int) -> int:
    """The place of the newest re-basing's month in the chart, 0 where it lies before it or there is none."""
    known = composition.rebased.get(key)
    return max(month_number(known[-1].month) - last + CHART_MONTHS - 1, 0) if known else 0


def _possible(composition: Composition, kind: str, unit_id: str, name: str) -> tuple[float, float]:
    """Between which figures a metric can lie: a natural range is not drawn where nothing can be."""
    metric = composition.config.metrics[name]
    if metric.unit is Unit.PERCENT:
        return 0.0, 1.0
    known = [value for value in composition.series(kind, unit_id, name)[0] if is_known(value)]
    return (0.0 if known and min(known) >= 0 else -np.inf), np.inf


def reading_of(composition: Composition, kind: str, unit_id: str, name: str) -> Reading | None:
    """What the control chart says of the latest month; None where it is not known, or the figure is withheld."""
    row = composition.signal_rows.get((kind, unit_id, name))
    figures = composition.figures.get((kind, unit_id, name))
    if row is None or figures is None or figures["withheld"]:
        return None
    metric = composition.config.metrics[name]
    actual = composition.series(kind, unit_id, name)[0]
    control = control_of(composition, kind, unit_id, name)
    means = list(control.mean) if control else [number(row["mean"])] * len(actual)
    groups = list(control.groups) if control else [0] * len(actual)
    rule = _text(row["rule"])
    high, run = _course(actual, means, groups, trend=rule == TREND_RULE)
    least, most = _possible(composition, kind, unit_id, name)
    lower, upper = (number(row[column]) for column in ("lower", "upper"))
    decisions = composition.rebased.get((kind, unit_id, name), [])
    return Reading(
        label=metric.label,
        signal=_text(row["signal"]),
        rule=rule,
        high=high,
        run=run,
        adjusted_for=tuple(part for one in _text(row["adjusted_for"]).split(",") if (part := one.strip())),
        assurance=_text(row["assurance"]),
        lower=_written(composition, max(lower, least) if is_known(lower) else lower, metric),
        upper=_written(composition, min(upper, most) if is_known(upper) else upper, metric),
        months=int(number(row["months"])),
        rebased=rebased(composition, decisions[-1]) if decisions else None,
    )


def _written(composition: Composition, value: float, metric: Metric) -> str:
    return composition.formats.with_unit(value, metric) if np.isfinite(value) else ""


def _text(cell: object) -> str:
    return cell if isinstance(cell, str) else ""


def _course(actual: Sequence[float], means: Sequence[float], groups: Sequence[int], *, trend: bool) -> tuple[bool, int]:
    """Whether the latest month is high (rising), and how many months up to it have been, without a gap."""
    if not actual or not is_known(actual[-1]):
        return False, 0
    offsets = [value - mean for value, mean in zip(actual, means, strict=True)]
    steps = [offsets[-1], *(actual[place] - actual[place - 1] for place in range(1, len(actual)))] if trend else offsets
    high = steps[-1] > 0
    run = 0
    for place in range(len(steps) - 1, 0 if trend else -1, -1):
        if groups[place] != groups[-1] or not (steps[place] > 0 if high else steps[place] < 0):
            break
        run += 1
    # Six steps up are seven months.
    return high, run + 1 if trend and run else run


def signal_of(reading: Reading | None) -> Signal | None:
    """A signal as the model holds it."""
    if reading is None:
        return None
    return Signal(
        text=signal_text(reading),
        since=signal_since(reading),
        sense=signal_sense(reading),
        icon=signal_icon(reading),
        rule=signal_rule(reading),
    )


def rebased(composition: Composition, decision: Decision) -> Rebased:
    """A re-basing as evidence, its days written."""
    return Rebased(
        month=composition.formats.month(decision.month),
        by=decision.decided_by,
        on=composition.formats.day(decision.decided_on),
        reason=decision.reason,
    )


def changes_of(composition: Composition, kind: str, unit_id: str, name: str) -> list[dict[str, Any]]:
    """The shifts of a unit's metric within the months of its chart, oldest first; none of what is withheld."""
    figures = composition.figures.get((kind, unit_id, name))
    if figures is None or figures["withheld"]:
        return []
    last = composition.month_shown(kind, unit_id, name)
    first = last.shift(1 - CHART_MONTHS)
    return [row for row in composition.change_rows.get((kind, unit_id, name), []) if first < month_of(row) <= last]


def shift_of(
    composition: Composition,
    row: dict[str, Any],
    write: Callable[[float], str],
    report: ReportKind,
    whose: str = "",
) -> Shift:
    """A CHANGES row as evidence for wording. `write` writes a level; `report` is whom it is told to."""
    kind, unit_id, name = str(row["unit_kind"]), str(row["unit_id"]), str(row["metric"])
    metric = composition.config.metrics[name]
    before, after = number(row["before"]), number(row["after"])
    own_people = (row["group_kind"], row["group_id"]) == (kind, unit_id)
    # How many of a team's own people moved which way is not the team's to read.
    told = not (report is ReportKind.TEAM and own_people)
    sloped = row["kind"] == TREND_KIND
    accepted = bool(row["accepted"])
    proposed = number(row["proposed"])
    return Shift(
        label=metric.label,
        since=composition.formats.month(month_of(row)),
        kind=_text(row["kind"]),
        before=_rising(write(before), before) if sloped else write(before),
        after=_rising(write(after), after) if sloped else write(after),
        whose=whose,
        higher=after > before,
        difference=composition.formats.difference(number(row["difference"]), metric),
        sense=Sense(_text(row["sense"]) or "none"),
        cause=_text(row["cause"]),
        others=_others(composition, row) if told else "others",
        moved=_share(composition, row["moved_share"]) if told else "",
        explained=_share(composition, row["explained_share"]) if told else "",
        changed=_share(composition, row["joined_share"]),
        events=tuple(_event(composition, line) for line in _text(row["events"]).splitlines() if line.strip()),
        accepted=accepted,
        rebased=_accepted_by(composition, row) if accepted else None,
        proposed=write(proposed) if is_known(proposed) else "",
    )


def _rising(written: str, value: float) -> str:
    """A slope with its sign: +3 a month."""
    return f"{'+' if value > 0 else ''}{written} a month"


def _share(composition: Composition, cell: object) -> str:
    share = number(cell)
    formats = composition.formats
    if not is_known(share):
        return ""
    return ALL if share >= _AS_GOOD_AS_ALL else formats.percent(formats.number(share * 100, 0))


def _others(composition: Composition, row: dict[str, Any]) -> str:
    """Whose numbers a shift was compared with: those of other people, in words that its reader may read."""
    group = (_text(row["group_kind"]), _text(row["group_id"]))
    if group[0] == UnitKind.ORGANISATION:
        return "the other people in the company"
    if group == (UnitKind.TEAM, ""):
        return "its teams" if row["unit_kind"] == UnitKind.ORGANISATION else "the other teams"
    unit = composition.unit_rows.get(group)
    if unit and group[0] == UnitKind.TEAM:
        return f"the others in {unit['title']}"
    return "the others"


def _event(composition: Composition, line: str) -> str:
    """What happened, with its day behind it: a line that begins with 2026-03-02 ends with (2 Mar 2026)."""
    dated = _DATED.fullmatch(line.strip())
    if dated is None:
        return line.strip()
    return f"{dated['what'].rstrip('.')} ({composition.formats.day(date.fromisoformat(dated['day']))})"


def _accepted_by(composition: Composition, row: dict[str, Any]) -> Rebased | None:
    """The decision nearest to the shift's month."""
    key = (str(row["unit_kind"]), str(row["unit_id"]), str(row["metric"]))
    month = month_of(row)
    near = [one for one in composition.rebased.get(key, []) if _apart(one.month, month) <= _NEAR_MONTHS]
    return rebased(composition, min(near, key=lambda one: _apart(one.month, month))) if near else None


def _apart(one: Month, other: Month) -> int:
    return abs(one.minus(other))
