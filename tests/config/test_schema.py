"""An editor that follows the schemas accepts what the loader accepts, and marks what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from config.schema import json_schemas, schema_comment, write_json_schemas
from config.yaml_places import read_yaml
from tests.config.minimal import FILES, changed, write_minimal

CONTROL = """\
totals:
  kind: control
  source: {files: totals.csv, month_by: month}
  columns: {extract: {}, month: , rows: {from: Count}}
"""
CHECKS = """\
orders:
  set_aside_limit: 0.1
  checks:
    - {column: amount, between: {min: 0, max: 100000}, severity: critical}
    - {column: sold_on, between: {min: 2020-01-01}}
    - {column: [order_id, sold_by], unique: true}
    - {column: sold_by, refers_to: {extract: hr}}
    - {rows: {min: 1}}
  accepted:
    - {check: rows, month: 2026-10, why: Shop was closed, by: Owner}
"""

jsonschema = pytest.importorskip("jsonschema")


def plain(value: Any) -> Any:
    """As an editor reads it: decimals are numbers."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, str | bool | int) else float(value)


def faults(path: Path) -> list[str]:
    schema = json_schemas()[path.stem]
    validator = jsonschema.Draft202012Validator(schema)
    return [error.message for error in validator.iter_errors(plain(read_yaml(path)[0].value))]


def test_the_minimal_configuration_follows_the_schemas(tmp_path: Path) -> None:
    directory = write_minimal(
        tmp_path,
        expectations="tables: []\nrules:\n  - {name: a, metric: revenue, rule: last_year, growth: 0.03}\n",
        delivery="sender: reports@example.com\nallowed_domains: example.com\n",
        extracts=FILES["extracts.yaml"] + CONTROL,
        checks=CHECKS,
    )
    assert {path.name: faults(path) for path in sorted(directory.glob("*.yaml"))} == {
        "checks.yaml": [], "company.yaml": [], "delivery.yaml": [], "expectations.yaml": [], "extracts.yaml": [],
        "metrics.yaml": [],
    }  # fmt: skip


@pytest.mark.parametrize("directory", sorted(Path(__file__).parents[2].glob("config/*/company.yaml")))
def test_configurations_of_the_project_follow_the_schemas(directory: Path) -> None:
    files = [path for path in sorted(directory.parent.glob("*.yaml")) if path.stem in json_schemas()]
    assert {path.name: faults(path) for path in files} == {path.name: [] for path in files}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("company.yaml", "currency", "curency"),
        ("extracts.yaml", "amount: money", "amount: mony"),
        ("extracts.yaml", "kind: sales", "kind: sale"),
        ("metrics.yaml", "good: up", "good: upwards"),
    ],
)
def test_what_the_loader_refuses_is_marked(tmp_path: Path, file: str, old: str, new: str) -> None:
    stem = file.partition(".")[0]
    directory = write_minimal(tmp_path, **{stem: changed(file, old, new)})
    assert faults(directory / file) != []


@pytest.mark.parametrize(
    ("old", "new"),
    [("critical", "grave"), ("unique: true", "unique: false"), ("between", "beetween"), ("2026-10,", "October,")],
)
def test_what_the_loader_refuses_of_checks_is_marked(tmp_path: Path, old: str, new: str) -> None:
    directory = write_minimal(tmp_path, checks=CHECKS.replace(old, new, 1))
    assert faults(directory / "checks.yaml") != []


def test_each_schema_is_written_with_title_and_help(tmp_path: Path) -> None:
    paths = write_json_schemas(tmp_path / "schemas")
    assert [path.name for path in paths] == [
        "company.schema.json", "extracts.schema.json", "metrics.schema.json", "expectations.schema.json",
        "delivery.schema.json", "schedule.schema.json", "retention.schema.json", "checks.schema.json",
    ]  # fmt: skip
    for path in paths:
        schema = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["title"].startswith(path.name.partition(".")[0])
        assert path.name in schema_comment(path.name.partition(".")[0])
    company = json.loads(paths[0].read_text(encoding="utf-8"))
    assert "ISO 4217" in company["properties"]["currency"]["description"]
    assert [path.read_bytes() for path in write_json_schemas(tmp_path / "again")] == [
        path.read_bytes() for path in paths
    ]
