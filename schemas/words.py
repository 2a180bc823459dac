"""A text in both languages that people here read, and which of them somebody asks for. Pure."""

from dataclasses import dataclass
from typing import Final, get_args

from schemas.base import Language

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)


@dataclass(frozen=True, slots=True)
class Said:
    """A text in both languages; words in braces are filled in."""

    sv: str
    en: str

    def to(self, language: Language, **values: object) -> str:
        """Return the text in a language."""
        return (self.sv if language == "sv" else self.en).format(**values)


def chosen(accepted: str, otherwise: Language) -> Language:
    """Return the language that a browser asks for first (Accept-Language) and that there is."""
    wishes = []
    for place, wish in enumerate(accepted.split(",")):
        name, _, quality = wish.partition(";q=")
        weight = float(quality) if quality.replace(".", "", 1).isdigit() else 1.0
        wishes.append((-weight, place, name.strip().lower().partition("-")[0]))
    return next((language for _, _, name in sorted(wishes) for language in LANGUAGES if language == name), otherwise)
