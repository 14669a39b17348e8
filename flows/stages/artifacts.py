"""What Prefect may show of a month's checks: counts by extract, and nothing else.

No id, name, message, value or file of the data goes into it: it leaves the state root. Does not belong here: Prefect
(`flows.execution`).
"""

from collections.abc import Mapping

from flows.stages.looked import Looked
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
