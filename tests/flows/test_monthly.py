"""A month end to end: what is kept where, when an edition is new, and that nothing half-made is ever published."""

import hashlib
import json
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.errors import OutsideError, RefusedError
from config.months import Month
from flows import PROJECT_ROOT
from flows.rendering import read_back
from flows.stages.compose import Composed
from flows.stages.land import land_and_check
from flows.stages.publish import Outcome, refuse_pdf_breaches
from tests.companies import (
    OCTOBER,
    REPORTS,
    TinyCompany,
    facts_of,
    files_under,
    manifest_of,
    models_of,
    person,
    write_company,
)
from transforms.scope import Scope

SEPTEMBER = OCTOBER.shift(-1)
Made = tuple[TinyCompany, Outcome]

# -- what is kept --------------------------------------------------------------------------------------------------

HASH = "[0-9a-f]{12}"
KEPT = re.compile(
    "|".join(
        [
            r"ledger\.(sqlite|lock)",
            rf"landings/2026-(09|10)/(people|sales|service)-{HASH}\.(parquet|json)",
            rf"checked/2026-(09|10)/(people|sales|service)-{HASH}(-quarantine\.parquet|-asked\.json|\.parquet|\.json)",
            r"checked/2026-10/verdicts-[0-9a-f]{16}\.json",
            r"facts/month=2026-(09|10)/facts\.(parquet|json)",
            r"configs/[0-9a-f]{64}/(company|extracts|metrics|expectations|delivery)\.yaml",
            r"configs/[0-9a-f]{64}/asked\.csv",
            r"editions/2026-10/1/(manifest\.json|index\.html|checks\.html|(facts|comparison|signals|changes)\.parquet)",
            r"editions/2026-10/1/models/(manager|team)-[A-Z0-9]+\.json",
            r"editions/2026-10/1/reports/(manager|team)-[A-Z0-9]+\.pdf",
            r"run\.lock",
        ]
    )
)


def test_everything_lies_where_other_tools_look_for_it(made: Made) -> None:
    company, _ = made
    kept = set(files_under(company.state.root))
    assert [name for name in kept if not KEPT.fullmatch(name)] == []
    for report in REPORTS:
        assert f"editions/2026-10/1/reports/{report}.pdf" in kept
        assert f"editions/2026-10/1/models/{report}.json" in kept


def test_only_the_owner_may_look_at_anything(made: Made) -> None:
    """The edition was made under a umask that forbids nothing."""
    company, _ = made
    for path in [company.state.root, *company.state.root.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert oct(mode) == oct(0o700 if path.is_dir() else 0o600), path


def test_the_manifest_tells_what_the_edition_was_made_from(made: Made) -> None:
    company, outcome = made
    manifest = manifest_of(outcome)
    assert {
        "month", "edition", "config_sha256", "code_version", "inputs", "checks", "withheld", "reconciliation",
        "reports",
    } <= set(manifest)  # fmt: skip
    assert (manifest["month"], manifest["edition"]) == ("2026-10", 1)
    landed = [json.loads(path.read_text("utf-8")) for path in company.state.landings.rglob("*.json")]
    assert {(line["month"], line["extract"], line["sha256"]) for line in manifest["inputs"]} == {
        (line["month"], line["extract"], line["sha256"]) for line in landed
    }
    for line in landed:
        parquet = company.state.landings / line["month"] / f"{line['extract']}-{line['sha256'][:12]}.parquet"
        assert hashlib.sha256(parquet.read_bytes()).hexdigest() == line["sha256"]
    assert set(manifest["checks"]) == {"critical", "warning", "info"}
    assert (company.state.configs(manifest["config_sha256"]) / "company.yaml").is_file()


def test_each_report_is_the_file_and_the_model_the_manifest_tells_of(made: Made) -> None:
    _, outcome = made
    reports = manifest_of(outcome)["reports"]
    assert sorted(report["report_id"] for report in reports) == sorted(REPORTS)
    for report in reports:
        assert set(report) == {
            "report_id", "kind", "unit_id", "title", "edition", "file", "sha256", "model_sha256", "pages", "recipients",
            "since",
        }  # fmt: skip
        pdf = (outcome.folder / report["file"]).read_bytes()
        model = (outcome.folder / "models" / f"{report['report_id']}.json").read_bytes()
        assert hashlib.sha256(pdf).hexdigest() == report["sha256"]
        assert hashlib.sha256(model).hexdigest() == report["model_sha256"]
        assert report["report_id"] == f"{report['kind']}-{report['unit_id']}"
        assert (report["edition"], report["since"], report["pages"] >= 1) == (1, 0, True)
    recipients = {report["report_id"]: report["recipients"] for report in reports}
    assert recipients["manager-AS02"] == recipients["team-NORTH"] == ["as02@tiny.example"]


def test_the_source_s_total_is_accounted_for(made: Made) -> None:
    lines = {line["extract"]: line for line in manifest_of(made[1])["reconciliation"]}
    assert set(lines) == {"sales", "service"}
    company, _ = made
    rows = (company.folder / "data" / "sales" / "2026-10.csv").read_text("utf-8").splitlines()[1:]
    total = sum(float(row.split(",")[3]) for row in rows)
    assert lines["sales"]["source"]["rows"] == len(rows)
    assert float(lines["sales"]["source"]["measure"]) == float(lines["sales"]["attributed"]["measure"]) == total


# -- when an edition is new ----------------------------------------------------------------------------------------


def editions(outcome: Outcome) -> dict[str, int]:
    return {report["report_id"]: report["edition"] for report in manifest_of(outcome)["reports"]}


def flip_solved(company: TinyCompany, agent: str) -> None:
    """One case of October the other way round: the row count and all amounts stay."""
    path = company.folder / "data" / "service" / "2026-10.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if f",{agent}," in line)
    lines[at] = lines[at].replace("true", "false") if "true" in lines[at] else lines[at].replace("false", "true")
    path.write_text("".join(lines), "utf-8")


def test_run_again_nothing_is_new_and_no_byte_is_changed(company: TinyCompany) -> None:
    before = _without_ledger(files_under(company.state.root))
    again = company.make()
    assert (again.new, again.number, again.made, again.kept) == (False, 1, 0, len(REPORTS))
    assert _without_ledger(files_under(company.state.root)) == before


def _without_ledger(files: dict[str, bytes]) -> dict[str, bytes]:
    """It tells of every run, also of those that made nothing."""
    return {name: content for name, content in files.items() if not name.startswith("ledger.")}


def test_a_figure_of_one_team_changes_the_reports_that_show_it_and_no_other(company: TinyCompany) -> None:
    first = files_under(company.state.edition(OCTOBER, 1))
    flip_solved(company, "AS03")
    outcome = company.make()
    assert (outcome.new, outcome.number, outcome.made, outcome.kept) == (True, 2, 3, 2)
    changed = {"manager-AS01", "manager-AS02", "team-NORTH"}
    assert editions(outcome) == {report: 2 if report in changed else 1 for report in REPORTS}
    second = files_under(outcome.folder)
    for report in REPORTS:
        assert (second[f"reports/{report}.pdf"] == first[f"reports/{report}.pdf"]) == (report not in changed)
    assert files_under(company.state.edition(OCTOBER, 1)) == first
    assert "edition 2" in read_back(outcome.folder / "reports" / "team-NORTH.pdf").casefold()


def test_another_reader_is_a_new_edition_with_the_same_reports(company: TinyCompany) -> None:
    first = files_under(company.state.edition(OCTOBER, 1))
    (company.config / "delivery.yaml").write_text("manager_reports_to: [manager, managers_manager]\n", "utf-8")
    outcome = company.make()
    assert (outcome.new, outcome.number, outcome.made, outcome.kept) == (True, 2, 0, len(REPORTS))
    second = files_under(outcome.folder)
    assert all(second[f"reports/{report}.pdf"] == first[f"reports/{report}.pdf"] for report in REPORTS)
    readers = {report["report_id"]: report["recipients"] for report in manifest_of(outcome)["reports"]}
    assert len(readers["manager-AS02"]) == 2


def test_a_report_s_edition_changes_when_its_model_does(company: TinyCompany) -> None:
    before = {report["report_id"]: report["model_sha256"] for report in manifest_of_edition(company, 1)["reports"]}
    company.change("data/sales/2026-10.csv", "2026-10-AS07-0,AS07", "2026-10-AS07-0,AS09")
    outcome = company.make()
    assert outcome.new
    for report in manifest_of(outcome)["reports"]:
        assert (report["edition"] == 2) == (report["model_sha256"] != before[report["report_id"]])
    assert editions(outcome)["manager-AS06"] == 2
    assert editions(outcome)["manager-AS02"] == editions(outcome)["team-NORTH"] == 1


def manifest_of_edition(company: TinyCompany, number: int) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((company.state.edition(OCTOBER, number) / "manifest.json").read_text("utf-8"))
    return manifest


AS_IF_RELEASED = """
import json, sys
from pathlib import Path
from tests.companies import TinyCompany
from flows import PROJECT_ROOT
assert PROJECT_ROOT == Path(__file__).resolve().parent
company = TinyCompany(Path(sys.argv[1]))
found = [company.make(), company.make(reissue="New logo")]
print(json.dumps([[outcome.new, outcome.number, outcome.made, outcome.kept] for outcome in found]))
"""


@pytest.mark.soak
@pytest.mark.slow  # Python is started anew in a checkout whose code and style sheet are others.
def test_other_code_alone_makes_nothing_new_unless_asked(company: TinyCompany, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for folder in ("config", "flows", "transforms", "report_templates"):
        shutil.copytree(PROJECT_ROOT / folder, checkout / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (checkout / "tests").mkdir()
    shutil.copy(PROJECT_ROOT / "tests" / "companies.py", checkout / "tests")
    with (checkout / "report_templates" / "style" / "report.css").open("a") as style:
        style.write("\nh1 { color: #123456 }\n")
    with (checkout / "transforms" / "numbers.py").open("a") as code:
        code.write("\n# Another release.\n")
    (checkout / "released.py").write_text(AS_IF_RELEASED)
    shown = subprocess.run(
        [sys.executable, checkout / "released.py", company.folder], check=False, capture_output=True, text=True
    )
    assert (shown.returncode, shown.stderr) == (0, "")
    assert json.loads(shown.stdout) == [[False, 1, 0, 5], [True, 2, 5, 0]]
    second = manifest_of_edition(company, 2)
    assert second["reissue"] == "New logo"
    assert second["code_version"] != manifest_of_edition(company, 1)["code_version"]
    old, new = (files_under(company.state.edition(OCTOBER, number)) for number in (1, 2))
    for report in REPORTS:
        assert old[f"models/{report}.json"] == new[f"models/{report}.json"]
        assert old[f"reports/{report}.pdf"] != new[f"reports/{report}.pdf"]


def test_a_report_that_somebody_changed_is_not_published_again(company: TinyCompany) -> None:
    report = company.state.edition(OCTOBER, 1) / "reports" / "team-SOUTH.pdf"
    report.write_bytes(report.read_bytes() + b"\n")
    flip_solved(company, "AS03")
    with pytest.raises(OutsideError, match=r"team-SOUTH\.pdf is not what edition 1 published"):
        company.make()
    assert company.state.edition_numbers(OCTOBER) == [1]


def test_what_a_killed_run_left_behind_is_cleared_and_never_published(company: TinyCompany) -> None:
    left = company.state.editions / "2026-10" / ".draft-4711" / "reports"
    left.mkdir(parents=True)
    (left / "team-NORTH.pdf").write_bytes(b"%PDF-half")
    assert not company.make().new
    assert [path.name for path in (company.state.editions / "2026-10").iterdir()] == ["1"]


# -- who may see what ----------------------------------------------------------------------------------------------


def test_a_why_that_names_a_stranger_blocks_publishing(company: TinyCompany) -> None:
    company.change("config/asked.csv", "The catalogue is out by then", "Associate 7 managed it in South too")
    with pytest.raises(RefusedError, match=r"manager-AS02|team-NORTH.*“associate 7”.*nothing was published"):
        company.make()
    assert [path.name for path in (company.state.editions / "2026-10").iterdir()] == ["1"]


def test_a_finished_pdf_that_names_a_stranger_blocks_publishing(made: Made) -> None:
    """Wrong person's data: a manager's PDF in the place of another team's."""
    _, outcome = made
    people = {f"associate {number}": frozenset({f"AS{number:02}"}) for number in range(1, 10)}
    scope = Scope(terms=people, visible={("team", "SOUTH"): frozenset({"AS06", "AS01"})})
    entries = [report for report in manifest_of(outcome)["reports"] if report["report_id"] == "team-SOUTH"]
    composed = Composed(reports=(), unchanged=False, scope=scope)
    refuse_pdf_breaches(composed, outcome.folder, entries)
    swapped = [{**entry, "file": "reports/manager-AS06.pdf"} for entry in entries]
    with pytest.raises(RefusedError, match=r"The finished PDF team-SOUTH shows “associate 7”"):
        refuse_pdf_breaches(composed, outcome.folder, swapped)  # type: ignore[arg-type]


# -- nothing later is read -----------------------------------------------------------------------------------------


def test_what_became_known_later_changes_no_byte_of_the_month(made: Made, tmp_path: Path) -> None:
    first, outcome = made
    later = write_company(tmp_path / "later")
    later.append("people.csv", person("AS03", "SOUTH", "AS06", valid_from="2026-11-01"))
    later.append("people.csv", person("AS11", "NORTH", "AS02", hire_date="2026-11-02", valid_from="2026-11-02"))
    later.write("sales/2026-11.csv", ["2026-11-1,AS03,2026-11-03,99999,B2B"])
    later.write("service/2026-11.csv", ["2026-11-1,AS03,2026-11-03,false"])
    with (later.config / "asked.csv").open("a", encoding="utf-8") as asked:
        asked.write("team,NORTH,revenue,2026-10,1,Asked for afterwards,Sales director,2026-11-01\n")
        asked.write("team,SOUTH,revenue,2026-11,2,Not known in October,Sales director,2026-11-02\n")
        asked.write("associate,AS04,revenue,2026-10,3,Not known in October,Sales director,2026-12-24\n")
    again = later.make()
    for name, content in files_under(outcome.folder).items():
        if name != "manifest.json":  # which tells the configuration's hash
            assert (again.folder / name).read_bytes() == content, name
    assert later.state.facts(OCTOBER).read_bytes() == first.state.facts(OCTOBER).read_bytes()


# -- one bad input -------------------------------------------------------------------------------------------------


def test_an_extract_that_is_gone_withholds_its_metrics_and_the_rest_goes_out(company: TinyCompany) -> None:
    """What was landed of the month before is not shown as if it were today's."""
    (company.folder / "data" / "service" / "2026-10.csv").unlink()
    outcome = company.make()
    held = {(line["metric"], line["unit_kind"], line["unit_id"]) for line in manifest_of(outcome)["withheld"]}
    assert {("solved", "team", "NORTH"), ("solved", "manager", "AS01")} <= held
    assert {metric for metric, *_ in held} == {"solved"}
    (reason,) = {line["reason"] for line in manifest_of(outcome)["withheld"]}
    assert re.search(r"service.*2026-10|service.*this month", reason)
    assert any("service" in line for line in outcome.warnings)
    assert reason in (outcome.folder / "index.html").read_text("utf-8")
    text = " ".join(read_back(outcome.folder / "reports" / "team-NORTH.pdf").split())
    assert reason in text
    assert "Revenue" in text
    for model in models_of(outcome).values():
        rows = {row.metric: row for block in model.glance.blocks for row in block.rows}
        assert (rows["solved"].actual, rows["solved"].status.text) == ("—", "withheld")
        assert rows["revenue"].status.text != "withheld"


def test_a_column_of_policy_violations_is_refused_and_names_itself(company: TinyCompany) -> None:
    path = company.folder / "data" / "service" / "2026-10.csv"
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([f"{lines[0]},written_warning", *(f"{line},none" for line in lines[1:])]), "utf-8")
    inputs = land_and_check(company.run(), "service")
    assert "written_warning" in inputs.failure
    assert [checked.month for checked in inputs.checked] == [SEPTEMBER]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], r"no associate at all"),
        (["x,y"], r"Every one of"),
        ([person("AS02", "NORTH", "").replace("AS02", "")], r"not one of its 1 rows has an id"),
    ],
    ids=["no row", "no row of the right shape", "nobody has an id"],
)
def test_without_hr_there_is_no_month(company: TinyCompany, lines: list[str], told: str) -> None:
    company.write("people.csv", lines)
    with pytest.raises(RefusedError, match=told):
        company.make()
    assert company.state.edition_numbers(OCTOBER) == [1]


# -- two months, with somebody hired, moved, promoted and gone ------------------------------------------------------


def moving_company(folder: Path) -> TinyCompany:
    """AS10 is hired on 5 October, AS04 moves on the 12th, AS08 leads EAST from the 1st, AS03 is gone after the 20th."""
    return write_company(
        folder,
        people=[
            person("AS01", "", "", role="Director"),
            person("AS02", "NORTH", "AS01", role="Lead"),
            person("AS03", "NORTH", "AS02", leave_date="2026-10-20"),
            person("AS04", "NORTH", "AS02", valid_to="2026-10-11"),
            person("AS04", "SOUTH", "AS06", valid_from="2026-10-12"),
            person("AS05", "NORTH", "AS02", valid_to="2026-09-30"),
            person("AS05", "EAST", "AS08", valid_from="2026-10-01"),
            person("AS06", "SOUTH", "AS01", role="Lead"),
            person("AS07", "SOUTH", "AS06"),
            person("AS08", "SOUTH", "AS06", valid_to="2026-09-30"),
            person("AS08", "EAST", "AS06", role="Lead", valid_from="2026-10-01"),
            person("AS09", "SOUTH", "AS06", valid_to="2026-09-30"),
            person("AS09", "EAST", "AS08", valid_from="2026-10-01"),
            person("AS10", "NORTH", "AS02", hire_date="2026-10-05", valid_from="2026-10-05"),
            person("AS11", "NORTH", "AS02"),
        ],
    )


SALES = {
    "2026-09": [("AS03", 7, 100), ("AS04", 8, 1000), ("AS05", 9, 10), ("AS07", 10, 20), ("AS08", 11, 40),
                ("AS09", 14, 80), ("AS11", 15, 3)],
    "2026-10": [("AS03", 5, 100), ("AS03", 20, 200), ("AS03", 21, 400), ("AS04", 11, 1000), ("AS04", 12, 2000),
                ("AS05", 2, 10), ("AS07", 15, 20), ("AS08", 1, 40), ("AS09", 30, 80), ("AS10", 4, 5), ("AS10", 6, 7),
                ("AS11", 10, 3)],
}  # fmt: skip
CASES = {
    "2026-09": [("AS04", 8, True), ("AS11", 9, False), ("AS07", 10, True)],
    "2026-10": [("AS04", 11, True), ("AS04", 12, False), ("AS11", 5, True), ("AS11", 6, True), ("AS11", 7, False),
                ("AS07", 8, True), ("AS05", 9, False), ("AS03", 22, True)],
}  # fmt: skip
# By hand, each row in the units its seller belonged to on its day. AS03's last row and AS10's first belong to nobody.
REVENUE = {
    "2026-09": {
        ("team", "NORTH"): 1113, ("team", "SOUTH"): 140,
        ("manager", "AS02"): 1113, ("manager", "AS06"): 140, ("manager", "AS01"): 1253,
        ("organisation", "organisation"): 1253,
        ("associate", "AS03"): 100, ("associate", "AS04"): 1000, ("associate", "AS05"): 10, ("associate", "AS07"): 20,
        ("associate", "AS08"): 40, ("associate", "AS09"): 80, ("associate", "AS11"): 3,
        ("associate", "AS01"): 0, ("associate", "AS02"): 0, ("associate", "AS06"): 0,
    },
    "2026-10": {
        ("team", "NORTH"): 1310, ("team", "SOUTH"): 2020, ("team", "EAST"): 130,
        ("manager", "AS02"): 1310, ("manager", "AS06"): 2150, ("manager", "AS08"): 130, ("manager", "AS01"): 3460,
        ("organisation", "organisation"): 3865,
        ("associate", "AS03"): 300, ("associate", "AS04"): 3000, ("associate", "AS05"): 10, ("associate", "AS07"): 20,
        ("associate", "AS08"): 40, ("associate", "AS09"): 80, ("associate", "AS10"): 7, ("associate", "AS11"): 3,
        ("associate", "AS01"): 0, ("associate", "AS02"): 0, ("associate", "AS06"): 0,
    },
}  # fmt: skip
SOLVED = {
    "2026-09": {
        ("team", "NORTH"): 1 / 2, ("team", "SOUTH"): 1, ("manager", "AS02"): 1 / 2, ("manager", "AS06"): 1,
        ("manager", "AS01"): 2 / 3, ("organisation", "organisation"): 2 / 3,
    },
    "2026-10": {
        ("team", "NORTH"): 3 / 4, ("team", "SOUTH"): 1 / 2, ("team", "EAST"): 0,
        ("manager", "AS02"): 3 / 4, ("manager", "AS06"): 1 / 3, ("manager", "AS08"): 0, ("manager", "AS01"): 4 / 7,
        ("organisation", "organisation"): 5 / 8,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def two_months(tmp_path_factory: pytest.TempPathFactory) -> tuple[TinyCompany, dict[str, Outcome]]:
    """September, then October, in one state root."""
    company = moving_company(tmp_path_factory.mktemp("moving") / "company")
    for month in ("2026-09", "2026-10"):
        sales = [f"{seller},{month}-{day:02},{amount},B2B" for seller, day, amount in SALES[month]]
        cases = [f"{agent},{month}-{day:02},{solved}" for agent, day, solved in CASES[month]]
        company.write(f"sales/{month}.csv", [f"{month}-{n},{line}" for n, line in enumerate(sales)])
        company.write(f"service/{month}.csv", [f"{month}-{n},{line}" for n, line in enumerate(cases)])
    (company.config / "asked.csv").write_text("unit_kind,unit,metric,month,value,why,owner,set_on\n", "utf-8")
    return company, {str(month): company.make(month) for month in (SEPTEMBER, OCTOBER)}


@pytest.mark.parametrize("month", ["2026-09", "2026-10"])
def test_each_figure_is_what_a_person_would_work_out(
    two_months: tuple[TinyCompany, dict[str, Outcome]], month: str
) -> None:
    company, _ = two_months
    found = facts_of(company.state, Month.parse(month))
    by_metric = {
        name: {unit[:2]: value for unit, value in found.items() if unit[2] == name} for name in ("revenue", "solved")
    }
    assert by_metric == {"revenue": REVENUE[month], "solved": pytest.approx(SOLVED[month], abs=1e-12)}


@pytest.mark.parametrize("month", ["2026-09", "2026-10"])
def test_a_span_s_total_is_the_sum_over_its_people(
    two_months: tuple[TinyCompany, dict[str, Outcome]], month: str
) -> None:
    company, _ = two_months
    found = facts_of(company.state, Month.parse(month))
    for metric in ("revenue", "orders"):
        people = sum(value for (kind, _, name), value in found.items() if (kind, name) == ("associate", metric))
        assert found[("manager", "AS01", metric)] == people
    lines = {line["extract"]: line for line in manifest_of(two_months[1][month])["reconciliation"]}
    attributed = float(lines["sales"]["attributed"]["measure"])
    assert attributed == found[("manager", "AS01", "revenue")]
    assert attributed + float(lines["sales"]["unattributed"]["measure"]) == found[
        ("organisation", "organisation", "revenue")
    ]  # fmt: skip


def shown_people(outcome: Outcome, report: str) -> dict[str, str]:
    """Revenue of each person in a manager's report."""
    tables = [table for table in models_of(outcome)[report].people if table.metric == "revenue"]
    rows = [row for table in tables for row in (*table.rows, *table.new_rows) if row.unit_kind == "associate"]
    return {row.unit_id: row.figure for row in rows}


def test_reports_follow_who_leads_whom(two_months: tuple[TinyCompany, dict[str, Outcome]]) -> None:
    _, outcomes = two_months
    before, after = (set(editions(outcomes[month])) for month in ("2026-09", "2026-10"))
    assert before == set(REPORTS)
    assert after - before == {"manager-AS08", "team-EAST"}
    october = outcomes["2026-10"]
    assert shown_people(october, "manager-AS02") == {"AS03": "300", "AS10": "7", "AS11": "3"}
    assert shown_people(october, "manager-AS06")["AS04"] == "3,000"
    assert shown_people(october, "manager-AS08") == {"AS05": "10", "AS09": "80"}
    new = [row.unit_id for table in models_of(october)["manager-AS02"].people for row in table.new_rows]
    assert set(new) == {"AS10"}


def test_october_changes_nothing_said_of_september(two_months: tuple[TinyCompany, dict[str, Outcome]]) -> None:
    company, _ = two_months
    assert not company.make(SEPTEMBER).new
