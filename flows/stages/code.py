"""Which code this is: the version and a hash of everything that can change what a report says or looks like."""

import hashlib
from functools import cache

from flows import PROJECT_ROOT
from flows.stages.version import VERSION

_PARTS = ("config/*.py", "transforms/**/*.py", "flows/**/*.py", "report_templates/**/*")


@cache
def code_version() -> str:
    """The version with the first twelve digits of the code's hash, as in 0.1.0+3f2a…"""
    digest = hashlib.sha256()
    for pattern in _PARTS:
        for path in sorted(PROJECT_ROOT.glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts and "demo" not in path.parts:
                digest.update(path.relative_to(PROJECT_ROOT).as_posix().encode())
                digest.update(path.read_bytes())
    return f"{VERSION}+{digest.hexdigest()[:12]}"
