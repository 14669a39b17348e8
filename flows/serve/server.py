"""A Prefect server of our own: on loopback, its files in the state root, ended with the process that started it.

Does not belong here: what it serves (`flows.serve.deployments`).
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.errors import OutsideError
from flows.files import PRIVATE_FILE, make_folder

LOOPBACK = "127.0.0.1"
LOG = "server.log"
_START_SECONDS = 180.0
_END_SECONDS = 20.0


@dataclass(frozen=True)
class Server:
    """A Prefect server that answers: its API's address and its pages'. `process` is None where it is not ours."""

    api: str
    pages: str
    process: subprocess.Popen[bytes] | None = None
    log: Path | None = None

    def refuse_ended(self) -> None:
        """Raise OutsideError where our own server has ended by itself."""
        if self.process is not None and self.process.poll() is not None:
            raise OutsideError("The Prefect server has ended by itself.", fix=f"Its log is {self.log}.")


def server_elsewhere(api: str) -> Server:
    """The server that is configured."""
    return Server(api, api.rstrip("/").removesuffix("/api"))


@contextmanager
def own_server(home: Path, port: int) -> Iterator[Server]:
    """Start a Prefect server, and end it with the block. Raises OutsideError where it does not come up.

    `home` is Prefect's folder. Its first start makes a database, which takes some ten seconds.
    """
    _refuse_taken(port)
    pages = f"http://{LOOPBACK}:{port}"
    log = make_folder(home) / LOG
    command = ["prefect", "server", "start", "--host", LOOPBACK, "--port", str(port), "--log-level", "WARNING"]
    with (
        open(os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, PRIVATE_FILE), "wb") as output,  # noqa: PTH123
        subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "flows.serve.kept", *command],
            cwd=home,
            env=_environment(home, pages),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us: what is running is stopped before its server
        ) as process,
    ):
        server = Server(f"{pages}/api", pages, process, log)
        try:
            _wait_until_it_answers(server)
            yield server
        finally:
            _end(process)


def _environment(home: Path, pages: str) -> dict[str, str]:
    """Ours, without what is meant for other Prefect programs."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PREFECT_API_URL", "PREFECT_PROFILE")}
    return {
        **kept,
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        # A page of another site that is open in the browser may not start runs.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": pages,
        "PREFECT_UI_API_URL": f"{pages}/api",
    }


def _refuse_taken(port: int) -> None:
    with socket.socket() as asked:
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asked.bind((LOOPBACK, port))
        except OSError as error:
            raise OutsideError(
                f"Port {port} of {LOOPBACK} cannot be had: {error.strerror}.",
                fix="Give another with --port. To use a Prefect server that runs already, set PREFECT_API_URL.",
            ) from error


def _wait_until_it_answers(server: Server) -> None:
    import httpx

    end = time.monotonic() + _START_SECONDS
    with httpx.Client(trust_env=False, timeout=5) as client:
        while time.monotonic() < end:
            server.refuse_ended()
            try:
                if client.get(f"{server.api}/health").is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.2)
    raise OutsideError(
        f"The Prefect server did not come up in {_START_SECONDS:.0f} s.", fix=f"Its log is {server.log}."
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
