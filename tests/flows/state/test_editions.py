"""Editions: numbered, frozen, published whole or not at all, and new only where something new is said."""

import hashlib
import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from config.errors import OutsideError, RefusedError
from config.months import Month
from flows.files import write_bytes
from flows.state.editions import (
    Edition,
    ReportEntry,
    canonical_json,
    changed_reports,
    draft_folder,
    file_sha256,
    newest_edition,
    nothing_new,
    publish,
    read_edition,
    take_over,
)
from flows.state.paths import StateRoot

OCTOBER = Month(2026, 10)


@pytest.fixture
def state(tmp_path: Path) -> StateRoot:
    return StateRoot(tmp_path / "state")


def entry(report_id: str, content: bytes = b"%PDF-", model_sha256: str = "m1", edition: int = 1) -> ReportEntry:
    return ReportEntry(
        report_id=report_id, kind="team", unit_id=report_id, title=report_id, edition=edition,
        file=f"reports/{report_id}.pdf", sha256=hashlib.sha256(content).hexdigest(), model_sha256=model_sha256,
        pages=1, recipients=[], since=0,
    )  # fmt: skip


def published(state: StateRoot, *entries: ReportEntry, content: bytes = b"%PDF-", number: int = 1) -> Edition:
    with draft_folder(state, OCTOBER) as draft:
        for one in entries:
            write_bytes(draft / one["file"], content)
        publish(state, OCTOBER, number, draft, {"month": "2026-10", "reports": list(entries)}, lambda: None)
    return read_edition(state, OCTOBER, number)


@pytest.mark.parametrize(
    ("models", "changed", "new"),
    [
        ({"a": "m1", "b": "m1"}, set(), False),
        ({"a": "m1", "b": "m2"}, {"b"}, True),
        ({"a": "m1", "b": "m1", "c": "m1"}, {"c"}, True),
        ({"a": "m1"}, set(), True),
        ({"a": "m1", "c": "m1"}, {"c"}, True),
    ],
    ids=["all the same", "one changed", "one more", "one less", "one replaced"],
)
def test_an_edition_is_new_where_a_report_is(
    state: StateRoot, models: dict[str, str], changed: set[str], new: bool
) -> None:
    before = published(state, entry("a"), entry("b"))
    assert changed_reports(models, before) == changed
    assert nothing_new(models, before) is not new


def test_the_first_edition_is_all_new() -> None:
    assert changed_reports({"a": "m1"}, None) == {"a"}
    assert not nothing_new({"a": "m1"}, None)


def test_the_newest_edition_is_the_one_with_the_highest_number(state: StateRoot) -> None:
    assert newest_edition(state, OCTOBER) is None
    for number in (1, 2, 10):
        published(state, entry("a"), number=number)
    newest = newest_edition(state, OCTOBER)
    assert newest is not None
    assert newest.number == 10


def test_what_the_last_look_refuses_is_not_published(state: StateRoot) -> None:
    def refuse() -> None:
        raise RefusedError("It shows a stranger.")

    with pytest.raises(RefusedError), draft_folder(state, OCTOBER) as draft:
        publish(state, OCTOBER, 1, draft, {"reports": []}, refuse)
    assert list((state.editions / "2026-10").iterdir()) == []


def test_the_last_look_sees_the_whole_draft(state: StateRoot) -> None:
    seen: list[str] = []
    with draft_folder(state, OCTOBER) as draft:
        write_bytes(draft / "reports" / "a.pdf", b"%PDF-")
        publish(state, OCTOBER, 1, draft, {"reports": []}, lambda: seen.extend(path.name for path in draft.rglob("*")))
    assert sorted(seen) == ["a.pdf", "manifest.json", "reports"]


def test_drafts_of_runs_that_died_are_cleared_and_one_s_own_goes_too(state: StateRoot) -> None:
    left = state.editions / "2026-10" / ".draft-4711"
    (left / "reports").mkdir(parents=True)
    with suppress(KeyboardInterrupt), draft_folder(state, OCTOBER) as draft:
        assert not left.exists()
        write_bytes(draft / "half.pdf", b"x")
        raise KeyboardInterrupt
    assert list((state.editions / "2026-10").iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from config.months import Month
from flows.files import write_bytes
from flows.state.editions import draft_folder, publish
from flows.state.paths import StateRoot

root, event, name = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
times = int(sys.argv[4])

def kill(happened, arguments):
    global times
    if happened == event and arguments and str(arguments[0]).endswith(name):
        times -= 1
        if times == 0:
            os.kill(os.getpid(), signal.SIGKILL)

state, month = StateRoot(root), Month(2026, 10)
with draft_folder(state, month) as draft:
    for number in range(3):
        write_bytes(draft / "reports" / f"{number}.pdf", b"%PDF-" * 1000)
    sys.addaudithook(kill)
    publish(state, month, 1, draft, {"month": "2026-10", "reports": []}, lambda: None)
"""
WHOLE = ["manifest.json", "reports/0.pdf", "reports/1.pdf", "reports/2.pdf"]


@pytest.mark.parametrize(
    ("event", "name", "times", "there"),
    [
        ("tempfile.mkstemp", ".json", 1, False),
        ("os.rename", ".json", 1, False),
        ("os.rename", "", 2, False),
        ("open", "2026-10", 1, True),
        ("shutil.rmtree", "", 1, True),
    ],
    ids=["before the manifest", "as the manifest is named", "as the edition is named", "just after", "at the end"],
)
def test_killed_at_any_moment_an_edition_is_whole_or_not_there(
    state: StateRoot, event: str, name: str, times: int, there: bool
) -> None:
    """The process kills itself at the moment: nothing of it can tidy up."""
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, state.root, event, name, str(times)], check=False, capture_output=True
    )
    assert (ended.returncode, ended.stderr) == (-signal.SIGKILL, b"")
    assert state.edition_numbers(OCTOBER) == ([1] if there else [])
    if there:
        folder = state.edition(OCTOBER, 1)
        assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()) == WHOLE
        assert read_edition(state, OCTOBER, 1).reports == {}
    with draft_folder(state, OCTOBER) as draft:
        assert [child for child in draft.parent.iterdir() if not child.name.isdigit()] == [draft]


def test_an_edition_that_is_there_is_never_replaced(state: StateRoot) -> None:
    before = published(state, entry("a"), content=b"first")
    with pytest.raises(OutsideError, match=r"2026-10/1 cannot be written"):
        published(state, entry("a"), content=b"second")
    assert (before.folder / "reports" / "a.pdf").read_bytes() == b"first"


def test_an_unchanged_report_is_taken_over_byte_for_byte(state: StateRoot, tmp_path: Path) -> None:
    before = published(state, entry("a"))
    take_over(before, before.reports["a"], tmp_path / "draft")
    copy = tmp_path / "draft" / "reports" / "a.pdf"
    assert copy.read_bytes() == b"%PDF-"
    assert file_sha256(copy) == before.reports["a"]["sha256"]
    assert copy.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["tampered", "gone"])
def test_a_report_that_is_not_what_was_published_is_noticed(state: StateRoot, tmp_path: Path, damage: str) -> None:
    before = published(state, entry("a"))
    report = before.folder / "reports" / "a.pdf"
    if damage == "gone":
        report.unlink()
    else:
        report.write_bytes(b"%PDF-1.7 tampered")
    with pytest.raises(OutsideError, match=r"a\.pdf .*edition 1.*--reissue"):
        take_over(before, before.reports["a"], tmp_path / "draft")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"reports": 1}'])
def test_a_manifest_that_cannot_be_read_is_told(state: StateRoot, content: str) -> None:
    edition = published(state, entry("a"))
    (edition.folder / "manifest.json").write_text(content)
    with pytest.raises(OutsideError, match=r"manifest\.json cannot be read.*Restore it from a backup"):
        read_edition(state, OCTOBER, 1)


def test_json_is_written_one_way() -> None:
    assert canonical_json({"b": 1, "a": "ü"}) == canonical_json({"a": "ü", "b": 1})
    assert json.loads(canonical_json({"a": [1.5, None]})) == {"a": [1.5, None]}
