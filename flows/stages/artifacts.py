"""What Prefect may show of a month: its checks as counts by extract, its edition as counts, and nothing else.

No id, name, message, value or file of the data goes into it: it leaves the state root. Does not belong here: Prefect
(`flows.execution`).
"""

import json
from collections import Counter
from collections.abc import Mapping

from flows.stages.looked import Looked
from flows.stages.publish import Outcome
from flows.state.editions import MANIFEST
from transforms.checks.page import count


def checks_key(looked: Looked) -> str:
    """The table's key: checks-2026-10."""
    return f"checks-{looked.month}"


def checks_table(looked: Looked) -> list[Mapping[str, str | int]]:
    """One row an extract: its name in the configuration, and counts."""
    return [
        {
            "extract": one.extract,
            "rows": one.rows,
            "set aside": one.set_aside,
            "critical": one.critical,
            "warning": one.warning,
            "info": one.info,
            "passed": one.passed,
        }
        for one in count(looked.month, looked.seen, looked.findings)
    ]


def edition_key(outcome: Outcome) -> str:
    """The table's key: edition-2026-10."""
    return f"edition-{outcome.month}"


def edition_table(outcome: Outcome) -> list[Mapping[str, str | int]]:
    """What an edition is made of, in counts: reports by kind, findings by severity, figures withheld."""
    manifest = json.loads((outcome.folder / MANIFEST).read_text("utf-8"))
    kinds = Counter(entry["kind"] for entry in manifest["reports"])
    lines: list[tuple[str, int]] = [
        ("edition", outcome.number),
        ("reports made now", outcome.made),
        ("reports unchanged", outcome.kept),
        ("reports that could not be made", len(outcome.not_made)),
        *((f"reports: {kind}", count) for kind, count in sorted(kinds.items())),
        *((f"checks: {severity}", count) for severity, count in sorted(manifest["checks"].items())),
        ("figures withheld", len(manifest["withheld"])),
    ]
    return [{"what": what, "count": count} for what, count in lines]
