"""Why something is refused at Huma, in both languages. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

NO_FIELDS = Phrase("huma.no_fields", "ordern har inga fält", "the order has no fields")
DOES_NOT_TRAVEL = Phrase(
    "huma.does_not_travel",
    "inte skrivet, eftersom det inte förs över till Huma: {fields:comma}",
    "not written, since it does not travel to Huma: {fields:comma}",
)
CANNOT_BE_EMPTIED = Phrase(
    "huma.cannot_be_emptied",
    "{fields:comma}: en person i Huma kan inte vara utan",
    "{fields:comma}: a person in Huma cannot be without",
)
MOVED = Phrase(
    "huma.moved",
    "ändrat i Huma sedan det avgjordes: {fields:comma}",
    "changed in Huma since it was decided: {fields:comma}",
)
NO_PERSON = Phrase(
    "huma.no_person", "person {person} finns inte längre i Huma", "there is no person {person} in Huma any more"
)
NEEDS = Phrase(
    "huma.needs", "en ny person i Huma behöver: {fields:comma}", "a new person in Huma needs: {fields:comma}"
)
EXISTS = Phrase(
    "huma.exists",
    "någon med den e-postadressen finns redan i Huma: koppla dem i stället",
    "somebody with this e-mail address is in Huma already: match them instead",
)
NO_POSITION = Phrase(
    "huma.no_position",
    "{fields:comma}: inte skrivet, eftersom personen inte har någon befattning i Huma: skapa den där",
    "{fields:comma}: not written, since the person has no position in Huma: create it there",
)
SEVERAL_POSITIONS = Phrase(
    "huma.several_positions",
    "sista dag: inte skriven, eftersom en annan befattning slutar senare eller inte alls: sätt rätt dag i Huma",
    "last_day: not written, since another position ends later or not at all: set the right one in Huma",
)
ALL_OF = Phrase("huma.all_of", "{whys}", "{whys}")
PARTLY = Phrase("huma.partly", "{whys}; skrivet innan dess: {fields:comma}", "{whys}; written before: {fields:comma}")
UNREADABLE = Phrase(
    "huma.unreadable", "Humas uppgifter har en annan form: {problems}", "Huma's record has another form: {problems}"
)
RECORD_GONE = Phrase(
    "huma.record_gone",
    "uppgifterna finns inte längre i Huma (404): {said}",
    "there is no such record in Huma any more (404): {said}",
)
REFUSES = Phrase("huma.refuses", "Huma nekar ({status}): {said}", "Huma refuses it ({status}): {said}")

WORDS: Final[Mapping[str, Said]] = catalogue(
    "huma",
    vars(),
    reason={
        "nothing_to_write": "inget att skriva",
        "cannot_be_emptied": "kan inte tömmas",
        "record_moved": "ändrad under tiden",
        "person_missing": "personen saknas",
        "incomplete": "ofullständig",
        "person_exists": "personen finns redan",
        "position_missing": "befattning saknas",
        "several_positions": "flera befattningar",
        "person_unreadable": "oläslig person",
        "refused": "nekad",
    },
)
