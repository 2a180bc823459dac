"""What a demand says that stops a voucher before it is sent, in both languages, by the texts of the checks. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

from connectors.fortnox.doctor.check_words import TEXTS
from schemas.base import Language
from schemas.words import Phrase, Said, Text, Wording, catalogue, read

DEMAND: Final = Phrase("fortnox.demand", "{wrong} {where}", "{wrong} {where}")
WORDS: Final[Mapping[str, Said]] = {
    **catalogue("fortnox", vars()),
    **{f"fortnox.wrong_{name}": text.wrong for name, text in TEXTS.items()},
    **{f"fortnox.where_{name}": text.where for name, text in TEXTS.items()},
}


def demanded(name: str, found: Iterable[str], language: Language) -> Text:
    """Return what a demand says of what was found, as it reads in the installation's language."""
    wrong = Wording(key=f"fortnox.wrong_{name}", values={"names": ", ".join(found)})
    wording = Wording(key=DEMAND.key, values={"wrong": wrong, "where": Wording(key=f"fortnox.where_{name}")})
    return Text(wording, read(wording, WORDS, language) or "")
