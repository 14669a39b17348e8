"""The demo company: a made-up trading and service company with real noise and a documented story.

Belongs here: its extracts and its configuration for any size. Does not belong here: anything that reads them.
"""

from flows.demo.configuration import write_demo_config
from flows.demo.extracts import DEFAULT_ASSOCIATES, DEFAULT_MONTHS, DEFAULT_SEED, LAST_MONTH, write_demo_extracts
from flows.demo.truths import DemoTruths, Truth

__all__ = [
    "DEFAULT_ASSOCIATES", "DEFAULT_MONTHS", "DEFAULT_SEED", "LAST_MONTH", "DemoTruths", "Truth", "write_demo_config",
    "write_demo_extracts",
]  # fmt: skip
