"""Invented people: names nobody bears, their addresses and logins. Nothing else about them belongs here."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

CORE: Final[tuple[tuple[str, str], ...]] = (
    ("Ingrid", "Sølvkvist"), ("Tomás", "Quintapalma"), ("Żaneta", "Mżawkowska"), ("Björk", "Wörterstein"),
    ("Lukáš", "Hvězdotok"), ("Anouk", "Éclairval"), ("Zoë", "Ter Wolkenvliet"), ("Çağla", "Aygölge"),
    ("Mbali", "Nkanyezana"), ("Jürgen", "Quittenklang"), ("Núria", "Taronjall"), ("Øyvind", "Fjellgløtt"),
    ("Piotr", "Słonecznikiewicz"), ("Saoirse", "Ní Órabláth"), ("Emre", "Rüzgâroğlu"), ("Leila", "Sternwandel"),
    ("Ciarán", "Mac Báistigh"), ("Hélène", "Boisdelune"), ("Dragan", "Šljivograd"), ("Freya", "Høstmåne"),
    ("Mateo", "Ríoclaro del Viento"), ("Ľubica", "Snehulová"), ("Anders", "Tændstik"), ("Noor", "Van der Zonnetuin"),
    ("Ştefan", "Nucuşoru"), ("Agnieszka", "Jasnowitka"), ("Otto", "Überquell"), ("Réka", "Csillagkerti"),
    ("Kwame", "Asomdwoba"), ("Élodie", "Pommedorée"), ("Jūratė", "Gintarėlytė"), ("Väinö", "Lumikellokoski"),
    ("Carmen", "Nieblaserena"), ("Dúnya", "Gökmavisi"), ("Håkon", "Vårvind"), ("Marit", "Bernsteinfuchs"),
    ("Giò", "Ventolieve"), ("Đorđe", "Lipocvet"), ("Sanne", "Dünenkrähe"), ("Tiago", "Marmelãode"),
)  # fmt: skip
"""The forty whom the demo's story is about, in the order of their ids."""

_GIVEN: Final = (
    "Aino", "Beñat", "Célia", "Darius", "Elif", "Fredrik", "Gaëlle", "Hanne", "Ilse", "Jakob", "Katarína", "Liam",
    "Małgorzata", "Nils", "Océane", "Pavol", "Quirin", "Rūta", "Sören", "Thandi", "Uršula", "Vítor", "Wanda", "Xènia",
    "Yusuf", "Zsófia", "Åse", "Émile", "İpek", "Örjan", "Amara", "Branko", "Chiara", "Dóra", "Eoin", "Farida",
    "Gintaras", "Hüseyin", "Irena", "João", "Kerttu", "Léon", "Mirela", "Noé", "Olena", "Päivi", "Rahel", "Søren",
    "Tuğba", "Ugo", "Vesna", "Willem", "Yara",
)  # fmt: skip
_FIRST_PART: Final = (
    "Nebel", "Stern", "Silber", "Sonnen", "Wolken", "Birken", "Distel", "Feder", "Glocken", "Hafer", "Kiesel",
    "Laternen", "Mohn", "Nuss", "Pfeffer", "Quitten", "Regen", "Safran", "Tannen", "Veilchen", "Weiden", "Zimt",
    "Sølv", "Måne", "Høst", "Lune", "Brise", "Clair", "Monte", "Oro", "Luz", "Vento", "Ciel", "Lilla", "Bryn",
    "Fjær", "Skog", "Øland", "Äpple", "Grün", "Blüten",
)  # fmt: skip
_SECOND_PART: Final = (
    "fuchs", "klang", "wandel", "gløtt", "kvist", "hain", "tal", "brück", "stieg", "fink", "rauch", "sprung", "blick",
    "garn", "zweig", "krähe", "horn", "mühl", "wurf", "pfad", "lund", "vik", "åsen", "strøm", "gård", "hjelm", "tråd",
    "val", "mont", "fleur", "bois", "rive", "sol", "mar", "vigne", "pont", "höhe",
)  # fmt: skip
_NO_ACCENT: Final = str.maketrans({
    "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "Æ": "Ae", "ı": "i", "İ": "I",
})  # fmt: skip


def plain(text: str) -> str:
    """The text in small ASCII letters, spaces gone: what an address or login is made of."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_NO_ACCENT))
    return "".join(letter for letter in decomposed.lower() if letter.isascii() and letter.isalpha())


def name_of(index: int) -> tuple[str, str]:
    """Given and family name of the person with this index; no two share both."""
    if index < len(CORE):
        return CORE[index]
    # 7919 is prime and divides none of the lists' lengths, so every index falls on another combination.
    families = len(_FIRST_PART) * len(_SECOND_PART)
    given, family = divmod(index * 7919 % (len(_GIVEN) * families), families)
    first, second = divmod(family, len(_SECOND_PART))
    return _GIVEN[given], _FIRST_PART[first] + _SECOND_PART[second]


@lru_cache(maxsize=16)
def addresses(people: int) -> tuple[str, ...]:
    """Mail addresses of the first so many people; of two that would be the same the later one gets a number."""
    return _unlike(f"{plain(given)}.{plain(family)}" for given, family in map(name_of, range(people)))


@lru_cache(maxsize=16)
def logins(people: int) -> tuple[str, ...]:
    """Logins at the service desk of the first so many people."""
    return _unlike(f"{plain(given)[:1]}{plain(family)[:9]}" for given, family in map(name_of, range(people)))


def _unlike(texts: Iterable[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    unlike = []
    for text in texts:
        seen[text] = seen.get(text, 0) + 1
        unlike.append(text if seen[text] == 1 else f"{text}{seen[text]}")
    return tuple(unlike)
