"""Apply retention.yaml: delete what is of months older than it keeps, counted from the newest edition's month.

Whole months go, each at one stroke. What an edition that stays needs of them to be made again is named in its
manifest first. Does not belong here: forgetting a person (`flows.stages.erasing`).
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.errors import OutsideError, RefusedError
from config.loader import load_config
from config.models import Config
from config.months import Month
from flows.files import write_bytes
from flows.stages.recording import open_ledger
from flows.stages.run import MonthRun
from flows.state.editions import MANIFEST, canonical_json, read_edition
from flows.state.gone import NOT_KEPT, Gone, months_told, with_gone
from flows.state.ledger import Ledger
from flows.state.paths import StateRoot
from transforms.deliveries import DeliveryState, Hold
from transforms.wording import counted

_GONE = ".gone-"


@dataclass(frozen=True, slots=True)
class Part:
    """What goes of one kind: everything of the months before `since`."""

    what: str
    since: Month
    months: tuple[str, ...]
    count: int
    """Files, or lines of the ledger."""


@dataclass(frozen=True, slots=True)
class Tidied:
    """What went, or would. `not_again` are editions that stay and can no longer be made again."""

    newest: Month | None = None
    parts: tuple[Part, ...] = ()
    not_again: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def tidy(state: StateRoot, config_dir: Path, now: datetime, *, dry_run: bool = False) -> Tidied:
    """Delete what retention.yaml keeps no longer. Raises RefusedError while a run works, or a mail that would go is
    going out.
    """
    config = load_config(config_dir)
    months = state.months_with_editions()
    limits = {kind: kept for kind, kept in config.retention.model_dump().items() if kept is not None}
    if not limits:
        return Tidied()
    if not months:
        raise RefusedError(
            f"There is no edition in {state.root} to count from.", fix="Make a month first: yardstick run MONTH"
        )
    since = {kind: months[-1].shift(-kept) for kind, kept in limits.items()}
    with state.locked(), state.without_mailing(), open_ledger(config, state) as ledger:
        _clear(state)
        return _Tidying(state, config, ledger, since, now, months[-1], dry_run).run()


def tidied_after(run: MonthRun, now: datetime) -> str:
    """Tidy after a month was made by schedule; what to tell of it. Nothing is done after a month of before: it might be
    deleted at once.
    """
    schedule = run.config.schedule
    if (schedule is not None and not schedule.tidy) or run.state.months_with_editions()[-1:] != [run.month]:
        return ""
    count = sum(part.count for part in tidy(run.state, run.config_dir, now).parts)
    return f" {counted(count, 'file', 'files')} deleted that retention.yaml keeps no longer." if count else ""


@dataclass
class _Tidying:
    state: StateRoot
    config: Config
    ledger: Ledger
    since: dict[str, Month]
    now: datetime
    newest: Month
    dry_run: bool

    def run(self) -> Tidied:
        # What editions that stay will lack is written before it is deleted.
        not_again = self._mark() if "landings" in self.since else ()
        folders = {
            "landings": self.state.landings, "checked": self.state.checked, "facts": self.state.facts_folder,
            "editions": self.state.editions, "outbox": self.state.root / "outbox",
        }  # fmt: skip
        parts = []
        if "ledger" in self.since:
            parts.append(self._ledger())
        if "editions" in self.since:
            self._hold()
        for kind, folder in folders.items():
            if kind in self.since:
                parts.append(self._months(kind, folder, self.since[kind]))
        if "checked" in self.since:
            parts.append(self._months("pages of checks", self.state.root / "checks", self.since["checked"]))
        if "editions" in self.since:
            parts.append(self._configs())
        return Tidied(self.newest, tuple(parts), not_again, tuple(self._notes()))

    # -- whole months ---------------------------------------------------------------------------------------------

    def _months(self, what: str, folder: Path, since: Month) -> Part:
        old = [path for month, path in _month_folders(folder) if month < since]
        count = sum(_count(path) for path in old)
        if not self.dry_run:
            for path in old:
                _delete(path)
        return Part(what, since, tuple(path.name.removeprefix("month=") for path in old), count)

    def _configs(self) -> Part:
        """Copies of the configuration that no edition that stays was made with."""
        since = self.since["editions"]
        needed = {
            str(read_edition(self.state, month, number).manifest.get("config_sha256"))
            for month in self.state.months_with_editions()
            if month >= since
            for number in self.state.edition_numbers(month)
        }
        home = self.state.root / "configs"
        old = [path for path in sorted(home.iterdir()) if path.name not in needed] if home.is_dir() else []
        count = sum(_count(path) for path in old)
        if not self.dry_run:
            for path in old:
                _delete(path)
        return Part("copies of the configuration", since, (), count)

    # -- the ledger -----------------------------------------------------------------------------------------------

    def _ledger(self) -> Part:
        """Never of a month whose editions stay: their deliveries would be taken for new ones."""
        stay = [month for month in self.state.months_with_editions() if month >= self.since.get("editions", month)]
        since = min([self.since["ledger"], *stay])
        lines = [line for line in self.ledger.deliveries() if line.key.month < since]
        approvals = [line for line in self.ledger.approvals() if line.month < since]
        months = sorted({str(line.key.month) for line in lines} | {str(line.month) for line in approvals})
        count = len(lines) + len(approvals)
        if not self.dry_run:
            count = self.ledger.forget_before(since)
        return Part("ledger", since, tuple(months), count)

    def _hold(self) -> None:
        """What still waits of editions that go is held for good."""
        since = self.since["editions"]
        waiting = self.ledger.deliveries(states=[DeliveryState.HELD, DeliveryState.QUEUED])
        old = [line.key for line in waiting if line.key.month < since and line.hold is not Hold.WITHDRAWN]
        sending = self.ledger.deliveries(states=[DeliveryState.SENDING])
        if any(line.key.month < since for line in sending):
            raise RefusedError(
                f"Reports from before {since} are being sent, or the sender died at them.",
                fix="Let yardstick send end, or run it once more so that it settles them, then tidy again.",
            )
        if old and not self.dry_run:
            self.ledger.hold(old, Hold.WITHDRAWN, NOT_KEPT, self.now)

    # -- what can no longer be made again -------------------------------------------------------------------------

    def _mark(self) -> tuple[str, ...]:
        """Write into the manifests of editions that stay which of their landings go; which editions these are."""
        since = self.since["landings"]
        marked = []
        for month in self.state.months_with_editions():
            if month < self.since.get("editions", month):
                continue
            for number in self.state.edition_numbers(month):
                edition = read_edition(self.state, month, number)
                lost: dict[str, set[str]] = {}
                for line in edition.manifest["inputs"]:
                    if Month.parse(line["month"]) < since:
                        lost.setdefault(line["extract"], set()).add(line["month"])
                gone = [
                    Gone(
                        what=f"landings of {extract}: {months_told(months)}",
                        why=NOT_KEPT,
                        when=self.now.date().isoformat(),
                    )
                    for extract, months in sorted(lost.items())
                ]
                manifest = with_gone(edition.manifest, gone)
                if gone:
                    marked.append(f"{month} edition {number}")
                if manifest != edition.manifest and not self.dry_run:
                    write_bytes(edition.folder / MANIFEST, canonical_json(manifest))
        return tuple(marked)

    def _notes(self) -> Iterator[str]:
        history = self.config.company.history_months
        kept = self.config.retention.landings
        if kept is not None and kept < history:
            yield (
                f"company.yaml asks for {history} months of history, and landings are kept for {kept}: the next run "
                "pulls older months again where the sources still have them, and reports lack them where not."
            )
        if "ledger" in self.since and self.since.get("editions", Month(1900, 1)) < self.since["ledger"]:
            yield "The ledger is kept as long as the editions are, since their deliveries would be taken for new ones."


def _month_folders(folder: Path) -> list[tuple[Month, Path]]:
    if not folder.is_dir():
        return []
    found = []
    for path in sorted(folder.iterdir()):
        name = path.name.removeprefix("month=")
        if path.is_dir() and len(name) == len("2026-10") and name[:4].isdigit() and name[5:].isdigit():
            found.append((Month.parse(name), path))
    return found


def _count(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file())


def _delete(folder: Path) -> None:
    """Out of sight at one stroke, then file by file: what a killed process left is cleared by the next."""
    aside = folder.with_name(f"{_GONE}{folder.name}")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
        shutil.rmtree(aside)
    except OSError as error:
        raise OutsideError(
            f"{folder} cannot be deleted: {error.strerror}.", fix="Mend its permissions, then run again."
        ) from error


def _clear(state: StateRoot) -> None:
    for home in ("landings", "checked", "facts", "editions", "outbox", "checks", "configs"):
        for left in (state.root / home).glob(f"{_GONE}*"):
            shutil.rmtree(left, ignore_errors=True)
