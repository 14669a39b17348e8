"""A good configuration loads as it was written, and its hash says which configuration it was."""

import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.csv_tables import read_table
from config.delivery import Delivery
from config.errors import ConfigError
from config.loader import config_files, load_config
from config.models import ColumnType, DatabaseSource, Expectations, Identity, QuerySource
from config.months import Month
from config.secrets import resolve_secrets
from config.yaml_places import read_yaml
from tests.config.minimal import FILES, changed, write_minimal


def test_the_minimal_configuration_loads(tmp_path: Path) -> None:
    config = load_config(write_minimal(tmp_path))
    name, hr = config.hr()
    assert name == "people"
    assert hr.columns["valid_from"].type is ColumnType.DATE
    assert hr.columns["associate"].source == "Personnel No"
    assert config.extracts["orders"].key == ("order_id",)
    assert (config.expectations, config.delivery) == (Expectations(), Delivery())
    assert config.directory == tmp_path


def test_values_are_taken_as_written(tmp_path: Path) -> None:
    directory = write_minimal(
        tmp_path,
        company=FILES["company.yaml"] + "holidays: NO\n",
        expectations="rules:\n"
        "  - {name: a, metric: revenue, rule: last_year, growth: 0.03, from: 2026-01, units: '7'}\n",
        identities="source,source_id,valid_from,valid_to,associate\ncrm,0017,,2026-03-31,A1\ncrm,0017,2026-04-01,,A2\n",
        decisions="decided_on,kind,unit_kind,unit_id,metric,month,decided_by,reason,value\n"
        '2026-02-01,correction,associate,0017,revenue,2026-01,Owner,"Late, but right",12.30\n',
    )
    config = load_config(directory)
    assert config.company.holidays == "NO", "YAML 1.1 would read no"
    rule = config.expectations.rules[0]
    assert (rule.growth, rule.start, rule.units) == (Decimal("0.03"), Month(2026, 1), ("7",))
    assert [one.source_id for one in config.identities] == ["0017", "0017"]
    decision = config.decisions[0]
    assert (decision.unit_id, decision.value, decision.reason) == ("0017", Decimal("12.30"), "Late, but right")


_DATABASE = """\
    url: postgresql://shop:${SHOP_PASSWORD}@host/shop
    table: orders
    month_by: sold_on
"""
_QUERY = """\
    tables:
      a: {files: "a/{month}.csv"}
      b: {url: "${SHOP}", table: b}
    query: with c as (select * from a) select * from c join b using (order_id) where d >= :month_start
"""


@pytest.mark.parametrize(
    ("source", "kind"), [(_DATABASE, DatabaseSource), (_QUERY, QuerySource)], ids=["database", "query"]
)
def test_other_sources_load_and_secrets_stay_unresolved(tmp_path: Path, source: str, kind: type) -> None:
    extracts = changed("extracts.yaml", "    files: orders/{month}.csv\n", source)
    read = load_config(write_minimal(tmp_path, extracts=extracts)).extracts["orders"].source
    assert isinstance(read, kind)
    assert "${SHOP" in str(read)


@pytest.mark.parametrize(
    ("key", "expression"),
    [
        ("value", "count(*)"),
        ("value", "count(distinct order_id)"),
        ("value", "sum(amount) filter (where segment = 'B2B')"),
        ("value", "median(AMOUNT)"),
        ("value", "quantile_cont(amount, 0.9)"),
        ("value", "avg(case when amount > 100 then 1 else 0 end)"),
    ],
)
def test_aggregates_over_declared_columns_are_accepted(tmp_path: Path, key: str, expression: str) -> None:
    metrics = changed("metrics.yaml", "value: sum(amount)", f"{key}: {expression}")
    assert load_config(write_minimal(tmp_path, metrics=metrics)).metrics["revenue"].value == expression


def test_a_byte_order_mark_and_windows_line_ends_are_allowed(tmp_path: Path) -> None:
    directory = write_minimal(tmp_path, identities="source;source_id;associate;;\r\ncrm;1;A1;;\r\n")
    for path in (directory / "company.yaml", directory / "identities.csv"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\r", b"").replace(b"\n", b"\r\n"))
    config = load_config(directory)
    assert config.company.name == "Minimal"
    assert config.identities == (Identity(source="crm", source_id="1", associate="A1"),)


def test_anchors_and_merges_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("one: &one {a: 1, b: 2}\ntwo: {<<: *one, b: 3}\n")
    document, faults = read_yaml(path)
    assert (document.value["two"], faults) == ({"b": 3, "a": 1}, ())


def test_aliases_without_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    path.write_text("\n".join(lines))
    with pytest.raises(ConfigError, match="Aliases"):
        read_yaml(path)


# -- the hash ----------------------------------------------------------------------------------------------------


def with_tables(directory: Path) -> Path:
    write_minimal(
        directory,
        company=FILES["company.yaml"] + "exchange_rates: tables/rates.csv\n",
        expectations="tables:\n  - file: tables/plan.csv\n",
    )
    (directory / "tables").mkdir()
    (directory / "tables" / "rates.csv").write_text("month,currency,rate\n")
    (directory / "tables" / "plan.csv").write_text("unit\n")
    return directory


def test_the_hash_does_not_depend_on_where_the_directory_lies(tmp_path: Path) -> None:
    first = with_tables(tmp_path / "one")
    shutil.copytree(first, tmp_path / "deeper" / "two")
    (tmp_path / "deeper" / "two" / "notes.txt").write_text("not configuration")
    assert load_config(first).sha256 == load_config(tmp_path / "deeper" / "two").sha256


@pytest.mark.parametrize(
    "name", ["company.yaml", "extracts.yaml", "expectations.yaml", "tables/plan.csv", "tables/rates.csv"]
)
def test_the_hash_changes_with_each_file(tmp_path: Path, name: str) -> None:
    directory = with_tables(tmp_path)
    before = load_config(directory).sha256
    path = directory / name
    path.write_text(path.read_text() + "\n")
    assert load_config(directory).sha256 != before


def test_config_files_are_those_the_configuration_is_made_of(tmp_path: Path) -> None:
    directory = with_tables(tmp_path)
    (directory / "notes.txt").write_text("")
    files = config_files(directory, load_config(directory))
    assert [path.relative_to(directory).as_posix() for path in files] == [
        "company.yaml", "expectations.yaml", "extracts.yaml", "metrics.yaml", "tables/plan.csv", "tables/rates.csv",
    ]  # fmt: skip


# -- never a crash -----------------------------------------------------------------------------------------------


def told_of(read: Callable[[], object]) -> str:
    """The message of the ConfigError, empty where there is none; anything else is a crash."""
    try:
        read()
    except ConfigError as error:
        return str(error)
    return ""


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_with_a_place(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    directory = write_minimal(tmp_path_factory.mktemp("any"), company=None)
    (directory / "company.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ConfigError) as caught:
        load_config(directory)
    assert caught.value.place is not None


_SCALARS = st.sampled_from(
    ["", "[]", "{}", "[1, 2]", "{a: 1}", "3", "-1", "1.5", "true", "null", "x", "2026-01-01", "'*'"]
)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["company.yaml", "extracts.yaml", "metrics.yaml"]),
    st.integers(0, 24),
    _SCALARS,
)
def test_any_value_in_any_place_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, file: str, line: int, value: str
) -> None:
    lines = FILES[file].splitlines()
    row = lines[line % len(lines)]
    lines[line % len(lines)] = f"{row.partition(':')[0]}: {value}"
    directory = write_minimal(tmp_path_factory.mktemp("any"), **{file.partition(".")[0]: "\n".join(lines)})
    told = told_of(lambda: load_config(directory))
    assert "pydantic" not in told
    assert "Input should" not in told


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_any_csv_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "identities.csv"
    path.write_bytes(("source,source_id,associate\n" + text).encode("utf-8", "surrogatepass"))
    told = told_of(lambda: read_table(path, Identity, frozenset({"source_id"})))
    assert not told or "identities.csv" in told


# -- secrets -----------------------------------------------------------------------------------------------------


def test_secrets_come_from_the_environment_and_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "one")
    (tmp_path / "secret").write_text("two\n")
    url = f"postgresql://${{file:{tmp_path}/secret}}:${{SHOP_PASSWORD}}@host/shop"
    assert resolve_secrets(url) == "postgresql://two:one@host/shop"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("${NOT_SET_ANYWHERE}", "NOT_SET_ANYWHERE} is not set"),
        ("${file:/nowhere/secret}", "/nowhere/secret cannot be read"),
    ],
    ids=["environment", "file"],
)
def test_a_secret_that_is_missing_is_told(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve_secrets(url)


def test_a_folded_text_with_indented_lines_holds_no_marks_of_its_reader(tmp_path: Path) -> None:
    folded = "  definition: >\n    Orders,\n       as invoiced\n    in the month\n"
    write_minimal(tmp_path, metrics=FILES["metrics.yaml"] + folded)
    assert load_config(tmp_path).metrics["revenue"].definition == "Orders,\n   as invoiced\nin the month\n"
