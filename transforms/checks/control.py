"""An extract against the totals its source gives of it: rows and sum must be the same, to the cent.

Totals are of the landed file, copies and all. Does not belong here: reading the control extract (it is landed and typed
like any other), and whether everything landed reached a figure (`flows.engines.reconcile`).
"""

import difflib
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Self

from config.checks import Severity
from config.models import Extract
from config.months import Month
from transforms.checks.readings import Reading
from transforms.columns import FILE, LINE
from transforms.stages import Finding, Profile

if TYPE_CHECKING:
    import pandas as pd

CENT: Final = Decimal("0.005")
"""Sums that differ by less are the same."""
ALIKE: Final = 0.8


@dataclass(frozen=True, slots=True)
class ControlLine:
    """One line of a control extract: what a source says it gave."""

    extract: str
    month: Month
    rows: int | None = None
    total: Decimal | None = None
    currency: str | None = None
    """None: all rows, whatever currency."""
    file: str = ""
    line: int = 0

    @classmethod
    def from_rows(cls, rows: "pd.DataFrame", month: Month) -> list[Self]:
        """The lines of a checked control extract, typed; `month` is the landing's, where a line names none."""
        found = []
        for row in rows.to_dict("records"):
            said: Any = row.get("month")
            currency = row.get("currency")
            found.append(
                cls(
                    extract=str(row["extract"]),
                    month=month if _missing(said) else Month(said.year, said.month),
                    rows=None if _missing(row.get("rows")) else round(row["rows"]),
                    total=None if _missing(row.get("total")) else Decimal(repr(round(float(row["total"]), 4))),
                    currency=None if _missing(currency) else str(currency).strip().upper(),
                    file=str(row.get(FILE, "") or ""),
                    line=int(row.get(LINE, 0) or 0),
                )
            )
        return found


def _missing(value: object) -> bool:
    # NaN, NaT and NA are all unequal to themselves, or say neither yes nor no.
    return value is None or str(value) in ("NaT", "<NA>", "nan", "")


def control_readings(
    extract_name: str, declared: Extract, profile: Profile, lines: Sequence[ControlLine], month: Month | None = None
) -> list[Reading]:
    """The month's rows and sums against the lines that name it.

    `lines` may hold those of other months and extracts: where earlier months of the extract have lines and this one has
    none, that is a warning. `month` may be left away where all lines are of one.
    """
    of_extract = [line for line in lines if line.extract == extract_name]
    if month is None:
        if not of_extract:
            return []
        month = of_extract[0].month
    here = [line for line in of_extract if line.month == month]
    if not here:
        earlier = [line.month for line in of_extract if line.month < month]
        return [_missing_line(extract_name, month, max(earlier))] if earlier else []
    groups: dict[str | None, list[ControlLine]] = {}
    for line in here:
        groups.setdefault(line.currency, []).append(line)
    measure = declared.main_measure or ""
    return [
        reading
        for currency in sorted(groups, key=lambda one: one or "")
        for reading in _of_currency(_Told(extract_name, month, currency, measure), profile, groups[currency])
    ]


def misnamed_reading(
    control_name: str, lines: Sequence[ControlLine], extracts: Collection[str], month: Month
) -> Reading:
    """Lines whose extract is not known and looks like one that has no line: its total would be held against nothing.

    `lines` are those of the control extract's own landing. Totals of what a company does not read are no fault.
    """
    lacking = [name for name in extracts if name not in {line.extract for line in lines}]
    found = [
        (line, near[0])
        for line in lines
        if line.extract not in extracts
        and (near := difflib.get_close_matches(line.extract.strip().casefold(), lacking, n=1, cutoff=ALIKE))
    ]
    line = found[0][0] if found else ControlLine("", month)
    names = ", ".join(dict.fromkeys(f"“{one.extract}” (perhaps {near})" for one, near in found))
    message = (
        f"{control_name} {month}: totals of {names}, which is no extract: nothing is held against them. Have the "
        "source name it as extracts.yaml does."
    )
    return Reading(
        check=f"{control_name}.extract_named",
        extract=control_name,
        month=month,
        label="totals of extracts that there are",
        severity=Severity.WARNING,
        value=float(len(found)),
        limit=0.0,
        columns=("extract",),
        finding=Finding(
            "control.misnamed", Severity.WARNING, message, extract=control_name, file=line.file, line=line.line,
            column="extract", value=line.extract, rows=len(found),
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Told:
    """What the readings of one group of lines are of."""

    extract: str
    month: Month
    currency: str | None
    measure: str

    def reading(self, name: str, label: str, code: str, value: float, line: ControlLine, told: str) -> Reading:
        suffix = f"_{self.currency.casefold()}" if self.currency else ""
        place = (
            f" ({line.file}, line {line.line})" if line.file and line.line else f" ({line.file})" if line.file else ""
        )
        what = f" in {self.currency}" if self.currency else ""
        message = (
            f"{self.extract} {self.month}{what}: {told}{place}. Deliver the extract, or its total, again so that they "
            "agree."
        )
        return Reading(
            check=f"{self.extract}.{name}{suffix}",
            extract=self.extract,
            month=self.month,
            label=f"{label}{what}",
            severity=Severity.CRITICAL,
            value=value,
            limit=0.0,
            columns=(self.measure,) if name == "control_total" and self.measure else (),
            finding=Finding(
                code, Severity.CRITICAL, message, extract=self.extract, file=line.file, line=line.line,
                column=self.measure if name == "control_total" else "",
            ),
        )  # fmt: skip


def _of_currency(told: _Told, profile: Profile, lines: Sequence[ControlLine]) -> Iterator[Reading]:
    landed = [
        (rows, total)
        for currency, rows, total in profile.totals
        if told.currency is None or currency.strip().upper() == told.currency
    ]
    rows = sum(rows for rows, _ in landed) if profile.totals else profile.rows + profile.copies
    total = sum((total for _, total in landed), Decimal(0))
    counts = list(dict.fromkeys(line.rows for line in lines if line.rows is not None))
    sums = list(dict.fromkeys(line.total for line in lines if line.total is not None))
    if len(counts) > 1 or (sums and max(sums) - min(sums) >= CENT):
        yield _contradiction(told, lines)
        return
    for line in lines:
        if line.rows is not None:
            yield told.reading(
                "control_rows", "as many rows as the source says", "control.rows", float(abs(rows - line.rows)), line,
                f"{rows:,} rows were landed and the source says {line.rows:,}: {_more_or_less(rows - line.rows)}",
            )  # fmt: skip
            break
    for line in lines:
        if line.total is not None:
            yield _total(told, total, line, profile)
            break


def _total(told: _Told, total: Decimal, line: ControlLine, profile: Profile) -> Reading:
    assert line.total is not None
    difference = total - line.total
    value = float(abs(difference)) if abs(difference) >= CENT else 0.0
    several = sorted({currency for currency, _, _ in profile.totals})
    text = (
        f"the sum of {told.measure} is {total:,.2f} and the source says {line.total:,.2f}: "
        f"{_more_or_less(difference, 2)}"
    )
    if not told.measure:
        value, text = (
            math.nan,
            "the source gives a total, but main_measure of extracts.yaml does not say of what column",
        )
    elif told.currency is None and len(several) > 1:
        text += f", all of {', '.join(several)} added up: have the source give a total for each currency"
    return told.reading("control_total", "the sum the source says", "control.total", value, line, text)


def _more_or_less(difference: int | Decimal, decimals: int = 0) -> str:
    return f"{abs(difference):,.{decimals}f} {'more' if difference > 0 else 'less'} than it says"


def _contradiction(told: _Told, lines: Sequence[ControlLine]) -> Reading:
    said = "; ".join(
        f"{line.file or 'a line'}{f' line {line.line}' if line.line else ''}: "
        f"{'no number of' if line.rows is None else format(line.rows, ',')} rows, "
        f"{'no sum' if line.total is None else format(line.total, ',.2f')}"
        for line in lines
    )
    text = f"{len(lines)} lines give different totals of the same rows: {said}"
    return told.reading(
        "control_lines", "one total of the source", "control.several", float(len(lines)), lines[0], text
    )


def _missing_line(extract: str, month: Month, last: Month) -> Reading:
    message = (
        f"{extract} {month}: the source gives no total of this month, and it did for {last}. Deliver the total, so "
        "that what was landed can be compared with it."
    )
    return Reading(
        check=f"{extract}.control_line",
        extract=extract,
        month=month,
        label="a total of the source",
        severity=Severity.WARNING,
        value=1.0,
        limit=0.0,
        finding=Finding("control.missing_line", Severity.WARNING, message, extract=extract),
    )
