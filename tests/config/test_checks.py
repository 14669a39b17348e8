"""Good checks, corrections and control extracts load as written, and are part of the configuration's hash."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.checks import Check, ColumnType, Correction, Severity, Suite
from config.errors import ConfigError
from config.loader import config_files, load_config
from config.models import Config, ExtractKind
from config.months import Month
from tests.config.minimal import FILES, write_minimal
from tests.config.test_broken_checks import EXTRACTS
from tests.config.test_loader import told_of

CHECKS = """\
orders:
  set_aside_limit: 0.1
  over_time: false
  checks:
    - column: amount
      between: {min: -500, max: 250000.5}
      severity: critical
      tolerance: 0.01
      why: The largest order there ever was
    - {column: sold_on, between: {min: 2020-01-01, max: 2030-12-31}, where: amount > 0}
    - {column: segment, one_of: [B2B, B2C]}
    - {column: order_id, matches: '[A-Z]{2}\\d{6}', set_aside: false}
    - {column: [order_id, segment], unique: true, severity: info}
    - {column: sold_by, refers_to: {extract: hr}}
    - {name: sold_in_a_visit, column: order_id, refers_to: {extract: visits, column: visit_id}}
    - {name: large_are_b2b, condition: amount < 10000 or segment = 'B2B'}
    - {rows: {min: 10, max: 100000}}
    - {column: amount, of_type: money}
  accepted:
    - {check: amount_unlike_months_before, month: 2026-03, why: The shop moved, by: Sales director}
visits:
  checks:
    - {column: begun, in_month: true}
    - {column: begun, between: {min: 2020-01-01}}
    - {column: share, between: {min: 0, max: 1}}
    - {column: note, plain: true}
    - {condition: "leg in (1, 2) and open"}
people:
  checks:
    - {column: team, not_null: true}
"""
CORRECTIONS = """\
extract,key,column,old,new,reason,owner
orders,0017,amount,1000,100.00,"Typed with a nought too many,
says the seller",Shop
orders,0018,segment, B2B,B2B,A space before it,Shop
visits,7|1,note,,none,Left empty,Service
visits,7|2,note, ,,Only a space,Service
"""


def loaded(directory: Path, **files: str) -> Config:
    return load_config(write_minimal(directory, **{"extracts": EXTRACTS, **files}))


def test_suites_are_taken_as_written(tmp_path: Path) -> None:
    config = loaded(tmp_path, checks=CHECKS)
    assert list(config.suites) == ["orders", "visits", "people"]
    orders = config.suite("orders")
    assert (orders.set_aside_limit, orders.over_time) == (Decimal("0.1"), False)
    amount, sold_on, *_ = orders.checks
    assert amount.between is not None
    assert (amount.between.min, amount.between.max) == (Decimal(-500), Decimal("250000.5"))
    assert (amount.severity, amount.tolerance) == (Severity.CRITICAL, Decimal("0.01"))
    assert sold_on.between is not None
    assert (sold_on.between.min, sold_on.between.max) == (date(2020, 1, 1), date(2030, 12, 31))
    assert [check.title for check in orders.checks] == [
        "amount_between", "sold_on_between", "segment_one_of", "order_id_matches", "order_id_segment_unique",
        "sold_by_refers_to", "sold_in_a_visit", "large_are_b2b", "rows", "amount_of_type",
    ]  # fmt: skip
    assert (orders.accepted[0].check, orders.accepted[0].month) == ("amount_unlike_months_before", Month(2026, 3))


def test_an_extract_that_checks_yaml_does_not_name_has_the_defaults(tmp_path: Path) -> None:
    config = loaded(tmp_path, checks="visits:\n  over_time: false\n")
    assert (config.suite("orders"), config.suite("visits").over_time) == (Suite(), False)


def test_without_the_files_there_are_no_suites_and_no_corrections(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    assert (config.suites, config.corrections) == ({}, ())


def test_corrections_know_their_line_and_keep_every_space_of_what_the_source_says(tmp_path: Path) -> None:
    found = loaded(tmp_path, corrections=CORRECTIONS).corrections
    assert [one.line for one in found] == [2, 4, 5, 6]
    assert (found[0].key, found[0].old, found[0].new) == ("0017", "1000", "100.00")
    assert found[0].reason == "Typed with a nought too many,\nsays the seller"
    assert [one.old for one in found[1:]] == [" B2B", "", " "]
    assert found[3].key == "7|2"
    same = Correction(extract="orders", key="1", column="amount", old="1", new="2", reason="Typing", owner="Shop")
    assert "line" not in same.model_dump()


@pytest.mark.parametrize("name", ["checks.yaml", "corrections.csv"])
def test_the_hash_changes_when_either_file_comes_changes_or_goes(tmp_path: Path, name: str) -> None:
    without = loaded(tmp_path).sha256
    texts = {"checks.yaml": CHECKS, "corrections.csv": CORRECTIONS}
    path = tmp_path / name
    path.write_text(texts[name], encoding="utf-8")
    config = load_config(tmp_path)
    assert config.sha256 != without
    assert path in config_files(tmp_path, config)
    path.write_text(texts[name].replace("100000", "99999").replace("none", "nothing"), encoding="utf-8")
    assert load_config(tmp_path).sha256 not in (without, config.sha256)
    path.unlink()
    assert load_config(tmp_path).sha256 == without


@pytest.mark.parametrize(
    ("named", "right"),
    [
        ("check.yaml", "checks.yaml"),
        ("checks.yml", "checks.yaml"),
        ("Checks.yaml", "checks.yaml"),
        ("correction.csv", "corrections.csv"),
        ("corrections.yaml", "corrections.csv"),
    ],
)
def test_a_misnamed_file_is_not_passed_over(tmp_path: Path, named: str, right: str) -> None:
    directory = write_minimal(tmp_path)
    (directory / named).write_text("orders: {}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(directory)
    assert f"{named} is not read: the file is called {right}. Rename it to {right}." in str(caught.value)


def test_a_control_extract_knows_its_types_and_its_date(tmp_path: Path) -> None:
    second = """\
shop_totals:
  kind: control
  source: {url: "${SHOP}", table: totals, month_by: month}
  columns: {extract: {}, month: {}, total: {from: Sum}, currency: {}}
"""
    config = loaded(tmp_path, extracts=EXTRACTS + second)
    totals = config.extracts["totals"]
    assert totals.kind is ExtractKind.CONTROL
    assert {name: column.type for name, column in totals.columns.items()} == {
        "extract": ColumnType.ID, "month": ColumnType.DATE, "rows": ColumnType.INTEGER, "total": ColumnType.NUMBER,
    }  # fmt: skip
    assert (totals.date, totals.columns["rows"].source) == ("month", "Count")
    assert config.extracts["shop_totals"].date == "month"


def test_a_rule_of_corrections_speaks_of_texts(tmp_path: Path) -> None:
    rules = """\
  correct:
    - where: try_cast(amount as decimal(18, 2)) > 1000 and sold_on like '2026-03-%'
      set:
        amount: try_cast(amount as decimal(18, 2)) / 100
        segment: "'B2B'"
        sold_by: upper(trim(SOLD_BY))
      why: The till counted cents in March
      owner: Shop
      from: 2026-03
      to: 2026-03
"""
    orders = loaded(tmp_path, extracts=EXTRACTS.replace("visits:\n", f"{rules}visits:\n", 1)).extracts["orders"]
    rule = orders.correct[0]
    assert list(rule.put) == ["amount", "segment", "sold_by"]
    assert (rule.start, rule.end) == (Month(2026, 3), Month(2026, 3))


def test_a_metric_may_depend_on_extracts_and_on_checks(tmp_path: Path) -> None:
    """Checks over time have names that the configuration cannot know."""
    metrics = FILES["metrics.yaml"].replace("unit:", "depends_on: [visits, orders.rows_unlike_before]\n  unit:", 1)
    config = loaded(tmp_path, metrics=metrics)
    assert config.metrics["revenue"].depends_on == ("visits", "orders.rows_unlike_before")


@pytest.mark.parametrize(
    "check",
    [
        Check(column=("amount",), not_null=True),
        Check(column=("a", "b"), unique=True),
        Check(name="mine", condition="a > 0"),
    ],
    ids=lambda check: check.title,
)
def test_the_title_is_the_name_or_columns_and_kind(check: Check) -> None:
    assert check.title == (check.name or "_".join([*check.column, check.kind]))


_SCALARS = st.sampled_from(
    ["", "[]", "{}", "[1, 2]", "{a: 1}", "3", "-1", "1.5", ".nan", "true", "null", "x", "2026-01-01", "'*'", "'('"]
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CHECKS.splitlines()), st.integers(0, 3), _SCALARS)
def test_any_value_in_any_place_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, line: str, key: int, value: str
) -> None:
    """Nothing that can be typed is a crash, or is told in the words of a library."""
    parts = line.split(": ")
    at = min(key, len(parts) - 1)
    ending = "}" * (line.count("}") - line.count("{")) if at == len(parts) - 1 else ""
    broken = ": ".join([*parts[:at], f"{value}{ending}", *parts[at + 1 :]])
    directory = tmp_path_factory.mktemp("any")
    told = told_of(lambda: loaded(directory, checks=CHECKS.replace(line, broken, 1)))
    assert not told or "checks.yaml" in told
    assert "pydantic" not in told
    assert "Input should" not in told


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_text_as_pattern_condition_or_correction_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    checks = f"orders:\n  checks:\n    - {{column: segment, matches: {quoted}}}\n    - {{condition: {quoted}}}\n"
    rules = f"  correct:\n    - {{where: {quoted}, set: {{amount: {quoted}}}, why: Any text, owner: Shop}}\n"
    directory = write_minimal(tmp_path_factory.mktemp("any"), extracts=None)
    for name, content in (
        ("checks.yaml", checks),
        ("extracts.yaml", EXTRACTS.replace("visits:\n", f"{rules}visits:\n")),
    ):
        (directory / name).write_bytes(content.encode("utf-8", "surrogatepass"))
    told = told_of(lambda: load_config(directory))
    assert not told or "checks.yaml" in told or "extracts.yaml" in told
