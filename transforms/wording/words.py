"""Words of every sentence: lists, ordinals, counts, labels inside a sentence.

Does not belong here: any sentence about a finding.
"""

from collections.abc import Sequence


def listed(words: Sequence[str]) -> str:
    """A, B and C."""
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def ordinal(number: int) -> str:
    """2nd, 3rd, 11th."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def counted(number: int, one: str, many: str) -> str:
    """1 person, 2 people."""
    return f"{number} {one if number == 1 else many}"


def lowered(label: str) -> str:
    """A label inside a sentence: its first letter small, unless it is an abbreviation or quoted."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def capital(sentence: str) -> str:
    """A sentence with a large first letter."""
    return sentence[:1].upper() + sentence[1:]
