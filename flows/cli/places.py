"""Which configuration and which state root a command works with."""

import json
import os
from pathlib import Path

from config.errors import ConfigError, UsageError
from config.loader import load_config
from flows.files import write_text
from flows.state.paths import STATE_VARIABLE, StateRoot, default_root

CONFIG_VARIABLE = "YARDSTICK_CONFIG"
_REMEMBERED = "state.json"


def find_config(told: Path | None, state_dir: Path | None) -> Path:
    """The configuration's directory. Raises UsageError where none is told or found."""
    if told is not None:
        return _existing(told)
    variable = os.environ.get(CONFIG_VARIABLE)
    if variable:
        return _existing(Path(variable).expanduser())
    here = Path.cwd()
    for folder in (here, here / "config"):
        if (folder / "company.yaml").is_file():
            return folder
    remembered = _remembered(state_dir)
    if remembered is not None:
        return remembered
    raise UsageError(
        "No configuration was found.",
        fix="Give its directory with --config DIR, or make one from your files with `yardstick init DIR`.",
    )


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise UsageError(f"{folder} is no directory.", fix="--config takes the directory that holds company.yaml.")
    return folder.absolute()


def _told_state(state_dir: Path | None) -> Path | None:
    if state_dir is not None:
        return state_dir.expanduser().absolute()
    told = os.environ.get(STATE_VARIABLE)
    return Path(told).expanduser().absolute() if told else None


def _remembered(state_dir: Path | None) -> Path | None:
    root = _told_state(state_dir)
    if root is None:
        return None
    try:
        folder = Path(json.loads((root / _REMEMBERED).read_text("utf-8"))["config"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return folder if folder.is_dir() else None


def find_state(state_dir: Path | None, config_dir: Path) -> StateRoot:
    """The state root told, else the company's own."""
    told = _told_state(state_dir)
    root = StateRoot(told or default_root(load_config(config_dir).company.name))
    if root.root.exists() and not root.root.is_dir():
        raise UsageError(f"{root.root} is a file.", fix="--state takes a directory.")
    return root


def find_state_only(state_dir: Path | None, told_config: Path | None) -> StateRoot:
    """The state root for commands that need no configuration where a root is told."""
    told = _told_state(state_dir)
    if told is not None:
        if not told.is_dir():
            raise UsageError(f"{told} is no directory: nothing was kept there yet.", fix="Run a month first.")
        return StateRoot(told)
    return find_state(None, find_config(told_config, None))


def remember(state: StateRoot, config_dir: Path) -> None:
    """Keep which configuration a state root is used with. Raises ConfigError where it is another company's."""
    known = _remembered(state.root)
    if known is not None and known != config_dir and (known / "company.yaml").is_file():
        before, now = load_config(known).company.name, load_config(config_dir).company.name
        if before != now:
            raise ConfigError(
                f"{state.root} keeps the data of “{before}”, and this configuration is of “{now}”.",
                fix="Give another folder with --state DIR.",
            )
    write_text(state.root / _REMEMBERED, json.dumps({"config": str(config_dir)}, indent=1) + "\n")
