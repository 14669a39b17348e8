"""YAML 1.2 as plain values that still know where they stand and how they were written.

Does not belong here: what the values mean. Texts, numbers and yes/no come as the core schema reads them; fractions
are decimals, so that 0.03 stays 0.03; dates stay text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from config.errors import ConfigError, Place

Path_ = tuple[str | int, ...]
"""Keys and positions that lead to a value, from the top of a file."""

_TAG = "tag:yaml.org,2002:"
_MOST_VALUES = 50_000
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: its value, and for each path the line and the text as written."""

    file: Path
    value: Any
    lines: Mapping[Path_, tuple[int, int]]
    texts: Mapping[Path_, str]

    def place(self, path: Path_ = ()) -> Place:
        """Where the value at the path stands, or the nearest that is there above it."""
        line, column = next((self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines), (0, 0))
        return Place(self.file, line, column, dotted(path))

    def written(self, path: Path_) -> str:
        """The scalar as it was written, or what kind of value stands there."""
        value = self.at(path)
        if path in self.texts and (self.texts[path] or value is not None):
            return self.texts[path]
        if value is None and path[:-1] in self.texts:  # a short form: amount: money for amount: {type: money}
            return self.texts[path[:-1]]
        kinds = {dict: "a mapping", list: "a list", type(None): "nothing"}
        return kinds.get(type(value), str(value))

    def at(self, path: Path_) -> Any:
        """The value at the path; None where there is none."""
        value: Any = self.value
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        return value


def dotted(path: Path_) -> str:
    """`rules[2].metric`: positions count from 1, as people do."""
    text = ""
    for key in path:
        text += f"[{key + 1}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def read_text(path: Path) -> str:
    """The file's text. Raises ConfigError where it cannot be read or is not UTF-8 (a byte order mark is allowed)."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"The file cannot be read: {error.strerror or error}.", place=Place(path), fix="Check that it may be read."
        ) from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError("The file is UTF-16.", place=Place(path, 1), fix="Save it as UTF-8.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        shown = content[before.rfind(b"\n") + 1 :].split(b"\n", 1)[0].strip().decode("cp1252", "replace")
        raise ConfigError(
            f"The file is not UTF-8: byte 0x{content[error.start]:02x} in “{shown[:60]}”.",
            place=Place(path, before.count(b"\n") + 1),
            fix="Save it as UTF-8.",
        ) from error


def read_yaml(path: Path) -> tuple[Document, tuple[ConfigError, ...]]:
    """Read one file. Keys that stand twice, tags and the like are returned as faults beside what could be read.

    Raises ConfigError where the file is no YAML at all, or empty.
    """
    node = _composed(path, read_text(path))
    if node is None:
        raise ConfigError("The file is empty.", place=Place(path), fix="Fill it, or take it away where it is optional.")
    reader = _Reader(path)
    value = reader.value(node, ())
    return Document(path, value, reader.lines, reader.texts), tuple(reader.faults)


def _composed(path: Path, text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        raise _syntax_fault(path, text, error) from error
    except YAMLError as error:
        line = next((n for n, row in enumerate(text.splitlines(), 1) if re.search(r"[^\t\x20-\x7e\x85\xa0-]", row)), 0)
        raise ConfigError(
            "A character that no text may hold stands here.", place=Place(path, line), fix="Take it out."
        ) from error
    except RecursionError as error:
        raise ConfigError("Values are nested too deeply.", place=Place(path), fix="Write it flatter.") from error


def _syntax_fault(path: Path, text: str, error: Any) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 0
    rows = text.splitlines()
    row = rows[line - 1] if 0 < line <= len(rows) else ""
    problem = str(error.problem or error)
    opened = error.context_mark.line + 1 if error.context_mark else line
    shown = f"“{row.strip()[:80]}”"
    tab = row[: mark.column + 1 if mark else 0].strip(" ") == "\t" or "\\t" in problem
    cases = (
        ("another document", "A second document begins here (---).", "Keep one document a file."),
        ("cannot start any token" if tab else "\0", f"A tab stands before {shown}.", "Indent with spaces."),
        ("cannot start any token", f"{shown} has a value that begins with a sign YAML keeps for itself.",
         "Put the value in quotes."),
        ("undefined alias", f"{shown}: after a bare * YAML looks for a name that is not there.",
         "Put a text that begins with * in quotes."),
        ("expected alphabetic or numeric", f"{shown} has a bare * or &.", "Put a text that begins with it in quotes."),
        ("unknown escape", f"{shown} has a backslash inside double quotes.", "Use single quotes."),
        ("mapping values are not allowed", f"{shown} is not indented like its neighbours, or its value holds “: ”.",
         "Line up keys of one level, and put a text that holds “: ” in quotes."),
        ("end of stream", f"A quote opened in line {opened} is never closed.", "Close it."),
        ("expected ','", f"A bracket opened in line {opened} is never closed, or a comma is missing.", "Close it."),
        ("expected <block end>", f"{shown} is not indented like its neighbours.", "Line up keys of one level."),
        ("could not find expected ':'", f"{shown} is no “key: value”.", "Write key, colon, space, value."),
    )  # fmt: skip
    for sign, what, fix in cases:
        if sign in problem:
            return ConfigError(what, place=Place(path, line), fix=fix)
    return ConfigError(
        f"{shown} is not valid YAML: {problem}.", place=Place(path, line), fix="Check indent and quotes."
    )


class _Reader:
    """Turns nodes into values, noting places and faults on the way."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: dict[Path_, tuple[int, int]] = {}
        self.texts: dict[Path_, str] = {}
        self.faults: list[ConfigError] = []
        self._count = 0

    def value(self, node: Any, path: Path_) -> Any:
        """The node's value. Raises ConfigError where aliases make it endless."""
        self._count += 1
        if self._count > _MOST_VALUES or len(path) > _DEEPEST:
            raise ConfigError(
                "Aliases (*name) repeat each other without end.", place=self._place(node, path[:1]), fix="Write it out."
            )
        if isinstance(node.value, str):
            return self._scalar(node, path)
        if str(node.tag) not in (_TAG + "map", _TAG + "seq"):
            self._fault(f"The tag {node.tag} means nothing here.", "Take it away.", node, path)
        if str(node.id) == "mapping":
            return self._mapping(node, path)
        for n, item in enumerate(node.value):
            self.lines.setdefault((*path, n), _where(item))
        return [self.value(item, (*path, n)) for n, item in enumerate(node.value)]

    def _mapping(self, node: Any, path: Path_) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in self._pairs(node, path):
            if not isinstance(key_node.value, str):
                self._fault("A key is a list or mapping.", "A key is one word.", key_node, path)
                continue
            key = key_node.value
            inside: Path_ = (*path, key)
            if key in result:
                first = self.lines[inside][0]
                self._fault(
                    f"“{key}” stands twice: here and in line {first}.", "Keep one of the two.", key_node, inside
                )
                continue
            self.lines[inside] = _where(key_node)
            result[key] = self.value(value_node, inside)
        return result

    def _pairs(self, node: Any, path: Path_) -> Iterator[tuple[Any, Any]]:
        own = [(key, value) for key, value in node.value if key.value != "<<"]
        yield from own
        written = {key.value for key, _ in own if isinstance(key.value, str)}
        for key, value in node.value:
            if key.value != "<<":
                continue
            if str(value.id) != "mapping":
                self._fault("<< takes one mapping.", "Write <<: *name of a mapping.", key, path)
                continue
            yield from ((k, v) for k, v in value.value if not isinstance(k.value, str) or k.value not in written)

    def _scalar(self, node: Any, path: Path_) -> Any:
        self.texts[path] = text = node.value
        tag = str(node.tag).removeprefix(_TAG)
        if tag == "null":
            return None
        if tag == "bool":
            return text.lower() == "true"
        if tag in ("int", "float"):
            return _number(text)
        if tag not in ("str", "timestamp"):
            shown = str(node.tag).replace(_TAG, "!!")
            self._fault(f"The tag {shown} means nothing here.", "Take it away, or quote the value.", node, path)
        return str(text)

    def _place(self, node: Any, path: Path_) -> Place:
        return Place(self.file, *_where(node), dotted(path))

    def _fault(self, what: str, fix: str, node: Any, path: Path_) -> None:
        self.faults.append(ConfigError(what, fix=fix, place=self._place(node, path)))


def _where(node: Any) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _number(text: str) -> object:
    plain = text.replace("_", "").lower()
    try:
        if re.fullmatch(r"[+-]?0[xob][0-9a-f]+", plain):
            return int(plain, 0)
        return int(plain) if re.fullmatch(r"[+-]?\d{1,400}", plain) else Decimal(plain)
    except (InvalidOperation, ValueError):
        sign = "-" if plain.startswith("-") else ""
        return Decimal(f"{sign}Infinity") if plain.endswith(".inf") else Decimal("NaN")
