"""Single rows that are wrong: warned of, set aside with file, line, column and value, and nothing is withheld for them.

Several are wrong at once, each in a row of its own: that is quicker, and as it comes. Alone they are in long campaigns.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import pyarrow.parquet as pq
import pytest

from config.checks import Severity
from tests.broken_extracts.breaking import Break, Row, Table, on_table
from tests.broken_extracts.cases import assert_conserved, assert_nothing_left, broken, file_of, warning
from tests.broken_extracts.conftest import OTHERS, only_with
from tests.broken_extracts.world import Found, World

TOGETHER: Final = {
    "sales": 13,
    "service": 10,
    "activity": 10,
    "renewals": 2,
    "pulse": 1,
    "coaching": 1,
    "availability": 1,
}
"""So many rows of an extract at once are less than a twentieth of them, or a single one."""
TOLD_OF_EMPTY: Final = ("typing.required_missing", "typing.key_missing", "typing.no_currency")


def _plain(row: Row) -> bool:
    """An order of one seller, a ticket of an agent: nothing is special about it."""
    return (
        row.get("status", "invoiced") == "invoiced"
        and row.get("share", "1.00") == "1.00"
        and row.get("amount", "1") != ""
        and row.get("seller") != "HOUSE"
        and not row.get("agent", "").startswith(("QUEUE", "chatbot"))
    )


def _returned(row: Row) -> bool:
    return row["status"] == "returned"


@dataclass(frozen=True)
class Fault:
    """A row that says `values`, and how it is told: by code, column and value (by default the one put there)."""

    id: str
    extract: str
    values: Mapping[str, str]
    code: str
    column: str = ""
    value: str | None = None
    says: str = ""
    where: Callable[[Row], bool] = _plain
    aside: bool = True

    @property
    def told_column(self) -> str:
        """The declared column."""
        return self.column or next(iter(self.values))

    @property
    def told_value(self) -> str:
        """The value as a message shows it."""
        return next(iter(self.values.values())).strip() if self.value is None else self.value


def _fault(id_: str, extract: str, code: str, *, column: str = "", value: str | None = None, says: str = "",
           where: Callable[[Row], bool] = _plain, aside: bool = True, **values: str) -> Fault:  # fmt: skip
    return Fault(id_, extract, values, code, column, value, says, where, aside)


def _unreadable(id_: str, extract: str, **values: str) -> Fault:
    return Fault(id_, extract, values, "typing.unreadable")


def _not_plain(id_: str, extract: str, *, value: str, **values: str) -> Fault:
    return Fault(id_, extract, values, "check.plain", value=value, aside=False)


def _unknown(id_: str, extract: str, *, says: str = "", **values: str) -> Fault:
    return Fault(id_, extract, values, "engine.unknown_id", says=says, aside=False)


_AWAY, _OUTSIDE, _EMPTY = "engine.outside_employment", "typing.outside_month", "typing.required_missing"

FAULTS = [
    _unreadable("amount-of-words", "sales", amount="twelve"),
    _unreadable("amount-nan", "sales", amount="NaN"),
    _unreadable("amount-infinity", "sales", amount="Infinity"),
    _unreadable("amount-minus-inf", "sales", amount="-inf"),
    _unreadable("amount-far-too-large", "sales", amount="1e999"),
    _unreadable("amount-spreadsheet-error", "sales", amount="#REF!"),
    _unreadable("amount-formula", "sales", amount="=SUM(G2:G9)"),
    _unreadable("amount-two-marks", "sales", amount="1.232.55"),
    _unreadable("amount-thousands-mark", "sales", amount="1,232.55"),
    _unreadable("amount-other-mark-in-one-row", "sales", amount="1232,55"),
    _unreadable("amount-dollar-sign-in-euros", "sales", amount="$1232.55"),
    _unreadable("amount-other-code-in-euros", "sales", amount="USD 1232.55"),
    _unreadable("amount-in-hexadecimal", "sales", amount="0x4D0"),
    _fault("amount-empty", "sales", _EMPTY, amount=""),
    _fault("amount-blank", "sales", _EMPTY, amount="   "),
    _fault("one-negative-sale", "sales", "check.condition", amount="-1232.55", column="amount, status",
           value="-1232.55"),
    _fault("one-positive-return", "sales", "check.condition", amount="1773.64", column="amount, status",
           value="1773.64", where=_returned),
    _fault("one-amount-without-its-mark", "sales", "check.between", amount="123255"),
    _fault("currency-empty", "sales", "typing.no_currency", currency=""),
    _fault("segment-that-is-none", "sales", "check.one_of", segment="B2X"),
    _fault("order-number-too-short", "sales", "check.matches", order_id="2610000009"),
    _fault("order-number-missing", "sales", _EMPTY, order_id=""),
    _fault("order-number-blank", "sales", _EMPTY, order_id="\u00a0 ", value=""),
    _fault("seller-missing", "sales", "typing.key_missing", seller=""),
    _not_plain("control-character", "sales", customer="10\x072966", value="10\\x072966"),
    _not_plain("formula-in-a-text", "sales", product_group='=HYPERLINK("https://demo.example","lighting")',
               value='=HYPERLINK("https://demo.example","lighting")'),
    _not_plain("ten-thousand-characters", "sales", product_group="x" * 10_000, value="x" * 60),
    _not_plain("broken-letters-in-one-row", "activity", outcome="nicht mÃ¶glich", value="nicht mÃ¶glich"),
    _not_plain("replacement-character", "activity", outcome="m\ufffdglich", value="m\ufffdglich"),
    _not_plain("colours-of-a-terminal", "service", channel="\x1b[31mmail", value="\\x1b[31mmail"),
    _fault("share-over-one", "sales", "check.between", share="1.5"),
    _fault("share-negative", "sales", "check.between", share="-0.4"),
    _unreadable("share-with-a-sign", "sales", share="65 %"),
    _unreadable("a-day-that-is-none", "sales", order_date="2026-10-32"),
    _unreadable("a-day-written-otherwise", "sales", order_date="01.10.2026"),
    _unreadable("a-day-as-a-number", "sales", order_date="46296"),
    _unreadable("a-moment-that-is-none", "sales", modified="2026-10-01 25:00:00"),
    _fault("a-row-of-next-month", "sales", _OUTSIDE, order_date="2026-11-01"),
    _fault("a-row-far-in-the-future", "sales", _OUTSIDE, order_date="2062-10-01"),
    _fault("a-row-far-in-the-past", "sales", _OUTSIDE, order_date="1899-12-30"),
    _fault("day-and-month-changed-places", "sales", _OUTSIDE, order_date="2026-01-10"),
    _unknown("a-seller-unknown", "sales", seller="009999"),
    _unknown("a-seller-without-zeros", "sales", seller="1851", says="looks like 001851 with its leading zeros lost"),
    _fault("an-order-after-leaving", "sales", _AWAY, seller="001518", says="last day 2026-10-16", aside=False,
           where=lambda row: _plain(row) and row["order_date"] > "2026-10-20"),
    _fault("satisfaction-seven", "service", "check.between", satisfaction="7"),
    _unreadable("satisfaction-in-words", "service", satisfaction="good"),
    _unreadable("satisfaction-and-a-half", "service", satisfaction="4.5"),
    _fault("answered-before-asked", "service", "check.between", first_response_hours="-3.5"),
    _unreadable("hours-and-minutes", "service", first_response_hours="3:30"),
    _unreadable("perhaps-solved", "service", solved_first_contact="perhaps"),
    _fault("closed-before-opened", "service", "check.condition", opened="2026-10-31 23:59:59",
           column="closed, opened", value="2026-10-31 23:59:59"),
    _fault("closed-a-second-too-soon", "service", _OUTSIDE, closed="2026-09-30 23:59:59"),
    _fault("ticket-missing", "service", _EMPTY, ticket=""),
    _unknown("an-agent-unknown", "service", agent="xqvarr"),
    _fault("eleven-of-ten", "pulse", "check.between", goals_matter="11"),
    _fault("answer-of-nobody", "pulse", _EMPTY, respondent=""),
    _unknown("a-respondent-unknown", "pulse", respondent="A9999"),
    _unreadable("perhaps-renewed", "renewals", renewed="pending"),
    _fault("contract-missing", "renewals", _EMPTY, contract=""),
    _unreadable("promise-perhaps-kept", "coaching", last_promise_kept="partly"),
    _unknown("a-talk-with-somebody-unknown", "coaching", associate="A9999"),
    _unreadable("available-all-days", "availability", available_days="all"),
    _unknown("days-of-somebody-unknown", "availability", associate="A9999"),
]  # fmt: skip

Placed = tuple[Fault, int]


def _packs() -> Iterator[tuple[Fault, ...]]:
    """Faults that can be told apart in one file; of those that are not set aside only the first is named."""
    for extract, faults in groupby(FAULTS, key=lambda fault: fault.extract):
        packs: list[list[Fault]] = []
        for fault in faults:
            kind = (fault.code, fault.told_column)
            fits = (
                pack
                for pack in packs
                if len(pack) < TOGETHER[extract]
                and (fault.aside or kind not in {(one.code, one.told_column) for one in pack})
            )
            pack = next(fits, None)
            if pack is None:
                packs.append([fault])
            else:
                pack.append(fault)
        yield from map(tuple, packs)


FAULTS.sort(key=lambda fault: list(TOGETHER).index(fault.extract))
PACKS: Final = tuple(_packs())
_FOUND: dict[tuple[str, ...], tuple[Found, tuple[Placed, ...]]] = {}


def _placed(table: Table, faults: Sequence[Fault]) -> tuple[Placed, ...]:
    """Each fault with the line it is put into."""
    free = {line: dict(zip(table.headings, table.rows[line - 2], strict=True)) for line in table.lines()}
    placed = []
    for fault in faults:
        line = next(line for line, row in free.items() if line > 9 and fault.where(row))
        del free[line]
        placed.append((fault, line))
    return tuple(placed)


def _breaking(placed: Sequence[Placed]) -> Break:
    def change(table: Table) -> None:
        for fault, line in placed:
            for name, value in fault.values.items():
                table.put(line, name, value)

    return on_table(change)


def _checked(make: Callable[[], World], faults: tuple[Fault, ...]) -> tuple[Found, tuple[Placed, ...]]:
    """What is found where these rows are wrong, and nothing else; asked once."""
    ids = tuple(fault.id for fault in faults)
    if ids not in _FOUND:
        extract = faults[0].extract
        world = make()
        placed = _placed(Table.of(world.path(file_of(extract)).read_bytes()), faults)
        files = {name for name in world.files() if not name.startswith("state/")}
        found = broken(world, warning("", extract, _breaking(placed), "")).check()
        assert found.severity is Severity.WARNING, found.told()
        assert found.withheld_from_all() == set(), found.told()
        assert_conserved(found)
        assert_nothing_left(world, files)
        set_aside = sum(part.rows for part in found.checked(extract).quarantined)
        assert set_aside == sum(fault.aside for fault in faults), found.told()
        _FOUND[ids] = (found, placed)
    return _FOUND[ids]


def _assert_named(found: Found, placed: Sequence[Placed], fault: Fault) -> None:
    """The fault is told, with its place where it is the first of its kind, and stands among the rows set aside."""
    line = next(line for one, line in placed if one is fault)
    file = file_of(fault.extract).removeprefix("data/")
    alike = [(one, at) for one, at in placed if (one.code, one.told_column) == (fault.code, fault.told_column)]
    told = [one for one in found.findings if one.code == fault.code and set(one.column.split(", ")) & set(fault.values)]
    assert told, found.told()
    assert {one.severity for one in told} == {Severity.WARNING}
    assert {one.extract for one in told} == {fault.extract}
    if line == min(at for _, at in alike):
        first = next((one for one in told if one.line == line), None)
        assert first is not None, [(one.line, one.message) for one in told]
        assert first.file == file
        assert fault.told_value in first.value
        assert fault.told_value in first.message
        assert fault.says in first.message
        assert f"{file}:{line}" in first.message
    if fault.aside:
        rows = pq.read_table(found.checked(fault.extract).quarantine_path).to_pylist()
        row = next((one for one in rows if one["line"] == line), None)
        assert row is not None, [one["line"] for one in rows]
        assert (row["file"], bool(row["reason"]), bool(row["check"])) == (file, True, True)
        assert set(row["column"].split(", ")) & set(fault.values)
        assert fault.code in TOLD_OF_EMPTY or next(iter(fault.values.values())).strip() in row["value"]


@pytest.mark.usefixtures("asked_once")
@pytest.mark.parametrize(
    ("faults", "fault"), [pytest.param(pack, fault, id=fault.id) for pack in PACKS for fault in pack]
)
def test_is_told_among_others(
    demo: World, tmp_path_factory: pytest.TempPathFactory, faults: tuple[Fault, ...], fault: Fault
) -> None:
    extract = fault.extract

    def world() -> World:
        copy = demo.copy(tmp_path_factory.mktemp("rows") / "world")
        return only_with(copy, {"hr", "control", extract, OTHERS.get(extract, extract)})

    found, placed = _checked(world, faults)
    _assert_named(found, placed, fault)


@pytest.mark.soak
@pytest.mark.usefixtures("asked_once")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_is_told_alone(demo_of: Callable[[str], World], fault: Fault) -> None:
    found, placed = _checked(lambda: demo_of(fault.extract), (fault,))
    _assert_named(found, placed, fault)
