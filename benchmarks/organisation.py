"""How long the organisation of a large company takes: `python -m benchmarks.organisation [associates]`.

5,000 associates, three years of effective-dated rows (about four each), managers seven levels deep. Prints seconds;
asserts nothing.
"""

import sys
import time

import numpy as np
import pandas as pd

from config.models import Extract
from config.months import Month
from transforms.organisation import build_organisation

MONTH = Month(2026, 10)
REPORTS_EACH = 4
ROWS_EACH = 4


def company(associates: int) -> pd.DataFrame:
    """hr rows of a tree in which everyone has four reports; people change team and deputy manager at three dates."""
    rng = np.random.default_rng(7)
    number = np.repeat(np.arange(associates), ROWS_EACH)
    order = np.tile(np.arange(ROWS_EACH), associates)
    begins = np.sort(rng.integers(0, 1000, (associates, ROWS_EACH)), axis=1)
    begins[:, 0] = 0
    start = pd.Timestamp("2023-11-01") + pd.to_timedelta(begins.ravel(), unit="D")
    leaves = np.where(np.tile(np.arange(ROWS_EACH) == ROWS_EACH - 1, associates), np.datetime64("NaT"),
                      np.roll(start.to_numpy(), -1) - np.timedelta64(1, "D"))  # fmt: skip
    # A sibling of the usual manager in every second row: the depth stays, the chains change.
    usual = (number - 1) // REPORTS_EACH
    manager = np.where((order % 2 == 1) & (usual > 1), usual - 1, usual)
    ids = np.array([f"A{one:05d}" for one in range(associates)], dtype=object)
    frame = pd.DataFrame(
        {
            "associate": ids[number], "name": [f"Associate {one}" for one in number],
            "manager": np.where(number == 0, np.array("", dtype=object), ids[np.maximum(manager, 0)]),
            "team": [f"T{one:04d}" for one in manager], "team_name": [f"Team {one}" for one in manager],
            "role": "agent", "fte": 1.0, "valid_from": start.astype("datetime64[s]"),
            "valid_to": pd.Series(leaves).astype("datetime64[s]"), "_file": "hr.csv", "_line": number * 4 + order + 2,
        }
    )  # fmt: skip
    return frame.loc[frame["valid_to"].isna() | (frame["valid_to"] >= frame["valid_from"])].reset_index(drop=True)


def main() -> None:
    """Build it three times, for each way to form teams, and print each time taken."""
    hr = company(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
    for team_by in ("team", "manager"):
        extract = Extract.model_validate(
            {"kind": "hr", "source": {"files": "hr.csv"}, "columns": {"associate": "id"}, "team_by": team_by,
             "history": "effective_dated"}
        )  # fmt: skip
        for _ in range(3):
            began = time.perf_counter()
            made = build_organisation(hr, extract, MONTH)
            took = time.perf_counter() - began
            print(f"{len(hr)} rows, team_by {team_by}: {took:.2f} s, {len(made.membership)} memberships, "
                  f"{len(made.units)} units, {len(made.findings)} findings")  # fmt: skip


if __name__ == "__main__":
    main()
