"""Reads a company's configuration from one directory, and tells everything that is wrong with it at once.

company.yaml, extracts.yaml and metrics.yaml must be there; expectations.yaml, delivery.yaml, identities.csv and
decisions.csv may be. extracts.yaml and metrics.yaml are mappings from a name to what it is. Files that these name
(tables of expectations, exchange rates) are relative to the directory.
Does not belong here: the rules between files (`config.references`), and reading extracts.
"""

import hashlib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from config.base import Model
from config.checks import Name
from config.csv_tables import Line, read_table
from config.draft import (
    COMPANY,
    DECISIONS,
    DELIVERY,
    EXPECTATIONS,
    EXTRACTS,
    FILES,
    IDENTITIES,
    METRICS,
    REQUIRED,
    Draft,
    referred_file,
)
from config.errors import ConfigError, Place
from config.faults import did_you_mean, known_keys, nearest, validated
from config.models import (
    Company,
    Config,
    Decision,
    Delivery,
    ExpectationRule,
    Expectations,
    ExpectationTable,
    Extract,
    Identity,
    Metric,
)
from config.references import check_references
from config.yaml_places import Path_, read_yaml

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
    _read_files(draft)
    _read_models(draft)
    check_references(draft)
    _raise_all(draft)
    return _config(draft)


def config_files(directory: Path, config: Config) -> list[Path]:
    """The files a configuration is made of that lie in its directory, sorted by name: to copy or to hash."""
    return _files(directory, config.company, config.expectations.tables)


# -- files -----------------------------------------------------------------------------------------------------


def _read_files(draft: Draft) -> None:
    draft.faults.extend(_misnamed(draft.directory))
    told = {fault.place.key for fault in draft.faults if fault.place}
    for name in FILES:
        path = draft.directory / name
        if not path.is_file():
            if name in REQUIRED and name not in told:
                draft.faults.append(
                    ConfigError(f"{name} is missing.", place=Place(path), fix="Write it, or name another directory.")
                )
        elif name.endswith(".yaml"):
            _read_document(draft, name)
    for name, model, ids in (
        (IDENTITIES, Identity, frozenset({"source_id", "associate"})),
        (DECISIONS, Decision, frozenset({"unit_id"})),
    ):
        if (draft.directory / name).is_file():
            _read_lines(draft, name, model, ids)


def _misnamed(directory: Path) -> list[ConfigError]:
    """Files that look like ours and would be passed over in silence."""
    present = {path.name for path in directory.iterdir() if path.is_file()}
    faults = []
    for name in sorted(present - set(FILES)):
        stem, _, ending = name.rpartition(".")
        if ending.lower() not in ("yaml", "yml", "csv"):
            continue
        right = nearest(stem, [known.rpartition(".")[0] for known in FILES])
        meant = next((known for known in FILES if known.rpartition(".")[0] == right), None)
        exact = right is not None and stem.lower() == right
        if meant is None or not (exact or (_close(stem, meant) and meant not in present)):
            continue
        faults.append(
            ConfigError(
                f"{name} is not read: the file is called {meant}.",
                fix=f"Take one of the two away: {meant} is there too."
                if meant in present
                else f"Rename it to {meant}.",
                place=Place(directory / name, 0, 0, "" if meant in present else meant),
            )
        )
    return faults


def _close(stem: str, meant: str) -> bool:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, stem.lower(), meant.rpartition(".")[0]).ratio() > 0.84  # noqa: PLR2004


def _read_document(draft: Draft, name: str) -> None:
    try:
        document, faults = read_yaml(draft.directory / name)
    except ConfigError as error:
        draft.faults.append(error)
        return
    draft.faults.extend(faults)
    if isinstance(document.value, dict):
        draft.documents[name] = document
        return
    kind = "a list" if isinstance(document.value, list) else "one value"
    draft.faults.append(
        ConfigError(
            f"{kind.capitalize()} stands here; the file should be a mapping.",
            place=Place(document.file, 1),
            fix="Write lines of “key: value”.",
        )
    )


def _read_lines(draft: Draft, name: str, model: type[M], ids: frozenset[str]) -> None:
    try:
        lines, faults = read_table(draft.directory / name, model, ids)
    except ConfigError as error:
        draft.faults.append(error)
        return
    draft.faults.extend(faults)
    if name == IDENTITIES:
        draft.identities = [Line(line.line, line.record) for line in lines if isinstance(line.record, Identity)]
    else:
        draft.decisions = [Line(line.line, line.record) for line in lines if isinstance(line.record, Decision)]


# -- models ----------------------------------------------------------------------------------------------------


def _read_models(draft: Draft) -> None:
    draft.company = _one(draft, COMPANY, (), Company)
    draft.extracts = _named(draft, EXTRACTS, Extract)
    draft.metrics = _named(draft, METRICS, Metric)
    draft.delivery = _one(draft, DELIVERY, (), Delivery) or Delivery()
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
    names = draft.names(file)
    stem = file.partition(".")[0]
    if names == (stem,) and isinstance(draft.documents[file].at((stem,)), dict | list):
        draft.fault(file, (stem,), f"“{stem}” stands above the names.", "Take the line away: names stand at the top.")
        return {}
    found = {}
    for name in names:
        _check_name(draft, file, name)
        model = _one(draft, file, (name,), kind)
        if model is not None:
            found[name] = model
    return found


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
        identities=tuple(line.record for line in draft.identities),
        decisions=tuple(line.record for line in draft.decisions),
        sha256=_sha256(draft.directory, _files(draft.directory, draft.company, expectations.tables)),
    )


def _files(directory: Path, company: Company, tables: tuple[ExpectationTable, ...]) -> list[Path]:
    written = [*(table.file for table in tables), *([company.exchange_rates] if company.exchange_rates else [])]
    referred = [referred_file(directory, name) for name in written]
    root = directory.resolve()
    inside = {
        directory / path.resolve().relative_to(root)
        for path in (*(directory / name for name in FILES), *referred)
        if path is not None and path.is_file() and path.resolve().is_relative_to(root)
    }
    return sorted(inside, key=lambda path: path.relative_to(directory).as_posix())


def _sha256(directory: Path, files: list[Path]) -> str:
    """Over names and contents, each with its length, so that no two directories read alike."""
    digest = hashlib.sha256()
    for path in files:
        for part in (path.relative_to(directory).as_posix().encode(), path.read_bytes()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
