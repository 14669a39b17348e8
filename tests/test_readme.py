"""What the README and the pages in docs say is true: commands run, keys and defaults are those of the models."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config import checks, delivery, models, retention, schedule, sources
from config.base import Model
from flows.cli.main import yardstick

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
NEEDED = "needed"


def fenced(page: str, language: str) -> list[str]:
    """The contents of a page's fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


# -- the README's first company ----------------------------------------------------------------------------------


def readme_script() -> str:
    """The README's shell commands in one script; what make does is tested with the set-up."""
    lines = "".join(fenced(README, "shell")).splitlines()
    return "\n".join(line for line in lines if not line.startswith("make ")) + "\n"


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A newcomer who types all commands of the README, one after the other, into a new folder."""
    folder = tmp_path_factory.mktemp("newcomer")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "XDG_STATE_HOME": str(folder / "state"), "COLUMNS": "80"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", readme_script()], cwd=folder, env=environment, capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip
    return folder, done


@pytest.mark.slow  # Six real commands: two editions and a preview are made and rendered.
def test_the_commands_of_the_readme_work_as_they_stand(
    newcomer: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = newcomer
    assert done.returncode == 0, done.stdout + done.stderr
    editions = folder / "state" / "yardstick" / "shop" / "editions" / "2026-10"
    assert sorted(path.name for path in editions.iterdir()) == ["1", "2"]
    assert (editions / "2" / "reports" / "team-Shop.pdf").is_file()
    assert "Edition 2 of 2026-10: 2 reports made, 0 unchanged" in done.stdout


@pytest.mark.slow
def test_the_output_the_readme_shows_is_the_real_one(newcomer: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = newcomer
    for line in "".join(fenced(README, "text")).splitlines():
        pattern = ".+".join(re.escape(part) for part in line.split("…"))
        assert re.search(f"^{pattern}$", done.stdout, re.MULTILINE), line


@pytest.mark.slow
def test_the_only_thing_wrong_with_the_example_is_what_the_readme_says(
    newcomer: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = newcomer
    said = {line for line in done.stderr.splitlines() if line.startswith("yardstick: ")}
    assert ["B9 (1)" in line for line in said] == [True], done.stderr


@pytest.mark.slow
def test_months_without_rows_to_measure_are_not_measured(
    newcomer: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    """Today's list of people holds for every month of the history; the shop's sales do not."""
    folder, _ = newcomer
    facts = folder / "state" / "yardstick" / "shop" / "facts"
    assert sorted(path.name for path in facts.iterdir()) == ["month=2026-09", "month=2026-10"]


# -- commands named anywhere -------------------------------------------------------------------------------------


def named_commands() -> Iterator[tuple[str, str]]:
    """Every `yardstick …` of the pages: in fenced shell blocks and between backticks."""
    for page in PAGES:
        text = page.read_text("utf-8")
        for block in fenced(text, "shell"):
            yield from ((page.name, line.strip()) for line in block.splitlines() if re.match(r"\s*\S*yardstick ", line))
        prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        yield from ((page.name, found) for found in re.findall(r"`(yardstick [^`]+)`", prose))


@pytest.mark.parametrize(("page", "line"), sorted(set(named_commands())), ids=lambda text: text.replace("/", "_"))
def test_a_command_named_in_the_pages_exists_with_its_options(page: str, line: str) -> None:
    words = line.split()[1:]
    options = {option for parameter in yardstick.params for option in parameter.opts}
    name = next((word for word in words if not word.startswith("-")), None)
    if name is not None:
        command = yardstick.commands.get(name)
        assert isinstance(command, click.Command), f"{page}: {name} is no command"
        options |= {each for parameter in command.params for each in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= {*options, "--help"}, page


def test_every_command_is_named_in_the_readme_or_its_pages() -> None:
    named = {line.split()[1] for _, line in named_commands()}
    assert set(yardstick.commands) <= named


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_make_target_named_in_the_pages_exists(page: Path) -> None:
    named = re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
    assert set(named) <= make_targets()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_of_the_repository_named_in_the_pages_exist(page: Path) -> None:
    named = re.findall(r"`((?:flows|config|transforms|tests|benchmarks|docs)/[\w/.-]*)`", page.read_text("utf-8"))
    # A module may be named without its ending.
    assert [name for name in named if not ((ROOT / name).exists() or (ROOT / f"{name}.py").exists())] == []


def test_pictures_are_small() -> None:
    pictures = list((ROOT / "docs" / "images").glob("*"))
    assert pictures
    assert [picture.name for picture in pictures if picture.stat().st_size > 200_000] == []


# -- configuration.md --------------------------------------------------------------------------------------------


def documented(name: str) -> dict[str, str]:
    """The keys of the table under a model's mark, each with its second column."""
    _, mark, after = CONFIGURATION.partition(f"<!-- {name} -->\n")
    assert mark, f"docs/configuration.md has no table of {name}"
    rows = after.partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
    return {key: row[1] for row in cells for key in re.findall(r"`([^`]+)`", row[0])}


def configured() -> list[type[BaseModel]]:
    """The models a configuration is written in; not those that gather the files or stand for an alternative."""
    found = {
        value
        for module in (checks, delivery, models, retention, schedule, sources)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Model) and value not in (Model, models.Config)
    }
    return sorted(found, key=lambda model: model.__name__)


def keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items() if not field.exclude}


@pytest.mark.parametrize("model", configured(), ids=lambda model: model.__name__)
def test_every_key_of_the_configuration_is_documented_and_no_other(model: type[BaseModel]) -> None:
    assert set(documented(model.__name__)) == set(keys_of(model))


def plain(default: Any) -> str | None:
    """A default as the page would show it; None for those it tells in words."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, Enum):
        return str(default.value)
    if isinstance(default, BaseModel) or default in (None, (), "", {}):
        return None
    return str(default) if not isinstance(default, tuple) else None


@pytest.mark.parametrize("model", configured(), ids=lambda model: model.__name__)
def test_the_defaults_told_are_the_defaults(model: type[BaseModel]) -> None:
    told = documented(model.__name__)
    for key, field in keys_of(model).items():
        if field.is_required():
            assert told[key] == NEEDED, key
            continue
        assert told[key] != NEEDED, key
        default = plain(field.get_default(call_default_factory=True))
        if default is not None:
            assert told[key] == f"`{default}`", key


@pytest.mark.parametrize("name", ["HR_COLUMNS", "CONTROL_COLUMNS"])
def test_every_column_of_known_extracts_is_documented(name: str) -> None:
    assert set(documented(name)) == set(getattr(models, name))


@pytest.mark.parametrize(
    "words",
    [models.ExtractKind, models.ColumnType, models.HrHistory, models.Unit, models.Direction, models.Stage,
     models.RuleKind, models.UnitKind, checks.Severity],
    ids=lambda words: words.__name__,
)  # fmt: skip
def test_every_word_a_key_may_have_is_documented(words: type[Enum]) -> None:
    assert [word.value for word in words if f"`{word.value}`" not in CONFIGURATION] == []
