"""Reads a finished PDF again, as its reader could: text, alternative texts, bookmarks and metadata.

Independent of how it was made, so that a name that must not be there is found wherever it came from.
"""

import ctypes
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LINE = re.compile("[\u00ad\u2010\u2011\ufffe\ufffd\x02-]?[ \t]*[\r\n\u2028\u2029\x0b\x0c]+[ \t]*")
_RUN = re.compile(r"\w+", re.UNICODE)
_SOFT = "\n"


def read_back(path: Path) -> str:
    """Everything a PDF says. A word broken at the end of a line is still broken: `find_terms` looks past that."""
    import pypdfium2
    import pypdfium2.raw as pdfium

    with pypdfium2.PdfDocument(path) as document:
        parts = [value for value in document.get_metadata_dict().values() if value]
        parts += [bookmark.get_title() for bookmark in document.get_toc()]
        for page in document:
            text = page.get_textpage()
            parts.append(text.get_text_bounded())
            parts.extend(_alternative_texts(pdfium, page))
            text.close()
            page.close()
    return "\n\n".join(parts)


def _alternative_texts(pdfium: Any, page: Any) -> Iterator[str]:
    tree = pdfium.FPDF_StructTree_GetForPage(page)
    if not tree:
        return
    try:
        waiting = [
            pdfium.FPDF_StructTree_GetChildAtIndex(tree, place)
            for place in range(pdfium.FPDF_StructTree_CountChildren(tree))
        ]
        while waiting:
            element = waiting.pop()
            if not element:
                continue
            yield from _alternative_text(pdfium, element)
            waiting += [
                pdfium.FPDF_StructElement_GetChildAtIndex(element, place)
                for place in range(pdfium.FPDF_StructElement_CountChildren(element))
            ]
    finally:
        pdfium.FPDF_StructTree_Close(tree)


def _alternative_text(pdfium: Any, element: Any) -> Iterator[str]:
    length = pdfium.FPDF_StructElement_GetAltText(element, None, 0)
    if length > 2:  # noqa: PLR2004 - two bytes are the ending zero alone
        buffer = ctypes.create_string_buffer(length)
        pdfium.FPDF_StructElement_GetAltText(element, buffer, length)
        yield buffer.raw[: length - 2].decode("utf-16-le")


# -- looking for names -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Words:
    """A text as its letters and digits alone, and where it was parted: at a space, or only by the end of a line."""

    letters: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    hard: frozenset[int]


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("\u00ad", "")


def _words(text: str) -> _Words:
    marked = _LINE.sub(_SOFT, _normal(text))
    starts, ends, hard, letters, length = [], [], set(), [], 0
    last = 0
    for run in _RUN.finditer(marked):
        if marked[last : run.start()] != _SOFT:
            hard.add(length)
        starts.append(length)
        letters.append(run[0])
        length += len(run[0])
        ends.append(length)
        last = run.end()
    return _Words("".join(letters), tuple(starts), tuple(ends), frozenset(hard))


class TermIndex:
    """Terms ready to be looked for in many texts. Case, accents' spelling and line breaks do not hide a term."""

    def __init__(self, terms: Mapping[str, str]) -> None:
        self._by_letters: dict[str, list[tuple[str, frozenset[int]]]] = defaultdict(list)
        for term in terms:
            words = _words(term)
            if words.letters:
                self._by_letters[words.letters].append((term, frozenset(words.starts[1:])))
        self._longest = max(map(len, self._by_letters), default=0)

    def found_in(self, text: str) -> list[str]:
        """The terms that stand in the text as whole words, sorted."""
        words = _words(text)
        found: set[str] = set()
        for place, start in enumerate(words.starts):
            for end in words.ends[place:]:
                if end - start > self._longest:
                    break
                for term, gaps in self._by_letters.get(words.letters[start:end], ()):
                    if self._fits(words, start, end, gaps):
                        found.add(term)
        return sorted(found)

    @staticmethod
    def _fits(words: _Words, start: int, end: int, gaps: frozenset[int]) -> bool:
        """Where the text is parted by more than a line's end, so is the term, and nowhere is it joined instead."""
        inside = {cut - start for cut in words.starts if start < cut < end}
        hard = {cut for cut in inside if cut + start in words.hard}
        return hard <= gaps <= inside


def find_terms(path: Path, terms: Mapping[str, str] | TermIndex) -> list[str]:
    """The terms (the mapping's keys: full names, distinctive ids) that a finished PDF contains, sorted.

    For many files make one `TermIndex` and pass it.
    """
    index = terms if isinstance(terms, TermIndex) else TermIndex(terms)
    return index.found_in(read_back(path))
