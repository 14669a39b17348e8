"""What is kept of a landing so that months can be compared: counts, sums, days and mixes, the same on any machine."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from config.models import Extract
from flows.checks import check_extract
from tests.flows.tables import config_of, sales_extract, write_landing
from transforms.stages import ColumnProfile, Profile

COLUMNS = {
    "id": "id", "seller": "id", "day": "date", "closed": "timestamp", "amount": "money", "won": "boolean",
    "note": "text", "changed": "timestamp",
}  # fmt: skip
ROW = {"id": "1", "seller": "A", "day": "2026-10-05", "closed": "2026-10-05 10:00:00", "amount": "5", "won": "yes",
       "note": "fine", "changed": ""}  # fmt: skip


def rows_of(*changes: Mapping[str, str]) -> dict[str, list[str]]:
    rows = [{**ROW, "id": str(at + 1), **change} for at, change in enumerate(changes)]
    return {name: [row[name] for row in rows] for name in ROW}


def profile(
    folder: Path, rows: Mapping[str, Sequence[str]], rates: pd.DataFrame | None = None, **changes: Any
) -> Profile:
    extract: Extract = sales_extract(**{"columns": COLUMNS, **changes})
    landing = write_landing(folder / "landings", rows)
    found = check_extract(landing, config_of({"sales": extract}), folder / "checked", rates).profile
    assert found is not None
    return found


def column(found: Profile, name: str) -> ColumnProfile:
    return next(one for one in found.columns if one.name == name)


def test_counts_of_a_columns_values(tmp_path: Path) -> None:
    rows = rows_of(
        {"amount": "1.5", "seller": "007"}, {"amount": "-2", "seller": "07"}, {"amount": "x", "seller": "7"},
        {"amount": "", "seller": "0"}, {"amount": "-3", "seller": ""}, {"amount": "1.50", "seller": "A7 "},
    )  # fmt: skip
    found = profile(tmp_path, rows)
    assert column(found, "amount") == ColumnProfile(
        "amount", filled=5, unreadable=1, total=Decimal(-2), negative=2, distinct=3
    )
    assert column(found, "seller") == ColumnProfile(
        "seller", filled=5, distinct=5, digits=4, leading_zeros=2, longest=3
    )  # fmt: skip
    assert column(found, "won").mix == (("true", 6),)
    assert found.headings == tuple(ROW)


def test_days_hours_and_mixes(tmp_path: Path) -> None:
    rows = rows_of(
        {"closed": "2026-10-05 00:00:01", "note": "b"}, {"day": "2026-10-31", "closed": "2026-10-05 23:59:59"},
        {"day": "2026-11-01", "note": "a"}, {"day": "soon", "note": "a"}, {"day": "", "closed": ""},
    )  # fmt: skip
    found = profile(tmp_path, rows)
    assert (found.days[4], found.days[30], sum(found.days), len(found.days)) == (1, 1, 2, 31)
    assert (column(found, "closed").hours[0], column(found, "closed").hours[23], column(found, "closed").hours[10]) == (
        1,
        1,
        2,
    )
    assert column(found, "note").mix == (("a", 2), ("b", 1), ("fine", 2))
    assert column(found, "seller").mix == ()


@pytest.mark.parametrize(("values", "shown"), [(30, True), (31, False)])
def test_a_mix_has_at_most_thirty_values(tmp_path: Path, values: int, shown: bool) -> None:
    found = profile(tmp_path, rows_of(*({"note": f"n{at}"} for at in range(values))))
    assert column(found, "note").distinct == values
    assert len(column(found, "note").mix) == (values if shown else 0)


def test_copies_and_excluded_rows_are_left_out_of_columns_and_copies_counted(tmp_path: Path) -> None:
    rows = rows_of({}, {"id": "1"}, {"id": "3", "changed": "2026-10-01"}, {"id": "3", "changed": "2026-10-02"},
                   {"seller": "test", "amount": "100"}, {"amount": "x"})  # fmt: skip
    exclude = [{"where": "seller = 'test'", "why": "a test"}]
    found = profile(tmp_path, rows, exclude=exclude, last_modified="changed")
    assert (found.rows, found.copies) == (4, 2)
    assert column(found, "amount") == ColumnProfile("amount", 3, unreadable=1, total=Decimal(10), distinct=1)
    assert found.days[4] == 3
    assert found.totals == (("EUR", 6, Decimal(120)),)


def test_totals_are_of_each_currency_as_read(tmp_path: Path) -> None:
    columns = {"id": "id", "day": "date", "seller": "id", "amount": "money", "code": "text"}
    rows = {"id": ["1", "1", "3", "4"], "day": ["2026-10-01"] * 4, "seller": ["A"] * 4, "amount": ["10", "10", "3", ""],
            "code": ["usd", "usd", "EUR", ""]}  # fmt: skip
    rates = pd.DataFrame({"month": [pd.Timestamp("2026-10-01")], "currency": ["USD"], "rate": [Decimal("0.5")]})
    found = profile(tmp_path, rows, rates, columns=columns, currency="code")
    assert found.totals == (("", 1, Decimal(0)), ("EUR", 1, Decimal(3)), ("USD", 2, Decimal(20)))
    assert column(found, "amount").total == Decimal(13)
    assert column(found, "amount").filled == 2


def test_a_column_that_is_missing_has_no_profile_and_no_row_is_no_fault(tmp_path: Path) -> None:
    rows = rows_of({})
    del rows["note"]
    assert "note" not in {one.name for one in profile(tmp_path, rows).columns}
    empty = profile(tmp_path, {name: [] for name in ROW})
    assert (empty.rows, empty.copies, empty.days, empty.totals) == (0, 0, (0,) * 31, (("EUR", 0, Decimal(0)),))
    assert column(empty, "amount") == ColumnProfile("amount", 0)


def test_an_extract_without_days_has_none(tmp_path: Path) -> None:
    columns = {"id": "id", "seller": "id"}
    rows = {"id": ["1"], "seller": ["A"]}
    assert profile(tmp_path, rows, columns=columns, date=None, main_measure=None).days == ()


def test_many_rows_are_counted_like_few_but_for_the_number_of_different_values(tmp_path: Path) -> None:
    count = 10_001

    def rows(number: int) -> dict[str, list[str]]:
        return {
            "id": [f"{at:05}" for at in range(number)], "seller": [f"A{at % 7}" for at in range(number)],
            "day": [f"2026-10-{1 + at % 31:02}" for at in range(number)],
            "closed": [f"2026-10-01 {at % 24:02}:00:00" for at in range(number)],
            "amount": [str(at % 100 - 50) for at in range(number)],
            "won": [("yes", "no", "")[at % 3] for at in range(number)],
            "note": [f"note {at % 30}" for at in range(number)], "changed": [""] * number,
        }  # fmt: skip

    few, many = (profile(tmp_path / str(number), rows(number)) for number in (count - 1, count))
    assert many.days[0] == few.days[0]
    assert sum(many.days) == count
    for one, other in zip(few.columns, many.columns, strict=True):
        assert other.filled - one.filled in (0, 1)
        assert len(one.mix) == len(other.mix)
        assert other.distinct == pytest.approx(one.distinct, rel=0.1)
        assert (other.longest, sum(other.hours) - sum(one.hours) in (0, 1)) == (one.longest, True)
    assert column(many, "id").leading_zeros == 10_000
    assert column(many, "note").distinct == 30
