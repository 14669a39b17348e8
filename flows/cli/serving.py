"""`yardstick serve`: a Prefect server with the monthly schedule, and deployments for analysts."""

from datetime import datetime
from pathlib import Path

import click

from config.errors import ConfigError
from config.loader import load_config
from config.models import Config
from flows.cli.places import find_config, find_state, remember
from flows.serve.deployments import plan_of
from flows.serve.home import Home
from flows.serve.service import Serving
from flows.serve.service import serve as serve_until_stopped

_EXAMPLE = """\
run: {working_day: 5, at: "06:30"}
wait: {until_working_day: 8, every_minutes: 60}
deliver: {days: working, at: "08:00"}"""


def serve(config_dir: Path | None, state_dir: Path | None, *, port: int, scheduled: bool) -> None:
    """Serve until stopped."""
    folder = find_config(config_dir, state_dir)
    state = find_state(state_dir, folder)
    config = load_config(folder)
    if scheduled and config.schedule is None:
        raise ConfigError(
            f"There is no schedule.yaml in {folder}, so nothing says when a month is made.",
            fix=f"Write it, as\n{_EXAMPLE}\nor serve without a schedule: yardstick serve --no-schedule",
        )
    remember(state, folder)
    plan_at = plan_of if scheduled else _nothing_by_itself
    serve_until_stopped(Serving(Home(folder, state), config, port, plan_at), click.echo)


def _nothing_by_itself(config: Config, now: datetime) -> None:  # noqa: ARG001 - called as `plan_of` is
    return None
