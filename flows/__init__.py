"""Everything that touches the world: one folder a concern, and the flows that put the stages in order.

The checkout's root is put first on the import path, so that a file named `config.py` in the folder a command is
started from can never stand in for ours.
"""

import sys
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent

if sys.path[:1] != [str(PROJECT_ROOT)]:
    sys.path.insert(0, str(PROJECT_ROOT))
