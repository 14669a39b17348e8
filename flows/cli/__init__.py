"""The command `yardstick`: its words, its exit statuses, and nothing else.

Commands are loaded when they are called, so that `--help` answers at once. Does not belong here: what a command does.
"""

from flows.cli.main import main

__all__ = ["main"]
