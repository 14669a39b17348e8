"""Which of the system's libraries rendering needs are missing on this machine, and how to get them."""

import ctypes
import ctypes.util
import sys
from functools import cache

_SONAMES = {
    "pango": ("libpango-1.0.so.0", "libpango-1.0.dylib", "libpango-1.0-0.dll"),
    "pangoft2": ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib", "libpangoft2-1.0-0.dll"),
    "harfbuzz": ("libharfbuzz.so.0", "libharfbuzz.0.dylib", "libharfbuzz-0.dll"),
    "harfbuzz-subset": ("libharfbuzz-subset.so.0", "libharfbuzz-subset.0.dylib", "libharfbuzz-subset-0.dll"),
    "fontconfig": ("libfontconfig.so.1", "libfontconfig.1.dylib", "libfontconfig-1.dll"),
}
_DEBIAN = {
    "pango": "libpango-1.0-0",
    "pangoft2": "libpangoft2-1.0-0",
    "harfbuzz": "libharfbuzz0b",
    "harfbuzz-subset": "libharfbuzz-subset0",
    "fontconfig": "libfontconfig1",
}
_WITHOUT = {"harfbuzz-subset": "reports are made, four times slower"}


@cache
def open_library(name: str) -> ctypes.CDLL | None:
    """The library where this machine has it."""
    found = ctypes.util.find_library(name)
    for candidate in (*_SONAMES[name], *((found,) if found else ())):
        try:
            return ctypes.CDLL(candidate)
        except OSError:
            continue
    return None


def missing_libraries() -> list[str]:
    """One line for each library that is missing: what goes without it, and how to install it. Empty is good."""
    return [
        f"{name} is missing: {_WITHOUT.get(name, 'no report can be made')}. {_remedy(name)}"
        for name in _SONAMES
        if open_library(name) is None
    ]


def _remedy(name: str) -> str:
    if sys.platform == "darwin":
        return "Install it: brew install pango"
    return f"Install it: apt-get install {_DEBIAN[name]} (on other systems the package that has {_SONAMES[name][0]})."
