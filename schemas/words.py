"""What is said to people: in both languages, as a key with values that each reader reads in their own. Pure.

A plugin declares its ``Phrase``s; called with values, one is a ``Text``: what a message carries of it is the English
text and, beside that, ``Wording``: the key and the values. Whoever shows it looks the key up (``read``), and where it
is not known shows the text. Values are what the text says anyway: nothing personal, nothing secret.

In a template a value can say how it is to be written: ``{gap:money}``, ``{rate:rate}``, ``{number:count}``; and several
values, how they are joined: ``{lines}`` by semicolons, ``{names:comma}``, ``{vouchers:and}``, ``{rates:or}``.

What has a name in messages (a reason, an answer, a rule) is called something in each language, too: ``named`` fills it
in, ``called`` shows it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from string import Formatter
from typing import Annotated, Final, Self, get_args

from pydantic import Field, StringConstraints
from pydantic_core import to_json

from schemas.base import Language, Message
from schemas.money import text

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
_NAME_AND_REST: Final = re.compile(r"([^/ ]*)([/ ]?)(.*)", re.DOTALL)
_NBSP: Final = "\N{NO-BREAK SPACE}"
_ENDS: Final = (".", "!", "?", ":", "…")
"""What ends a sentence that another one follows (``{why:sentence}``)."""
_JOINED: Final[Mapping[str, Mapping[Language, str]]] = {
    "": {"sv": "; ", "en": "; "},
    "comma": {"sv": ", ", "en": ", "},
    "space": {"sv": " ", "en": " "},
    "and": {"sv": " och ", "en": " and "},
    "or": {"sv": " eller ", "en": " or "},
    "and_also": {"sv": "; och ", "en": "; and "},
    "or_else": {"sv": "; eller ", "en": "; or "},
}


@dataclass(frozen=True, slots=True)
class Said:
    """A text in both languages; words in braces are filled in."""

    sv: str
    en: str

    def to(self, language: Language, **values: object) -> str:
        """Return the text in a language."""
        return self.template(language).format(**values)

    def template(self, language: Language) -> str:
        """Return the text in a language as it stands."""
        return self.sv if language == "sv" else self.en


class Wording(Message):
    """What a text says: the key of a phrase, and what is filled in. Another text may be filled in as well."""

    key: Annotated[str, StringConstraints(pattern=r"^[a-z][\w.+&() /\-]*$", max_length=200)]
    values: "dict[str, str | int | Wording | tuple[str | Wording, ...]]" = Field(default_factory=dict)

    @classmethod
    def kept(cls, stored: object) -> Self | None:
        """Return words as a database keeps them; None where it keeps none."""
        return cls.model_validate_json(to_json(stored)) if stored else None


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it was made: its words, and how it reads in English."""

    wording: Wording
    english: str

    def __str__(self) -> str:
        """Return it in English, as messages carry it."""
        return self.english


class Spoken(Exception):
    """Something cannot be: why, in English as its text, and (``said``) for readers of each language."""

    def __init__(self, said: Text) -> None:
        self.said = said
        super().__init__(said.english)


_One: Final = (str, int, Decimal, date, Text, type(None))
One = str | int | Decimal | date | Text | None
"""What can be filled in; nothing is said as nothing."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text in both languages under a key that stays what it is: messages name it for years."""

    key: str
    sv: str
    en: str

    def __call__(self, **values: One | Iterable[One]) -> Text:
        """Return the text with its values filled in."""
        given = {name: value if isinstance(value, _One) else tuple(value) for name, value in values.items()}
        wording = Wording(key=self.key, values={name: _wording(value) for name, value in given.items()})
        return Text(wording, _filled(self.en, {name: _plain(value) for name, value in given.items()}, None))

    @property
    def said(self) -> Said:
        """The text in both languages."""
        return Said(self.sv, self.en)


def named(owner: str, kind: str, name: str) -> Text:
    """Return a name, to be filled into a text: ``named("daysales", "answer", "keep")``."""
    return Text(Wording(key=f"{owner}/{kind}/{name}"), name)


def called(phrases: Mapping[str, Said], owner: str, kind: str, name: str, language: Language) -> str:
    """Return what a name is called by its owner, else by whoever calls it something, else the words that it is made of.

    What follows a slash or a gap stays as it is: of the answer ``same/2`` the name is ``same``.
    """
    first, gap, rest = _NAME_AND_REST.fullmatch(name).groups()  # type: ignore[union-attr]  # everything fits
    ending = f"/{kind}/{first}"
    said = phrases.get(f"{owner}{ending}") or next((s for key, s in phrases.items() if key.endswith(ending)), None)
    return f"{said.template(language) if said else first.replace('_', ' ')}{' ' if gap else ''}{rest}"


def heard(wording: Wording | None, english: str) -> Text | str:
    """Return what a message says, to be filled into another text; of an older one only the text is known."""
    return Text(wording, english) if wording else english


def all_heard(wordings: Sequence[Wording | None], english: Sequence[str]) -> tuple[Text | str, ...]:
    """Return the lines that a message says; ``wordings`` is empty where of no line any are known (``lines_of``)."""
    return tuple(heard(*line) for line in zip(wordings or [None] * len(english), english, strict=True))


def rewritten(wording: Wording, write: Callable[[str], str]) -> Wording:
    """Return words with each text that is filled in written otherwise: without what must not be shown."""

    def anew(value: str | int | Wording) -> str | int | Wording:
        return (
            rewritten(value, write) if isinstance(value, Wording) else write(value) if isinstance(value, str) else value
        )

    values = {
        name: tuple(anew(one) for one in value) if isinstance(value, tuple) else anew(value)
        for name, value in wording.values.items()
    }
    return wording.model_copy(update={"values": values})


def lines_of(lines: Iterable[Text | str]) -> tuple[Wording | None, ...]:
    """Return the words of each line; none at all where no line has any."""
    found = tuple(line.wording if isinstance(line, Text) else None for line in lines)
    return found if any(found) else ()


def catalogue(owner: str, phrases: Mapping[str, object], **names: Mapping[str, str]) -> Mapping[str, Said]:
    """Return the phrases of a module by their keys, and what names are called: ``reason={"before_start": "..."}``.

    Names are English words with underscores between; what is given is Swedish. Keys: ``daysales/reason/before_start``.

    Args:
        owner: the plugin that says it.
        phrases: the module's names, as ``vars`` gives them.
    """
    found = {phrase.key: phrase.said for phrase in phrases.values() if isinstance(phrase, Phrase)}
    return found | {
        f"{owner}/{kind}/{name}": Said(swedish, name.replace("_", " "))
        for kind, those in names.items()
        for name, swedish in those.items()
    }


def chosen(accepted: str, otherwise: Language) -> Language:
    """Return the language that a browser asks for first (Accept-Language) and that there is."""
    wishes = []
    for place, wish in enumerate(accepted.split(",")):
        name, _, quality = wish.partition(";q=")
        weight = float(quality) if quality.replace(".", "", 1).isdecimal() else 1.0
        wishes.append((-weight, place, name.strip().lower().partition("-")[0]))
    return next((language for _, _, name in sorted(wishes) for language in LANGUAGES if language == name), otherwise)


def read(wording: Wording | None, phrases: Mapping[str, Said], language: Language) -> str | None:
    """Return words as a text in a language; None where a key or a value of theirs is not known here."""
    if wording is None:
        return None
    if wording.key.count("/") > 1:
        owner, kind, name = wording.key.split("/", 2)
        return called(phrases, owner, kind, name, language)
    if (phrase := phrases.get(wording.key)) is None:
        return None
    values: dict[str, str | int | tuple[str, ...]] = {}
    for name, value in wording.values.items():
        parts = value if isinstance(value, tuple) else (value,)
        said = [read(one, phrases, language) if isinstance(one, Wording) else one for one in parts]
        known = [one for one in said if one is not None]
        if len(known) < len(said):
            return None
        values[name] = tuple(map(str, known)) if isinstance(value, tuple) else known[0]
    try:
        return _filled(phrase.template(language), values, language)
    except (KeyError, ValueError, ArithmeticError):
        return None  # of another version: the template has changed


def holes(template: str) -> frozenset[tuple[str, str]]:
    """Return what a template has filled in, and how it is written. Raises ValueError for one that is none."""
    return frozenset((name, form or "") for _, name, form, _ in Formatter().parse(template) if name is not None)


def amount(value: Decimal, language: Language) -> str:
    """Return an amount as people write it: ``34 464,50`` in Swedish, ``34,464.50`` in English."""
    return _in(f"{value:,.2f}", language)


def count(number: int, language: Language) -> str:
    """Return a whole number with its thousands apart."""
    return _in(f"{number:,}", language)


def month(number: int, language: Language) -> str:
    """Return what a month is called; 1 is January."""
    from babel.dates import get_month_names  # noqa: PLC0415 - its data takes a third of a second to read

    return str(get_month_names("wide", locale=language)[number])


def capital(said: str) -> str:
    """Return words as a line begins with them."""
    return said[:1].upper() + said[1:]


def _in(plain: str, language: Language) -> str:
    plain = plain.replace("-", "\N{MINUS SIGN}")
    return plain.replace(",", _NBSP).replace(".", ",") if language == "sv" else plain


def _wording(value: One | tuple[One, ...]) -> "str | int | Wording | tuple[str | Wording, ...]":
    match value:
        case tuple():
            return tuple(one.wording if isinstance(one, Text) else str(_plain(one)) for one in value)
        case Text():
            return value.wording
    plain = _plain(value)
    return plain if isinstance(plain, int) else str(plain)


def _plain(value: One | tuple[One, ...]) -> str | int | tuple[str, ...]:
    """Return a value as messages write it."""
    match value:
        case tuple():
            return tuple(str(_plain(one)) for one in value)
        case int():
            return value
        case Decimal():
            return text(value)
        case None:
            return ""
    return str(value)


@dataclass(frozen=True, slots=True)
class _Hole:
    """A value as a template has it written; ``language``: None writes amounts as messages do."""

    value: str | int | tuple[str, ...]
    language: Language | None

    def __format__(self, form: str) -> str:
        """Return the value, written as it is to be. Raises ValueError for what cannot be written so."""
        if isinstance(self.value, tuple):
            return _JOINED[form][self.language or "en"].join(self.value)
        if form == "count":
            return count(int(self.value), self.language or "en")
        if form == "money" and self.language:
            return amount(Decimal(self.value), self.language)
        if form == "rate" and self.language == "sv":
            return str(self.value).replace(".", ",")
        if form == "sentence":
            said = str(self.value)
            return said if said.endswith(_ENDS) else f"{said}."
        if form not in {"", "money", "rate"}:
            raise ValueError(f"there is no form {form}")
        return str(self.value)


def _filled(template: str, values: Mapping[str, str | int | tuple[str, ...]], language: Language | None) -> str:
    return template.format(**{name: _Hole(value, language) for name, value in values.items()})
