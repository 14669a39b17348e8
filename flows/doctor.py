"""What is missing on this machine, and how to get it: each question is asked for real."""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from config.errors import YardstickError
from flows import PROJECT_ROOT
from flows.execution import configured_server

_ROOM_BYTES = 2 * 1024**3
_OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Answer:
    """One question's answer. `level` is ok, slow (works, but worse than it should) or missing."""

    question: str
    level: str
    text: str


def examine(config_dir: Path | None, state_root: Path) -> list[Answer]:
    """Ask everything. Nothing is changed and nothing is sent."""
    questions: list[tuple[str, Callable[[], tuple[str, str]]]] = [
        ("Python", _python),
        ("Locked packages", _packages),
        ("PDF rendering", _rendering),
        ("Font subsetting", _subsetting),
        ("State root", lambda: _state(state_root)),
        ("Configuration", lambda: _configuration(config_dir)),
        ("Prefect", _prefect),
    ]
    return [_answer(question, ask) for question, ask in questions]


def _answer(question: str, ask: Callable[[], tuple[str, str]]) -> Answer:
    try:
        level, text = ask()
    except YardstickError as error:
        level, text = "missing", str(error)
    except Exception as error:  # noqa: BLE001 (a question that fails is the finding)
        level, text = "missing", f"{type(error).__name__}: {error}"
    return Answer(question, level, text)


def _python() -> tuple[str, str]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < _OLDEST_PYTHON:
        return "missing", f"{version}; 3.11 or later is needed."
    return "ok", version


def _packages() -> tuple[str, str]:
    """Whether what is installed is what requirements.lock says."""
    wrong = []
    for line in (PROJECT_ROOT / "requirements.lock").read_text("utf-8").splitlines():
        name, pin, rest = line.partition("==")
        if not pin or line.startswith((" ", "#")) or ";" in rest:
            continue
        wanted = rest.split()[0]
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            installed = "none"
        if installed != wanted:
            wrong.append(f"{name} {installed} instead of {wanted}")
    if wrong:
        return "missing", f"{'; '.join(wrong[:5])}. Run `make setup`."
    return "ok", "as in requirements.lock"


def _rendering() -> tuple[str, str]:
    from flows.rendering import missing_libraries

    missing = [name for name in missing_libraries() if "subset" not in name]
    if missing:
        return "missing", f"{', '.join(missing)}. Run `make setup`, or install them with the system's package manager."
    return "ok", "Pango and its libraries load"


def _subsetting() -> tuple[str, str]:
    from flows.rendering import missing_libraries

    if any("subset" in name for name in missing_libraries()):
        return "slow", "HarfBuzz-subset is missing: reports take four times as long. Install libharfbuzz-subset0."
    return "ok", "HarfBuzz-subset loads"


def _state(root: Path) -> tuple[str, str]:
    folder = next(parent for parent in (root, *root.parents) if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return "missing", f"{root} cannot be written. Give another with --state DIR."
    free = shutil.disk_usage(folder).free
    if free < _ROOM_BYTES:
        return "slow", f"{root}: only {free // 1024**2} MB are free."
    if root.exists() and root.stat().st_mode & 0o077:
        return "slow", f"{root} can be read by others. Say `chmod 700 {root}`."
    return "ok", f"{root}, {free // 1024**3} GB free"


def _configuration(config_dir: Path | None) -> tuple[str, str]:
    from config.loader import load_config

    if config_dir is None:
        return "ok", "none given; check one with --config DIR"
    config = load_config(config_dir)
    return "ok", f"{config.company.name}: {len(config.extracts)} extracts, {len(config.metrics)} metrics"


def _prefect() -> tuple[str, str]:
    server = configured_server()
    if server is None:
        return "ok", "no server configured: months run in this process"
    import httpx

    try:
        httpx.get(f"{server.rstrip('/')}/health", timeout=5).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL):
        return "missing", f"{server} does not answer. Start it, or unset PREFECT_API_URL."
    return "ok", f"{server} answers"
