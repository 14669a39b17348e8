"""Who was erased, as nobody but this machine can tell: `erased.json` with keyed hashes, and the key beside it.

The list keeps a person out whom a source still names: what is pulled gets the same pseudonym again. Does not belong
here: which cells of an extract are looked at (`flows.masking`), and erasing (`flows.stages.erasing`).
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

from config.errors import OutsideError
from config.months import Month
from flows.files import make_folder, write_bytes
from transforms.pseudonyms import Phrases, pseudonym, pseudonym_address, shape_of

LIST, KEY = "erased.json", "erased.key"
HR = "hr"
"""The source of ids under which hr's own are kept."""
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class SourceId:
    """An id of a source that was the person's, from and to a month (both included; empty: without an end)."""

    source: str
    text: str
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class HashedId:
    """The same with the keyed hash of source and id."""

    hash: str
    first: str = ""
    last: str = ""

    def holds_in(self, month: Month | None) -> bool:
        """Whether it was the person's in a month; of no month: in any."""
        told = str(month) if month else ""
        return not told or ((not self.first or self.first <= told) and (not self.last or told <= self.last))


@dataclass(frozen=True, slots=True)
class HashedPhrase:
    """A name, an id that is no ordinary word, or an address: the hash of its words, how many, and of what length."""

    hash: str
    words: int
    characters: int
    address: bool = False


@dataclass(frozen=True, slots=True)
class ErasedPerson:
    """One person as the list keeps them."""

    number: int
    when: str
    by: str
    ids: tuple[HashedId, ...] = ()
    phrases: tuple[HashedPhrase, ...] = ()

    @property
    def name(self) -> str:
        """What stands for the person."""
        return pseudonym(self.number)


@dataclass(frozen=True)
class Erased:
    """The list of a state root."""

    key: bytes = field(repr=False)
    persons: tuple[ErasedPerson, ...] = ()

    def hash_id(self, source: str, text: str) -> str:
        """The keyed hash of a source's id."""
        return _hash(self.key, "id", source, text.strip())

    def name_of(self, source: str, text: str, month: Month | None = None) -> str | None:
        """What stands for the person whose id this was in a month; None for anybody else's."""
        known = self._ids.get(self.hash_id(source, text), ())
        return next((name for one, name in known if one.holds_in(month)), None)

    def name_of_phrase(self, phrase: str) -> str | None:
        """What stands for a phrase; None for any other."""
        return self._phrases.get(_hash(self.key, "text", phrase))

    @cached_property
    def phrases(self) -> Phrases:
        """Everything that names an erased person, ready to be looked for."""
        shapes = {(one.words, one.characters) for person in self.persons for one in person.phrases}
        return Phrases(self.name_of_phrase, frozenset(shapes))

    @cached_property
    def _ids(self) -> Mapping[str, list[tuple[HashedId, str]]]:
        found: dict[str, list[tuple[HashedId, str]]] = {}
        for person in self.persons:
            for one in person.ids:
                found.setdefault(one.hash, []).append((one, person.name))
        return found

    @cached_property
    def _phrases(self) -> Mapping[str, str]:
        return {
            one.hash: pseudonym_address(person.name) if one.address else person.name
            for person in self.persons
            for one in person.phrases
        }

    def hashed(
        self, number: int, when: str, by: str, ids: Iterable[SourceId], phrases: Mapping[str, str]
    ) -> ErasedPerson:
        """A person as the list keeps them."""
        hashed_ids = {HashedId(self.hash_id(one.source, one.text), one.first, one.last) for one in ids}
        hashed_phrases = {
            HashedPhrase(_hash(self.key, "text", phrase), *shape_of(phrase), address="@" in put)
            for phrase, put in phrases.items()
        }
        return ErasedPerson(
            number, when, by,
            tuple(sorted(hashed_ids, key=lambda one: (one.hash, one.first, one.last))),
            tuple(sorted(hashed_phrases, key=lambda one: one.hash)),
        )  # fmt: skip


def _hash(key: bytes, *parts: str) -> str:
    return hmac.new(key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def read_erased(root: Path) -> Erased | None:
    """The list of a state root; None where nobody was erased. Raises OutsideError where it is damaged: then nobody
    could be kept out.
    """
    path, key = root / LIST, root / KEY
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text("utf-8"))
        persons = tuple(
            ErasedPerson(
                number=one["number"],
                when=one["when"],
                by=one["by"],
                ids=tuple(HashedId(**each) for each in one["ids"]),
                phrases=tuple(HashedPhrase(**each) for each in one["phrases"]),
            )
            for one in content["persons"]
        )
        return Erased(bytes.fromhex(key.read_text("ascii").strip()), persons)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutsideError(
            f"{path} or {key.name} beside it cannot be read: nobody who was erased could be kept out.",
            fix="Restore both from a backup.",
        ) from error


def open_erased(root: Path) -> Erased:
    """The list, with a new key where nobody was erased before."""
    known = read_erased(root)
    if known is not None:
        return known
    path = make_folder(root) / KEY
    if not path.exists():
        write_bytes(path, f"{secrets.token_hex(_KEY_BYTES)}\n".encode())
    return Erased(bytes.fromhex(path.read_text("ascii").strip()))


def write_erased(root: Path, erased: Erased) -> None:
    """Write the list whole or not at all."""
    content = {"persons": [asdict(person) for person in erased.persons]}
    write_bytes(root / LIST, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
