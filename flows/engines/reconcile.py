"""From each source's total to the figures: attributed, unattributed, excluded and set aside, so that nothing is lost.

Not here: the figures themselves (`grouped`).
"""

import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from config.checks import Severity
from config.models import ColumnType, Config, Extract, ExtractKind
from config.months import Month
from flows.duck import connection, faults_outside, quoted
from flows.engines.attribution import id_column, load_people, not_people_sql, rows_sql
from transforms.stages import Account, Checked, Exclusions, Finding, Reconciliation

if TYPE_CHECKING:
    import duckdb

_NOT_RECONCILED = frozenset({ExtractKind.HR, ExtractKind.EVENTS, ExtractKind.PLAN})
_NUMERIC = frozenset({ColumnType.MONEY, ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.PERCENT})
_EXAMPLES = 5


def reconcile(
    config: Config,
    month: Month,
    checked: Mapping[str, Sequence[Checked]],
    membership: pd.DataFrame,
    identities: pd.DataFrame,
) -> tuple[Reconciliation, ...]:
    """Each extract of the month (but hr, events and plan): where its rows and its main measure went.

    A row is attributed where somebody's membership covers the extract's date on it. Every result `adds_up`.
    """
    with (
        tempfile.TemporaryDirectory(prefix="yardstick-") as scratch,
        connection(Path(scratch)) as database,
        faults_outside(f"The month {month}"),
    ):
        load_people(database, membership, identities, month)
        return reconciled(database, config, month, checked)[0]


def reconciled(
    database: "duckdb.DuckDBPyConnection", config: Config, month: Month, checked: Mapping[str, Sequence[Checked]]
) -> tuple[tuple[Reconciliation, ...], tuple[Finding, ...]]:
    """The same on a database that `load_people` has filled, with findings of ids that nobody is known by."""
    accounts: list[Reconciliation] = []
    findings: list[Finding] = []
    for name in sorted(checked):
        extract = config.extracts[name]
        ours = [one for one in checked[name] if one.month == month]
        if not ours or extract.kind in _NOT_RECONCILED:
            continue
        _attribute(database, extract, ours[0])
        accounts.append(_account(database, extract, ours[0]))
        findings += _unknown_ids(database, extract, ours[0])
        database.execute("DROP TABLE attributed")
    return tuple(accounts), tuple(findings)


def _attribute(database: "duckdb.DuckDBPyConnection", extract: Extract, checked: Checked) -> None:
    """The table `attributed`: each row's id, main measure, and whether it belongs to anyone."""
    measure = "0"
    name = extract.main_measure
    if name and extract.columns[name].type in _NUMERIC:
        measure = f"coalesce({quoted(name)}, 0)"
    column = id_column(extract)
    id_sql = f"rows.{quoted(column)}" if column else "CAST(NULL AS VARCHAR)"
    database.execute(
        f"""
        CREATE TEMP TABLE attributed AS
        SELECT {id_sql} AS id, CAST({measure} AS DECIMAL(38,8)) AS measure, spans.associate IS NOT NULL AS known,
            _day IS NOT NULL AND NOT {not_people_sql(extract, id_sql)} AS person
        FROM ({rows_sql(extract, [checked], extract.date)}) AS rows
        LEFT JOIN spans ON spans.associate = rows._who AND rows._day >= spans.valid_from AND rows._day < spans.valid_to
        """
    )


def _account(database: "duckdb.DuckDBPyConnection", extract: Extract, checked: Checked) -> Reconciliation:
    found = database.execute(
        "SELECT known, count(*), CAST(sum(measure) AS DECIMAL(38,8)) FROM attributed GROUP BY known"
    )
    parts = {known: Account(int(rows), _plain(measure)) for known, rows, measure in found.fetchall()}
    nothing = Account(0, Decimal(0))
    return Reconciliation(
        extract=checked.extract,
        month=checked.month,
        main_measure=extract.main_measure,
        source=Account(checked.source_rows, checked.source_measure),
        attributed=parts.get(True, nothing),
        unattributed=parts.get(False, nothing),
        excluded=_total(checked.excluded),
        quarantined=_total(checked.quarantined),
        reasons=(*checked.excluded, *checked.quarantined),
    )


def _total(parts: Sequence[Exclusions]) -> Account:
    return Account(sum(part.rows for part in parts), sum((part.measure for part in parts), Decimal(0)))


def _unknown_ids(database: "duckdb.DuckDBPyConnection", extract: Extract, checked: Checked) -> list[Finding]:
    """Ids that are nobody's on their rows' days: their rows count in the organisation alone."""
    found = database.execute(
        "SELECT id, count(*) AS rows FROM attributed WHERE person AND NOT known AND id IS NOT NULL "
        "GROUP BY id ORDER BY rows DESC, id"
    ).fetchall()
    if not found:
        return []
    rows = sum(int(count) for _, count in found)
    examples = ", ".join(f"{name} ({count:,})" for name, count in found[:_EXAMPLES])
    more = f" and {len(found) - _EXAMPLES:,} more" if len(found) > _EXAMPLES else ""
    where = "identities.csv or the hr extract" if extract.identities else "the hr extract"
    return [
        Finding(
            "engine.unknown_id", Severity.WARNING,
            f"{checked.extract} {checked.month}: {_nobodys(rows)} in the "
            f"organisation alone. Ids (rows): {examples}{more}. Add them to {where}, or to `not_people`.",
            extract=checked.extract, column=id_column(extract) or "", value=str(found[0][0]), rows=rows,
        )
    ]  # fmt: skip


def _nobodys(rows: int) -> str:
    if rows == 1:
        return "1 row belongs to nobody on the day and counts"
    return f"{rows:,} rows belong to nobody on the day and count"


def _plain(total: Decimal) -> Decimal:
    """Without trailing zeros, as the checked totals are written."""
    short = total.normalize()
    return short if short.as_tuple().exponent <= 0 else short.quantize(Decimal(1))  # type: ignore[operator]
