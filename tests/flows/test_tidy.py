"""retention.yaml is applied to whole months, and what can no longer be made again is said before it is deleted."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.errors import RefusedError
from config.loader import load_config
from config.months import Month
from flows.cli.main import main
from flows.stages.keeping import Tidied, tidied_after, tidy
from flows.stages.recording import open_ledger
from flows.state.editions import newest_edition, read_edition
from flows.state.ledger import Ledger
from tests.companies import OCTOBER, TinyCompany, files_under, write_company
from transforms.deliveries import DeliveryState, Hold

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
AUGUST, SEPTEMBER = Month(2026, 8), Month(2026, 9)


@pytest.fixture(scope="module")
def mailed(tmp_path_factory: pytest.TempPathFactory) -> TinyCompany:
    """Editions of August, September and October, each with one month of history; all approved and mailed."""
    company = write_company(tmp_path_factory.mktemp("tidy") / "company", history_months=3)
    company.change("config/company.yaml", "history_months: 3", "history_months: 1")
    for month in (AUGUST, SEPTEMBER, OCTOBER):
        command(company, "run", str(month))
        command(company, "approve", str(month), "--by", "Head of sales")
        command(company, "send", str(month))
    return company


def command(company: TinyCompany, *arguments: str, status: int = 0) -> None:
    """A command of yardstick on the company."""
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--config", str(company.config), "--state", str(company.state.root)])
    assert ended.value.code == status


@pytest.fixture
def company(mailed: TinyCompany, tmp_path: Path) -> TinyCompany:
    """A copy of it."""
    copy = mailed.copy(tmp_path / "company")
    (copy.state.root / "state.json").unlink()
    return copy


def keep(company: TinyCompany, **months: int) -> None:
    """Write retention.yaml."""
    (company.config / "retention.yaml").write_text("".join(f"{kind}: {kept}\n" for kind, kept in months.items()))


def tidied(company: TinyCompany, **months: int) -> Tidied:
    keep(company, **months)
    return tidy(company.state, company.config, NOW)


def months_in(folder: Path) -> list[str]:
    return sorted(path.name.removeprefix("month=") for path in folder.iterdir() if path.is_dir())


def gone(company: TinyCompany, month: Month) -> list[str]:
    return [one["what"] for one in read_edition(company.state, month, 1).manifest.get("gone", [])]


def test_without_retention_nothing_is_deleted(company: TinyCompany, capsys: pytest.CaptureFixture[str]) -> None:
    before = files_under(company.state.root)
    command(company, "tidy")
    assert "Everything is kept for good" in capsys.readouterr().out
    assert files_under(company.state.root) == before


@pytest.mark.parametrize("kind", ["landings", "checked", "facts", "editions", "outbox"])
@pytest.mark.parametrize("kept", [1, 2, 3])
def test_so_many_months_after_the_newest_editions_a_month_goes(company: TinyCompany, kind: str, kept: int) -> None:
    """Kept one month, September is there and August is not; of the other kinds nothing goes."""
    home = company.state.root / kind
    there = months_in(home)  # sending has asked hr of today, too
    assert {"2026-08", "2026-09", "2026-10"} <= set(there)
    others = {name for name in files_under(company.state.root) if not name.startswith((kind, "configs", "ledger"))}
    tidied(company, **{kind: kept})
    assert months_in(home) == [month for month in there if Month.parse(month) >= OCTOBER.shift(-kept)]
    assert others <= set(files_under(company.state.root))


def test_after_the_newest_month_was_made_by_schedule_it_is_tidied(company: TinyCompany) -> None:
    """Not after a month of before, which might go at once, nor where schedule.yaml says so."""
    before = files_under(company.state.root)
    assert tidied_after(company.run(), NOW) == ""
    keep(company, checked=1)
    assert tidied_after(company.run(AUGUST), NOW) == ""
    (company.config / "schedule.yaml").write_text("tidy: false\n")
    assert tidied_after(company.run(), NOW) == ""
    assert files_under(company.state.root).keys() == before.keys()
    (company.config / "schedule.yaml").unlink()
    assert tidied_after(company.run(), NOW).endswith("deleted that retention.yaml keeps no longer.")
    assert "2026-08" not in months_in(company.state.checked)


def test_lines_of_the_ledger_go_with_their_editions(company: TinyCompany) -> None:
    tidied(company, editions=1, ledger=1)
    with open_ledger(load_config(company.config), company.state) as ledger:
        assert {line.key.month for line in ledger.deliveries()} == {SEPTEMBER, OCTOBER}
        assert {line.month for line in ledger.approvals()} == {SEPTEMBER, OCTOBER}


def test_the_ledger_remembers_what_editions_there_are(company: TinyCompany) -> None:
    """Else sending would take an old edition for a new one, and mail it twice."""
    result = tidied(company, ledger=1)
    assert any("The ledger is kept as long as the editions are" in note for note in result.notes)
    with open_ledger(load_config(company.config), company.state) as ledger:
        assert AUGUST in {line.key.month for line in ledger.deliveries()}
    command(company, "send")
    assert len(list((company.state.root / "outbox" / str(AUGUST)).rglob("*.eml"))) == 5


def test_what_waits_of_editions_that_go_is_held_for_good(company: TinyCompany) -> None:
    with Ledger.open(None, company.state) as ledger:
        key = ledger.deliveries(month=AUGUST)[0].key
        ledger.requeue([key], NOW, "somebody", sent=True)
    tidied(company, editions=1)
    with Ledger.open(None, company.state) as ledger:
        (line,) = [line for line in ledger.deliveries(month=AUGUST) if line.key == key]
    assert (line.state, line.hold) == (DeliveryState.HELD, Hold.WITHDRAWN)
    command(company, "send")


def test_while_an_old_report_goes_out_nothing_is_deleted(company: TinyCompany) -> None:
    with Ledger.open(None, company.state) as ledger:
        ledger.requeue([ledger.deliveries(month=AUGUST)[0].key], NOW, "somebody", sent=True)
        ledger.begin_sender("somebody", NOW)
        assert ledger.claim("somebody", NOW)
        with pytest.raises(RefusedError, match="being sent"):
            tidied(company, editions=1)
    assert months_in(company.state.editions) == ["2026-08", "2026-09", "2026-10"]


@pytest.mark.soak
def test_a_manifest_says_which_of_its_landings_are_gone(
    company: TinyCompany, capsys: pytest.CaptureFixture[str]
) -> None:
    """September was made with August as its history."""
    result = tidied(company, landings=1)
    assert result.not_again == ("2026-08 edition 1", "2026-09 edition 1")
    assert gone(company, SEPTEMBER) == [f"landings of {name}: 2026-08" for name in ("people", "sales", "service")]
    assert gone(company, OCTOBER) == []
    command(company, "remake", str(SEPTEMBER), status=1)
    said = capsys.readouterr().err
    assert "on purpose" in said
    assert "it is no longer kept (retention.yaml) (2026-11-23)" in said
    command(company, "remake", str(OCTOBER))
    assert "byte for byte" in capsys.readouterr().out


@pytest.mark.soak
def test_editions_that_stay_are_still_read_compared_and_made(company: TinyCompany) -> None:
    tidied(company, landings=1, checked=1, facts=1, editions=1, outbox=1, ledger=1)
    company.append("sales/2026-10.csv", "late,AS03,2026-10-20,1000.00,B2B")
    command(company, "run", "2026-10")
    command(company, "status")
    command(company, "diff", "2026-10")
    command(company, "approve", "2026-10", "--by", "Head of sales")
    command(company, "send")
    newest = newest_edition(company.state, OCTOBER)
    assert newest is not None
    assert newest.number == 2


def test_copies_of_the_configuration_go_with_the_last_edition_made_with_them(company: TinyCompany) -> None:
    old = newest_edition(company.state, AUGUST)
    assert old is not None
    unused = company.state.configs("0" * 64)
    shutil.copytree(company.state.configs(old.manifest["config_sha256"]), unused)
    tidied(company, editions=1)
    assert not unused.exists()
    assert company.state.configs(old.manifest["config_sha256"]).is_dir()  # September was made with it too


def test_a_dry_run_says_the_same_and_deletes_nothing(company: TinyCompany, capsys: pytest.CaptureFixture[str]) -> None:
    everything = {"landings": 1, "checked": 1, "facts": 1, "editions": 1, "outbox": 1}
    keep(company, **everything)
    before = {name: text for name, text in files_under(company.state.root).items() if not name.startswith("ledger")}
    told = tidy(company.state, company.config, NOW, dry_run=True)
    command(company, "tidy", "--dry-run")
    said = capsys.readouterr().out
    assert "Counted from 2026-10" in said
    assert "Nothing was deleted." in said
    after = {name: text for name, text in files_under(company.state.root).items() if not name.startswith("ledger")}
    assert after == before
    assert tidied(company, **everything) == told


def test_what_a_killed_tidy_left_is_cleared_by_the_next(company: TinyCompany) -> None:
    (company.state.landings / "2026-07").rename(company.state.landings / ".gone-2026-07")
    tidied(company, checked=1)
    assert not (company.state.landings / ".gone-2026-07").exists()


def test_a_second_time_nothing_is_left_to_do(company: TinyCompany) -> None:
    tidied(company, landings=1, editions=1)
    before = json.dumps(read_edition(company.state, SEPTEMBER, 1).manifest)
    again = tidied(company, landings=1, editions=1)
    assert [part.count for part in again.parts] == [0, 0, 0]
    assert json.dumps(read_edition(company.state, SEPTEMBER, 1).manifest) == before


def test_months_without_an_edition_cannot_be_counted_from(tmp_path: Path) -> None:
    company = write_company(tmp_path / "company")
    company.state.root.mkdir()
    with pytest.raises(RefusedError, match="no edition"):
        tidied(company, landings=1)


def test_less_landings_than_history_is_told(company: TinyCompany) -> None:
    company.change("config/company.yaml", "history_months: 1", "history_months: 12")
    assert any("asks for 12 months of history" in note for note in tidied(company, landings=6).notes)
