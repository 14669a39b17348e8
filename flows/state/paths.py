"""Where everything is kept under one root outside the repository, and the locks that runs and senders hold on it."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from config.errors import RefusedError
from config.months import Month
from flows.files import TEMPORARY_PREFIX
from flows.locks import held

STATE_VARIABLE = "YARDSTICK_STATE"
_LEFT = tuple(f"{depth}{name}" for depth in ("", "*/", "*/*/") for name in (f"{TEMPORARY_PREFIX}*", ".*.partial"))
_STALE_SECONDS = 3600.0
_MAIL_LOCK = "mail.lock"
_MAIL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class StateRoot:
    """The state root of one company. Paths only: nothing is made before something is written."""

    root: Path
    facts_home: Path | None = None
    """Where facts are kept instead, while several months are made at once."""

    @property
    def landings(self) -> Path:
        """One folder a month."""
        return self.root / "landings"

    @property
    def checked(self) -> Path:
        """One folder a month."""
        return self.root / "checked"

    @property
    def facts_folder(self) -> Path:
        """One folder a month."""
        return self.facts_home or self.root / "facts"

    def facts(self, month: Month) -> Path:
        """The newest facts of a month."""
        return self.facts_folder / f"month={month}" / "facts.parquet"

    def facts_record(self, month: Month) -> Path:
        """What the facts of a month were made from, their reconciliation and findings."""
        return self.facts_folder / f"month={month}" / "facts.json"

    def configs(self, sha256: str) -> Path:
        """The configuration as it was."""
        return self.root / "configs" / sha256

    @property
    def editions(self) -> Path:
        """One folder a month, in it one an edition."""
        return self.root / "editions"

    def edition(self, month: Month, number: int) -> Path:
        """One edition."""
        return self.editions / str(month) / str(number)

    def edition_numbers(self, month: Month) -> list[int]:
        """Numbers of the editions of a month, oldest first."""
        folder = self.editions / str(month)
        if not folder.is_dir():
            return []
        return sorted(int(child.name) for child in folder.iterdir() if child.name.isdigit())

    def months_with_editions(self) -> list[Month]:
        """Months of which there is an edition, oldest first."""
        if not self.editions.is_dir():
            return []
        names = (child.name for child in self.editions.iterdir() if re.fullmatch(r"\d{4}-\d{2}", child.name))
        return sorted(month for name in names if self.edition_numbers(month := Month.parse(name)))

    def checks(self, month: Month) -> Path:
        """What `check` found of a month, outside any edition."""
        return self.root / "checks" / str(month)

    @property
    def preview(self) -> Path:
        """Reports made for a look, never part of an edition."""
        return self.root / "preview"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the root for one run. Raises RefusedError where another run holds it."""
        refusal = RefusedError(
            f"Another run is working on {self.root}.", fix="Wait until it has ended, then run again."
        )
        with held(self.root / "run.lock", 0, refusal):
            self._clear()
            yield

    @contextmanager
    def mailing(self) -> Iterator[None]:
        """Hold while mails go out, beside others who send. Raises RefusedError while they may not."""
        refusal = RefusedError(
            f"A person or old months are being erased from {self.root}.", fix="Wait until that has ended, then send."
        )
        with held(self.root / _MAIL_LOCK, _MAIL_SECONDS, refusal, shared=True):
            yield

    @contextmanager
    def without_mailing(self) -> Iterator[None]:
        """Hold while no mail may go out or be written. Raises RefusedError where one does."""
        refusal = RefusedError(f"Mails of {self.root} are being sent.", fix="Let yardstick send end, then run again.")
        with held(self.root / _MAIL_LOCK, 0, refusal):
            yield

    def _clear(self) -> None:
        """Take away what processes that were killed were writing; young ones may still be written by a sender."""
        for pattern in _LEFT:
            for path in self.root.glob(pattern):
                with suppress(OSError):
                    if time.time() - path.stat().st_mtime < _STALE_SECONDS:
                        continue
                    if path.is_dir():
                        shutil.rmtree(path, ignore_errors=True)
                    else:
                        path.unlink()


def default_root(company: str) -> Path:
    """Where the state of a company is kept unless told: $YARDSTICK_STATE, else the user's state folder."""
    told = os.environ.get(STATE_VARIABLE)
    if told:
        return Path(told).expanduser().absolute()
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    name = re.sub(r"[^a-z0-9]+", "-", company.lower()).strip("-") or "company"
    return base.absolute() / "yardstick" / name
