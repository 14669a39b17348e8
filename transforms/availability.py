"""On what share of a month's working days each associate was available.

Absence comes in as available days only, without type; this share is used to judge, and is not printed.
Does not belong here: what follows from a small share (`statuses`).
"""

import pandas as pd

from config.months import Month
from transforms.columns import AVAILABILITY, DAY, empty, shaped


def available_shares(rows: pd.DataFrame | None, month: Month, working_days: float) -> pd.DataFrame:
    """AVAILABILITY of the month: available days over the month's working days, 0 to 1.

    `rows` is the checked availability extract: `associate`, `available_days`, and `month` or `date` (any day of the
    month; without either all rows are the month's). Several rows of one associate are added up. An associate
    without a row, or whose rows have no number, is not listed: nothing is known.
    """
    columns = {"associate", "available_days"}
    if rows is None or not columns <= set(rows.columns) or working_days <= 0:
        return empty(AVAILABILITY)
    first = pd.Timestamp(month.first_day)
    known = rows.loc[rows["associate"].notna() & rows["available_days"].notna() & _in_month(rows, month)]
    days = known["available_days"].astype("float64").groupby(known["associate"].astype("str"), sort=True).sum()
    return (
        (days / working_days)
        .clip(lower=0.0, upper=1.0)
        .rename("available_share")
        .rename_axis("associate")
        .reset_index()
        .assign(month=pd.Series(first, index=range(len(days)), dtype=DAY))
        .pipe(shaped, AVAILABILITY)
    )


def _in_month(rows: pd.DataFrame, month: Month) -> pd.Series:
    column = next((name for name in ("month", "date") if name in rows), None)
    if column is None:
        return pd.Series(data=True, index=rows.index)
    days = pd.to_datetime(rows[column])
    return (days >= pd.Timestamp(month.first_day)) & (days < pd.Timestamp(month.end))
