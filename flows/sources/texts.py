"""A text file in any encoding as a checked UTF-8 file on disk, so that one reader serves all.

Does not belong here: what the text means (delimited, structured).
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from config.errors import Place, SourceError
from flows.sources.contents import Content, Workshop
from flows.sources.encodings import marked_encoding, single_byte_candidates, wide_encoding

_CHUNK_BYTES = 1 << 20
_HEAD_BYTES = 1 << 16
_SAMPLE_BYTES = 1 << 16
_SHOWN_WORDS = 3


@dataclass(frozen=True, slots=True)
class Utf8Text:
    """A file known to be valid UTF-8 without a NUL. `skip` is the length of its byte order mark.

    `physical_lines` counts lines ended by a line feed, and the last one without; `lone_returns` says that some end by
    a carriage return alone. `assumed` is the encoding that was
    taken for plausible, empty where it was certain or declared; `example` shows words read by it.
    """

    path: Path
    skip: int
    physical_lines: int
    lone_returns: bool = False
    assumed: str = ""
    example: str = ""


def as_utf8(content: Content, declared: str, workshop: Workshop) -> Utf8Text:
    """The content as UTF-8. Raises SourceError for bytes its encoding does not have, and for NUL bytes."""
    with content.open() as stream:
        head = stream.read(_HEAD_BYTES)
    marked = marked_encoding(head)
    if marked:
        encoding, skip = marked
        return _checked(content, encoding, skip, workshop)
    if declared != "auto":
        return _checked(content, _known_encoding(content, declared), 0, workshop)
    wide = wide_encoding(head)
    if wide:
        return _checked(content, wide, 0, workshop)
    try:
        return _scan(content, 0)
    except UnicodeDecodeError:
        return _assumed(content, workshop)


def _known_encoding(content: Content, declared: str) -> str:
    try:
        return codecs.lookup(declared).name
    except LookupError:
        raise SourceError(
            f"“{declared}” is no encoding.",
            fix="Write encoding: auto, utf-8, cp1252, utf-16 or another that Python knows.",
            place=Place(Path(content.name)),
        ) from None


def _checked(content: Content, encoding: str, skip: int, workshop: Workshop) -> Utf8Text:
    if encoding == "utf-8":
        try:
            return _scan(content, skip)
        except UnicodeDecodeError:
            pass  # transcoding finds the place
    return _transcode(content, encoding, skip, workshop)


def _assumed(content: Content, workshop: Workshop) -> Utf8Text:
    sample = _non_ascii_sample(content)
    for encoding in single_byte_candidates(sample):
        try:
            text = _transcode(content, encoding, 0, workshop)
        except SourceError as error:
            if "NUL" in error.what:
                raise
            continue
        words = [word for word in sample.decode(encoding, "replace").split() if not word.isascii()]
        return replace(text, assumed=encoding, example=" ".join(words[:_SHOWN_WORDS])[:80])
    raise AssertionError("latin_1 takes any bytes")


def _chunks(content: Content, skip: int) -> Iterator[bytes]:
    with content.open() as stream:
        stream.seek(skip)
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def _scan(content: Content, skip: int) -> Utf8Text:
    """One pass over a file that should be UTF-8: raises UnicodeDecodeError where it is not."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    feeds, last, returns = 0, b"\n", False
    for chunk in _chunks(content, skip):
        if b"\0" in chunk:
            raise _nul(content, feeds + chunk[: chunk.index(b"\0")].count(b"\n") + 1)
        if not (chunk.isascii() and not decoder.getstate()[0]):
            decoder.decode(chunk)
        returns = returns or _lone_return(last, chunk)
        feeds += chunk.count(b"\n")
        last = chunk[-1:]
    decoder.decode(b"", final=True)
    return Utf8Text(content.path, skip, feeds + (last != b"\n"), returns or last == b"\r")


def _transcode(content: Content, encoding: str, skip: int, workshop: Workshop) -> Utf8Text:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    target = workshop.new_file(".utf8")
    feeds, last, position, returns = 0, b"\n", skip, False
    with target.open("wb") as out:
        for chunk in _with_end(_chunks(content, skip)):
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(encoding, "ignore")
                raise _undecodable(content, encoding, error, position - pending, feeds + before.count("\n")) from None
            position += len(chunk)
            text = text.removeprefix("\ufeff") if position <= _CHUNK_BYTES + skip else text
            if "\0" in text:
                raise _nul(content, feeds + text[: text.index("\0")].count("\n") + 1)
            feeds += text.count("\n")
            written = text.encode("utf-8")
            returns = returns or _lone_return(last, written)
            last = written[-1:] or last
            out.write(written)
    return Utf8Text(target, 0, feeds + (last != b"\n"), returns or last == b"\r")


def _lone_return(last: bytes, chunk: bytes) -> bool:
    """Whether a line ends by a carriage return without a line feed; `last` is the byte before the chunk."""
    if last == b"\r" and chunk[:1] != b"\n" and chunk:
        return True
    inside = chunk[:-1] if chunk.endswith(b"\r") else chunk
    return b"\r" in inside and inside.count(b"\r") != inside.count(b"\r\n")


def _with_end(chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield from chunks
    yield b""


def _undecodable(content: Content, encoding: str, error: UnicodeDecodeError, base: int, feeds: int) -> SourceError:
    bad = error.object[error.start : error.start + 4].hex(" ")
    return SourceError(
        f"This is not {encoding}: byte {base + error.start + 1} (hexadecimal {bad}) cannot be read.",
        fix="Set encoding: auto, or the encoding the file is really in.",
        place=Place(Path(content.name), feeds + 1),
    )


def _nul(content: Content, line: int) -> SourceError:
    return SourceError(
        "The line holds a NUL byte: the file is damaged, or it is no text.",
        fix="Export it again.",
        place=Place(Path(content.name), line),
    )


def _non_ascii_sample(content: Content) -> bytes:
    """Lines with other than ASCII bytes, up to a quarter of a megabyte."""
    sample = bytearray()
    with content.open() as stream:
        for line in stream:
            if not line.isascii():
                sample += line[:_SAMPLE_BYTES]
            if len(sample) >= _SAMPLE_BYTES:
                break
    return bytes(sample)
