"""Finished PDFs read back: the names and ids in them that their reader may not see.

Does not belong here: who may see whom (`transforms.scope`), and what follows from a finding.
"""

from pathlib import Path

from flows.rendering import TermIndex, read_back
from flows.state.editions import ReportEntry
from transforms.scope import Scope


class ForeignTerms:
    """The terms of a scope, made ready once for the PDFs of an edition."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._terms = TermIndex({term: term for term in scope.terms})

    def shown_in(self, folder: Path, entry: ReportEntry) -> list[str]:
        """The names and ids in a report's PDF, in the edition's folder or its draft, that its reader may not see."""
        forbidden = self._scope.forbidden(entry["kind"], entry["unit_id"])
        return [term for term in self._terms.found_in(read_back(folder / entry["file"])) if term in forbidden]
