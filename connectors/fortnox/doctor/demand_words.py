"""What a demand says that stops a voucher before it is sent, in both languages, by the texts of the checks. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

from connectors.fortnox.doctor.check_words import TEXTS
from schemas.base import Language
from schemas.words import Phrase, Said, Text, Wording, catalogue, read

DEMAND: Final = Phrase("fortnox.demand", "{wrong} {where}", "{wrong} {where}")
STRANGER: Final = Phrase("fortnox.stranger", "{meaning} ({why})", "{meaning} ({why})")
NOT_CHECKED: Final = Phrase("fortnox.not_checked", "Inte kontrollerat: {titles:comma}.", "Not checked: {titles:comma}.")
NOT_LOCKED: Final = Phrase(
    "fortnox.not_locked",
    "Perioden är låst till och med {until}; serie {series} låses inte med den, enligt inställningarna.",
    "The period is locked until {until}; series {series} is not locked with it, as the settings say.",
)
WORDS: Final[Mapping[str, Said]] = {
    **catalogue("fortnox", vars()),
    **{f"fortnox.title_{name}": text.title for name, text in TEXTS.items()},
    **{f"fortnox.wrong_{name}": text.wrong for name, text in TEXTS.items()},
    **{f"fortnox.where_{name}": text.where for name, text in TEXTS.items()},
}


def titled(name: str) -> Text:
    """Return what a check is about, to be filled into a text."""
    return Text(Wording(key=f"fortnox.title_{name}"), TEXTS[name].title.en)


def demanded(name: str, found: Iterable[str], language: Language) -> Text:
    """Return what a demand says of what was found, as it reads in the installation's language."""
    wrong = Wording(key=f"fortnox.wrong_{name}", values={"names": ", ".join(found)})
    wording = Wording(key=DEMAND.key, values={"wrong": wrong, "where": Wording(key=f"fortnox.where_{name}")})
    return Text(wording, read(wording, WORDS, language) or "")
