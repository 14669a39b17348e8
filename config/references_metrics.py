"""What must hold between metrics.yaml and the extracts it measures.

Does not belong here: measuring.
"""

import re

from config.draft import EXTRACTS, METRICS, Draft
from config.faults import did_you_mean
from config.models import ColumnType, ExtractKind, Metric
from config.references_extracts import check_column
from config.sql_expressions import aggregate_faults, condition_faults

_DATES = frozenset({ColumnType.DATE, ColumnType.TIMESTAMP})
_CHECK = re.compile(r"[a-z][a-z0-9_]*")


def check_metrics(draft: Draft) -> None:
    """Note every fault of the metrics that could be read."""
    document = draft.documents.get(METRICS)
    if document is not None and not document.value:
        draft.fault(METRICS, (), "No metric is declared.", "Declare one.")
    labels: dict[str, str] = {}
    for name, metric in draft.metrics.items():
        _check_extracts_of(draft, name, metric)
        _check_columns_of(draft, name, metric)
        _check_survey(draft, name, metric)
        if metric.label.casefold() in labels:
            what = f"“{metric.label}” is the label of {labels[metric.label.casefold()]} too."
            draft.fault(
                METRICS, (name, "label"), what, "Give each metric its own, so that readers can tell them apart."
            )
        labels.setdefault(metric.label.casefold(), name)


def _check_extracts_of(draft: Draft, name: str, metric: Metric) -> None:
    known = draft.names(EXTRACTS)
    paths: list[tuple[tuple[str | int, ...], str]] = [((name, "extract"), metric.extract)]
    for n, needed in enumerate(metric.depends_on):
        extract, _, check = needed.partition(".")
        paths.append(((name, "depends_on", n), extract))
        if "." in needed and not _CHECK.fullmatch(check):
            what = f"“{needed}” names no check of {extract}."
            fix = f"Write extract.check as the checks page shows it: {extract}.amount_between."
            draft.fault(METRICS, (name, "depends_on", n), what, fix)
    for path, extract in paths:
        if known and extract not in known:
            draft.fault(METRICS, path, f"“{extract}” is no extract.", did_you_mean(extract, known, what="Extracts"))
    read = draft.extracts.get(metric.extract)
    if read is not None and read.kind is ExtractKind.CONTROL:
        what = f"“{metric.extract}” holds totals to agree with, of which no metric is made."
        draft.fault(METRICS, (name, "extract"), what, "Name the extract that the totals are of.")


def _check_columns_of(draft: Draft, name: str, metric: Metric) -> None:
    extract = draft.extracts.get(metric.extract)
    if extract is None or extract.kind is ExtractKind.CONTROL:
        return
    types = {column: declared.type for column, declared in extract.columns.items()}
    for key in ("value", "numerator", "denominator"):
        text = getattr(metric, key)
        for what, fix in aggregate_faults(text, types, alone=key == "value") if text is not None else ():
            draft.fault(METRICS, (name, key), what, fix)
    for what, fix in condition_faults(metric.where, types) if metric.where is not None else ():
        draft.fault(METRICS, (name, "where"), what, fix)
    if metric.date is not None:
        check_column(draft, METRICS, (name, "date"), metric.extract, metric.date, _DATES)
    elif extract.date is None and extract.kind is not ExtractKind.HR:
        dates = [column for column, kind in types.items() if kind in _DATES]
        what = f"Neither the metric nor {metric.extract} says which date counts."
        draft.fault(METRICS, (name,), what, f"Write date: {' or '.join(dates) or 'a column with the date'}.")
    if metric.by_segment and extract.segment is None:
        what = f"{metric.extract} has no segment."
        draft.fault(METRICS, (name, "by_segment"), what, f"Name its column in {EXTRACTS}: segment.")


def _check_survey(draft: Draft, name: str, metric: Metric) -> None:
    extract = draft.extracts.get(metric.extract)
    if metric.survey is not None:
        path = (name, "survey", "respondent")
        check_column(draft, METRICS, path, metric.extract, metric.survey.respondent, frozenset(ColumnType))
        if metric.individual is not None:
            what = "A survey's answers are never shown of one person."
            draft.fault(METRICS, (name, "individual"), what, "Take individual away.")
    elif extract is not None and extract.kind is ExtractKind.PULSE:
        what = f"{metric.extract} holds people's answers: the metric must say who answered."
        draft.fault(METRICS, (name,), what, "Write survey: {respondent: the column that tells respondents apart}.")
