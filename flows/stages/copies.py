"""What each changed report's reader already has, and what changed since: kept beside the report models.

Does not belong here: what changed in a report and why (`transforms.differences`), and to whom a copy was sent
(`flows.state`): a run is told, and without being told takes the newest edition for the reader's copy.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from config.errors import OutsideError
from config.loader import config_files
from config.months import Month
from flows.files import write_bytes
from flows.stages.code import code_version
from flows.stages.contents import kept_config, kept_files
from flows.stages.run import MonthRun
from flows.state.editions import Edition, newest_edition, read_edition
from flows.state.paths import StateRoot
from transforms.differences.reader import lost_changes, reader_changes
from transforms.differences.reasons import Inputs, MaySay, Origin, reasons
from transforms.reader_changes import ReaderChanges
from transforms.report_model import ReportModel
from transforms.scope import Scope, found_terms

CHANGES = "changes"
"""The folder of an edition with what changed since the readers' copies, a file a report."""


def newest_copies(before: Edition | None) -> Mapping[str, int]:
    """The edition of each report that its readers have, where nothing says what was sent: the one in which it last
    changed, of the newest edition.
    """
    return {} if before is None else {name: entry["edition"] for name, entry in before.reports.items()}


def _copies(run: MonthRun, readers: Mapping[str, Sequence[str]]) -> Mapping[str, int]:
    """By report, the edition that its readers of now have: of several the oldest, so that none misses a change."""
    if run.copies is not None:
        return run.copies
    if run.reader_copies is None:
        return newest_copies(newest_edition(run.state, run.month))
    copies = {}
    for report_id, addresses in readers.items():
        found = [run.reader_copies.get((report_id, address), 0) for address in addresses]
        copies[report_id] = min((number for number in found if number), default=0)
    return copies


def changes_file(folder: Path, report_id: str) -> Path:
    """Where an edition or a draft keeps what changed in a report."""
    return folder / CHANGES / f"{report_id}.json"


def write_changes(
    run: MonthRun,
    models: Iterable[ReportModel],
    readers: Mapping[str, Sequence[str]],
    inputs: Sequence[Mapping[str, str]],
    scope: Scope,
    draft: Path,
) -> dict[str, int]:
    """Write what changed in each of the reports since its readers' copies; the copies' editions by report id.

    A report of which no reader has a copy has no file and is not named. `readers` are those of now by report id,
    `inputs` as the manifest lists them.
    """
    copies = _copies(run, readers)
    since = {}
    history = _History(run, inputs)
    for model in models:
        number = copies.get(model.report_id, 0)
        if number > 0:
            since[model.report_id] = number
            changes = history.changes(model, number, _sayable(scope.forbidden(model.kind.value, model.unit_id)))
            write_bytes(changes_file(draft, model.report_id), changes.canonical_json())
    return since


def _sayable(forbidden: frozenset[str]) -> MaySay:
    return lambda text: not found_terms(text, forbidden)


class _History:
    """Earlier editions of a month, read once each."""

    def __init__(self, run: MonthRun, inputs: Sequence[Mapping[str, str]]) -> None:
        self._run = run
        self._now = Origin(
            inputs=_inputs(inputs),
            code_version=code_version(),
            config_sha256=run.config.sha256,
            config=run.config,
            files={
                path.relative_to(run.config_dir).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in config_files(run.config_dir, run.config)
            },
        )
        self._editions: dict[int, Edition | None] = {}
        self._origins: dict[int, Origin | None] = {}

    def changes(self, model: ReportModel, since: int, may_say: MaySay) -> ReaderChanges:
        """What changed in a report since the copy of an edition."""
        told: tuple[str, ...] = ()
        origin = self._origin(self._last_alike(model.report_id, since))
        if origin is not None:
            told = reasons(origin, self._now, model, may_say, config=self._run.config, reissue=self._run.reissue)
        copy = self._copy(model.report_id, since)
        return reader_changes(copy, model, since, told) if copy else lost_changes(model.report_id, since, told)

    def _last_alike(self, report_id: str, since: int) -> int:
        """The last edition in which the report still was the reader's copy: what changed before it left it alike."""
        numbers = [number for number in self._run.state.edition_numbers(self._run.month) if number > since]
        last = since
        for number in numbers:
            edition = self._edition(number)
            entry = edition.reports.get(report_id) if edition else None
            if entry is None or entry["edition"] != since:
                break
            last = number
        return last

    def _copy(self, report_id: str, since: int) -> ReportModel | None:
        edition = self._edition(since)
        return read_model(edition, report_id) if edition else None

    def _edition(self, number: int) -> Edition | None:
        if number not in self._editions:
            self._editions[number] = _edition_if_kept(self._run.state, self._run.month, number)
        return self._editions[number]

    def _origin(self, number: int) -> Origin | None:
        if number not in self._origins:
            edition = self._edition(number)
            self._origins[number] = _origin_of(self._run.state, edition) if edition else None
        return self._origins[number]


def read_model(edition: Edition, report_id: str) -> ReportModel | None:
    """A report's content in an edition; None where it is not kept or another version wrote it."""
    try:
        return ReportModel.model_validate_json((edition.folder / "models" / f"{report_id}.json").read_bytes())
    except (OSError, ValidationError):
        return None


def _edition_if_kept(state: StateRoot, month: Month, number: int) -> Edition | None:
    try:
        return read_edition(state, month, number)
    except OutsideError:
        return None


def _origin_of(state: StateRoot, edition: Edition) -> Origin | None:
    try:
        sha256 = str(edition.manifest["config_sha256"])
        return Origin(
            inputs=_inputs(edition.manifest["inputs"]),
            code_version=str(edition.manifest["code_version"]),
            config_sha256=sha256,
            config=kept_config(state, sha256),
            files=kept_files(state.configs(sha256)),
        )
    except (KeyError, TypeError):
        return None


def _inputs(lines: Sequence[Mapping[str, str]]) -> Inputs:
    found: dict[tuple[str, Month], set[str]] = {}
    for line in lines:
        found.setdefault((line["extract"], Month.parse(line["month"])), set()).add(line["sha256"])
    return {key: frozenset(hashes) for key, hashes in found.items()}
