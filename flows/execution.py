"""The skin that runs stages: in this process at once, or as tasks of a Prefect flow where a server is configured.

The order of stages is not known here (`flows.monthly` has it). Prefect sees names of stages and the month alone: no
frame, no figure, no message that could hold a person's data goes into its parameters, results or log lines.
"""

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, chdir, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from config.errors import OutsideError
from flows.files import make_folder

if TYPE_CHECKING:
    from prefect import State

Result = TypeVar("Result")
_QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_LOGGING_LOG_PRINTS": "false",
    # Prefect's log is for its server; the terminal is told by our own bar and messages.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}
_HEALTH_SECONDS = 10.0


class Progress(Protocol):
    """Told what is going on, for a bar in the terminal."""

    def begin(self, stage: str, steps: int) -> None:
        """A stage of so many steps begins."""

    def advance(self, steps: int = 1) -> None:
        """So many steps are done."""


class Silent:
    """No bar."""

    def begin(self, stage: str, steps: int) -> None:
        """Nothing is shown."""

    def advance(self, steps: int = 1) -> None:
        """Nothing is shown."""


class Caller(Protocol):
    """Calls stages."""

    def one(self, stage: str, function: Callable[..., Result], *arguments: object) -> Result:
        """Call a stage once."""

    def each(self, stage: str, function: Callable[..., Result], arguments: Sequence[tuple[Any, ...]]) -> list[Result]:
        """Call a stage once for each tuple of arguments; results in the same order."""

    def publish_table(self, key: str, rows: Sequence[Mapping[str, str | int]]) -> None:
        """Show a table beside the run, where something shows it. `key` is of small letters, digits and dashes.

        It leaves the state root: counts and the configuration's own words may be in it, nothing of a person.
        """


class InProcess:
    """Calls stages here and now."""

    def __init__(self, progress: Progress | None = None) -> None:
        self.progress: Progress = progress or Silent()

    def one(self, stage: str, function: Callable[..., Result], *arguments: object) -> Result:
        """Call a stage once."""
        return self.each(stage, function, [arguments])[0]

    def each(self, stage: str, function: Callable[..., Result], arguments: Sequence[tuple[Any, ...]]) -> list[Result]:
        """Call a stage once for each tuple of arguments."""
        self.progress.begin(stage, len(arguments))
        results = []
        for argument in arguments:
            results.append(function(*argument))
            self.progress.advance()
        return results

    def publish_table(self, key: str, rows: Sequence[Mapping[str, str | int]]) -> None:
        """Nothing shows it here: the same stands on the checks page."""


class AsPrefectTasks:
    """Calls each stage as a task of the flow that is running.

    A failed stage is told to Prefect as a state with the stage's name and the kind of fault: an exception would put its
    message into Prefect's log, and a traceback before the user.
    """

    def __init__(self, progress: Progress | None = None) -> None:
        self.progress: Progress = progress or Silent()

    def one(self, stage: str, function: Callable[..., Result], *arguments: object) -> Result:
        """Call a stage once."""
        return self.each(stage, function, [arguments])[0]

    def each(self, stage: str, function: Callable[..., Result], arguments: Sequence[tuple[Any, ...]]) -> list[Result]:
        """Call a stage as one task a tuple of arguments, in order."""
        from prefect import State, task
        from prefect.cache_policies import NO_CACHE

        self.progress.begin(stage, len(arguments))
        results: list[Result] = []
        failures: list[BaseException] = []

        def call(step: int) -> State[None] | None:
            try:
                results.append(function(*arguments[step]))
            except BaseException as error:  # noqa: BLE001 (raised again outside of Prefect's sight)
                failures.append(error)
                return failed_state(stage, error)
            return None

        as_task = task(name=stage, cache_policy=NO_CACHE, persist_result=False)(call)
        for step in range(len(arguments)):
            as_task(step, return_state=True)
            if failures:
                raise failures[0]
            self.progress.advance()
        return results

    def publish_table(self, key: str, rows: Sequence[Mapping[str, str | int]]) -> None:
        """Keep the table as an artifact of the flow run. Raises OutsideError where the server does not take it."""
        from prefect.artifacts import create_table_artifact

        try:
            create_table_artifact(table=[dict(row) for row in rows], key=key)
        except Exception as error:
            raise OutsideError(
                f"The Prefect server did not take the table {key} ({type(error).__name__}).",
                fix="Look at its log, then run again.",
            ) from error


def failed_state(name: str, error: BaseException) -> "State[None]":
    """What Prefect is told of a fault: where it was and of what kind, not its message."""
    from prefect.states import Failed

    return Failed(message=f"{name} failed: {type(error).__name__}")


def configured_server() -> str | None:
    """The address of the Prefect server that is configured: PREFECT_API_URL, else the active profile's.

    Read without importing Prefect, which takes seconds.
    """
    told = os.environ.get("PREFECT_API_URL")
    if told:
        return told
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    path = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml"))
    try:
        profiles = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    active = os.environ.get("PREFECT_PROFILE") or profiles.get("active")
    url = profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL")
    return str(url) if url else None


def execute(
    name: str, month: str, work: Callable[[Caller], Result], *, neutral_folder: Path, progress: Progress | None = None
) -> Result:
    """Let `work` call its stages: as a Prefect flow where a server is configured, else in this process.

    Raises what the stages raise, and OutsideError where the configured server does not answer: never a silent other
    way. `neutral_folder` is where Prefect is imported from, so that it reads no stray `.env` or `prefect.toml`.
    """
    server = configured_server()
    if server is None:
        return work(InProcess(progress))
    return _as_flow(name, month, work, server, neutral_folder, progress)


def _as_flow(
    name: str,
    month: str,
    work: Callable[[Caller], Result],
    server: str,
    neutral_folder: Path,
    progress: Progress | None,
) -> Result:
    quiet_prefect()
    with neutral(neutral_folder):
        refuse_silent_server(server)
        from prefect import State, flow

        results: list[Result] = []
        failures: list[BaseException] = []

        def run_month(month: str) -> State[None] | None:  # noqa: ARG001 (shown by Prefect as the flow's parameter)
            try:
                results.append(work(AsPrefectTasks(progress)))
            except BaseException as error:  # noqa: BLE001 (raised again outside of Prefect's sight)
                failures.append(error)
                return failed_state(name, error)
            return None

        as_flow = flow(name=name, flow_run_name=f"{name}-{month}", persist_result=False)(run_month)
        fault = ""
        try:
            as_flow(month, return_state=True)
        except Exception as error:  # noqa: BLE001 (whatever Prefect stumbled over)
            fault = f": {type(error).__name__}"
        if failures:
            raise failures[0]
        if not results:
            raise OutsideError(
                f"The Prefect server at {server} failed during the run{fault}.", fix="Look at its log, then run again."
            )
        return results[0]


def quiet_prefect() -> None:
    """Settings of Prefect that hold unless the environment says otherwise. Before it is imported."""
    for variable, value in _QUIET.items():
        os.environ.setdefault(variable, value)


def neutral(folder: Path) -> AbstractContextManager[None]:
    """Work in a folder of ours, from which Prefect is imported: it reads `.env` and `prefect.toml` where it is."""
    make_folder(folder)
    return chdir(folder) if folder.is_dir() else nullcontext()


def refuse_silent_server(server: str) -> None:
    """Raise OutsideError (exit status 3) where the configured server does not answer."""
    import httpx

    try:
        httpx.get(f"{server.rstrip('/')}/health", timeout=_HEALTH_SECONDS).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OutsideError(
            f"The Prefect server at {server} does not answer ({type(error).__name__}).",
            fix="Start it, or unset PREFECT_API_URL (and the profile's) to run without one.",
        ) from error
