"""What one landing is like: counts, sums and mixes of its columns, so that months can be compared with one another.

Not here: the comparison (`transforms.checks.over_time`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from config.models import ColumnType
from flows.checks.columns import Matched
from flows.checks.predicates import as_read, unread_count
from flows.checks.work import Work, plain_number
from flows.duck import literal, quoted
from transforms.checks.suite import TEXTS, month_column
from transforms.stages import Account, ColumnProfile, Profile

EXACT_UP_TO: Final = 10_000
"""Up to so many rows distinct values are counted exactly. Approximate counts do not depend on threads either."""
LARGEST_MIX: Final = 30
_PERHAPS: Final = 45
"""An approximate number of distinct values up to this may be one of LARGEST_MIX."""
_HOURS: Final = 24
_NUMBERS: Final = frozenset({ColumnType.MONEY, ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.PERCENT})


def profile_parts(work: Work, rows: int) -> list[str]:
    """The aggregates over rows that are not excluded which `profile_of` needs answered; `rows` of the landing."""
    return [sql for column in _columns(work) for sql in _of_column(work, column, rows).values()]


def profile_of(work: Work, answers: Mapping[str, Any], source: Account, copies: int) -> Profile:
    """The profile; `source` is the account of all rows, `copies` how many of them are copies."""
    spreads = _counted(work) if source.rows <= EXACT_UP_TO else _spread(work, answers)
    return Profile(
        rows=source.rows - copies,
        copies=copies,
        headings=tuple(exact for exact, _ in work.headings),
        columns=tuple(_column(work, column, answers, source.rows, spreads) for column in _columns(work)),
        days=_days(work, spreads),
        totals=_totals(work, source),
    )


def _columns(work: Work) -> list[Matched]:
    return [column for column in work.sql.columns if column.landed is not None]


def _of_column(work: Work, column: Matched, rows: int) -> dict[str, str]:
    """Aggregates by field of a ColumnProfile."""
    name, kind = column.name, column.column.type
    value = as_read(work.sql, name)
    found = {"filled": f"count({value})"}
    if rows > EXACT_UP_TO:
        found["distinct"] = _about(value)
    if kind in TEXTS:
        found["longest"] = f"max(length({value}))"
    else:
        found["unreadable"] = unread_count(name)
    if kind in _NUMBERS:
        found |= {"total": f"sum({value})", "negative": f"count(*) FILTER (WHERE {value} < 0)"}
    if kind is ColumnType.ID:
        # The first character tells of most ids that the pattern need not be tried.
        found |= {
            "digits": f"count(*) FILTER (WHERE {value} < ':' AND regexp_full_match({value}, '[0-9]+'))",
            "leading_zeros": f"count(*) FILTER (WHERE {value} < '1' AND regexp_full_match({value}, '0[0-9]+'))",
        }
    return found


def _column(
    work: Work, column: Matched, answers: Mapping[str, Any], rows: int, spreads: Mapping[str, "_Spread"]
) -> ColumnProfile:
    found = {field: answers[sql] for field, sql in _of_column(work, column, rows).items()}
    total = found.pop("total", None)
    found["filled"] += found.get("unreadable", 0)
    spread, hours = spreads.get(column.name), spreads.get(_hours_of(column.name))
    if spread is not None:
        found["distinct"] = spread.distinct
    return ColumnProfile(
        name=column.name,
        total=None if total is None else plain_number(Decimal(str(total))),
        mix=tuple(sorted(spread.rows.items())) if spread else (),
        hours=() if hours is None else tuple(hours.rows.get(str(hour), 0) for hour in range(_HOURS)),
        **{field: int(count or 0) for field, count in found.items()},
    )


# -- how rows are spread over the values of a column -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Spread:
    """How many values a column has, and, where they are few and asked for, the rows of each."""

    distinct: int
    rows: dict[str, int]


def _few(work: Work) -> dict[str, str]:
    """SQL of what rows are counted by: values of texts and booleans, hours, and under an empty name days."""
    found: dict[str, str] = {}
    for column in _columns(work):
        kind, value = column.column.type, quoted(column.name)
        if kind in (ColumnType.TEXT, ColumnType.BOOLEAN):
            found[column.name] = value
        elif kind is ColumnType.TIMESTAMP:
            found[_hours_of(column.name)] = f"hour({value})"
    by = work.sql.by_name(month_column(work.extract))
    if by is not None and by.landed is not None:
        first, end = (literal(day.isoformat()) for day in (work.landing.month.first_day, work.landing.month.end))
        value = quoted(by.name)
        found[""] = f"CASE WHEN {value} >= DATE {first} AND {value} < DATE {end} THEN day({value}) END"
    return found


def _hours_of(name: str) -> str:
    return f"hours of {name}"


def _about(value: str) -> str:
    return f"approx_count_distinct({value})"


def _counted(work: Work) -> dict[str, _Spread]:
    """Of few rows: counted here, which is faster than to ask many small questions."""
    import pyarrow.compute as pc

    few = _few(work)
    asked = {**{column.name: as_read(work.sql, column.name) for column in _columns(work)}, **few}
    if not asked:
        return {}
    selected = ", ".join(f"{sql} AS {quoted(f'of {name}')}" for name, sql in asked.items())
    table = work.database.sql(f"SELECT {selected} FROM typed WHERE {work.counted}").to_arrow_table()
    found = {}
    for name in asked:
        column = table.column(f"of {name}")
        distinct = pc.count_distinct(column, mode="only_valid").as_py()
        pairs = column.drop_null().value_counts().to_pylist() if name in few and distinct <= LARGEST_MIX + 1 else []
        found[name] = _spread_of(name in work.extract.columns, distinct, [(p["values"], p["counts"]) for p in pairs])
    return found


def _spread(work: Work, answers: Mapping[str, Any]) -> dict[str, _Spread]:
    """Of many rows: each column that may have few values is asked by itself."""
    found = {}
    for name, sql in _few(work).items():
        is_column = name in work.extract.columns
        if is_column and int(answers[_about(sql)]) > _PERHAPS:
            continue
        query = f"SELECT {sql} AS _value, count(*) FROM typed WHERE {work.counted} GROUP BY ALL"
        pairs = [(value, int(rows)) for value, rows in work.database.execute(query).fetchall() if value is not None]
        found[name] = _spread_of(is_column, len(pairs), pairs)
    return found


def _spread_of(is_column: bool, distinct: int, pairs: Sequence[tuple[object, int]]) -> _Spread:
    shown = [] if is_column and distinct > LARGEST_MIX else pairs
    return _Spread(distinct, {str(v).lower() if isinstance(v, bool) else str(v): int(rows) for v, rows in shown})


def _days(work: Work, spreads: Mapping[str, _Spread]) -> tuple[int, ...]:
    days = spreads.get("")
    last = work.landing.month.last_day.day
    return () if days is None else tuple(days.rows.get(str(day), 0) for day in range(1, last + 1))


def _totals(work: Work, source: Account) -> tuple[tuple[str, int, Decimal], ...]:
    """Of all rows as landed, since a source's own total counts each of them."""
    home, measure = work.config.company.currency, work.extract.main_measure
    if not work.extract.currency:
        return ((home, source.rows, source.measure),)
    total = f"coalesce(sum({as_read(work.sql, measure)}), 0)" if measure else "0"
    query = f"SELECT coalesce(_currency, ''), count(*), {total} FROM typed GROUP BY ALL ORDER BY ALL"
    found = work.database.execute(query).fetchall()
    return tuple((str(code), int(rows), plain_number(Decimal(str(amount)))) for code, rows, amount in found)
