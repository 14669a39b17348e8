"""Putting a pseudonym in place of whatever names a person in a text, however it is written.

A phrase is a name, an id or an address as its words in small letters (`transforms.scope.normalised`). Does not belong
here: who is to be forgotten, and where texts are kept.
"""

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from transforms.scope import is_distinctive, normalised

PSEUDONYM: Final = re.compile(r"ERASED-\d+")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_BETWEEN = re.compile(r"""[^:;|<>{}\[\]"=]{0,6}""")
"""What may stand between the words of one phrase: more is markup, or another value."""
_NO_ADDRESS = "erased.invalid"

Shape = tuple[int, int]
"""A phrase's number of words, and of characters: what rules nearly every other text out before it is looked up."""


def pseudonym(number: int) -> str:
    """What stands for the person erased as the n-th."""
    return f"ERASED-{number}"


def pseudonym_address(name: str) -> str:
    """What stands for a person's e-mail address: one that no mail can reach."""
    return f"{name.lower()}@{_NO_ADDRESS}"


def shape_of(phrase: str) -> Shape:
    """The shape of a normalised phrase."""
    return phrase.count(" ") + 1, len(phrase)


@dataclass(frozen=True)
class Phrases:
    """Phrases ready to be looked for in texts. `find` gives what stands for a phrase, None for any other."""

    find: Callable[[str], str | None]
    shapes: frozenset[Shape]
    firsts: frozenset[str] | None = None
    """The first words of all phrases, where they are known: what has none of them is not looked at further."""

    @classmethod
    def of(cls, phrases: Mapping[str, str]) -> "Phrases":
        """Known phrases, each with what stands for it."""
        firsts = frozenset(phrase.partition(" ")[0] for phrase in phrases)
        return cls(phrases.get, frozenset(map(shape_of, phrases)), firsts)

    def masked(self, text: str) -> str:
        """The text with its longest phrases replaced, the first first; a text without any comes back as it is."""
        plain = unicodedata.normalize("NFKC", text).replace("\u00ad", "")
        places = list(_WORD.finditer(plain))
        words = [place[0].casefold() for place in places]
        if self.firsts is not None and self.firsts.isdisjoint(words):
            return text
        parts: list[str] = []
        at, end = 0, 0
        joined = [
            _BETWEEN.fullmatch(plain, before.end(), after.start()) is not None
            for before, after in itertools.pairwise(places)
        ]
        while at < len(words):
            found = self._longest(words, joined, at)
            if found is None:
                at += 1
                continue
            put, size = found
            parts += [plain[end : places[at].start()], put]
            end = places[at + size - 1].end()
            at += size
        return "".join([*parts, plain[end:]]) if parts else text

    def stands_in(self, text: str) -> bool:
        """Whether any phrase stands in a text."""
        return self.masked(text) != text

    def _longest(self, words: list[str], joined: list[bool], at: int) -> tuple[str, int] | None:
        for size in self._sizes:
            if at + size > len(words) or not all(joined[at : at + size - 1]):
                continue
            phrase = " ".join(words[at : at + size])
            if (size, len(phrase)) in self.shapes and (put := self.find(phrase)) is not None:
                return put, size
        return None

    @cached_property
    def _sizes(self) -> list[int]:
        return sorted({size for size, _ in self.shapes}, reverse=True)


def phrases_of(name: str, ids: Iterable[str], names: Iterable[str], addresses: Iterable[str]) -> dict[str, str]:
    """What names one person in any text, with what stands for it: ids that are no ordinary word, names of two words or
    more, addresses.
    """
    found = {normalised(one): name for one in names if " " in normalised(one)}
    found |= {normalised(one): name for one in ids if is_distinctive(one)}
    found |= {normalised(one): pseudonym_address(name) for one in addresses}
    return {phrase: put for phrase, put in found.items() if phrase}


def units_of(name: str, ids: Iterable[str], kinds: Iterable[str]) -> dict[str, str]:
    """Reports about a person, and how pages name the unit: for ids that may not be looked for by themselves."""
    known = [one for one in ids if normalised(one)]
    return {f"{kind} {normalised(one)}": f"{kind}-{name}" for kind in kinds for one in known}
