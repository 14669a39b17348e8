"""One text for a value, wherever it came from; and the encoding of a text that does not say it."""

import datetime as dt
import uuid
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sources.canonical import canonical_array, canonical_text
from flows.sources.encodings import single_byte_candidates, wide_encoding
from flows.sources.headings import clean_headings

BERLIN = dt.timezone(dt.timedelta(hours=2))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("  as it is ", "  as it is "),
        (True, "true"),
        (10**20, "100000000000000000000"),
        (7.0, "7"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e-7, "0.0000001"),
        (-0.0, "0"),
        (float("nan"), None),
        (float("inf"), "inf"),
        (Decimal("10.50"), "10.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0E-8"), "0"),
        (dt.date(2026, 1, 31), "2026-01-31"),
        (dt.datetime(2026, 1, 31, 9, 5), "2026-01-31T09:05:00"),
        (dt.datetime(2026, 1, 31, 9, 5, 0, 120000, BERLIN), "2026-01-31T09:05:00.12+02:00"),
        (dt.time(9, 5), "09:05:00"),
        (dt.timedelta(hours=30, milliseconds=-500), "29:59:59.5"),
        (dt.timedelta(minutes=-5), "-00:05:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (b"plain", "plain"),
        (b"\xff\x00", "ff00"),
        ({"b": [1.5, None, "ü"], "a": dt.date(2026, 1, 1)}, '{"b":[1.5,null,"ü"],"a":"2026-01-01"}'),
        ({3, 1, 2}, "[1,2,3]"),
    ],
)
def test_a_value_has_one_text(value: object, text: str | None) -> None:
    assert canonical_text(value) == text


@given(st.lists(st.none() | st.floats(), min_size=1), st.sampled_from([".", ","]))
def test_columns_of_numbers_read_like_single_numbers(values: list[float | None], decimal: str) -> None:
    assert canonical_array(pa.array(values, pa.float64()), decimal).to_pylist() == [
        canonical_text(v, decimal) for v in values
    ]


DECIMALS = st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=6)


@given(st.lists(st.none() | DECIMALS, min_size=1))
def test_columns_of_decimals_read_like_single_decimals(values: list[Decimal | None]) -> None:
    assert canonical_array(pa.array(values, pa.decimal128(38, 6))).to_pylist() == [canonical_text(v) for v in values]


@given(st.lists(st.none() | st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)), min_size=1))
def test_columns_of_moments_read_like_single_moments(values: list[dt.datetime | None]) -> None:
    assert canonical_array(pa.array(values, pa.timestamp("us"))).to_pylist() == [canonical_text(v) for v in values]
    zoned = [None if v is None else v.replace(tzinfo=dt.UTC) for v in values]
    assert canonical_array(pa.array(zoned, pa.timestamp("us", "UTC"))).to_pylist() == [canonical_text(v) for v in zoned]


@given(st.lists(st.text(max_size=3), max_size=8), st.lists(st.text(max_size=3), max_size=3))
def test_headings_are_all_different_and_never_the_landings_own(raw: list[str], more: list[str]) -> None:
    first = clean_headings(raw)
    both = (*first, *clean_headings(more, first))
    assert len({*both, "_file", "_line"}) == len(raw) + len(more) + 2
    assert all(both)


WORDS = {
    "German": "Müller;Größe;Straße;Überlingen;12,50 €",
    "French": "Hélène;Besançon;Orléans;déjà vu",
    "Polish": "Łukasz;Łódź;Kraków;Gdańsk;Żaneta",
    "Danish": "Søren;Ærø;Ålborg",
    "Spanish": "Muñoz;¿Qué?;Málaga",
    "Signs": "5 €;“x”;a – b",
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("German", "cp1252"), ("German", "mac_roman"), ("French", "cp1252"), ("French", "mac_roman"),
        ("French", "cp850"), ("Polish", "cp1250"), ("Danish", "cp1252"), ("Spanish", "cp1252"), ("Signs", "cp1252"),
    ],
)  # fmt: skip
def test_european_texts_are_read_rightly(language: str, encoding: str) -> None:
    written = WORDS[language].encode(encoding)
    assert written.decode(single_byte_candidates(written)[0]) == WORDS[language]


def test_other_alphabets_are_found_too() -> None:
    written = ("Иванов;Москва;январь\nПетров;Казань;февраль\nСидорова;Самара;апрель\n" * 5).encode("cp1251")
    assert written.decode(single_byte_candidates(written)[0]).startswith("Иванов;Москва")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", ["id;name\n1;a\n", "id;имя\n1;Иванов\n2;Петров\n"], ids=["Latin", "Cyrillic"])
def test_wide_texts_are_told_by_their_zero_bytes(text: str, encoding: str) -> None:
    assert wide_encoding(text.encode(encoding)) == encoding
    assert wide_encoding(text.encode()) is None
