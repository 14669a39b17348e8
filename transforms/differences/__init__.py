"""What changed between two editions of a month: reports, figures, statuses, expectations, recipients; and why.

Belongs here, by module: `model` what an edition holds and what may differ, `figures` figures and expectations,
`judged` statuses, `causes` inputs, configuration and code, `compare` the whole; `reader`
one report since its reader's copy, `reasons` why. Does not belong here: reading editions
from disk, and how differences are printed.
"""

from transforms.differences.causes import WITHHELD
from transforms.differences.compare import compare_editions
from transforms.differences.model import (
    CountChange,
    Differences,
    EditionContents,
    ExpectationChange,
    FigureChange,
    FileChange,
    InputChange,
    InputLine,
    RecipientChange,
    ReportChange,
    ReportLine,
    StatusChange,
)

__all__ = [
    "WITHHELD", "CountChange", "Differences", "EditionContents", "ExpectationChange", "FigureChange", "FileChange",
    "InputChange", "InputLine", "RecipientChange", "ReportChange", "ReportLine", "StatusChange", "compare_editions",
]  # fmt: skip
