"""Reads a company's configuration from one directory, and tells everything that is wrong with it at once.

company.yaml, extracts.yaml and metrics.yaml must be there; expectations.yaml, delivery.yaml, checks.yaml,
identities.csv, decisions.csv and corrections.csv may be. extracts.yaml, metrics.yaml and checks.yaml are mappings from
a name to what it is. Files that these name (tables of expectations, exchange rates) are relative to the directory.
Does not belong here: finding and reading the files (`config.directory`), the rules between them
(`config.references`), and reading extracts.
"""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from config.base import Model
from config.checks import Check, Name, Suite
from config.delivery import Delivery
from config.directory import config_paths, read_files, sha256_of
from config.draft import (
    CHECKS,
    COMPANY,
    DELIVERY,
    EXPECTATIONS,
    EXTRACTS,
    FILES,
    METRICS,
    RETENTION,
    SCHEDULE,
    Draft,
)
from config.errors import ConfigError, Place
from config.faults import did_you_mean, known_keys, validated
from config.models import (
    Company,
    Config,
    ExpectationRule,
    Expectations,
    ExpectationTable,
    Extract,
    Metric,
)
from config.references import check_references
from config.retention import Retention
from config.schedule import Schedule
from config.yaml_places import Path_

M = TypeVar("M", bound=Model)
_NAME: TypeAdapter[str] = TypeAdapter(Name)


def load_config(directory: Path) -> Config:
    """The configuration in a directory.

    Raises ConfigError with every fault of every file, in the order of files and lines: the first itself, the others
    as its `also`.
    """
    if not directory.is_dir():
        what = "is a file" if directory.exists() else "is not there"
        raise ConfigError(
            f"The configuration directory {directory} {what}.", fix="Name the directory that holds company.yaml."
        )
    draft = Draft(directory)
    read_files(draft)
    _read_models(draft)
    check_references(draft)
    _raise_all(draft)
    return _config(draft)


def config_files(directory: Path, config: Config) -> list[Path]:
    """The files a configuration is made of that lie in its directory, sorted by name: to copy or to hash."""
    return config_paths(directory, config.company, config.expectations.tables, config.delivery)


# -- models ----------------------------------------------------------------------------------------------------


def _read_models(draft: Draft) -> None:
    draft.company = _one(draft, COMPANY, (), Company)
    draft.extracts = _named(draft, EXTRACTS, Extract)
    draft.metrics = _named(draft, METRICS, Metric)
    draft.delivery = _one(draft, DELIVERY, (), Delivery) or Delivery()
    draft.schedule = _one(draft, SCHEDULE, (), Schedule)
    draft.retention = _one(draft, RETENTION, (), Retention) or Retention()
    _read_suites(draft)
    document = draft.documents.get(EXPECTATIONS)
    if document is None:
        return
    for key in document.value:
        if key not in ("tables", "rules"):
            draft.fault(EXPECTATIONS, (key,), f"“{key}” is no key.", did_you_mean(key, known_keys(Expectations)))
    draft.tables = _listed(draft, "tables", ExpectationTable)
    draft.rules = _listed(draft, "rules", ExpectationRule)


def _one(draft: Draft, file: str, path: Path_, kind: type[M]) -> M | None:
    document = draft.documents.get(file)
    if document is None:
        return None
    found, faults = validated(TypeAdapter(kind), kind, document, path)
    draft.faults.extend(faults)
    return found


def _named(draft: Draft, file: str, kind: type[M]) -> dict[str, M]:
    found = {}
    for name in _names(draft, file):
        _check_name(draft, file, name)
        model = _one(draft, file, (name,), kind)
        if model is not None:
            found[name] = model
    return found


def _names(draft: Draft, file: str) -> tuple[str, ...]:
    """The names at the top of a file; none where a line above them was meant to hold them all."""
    names = draft.names(file)
    stem = file.partition(".")[0]
    if names == (stem,) and isinstance(draft.documents[file].at((stem,)), dict | list):
        draft.fault(file, (stem,), f"“{stem}” stands above the names.", "Take the line away: names stand at the top.")
        return ()
    return names


def _read_suites(draft: Draft) -> None:
    """Of a suite with a fault the checks that are right in themselves are kept, to be held against the extracts."""
    for name in _names(draft, CHECKS):
        document = draft.documents[CHECKS]
        draft.checks[name] = {}
        if isinstance(document.at((name,)), list):
            fix = "Write checks: above it, and the list further in."
            draft.fault(CHECKS, (name,), "A list stands here; it should be a mapping.", fix)
            continue
        suite = _one(draft, CHECKS, (name,), Suite)
        if suite is not None:
            draft.suites[name] = suite
        items = document.at((name, "checks"))
        count = len(items) if isinstance(items, list) else 0
        read = {n: validated(TypeAdapter(Check), Check, document, (name, "checks", n))[0] for n in range(count)}
        draft.checks[name] = {n: check for n, check in read.items() if check is not None}


def _check_name(draft: Draft, file: str, name: str) -> None:
    try:
        _NAME.validate_python(name)
    except ValueError:
        fix = "Write small letters, digits and _, beginning with a letter, such as net_sales; at most 60."
        draft.fault(file, (name,), f"“{name}” is not a name.", fix)


def _listed(draft: Draft, key: str, kind: type[M]) -> dict[int, M]:
    items: Any = draft.documents[EXPECTATIONS].at((key,))
    if items is None:
        return {}
    if not isinstance(items, list):
        shown = draft.documents[EXPECTATIONS].written((key,))
        draft.fault(
            EXPECTATIONS, (key,), f"{shown.capitalize()} stands here.", "Write a list: - in front of each item."
        )
        return {}
    read = {n: _one(draft, EXPECTATIONS, (key, n), kind) for n in range(len(items))}
    return {n: model for n, model in read.items() if model is not None}


# -- the whole -------------------------------------------------------------------------------------------------


def _raise_all(draft: Draft) -> None:
    if not draft.faults:
        return
    order = {name: n for n, name in enumerate(FILES)}

    def place_of(fault: ConfigError) -> tuple[int, int, int]:
        place = fault.place or Place(draft.directory)
        return order.get(place.file.name, -1), place.line, place.column

    told = {str(fault): fault for fault in sorted(draft.faults, key=place_of)}
    first, *others = told.values()
    raise ConfigError(first.what, fix=first.fix, place=first.place, also=tuple(others))


def _config(draft: Draft) -> Config:
    assert draft.company is not None  # a missing or wrong company.yaml has been raised
    expectations = Expectations(tables=tuple(draft.tables.values()), rules=tuple(draft.rules.values()))
    return Config(
        directory=draft.directory,
        company=draft.company,
        extracts=draft.extracts,
        metrics=draft.metrics,
        expectations=expectations,
        delivery=draft.delivery,
        schedule=draft.schedule,
        retention=draft.retention,
        identities=tuple(line.record for line in draft.identities),
        decisions=tuple(line.record for line in draft.decisions),
        suites=draft.suites,
        corrections=tuple(line.record.model_copy(update={"line": line.line}) for line in draft.corrections),
        sha256=sha256_of(
            draft.directory, config_paths(draft.directory, draft.company, expectations.tables, draft.delivery)
        ),
    )
