"""Charts of a report model, and what all its parts share: coordinates in the chart's own units, y downwards.

Paths are SVG path data; an empty path is not drawn. Does not belong here: how coordinates are made
(`transforms.charts`), and colours.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Base of all parts: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Sense(StrEnum):
    """Whether a difference is for better or worse, by the metric's good direction."""

    BETTER = "better"
    WORSE = "worse"
    NONE = "none"


class SignalIcon(StrEnum):
    """The picture beside a signal: better or worse, and on which side of the mean."""

    IMPROVING_HIGH = "improving-high"
    IMPROVING_LOW = "improving-low"
    CONCERNING_HIGH = "concerning-high"
    CONCERNING_LOW = "concerning-low"
    UNUSUAL_HIGH = "unusual-high"
    UNUSUAL_LOW = "unusual-low"
    COMMON = "common"
    NONE = ""


class SeriesChart(Part):
    """Months of one metric. Paths are SVG path data; an empty path is not drawn."""

    width: float
    height: float
    actual: str
    """Line through the actuals; a gap breaks it."""
    dots: str = ""
    """Zero-length segments, drawn with a round cap: one dot a month."""
    expectation: str = ""
    """Step line of the expectations."""
    last_year: str = ""
    """Light line of the same months a year before."""
    band: str = ""
    """Natural range, where one is known, begun anew where a person re-based it."""
    mean: str = ""
    """Thin line of the mean, begun anew with the band; of a shift's chart the level before and after."""
    before: str = ""
    """Grey line of the actuals before the newest re-basing, or before a shift."""
    flagged_better: str = ""
    """Months that the chart calls unusually good: zero-length segments, drawn with a round cap."""
    flagged_worse: str = ""
    flagged_other: str = ""
    """Unusual months where no direction is better."""
    latest_x: float | None = None
    latest_y: float | None = None
    latest_sense: Sense = Sense.NONE
    alt: str
    """States the finding for those who cannot see the chart."""


class BulletChart(Part):
    """Actual against expectation: a dark bar, an outlined mark, last year's light bar behind."""

    width: float
    height: float
    actual: float | None
    """Length of the bar; none where no figure is shown."""
    last_year: float | None = None
    expectation: float | None = None
    """Position of the mark."""
    low: float | None = None
    high: float | None = None
    """Instead of the bar: between which places the figure is likely, where it is made from few rows."""
    clipped: bool = False
    """The bar is longer than the scale."""
    sense: Sense = Sense.NONE
    """Better or worse only where natural variation does not explain the difference."""
    alt: str


class StepBar(Part):
    """A step of a waterfall: where a part of a difference begins and ends, on one scale with its neighbours."""

    width: float
    height: float
    zero: float
    start: float
    length: float
    end: float
    """Where the next step begins: a thin line leads there."""
    total: bool = False
    """The whole difference, from the zero line."""
    alt: str


class VarianceBar(Part):
    """A difference as a bar from a common zero line."""

    width: float
    height: float
    zero: float
    start: float
    length: float
    clipped: bool = False
    sense: Sense = Sense.NONE
    """Better or worse only where natural variation does not explain the difference; else it stays grey."""
    alt: str
