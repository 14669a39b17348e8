"""What cannot be measured this month for want of data, and why: said before anything is computed.

Not here: metrics that fail on their rows (`grouped`), and checks that failed (`flows.checks`).
"""

from collections.abc import Iterable, Mapping, Sequence

from config.checks import Severity
from config.models import ColumnType, Config, Extract
from config.months import Month, months_between
from flows.engines.definitions import Definition
from flows.engines.grouped import allowed_kinds
from transforms.stages import Checked, FailedCheck, Finding, Withheld

_COLUMN_MISSING = "typing.column_missing"


def withheld_before(
    config: Config,
    month: Month,
    definitions: Iterable[Definition],
    checked: Mapping[str, Sequence[Checked]],
    failed: Sequence[FailedCheck] = (),
) -> list[Withheld]:
    """Metrics without the extracts, months or columns they need, or that depend on a check which failed for all.

    For each kind of unit.
    """
    found = []
    for definition in definitions:
        reason = _reason(config, month, definition, checked) or _failed_check(config, month, definition, failed)
        if reason:
            name = definition.plan.name
            found += [Withheld(name, kind, "", reason) for kind in allowed_kinds(definition, month)]
    return found


def _reason(
    config: Config, month: Month, definition: Definition, checked: Mapping[str, Sequence[Checked]]
) -> str | None:
    metric = definition.plan.metric
    for name in (metric.extract, *(each.partition(".")[0] for each in metric.depends_on)):
        if month not in {one.month for one in checked.get(name, ())}:
            return f"there is no {name} extract of {month}"
    gaps = _gaps(month, definition, checked)
    if gaps and definition.of_nothing is not None:
        return f"it adds up {metric.window_months} months, and {_listed(gaps)} of {metric.extract} cannot be had"
    latest = next(one for one in checked[metric.extract] if one.month == month)
    if latest.source_rows and latest.source_rows == sum(part.rows for part in latest.quarantined):
        return f"every row of {metric.extract} was set aside"
    first = month.shift(1 - metric.window_months)
    window = [one for one in checked[metric.extract] if first <= one.month <= month]
    lacking = _lacking_columns(config.extracts[metric.extract], definition, window)
    if lacking:
        return f"{metric.extract} came without {_listed(lacking)}"
    return None


def _failed_check(config: Config, month: Month, definition: Definition, failed: Sequence[FailedCheck]) -> str | None:
    first = month.shift(1 - definition.plan.metric.window_months)
    for check in failed:
        if not check.by_rows and first <= check.month <= month and depends_on(config, definition, check):
            return check.reason
    return None


def depends_on(config: Config, definition: Definition, check: FailedCheck) -> bool:
    """Whether a metric depends on a check: it says so, or the check is of no column or of one the metric uses.

    Of a further extract the metric depends on, which columns it uses is not known: every check counts.
    """
    metric = definition.plan.metric
    if check.check in metric.depends_on or check.extract in metric.depends_on:
        return True
    if check.extract != metric.extract:
        return False
    return not check.columns or bool(set(check.columns) & _used_columns(config.extracts[metric.extract], definition))


def _lacking_columns(extract: Extract, definition: Definition, checked: Sequence[Checked]) -> list[str]:
    """Columns the metric needs that a landing lacked: its rows, its day, whose they are, and their currency."""
    lacking = {f.column for one in checked for f in one.findings if f.code == _COLUMN_MISSING}
    return sorted(_used_columns(extract, definition) & lacking)


def _used_columns(extract: Extract, definition: Definition) -> set[str]:
    used = set(definition.plan.columns)
    needed = used | {name for name in (definition.day, extract.associate, extract.team) if name}
    if extract.currency and any(extract.columns[name].type is ColumnType.MONEY for name in used):
        needed.add(extract.currency)
    if extract.credit:
        needed |= {extract.credit.deal, extract.credit.share}
    if definition.plan.metric.by_segment and extract.segment:
        needed.add(extract.segment)
    return needed


def _gaps(month: Month, definition: Definition, checked: Mapping[str, Sequence[Checked]]) -> list[str]:
    metric = definition.plan.metric
    there = {one.month for one in checked.get(metric.extract, ())}
    window = months_between(month.shift(1 - metric.window_months), month)
    return [str(each) for each in window if each not in there]


def gaps_in_windows(
    month: Month, definitions: Iterable[Definition], checked: Mapping[str, Sequence[Checked]]
) -> list[Finding]:
    """Rates and means over several months of which some cannot be had: told, and taken over the rest."""
    return [
        Finding(
            "engine.gap_in_window", Severity.INFO,
            f"{definition.plan.metric.label} is taken over {definition.plan.metric.window_months - len(gaps)} of "
            f"{definition.plan.metric.window_months} months: {_listed(gaps)} of {definition.plan.metric.extract} "
            "cannot be had.", extract=definition.plan.metric.extract, rows=len(gaps),
        )
        for definition in definitions
        if (gaps := _gaps(month, definition, checked))
    ]  # fmt: skip


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
