"""What docs/demo-company.md says is planted can be measured in the files with plain pandas."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config.months import Month
from flows.demo import DemoTruths, write_demo_config, write_demo_extracts
from flows.demo.hr import seller_codes

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "config" / "demo"


def all_of(demo: Path, kind: str) -> pd.DataFrame:
    """All months of an extract, ids as written, with the month of its date in `m`."""
    date = {"activity": "date", "coaching": "date", "pulse": "answered_on", "availability": "month"}[kind]
    frame = pd.concat([pd.read_csv(path, dtype={"seller": str}) for path in sorted((demo / kind).glob("*.csv"))])
    return frame.assign(m=frame[date].str[:7])


def codes_of(associate: str) -> list[str]:
    return [code for code, _, _ in seller_codes(int(associate[1:]) - 1)]


@pytest.fixture(scope="module")
def orders(sales: pd.DataFrame) -> pd.DataFrame:
    """Invoiced orders as last modified, each once for each seller, with month and the seller's part."""
    last = sales.sort_values("modified").drop_duplicates(["order_id", "seller"], keep="last")
    invoiced = last.loc[last["status"] == "invoiced"]
    return invoiced.assign(m=invoiced["order_date"].str[:7], part=invoiced["amount"] * invoiced["share"])


@pytest.fixture(scope="module")
def hr(demo: Path) -> pd.DataFrame:
    return pd.read_csv(demo / "hr/hr.csv", dtype=str)


@pytest.fixture(scope="module")
def tickets(service: pd.DataFrame) -> pd.DataFrame:
    agents = pd.read_csv(CONFIG / "identities.csv", dtype=str).query("source == 'desk'")
    joined = service.merge(
        agents[["source_id", "associate"]], left_on="agent", right_on="source_id", how="left", validate="many_to_one"
    )
    desk = {"A0009", *(f"A{n:04d}" for n in range(32, 37))}
    return joined.assign(m=joined["closed"].str[:7], desk=joined["associate"].isin(desk))


def test_business_customers_pay_thirteen_percent_less_from_march_on_and_consumers_do_not(
    orders: pd.DataFrame, truths: DemoTruths
) -> None:
    shift = truths["market_shift"]
    names = ("decline", "slow_ramp", "normal_ramp_1", "normal_ramp_2", "long_absence", "rehired", "left_mid_month")
    apart = {"A0006", *(one for name in names for one in truths[name].unit_ids)}  # A0006: the lead who is away
    story = {f"A{n:04d}" for n in range(1, 41)} - apart
    sellers = [code for one in story for code in codes_of(one)]
    usual = orders.loc[orders["seller"].isin(sellers)]
    before, after = usual.loc[usual["m"].between("2025-03", "2025-10")], usual.loc[usual["m"] >= str(shift.first)]
    business = [part.loc[part["segment"] == "B2B", "part"].sum() for part in (before, after)]
    others = [part.loc[part["segment"] != "B2B", "order_id"].nunique() for part in (before, after)]
    assert shift.size == pytest.approx(-0.135, abs=0.001)
    assert business[1] / business[0] - 1 == pytest.approx(shift.size, abs=0.09)
    assert others[1] / others[0] == pytest.approx(1.02, abs=0.12)
    assert others[1] / others[0] - business[1] / business[0] > 0.1


def test_business_customers_order_for_seven_percent_less_each_time(orders: pd.DataFrame) -> None:
    business = orders.loc[orders["segment"] == "B2B"]
    logs = business.assign(log=np.log(business["amount"]), after=business["m"] >= "2026-03")
    both = logs.pivot_table(index="seller", columns="after", values="log", aggfunc=["mean", "count"]).dropna()
    weights = np.minimum(both["count", True], both["count", False])
    change = both["mean", True] - both["mean", False]
    assert np.exp(np.average(change, weights=weights)) == pytest.approx(0.93, abs=0.03)


def test_most_sellers_lose_business_revenue_together(orders: pd.DataFrame) -> None:
    business = orders.loc[orders["segment"] == "B2B"]
    eight = business.assign(year=business["m"].str[:4]).loc[business["m"].str[5:].between("03", "10")]
    table = eight.pivot_table(index="seller", columns="year", values="part", aggfunc="sum").dropna()
    assert (table["2026"] < table["2025"]).mean() > 0.7


def test_one_field_seller_declines_by_forty_percent_beyond_the_market(
    orders: pd.DataFrame, demo: Path, truths: DemoTruths
) -> None:
    decline = truths["decline"]
    own = orders.loc[orders["seller"].isin(codes_of(decline.unit_ids[0])) & (orders["share"] >= 0.6)]
    peers = orders.loc[orders["seller"].isin([code for n in (11, 12, 14) for code in codes_of(f"A{n:04d}")])]

    def months(frame: pd.DataFrame, low: str, high: str) -> int:
        return frame.loc[frame["m"].between(low, high), "order_id"].nunique()

    change = months(own, "2026-05", "2026-10") / months(own, "2025-05", "2025-10")
    usual = months(peers, "2026-05", "2026-10") / months(peers, "2025-05", "2025-10")
    assert change / usual - 1 == pytest.approx(decline.size, abs=0.12)
    activity = all_of(demo, "activity")
    mine = activity.loc[activity["seller"].isin(codes_of(decline.unit_ids[0]))]
    proposals, visits = mine.loc[mine["kind"] == "proposal"], mine.loc[mine["kind"] == "visit"]
    assert (proposals["m"] >= "2026-04").sum() / proposals["m"].between("2025-04", "2025-10").sum() < 0.7
    assert (visits["m"] >= "2026-04").sum() / visits["m"].between("2025-04", "2025-10").sum() > 0.8


def test_the_coached_team_solves_more_at_first_contact(tickets: pd.DataFrame, truths: DemoTruths) -> None:
    coached = truths["coaching_worked"]
    assert coached.unit_ids == ("SD",)
    desk = tickets.loc[tickets["desk"]].groupby("m")["solved_first_contact"].agg(["sum", "count"])
    other = tickets.loc[~tickets["desk"] & tickets["associate"].notna()].groupby("m")["solved_first_contact"].mean()
    before, after = desk.loc["2025-02":"2026-01"].sum(), desk.loc["2026-04":].sum()
    rise = after["sum"] / after["count"] - before["sum"] / before["count"]
    assert rise == pytest.approx(coached.size, abs=0.04)
    assert abs(other.loc["2026-04":].mean() - other.loc["2025-02":"2026-01"].mean()) < 0.06


def test_their_conversations_turn_on_first_contact_from_the_month_it_began(demo: Path) -> None:
    talks = all_of(demo, "coaching")
    desk = talks.loc[(talks["manager"] == "A0009") & talks["metric"].notna()]
    assert set(desk.loc[desk["m"] >= "2026-02", "metric"]) == {"solved_first_contact"}
    assert len(set(desk.loc[desk["m"] < "2026-02", "metric"])) > 2


def test_one_manager_records_no_conversation_since_april(demo: Path, truths: DemoTruths) -> None:
    talks = all_of(demo, "coaching")
    manager = truths["coaching_stopped"].unit_ids[0]
    held = talks.loc[talks["manager"] == manager].groupby("m").size()
    assert held.index.max() == "2026-03"
    assert held.loc["2025-04":].min() >= 2
    others = talks.loc[(talks["m"] >= "2026-04") & (talks["manager"] != manager)].groupby("manager")["m"].nunique()
    assert others.loc[["A0005", "A0008", "A0009", "A0010"]].min() == 7


def test_that_managers_team_knows_less_why_two_months_later(demo: Path, truths: DemoTruths) -> None:
    fall = truths["belief_fell"]
    answers = all_of(demo, "pulse")
    team = answers.loc[answers["respondent"].isin(["A0021", "A0022", "A0023", "A0024"])]
    before = team.loc[team["m"].between("2025-06", "2026-05"), "goals_matter"].mean()
    after = team.loc[team["m"].between("2026-06", "2026-09"), "goals_matter"].mean()
    assert fall.size is not None
    assert after - before == pytest.approx(fall.size, abs=0.6)


def test_new_hires_ramp_and_one_of_them_at_half_the_pace(orders: pd.DataFrame, truths: DemoTruths) -> None:
    def taken(associate: str, months: tuple[str, str]) -> int:
        mine = orders.loc[orders["seller"].isin(codes_of(associate)) & orders["m"].between(*months)]
        return mine["order_id"].nunique()

    normal, slow = truths["normal_ramp_1"].unit_ids[0], truths["slow_ramp"].unit_ids[0]
    assert taken(normal, ("2026-06", "2026-07")) < taken(normal, ("2026-09", "2026-10"))
    assert taken(slow, ("2026-05", "2026-09")) < 0.7 * taken(normal, ("2026-06", "2026-10"))
    assert taken(slow, ("2023-11", "2026-04")) == 0


def test_past_hires_started_low_so_that_a_ramp_can_be_learnt(orders: pd.DataFrame, truths: DemoTruths) -> None:
    sellers = [one for one in truths["past_hires"].unit_ids if one in ("A0012", "A0019", "A0022", "A0028")]
    assert len(sellers) == 4
    for associate in sellers:
        mine = orders.loc[orders["seller"].isin(codes_of(associate))].groupby("m")["order_id"].nunique()
        assert mine.iloc[:2].mean() < 0.75 * mine.iloc[6:18].mean(), associate


def test_nobody_in_the_role_ever_came_near_the_impossible_expectation(orders: pd.DataFrame, truths: DemoTruths) -> None:
    impossible = truths["impossible_expectation"]
    table = pd.read_csv(CONFIG / "team-expectations-2026.csv", dtype=str)
    rows = table.loc[(table["unit"] == impossible.unit_ids[0]) & (table["metric"] == "revenue")]
    assert rows["month"].tolist() == ["2026-10", "2026-11", "2026-12"]
    assert rows[["why", "owner"]].notna().all(axis=None)
    role = [code for n in range(17, 21) for code in codes_of(f"A{n:04d}")]
    best = orders.loc[orders["seller"].isin(role)].groupby(["seller", "m"])["part"].sum().max()
    assert rows["value"].astype(float).min() > 1.4 * best


def test_exactly_three_of_one_team_answered_in_the_last_month(demo: Path, hr: pd.DataFrame, truths: DemoTruths) -> None:
    team = truths["three_answers"].unit_ids[0]
    answers = all_of(demo, "pulse").query("m == '2026-10'")
    members = set(hr.loc[(hr["team"] == team) & hr["valid_to"].isna(), "associate"])
    assert len(members) == 5
    assert len(members & set(answers["respondent"])) == 3
    assert len(answers) == answers["respondent"].nunique() > 25


def test_one_person_moves_teams_in_mid_month(hr: pd.DataFrame, truths: DemoTruths) -> None:
    spells = hr.loc[hr["associate"] == truths["moved_mid_month"].unit_ids[0]]
    assert spells[["team", "manager", "valid_from"]].to_numpy().tolist()[1] == ["FN", "A0005", "2026-10-14"]
    assert spells.iloc[0][["team", "valid_to"]].tolist() == ["FS", "2026-10-13"]


def test_a_long_absence_has_no_available_day_and_no_sale(
    demo: Path, orders: pd.DataFrame, truths: DemoTruths
) -> None:  # fmt: skip
    absence = truths["long_absence"]
    days = all_of(demo, "availability")
    mine = days.loc[days["associate"] == absence.unit_ids[0]].set_index("m")["available_days"]
    assert mine.loc[str(absence.first) : str(absence.last)].tolist() == [0, 0, 0, 0]
    assert mine.drop(index=["2026-01", "2026-02", "2026-03", "2026-04"]).min() > 8
    sold = orders.loc[orders["seller"].isin(codes_of(absence.unit_ids[0])), "m"]
    assert not sold.between(str(absence.first), str(absence.last)).any()
    assert {"2025-12", "2026-05"} <= set(sold)


def test_who_left_in_mid_month_sells_until_then(orders: pd.DataFrame, hr: pd.DataFrame, truths: DemoTruths) -> None:
    who = truths["left_mid_month"].unit_ids[0]
    assert hr.loc[hr["associate"] == who, ["leave_date", "valid_to"]].to_numpy().tolist() == [["2026-10-16"] * 2]
    last = orders.loc[orders["seller"].isin(codes_of(who)), "order_date"].max()
    assert "2026-10-01" <= last <= "2026-10-16"


def test_the_rehired_comes_back_with_another_code_and_the_old_one_is_given_out_again(
    orders: pd.DataFrame, hr: pd.DataFrame, truths: DemoTruths
) -> None:
    who = truths["rehired"].unit_ids[0]
    assert hr.loc[hr["associate"] == who, "hire_date"].nunique() == 2
    old, new = codes_of(who)
    assert orders.loc[orders["seller"] == new, "order_date"].min() >= "2025-01-13"
    days = orders.loc[orders["seller"] == old, "order_date"]
    assert not days.between("2024-06-01", "2026-05-31").any()
    identities = pd.read_csv(CONFIG / "identities.csv", dtype=str).query("source_id == @old")
    assert set(identities["associate"]) == {who, "A0016"}


def test_promotion_interim_lead_contractor_and_merger_stand_in_hr(hr: pd.DataFrame, truths: DemoTruths) -> None:
    lead = hr.loc[hr["associate"] == truths["promoted_to_lead"].unit_ids[0]]
    assert lead["role"].tolist() == ["Technical agent", "Team lead technical service"]
    promoted = hr.loc[hr["associate"] == truths["promoted"].unit_ids[0]]
    assert promoted.iloc[-1][["role", "valid_from"]].tolist() == ["Senior inside sales", "2026-10-01"]
    interim = hr.loc[(hr["interim_manager"] == truths["interim_manager"].unit_ids[0])]
    assert set(interim["associate"]) == {"A0018", "A0019", "A0020"}
    contractor = hr.loc[hr["contract"] == "contractor", "associate"].unique().tolist()
    assert contractor == list(truths["contractor"].unit_ids)
    merged = hr.loc[hr["team"].isin(["IN", "IO"])]
    assert set(merged["valid_to"]) <= {"2025-03-31"}
    now = hr.loc[hr["valid_to"].isna(), "team"].value_counts()
    assert set(now.index) == {"MG", "FN", "KA", "FS", "IS", "SD", "TS"}


def test_the_new_ticket_system_shortens_first_response(tickets: pd.DataFrame, truths: DemoTruths) -> None:
    system = truths["new_ticket_system"]
    before = tickets.loc[tickets["m"] < str(system.first), "first_response_hours"].median()
    after = tickets.loc[tickets["m"] >= str(system.first), "first_response_hours"].median()
    assert after / before - 1 == pytest.approx(system.size, abs=0.05)


@pytest.mark.parametrize(
    ("size", "has", "lacks"),
    [
        (10, {"market_shift", "decline", "coaching_worked"}, {"three_answers", "moved_mid_month", "contractor"}),
        (40, {"three_answers", "contractor", "teams_merged", "slow_ramp"}, set()),
    ],
    ids=["ten people", "forty people"],
)
def test_only_what_the_people_there_can_show_is_said_to_be_planted(
    tmp_path: Path, size: int, has: set[str], lacks: set[str]
) -> None:
    truths = write_demo_extracts(tmp_path, associates=size, months=1)
    assert all(name in truths for name in has)
    assert not any(name in truths for name in lacks)


def test_a_truth_of_later_months_is_not_there_before(tmp_path: Path) -> None:
    truths = write_demo_extracts(tmp_path, months=1, last=Month(2026, 2))
    assert "coaching_worked" in truths
    assert "market_shift" not in truths
    with pytest.raises(KeyError, match="market_shift"):
        truths["market_shift"]


def test_the_documentation_names_every_truth_and_its_people(truths: DemoTruths) -> None:
    page = (ROOT / "docs" / "demo-company.md").read_text(encoding="utf-8")
    for truth in truths.all:
        assert f"`{truth.name}`" in page, truth.name
        for unit in truth.unit_ids:
            assert unit in page, (truth.name, unit)


def test_the_impossible_expectation_is_one_at_every_seed(tmp_path: Path) -> None:
    write_demo_config(tmp_path / "config", seed=11)
    table = pd.read_csv(tmp_path / "config" / "team-expectations-2026.csv")
    assert table.loc[table["unit"] == "A0018", "value"].min() > 150_000
