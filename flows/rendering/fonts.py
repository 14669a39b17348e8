"""The bundled typeface: fixed weights cut from the variable font of the package fontpkg-inter.

A variable font would be instantiated anew for each report by fontTools, which takes longer than all the rest.
HarfBuzz does it here once a process in some milliseconds. Which fonts stand in for other scripts is the system's
matter, not this module's.
"""

import ctypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flows.rendering.errors import RenderError
from flows.rendering.system_libraries import open_library

_RANGES = ((0x20, 0x52F), (0x1E00, 0x1FFF), (0x2000, 0x22FF), (0x25A0, 0x25CF))
_FEATURES = ("kern", "tnum", "ccmp", "mark", "mkmk", "locl", "case")
_LAYOUT_FEATURES = 6  # HB_SUBSET_SETS_LAYOUT_FEATURE_TAG
_NO_HINTING = 1  # HB_SUBSET_FLAGS_NO_HINTING


@dataclass(frozen=True, slots=True)
class Face:
    """One fixed weight; `optical_size` in points chooses between text and display shapes."""

    weight: int
    optical_size: int


FACES = {"400": Face(400, 14), "600": Face(600, 14), "500": Face(500, 28)}
"""By the name style sheets ask for: `font:400`."""


def variable_font() -> Path:
    """The file of the variable font in the installed package."""
    import fontpkg_inter

    return Path(fontpkg_inter.ROOT) / "files" / "Inter[opsz,wght].ttf"


@cache
def face_bytes(name: str) -> bytes:
    """The TrueType file of a face. Where HarfBuzz is too old to cut it, the variable font itself."""
    if name not in FACES:
        raise RenderError(f"There is no font face “{name}”.", fix=f"Use one of {', '.join(FACES)}.")
    path = variable_font()
    harfbuzz, subset = open_library("harfbuzz"), open_library("harfbuzz-subset")
    if harfbuzz is None or subset is None or not hasattr(subset, "hb_subset_input_pin_axis_location"):
        return path.read_bytes()
    return _cut(path, FACES[name], harfbuzz, subset) or path.read_bytes()


def _tag(text: str) -> int:
    return int.from_bytes(text.encode("ascii"), "big")


def _cut(path: Path, face: Face, harfbuzz: ctypes.CDLL, subset: ctypes.CDLL) -> bytes:
    """Fix both axes and keep Latin, Greek, Cyrillic and the marks; empty where HarfBuzz declines."""
    pointer, number = ctypes.c_void_p, ctypes.c_uint
    for library, function, result in (
        (harfbuzz, "hb_blob_create_from_file_or_fail", pointer),
        (harfbuzz, "hb_face_create", pointer),
        (harfbuzz, "hb_face_reference_blob", pointer),
        (harfbuzz, "hb_blob_get_data", pointer),
        (subset, "hb_subset_input_create_or_fail", pointer),
        (subset, "hb_subset_input_unicode_set", pointer),
        (subset, "hb_subset_input_set", pointer),
        (subset, "hb_subset_or_fail", pointer),
    ):
        getattr(library, function).restype = result
    blob = pointer(harfbuzz.hb_blob_create_from_file_or_fail(str(path).encode()))
    whole = pointer(harfbuzz.hb_face_create(blob, number(0)))
    wanted = pointer(subset.hb_subset_input_create_or_fail())
    unicodes = pointer(subset.hb_subset_input_unicode_set(wanted))
    for first, last in _RANGES:
        harfbuzz.hb_set_add_range(unicodes, number(first), number(last))
    features = pointer(subset.hb_subset_input_set(wanted, number(_LAYOUT_FEATURES)))
    harfbuzz.hb_set_clear(features)
    for feature in _FEATURES:
        harfbuzz.hb_set_add(features, number(_tag(feature)))
    subset.hb_subset_input_set_flags(wanted, number(_NO_HINTING))
    for axis, value in (("wght", face.weight), ("opsz", face.optical_size)):
        subset.hb_subset_input_pin_axis_location(wanted, whole, number(_tag(axis)), ctypes.c_float(value))
    made = pointer(subset.hb_subset_or_fail(whole, wanted))
    if made.value is None:
        return b""
    length = number()
    data = harfbuzz.hb_blob_get_data(pointer(harfbuzz.hb_face_reference_blob(made)), ctypes.byref(length))
    return ctypes.string_at(data, length.value)
