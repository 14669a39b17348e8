"""The command `yardstick`: exit statuses, messages a person can act on, and that it starts the same wherever it is."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.months import Month
from flows.cli import looking
from flows.cli.main import main, yardstick
from tests.companies import OCTOBER, REPORTS, TinyCompany, files_under, write_company

PROGRAM = Path(sys.executable).with_name("yardstick")


@dataclass(frozen=True)
class Called:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


class Caller:
    """Calls commands in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Called:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Called(ended.value.code, said.out, said.err)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Caller:
    return Caller(capsys)


def where(company: TinyCompany, state: Path | None = None) -> tuple[object, ...]:
    return ("--config", company.config, "--state", state or company.state.root)


# -- 0: done -------------------------------------------------------------------------------------------------------


def test_a_month_without_news_ends_with_0_and_says_so(call: Caller, company: TinyCompany) -> None:
    called = call("run", OCTOBER, *where(company))
    assert (called.status, called.err) == (0, "")
    assert "Nothing has changed since edition 1 of 2026-10: no new edition" in called.out
    assert f"Index: {company.state.edition(OCTOBER, 1) / 'index.html'}" in called.out


def test_what_was_withheld_is_a_warning_and_the_month_is_made(call: Caller, company: TinyCompany) -> None:
    (company.folder / "data" / "service" / "2026-10.csv").unlink()
    called = call("run", OCTOBER, *where(company), "--threads", 1, "--workers", 1)
    assert called.status == 0
    assert called.out.startswith("Edition 2 of 2026-10: 5 reports made, 0 unchanged")
    assert "service" in called.err
    assert all(line.startswith("yardstick: ") for line in called.err.splitlines())


def test_a_state_root_knows_which_configuration_it_was_used_with(call: Caller, company: TinyCompany) -> None:
    call("run", OCTOBER, *where(company))
    assert call("run", OCTOBER, "--state", company.state.root).status == 0


@pytest.mark.parametrize("arguments", [(), ("2026-10",), ("--json",)], ids=["all", "a month", "for a program"])
def test_status_shows_the_editions(call: Caller, company: TinyCompany, arguments: tuple[str, ...]) -> None:
    called = call("status", *arguments, "--state", company.state.root)
    assert (called.status, called.err) == (0, "")
    if "--json" in arguments:
        (edition,) = json.loads(called.out)["editions"]
        assert (edition["month"], edition["edition"], edition["reports"]) == ("2026-10", 1, len(REPORTS))
    else:
        assert "2026-10" in called.out
        assert ("as02@tiny.example" in called.out) == bool(arguments)


# -- 1: refused by the data or a rule ------------------------------------------------------------------------------


def test_an_hr_extract_without_a_usable_row_refuses_the_month(call: Caller, company: TinyCompany) -> None:
    company.write("people.csv", [])
    called = call("run", OCTOBER, *where(company))
    assert (called.status, called.out) == (1, "")
    assert called.err.startswith("yardstick: ")
    assert "The hr extract of 2026-10 has no associate at all" in called.err


def test_a_month_that_has_not_begun_is_refused(call: Caller, company: TinyCompany) -> None:
    called = call("run", "2199-01", *where(company))
    assert (called.status, called.err) == (1, "yardstick: 2199-01 has not begun yet. Give a month that has ended.\n")


def test_a_month_that_has_not_ended_is_refused(call: Caller, company: TinyCompany) -> None:
    month = Month.of(datetime.now(tz=UTC).date())
    called = call("run", str(month), *where(company))
    assert called.status == 1
    assert called.err.startswith(f"yardstick: {month} has not ended yet")


def test_two_runs_on_one_state_root_are_refused(call: Caller, company: TinyCompany) -> None:
    with company.state.locked():
        called = call("run", OCTOBER, *where(company))
    assert called.status == 1
    assert "Another run is working on" in called.err


def test_a_text_that_names_a_stranger_is_refused_and_nothing_is_published(call: Caller, company: TinyCompany) -> None:
    company.change("config/asked.csv", "The new catalogue brings", "Unlike Associate 8 it brings")
    called = call("run", OCTOBER, *where(company))
    assert called.status == 1
    assert "“associate 8”, which its reader may not see" in called.err
    assert "nothing was published" in called.err
    assert company.state.edition_numbers(OCTOBER) == [1]


def test_a_month_without_an_edition_has_no_status(call: Caller, company: TinyCompany) -> None:
    called = call("status", "2026-09", "--state", company.state.root)
    assert called.status == 1
    assert "There is no edition of 2026-09" in called.err


# -- 2: wrong usage or configuration -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["rnu"], "No such command 'rnu'. Did you mean 'run'?"),
        (["run"], "Missing argument 'MONTH'."),
        (["run", "2026-13"], "“2026-13” is no month. Write year and month as in 2026-10."),
        (["run", "october"], "“october” is no month."),
        (["run", "2026-10", "--stat", "x"], "No such option '--stat'. Did you mean '--state'?"),
        (["run", "2026-10", "--workers", "0"], "Invalid value for '--workers'"),
        (["run", "2026-10", "--config", "nowhere"], "nowhere is no directory. --config takes the directory"),
        (["run", "2026-10"], "No configuration was found. Give its directory with --config DIR"),
        (["status", "--state", "nowhere"], "nowhere is no directory: nothing was kept there yet."),
        (["preview", "2026-10"], "Missing option '--unit'."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_called_wrongly_says_what_to_write(
    call: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    called = call(*arguments)
    assert (called.status, called.out) == (2, "")
    assert told in called.err
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_in_the_configuration_is_named_with_its_file_and_line(call: Caller, company: TinyCompany) -> None:
    company.change("config/metrics.yaml", "  good: up\n  stage: experience", "  god: up\n  stage: experience")
    called = call("run", OCTOBER, *where(company))
    lines = (company.config / "metrics.yaml").read_text("utf-8").splitlines()
    line = lines.index("  god: up") + 1
    assert called.status == 2
    assert f"metrics.yaml:{line}" in called.err
    assert "god" in called.err
    assert "Did you mean good?" in called.err


def test_a_state_root_of_another_company_is_not_used(call: Caller, company: TinyCompany, tmp_path: Path) -> None:
    call("run", OCTOBER, *where(company))
    other = write_company(tmp_path / "other", history_months=0)
    other.change("config/company.yaml", "name: Tiny company", "name: Other company")
    called = call("run", OCTOBER, *where(other, company.state.root))
    assert called.status == 2
    assert "keeps the data of “Tiny company”, and this configuration is of “Other company”" in called.err


def test_a_file_is_no_state_root(call: Caller, company: TinyCompany) -> None:
    called = call("run", OCTOBER, *where(company, company.config / "company.yaml"))
    assert called.status == 2
    assert "company.yaml is a file. --state takes a directory." in called.err


# -- 3: something outside failed -----------------------------------------------------------------------------------


def test_an_hr_file_that_is_not_there_is_named(call: Caller, company: TinyCompany) -> None:
    (company.folder / "data" / "people.csv").unlink()
    called = call("run", OCTOBER, *where(company))
    assert called.status == 3
    assert "people.csv" in called.err


def test_a_state_root_that_cannot_be_written_is_named(call: Caller, company: TinyCompany) -> None:
    (company.folder / "file").write_text("")
    called = call("run", OCTOBER, *where(company, company.folder / "file" / "state"))
    assert called.status == 3
    assert f"{company.folder / 'file' / 'state'} cannot be written" in called.err


@pytest.mark.parametrize(
    ("told", "address"),
    [("variable", "http://127.0.0.1:9/api"), ("profile", "http://127.0.0.1:9/api"), ("variable", "not an address"),
     ("variable", "http://[")],
    ids=["a closed port", "a closed port of a profile", "no address", "a broken address"],
)  # fmt: skip
def test_a_prefect_server_that_does_not_answer_is_no_reason_to_do_without(
    call: Caller, company: TinyCompany, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: str, address: str
) -> None:
    if told == "variable":
        monkeypatch.setenv("PREFECT_API_URL", address)
    else:
        monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
        profile = f'active = "shared"\n[profiles.shared]\nPREFECT_API_URL = "{address}"\n'
        (tmp_path / "profiles.toml").write_text(profile)
    before = files_under(company.state.root)
    called = call("run", OCTOBER, *where(company))
    assert called.status == 3
    assert f"The Prefect server at {address} does not answer" in called.err
    after = files_under(company.state.root)
    assert {name for name in after if name not in before} <= {"state.json"}


def test_a_manifest_that_cannot_be_read_is_named(call: Caller, company: TinyCompany) -> None:
    manifest = company.state.edition(OCTOBER, 1) / "manifest.json"
    manifest.write_text("{")
    for command in (("status",), ("run", OCTOBER, "--config", company.config)):
        called = call(*command, "--state", company.state.root)
        assert called.status == 3
        assert f"{manifest} cannot be read" in called.err


def test_facts_that_cannot_be_read_are_named(call: Caller, company: TinyCompany) -> None:
    facts = company.state.facts(Month(2026, 9))
    facts.write_bytes(facts.read_bytes()[:-100])
    called = call("run", OCTOBER, *where(company))
    assert called.status == 3
    assert f"{facts} cannot be read" in called.err


# -- 70 and 130 ----------------------------------------------------------------------------------------------------


def fail(*_: object, **__: object) -> None:
    raise ZeroDivisionError("a secret figure")


def test_a_fault_of_ours_shows_no_traceback(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "status", fail)
    called = call("status")
    assert (called.status, called.out) == (70, "")
    assert "a fault of our own (ZeroDivisionError). Nothing was published or sent." in called.err
    assert "--debug" in called.err
    assert "Traceback" not in called.err
    assert "secret" not in called.err


@pytest.mark.parametrize("arguments", [["--debug", "status"], ["status", "--debug"]])
def test_debug_shows_it(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.setattr(looking, "status", fail)
    with pytest.raises(ZeroDivisionError):
        main(arguments)


def test_stopped_by_hand_it_says_that_nothing_is_half_done(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(looking, "status", interrupted)
    called = call("status")
    assert called.status == 130
    assert "stopped. Nothing was half-published" in called.err


# -- how it starts -------------------------------------------------------------------------------------------------

HELP = """
import json, sys
from flows.cli.main import main, yardstick
for arguments in (["--help"], ["--version"], *([name, "--help"] for name in yardstick.commands)):
    try:
        main(arguments)
    except SystemExit as ended:
        assert ended.code == 0, arguments
heavy = ("pandas", "duckdb", "prefect", "weasyprint", "sqlalchemy", "numpy", "pyarrow", "pydantic", "jinja2", "rich")
print(json.dumps([name for name in heavy if name in sys.modules]), file=sys.stderr)
"""


def test_help_of_any_command_loads_nothing_heavy() -> None:
    shown = subprocess.run([sys.executable, "-c", HELP], check=True, capture_output=True, text=True, cwd="/")
    assert json.loads(shown.stderr) == []
    assert shown.stdout.count("Usage: yardstick") == 1 + len(yardstick.commands)


@pytest.mark.parametrize("name", sorted(yardstick.commands))
def test_each_command_says_what_it_does(call: Caller, name: str) -> None:
    called = call(name, "--help")
    assert (called.status, called.err) == (0, "")
    described = called.out.partition("\n\n")[2].strip()
    assert described.partition("\n")[0].strip()
    for line in called.out.partition("Options:")[2].splitlines():
        if line.strip().startswith("--"):
            assert len(line.split()) > 1, line


def test_the_help_tells_the_exit_statuses(call: Caller) -> None:
    called = call("--help")
    for told in ("0 done", "1 refused", "2 wrong usage", "3 something outside", "70 a fault of our own"):
        assert told in " ".join(called.out.split())


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTHON", "PYTEST"))}
    return {**kept, "PREFECT_HOME": str(home), "COLUMNS": "200", **more}


@pytest.fixture
def strange_folder(tmp_path: Path) -> Path:
    """A folder whose Python files have our names and are somebody else's."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name in ("config", "flows", "transforms"):
        (folder / f"{name}.py").write_text(f"raise RuntimeError('a stranger named {name}')\n")
    return folder


@pytest.mark.soak
@pytest.mark.slow  # Starts the program, which starts its rendering workers, as a user would.
def test_a_stranger_s_config_py_never_stands_in_for_ours(strange_folder: Path, tmp_path: Path) -> None:
    company = write_company(tmp_path / "company", history_months=0)
    shown = subprocess.run(
        [PROGRAM, "run", "2026-10", "--config", company.config, "--state", company.state.root, "--workers", "2"],
        cwd=strange_folder,
        env=clean_environment(tmp_path, PYTHONPATH="."),
        check=False,
        capture_output=True,
        text=True,
    )
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Edition 1 of 2026-10: 5 reports made" in shown.stdout
    assert company.state.edition_numbers(OCTOBER) == [1]


@pytest.mark.parametrize(
    "start",
    [[str(PROGRAM)], [sys.executable, "-P", "-m", "flows.cli"]],
    ids=["the program", "the module"],
)
def test_it_starts_in_a_stranger_s_folder(
    made: tuple[TinyCompany, object], strange_folder: Path, start: list[str]
) -> None:
    shown = subprocess.run(
        [*start, "status", "--state", made[0].state.root],
        cwd=strange_folder,
        env=clean_environment(strange_folder),
        check=False,
        capture_output=True,
        text=True,
    )
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "2026-10" in shown.stdout


def test_a_reader_that_has_seen_enough_is_no_fault(made: tuple[TinyCompany, object], tmp_path: Path) -> None:
    with subprocess.Popen(
        [PROGRAM, "status", "--json", "--state", made[0].state.root],
        env=clean_environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as shown:
        assert shown.stdout is not None
        assert shown.stderr is not None
        shown.stdout.close()
        said = shown.stderr.read()
    assert (shown.returncode, said) == (0, b"")
