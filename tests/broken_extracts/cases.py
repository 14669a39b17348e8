"""One broken extract and what must be found: the gravest finding, its place and value, and what is then withheld.

Does not belong here: the tables of cases, and how extracts are broken (`breaking`).
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

import pyarrow.parquet as pq
import pytest

from config.checks import Severity
from tests.broken_extracts.breaking import Break, Make, Table
from tests.broken_extracts.world import Found, World
from transforms.stages import Finding

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet


class _Named(Protocol):
    @property
    def id(self) -> str: ...


C = TypeVar("C", bound=_Named)
REVENUE = {"revenue", "average_order"}
ORDERS = REVENUE | {"orders"}
ACTIVITY = {"visits", "proposals"}
SERVICE = {"first_response_hours", "solved_first_contact", "satisfaction", "on_time"}
PULSE = {"goals_matter"}
RENEWALS = {"contracts_renewed"}
NORTHWIND_SALES = {"revenue", "orders", "average_order", "customers"}
NORTHWIND_SERVICE = {"on_time", "days_to_ship"}

_PLAIN = re.compile(r"-?\d+(\.\d+)?")
_CORRECTED = Decimal("1870.71")
"""What corrections.csv of the demo company puts back."""


@dataclass(frozen=True)
class Case:
    """A broken file of an extract, and the finding that must name it."""

    id: str
    extract: str
    how: Break | None
    """None: the file is not there."""
    code: str
    severity: Severity
    line: int = 0
    column: str = ""
    value: str = ""
    says: tuple[str, ...] = ()
    """What the finding's message says, beside its file, line and value."""
    withheld: frozenset[str] = frozenset()
    """The metrics that are not said of the organisation."""
    file: str = ""
    """By default the extract's of the month."""
    of_extract: str = ""
    """The extract the finding is of, where it is not the broken one."""
    instead: str = ""
    """A file that comes in its place."""
    control: bool = False
    """Whether the source's totals stay as they were; else they are of the broken file, and only rows."""
    config: Mapping[str, Make] = field(default_factory=dict)
    """Changes of files of the configuration."""
    told_of: str = ""
    """The file the finding names, where it is not the broken one."""


critical = partial(Case, severity=Severity.CRITICAL)
warning = partial(Case, severity=Severity.WARNING)
info = partial(Case, severity=Severity.INFO)


def params(cases: Sequence[C], often: str) -> list["ParameterSet"]:
    """Cases as parameters: those whose ids are named run with all tests, the others in long campaigns."""
    ids = set(often.split())
    assert ids <= {case.id for case in cases}, ids - {case.id for case in cases}
    return [pytest.param(case, id=case.id, marks=[] if case.id in ids else [pytest.mark.soak]) for case in cases]


def of(*metrics: str | set[str]) -> frozenset[str]:
    """Names of metrics, one by one or in sets."""
    return frozenset(name for one in metrics for name in ([one] if isinstance(one, str) else one))


def in_extracts(before: str, after: str) -> Mapping[str, Make]:
    """A change of extracts.yaml."""
    return {"extracts.yaml": lambda text: text.replace(before, after)}


def broken(world: World, case: Case) -> World:
    """The world with the case's extract broken."""
    name = case.file or file_of(case.extract)
    before = world.path(name).read_bytes()
    content = case.how(before) if case.how else None
    assert content != before, f"{name} is not changed"
    if content is None or case.instead:
        world.path(name).unlink()
    if content is not None:
        world.write(case.instead or name, content)
    if not case.control and world.path(_CONTROL).is_file():
        world.write(_CONTROL, _agreeing(world.text(_CONTROL), case.extract, content))
    for file, change in case.config.items():
        world.change(f"config/{file}", change)
    return world


_CONTROL = "data/control/control-2026-10.csv"


def file_of(extract: str) -> str:
    """The demo company's file of an extract of October."""
    once = {"hr": "data/hr/hr.csv", "events": "data/events/events.csv"}
    return once.get(extract, f"data/{extract}/{extract}-2026-10.csv")


def _agreeing(control: str, extract: str, content: bytes | None) -> str:
    """The control file whose line of an extract tells the rows of the broken file."""
    table = Table.of(control.encode())
    for line in table.lines():
        if table.at(line, "extract") == extract and content is not None:
            table.put(line, "rows", _count(content))
            table.put(line, "total", "")
            table.put(line, "currency", "")
    return table.file().decode()


def _count(content: bytes) -> str:
    """Rows of a file as its source would count them; nothing where it is no plain CSV."""
    try:
        records = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        rows = sum(any(cell.strip() for cell in record) for record in records)
    except (UnicodeDecodeError, csv.Error):
        return ""
    return str(max(rows - 1, 0))


# -- what was found ----------------------------------------------------------------------------------------------


def assert_caught(world: World, case: Case) -> Found:
    """Break, check, and compare with what must be found."""
    files = {name for name in world.files() if not name.startswith("state/")}
    found = broken(world, case).check(measured=case.code == "refused")
    name = case.told_of or case.instead or case.file or file_of(case.extract)
    if found.refused:
        assert case.code == "refused", found.told()
        for part in (case.value, f"{_base(name)}:{case.line}" if case.line else _base(name), *case.says):
            assert part in found.refused, found.told()
        return found
    _assert_told(found, case, _base(name))
    assert found.severity is case.severity, found.told()
    assert found.withheld_from_all() == case.withheld, found.told()
    assert_conserved(found)
    assert_nothing_left(world, files | {case.instead} - {""})
    return found


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _assert_told(found: Found, case: Case, file: str) -> None:
    alike = [
        one for one in found.everything if one.code == case.code and one.extract == (case.of_extract or case.extract)
    ]
    assert alike, f"nothing is {case.code}:\n{found.told()}"
    assert any(_is_told(one, case, file) for one in alike), (
        f"line {case.line}, column {case.column}, value {case.value} of {file} not in "
        f"{[(one.severity, one.file, one.line, one.column, one.value) for one in alike]}:\n{found.told()}"
    )


def _is_told(one: Finding, case: Case, file: str) -> bool:
    place = (
        f"{file}:{case.line}" in one.message or f"line {case.line}" in one.message or f"row {case.line}" in one.message
    )
    return (
        one.severity is case.severity
        and (one.file.endswith(file) or file in one.message)
        and (one.column == case.column or not case.column)
        and (not case.line or place or (one.line == case.line and one.file.endswith(file)))
        and (not case.value or case.value in one.message)
        and all(part in one.message for part in case.says)
    )


def assert_conserved(found: Found) -> None:
    """Nothing is lost: every landed row passed, was excluded or set aside, and so was all of the main measure."""
    for name, item in found.inputs.items():
        if found.run.month not in {one.month for one in item.checked}:
            continue
        landing, checked = found.landing(name), found.checked(name)
        parts = (*checked.excluded, *checked.quarantined)
        assert landing.rows == checked.source_rows == checked.rows + sum(part.rows for part in parts), name
        assert checked.source_measure == checked.measure + sum((part.measure for part in parts), Decimal(0)), name
        assert pq.read_metadata(checked.path).num_rows == checked.rows, name
        set_aside = sum(part.rows for part in checked.quarantined)
        assert pq.read_metadata(checked.quarantine_path).num_rows == set_aside, name
        _assert_same_measure(found, name)


def _assert_same_measure(found: Found, name: str) -> None:
    """The main measure is the sum of the texts that were landed, where all of them are plain numbers."""
    extract = found.run.config.extracts[name]
    measure = extract.main_measure
    landed = found.landing(name)
    if measure is None or measure not in landed.headers:
        return
    table = pq.read_table(landed.path)
    texts = [text.strip() for text in table[measure].to_pylist() if text and text.strip()]
    single = extract.currency is None or set(table.to_pydict().get(extract.currency, ())) == {"EUR"}
    if single and all(_PLAIN.fullmatch(text) for text in texts):
        lost = found.checked(name).source_measure - sum(map(Decimal, texts), Decimal(0))
        assert lost % _CORRECTED == 0, f"{name}: {lost} of {measure} is lost"


def assert_nothing_left(world: World, files: set[str]) -> None:
    """Neither beside the extracts nor in the state is there a file that nobody asked for."""
    left = world.files()
    assert {name for name in left if not name.startswith("state/")} <= files
    strange = [name for name in left if not re.search(r"/[a-z0-9_-]+\.(parquet|json|pulled)$", name)]
    assert [name for name in strange if name.startswith("state/")] == []
