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
ELSEWHERE = Phrase(
    "huma.elsewhere",
    "en ny person i Huma behöver inloggningsadress och förnamn, och inställningarna tar ett annat fält för: "
    "{fields:comma}; lägg upp personen i Huma och koppla de två",
    "a new person in Huma needs a login address and a given name, and the settings take another field for: "
    "{fields:comma}; make the person in Huma, and match the two",
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

# --- What is to be known of what was written ------------------------------------------------------------------------

NOT_WRITTEN = Phrase(
    "huma.not_written",
    "{field}: inte skrivet, eftersom det inte förs över till Huma",
    "{field}: not written, since it does not travel to Huma",
)
CREATED = Phrase("huma.created", "skapad", "created")
CHANGED = Phrase("huma.changed", "ändrat: {fields:comma}", "changed: {fields:comma}")
CREATED_IN_NO_GROUP = Phrase(
    "huma.created_in_no_group",
    "skapad, i ingen grupp: vilken måste väljas i Huma",
    "created, in no group: which one must be chosen in Huma",
)
CONFIRMS_FIRST = Phrase(
    "huma.confirms_first",
    "Huma kan be personen bekräfta den nya e-postadressen först",
    "Huma may ask the person to confirm the new e-mail address first",
)

# --- Why Huma is asked again later ----------------------------------------------------------------------------------

CLIENT_REFUSED = Phrase(
    "huma.client_refused",
    "Huma nekar klient-id och hemlighet ({status}): skapa nya i Huma och lämna dem till oss: bokbuss huma connect "
    "{tenant}",
    "Huma refuses the client id and secret ({status}): make new ones in Huma and give them to us: bokbuss huma connect "
    "{tenant}",
)
NOTHING_KEPT = Phrase(
    "huma.nothing_kept", "inget klient-id och ingen hemlighet finns sparade", "no client id and secret are kept"
)
TOKENS_UNREACHABLE = Phrase(
    "huma.tokens_unreachable",
    "Humas tokenserver går inte att nå: {how}",
    "Huma's token endpoint cannot be reached: {how}",
)
TOKENS_SILENT = Phrase(
    "huma.tokens_silent", "Humas tokenserver svarar inte: {form}", "Huma's token endpoint does not answer: {form}"
)
ANSWER_UNREADABLE = Phrase(
    "huma.answer_unreadable",
    "Humas svar har inte den form som vi känner",
    "Huma's answer has not the form that we know",
)
FRESH_TOKEN_REFUSED = Phrase(
    "huma.fresh_token_refused",
    "Huma nekar åtkomsttoken som de just har lämnat (401): fråga Huma, eller skapa ett nytt klient-id och en ny "
    "hemlighet",
    "Huma refuses the access token that it has just given (401): ask Huma, or make a new client id and secret",
)
FORBIDDEN = Phrase(
    "huma.forbidden",
    "Huma tillåter det inte (403): ge API-klienten rätt att läsa och skriva personer och befattningar",
    "Huma forbids it (403): give the API client the right to read and write people and positions",
)
QUESTION_REFUSED = Phrase(
    "huma.question_refused",
    "Huma nekar frågan ({status}): {said}",
    "Huma refuses the question ({status}): {said}",
)
SILENT = Phrase("huma.silent", "Huma svarar inte: {form}", "Huma does not answer: {form}")
NOT_READ_AFTERWARDS = Phrase(
    "huma.not_read_afterwards",
    "den skapades men lästes inte efteråt: {why}",
    "it was made, and not read afterwards: {why}",
)
NOT_THERE_AFTERWARDS = Phrase(
    "huma.not_there_afterwards", "den skapades men fanns inte där efteråt", "it was made, and was not there afterwards"
)
NOT_COMPLETED = Phrase(
    "huma.not_completed", "den skapades men blev inte fullständig: {why}", "it was made, and not completed: {why}"
)

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
