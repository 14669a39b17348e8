"""What a published edition holds, read back from its folder, so that it can be compared with another.

Does not belong here: what differs (`transforms.differences`), and how an edition is published.
"""

import hashlib
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from config.errors import OutsideError, UsageError
from config.loader import load_config
from config.models import Config
from config.months import Month
from flows.sources import landing_file, read_landing
from flows.stages.facts import read_comparison_file, read_facts_file
from flows.state.editions import Edition
from flows.state.paths import StateRoot
from transforms.differences import EditionContents, InputLine, ReportLine
from transforms.report_model import ReportModel
from transforms.stages import Withheld


def read_contents(
    state: StateRoot, before: Edition, after: Edition, config: Config | None
) -> tuple[EditionContents, EditionContents]:
    """Two editions as they are compared. `config` stands in where the one an edition was made with is not kept.

    Raises OutsideError for facts or a manifest that cannot be read. What editions of an earlier version lack is
    missing; reports are read where they differ, or, of editions without a comparison, all of them.
    """
    compared = all(_comparison(edition).is_file() for edition in (before, after))
    differing = _differing(before, after) if compared else None
    other_inputs = _inputs(before) ^ _inputs(after)
    old, new = (_contents(state, edition, config, differing, other_inputs) for edition in (before, after))
    return old, new


def _contents(
    state: StateRoot,
    edition: Edition,
    config: Config | None,
    reports: Collection[str] | None,
    other_inputs: Collection[tuple[str, str, str]],
) -> EditionContents:
    manifest = edition.manifest
    try:
        config_sha256 = str(manifest["config_sha256"])
        return EditionContents(
            number=edition.number,
            facts=_frame(edition.folder / "facts.parquet", read_facts_file),
            reports=tuple(
                ReportLine(
                    one["report_id"], one["kind"], one["unit_id"], one["title"], one["sha256"], one["model_sha256"],
                    tuple(one["recipients"]),
                )
                for one in manifest["reports"]
            ),
            withheld=tuple(Withheld(**one) for one in manifest["withheld"]),
            comparison=_frame(_comparison(edition), read_comparison_file) if _comparison(edition).is_file() else None,
            models=_models(edition, reports),
            config=kept_config(state, config_sha256) or config,
            checks=dict(manifest["checks"]),
            inputs=tuple(_input(state, *one, count=one in other_inputs) for one in sorted(_inputs(edition))),
            config_sha256=config_sha256,
            config_files=kept_files(state.configs(config_sha256)),
            code_version=str(manifest["code_version"]),
            reissue=str(manifest.get("reissue", "")),
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise OutsideError(
            f"{edition.folder / 'manifest.json'} cannot be read: it is damaged or was cut off.",
            fix="Restore it from a backup, or move the edition away.",
        ) from error


def _comparison(edition: Edition) -> Path:
    return edition.folder / "comparison.parquet"


def _differing(before: Edition, after: Edition) -> frozenset[str]:
    """Reports whose content is another one, or that only one edition has."""
    old, new = before.reports, after.reports
    hashes = [{name: entry["model_sha256"] for name, entry in reports.items()} for reports in (old, new)]
    return frozenset(name for name in {*old, *new} if hashes[0].get(name) != hashes[1].get(name))


def _inputs(edition: Edition) -> set[tuple[str, str, str]]:
    return {(one["extract"], one["month"], one["sha256"]) for one in edition.manifest.get("inputs", ())}


def _input(state: StateRoot, extract: str, month: str, sha256: str, *, count: bool) -> InputLine:
    """`count`: read how many rows it has."""
    rows, path = None, landing_file(state.landings, Month.parse(month), extract, sha256)
    if count:
        with suppress(OutsideError):  # a landing that is gone loses us no more than how many rows it had
            rows = read_landing(path.with_suffix(".json")).rows
    return InputLine(extract, Month.parse(month), sha256, rows)


def _frame(path: Path, read: Callable[[Path], pd.DataFrame]) -> pd.DataFrame:
    try:
        return read(path)
    except (OSError, ValueError) as error:
        raise OutsideError(
            f"{path} cannot be read: it is damaged or was cut off.", fix="Restore it from a backup."
        ) from error


def _models(edition: Edition, reports: Collection[str] | None) -> dict[str, ReportModel]:
    """The reports' models, all of them where not told which; none where one was written by another version."""
    there = (name for name, entry in edition.reports.items() if not entry.get("gone"))
    wanted = [name for name in there if reports is None or name in reports]
    try:
        return {
            name: ReportModel.model_validate_json((edition.folder / "models" / f"{name}.json").read_bytes())
            for name in wanted
        }
    except (OSError, ValidationError):
        return {}


def kept_config(state: StateRoot, sha256: str) -> Config | None:
    """The configuration an edition was made with; None where it is not kept or this version cannot read it."""
    try:
        return load_config(state.configs(sha256))
    except (UsageError, OSError):
        return None


def kept_files(folder: Path) -> dict[str, str] | None:
    """Hash of each file of a configuration as it was kept, by name; None where it is not."""
    if not folder.is_dir():
        return None
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
