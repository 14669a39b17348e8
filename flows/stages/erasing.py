"""Erase a person from everything kept: an irreversible pseudonym where figures must still add up, gone elsewhere.

What was begun is finished by the same command again: what is needed for that is kept until the end in a private file.
Does not belong here: what is done to each kind of file (`erase_rows`, `erase_reports`), and old months (`keeping`).
"""

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from config.errors import OutsideError, RefusedError
from config.loader import config_files, load_config
from config.models import Config
from config.months import Month
from flows.erased import KEY, LIST, Erased, ErasedPerson, open_erased, read_erased, write_erased
from flows.files import write_bytes
from flows.stages.erase_reports import (
    edition_changes,
    hold_gone,
    ledger_lines,
    months_to_make_again,
    outbox_changes,
    page_changes,
    readers_of_own,
    recipients_known,
    refuse_while_sending,
    still_named,
)
from flows.stages.erase_rows import Change, Erasing, checked_changes, config_changes, facts_changes, landing_changes
from flows.stages.erase_rows import named_lines as lines_naming
from flows.stages.persons import Person, addresses_of_nobody, find_person
from flows.stages.recording import open_ledger
from flows.stages.run import MonthRun
from flows.stages.searched import files_of
from flows.state.editions import canonical_json
from flows.state.ledger import Ledger
from flows.state.paths import StateRoot

JOURNAL = "erasing.json"


@dataclass(frozen=True)
class Erasure:
    """What came of it. `left` are files that still name the person; none is what it is about."""

    name: str
    counts: dict[str, int]
    searched: int = 0
    left: tuple[str, ...] = ()
    config_lines: tuple[str, ...] = ()
    """Lines of the living configuration that name the person, as file:line."""
    sources: tuple[str, ...] = ()
    """Files of the sources under the state root, which are not ours to change, that name the person."""
    shared_names: tuple[str, ...] = ()
    single_names: tuple[str, ...] = ()
    """Names of one word, which were not looked for in texts."""
    only_address: bool = False
    """Nothing but an address is known of the person."""
    addresses_of_nobody: tuple[str, ...] = ()
    """Addresses that reports about the person went to, and nobody in hr has: perhaps of theirs before."""
    make_again: tuple[Month, ...] = ()
    resumed: tuple[str, ...] = ()
    """Pseudonyms of persons whose erasure had been interrupted and was finished before."""
    dry_run: bool = field(default=False)


def erase(
    state: StateRoot, config_dir: Path, told: str, by: str, now: datetime, *, addresses: Sequence[str] = (),
    dry_run: bool = False,
) -> Erasure:  # fmt: skip
    """Erase whom an id, an address or a source's id stands for. `by` is kept with the pseudonym, and `addresses` are
    the person's, too, though nothing that is kept of hr says so.

    Raises UsageError where nobody or several are meant, RefusedError while a run works or mails go out.
    """
    config = load_config(config_dir)
    _refuse_sources_among_kept(state, config_dir, now)
    if dry_run:
        with state.locked(), open_ledger(config, state) as ledger:
            return _counted(state, config, ledger, told, addresses, now)
    with state.locked(), state.without_mailing(), open_ledger(config, state) as ledger:
        refuse_while_sending(ledger)
        before = None
        pending = _read_journal(state)
        if pending is not None and (addresses or not pending[0].is_called(told)):
            before = _finished(state, config, ledger, *pending, now)
            pending = None
        if pending is None:
            known = recipients_known(state, ledger)
            person = find_person(state, config, open_erased(state.root), told, addresses, known)
            pending = (person, now.date().isoformat(), by)
            write_bytes(
                state.root / JOURNAL, canonical_json({"person": person.as_json(), "when": pending[1], "by": by})
            )
        done = _finished(state, config, ledger, *pending, now)
        return done if before is None else _after(before, done)


def _after(before: Erasure, done: Erasure) -> Erasure:
    """What came of an erasure, after one that had been interrupted: of that, too, nothing may be left."""
    if not before.left:
        return replace(done, resumed=(before.name,))
    if before.name == done.name:
        return done
    return replace(done, left=(*done.left, *(f"{one} (of {before.name})" for one in before.left)))


def _refuse_sources_among_kept(state: StateRoot, config_dir: Path, now: datetime) -> None:
    """The company's own files are not ours to change, and could not be told from what is kept."""
    for folder in (MonthRun(Month(2000, 1), config_dir, state, now).data_dir, config_dir):
        if state.root.resolve() == folder.resolve():
            raise RefusedError(
                f"{folder} is the state root and holds the company's own files.", fix="Keep them in a folder of theirs."
            )


def _counted(
    state: StateRoot, config: Config, ledger: Ledger, told: str, addresses: Sequence[str], now: datetime
) -> Erasure:
    erased = read_erased(state.root) or Erased(secrets.token_bytes(32))
    person = find_person(state, config, erased, told, addresses, recipients_known(state, ledger))
    when = now.date().isoformat()
    job = Erasing(state, config, _listed(erased, person, when, ""), person, when)
    counts = Counter(change.kind for change in _changes(job))
    counts["lines of the ledger"] = ledger_lines(ledger, job)
    return replace(_told_of(job, ledger), counts=_in_order(counts), dry_run=True)


def _told_of(job: Erasing, ledger: Ledger) -> Erasure:
    """What is to be told of the person before anything is changed."""
    return Erasure(
        name=job.person.name,
        counts={},
        config_lines=_config_lines(job),
        shared_names=job.person.shared_names,
        single_names=job.person.single_names,
        only_address=not job.person.ids,
        addresses_of_nobody=addresses_of_nobody(job.state, job.config, readers_of_own(ledger, job)),
    )


def _finished(
    state: StateRoot, config: Config, ledger: Ledger, person: Person, when: str, by: str, now: datetime
) -> Erasure:
    """Do all of it, in an order in which any part may be done again, and search for what is left."""
    erased = _listed(open_erased(state.root), person, when, by)
    # The list first: whatever is pulled from now on names nobody.
    write_erased(state.root, erased)
    job = Erasing(state, config, erased, person, when)
    told = _told_of(job, ledger)
    counts: Counter[str] = Counter()
    masked = job.phrases.masked
    counts["lines of the ledger"] = ledger.forget_person(job.called, now, person.report_ids, masked)
    for change in _changes(job):
        change.act()
        counts[change.kind] += 1
    counts["deliveries held"] = hold_gone(state, ledger, now)
    sources = _sources(job)
    searched, left = _left(job, sources)
    remaining = still_named(ledger, job)
    if remaining:
        left.append(f"the ledger ({remaining} lines)")
    if not left:
        (state.root / JOURNAL).unlink(missing_ok=True)
    return replace(
        told,
        counts=_in_order(counts),
        searched=searched,
        left=tuple(left),
        sources=_named_sources(job, sources),
        make_again=tuple(months_to_make_again(state)),
    )


def _changes(job: Erasing) -> Iterator[Change]:
    """Extracts before what was derived of them, and the configuration before the manifests that speak of it."""
    yield from config_changes(job)
    yield from landing_changes(job)
    yield from checked_changes(job)
    yield from facts_changes(job)
    yield from edition_changes(job)
    yield from outbox_changes(job)
    yield from page_changes(job)


def _in_order(counts: Counter[str]) -> dict[str, int]:
    return {kind: counts[kind] for kind in sorted(counts) if counts[kind]}


def _listed(erased: Erased, person: Person, when: str, by: str) -> Erased:
    """The list with the person; what it knew of them before stays."""
    new = erased.hashed(person.number, when, by, person.ids, person.phrases)
    old = next((one for one in erased.persons if one.number == person.number), None)
    if old is not None:
        new = ErasedPerson(
            new.number,
            old.when,
            old.by,
            tuple(sorted({*old.ids, *new.ids}, key=lambda one: (one.hash, one.first, one.last))),
            tuple(sorted({*old.phrases, *new.phrases}, key=lambda one: one.hash)),
        )
    others = [one for one in erased.persons if one.number != person.number]
    return Erased(erased.key, tuple(sorted([*others, new], key=lambda one: one.number)))


def _read_journal(state: StateRoot) -> tuple[Person, str, str] | None:
    path = state.root / JOURNAL
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text("utf-8"))
        return Person.of_json(content["person"]), str(content["when"]), str(content["by"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutsideError(
            f"{path} cannot be read: it says whose erasure was interrupted.",
            fix="Delete it and erase that person again.",
        ) from error


# -- what is left --------------------------------------------------------------------------------------------------


def _left(job: Erasing, sources: Iterable[Path]) -> tuple[int, list[str]]:
    """How many files were searched, and those that still name the person."""
    root = job.state.root
    ours = {root / name for name in (JOURNAL, LIST, KEY)}
    files = [path for path in files_of(root, sources) if path not in ours]
    left = [path.relative_to(root).as_posix() for path in files if job.search.found_in(path)]
    # Ids that are ordinary words or numbers are looked for where ids stand.
    changes = [*landing_changes(job), *facts_changes(job), *(edition_changes(job) if job.plain_ids else ())]
    left += [f"{change.kind}: an id" for change in changes]
    return len(files), left


def _sources(job: Erasing) -> list[Path]:
    """Folders under the state root that are the company's own: its files, and the configuration in use."""
    run = MonthRun(
        Month(2000, 1), job.config.directory, job.state, datetime.fromisoformat(job.when).replace(tzinfo=UTC)
    )
    return [folder for folder in (run.data_dir, job.config.directory) if folder.is_relative_to(job.state.root)]


def _named_sources(job: Erasing, folders: Iterable[Path]) -> tuple[str, ...]:
    found = []
    for folder in folders:
        if folder == job.config.directory:
            continue
        found += [path.as_posix() for path in files_of(folder, ()) if job.search.found_in(path)]
    return tuple(found)


def _config_lines(job: Erasing) -> tuple[str, ...]:
    directory = job.config.directory
    return tuple(lines_naming(job, directory, config_files(directory, job.config)))
