"""Dated things that happened, from the events extract: to be shown beside found changes, and actions of units.

Does not belong here: what coincides with what (`transforms.evidence`).
"""

from collections.abc import Mapping

import pandas as pd

from config.models import Config, ExtractKind
from config.months import Month
from flows.checks import read_checked
from flows.stages.land import Inputs
from transforms.columns import empty, shaped
from transforms.evidence.month import ACTIONS, EVENTS

TITLE = "title"
_OF_UNIT = ("unit_id", "metric")
_DEFAULT_KIND = "team"


def happened(config: Config, inputs: Mapping[str, Inputs], month: Month) -> tuple[pd.DataFrame, pd.DataFrame]:
    """EVENTS and ACTIONS up to a month. An event with the columns `unit_id` and `metric` filled is an action of that
    unit (a team, unless `unit_kind` says another kind) for that number.
    """
    events, actions = [empty(EVENTS)], [empty(ACTIONS)]
    for name, extract in config.extracts.items():
        if extract.kind is not ExtractKind.EVENTS or extract.date is None or TITLE not in extract.columns:
            continue
        for item in inputs[name].up_to(month):
            rows = read_checked(item)
            rows = rows.loc[rows[extract.date].notna() & rows[TITLE].notna()]
            days, titles = rows[extract.date].astype("datetime64[s]"), rows[TITLE].astype("str")
            events.append(pd.DataFrame({"date": days, "title": titles}).pipe(shaped, EVENTS))
            if set(_OF_UNIT) <= set(rows.columns):
                kinds = rows["unit_kind"] if "unit_kind" in rows else pd.Series(pd.NA, index=rows.index)
                of_units = pd.DataFrame(
                    {
                        "unit_kind": kinds.fillna(_DEFAULT_KIND).astype("str"),
                        "unit_id": rows["unit_id"],
                        "metric": rows["metric"],
                        "month": days.dt.to_period("M").dt.start_time.astype("datetime64[s]"),
                        "action": titles,
                    }
                )
                filled = of_units["unit_id"].notna() & of_units["metric"].notna()
                actions.append(of_units.loc[filled].pipe(shaped, ACTIONS))
    return (
        pd.concat(events, ignore_index=True).drop_duplicates().sort_values(["date", "title"], ignore_index=True),
        pd.concat(actions, ignore_index=True).drop_duplicates().reset_index(drop=True),
    )
