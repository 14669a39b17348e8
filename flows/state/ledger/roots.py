"""Which state root a ledger on a server is of: its deliveries are of that root's editions.

A second root, for a trial with the same configuration, numbers editions of its own, and its deliveries would take the
place of those that were released. A copy of the root is the same root. A ledger in a file lies in its root.
"""

import uuid
from pathlib import Path
from typing import Final

from sqlalchemy import select

from config.errors import ConfigError, OutsideError
from flows import locks
from flows.files import make_folder, write_text
from flows.state.ledger.database import BUSY_SECONDS, Database
from flows.state.ledger.inserting import insert_new
from flows.state.ledger.schema import roots
from flows.state.paths import StateRoot

ROOT_FILE: Final = "root.id"


def refuse_other_root(database: Database, state: StateRoot) -> None:
    """Bind the ledger to the state root, where it is of none yet. Raises ConfigError where it is another's."""
    mine = _root_id(make_folder(state.root))
    known = database.read(lambda connection: connection.execute(select(roots.c.id)).scalar())
    if known is None:
        database.write(lambda connection: insert_new(connection, roots, [{"one": 1, "id": mine}]))
        known = database.read(lambda connection: connection.execute(select(roots.c.id)).scalar())
    if known != mine:
        raise ConfigError(
            f"The ledger {database.shown} is of another state root than {state.root}: editions made here would take "
            "the place of that root's deliveries.",
            fix="For a trial, leave `ledger` out of a copy of delivery.yaml. Should this folder hold that root's "
            f"editions, write {known} into {state.root / ROOT_FILE}.",
        )


def _root_id(folder: Path) -> str:
    path = folder / ROOT_FILE
    if not path.exists():
        with locks.held(folder / "ledger.lock", BUSY_SECONDS):
            if not path.exists():
                write_text(path, f"{uuid.uuid4().hex}\n")
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise OutsideError(f"{path} cannot be read.", fix="Restore it from a backup.") from error
