"""Why something is refused at Toy HR, in both languages. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

NO_PERSON = Phrase(
    "toyhr.no_person",
    "person {person} finns inte längre i Toy HR",
    "there is no person {person} in Toy HR any more",
)
NEEDS_EMAIL = Phrase(
    "toyhr.needs_email",
    "en ny person i Toy HR behöver en e-postadress",
    "a new person in Toy HR needs an e-mail address",
)
UNREADABLE = Phrase(
    "toyhr.unreadable",
    "uppgifterna i Toy HR har en annan form: {problems}",
    "Toy HR's record has another form: {problems}",
)
EXISTS = Phrase(
    "toyhr.exists",
    "någon har redan den e-postadressen: koppla dem i stället",
    "somebody has this e-mail address already: match them instead",
)
MOVED = Phrase(
    "toyhr.moved",
    "ändrat i Toy HR sedan det avgjordes: {fields:comma}",
    "changed in Toy HR since it was decided: {fields:comma}",
)
REFUSES = Phrase("toyhr.refuses", "Toy HR nekar ({status}): {said}", "Toy HR refuses it ({status}): {said}")

WORDS: Final[Mapping[str, Said]] = catalogue(
    "toyhr",
    vars(),
    reason={
        "person_missing": "personen saknas",
        "incomplete": "ofullständig",
        "person_unreadable": "oläslig person",
        "person_exists": "personen finns redan",
        "record_moved": "ändrad under tiden",
        "refused": "nekad",
    },
)
