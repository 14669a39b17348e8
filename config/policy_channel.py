"""Policy violations and corrective action are another channel: they never enter these reports.

One list, used where columns are declared and where extracts are landed. Does not belong here: what is done about it.
"""

import re
import unicodedata

_PATTERNS = (
    # English
    r"disciplina(ry|ir)\w*", r"disciplined", r"discipline (action|case|date|level|type)s?",
    r"corrective (action|measure)s?", r"(written|verbal|final|formal|first|second|last) warnings?",
    r"warning (letter|notice|level|count|date|type|reason)s?", r"(hr|employee|staff) warnings?", r"violations?",
    r"misconduct", r"infractions?", r"reprimands?", r"write ?ups?", r"sanctions?", r"grievances?",
    r"performance improvement plans?", r"(suspension|suspended) (date|reason|days|type)", r"dismissal (reason|cause)",
    r"termination (reason|cause)", r"terminated for cause", r"conduct (case|issue|incident)s?",
    r"policy (violation|breach|incident|case)(es|s)?", r"harassment \w+",
    # German
    r"disziplinar\w*", r"abmahnung\w*", r"abgemahnt", r"ermahnung\w*",
    r"(regel|pflicht|richtlinien|policy|compliance) ?verstoe?ss?e?\w*", r"verstoe?ss?e?", r"pflichtverletzung\w*",
    r"fehlverhalten", r"verwarnung\w*", r"kuendigungsgrund", r"verweise?",
    # French, Spanish, Portuguese, Italian
    r"avertissements?( ecrits?)?", r"blames? (disciplinaires?|ecrits?)", r"fautes? (graves?|lourdes?)",
    r"mises? a pied", r"manquements?", r"sanciones", r"sancion", r"amonestacion(es)?", r"infraccion(es)?",
    r"faltas? (graves?|leves?)", r"advertencias?", r"infracao", r"infracoes", r"sancao", r"sancoes", r"sanzion[ei]",
    r"ammonizion[ei]", r"richiam[oi] (scritt[oi]|verbal[ei])", r"infrazion[ei]",
    # Dutch, Polish
    r"berisping\w*", r"overtreding(en)?", r"wangedrag", r"(schriftelijke )?waarschuwing(en)?", r"nagan[ay]",
    r"upomnieni[ea]", r"kar[ay] dyscyplinarn[ae]",
)  # fmt: skip
_FOUND = re.compile(rf"(?:^| )(?:{re.sub(r' (?![?])', ' ?', '|'.join(_PATTERNS))})(?: |$)")
"""Words may also be run together: warningletter."""
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ł": "l"})


def is_policy_column(header: str) -> bool:
    """Whether a heading, or a declared column name, says policy violation or corrective action.

    Case, separators, camelCase, plurals and accents do not matter: `WarningLetter`, `corrective-actions`, `Verstöße`.
    """
    return any(_FOUND.search(words) for words in _as_words(header))


def is_policy_value(value: str) -> bool:
    """Whether a short value (a kind, a category) says the same, such as a coaching row of kind “written warning”."""
    return is_policy_column(value)


def _as_words(text: str) -> tuple[str, str]:
    """The text as small plain words: as written, and with the words run together taken apart at capitals."""
    apart = re.sub(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][a-zà-ÿ])", " ", text)
    return _plain(text), _plain(apart)


def _plain(text: str) -> str:
    composed = unicodedata.normalize("NFC", text).lower().translate(_SPELT_OUT)
    letters = "".join(c for c in unicodedata.normalize("NFKD", composed) if not unicodedata.combining(c))
    return re.sub(r"[^a-z]+", " ", letters).strip()
