"""What changed in one report since the copy its reader has: figures, statuses and expectations, as the reports print
them, and why; and whether the change is too small to mail the report again.

It compares two models of the same report, and nothing else: both were in the reader's scope. Of the earlier one only
figures and statuses are told, no name: whose row has left the report may no longer be the reader's to see. Wording is
neutral: what was, and what is now. Does not belong here: reasons that lie outside the report (`reasons`), and drawing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.numbers import get_decimal_symbol, get_group_symbol

from transforms.differences.compare import changed_sections
from transforms.formats import MINUS, MISSING
from transforms.reader_changes import Change, ChangedGroup, ChangedRow, ReaderChanges
from transforms.report_model import AheadRow, MetricRow, PeopleTable, PersonRow, ReportKind, ReportModel
from transforms.wording import counted, listed, lowered

MOST_OF_A_TABLE: Final = 8
"""So many rows of a table of people are named; what else changed there is counted."""
MOST_REASONS: Final = 3
"""So many reasons of changed expectations are told; all stand beside the expectations themselves."""
NOTHING: Final = "Every figure, status and expectation is as it was."
LOST: Final = "What that edition said is no longer kept, so that what changed cannot be listed."
DIFFERENCE: Final = "Difference"
"""How `transforms.compose` heads a table's column of differences."""
_OWN = frozenset({"month at a glance", "people", "expectations ahead"})
_GONE = "not shown"
_WITHHELD = "shown"


# -- what changed --------------------------------------------------------------------------------------------------


def reader_changes(before: ReportModel, now: ReportModel, since: int, why: Sequence[str]) -> ReaderChanges:
    """What changed from the reader's copy, of edition `since`, to now. `why` are the reasons from outside the report;
    those of changed expectations, in their owners' words, are added.
    """
    groups = tuple(group for group in (_own(before, now), *_tables(before, now)) if group.rows or group.rest)
    return ReaderChanges(
        report_id=now.report_id,
        since=since,
        groups=groups,
        also=_also(before, now, groups),
        why=(*why, *_expectation_reasons(before, now)),
    )


def lost_changes(report_id: str, since: int, why: Sequence[str]) -> ReaderChanges:
    """What can be said where the content of the reader's copy is no longer kept or cannot be read."""
    return ReaderChanges(report_id=report_id, since=since, also=LOST, why=tuple(why))


def _own(before: ReportModel, now: ReportModel) -> ChangedGroup:
    """The measures of the report's own unit, and what is asked of it next month."""
    old, new = _metrics(before), _metrics(now)
    rows = [row for name, metric in new.items() if (row := _metric_row(old.get(name), metric))]
    old_ahead, new_ahead = ({row.metric: row for row in model.ahead} for model in (before, now))
    month = now.glance.ahead_label
    for name in dict.fromkeys((*new_ahead, *old_ahead)):
        was, is_now = old_ahead.get(name), new_ahead.get(name)
        change = _change(was.expected if was else "", is_now.expected if is_now else "")
        shown = is_now or new.get(name)
        if change and shown:
            rows.append(ChangedRow(label=f"{shown.label}, {month}", expected=change))
    gone = sum(1 for name in old if name not in new)
    rest = f"{counted(gone, 'measure', 'measures')} of that edition {_is(gone)} no longer here."
    return ChangedGroup(rows=tuple(rows), rest=rest if gone else "")


def _metric_row(was: MetricRow | None, now: MetricRow) -> ChangedRow | None:
    if was is None:
        return ChangedRow(label=now.label, unit=now.unit, note="new in this report")
    same = was.unit == now.unit
    units = ("", "") if same else (was.unit, now.unit)
    return _row(
        ChangedRow(
            label=now.label,
            unit=now.unit if same else "",
            figure=_figure(_with_unit(was.actual, units[0]), _with_unit(now.actual, units[1])),
            expected=_change(_with_unit(was.expected, units[0]), _with_unit(now.expected, units[1])),
            status=_change(was.status.text, now.status.text),
        )
    )


def _tables(before: ReportModel, now: ReportModel) -> Iterator[ChangedGroup]:
    """The people, or the units of a manager of managers, table by table. A team's report shows none."""
    if now.kind is ReportKind.TEAM:
        return
    old, new = _people(before), _people(now)
    for table in now.people:
        keys = {_key(table, row): row for row in (*table.rows, *table.new_rows)}
        if keys and not set(keys) & set(old):
            yield ChangedGroup(title=table.title, rest="This table is new in this report.")
            continue
        yield _told(table, [row for key, person in keys.items() if (row := _person_row(old.get(key), person))])
    gone = len(set(old) - set(new))
    if gone:
        yield ChangedGroup(rest=f"{counted(gone, 'row', 'rows')} of that edition {_is(gone)} no longer here.")


def _told(table: PeopleTable, changed: Sequence[ChangedRow]) -> ChangedGroup:
    """The rows of a table that are told one by one: where a status or an expectation changed before mere figures."""
    grave = [row for row in changed if row.status or row.expected or row.note]
    figures = [row for row in changed if row not in grave]
    shown = changed if len(changed) <= MOST_OF_A_TABLE else grave[:MOST_OF_A_TABLE]
    sentences = []
    if more := len(grave) - sum(1 for row in shown if row in grave):
        sentences.append(f"{counted(more, 'more row has', 'more rows have')} another status or expectation.")
    if more := len(figures) - sum(1 for row in shown if row in figures):
        sentences.append(f"{counted(more, 'row has', 'rows have')} another figure and the same status.")
    return ChangedGroup(title=table.title, rows=tuple(shown), rest=" ".join(sentences))


def _person_row(was: PersonRow | None, now: PersonRow) -> ChangedRow | None:
    if was is None:
        return ChangedRow(label=now.label, note="new in this table")
    return _row(
        ChangedRow(
            label=now.label,
            figure=_figure(was.figure, now.figure),
            expected=_change(was.expected, now.expected),
            status=_change(was.status.text, now.status.text),
        )
    )


def _row(row: ChangedRow) -> ChangedRow | None:
    return row if row.figure or row.expected or row.status else None


def _figure(was: str, now: str) -> Change | None:
    """Where a figure is no longer shown, what it was is not printed once more: it was taken back for a reason."""
    if was == now:
        return None
    return Change(was=_WITHHELD, now=_GONE) if now in {MISSING, ""} else _change(was, now)


def _change(was: str, now: str) -> Change | None:
    return Change(was=was or MISSING, now=now or MISSING) if (was or MISSING) != (now or MISSING) else None


def _with_unit(text: str, unit: str) -> str:
    return f"{text}\N{NO-BREAK SPACE}{unit}" if unit and text not in {"", MISSING} else text


def _also(before: ReportModel, now: ReportModel, groups: Sequence[ChangedGroup]) -> str:
    """Other parts that say something else than in the reader's copy."""
    sections = changed_sections(before, now)
    other = [one for one in sections if one not in _OWN and one != "form"]
    if not groups and set(sections) & _OWN:
        other = ["earlier months or wording", *other]
    told = f"{'Also changed' if groups else 'What changed'}: {listed(other)}." if other else ""
    return told if groups else f"{NOTHING} {told}".rstrip()


def _expectation_reasons(before: ReportModel, now: ReportModel) -> Iterator[str]:
    """Why an expectation that changed is asked, in its owner's words; each reason once."""
    old, new = _metrics(before), _metrics(now)
    labels: dict[str, list[str]] = {}
    for name, row in new.items():
        was = old.get(name)
        if row.why and was is not None and (_asked(was.expected, was), was.why) != (_asked(row.expected, row), row.why):
            labels.setdefault(row.why, []).append(lowered(row.label))
    ahead = {row.metric: row for row in before.ahead}
    for asked in now.ahead:
        was_asked = ahead.get(asked.metric)
        if was_asked is not None and _terms(was_asked) != _terms(asked):
            labels.setdefault(f"{asked.why} — {asked.owner}", []).append(lowered(asked.label))
    if len(labels) > MOST_REASONS:
        names = dict.fromkeys(name for named in labels.values() for name in named)
        yield f"Changed expectations of {counted(len(names), 'measure', 'measures')}: why stands beside each of them."
        return
    for why, named in labels.items():
        yield f"Changed expectation of {listed(list(dict.fromkeys(named)))}: {why}"


def _asked(text: str, row: MetricRow) -> str:
    return _with_unit(text, row.unit)


def _terms(row: AheadRow) -> tuple[str, str, str]:
    return row.expected, row.why, row.owner


def _metrics(model: ReportModel) -> dict[str, MetricRow]:
    return {row.metric: row for block in model.glance.blocks for row in block.rows}


def _people(model: ReportModel) -> dict[tuple[str, str, str], PersonRow]:
    """By metric, unit kind and unit: a metric may have a table of units and one of people."""
    return {_key(table, row): row for table in model.people for row in (*table.rows, *table.new_rows)}


def _key(table: PeopleTable, row: PersonRow) -> tuple[str, str, str]:
    return table.metric, row.unit_kind, row.unit_id


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


# -- how much it changed -------------------------------------------------------------------------------------------


def is_small(before: ReportModel, now: ReportModel, share: Decimal) -> bool:
    """Whether a report is too little changed to be mailed again: the same rows, statuses and things to do, and no
    figure that changed by more than `share` of itself (0.01 is 1%).

    Figures are read from the printed texts: the model has no others. A difference is weighed against what it is a
    difference to: in percent against the expectation, in points against the figure. What is withheld now or was, what
    has another unit, and a figure that was zero, is never small.
    """
    if (before.language, before.glance.to_do) != (now.language, now.glance.to_do):
        return False
    old, new = (list(_cells(model)) for model in (before, now))
    if [cell.key for cell in old] != [cell.key for cell in new]:
        return False
    numbers = _Numbers.of(now.language)
    return all(_same_or_small(was, is_now, share, numbers) for was, is_now in zip(old, new, strict=True))


@dataclass(frozen=True, slots=True)
class _Cell:
    """A text of the report. Exact ones may not change at all; `base` is what a difference in points is weighed by."""

    key: tuple[str, ...]
    text: str
    exact: bool = False
    is_difference: bool = False
    base: str = ""


def _cells(model: ReportModel) -> Iterator[_Cell]:
    """Every status and figure of a report, in its order."""
    for name, metric in _metrics(model).items():
        key = ("glance", name, metric.unit)
        yield _Cell((*key, "status"), metric.status.text, exact=True)
        for part, text in (("actual", metric.actual), ("expected", metric.expected), ("ahead", metric.ahead)):
            yield _Cell((*key, part), text)
        yield _Cell((*key, "difference"), metric.difference, is_difference=True, base=metric.actual)
    for (table, kind, unit_id), person in _people(model).items() if model.kind is not ReportKind.TEAM else ():
        place = ("people", table, kind, unit_id)
        yield _Cell((*place, "status"), person.status.text, exact=True)
        yield _Cell((*place, "figure"), person.figure)
        yield _Cell((*place, "expected"), person.expected)
    for asked in model.ahead:
        yield _Cell(("ahead", asked.metric), asked.expected)
    for plain in model.changing:
        for row in plain.rows:
            for column, text in zip(plain.columns, row, strict=False):
                # A difference follows from the figures beside it.
                if column != DIFFERENCE:
                    yield _Cell(("changing", plain.title, row[0], column), text)


@dataclass(frozen=True)
class _Numbers:
    """How a locale writes numbers, read back."""

    group: re.Pattern[str]
    decimal: str
    number: re.Pattern[str]

    @staticmethod
    @lru_cache(maxsize=8)
    def of(language: str) -> "_Numbers":
        """Of a BCP 47 tag."""
        locale = Locale.parse(language, sep="-")
        decimal, group = get_decimal_symbol(locale), get_group_symbol(locale)
        return _Numbers(
            re.compile(rf"(?<=\d){re.escape(group)}(?=\d)"),
            decimal,
            re.compile(rf"[+\-]?\d+(?:{re.escape(decimal)}\d+)?"),
        )

    def read(self, text: str) -> tuple[Decimal, str] | None:
        """The one number of a text, and what stands around it; None where there is none, or several."""
        plain = self.group.sub("", text.replace(MINUS, "-"))
        found = self.number.findall(plain)
        if len(found) != 1:
            return None
        return Decimal(found[0].replace(self.decimal, ".")), self.number.sub("#", plain)


def _same_or_small(was: _Cell, now: _Cell, share: Decimal, numbers: _Numbers) -> bool:
    if was.text == now.text:
        return True
    before, after = numbers.read(was.text), numbers.read(now.text)
    if was.exact or before is None or after is None or before[1] != after[1]:
        return False
    change = abs(after[0] - before[0])
    if not was.is_difference:
        return change <= share * abs(before[0])
    if "%" in was.text:
        return change / 100 <= share
    base = numbers.read(was.base)
    return base is None or change <= share * abs(base[0])
