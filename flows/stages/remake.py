"""Make an old edition again, byte for byte: from the landings its manifest lists and its configuration as it was kept.

It is made in a state root of its own, from nothing that was derived before, and held against the manifest. Does not
belong here: the stages themselves, whose order is in `flows.monthly`.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.errors import OutsideError, RefusedError, UsageError
from config.months import Month
from flows.files import PRIVATE_FILE, make_folder, write_bytes
from flows.rendering import Rendered, RenderJob
from flows.sources import landing_file, read_landing, write_pulled_at
from flows.stages.code import code_version
from flows.stages.compose import Composed
from flows.stages.copies import changes_file
from flows.stages.publish import BATCH, edition_label
from flows.stages.run import MonthRun
from flows.state.editions import Edition, ReportEntry, file_sha256, read_edition
from flows.state.gone import gone_of
from flows.state.paths import StateRoot

_SCRATCH = ".remake-"


@dataclass(frozen=True)
class Remake:
    """An edition to be made again, and the run that does it in a state root of its own."""

    edition: Edition
    run: MonthRun
    to: Path | None = None
    """Where what was made is kept; nowhere unless told."""
    codes: tuple[str, ...] = ()
    """Versions that made the edition's reports, where they are not this one."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of one kind of content, how much came out as the manifest says, and what did not."""

    what: str
    alike: int
    different: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remade:
    """What came of making an edition again."""

    month: Month
    number: int
    agreements: tuple[Agreement, ...]

    @property
    def agrees(self) -> bool:
        """Whether everything is byte for byte as it was."""
        return not any(one.different for one in self.agreements)


# -- the inputs ----------------------------------------------------------------------------------------------------


@contextmanager
def scratch_root(state: StateRoot) -> Iterator[StateRoot]:
    """A state root of its own inside the company's, gone at the end. What remakes that were killed left is cleared."""
    for old in state.root.glob(f"{_SCRATCH}*"):
        with suppress(RefusedError), StateRoot(old).locked():  # a living one holds its lock
            shutil.rmtree(old, ignore_errors=True)
    try:
        folder = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=state.root))
    except OSError as error:
        raise OutsideError(
            f"{state.root} cannot be written: {error.strerror}.", fix="Make room, or mend its permissions."
        ) from error
    try:
        yield StateRoot(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prepare_remake(
    state: StateRoot,
    scratch: StateRoot,
    edition: Edition,
    pulled_at: datetime,
    *,
    to: Path | None = None,
    threads: int | None = None,
    workers: int | None = None,
) -> Remake:
    """Put the edition's landings and configuration in place.

    Raises RefusedError naming everything that is gone or is not what it was, and UsageError for a folder `to` that
    holds something.
    """
    if to is not None and to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError(f"{to} is not an empty folder.", fix="--to takes a folder that is new or empty.")
    gone = gone_of(edition)
    if gone:
        told = "; ".join(f"{one['what']}: {one['why']} ({one['when']})" for one in gone)
        raise RefusedError(
            f"Edition {edition.number} of {edition.month} can no longer be made again, on purpose: {told}.",
            fix=f"Make a new edition of what there is: yardstick run {edition.month}",
        )
    lines = _inputs(edition)
    lost = [fault for line in lines if (fault := _fault(state, line))]
    lost += [
        f"what report {name} opens with ({changes_file(edition.folder, name)})"
        for name, entry in edition.reports.items()
        if entry.get("since", 0) and not changes_file(edition.folder, name).is_file()
    ]
    home = state.configs(str(edition.manifest["config_sha256"]))
    if not home.is_dir():
        lost.append(f"its configuration ({home})")
    if lost:
        raise RefusedError(
            f"Edition {edition.number} of {edition.month} can no longer be made again: gone or not as it was "
            f"{'is' if len(lost) == 1 else 'are'} {'; '.join(lost)}.",
            fix="Restore it from a backup, then try again.",
        )
    for line in lines:
        _bring(state, scratch, line)
    run = MonthRun(
        month=edition.month,
        config_dir=home,
        state=scratch,
        pulled_at=pulled_at,
        threads=threads,
        workers=workers,
        pinned=frozenset(line["sha256"] for line in lines),
        copies={},
    )
    if run.config.sha256 != edition.manifest["config_sha256"]:
        raise RefusedError(
            f"Edition {edition.number} of {edition.month} can no longer be made again: {home} is not the configuration "
            "it was made with.",
            fix="Restore it from a backup, then try again.",
        )
    return Remake(edition, run, to, _other_codes(state, edition))


def _inputs(edition: Edition) -> list[Mapping[str, str]]:
    lines: list[Mapping[str, str]] = edition.manifest["inputs"]
    return lines


def _landing_file(state: StateRoot, line: Mapping[str, str]) -> Path:
    return landing_file(state.landings, Month.parse(line["month"]), line["extract"], line["sha256"])


def _fault(state: StateRoot, line: Mapping[str, str]) -> str:
    """Which landing cannot be used; empty where it is there and is what it was."""
    path = _landing_file(state, line)
    named = f"the landing of {line['extract']} of {line['month']} ({path})"
    if not path.with_suffix(".json").is_file() or not path.is_file():
        return named
    return "" if file_sha256(path) == line["sha256"] else f"{named}, whose content is another"


def _bring(state: StateRoot, scratch: StateRoot, line: Mapping[str, str]) -> None:
    """A landing and what is known of it, as one file under two names where the disk can: it never changes."""
    source, target = _landing_file(state, line), _landing_file(scratch, line)
    make_folder(target.parent)
    for suffix in (".parquet", ".json"):
        try:
            target.with_suffix(suffix).hardlink_to(source.with_suffix(suffix))
        except OSError:
            shutil.copyfile(source.with_suffix(suffix), target.with_suffix(suffix))
            target.with_suffix(suffix).chmod(PRIVATE_FILE)
    if "pulled_at" in line:
        write_pulled_at(read_landing(target.with_suffix(".json")), datetime.fromisoformat(line["pulled_at"]))


def _other_codes(state: StateRoot, edition: Edition) -> tuple[str, ...]:
    """Versions that made the edition or one of its reports, but this one. Unchanged reports come from earlier ones."""
    found = [str(edition.manifest["code_version"])]
    for number in sorted({entry["edition"] for entry in edition.reports.values()} - {edition.number}):
        with suppress(OutsideError):  # an earlier edition that is gone: then its version is not known
            found.append(str(read_edition(state, edition.month, number).manifest["code_version"]))
    return tuple(code for code in dict.fromkeys(found) if code != code_version())


# -- rendering and comparing ---------------------------------------------------------------------------------------


def remake_batches(again: Remake, composed: Composed, draft: Path) -> list[tuple[MonthRun, list[RenderJob]]]:
    """Every report of the manifest in batches, under the number of the edition in which it last changed, opening with
    what changed since its reader's copy then.
    """
    make_folder(draft / "reports")
    made = {report.report_id for report in composed.reports}
    jobs = [_job(again, entry, draft) for name, entry in again.edition.reports.items() if name in made]
    return [(again.run, jobs[start : start + BATCH]) for start in range(0, len(jobs), BATCH)]


def _job(again: Remake, entry: ReportEntry, draft: Path) -> RenderJob:
    name = entry["report_id"]
    changes = None
    if entry.get("since", 0):
        kept = changes_file(again.edition.folder, name).read_bytes()
        changes = write_bytes(changes_file(draft, name), kept)
    return RenderJob(
        model_path=draft / "models" / f"{name}.json",
        pdf_path=draft / entry["file"],
        edition_label=edition_label(entry["edition"]),
        changes_path=changes,
    )


def compare_remade(again: Remake, composed: Composed, batches: Sequence[Sequence[Rendered]], draft: Path) -> Remade:
    """Hold what was made against the manifest and the edition's files; keep it where that was asked for."""
    edition = again.edition
    entries = edition.reports
    models = {report.report_id: report.model_sha256 for report in composed.reports}
    files = {item.pdf_path.stem: item.sha256 for batch in batches for item in batch}
    not_made = {line.partition(":")[0] for line in edition.manifest.get("not_made", ())}
    expected = {name: entry["model_sha256"] for name, entry in entries.items()}
    tables = ("facts.parquet", "comparison.parquet")
    kept = {name: file_sha256(edition.folder / name) for name in tables if (edition.folder / name).is_file()}
    remade = Remade(
        month=edition.month,
        number=edition.number,
        agreements=(
            _agreement("facts and comparison", kept or dict.fromkeys(tables, ""), _hashes(draft, kept or tables)),
            _agreement("contents of reports", expected, {k: v for k, v in models.items() if k not in not_made}),
            _agreement("PDF files", {name: entry["sha256"] for name, entry in entries.items()}, files),
        ),
    )
    if again.to is not None:
        _keep(draft, again.to)
    return remade


def _hashes(folder: Path, names: Mapping[str, str] | Sequence[str]) -> dict[str, str]:
    return {name: file_sha256(folder / name) for name in names}


def _agreement(what: str, was: Mapping[str, str], now: Mapping[str, str]) -> Agreement:
    different = tuple(name for name in sorted({*was, *now}) if was.get(name) != now.get(name))
    return Agreement(what, len({*was, *now}) - len(different), different)


def _keep(draft: Path, to: Path) -> None:
    make_folder(to)
    for path in sorted(draft.rglob("*")):
        if path.is_file():
            write_bytes(to / path.relative_to(draft), path.read_bytes())
