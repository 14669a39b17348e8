"""How much of a unit's people changed: a team of other people is not compared with itself as if it were the same.

Does not belong here: who belongs to what (`transforms.organisation`), and the changes of a number.
"""

from typing import Final

import pandas as pd

from config.months import Month
from transforms.columns import COUNT, NUMBER, TEXT, shaped

CHANGED: Final = {
    "unit_kind": TEXT, "unit_id": TEXT, "before": COUNT, "after": COUNT, "stayed": COUNT, "joined": COUNT,
    "left": COUNT, "changed_share": NUMBER,
}  # fmt: skip
"""People of a unit at two times. `changed_share`: of the places counted at both times, those not held by somebody who
stayed: (joined + left) / (before + after). 0: the same people; 1: nobody is the same, or the unit is new or gone."""
LARGE_CHANGE: Final = 1 / 3
"""From this share on a unit is marked: its figures before and after are of different people."""
_UNIT: Final = ["unit_kind", "unit_id"]
_ANONYMOUS: Final = "team:"


def changed_between(membership: pd.DataFrame, before: Month, after: Month) -> pd.DataFrame:
    """How many people changed in each unit between the last days of two months: CHANGED, a row a unit, sorted.

    `membership` (MEMBERSHIP of transforms.columns). Associates' own rows and the stand-ins for anonymous rows are no
    people of a unit.
    """
    people = membership.loc[
        (membership["unit_kind"] != "associate") & ~membership["associate"].astype("str").str.startswith(_ANONYMOUS)
    ]
    both = _on_last_day(people, before).merge(
        _on_last_day(people, after), on=[*_UNIT, "associate"], how="outer", indicator="at", validate="one_to_one"
    )
    counted = (
        both.assign(stayed=both["at"] == "both", joined=both["at"] == "right_only", left=both["at"] == "left_only")
        .groupby(_UNIT, as_index=False, sort=True)[["stayed", "joined", "left"]]
        .sum()
    )
    before_count, after_count = counted["stayed"] + counted["left"], counted["stayed"] + counted["joined"]
    share = (counted["joined"] + counted["left"]) / (before_count + after_count)
    return shaped(counted.assign(before=before_count, after=after_count, changed_share=share), CHANGED)


def changed_around(membership: pd.DataFrame, month: Month, *, months: int = 3) -> pd.DataFrame:
    """How many changed from just before `month` minus `months` − 1 to the end of `month` plus `months` − 1.

    A change found in a month may have begun somewhat earlier or later, and so may the change of people behind it.
    """
    return changed_between(membership, month.shift(-months), month.shift(months - 1))


def _on_last_day(people: pd.DataFrame, month: Month) -> pd.DataFrame:
    day = pd.Timestamp(month.end) - pd.Timedelta(days=1)
    there = (people["valid_from"] <= day) & (people["valid_to"] > day)
    return people.loc[there, [*_UNIT, "associate"]].drop_duplicates()
