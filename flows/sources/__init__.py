"""Pulling extracts from files, databases and queries, and landing them: immutable text copies with file and line.

Does not belong here: reading a landed text as a number or a date for good (flows/checks), and measuring.
"""

from flows.sources.config_tables import read_table
from flows.sources.landings import (
    existing_landing,
    landing_file,
    pulled_at,
    read_batches,
    read_landing,
    replace_landing,
    replaced_by,
    was_pulled_again,
    write_pulled_at,
)
from flows.sources.session import SourceSession

__all__ = [
    "SourceSession", "existing_landing", "landing_file", "pulled_at", "read_batches", "read_landing", "read_table",
    "replace_landing", "replaced_by", "was_pulled_again", "write_pulled_at",
]  # fmt: skip
