"""Writes WeasyPrint's finished PDF objects as bytes: each object once, and an identifier made from the content.

Does the same as pydyf's own writing, which serialises everything twice for an identifier and compresses fonts at the
slowest level. Does not belong here: what is on the pages, and how they are tagged (`structure`).
"""

import hashlib
import zlib
from typing import Any

import pydyf

_LEVEL = 6


def written_pdf(pdf: pydyf.PDF) -> bytes:
    """The file's content. Same objects, same bytes."""
    pdf.add_object(pdf.info)
    output = bytearray(b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n")
    places: dict[int, tuple[int, int, int]] = {0: (0, 0, 65535)}
    packed: list[tuple[int, bytes]] = []
    holder = len(pdf.objects)
    for entry in pdf.objects[1:]:
        if isinstance(entry, pydyf.Stream):
            places[entry.number] = (1, len(output), 0)
            _add(output, entry.number, _stream(entry.extra, _content(entry)))
        else:
            places[entry.number] = (2, holder, len(packed))
            packed.append((entry.number, _bytes(entry)))
    places[holder] = (1, len(output), 0)
    _add(output, holder, _object_stream(packed))
    places[holder + 1] = (1, len(output), 0)
    start = len(output)
    _add(output, holder + 1, _cross_references(places, pdf, hashlib.sha256(output).hexdigest()[:32]))
    output += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(output)


def _add(output: bytearray, number: int, content: bytes) -> None:
    output += b"%d 0 obj\n" % number + content + b"\nendobj\n"


def _content(stream: pydyf.Stream) -> bytes:
    return b"\n".join([part if type(part) is bytes else _bytes(part) for part in stream.stream])


def _stream(extra: dict[str, Any], content: bytes) -> bytes:
    """A stream, packed unless it came packed, as images do."""
    packed = content if "Filter" in extra else zlib.compress(content, _LEVEL)
    head = {"Filter": "/FlateDecode", **extra, "Length": len(packed)}
    return _dictionary(head) + b"\nstream\n" + packed + b"\nendstream"


def _object_stream(packed: list[tuple[int, bytes]]) -> bytes:
    index, position = [], 0
    for number, content in packed:
        index.append(b"%d %d" % (number, position))
        position += len(content) + 1
    first = b" ".join(index) + b"\n"
    content = first + b"\n".join([content for _, content in packed])
    return _stream({"Type": "/ObjStm", "N": len(packed), "First": len(first)}, content)


def _cross_references(places: dict[int, tuple[int, int, int]], pdf: pydyf.PDF, identifier: str) -> bytes:
    widths = (1, 4, 2)
    table = b"".join(
        value.to_bytes(width, "big")
        for _, place in sorted(places.items())
        for value, width in zip(place, widths, strict=True)
    )
    extra = {
        "Type": "/XRef",
        "W": pydyf.Array(widths),
        "Size": len(places),
        "Root": pdf.catalog.reference,
        "Info": pdf.info.reference,
        "ID": b"[<" + identifier.encode() + b"> <" + identifier.encode() + b">]",
    }
    return _stream(extra, table)


def _dictionary(items: dict[Any, Any]) -> bytes:
    return b"<<" + b"".join([b"/" + _bytes(key) + b" " + _bytes(value) for key, value in items.items()]) + b">>"


def _bytes(item: Any) -> bytes:  # noqa: PLR0911 - one line a kind, the most frequent first
    kind = type(item)
    if kind is bytes:
        return item  # type: ignore[no-any-return]
    if kind is str:
        return item.encode("ascii")  # type: ignore[no-any-return]
    if kind is int:
        return b"%d" % item
    if kind is float:
        return f"{item:.4f}".rstrip("0").rstrip(".").encode("ascii")
    if kind is pydyf.Dictionary:
        return _dictionary(item)
    if kind is pydyf.Array:
        return b"[" + b" ".join([_bytes(child) for child in item]) + b"]"
    if isinstance(item, pydyf.Object):
        return item.data  # type: ignore[no-any-return]
    return str(item).encode("ascii")
