"""What is the same of two values of a person's field, wherever they are compared: as Fortnox keeps it. Pure.

Another letter case, hyphen or number is another value and must travel; what cannot differ once it is written (spaces,
characters that Fortnox takes for their nearest, a title's end) is none.
"""

import re
from typing import Final

from schemas.base import as_read
from schemas.characters import sanitise
from schemas.countries import country_code
from schemas.events import EmployeeField

LONGEST_TITLE: Final = 30
"""Fortnox's JobTitle (OpenAPI document)."""

_DIALLED: Final = re.compile(r"(?:(?P<abroad>\+|00)|0)(?P<rest>[1-9]\d{5,13})", re.ASCII)
_BETWEEN_DIGITS: Final = re.compile(r"\(0\)|[\s()./\-\u2010-\u2015\u2212]")


def kept(field: EmployeeField, text: str) -> str:  # noqa: PLR0911 - one case for each way of writing
    """Return what two texts of a field are compared by; nothing for one of which nothing could be kept."""
    match field:
        case "email":
            return as_read(text).strip().casefold()
        case "employment_id":
            return as_read(text).strip()
        case "phone":
            return "".join(character for character in sanitise(e164(text)) if character.isalnum() or character == "+")
        case "country":
            return sanitise(country_code(text)).casefold()
        case "postal_code":
            return "".join(sanitise(text).split())
        case "title":
            return sanitise(text)[:LONGEST_TITLE].rstrip()
        case _:
            return sanitise(text)


def e164(text: str, *, swedish: bool = True) -> str:
    """Return a phone number as ``+46701234567`` where it can be told, otherwise as it was written.

    ``swedish``: without a country code it is a Swedish number.
    """
    found = _DIALLED.fullmatch(_BETWEEN_DIGITS.sub("", text))
    if found is None or not (found["abroad"] or swedish):
        return text
    return "+" + re.sub("^460+", "46", found["rest"] if found["abroad"] else f"46{found['rest']}")
