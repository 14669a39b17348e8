"""Texts of a source made fit to be read by people: shortened, unseen characters visible, answers of a survey left out.

Does not belong here: markup (templates escape everything) and which rows are shown (`transforms.checks.page`).
"""

import re
import unicodedata
from dataclasses import replace

from config.models import ExtractKind
from transforms.stages import Finding

LONGEST = 120
"""So many characters of a value are shown."""
ANSWER = "an answer that is not shown"
_FAILS_ON_A_ROW = re.compile(r"( fails on (?:a row|the \S+ rows of \d{4}-\d\d)): .*", re.DOTALL)
"""What follows is a database's reason, which quotes the value it failed on."""
_ROW_HIDDEN = "what the row says is not shown."


def visible(text: str, longest: int = 0) -> str:
    """The text with control, direction and other unseen characters as escapes, as \\x07; shortened where asked to.

    A text that is shortened says how long it is.
    """
    shown = "".join(_seen(character) for character in (text[:longest] if longest else text))
    return f"{shown}… ({len(text):,} characters)" if longest and len(text) > longest else shown


def _seen(character: str) -> str:
    category = unicodedata.category(character)
    # No-break and thin spaces are ordinary in figures; separators of lines and paragraphs are not.
    if category[0] == "C" or category in ("Zl", "Zp"):
        return character.encode("unicode_escape").decode("ascii")
    return character


def told(finding: Finding, kind: ExtractKind | None) -> Finding:
    """A finding as whoever runs the month may read it: of a survey without the answer it quotes."""
    message = finding.message
    if kind is ExtractKind.PULSE:
        message = _FAILS_ON_A_ROW.sub(rf"\1; {_ROW_HIDDEN}", message)
    if kind is not ExtractKind.PULSE or not finding.value:
        return replace(finding, message=visible(message))
    quoted = f"“{finding.value}”"
    if quoted in message:
        hidden = message.replace(quoted, ANSWER)
    else:
        hidden = re.sub(rf"(?<!\w){re.escape(finding.value)}(?!\w)", ANSWER, message)
    return replace(finding, message=visible(hidden), value="")
