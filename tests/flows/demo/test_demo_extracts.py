"""The demo company's extracts: the same bytes every time, of any size, and real enough to be worth judging."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from config.errors import UsageError
from config.months import Month
from flows.demo import LAST_MONTH, write_demo_extracts
from flows.demo.names import addresses, logins, name_of

KINDS = ("activity", "availability", "coaching", "control", "events", "hr", "pulse", "renewals", "sales", "service")
MONTHLY = tuple(kind for kind in KINDS if kind not in ("events", "hr"))


def contents(folder: Path) -> dict[str, str]:
    """Hash of every file by its path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_in(folder: Path, *kinds: str) -> int:
    """Data rows in all files of these extracts."""
    files = [path for kind in kinds or KINDS for path in (folder / kind).glob("*.csv")]
    return sum(path.read_bytes().count(b"\n") - 1 for path in files)


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_demo_extracts(tmp_path / name, months=2)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_another_seed_gives_other_orders_and_the_same_people(tmp_path: Path) -> None:
    write_demo_extracts(tmp_path / "a", months=1)
    write_demo_extracts(tmp_path / "b", months=1, seed=7)
    a, b = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert a["sales/sales-2026-10.csv"] != b["sales/sales-2026-10.csv"]
    names = [pd.read_csv(tmp_path / one / "hr/hr.csv")["name"].tolist() for one in ("a", "b")]
    assert names[0] == names[1]


def test_a_month_is_the_same_however_many_months_are_written(tmp_path: Path) -> None:
    write_demo_extracts(tmp_path / "short", months=1)
    write_demo_extracts(tmp_path / "long", months=3)
    short, long = contents(tmp_path / "short"), contents(tmp_path / "long")
    assert set(short) < set(long)
    assert short == {path: long[path] for path in short}


def test_fewer_months_leave_no_file_of_the_others_behind(tmp_path: Path) -> None:
    write_demo_extracts(tmp_path, months=3)
    (tmp_path / "sales" / "notes.csv").write_text("somebody else's")
    write_demo_extracts(tmp_path, months=1)
    for kind in MONTHLY:
        assert {path.name for path in (tmp_path / kind).glob(f"{kind}-*")} == {f"{kind}-2026-10.csv"}
    assert (tmp_path / "sales" / "notes.csv").is_file()


@pytest.mark.parametrize("size", [12, 80])
def test_a_persons_orders_are_the_same_in_a_smaller_or_larger_company(tmp_path: Path, size: int) -> None:
    write_demo_extracts(tmp_path / "usual", months=1)
    write_demo_extracts(tmp_path / "other", months=1, associates=size)
    frames = [pd.read_csv(tmp_path / one / "sales/sales-2026-10.csv", dtype=str) for one in ("usual", "other")]
    code_of_a0012 = "001407"
    usual, other = (frame.loc[frame["seller"] == code_of_a0012].reset_index(drop=True) for frame in frames)
    assert len(usual) > 5
    pd.testing.assert_frame_equal(usual, other)


@pytest.mark.parametrize("size", [10, 11, 17, 39, 41, 123])
def test_hr_has_as_many_people_as_asked_for_and_each_manager_is_one_of_them(tmp_path: Path, size: int) -> None:
    truths = write_demo_extracts(tmp_path, months=1, associates=size)
    hr = pd.read_csv(tmp_path / "hr/hr.csv", dtype=str)
    people = set(hr["associate"])
    assert len(people) == size == len(truths.associates)
    for column in ("manager", "second_manager", "interim_manager"):
        assert set(hr[column].dropna()) <= people
    assert hr.loc[hr["manager"].isna(), "associate"].tolist() == ["A0001"]
    assert hr["email"].str.fullmatch(r"[a-z]+\.[a-z]+\d*@demo\.example").all()


def test_spells_of_a_person_follow_one_another_without_overlap(tmp_path: Path) -> None:
    write_demo_extracts(tmp_path, months=1)
    hr = pd.read_csv(tmp_path / "hr/hr.csv", parse_dates=["valid_from", "valid_to"]).sort_values("valid_from")
    before = hr.groupby("associate")["valid_to"].shift()
    follows = hr["valid_from"] - before
    assert follows.dropna().min() == pd.Timedelta(days=1)
    assert hr.groupby("associate")["valid_to"].apply(lambda days: days.isna().sum()).max() == 1


def test_hr_and_events_say_nothing_later_than_the_last_month(tmp_path: Path) -> None:
    write_demo_extracts(tmp_path, months=1, last=Month(2026, 9))
    hr = pd.read_csv(tmp_path / "hr/hr.csv", dtype=str)
    days = hr[["hire_date", "leave_date", "valid_from", "valid_to"]].fillna("")
    assert days.max().max() <= "2026-09-30"
    assert hr.loc[hr["associate"] == "A0015", "leave_date"].isna().all()  # leaves in October
    assert "A0036" not in set(hr["associate"])  # begins in October
    assert pd.read_csv(tmp_path / "events/events.csv")["date"].max() <= "2026-09-30"


def test_rows_of_a_monthly_file_lie_in_its_month(tmp_path: Path) -> None:
    write_demo_extracts(tmp_path, months=2)
    dates = {
        "sales": "order_date", "activity": "date", "renewals": "due_date", "service": "closed", "pulse": "answered_on",
        "coaching": "date", "availability": "month", "control": "month",
    }  # fmt: skip
    assert set(dates) == set(MONTHLY)
    for kind, column in dates.items():
        for month in (LAST_MONTH, LAST_MONTH.shift(-1)):
            days = pd.read_csv(tmp_path / kind / f"{kind}-{month}.csv")[column]
            assert set(days.str[:7]) == {str(month)}, kind


def test_ten_times_the_people_make_about_ten_times_the_rows(tmp_path: Path) -> None:
    write_demo_extracts(tmp_path / "one", months=1)
    write_demo_extracts(tmp_path / "ten", months=1, associates=400)
    for kind in ("sales", "service", "activity", "coaching", "pulse"):
        assert rows_in(tmp_path / "ten", kind) / rows_in(tmp_path / "one", kind) == pytest.approx(10, rel=0.25), kind


def test_the_usual_size_stays_within_forty_thousand_rows(demo: Path) -> None:
    assert 25_000 < rows_in(demo) <= 40_000
    assert len(list((demo / "sales").glob("*.csv"))) == 36


def test_sales_have_what_makes_real_sales_hard(sales: pd.DataFrame) -> None:
    assert set(sales["status"]) == {"invoiced", "cancelled", "returned"}
    assert (sales.loc[sales["status"] == "returned", "amount"] < 0).all()
    assert sales.loc[sales["status"] == "returned", "returns_order"].isin(sales["order_id"]).all()
    assert sales["seller"].str.startswith("00").mean() > 0.9
    assert (sales["seller"] == "HOUSE").mean() > 0.01
    assert set(sales["segment"]) == {"B2B", "B2C", "B2G"}
    assert sales.duplicated(["order_id", "seller"]).sum() > 20  # as they stood before they were corrected
    shares = sales.drop_duplicates(["order_id", "seller"]).groupby("order_id")["share"].sum().round(2)
    assert {1.0, 2.0} <= set(shares)
    assert ((shares == 1.0) & (sales.groupby("order_id")["seller"].nunique() == 2)).sum() > 100  # 60 and 40
    assert sales["amount"].isna().sum() == 1  # one order came without its amount


def test_amounts_are_log_normal_and_each_seller_takes_fifteen_to_thirty_orders(sales: pd.DataFrame) -> None:
    field = sales.loc[(sales["seller"] == "001370") & (sales["status"] == "invoiced") & (sales["segment"] == "B2B")]
    assert field["amount"].mean() / field["amount"].median() == pytest.approx(1.13, abs=0.08)
    a_month = field.groupby(field["order_date"].str[:7])["order_id"].nunique()
    assert 10 < a_month.mean() < 30
    assert a_month.std() > 2


def test_service_has_queues_bots_and_a_third_of_answers(service: pd.DataFrame) -> None:
    assert {"QUEUE-1", "QUEUE-2", "chatbot"} <= set(service["agent"])
    assert service["satisfaction"].notna().mean() == pytest.approx(0.35, abs=0.02)
    assert set(service["satisfaction"].dropna()) == {1, 2, 3, 4, 5}
    assert (service["opened"] < service["closed"]).all()
    assert 0.8 < (service["closed"] <= service["due"]).mean() < 0.97


@pytest.mark.soak
@pytest.mark.slow  # four hundred thousand rows: that a large company can be made is the claim
def test_five_thousand_people_can_be_made(tmp_path: Path) -> None:
    truths = write_demo_extracts(tmp_path, associates=5_000, months=3)
    assert len(truths.associates) == pytest.approx(5_000, abs=60)  # those not yet hired are not there
    assert rows_in(tmp_path) > 300_000


@pytest.mark.parametrize(
    ("associates", "months", "said"),
    [(9, 1, "9 people"), (10_000, 1, "10000 people"), (40, 0, "0 months")],
    ids=["too small", "too large", "no month"],
)
def test_a_company_that_cannot_be_is_refused(tmp_path: Path, associates: int, months: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        write_demo_extracts(tmp_path / "none", associates, months)
    assert not (tmp_path / "none").exists()


def test_ten_thousand_people_have_ten_thousand_names_addresses_and_logins() -> None:
    count = 10_000
    assert len({name_of(index) for index in range(count)}) == count
    for texts in (addresses(count), logins(count)):
        assert len(set(texts)) == count
        assert all(text.isascii() and text == text.lower() for text in texts)
    assert addresses(50) == addresses(count)[:50]
