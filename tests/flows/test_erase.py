"""A person who is erased is nowhere in what is kept: every file is decoded and searched, by other means than erasing
uses where that can be.
"""

import json
import os
import stat
from pathlib import Path

import pandas as pd
import pytest

from config.errors import RefusedError, UsageError
from config.loader import load_config
from flows.cli.main import main
from flows.rendering import read_back
from flows.stages.erasing import JOURNAL, Erasure, erase
from flows.stages.facts import read_signals_file, write_evidence
from flows.stages.recording import open_ledger
from flows.state import paths
from flows.state.editions import newest_edition
from flows.state.ledger import Ledger
from tests.companies import OCTOBER, TinyCompany, facts_of
from tests.flows.erasing import (
    DESK,
    ID,
    NAME,
    NOW,
    command,
    contents,
    deliver,
    kinds,
    mailed_company,
    manifest,
    naming,
    table,
)  # fmt: skip
from transforms.columns import CHANGES, shaped
from transforms.deliveries import DeliveryState


@pytest.fixture(scope="module")
def mailed(tmp_path_factory: pytest.TempPathFactory) -> TinyCompany:
    """Two editions of October, both approved and mailed; a change found in the second, on a day named after Nora."""
    company = mailed_company(tmp_path_factory.mktemp("erase") / "company")
    edition = newest_edition(company.state, OCTOBER)
    assert edition
    change = {"unit_kind": "associate", "unit_id": ID, "metric": "orders", "month": pd.Timestamp("2026-09-01")}
    changes = shaped(pd.DataFrame([change | {"events": f"2026-09-30 {NAME} was away", "accepted": False}]), CHANGES)
    write_evidence(edition.folder, read_signals_file(edition.folder / "signals.parquet"), changes)
    return company


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


# -- nothing is left -----------------------------------------------------------------------------------------------


def test_before_the_person_is_named_in_every_kind_of_file(mailed: TinyCompany) -> None:
    """What the search of these tests would find."""
    folders = {"landings", "checked", "facts", "editions", "outbox", "configs", "ledger.sqlite"}
    found = naming(mailed.state.root)
    assert folders <= kinds(found)
    assert {"signals.parquet", "changes.parquet"} <= {Path(name).name for name in found}


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


@pytest.mark.soak
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


def test_mails_and_erasing_keep_out_of_each_others_way(
    company: TinyCompany, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a mail could be written after the outbox was searched. Several may send at once."""
    with company.state.mailing(), company.state.mailing(), pytest.raises(RefusedError, match="are being sent"):
        erase(company.state, company.config, ID, "DPO", NOW)
    with Ledger.open(None, company.state) as ledger:
        ledger.requeue([ledger.deliveries(report_ids=["team-SOUTH"])[0].key], NOW, "somebody", sent=True)
    before = contents(company)
    monkeypatch.setattr(paths, "_MAIL_SECONDS", 0.0)
    with company.state.without_mailing():
        command(company, "send", "2026-10", status=1)
        command(company, "send", "2026-10", "--to-me", "operator@tiny.example", status=1)
    assert "being erased" in capsys.readouterr().err
    sent = {name for name in contents(company) if name.startswith("outbox")}
    assert sent == {name for name in before if name.startswith("outbox")}
    command(company, "send", "2026-10")


# -- who is meant --------------------------------------------------------------------------------------------------


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


# -- the command ---------------------------------------------------------------------------------------------------


def test_the_command_says_what_was_done(company: TinyCompany, capsys: pytest.CaptureFixture[str]) -> None:
    command(company, "erase", ID, "--dry-run")
    assert "nothing was" in capsys.readouterr().out
    command(company, "erase", ID, "--by", "Data protection officer")
    said = capsys.readouterr().out
    assert "The person is ERASED-1 from now on" in said
    assert "identities.csv:2" in said
    assert "0 left that name the person" in said
    assert "not a first or a family name alone" in said
    assert "yardstick backfill 2026-10 2026-10" in said
    assert NAME not in said


def test_nobody_erases_without_a_name(company: TinyCompany, capsys: pytest.CaptureFixture[str]) -> None:
    os.environ.pop("YARDSTICK_APPROVER", None)
    command(company, "erase", ID, status=2)
    assert "--by NAME" in capsys.readouterr().err
