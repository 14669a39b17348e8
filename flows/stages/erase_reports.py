"""An erased person out of editions, the outbox and pages. A finished PDF cannot be changed: it goes, and its manifest
says so.

Does not belong here: extracts and the configuration (`erase_rows`), and the order (`erasing`).
"""

import fcntl
import html
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from config.errors import RefusedError
from config.months import Month
from flows.files import write_bytes
from flows.sources import replaced_by
from flows.stages.contents import kept_config
from flows.stages.erase_rows import Change, Erasing, masked_json, refers, table_changes
from flows.state.editions import MANIFEST, Edition, ReportEntry, canonical_json, file_sha256, read_edition
from flows.state.gone import ERASED, Gone, months_told, with_gone
from flows.state.ledger import Ledger
from flows.state.paths import StateRoot
from transforms.deliveries import DeliveryState, Hold

_OF_REPORTS = ("models", "changes", "reports")
_WAITING = (DeliveryState.HELD, DeliveryState.QUEUED, DeliveryState.FAILED)


def edition_changes(job: Erasing) -> Iterator[Change]:
    """Every edition: reports that name the person or are about them are gone, tables and pages name the pseudonym."""
    replaced = replaced_by(job.state.landings)
    for edition in _editions(job.state):
        for draft in edition.folder.parent.glob(".draft-*"):
            yield Change("scratch", lambda draft=draft: shutil.rmtree(draft, ignore_errors=True))  # type: ignore[misc]
        condemned = _condemned(job, edition)
        manifest = _manifest(job, edition, condemned, replaced)
        # The manifest first: what it says is gone is removed by the same command again, whatever happens in between.
        if manifest != edition.manifest:
            path = edition.folder / MANIFEST
            yield Change("manifests", lambda path=path, to=manifest: write_bytes(path, canonical_json(to)))  # type: ignore[misc]
        for path in condemned:
            yield Change(_KIND_OF[path.parent.name], lambda path=path: path.unlink(missing_ok=True))  # type: ignore[misc]
        for path in sorted(edition.folder.iterdir()):
            if path.name == MANIFEST or not path.is_file():
                continue
            if path.suffix == ".html":
                yield from _page_changes(job, path, manifest["reports"])
            else:
                yield from table_changes(job, path, "facts of editions")


_KIND_OF = {"reports": "reports (PDF)", "models": "contents of reports", "changes": "what reports open with"}


def _editions(state: StateRoot) -> Iterator[Edition]:
    for month in state.months_with_editions():
        for number in state.edition_numbers(month):
            yield read_edition(state, month, number)


def _condemned(job: Erasing, edition: Edition) -> list[Path]:
    """Files of every report of which one file names the person, or that is about them."""
    files = [path for folder in _OF_REPORTS for path in sorted((edition.folder / folder).glob("*")) if path.is_file()]
    stems: set[str] = set(job.person.report_ids)
    for path in files:
        if path.stem not in stems and _names(job, path):
            stems.add(path.stem)
    return [path for path in files if path.stem in stems or path.name.startswith(".writing-")]


def _names(job: Erasing, path: Path) -> bool:
    if path.suffix == ".pdf":
        # The same PDF lies in several editions, and is named by its content.
        return _pdf_names(job, path, file_sha256(path))
    return job.search.found_in(path) or (bool(job.plain_ids) and _refers(job, path))


def _refers(job: Erasing, path: Path) -> bool:
    """Whether content has an id of the person's that may not be looked for in texts."""
    try:
        return refers(job, json.loads(path.read_bytes()))
    except ValueError:
        return False  # what is damaged is searched byte by byte


def _pdf_names(job: Erasing, path: Path, sha256: str) -> bool:
    if sha256 not in job.read:
        job.read[sha256] = job.search.found_in(path)
    return job.read[sha256]


def _manifest(job: Erasing, edition: Edition, condemned: Iterable[Path], replaced: dict[str, str]) -> dict[str, Any]:
    """The manifest without the person: what is gone of the edition, and which landing took the place of which."""
    stems = {path.stem for path in condemned}
    manifest: dict[str, Any] = masked_json(job, edition.manifest)
    gone: list[Gone] = []
    for old, entry in zip(edition.manifest["reports"], manifest["reports"], strict=True):
        # Whom masking changes is the person, also under an address of before.
        both = zip(old["recipients"], entry["recipients"], strict=True)
        entry["recipients"] = [now for before, now in both if now == before]
        if old["report_id"] in stems or old["report_id"] in job.person.report_ids:
            # Without a hash the report counts as changed: the next run makes it again, without the person.
            entry |= {"recipients": [], "model_sha256": "", "gone": f"{ERASED} ({job.when})"}
            gone.append(Gone(what=f"report {entry['report_id']}", why=ERASED, when=job.when))
    months: dict[str, list[str]] = {}
    for line in manifest["inputs"]:
        now = replaced.get(line["sha256"])
        if now is None and line["sha256"] in job.replaced:
            now = ""  # only seen in a dry run: what it will be is not known yet
        if now is not None and line.get("now") != now:
            line["now"] = now
            months.setdefault(line["extract"], []).append(line["month"])
    gone += [
        Gone(what=f"landings of {extract} as they were: {months_told(found)}", why=ERASED, when=job.when)
        for extract, found in sorted(months.items())
    ]
    sha256 = str(manifest["config_sha256"])
    kept = kept_config(job.state, sha256) if job.state.configs(sha256).is_dir() else None
    if kept is not None and kept.sha256 != sha256:
        gone.append(Gone(what="its configuration as it was", why=ERASED, when=job.when))
    return with_gone(manifest, gone)


def _page_changes(job: Erasing, path: Path, reports: Iterable[ReportEntry] = ()) -> Iterator[Change]:
    """A page with the pseudonym, and without links to reports that are gone; where markup stands within a name, the
    page goes.
    """
    text = path.read_text("utf-8")
    masked = job.phrases.masked(text)
    for entry in reports:
        if entry.get("gone"):
            link = rf'<a href="{re.escape(entry["file"])}">(.*?)</a>'
            masked = re.sub(link, rf'\1<p class="warn">Gone: {html.escape(entry["gone"])}</p>', masked, flags=re.DOTALL)
    if job.phrases.stands_in(html.unescape(masked)):
        yield Change("pages", lambda: path.unlink(missing_ok=True))
    elif masked != text:
        yield Change("pages", lambda: write_bytes(path, masked.encode()))


# -- mail and pages ------------------------------------------------------------------------------------------------


def outbox_changes(job: Erasing) -> Iterator[Change]:
    """Mails to the person, about them, or with a report that names them."""
    outbox = job.state.root / "outbox"
    for path in sorted(outbox.rglob("*")) if outbox.is_dir() else ():
        about = path.name.rpartition("--")[0] in job.person.report_ids
        if path.is_file() and (about or job.search.found_in(path)):
            yield Change("mails in the outbox", lambda path=path: path.unlink(missing_ok=True))  # type: ignore[misc]


def page_changes(job: Erasing) -> Iterator[Change]:
    """Pages of checks, made anew by `check`; reports made for a look; what runs that died left behind."""
    for path in sorted((job.state.root / "checks").rglob("*.html")):
        yield from _page_changes(job, path)
    for path in sorted(job.state.preview.rglob("*")) if job.state.preview.is_dir() else ():
        if path.is_file() and (path.stem in job.person.report_ids or job.search.found_in(path)):
            yield Change("previews", lambda path=path: path.unlink(missing_ok=True))  # type: ignore[misc]
    for path in _left_behind(job.state.root):
        yield Change("scratch", lambda path=path: _remove(path))  # type: ignore[misc]


def _left_behind(root: Path) -> list[Path]:
    """What a killed process was working with; what a living one holds is locked, and stays."""
    found = [
        *root.glob(".remake-*"),
        *root.glob(".working-*"),
        *root.glob(".backfill-*"),
        *(root / "landings").glob(".pulling-*"),
    ]
    found += [*root.rglob(".writing-*"), *root.rglob(".*.partial"), *root.glob("*/.gone-*")]
    return [path for path in sorted(found) if not _is_held(path)]


def _is_held(path: Path) -> bool:
    """Whether a process works in a folder: a remake locks the root within, pulling the folder itself."""
    for place in (path / "run.lock", path):
        with suppress(OSError):
            handle = os.open(place, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            finally:
                os.close(handle)
    return False


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


# -- the ledger ----------------------------------------------------------------------------------------------------


def hold_gone(state: StateRoot, ledger: Ledger, now: datetime) -> int:
    """Hold what waits of reports that are gone, whoever their reader is. Gives how many."""
    gone = {
        (edition.month, entry["edition"], entry["report_id"])
        for edition in _editions(state)
        for entry in edition.manifest["reports"]
        if entry.get("gone")
    }
    keys = [
        line.key
        for line in ledger.deliveries(states=_WAITING)
        if (line.key.month, line.key.edition, line.key.report_id) in gone and line.hold is not Hold.ERASED
    ]
    return ledger.hold(keys, Hold.ERASED, ERASED, now) if keys else 0


def ledger_lines(ledger: Ledger, job: Erasing) -> int:
    """How many lines of the ledger are to or about the person, or name them: all that forgetting changes."""
    reports = set(job.person.report_ids)
    count = sum(one.report_id in reports for one in ledger.approvals())
    for line in ledger.deliveries():
        if _is_named(job, line.key.recipient) or line.key.report_id in reports:
            count += 1
        else:
            count += _is_named(job, line.reason)
    texts = [line.requeued_by for line in ledger.deliveries()]
    texts += [text for one in ledger.approvals() for text in (one.by, one.rule)]
    texts += [text for line in ledger.runs() for text in (line.note, line.fault)]
    return count + sum(_is_named(job, text) for text in texts)


def still_named(ledger: Ledger, job: Erasing) -> int:
    """How many texts of the ledger still name the person: also where it is a database elsewhere."""
    texts = [
        text
        for line in ledger.deliveries()
        for text in (line.key.recipient, line.key.report_id, line.reason, line.requeued_by)
    ]
    texts += [text for one in ledger.approvals() for text in (one.by, one.report_id, one.rule)]
    texts += [text for line in ledger.runs() for text in (line.note, line.fault)]
    return sum(_is_named(job, text) or text in job.person.report_ids for text in texts)


def _is_named(job: Erasing, text: str) -> bool:
    told = {one.casefold() for one in job.called}
    return text.strip().casefold() in told or job.phrases.stands_in(text)


def recipients_known(state: StateRoot, ledger: Ledger) -> frozenset[str]:
    """Everybody who was ever written to, or would have been, by what is kept; in small letters."""
    found = {line.key.recipient for line in ledger.deliveries()}
    found |= {
        one for edition in _editions(state) for entry in edition.manifest["reports"] for one in entry["recipients"]
    }
    return frozenset(one.casefold() for one in found)


def readers_of_own(ledger: Ledger, job: Erasing) -> set[str]:
    """Addresses that reports about the person went to, and that are not known to be the person's."""
    reports = job.person.report_ids
    lines = ledger.deliveries(report_ids=reports) if reports else []
    return {line.key.recipient for line in lines if not _is_named(job, line.key.recipient)}


def refuse_while_sending(ledger: Ledger) -> None:
    """Raise RefusedError where a mail is going out: whether it names the person is known only afterwards."""
    sending = ledger.deliveries(states=[DeliveryState.SENDING])
    if sending:
        raise RefusedError(
            f"{len(sending)} mails are being sent, or their sender died at it.",
            fix="Let yardstick send end, or run it once more so that it settles them, then erase again.",
        )


def months_to_make_again(state: StateRoot) -> list[Month]:
    """Months whose newest edition lacks a report since a person was erased."""
    found = []
    for month in state.months_with_editions():
        edition = read_edition(state, month, state.edition_numbers(month)[-1])
        if any(entry.get("gone") for entry in edition.manifest["reports"]):
            found.append(month)
    return found
