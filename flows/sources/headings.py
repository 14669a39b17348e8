"""A source's headings: cleaned, told apart, and refused where they belong to the policy channel.

Does not belong here: which declared column a heading fills in (flows/checks).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from config.errors import Place, RefusedError, SourceError
from config.faults import did_you_mean
from config.models import Extract
from config.policy_channel import is_policy_column
from transforms.columns import FILE, LINE

_TRIMMED = "\ufeff \t\r\n\u00a0\u200b"


def clean_headings(raw: Iterable[str | None], taken: Sequence[str] = ()) -> tuple[str, ...]:
    """Headings trimmed of blanks and byte order marks; an empty one is `column_<n>`, a doubled one gets ` (2)`.

    `taken` are the headings already there: these are added after them, and n goes on counting.
    """
    used = {FILE, LINE, *taken}
    cleaned: list[str] = []
    for position, heading in enumerate(raw, start=len(taken) + 1):
        name = (heading or "").strip(_TRIMMED) or f"column_{position}"
        unique, copy = name, 1
        while unique in used:
            copy += 1
            unique = f"{name} ({copy})"
        used.add(unique)
        cleaned.append(unique)
    return tuple(cleaned)


def is_unnamed(heading: str | None) -> bool:
    """Whether a column has no heading of its own."""
    return not (heading or "").strip(_TRIMMED)


def refuse_policy_columns(headings: Iterable[str], source: str) -> None:
    """Raise RefusedError where a heading is of policy violations or corrective action."""
    for heading in headings:
        if is_policy_column(heading):
            raise RefusedError(
                f"Column “{heading}” is about policy violations or corrective action: it is refused at landing.",
                fix="Take the column out of the export: these never enter reports of performance.",
                place=Place(Path(source)),
            )


def wanted_heading(extract: Extract, column: str) -> str:
    """The heading a declared column has in the source; a column that is not declared is its own heading."""
    declared = extract.columns.get(column)
    return declared.source if declared is not None and declared.source else column


def require_heading(wanted: str, there: Sequence[str], source: str, purpose: str) -> None:
    """Raise SourceError, with the headings that are there and the nearest, where `wanted` is not among them."""
    if wanted in there:
        return
    listed = ", ".join(f"“{heading}”" for heading in there[:40]) or "none"
    guess = did_you_mean(wanted, there)
    hint = f" {guess}" if guess.startswith("Did you mean") else ""
    raise SourceError(
        f"Column “{wanted}” ({purpose}) is not there. Headings there: {listed}.{hint}",
        fix="Name the heading in extracts.yaml with “from:”, or set header_row to the row that holds the headings.",
        place=Place(Path(source)),
    )
