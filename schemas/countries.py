"""Countries: the code of ISO 3166-1 alpha-2, and what English and Swedish call each."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from schemas.base import as_read

_NO_COUNTRIES: Final = frozenset({"AC", "EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
"""Codes that CLDR names besides."""
_ALSO: Final[Mapping[str, str]] = {
    "BA": "bosnien, bosnia",
    "BN": "brunei darussalam",
    "BO": "bolivia plurinational state of, plurinational state of bolivia",
    "BY": "vitryssland",
    "CD": "congo the democratic republic of the, democratic republic of the congo",
    "CG": "republic of the congo",
    "CI": "ivory coast",
    "CV": "cabo verde",
    "CZ": "czech republic",
    "FI": "suomi",
    "FK": "falkland islands malvinas",
    "FM": "micronesia federated states of",
    "GB": "great britain, england, united kingdom of great britain and northern ireland",
    "HK": "hong kong",
    "IR": "iran islamic republic of, islamic republic of iran",
    "KP": "korea democratic people's republic of, democratic people's republic of korea",
    "KR": "korea republic of, republic of korea",
    "LA": "lao people's democratic republic",
    "MD": "moldova republic of, republic of moldova",
    "MK": "macedonia, makedonien, macedonia the former yugoslav republic of",
    "MM": "myanmar, burma",
    "MO": "macao, macau",
    "NL": "holland",
    "PS": "palestine, palestina, palestine state of, state of palestine, palestinian territory occupied",
    "RU": "russian federation",
    "SY": "syrian arab republic",
    "SZ": "swaziland",
    "TR": "turkey, turkiye",
    "TW": "taiwan province of china",
    "TZ": "tanzania united republic of, united republic of tanzania",
    "US": "united states of america, förenta staterna, amerikas förenta stater",
    "VA": "holy see, holy see vatican city state",
    "VE": "venezuela bolivarian republic of, bolivarian republic of venezuela",
    "VG": "virgin islands british",
    "VI": "virgin islands us",
    "VN": "viet nam",
}
"""What people, and ISO 3166-1 itself, call countries besides; Fortnox's own list has many of its names."""
_ALPHA_2: Final = 2
_JOINS: Final = re.compile(r"\b(?:and|och)\b")
_SAINT: Final = re.compile(r"\b(?:saint|sankt)\b")
_ARTICLE: Final = re.compile(r"^the ")


def country_code(text: str) -> str:
    """Return a country as ISO 3166-1 alpha-2 where a code or a name tells it, otherwise as it was written."""
    written = " ".join(text.split())
    if len(written) == _ALPHA_2 and written.isascii():
        return written.upper()
    return _codes().get(_bare(written), written)


def country_name(code: str) -> str | None:
    """Return what English calls a country; None for what is no code of one."""
    return _names("en").get(code.upper())


@cache
def _names(language: str) -> Mapping[str, str]:
    from babel import Locale  # noqa: PLC0415 - its data takes a third of a second to read

    return {
        code: name
        for code, name in Locale(language).territories.items()
        if len(code) == _ALPHA_2 and code.isalpha() and code not in _NO_COUNTRIES
    }


@cache
def _codes() -> Mapping[str, str]:
    names = {_bare(name): code for language in ("sv", "en") for code, name in _names(language).items()}
    return names | {_bare(name): code for code, also in _ALSO.items() for name in also.split(", ")}


def _bare(name: str) -> str:
    """Return the letters of a name, with one word for *and* and for *saint*, and no article."""
    joined = _SAINT.sub("st", _JOINS.sub("&", _ARTICLE.sub("", as_read(name).casefold())))
    return "".join(character for character in joined if character.isalnum() or character == "&")
