"""The state root: where everything is kept, for its owner's eyes alone, by one run at a time."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config.errors import OutsideError, RefusedError
from config.months import Month
from flows.files import TEMPORARY_PREFIX, make_folder, write_bytes, write_text, write_whole
from flows.state.paths import StateRoot, default_root

OCTOBER = Month(2026, 10)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_everything_has_the_place_other_tools_rely_on() -> None:
    root = StateRoot(Path("/state"))
    assert {str(path) for path in (root.landings, root.checked, root.editions)} == {
        "/state/landings", "/state/checked", "/state/editions",
    }  # fmt: skip
    assert str(root.facts(OCTOBER)) == "/state/facts/month=2026-10/facts.parquet"
    assert str(root.configs("ab12")) == "/state/configs/ab12"
    assert str(root.edition(OCTOBER, 3)) == "/state/editions/2026-10/3"


def test_asking_for_a_path_makes_nothing(tmp_path: Path) -> None:
    root = StateRoot(tmp_path / "state")
    assert root.edition_numbers(OCTOBER) == []
    assert root.months_with_editions() == []
    assert not root.root.exists()


def test_editions_are_told_by_number_and_nothing_else_is_one(tmp_path: Path) -> None:
    root = StateRoot(tmp_path)
    for name in ("1", "2", "10", ".draft-77", "old", "2.bak"):
        (root.editions / "2026-10" / name).mkdir(parents=True)
    (root.editions / "2026-09").mkdir()
    (root.editions / "notes").mkdir()
    assert root.edition_numbers(OCTOBER) == [1, 2, 10]
    assert root.months_with_editions() == [OCTOBER]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277], ids=oct)
def test_whatever_the_umask_only_the_owner_may_look(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        path = write_text(tmp_path / "a" / "b" / "c.txt", "x")
    finally:
        os.umask(before)
    assert (mode(path), mode(path.parent), mode(path.parent.parent)) == (0o600, 0o700, 0o700)


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    """The state root may lie in a shared folder, which is not ours to close."""
    tmp_path.chmod(0o755)
    make_folder(tmp_path / "state")
    assert mode(tmp_path) == 0o755


def test_what_fails_while_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = write_text(tmp_path / "facts.json", "old")

    def half(temporary: Path) -> None:
        temporary.write_text("ne")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 (the writer's own error goes through)
        write_whole(path, half)
    assert path.read_text() == "old"
    assert [child.name for child in tmp_path.iterdir()] == ["facts.json"]


def test_a_file_that_says_the_same_already_is_not_touched(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "same", b"x")
    os.utime(path, (1, 1))
    write_bytes(path, b"x")
    assert path.stat().st_mtime == 1


def test_a_disk_that_refuses_is_told_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideError, match=r"file/below.*cannot be written.*Make room, or mend its permissions"):
        write_text(tmp_path / "file" / "below" / "x", "x")


def test_a_half_written_file_has_a_name_that_tells_it(tmp_path: Path) -> None:
    seen: list[str] = []
    write_whole(tmp_path / "x.parquet", lambda path: seen.append(path.name))
    assert seen[0].startswith(TEMPORARY_PREFIX)
    assert seen[0].endswith(".parquet")


def test_two_runs_do_not_share_a_root(tmp_path: Path) -> None:
    """Another process holds the lock, as another run would."""
    root = StateRoot(tmp_path / "state")
    program = "import sys; from pathlib import Path; from flows.state.paths import StateRoot\n"
    program += "with StateRoot(Path(sys.argv[1])).locked(): print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(root.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(RefusedError, match=r"Another run is working on .*Wait until it has ended"), root.locked():
            pass
        other.kill()
    with root.locked():
        assert mode(root.root / "run.lock") == 0o600


def test_the_lock_goes_with_the_run_that_failed(tmp_path: Path) -> None:
    root = StateRoot(tmp_path)
    with pytest.raises(ZeroDivisionError), root.locked():
        raise ZeroDivisionError
    with root.locked():
        pass


@pytest.mark.parametrize(
    ("company", "folder"), [("Tiny & Sons GmbH", "tiny-sons-gmbh"), ("Müller", "m-ller"), ("社員", "company")]
)
def test_each_company_has_a_root_of_its_own_unless_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, company: str, folder: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_root(company) == tmp_path / "yardstick" / folder
    monkeypatch.setenv("YARDSTICK_STATE", str(tmp_path / "told"))
    assert default_root(company) == tmp_path / "told"


def test_what_a_killed_process_was_writing_is_cleared_when_it_is_old(tmp_path: Path) -> None:
    root = StateRoot(make_folder(tmp_path / "state"))
    left = [
        root.root / f"{TEMPORARY_PREFIX}a.json",
        make_folder(root.checked / f"{TEMPORARY_PREFIX}b") / "database",
        make_folder(root.landings / "2026-10") / ".sales-c.partial",
    ]
    for path in left:
        path.write_bytes(b"half")
    kept = write_text(root.landings / "2026-10" / "sales.json", "whole")
    with root.locked():
        assert all(path.exists() for path in left), "somebody may still write them"
    for path in (*left, *(path.parent for path in left), kept):
        os.utime(path, (1, 1))
    with root.locked():
        assert [path for path in left if path.exists()] == []
    assert kept.read_text() == "whole"
