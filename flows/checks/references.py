"""References between extracts: is whoever a row names known to hr on the row's day, and is a value in another extract.

Rows that refer to nothing known are told and never set aside: they count in the organisation. Not here: whose a row is
(`flows.attribution`), and checks that need one landing alone (`typed_rows`).
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from config.checks import Reference, Severity
from config.models import ColumnType, Config, Extract, ExtractKind
from flows.attribution import drop_known, known_ids_sql, load_known, not_people_sql
from flows.checks.predicates import columns_of, parsed
from flows.duck import connection, faults_outside, first_line, literal, quoted
from flows.expressions import DIALECT
from transforms.checks.suite import SuiteCheck, suite_of
from transforms.checks.texts import visible
from transforms.columns import FILE, LINE
from transforms.stages import Checked, Finding, Tally

if TYPE_CHECKING:
    import duckdb

AFTER_LEAVING: Final = "_after_leaving"
RETURNS: Final = "_returns"
_HR: Final = "hr"
_COLUMN_MISSING: Final = "typing.column_missing"
_NUMERIC: Final = frozenset({ColumnType.MONEY, ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.PERCENT})
_OF_MONTHS: Final = frozenset({ExtractKind.AVAILABILITY, ExtractKind.PLAN})
"""Kinds whose rows speak of a whole month, whatever day they bear."""
_EXAMPLES: Final = 5
_LONGEST: Final = 80
_ROW: Final = "file_row_number"
_TABLES: Final = ("known_ids", "placed")


def reference_checks(config: Config, extract_name: str) -> tuple[SuiteCheck, ...]:
    """The checks of which `reference_tallies` gives the tallies, in their order.

    One that asks whether hr knows somebody is three: of ids that hr does not know at all, of rows outside the time in
    which it knows them (after leaving, before joining), and of returns among these, which are no fault.
    """
    return tuple(
        each
        for check in suite_of(config, extract_name)
        if check.kind == "refers_to"
        for each in (_of_people(check) if _asks_for_people(config, check) else (check,))
    )


def reference_tallies(
    config: Config,
    extract_name: str,
    checked: Checked,
    others: Mapping[str, Checked],
    membership: pd.DataFrame,
    identities: pd.DataFrame,
    database: "duckdb.DuckDBPyConnection | None" = None,
) -> tuple[Tally, ...]:
    """How the rows that passed fared in the checks of `reference_checks`.

    `others`: by extract, what was checked of the same month; `membership` as MEMBERSHIP, `identities` as IDENTITIES.
    Of people are asked rows with a day (those of an extract without one: the month's last) and an id that is no
    queue's or bot's. `database`: one without people; by default one of its own. Raises OutsideError for a disk's fault.
    """
    checks = [check for check in suite_of(config, extract_name) if check.kind == "refers_to"]
    if not checks:
        return ()
    extract = config.extracts[extract_name]
    with _opened(database) as opened, faults_outside(f"{extract_name} of {checked.month}"):
        load_known(opened, membership, identities)
        asked = [_Asked(opened, config, extract, checked, check) for check in checks]
        tallies = tuple(tally for one in asked for tally in _tallies(one, others))
        drop_known(opened)
        for table in _TABLES:
            opened.execute(f"DROP TABLE IF EXISTS {table}")
        return tallies


def _of_people(check: SuiteCheck) -> tuple[SuiteCheck, ...]:
    return (
        check,
        replace(check, id=f"{check.id}{AFTER_LEAVING}", kind=f"refers_to{AFTER_LEAVING}"),
        replace(check, id=f"{check.id}{RETURNS}", kind=f"refers_to{RETURNS}", severity=Severity.INFO),
    )


def _asks_for_people(config: Config, check: SuiteCheck) -> bool:
    """Whether it refers to hr, whatever the hr extract is called, and to no column of it."""
    reference = check.target
    if reference is None or reference.column is not None:
        return False
    name = _named(config, reference)
    return name == _HR or config.extracts[name].kind is ExtractKind.HR


def _named(config: Config, reference: Reference) -> str:
    """The extract referred to: `hr` is the hr extract, whatever it is called."""
    if reference.extract == _HR and _HR not in config.extracts:
        return next((name for name, one in config.extracts.items() if one.kind is ExtractKind.HR), _HR)
    return reference.extract


@contextmanager
def _opened(database: "duckdb.DuckDBPyConnection | None") -> "Iterator[duckdb.DuckDBPyConnection]":
    if database is not None:
        yield database
        return
    with tempfile.TemporaryDirectory(prefix="yardstick-") as scratch, connection(Path(scratch)) as opened:
        yield opened


@dataclass(frozen=True, slots=True)
class _Asked:
    """One check on its way through a database."""

    database: "duckdb.DuckDBPyConnection"
    config: Config
    extract: Extract
    checked: Checked
    check: SuiteCheck

    @property
    def column(self) -> str:
        """The column that refers."""
        return self.check.columns[0]

    @property
    def rows(self) -> str:
        """SQL of the rows that passed."""
        return f"read_parquet({literal(str(self.checked.path))}, {_ROW} = true)"

    @property
    def about(self) -> str:
        """How a finding begins."""
        return f"{self.checked.extract} {self.checked.month}"

    def where(self) -> str:
        """SQL condition of the rows that are asked. Raises ConfigError where it cannot be read."""
        tree = parsed(self.config, self.check, self.check.where)
        return f"coalesce(({tree.sql(DIALECT)}), false)" if tree is not None else "true"

    def where_columns(self) -> tuple[str, ...]:
        """The declared columns of that condition."""
        return columns_of(parsed(self.config, self.check, self.check.where))

    def crashed(self, reason: str, checks: Sequence[SuiteCheck]) -> tuple[Tally, ...]:
        """The tallies of checks that could not be asked."""
        return tuple(Tally(check.id, 0, 0, crashed=reason) for check in checks)

    def finding(self, code: str, severity: Severity, message: str, first: Sequence[Any], rows: int) -> Finding:
        """A finding that shows a value and the place of a row: `first` are the value and the row's number."""
        value, row = first
        place = self.database.execute(
            f"SELECT {quoted(FILE)}, {quoted(LINE)} FROM {self.rows} WHERE {_ROW} = ?", [row]
        ).fetchall()
        file, line = place[0] if place else ("", 0)
        what, _, more = message.partition(". ")
        at = f" (the first at {file}:{line})" if file and line else ""
        return Finding(
            code, severity, f"{self.about}: {what}{at}. {more}".rstrip(), extract=self.checked.extract,
            file=str(file or ""), line=int(line or 0), column=self.column, value=visible(str(value), _LONGEST),
            rows=rows,
        )  # fmt: skip


def _tallies(asked: _Asked, others: Mapping[str, Checked]) -> tuple[Tally, ...]:
    import duckdb

    of_people = _asks_for_people(asked.config, asked.check)
    checks = _of_people(asked.check) if of_people else (asked.check,)
    used = {asked.column, *asked.where_columns(), *([asked.extract.date] if of_people else [])}
    missing = _missing_columns(asked.checked) & used
    if missing:
        return asked.crashed(f"the landing has no column for {', '.join(sorted(map(str, missing)))}", checks)
    try:
        return _people_tallies(asked, checks) if of_people else _value_tallies(asked, others)
    except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException) as error:
        return asked.crashed(f"“{asked.check.where}” fails on a row: {first_line(error)}", checks)


def _missing_columns(checked: Checked) -> set[str]:
    return {finding.column for finding in checked.findings if finding.code == _COLUMN_MISSING}


# -- values of another extract -----------------------------------------------------------------------------------


def _value_tallies(asked: _Asked, others: Mapping[str, Checked]) -> tuple[Tally, ...]:
    reference = asked.check.target
    assert reference is not None
    name = _named(asked.config, reference)
    target = others.get(name)
    if target is None:
        return asked.crashed(f"there is no {name} extract of {asked.checked.month}", [asked.check])
    if reference.column is None or reference.column in _missing_columns(target):
        return asked.crashed(f"{name} has no column {reference.column or 'to refer to'}", [asked.check])
    column = quoted(asked.column)
    found = asked.database.execute(
        f"""
        WITH ours AS (
            SELECT {column} AS value, count(*) AS rows, min({_ROW}) AS first FROM {asked.rows}
            WHERE {column} IS NOT NULL AND {asked.where()} GROUP BY ALL
        ),
        known AS (SELECT DISTINCT {quoted(reference.column)} AS value FROM read_parquet({literal(str(target.path))}))
        SELECT ours.value, ours.rows, ours.first, known.value IS NOT NULL
        FROM ours LEFT JOIN known ON ours.value = known.value ORDER BY rows DESC, first
        """
    ).fetchall()
    unknown = [(value, int(rows), first) for value, rows, first, known in found if not known]
    total, failed = sum(int(row[1]) for row in found), sum(rows for _, rows, _ in unknown)
    if not unknown:
        return (Tally(asked.check.id, total, 0),)
    have = "1 row has" if failed == 1 else f"{failed:,} rows have"
    values = f"Values (rows): {_listed([f'{visible(str(value), _LONGEST)} ({rows:,})' for value, rows, _ in unknown])}"
    if asked.extract.kind is ExtractKind.PULSE:
        values = f"There are {len(unknown):,} such answers" if len(unknown) > 1 else "There is 1 such answer"
    message = (
        f"{have} a value in {asked.column} that {name} of the month lacks. {values}. "
        f"Deliver them in {name}, or correct them in {asked.checked.extract}."
    )
    first = (unknown[0][0], unknown[0][2])
    finding = asked.finding("check.refers_to", asked.check.severity, message, first, failed)
    return (Tally(asked.check.id, total, failed, finding=finding),)


# -- people ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Id:
    """An id that is nobody's on its rows' days: the last day before them that it was, and the first one after."""

    id: str
    rows: int
    first_row: int
    last_day: date | None = None
    first_day: date | None = None
    like: str = ""
    """An id that hr knows and that differs in leading zeros alone."""


def _people_tallies(asked: _Asked, checks: Sequence[SuiteCheck]) -> tuple[Tally, ...]:
    _make_tables(asked)
    ((total,),) = asked.database.execute("SELECT coalesce(sum(rows), 0) FROM placed").fetchall()
    unknown, outside, returns = (_nobodys(asked, kind) for kind in ("unknown", "outside", "returns"))
    findings = (
        _unknown_finding(asked, checks[0], unknown),
        _outside_finding(asked, checks[1], outside),
        _returns_finding(asked, checks[2], returns),
    )
    return tuple(
        Tally(check.id, int(total), _rows(ids), finding=finding)
        for check, ids, finding in zip(checks, (unknown, outside, returns), findings, strict=True)
    )


def _make_tables(asked: _Asked) -> None:
    """`known_ids`: when an id is somebody's; `placed`: rows by id and day, with where they stand to these times.

    A row of an extract that speaks of whole months is somebody's who is known on any day of its month.
    """
    extract = asked.extract
    if asked.column != extract.team:
        extract = extract.model_copy(update={"associate": asked.column, "team": None})
    column, last_day = quoted(asked.column), literal(asked.checked.month.last_day.isoformat())
    day = f"CAST({quoted(extract.date)} AS DATE)" if extract.date else f"DATE {last_day}"
    first, until = day, f"{day} + 1"
    if extract.kind in _OF_MONTHS:
        first, until = f"date_trunc('month', {day})", f"date_trunc('month', {day}) + INTERVAL 1 MONTH"
    measure = extract.main_measure
    numeric = measure is not None and extract.columns[measure].type in _NUMERIC
    negative = f"coalesce({quoted(str(measure))} < 0, false)" if numeric else "false"
    asked.database.execute(f"CREATE OR REPLACE TEMP TABLE known_ids AS {known_ids_sql(extract)}")
    asked.database.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE placed AS
        WITH named AS (
            SELECT {column} AS id, CAST({first} AS DATE) AS first, CAST({until} AS DATE) AS until,
                {negative} AS negative, count(*) AS rows, min({_ROW}) AS first_row
            FROM {asked.rows}
            WHERE {column} IS NOT NULL AND {day} IS NOT NULL AND NOT {not_people_sql(extract, column)}
                AND {asked.where()}
            GROUP BY ALL
        )
        SELECT named.id, any_value(rows) AS rows, any_value(first_row) AS first_row,
            CASE WHEN count(known.id) = 0 THEN 'unknown'
                WHEN bool_or(valid_from < until AND valid_to > first) THEN 'known'
                WHEN negative THEN 'returns' ELSE 'outside' END AS kind,
            max(valid_to) FILTER (WHERE valid_to <= first) AS ended,
            min(valid_from) FILTER (WHERE valid_from >= until) AS began
        FROM named LEFT JOIN known_ids AS known ON known.id = named.id GROUP BY named.id, first, until, negative
        """
    )


def _nobodys(asked: _Asked, kind: str) -> list[_Id]:
    """Ids of one kind, those with most rows first."""
    found = asked.database.execute(
        """
        WITH ours AS (
            SELECT id, sum(rows)::BIGINT AS rows, min(first_row) AS first_row, max(ended) AS ended, min(began) AS began
            FROM placed WHERE kind = ? GROUP BY id
        ),
        zeros AS (SELECT ltrim(id, '0') AS rest, min(id) AS id FROM known_ids GROUP BY ALL)
        SELECT ours.id, rows, first_row, ended, began, zeros.id
        FROM ours LEFT JOIN zeros ON zeros.rest = ltrim(ours.id, '0') ORDER BY rows DESC, ours.id
        """,
        [kind],
    ).fetchall()
    return [
        _Id(str(id_), rows, first, ended - timedelta(days=1) if ended else None, began, str(like or ""))
        for id_, rows, first, ended, began, like in found
    ]


def _unknown_finding(asked: _Asked, check: SuiteCheck, ids: Sequence[_Id]) -> Finding | None:
    """Ids that are nobody's on any day."""
    if not ids:
        return None
    rows = _rows(ids)
    nobody = "1 row belongs to nobody on the day and counts"
    if rows != 1:
        nobody = f"{rows:,} rows belong to nobody on the day and count"
    where = "identities.csv or the hr extract" if asked.extract.identities else "the hr extract"
    message = (
        f"{nobody} in the organisation alone. Ids (rows): {_listed([f'{_shown(one)} ({one.rows:,})' for one in ids])}. "
        f"{_zeros(ids)}Add them to {where}, or to `not_people`."
    )
    return asked.finding("engine.unknown_id", check.severity, message, (ids[0].id, ids[0].first_row), rows)


def _zeros(ids: Sequence[_Id]) -> str:
    """What ids look like that differ from a known one in leading zeros alone."""
    alike = [one for one in ids if one.like]
    if not alike:
        return ""
    first = alike[0]
    how = "with its leading zeros lost" if len(first.id) < len(first.like) else "with leading zeros too many"
    others = f" ({len(alike):,} ids do)" if len(alike) > 1 else ""
    return f"{_shown(first)} looks like {visible(first.like, _LONGEST)} {how}{others}. "


def _outside_finding(asked: _Asked, check: SuiteCheck, ids: Sequence[_Id]) -> Finding | None:
    """Rows of somebody's before joining, after leaving, or while away from the company."""
    if not ids:
        return None
    rows = _rows(ids)
    lie = "1 row lies" if rows == 1 else f"{rows:,} rows lie"
    them = "it" if rows == 1 else "them"
    whose = "the days of the team named" if asked.column == asked.extract.team else "the employment of whoever is named"
    examples = _listed([f"{_shown(one)} ({one.rows:,}, {_when(one)})" for one in ids])
    where = "in identities.csv or the hr extract" if asked.extract.identities else "in the hr extract"
    message = (
        f"{lie} outside {whose} and {'counts' if rows == 1 else 'count'} in the organisation alone. "
        f"Ids (rows): {examples}. Give {them} to who took over, or correct the days {where}."
    )
    return asked.finding("engine.outside_employment", check.severity, message, (ids[0].id, ids[0].first_row), rows)


def _when(one: _Id) -> str:
    if one.last_day:
        return f"last day {one.last_day}"
    return f"first day {one.first_day}"


def _returns_finding(asked: _Asked, check: SuiteCheck, ids: Sequence[_Id]) -> Finding | None:
    if not ids:
        return None
    rows = _rows(ids)
    have = "1 return is" if rows == 1 else f"{rows:,} returns are"
    message = (
        f"{have} of who was not employed on the day, and {'counts' if rows == 1 else 'count'} in the organisation "
        f"alone. Ids (rows): {_listed([f'{_shown(one)} ({one.rows:,}, {_when(one)})' for one in ids])}."
    )
    return asked.finding("engine.returns_after_leaving", check.severity, message, (ids[0].id, ids[0].first_row), rows)


def _rows(ids: Sequence[_Id]) -> int:
    return sum(one.rows for one in ids)


def _shown(one: _Id) -> str:
    return visible(one.id, _LONGEST)


def _listed(examples: Sequence[str]) -> str:
    more = len(examples) - _EXAMPLES
    return ", ".join(examples[:_EXAMPLES]) + (f" and {more:,} more" if more > 0 else "")
