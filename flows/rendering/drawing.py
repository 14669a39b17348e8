"""Our charts' SVG as PDF drawing operators, so that WeasyPrint need not interpret each node of each chart.

Only what the chart macros use is known: paths of lines, rectangles, groups, translate and scale, plain fills and
strokes. `compile_svg` gives None for anything else, and WeasyPrint then draws the SVG itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree as ET

_SVG = "{http://www.w3.org/2000/svg}"
_KNOWN = frozenset({
    "d", "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "transform", "x",
    "y", "width", "height",
})  # fmt: skip
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
_STEP = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_TRANSFORM = re.compile(r"(translate|scale)\(([^)]*)\)")
_CAPS = {"butt": "0 J", "round": "1 J"}
_JOINS = {"miter": "0 j", "round": "1 j"}


class _UnknownError(Exception):
    """Something the charts of this project do not use."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart of `width` × `height` of its own units, y downwards, as operators. WeasyPrint takes it for an image."""

    width: float
    height: float
    operators: bytes

    def get_intrinsic_size(self, _resolution: object, _font_size: object) -> tuple[float, float, float]:
        """Width, height and their ratio, as WeasyPrint asks of images."""
        return self.width, self.height, self.width / self.height

    def draw(self, stream: Any, width: float, height: float, _style: object) -> None:
        """Draw into a page's stream, stretched to the given size."""
        stream.transform(a=width / self.width, d=height / self.height)
        stream.stream.append(self.operators)


@lru_cache(maxsize=4096)
def compile_svg(svg: bytes) -> Drawing | None:
    """The drawing of a chart's SVG; None where it uses something that is not known here."""
    root = ET.fromstring(svg)  # noqa: S314 - our own template's output
    try:
        operators = "\n".join(line for child in root for line in _node(child))
        return Drawing(float(root.attrib["width"]), float(root.attrib["height"]), operators.encode("ascii"))
    except (_UnknownError, KeyError, ValueError, ZeroDivisionError):
        return None


def _node(node: ET.Element) -> Iterator[str]:
    attributes = node.attrib
    if not _KNOWN.issuperset(attributes):
        raise _UnknownError
    kind = node.tag.removeprefix(_SVG)
    yield "q"
    yield from _transform(attributes.get("transform", ""))
    if kind == "g":
        for child in node:
            yield from _node(child)
    elif kind in {"path", "rect"}:
        yield from _ink(attributes)
        yield from _path(attributes["d"]) if kind == "path" else _rectangle(attributes)
        yield _paint(attributes)
    else:
        raise _UnknownError
    yield "Q"


def _transform(text: str) -> Iterator[str]:
    for kind, arguments in _TRANSFORM.findall(text):
        first, second = (_written(float(part)) for part in arguments.replace(",", " ").split())
        yield f"1 0 0 1 {first} {second} cm" if kind == "translate" else f"{first} 0 0 {second} 0 0 cm"
    if _TRANSFORM.sub("", text).strip():
        raise _UnknownError


def _ink(attributes: dict[str, str]) -> Iterator[str]:
    for name, operator in (("fill", "rg"), ("stroke", "RG")):
        colour = attributes.get(name, "none")
        if colour != "none":
            if not re.fullmatch("#[0-9a-f]{6}", colour):
                raise _UnknownError
            yield " ".join(_written(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5)) + f" {operator}"
    if "stroke" in attributes:
        yield f"{_written(float(attributes.get('stroke-width', '1')))} w"
        yield _CAPS[attributes.get("stroke-linecap", "butt")]
        yield _JOINS[attributes.get("stroke-linejoin", "miter")]
        if "stroke-dasharray" in attributes:
            yield f"[{' '.join(_NUMBER.findall(attributes['stroke-dasharray']))}] 0 d"


def _paint(attributes: dict[str, str]) -> str:
    filled = attributes.get("fill", "none") != "none"
    stroked = attributes.get("stroke", "none") != "none"
    return {(True, True): "B", (True, False): "f", (False, True): "S", (False, False): "n"}[filled, stroked]


def _rectangle(attributes: dict[str, str]) -> Iterator[str]:
    yield " ".join(_written(float(attributes[name])) for name in ("x", "y", "width", "height")) + " re"


def _path(data: str) -> Iterator[str]:
    """Absolute M, L, H, V, Z and relative h, l, v: what the chart coordinates are written in."""
    x = y = 0.0
    for command, arguments in _STEP.findall(data):
        if command in "Zz":
            yield "h"
            continue
        numbers = [float(number) for number in _NUMBER.findall(arguments)]
        moving = command in "Mm"
        for point in _points(command, numbers, x, y):
            x, y = point
            yield f"{_written(x)} {_written(y)} {'m' if moving else 'l'}"
            moving = False


def _points(command: str, numbers: list[float], x: float, y: float) -> Iterator[tuple[float, float]]:
    relative = command.islower()
    if command in "HhVv":
        for number in numbers:
            if command in "Hh":
                x = x + number if relative else number
            else:
                y = y + number if relative else number
            yield x, y
    elif command in "MmLl":
        for across, down in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = (x + across, y + down) if relative else (across, down)
            yield x, y
    else:
        raise _UnknownError


def _written(number: float) -> str:
    return f"{number:.4f}".rstrip("0").rstrip(".") or "0"
