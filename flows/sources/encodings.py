"""Which encoding a text file is in, where nothing declares it.

Byte order marks and UTF-8 are certain. Beyond them a few single-byte encodings are weighed by how plausible the
letters they give are. charset-normalizer alone is not enough: it reads the cp1252 line “5 €” as Cyrillic and
“Hélène” as “Hélčne”. It is asked only where no European encoding gives plausible words.
"""

import codecs

from charset_normalizer import from_bytes

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WESTERN = "äöüßéèêëàâáãåæçñíìîïóòôõøúùûýœ"
_CENTRAL = "äöüßąćęłńóśźżáčďéěíňřšťúůýžőűăâîşţľĺŕđëç"
_USUAL = {
    "cp1252": set(_WESTERN + _WESTERN.upper() + "ÿšžŠŽ"),
    "cp1250": set(_CENTRAL + _CENTRAL.upper()),
    "mac_roman": set(_WESTERN + _WESTERN.upper() + "ÿŸ"),
    "cp850": set(_WESTERN + _WESTERN.upper()),
}
"""Weighed in this order: where two are equally plausible, the earlier is taken."""
_PUNCTUATION = set("€£$¥§°²³µ½¼¾·•…–—‚„“”‘’‹›«»©®™¡¿ºª×\u00a0\u00ad")
_OTHERS = ["cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "shift_jis", "gb18030", "big5",
           "euc_kr", "euc_jp"]  # fmt: skip
_TOO_ODD = 0.3
"""More odd signs than this to a non-ASCII letter, and no European encoding is plausible."""
_MANY_ZEROS = 0.2


def marked_encoding(head: bytes) -> tuple[str, int] | None:
    """Encoding and length of the byte order mark a file begins with."""
    return next(((name, len(mark)) for mark, name in BYTE_ORDER_MARKS if head.startswith(mark)), None)


def wide_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, told by where the zero bytes of plain letters and line ends stand."""
    whole = head[: len(head) // 4 * 4]
    if not whole or b"\0" not in whole:
        return None
    zeros = [whole[place::4].count(0) / (len(whole) // 4) for place in range(4)]
    if zeros[2] > 1 - _MANY_ZEROS and zeros[3] > 1 - _MANY_ZEROS:
        return "utf-32-le"
    if zeros[0] > 1 - _MANY_ZEROS and zeros[1] > 1 - _MANY_ZEROS:
        return "utf-32-be"
    even, odd = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if odd > _MANY_ZEROS and even < odd / 4:
        return "utf-16-le"
    if even > _MANY_ZEROS and odd < even / 4:
        return "utf-16-be"
    return None


def single_byte_candidates(sample: bytes) -> list[str]:
    """Encodings to try for text that is not UTF-8, the most plausible first; the last takes any bytes.

    Lines that are UTF-8 among others that are not (exports put together) have no say: they are garbled in any other.
    """
    sample = b"\n".join(line for line in sample.split(b"\n") if not _is_utf8(line)) or sample
    weighed = sorted((oddness(sample, name), place, name) for place, name in enumerate(_USUAL))
    ordered = [name for odd, _, name in weighed if odd <= _TOO_ODD]
    if not ordered:
        match = from_bytes(sample, cp_isolation=_OTHERS).best()
        ordered = [match.encoding] if match is not None else []
    return [*ordered, *(name for _, _, name in weighed if name not in ordered), "latin_1"]


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def oddness(sample: bytes, encoding: str) -> float:
    """How implausible the sample reads in an encoding: odd signs to a non-ASCII sign, 0 for none."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return float("inf")
    usual, odd, seen = _USUAL[encoding], 0.0, 0
    padded = f" {text} "
    for before, sign, after in zip(padded, padded[1:], padded[2:], strict=False):
        if sign.isascii():
            continue
        seen += 1
        odd += _sign_oddness(before, sign, after, usual)
    return odd / seen if seen else 0.0


def _sign_oddness(before: str, sign: str, after: str, usual: set[str]) -> float:
    """1 for what European words do not have: signs inside, capitals after small letters, accents on every letter."""
    if sign in usual:
        among_others = not before.isascii() and before.isalpha() and not after.isascii() and after.isalpha()
        return 1.0 if among_others or (sign.isupper() and before.islower()) else 0.0
    if sign in _PUNCTUATION:
        inside_a_word = after.isalpha() and (before.isalpha() or sign not in "“”„‘’«»‹›¿¡–—•£€")
        return 1.0 if inside_a_word and sign not in "’·\u00ad" else 0.0
    return 1.0
