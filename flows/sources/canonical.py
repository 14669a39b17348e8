"""The one text each native value is landed as, whether it came from Excel, Parquet, JSON or a database.

ISO dates and timestamps (with offset where zoned), integers without `.0`, decimals as the shortest plain text
(never an exponent), true and false. Does not belong here: reading text as values.
"""

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum

import pyarrow as pa
import pyarrow.compute as pc

_SECONDS_A_MINUTE = 60
_SECONDS_AN_HOUR = 3600
_NANOSECONDS = 9


class RawNumber(str):
    """A number of a JSON text, exactly as it was written."""

    __slots__ = ()


def canonical_text(value: object, decimal: str = ".") -> str | None:
    """The text a native value is landed as; None where there is no value (NaN too).

    `decimal` is the mark numbers are written with: that of the extract, so that they are read back unmistakably.
    """
    match value:
        case None:
            return None
        case RawNumber():
            return str(value).replace(".", decimal)
        case str():
            return value
        case float() | Decimal():
            return _number_text(value, decimal)
        case _:
            return _other_text(value)


def _other_text(value: object) -> str:  # noqa: PLR0911 — one line a type
    match value:
        case Enum():
            return canonical_text(value.value) or ""
        case bool():
            return "true" if value else "false"
        case datetime() | time():
            return _trim_fraction(value.isoformat())
        case date():
            return value.isoformat()
        case timedelta():
            return _duration_text(value)
        case bytes() | bytearray() | memoryview():
            return _bytes_text(bytes(value))
        case Mapping() | list() | tuple() | set() | frozenset():
            return compact_json(value)
        case _:
            return str(value)


def _number_text(value: float | Decimal, decimal: str) -> str | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    text = repr(value) if isinstance(value, float) else str(value)
    return _plain(text).replace(".", decimal)


def _plain(text: str) -> str:
    """A number's text without an exponent, trailing zeros or a negative zero."""
    if "e" in text or "E" in text:
        text = format(Decimal(text), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _trim_fraction(text: str) -> str:
    """`10:00:00.500000+01:00` as `10:00:00.5+01:00`."""
    whole, point, rest = text.partition(".")
    if not point:
        return text
    digits = len(rest) - len(rest.lstrip("0123456789"))
    fraction = rest[:digits].rstrip("0")
    return f"{whole}.{fraction}{rest[digits:]}" if fraction else whole + rest[digits:]


def _duration_text(value: timedelta) -> str:
    """Hours, minutes and seconds: 30:00:00."""
    sign, rest = ("-", -value) if value < timedelta(0) else ("", value)
    seconds = rest.days * 24 * _SECONDS_AN_HOUR + rest.seconds
    hours, seconds = divmod(seconds, _SECONDS_AN_HOUR)
    minutes, seconds = divmod(seconds, _SECONDS_A_MINUTE)
    return _trim_fraction(f"{sign}{hours:02d}:{minutes:02d}:{seconds:02d}.{rest.microseconds:06d}")


def _bytes_text(value: bytes) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()
    return text if "\0" not in text else value.hex()


def compact_json(value: object) -> str:
    """A nested value as compact JSON text: numbers as written, keys in their order, sets sorted."""
    match value:
        case Mapping():
            return "{" + ",".join(f"{compact_json(str(key))}:{compact_json(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(compact_json(item) for item in value) + "]"
        case set() | frozenset():
            return "[" + ",".join(sorted(compact_json(item) for item in value)) + "]"
        case RawNumber() | bool() | int() | float() | Decimal():
            return canonical_text(value) or "null"
        case _:
            return json.dumps(canonical_text(value), ensure_ascii=False)


def canonical_array(array: pa.Array, decimal: str = ".") -> pa.Array:
    """An Arrow array of any type as the texts `canonical_text` gives its values, of type string."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return canonical_array(array.dictionary_decode(), decimal)
    if pa.types.is_date64(kind):
        return canonical_array(array.cast(pa.date32()))
    if _casts_to_its_text(kind):
        return array.cast(pa.string())
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _number_array(array, decimal)
    if pa.types.is_timestamp(kind):
        return _timestamp_array(array)
    return pa.array([canonical_text(value, decimal) for value in array.to_pylist()], pa.string())


def _casts_to_its_text(kind: pa.DataType) -> bool:
    tests = ("string", "large_string", "string_view", "null", "integer", "boolean", "date32")
    return any(getattr(pa.types, f"is_{test}")(kind) for test in tests)


def _number_array(array: pa.Array, decimal: str) -> pa.Array:
    if pa.types.is_float16(array.type):
        array = array.cast(pa.float32())
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
    texts = array.cast(pa.string())
    texts = _trimmed_fractions(texts)
    odd = pc.or_(pc.match_substring(texts, "e", ignore_case=True), pc.equal(texts, "-0"))
    if pc.any(odd).as_py():
        texts = pa.array(
            [text if text is None or "inf" in text else _plain(text) for text in texts.to_pylist()], pa.string()
        )
    return texts if decimal == "." else pc.replace_substring(texts, ".", decimal)


def _timestamp_array(array: pa.Array) -> pa.Array:
    """Zoned timestamps are written in UTC with its offset: the same bytes whatever zone data this machine has."""
    zoned = array.type.tz is not None
    plain = array.cast(pa.timestamp(array.type.unit, "UTC")).cast(pa.timestamp(array.type.unit)) if zoned else array
    texts = _trimmed_fractions(pc.replace_substring(plain.cast(pa.string()), " ", "T"))
    return pc.binary_join_element_wise(texts, pa.scalar("+00:00"), "") if zoned else texts


def _trimmed_fractions(texts: pa.Array) -> pa.Array:
    trimmed = pc.replace_substring_regex(texts, r"^([^eE]*\.[0-9]*?)0+$", r"\1")
    return pc.replace_substring_regex(trimmed, r"\.$", "")
