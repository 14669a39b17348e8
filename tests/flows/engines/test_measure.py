"""What a month's figures are: hand-computed on tiny extracts, and counted once in every unit on the row's own day."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.checks import Severity
from config.errors import ConfigError
from config.models import Extract, Metric
from config.months import Month
from flows.checks import check_extract
from flows.engines import Measured, measure_month, reconcile, validate_metrics
from tests.flows.tables import (
    OCTOBER,
    config_of,
    identities_of,
    membership_of,
    metric_of,
    sales_extract,
    write_landing,
)
from transforms.columns import FACT_KEY, FACTS
from transforms.stages import Checked

PURPOSE = {"purpose": "coaching", "agreed_with": "council", "from": "2026-10-01"}
PEOPLE = membership_of(
    ("A", "associate", "A", "", ""), ("A", "team", "North", "", ""), ("A", "manager", "M", "", ""),
    ("B", "associate", "B", "", ""), ("B", "team", "North", "", ""), ("B", "manager", "M", "", ""),
    ("C", "associate", "C", "", ""), ("C", "team", "South", "", ""),
)  # fmt: skip
SEPTEMBER = OCTOBER.shift(-1)


class Company:
    """A company with one extract, measured from texts to facts."""

    def __init__(self, folder: Path, metrics: Mapping[str, Metric], **extract: Any) -> None:
        self.folder = folder
        self.config = config_of({"sales": sales_extract(**extract)}, metrics)
        self.checked: list[Checked] = []

    def extract(self, columns: Mapping[str, Sequence[Any]], month: Month = OCTOBER) -> "Company":
        landing = write_landing(self.folder / "landings", columns, month=month)
        self.checked.append(check_extract(landing, self.config, self.folder / "checked"))
        return self

    def measure(
        self, membership: pd.DataFrame = PEOPLE, identities: pd.DataFrame | None = None, threads: int = 2
    ) -> Measured:
        known = identities_of() if identities is None else identities
        return measure_month(self.config, OCTOBER, {"sales": self.checked}, membership, known, threads=threads)


def figures(measured: Measured, metric: str = "m", *, segment: str = "all", column: str = "value") -> dict[str, float]:
    facts = measured.facts
    found = facts.loc[(facts["metric"] == metric) & (facts["segment"] == segment)]
    return {
        f"{kind} {unit}": value
        for kind, unit, value in zip(found["unit_kind"], found["unit_id"], found[column], strict=True)
    }


COLUMNS = {
    "id": "id",
    "seller": "id",
    "day": "date",
    "amount": "money",
    "won": "boolean",
    "kind": "text",
    "hours": "number",
}
ROWS: dict[str, list[Any]] = {
    "id": ["1", "2", "3", "4", "5", "6"],
    "seller": ["A", "A", "A", "B", "B", "C"],
    "day": ["2026-10-01", "2026-10-05", "2026-10-31", "2026-10-02", "2026-10-02", "2026-10-03"],
    "amount": ["10", "20", "60", "-5", "", "7"],
    "won": ["yes", "no", "yes", "yes", "", "no"],
    "kind": ["new", "old", "new", "new", "new", "old"],
    "hours": ["0.1", "0.2", "0", "0.7", "1", "0.5"],
}


@pytest.mark.parametrize(
    ("declared", "north", "numerator", "denominator", "rows"),
    [
        ({"value": "sum(amount)"}, 85, 85, None, 5),
        ({"value": "sum(amount)", "where": "kind = 'new'"}, 65, 65, None, 4),
        ({"value": "sum(amount) FILTER (WHERE won)"}, 65, 65, None, 5),
        ({"value": "sum(amount) FILTER (WHERE won)", "where": "kind = 'new' AND amount > 0"}, 70, 70, None, 2),
        ({"value": "sum(CASE WHEN kind = 'old' THEN amount END)"}, 20, 20, None, 5),
        ({"value": "sum(hours)"}, 2, 2, None, 5),
        ({"value": "count(*)"}, 5, 5, None, 5),
        ({"value": "count(*)", "where": "won"}, 3, 3, None, 3),
        ({"value": "count(amount)"}, 4, 4, None, 5),
        ({"value": "count(DISTINCT seller)"}, 2, 2, None, 5),
        ({"value": "avg(amount)"}, 85 / 4, 85, 4, 5),
        ({"value": "avg(amount)", "where": "amount > 0"}, 30, 90, 3, 3),
        ({"value": "avg(amount) * 2"}, 42.5, 42.5, None, 5),
        ({"value": "median(amount)"}, 15, None, 4, 5),
        ({"value": "quantile_cont(amount, 0.25)"}, 6.25, None, 4, 5),
        ({"value": "min(amount)"}, -5, None, 4, 5),
        ({"value": "max(amount) - min(amount)"}, 65, 65, None, 5),
        ({"value": "sum(amount) / count(*)"}, 17, 85, 5, 5),
        ({"value": "100.0 * count_if(won) / nullif(count(won), 0)"}, 75, 300, 4, 5),
        ({"numerator": "sum(amount)", "denominator": "sum(hours)"}, 42.5, 85, 2, 5),
        ({"numerator": "count(*) FILTER (WHERE won)", "denominator": "count(won)"}, 0.75, 3, 4, 5),
        ({"numerator": "sum(amount) - sum(hours)", "denominator": "count(*)"}, 16.6, 83, 5, 5),
        ({"value": "sum(amount / nullif(hours, 0))"}, 100 + 100 - 7.14285714, 192.85714286, None, 5),
        ({"value": "sum(amount / hours)", "where": "seller = 'A'"}, 200, 200, None, 3),
        ({"value": "avg(DISTINCT CASE WHEN amount > 10 THEN 2 ELSE 4 END)"}, 3, 6, 2, 5),
        ({"value": "stddev_pop(amount)", "where": "amount > 10"}, 20, 20, None, 2),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else None,
)  # fmt: skip
def test_each_kind_of_metric(
    tmp_path: Path,
    declared: dict[str, Any],
    north: float,
    numerator: float | None,
    denominator: float | None,
    rows: int,
) -> None:
    company = Company(tmp_path, {"m": metric_of(**declared)}, columns=COLUMNS).extract(ROWS)
    measured = company.measure()
    assert figures(measured)["team North"] == pytest.approx(north, abs=1e-8)
    for column, expected in (("numerator", numerator), ("denominator", denominator)):
        found = figures(measured, column=column)["team North"]
        assert math.isnan(found) if expected is None else found == pytest.approx(expected, abs=1e-8)
    assert figures(measured, column="rows")["team North"] == rows
    assert figures(measured)["manager M"] == figures(measured)["team North"]
    assert measured.failed == ()


def test_sums_are_exact_where_floats_are_not(tmp_path: Path) -> None:
    rows = {
        "id": [str(n) for n in range(10)], "seller": ["A"] * 10, "day": ["2026-10-01"] * 10,
        "amount": ["0.1"] * 10, "hours": ["0.3", "0.6", "0.1", *["0"] * 7],
    }  # fmt: skip
    metrics = {"m": metric_of(value="sum(amount)"), "h": metric_of(value="sum(hours)")}
    columns = {"id": "id", "seller": "id", "day": "date", "amount": "money", "hours": "number"}
    measured = Company(tmp_path, metrics, columns=columns).extract(rows).measure()
    assert sum([0.1] * 10) != 1.0
    assert figures(measured)["team North"] == 1.0
    assert figures(measured, "h")["team North"] == 1.0


def test_a_ratio_without_a_denominator_has_no_value_but_its_rows(tmp_path: Path) -> None:
    rows = {**ROWS, "won": ["", "", "", "", "", "yes"]}
    metrics = {"m": metric_of(numerator="count(*) FILTER (WHERE won)", denominator="count(won)")}
    measured = Company(tmp_path, metrics, columns=COLUMNS).extract(rows).measure()
    assert math.isnan(figures(measured)["team North"])
    assert figures(measured, column="denominator")["team North"] == 0
    assert figures(measured, column="rows")["team North"] == 5


def test_a_teams_rate_is_that_of_its_rows_and_no_mean_of_rates(tmp_path: Path) -> None:
    metrics = {"m": metric_of(numerator="count_if(won)", denominator="count(won)", individual=PURPOSE)}
    measured = Company(tmp_path, metrics, columns=COLUMNS).extract(ROWS).measure()
    found = figures(measured)
    assert (found["associate A"], found["associate B"]) == (2 / 3, 1)
    assert found["team North"] == 3 / 4 != (2 / 3 + 1) / 2


def test_associates_are_shown_only_for_a_purpose_that_already_holds(tmp_path: Path) -> None:
    metrics = {
        "never": metric_of(value="count(*)"),
        "now": metric_of(value="count(*)", individual=PURPOSE),
        "later": metric_of(value="count(*)", individual={**PURPOSE, "from": "2026-10-02"}),
    }
    facts = Company(tmp_path, metrics, columns=COLUMNS).extract(ROWS).measure().facts
    alone = facts.loc[facts["unit_kind"] == "associate", "metric"]
    assert set(alone) == {"now"}


def test_who_sold_nothing_sold_0_and_has_no_rate(tmp_path: Path) -> None:
    rows = {name: values[5:] for name, values in ROWS.items()}
    metrics = {
        "m": metric_of(value="sum(amount)", individual=PURPOSE),
        "n": metric_of(value="count(DISTINCT seller)"),
        "rate": metric_of(numerator="count_if(won)", denominator="count(won)"),
        "mean": metric_of(value="avg(amount)"),
        "middle": metric_of(value="median(amount)"),
    }
    measured = Company(tmp_path, metrics, columns=COLUMNS).extract(rows).measure()
    found = figures(measured)
    assert (found["associate A"], found["team North"], found["team South"]) == (0, 0, 7)
    assert figures(measured, "n")["team North"] == 0
    assert figures(measured, column="rows")["team North"] == 0
    for name in ("rate", "mean", "middle"):
        assert set(figures(measured, name)) == {"team South", "organisation organisation"}


def test_a_unit_that_was_not_there_in_the_month_has_no_figure(tmp_path: Path) -> None:
    people = membership_of(
        ("A", "team", "Gone", "", "2026-10-01"),
        ("A", "team", "Here", "2026-10-01", ""),
        ("B", "team", "Next", "2026-11-01", ""),
    )
    measured = Company(tmp_path, {"m": metric_of(value="count(*)")}, columns=COLUMNS).extract(ROWS).measure(people)
    assert set(figures(measured)) == {"team Here", "organisation organisation"}


def test_who_moves_within_the_month_counts_where_it_was_on_each_day(tmp_path: Path) -> None:
    people = membership_of(
        ("A", "associate", "A", "", ""), ("A", "team", "North", "", "2026-10-05"),
        ("A", "team", "South", "2026-10-05", ""),
        ("A", "manager", "M", "", ""),
    )  # fmt: skip
    metrics = {"m": metric_of(value="sum(amount)", individual=PURPOSE)}
    found = figures(Company(tmp_path, metrics, columns=COLUMNS).extract(ROWS).measure(people))
    assert (found["team North"], found["team South"]) == (10, 80)  # the move's own day counts in the new team
    assert found["associate A"] == found["manager M"] == 90


def test_returns_make_a_sum_negative(tmp_path: Path) -> None:
    rows = {**ROWS, "amount": ["10", "-20", "-60", "-5", "", "7"]}
    found = figures(Company(tmp_path, {"m": metric_of(value="sum(amount)")}, columns=COLUMNS).extract(rows).measure())
    assert found["team North"] == -75


def test_rows_of_nobody_count_in_the_organisation_alone(tmp_path: Path) -> None:
    rows = {**ROWS, "seller": ["A", "X9", "BOT-1", "team:North", None, "C"]}
    company = Company(tmp_path, {"m": metric_of(value="count(*)")}, columns=COLUMNS, not_people="BOT-*").extract(rows)
    measured = company.measure()
    found = figures(measured)
    assert (found["organisation organisation"], found["team North"], found["team South"]) == (6, 1, 1)
    (account,) = measured.reconciliation
    assert (account.attributed.rows, account.unattributed.rows) == (2, 4)


def test_a_wildcard_of_not_people_means_no_other_sign(tmp_path: Path) -> None:
    rows = {**ROWS, "seller": ["A", "A", "A", "A", "A", "A"]}
    company = Company(tmp_path, {"m": metric_of(value="count(*)")}, columns=COLUMNS, not_people=("_", "%", "a"))
    assert figures(company.extract(rows).measure())["team North"] == 6


def test_ids_of_a_source_are_whose_they_were_on_the_day(tmp_path: Path) -> None:
    identities = identities_of(
        ("crm", "S1", "", "2026-10-05", "A"), ("crm", "S1", "2026-10-05", "", "C"), ("other", "S1", "", "", "B")
    )
    rows = {**ROWS, "seller": ["S1", "S1", "S1", "A", "s1", "S1"]}
    company = Company(tmp_path, {"m": metric_of(value="count(*)")}, columns=COLUMNS, identities="crm").extract(rows)
    found = figures(company.measure(identities=identities))
    # By day: the 1st and 3rd are A's, the 5th and 31st C's. “A” and “s1” are nobody's ids in this source.
    assert (found["team North"], found["team South"], found["organisation organisation"]) == (2, 2, 6)


def test_an_id_that_is_two_people_at_once_is_nobodys(tmp_path: Path) -> None:
    identities = identities_of(
        ("crm", "S1", "", "", "A"), ("crm", "S1", "2026-10-05", "", "C"), ("crm", "S2", "", "", "B")
    )
    rows = {**ROWS, "seller": ["S1", "S1", "S1", "S2", "S2", "S2"]}
    company = Company(tmp_path, {"m": metric_of(value="count(*)")}, columns=COLUMNS, identities="crm").extract(rows)
    measured = company.measure(identities=identities)
    assert figures(measured)["team North"] == 3
    assert "S1 of crm" in next(f for f in measured.findings if f.code == "engine.ambiguous_identity").message


def test_overlapping_memberships_count_a_row_once_and_are_told(tmp_path: Path) -> None:
    people = membership_of(("A", "team", "North", "", "2026-10-20"), ("A", "team", "North", "2026-10-01", ""))
    measured = Company(tmp_path, {"m": metric_of(value="count(*)")}, columns=COLUMNS).extract(ROWS).measure(people)
    assert figures(measured)["team North"] == 3
    finding = next(f for f in measured.findings if f.code == "engine.overlapping_membership")
    assert finding.severity is Severity.CRITICAL


def test_anonymous_rows_of_a_team_count_in_it_and_above_it(tmp_path: Path) -> None:
    people = membership_of(("team:North", "team", "North", "", ""), ("team:North", "manager", "M", "", ""))
    extract = {
        "kind": "pulse", "columns": {"id": "id", "team": "id", "day": "date", "score": "integer", "who": "id"},
        "associate": None, "team": "team", "main_measure": None,
    }  # fmt: skip
    rows = {
        "id": list("12345"), "team": ["North", "North", "North", "South", ""], "day": ["2026-10-01"] * 5,
        "score": ["1", "3", "5", "2", "2"], "who": ["p", "q", "q", "r", "s"],
    }  # fmt: skip
    metrics = {"m": metric_of(value="avg(score)", unit="score", survey={"respondent": "who"})}
    measured = Company(tmp_path, metrics, **extract).extract(rows).measure(people)
    assert figures(measured) == {"team North": 3, "manager M": 3, "organisation organisation": 13 / 5}
    assert figures(measured, column="respondents") == {"team North": 2, "manager M": 2, "organisation organisation": 4}


def test_who_left_the_question_empty_has_not_answered_it(tmp_path: Path) -> None:
    people = membership_of(("team:North", "team", "North", "", ""))
    extract: dict[str, Any] = {
        "kind": "pulse", "columns": {"id": "id", "team": "id", "day": "date", "score": "integer", "who": "id"},
        "associate": None, "team": "team", "main_measure": None,
    }  # fmt: skip
    rows = {
        "id": list("123456"), "team": ["North"] * 6, "day": ["2026-10-01"] * 6,
        "score": ["3", "", "", "", "", ""], "who": list("pqrstu"),
    }  # fmt: skip
    metrics = {"m": metric_of(value="avg(score)", unit="score", survey={"respondent": "who"})}
    measured = Company(tmp_path, metrics, **extract).extract(rows).measure(people)
    assert figures(measured, column="respondents")["team North"] == 1


def test_respondents_are_told_for_surveys_only(tmp_path: Path) -> None:
    measured = Company(tmp_path, {"m": metric_of(value="count(*)")}, columns=COLUMNS).extract(ROWS).measure()
    assert measured.facts["respondents"].isna().all()


def test_segments_stand_beside_all_and_a_segment_named_all_is_renamed(tmp_path: Path) -> None:
    rows = {**ROWS, "kind": ["new", "all", "new", None, "new", "old"]}
    metrics = {"m": metric_of(value="sum(amount)", by_segment=True), "plain": metric_of(value="sum(amount)")}
    measured = Company(tmp_path, metrics, columns=COLUMNS, segment="kind").extract(rows).measure()
    north = {
        s: figures(measured, segment=s).get("team North") for s in ("all", "new", "all (segment)", "(none)", "old")
    }
    assert north == {"all": 85, "new": 70, "all (segment)": 20, "(none)": -5, "old": None}
    assert set(measured.facts.loc[measured.facts["metric"] == "plain", "segment"]) == {"all"}
    assert any(finding.code == "engine.segment_named_all" for finding in measured.findings)


def three_months(folder: Path, months: Sequence[int], **metric: Any) -> Company:
    company = Company(folder, {"m": metric_of(window_months=3, **metric)}, columns=COLUMNS)
    for back in months:
        month = OCTOBER.shift(-back)
        company.extract({**ROWS, "day": [f"{month}-15"] * 6}, month)
    return company


def test_a_window_takes_the_rows_of_its_months_and_no_others(tmp_path: Path) -> None:
    company = three_months(tmp_path, [3, 2, 1, 0], value="sum(amount)")
    assert figures(company.measure())["team North"] == 3 * 85


def test_a_window_counts_by_the_organisation_of_each_day(tmp_path: Path) -> None:
    people = membership_of(
        ("A", "team", "North", "", "2026-10-01"),
        ("A", "team", "South", "2026-10-01", ""),
        ("B", "team", "North", "", ""),
    )
    found = figures(three_months(tmp_path, [2, 1, 0], value="count(*)").measure(people))
    assert (found["team North"], found["team South"]) == (2 * 3 + 3 * 2, 3)


def test_a_sum_over_a_window_with_a_gap_is_withheld_and_a_mean_says_so(tmp_path: Path) -> None:
    summed = three_months(tmp_path / "sum", [2, 0], value="sum(amount)").measure()
    assert summed.facts.empty
    assert {(one.unit_kind, one.unit_id) for one in summed.failed} == {
        ("team", ""),
        ("manager", ""),
        ("organisation", ""),
    }
    assert "2026-09" in summed.failed[0].reason
    mean = three_months(tmp_path / "mean", [2, 0], value="avg(amount)").measure()
    assert figures(mean)["team North"] == 85 / 4
    assert "2 of 3 months" in mean.findings[0].message


def test_without_the_months_extract_its_metrics_are_withheld(tmp_path: Path) -> None:
    measured = three_months(tmp_path, [2, 1], value="avg(amount)").measure()
    assert measured.facts.empty
    assert measured.failed[0].reason == "there is no sales extract of 2026-10"
    assert measured.reconciliation == ()


def test_what_a_metric_depends_on_must_be_there(tmp_path: Path) -> None:
    company = Company(tmp_path, {"m": metric_of(value="count(*)", depends_on="service")}, columns=COLUMNS).extract(ROWS)
    assert company.measure().failed[0].reason == "there is no service extract of 2026-10"


def test_a_column_the_source_lacks_withholds_the_metrics_that_need_it(tmp_path: Path) -> None:
    rows = {name: values for name, values in ROWS.items() if name != "hours"}
    metrics = {"m": metric_of(value="sum(amount)"), "h": metric_of(value="sum(hours)")}
    measured = Company(tmp_path, metrics, columns=COLUMNS).extract(rows).measure()
    assert {one.metric for one in measured.failed} == {"h"}
    assert measured.failed[0].reason == "sales came without hours"
    assert figures(measured)["team North"] == 85


@pytest.mark.parametrize(("window", "withheld"), [(1, False), (2, True)])
def test_a_column_lacking_in_an_earlier_month_matters_in_the_window_alone(
    tmp_path: Path, window: int, withheld: bool
) -> None:
    before = {name: values for name, values in ROWS.items() if name != "hours"} | {"day": ["2026-09-15"] * 6}
    metrics = {"h": metric_of(value="sum(hours)", window_months=window)}
    company = Company(tmp_path, metrics, columns=COLUMNS).extract(before, SEPTEMBER).extract(ROWS)
    assert bool(company.measure().failed) is withheld


def test_a_metric_counts_by_its_own_date_and_rows_without_one_do_not_count(tmp_path: Path) -> None:
    columns = {**COLUMNS, "closed": "timestamp"}
    closed = ["2026-10-05 23:59", "2026-11-01", "2026-09-30 23:59", "", "2026-10-31 23:59:59", "2026-10-01"]
    metrics = {"m": metric_of(value="count(*)", date="closed"), "all": metric_of(value="count(*)")}
    measured = Company(tmp_path, metrics, columns=columns).extract({**ROWS, "closed": closed}).measure()
    assert figures(measured)["organisation organisation"] == 3
    assert figures(measured)["team North"] == 2
    assert figures(measured, "all")["team North"] == 5


DEALS = {
    "columns": {"deal": "id", "seller": "id", "day": "date", "amount": "money", "share": "percent", "kind": "text"},
    "key": ("deal", "seller"),
    "credit": {"deal": "deal", "share": "share"},
    "segment": "kind",
}
DEAL_ROWS: dict[str, list[Any]] = {
    # d1 is shared within North and with South; d2 is A's, with B's overlay beside; d3 is C's; d4 is nobody's.
    "deal": ["d1", "d1", "d1", "d2", "d2", "d3", "d4"],
    "seller": ["A", "B", "C", "A", "B", "C", "X"],
    "day": ["2026-10-01"] * 7,
    "amount": ["100", "100", "100", "50", "50", "8", "3"],
    "share": ["50%", "30%", "20%", "", "1", "0.5", "1"],
    "kind": ["b", "b", "b", "c", "c", "c", "c"],
}


def test_shared_deals_are_credited_once_and_never_above_the_whole(tmp_path: Path) -> None:
    metrics = {
        "m": metric_of(value="sum(amount)", individual=PURPOSE, by_segment=True),
        "n": metric_of(value="count(*)", individual=PURPOSE),
        "size": metric_of(value="avg(amount)"),
        "big": metric_of(value="sum(amount)", where="seller = 'B'"),
        "quota": metric_of(numerator="sum(amount) FILTER (WHERE kind = 'c')", denominator="sum(amount)"),
    }
    measured = Company(tmp_path, metrics, **DEALS).extract(DEAL_ROWS).measure()
    assert figures(measured) == {
        "associate A": 100 * 0.5 + 50, "associate B": 100 * 0.3 + 50, "associate C": 100 * 0.2 + 8 * 0.5,
        "team North": 100 * 0.8 + 50, "team South": 20 + 4, "manager M": 130, "organisation organisation": 161,
    }  # fmt: skip
    assert figures(measured, segment="b")["team North"] == 80
    assert figures(measured, segment="c")["organisation organisation"] == 61
    assert figures(measured, "n") == {
        "associate A": 2, "associate B": 2, "associate C": 2,
        "team North": 2, "team South": 2, "manager M": 2, "organisation organisation": 4,
    }  # fmt: skip
    assert figures(measured, "size")["team North"] == 75
    assert figures(measured, "big")["team North"] == 80
    assert figures(measured, "quota")["team South"] == 4 / 24
    assert figures(measured, column="rows")["team North"] == 2


def test_amounts_too_large_to_add_withhold_that_metric_alone(tmp_path: Path) -> None:
    metrics = {
        "m": metric_of(value="sum(amount)"),
        "big": metric_of(value="sum(CAST(amount AS DECIMAL(38,8)) * 1e29::DECIMAL(38,0))"),
    }
    measured = Company(tmp_path, metrics, columns=COLUMNS).extract(ROWS).measure()
    assert {one.metric for one in measured.failed} == {"big"}
    assert "cannot be computed" in measured.failed[0].reason
    assert figures(measured)["team North"] == 85


@pytest.mark.parametrize(
    ("declared", "key", "says"),
    [
        ({"value": "sum(amount"}, "m.value", "no SQL expression"),
        ({"value": "sum(amuont)"}, "m.value", "Did you mean amount?"),
        ({"value": "amount"}, "m.value", "no aggregate"),
        ({"value": "sum(amount) + hours"}, "m.value", "hours outside of an aggregate"),
        ({"value": "sum(seller)"}, "m.value", "varchar, which has no sum"),
        ({"value": "max(seller)"}, "m", "varchar, no number"),
        ({"value": "sum(sum(amount))"}, "m.value", "aggregate within an aggregate"),
        ({"value": "sum(amount) OVER ()"}, "m.value", "window"),
        ({"value": "(SELECT sum(amount) FROM other)"}, "m.value", "asks another table"),
        ({"value": "count(*)", "where": "amount >"}, "m.where", "no SQL expression"),
        ({"value": "count(*)", "where": "sum(amount) > 1"}, "m.where", "aggregate"),
        ({"value": "count(*)", "where": "day >= today()"}, "m.where", "current_date"),
        ({"value": "count(*)", "where": "day > seller + 1"}, "m", "does not work"),
        ({"numerator": "count(*)", "denominator": "nothing(amount)"}, "m.denominator", "no aggregate"),
        ({"value": "count(*)", "date": "amount"}, "m", "no date"),
        ({"value": "sum(sales.amount)"}, "m.value", "no column"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else None,
)  # fmt: skip
def test_a_definition_that_cannot_work_is_named(declared: dict[str, Any], key: str, says: str) -> None:
    config = config_of(
        {"sales": sales_extract(columns=COLUMNS)}, {"m": metric_of(**declared), "also": metric_of(value="1")}
    )
    with pytest.raises(ConfigError) as error:
        validate_metrics(config)
    assert says.lower() in str(error.value).lower()
    assert f"metrics.yaml ({key})" in str(error.value)
    assert len(error.value.also) == 1  # every fault is found at once


def facts_bytes(measured: Measured) -> bytes:
    return measured.facts.to_csv(index=False, float_format="%r").encode()


def test_facts_do_not_depend_on_threads_row_order_or_what_else_is_measured(tmp_path: Path) -> None:
    count = 20_000
    rows = {
        "id": [str(n) for n in range(count)],
        "seller": [f"S{n * 7 % 50}" for n in range(count)],
        "day": [f"2026-10-{n % 31 + 1:02d}" for n in range(count)],
        "amount": [f"{n * 7919 % 100_000 / 100:.2f}" for n in range(count)],
        "hours": [f"{n * 104_729 % 1_000 / 300:.8f}" for n in range(count)],
        "won": ["yes" if n % 3 else "no" for n in range(count)],
        "kind": ["new" if n % 5 else "old" for n in range(count)],
    }
    people = membership_of(
        *[
            (f"S{n}", kind, unit, "", "")
            for n in range(50)
            for kind, unit in (("associate", f"S{n}"), ("team", f"T{n % 7}"))
        ]
    )
    metrics = {
        "m": metric_of(value="sum(amount / hours)", individual=PURPOSE),
        "r": metric_of(numerator="sum(amount)", denominator="sum(hours)", by_segment=True),
        "q": metric_of(value="median(amount)"), "s": metric_of(value="stddev(hours)"),
        "c": metric_of(value="corr(amount, hours)"),
    }  # fmt: skip
    company = Company(tmp_path, metrics, columns=COLUMNS, segment="kind").extract(rows)
    one = company.measure(people, threads=1)
    assert facts_bytes(one) == facts_bytes(company.measure(people, threads=2))
    assert facts_bytes(one) == facts_bytes(company.measure(people.iloc[::-1], threads=2))
    backwards = Company(tmp_path / "backwards", metrics, columns=COLUMNS, segment="kind")
    backwards.extract({name: values[::-1] for name, values in rows.items()})
    exact = {"m", "r", "q"}
    first, second = (m.facts.loc[m.facts["metric"].isin(exact)] for m in (one, backwards.measure(people)))
    pd.testing.assert_frame_equal(first.reset_index(drop=True), second.reset_index(drop=True), check_exact=True)


def test_facts_are_shaped_keyed_and_sorted(tmp_path: Path) -> None:
    metrics = {
        "z": metric_of(value="count(*)", by_segment=True),
        "a": metric_of(value="sum(amount)", individual=PURPOSE),
    }
    facts = Company(tmp_path, metrics, columns=COLUMNS, segment="kind").extract(ROWS).measure().facts
    assert dict(facts.dtypes.astype(str)) == dict(FACTS)
    assert not facts.duplicated(list(FACT_KEY)).any()
    assert facts.equals(facts.sort_values(list(FACT_KEY), ignore_index=True))


SELLERS = st.sampled_from(["A", "B", "C", "X", ""])
AMOUNTS = st.sampled_from(["1", "2.25", "-4", "", "oops"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(SELLERS, AMOUNTS, st.integers(1, 31)), max_size=15), move=st.integers(1, 31))
def test_teams_add_up_to_the_attributed_and_all_is_accounted_for(
    tmp_path: Path, rows: list[tuple[str, str, int]], move: int
) -> None:
    moved = f"2026-10-{move:02d}"
    people = membership_of(
        ("A", "team", "North", "", moved), ("A", "team", "South", moved, ""),
        ("B", "team", "North", "", ""), ("C", "team", "South", moved, "")
    )  # fmt: skip
    company = Company(tmp_path, {"m": metric_of(value="sum(amount)"), "n": metric_of(value="count(*)")}).extract(
        {
            "id": [str(n) for n in range(len(rows))], "seller": [seller for seller, _, _ in rows],
            "day": [f"2026-10-{day:02d}" for _, _, day in rows], "amount": [amount for _, amount, _ in rows],
        }
    )  # fmt: skip
    measured = company.measure(people)
    (account,) = measured.reconciliation
    assert account.adds_up
    assert account.source.rows == len(rows)
    if rows and account.quarantined.rows == len(rows):  # no figure is better than a false 0
        assert {(one.metric, one.reason) for one in measured.failed} == {
            ("m", "every row of sales was set aside"), ("n", "every row of sales was set aside")
        }  # fmt: skip
        return
    for metric, attributed, unattributed in (
        ("m", account.attributed.measure, account.unattributed.measure),
        ("n", account.attributed.rows, account.unattributed.rows),
    ):
        found = figures(measured, metric)
        assert found["team North"] + found["team South"] == float(attributed)
        assert found["organisation organisation"] == float(attributed + unattributed)


def test_reconciling_alone_says_the_same_and_leaves_out_hr(tmp_path: Path) -> None:
    company = Company(tmp_path, {"m": metric_of(value="count(*)")}, columns=COLUMNS).extract(
        {**ROWS, "amount": ["1", "x", "3", "4", "5", "6"]}
    )
    (account,) = reconcile(company.config, OCTOBER, {"sales": company.checked}, PEOPLE, identities_of())
    assert account == company.measure().reconciliation[0]
    assert (account.source.rows, account.quarantined.rows, account.attributed.measure) == (6, 1, Decimal(19))
    hr = Extract.model_validate({"kind": "hr", "source": {"files": "hr.csv"}, "columns": {"associate": "id"}})
    config = config_of({"sales": hr}, {})
    assert reconcile(config, OCTOBER, {"sales": company.checked}, PEOPLE, identities_of()) == ()


def test_the_same_months_may_be_handed_in_any_order(tmp_path: Path) -> None:
    company = three_months(tmp_path, [2, 1, 0], value="sum(amount)")
    first = company.measure()
    company.checked = [replace(one) for one in reversed(company.checked)]
    assert facts_bytes(company.measure()) == facts_bytes(first)
