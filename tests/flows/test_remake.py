"""Later editions open with what changed since the reader's copy, and every edition can be made again, byte for byte."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.cli.main import main
from flows.rendering import read_back
from flows.stages.code import code_version
from flows.stages.copies import newest_copies
from flows.stages.publish import Outcome
from flows.state.editions import canonical_json, newest_edition
from tests.companies import OCTOBER, PULLED_AT, REPORTS, TinyCompany, files_under
from transforms.reader_changes import ReaderChanges

SAID = "What changed since"
LATE = "2026-10-AS03-9,AS03,2026-10-20,1000.00,B2B"


@pytest.fixture(scope="module")
def thrice(made: tuple[TinyCompany, object], tmp_path_factory: pytest.TempPathFactory) -> TinyCompany:
    """The tiny company with three editions, to be read only: a late order, then another expectation of one team."""
    company = made[0].copy(tmp_path_factory.mktemp("remake") / "company")
    company.append("sales/2026-10.csv", LATE)
    assert make(company, hours=1).number == 2
    company.change("config/asked.csv", "team,SOUTH,revenue,2026-10,8000", "team,SOUTH,revenue,2026-10,8100")
    assert make(company, hours=2).number == 3
    return company


def make(company: TinyCompany, hours: float = 3) -> Outcome:
    """Another edition, whose readers have the newest one, so many hours after the first was pulled."""
    copies = newest_copies(newest_edition(company.state, OCTOBER))
    return company.make(copies=copies, pulled_at=PULLED_AT + timedelta(hours=hours))


def manifest(company: TinyCompany, number: int) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((company.state.edition(OCTOBER, number) / "manifest.json").read_text("utf-8"))
    return read


def entries(company: TinyCompany, number: int) -> dict[str, dict[str, Any]]:
    return {one["report_id"]: one for one in manifest(company, number)["reports"]}


def changes_of(company: TinyCompany, number: int, report: str) -> ReaderChanges:
    path = company.state.edition(OCTOBER, number) / "changes" / f"{report}.json"
    return ReaderChanges.model_validate_json(path.read_bytes())


def pdf_text(company: TinyCompany, number: int, report: str) -> str:
    return " ".join(read_back(company.state.edition(OCTOBER, number) / "reports" / f"{report}.pdf").split())


# -- what a reader finds -------------------------------------------------------------------------------------------


@pytest.mark.soak
def test_the_first_edition_says_nothing_of_an_earlier_copy(thrice: TinyCompany) -> None:
    assert not (thrice.state.edition(OCTOBER, 1) / "changes").exists()
    assert all(SAID not in pdf_text(thrice, 1, report) for report in REPORTS)


def test_a_changed_report_opens_with_what_changed_and_why(thrice: TinyCompany) -> None:
    text = pdf_text(thrice, 2, "manager-AS02")
    assert text.index(f"{SAID} edition 1") < text.index("Late or corrected data: sales (October 2026).")
    assert text.index("8,658 → 9,658") < text.index("measures")
    assert "Associate 3" in text[: text.index("Late or corrected")]
    assert "2,580 → 3,580" in text
    assert entries(thrice, 2)["manager-AS02"]["since"] == 1


def test_a_report_with_the_same_figures_says_so(thrice: TinyCompany) -> None:
    """The late order is in the company's totals, which stand at the end of every report."""
    changes = changes_of(thrice, 2, "team-SOUTH")
    assert (changes.groups, changes.also[:15]) == ((), "Every figure, s")


def test_only_what_changed_is_made_again_and_the_rest_keeps_its_file_and_its_opening(thrice: TinyCompany) -> None:
    second, third = entries(thrice, 2), entries(thrice, 3)
    changed = {name for name in REPORTS if second[name]["sha256"] != third[name]["sha256"]}
    assert changed == {name for name in REPORTS if third[name]["edition"] == 3} == {"team-SOUTH"}
    for name in set(REPORTS) - changed:
        assert (third[name]["edition"], third[name]["since"]) == (2, 1)
        assert changes_of(thrice, 3, name) == changes_of(thrice, 2, name)
    assert third["team-SOUTH"]["since"] == 2
    opening = changes_of(thrice, 3, "team-SOUTH")
    assert [(row.label, row.figure, row.expected and row.expected.now) for row in opening.groups[0].rows] == [
        ("Revenue", None, "8,100")
    ]
    assert opening.why == ("Changed expectation of revenue: As many orders as in spring — Sales director",)


@pytest.mark.soak
def test_the_content_s_hash_does_not_depend_on_the_reader_s_copy(thrice: TinyCompany, tmp_path: Path) -> None:
    afresh = thrice.copy(tmp_path / "afresh")
    shutil.rmtree(afresh.state.root / "editions")
    afresh.make()
    assert {name: one["model_sha256"] for name, one in entries(afresh, 1).items()} == {
        name: one["model_sha256"] for name, one in entries(thrice, 3).items()
    }


@pytest.mark.soak
def test_a_run_is_told_which_copies_readers_have(thrice: TinyCompany, tmp_path: Path) -> None:
    """Edition 2 was never sent, the team SOUTH has nothing, and the first edition's file of AS06 is gone."""
    company = thrice.copy(tmp_path / "told")
    company.append("sales/2026-10.csv", LATE.replace("-9,", "-8,"))
    (company.state.edition(OCTOBER, 1) / "models" / "manager-AS06.json").unlink()
    outcome = company.make(
        copies={"manager-AS02": 1, "manager-AS06": 1, "team-NORTH": 2, "manager-AS01": 77},
        pulled_at=PULLED_AT + timedelta(hours=3),
    )
    assert {name: one["since"] for name, one in entries(company, outcome.number).items()} == {
        "manager-AS01": 77, "manager-AS02": 1, "manager-AS06": 1, "team-NORTH": 2, "team-SOUTH": 0,
    }  # fmt: skip
    assert "8,658 → 10,658" in pdf_text(company, 4, "manager-AS02")
    assert "9,658 → 10,658" in pdf_text(company, 4, "team-NORTH")
    assert SAID not in pdf_text(company, 4, "team-SOUTH")
    for lost in ("manager-AS06", "manager-AS01"):
        assert "no longer kept" in changes_of(company, 4, lost).also
        assert "no longer kept" in pdf_text(company, 4, lost)


def test_a_name_that_its_reader_may_not_see_is_left_out_of_the_reasons(thrice: TinyCompany, tmp_path: Path) -> None:
    company = thrice.copy(tmp_path / "decided")
    (company.config / "decisions.csv").write_text(
        "decided_on,kind,unit_kind,unit_id,metric,month,decided_by,reason\n"
        "2026-11-10,contested,team,SOUTH,revenue,2026-10,Associate 3,Orders of the fair are missing\n"
        "2026-11-11,contested,team,NORTH,revenue,2026-10,Associate 2,Orders of the fair are missing\n",
        "utf-8",
    )
    assert make(company).number == 4
    south, north = (" ".join(changes_of(company, 4, f"team-{name}").why) for name in ("SOUTH", "NORTH"))
    assert south == "Decision of 10 Nov 2026, contested: revenue."
    assert north == "Decision of 11 Nov 2026 by Associate 2, contested: revenue. “Orders of the fair are missing.”"
    assert "Associate 3" not in pdf_text(company, 4, "team-SOUTH")


# -- made again ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Called:
    status: int
    out: str
    err: str


class Remaker:
    """Calls `yardstick remake` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, company: TinyCompany, *arguments: object) -> Called:
        words = ["remake", str(OCTOBER), *(str(one) for one in arguments), "--state", str(company.state.root)]
        with pytest.raises(SystemExit) as ended:
            main([*words, "--workers", "1", "--threads", "1"])
        said = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Called(ended.value.code, said.out, said.err)


@pytest.fixture
def remake(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Remaker:
    monkeypatch.setenv("COLUMNS", "100")
    return Remaker(capsys)


@pytest.mark.slow  # Makes whole editions again.
@pytest.mark.parametrize("number", [1, 3])
def test_an_old_edition_is_made_again_byte_for_byte(
    thrice: TinyCompany, tmp_path: Path, remake: Remaker, number: int
) -> None:
    """The third holds reports of the second. The extracts and the configuration have changed since, or are gone."""
    company = thrice.copy(tmp_path / "company")
    shutil.rmtree(company.folder / "data")
    shutil.rmtree(company.config)
    for derived in ("facts", "checked"):
        shutil.rmtree(company.state.root / derived)
    before = files_under(company.state.root)
    called = remake(company, "--edition", number, "--to", tmp_path / "again")
    assert (called.status, called.err) == (0, "")
    assert "Everything is byte for byte as it was." in called.out
    made, kept = files_under(tmp_path / "again"), files_under(company.state.edition(OCTOBER, number))
    assert made == {name: kept[name] for name in kept if name not in {"manifest.json", "index.html", "checks.html"}}
    assert files_under(company.state.root) == before


def test_a_landing_that_is_gone_or_was_changed_is_named_with_all_else_that_is(
    thrice: TinyCompany, tmp_path: Path, remake: Remaker
) -> None:
    company = thrice.copy(tmp_path / "company")
    lines = {(one["extract"], one["month"]): one["sha256"] for one in manifest(company, 2)["inputs"]}
    sales, people = (
        company.state.landings / month / f"{extract}-{lines[extract, month][:12]}.parquet"
        for extract, month in (("sales", "2026-10"), ("people", "2026-09"))
    )
    sales.unlink()
    people.write_bytes(b"other")
    changes = company.state.edition(OCTOBER, 2) / "changes" / "team-NORTH.json"
    changes.unlink()
    called = remake(company, "--edition", 2)
    assert (called.status, called.out) == (1, "")
    assert f"sales of 2026-10 ({sales})" in called.err
    assert f"people of 2026-09 ({people}), whose content is another" in called.err
    assert str(changes) in called.err
    shutil.rmtree(company.state.configs(manifest(company, 2)["config_sha256"]))
    assert "its configuration" in remake(company, "--edition", 2).err
    assert not list(company.state.root.glob(".remake-*"))


@pytest.mark.soak
@pytest.mark.slow
def test_what_differs_is_named_and_another_version_said_first(
    thrice: TinyCompany, tmp_path: Path, remake: Remaker
) -> None:
    company = thrice.copy(tmp_path / "company")
    path = company.state.edition(OCTOBER, 3) / "manifest.json"
    content = manifest(company, 3)
    content["code_version"] = "0.0.1+older"
    content["reports"][0]["sha256"] = hashlib.sha256(b"").hexdigest()
    path.write_bytes(canonical_json(content))
    called = remake(company)
    assert called.status == 1
    assert called.err == (
        f"yardstick: edition 3 was made by version 0.0.1+older, and this is {code_version()}: what the code changed "
        "since will differ.\n"
    )
    (line,) = [line for line in called.out.splitlines() if line.startswith("PDF files")]
    assert line.split() == ["PDF", "files", "4", "1", content["reports"][0]["report_id"]]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--edition", "9"], 2, "There is 1, 2, 3."),
        (["--to", "{landings}"], 2, "is not an empty folder"),
    ],
    ids=["unknown-edition", "folder-in-use"],
)
def test_wrong_words_are_told(
    thrice: TinyCompany, remake: Remaker, arguments: list[str], status: int, said: str
) -> None:
    called = remake(thrice, *(word.replace("{landings}", str(thrice.state.landings)) for word in arguments))
    assert (called.status, called.out) == (status, "")
    assert said in called.err


@pytest.mark.slow
@pytest.mark.soak
def test_a_content_that_was_pulled_again_is_judged_by_the_time_of_its_edition(
    thrice: TinyCompany, tmp_path: Path, remake: Remaker
) -> None:
    """Pulled before the month was over it is withheld; pulled again with the same content afterwards it is not."""
    company = thrice.copy(tmp_path / "company")
    shutil.rmtree(company.state.root)
    assert make(company, hours=-13 * 24).number == 1
    assert make(company).number == 2
    again = [{one.get("pulled_at") for one in manifest(company, number)["inputs"]} for number in (1, 2)]
    assert again == [{None}, {None, (PULLED_AT + timedelta(hours=3)).isoformat()}]
    assert manifest(company, 1)["checks"]["critical"] > manifest(company, 2)["checks"]["critical"] == 0
    for number in (1, 2):
        assert remake(company, "--edition", number).status == 0
