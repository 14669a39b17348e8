"""A company's configuration as typed, frozen models: the one vocabulary all stages share.

`config.loader` fills these from the files of a directory. Sources of extracts are in `config.sources`.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from config.base import Model, MonthField, Texts
from config.checks import ColumnType, Correction, Name, Suite
from config.delivery import Delivery
from config.months import Month
from config.retention import Retention
from config.schedule import Schedule
from config.sources import DatabaseSource, FilesSource, QuerySource, Source

__all__ = [
    "CONTROL_COLUMNS", "FIXED_COLUMNS", "Books", "Column", "ColumnType", "Company", "Config", "CorrectionRule",
    "Credit", "DatabaseSource", "Decision", "Direction", "Exclusion", "ExpectationRule",
    "ExpectationTable", "Expectations", "Extract", "ExtractKind", "FilesSource", "HrHistory", "Identity",
    "Individual", "Metric", "QuerySource", "RuleKind", "Source", "Stage", "Survey", "Unit", "UnitKind",
]  # fmt: skip


class UnitKind(StrEnum):
    """Whose number it is."""

    ASSOCIATE = "associate"
    TEAM = "team"
    MANAGER = "manager"
    ORGANISATION = "organisation"


class Stage(StrEnum):
    """Where a metric stands in the chain that ends in results."""

    EXPERIENCE = "experience"
    BELIEF = "belief"
    ACTION = "action"
    RESULT = "result"


class Direction(StrEnum):
    """Which way is better."""

    UP = "up"
    DOWN = "down"
    NONE = "none"


class Unit(StrEnum):
    """What a metric is counted in. Percent is held as a share from 0 to 1."""

    MONEY = "money"
    PERCENT = "percent"
    COUNT = "count"
    SCORE = "score"
    HOURS = "hours"


# -- company.yaml ----------------------------------------------------------------------------------------------


class Books(Model):
    """When a month's books are closed."""

    working_day: int = Field(default=5, ge=1, le=23)
    """The n-th working day after the month's end."""


class Company(Model):
    """company.yaml: what is true of the whole company."""

    name: str = Field(min_length=1)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    """ISO 4217 code every amount is reported in."""
    locale: str = "en_GB"
    """How numbers and dates are written, a CLDR locale such as en_GB or de_DE."""
    time_zone: str = "UTC"
    """IANA name. A moment in time belongs to the day it was there."""
    holidays: str | None = None
    """Country, or country and subdivision, whose public holidays are no working days: DE or DE-BY."""
    books_close: Books = Books()
    data: str = "."
    """Folder that file patterns start from; `{state}` and `{config}` stand for the state root and this directory."""
    exchange_rates: str | None = None
    """CSV with month, currency, rate (company currency for one unit). Needed as soon as amounts come in several."""
    history_months: int = Field(default=36, ge=0, le=120)
    """How many months before the one reported are landed and measured where they can be had."""
    smallest_team: int = Field(default=3, ge=1)
    """In smaller teams a team's figure would be one person's: it is withheld."""
    smallest_survey_group: int = Field(default=5, ge=5)
    """Fewer respondents than this and a survey figure is suppressed."""
    smallest_count: int = Field(default=5, ge=1)
    """Fewer rows than this are too little data for a status."""
    ramp_months: int = Field(default=6, ge=0, le=36)
    """So many months after being hired someone is on the ramp and has no other status."""
    paper: Literal["A4", "Letter"] = "A4"

    def day_of(self, moment: datetime) -> date:
        """The day a moment is in where the company is; `moment` knows its own time zone."""
        return moment.astimezone(ZoneInfo(self.time_zone)).date()


# -- extracts.yaml ---------------------------------------------------------------------------------------------


class ExtractKind(StrEnum):
    """What an extract is about."""

    SALES = "sales"
    SERVICE = "service"
    HR = "hr"
    COACHING = "coaching"
    PULSE = "pulse"
    ACTIVITY = "activity"
    PLAN = "plan"
    EVENTS = "events"
    AVAILABILITY = "availability"
    CONTROL = "control"
    """Totals the sources give of their own extracts, to be agreed with."""


class Column(Model):
    """One column of an extract."""

    type: ColumnType
    source: str | None = Field(default=None, alias="from")
    """Its heading in the source; by default the same name."""
    required: bool = False
    """A row without it is set aside."""


def _column(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


class Exclusion(Model):
    """Rows that do not count, by a declared rule."""

    where: str
    """SQL condition over the typed columns."""
    why: str = Field(min_length=3)


class CorrectionRule(Model):
    """Rows of the source that are known to be wrong in one way, and what they should say. Applied before typing."""

    where: str
    """SQL condition over the declared columns as they were landed, all of them texts; the fault it expects."""
    put: dict[Name, str] = Field(alias="set", min_length=1)
    """By column, SQL over the same texts that gives the right text."""
    why: str = Field(min_length=3)
    owner: str = Field(min_length=1)
    """Who answers for it, and has the source mended."""
    start: MonthField | None = Field(default=None, alias="from")
    end: MonthField | None = Field(default=None, alias="to")


class Credit(Model):
    """Deals several people share. The rows repeat the deal, one a person; a unit counts a deal once.

    A unit's credit for a deal is the sum of its members' shares, at most 1; the organisation's is 1. An overlay
    is a row with its full share beside the others.
    """

    deal: str
    """Column that names the deal."""
    share: str
    """Column with the share, 0 to 1."""


class HrHistory(StrEnum):
    """What the hr extract knows of the past."""

    EFFECTIVE_DATED = "effective_dated"
    SNAPSHOTS = "snapshots"
    TODAY = "today"


HR_COLUMNS: dict[str, ColumnType] = {
    "associate": ColumnType.ID, "name": ColumnType.TEXT, "given_name": ColumnType.TEXT,
    "family_name": ColumnType.TEXT, "email": ColumnType.TEXT, "role": ColumnType.TEXT, "fte": ColumnType.NUMBER,
    "team": ColumnType.ID, "team_name": ColumnType.TEXT, "manager": ColumnType.ID, "second_manager": ColumnType.ID,
    "interim_manager": ColumnType.ID, "contract": ColumnType.TEXT, "hire_date": ColumnType.DATE,
    "leave_date": ColumnType.DATE, "valid_from": ColumnType.DATE, "valid_to": ColumnType.DATE,
    "snapshot_date": ColumnType.DATE,
}  # fmt: skip
"""The hr extract's columns. `valid_to` and `leave_date` are the last day that still counts."""


CONTROL_COLUMNS: dict[str, ColumnType] = {
    "extract": ColumnType.ID, "month": ColumnType.DATE, "rows": ColumnType.INTEGER, "total": ColumnType.NUMBER,
    "currency": ColumnType.TEXT,
}  # fmt: skip
"""A control extract's columns: of which extract and month, its rows, and the sum of its main measure (in a currency,
where the extract has several). `rows` or `total` may be left out. Footers and all copies of a row count."""

FIXED_COLUMNS = {ExtractKind.HR.value: HR_COLUMNS, ExtractKind.CONTROL.value: CONTROL_COLUMNS}
"""By kind of extract, the columns it may have: their names and types are given."""


class Extract(Model):
    """extracts.yaml: one month of raw rows from one source system."""

    kind: ExtractKind
    source: Source
    columns: dict[Name, Annotated[Column, BeforeValidator(_column, json_schema_input_type=ColumnType | Column)]]
    key: Texts = ()
    """Columns that tell one row from another. Of several rows with one key the last modified counts."""
    last_modified: str | None = None
    date: str | None = None
    """Column that says when a row happened, unless a metric names another."""
    associate: str | None = None
    """Column that says whose row it is (an id of this source)."""
    team: str | None = None
    """Instead of an associate: column with the team a row belongs to (an anonymous survey)."""
    identities: str | None = None
    """Name under which identities.csv lists this source's ids; without it they are the hr extract's ids."""
    not_people: Texts = ()
    """Ids of queues and bots, with * for any text. Their rows are unattributed."""
    segment: str | None = None
    currency: str | None = None
    """Column with the ISO code money columns are in; by default the company's currency."""
    main_measure: str | None = None
    """Numeric column whose sum must be accounted for from the source to the figures."""
    exclude: tuple[Exclusion, ...] = ()
    correct: tuple[CorrectionRule, ...] = ()
    credit: Credit | None = None
    history: HrHistory | None = None
    """hr only: effective_dated rows, dated snapshots, or today's list."""
    assume_current_organisation: bool = False
    """hr only: must be true where only today's list exists; reports of earlier months say so."""
    team_by: Literal["team", "manager"] = "team"
    """hr only: a team is who shares `team`, or who shares `manager`."""

    @model_validator(mode="before")
    @classmethod
    def _fixed_columns_know_their_type(cls, value: object) -> object:
        if not isinstance(value, dict) or not isinstance(value.get("columns"), dict):
            return value
        kind = value.get("kind")
        known = FIXED_COLUMNS.get(kind) if isinstance(kind, str) else None
        if known is None:
            return value
        columns = {  # a name that is not known is told by the loader, with the names that are
            name: {"type": known.get(name, ColumnType.TEXT), **(column or {})}
            if column is None or isinstance(column, dict)
            else column
            for name, column in value["columns"].items()
        }
        dated = {"date": "month"} if kind == ExtractKind.CONTROL and "month" in columns else {}
        return {**dated, **value, "columns": columns}


# -- metrics.yaml ----------------------------------------------------------------------------------------------


class Individual(Model):
    """The stated purpose for which a metric is shown below team level."""

    purpose: str = Field(min_length=5)
    agreed_with: str = Field(min_length=2)
    start: date = Field(alias="from")


class Survey(Model):
    """A metric of answers people gave: suppressed where too few answered."""

    respondent: str
    """Column that tells respondents apart."""


class Metric(Model):
    """metrics.yaml: a number defined once, as SQL aggregate expressions in DuckDB's dialect over one extract."""

    label: str = Field(min_length=1, max_length=60)
    extract: Name
    value: str | None = None
    """One aggregate: sum(x), count(*), count(distinct x), avg(x), median(x)."""
    numerator: str | None = None
    denominator: str | None = None
    """A ratio: of a unit's numerator and denominator, never a mean of ratios."""
    unit: Unit
    good: Direction
    stage: Stage
    definition: str = ""
    """One plain sentence for the report's last section."""
    date: str | None = None
    where: str | None = None
    """SQL condition a row must meet."""
    window_months: int = Field(default=1, ge=1, le=36)
    """How many months of rows, ending with the month, it is taken over."""
    mature_after_days: int = Field(default=0, ge=0, le=120)
    """Days after the month's end until late rows are in; until then an earlier month is reported."""
    decimals: int = Field(default=0, ge=0, le=4)
    by_segment: bool = False
    individual: Individual | None = None
    survey: Survey | None = None
    depends_on: Texts = ()
    """Further extracts it needs (its own is always needed), and further checks as extract.check. A critical check of
    its own extract counts where it is of a column the metric uses, or of no column."""

    def individual_in(self, month: Month) -> bool:
        """Whether it may be shown of single associates in a month: the purpose held on each day it is taken over."""
        first = month.shift(1 - self.window_months).first_day
        return self.individual is not None and self.individual.start <= first

    @model_validator(mode="after")
    def _value_or_ratio(self) -> Self:
        if (self.value is None) == (self.numerator is None):
            raise ValueError("say either value, or numerator and denominator")
        if (self.numerator is None) != (self.denominator is None):
            raise ValueError("numerator and denominator go together")
        return self


# -- expectations.yaml and its tables --------------------------------------------------------------------------


class ExpectationTable(Model):
    """A file of expectations: long (unit_kind, unit, metric, month, value, why, owner, set_on, parent), or wide."""

    file: str
    layout: Literal["long", "wide_monthly", "wide_quarterly"] = "long"
    why: str | None = None
    owner: str | None = None
    set_on: date | None = None


class RuleKind(StrEnum):
    """How a rule makes an expectation."""

    LAST_YEAR = "last_year"
    FIXED = "fixed"
    PER_ROLE = "per_role"
    PER_FTE = "per_fte"
    PER_WORKING_DAY = "per_working_day"


class ExpectationRule(Model):
    """An expectation for many units at once.

    `last_year` is the actual of the same month last year plus `growth`, if that month met its expectation; else
    the owner reviews it within `review_days` of the month's start, and until then last year's actual stands.
    """

    name: Name
    metric: Name
    rule: RuleKind
    unit_kinds: tuple[UnitKind, ...] = (UnitKind.ASSOCIATE, UnitKind.TEAM, UnitKind.MANAGER, UnitKind.ORGANISATION)
    units: Texts = ()
    """Only these unit ids."""
    roles: Texts = ()
    """Only associates with these roles."""
    start: MonthField | None = Field(default=None, alias="from")
    end: MonthField | None = Field(default=None, alias="to")
    value: Decimal | None = None
    growth: Decimal = Decimal(0)
    """Share: 0.03 is 3%."""
    values: dict[str, Decimal] = Field(default_factory=dict)
    """per_role: the value of each role."""
    review_days: int = Field(default=30, ge=1)
    why: str | None = None
    owner: str | None = None
    set_on: date | None = None


class Expectations(Model):
    """expectations.yaml: tables first, then rules; the first that says something of a unit, metric and month counts."""

    tables: tuple[ExpectationTable, ...] = ()
    rules: tuple[ExpectationRule, ...] = ()


# -- identities.csv and decisions.csv --------------------------------------------------------------------------


class Identity(Model):
    """One line of identities.csv: an id of a source is this associate, from and to a day (both included)."""

    source: str
    source_id: str
    valid_from: date | None = None
    valid_to: date | None = None
    associate: str


class Decision(Model):
    """One line of decisions.csv: what a person decided that changes content."""

    decided_on: date
    kind: Literal["rebase", "accepted_stretch", "correction", "contested", "contest_answered"]
    unit_kind: UnitKind
    unit_id: str
    metric: str
    month: MonthField
    decided_by: str
    reason: str
    value: Decimal | None = None


class Config(Model):
    """All of it, as read from one directory."""

    directory: Path = Field(exclude=True)
    company: Company
    extracts: dict[Name, Extract]
    metrics: dict[Name, Metric]
    expectations: Expectations = Expectations()
    delivery: Delivery = Delivery()
    schedule: Schedule | None = None
    """None where there is no schedule.yaml."""
    retention: Retention = Retention()
    identities: tuple[Identity, ...] = ()
    decisions: tuple[Decision, ...] = ()
    suites: dict[Name, Suite] = Field(default_factory=dict)
    """By extract, what checks.yaml says; extracts that it does not name have the derived checks alone."""
    corrections: tuple[Correction, ...] = ()
    """The lines of corrections.csv; `line` of each is where it stands."""
    sha256: str
    """Of the directory's configuration files, names and contents."""

    def hr(self) -> tuple[str, Extract]:
        """Name and declaration of the hr extract (the loader has made sure there is exactly one)."""
        return next((name, extract) for name, extract in self.extracts.items() if extract.kind is ExtractKind.HR)

    def suite(self, extract: str) -> Suite:
        """What checks.yaml says of an extract; the defaults where it says nothing."""
        return self.suites.get(extract, Suite())
