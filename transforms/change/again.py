"""The same again: an action recorded for a unit again and again, while the number it was for did not shift.

Does not belong here: whether a number shifted (`detect`), and what to do instead.
"""

from typing import Final

import pandas as pd

from config.months import Month
from transforms.columns import COUNT, DAY, TEXT, shaped

ACTIONS: Final = {"unit_kind": TEXT, "unit_id": TEXT, "metric": TEXT, "month": DAY, "action": TEXT}
"""What was done for a unit about a metric in a month."""
SHIFTS: Final = {"unit_kind": TEXT, "unit_id": TEXT, "metric": TEXT, "month": DAY}
"""First months of new regimes: found changes of level or trend."""
AGAIN: Final = {
    "unit_kind": TEXT, "unit_id": TEXT, "metric": TEXT, "action": TEXT, "periods": COUNT, "first": DAY, "last": DAY,
}  # fmt: skip
"""An action repeated without a shift: in how many months since the last shift, the first and the last of them."""
PERIODS: Final = 3
RECENT_MONTHS: Final = 12
_UNIT: Final = ["unit_kind", "unit_id", "metric"]


def same_again(
    actions: pd.DataFrame, shifts: pd.DataFrame, judged: pd.DataFrame, month: Month, *, periods: int = PERIODS
) -> pd.DataFrame:
    """Actions recorded in so many months or more since the number last shifted, the newest within a year of `month`.

    `actions` (ACTIONS), `shifts` (SHIFTS); `judged` (unit_kind, unit_id, metric): numbers with enough months that a
    shift would have been seen; of others nothing is said. Nothing later than `month` is read. Actions are the same
    where they differ by case and spaces only; the newest writing is given. A record in the month of a shift, or
    earlier, belongs to the time before it. Returns AGAIN, sorted.
    """
    end = pd.Timestamp(month.first_day)
    known = actions.loc[actions["month"] <= end, list(ACTIONS)].dropna()
    written = known["action"].astype("str")
    known = known.assign(same=written.str.casefold().str.split().str.join(" "))
    known = known.loc[known["same"] != ""]
    latest = (
        shifts.loc[shifts["month"] <= end, [*_UNIT, "month"]]
        .groupby(_UNIT, as_index=False, sort=True)
        .agg(shifted=("month", "max"))
    )
    since = (
        known.merge(judged[_UNIT].drop_duplicates(), on=_UNIT, how="inner", validate="many_to_one")
        .merge(latest, on=_UNIT, how="left", validate="many_to_one")
        .loc[lambda frame: frame["shifted"].isna() | (frame["month"] > frame["shifted"])]
        .sort_values([*_UNIT, "same", "month", "action"])
    )
    counted = since.groupby([*_UNIT, "same"], as_index=False, sort=True).agg(
        action=("action", "last"), periods=("month", "nunique"), first=("month", "min"), last=("month", "max")
    )
    recent = pd.Timestamp(month.shift(1 - RECENT_MONTHS).first_day)
    found = counted.loc[(counted["periods"] >= periods) & (counted["last"] >= recent)]
    return shaped(found.drop(columns="same").reset_index(drop=True), AGAIN)
