"""Whose rows were set aside, and what is therefore not said of them: a figure that lacks rows is not what it says.

Not here: which rows are set aside and why (`flows.checks`), and metrics withheld from everybody (`withheld`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from config.checks import Suite
from config.models import Config, Extract
from config.months import Month, months_between
from flows.attribution import id_column, not_people_sql, rows_sql
from flows.duck import literal, quoted
from flows.engines.definitions import Definition
from flows.engines.grouped import allowed_kinds
from flows.engines.withheld import depends_on
from transforms.checks.limits import set_aside_accepted, too_many_set_aside
from transforms.columns import typed_in_quarantine
from transforms.stages import Checked, FailedCheck, SetAside, Withheld

if TYPE_CHECKING:
    import duckdb

_Unit = tuple[str, str]
_ORGANISATION: Final = ("organisation", "organisation")
_PERCENT: Final = 100


@dataclass(slots=True)
class _Lost:
    """Rows of one landing that were set aside, by check and unit, and by check those that could be anybody's."""

    by_unit: dict[str, Counter[_Unit]] = field(default_factory=lambda: defaultdict(Counter))
    anybodys: Counter[str] = field(default_factory=Counter)

    def of_units(self) -> Counter[_Unit]:
        """Rows by unit, whatever the check."""
        return sum(self.by_unit.values(), Counter())


def concerned(
    database: "duckdb.DuckDBPyConnection",
    config: Config,
    month: Month,
    definitions: Iterable[Definition],
    checked: Mapping[str, Sequence[Checked]],
    failed: Sequence[FailedCheck],
) -> tuple[tuple[Withheld, ...], tuple[SetAside, ...]]:
    """What is withheld of which units for rows set aside in the window of a metric, and how many rows each lacks.

    Needs the tables of `load_people`. A unit is concerned where rows of its were set aside under a critical check, or
    where too many of its rows of that window were, for whatever reasons (`set_aside_limit`). A row that names nobody,
    or no day, may be anybody's: a critical check it fails concerns everyone.
    """
    lost = _LostRows(database, config, checked)
    missing = [
        SetAside(name, *unit, rows=rows, kept=lost.kept(name, month, config.extracts[name].date)[unit])
        for name in sorted(checked)
        for unit, rows in sorted(lost.of(name, month, config.extracts[name].date).of_units().items())
    ]
    withheld: dict[tuple[str, str, str], str] = {}
    for definition in definitions:
        kinds = allowed_kinds(definition, month)
        for (kind, unit_id), reason in _reasons(config, month, definition, lost, failed):
            if kind in kinds:
                withheld.setdefault((definition.plan.name, kind, unit_id), reason)
    return tuple(Withheld(*key, reason=reason) for key, reason in sorted(withheld.items())), tuple(missing)


def _reasons(
    config: Config,
    month: Month,
    definition: Definition,
    lost: "_LostRows",
    failed: Sequence[FailedCheck],
) -> Iterable[tuple[_Unit, str]]:
    metric = definition.plan.metric
    first = month.shift(1 - metric.window_months)
    for check in failed:
        if not check.by_rows or not first <= check.month <= month or not depends_on(config, definition, check):
            continue
        rows = lost.of(check.extract, check.month, _day(config, definition, check.extract))
        concerning = list(rows.by_unit) if check.elsewhere else [check.check]
        if any(rows.anybodys[one] for one in concerning):
            yield from (((kind, ""), check.reason) for kind in allowed_kinds(definition, month))
        yield from ((unit, check.reason) for unit in sorted({unit for one in concerning for unit in rows.by_unit[one]}))
    yield from _too_many(config.suite(metric.extract), definition, lost, tuple(months_between(first, month)))


def _day(config: Config, definition: Definition, extract: str) -> str | None:
    """The column by whose day a row is a unit's: the metric's own; of a further extract that extract's."""
    return definition.day if extract == definition.plan.metric.extract else config.extracts[extract].date


def _too_many(
    suite: Suite, definition: Definition, lost: "_LostRows", window: Sequence[Month]
) -> Iterable[tuple[_Unit, str]]:
    """The units of whose rows in the window of a metric too many were set aside, in months nobody accepted that of."""
    name, day = definition.plan.metric.extract, definition.day
    aside: Counter[_Unit] = Counter()
    kept: Counter[_Unit] = Counter()
    for month in window:
        if not set_aside_accepted(suite, month):
            aside.update(lost.of(name, month, day).of_units())
    if not aside:
        return
    for month in window:
        kept.update(lost.kept(name, month, day))
    for unit, rows in sorted(aside.items()):
        if too_many_set_aside(rows, rows + kept[unit], suite.set_aside_limit):
            share = rows / (rows + kept[unit]) * _PERCENT
            yield unit, f"{share:.0f}% of the rows of {name} were set aside by checks"


@dataclass(slots=True)
class _LostRows:
    """Rows set aside in the landings there are, asked once each."""

    database: "duckdb.DuckDBPyConnection"
    config: Config
    checked: Mapping[str, Sequence[Checked]]
    _lost: dict[tuple[str, Month, str | None], _Lost] = field(default_factory=dict)
    _kept: dict[tuple[str, Month, str | None], Counter[_Unit]] = field(default_factory=dict)

    def of(self, name: str, month: Month, day: str | None) -> _Lost:
        """The rows set aside in a landing, dated by a column; none where there is no landing."""
        key = name, month, day
        if key not in self._lost:
            landing = self._landing(name, month)
            has_some = landing is not None and any(part.rows for part in landing.quarantined)
            self._lost[key] = self._asked(name, landing, day) if landing and has_some else _Lost()
        return self._lost[key]

    def kept(self, name: str, month: Month, day: str | None) -> Counter[_Unit]:
        """The rows that passed, by unit; none where there is no landing."""
        key = name, month, day
        if key not in self._kept:
            landing = self._landing(name, month)
            self._kept[key] = self._passed(name, landing, day) if landing else Counter()
        return self._kept[key]

    def _landing(self, name: str, month: Month) -> Checked | None:
        return next((one for one in self.checked.get(name, ()) if one.month == month), None)

    def _passed(self, name: str, landing: Checked, day: str | None) -> Counter[_Unit]:
        rows = rows_sql(self.config.extracts[name], [landing], day)
        found = self.database.execute(_by_unit(f"SELECT '' AS check_id, _who, _day FROM ({rows})")).fetchall()
        kept = Counter({(kind, unit): count for _, kind, unit, count in found})
        kept[_ORGANISATION] = landing.rows
        return kept

    def _asked(self, name: str, landing: Checked, day: str | None) -> _Lost:
        extract = _in_quarantine(self.config.extracts[name])
        aside = replace(landing, path=landing.quarantine_path)
        rows = rows_sql(extract, [aside], typed_in_quarantine(day) if day else None)
        lost = f'SELECT "check" AS check_id, _who, _day FROM ({rows})'
        found = _Lost()
        for check, kind, unit, count in self.database.execute(_by_unit(lost)).fetchall():
            found.by_unit[check][kind, unit] = count
        for check, count in self.database.execute(f"SELECT check_id, count(*) FROM ({lost}) GROUP BY ALL").fetchall():
            found.by_unit[check][_ORGANISATION] = count
        column = id_column(extract)
        if column:
            id_sql = f"rows.{quoted(column)}"
            nobody = (
                f"({id_sql} IS NULL OR rows._day IS NULL) AND NOT coalesce({not_people_sql(extract, id_sql)}, false)"
            )
            asked = f'SELECT "check", count(*) FROM ({rows}) AS rows WHERE {nobody} GROUP BY ALL'
            found.anybodys = Counter(dict(self.database.execute(asked).fetchall()))
        return found


def _in_quarantine(extract: Extract) -> Extract:
    """The extract with its columns named as among rows set aside."""
    names = {key: getattr(extract, key) for key in ("associate", "team")}
    return extract.model_copy(update={key: typed_in_quarantine(name) for key, name in names.items() if name})


def _by_unit(rows: str) -> str:
    return f"""
        SELECT check_id, units.unit_kind, units.unit_id, count(*)
        FROM ({rows}) AS rows
        JOIN members ON members.associate = rows._who
            AND rows._day >= members.valid_from AND rows._day < members.valid_to
        JOIN units USING (unit)
        WHERE units.unit_kind <> {literal("organisation")} GROUP BY ALL
        """
