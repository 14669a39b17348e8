"""The metrics that an extract's columns allow: few, plain, each with the reason it was proposed.

Does not belong here: expectations. A number that people are held to has a why and an owner, which no file tells.
"""

from collections.abc import Mapping

from config.models import ColumnType, ExtractKind
from flows.initialise.found import ColumnGuess, MetricGuess

_NUMERIC = (ColumnType.INTEGER, ColumnType.NUMBER)


def metrics_of(
    kind: ExtractKind, extract: str, columns: tuple[ColumnGuess, ...], roles: Mapping[str, str]
) -> tuple[tuple[MetricGuess, ...], list[str]]:
    """Metrics over one extract, and what kept others from being proposed."""
    if kind is ExtractKind.SALES:
        return (*_sales(extract, roles), *_on_time(extract, roles)), []
    if kind is ExtractKind.SERVICE:
        return (*_service(extract, columns, roles), *_on_time(extract, roles)), []
    if kind is ExtractKind.PULSE:
        return _pulse(extract, columns, roles)
    if kind is ExtractKind.ACTIVITY:
        return (_count(extract, "activities", "Activities", "up", "action", "how much was done"),), []
    return (), []


def _metric(name: str, why: str, **settings: str) -> MetricGuess:
    return MetricGuess(name, tuple(settings.items()), why)


def _count(extract: str, name: str, label: str, good: str, stage: str, why: str) -> MetricGuess:
    return _metric(name, why, label=label, extract=extract, value="count(*)", unit="count", good=good, stage=stage)


def _sales(extract: str, roles: Mapping[str, str]) -> list[MetricGuess]:
    found = []
    if "amount" in roles:
        value = f"sum({roles['amount']})"
        found.append(
            _metric("revenue", "the amounts of the month", label="Revenue", extract=extract, value=value, unit="money",
                    good="up", stage="result")
        )  # fmt: skip
    found.append(_count(extract, "orders", "Orders", "up", "result", "how many rows"))
    return found


def _service(extract: str, columns: tuple[ColumnGuess, ...], roles: Mapping[str, str]) -> list[MetricGuess]:
    found = [_count(extract, "cases", "Cases", "none", "action", "how many rows; more is neither better nor worse")]
    if "satisfaction" in roles:
        found.append(
            _metric("satisfaction", "the mean of what customers answered", label="Customer satisfaction",
                    extract=extract, value=f"avg({roles['satisfaction']})", unit="score", good="up", stage="result",
                    decimals="2")
        )  # fmt: skip
    moments = {column.name for column in columns if column.type is ColumnType.TIMESTAMP}
    if {roles.get("date"), roles.get("done")} <= moments:
        value = f"median(date_diff('minute', {roles['date']}, {roles['done']}) / 60.0)"
        found.append(
            _metric("hours_to_done", "from opening to closing", label="Hours until done", extract=extract, value=value,
                    unit="hours", good="down", stage="action", decimals="1")
        )  # fmt: skip
    return found


def _on_time(extract: str, roles: Mapping[str, str]) -> list[MetricGuess]:
    due, done = roles.get("due"), roles.get("done")
    if due is None or done is None:
        return []
    return [
        _metric("on_time", "two dates, promised and done", label="Done on time", extract=extract,
                numerator=f"count(*) filter (where {done} <= {due})",
                denominator=f"count(*) filter (where {done} is not null and {due} is not null)",
                unit="percent", good="up", stage="action", decimals="1")
    ]  # fmt: skip


def _pulse(
    extract: str, columns: tuple[ColumnGuess, ...], roles: Mapping[str, str]
) -> tuple[tuple[MetricGuess, ...], list[str]]:
    if "respondent" not in roles:
        told = "No column tells respondents apart, so no survey figure can be shown: add one (any code will do)."
        return (), [told]
    scores = [column for column in columns if column.type in _NUMERIC and column.name not in roles.values()]
    scores += [column for column in columns if column.name == roles.get("satisfaction")]
    return tuple(
        _metric(column.name, "the mean of the answers", label=column.heading.replace("_", " ").capitalize()[:60],
                extract=extract, value=f"avg({column.name})", unit="score", good="up", stage="belief", decimals="1",
                survey=f"{{respondent: {roles['respondent']}}}")
        for column in scores
    ), []  # fmt: skip
