"""Section 4: lasting shifts of a report's units, and what was tried again and again without one.

Does not belong here: shifts of one person's numbers (`conversations`), and segments (`mix`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from config.models import UnitKind
from config.months import Month
from transforms import charts, wording
from transforms.compose.context import CHART_MONTHS, Composition, Key, is_known, month_of, number
from transforms.compose.evidence import changes_of, shift_of
from transforms.compose.people import units_below
from transforms.formats import Scale
from transforms.report_model import ReportKind, SeriesChart, ShiftBlock
from transforms.wording import Repeat, Shift

SHIFTS_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class ReportedShifts:
    """What a report tells of lasting shifts.

    `found` are the newest of each number, as evidence. `proposed`: metric, unit as `yardstick rebase` takes it, and
    month of those that wait for a person's decision.
    """

    blocks: tuple[ShiftBlock, ...]
    note: str
    found: tuple[Shift, ...]
    proposed: tuple[tuple[str, str, Month], ...]


def shifts_of_report(composition: Composition, report: ReportKind, unit_id: str) -> ReportedShifts:
    """The unit's own shifts and, in a manager's report, those of the units below; the newest of each number.

    What goes beyond the page stands in those units' own reports: the unit's own come first, then the newest.
    """
    kind = report.value
    told = [
        (*unit, name, place)
        for unit in _units(composition, report, unit_id)
        for name, _ in composition.metrics()
        if composition.relevant(*unit, name)
        for place in _told(changes_of(composition, *unit, name))
    ]
    own = [one for one in told if one[:2] == (kind, unit_id)]
    below = [
        one for one in told if one[:2] != (kind, unit_id) and not any(_same(composition, one, mine) for mine in own)
    ]
    below = sorted(below, key=lambda one: _age(composition, one))
    shown = [*own, *below][:SHIFTS_AT_MOST]
    pairs = [_block(composition, report, (one[0], one[1], one[2]), one[3], is_own=one in own) for one in shown]
    return ReportedShifts(
        blocks=tuple(block for block, _ in pairs),
        note=_note(report, [shift for _, shift in pairs], len(own) + len(below) - len(shown)),
        found=tuple(shift for _, shift in pairs),
        proposed=tuple(
            (one[2], f"{one[0]}:{one[1]}", composition.month.shift(-_age(composition, one)))
            for one, (_, shift) in zip(shown, pairs, strict=True)
            if wording.is_proposed(shift) and report is ReportKind.MANAGER
        ),
    )


def _told(rows: Sequence[dict[str, Any]]) -> list[int]:
    """Places of the shifts that are told whole: the newest, and whatever a person accepted."""
    return [place for place, row in enumerate(rows) if row["accepted"] or place == len(rows) - 1]


def _same(composition: Composition, one: tuple[str, str, str, int], mine: tuple[str, str, str, int]) -> bool:
    """Whether a unit below is all there is of the report's own figure: the same shift would be told twice."""
    below, own = (changes_of(composition, *key[:3])[key[3]] for key in (one, mine))
    return one[2] == mine[2] and all(below[name] == own[name] for name in ("month", "before", "after"))


def _age(composition: Composition, one: tuple[str, str, str, int]) -> int:
    """How many months ago a shift began."""
    *key, place = one
    return composition.month.minus(month_of(changes_of(composition, *key)[place]))


def _note(report: ReportKind, shifts: Sequence[Shift], left: int) -> str:
    notes = []
    if any(wording.is_proposed(shift) for shift in shifts):
        notes.append(wording.SHIFTS_NOTE if report is ReportKind.MANAGER else wording.SHIFTS_NOTE_TEAM)
    if left:
        notes.append(f"{wording.counted(left, 'more stands', 'more stand')} in the reports of the units below.")
    return " ".join(notes)


def _units(composition: Composition, report: ReportKind, unit_id: str) -> list[tuple[str, str]]:
    """The report's unit and, for a manager, the units below: those of one team are the manager's own figures."""
    own = (report.value, unit_id)
    if report is not ReportKind.MANAGER:
        return [own]
    led = [
        unit for unit, row in composition.unit_rows.items() if unit[0] == UnitKind.TEAM and row["manager"] == unit_id
    ]
    below = units_below(composition, unit_id) or (sorted(led) if len(led) > 1 else [])
    return [own, *below]


def _block(
    composition: Composition, report: ReportKind, key: Key, place: int, *, is_own: bool
) -> tuple[ShiftBlock, Shift]:
    """A shift as it stands on the page; the newest of a number with the earlier ones that nobody accepted."""
    kind, unit_id, name = key
    metric = composition.config.metrics[name]
    every = changes_of(composition, *key)
    earlier = [row for row in every[:-1] if not row["accepted"]] if place == len(every) - 1 else []
    rows = [*earlier, every[place]]
    levels = [number(row[column]) for row in rows for column in ("before", "after", "proposed")]
    scale = composition.formats.scale(metric, levels)
    whose = "" if is_own else str(composition.unit_rows[(kind, unit_id)]["title"])
    *before, shift = (shift_of(composition, row, partial(_level, composition, scale), report, whose) for row in rows)
    block = ShiftBlock(
        unit_kind=kind,
        unit_id=unit_id,
        metric=name,
        label=metric.label,
        whose=whose,
        unit=scale.unit,
        sentence=wording.shift_sentence(shift),
        sense=wording.shift_sense(shift),
        cause=wording.shift_cause(shift),
        events=wording.shift_events(shift),
        earlier=tuple(wording.shift_earlier(one) for one in before),
        chart=_chart(composition, key, every[place], shift),
        proposal=wording.shift_proposal(shift) if report is ReportKind.MANAGER else "",
        accepted=wording.shift_accepted(shift),
    )
    return block, shift


def _level(composition: Composition, scale: Scale, value: float) -> str:
    return composition.formats.figure(value, scale)


def _chart(composition: Composition, key: Key, row: dict[str, Any], shift: Shift) -> SeriesChart | None:
    actual, expected, _ = composition.series(*key)
    known = sum(1 for value in actual if is_known(value))
    if known < 2:  # noqa: PLR2004 (one point is no course of months)
        return None
    at = CHART_MONTHS - 1 - composition.month_shown(*key).minus(month_of(row))
    sloped = row["kind"] == wording.TREND_KIND
    levels = (float("nan"), float("nan")) if sloped else (number(row["before"]), number(row["after"]))
    return charts.shift_chart(actual, expected, at, levels, alt=wording.shift_alt(shift, known))


def repeats_of(composition: Composition, kind: str, unit_id: str, name: str) -> list[Repeat]:
    """What was tried again and again for a unit's metric; nothing of what is withheld."""
    figures = composition.figures.get((kind, unit_id, name))
    if figures is None or figures["withheld"]:
        return []
    return [
        Repeat(
            label=composition.config.metrics[name].label,
            action=str(row["action"]),
            months=tuple(_month(composition, one.strip()) for one in str(row["months"]).split(",") if one.strip()),
        )
        for row in composition.repeated_rows.get((kind, unit_id, name), [])
    ]


def _month(composition: Composition, written: str) -> str:
    return composition.formats.short_month(Month.parse(written[:7]))


def repeated(composition: Composition, report: ReportKind, unit_id: str) -> tuple[str, ...]:
    """What was tried again and again in the report's units."""
    return tuple(
        wording.the_same_again(repeat)
        for unit in _units(composition, report, unit_id)
        for name, _ in composition.metrics()
        for repeat in repeats_of(composition, *unit, name)
    )
