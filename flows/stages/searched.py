"""Whether anything kept still names a person: every file, decoded as its reader would.

Parquet column by column, PDFs read back, mails part by part, SQLite value by value and byte by byte. Does not belong
here: taking the person out (`flows.stages.erasing`).
"""

import html
import json
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

from flows.rendering import read_back
from transforms.pseudonyms import Phrases
from transforms.scope import found_terms, normalised

_PARQUET, _PDF, _MAIL, _SQLITE = ".parquet", ".pdf", ".eml", (".sqlite", ".sqlite-wal", ".db", ".db-wal")


@dataclass(frozen=True)
class Search:
    """What is looked for: phrases, and in bytes that nothing decodes the same as they were written."""

    phrases: Mapping[str, str]
    written: tuple[str, ...]
    """Ids, names and addresses as written, of those that are phrases."""

    def found_in(self, path: Path) -> bool:
        """Whether a file, or its name, names the person. A file that cannot be decoded is looked at byte by byte."""
        if self._names(path.name):
            return True
        try:
            return self._in_content(path)
        except FileNotFoundError:
            return False
        except Exception:  # noqa: BLE001 - whatever a damaged file makes a decoder say, its bytes are looked at
            return self._in_bytes(path.read_bytes())

    def in_text(self, text: str) -> bool:
        """Whether a text names the person, however its lines are broken."""
        return bool(found_terms(text, self.phrases))

    def _names(self, text: str) -> bool:
        return Phrases.of(self.phrases).stands_in(text)

    def _in_content(self, path: Path) -> bool:
        if path.suffix == _PARQUET:
            return any(self._names(text) for text in parquet_texts(path))
        if path.suffix == _PDF:
            return self.in_text(read_back(path))
        if path.suffix == _MAIL:
            return any(self.in_text(text) for text in mail_texts(path.read_bytes()))
        if path.suffix in _SQLITE or path.name.endswith("-wal"):
            values = set(sqlite_texts(path.with_name(path.name.removesuffix("-wal"))))
            return any(map(self._names, values)) or self._in_bytes(_without(path.read_bytes(), self._like(values)))
        content = path.read_bytes()
        if path.suffix == ".json":
            return any(self._names(text) for text in json_texts(json.loads(content)))
        text = content.decode("utf-8")
        return self._names(html.unescape(text) if path.suffix in (".html", ".svg") else text)

    def _like(self, values: Iterable[str]) -> set[str]:
        """Texts that hold a term within a longer word."""
        terms = [one.casefold() for one in self.written]
        return {value for value in values if any(term in value.casefold() for term in terms)}

    def _in_bytes(self, content: bytes) -> bool:
        folded = content.lower()
        return any(
            one.lower().encode(encoding) in folded for one in self.written for encoding in ("utf-8", "utf-16-le")
        )


def _without(content: bytes, values: Iterable[str]) -> bytes:
    """The bytes of a database without values that it holds, which were looked at as texts: AS031 is not AS03. What is
    left is what was overwritten.
    """
    for value in sorted(values, key=lambda value: (-len(value), value)):
        for encoding in ("utf-8", "utf-16-le"):
            content = content.replace(value.encode(encoding), b"\0")
    return content


def parquet_texts(path: Path) -> Iterator[str]:
    """Each different text of a Parquet file, and its columns' names."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with path.open("rb") as handle, pq.ParquetFile(handle) as file:
        yield from file.schema_arrow.names
        yield from (str(value) for item in (file.metadata.metadata or {}).items() for value in item)
        for batch in file.iter_batches():
            for column in batch.columns:
                if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                    yield from (text for text in column.unique().to_pylist() if text)
                elif pa.types.is_nested(column.type) or pa.types.is_dictionary(column.type):
                    yield from (str(value) for value in column.to_pylist() if value is not None)


def json_texts(content: object) -> Iterator[str]:
    """Every text of parsed JSON, keys too."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for key, value in content.items():
            yield str(key)
            yield from json_texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from json_texts(value)


def mail_texts(content: bytes) -> Iterator[str]:
    """Headers, texts and attachments of a mail, decoded."""
    message = message_from_bytes(content, policy=policy.default)
    for part in message.walk():
        yield from (f"{name}: {value}" for name, value in part.items())
        if part.is_multipart():
            continue
        if part.get_content_type() == "application/pdf":
            yield _pdf_text(part.get_payload(decode=True))
        elif part.get_content_maintype() == "text":
            yield html.unescape(str(part.get_content()))


def _pdf_text(content: object) -> str:
    with tempfile.NamedTemporaryFile(prefix="yardstick-", suffix=_PDF) as file:
        file.write(content if isinstance(content, bytes) else b"")
        file.flush()
        return read_back(Path(file.name))


def sqlite_texts(path: Path) -> Iterator[str]:
    """Every text in every table of an SQLite file."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            quoted = table.replace('"', '""')
            for row in connection.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608 - a name out of the file itself
                for value in row:
                    if isinstance(value, str):
                        yield value
                    elif isinstance(value, bytes):
                        with suppress(UnicodeDecodeError):
                            yield value.decode("utf-8")


def files_of(root: Path, outside: Iterable[Path]) -> list[Path]:
    """Every file under a root but those under folders that are not kept by us."""
    left_out = [path.resolve() for path in outside]
    found = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
    return [path for path in found if not any(path.resolve().is_relative_to(other) for other in left_out)]


def search_of(phrases: Mapping[str, str], written: Iterable[str]) -> Search:
    """What is looked for, with the written forms of those phrases alone that are looked for in texts."""
    return Search(phrases, tuple(sorted(one for one in set(written) if normalised(one) in phrases)))
