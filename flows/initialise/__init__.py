"""Starting a company's configuration from a folder of its files, every guess explained.

Does not belong here: landing and checking what is in them.
"""

from flows.initialise.found import ColumnGuess, FoundExtract, NotUnderstood, Proposal
from flows.initialise.proposal import propose

__all__ = ["ColumnGuess", "FoundExtract", "NotUnderstood", "Proposal", "propose"]
