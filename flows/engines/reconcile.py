"""From each source's total to the figures: attributed, unattributed, excluded and set aside, so that nothing is lost.

Not here: the figures themselves (`grouped`).
"""

import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from config.models import ColumnType, Config, Extract, ExtractKind
from config.months import Month
from flows.attribution import load_people, rows_sql
from flows.duck import connection, faults_outside, quoted
from transforms.stages import Account, Checked, Exclusions, Reconciliation

if TYPE_CHECKING:
    import duckdb

_NOT_RECONCILED = frozenset({ExtractKind.HR, ExtractKind.EVENTS, ExtractKind.PLAN, ExtractKind.CONTROL})
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
        return reconciled(database, config, month, checked)


def reconciled(
    database: "duckdb.DuckDBPyConnection", config: Config, month: Month, checked: Mapping[str, Sequence[Checked]]
) -> tuple[Reconciliation, ...]:
    """The same on a database that `load_people` has filled."""
    accounts: list[Reconciliation] = []
    for name in sorted(checked):
        extract = config.extracts[name]
        ours = [one for one in checked[name] if one.month == month]
        if not ours or extract.kind in _NOT_RECONCILED:
            continue
        _attribute(database, extract, ours[0])
        accounts.append(_account(database, extract, ours[0]))
        database.execute("DROP TABLE attributed")
    return tuple(accounts)


def _attribute(database: "duckdb.DuckDBPyConnection", extract: Extract, checked: Checked) -> None:
    """The table `attributed`: each row's main measure, and whether it belongs to anyone."""
    measure = "0"
    name = extract.main_measure
    if name and extract.columns[name].type in _NUMERIC:
        measure = f"coalesce({quoted(name)}, 0)"
    database.execute(
        f"""
        CREATE TEMP TABLE attributed AS
        SELECT CAST({measure} AS DECIMAL(38,8)) AS measure, spans.associate IS NOT NULL AS known
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


def _plain(total: Decimal) -> Decimal:
    """Without trailing zeros, as the checked totals are written."""
    short = total.normalize()
    return short if short.as_tuple().exponent <= 0 else short.quantize(Decimal(1))  # type: ignore[operator]
