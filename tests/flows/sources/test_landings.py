"""A landing is immutable: the same content is the same file, other content lands beside it."""

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from config.errors import OutsideError
from flows.sources import existing_landing, pulled_at, read_landing
from tests.flows.sources.company import OCTOBER, PULLED_AT, Folders, extract, texts_of
from tests.flows.sources.test_formats import TEXT

DECLARED = extract({"files": "{month}*.csv", "footers": "Total"})


def state_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.iterdir())}


def test_the_same_content_pulled_again_is_the_same_untouched_file(folders: Folders) -> None:
    folders.write("2026-10.csv", TEXT)
    first = folders.land(DECLARED)
    before = state_of(first.path.parent)
    folders.pulled_at = PULLED_AT + timedelta(days=1)
    assert folders.land(DECLARED) == first
    assert state_of(first.path.parent) == before


def test_changed_content_lands_beside(folders: Folders) -> None:
    folders.write("2026-10.csv", TEXT)
    first = folders.land(DECLARED)
    folders.write("2026-10.csv", TEXT + "10;2026-10-02;1;late\n")
    folders.pulled_at = PULLED_AT + timedelta(days=1)
    second = folders.land(DECLARED)
    assert first.path.exists()
    assert (first.rows, second.rows) == (3, 4)
    assert existing_landing(folders.landings, "sales", OCTOBER) == second


def test_a_source_that_goes_back_to_an_earlier_content_has_that_as_its_newest(folders: Folders) -> None:
    folders.write("2026-10.csv", TEXT)
    first = folders.land(DECLARED)
    folders.write("2026-10.csv", "id\nwrong export\n")
    folders.pulled_at = PULLED_AT + timedelta(days=1)
    folders.land(DECLARED)
    folders.write("2026-10.csv", TEXT)
    folders.pulled_at = PULLED_AT + timedelta(days=2)
    assert folders.land(DECLARED) == first
    assert existing_landing(folders.landings, "sales", OCTOBER) == first


def test_the_same_content_pulled_once_the_month_is_over_is_no_longer_early(folders: Folders) -> None:
    folders.write("2026-10.csv", TEXT)
    folders.pulled_at = datetime(2026, 10, 31, 18, tzinfo=UTC)
    first = folders.land(DECLARED)
    folders.pulled_at = PULLED_AT
    assert folders.land(DECLARED) == first
    assert pulled_at(first) == PULLED_AT


def test_what_is_known_of_a_landing_is_written_beside_it(folders: Folders) -> None:
    folders.write("2026-10.csv", TEXT + "Total;;;\n11\n")
    landing = folders.land(DECLARED)
    facts = json.loads(landing.path.with_suffix(".json").read_text(encoding="utf-8"))
    assert facts.pop("findings")[0]["code"] == "source.too_few_fields"
    assert facts == {
        "extract": "sales", "month": "2026-10", "source": "files:{month}*.csv", "rows": 4, "sha256": landing.sha256,
        "pulled_at": "2026-11-06T07:30:00+00:00", "columns": ["id", "day", "amount", "name"],
        "files": ["2026-10.csv"], "undated_rows": 0, "footers": 1,
    }  # fmt: skip
    assert landing.path.name == f"sales-{landing.sha256[:12]}.parquet"
    assert read_landing(landing.path.with_suffix(".json")) == landing


def test_the_bytes_say_nothing_of_time_or_of_pandas(folders: Folders) -> None:
    folders.write("2026-10.csv", TEXT)
    landing = folders.land(DECLARED)
    other = Folders(folders.data, folders.landings.parent / "other", pulled_at=PULLED_AT + timedelta(days=9))
    assert other.land(DECLARED).path.read_bytes() == landing.path.read_bytes()
    assert pq.read_metadata(landing.path).metadata is None
    assert [str(field.type) for field in pq.read_schema(landing.path)] == ["string"] * 5 + ["int64"]


def test_a_landing_does_not_depend_on_how_its_rows_came_in(folders: Folders) -> None:
    rows = "".join(f"{n};{n % 7}\n" for n in range(140_000))
    folders.write("2026-10.csv", "id;day\n" + rows)
    fast = folders.land(DECLARED)
    folders.write("2026-10.csv", "id;day\n" + rows + "\n")  # the fast readers leave a file with a blank line
    assert folders.land(DECLARED).sha256 == fast.sha256
    assert fast.rows == 140_000


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_only_this_user_may_read_landings_whatever_the_umask(folders: Folders, umask: int) -> None:
    folders.write("2026-10.csv", TEXT)
    before = os.umask(umask)
    try:
        landing = folders.land(DECLARED)
    finally:
        os.umask(before)
    folder = landing.path.parent
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent, folder.parent.parent)} == {0o700}
    assert {path.suffix for path in folder.iterdir()} == {".parquet", ".json"}


def test_a_damaged_copy_is_put_right(folders: Folders) -> None:
    folders.write("2026-10.csv", TEXT)
    landing = folders.land(DECLARED)
    whole = landing.path.read_bytes()
    landing.path.write_bytes(whole[:-9])
    assert folders.land(DECLARED) == landing
    assert landing.path.read_bytes() == whole


def test_a_missing_description_is_written_again(folders: Folders) -> None:
    folders.write("2026-10.csv", TEXT)
    landing = folders.land(DECLARED)
    landing.path.with_suffix(".json").unlink()
    assert existing_landing(folders.landings, "sales", OCTOBER) is None
    folders.land(DECLARED)
    assert existing_landing(folders.landings, "sales", OCTOBER) == landing


def test_an_extract_is_not_taken_for_another_with_a_longer_name(folders: Folders) -> None:
    folders.write("2026-10.csv", TEXT)
    with folders.session(sales_eu=DECLARED) as session:
        session.land("sales_eu", OCTOBER)
    assert existing_landing(folders.landings, "sales", OCTOBER) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"extract": "sales", "month": "Oktober"}'])
def test_a_damaged_description_is_named(folders: Folders, text: str) -> None:
    folders.write("2026-10.csv", TEXT)
    meta = folders.land(DECLARED).path.with_suffix(".json")
    meta.write_text(text, encoding="utf-8")
    with pytest.raises(OutsideError, match=meta.name):
        existing_landing(folders.landings, "sales", OCTOBER)


def test_rows_that_are_gone_are_told(folders: Folders) -> None:
    folders.write("2026-10.csv", TEXT)
    landing = folders.land(DECLARED)
    landing.path.unlink()
    with pytest.raises(OutsideError, match="rows are gone"):
        read_landing(landing.path.with_suffix(".json"))


FULL_DISK = """
import resource, sys
from pathlib import Path
from config.errors import OutsideError
from tests.flows.sources.company import Folders, extract
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    Folders(Path(sys.argv[1]), Path(sys.argv[2])).land(extract({"files": "{month}*.csv"}))
except OutsideError as error:
    print(error)
"""


def test_a_full_disk_leaves_nothing_half_written(folders: Folders) -> None:
    rows = "".join(f"{n};{n * 7919 % 10007};{n * 104729 % 1299709};{n ^ 0x5A5A}\n" for n in range(1500))
    folders.write("2026-10.csv", "id;day;amount;name\n" + rows)
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folders.data), str(folders.landings), "4000"],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert str(folders.landings) in done.stdout
    assert "File too large" in done.stdout
    assert not list(folders.landings.rglob("*.p*"))
    assert not list(folders.landings.glob(".pulling*"))


def test_texts_are_landed_unconverted(folders: Folders) -> None:
    folders.write("2026-10.csv", "id;day\n 0012 ;1.000,50\n1e5;TRUE\n")
    assert texts_of(folders.land(DECLARED)) == [(" 0012 ", "1.000,50"), ("1e5", "TRUE")]


def test_copies_of_a_session_that_was_killed_are_removed_and_those_of_a_living_one_are_not(folders: Folders) -> None:
    folders.write("2026-10.csv", TEXT)
    left = folders.landings / ".pulling-killed"
    left.mkdir(parents=True)
    (left / "0.arrow").write_text("personal data")
    with folders.session(sales=DECLARED) as living:
        assert not left.exists()
        folders.land(DECLARED)
        assert living.land("sales", OCTOBER) is not None
    assert not list(folders.landings.glob(".pulling*"))
