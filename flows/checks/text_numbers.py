r"""SQL that reads a number from text, by the marks the source declares. Nothing is guessed: what contradicts them is
NULL.

Read, beside plain digits: spaces of any kind as grouping, the declared grouping mark (by threes; with “,” also the
Indian 1,23,456), (12) and 12- and −12 as negative, +5, an exponent, and a currency's sign or ISO code before or after
an amount, where it does not contradict the row's currency. Decimals beyond those kept are rounded half to even.
More digits before the mark than the column holds, NaN and infinity are not read.

Each function takes SQL of an already trimmed text that is NULL where empty. Not here: dates (`text_dates`).
"""

from dataclasses import dataclass
from typing import Final

from flows.duck import literal

MONEY: Final = "DECIMAL(18,4)"
NUMBER: Final = "DECIMAL(28,8)"
PERCENT: Final = "DECIMAL(18,8)"
INTEGER: Final = "BIGINT"
_SCALES: Final = {MONEY: 4, NUMBER: 8, PERCENT: 8}
_WHOLE_DIGITS: Final = {MONEY: 14, NUMBER: 20, PERCENT: 10, INTEGER: 18}
_WIDE: Final = "DECIMAL(38,18)"

_SPACE: Final = r"[\s\p{Zs}]"
_MINUS: Final = r"\-\x{2212}\x{2013}\x{FE63}\x{FF0D}"
_MARKER: Final = r"\p{Sc}|[A-Za-z]{3}"
_SIGNS: Final = {
    "€": ("EUR",),
    "£": ("GBP", "EGP", "GIP", "FKP", "SHP", "SSP", "SDG", "LBP", "SYP"),
    "¥": ("JPY", "CNY"),
    "$": (
        "USD", "AUD", "BBD", "BMD", "BND", "BSD", "BZD", "CAD", "CLP", "COP", "FJD", "GYD", "HKD", "JMD", "KYD", "LRD",
        "MXN", "NAD", "NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "XCD", "ARS", "UYU", "DOP", "BRL",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Marks:
    """How a source writes numbers: its decimal mark, and its grouping mark or none."""

    decimal: str = "."
    thousands: str = ""

    def __str__(self) -> str:
        group = {"": "no thousands mark", " ": "spaces between thousands"}.get(
            self.thousands, f"thousands mark “{self.thousands}”"
        )
        return f"decimal mark “{self.decimal}” and {group}"


def decimal_sql(text: str, marks: Marks, target: str, currency: str | None = None, *, plain_only: bool = False) -> str:
    """SQL of the number in `text` as `target` (MONEY, NUMBER or PERCENT), NULL where it cannot be read.

    `currency`: SQL of the row's ISO code, where a sign or code may stand beside the number. `plain_only`: of spellings
    that need more than a cast NULL is made.
    """
    cases = [_fast_case(text, marks, target, _SCALES[target])]
    if target == PERCENT:
        # A hundredth of a number with two decimals fewer is still exact.
        cases.append(_fast_case(text, marks, target, _SCALES[target] - 2, percent=True))
    if plain_only:
        return f"CASE {' '.join(cases)} END"
    slow = _slow(text, marks, currency, percent=target == PERCENT)
    return f"CASE {' '.join(cases)} ELSE TRY_CAST(round_even({slow}, {_SCALES[target]}) AS {target}) END"


def integer_sql(text: str, marks: Marks, *, plain_only: bool = False) -> str:
    """SQL of the whole number in `text` as BIGINT; 12.0 is read, 12.5 is not. `plain_only`: see `decimal_sql`."""
    fast = _fast_case(text, marks, INTEGER, 0)
    if plain_only:
        return f"CASE {fast} END"
    slow = _slow(text, marks, None, percent=False)
    wide = f"list_transform([{slow}], lambda w: CASE WHEN w = round_even(w, 0) THEN w END)[1]"
    return f"CASE {fast} ELSE TRY_CAST({wide} AS {INTEGER}) END"


def _fast_case(text: str, marks: Marks, target: str, scale: int, *, percent: bool = False) -> str:
    """Texts that a plain cast reads exactly: nearly all rows, and many times cheaper than the full pattern."""
    digits = _WHOLE_DIGITS[target]
    pattern = rf"\d{{1,{digits}}}"
    if marks.thousands:
        group = {" ": _SPACE, ".": r"\."}.get(marks.thousands, marks.thousands)
        pattern = rf"(?:{pattern}|[1-9]\d{{0,2}}(?:{group}\d{{3}}){{1,{digits // 3 - 1}}})"
    if scale:
        pattern += rf"(?:{_escaped(marks.decimal)}\d{{1,{scale}}})?"
    plain = f"rtrim({text}, ' %')" if percent else text
    if marks.thousands == " ":
        plain = f"regexp_replace({plain}, {literal(_SPACE)}, '', 'g')"
    elif marks.thousands:
        plain = f"replace({plain}, {literal(marks.thousands)}, '')"
    if marks.decimal != ".":
        plain = f"replace({plain}, {literal(marks.decimal)}, '.')"
    if percent:
        pattern, plain = f"{pattern} ?%", f"{plain} || 'e-2'"
    return f"WHEN regexp_full_match({text}, {literal(f'-?{pattern}')}) THEN TRY_CAST({plain} AS {target})"


def _slow(text: str, marks: Marks, currency: str | None, *, percent: bool) -> str:
    """SQL of any permitted spelling, as DECIMAL(38,18)."""
    names = ["c0", "opened", "s1", "c1", "s2", "n", "share", "s3", "c2", "s4", "closed", "c3"]
    marker = f"(?:{_MARKER})?" if currency else ""
    sign, late = rf"([{_MINUS}+]?)", rf"([{_MINUS}]?)"
    spaces = f"{_SPACE}*"
    parts = [
        f"({marker})", r"(\(?)", sign, f"({marker})", sign, f"({_digits(marks)})", "(%?)" if percent else "()", late,
        f"({marker})", late, r"(\)?)", f"({marker})",
    ]  # fmt: skip
    pattern = "^" + spaces.join(parts) + "$"
    signs = " + ".join(f"(p.{name} <> '')::INT" for name in ("opened", "s1", "s2", "s3", "s4"))
    valid = [
        "p.n <> ''",
        "(p.opened = '') = (p.closed = '')",
        f"({signs}) <= 1",
        "(p.c0 <> '')::INT + (p.c1 <> '')::INT + (p.c2 <> '')::INT + (p.c3 <> '')::INT <= 1",
        *([_agrees("upper(p.c0 || p.c1 || p.c2 || p.c3)", currency)] if currency else []),
    ]
    clean = f"regexp_replace(p.n, {literal('[^0-9eE+' + _escaped(marks.decimal) + '-]')}, '', 'g')"
    if marks.decimal != ".":
        clean = f"replace({clean}, {literal(marks.decimal)}, '.')"
    negative = "CASE WHEN p.opened || replace(p.s1 || p.s2, '+', '') || p.s3 || p.s4 = '' THEN '' ELSE '-' END"
    hundredth = "CASE WHEN p.share = '' THEN '' ELSE 'e-2' END"
    value = f"CASE WHEN {' AND '.join(valid)} THEN TRY_CAST({negative} || {clean} || {hundredth} AS {_WIDE}) END"
    return f"list_transform([regexp_extract({text}, {literal(pattern)}, {names})], lambda p: {value})[1]"


def _digits(marks: Marks) -> str:
    decimal = _escaped(marks.decimal)
    groups = [_SPACE]
    if marks.thousands in {".", ","}:
        groups.append(_escaped(marks.thousands))
    if marks.thousands == "'":
        groups.append(r"['\x{2019}]")
    grouped = [rf"[1-9]\d{{0,2}}(?:{group}\d{{3}})+" for group in groups]
    indian = [r"[1-9]\d?(?:,\d{2})+,\d{3}"] if marks.thousands == "," else []
    whole = "|".join([*grouped, *indian, r"\d+"])
    return rf"(?:(?:{whole})(?:{decimal}\d*)?|{decimal}\d+)(?:[eE][+-]?\d{{1,3}})?"


def _agrees(marker: str, currency: str) -> str:
    """SQL: whether a currency's sign or code beside the number may stand for the row's currency."""
    signs = " ".join(
        f"WHEN {marker} = {literal(sign)} THEN {currency} IN ({', '.join(map(literal, codes))})"
        for sign, codes in _SIGNS.items()
    )
    letters = f"WHEN regexp_full_match({marker}, '[A-Z]{{3}}') THEN {marker} = {currency}"
    return f"CASE WHEN {marker} = '' THEN true {signs} {letters} ELSE true END"


def _escaped(mark: str) -> str:
    return f"\\{mark}" if mark == "." else mark
