"""Whose flows these are: a flow that Prefect starts knows its company by the environment it is started in.

Does not belong here: what a command line is told (`flows.cli.places`).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from config.errors import UsageError
from config.loader import load_config
from config.models import Config
from config.months import Month, months_between
from flows.stages.holidays import holidays_of
from flows.state.paths import STATE_VARIABLE, StateRoot, default_root
from transforms.schedule import Calendar

CONFIG_VARIABLE = "YARDSTICK_CONFIG"
STARTER_VARIABLE = "YARDSTICK_SERVED_BY"
"""The process of `yardstick serve`: its runs end with it."""


@dataclass(frozen=True, slots=True)
class Home:
    """A company's configuration and state root."""

    config_dir: Path
    state: StateRoot

    def as_environment(self) -> dict[str, str]:
        """The variables by which a flow finds it."""
        return {CONFIG_VARIABLE: str(self.config_dir), STATE_VARIABLE: str(self.state.root)}


def home_of(environment: Mapping[str, str] = os.environ) -> Home:
    """What the environment names. Raises UsageError where it names no configuration."""
    told = environment.get(CONFIG_VARIABLE)
    if not told:
        raise UsageError(
            f"${CONFIG_VARIABLE} is not set.",
            fix="Give the flow's process the directory that holds company.yaml (a work pool: its env).",
        )
    config_dir = Path(told).expanduser().absolute()
    state = environment.get(STATE_VARIABLE)
    root = Path(state).expanduser().absolute() if state else default_root(load_config(config_dir).company.name)
    return Home(config_dir, StateRoot(root))


def calendar_of(config: Config, first: Month, last: Month) -> Calendar:
    """The company's clock, and its holidays in the years of these months."""
    months = list(months_between(first, last))
    return Calendar(ZoneInfo(config.company.time_zone), holidays_of(config.company.holidays, months))
