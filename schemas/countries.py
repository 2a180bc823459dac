"""Countries: the code of ISO 3166-1 alpha-2, and what English and Swedish call each."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from schemas.base import as_read

_NO_COUNTRIES: Final = frozenset({"AC", "EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
"""Codes that CLDR names besides."""
_ALSO: Final[Mapping[str, str]] = {"czech republic": "CZ", "turkey": "TR", "suomi": "FI", "great britain": "GB"}
_ALPHA_2: Final = 2


def country_code(text: str) -> str:
    """Return a country as ISO 3166-1 alpha-2 where a code or a name tells it, otherwise as it was written."""
    written = " ".join(text.split())
    if len(written) == _ALPHA_2 and written.isascii():
        return written.upper()
    return _codes().get(as_read(written).casefold(), written)


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
    names = {name.casefold(): code for language in ("sv", "en") for code, name in _names(language).items()}
    return {**names, **_ALSO}
