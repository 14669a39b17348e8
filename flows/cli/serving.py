"""`yardstick serve`: a Prefect server with the monthly schedule, and deployments for analysts."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from config.errors import ConfigError
from config.loader import load_config
from flows.cli.places import find_config, find_state, remember
from flows.serve.deployments import plan_of
from flows.serve.home import Home
from flows.serve.service import Serving
from flows.serve.service import serve as serve_until_stopped

_EXAMPLE = """\
run: {working_day: 5, at: "06:30"}
wait: {until_working_day: 8, every_minutes: 60}
deliver: {days: working, at: "08:00"}"""


def serve(config_dir: Path | None, state_dir: Path | None, *, port: int | None, scheduled: bool) -> None:
    """Serve until stopped."""
    folder = find_config(config_dir, state_dir)
    state = find_state(state_dir, folder)
    config = load_config(folder)
    plan = plan_of(config, datetime.now(tz=UTC)) if scheduled else None
    if scheduled and plan is None:
        raise ConfigError(
            f"There is no schedule.yaml in {folder}, so nothing says when a month is made.",
            fix=f"Write it, as\n{_EXAMPLE}\nor serve without a schedule: yardstick serve --no-schedule",
        )
    remember(state, folder)
    serving = Serving(Home(folder, state), config, plan)
    if port is not None:
        serving = replace(serving, port=port)
    serve_until_stopped(serving, lambda line: click.echo(line))


