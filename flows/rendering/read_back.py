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
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_HEAD = 3


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
    """Terms ready to be looked for in many texts. Case, accents' spelling and line breaks do not hide a term.

    A term in a right-to-left script is also found with its words in another order: a PDF tells such a line as it is
    seen, not as it is read.
    """

    def __init__(self, terms: Mapping[str, str]) -> None:
        self._by_letters: dict[str, list[tuple[str, frozenset[int]]]] = defaultdict(list)
        self._by_words: dict[int, dict[tuple[str, ...], list[str]]] = defaultdict(lambda: defaultdict(list))
        for term in terms:
            words = _words(term)
            if not words.letters:
                continue
            self._by_letters[words.letters].append((term, frozenset(words.starts[1:])))
            if _RIGHT_TO_LEFT.search(term):
                runs = _runs(words)
                self._by_words[len(runs)][tuple(sorted(runs))].append(term)
        self._heads = {letters[:_HEAD] for letters in self._by_letters}
        self._sizes = sorted({len(head) for head in self._heads}, reverse=True)
        self._longest = max(map(len, self._by_letters), default=0)

    def found_in(self, text: str) -> list[str]:
        """The terms that stand in the text as whole words, sorted."""
        words = _words(text)
        letters, ends, known, longest = words.letters, words.ends, self._by_letters, self._longest
        found: set[str] = set()
        for place, start in enumerate(words.starts):
            if not any(letters[start : start + size] in self._heads for size in self._sizes):
                continue
            for end in ends[place:]:
                if end - start > longest:
                    break
                if (key := letters[start:end]) in known:
                    found.update(term for term, gaps in known[key] if _fits(words, start, end, gaps))
        return sorted(found | self._in_any_order(words))

    def _in_any_order(self, words: _Words) -> set[str]:
        found: set[str] = set()
        if self._by_words:
            runs = _runs(words)
            for size, known in self._by_words.items():
                for place in range(len(runs) - size + 1):
                    found.update(known.get(tuple(sorted(runs[place : place + size])), ()))
        return found


def _runs(words: _Words) -> list[str]:
    return [words.letters[start:end] for start, end in zip(words.starts, words.ends, strict=True)]


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
