"""Which figures of two editions differ: values, rows, and what is withheld or shown again.

Does not belong here: statuses and expectations (`judged`).
"""

import math
from typing import Any, Literal

import numpy as np
import pandas as pd

from config.months import Month
from transforms.differences.model import EditionContents, FigureChange
from transforms.differences.names import SAME, Names, both_written, differ

KEY = ["unit_kind", "unit_id", "metric", "segment", "month"]
WHOLE = "all"
_SIDES = ("before", "after")


def figure_changes(
    before: EditionContents, after: EditionContents, month: Month, names: Names
) -> tuple[FigureChange, ...]:
    """Figures that differ, in the order of units, metrics and segments, the whole before its segments.

    Where both editions kept their comparison, a metric that matures late is taken of the month the reports show.
    """
    with_late = before.comparison is not None and after.comparison is not None
    pairs = _figures(before, month, with_late=with_late).merge(
        _figures(after, month, with_late=with_late),
        on=KEY, how="outer", suffixes=("_before", "_after"), validate="one_to_one",
    )  # fmt: skip
    hidden = {side: pairs[f"reason_{side}"].fillna("").ne("") for side in _SIDES}
    nothing = {side: pairs[f"value_{side}"].isna() & ~hidden[side] for side in _SIDES}
    changed = (
        differ(pairs["value_before"], pairs["value_after"])
        | pairs["reason_before"].fillna("").ne(pairs["reason_after"].fillna(""))
        | (pairs["rows_before"].ne(pairs["rows_after"]) & ~hidden["before"] & ~hidden["after"])
    ) & ~(nothing["before"] & nothing["after"])
    lines = pairs.loc[changed, [*KEY, *(f"{name}_{side}" for side in _SIDES for name in ("value", "rows", "reason"))]]
    # The whole stands before its segments, whatever they are called.
    lines = lines.assign(segment=lines["segment"].where(lines["segment"].ne(WHOLE), ""))
    ordered = names.ordered(list(lines.itertuples(index=False, name=None)))
    return tuple(_change(names, line[: len(KEY)], line[len(KEY) :]) for line in ordered)


def _change(names: Names, key: tuple[Any, ...], sides: tuple[Any, ...]) -> FigureChange:
    """From KEY, and value, rows and reason before and after."""
    kind, unit, metric, segment, month = key
    was, rows_was, why_was, now, rows_now, why_now = sides
    reasons = tuple(str(why) if isinstance(why, str) else "" for why in (why_was, why_now))
    told = both_written(was, now, names.written_before(metric), names.written_after(metric))
    texts = tuple(f"withheld: {why}" if why else text for why, text in zip(reasons, told, strict=True))
    rows = _count(rows_was), _count(rows_now)
    return FigureChange(
        month=Month.of(month.date()), unit_kind=kind, unit_id=unit, unit=names.unit(kind, unit), metric=metric,
        label=names.label(metric), segment=segment or WHOLE, what=_what((was, now), rows, reasons),
        before=texts[0], after=texts[1], value_before=_value(was), value_after=_value(now),
        rows_before=rows[0], rows_after=rows[1],
    )  # fmt: skip


def _what(
    values: tuple[float, float], rows: tuple[int | None, int | None], reasons: tuple[str, ...]
) -> Literal["changed", "rows", "new", "gone", "withheld", "shown", "reason"]:
    was_hidden, is_hidden = (bool(reason) for reason in reasons)
    if was_hidden and is_hidden:
        return "reason"
    if is_hidden:
        return "withheld"
    if was_hidden:
        return "gone" if rows[1] is None else "shown"
    if rows[0] is None:
        return "new"
    if rows[1] is None:
        return "gone"
    missing = math.isnan(values[0]), math.isnan(values[1])
    return "rows" if missing == (False, False) and math.isclose(*values, rel_tol=SAME) else "changed"


def _value(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _count(rows: float) -> int | None:
    return None if math.isnan(rows) else int(rows)


def _figures(edition: EditionContents, month: Month, *, with_late: bool) -> pd.DataFrame:
    """KEY, value, rows and reason (why it is withheld, else empty) of all figures; a withheld one has no value."""
    moment = pd.Timestamp(month.first_day).as_unit("s")
    facts = edition.facts.loc[edition.facts["month"].eq(moment)]
    figures = facts[[*KEY, "value", "rows"]].assign(reason=facts["suppressed"].fillna("").to_numpy())
    if with_late and edition.comparison is not None:
        compared = edition.comparison
        whole = compared[["unit_kind", "unit_id", "metric", "month", "rows"]].assign(
            segment=WHOLE, value=compared["actual"], reason=compared["withheld"].fillna("")
        )
        late = whole["month"].ne(moment)
        # Of a metric that matures late the month's own figure is incomplete, and no report shows it.
        figures = figures.loc[~figures["metric"].isin(whole.loc[late, "metric"])]
        figures = pd.concat([figures, whole.loc[late, figures.columns]], ignore_index=True)
        held = whole.loc[whole["reason"].ne(""), [*KEY, "reason"]]
    else:
        lines = [(one.unit_kind, one.unit_id, one.metric, WHOLE, moment, one.reason) for one in edition.withheld]
        held = pd.DataFrame(lines, columns=[*KEY, "reason"]).astype({"month": "datetime64[s]"})
    return _with_reasons(figures, held)


def _with_reasons(figures: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """The figures with those withheld among them, also where nothing was measured."""
    held = held.drop_duplicates(KEY).rename(columns={"reason": "held"})
    texts = {name: "str" for name in KEY if name != "month"}
    joined = figures.astype(texts).merge(held.astype(texts), on=KEY, how="outer", validate="one_to_one")
    reason = joined["held"].fillna(joined["reason"]).fillna("")
    return joined[[*KEY, "rows"]].assign(
        value=np.where(reason.ne(""), np.nan, joined["value"].to_numpy("float64", na_value=np.nan)), reason=reason
    )
