"""What the project promises about itself: its lock, its caps, its top level, and that the locked set works together."""

import importlib.metadata
import os
import re
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PYPROJECT_TEXT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads(PYPROJECT_TEXT)

TOP_LEVEL = {
    ".ci",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "benchmarks",
    "config",
    "docs",
    "flows",
    "prefect.yaml",
    "pyproject.toml",
    "report_templates",
    "requirements.lock",
    "tests",
    "transforms",
}

IMPORTED_TOGETHER = (
    "alembic, babel, charset_normalizer, click, duckdb, fastapi, fontpkg_inter, great_expectations, holidays, jinja2, "
    "numpy, pandas, platformdirs, prefect, psycopg, pyarrow.parquet, pydantic, pypdfium2, python_calamine, rich, "
    "ruamel.yaml, scipy.stats, sqlalchemy, sqlglot, starlette, tzdata, watchfiles, weasyprint"
)


# --- The lock


def locked() -> dict[str, tuple[Requirement, list[str]]]:
    """Each locked package by name, with its requirement and its hashes."""
    entries: dict[str, tuple[Requirement, list[str]]] = {}
    for entry in re.split(r"\n(?=\S)", LOCK.replace("\\\n", " ").strip()):
        written, *hashes = re.split(r"\s+--hash=", entry.strip())
        requirement = Requirement(written)
        entries[canonicalize_name(requirement.name)] = (requirement, hashes)
    return entries


def test_every_locked_package_is_one_exact_version_with_hashes() -> None:
    assert len(locked()) > 100
    for name, (requirement, hashes) in locked().items():
        assert [spec.operator for spec in requirement.specifier] == ["=="], name
        assert hashes, name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes), name


def test_a_package_is_locked_once_for_all_pythons() -> None:
    names = re.findall(r"(?m)^([A-Za-z0-9._-]+)==", LOCK)
    assert len(names) == len(set(names)) == len(locked())


def test_the_lock_names_no_address_and_no_folder() -> None:
    assert "://" not in LOCK
    assert "/" not in LOCK
    assert not re.search(r"(?m)^\s*(--(?!hash=)|-[a-z]\b|#)", LOCK)


def asked_for() -> list[Requirement]:
    written = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["dependency-groups"]["dev"]]
    return [Requirement(text) for text in written]


@pytest.mark.parametrize("requirement", asked_for(), ids=lambda requirement: requirement.name)
def test_what_pyproject_asks_for_is_locked_at_a_version_it_accepts(requirement: Requirement) -> None:
    found, _ = locked()[canonicalize_name(requirement.name)]
    (pin,) = found.specifier
    assert pin.version in requirement.specifier


def test_what_is_installed_is_what_is_locked() -> None:
    for name, (requirement, _) in locked().items():
        if requirement.marker is None or requirement.marker.evaluate():
            assert importlib.metadata.version(name) in requirement.specifier, name


def test_nothing_else_is_installed() -> None:
    """A package that is only there by chance would hide a missing dependency."""
    installed = {canonicalize_name(found.name) for found in importlib.metadata.distributions()}
    assert installed - set(locked()) - {"pip", "setuptools", "yardstick"} == set()


# --- The caps


def lines_with_a_cap() -> Iterator[tuple[int, str]]:
    listed = re.compile(r'^\s*"[A-Za-z0-9._-]+(\[[a-z,]+\])?\s*[<>=~!].*"|^\s*requires-python\b|^requires = ')
    for number, line in enumerate(PYPROJECT_TEXT.splitlines(), start=1):
        specifier = line.split("#")[0]
        if listed.match(line) and re.search(r"<|==|~=|!=", specifier):
            yield number, line


def test_every_cap_in_pyproject_says_why() -> None:
    lines = PYPROJECT_TEXT.splitlines()
    capped = list(lines_with_a_cap())
    assert capped, "the caps were not found: has the layout of pyproject.toml changed?"
    for number, line in capped:
        beside = line.partition("#")[2].strip()
        above = lines[number - 2].strip()
        assert beside or above.startswith("#"), f"pyproject.toml line {number} caps a version without a reason: {line}"


# --- What stands in the repository


@pytest.fixture(scope="module")
def files() -> list[str]:
    """Every file that is committed, or would be."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so nothing says which files belong to it")
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_only_the_named_folders_and_files_stand_at_the_top(files: list[str]) -> None:
    assert {Path(name).parts[0] for name in files} - TOP_LEVEL == set()


def test_templates_hold_no_python(files: list[str]) -> None:
    assert [name for name in files if name.startswith("report_templates/") and name.endswith((".py", ".pyc"))] == []


def test_no_module_hides_one_of_python(files: list[str]) -> None:
    """Prefect puts a flow script's folder first on the import path."""
    modules = [Path(name).relative_to("flows") for name in files if name.startswith("flows/") and name.endswith(".py")]
    in_flows = {Path(module.parts[0]).stem for module in modules}
    assert in_flows & (set(sys.stdlib_module_names) | {"config"}) == set()


def test_no_file_names_a_place_on_someones_machine(files: list[str]) -> None:
    places = re.compile(rb"(?<![\w.~:/-])/(?:home|Users|root|work|opt)/[\w.-]+")
    found = [
        f"{name}: {place.decode()}"
        for name in files
        if b"\0" not in (content := (ROOT / name).read_bytes())
        for place in places.findall(content)
    ]
    assert found == []


def test_nothing_chooses_a_package_index(files: list[str]) -> None:
    """Where packages come from is the machine's own setting."""
    option = re.compile(r"--(extra-)?index-url[ =]|--find-links[ =]|--default-index|\[\[tool\.uv\.index\]\]")
    set_up = [name for name in files if name.startswith(".ci/") or name in {"Makefile", "pyproject.toml"}]
    assert [name for name in set_up if option.search((ROOT / name).read_text(encoding="utf-8"))] == []


def test_the_project_is_installed_from_this_checkout() -> None:
    """From any folder, `config`, `flows` and `transforms` are this checkout's, and the command is there."""
    shown = subprocess.run(
        [sys.executable, "-c", "import config, flows, transforms; print(config.__file__, flows.__file__)"],
        cwd="/",
        check=True,
        capture_output=True,
        text=True,
    )
    assert shown.stdout.split() == [str(ROOT / "config" / "__init__.py"), str(ROOT / "flows" / "__init__.py")]
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="yardstick")
    assert command.value == "flows.cli:main"


# --- The locked set works together


def quiet_environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTEST_"))}
    return {
        **kept,
        "DO_NOT_TRACK": "1",
        "HOME": str(home),
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }


@pytest.mark.slow  # Starts Python anew to import everything: warnings at import show only once a process.
def test_the_locked_set_imports_together_without_a_warning(tmp_path: Path) -> None:
    tolerated = [f"-Wignore:module 'sre_{name}' is deprecated:DeprecationWarning" for name in ("constants", "parse")]
    shown = subprocess.run(
        [sys.executable, "-Werror", *tolerated, "-c", f"import {IMPORTED_TOGETHER}"],
        cwd=tmp_path,
        env=quiet_environment(tmp_path),
        check=False,
        capture_output=True,
        text=True,
    )
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, "", "")


FLOW = """
from prefect import flow, task


@task
def double(number: int) -> int:
    return 2 * number


@flow
def monthly() -> int:
    return sum(double.submit(number).result() for number in range(4))


if __name__ == "__main__":
    print("sum", monthly())
"""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def wait_until_healthy(api: str, server: subprocess.Popen[bytes], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server ended before it answered"
        try:
            with urllib.request.urlopen(f"{api}/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the server did not answer within {seconds} seconds")


def troubles(log: str) -> list[str]:
    trouble = re.compile(r"warn|error|critical|exception|traceback", re.IGNORECASE)
    # On a busy machine the flow's process says that it waits for its last events to be taken.
    busy = re.compile(r"EventsWorker - Still processing items: \d+ items remaining")
    return [line for line in log.splitlines() if trouble.search(line) and not busy.search(line)]


@pytest.mark.soak  # The schedule's tests start a real server every time; this one reads both logs as well.
def test_a_flow_runs_against_a_real_prefect_server_and_neither_log_complains(tmp_path: Path) -> None:
    port = free_port()
    api = f"http://127.0.0.1:{port}/api"
    environment = quiet_environment(tmp_path)
    script = tmp_path / "month_flow.py"
    script.write_text(FLOW, encoding="utf-8")
    log = tmp_path / "server.log"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (
        log.open("wb") as written,
        subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=written, stderr=subprocess.STDOUT) as server,
    ):
        try:
            wait_until_healthy(api, server, seconds=90)
            run = subprocess.run(
                [sys.executable, script],
                cwd=tmp_path,
                env={**environment, "PREFECT_API_URL": api},
                check=False,
                capture_output=True,
                text=True,
                timeout=90,
            )
        finally:
            server.terminate()
            server.wait(timeout=30)
    assert run.returncode == 0, run.stderr
    assert "sum 12" in run.stdout
    assert troubles(run.stdout + run.stderr) == []
    assert troubles(log.read_text(encoding="utf-8")) == []
