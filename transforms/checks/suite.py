"""The suite of an extract: the checks derived from its declaration and those of checks.yaml, in one order.

A check of the same name in checks.yaml takes a derived one's place. Does not belong here: running them, and checks
over time, which ask how a month compares with others (`transforms.checks.over_time`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from config.checks import Check, Range, Reference, Severity
from config.models import ColumnType, Config, Extract, ExtractKind, FilesSource

CUT_BY_MONTH = frozenset(
    {ExtractKind.SALES, ExtractKind.SERVICE, ExtractKind.PULSE, ExtractKind.COACHING, ExtractKind.ACTIVITY}
)
"""Kinds whose rows must lie in their month."""
TEXTS = frozenset({ColumnType.ID, ColumnType.TEXT})
MOMENTS = frozenset({ColumnType.DATE, ColumnType.TIMESTAMP})
ROW_KINDS = ("of_type", "currency", "not_null", "in_month", "unique", "between", "one_of", "matches", "plain",
    "condition")  # fmt: skip
"""Kinds that are asked of each row of a landing by itself (but `unique`), in the order in which a row that fails
several is set aside for the first."""


@dataclass(frozen=True, slots=True)
class SuiteCheck:
    """One check of one extract, ready to be asked. `id` is `<extract>.<name>`, unique in a company."""

    id: str
    extract: str
    kind: str
    """One of `config.checks.KINDS`, or `currency`: a row with an amount has an ISO 4217 code."""
    columns: tuple[str, ...]
    severity: Severity
    tolerance: Decimal = Decimal(0)
    set_aside: bool = True
    where: str = ""
    why: str = ""
    derived: bool = False
    bounds: tuple[Decimal | date | None, Decimal | date | None] = (None, None)
    values: tuple[str, ...] = ()
    pattern: str = ""
    condition: str = ""
    target: Reference | None = None

    @property
    def name(self) -> str:
        """The id without the extract."""
        return self.id.partition(".")[2]

    @property
    def of_rows(self) -> bool:
        """Whether it is asked of the rows of a landing with nothing else at hand."""
        return self.kind in ROW_KINDS


def suite_of(config: Config, extract: str) -> tuple[SuiteCheck, ...]:
    """Everything asked of an extract's rows and their number: kinds in the order of ROW_KINDS, then the others."""
    declared = config.extracts[extract]
    told = config.suite(extract)
    checks = {check.id: check for check in _derived(extract, declared)}
    for check in told.checks:
        made = _told(extract, declared, check)
        checks[made.id] = made
    order = {kind: at for at, kind in enumerate(ROW_KINDS)}
    return tuple(sorted(checks.values(), key=lambda check: order.get(check.kind, len(order))))


def month_column(extract: Extract) -> str | None:
    """The declared column by whose day rows are cut into months."""
    by = (
        extract.source.month_by
        if isinstance(extract.source, FilesSource)
        else getattr(extract.source, "month_by", None)
    )
    return next(
        (n for n in (by, extract.date) if n and n in extract.columns and extract.columns[n].type in MOMENTS), None
    )


def check_name(check: Check) -> str:
    """The name of a check of checks.yaml: its own, or its columns and what is asked."""
    return check.title


def _derived(name: str, extract: Extract) -> Iterator[SuiteCheck]:
    for column, declared in extract.columns.items():
        if declared.type not in TEXTS:
            yield _of_column(name, column, "of_type")
    if extract.currency:
        yield _of_column(name, extract.currency, "currency")
    for column, declared in extract.columns.items():
        if declared.required or column in extract.key:
            yield _of_column(name, column, "not_null")
    by = month_column(extract)
    if by and extract.kind in CUT_BY_MONTH:
        yield _of_column(name, by, "in_month")
    if extract.key:
        yield SuiteCheck(f"{name}.key_unique", name, "unique", extract.key, Severity.WARNING, derived=True)
    if extract.credit:
        yield _of_column(name, extract.credit.share, "between", bounds=(Decimal(0), Decimal(1)))
    for column, declared in extract.columns.items():
        if declared.type in TEXTS:
            yield _of_column(name, column, "plain", set_aside=False)
    owner = extract.associate or extract.team
    if owner and extract.kind is not ExtractKind.HR:
        yield _of_column(name, owner, "refers_to", set_aside=False, target=Reference(extract="hr"))


def _of_column(name: str, column: str, kind: str, **more: object) -> SuiteCheck:
    return SuiteCheck(
        f"{name}.{column}_{kind}",
        name,
        kind,
        (column,),
        Severity.WARNING,
        derived=True,
        **more,  # type: ignore[arg-type]
    )


def _told(name: str, extract: Extract, check: Check) -> SuiteCheck:
    may_set_aside = (
        check.severity is not Severity.INFO
        and check.kind not in ("refers_to", "rows")
        and extract.kind is not ExtractKind.HR
    )
    bounds = check.between or check.rows
    return SuiteCheck(
        id=f"{name}.{check_name(check)}",
        extract=name,
        kind=check.kind,
        columns=check.column,
        severity=check.severity,
        tolerance=check.tolerance,
        set_aside=may_set_aside if check.set_aside is None else check.set_aside,
        where=check.where or "",
        why=check.why,
        bounds=_bounds(bounds),
        values=check.one_of or (),
        pattern=check.matches or "",
        condition=check.condition or "",
        target=check.refers_to,
    )


def _bounds(given: Range | None) -> tuple[Decimal | date | None, Decimal | date | None]:
    return (given.min, given.max) if given else (None, None)
