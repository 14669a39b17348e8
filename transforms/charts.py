"""Charts as coordinates: what is drawn where, in the chart's own units, y downwards.

Templates place these numbers and compute none. The words of `alt` come from the caller, from the same finding.
Does not belong here: colours, fonts, markup.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transforms.report_model import BulletChart, Sense, SeriesChart, StepBar, VarianceBar

SERIES_WIDTH, SERIES_HEIGHT, SERIES_PAD = 168.0, 48.0, 4.0
SPARK_WIDTH, SPARK_HEIGHT = 84.0, 20.0
BULLET_WIDTH, BULLET_HEIGHT = 150.0, 16.0
BULLET_FULL = 1.5
"""The bullet's scale ends at one and a half times the expectation."""
VARIANCE_WIDTH, VARIANCE_HEIGHT = 72.0, 12.0
VARIANCE_FULL = 0.30
"""The variance bar's scale ends at 30 percent, or 30 points: the same for all rows of a page."""
STEP_WIDTH, STEP_HEIGHT = 132.0, 10.0
DAYS_WIDTH, DAYS_HEIGHT = 310.0, 44.0
DAYS_GROUND = 6.0
"""Under the bars: where the marks of the days without a row stand."""


@dataclass(frozen=True, slots=True)
class Control:
    """A control chart's months, as long as the actuals; NaN where there are no limits.

    `flags`: better, worse or unusual, else empty. `groups` counts the re-basings before each month. `restart`: the
    place of the newest re-basing's month, 0 where there is none in sight.
    """

    mean: Sequence[float]
    lower: Sequence[float]
    upper: Sequence[float]
    flags: Sequence[str]
    groups: Sequence[int]
    restart: int = 0


def _written(value: float) -> str:
    """A coordinate with one decimal at the most, so that equal charts are equal bytes."""
    return f"{round(value, 1) + 0.0:g}"


def _point(x: float, y: float) -> str:
    return f"{_written(x)} {_written(y)}"


class _Axes:
    """Maps month index and value to a place in the chart."""

    def __init__(self, width: float, height: float, count: int, values: Sequence[float], pad: float) -> None:
        known = [value for value in values if not math.isnan(value)]
        self.low, self.high = (min(known), max(known)) if known else (0.0, 1.0)
        self.flat = self.high - self.low <= 1e-12 * max(1.0, abs(self.high))
        self.width, self.height, self.pad = width, height, pad
        self.step = (width - 2 * pad) / max(count - 1, 1)

    def x(self, index: float) -> float:
        return self.pad + index * self.step

    def y(self, value: float) -> float:
        if self.flat:
            return self.height / 2
        return self.pad + (self.high - value) / (self.high - self.low) * (self.height - 2 * self.pad)


def _line(axes: _Axes, values: Sequence[float]) -> str:
    """A path through the known values; a gap lifts the pen, a lone value becomes a dot."""
    path: list[str] = []
    drawing = False
    for index, value in enumerate(values):
        if math.isnan(value):
            drawing = False
            continue
        point = _point(axes.x(index), axes.y(value))
        alone = not drawing and (index + 1 == len(values) or math.isnan(values[index + 1]))
        path.append(f"M{point}h0" if alone else f"{'L' if drawing else 'M'}{point}")
        drawing = True
    return "".join(path)


def _steps(axes: _Axes, values: Sequence[float]) -> str:
    """Each month's value held over the month's width; equal neighbours are one stroke, others are not joined."""
    path: list[str] = []
    last_y: float | None = None
    for index, value in enumerate(values):
        if math.isnan(value):
            last_y = None
            continue
        y = axes.y(value)
        if y != last_y:
            path.append(f"M{_point(max(axes.x(index - 0.5), 0.0), y)}")
        path.append(f"L{_point(min(axes.x(index + 0.5), axes.width), y)}")
        last_y = y
    return "".join(path)


def _stretches(control: Control) -> Iterator[tuple[int, int]]:
    """First and last place of each unbroken stretch of months with limits and without a re-basing inside."""
    start: int | None = None
    for place, mean in enumerate(control.mean):
        broken = math.isnan(mean)
        if start is not None and (broken or control.groups[place] != control.groups[place - 1]):
            yield start, place - 1
            start = None
        if start is None and not broken:
            start = place
    if start is not None:
        yield start, len(control.mean) - 1


def _held(axes: _Axes, values: Sequence[float], first: int, last: int) -> list[str]:
    """Points of a line over a stretch of months, half a month longer on either side; straight parts are one stroke."""
    left, right = max(axes.x(first - 0.5), 0.0), min(axes.x(last + 0.5), axes.width)
    inner = [(axes.x(place), axes.y(values[place])) for place in range(first, last + 1)]
    points = [(left, inner[0][1]), *inner, (right, inner[-1][1])]
    kept = [
        point
        for place, point in enumerate(points)
        if place in {0, len(points) - 1} or not (points[place - 1][1] == point[1] == points[place + 1][1])
    ]
    return [_point(x, y) for x, y in kept]


def _band(axes: _Axes, control: Control) -> str:
    """The natural range as an area a stretch."""
    path = []
    for first, last in _stretches(control):
        above, under = _held(axes, control.upper, first, last), _held(axes, control.lower, first, last)
        path.append("M" + "L".join([*above, *under[::-1]]) + "Z")
    return "".join(path)


def _means(axes: _Axes, control: Control) -> str:
    return "".join("M" + "L".join(_held(axes, control.mean, first, last)) for first, last in _stretches(control))


def _flagged(axes: _Axes, actual: Sequence[float], control: Control, flag: str, *, without_latest: bool) -> str:
    """A dot a flagged month. The latest one has a mark of its own where a status colours it."""
    places = range(len(actual) - 1 if without_latest else len(actual))
    return "".join(
        f"M{_point(axes.x(place), axes.y(actual[place]))}h0"
        for place in places
        if control.flags[place] == flag and not math.isnan(actual[place])
    )


def _cut(actual: Sequence[float], restart: int) -> tuple[list[float], list[float]]:
    """The months before a re-basing, which end in its first, and those from it on."""
    nothing = float("nan")
    before = [value if place <= restart else nothing for place, value in enumerate(actual)] if restart else []
    return before, [value if place >= restart else nothing for place, value in enumerate(actual)]


def series_chart(  # noqa: PLR0913 one drawing, each part of it by its name
    actual: Sequence[float],
    expectation: Sequence[float],
    last_year: Sequence[float],
    *,
    alt: str,
    sense: Sense = Sense.NONE,
    width: float = SERIES_WIDTH,
    height: float = SERIES_HEIGHT,
    dots: bool = False,
    control: Control | None = None,
) -> SeriesChart:
    """Months of a metric with its expectation and last year, oldest first, missing values as NaN, equally long.

    With a `control` chart: natural range, mean and flagged months too, and grey before the newest re-basing.
    """
    limits = [*control.lower, *control.upper, *control.mean] if control else []
    axes = _Axes(width, height, len(actual), [*actual, *expectation, *last_year, *limits], SERIES_PAD)
    known = [index for index, value in enumerate(actual) if not math.isnan(value)]
    latest = known[-1] if known and known[-1] == len(actual) - 1 else None
    before, since = _cut(actual, control.restart if control else 0)
    marked = latest is not None and sense is not Sense.NONE
    flagged = {
        flag: _flagged(axes, actual, control, flag, without_latest=marked) if control else ""
        for flag in ("better", "worse", "unusual")
    }
    return SeriesChart(
        width=width,
        height=height,
        actual=_line(axes, since),
        before=_line(axes, before),
        dots="".join(f"M{_point(axes.x(index), axes.y(actual[index]))}h0" for index in known) if dots else "",
        expectation=_steps(axes, expectation),
        last_year=_line(axes, last_year),
        band=_band(axes, control) if control else "",
        mean=_means(axes, control) if control else "",
        flagged_better=flagged["better"],
        flagged_worse=flagged["worse"],
        flagged_other=flagged["unusual"],
        latest_x=round(axes.x(latest), 1) if latest is not None else None,
        latest_y=round(axes.y(actual[latest]), 1) if latest is not None else None,
        latest_sense=sense,
        alt=alt,
    )


def shift_chart(
    actual: Sequence[float], expectation: Sequence[float], at: int, levels: tuple[float, float], *, alt: str
) -> SeriesChart:
    """Months around a lasting shift that begins at a place: grey before it, and the level on either side.

    `levels` are the one before and the one after, NaN where none is to be drawn.
    """
    axes = _Axes(SERIES_WIDTH, SERIES_HEIGHT, len(actual), [*actual, *expectation, *levels], SERIES_PAD)
    place = min(max(at, 0), len(actual) - 1)
    before, since = _cut(actual, place)
    sides = ((0, place - 1, levels[0]), (place, len(actual) - 1, levels[1]))
    means = [
        "M" + "L".join(_held(axes, [level] * len(actual), first, last))
        for first, last, level in sides
        if first <= last and not math.isnan(level)
    ]
    return SeriesChart(
        width=SERIES_WIDTH,
        height=SERIES_HEIGHT,
        actual=_line(axes, since),
        before=_line(axes, before),
        expectation=_steps(axes, expectation),
        mean="".join(means),
        alt=alt,
    )


def sparkline(
    actual: Sequence[float], *, alt: str, sense: Sense = Sense.NONE, control: Control | None = None
) -> SeriesChart:
    """A small line of the actuals alone, over its natural range where one is known."""
    chart = series_chart(actual, [], [], alt=alt, sense=sense, width=SPARK_WIDTH, height=SPARK_HEIGHT, control=control)
    unsaid = {"mean": "", "flagged_better": "", "flagged_worse": "", "flagged_other": ""}
    return chart.model_copy(update=unsaid)


def bullet(
    actual: float,
    expected: float,
    last_year: float,
    *,
    alt: str,
    sense: Sense = Sense.NONE,
    likely: tuple[float, float] | None = None,
) -> BulletChart | None:
    """Actual against an expectation above zero, which stands at the same place on each row; else None.

    `likely` draws from where to where the figure is likely, instead of a bar: it is made from few rows.
    """
    if math.isnan(expected) or expected <= 0:
        return None
    unit = BULLET_WIDTH / BULLET_FULL

    def length(value: float) -> float | None:
        return None if math.isnan(value) else round(min(max(value / expected, 0.0), BULLET_FULL) * unit, 1)

    return BulletChart(
        width=BULLET_WIDTH,
        height=BULLET_HEIGHT,
        actual=None if likely else length(actual),
        low=length(likely[0]) if likely else None,
        high=length(likely[1]) if likely else None,
        last_year=length(last_year),
        expectation=round(unit, 1),
        clipped=likely is None and not math.isnan(actual) and actual / expected > BULLET_FULL,
        sense=sense,
        alt=alt,
    )


def variance_bar(difference: float, *, better: bool, alt: str, sense: Sense = Sense.NONE) -> VarianceBar:
    """A difference (share or points as a share) from the middle: better to the right, worse to the left."""
    zero = VARIANCE_WIDTH / 2
    length = round(min(abs(difference) / VARIANCE_FULL, 1.0) * zero, 1)
    return VarianceBar(
        width=VARIANCE_WIDTH,
        height=VARIANCE_HEIGHT,
        zero=zero,
        start=zero if better else round(zero - length, 1),
        length=length,
        clipped=abs(difference) > VARIANCE_FULL,
        sense=sense,
        alt=alt,
    )


def waterfall(steps: Sequence[float], totals: Sequence[bool], alts: Sequence[str]) -> tuple[StepBar, ...]:
    """A difference taken apart: each step begins where the one before ended, a total begins at zero.

    All steps share one scale. Whatever follows a total is taken apart anew, from zero.
    """
    places: list[tuple[float, float]] = []
    at = 0.0
    for step, total in zip(steps, totals, strict=True):
        start, end = (0.0, step) if total else (at, at + step)
        places.append((start, end))
        at = 0.0 if total else end
    low, high = (pick(0.0, *(side for place in places for side in place)) for pick in (min, max))
    unit = (STEP_WIDTH - 2) / (high - low) if high > low else 0.0

    def across(value: float) -> float:
        return round(1 + (value - low) * unit, 1) + 0.0

    return tuple(
        StepBar(
            width=STEP_WIDTH, height=STEP_HEIGHT, zero=across(0.0), start=across(min(start, end)),
            length=round(across(max(start, end)) - across(min(start, end)), 1), end=across(end), total=total, alt=alt,
        )
        for (start, end), total, alt in zip(places, totals, alts, strict=True)
    )  # fmt: skip


def day_bars(rows: Sequence[int], weekends: Sequence[bool]) -> tuple[str, str, str]:
    """Rows by day as bars from the ground: of weekdays, of weekends; and marks for weekdays without a row."""
    step = DAYS_WIDTH / len(rows)
    unit = (DAYS_HEIGHT - DAYS_GROUND) / max(1, *rows)
    paths: dict[str, list[str]] = {"weekday": [], "weekend": [], "empty": []}
    for day, (number, weekend) in enumerate(zip(rows, weekends, strict=True)):
        start, end = day * step + 0.12 * step, (day + 1) * step - 0.12 * step
        ground = DAYS_HEIGHT - DAYS_GROUND
        if number:
            top = ground - max(number * unit, 0.6)
            bar = f"M{_point(start, ground)}V{_written(top)}H{_written(end)}V{_written(ground)}Z"
            paths["weekend" if weekend else "weekday"].append(bar)
        elif not weekend:
            paths["empty"].append(f"M{_point(start, ground + DAYS_GROUND / 2)}H{_written(end)}")
    return "".join(paths["weekday"]), "".join(paths["weekend"]), "".join(paths["empty"])
