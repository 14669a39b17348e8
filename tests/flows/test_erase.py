"""A person who is erased is nowhere in what is kept: every file is decoded and searched, by other means than erasing
uses where that can be.
"""

import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from config.errors import RefusedError, UsageError
from config.loader import load_config
from flows import demo
from flows.cli.main import main
from flows.rendering import read_back
from flows.stages import erasing
from flows.stages.erasing import JOURNAL, Erasure, erase
from flows.stages.recording import open_ledger
from flows.state.editions import newest_edition, read_edition
from flows.state.ledger import Ledger
from flows.state.paths import StateRoot
from tests.companies import OCTOBER, PULLED_AT, TinyCompany, facts_of, person, usual_people, write_company
from transforms.deliveries import DeliveryState

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NAME, ID, ADDRESS, DESK = "Nora Winterfeld", "AS03", "as03@tiny.example", "desk-77"
TERMS = ("Nora Winterfeld", "Winterfeld", "AS03", "as03@tiny", "desk-77")
IDENTITIES = f"source,source_id,valid_from,valid_to,associate\ndesk,{DESK},,,{ID}\n" + "".join(
    f"desk,desk-{at},,,AS0{at}\n" for at in (4, 5, 7, 8, 9)
)
DECISIONS = f"""\
decided_on,kind,unit_kind,unit_id,metric,month,decided_by,reason,value
2026-10-02,accepted_stretch,associate,{ID},revenue,2026-10,Sales director,{NAME} asked for it,
"""
KEEPING = """\
sender: Reports <reports@tiny.example>
allowed_domains: [tiny.example]
team_reports_to: [manager, members]
"""


def people() -> list[str]:
    """The usual people, one of whom is Nora Winterfeld."""
    return [line.replace("Associate 3", NAME) if line.startswith(ID) else line for line in usual_people()]


@pytest.fixture(scope="module")
def mailed(tmp_path_factory: pytest.TempPathFactory) -> TinyCompany:
    """Two editions of October, both approved and mailed; ids of their own in service; a note on every order."""
    company = write_company(tmp_path_factory.mktemp("erase") / "company", people=people())
    (company.config / "identities.csv").write_text(IDENTITIES, "utf-8")
    (company.config / "decisions.csv").write_text(DECISIONS, "utf-8")
    (company.config / "delivery.yaml").write_text(KEEPING, "utf-8")
    company.change("config/extracts.yaml", "  associate: agent\n", "  associate: agent\n  identities: desk\n")
    company.change("config/extracts.yaml", "amount: money, segment: text}", "amount: money, segment: text, note: text}")
    for month in ("2026-09", "2026-10"):
        service = company.folder / "data" / "service" / f"{month}.csv"
        text = re.sub(r",AS0(\d),", r",desk-\1,", service.read_text("utf-8")).replace(",desk-3,", f",{DESK},")
        service.write_text(re.sub(r"-AS0(\d)-", r"-\1-", text), "utf-8")
        sales = company.folder / "data" / "sales" / f"{month}.csv"
        head, *lines = sales.read_text("utf-8").splitlines()
        noted = [f"{line},{'ring her at home' if ID in line else f'asked {NAME} for help'}" for line in lines]
        sales.write_text("\n".join([f"{head},note", *noted]) + "\n", "utf-8")
    company.append("sales/2026-10.csv", f"broken,{ID},2026-10-12,not an amount,B2B,of {NAME}")
    command(company, "run", "2026-10")
    deliver(company)
    company.append("sales/2026-10.csv", f"2026-10-{ID}-9,{ID},2026-10-20,1500.00,B2B,late")
    command(company, "run", "2026-10")
    deliver(company)
    command(company, "check", "2026-10")
    return company


def command(company: TinyCompany, *arguments: str, status: int = 0) -> None:
    """A command of yardstick on the company."""
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--config", str(company.config), "--state", str(company.state.root)])
    assert ended.value.code == status


def deliver(company: TinyCompany) -> None:
    """Approve and mail the newest edition."""
    command(company, "approve", "2026-10", "--by", "Head of sales")
    command(company, "send", "2026-10")


@pytest.fixture
def company(mailed: TinyCompany, tmp_path: Path) -> TinyCompany:
    """A copy of it."""
    copy = mailed.copy(tmp_path / "company")
    (copy.state.root / "state.json").unlink()
    return copy


@pytest.fixture(scope="module")
def erased(mailed: TinyCompany, tmp_path_factory: pytest.TempPathFactory) -> tuple[TinyCompany, Erasure]:
    """The company after Nora was erased, to be read only."""
    company = mailed.copy(tmp_path_factory.mktemp("erased") / "company")
    return company, erase(company.state, company.config, ID, "Data protection officer", NOW)


def texts_of(path: Path) -> Iterator[str]:
    """What a file says, by means of this test's own."""
    yield path.name
    content = path.read_bytes()
    yield content.decode("utf-8", "ignore")
    if path.suffix == ".parquet":
        yield table(path).to_csv()
    elif path.name.startswith("ledger.sqlite"):
        # Values lie side by side there: whatever holds a term names the person.
        yield re.sub(r"(?i)as03@tiny|winterfeld", r" \g<0> ", content.decode("latin-1"))
    elif path.suffix == ".pdf":
        yield read_back(path)
    elif path.suffix == ".eml":
        for part in message_from_bytes(content, policy=policy.default).walk():
            yield str(part.items())
            payload = part.get_payload(decode=True)
            if part.get_content_type() == "application/pdf" and isinstance(payload, bytes):
                copy = path.with_suffix(".part")
                copy.write_bytes(payload)
                yield read_back(copy)
                copy.unlink()
            elif isinstance(payload, bytes):
                yield payload.decode("utf-8", "replace")


def table(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        return pd.read_parquet(file)


def naming(root: Path, terms: tuple[str, ...] = TERMS) -> dict[str, list[str]]:
    """Files under a root that name the person, with the terms."""
    pattern = re.compile("|".join(rf"(?<![^\W_]){re.escape(term)}" for term in terms), re.IGNORECASE)
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_file():
            said = sorted({term for text in texts_of(path) for term in pattern.findall(text)})
            if said:
                found[path.relative_to(root).as_posix()] = said
    return found


def kinds(found: dict[str, Any]) -> set[str]:
    return {name.partition("/")[0] for name in found}


def manifest(company: TinyCompany, number: int) -> dict[str, Any]:
    return read_edition(company.state, OCTOBER, number).manifest


# -- nothing is left -----------------------------------------------------------------------------------------------


def test_before_the_person_is_named_in_every_kind_of_file(mailed: TinyCompany) -> None:
    """What the search of these tests would find."""
    folders = {"landings", "checked", "facts", "editions", "outbox", "configs", "ledger.sqlite"}
    assert folders <= kinds(naming(mailed.state.root))


def test_afterwards_no_file_names_the_person(erased: tuple[TinyCompany, Erasure]) -> None:
    company, erasure = erased
    assert naming(company.state.root) == {}
    assert erasure.left == ()
    assert erasure.searched > 80
    assert not (company.state.root / JOURNAL).exists()


def test_the_list_of_erased_is_private_and_names_nobody(erased: tuple[TinyCompany, Erasure]) -> None:
    company, erasure = erased
    for name in ("erased.json", "erased.key"):
        assert stat.S_IMODE((company.state.root / name).stat().st_mode) == 0o600
    content = json.loads((company.state.root / "erased.json").read_text("utf-8"))
    assert [(one["number"], one["when"], one["by"]) for one in content["persons"]] == [
        (1, "2026-11-23", "Data protection officer")
    ]
    assert erasure.name == "ERASED-1"


def test_lines_of_the_configuration_in_use_are_named_and_not_touched(
    mailed: TinyCompany, erased: tuple[TinyCompany, Erasure]
) -> None:
    company, erasure = erased
    assert erasure.config_lines == ("asked.csv:5", "decisions.csv:2", "identities.csv:2")
    for name in ("asked.csv", "decisions.csv", "identities.csv"):
        assert (company.config / name).read_bytes() == (mailed.config / name).read_bytes()


# -- figures stay --------------------------------------------------------------------------------------------------


def test_teams_and_the_company_keep_their_figures(mailed: TinyCompany, erased: tuple[TinyCompany, Erasure]) -> None:
    before = dict(facts_of(mailed.state, OCTOBER))
    after = dict(facts_of(erased[0].state, OCTOBER))
    renamed = {
        (kind, "ERASED-1" if (kind, unit) == ("associate", ID) else unit, metric): value
        for (kind, unit, metric), value in before.items()
    }
    assert after == renamed
    assert ("associate", "ERASED-1", "revenue") in after


@pytest.mark.soak
def test_the_months_made_again_have_the_same_figures_and_the_pseudonym(company: TinyCompany) -> None:
    """From the pseudonyms in the landings, and with no line of identities.csv left for the person."""
    before = dict(facts_of(company.state, OCTOBER))
    erase(company.state, company.config, ID, "DPO", NOW)
    company.change("config/identities.csv", f"desk,{DESK},,,{ID}\n", "")
    company.change("config/asked.csv", f"associate,{ID},revenue", "associate,ERASED-1,revenue")
    (company.config / "decisions.csv").unlink()
    command(company, "run", "2026-10")
    assert naming(company.state.root) == {}
    after = dict(facts_of(company.state, OCTOBER))
    teams = {key: value for key, value in before.items() if key[0] != "associate"}
    assert {key: value for key, value in after.items() if key[0] != "associate"} == teams
    assert after["associate", "ERASED-1", "revenue"] == before["associate", ID, "revenue"]
    edition = newest_edition(company.state, OCTOBER)
    assert edition is not None
    assert edition.number == 3
    assert "ERASED-1" in read_back(edition.folder / "reports" / "manager-AS02.pdf")
    deliver(company)


def test_what_is_pulled_again_is_the_same_landing(company: TinyCompany) -> None:
    """The source names the person still: pulling puts the same pseudonym there, so nothing new is landed."""
    erase(company.state, company.config, ID, "DPO", NOW)
    before = {path.name for path in company.state.landings.rglob("*.parquet")}
    command(company, "check", "2026-10")
    assert {path.name for path in company.state.landings.rglob("*.parquet")} == before
    assert naming(company.state.landings) == {}


def test_free_texts_of_the_persons_rows_are_emptied(erased: tuple[TinyCompany, Erasure]) -> None:
    rows = pd.concat([table(path) for path in (erased[0].state.landings / "2026-10").glob("sales-*.parquet")])
    assert set(rows.loc[rows["seller"].eq("ERASED-1"), "note"]) == {""}
    assert set(rows.loc[~rows["seller"].eq("ERASED-1"), "note"]) == {"asked ERASED-1 for help"}
    assert set(rows.loc[rows["seller"].eq("ERASED-1"), "segment"]) == {"B2B", "B2C"}


# -- editions ------------------------------------------------------------------------------------------------------


def test_reports_that_named_the_person_are_gone_and_the_manifest_says_so(
    erased: tuple[TinyCompany, Erasure],
) -> None:
    company, erasure = erased
    for number in (1, 2):
        folder = company.state.edition(OCTOBER, number)
        entries = {entry["report_id"]: entry for entry in manifest(company, number)["reports"]}
        gone = {name for name, entry in entries.items() if entry.get("gone")}
        assert "manager-AS02" in gone
        assert "manager-AS06" not in gone
        there = {path.stem for path in (folder / "reports").iterdir()}
        assert there == set(entries) - gone
        assert {one["what"] for one in manifest(company, number)["gone"]} >= {
            "report manager-AS02",
            "its configuration as it was",
            "landings of people as they were: 2026-09, 2026-10",
        }
    assert erasure.make_again == (OCTOBER,)


def test_remake_names_the_erasure(erased: tuple[TinyCompany, Erasure], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["remake", "2026-10", "--state", str(erased[0].state.root)])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "can no longer be made again, on purpose" in said
    assert "a person was erased (2026-11-23)" in said


@pytest.mark.soak
def test_the_rest_of_an_edition_can_still_be_approved_and_mailed(company: TinyCompany) -> None:
    """Its reports lie where they were; deliveries of those that are gone are held for good."""
    company.append("sales/2026-10.csv", "late-one,AS07,2026-10-21,900.00,B2B,")
    command(company, "run", "2026-10")
    erase(company.state, company.config, ID, "DPO", NOW)
    deliver(company)
    with open_ledger(load_config(company.config), company.state) as ledger:
        lines = [line for line in ledger.deliveries() if line.key.edition == 3]
    states = {(line.key.report_id, line.state) for line in lines}
    assert ("manager-AS06", DeliveryState.SENT) in states
    assert ("manager-AS02", DeliveryState.SENT) not in states


# -- the ledger ----------------------------------------------------------------------------------------------------


def test_the_ledger_keeps_that_mails_were_sent_and_not_to_whom(erased: tuple[TinyCompany, Erasure]) -> None:
    with open_ledger(load_config(erased[0].config), erased[0].state) as ledger:
        lines = ledger.deliveries()
    mine = [line for line in lines if line.key.recipient.startswith("erased:")]
    assert mine
    assert {line.state for line in mine} <= {DeliveryState.SENT, DeliveryState.HELD}


def test_while_a_mail_goes_out_nothing_is_erased(company: TinyCompany) -> None:
    with Ledger.open(None, company.state) as ledger:
        sent = ledger.deliveries(states=[DeliveryState.SENT])[0]
        ledger.requeue([sent.key], NOW, "somebody", sent=True)
        ledger.begin_sender("somebody", NOW)
        assert ledger.claim("somebody", NOW)
        before = contents(company)
        with pytest.raises(RefusedError, match="being sent"):
            erase(company.state, company.config, ID, "DPO", NOW)
    assert contents(company) == before


# -- interrupted, again, others ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "after", [13, *(pytest.param(number, marks=pytest.mark.soak) for number in (0, 1, 4, 9, 25, 39, 47))]
)
@pytest.mark.soak
def test_an_interrupted_erasure_goes_on(
    company: TinyCompany, erased: tuple[TinyCompany, Erasure], monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Stopped after so many changes; the next day the same command finishes it."""
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "_changes", stopping(erasing._changes, after))
        with pytest.raises(KeyboardInterrupt):
            erase(company.state, company.config, ID, "DPO", NOW)
    assert naming(company.state.root)
    done = erase(company.state, company.config, ADDRESS, "DPO", NOW + timedelta(days=1))
    assert (done.name, done.left) == ("ERASED-1", ())
    assert naming(company.state.root) == {}
    ends = (company, erased[0])
    for number in (1, 2):
        first, second = (manifest(each, number) for each in ends)
        assert first == second
    landings = [sorted(path.name for path in each.state.landings.rglob("*.parquet")) for each in ends]
    assert landings[0] == landings[1]


def stopping(changes: Callable[[Any], Iterator[Any]], after: int) -> Callable[[Any], Iterator[Any]]:
    def some(job: Any) -> Iterator[Any]:
        for done, change in enumerate(changes(job)):
            if done == after:
                raise KeyboardInterrupt
            yield change

    return some


@pytest.mark.soak
def test_another_erasure_finishes_the_interrupted_one_first(
    company: TinyCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "_changes", stopping(erasing._changes, 5))
        with pytest.raises(KeyboardInterrupt):
            erase(company.state, company.config, ID, "DPO", NOW)
    done = erase(company.state, company.config, "AS07", "DPO", NOW)
    assert (done.name, done.resumed, done.left) == ("ERASED-2", ("ERASED-1",), ())
    assert naming(company.state.root, (*TERMS, "AS07", "Associate 7")) == {}


@pytest.mark.soak
def test_a_second_erasure_changes_nothing(company: TinyCompany) -> None:
    erase(company.state, company.config, ID, "DPO", NOW)
    before = contents(company)
    again = erase(company.state, company.config, ADDRESS, "DPO", NOW + timedelta(days=9))
    assert (again.name, again.counts, again.left) == ("ERASED-1", {}, ())
    assert contents(company) == before


def contents(company: TinyCompany) -> dict[str, bytes]:
    """Of every file but the ledger, which notes when it was opened."""
    return {
        path.relative_to(company.state.root).as_posix(): path.read_bytes()
        for path in sorted(company.state.root.rglob("*"))
        if path.is_file() and not path.name.startswith("ledger")
    }


@pytest.mark.soak
def test_a_dry_run_counts_and_changes_nothing(company: TinyCompany) -> None:
    before = contents(company)
    counted = erase(company.state, company.config, DESK, "", NOW, dry_run=True)
    assert contents(company) == before
    done = erase(company.state, company.config, DESK, "DPO", NOW)
    told = {kind: count for kind, count in done.counts.items() if kind != "deliveries held"}
    assert counted.counts == told


@pytest.mark.parametrize(
    ("told", "what", "fix"),
    [
        ("AS33", "Nobody that is kept is called “AS33”", "AS03"),
        (NAME, "Nobody that is kept", "It is the name of AS03: give the id."),
        ("shared", "“shared” is id in desk of associate AS04 and id in desk of associate AS05.", "Name the associate"),
    ],
)
def test_who_is_not_known_or_not_one_person_is_told(company: TinyCompany, told: str, what: str, fix: str) -> None:
    with (company.config / "identities.csv").open("a") as file:
        file.write("desk,shared,2026-01-01,2026-03-31,AS04\ndesk,shared,2026-04-01,,AS05\n")
    with pytest.raises(UsageError) as error:
        erase(company.state, company.config, told, "DPO", NOW)
    assert what in error.value.what
    assert fix in error.value.fix
    assert not (company.state.root / "erased.json").exists()


@pytest.mark.soak
def test_a_name_that_another_has_too_stays_theirs(company: TinyCompany) -> None:
    company.append("people.csv", person("AS10", "SOUTH", "AS06", name=NAME))
    command(company, "run", "2026-10")
    done = erase(company.state, company.config, ID, "DPO", NOW)
    assert done.shared_names == (NAME,)
    assert done.left == ()
    assert naming(company.state.root, ("AS03", "as03@tiny", "desk-77")) == {}
    rows = pd.concat([table(path) for path in (company.state.landings / "2026-10").glob("people-*.parquet")])
    assert rows.loc[rows["name"].eq(NAME), "associate"].tolist() == ["AS10"]


@pytest.mark.soak
def test_a_manager_is_erased_with_the_reports_about_them(company: TinyCompany) -> None:
    done = erase(company.state, company.config, "AS06", "DPO", NOW)
    assert done.left == ()
    names = set(read_edition(company.state, OCTOBER, 2).reports)
    assert "manager-ERASED-1" in names
    assert naming(company.state.root, ("AS06", "Associate 6")) == {}
    company.change("config/asked.csv", "team,SOUTH,revenue,2026-10,8000", "team,SOUTH,revenue,2026-10,8100")
    command(company, "run", "2026-10")
    deliver(company)


@pytest.mark.soak
def test_ids_that_are_plain_numbers_are_found_where_ids_stand(tmp_path: Path) -> None:
    """“103” may be an amount, or an order: it goes as an id of the person, and nowhere else."""
    company = write_company(tmp_path / "company")
    for path in (*company.config.glob("*.csv"), *(company.folder / "data").rglob("*.csv")):
        path.write_text(re.sub(r"AS0(\d)", r"10\1", path.read_text("utf-8")), "utf-8")
    company.append("sales/2026-10.csv", "103,104,2026-10-20,103,B2B")
    company.make(copies={})
    for told, name in (("103", "ERASED-1"), ("102", "ERASED-2")):
        done = erase(company.state, company.config, told, "DPO", NOW)
        assert (done.name, done.left) == (name, ())
        paths = list(company.state.root.rglob("*"))
        for path in (path for path in paths if path.suffix == ".parquet"):
            frame = table(path).astype(str)
            persons = [name for name in ("associate", "manager", "seller", "agent", "unit_id") if name in frame]
            assert told not in frame[persons].to_numpy()
        assert not [path for path in paths if path.stem in (f"manager-{told}", f"associate-{told}")]
    sales = pd.concat([table(path) for path in (company.state.landings / "2026-10").glob("sales-*.parquet")])
    assert sales.loc[sales["order_id"].eq("103"), ["seller", "amount"]].to_numpy().tolist() == [["104", "103"]]
    company.change("config/asked.csv", "associate,103", "associate,ERASED-1")
    assert company.make(copies={}, pulled_at=PULLED_AT + timedelta(hours=1)).number == 2


# -- the command ---------------------------------------------------------------------------------------------------


def test_the_command_says_what_was_done(company: TinyCompany, capsys: pytest.CaptureFixture[str]) -> None:
    command(company, "erase", ID, "--dry-run")
    assert "nothing was" in capsys.readouterr().out
    command(company, "erase", ID, "--by", "Data protection officer")
    said = capsys.readouterr().out
    assert "The person is ERASED-1 from now on" in said
    assert "identities.csv:2" in said
    assert "0 left that name the person" in said
    assert "yardstick backfill 2026-10 2026-10" in said
    assert NAME not in said


def test_nobody_erases_without_a_name(company: TinyCompany, capsys: pytest.CaptureFixture[str]) -> None:
    os.environ.pop("YARDSTICK_APPROVER", None)
    command(company, "erase", ID, status=2)
    assert "--by NAME" in capsys.readouterr().err


# -- the demo company ----------------------------------------------------------------------------------------------


@pytest.mark.soak
def test_a_manager_and_a_seller_of_the_demo_company_are_nowhere_afterwards(tmp_path: Path) -> None:
    """Slow: two months of 40 people with three years of history are made, and every file of them is searched."""
    root = tmp_path / "state"
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--state", str(root)])
    assert ended.value.code == 0
    state = StateRoot(root)
    config = Path(demo.__file__).parents[2] / "config" / "demo"
    (edition,) = (newest_edition(state, month) for month in state.months_with_editions())
    assert edition is not None
    hr, _ = load_config(config).hr()
    rows = table(next((state.landings / str(edition.month)).glob(f"{hr}-*.parquet")))
    manager = str(rows["manager"].dropna().loc[rows["manager"].ne("")].iloc[0])
    seller = str(rows.loc[~rows["associate"].isin(rows["manager"]), "associate"].iloc[0])
    for number, associate in enumerate((manager, seller), start=1):
        mine = rows.loc[rows["associate"].eq(associate)].iloc[0]
        before = dict(facts_of(state, edition.month))
        done = erase(state, config, associate, "DPO", NOW)
        assert (done.name, done.left) == (f"ERASED-{number}", ())
        assert done.sources
        kept = naming(root, (associate, str(mine["name"]), str(mine["email"])))
        assert kinds(kept) == {"extracts"}
        after = dict(facts_of(state, edition.month))
        assert sorted(after.values()) == sorted(before.values())
        command_of(root, config, "run", str(edition.month))
        again = dict(facts_of(state, edition.month))
        assert {key: value for key, value in again.items() if associate not in key} == after
    assert kinds(naming(root, (manager, seller))) <= {"extracts", "configs"}


def command_of(root: Path, config: Path, *arguments: str) -> None:
    """A command of yardstick on any company."""
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--config", str(config), "--state", str(root)])
    assert ended.value.code == 0
