"""Checks and corrections as a company writes them: checks.yaml by extract, and the lines of corrections.csv.

Does not belong here: the checks derived from the columns' declarations (`transforms.checks.suite`), and running any.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator, model_validator

from config.base import Model, MonthField, Texts

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
CheckName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=300)]
"""Longer than a name, since a check without one is called by its columns and what it asks."""


class ColumnType(StrEnum):
    """How the text of a landed column is read."""

    ID = "id"
    TEXT = "text"
    MONEY = "money"
    NUMBER = "number"
    INTEGER = "integer"
    PERCENT = "percent"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BOOLEAN = "boolean"


class Severity(StrEnum):
    """How much a finding matters: critical withholds what depends on it, warning is said in the report."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


def _number_or_date(value: object, read: ValidatorFunctionWrapHandler) -> object:
    """One message for the two types a bound may have; true is no 1 here."""
    try:
        if not isinstance(value, bool):
            return read(value)
    except ValidationError:
        pass
    shown = str(value).lower() if isinstance(value, bool) else value
    raise ValueError(f"“{shown}” is neither a number nor a date. Write a number such as 0.5, or a day: 2026-10-31.")


Bound = Annotated[Decimal | date, WrapValidator(_number_or_date)]


class Range(Model):
    """From `min` to `max`, both included; one of them may be left out."""

    min: Bound | None = None
    max: Bound | None = None

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("No bound stands here. Write min, max or both.")
        return self


class Reference(Model):
    """A column of another extract, among whose values of the month a value must be. hr: somebody of that day."""

    extract: Name
    column: Name | None = None
    """Needed unless the extract is hr."""


KINDS = (
    "of_type", "not_null", "unique", "between", "one_of", "matches", "in_month", "plain", "refers_to", "condition",
    "rows",
)  # fmt: skip
"""What a check asks; a check says exactly one of these."""


class Check(Model):
    """checks.yaml: one rule the rows of an extract must keep. Empty values pass all but `not_null`."""

    name: Name | None = None
    """By default made of the column and what is asked: amount_between."""
    column: Texts = ()
    """The column, or several for `unique`; none for `condition` and `rows`."""
    of_type: ColumnType | None = None
    """The column's text can be read as its declared type."""
    not_null: Literal[True] | None = None
    unique: Literal[True] | None = None
    """No two rows that differ share it. Copies of one row are excluded before, and are no fault."""
    between: Range | None = None
    one_of: Texts | None = None
    matches: str | None = None
    """Regular expression (RE2) that the whole value must match."""
    in_month: Literal[True] | None = None
    plain: Literal[True] | None = None
    """Text without control characters, broken letters (as of a wrong encoding) or formulas, at most 500 long."""
    refers_to: Reference | None = None
    condition: str | None = None
    """SQL condition every row must keep."""
    rows: Range | None = None
    """How many rows a month may have."""
    where: str | None = None
    """SQL condition: only these rows are asked."""
    severity: Severity = Severity.WARNING
    tolerance: Decimal = Field(default=Decimal(0), ge=0, lt=1)
    """Share of the rows asked that may fail before it is a finding."""
    set_aside: bool | None = None
    """Whether rows that fail are set aside. By default they are, but for `info`, `refers_to` and in hr."""
    why: str = ""

    @property
    def kind(self) -> str:
        """Which of KINDS it asks."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def title(self) -> str:
        """Its name, by default its columns and what is asked: amount_between."""
        return self.name or "_".join((*self.column, self.kind))

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        asked = [kind for kind in KINDS if getattr(self, kind) is not None]
        if not asked:
            raise ValueError(f"The check asks nothing. Write one of {', '.join(KINDS)}.")
        if len(asked) > 1:
            raise ValueError(f"One check asks {' and '.join(asked)}. Make each a check of its own.")
        kind = asked[0]
        if kind in ("condition", "rows"):
            if self.column:
                raise ValueError(f"“{kind}” is asked of no single column. Take column away.")
        elif not self.column:
            raise ValueError(f"“{kind}” does not say of which column it is asked. Write column: beside it.")
        elif len(self.column) > 1 and kind != "unique":
            raise ValueError(f"“{kind}” is asked of one column, not of {len(self.column)}. Write a check for each.")
        return self


class Accepted(Model):
    """A finding that a person has looked into: what it says is so, and the month goes out."""

    check: CheckName
    """The check's name without its extract, as the checks page shows it."""
    month: MonthField
    why: str = Field(min_length=5)
    by: str = Field(min_length=1)


class Suite(Model):
    """checks.yaml: what is asked of one extract beside the checks derived from its columns.

    A check with the name of a derived one takes its place.
    """

    checks: tuple[Check, ...] = ()
    set_aside_limit: Decimal = Field(default=Decimal("0.05"), gt=0, le=1)
    """Where more of the rows than this share are set aside, the figures that lack them are withheld: of everyone, or
    of the units whose rows they are."""
    over_time: bool = True
    """Whether a month is compared with the months before: rows, empty values, sums, mixes, days without rows."""
    accepted: tuple[Accepted, ...] = ()


class Correction(Model):
    """One line of corrections.csv: one value of one row of the source, and what it should be. Applied before typing."""

    extract: str
    key: str
    """The row's key as landed; the values of several key columns with | between them."""
    column: str
    old: str = ""
    """What the source says, exactly. Once it says otherwise the line is no longer used, and that is told."""
    new: str = ""
    reason: str = Field(min_length=3)
    owner: str = Field(min_length=1)
    line: int = Field(default=0, exclude=True)
    """Where it stands in the file; not written there."""
