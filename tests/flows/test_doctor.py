"""What is missing on this machine is said, with how to get it, and the exit status tells a program."""

import socket
from pathlib import Path

import pytest

from flows import doctor
from flows.cli.main import main
from flows.doctor import Answer, examine
from tests.companies import TinyCompany, write_company


@pytest.fixture
def company(tmp_path: Path) -> TinyCompany:
    return write_company(tmp_path / "company", history_months=0)


def answers(config: Path | None, state: Path) -> dict[str, Answer]:
    return {answer.question: answer for answer in examine(config, state)}


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_this_machine_has_what_is_needed(company: TinyCompany, capsys: pytest.CaptureFixture[str]) -> None:
    found = answers(company.config, company.state.root)
    assert {question: answer.text for question, answer in found.items() if answer.level == "missing"} == {}
    assert "Tiny company: 3 extracts, 3 metrics" in found["Configuration"].text
    assert call("doctor", "--config", company.config, "--state", company.state.root) == 0
    said = capsys.readouterr()
    assert "Everything that is needed is there." in said.out
    for question in found:
        assert question in said.out
    assert not company.state.root.exists()


def test_a_mistake_in_the_configuration_is_shown_whole(
    company: TinyCompany, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    company.change("config/company.yaml", "locale: en_GB", 'lcale: "[red]"')
    company.change("config/company.yaml", "currency: EUR", 'currency: "[red]"')
    assert call("doctor", "--config", company.config, "--state", company.state.root) == 2
    said = capsys.readouterr()
    assert "company.yaml:2" in said.out
    assert "company.yaml:3" in said.out
    assert "lcale" in said.out
    assert "[red]" in said.out, "what looks like markup is shown too"
    assert "Configuration" in said.err


def test_a_state_root_that_cannot_be_written_is_something_outside(
    company: TinyCompany, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert call("doctor", "--config", company.config, "--state", tmp_path / "file" / "state") == 3
    assert "State root" in capsys.readouterr().err


def test_a_state_root_that_others_can_read_is_told(company: TinyCompany) -> None:
    company.state.root.mkdir()
    company.state.root.chmod(0o755)
    found = answers(None, company.state.root)["State root"]
    assert found.level == "slow"
    assert f"chmod 700 {company.state.root}" in found.text


def test_a_package_that_is_not_the_locked_one_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text("pandas==0.0.1 \\\n    --hash=sha256:00\nnosuchpackage==1.0\n")
    monkeypatch.setattr(doctor, "PROJECT_ROOT", tmp_path)
    found = answers(None, tmp_path)["Locked packages"]
    assert found.level == "missing"
    assert "instead of 0.0.1" in found.text
    assert "nosuchpackage none instead of 1.0" in found.text
    assert "make setup" in found.text


@pytest.mark.parametrize("address", ["closed", "http://[", "no address"])
def test_a_prefect_server_that_does_not_answer_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str
) -> None:
    if address == "closed":
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
    monkeypatch.setenv("PREFECT_API_URL", address)
    found = answers(None, tmp_path)["Prefect"]
    assert (found.level, address in found.text) == ("missing", True)


def test_without_a_server_that_is_said(tmp_path: Path) -> None:
    found = answers(None, tmp_path)["Prefect"]
    assert (found.level, found.text) == ("ok", "no server configured: months run in this process")


def test_a_question_that_breaks_is_an_answer_too() -> None:
    def broken() -> tuple[str, str]:
        raise LookupError("odd")

    assert doctor._answer("Odd", broken) == Answer("Odd", "missing", "LookupError: odd")
