"""Erasures that are interrupted, done again, or of persons with unusual ids, names and addresses."""

import re
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from config.errors import UsageError
from config.loader import load_config
from flows import demo
from flows.cli.main import main
from flows.rendering import read_back
from flows.stages import erasing
from flows.stages.erasing import Erasure, erase
from flows.state.editions import newest_edition, read_edition
from flows.state.ledger import Ledger
from flows.state.paths import StateRoot
from tests.companies import OCTOBER, PULLED_AT, TinyCompany, facts_of, person, usual_people, write_company
from tests.flows.erasing import (
    ADDRESS,
    DESK,
    ID,
    KEEPING,
    NAME,
    NOW,
    TERMS,
    command,
    contents,
    deliver,
    kinds,
    mailed_company,
    manifest,
    naming,
    stopping,
    table,
)  # fmt: skip
from transforms.deliveries import DeliveryKey, DeliveryState, Hold, NewDelivery

pytestmark = pytest.mark.soak  # Companies of their own, each erased whole; test_erase does it for one of each kind.


@pytest.fixture(scope="module")
def mailed(tmp_path_factory: pytest.TempPathFactory) -> TinyCompany:
    """Two editions of October, both approved and mailed."""
    return mailed_company(tmp_path_factory.mktemp("erase") / "company")


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


# -- unusual ids, names and addresses -------------------------------------------------------------------------------

BO = ("E_02", "E_5f_02", "Bo Marsh", "as02@tiny")
BEFORE = "bo.of.before@old.example"


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> TinyCompany:
    """Ids as E_02 and E_021, of one the id is a number and the name a word; Bo Marsh (E_02) approves with a title, and
    had another address.
    """
    folder = tmp_path_factory.mktemp("odd") / "company"
    company = write_company(
        folder, people=[*usual_people(), person("AS021", "SOUTH", "AS06", email="e_021@tiny.example")]
    )
    names = {"AS07": "4711", "Associate 7": "Cher", "Associate 2": "Bo Marsh"}
    for path in (*company.config.glob("*.csv"), *(company.folder / "data").rglob("*.csv")):
        text = path.read_text("utf-8")
        for old, new in names.items():
            text = re.sub(rf"\b{old}\b", new, text)
        path.write_text(re.sub(r"AS0(\d)", r"E_0\1", text), "utf-8")
    (company.config / "delivery.yaml").write_text(KEEPING, "utf-8")
    command(company, "run", "2026-10")
    command(company, "approve", "2026-10", "--by", "Bo Marsh, operations")
    command(company, "send", "2026-10")
    with Ledger.open(None, company.state) as ledger:
        (line, *_) = ledger.deliveries(report_ids=["team-NORTH"])
        ledger.requeue([line.key], NOW, "Bo Marsh (operations)", sent=True)
        ledger.hold([line.key], Hold.LEFT, "Bo Marsh says so", NOW)
        own = DeliveryKey(OCTOBER, 1, "manager-E_5f_02", BEFORE)
        ledger.add_deliveries([NewDelivery(own, DeliveryState.QUEUED, None, "", "<1@tiny>", "0", NOW)])
    (company.state.root / "state.json").unlink()
    return company


@pytest.fixture(scope="module")
def without_bo(odd: TinyCompany, tmp_path_factory: pytest.TempPathFactory) -> tuple[TinyCompany, Erasure]:
    """The company after Bo Marsh was erased, to be read only."""
    company = odd.copy(tmp_path_factory.mktemp("without") / "company")
    return company, erase(company.state, company.config, "E_02", "DPO", NOW)


def ledger_of(company: TinyCompany) -> str:
    """All that the ledger says."""
    with Ledger.open(None, company.state) as ledger:
        return f"{ledger.deliveries()}{ledger.approvals()}{ledger.runs()}"


@pytest.mark.soak
def test_an_id_that_files_write_otherwise_is_found(odd: TinyCompany, without_bo: tuple[TinyCompany, Erasure]) -> None:
    """E_02 is manager-E_5f_02 as a report; E_021, which begins alike, is another."""
    company, erasure = without_bo
    assert kinds(naming(odd.state.root, ("E_5f_02",))) >= {"editions", "outbox", "ledger.sqlite"}
    assert erasure.left == ()
    found = naming(company.state.root, BO, end=r"(?!\d)")
    assert not [name for name in found if not name.endswith(".parquet")]
    for path in company.state.root.rglob("*.parquet"):  # as bytes they have the beginning of E_021 alone
        assert not table(path).isin(["E_02", "manager-E_5f_02", "Bo Marsh", "as02@tiny.example"]).to_numpy().any()
    assert not [path for path in company.state.root.rglob("*") if "5f_02-" in path.name or "5f_02." in path.name]
    entries = {entry["report_id"]: entry for entry in manifest(company, 1)["reports"]}
    assert entries["manager-ERASED-1"]["gone"]
    assert "e_021@tiny.example" in ledger_of(company)


def test_who_approved_or_sent_again_with_a_title_is_forgotten(without_bo: tuple[TinyCompany, Erasure]) -> None:
    company, _ = without_bo
    with Ledger.open(None, company.state) as ledger:
        assert {one.by for one in ledger.approvals()} == {"ERASED-1, operations"}
        lines = ledger.deliveries()
    assert {line.requeued_by for line in lines} == {"", "ERASED-1 (operations)"}
    assert "Bo Marsh" not in ledger_of(company)
    assert not (company.state.root / erasing.JOURNAL).exists()


def test_the_index_links_no_report_that_is_gone(without_bo: tuple[TinyCompany, Erasure]) -> None:
    company, _ = without_bo
    folder = company.state.edition(OCTOBER, 1)
    page = (folder / "index.html").read_text("utf-8")
    links = re.findall(r'href="(reports/[^"]+)"', page)
    assert sorted(links) == sorted(path.relative_to(folder).as_posix() for path in (folder / "reports").iterdir())
    gone = [entry for entry in manifest(company, 1)["reports"] if entry.get("gone")]
    assert page.count("Gone: a person was erased (2026-11-23)") == len(gone) > 0


def test_an_address_of_before_is_told_and_erased(
    without_bo: tuple[TinyCompany, Erasure], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No landing knows it any more; reports about the person went there."""
    company, erasure = without_bo[0].copy(tmp_path / "company"), without_bo[1]
    assert erasure.addresses_of_nobody == (BEFORE,)
    assert BEFORE in ledger_of(company)
    with pytest.raises(UsageError, match="is an address of associate E_03"):
        erase(company.state, company.config, "E_02", "DPO", NOW, addresses=["as03@tiny.example"])
    command(company, "erase", "E_02", "--address", BEFORE, "--by", "DPO")
    assert "The person is ERASED-1 from now on" in capsys.readouterr().out
    assert naming(company.state.root, (BEFORE,)) == {}
    command(company, "erase", BEFORE, "--by", "DPO")
    assert "The person is ERASED-1 from now on" in capsys.readouterr().out


@pytest.mark.soak
def test_an_address_of_which_nothing_else_is_kept_is_erased(odd: TinyCompany, tmp_path: Path) -> None:
    company = odd.copy(tmp_path / "company")
    done = erase(company.state, company.config, BEFORE.upper(), "DPO", NOW)
    assert (done.name, done.only_address, done.left) == ("ERASED-1", True, ())
    assert BEFORE not in ledger_of(company)
    assert "as02@tiny.example" in ledger_of(company)


def test_a_name_of_one_word_goes_with_the_reports_that_list_it(odd: TinyCompany, tmp_path: Path) -> None:
    """“Cher” and 4711 may be anything in a text: reports refer to the person by the id."""
    company = odd.copy(tmp_path / "company")
    reports = company.state.edition(OCTOBER, 1) / "reports"
    assert "Cher" in read_back(reports / "manager-E_5f_06.pdf")
    done = erase(company.state, company.config, "4711", "DPO", NOW)
    assert (done.single_names, done.left) == (("Cher",), ())
    assert {path.name for path in reports.iterdir() if "Cher" in read_back(path)} == set()
    assert not (reports / "manager-E_5f_06.pdf").exists()
    assert (reports / "manager-E_5f_02.pdf").exists()


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


@pytest.mark.soak
def test_a_dry_run_counts_and_changes_nothing(company: TinyCompany) -> None:
    before = contents(company)
    counted = erase(company.state, company.config, DESK, "", NOW, dry_run=True)
    assert contents(company) == before
    done = erase(company.state, company.config, DESK, "DPO", NOW)
    told = {kind: count for kind, count in done.counts.items() if kind != "deliveries held"}
    assert counted.counts == told


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
