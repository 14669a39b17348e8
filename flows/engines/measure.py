"""One month measured: every metric of every unit, computed on the unit's own rows.

A team's rate is never a mean of rates, and a row counts once in each unit it belongs to on its day. Not here: what is
expected or judged of a figure.
"""

import tempfile
from collections.abc import Container, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from config.checks import Severity
from config.models import Config
from config.months import Month
from flows.attribution import drop_people, load_people
from flows.duck import connection, faults_outside
from flows.engines.concerned import concerned
from flows.engines.definitions import Definition, define_metrics
from flows.engines.grouped import Group, allowed_kinds, grouped, run
from flows.engines.queries import ALL_SEGMENTS, SEGMENT_NAMED_ALL
from flows.engines.reconcile import reconciled
from flows.engines.withheld import gaps_in_windows, withheld_before
from transforms.columns import FACT_KEY, FACTS, empty, shaped
from transforms.stages import Checked, FailedCheck, Finding, Reconciliation, SetAside, Withheld

if TYPE_CHECKING:
    import duckdb

DEFAULT_THREADS = 2

_Floats: TypeAlias = npt.NDArray[np.float64]
_Whole: TypeAlias = npt.NDArray[np.int64]
_Texts: TypeAlias = npt.NDArray[np.object_]
_Part: TypeAlias = dict[str, npt.NDArray[Any]]
"""Columns of one metric's facts; `place` is that of the unit."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A month's facts (`transforms.columns.FACTS`, sorted by key), where all rows went, and what could not be said."""

    facts: pd.DataFrame
    reconciliation: tuple[Reconciliation, ...]
    findings: tuple[Finding, ...]
    failed: tuple[Withheld, ...]
    set_aside: tuple[SetAside, ...] = ()
    """By unit, the rows that its figures lack."""


@dataclass(slots=True)
class MeasureSession:
    """Measures months of one company in one database. Use it as a context manager: the database is gone at the end.

    The facts depend neither on `threads`, nor on how many `processes` share the machine, nor on what was measured
    before.
    """

    config: Config
    threads: int = DEFAULT_THREADS
    processes: int = 1
    _opened: ExitStack = field(default_factory=ExitStack)
    _database: "duckdb.DuckDBPyConnection | None" = None
    _definitions: tuple[Definition, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def measure(
        self,
        month: Month,
        checked: Mapping[str, Sequence[Checked]],
        membership: pd.DataFrame,
        identities: pd.DataFrame,
        *,
        waiting: Container[str] = (),
        failed: Sequence[FailedCheck] = (),
    ) -> Measured:
        """Measure a month.

        `checked`: by extract, the months there are, up to the longest window; `membership` as MEMBERSHIP; `identities`
        with source, source_id, valid_from, valid_to (exclusive) and associate; `waiting`: metrics that are left out;
        `failed`: critical checks that failed in any month. Facts of units that these concern are still among the
        facts; `failed` of the result says of which.
        Raises ConfigError where a metric's definition cannot work; a metric that fails on the data is in `failed`.
        """
        try:
            with faults_outside(f"The month {month}"):
                database = self._open()
                people = load_people(database, membership, identities, month)
                measured = self._measure(database, month, checked, people, waiting, failed)
                drop_people(database)
        except BaseException:
            self._close()  # whatever was left behind must not meet the next month
            raise
        return measured

    def _measure(
        self,
        database: "duckdb.DuckDBPyConnection",
        month: Month,
        checked: Mapping[str, Sequence[Checked]],
        people: tuple[Finding, ...],
        waiting: Container[str],
        failed_checks: Sequence[FailedCheck],
    ) -> Measured:
        definitions = [definition for definition in self._definitions if definition.plan.name not in waiting]
        failed = withheld_before(self.config, month, definitions, checked, failed_checks)
        withheld = {one.metric for one in failed}
        usable = [definition for definition in definitions if definition.plan.name not in withheld]
        gaps = gaps_in_windows(month, usable, checked)
        units = _units(database)
        groups = grouped(self.config, month, usable, checked)
        computed = [_measured(database, group, units, self.threads) for group in groups]
        lacking, set_aside = concerned(database, self.config, month, usable, checked, failed_checks)
        accounts = reconciled(database, self.config, month, checked)
        return Measured(
            facts=_sorted([part for parts, _, _ in computed for part in parts], units, month),
            reconciliation=accounts,
            findings=(*people, *gaps, *(finding for _, findings, _ in computed for finding in findings)),
            failed=(*failed, *lacking, *(one for _, _, reasons in computed for one in reasons)),
            set_aside=set_aside,
        )

    def _open(self) -> "duckdb.DuckDBPyConnection":
        if self._database is None:
            scratch = self._opened.enter_context(tempfile.TemporaryDirectory(prefix="yardstick-"))
            opened = connection(Path(scratch), threads=self.threads, processes=self.processes)
            self._database = self._opened.enter_context(opened)
            self._definitions = define_metrics(self.config, self._database)
        return self._database

    def _close(self) -> None:
        self._database = None
        self._opened.close()


def measure_month(
    config: Config,
    month: Month,
    checked: Mapping[str, Sequence[Checked]],
    membership: pd.DataFrame,
    identities: pd.DataFrame,
    *,
    threads: int | None = None,
    failed: Sequence[FailedCheck] = (),
) -> Measured:
    """Measure one month in a session of its own: see `MeasureSession.measure`."""
    with MeasureSession(config, threads or DEFAULT_THREADS) as session:
        return session.measure(month, checked, membership, identities, failed=failed)


@dataclass(frozen=True, slots=True)
class _Units:
    """The units that have a member in the month, by number: a place in these arrays stands for a unit."""

    numbers: _Whole
    kinds: _Texts
    ids: _Texts


def _units(database: "duckdb.DuckDBPyConnection") -> _Units:
    found = database.execute("SELECT unit, unit_kind, unit_id FROM units WHERE present ORDER BY unit").fetchall()
    numbers, kinds, ids = zip(*found, strict=True)  # the organisation is always there
    return _Units(np.array(numbers, dtype=np.int64), np.array(kinds, dtype=object), np.array(ids, dtype=object))


@dataclass(frozen=True, slots=True)
class _Figures:
    """A group's figures, a line a unit and segment: the unit's place, and whether it is of all segments together."""

    places: _Whole
    segments: _Texts
    whole: npt.NDArray[np.bool_]
    columns: Mapping[str, _Floats]


def _of_units(figures: pd.DataFrame, units: _Units) -> _Figures:
    """The figures of units that are there in the month."""
    numbers = figures["unit"].to_numpy(dtype=np.int64)
    places = np.minimum(np.searchsorted(units.numbers, numbers), len(units.numbers) - 1)
    there = units.numbers[places] == numbers
    segments = figures["segment"].to_numpy(dtype=object)[there]
    columns = {
        str(name): figures[name].to_numpy(dtype=np.float64, na_value=np.nan)[there]
        for name in figures.columns
        if name not in {"unit", "segment"}
    }
    return _Figures(places[there], segments, segments == ALL_SEGMENTS, columns)


def _measured(
    database: "duckdb.DuckDBPyConnection", group: Group, units: _Units, threads: int
) -> tuple[list[_Part], list[Finding], list[Withheld]]:
    """One group's facts, a part a metric, with what is worth knowing and what could not be computed."""
    figures, reasons = run(database, group, threads)
    broken = [definition for definition in group.definitions if definition.plan.name in reasons]
    # Reports repeat why a figure is withheld: the value it failed on stays with the operator.
    failed = [
        Withheld(definition.plan.name, kind, "", f"it cannot be computed from {definition.plan.metric.extract}")
        for definition in broken
        for kind in allowed_kinds(definition, group.month)
    ]
    told = [_failure(group, definition, reasons[definition.plan.name]) for definition in broken]
    computed = [definition for definition in group.definitions if definition.plan.name not in reasons]
    if not computed:
        return [], told, failed
    named = _of_units(figures, units)
    parts = [_facts_of(units, definition, named, group.month) for definition in computed]
    return parts, [*told, *_segment_findings(group, figures)], failed


def _failure(group: Group, definition: Definition, reason: str) -> Finding:
    name, metric = definition.plan.name, definition.plan.metric
    message = (
        f"{name} of metrics.yaml fails on the {metric.extract} rows of {group.month}: {_plain(reason)}. Correct its "
        "SQL (try_cast passes over what cannot be read), or the rows."
    )
    return Finding("engine.metric_failed", Severity.CRITICAL, message, extract=metric.extract)


def _plain(reason: str) -> str:
    """A database's reason without the name of its kind of error."""
    return reason.partition(" Error: ")[2] or reason


def _facts_of(units: _Units, definition: Definition, figures: _Figures, month: Month) -> _Part:
    """One metric's facts, from its group's figures: those of units that have rows."""
    name, metric = definition.plan.name, definition.plan.metric
    allowed = np.isin(units.kinds, allowed_kinds(definition, month))
    rows = figures.columns[f"{name}:rows"]
    shown = (rows > 0) & allowed[figures.places]
    if not metric.by_segment:
        shown &= figures.whole
    value, numerator, denominator = _value_and_parts(figures, name)
    respondents = figures.columns[f"{name}:respondents"] if metric.survey else np.full(len(rows), np.nan)
    facts: _Part = {
        "place": figures.places[shown], "segment": figures.segments[shown], "value": value[shown],
        "numerator": numerator[shown], "denominator": denominator[shown], "rows": rows[shown],
        "respondents": respondents[shown],
    }  # fmt: skip
    if definition.of_nothing is not None:
        allowed[figures.places[shown & figures.whole]] = False
        facts = _with_nothing(facts, np.flatnonzero(allowed), definition.of_nothing, 0.0 if metric.survey else np.nan)
    return {**facts, "metric": np.full(len(facts["place"]), name, dtype=object)}


def _with_nothing(facts: _Part, places: _Whole, of_nothing: float, respondents: float) -> _Part:
    """Who has no sales sold 0."""
    nothing: dict[str, Any] = {
        "place": places, "segment": np.full(len(places), ALL_SEGMENTS, dtype=object), "value": of_nothing,
        "numerator": of_nothing, "denominator": np.nan, "rows": 0.0, "respondents": respondents,
    }  # fmt: skip
    return {name: np.append(facts[name], np.broadcast_to(nothing[name], len(places))) for name in facts}


def _value_and_parts(figures: _Figures, name: str) -> tuple[_Floats, _Floats, _Floats]:
    """The figure with numerator and denominator: a ratio is divided once, and has no value where nothing divides."""
    missing = np.full(len(figures.places), np.nan)

    def finite(column: str) -> _Floats:
        found = figures.columns.get(f"{name}:{column}", missing)
        return np.where(np.isfinite(found), found, np.nan)

    value, numerator, denominator = finite("value"), finite("numerator"), finite("denominator")
    if f"{name}:value" in figures.columns:
        # A figure with a denominator of its own (the values a median is of) has no numerator.
        return value, missing if f"{name}:denominator" in figures.columns else value, denominator
    divided = np.divide(numerator, denominator, out=missing.copy(), where=denominator != 0)
    return divided, numerator, denominator


def _segment_findings(group: Group, figures: pd.DataFrame) -> list[Finding]:
    if not group.extract.segment or not (figures["segment"] == SEGMENT_NAMED_ALL).any():
        return []
    latest = group.checked[-1]
    message = (
        f"{latest.extract} {latest.month} has a segment “{ALL_SEGMENTS}”, the word for all segments together: it is "
        f"shown as “{SEGMENT_NAMED_ALL}”. Name it otherwise in the source."
    )
    code, column = "engine.segment_named_all", group.extract.segment
    return [Finding(code, Severity.WARNING, message, extract=latest.extract, column=column)]


def _sorted(parts: list[_Part], units: _Units, month: Month) -> pd.DataFrame:
    if not parts:
        return empty(FACTS)
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    places = columns.pop("place")
    named = {"unit_kind": units.kinds[places], "unit_id": units.ids[places], **columns}
    order = np.lexsort([pd.factorize(named[key], sort=True)[0] for key in reversed(FACT_KEY) if key != "month"])
    facts = pd.DataFrame({name: column[order] for name, column in named.items()})
    return shaped(facts.assign(month=pd.Timestamp(month.first_day), suppressed=""), FACTS)
