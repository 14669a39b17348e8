"""The demo company's configuration is whole, fits its extracts at any size, and uses what a configuration can say."""

from pathlib import Path

import pandas as pd
import pytest

from config.loader import load_config
from config.models import Config, Extract, ExtractKind, RuleKind, Stage
from config.sources import FilesSource
from flows.demo import write_demo_config, write_demo_extracts
from transforms.scope import normalised

CONFIG = Path(__file__).resolve().parents[3] / "config" / "demo"


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(CONFIG)


def test_the_directory_in_the_checkout_is_what_the_generator_writes(tmp_path: Path) -> None:
    write_demo_config(tmp_path)
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_text(encoding="utf-8") for path in CONFIG.iterdir()}


@pytest.mark.parametrize(("size", "months"), [(10, 1), (25, 13), (123, 36)])
def test_it_loads_at_every_size_and_names_only_units_that_are_there(tmp_path: Path, size: int, months: int) -> None:
    truths = write_demo_extracts(tmp_path / "extracts", associates=size, months=1)
    config = load_config(write_demo_config(tmp_path / "config", associates=size, months=months))
    assert config.company.history_months == months - 1
    people = set(truths.associates)
    assert {identity.associate for identity in config.identities} <= people | _hired_later(people, config)
    hr = pd.read_csv(tmp_path / "extracts/hr/hr.csv", dtype=str)
    units = people | set(hr["team"])
    assert {decision.unit_id for decision in config.decisions} <= units
    for table in config.expectations.tables:
        rows = pd.read_csv(tmp_path / "config" / table.file, dtype=str)
        assert set(rows.loc[rows["unit_kind"] != "organisation", "unit"]) <= units


def _hired_later(people: set[str], config: Config) -> set[str]:
    """Beyond the first forty somebody may be hired after the last month; identities know them already."""
    return {one.associate for one in config.identities if one.associate not in people and one.associate > "A0040"}


def headings(extracts: Path, extract: Extract) -> list[str]:
    assert isinstance(extract.source, FilesSource)
    path = extracts / extract.source.files[0].replace("{month}", "2026-10")
    return path.read_text(encoding="utf-8").partition("\n")[0].split(",")


def test_every_file_has_exactly_the_declared_headings(demo: Path, config: Config) -> None:
    assert {extract.kind for extract in config.extracts.values()} == set(ExtractKind) - {ExtractKind.PLAN}
    for name, extract in config.extracts.items():
        declared = [column.source or column_name for column_name, column in extract.columns.items()]
        assert headings(demo, extract) == declared, name


def test_keys_tell_rows_apart_but_for_corrected_orders(demo: Path, config: Config) -> None:
    for name, extract in config.extracts.items():
        if not extract.key:
            continue
        key = [extract.columns[column].source or column for column in extract.key]
        file = "events/events.csv" if name == "events" else f"{name}/{name}-2026-10.csv"
        again = pd.read_csv(demo / file, dtype=str).duplicated(key).sum()
        assert (again > 0) == (name == "sales"), name


def test_every_id_of_the_systems_is_somebody_or_known_to_be_nobody(
    sales: pd.DataFrame, service: pd.DataFrame, config: Config
) -> None:
    known = {(one.source, one.source_id) for one in config.identities}
    assert {("crm", seller) for seller in sales["seller"]} - known == {("crm", "HOUSE")}
    strangers = {("desk", agent) for agent in service["agent"]} - known
    assert strangers == {("desk", "QUEUE-1"), ("desk", "QUEUE-2"), ("desk", "chatbot")}


def test_metrics_cover_the_four_stages_and_only_some_are_shown_of_one_person(config: Config) -> None:
    assert {metric.stage for metric in config.metrics.values()} == set(Stage)
    assert 9 <= len(config.metrics) <= 11
    shown = {name for name, metric in config.metrics.items() if metric.individual}
    assert shown == {"revenue", "orders", "first_response_hours", "solved_first_contact"}
    assert config.metrics["goals_matter"].survey is not None
    assert all(metric.definition for metric in config.metrics.values())


def test_rules_of_every_kind_are_used_and_each_says_why_by_whom_and_when(config: Config) -> None:
    rules = config.expectations.rules
    assert {rule.rule for rule in rules} == set(RuleKind)
    assert all(rule.why and rule.owner and rule.set_on for rule in rules)
    expected = {rule.metric for rule in rules}
    assert expected == set(config.metrics)


def test_exactly_one_expectation_has_no_owner(config: Config) -> None:
    long = pd.read_csv(CONFIG / "team-expectations-2026.csv", dtype=str)
    alone = long.loc[long["owner"].isna() & long["parent"].isna()]
    assert set(zip(alone["unit"], alone["metric"], strict=True)) == {("TS", "on_time")}


def test_no_text_of_the_configuration_names_a_person(demo: Path, config: Config) -> None:
    hr = pd.read_csv(demo / "hr/hr.csv", dtype=str)
    names = {normalised(part) for name in ("name", "family_name") for part in hr[name]}
    texts = [decision.reason for decision in config.decisions] + [rule.why or "" for rule in config.expectations.rules]
    texts += [metric.definition for metric in config.metrics.values()]
    for table in config.expectations.tables:
        texts += [table.why or "", *pd.read_csv(CONFIG / table.file, dtype=str).get("why", pd.Series()).dropna()]
    said = " ".join(normalised(text) for text in texts)
    assert len(texts) > 40
    assert not {name for name in names if name in said}
