"""What can no longer be made again of an edition, and why: the manifest's `gone`.

Does not belong here: erasing and deleting (`flows.stages.erasing`, `flows.stages.keeping`).
"""

from collections.abc import Iterable
from typing import Any, TypedDict

from flows.state.editions import Edition

ERASED = "a person was erased"
NOT_KEPT = "it is no longer kept (retention.yaml)"
_FEW = 3


class Gone(TypedDict):
    """One thing that is gone or no longer as it was. `when` is a day."""

    what: str
    why: str
    when: str


def months_told(months: Iterable[str]) -> str:
    """A few months by name, many from the first to the last."""
    known = sorted(set(months))
    few = ", ".join(known)
    return few if len(known) <= _FEW else f"{known[0]} to {known[-1]} ({len(known)} months)"


def gone_of(edition: Edition) -> list[Gone]:
    """What the manifest says is gone."""
    told: list[Gone] = edition.manifest.get("gone", [])
    return told


def with_gone(manifest: dict[str, Any], gone: Iterable[Gone]) -> dict[str, Any]:
    """The manifest saying so too; what it says already stands once."""
    told = list(manifest.get("gone", []))
    told += [one for one in gone if all((one["what"], one["why"]) != (old["what"], old["why"]) for old in told)]
    return {**manifest, "gone": told} if told else manifest
