"""The files of a configuration's directory: which are there, which only look like ours, and their hash.

Does not belong here: what the files say (`config.loader`).
"""

import hashlib
from collections.abc import Set
from pathlib import Path
from typing import TypeVar

from config.base import Model
from config.checks import Correction
from config.csv_tables import Line, read_table
from config.delivery import Delivery
from config.draft import CORRECTIONS, DECISIONS, FILES, IDENTITIES, REQUIRED, Draft, referred_file
from config.errors import ConfigError, Place
from config.faults import nearest
from config.models import Company, Decision, ExpectationTable, Identity
from config.yaml_places import read_yaml

M = TypeVar("M", bound=Model)


def read_files(draft: Draft) -> None:
    """Read every file that is there into the draft, and note those that are missing, misnamed or no such file."""
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
    draft.identities = _lines(draft, IDENTITIES, Identity, ids={"source_id", "associate"})
    draft.decisions = _lines(draft, DECISIONS, Decision, ids={"unit_id"})
    draft.corrections = _lines(draft, CORRECTIONS, Correction, ids={"key"}, exact={"old"})


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


def _lines(draft: Draft, name: str, model: type[M], *, ids: Set[str], exact: Set[str] = frozenset()) -> list[Line[M]]:
    if not (draft.directory / name).is_file():
        return []
    try:
        lines, faults = read_table(draft.directory / name, model, ids, exact)
    except ConfigError as error:
        draft.faults.append(error)
        return []
    draft.faults.extend(faults)
    return lines


def config_paths(
    directory: Path, company: Company, tables: tuple[ExpectationTable, ...], delivery: Delivery
) -> list[Path]:
    """The files a configuration is made of that lie in its directory, sorted by name."""
    written = [*(table.file for table in tables), company.exchange_rates, delivery.smtp and delivery.smtp.ca_file]
    referred = [referred_file(directory, name) for name in written if name]
    root = directory.resolve()
    inside = {
        directory / path.resolve().relative_to(root)
        for path in (*(directory / name for name in FILES), *referred)
        if path is not None and path.is_file() and path.resolve().is_relative_to(root)
    }
    return sorted(inside, key=lambda path: path.relative_to(directory).as_posix())


def sha256_of(directory: Path, files: list[Path]) -> str:
    """Over names and contents, each with its length, so that no two directories read alike."""
    digest = hashlib.sha256()
    for path in files:
        for part in (path.relative_to(directory).as_posix().encode(), path.read_bytes()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
