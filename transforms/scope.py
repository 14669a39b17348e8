"""The reader's scope: which people a report may name, and where it names another.

Two looks with the same rule: at the report model's texts before rendering, and at the finished PDF's text after it
(`flows.stages.publish`). Does not belong here: which figures are shown, and reading PDFs.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from config.models import UnitKind
from transforms.organisation import Organisation
from transforms.report_model import ReportKind, ReportModel

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_DISTINCTIVE_ID = 4


@dataclass(frozen=True, slots=True)
class Breach:
    """A report that shows a name or id its reader may not see."""

    report_id: str
    term: str


@dataclass(frozen=True)
class Scope:
    """Everyone's terms, and who may appear in which report."""

    terms: Mapping[str, frozenset[str]]
    """Term (full name, distinctive id) to the associates it stands for."""
    visible: Mapping[tuple[str, str], frozenset[str]]
    """Unit kind and id to the associates its report may name."""

    def forbidden(self, kind: str, unit_id: str) -> frozenset[str]:
        """Terms that may not stand in a report: those that stand for nobody whom it may name."""
        allowed = self.visible.get((kind, unit_id), frozenset())
        return frozenset(term for term, people in self.terms.items() if not people & allowed)


def build_scope(organisation: Organisation) -> Scope:
    """Who may be named where in the reports of an organisation's month.

    A manager's report may name everyone in the span on any day of the month, the manager, and the managers above;
    a team's report only its manager and the managers above that one. Names that are also a unit's title are no terms.
    """
    units = organisation.units
    day = organisation.month.last_day
    visible: dict[tuple[str, str], frozenset[str]] = {}
    for kind, unit_id, manager in zip(units["unit_kind"], units["unit_id"], units["manager"], strict=True):
        # Who leads it as of its own last day: a unit that ended within the month has nobody above at the month's end.
        above = {manager, *organisation.chain_above(manager, day)} if isinstance(manager, str) and manager else set()
        if kind == UnitKind.TEAM:
            visible[(kind, unit_id)] = frozenset(above)
        elif kind in {UnitKind.MANAGER, UnitKind.ASSOCIATE}:
            span = organisation.scope(kind, unit_id)
            visible[(kind, unit_id)] = span | above | {unit_id, *organisation.chain_above(unit_id, day)}
    # Somebody else may stand in for the manager of a manager: the report still shows who is directly below.
    below = units.loc[units["unit_kind"].eq(UnitKind.MANAGER) & units["parent_kind"].eq(UnitKind.MANAGER)]
    for unit_id, parent in zip(below["unit_id"], below["parent_id"], strict=True):
        visible[(UnitKind.MANAGER, parent)] = visible.get((UnitKind.MANAGER, parent), frozenset()) | {unit_id}
    titles = set(units.loc[units["unit_kind"].isin([UnitKind.TEAM, UnitKind.ORGANISATION]), "title"].map(normalised))
    return Scope(terms=_terms(organisation.spells, titles), visible=visible)


def _terms(spells: pd.DataFrame, titles: set[str]) -> dict[str, frozenset[str]]:
    terms: dict[str, set[str]] = {}
    pairs = spells[["associate", "name"]].drop_duplicates()
    for associate, name in zip(pairs["associate"], pairs["name"], strict=True):
        if isinstance(name, str) and len(normalised(name).split()) > 1 and normalised(name) not in titles:
            terms.setdefault(normalised(name), set()).add(associate)
        if is_distinctive(associate):
            terms.setdefault(normalised(associate), set()).add(associate)
    return {term: frozenset(people) for term, people in terms.items()}


def is_distinctive(identifier: str) -> bool:
    """Whether an id can be told from an ordinary word or number: long enough, with letters and digits."""
    letters = any(character.isalpha() for character in identifier)
    digits = any(character.isdigit() for character in identifier)
    return len(identifier) >= _DISTINCTIVE_ID and letters and digits


def normalised(text: str) -> str:
    """Words in small letters, one blank between them: how a term and a text are compared."""
    return " ".join(_words(text))


def _words(text: str) -> list[str]:
    """Words however they are written: wide or joined letters, accents as marks of their own, hyphens nobody sees."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("\u00ad", ""))


def found_terms(text: str, terms: Iterable[str]) -> list[str]:
    """The terms that stand in a text as whole words, in the order of the alphabet."""
    words = _words(text)
    wanted = set(terms)
    longest = max((term.count(" ") + 1 for term in wanted), default=0)
    seen = {
        phrase
        for size in range(1, longest + 1)
        for start in range(len(words) - size + 1)
        if (phrase := " ".join(words[start : start + size])) in wanted
    }
    return sorted(seen)


def texts_of(model: ReportModel) -> Iterator[str]:
    """Every text of a report model, its unit's own id and the report's id aside."""
    yield from _texts(model.model_dump(mode="json", exclude={"report_id", "unit_id"}))


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for value in content.values():
            yield from _texts(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _texts(value)


def breaches(model: ReportModel, scope: Scope) -> tuple[Breach, ...]:
    """What a report model shows that its reader may not see."""
    forbidden = scope.forbidden(ReportKind(model.kind).value, model.unit_id)
    return tuple(Breach(model.report_id, term) for term in found_terms("\n".join(texts_of(model)), forbidden))
