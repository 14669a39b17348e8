"""What every unit is expected to reach, month by month, each with its why, owner, date and how it came about.

Tables of the configuration come first, in their order, then its rules; the first that gives a value counts.
Does not belong here: whether an expectation is realistic, whether it was met, and reading files.
"""

from transforms.expectations.evaluate import ExpectationResult, evaluate_expectations

__all__ = ["ExpectationResult", "evaluate_expectations"]
