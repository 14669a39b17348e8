"""`yardstick diff`: what a person is told of two editions before anyone approves, and that it is all and only that."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.cli.differing import ROWS_SHOWN
from flows.cli.main import main
from flows.stages.facts import read_comparison_file
from tests.companies import OCTOBER, TinyCompany, person, write_company

FIGURES = [
    # One amount of AS03's is €1,000 more.
    ("organisation organisation", "€17,048", "€18,048"),
    ("manager AS01", "€17,048", "€18,048"),
    ("manager AS02", "€8,658", "€9,658"),
    ("team NORTH", "€8,658", "€9,658"),
    ("associate AS03", "€2,580", "€3,580"),
]


@dataclass(frozen=True)
class Called:
    status: int
    out: str
    err: str


class Caller:
    """Calls `yardstick diff` in this process on a state root, in a terminal of so many columns."""

    def __init__(self, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._patch = patch

    def __call__(self, company: TinyCompany, *arguments: object, columns: int = 100) -> Called:
        self._patch.setenv("COLUMNS", str(columns))
        words = ["diff", *(str(one) for one in arguments), "--state", str(company.state.root)]
        with pytest.raises(SystemExit) as ended:
            main(words)
        said = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Called(ended.value.code, said.out, said.err)

    def json(self, company: TinyCompany, *arguments: object) -> dict[str, Any]:
        called = self(company, OCTOBER, *arguments, "--json")
        assert (called.status, called.err) == (0, "")
        told: dict[str, Any] = json.loads(called.out)
        return told


@pytest.fixture
def diff(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Caller:
    return Caller(capsys, monkeypatch)


@pytest.fixture(scope="module")
def twice(made: tuple[TinyCompany, object], tmp_path_factory: pytest.TempPathFactory) -> TinyCompany:
    """The tiny company with two editions; to be read only. One amount, one address, two expectations differ."""
    company = made[0].copy(tmp_path_factory.mktemp("diff") / "company")
    company.change("data/sales/2026-10.csv", "AS03,2026-10-02,", "AS03,2026-10-02,1")
    company.change("data/people.csv", "as06@tiny.example", "lead.south@tiny.example")
    company.change("config/asked.csv", "team,SOUTH,revenue,2026-10,8000", "team,SOUTH,revenue,2026-10,8100")
    with (company.config / "asked.csv").open("a", encoding="utf-8") as asked:
        asked.write("associate,AS04,revenue,2026-10,3500,As agreed in October,Sales director,2026-10-02\n")
    assert company.make().number == 2
    return company


@pytest.fixture
def copy(twice: TinyCompany, tmp_path: Path) -> TinyCompany:
    """A copy of it, to be changed."""
    return twice.copy(tmp_path / "company")


# -- what is told ----------------------------------------------------------------------------------------------------


def test_exactly_what_changed_is_told(diff: Caller, twice: TinyCompany) -> None:
    told = diff.json(twice)
    assert (told["month"], told["before"], told["after"]) == ("2026-10", 1, 2)
    whole = [one for one in told["figures"] if one["segment"] == "all"]
    assert [(f"{one['unit_kind']} {one['unit_id']}", one["before"], one["after"]) for one in whole] == FIGURES
    assert {(one["metric"], one["what"], one["month"]) for one in told["figures"]} == {
        ("revenue", "changed", "2026-10")
    }
    assert {one["segment"] for one in told["figures"]} == {"all", "B2B"}
    assert len(told["figures"]) == 2 * len(FIGURES)
    assert [(one["unit_id"], one["before"], one["after"]) for one in told["statuses"]] == [
        ("AS04", "no expectation", "too little data")
    ]
    assert [(one["unit_id"], one["before"], one["after"]) for one in told["expectations"]] == [
        ("SOUTH", "€8,000", "€8,100"), ("AS04", "—", "€3,500"),
    ]  # fmt: skip
    assert [(one["report_id"], one["added"], one["removed"]) for one in told["recipients"]] == [
        (report, ["lead.south@tiny.example"], ["as06@tiny.example"]) for report in ("manager-AS06", "team-SOUTH")
    ]
    assert [(one["report_id"], one["what"]) for one in told["reports"]] == [
        (report, "changed") for report in ("manager-AS01", "manager-AS02", "team-NORTH", "team-SOUTH")
    ]


def test_it_is_told_because_of_what(diff: Caller, twice: TinyCompany) -> None:
    told = diff.json(twice)
    assert told["because"] == [
        "people 2026-10 was landed anew (9 rows)", "sales 2026-10 was landed anew (24 rows)", "asked.csv changed",
    ]  # fmt: skip
    assert [(one["extract"], one["month"], one["what"]) for one in told["inputs"]] == [
        ("people", "2026-10", "changed"), ("sales", "2026-10", "changed"),
    ]  # fmt: skip


def test_backwards_the_same_differs(diff: Caller, twice: TinyCompany) -> None:
    there, back = diff.json(twice), diff.json(twice, "--from", 2, "--to", 1)
    for kind in ("figures", "statuses", "expectations"):
        assert [(one["unit_id"], one["metric"], one["after"], one["before"]) for one in back[kind]] == [
            (one["unit_id"], one["metric"], one["before"], one["after"]) for one in there[kind]
        ]


@pytest.mark.parametrize("columns", [200, 80, 60, 40])
def test_the_terminal_shows_all_of_it_and_cuts_nothing(diff: Caller, twice: TinyCompany, columns: int) -> None:
    called = diff(twice, OCTOBER, columns=columns)
    assert (called.status, called.err) == (0, "")
    assert max(len(line) for line in called.out.splitlines()) <= columns
    together = "".join(called.out.split())
    for one in ("edition 2 against edition 1", "asked.csv changed", "€17,048", "€18,048", "no expectation", "€8,100"):
        assert "".join(one.split()) in together or columns < 60, one
    assert "…" not in called.out.replace("… and 5 of segments (--json for all)", "")
    groups = [line for line in called.out.splitlines() if line in GROUPS]
    assert groups == GROUPS


GROUPS = ["Because", "Reports", "Figures", "Statuses", "Expectations", "Recipients"]


def test_names_stand_beside_ids(diff: Caller, twice: TinyCompany) -> None:
    shown = diff(twice, OCTOBER).out
    for one in ("Associate 3 (associate AS03)", "North team (team NORTH)", "Associate 2 (manager AS02)"):
        assert one in shown


def test_a_long_list_ends_with_how_many_more_there_are(diff: Caller, copy: TinyCompany) -> None:
    """And for a program it is whole. What steers a terminal is not passed on."""
    manifest = copy.state.edition(OCTOBER, 2) / "manifest.json"
    content = json.loads(manifest.read_text("utf-8"))
    report = content["reports"][0]
    content["reports"] += [{**report, "report_id": f"team-{n}", "title": "\x1b[31mRed [b]x[/b]"} for n in range(60)]
    manifest.write_text(json.dumps(content), "utf-8")
    assert len(diff.json(copy)["reports"]) == 64
    shown = diff(copy, OCTOBER).out
    assert f"… and {64 - ROWS_SHOWN} more (--json for all)" in shown
    assert "\x1b" not in shown
    assert "[31mRed [b]x[/b]" in shown


@pytest.mark.soak
def test_nothing_differs_where_only_the_template_did(diff: Caller, copy: TinyCompany) -> None:
    copy.make(reissue="New paper size")
    called = diff(copy, OCTOBER)
    assert called.status == 0
    assert "edition 3 was asked for: “New paper size”" in called.out
    assert "Unchanged: figures, statuses, expectations, recipients" in called.out


@pytest.mark.soak
def test_figures_that_are_now_withheld_are_told_with_the_reason(diff: Caller, copy: TinyCompany) -> None:
    (copy.folder / "data" / "sales" / "2026-10.csv").unlink()
    copy.make()
    told = diff.json(copy)
    assert (told["before"], told["after"]) == (2, 3)
    held = [one for one in told["figures"] if one["segment"] == "all"]
    assert {(one["metric"], one["unit_kind"], one["what"]) for one in held} == {
        (metric, kind, "withheld")
        for metric in ("revenue", "orders")
        for kind in ("organisation", "manager", "team", "associate")
    }
    assert all(one["after"].startswith("withheld: the sales extract") for one in held)
    assert "sales 2026-10 is no longer read (24 rows)" in told["because"]
    assert any(line.startswith("findings of the checks: critical ") for line in told["because"])
    assert any(line.startswith("figures withheld: ") for line in told["because"])
    assert {one["after"] for one in told["statuses"]} == {"withheld"}
    assert "withheld: the sales extract" in " ".join(diff(copy, OCTOBER, columns=200).out.split())


@pytest.mark.soak
def test_who_came_is_told_as_new(diff: Caller, tmp_path: Path, made: tuple[TinyCompany, object]) -> None:
    company = made[0].copy(tmp_path / "company")
    lead = person("AS10", "", "AS01", role="Lead", name="Newcomer A")
    members = [
        person(f"AS{n}", "WEST", "AS10", name=f"Newcomer {letter}") for n, letter in ((11, "B"), (12, "C"), (13, "D"))
    ]
    company.append("people.csv", lead, *members)
    company.append("sales/2026-10.csv", "w1,AS11,2026-10-05,900.00,B2B")
    company.make()
    told = diff.json(company)
    assert {(one["report_id"], one["what"]) for one in told["reports"]} >= {
        ("manager-AS10", "new"),
        ("team-WEST", "new"),
    }
    assert ("AS11", "new", "—", "€900") in {
        (one["unit_id"], one["what"], one["before"], one["after"]) for one in told["figures"] if one["segment"] == "all"
    }
    assert {"as10@tiny.example"} == {
        address for one in told["recipients"] for address in one["added"] if one["report_id"] == "team-WEST"
    }


# -- editions of earlier versions, and what is gone -------------------------------------------------------------------


@pytest.mark.soak
def test_the_comparison_is_kept_with_the_edition_privately_and_the_same_every_time(
    made: tuple[TinyCompany, object], tmp_path: Path
) -> None:
    path = made[0].state.edition(OCTOBER, 1) / "comparison.parquet"
    assert path.stat().st_mode & 0o777 == 0o600
    kept = read_comparison_file(path)
    assert {"associate", "team", "manager"} <= set(kept["unit_kind"])
    again = write_company(tmp_path / "again")
    again.make()
    assert (again.state.edition(OCTOBER, 1) / "comparison.parquet").read_bytes() == path.read_bytes()


def test_of_an_edition_without_comparison_the_reports_say_the_statuses(diff: Caller, copy: TinyCompany) -> None:
    whole = diff.json(copy)
    (copy.state.edition(OCTOBER, 1) / "comparison.parquet").unlink()
    told = diff.json(copy)
    assert told["judged_from"] == "reports"
    assert [(one["unit_id"], one["before"], one["after"]) for one in told["statuses"]] == [
        (one["unit_id"], one["before"], one["after"]) for one in whole["statuses"]
    ]
    assert [(one["unit_id"], one["before"], one["after"]) for one in told["expectations"]] == [
        ("SOUTH", "8,000\xa0€", "8,100\xa0€")
    ]
    assert "As the reports print them" in diff(copy, OCTOBER).out


def test_where_the_reports_are_of_another_version_too_it_says_so(diff: Caller, copy: TinyCompany) -> None:
    first = copy.state.edition(OCTOBER, 1)
    (first / "comparison.parquet").unlink()
    model = first / "models" / "team-NORTH.json"
    model.write_text(model.read_text("utf-8").replace('"glance"', '"overview"'), "utf-8")
    told = diff.json(copy)
    assert (told["judged_from"], told["not_judged"], told["statuses"]) == ("unknown", [1], [])
    called = diff(copy, OCTOBER)
    assert called.status == 0
    assert "Not known of edition 1, made by an earlier version" in called.out
    assert "Unchanged" not in called.out.partition("Statuses")[2].partition("Recipients")[0]


def test_without_the_configurations_that_were_kept_figures_are_still_told(diff: Caller, copy: TinyCompany) -> None:
    shutil.rmtree(copy.state.root / "configs")
    told = diff.json(copy)
    assert "the configuration changed (in which file is no longer known)" in told["because"]
    assert [(one["before"], one["after"]) for one in told["figures"][:1]] == [("17,048", "18,048")]
    with_config = diff.json(copy, "--config", copy.config)
    assert [(one["before"], one["after"]) for one in with_config["figures"][:1]] == [("€17,048", "€18,048")]


@pytest.mark.parametrize("name", ["facts.parquet", "comparison.parquet", "manifest.json"])
def test_a_file_of_an_edition_that_cannot_be_read_is_named(diff: Caller, copy: TinyCompany, name: str) -> None:
    path = copy.state.edition(OCTOBER, 1) / name
    path.write_bytes(path.read_bytes()[:-40])
    called = diff(copy, OCTOBER)
    assert (called.status, called.out) == (3, "")
    assert f"{path} cannot be read" in called.err


# -- what cannot be compared ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("2026-09",), 1, "There is no edition of 2026-09"),
        (("2026-10", "--to", "1"), 1, "There is nothing to compare: edition 1 is the first of 2026-10. "),
        (("2026-10", "--to", "7"), 2, "There is no edition 7 of 2026-10. There is 1, 2."),
        (("2026-10", "--from", "9"), 2, "There is no edition 9 of 2026-10. There is 1, 2."),
        (("2026-10", "--from", "2"), 2, "Edition 2 is compared with itself."),
        (("2026-10", "--from", "0"), 2, "Invalid value for '--from'"),
        (("2026-1",), 2, "“2026-1” is no month."),
    ],
)
def test_what_cannot_be_compared_is_said(
    diff: Caller, twice: TinyCompany, arguments: tuple[str, ...], status: int, told: str
) -> None:
    called = diff(twice, *arguments)
    assert (called.status, called.out) == (status, "")
    assert told in called.err


def test_one_edition_has_nothing_to_be_compared_with(diff: Caller, made: tuple[TinyCompany, object]) -> None:
    called = diff(made[0], OCTOBER)
    assert called.status == 1
    assert "There is nothing to compare: edition 1 is the only one of 2026-10." in called.err


# -- it is pointed at -------------------------------------------------------------------------------------------------


@pytest.mark.soak
def test_a_run_that_made_a_later_edition_says_how_to_see_what_changed(
    copy: TinyCompany, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the options it was given, so that the line can be typed as it stands."""
    copy.append("sales/2026-10.csv", "late,AS05,2026-10-30,50.00,B2C")
    arguments = ["run", "2026-10", "--config", str(copy.config), "--state", str(copy.state.root)]
    with pytest.raises(SystemExit):
        main([*arguments, "--threads", "1", "--workers", "1"])
    last = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("What changed"))
    assert last == f"What changed: yardstick diff 2026-10 --config {copy.config} --state {copy.state.root}"
    with pytest.raises(SystemExit) as ended:
        main(last.partition(": yardstick ")[2].split())
    assert ended.value.code == 0
    assert "sales 2026-10 was landed anew (24 → 25 rows)" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([*arguments, "--threads", "1", "--workers", "1"])
    assert "What changed" not in capsys.readouterr().out
