"""`yardstick rebase`: a person's decision stands in decisions.csv with name and reason, once, and can be taken back."""

from pathlib import Path

import pytest

from config.loader import load_config
from config.months import Month
from flows.cli.main import main
from tests.companies import TinyCompany

HEADING = "decided_on,kind,unit_kind,unit_id,metric,month,decided_by,reason,value"
OLD = "2026-01-09,contested,team,SOUTH,orders,2025-12,The team,“Two” orders are missing,"
WHAT = ("rebase", "revenue", "NORTH", "2026-08")
ASKED = (*WHAT, "--by", "Sales director", "--reason", "The catalogue, changed for good")


def rebase(company: TinyCompany, *arguments: str, status: int = 0) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--config", str(company.config), "--state", str(company.state.root)])
    assert ended.value.code == status


def decisions(company: TinyCompany) -> Path:
    return company.config / "decisions.csv"


def test_a_decision_is_written_with_who_since_when_and_why(
    company: TinyCompany, capsys: pytest.CaptureFixture[str]
) -> None:
    rebase(company, *ASKED, "--expectation", "9500")
    (one,) = load_config(company.config).decisions
    assert (one.kind, one.unit_kind.value, one.unit_id, one.metric, str(one.month)) == (
        "rebase", "team", "NORTH", "revenue", "2026-08",
    )  # fmt: skip
    assert (one.decided_by, one.reason) == ("Sales director", "The catalogue, changed for good")
    assert one.value is not None
    assert int(one.value) == 9500
    said = capsys.readouterr().out
    assert "decisions.csv" in said
    assert "yardstick run" in said


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADING}\n{OLD}\n",
        f"{HEADING}\n{OLD}",
        f"\ufeff{HEADING}\r\n{OLD}\r\n",
        f"{HEADING}\n{OLD}\n".replace(",", ";"),
    ],
    ids=["as written here", "no newline at the end", "by a spreadsheet", "semicolons"],
)  # fmt: skip
def test_what_stood_in_the_file_stays_byte_for_byte(company: TinyCompany, content: str) -> None:
    before = content.encode()
    decisions(company).write_bytes(before)
    decisions(company).chmod(0o640)
    rebase(company, *ASKED)
    assert decisions(company).read_bytes().startswith(before)
    assert decisions(company).stat().st_mode & 0o777 == 0o640
    assert [one.kind for one in load_config(company.config).decisions] == ["contested", "rebase"]
    rebase(company, "rebase", "revenue", "team:NORTH", "2026-08", "--withdraw")
    assert decisions(company).read_bytes().rstrip() == before.rstrip()


def test_once_is_enough_and_a_dry_run_writes_nothing(company: TinyCompany, capsys: pytest.CaptureFixture[str]) -> None:
    rebase(company, *ASKED, "--dry-run")
    assert not decisions(company).exists()
    assert "Would write" in capsys.readouterr().out
    rebase(company, *ASKED)
    before = decisions(company).read_bytes()
    rebase(company, *ASKED, status=1)
    assert decisions(company).read_bytes() == before
    assert "Sales director" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("rebase", "revenu", "NORTH", "2026-08", "--by", "x", "--reason", "y"), 2, "Did you mean revenue?"),
        (("rebase", "revenue", "NORD", "2026-08", "--by", "x", "--reason", "y"), 2, "no unit “NORD”"),
        (("rebase", "revenue", "NORTH", "2026-13", "--by", "x", "--reason", "y"), 2, "2026-13"),
        (("rebase", "revenue", "NORTH", "2099-01", "--by", "x", "--reason", "y"), 2, "has not begun"),
        ((*WHAT, "--by", "x"), 2, "No reason"),
        ((*WHAT, "--by", "x", "--reason", " \t"), 2, "No reason"),
        ((*WHAT, "--reason", "y"), 2, "Nobody is named"),
        (("rebase", "revenue", "AS01", "2026-08", "--by", "x", "--reason", "y"), 2, "more than one unit"),
        ((*WHAT, "--by", "x", "--reason", "y", "--expectation", "nine"), 2, "no number"),
        ((*WHAT, "--withdraw"), 1, "no re-basing"),
    ],
    ids=[
        "metric", "unit", "month", "to come", "no reason", "blank reason", "nobody", "two units", "number",
        "none there",
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_written(
    company: TinyCompany, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], status: int, said: str,
) -> None:  # fmt: skip
    monkeypatch.delenv("YARDSTICK_APPROVER", raising=False)
    rebase(company, *arguments, status=status)
    assert said in capsys.readouterr().err
    assert not decisions(company).exists()


def test_the_next_edition_knows_of_it(company: TinyCompany, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    from flows.stages.facts import read_changes_file, read_signals_file

    monkeypatch.setattr("flows.cli.deciding.now_utc", lambda: datetime(2026, 11, 12, tzinfo=UTC))
    rebase(company, "rebase", "revenue", "NORTH", "2026-10", "--by", "Sales director", "--reason", "The catalogue")
    edition = company.make()
    folder = company.state.edition(Month(2026, 10), edition.number)
    signals = read_signals_file(folder / "signals.parquet").query("unit_id == 'NORTH' and metric == 'revenue'")
    assert signals["since"].astype("str").tolist() == ["2026-10-01"]
    changes = read_changes_file(folder / "changes.parquet")
    assert changes.query("unit_id == 'NORTH' and accepted")["month"].astype("str").tolist() == ["2026-10-01"]
