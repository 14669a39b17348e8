"""Made-up clean companies as profiles by month, and ways to break a month. What is found in them: the tests beside."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np
from holidays import country_holidays

from config.models import Column, ColumnType, Credit, Extract, ExtractKind, FilesSource
from config.months import Month, months_between
from transforms.stages import ColumnProfile, Profile

FIRST = Month(2022, 3)
HOLIDAYS = frozenset(country_holidays("DE", years=range(2021, 2028)))
CHARTED = {
    "flat": [1.0] * 12,
    "mild": [0.92, 0.95, 1.05, 1.0, 1.0, 1.02, 0.94, 0.86, 1.05, 1.08, 1.12, 1.01],
    "waves": list(1 + 0.25 * np.sin(np.arange(12) / 6 * np.pi)),
    "shops": [0.8, 0.85, 0.95, 1.0, 1.0, 1.0, 0.95, 0.9, 1.0, 1.05, 1.15, 1.4],
}
"""Shares of the months of a year, January first."""
HEADINGS = ("order_id", "order_date", "seller", "segment", "amount", "note", "modified", "renewed")


def sales(**more: object) -> Extract:
    """A sales extract with a column of every kind."""
    columns = {
        "order_id": ColumnType.ID, "order_date": ColumnType.DATE, "seller": ColumnType.ID, "segment": ColumnType.TEXT,
        "amount": ColumnType.MONEY, "note": ColumnType.TEXT, "modified": ColumnType.TIMESTAMP,
        "renewed": ColumnType.BOOLEAN,
    }  # fmt: skip
    given: dict[str, object] = {
        "kind": ExtractKind.SALES, "source": FilesSource(files=("sales-{month}.csv",)),
        "columns": {name: Column(type=kind) for name, kind in columns.items()}, "key": ("order_id",),
        "date": "order_date", "associate": "seller", "main_measure": "amount", **more,
    }  # fmt: skip
    return Extract.model_validate(given)


CREDIT = Credit(deal="order_id", share="amount")


@dataclass(frozen=True)
class World:
    """What a clean company is like."""

    rows: float = 400.0
    season: str = "mild"
    spread: float = 0.05
    """Month-to-month spread of the level beyond chance and season."""
    growth: float = 0.0
    """A month."""
    amounts: float = 0.8
    """Spread of the logarithm of an amount."""
    saturdays: float = 0.0
    """Rows of a Saturday against another day."""
    shift: float = 1.0
    """From the 20th month on the level is so many times what it was."""


def company(world: World, seed: int, months: int = 36, last: Month | None = None) -> dict[Month, Profile]:
    """A clean company's profiles by month."""
    rng = np.random.default_rng(seed)
    first = last.shift(1 - months) if last else FIRST.shift(int(rng.integers(12)))
    mix = rng.dirichlet([4, 3, 2])
    hours = np.convolve(np.bincount(rng.integers(8, 18, 6), minlength=24), [0.5, 1, 0.5], mode="same") + 0.01
    zeros, filled, negative = rng.choice([0.0, 0.3, 1.0]), rng.choice([1.0, 0.97, 0.4]), rng.choice([0.0, 0.03])
    found = {}
    for at, month in enumerate(months_between(first, first.shift(months - 1))):
        level = world.rows * CHARTED[world.season][month.number - 1] * np.exp(world.growth * at)
        level *= np.exp(rng.normal(0, world.spread)) * (world.shift if at >= 20 else 1.0)
        days = _days(rng, month, level, world.saturdays)
        found[month] = _profile(
            rng, days, rng.dirichlet(mix * 400), rng.dirichlet(hours * 60), (zeros, filled, negative), world.amounts
        )
    return found


def _days(rng: np.random.Generator, month: Month, level: float, saturdays: float) -> tuple[int, ...]:
    """Rows by day: by chance over the working days, which a month has more or fewer of."""
    days = [date(month.year, month.number, day) for day in range(1, month.days + 1)]
    weights = [
        0.0 if day in HOLIDAYS or day.weekday() == 6 else saturdays if day.weekday() == 5 else 1.0 for day in days
    ]
    return tuple(int(rng.poisson(level / 21.0 * weight)) for weight in weights)


def _profile(
    rng: np.random.Generator,
    days: tuple[int, ...],
    mix: "np.typing.NDArray[np.float64]",
    hours: "np.typing.NDArray[np.float64]",
    shares: tuple[float, float, float],
    spread: float,
) -> Profile:
    rows, (zeros, filled, negative) = sum(days), shares
    amounts = np.exp(rng.normal(5, spread, rows)) * np.where(rng.random(rows) < negative, -0.5, 1.0)
    segments = rng.multinomial(rows, mix)
    yes = int(rng.binomial(rows, 0.6))
    noted = int(rng.binomial(rows, filled))
    total = Decimal(str(round(float(amounts.sum()), 2)))
    columns = (
        ColumnProfile("order_id", rows, distinct=rows, digits=rows, longest=9),
        ColumnProfile("order_date", rows),
        ColumnProfile("seller", rows, distinct=min(rows, 20), digits=rows, longest=4,
                      leading_zeros=int(rng.binomial(rows, zeros))),
        ColumnProfile("segment", rows, distinct=3, longest=3,
                      mix=tuple((name, int(n)) for name, n in zip(("B2B", "B2C", "B2G"), segments, strict=True) if n)),
        ColumnProfile("amount", rows, total=total, negative=int((amounts < 0).sum())),
        ColumnProfile("note", noted, distinct=noted, longest=40),
        ColumnProfile("modified", rows, hours=tuple(int(n) for n in rng.multinomial(rows, hours))),
        ColumnProfile("renewed", rows, mix=tuple((k, n) for k, n in (("false", rows - yes), ("true", yes)) if n)),
    )  # fmt: skip
    return Profile(rows, 0, HEADINGS, columns, days, (("EUR", rows, total),))


# -- ways to break a month ---------------------------------------------------------------------------------------


def thinned(profile: Profile, keep: float, seed: int = 1) -> Profile:
    """Rows left out by chance: a part of the branches, pages of an interface."""
    rng = np.random.default_rng(seed)
    return counted(profile, lambda n: int(rng.binomial(n, keep)), keep)


def times(profile: Profile, factor: int) -> Profile:
    """The whole file so many times over, by an extract without a key."""
    return counted(profile, lambda n: n * factor, float(factor))


def until(profile: Profile, day: int) -> Profile:
    """Only the rows up to a day of the month."""
    days = tuple(n if at < day else 0 for at, n in enumerate(profile.days))
    keep = sum(days) / max(sum(profile.days), 1)
    return replace(counted(profile, lambda n: round(n * keep), keep), rows=sum(days), days=days)


def counted(profile: Profile, count: Callable[[int], int], factor: float) -> Profile:
    """Every count changed."""
    columns = tuple(
        replace(
            column, filled=count(column.filled), negative=count(column.negative), digits=count(column.digits),
            leading_zeros=count(column.leading_zeros), mix=tuple((value, count(n)) for value, n in column.mix),
            hours=tuple(count(n) for n in column.hours),
            total=None if column.total is None else Decimal(str(round(float(column.total) * factor, 2))),
        )
        for column in profile.columns
    )  # fmt: skip
    totals = tuple((code, count(n), Decimal(str(round(float(total) * factor, 2)))) for code, n, total in profile.totals)
    days = tuple(count(n) for n in profile.days)
    return replace(profile, rows=sum(days), columns=columns, days=days, totals=totals)


def with_column(profile: Profile, name: str, **changes: object) -> Profile:
    """One column changed."""
    columns = tuple(
        replace(column, **changes) if column.name == name else column  # type: ignore[arg-type]
        for column in profile.columns
    )
    return replace(profile, columns=columns)


def column_of(profile: Profile, name: str) -> ColumnProfile:
    """One column."""
    return next(column for column in profile.columns if column.name == name)
