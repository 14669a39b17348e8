"""Charts as coordinates: what is drawn where, in the chart's own units, y downwards.

Templates place these numbers and compute none. The words of `alt` come from the caller, from the same finding.
Does not belong here: colours, fonts, markup.
"""

import math
from collections.abc import Sequence

from transforms.report_model import BulletChart, Sense, SeriesChart, VarianceBar

SERIES_WIDTH, SERIES_HEIGHT, SERIES_PAD = 168.0, 48.0, 4.0
SPARK_WIDTH, SPARK_HEIGHT = 84.0, 20.0
BULLET_WIDTH, BULLET_HEIGHT = 150.0, 16.0
BULLET_FULL = 1.5
"""The bullet's scale ends at one and a half times the expectation."""
VARIANCE_WIDTH, VARIANCE_HEIGHT = 72.0, 12.0
VARIANCE_FULL = 0.30
"""The variance bar's scale ends at 30 percent, or 30 points: the same for all rows of a page."""
DAYS_WIDTH, DAYS_HEIGHT = 310.0, 44.0
DAYS_GROUND = 6.0
"""Under the bars: where the marks of the days without a row stand."""


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


def series_chart(
    actual: Sequence[float],
    expectation: Sequence[float],
    last_year: Sequence[float],
    *,
    alt: str,
    sense: Sense = Sense.NONE,
    width: float = SERIES_WIDTH,
    height: float = SERIES_HEIGHT,
    dots: bool = False,
) -> SeriesChart:
    """Months of a metric with its expectation and last year, oldest first, missing values as NaN, equally long."""
    axes = _Axes(width, height, len(actual), [*actual, *expectation, *last_year], SERIES_PAD)
    known = [index for index, value in enumerate(actual) if not math.isnan(value)]
    latest = known[-1] if known and known[-1] == len(actual) - 1 else None
    return SeriesChart(
        width=width,
        height=height,
        actual=_line(axes, actual),
        dots="".join(f"M{_point(axes.x(index), axes.y(actual[index]))}h0" for index in known) if dots else "",
        expectation=_steps(axes, expectation),
        last_year=_line(axes, last_year),
        latest_x=round(axes.x(latest), 1) if latest is not None else None,
        latest_y=round(axes.y(actual[latest]), 1) if latest is not None else None,
        latest_sense=sense,
        alt=alt,
    )


def sparkline(actual: Sequence[float], *, alt: str, sense: Sense = Sense.NONE) -> SeriesChart:
    """A small line of the actuals alone."""
    return series_chart(actual, [], [], alt=alt, sense=sense, width=SPARK_WIDTH, height=SPARK_HEIGHT)


def bullet(
    actual: float, expected: float, last_year: float, *, alt: str, sense: Sense = Sense.NONE
) -> BulletChart | None:
    """Actual against an expectation above zero, which stands at the same place on each row; else None."""
    if math.isnan(expected) or expected <= 0:
        return None
    unit = BULLET_WIDTH / BULLET_FULL

    def length(value: float) -> float | None:
        return None if math.isnan(value) else round(min(max(value / expected, 0.0), BULLET_FULL) * unit, 1)

    return BulletChart(
        width=BULLET_WIDTH,
        height=BULLET_HEIGHT,
        actual=length(actual),
        last_year=length(last_year),
        expectation=round(unit, 1),
        clipped=not math.isnan(actual) and actual / expected > BULLET_FULL,
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
