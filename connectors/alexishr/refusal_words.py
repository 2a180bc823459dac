"""Why something is refused at Alexis HR, in both languages. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

NO_FIELDS = Phrase("alexishr.no_fields", "ordern har inga fält", "the order has no fields")
NEEDS_FIRST_DAY = Phrase(
    "alexishr.needs_first_day",
    "första dag: en anställning i Alexis HR kan inte vara utan; avsluta eller ta bort den där",
    "first_day: an employment in Alexis HR cannot be without one; end or delete it there",
)
MOVED = Phrase(
    "alexishr.moved",
    "ändrat i Alexis HR sedan det avgjordes: {fields:comma}",
    "changed in Alexis HR since it was decided: {fields:comma}",
)
NO_PERSON = Phrase(
    "alexishr.no_person",
    "person {person} finns inte längre i Alexis HR",
    "there is no person {person} in Alexis HR any more",
)
NOT_TO_BE_FOUND = Phrase(
    "alexishr.not_to_be_found",
    "en ny person behöver en e-postadress eller ett anställningsnummer, för att hittas igen",
    "a new person needs an e-mail address or an employment id, to be found again by",
)
EXISTS = Phrase(
    "alexishr.exists",
    "någon med det anställningsnumret eller den e-postadressen finns redan i Alexis HR: koppla dem i stället",
    "somebody with this employment id or e-mail address is in Alexis HR already: match them instead",
)
SEVERAL_EMPLOYMENTS = Phrase(
    "alexishr.several_employments",
    "{fields:comma}: inte skrivet, eftersom flera anställningar anger det: sätt rätt i Alexis HR",
    "{fields:comma}: not written, since several employments tell it: set the right one in Alexis HR",
)
NO_EMPLOYMENT = Phrase(
    "alexishr.no_employment",
    "{fields:comma}: inte skrivet, eftersom personen inte har någon anställning i Alexis HR, och vilket slag den ska "
    "vara måste väljas: skapa den där",
    "{fields:comma}: not written, since the person has no employment in Alexis HR, and which kind it is to be must be "
    "chosen: create it there",
)
PARTLY = Phrase("alexishr.partly", "{why}; skrivet innan dess: {fields:comma}", "{why}; written before: {fields:comma}")
UNREADABLE = Phrase(
    "alexishr.unreadable",
    "Alexis HR:s uppgifter har en annan form: {problems}",
    "Alexis HR's record has another form: {problems}",
)
RECORD_GONE = Phrase(
    "alexishr.record_gone",
    "uppgifterna finns inte längre i Alexis HR (404): {said}",
    "there is no such record in Alexis HR any more (404): {said}",
)
REFUSES = Phrase("alexishr.refuses", "Alexis HR nekar ({status}): {said}", "Alexis HR refuses it ({status}): {said}")

WORDS: Final[Mapping[str, Said]] = catalogue(
    "alexishr",
    vars(),
    reason={
        "nothing_to_write": "inget att skriva",
        "cannot_be_emptied": "kan inte tömmas",
        "record_moved": "ändrad under tiden",
        "person_missing": "personen saknas",
        "not_to_be_found": "går inte att hitta igen",
        "person_exists": "personen finns redan",
        "several_employments": "flera anställningar",
        "employment_missing": "anställning saknas",
        "person_unreadable": "oläslig person",
        "refused": "nekad",
    },
)
