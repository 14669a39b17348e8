"""The status of each unit on a metric, and the sentence that says by which rule, from which rows, and what changes it.

Does not belong here: how natural variation is measured (`transforms.variation`), and which units are asked about.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from config.models import Books, Direction, Metric, Unit
from config.months import MONTHS_A_YEAR, Month
from transforms.numbers import Flags, Floats, is_additive, month_name, plain_number
from transforms.variation import (
    EVIDENCE,
    FEWEST_MONTHS,
    MONTH_TO_MONTH,
    TO_EXPECTATION,
    TO_LAST_YEAR,
    Evidence,
    Series,
)

AHEAD: Final = "ahead"
AS_EXPECTED: Final = "as expected"
BELOW: Final = "below"
ON_THE_RAMP: Final = "on the ramp"
TOO_LITTLE: Final = "too little data"
NONE: Final = "none"
NO_EXPECTATION: Final = ""

UNDER_HALF: Final = "under half the days available"
HALF: Final = 0.5

_MEASURED_ON = {
    TO_EXPECTATION: "its differences to expectation in",
    TO_LAST_YEAR: "its changes against the year before in",
    MONTH_TO_MONTH: "its changes from month to month over",
}


@dataclass(frozen=True, slots=True)
class Situation:
    """What is true of each unit in the month beside its figures; one value a unit.

    `withheld` is the reason or empty. `few_months`: fewer earlier months than natural variation needs.
    """

    withheld: np.ndarray
    half_away: Flags
    contested: Flags
    on_ramp: Flags


def books_close(month: Month, books: Books, holidays: frozenset[date]) -> date:
    """The n-th working day after the month's end."""
    day, left = month.last_day, books.working_day
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5 and day not in holidays  # noqa: PLR2004 Saturday is 5
    return day


def reported_month(metric: Metric, month: Month, books: Books, holidays: frozenset[date] = frozenset()) -> Month:
    """The newest month, not later than `month`, whose rows are all in when the books of `month` close."""
    if metric.mature_after_days == 0:
        return month
    closed, reported = books_close(month, books, holidays), month
    while reported.last_day + timedelta(days=metric.mature_after_days) > closed:
        reported = reported.shift(-1)
    return reported


def on_the_ramp(hired: np.ndarray, month: int, ramp_months: int) -> Flags:
    """Who was hired fewer than so many months before the month began. `month` is a month number, `hired` days."""
    days = hired.astype("datetime64[D]")
    known = ~np.isnat(days)
    months = days.astype("datetime64[M]")
    into_the_month = (days - months.astype("datetime64[D]")).astype(np.int64) > 0
    start = months.astype(np.int64) + 1970 * MONTHS_A_YEAR + into_the_month
    return np.asarray(known & (start + ramp_months > month), dtype=bool)


def enough_rows(metric: Metric, rows: Floats, smallest: int) -> Flags:
    """Whether a figure stands on enough rows. A sum or count does with any: no row is a result too."""
    if is_additive(metric):
        return np.ones(len(rows), dtype=bool)
    return np.nan_to_num(rows) >= smallest


def sense_of(difference: Floats, good: Direction) -> np.ndarray:
    """better, worse or none, by the metric's good direction."""
    if good is Direction.NONE:
        return np.full(len(difference), "none", dtype=object)
    signed = difference if good is Direction.UP else -difference
    return np.where(signed > 0, "better", np.where(signed < 0, "worse", "none")).astype(object)


def decide(
    metric: Metric, series: Series, situation: Situation, evidence: Evidence, sense: np.ndarray, smallest: int
) -> np.ndarray:
    """The status of each unit in the newest month. Ahead and below need evidence; a bare miss is as expected."""
    asked = np.isfinite(series.expected[:, -1])
    hidden = situation.withheld != ""
    silent = asked & (situation.half_away | situation.contested)
    little = ~np.isfinite(series.actual[:, -1]) | ~enough_rows(metric, series.rows[:, -1], smallest)
    unmeasured = np.isnan(evidence.chance) & (metric.good is not Direction.NONE)
    carried = (evidence.chance < EVIDENCE) & (metric.good is not Direction.NONE)
    conditions = [
        hidden | silent, situation.on_ramp, ~asked, little | unmeasured, carried & (sense == "better"),
        carried & (sense == "worse"),
    ]  # fmt: skip
    names = [NONE, ON_THE_RAMP, NO_EXPECTATION, TOO_LITTLE, AHEAD, BELOW]
    return np.select(conditions, np.array(names, dtype=object), AS_EXPECTED).astype(object)


# -- the rule in a sentence --------------------------------------------------------------------------------------


def rules_in_words(
    metric: Metric,
    month: Month,
    series: Series,
    situation: Situation,
    evidence: Evidence,
    status: np.ndarray,
    company: tuple[int, int],
) -> list[str]:
    """One plain text for each unit. `company` is the smallest count and the months of the ramp."""  # fmt: skip
    smallest, ramp_months = company
    say: dict[str, Callable[[int], str]] = {
        NONE: lambda n: _why_none(situation, n),
        ON_THE_RAMP: lambda _: (
            f"On the ramp in the first {ramp_months} months: not judged against the expectation of "
            "experienced colleagues. This ends by itself."
        ),
        NO_EXPECTATION: lambda _: (
            "Nothing is expected here, so there is no status. An expectation with its why and owner would give one."
        ),
        TOO_LITTLE: lambda n: _too_little(metric, series, evidence, smallest, n),
        AHEAD: lambda n: _carried(metric, month, series, evidence, n, better=True),
        BELOW: lambda n: _carried(metric, month, series, evidence, n, better=False),
        AS_EXPECTED: lambda n: _as_expected(metric, series, evidence, n),
    }
    return [say[one](n) for n, one in enumerate(status)]


def _why_none(situation: Situation, n: int) -> str:
    if situation.withheld[n]:
        return f"Withheld: {situation.withheld[n]}."
    if situation.half_away[n]:
        return "No status: too few of the month's days count for this figure."
    return "No status: it is contested and not yet answered. The answer settles it."


def _rows(series: Series, n: int) -> str:
    rows = series.rows[n, -1]
    count = int(rows) if np.isfinite(rows) else 0
    return f"{count} row{'' if count == 1 else 's'} in the month"


def _too_little(metric: Metric, series: Series, evidence: Evidence, smallest: int, n: int) -> str:
    if not np.isfinite(series.actual[n, -1]):
        return f"Too little data: no figure in the month ({_rows(series, n)})."
    if not enough_rows(metric, series.rows[n : n + 1, -1], smallest)[0]:
        return f"Too little data: {_rows(series, n)}, and {smallest} are needed."
    if evidence.flat[n]:
        return (
            "Too little data: the earlier months do not vary, so natural variation cannot be measured. "
            f"Months that differ would change this. {_rows(series, n)}."
        )
    if series.expected[n, -1] == 0:
        return f"Too little data: an expectation of 0 gives no share to measure. {_rows(series, n)}."
    return (
        f"Too little data: natural variation needs {FEWEST_MONTHS} earlier months, and there are "
        f"{evidence.months[n]}. {_rows(series, n)}."
    )


def _measure(series: Series, evidence: Evidence, n: int) -> str:
    months = evidence.months[n]
    return f"measured on {_MEASURED_ON[int(evidence.source[n])]} {months} earlier months; {_rows(series, n)}"


def _percent(chance: float) -> str:
    return "under 0.1%" if chance < 0.001 else f"{chance * 100:.2g}%"  # noqa: PLR2004 finer is no news


def _carried(metric: Metric, month: Month, series: Series, evidence: Evidence, n: int, *, better: bool) -> str:
    run = int(evidence.run[n])
    name = "excess" if better else "miss"
    what = f"the {name} of {month_name(month)}" if run == 1 else f"the {name} of the last {run} months together"
    up = (metric.good is Direction.UP) == better
    back = "at or below" if up else "at or above"
    return (
        f"{'Ahead' if better else 'Below'}: {what} is more than natural variation explains. It makes such a difference "
        f"with a chance of {_percent(evidence.chance[n])}; less than {EVIDENCE:.0%} is evidence ("
        f"{_measure(series, evidence, n)}). A month {back} its expectation ends it."
    )


def _as_expected(metric: Metric, series: Series, evidence: Evidence, n: int) -> str:
    if metric.good is Direction.NONE:
        return f"As expected: no direction is better here, so nothing is ahead or below ({_rows(series, n)})."
    limits = _changes(metric, evidence, n)
    if evidence.chance[n] >= 1:
        reason = "natural variation explains the difference easily"
    else:
        reason = f"natural variation makes such a difference with a chance of {_percent(evidence.chance[n])}"
    return (
        f"As expected: {reason}; less than {EVIDENCE:.0%} would be evidence ({_measure(series, evidence, n)}). {limits}"
    ).rstrip()


def _changes(metric: Metric, evidence: Evidence, n: int) -> str:
    """What would have changed it, where such a figure is possible."""
    low, high = evidence.low[n], evidence.high[n]
    parts = []
    if np.isfinite(low) and low >= 0:
        parts.append(f"below about {plain_number(float(low), metric.unit)}")
    if np.isfinite(high) and (metric.unit is not Unit.PERCENT or high <= 1):
        parts.append(f"above about {plain_number(float(high), metric.unit)}")
    return f"A single month {' or '.join(parts)} would be evidence, and so may be a run of misses." if parts else ""
