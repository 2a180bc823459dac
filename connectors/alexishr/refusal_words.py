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

CREATED = Phrase("alexishr.created", "skapad", "created")
CHANGED = Phrase("alexishr.changed", "ändrat: {fields:comma}", "changed: {fields:comma}")

# --- Why Alexis HR is asked again later -----------------------------------------------------------------------------

TOKEN_REFUSED = Phrase(
    "alexishr.token_refused",
    "Alexis HR nekar åtkomsttoken (401): den slutar gälla när den som skapade den slutar eller inte längre är Owner; "
    "låt en Owner skapa en ny (Settings, Access tokens) och lämna den till oss: bokbuss alexishr connect {tenant}",
    "Alexis HR refuses the access token (401): it ends when who made it leaves or is no Owner any more; let an Owner "
    "make a new one (Settings, Access tokens) and give it to us: bokbuss alexishr connect {tenant}",
)
ANSWER_UNREADABLE = Phrase(
    "alexishr.answer_unreadable",
    "Alexis HR:s svar har inte den form som vi känner",
    "Alexis HR's answer has not the form that we know",
)
FORBIDDEN = Phrase(
    "alexishr.forbidden",
    "Alexis HR tillåter det inte (403): åtkomsttoken saknar rättigheten; skapa en för Public API, som Owner",
    "Alexis HR forbids it (403): the access token lacks the right; make one for the Public API, as an Owner",
)
QUESTION_REFUSED = Phrase(
    "alexishr.question_refused",
    "Alexis HR nekar frågan ({status}): {said}; gäller det sidans storlek, sänk BOKBUSS_ALEXISHR__PAGE_SIZE",
    "Alexis HR refuses the question ({status}): {said}; if it is the page's size, set BOKBUSS_ALEXISHR__PAGE_SIZE "
    "lower",
)
SILENT = Phrase("alexishr.silent", "Alexis HR svarar inte: {form}", "Alexis HR does not answer: {form}")

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
