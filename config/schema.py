"""JSON Schemas of the YAML files, so that an editor completes and checks them while they are written.

An editor with the YAML language server (VS Code's YAML extension, Neovim, JetBrains by its settings) uses the schema
that the first line of a file names:

    # yaml-language-server: $schema=schemas/company.schema.json

`yardstick init` writes the schemas beside the configuration and that line into each file. The schema knows single
values; what must hold between files (`config.references`) is told by `yardstick check`.
Does not belong here: validation itself.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from config.checks import Name, Suite
from config.delivery import Delivery
from config.models import CONTROL_COLUMNS, HR_COLUMNS, Company, Expectations, Extract, Metric
from config.retention import Retention
from config.schedule import Schedule

_TITLES = {
    "company": "company.yaml: what is true of the whole company",
    "extracts": "extracts.yaml: where each extract comes from, and its columns",
    "metrics": "metrics.yaml: numbers, each defined once",
    "expectations": "expectations.yaml: what is asked, and why",
    "delivery": "delivery.yaml: who receives which report",
    "schedule": "schedule.yaml: when a month is made and mailed",
    "retention": "retention.yaml: how long what is kept is kept",
    "checks": "checks.yaml: what the rows of each extract must keep",
}


def write_json_schemas(directory: Path) -> list[Path]:
    """Write <name>.schema.json of each YAML file into a directory, made where missing. Returns the paths."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, schema in json_schemas().items():
        path = directory / f"{name}.schema.json"
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
        paths.append(path)
    return paths


def schema_comment(name: str) -> str:
    """The first line of a YAML file, by which an editor finds its schema."""
    return f"# yaml-language-server: $schema=schemas/{name}.schema.json"


def json_schemas() -> dict[str, dict[str, Any]]:
    """The schema of each YAML file, by the file's stem."""
    adapters: dict[str, TypeAdapter[Any]] = {
        "company": TypeAdapter(Company),
        "extracts": TypeAdapter(dict[Name, Extract]),
        "metrics": TypeAdapter(dict[Name, Metric]),
        "expectations": TypeAdapter(Expectations),
        "delivery": TypeAdapter(Delivery),
        "schedule": TypeAdapter(Schedule),
        "retention": TypeAdapter(Retention),
        "checks": TypeAdapter(dict[Name, Suite]),
    }
    return {name: _finished(name, adapter.json_schema(by_alias=True)) for name, adapter in adapters.items()}


def _finished(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    column = schema.get("$defs", {}).get("Column")
    if column is not None:  # columns of hr and control have their types: there a column may say nothing at all
        column["required"] = []
        column["type"] = ["object", "null"]
        column["description"] += (
            f"\n\nIn hr and control the type is left away. hr's columns: {', '.join(HR_COLUMNS)}. "
            f"Columns of control: {', '.join(CONTROL_COLUMNS)}."
        )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": _TITLES[name]}
